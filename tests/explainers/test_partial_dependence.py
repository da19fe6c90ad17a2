import re
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.inspection import partial_dependence
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVR, LinearSVC

from workbench.answers import Answer
from workbench.estimator import Classifier
from workbench.explainers import correlation as home
from workbench.explainers import explain, explainer, stacks
from workbench.explainers.correlation import rank_correlation
from workbench.forms import Frame


def effects(model, X, **options):
    return explain(model, "partial_dependence", X, **options)


@pytest.fixture(name="X")
def _rows():
    return np.random.default_rng(0).normal(size=(150, 3))


def test_of_a_linear_model_is_its_line(X):
    model = LinearRegression().fit(X, X @ [2.0, -1.0, 0.0] + 3)
    for j, effect in enumerate(effects(model, X).effects):
        others = sum(model.coef_[k] * X[:, k].mean() for k in range(3) if k != j)
        line = model.intercept_ + others + model.coef_[j] * np.array(effect.grid_values)
        np.testing.assert_allclose(effect.average[0], line, atol=1e-12)
        np.testing.assert_allclose(effect.upper - effect.lower, 0, atol=1e-12)


def test_of_an_interaction_against_closed_form(X, function_model):
    # f = x0 + x0 x1: PD_0(v) = v (1 + mean x1); row i's own curve, centred, is (v - mean v)(1 + x1_i)
    answer = effects(function_model(lambda Z: Z[:, 0] + Z[:, 0] * Z[:, 1], X), X, features=["x0"])
    effect = answer["x0"]
    v = np.array(effect.grid_values)
    np.testing.assert_allclose(effect.average[0], v * (1 + X[:, 1].mean()), atol=1e-12)
    half = 1.959963984540054 * np.abs(v - v.mean()) * X[:, 1].std(ddof=1) / np.sqrt(len(X))
    np.testing.assert_allclose(effect.upper[0] - effect.average[0], half, atol=1e-12)
    np.testing.assert_allclose(effect.average[0] - effect.lower[0], half, atol=1e-12)


def test_interval_covers_the_curve_of_the_population(function_model):
    # f = x0 x1 with x1 ~ N(1, 1): the population's curve, centred on the grid, is v - mean v
    rng = np.random.default_rng(1)
    hits = []
    for _ in range(300):
        X = rng.normal([0, 1], 1, size=(60, 2))
        effect = effects(function_model(lambda Z: Z[:, 0] * Z[:, 1], X), X, features=["x0"], grid_resolution=4)["x0"]
        v = np.array(effect.grid_values)
        shift = effect.average[0].mean()
        hits.append(effect.lower[0, 0] - shift <= v[0] - v.mean() <= effect.upper[0, 0] - shift)
    assert 0.91 < np.mean(hits) < 0.98


def test_a_column_without_use_is_exactly_flat(X):
    model = LinearRegression().fit(X, X[:, 0])
    model.coef_ = np.array([1.3, 0.7, 0.0])
    effect = effects(model, X)["x2"]
    assert np.ptp(effect.average) == 0
    assert np.array_equal(effect.lower, effect.average)


@pytest.mark.parametrize("task", ["regression", "binary", "multiclass"])
def test_equals_scikit_learn(task, people, people_regressor, people_classifier):
    model = people_regressor if task == "regression" else people_classifier
    if task == "binary":
        model = clone(model).fit(people, people["rooms"] > 3)
    answer = effects(model, people, grid_resolution=8)
    for name in ("age in years", "rooms", "größe", "member"):
        effect = answer[name]
        typed = {"member": [False, True]}.get(name, list(effect.grid_values))
        # scikit-learn would truncate or warn on a column of integers
        rows = people.astype({"age in years": float, "rooms": float})
        response = "predict_proba" if task != "regression" else "auto"
        theirs = partial_dependence(
            model,
            rows,
            [name],
            custom_values={name: np.array(typed)},
            method="brute",
            response_method=response,
            categorical_features=["größe", "member"],
        )
        assert (
            effect.outputs
            == {
                "regression": ("prediction",),
                "binary": ("true",),
                "multiclass": ("high", "low", "middle"),
            }[task]
        )
        np.testing.assert_allclose(effect.average, theirs["average"], atol=1e-12)


