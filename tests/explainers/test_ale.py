import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression

from workbench.answers import Answer
from workbench.estimator import Classifier, Regressor
from workbench.explainers import explain, explainer, stacks
from workbench.explainers.effects.bins import Bins
from workbench.explainers.effects.level_order import by_likeness
from workbench.explainers.inputs import Inputs


def ale(model, X, **options):
    return explain(model, "ale", X, **options)


@pytest.fixture(name="X")
def _rows():
    return np.random.default_rng(0).normal(size=(300, 3))


@pytest.fixture(name="moving")
def _moving_together():
    """Two columns of eleven values each, correlated at 0.9, and a third one."""
    rng = np.random.default_rng(1)
    Z = rng.multivariate_normal([0, 0], [[1, 0.93], [0.93, 1]], 1000)
    Z = np.clip(np.round(Z * 2) / 2, -2.5, 2.5)
    assert np.corrcoef(Z.T)[0, 1] == pytest.approx(0.9, abs=0.02)
    return np.column_stack([Z, rng.normal(size=1000)])


def brute_ale(function, x, others, edges, weight):
    """First order by the definition, row by row: `function` of the column and the others."""
    steps, total = np.zeros(len(edges) - 1), np.zeros(len(edges) - 1)
    mean = 0.0
    for value, rest, w in zip(x, others, weight, strict=True):
        m = max(np.searchsorted(edges, value) - 1, 0) if value <= edges[-1] else len(edges) - 2
        steps[m] += w * (function(edges[m + 1], rest) - function(edges[m], rest))
        total[m] += w
    curve = np.append(0, np.cumsum(steps / total))
    for value, w in zip(x, weight, strict=True):
        mean += w * np.interp(value, edges, curve)
    return curve - mean / weight.sum()


def test_of_a_linear_model_is_its_slope(X):
    model = LinearRegression().fit(X, X @ [2.0, -1.0, 0.0] + 3)
    model.coef_ = np.array([2.0, -1.0, 0.0])
    for effect, slope in zip(ale(model, X).effects, model.coef_, strict=True):
        np.testing.assert_allclose(np.diff(effect.average[0]), slope * np.diff(effect.grid_values), atol=1e-12)
        np.testing.assert_allclose(effect.upper, effect.average, atol=1e-12)
    assert not effect.average.any()


@pytest.mark.parametrize("weighted", [False, True])
def test_equals_its_definition(X, function_model, weighted):
    weight = np.random.default_rng(3).integers(0, 4, len(X)).astype(float) if weighted else np.ones(len(X))
    model = function_model(lambda Z: np.exp(Z[:, 0]) * Z[:, 1] + np.sin(Z[:, 2]), X)
    effect = ale(model, X, n_bins=7, sample_weight=weight)["x0"]
    edges = np.array(effect.grid_values)
    assert len(edges) == 8
    kept = weight > 0
    expected = brute_ale(lambda v, b: np.exp(v) * b[1] + np.sin(b[2]), X[kept, 0], X[kept], edges, weight[kept])
    np.testing.assert_allclose(effect.average[0], expected, atol=1e-12)


def test_equals_the_terms_of_a_sum_of_correlated_columns(moving, function_model):
    terms = (lambda v: np.abs(v) + (v > 0.2), lambda v: -3 * np.floor(v))
    model = function_model(lambda Z: terms[0](Z[:, 0]) + terms[1](Z[:, 1]), moving)
    local = ale(model, moving)
    partial = explain(model, "partial_dependence", moving, centred=True)
    for j, term in enumerate(terms):
        effect, other = local[f"x{j}"], partial[f"x{j}"]
        v = np.array(effect.grid_values)
        assert len(v) == 11
        np.testing.assert_allclose(effect.average[0], term(v) - term(moving[:, j]).mean(), atol=1e-10)
        np.testing.assert_allclose(effect.upper, effect.average, atol=1e-10)
        np.testing.assert_allclose(other.average[0], term(v) - term(v[0]), atol=1e-10)
    assert not local["x2"].average.any()


def test_stays_near_the_data_where_partial_dependence_does_not(function_model):
    # f = x0 x1 on x1 = x0: the local slope of x0 is x1 = x0, so the effect is x0^2 / 2; partial dependence is flat
    x = np.random.default_rng(5).normal(size=2000)
    X = np.column_stack([x, x])
    model = function_model(lambda Z: Z[:, 0] * Z[:, 1], X)
    effect = ale(model, X, n_bins=100)["x0"]
    v = np.array(effect.grid_values)
    apart = (effect.average[0] - v**2 / 2)[1:-1]  # the outer bins hold rows beyond the outermost values too
    np.testing.assert_allclose(np.ptp(apart), 0, atol=0.05)
    assert np.ptp(explain(model, "partial_dependence", X)["x0"].average) < 0.3


