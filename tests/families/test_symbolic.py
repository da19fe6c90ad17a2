"""Symbolic regression: an equation recovered, constants, the table and its rules, gaps, budgets."""

import pickle
import time
from importlib.metadata import version

import numpy as np
import pandas as pd
import pytest
import sympy

from workbench import Classifier, Regressor
from workbench.families import find_family
from workbench.families.engine import engine_of
from workbench.families.equation_constants import _Residuals, fit_constants, row_losses
from workbench.families.equation_model import EquationRegressor
from workbench.families.equation_reference import evaluate_by_row
from workbench.families.equation_search import SearchSettings, scale_columns
from workbench.families.equation_table import Candidate, gains, pareto_front, select
from workbench.forms import Constant, Equation, Frame, Operator, Variable
from workbench.forms.equation import OPERATORS
from workbench.readers.expression import read_expression, rounded, tidy, to_expression

QUICK = {"generations": 5, "population_size": 100, "runs": 1}


def known(seed, n=100):
    """2.5382 cos(x3) + x0^2 - 0.5, without noise."""
    X = 2 * np.random.default_rng(seed).normal(size=(n, 5))
    return X, 2.5382 * np.cos(X[:, 3]) + X[:, 0] ** 2 - 0.5


@pytest.mark.parametrize("seed", [0, 1])
def test_known_equation_is_recovered(seed):
    started = time.monotonic()
    model = Regressor("symbolic", random_state=seed).fit(*known(seed))
    assert time.monotonic() - started < 20
    X, y = known(seed + 100, 1000)
    np.testing.assert_allclose(model.predict(X), y, atol=1e-3)
    constants = sorted(n.value for n in model.form_.body.nodes if isinstance(n, Constant))
    np.testing.assert_allclose(constants, [0.5, 2.5382], atol=1e-3)
    assert str(model.form_) == "y = x0^2 + 2.538 × cos(x3) − 0.5"
    assert model.form_.size == 9


def mixed(n=300, seed=0):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "length m": rng.gamma(3.0, 2.0, n),
            "year": 2000.0 + rng.integers(0, 20, n),
            "colour": rng.choice(["red", "blue"], n),
            "flag": [1.0] * 3 + [0.0] * (n - 3),
        }
    )
    y = 0.5 * X["length m"] + 3.0 * X["colour"].eq("red") + rng.normal(scale=0.1, size=n)
    X.loc[rng.random(n) < 0.2, "length m"] = np.nan
    return X, y.rename("cost")


def test_table_holds_the_front_over_original_columns():
    X, y = mixed()
    model = Regressor("symbolic", select="accuracy", generations=20).fit(X, y)
    table = model.estimator_.equations_
    assert list(table.columns) == ["complexity", "loss", "score", "equation", "sympy_format", "selected"]
    assert (table["complexity"].diff()[1:] > 0).all()
    assert (table["loss"].diff()[1:] < 0).all()
    assert table["selected"].tolist() == [False] * (len(table) - 1) + [True]
    chosen = table.iloc[-1]
    assert str(model.form_).splitlines()[0] == f"cost = {chosen['equation']}"
    assert chosen["complexity"] == model.form_.size
    np.testing.assert_allclose(np.mean((model.predict(X) - y) ** 2), chosen["loss"])
    assert "length m" in chosen["equation"]
    assert "colour is" in chosen["equation"]
    # a value of fewer than 10 rows is not told
    assert not table["equation"].str.contains("flag").any()


def test_gaps_and_unseen_levels_have_predictions():
    X, y = mixed()
    model = Regressor("symbolic", generations=20).fit(X, y)
    rows = X.iloc[:3].assign(colour=["never seen", None, "red"], year=np.nan, **{"length m": np.nan})
    assert np.isfinite(model.predict(rows)).all()
    np.testing.assert_allclose(model.form_.predict(rows), model.predict(rows), rtol=1e-12)


def test_sympy_text_is_the_same_function():
    X, y = known(3)
    table = Regressor("symbolic", generations=10).fit(X, y).estimator_.equations_
    symbols = sympy.symbols("x0:5")
    for row in table.itertuples():
        value = sympy.lambdify(symbols, sympy.sympify(row.sympy_format), "numpy")(*X.T)
        loss = np.mean((value - y) ** 2)
        assert loss == pytest.approx(row.loss, rel=0.05, abs=1e-3)


