"""What no method may stumble over, or must refuse in words: infinities, many levels, types that don't go together."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import LinearRegression

from workbench.estimator import Regressor
from workbench.explainers import explain, explainer, explainers, score
from workbench.explainers.effects import ale_pairs, values
from workbench.explainers.inputs import Inputs
from workbench.explainers.rows import check_types, column_of, take

NEEDS_AXES = ("ale", "counterfactuals", "lime", "partial_dependence", "prototypes")


def asked(method, model, X, **options):
    if explainer(method).needs_y:
        options["y"] = np.zeros(len(X)) + np.arange(len(X))
    if explainer(method).uses_background:
        options["background"] = X
    return explain(model, method, X, **options)


@pytest.fixture(name="infinite")
def _with_infinities():
    X = np.random.default_rng(0).normal(size=(40, 2))
    X[3, 0], X[7, 0] = np.inf, -np.inf
    return pd.DataFrame(X, columns=["ratio", "b"])


@pytest.mark.parametrize("method", [name for name in explainers() if name not in ("surrogate", "tree_shap")])
def test_infinite_numbers(infinite, function_model, method):
    model = function_model(lambda Z: np.where(Z["ratio"] > 0, 1.0, 0.0) + Z["b"], infinite)
    if method in NEEDS_AXES:
        with pytest.raises(ValueError, match=f"{method}: column 'ratio' must be finite; got -?inf; replace it by a n"):
            asked(method, model, infinite)
    else:
        answer = asked(method, model, infinite)
        told = [getattr(answer, name) for name in ("values", "importances", "pairwise") if hasattr(answer, name)]
        assert np.isfinite(told).all()


def test_infinities_of_a_column_that_is_not_shown_do_no_harm(infinite, function_model):
    model = function_model(lambda Z: Z["b"].to_numpy(), infinite)
    for method in ("partial_dependence", "ale"):
        assert np.isfinite(asked(method, model, infinite, features=["b"])["b"].average).all()


def test_a_category_of_very_many_levels(function_model):
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"many": rng.integers(0, 130, 4_000).astype(str), "b": rng.normal(size=4_000)})
    model = function_model(lambda Z: Z["many"].str.len().to_numpy() + Z["b"].to_numpy(), X)
    for method in ("partial_dependence", "ale"):
        answer = asked(method, model, X)
        assert len(answer["many"].grid_values) == 100
        share = answer["many"].bin_counts.sum() / 4_000
        told = f"many: of 130 levels the 100 commonest are shown: {share:.0%} of the rows"
        assert told in answer.provenance.warnings
        for level, said in zip(answer["many"].grid_values, answer["many"].average[0], strict=True):
            first = answer["many"].average[0][0] + len(level) - len(answer["many"].grid_values[0])
            assert said == pytest.approx(first)


def test_few_rows_that_are_left_out_are_not_counted_in_words(function_model):
    X = pd.DataFrame({"a": np.r_[np.arange(95.0), np.full(5, np.nan)]})
    model = function_model(lambda Z: Z["a"].fillna(0.0), X)
    assert asked("ale", model, X).provenance.warnings == (
        "a: fewer than 10 rows miss it and are left out of its effect",
    )
    told = asked("ale", model, X, min_rows=1).provenance.warnings
    assert told == ("a: 5 of 100 rows miss it and are left out of its effect",)


def test_cells_with_few_rows_take_the_nearest_block_by_block(monkeypatch):
    enough = np.random.default_rng(0).random((7, 9)) < 0.2
    whole = ale_pairs._nearest(enough)
    monkeypatch.setattr(values, "BLOCK_BYTES", 32 * int(enough.sum()) * 5)
    assert np.array_equal(ale_pairs._nearest(enough), whole)
    for i, j in np.ndindex(enough.shape):
        away = ((np.argwhere(enough) - [i, j]) / enough.shape) ** 2
        k, m = whole[0][i, j], whole[1][i, j]
        assert enough[k, m]
        assert ((k - i) / 7) ** 2 + ((m - j) / 9) ** 2 == pytest.approx(away.sum(axis=1).min())


def test_types_that_do_not_go_together_are_refused():
    X = pd.DataFrame({"a": [1.0, 2.0], "c": pd.Categorical(["x", "y"])})
    fewer = X.assign(c=pd.Categorical(["x", "x"]))
    check_types(X, X[:1], "lime")
    check_types(X, X.assign(a=[1, 2]), "lime")
    check_types(X.to_numpy(), X.to_numpy(), "lime")
    for background, got in ((fewer, "categories x"), (X.assign(c=["x", "y"]), "str|object")):
        wanted = f"lime: column 'c' of the background must have a type .* of X, categories x, y; got ({got}); give both"
        with pytest.raises(ValueError, match=wanted):
            check_types(X, background, "lime")
    for by_text in (False, True):
        with pytest.raises(ValueError, match=r"column 'a' of the background must .* float64; got bool"):
            check_types(X, X.assign(a=[True, False]), "lime", by_text=by_text)
    check_types(X, fewer, "lime", by_text=True)


def test_no_method_gives_a_model_text_for_a_category(function_model):
    X = pd.DataFrame({"a": np.arange(30.0), "c": pd.Categorical(["x", "y", "z"] * 10)})
    model = function_model(lambda Z: Z["c"].cat.codes.to_numpy() + Z["a"].to_numpy(), X)
    fewer = X[X["c"] != "z"].assign(c=lambda frame: frame["c"].cat.remove_unused_categories())
    for method in ("shap", "kernel_shap", "lime"):
        with pytest.raises(ValueError, match="column 'c' of the background must have a type that goes together"):
            explain(model, method, X[:2], background=fewer)


def test_levels_are_known_by_their_text_to_our_estimators():
    X = pd.DataFrame({"a": np.arange(60.0), "c": pd.Categorical(["x", "y", "z"] * 20)})
    model = Regressor("linear").fit(X, X["a"] + (X["c"] == "x"))
    fewer = X[X["c"] != "z"].assign(c=lambda frame: frame["c"].cat.remove_unused_categories())
    for method in ("kernel_shap", "lime"):
        same = explain(model, method, X[:2], background=X[X["c"] != "z"])
        np.testing.assert_allclose(explain(model, method, X[:2], background=fewer).values, same.values, atol=1e-9)


class Bent(RegressorMixin, BaseEstimator):
    """Reads like a line, and is none far out."""

    def fit(self, X, y):
        self.line_ = LinearRegression().fit(X, y)
        return self

    def predict(self, X):
        return np.minimum(self.line_.predict(X), 1.0)


def test_a_form_that_was_read_must_also_fit_the_background(monkeypatch):
    X = np.linspace(0, 4, 50)[:, None]
    model = Bent().fit(X, X[:, 0])
    read = score._read
    monkeypatch.setattr(score, "_read", lambda asked, rows: read(asked.line_, rows))
    near, far = X[:3], X[-10:]
    assert Inputs.check(model, near).score is not None
    assert Inputs.check(model, near, background=far).score is None


def test_h_of_a_draw_says_so(function_model):
    X = np.random.default_rng(0).normal(size=(60, 2))
    model = function_model(lambda Z: Z[:, 0] * Z[:, 1], X)
    weight = np.r_[np.ones(50), np.zeros(10)]
    drawn = explain(model, "interaction", X, max_rows=20, sample_weight=weight)
    assert drawn.provenance.warnings[0] == "of 50 background rows 20 were drawn by the seed, and used"
    assert not explain(model, "interaction", X, max_rows=50, sample_weight=weight).provenance.warnings


def test_background_rows_without_weight_do_not_count(function_model):
    X = np.random.default_rng(0).normal(size=(30, 2))
    model = function_model(lambda Z: Z[:, 0], X)
    weight = np.r_[np.ones(20), np.zeros(10)]
    for method in ("shap", "kernel_shap", "lime"):
        assert explain(model, method, X[:2], background=X, sample_weight=weight).n_background == 20
    assert Inputs.check(model, X).weight.tolist() == [1.0] * 30


def test_columns_of_arrays_have_names():
    X = np.arange(6.0).reshape(3, 2)
    assert column_of(X, 1).name == "x1"
    assert column_of(pd.DataFrame(X, columns=["", "b"]), 0).name == ""
    assert take(pd.DataFrame(X, index=[5, 5, 5]), [2]).to_numpy().tolist() == [[4.0, 5.0]]