def test_interval_covers_the_effect_of_the_population(function_model):
    # f = x0 x1, both standard normal and independent: the effect of x0 is 0 everywhere
    rng = np.random.default_rng(1)
    hits = []
    for _ in range(300):
        X = rng.normal(size=(150, 2))
        effect = ale(function_model(lambda Z: Z[:, 0] * Z[:, 1], X), X, features=["x0"], n_bins=5)["x0"]
        hits.append(effect.lower[0, -1] <= 0 <= effect.upper[0, -1])
    assert 0.91 < np.mean(hits) < 0.98


def test_levels_step_over_the_rows_of_both(people, people_regressor):
    effect = ale(people_regressor, people)["größe"]
    assert effect.grid_values == ("S", "M", "L")
    steps = []
    for low, high in (("S", "M"), ("M", "L")):
        rows = people[people["größe"].isin([low, high])]
        both = [
            people_regressor.predict(rows.assign(größe=pd.Categorical([v] * len(rows), ["S", "M", "L"], ordered=True)))
            for v in (high, low)
        ]
        steps.append((both[0] - both[1]).mean())
    curve = np.append(0, np.cumsum(steps))
    mean = np.mean([curve["SML".index(v)] for v in people["größe"]])
    np.testing.assert_allclose(effect.average[0], curve - mean, atol=1e-12)
    # the standard error, from each row's part in both steps
    parts = np.zeros((len(people), 2))
    for m, (low, high) in enumerate((("S", "M"), ("M", "L"))):
        inside = people["größe"].isin([low, high]).to_numpy()
        rows = people[inside]
        both = [
            people_regressor.predict(rows.assign(größe=pd.Categorical([v] * len(rows), ["S", "M", "L"], ordered=True)))
            for v in (high, low)
        ]
        n = inside.sum()
        parts[inside, m] = (both[0] - both[1] - steps[m]) / n * np.sqrt(n / (n - 1))
    shares = np.array([(people["größe"] != "S").mean(), (people["größe"] == "L").mean()])
    error = np.sqrt(((parts @ (np.array([[0, 0], [1, 0], [1, 1]]) - shares).T) ** 2).sum(axis=0))
    np.testing.assert_allclose(effect.upper[0] - effect.average[0], 1.959963984540054 * error, atol=1e-12)


def test_kinds_missing_values_and_privacy(people, people_regressor):
    before = people.copy(deep=True)
    answer = ale(people_regressor, people)
    pd.testing.assert_frame_equal(people, before)
    assert sorted(answer["city"].grid_values) == ["Kyiv", "Paris", "Rom"]
    assert answer["member"].grid_values == ("false", "true")
    assert answer["since"].feature_kind == "datetime"
    assert answer["since"].average[0].any() == 0  # the model does not read it
    number = 'he said "<script>"'
    n = int(people[number].isna().sum())
    assert f"{number}: {n} of 240 rows miss it and are left out of its effect" in answer[number].provenance.warnings
    assert " rows miss it, or hold a level that is not shown, and are left out" in answer["city"].provenance.warnings[0]
    again = Answer.from_dict(answer.to_dict())
    assert again.to_dict() == answer.to_dict()


@pytest.mark.parametrize("seed", range(20))
def test_every_bin_holds_ten_rows(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(20, 300))
    x = np.round(rng.normal(size=n) ** 3, int(rng.integers(0, 3)))
    x[rng.random(n) < 0.1] = np.nan
    X = pd.DataFrame({"x": x, "y": rng.normal(size=n)})
    inputs = Inputs.check(LinearRegression().fit(X.fillna(0), X["y"]), X)
    bins = Bins.of(inputs, 0, resolution=int(rng.integers(2, 60)), min_rows=10)
    if bins.n_bins:
        assert np.bincount(bins.row_bin[bins.row_bin >= 0], minlength=bins.n_bins).min() >= 10
        assert ((bins.share >= 0) & (bins.share <= 1)).all()
        values = np.array(bins.grid.values)
        low, high = values[bins.row_bin], values[bins.row_bin + 1]
        inside = (x > low) & (x <= high)
        assert (inside | (x <= values[0]) | (x > values[-1]) | np.isnan(x)).all()