def test_classes_are_told_by_log_odds():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.normal(size=600), "b": rng.normal(size=600)})
    odds = 2.0 * X["a"] ** 2 - 3.0
    y = np.where(rng.random(600) < 1 / (1 + np.exp(-odds)), "yes", "no")
    model = Classifier("symbolic").fit(X, y)
    p = model.predict_proba(X)
    np.testing.assert_allclose(p.sum(axis=1), 1.0)
    loss = -np.log(np.where(y == "yes", p[:, 1], p[:, 0])).mean()
    table = model.estimator_.equations_
    assert loss == pytest.approx(table.loc[table["selected"], "loss"].item())
    truth = row_losses(odds.to_numpy(), (y == "yes").astype(float), True).mean()
    assert loss < truth + 0.01
    assert model.form_.columns == ("a",)
    assert set(model.predict(X)) == {"no", "yes"}


def test_classes_apart_leave_constants_finite():
    X = np.linspace(-1, 1, 60)[:, None]
    model = Classifier("symbolic", **QUICK).fit(X, X[:, 0] > 0.1)
    assert model.score(X, X[:, 0] > 0.1) == 1.0
    assert np.abs(model.form_.score({"x0": X[:, 0]})).max() < 1e3


def test_rows_without_a_value_are_counted():
    estimator = EquationRegressor("operon", "best", None)
    estimator.equation_ = Equation((Variable("0"), Operator("log")))
    with pytest.warns(UserWarning, match="2 of 3 rows have no prediction"):
        found = estimator.predict(np.array([[1.0], [-1.0], [np.nan]]))
    assert np.isnan(found).tolist() == [False, True, True]


def test_training_rows_always_have_a_value():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 3))
    y = np.log(np.abs(X[:, 0])) + np.sqrt(np.abs(X[:, 1]))
    operators = ("add", "mul", "div", "log", "sqrt", "abs", "pow", "square", "tanh")
    model = Regressor("symbolic", operators=operators, generations=15, select="accuracy").fit(X, y)
    assert np.isfinite(model.predict(X)).all()
    assert np.isfinite(model.estimator_.equations_["loss"]).all()


@pytest.mark.parametrize("y", [np.ones(30), np.arange(30.0)])
@pytest.mark.parametrize("X", [np.ones((30, 2)), np.arange(60.0).reshape(30, 2)])
def test_there_is_always_a_constant(X, y):
    model = Regressor("symbolic", **QUICK).fit(X, y)
    assert model.estimator_.equations_["complexity"].iloc[0] == 1
    assert np.isfinite(model.predict(X)).all()


def test_columns_of_any_size_are_searched():
    rng = np.random.default_rng(0)
    X = np.column_stack([1e6 + rng.normal(size=200), 1e-9 * rng.normal(size=200)])
    y = 1e9 * (3.0 * (X[:, 0] - 1e6) + 2e9 * X[:, 1])
    model = Regressor("symbolic", select="accuracy", **QUICK).fit(X, y)
    assert model.score(X, y) > 0.999999


def test_same_seed_same_numbers_other_seed_other_search():
    X, y = mixed()
    first, again, other = (Regressor("symbolic", random_state=s, **QUICK).fit(X, y) for s in (1, 1, 2))
    pd.testing.assert_frame_equal(first.estimator_.equations_, again.estimator_.equations_)
    assert not first.estimator_.equations_.equals(other.estimator_.equations_)
    assert engine_of(first.estimator_) == f"pyoperon {version('pyoperon')}"
    kept = pickle.loads(pickle.dumps(first))
    np.testing.assert_array_equal(kept.predict(X), first.predict(X))


def test_time_limit_is_kept():
    X, y = known(0)
    started = time.monotonic()
    Regressor("symbolic", generations=100_000, time_limit=1).fit(X, y)
    assert time.monotonic() - started < 10


def test_weights_that_differ_are_refused():
    X, y = known(0)
    with pytest.raises(ValueError, match="can't weigh rows"):
        Regressor("symbolic", **QUICK).fit(X, y, sample_weight=np.arange(100) + 1.0)


@pytest.mark.parametrize("bad", [{"operators": ()}, {"operators": ("eval",)}, {"max_length": 2}, {"engine": "gplearn"}])
def test_parameters_out_of_bounds_are_named(bad):
    with pytest.raises(ValueError, match=f"symbolic: {next(iter(bad))}"):
        Regressor("symbolic", **bad).fit(*known(0))