def test_levels_missing_values_and_dtypes(people, people_regressor):
    before = people.copy(deep=True)
    answer = effects(people_regressor, people)
    pd.testing.assert_frame_equal(people, before)
    city = answer["city"]
    assert city.grid_values == ("Kyiv", "Paris", "Rom", "(missing)")  # 4 rows of Nowhere: not shown
    assert city.bin_edges is None
    assert city.bin_counts.tolist() == [int((people["city"] == c).sum()) for c in ("Kyiv", "Paris", "Rom")] + [
        int(people["city"].isna().sum())
    ]
    for level, average in zip(["Kyiv", "Paris", "Rom", None], city.average[0], strict=True):
        expected = people_regressor.predict(people.assign(city=pd.Series([level] * len(people), dtype="str"))).mean()
        assert average == pytest.approx(expected, abs=1e-12)
    assert answer["größe"].grid_values == ("S", "M", "L")
    assert answer["größe"].feature_kind == "ordered"
    assert answer["member"].grid_values == ("false", "true")
    assert answer["rooms"].grid_values == (1.0, 2.0, 3.0, 4.0, 5.0)
    since = answer["since"]
    assert since.feature_kind == "datetime"
    assert pd.Timestamp(since.grid_values[0], unit="D") == people["since"].sort_values().iloc[9]


def test_weights_weigh_rows(X, function_model):
    model = function_model(lambda Z: Z[:, 0] * Z[:, 1], X)
    weight = np.random.default_rng(2).integers(0, 4, len(X))
    weighted = effects(model, X, sample_weight=weight)["x0"]
    v = np.array(weighted.grid_values)
    np.testing.assert_allclose(weighted.average[0], v * np.average(X[:, 1], weights=weight), atol=1e-12)
    equal = effects(model, X, sample_weight=np.full(len(X), 2.5))["x0"]
    np.testing.assert_allclose(equal.upper, effects(model, X)["x0"].upper, atol=1e-12)
    only = np.zeros(len(X))
    only[7] = 3
    single = effects(model, X, sample_weight=only)["x0"]
    np.testing.assert_allclose(single.average[0], v * X[7, 1], atol=1e-12)
    assert np.isnan(single.lower).all()


def test_background_is_what_is_averaged_over(X, function_model):
    model = function_model(lambda Z: Z[:, 0] + Z[:, 1] ** 2, X)
    answer = effects(model, X, background=X[:20])
    assert answer.n_background == 20
    assert answer["x0"].grid_values == effects(model, X)["x0"].grid_values
    expected = np.array(answer["x0"].grid_values) + (X[:20, 1] ** 2).mean()
    np.testing.assert_allclose(answer["x0"].average[0], expected, atol=1e-12)


def test_batches_are_few_and_change_nothing(X, function_model, monkeypatch):
    model = function_model(lambda Z: Z[:, 0] * Z[:, 1], X)
    whole = effects(model, X)
    assert model.calls_ == [40 * len(X)] * 3
    monkeypatch.setattr(stacks, "MAX_BYTES", 4 * X.nbytes)
    assert effects(model, X).to_dict() == whole.to_dict()
    assert max(model.calls_[3:]) == 4 * len(X)


def test_margin_where_there_are_no_probabilities(X):
    effect = effects(LinearSVC().fit(X, X[:, 0] > 0), X)["x0"]
    assert (effect.scale, effect.outputs) == ("margin", ("true",))


def test_warns_of_columns_that_move_together(X):
    frame = pd.DataFrame({"a": X[:, 0], "b": -np.exp(X[:, 0]), "c": X[:, 1], "one": 1.0})
    answer = effects(LinearRegression().fit(frame, X[:, 2]), frame)
    moves, sparse = answer["a"].provenance.warnings
    assert moves == (
        "a moves with b (Spearman correlation -1.00): partial dependence averages over combinations that may not occur"
    )
    assert re.match(r"a: \d\d% of the points .* lie where there are no data", sparse)
    assert answer["a"].sparse_share > 0.5
    assert answer["c"].provenance.warnings == answer["one"].provenance.warnings == ()
    assert len(answer.provenance.warnings) == 4


def test_caution_of_one_column_looks_at_few_rows_and_pairs(X, monkeypatch):
    frame = pd.DataFrame({"a": X[:, 0], "b": -X[:, 0], "c": X[:, 1]})
    asked = []

    def watched(values, chosen):
        asked.append((values.shape, list(chosen)))
        return rank_correlation(values, chosen)

    monkeypatch.setattr(home, "rank_correlation", watched)
    monkeypatch.setattr(home, "CORRELATED_ROWS", 60)
    answer = effects(LinearRegression().fit(frame, X[:, 2]), frame, features=["b"])
    assert asked == [((60, 3), [1])]
    assert "b moves with a (Spearman correlation -1.00)" in answer.provenance.warnings[0]


def test_a_constant_column_has_one_value(X):
    frame = pd.DataFrame({"a": X[:, 0], "one": 7})
    effect = effects(LinearRegression().fit(frame, X[:, 0]), frame)["one"]
    assert effect.grid_values == (7.0,)
    assert effect.bin_counts.tolist() == [150]