def test_likeness_puts_levels_that_are_alike_side_by_side():
    rng = np.random.default_rng(0)
    level = rng.integers(0, 5, 2000)
    means = np.array([3.0, 0.0, 4.0, 1.0, 2.0])
    X = pd.DataFrame({"c": np.array(list("abcde"))[level], "z": means[level] + 2 * rng.normal(size=2000)})
    inputs = Inputs.check(LinearRegression().fit(X[["z"]], level), X[["z"]])
    inputs = Inputs(**{**vars(inputs), "X": X, "feature_names": ("c", "z")})
    assert by_likeness(inputs, 0, level, 5) in ([1, 3, 4, 0, 2], [2, 0, 4, 3, 1])
    flat = Inputs(**{**vars(inputs), "X": X.assign(z=1.0), "feature_names": ("c", "z")})
    assert by_likeness(flat, 0, level, 5) == [0, 1, 2, 3, 4]


def brute_joint(function, x, y, edges, others):
    """Second order by the definition, cell by cell, of cells that all hold rows; each sum over rows is a loop."""
    (a, b), n = edges, len(x)
    cells = [[np.clip(np.searchsorted(e, v) - 1, 0, len(e) - 2) for v in values] for e, values in ((a, x), (b, y))]
    shape = (len(a) - 1, len(b) - 1)
    count, sums = np.zeros(shape), np.zeros(shape)
    for i in range(n):
        p, q = cells[0][i], cells[1][i]
        f = [[function(a[p + s], b[q + t], others[i]) for t in (0, 1)] for s in (0, 1)]
        count[p, q] += 1
        sums[p, q] += f[1][1] - f[0][1] - f[1][0] + f[0][0]
    h = np.zeros((len(a), len(b)))
    for p in range(len(a)):
        for q in range(len(b)):
            h[p, q] = (sums / count)[:p, :q].sum()
    g1, g2 = np.zeros(len(a)), np.zeros(len(b))
    for p in range(shape[0]):
        rows = [i for i in range(n) if cells[0][i] == p]
        ends = [(h[p + 1, q] - h[p, q] + h[p + 1, q + 1] - h[p, q + 1]) / 2 for q in (cells[1][i] for i in rows)]
        g1[p + 1] = g1[p] + np.mean(ends)
    for q in range(shape[1]):
        rows = [i for i in range(n) if cells[1][i] == q]
        ends = [(h[p, q + 1] - h[p, q] + h[p + 1, q + 1] - h[p + 1, q]) / 2 for p in (cells[0][i] for i in rows)]
        g2[q + 1] = g2[q] + np.mean(ends)
    f = h - g1[:, None] - g2
    return f - np.mean([f[p : p + 2, q : q + 2].mean() for p, q in zip(*cells, strict=True)])


def test_second_order_equals_its_definition(function_model):
    rng = np.random.default_rng(2)
    X = rng.normal(size=(600, 3))
    X[:, 1] = 0.5 * X[:, 0] + X[:, 1]
    model = function_model(lambda Z: np.exp(Z[:, 0] / 2) * Z[:, 1] ** 2 + Z[:, 0] * Z[:, 2] + Z[:, 1], X)
    surface = ale(model, X, features=[], pairs=[["x0", "x1"]], pair_bins=4, min_rows=2)["x0", "x1"]
    edges = [np.array(v) for v in surface.grid_values]
    expected = brute_joint(lambda u, v, r: np.exp(u / 2) * v**2 + u * r[2] + v, X[:, 0], X[:, 1], edges, X)
    np.testing.assert_allclose(surface.average[0], expected, atol=1e-12)
    assert surface.sparse_share == 0.0


def test_second_order_of_a_product_is_its_closed_form(function_model):
    # all combinations of five values: a (x - mean x)(y - mean y), where means are those of the bins' middles
    x, y = (v.ravel() for v in np.meshgrid(np.arange(5.0), np.arange(5.0) ** 2, indexing="ij"))
    X = np.column_stack([np.repeat(x, 12), np.repeat(y, 12)])
    model = function_model(lambda Z: 0.7 * Z[:, 0] * Z[:, 1] + Z[:, 0] ** 2 - Z[:, 1], X)
    surface = ale(model, X, pairs=[["x0", "x1"]])["x0", "x1"]
    u, v = (np.array(values) for values in surface.grid_values)
    middles = [np.average((e[1:] + e[:-1]) / 2, weights=[2, 1, 1, 1]) for e in (u, v)]
    np.testing.assert_allclose(surface.average[0], 0.7 * np.outer(u - middles[0], v - middles[1]), atol=1e-10)
    turned = ale(model, X, pairs=[["x1", "x0"]])["x1", "x0"]
    np.testing.assert_allclose(turned.average[0], surface.average[0].T, atol=1e-12)