def test_operators_are_a_list_in_a_study():
    for given in (["add", "cos"], ("add", "cos")):
        checked = find_family("symbolic").Parameters.model_validate({"operators": given}, strict=True)
        assert checked.operators == ("add", "cos")


def candidate(nodes, losses):
    chain = (Variable("0"), *(Operator("cos"),) * (nodes - 1)) if nodes > 1 else (Constant(0.0),)
    return Candidate(Equation(chain), np.asarray(losses, dtype=float))


def spread(mean, n=100, by=0.5):
    """Losses of this mean, whose standard error is by * mean / 10."""
    return mean * (1 + by * np.tile([-1.0, 1.0], n // 2))


def test_front_keeps_what_nothing_beats():
    made = [candidate(*c) for c in [(1, [8.0]), (3, [4.0]), (3, [2.0]), (5, [3.0]), (6, [2.0]), (9, [np.nan])]]
    made += [candidate(11, [1e-13]), candidate(13, [1e-20])]
    front = pareto_front(made)
    # losses of rounding alone are not told apart
    assert [(c.complexity, c.loss) for c in front] == [(1, 8.0), (3, 2.0), (11, 1e-13)]
    np.testing.assert_allclose(gains(front)[:2], [0.0, np.log(4) / 2])


def test_rules_pick_what_they_say():
    losses = {1: 10.0, 3: 6.0, 5: 1.45, 9: 1.04, 15: 1.0}
    front = [candidate(n, spread(loss)) for n, loss in losses.items()]
    assert front[select(front, "accuracy")].complexity == 15
    # within 1.0 + 0.05
    assert front[select(front, "simple")].complexity == 9
    # 3 nodes explain too little; 5 gain most for each node
    assert front[select(front, "best")].complexity == 5
    noisy = [candidate(n, spread(loss)) for n, loss in {1: 1.3, 3: 1.2, 5: 1.02, 9: 1.0}.items()]
    # the constant is within 1.5 times the lowest, but gains nothing
    assert noisy[select(noisy, "best")].complexity == 5
    alone = [candidate(1, spread(1.0))]
    assert [select(alone, rule) for rule in ("best", "accuracy", "simple")] == [0, 0, 0]


def built(name):
    """An equation of an operator over a constant times a column and a constant, in its domain."""
    parts = [Constant(1.3), Variable("0"), Operator("mul"), Constant(0.7)][: 3 if OPERATORS[name] == 1 else 4]
    return Equation((*parts, Operator(name))), [0, 3][: OPERATORS[name]]


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("name", OPERATORS)
def test_derivatives_are_finite_differences(name, binary):
    rng = np.random.default_rng(0)
    equation, free = built(name)
    y = rng.integers(0, 2, 40).astype(float)
    residuals = _Residuals(equation, free, Frame({"0": rng.uniform(0.3, 2.0, 40)}), y, binary)
    at = np.array([1.3, 0.7][: len(free)])
    for i in range(at.size):
        step = 1e-6 * np.eye(at.size)[i]
        slope = (residuals(at + step) - residuals(at - step)) / 2e-6
        np.testing.assert_allclose(residuals.jacobian(at)[:, i], slope, rtol=1e-6, atol=1e-8)


def test_constants_agree_with_linear_and_logistic_regression():
    from sklearn.linear_model import LinearRegression

    rng = np.random.default_rng(0)
    x, noise = rng.normal(size=200), rng.normal(size=200)
    line = Equation((Constant(0.1), Variable("0"), Operator("mul"), Constant(0.2), Operator("add")))
    frame = Frame({"0": x})
    fitted = fit_constants(line, (0, 3), frame, 3 * x - 1 + noise, False)
    peer = LinearRegression().fit(x[:, None], 3 * x - 1 + noise)
    np.testing.assert_allclose(fitted.score(frame)[:, 0], peer.predict(x[:, None]), atol=1e-8)
    y = (x + noise > 0).astype(float)
    fitted = fit_constants(line, (0, 3), frame, y, True)

    def objective(a, b):
        score = a * x + b
        return row_losses(score, y, True).sum() + score.var() / 2

    a, b = (n.value for n in fitted.nodes if isinstance(n, Constant))
    around = [objective(a + da, b + db) for da in (-1e-3, 0, 1e-3) for db in (-1e-3, 0, 1e-3)]
    assert min(around) == around[4]


def test_scaling_centres_far_columns_alone():
    rng = np.random.default_rng(0)
    Z = np.column_stack([5000 + 3 * rng.normal(size=500), 1 + rng.normal(size=500), np.ones(500)])
    scaled = scale_columns(Z, rng.normal(size=500), rows=100, seed=0)
    assert scaled.X.shape == (100, 2)
    assert scaled.center[1] == 0
    # a round number, to a tenth of the deviation
    assert scaled.center[0] == round(scaled.center[0], 1)
    np.testing.assert_allclose(scaled.X.std(axis=0), 1, atol=0.2)


x, w = sympy.symbols("x w", real=True)
F = sympy.Float


@pytest.mark.parametrize(
    ("expression", "size"),
    [
        (F(2.0) * (F(3.0) * x + F(1.5)) * (F(0.5) * w - F(1.0)), 9),
        (sympy.exp(F(2.0) * x + F(1.0)), 6),
        (sympy.log(F(3.0) * x) + F(1.0), 4),
        (F(4.0) * (F(2.0) * x + F(2.0)) ** 2, 6),
        (F(2.0) * sympy.cos(x) ** 2 + F(0.3), 8),
        (F(1.5) / (F(2.0) * x), 3),
        (x ** F(-2.0), 4),
        (x ** F(1.7) * w, 5),
        (sympy.sqrt(x) * sympy.tanh(sympy.Abs(w)), 6),
    ],
)
def test_tidied_expressions_keep_their_value(expression, size):
    body, free = read_expression(tidy(expression))
    values = {"x": np.array([0.5, 2.0, 3.0]), "w": np.array([1.0, -2.0, 0.25])}
    expected = sympy.lambdify([x, w], expression, "numpy")(values["x"], values["w"])
    np.testing.assert_allclose(body.score(Frame(values))[:, 0], expected, rtol=1e-12)
    assert len(body.nodes) == size
    assert all(isinstance(body.nodes[i], Constant) for i in free)
    again = to_expression(body, [getattr(n, "column", "") for n in body.nodes])
    np.testing.assert_allclose(sympy.lambdify([x, w], again, "numpy")(values["x"], values["w"]), expected, rtol=1e-12)


@pytest.mark.parametrize(
    "expression",
    [sympy.gamma(x), sympy.I * x, x + sympy.zoo, x + sympy.oo, sympy.Max(x, w), sympy.Piecewise((x, x > 0), (w, True))],
)
def test_other_expressions_are_refused(expression):
    with pytest.raises(ValueError, match=r"operator|constant"):
        read_expression(expression)


def test_rounding_is_taken_for_what_it_is():
    near = F(1.0000000001) * x**2 + F(3e-12) * w + sympy.cos(x - F(float(sympy.pi))) * F(2.5382) - F(0.5)
    assert rounded(near) == x**2 - F(2.5382) * sympy.cos(x) - F(0.5)
    assert rounded(F(1.001) * x) == F(1.001) * x


@pytest.mark.parametrize("name", OPERATORS)
def test_second_evaluation_agrees_everywhere(name):
    edges = np.array([0.0, 1.0, -1.0, 0.5, -2.5, 1e30, -1e30, 1e300, np.nan])
    a, b = (each.ravel() for each in np.meshgrid(edges, edges))
    nodes = (Variable("0"), Variable("1"))[: OPERATORS[name]]
    body = Equation((*nodes, Operator(name)))
    expected = body.score(Frame({"0": a, "1": b}))[:, 0]
    np.testing.assert_allclose(evaluate_by_row(body, np.column_stack([a, b])), expected, rtol=1e-14)


def test_search_settings_are_what_was_asked():
    family = Regressor("symbolic").family()
    params = Regressor("symbolic", max_length=9, time_limit=3, search_rows=50).get_params()
    settings = family.build("regression", params).settings
    assert isinstance(settings, SearchSettings)
    assert (settings.max_length, settings.time_limit, settings.rows) == (9, 3, 50)


def test_the_table_of_equations_is_the_estimator_s_too():
    X = np.random.default_rng(0).normal(size=(60, 2))
    model = Regressor("symbolic", generations=3, population_size=60, runs=1).fit(X, X[:, 0])
    assert model.equations_ is model.estimator_.equations_
    (found,) = model.details_
    assert [row[0] for row in found.rows] == model.equations_["equation"].tolist()
    assert sum(bool(row[-1]) for row in found.rows) == 1