def test_columns_of_too_few_rows_are_named(X):
    model = LinearRegression().fit(X, X[:, 0])
    few = effects(model, X[:15])
    assert few.effects == ()
    assert few.provenance.warnings == tuple(f"x{j} is not shown: no value has 10 rows behind it" for j in range(3))
    assert Answer.from_dict(few.to_dict()).to_dict() == few.to_dict()
    row = effects(model, X[:1], min_rows=1)["x0"]
    assert row.grid_values == (X[0, 0],)
    assert row.average[0, 0] == pytest.approx(model.predict(X[:1])[0])
    assert np.isnan(row.lower).all()
    frame = pd.DataFrame({"a": X[:, 0], "key": [f"k{i}" for i in range(150)]})
    model = make_pipeline(ColumnTransformer([("a", "passthrough", ["a"])]), LinearRegression()).fit(frame, X[:, 0])
    answer = effects(model, frame)
    assert [e.feature for e in answer.effects] == ["a"]
    assert "key is not shown: no value has 10 rows behind it" in answer.provenance.warnings


def test_options_and_their_errors(X):
    model = LinearRegression().fit(X, X[:, 0])
    assert [e.feature for e in effects(model, X, features=["x2", "x0"]).effects] == ["x2", "x0"]
    with pytest.raises(ValueError, match=r"features: unknown column 'y0'; did you mean 'x0'\?"):
        effects(model, X, features=["y0"])
    with pytest.raises(ValueError, match=r"grid_resolution: .*greater than or equal to 2; got 1"):
        effects(model, X, grid_resolution=1)


def test_survives_a_dictionary(people, people_classifier):
    answer = effects(people_classifier, people, grid_resolution=5)
    again = Answer.from_dict(answer.to_dict())
    assert again.to_dict() == answer.to_dict()
    np.testing.assert_array_equal(again["age in years"].average, answer["age in years"].average)


def test_multiclass_probabilities_sum_to_one(X):
    labels = np.digitize(X[:, 0], [-0.5, 0.5])
    for model in (RandomForestClassifier(n_estimators=5, random_state=0), LogisticRegression()):
        effect = effects(model.fit(X, labels), X)["x0"]
        assert effect.outputs == ("0", "1", "2")
        np.testing.assert_allclose(effect.average.sum(axis=0), 1, atol=1e-12)


def test_of_pairs_is_their_average_and_counts_rows(X, function_model):
    model = function_model(lambda Z: Z[:, 0] * Z[:, 1] + Z[:, 2], X)
    weight = np.random.default_rng(2).integers(1, 4, len(X)).astype(float)
    surface = effects(model, X, features=[], pairs=[["x0", "x1"]], pair_resolution=5, sample_weight=weight)["x0", "x1"]
    u, v = (np.array(values) for values in surface.grid_values)
    expected = np.outer(u, v) + np.average(X[:, 2], weights=weight)
    np.testing.assert_allclose(surface.average, expected[None], atol=1e-12)
    few = effects(model, X, features=[], pairs=[["x0", "x1"]], pair_resolution=5, min_rows=1)["x0", "x1"]
    u, v = (np.array(values) for values in few.grid_values)
    nearest = [np.abs(X[:, [j]] - values).argmin(axis=1) for j, values in ((0, u), (1, v))]
    counts = np.zeros((5, 5))
    np.add.at(counts, tuple(nearest), 1)
    np.testing.assert_array_equal(few.counts, counts)
    assert few.sparse_share == (counts == 0).mean()
    told = surface.counts[~np.isnan(surface.counts)]
    assert ((told == 0) | (told >= 10)).all()
    assert np.isnan(surface.counts).any()


def test_pairs_equal_scikit_learn(people, people_regressor):
    surface = effects(people_regressor, people, features=[], pairs=[["rooms", "größe"]])["rooms", "größe"]
    theirs = partial_dependence(
        people_regressor,
        people.astype({"rooms": float}),
        ["rooms", "größe"],
        custom_values={"rooms": np.array(surface.grid_values[0]), "größe": np.array(surface.grid_values[1])},
        method="brute",
        categorical_features=["größe"],
    )
    np.testing.assert_allclose(surface.average, theirs["average"], atol=1e-12)