def test_second_order_of_a_sum_is_nothing_and_says_where_it_knows_nothing(moving, function_model):
    model = function_model(lambda Z: np.abs(Z[:, 0]) + np.floor(Z[:, 1]) ** 2, moving)
    surface = ale(model, moving, pairs=[["x0", "x1"]])["x0", "x1"]
    known = ~np.isnan(surface.average[0])
    assert 0.1 < known.mean() < 0.9
    assert 0.2 < surface.sparse_share < 0.9
    np.testing.assert_allclose(surface.average[0][known], 0, atol=1e-10)
    few = surface.counts[~np.isnan(surface.counts)]
    assert ((few == 0) | (few >= 10)).all()
    product = function_model(lambda Z: Z[:, 0] * Z[:, 1], moving)
    average = ale(product, moving, pairs=[["x0", "x1"]])["x0", "x1"].average[0]
    u, v = (np.array(values) for values in surface.grid_values)
    second = np.diff(np.diff(average, axis=0), axis=1)  # cells without rows take their neighbours' for their area
    area = np.outer(np.diff(u), np.diff(v))
    np.testing.assert_allclose(second[~np.isnan(second)], area[~np.isnan(second)], atol=1e-10)


def test_link_scale_and_forms(X):
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    label = (X[:, 0] + X[:, 1] * X[:, 2] > 0).astype(int)
    model = Classifier("linear").fit(frame, label)
    line = ale(model, frame, scale="link")["a"]
    assert line.scale == "link"
    slope = np.diff(line.average[0]) / np.diff(line.grid_values)
    assert np.ptp(slope) < 1e-10
    low, high = (model.predict_proba(pd.DataFrame([[v, 0, 0]], columns=list("abc")))[0, 1] for v in (0.0, 1.0))
    assert slope[0] == pytest.approx(np.log(high / (1 - high)) - np.log(low / (1 - low)))
    tree = Regressor("forest", n_estimators=5).fit(frame, X[:, 0] * X[:, 1])
    by_model, by_form = (ale(tree, frame, scale=scale) for scale in ("response", "link"))
    assert (by_model.provenance.parameters["source"], by_form.provenance.parameters["source"]) == (
        "predictions",
        "form",
    )
    for one, other in zip(by_model.effects, by_form.effects, strict=True):
        np.testing.assert_allclose(one.average, other.average, atol=1e-12)
    with pytest.raises(ValueError, match="ale: scale must be 'response' for a model without a form"):
        ale(RandomForestRegressor(2).fit(frame.astype(str), X[:, 0]), frame.astype(str), scale="link")


def test_few_large_calls_and_small_cases(X, function_model, monkeypatch):
    model = function_model(lambda Z: Z[:, 0] * Z[:, 1], X)
    whole = ale(model, X, pairs=[["x0", "x1"]])
    assert model.calls_ == [2 * len(X)] * 3 + [4 * len(X)]
    monkeypatch.setattr("workbench.explainers.effects.mixtures.MAX_ROWS", 100)
    assert ale(model, X, pairs=[["x0", "x1"]]).to_dict() == whole.to_dict()
    assert max(model.calls_[4:]) <= 100
    assert stacks.MAX_ROWS > 100
    row = ale(model, X[:1], min_rows=1)["x0"]
    assert row.average.tolist() == [[0.0]]
    constant = ale(LinearRegression().fit(X, X[:, 1]), np.column_stack([X[:, :2], np.ones(300)]))["x2"]
    assert constant.grid_values == (1.0,)
    assert ale(model, X[:15]).effects == ()
    with pytest.raises(ValueError, match="pairs: each must name two columns; got 'x0' twice"):
        ale(model, X, pairs=[["x0", "x0"]])
    with pytest.raises(ValueError, match="pairs: unknown column 'y0'; did you mean 'x0'"):
        ale(model, X, pairs=[["y0", "x1"]])


def test_a_study_refuses_bins_of_few_rows():
    found = explainer("ale")
    options = found.read_options({"min_rows": 3, "pairs": [["a", "z"]]})
    told = dict(found.misfits(options, task="regression", columns=("a", "b")))
    assert "must be at least 10 in a study" in told["min_rows"]
    assert "got 'z'" in told["pairs"]