@pytest.mark.parametrize("form", [True, False])
def test_curves_of_rows_equal_scikit_learn(form, X, function_model):
    y = X[:, 0] * X[:, 1]
    model = RandomForestRegressor(10, random_state=0).fit(X, y) if form else SVR().fit(X, y)
    answer = effects(model, X, individual=True, features=["x1"])
    assert answer.provenance.parameters["source"] == ("form" if form else "predictions")
    effect = answer["x1"]
    grid = np.array(effect.grid_values)
    theirs = partial_dependence(model, X, [1], custom_values={1: grid}, method="brute", kind="individual")
    np.testing.assert_allclose(effect.individual[:, 0], theirs["individual"][0], atol=1e-12)
    centred = effects(model, X, individual=True, centred=True, features=["x1"])["x1"]
    assert centred.centred
    np.testing.assert_allclose(centred.individual, effect.individual - effect.individual[:, :, :1], atol=1e-12)
    np.testing.assert_allclose(centred.average, effect.average - effect.average[:, :1], atol=1e-12)
    half = 1.959963984540054 * centred.individual[:, 0].std(axis=0, ddof=1) / np.sqrt(len(X))
    np.testing.assert_allclose(centred.upper[0] - centred.average[0], half, atol=1e-12)
    assert centred.upper[0, 0] == 0.0
    assert effect.public().individual is None


def test_warns_of_effects_that_differ_from_row_to_row(X, function_model):
    # row i's curve is v x1_i, less its mean over the grid (v - mean v) x1_i: the average explains mean^2 / mean square
    shifted = X + np.array([0.0, 0.5, 0.0])
    effect = effects(function_model(lambda Z: Z[:, 0] * Z[:, 1], shifted), shifted)["x0"]
    left = 1 - shifted[:, 1].mean() ** 2 / (shifted[:, 1] ** 2).mean()
    (warning,) = effect.provenance.warnings
    assert warning == (
        f"x0 acts differently from row to row: the average leaves {left:.0%} of the variance of the rows' own curves "
        "unexplained"
    )
    assert not effects(function_model(lambda Z: Z[:, 0] * (3 + Z[:, 1]), X), X)["x0"].provenance.warnings


def test_share_of_points_without_data(function_model):
    rng = np.random.default_rng(0)
    apart = rng.normal(size=(1000, 11))
    close = apart.copy()
    close[:, 1] = 0.95 * close[:, 0] + np.sqrt(1 - 0.95**2) * close[:, 1]
    found = effects(function_model(lambda Z: Z[:, 0], apart), apart, grid_resolution=20)
    assert max(e.sparse_share for e in found.effects) < 0.12
    assert not found.provenance.warnings
    found = effects(function_model(lambda Z: Z[:, 0], close), close, grid_resolution=20)
    assert found["x0"].sparse_share > 0.4
    assert found["x1"].sparse_share > 0.4
    assert found["x2"].sparse_share < 0.12
    assert any(
        re.match(r"x0: \d\d% of the points that partial dependence averages over lie where", w)
        for w in found.provenance.warnings
    )


def test_link_scale_of_a_sum_is_exactly_its_term(X):
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    model = Classifier("gam").fit(frame, (X[:, 0] ** 2 + X[:, 1] > 0.5).astype(int))
    answer = effects(model, frame, scale="link")
    for effect in answer.effects:
        assert effect.scale == "link"
        assert np.array_equal(effect.upper, effect.lower)  # additive: the background leaves nothing open
        term = next(t for t in model.form_.body.terms if t.columns == (effect.feature,))
        values = term.score(Frame({effect.feature: np.array(effect.grid_values)}))[:, 0]
        moved = effect.average[0] - effect.average[0, 0]
        np.testing.assert_allclose(moved, values - values[0], atol=1e-12)
    total = np.log(model.predict_proba(frame)[:, 1] / model.predict_proba(frame)[:, 0]).mean()
    own = model.form_.body.terms[0].score(Frame(frame))[:, 0]
    first = answer["a"]
    at = model.form_.body.terms[0].score(Frame({"a": np.array(first.grid_values)}))[:, 0]
    np.testing.assert_allclose(first.average[0], at + total - own.mean(), atol=1e-9)


def test_memory_stays_within_the_budget():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30_000, 3))
    model = RandomForestRegressor(3, max_leaf_nodes=50, random_state=0).fit(X[:500], X[:500, 0])
    tracemalloc.start()
    effects(model, X, grid_resolution=200)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 256 * 2**20


def test_memory_does_not_grow_with_the_columns_of_a_sum():
    X = np.random.default_rng(0).normal(size=(8_000, 150))
    model = LinearRegression().fit(X, X[:, 0])
    tracemalloc.start()
    effects(model, X)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 192 * 2**20


def test_a_study_refuses_curves_of_rows():
    found = explainer("partial_dependence")
    options = found.read_options({"individual": True, "pairs": [["a", "z"], ["a", "a"]]})
    told = list(found.misfits(options, task="regression", columns=("a", "b")))
    assert [place for place, _ in told] == ["pairs", "pairs", "individual"]
    assert "from workbench.explain" in told[2][1]
