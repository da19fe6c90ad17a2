import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.svm import SVC, SVR, LinearSVC

import workbench as wb
from tests.explainers.enumeration import shapley
from workbench.answers import Answer
from workbench.explainers import explain, stacks

ROWS, OTHERS = slice(0, 4), slice(20, 33)


@pytest.fixture(name="flats", scope="module")
def _flats():
    """Five columns: 30% missing, five levels, truth values, an ordered one, one that nothing depends on."""
    rng = np.random.default_rng(0)
    n = 240
    frame = pd.DataFrame(
        {
            "size in m²": np.round(rng.gamma(6, 12, n), 1),
            'the "city"': rng.choice(["Rom", "Kyiv", "Oslo", "Bonn", "Bern"], n),
            "garden": rng.random(n) < 0.5,
            "state": pd.Categorical(rng.choice(["bad", "fair", "good"], n), ["bad", "fair", "good"], ordered=True),
            "rooms": rng.integers(1, 6, n),
        }
    )
    frame.loc[rng.random(n) < 0.3, "size in m²"] = np.nan
    frame.loc[rng.random(n) < 0.1, 'the "city"'] = None
    return frame


@pytest.fixture(name="rent", scope="module")
def _rent(flats):
    city = flats['the "city"'].map({"Rom": 3.0, "Kyiv": 1.0, "Oslo": 5.0}).fillna(2.0)
    size = flats["size in m²"].fillna(50.0)
    noise = np.random.default_rng(1).normal(size=len(flats))
    return 20 + size / 20 * (1 + flats["garden"]) + city * (1 + 0.2 * flats["rooms"]) + 0.3 * noise


@pytest.fixture(name="neighbours", scope="module")
def _neighbours(people, people_target):
    """Models without a form, over a table with every kind of column."""
    number = ["age in years", 'he said "<script>"', "rooms"]
    category = ["größe", "city", "member"]
    encode = ColumnTransformer(
        [("number", SimpleImputer(), number), ("category", OneHotEncoder(handle_unknown="ignore"), category)]
    )
    regressor = make_pipeline(encode, KNeighborsRegressor()).fit(people, people_target)
    labels = np.array(["low", "middle", "high"])[np.digitize(people_target, [5, 7])]
    return regressor, make_pipeline(encode, KNeighborsClassifier()).fit(people, labels)


@pytest.fixture(name="weight", scope="module")
def _weight():
    weight = np.random.default_rng(2).uniform(0.5, 2.0, 13)
    weight[3] = 0.0
    return weight


def assert_is(answer, expected, baseline, tolerance=1e-10):
    """The answer equals the definition, and adds up to the prediction."""
    scale = max(1.0, np.abs(expected).max(), np.abs(baseline).max())
    np.testing.assert_allclose(answer.values.reshape(expected.shape), expected, atol=tolerance * scale)
    np.testing.assert_allclose(np.ravel(answer.baseline), baseline, atol=tolerance * scale)
    np.testing.assert_allclose(answer.baseline + answer.values.sum(axis=1), answer.predictions, atol=tolerance * scale)
    assert answer.provenance.exact
    assert (answer.approximation_error == 0).all()


REGRESSORS = {
    "linear": ({}, "additive", 1e-10),
    "glm": ({}, "additive", 1e-10),
    "gam": ({}, "additive", 1e-10),
    "ebm": ({"preset": "fast", "max_rounds": 60, "interactions": 3}, "additive", 1e-10),
    "rulefit": ({"n_estimators": 8, "max_rules": 10, "cross_validate": False}, None, 1e-10),
    "svm": ({"kernel": "rbf"}, "kernel", 1e-10),
    "symbolic": ({"generations": 5, "runs": 1, "population_size": 50}, "enumeration", 1e-10),
    "figs": ({}, None, 1e-10),
    "forest": ({"n_estimators": 4}, None, 1e-10),
    "xgboost": ({"n_estimators": 15}, None, 1e-6),
}


@pytest.mark.parametrize("family", REGRESSORS)
def test_equals_the_definition_for_numbers(family, flats, rent, weight):
    params, way, tolerance = REGRESSORS[family]
    model = wb.Regressor(family, **params).fit(flats, rent)
    X, background = flats[ROWS], flats[OTHERS]
    answer = explain(model, "shap", X, background=background, sample_weight=weight, scale="link")
    assert_is(answer, *shapley(model.predict, X, background, weight), tolerance)
    np.testing.assert_allclose(answer.predictions, model.predict(X), rtol=1e-6)
    assert answer.scale == "response"  # the link is the identity
    assert way is None or answer.provenance.parameters["way"] == way


CLASSIFIERS = {
    "linear": {},
    "glm": {},
    "ebm": {"preset": "fast", "max_rounds": 40, "interactions": 2},
    "svm": {"kernel": "rbf"},
    "rulelist": {"method": "greedy"},
    "ruleset": {},
    "tree": {"max_leaf_nodes": 6},
}


@pytest.mark.parametrize("family", CLASSIFIERS)
def test_equals_the_definition_for_two_classes(family, flats, rent, weight):
    label = np.where(rent > rent.median(), "dear", "cheap")
    model = wb.Classifier(family, **CLASSIFIERS[family]).fit(flats, label)
    X, background = flats[ROWS], flats[OTHERS]
    which = 0 if family == "ruleset" else 1
    positive = model.classes_[which]
    given = {"background": background, "sample_weight": weight, "positive": positive}
    answer = explain(model, "shap", X, **given)
    assert answer.outputs == (str(positive),)

    def said(rows):
        p = model.predict_proba(rows)[:, which]
        return np.log(p / (1 - p)) if answer.scale == "link" else p

    assert_is(answer, *shapley(said, X, background, weight))
    assert answer.scale == ("response" if family in ("rulelist", "ruleset", "tree") else "link")
    response = explain(model, "shap", X, **given, scale="response")
    assert response.scale == "response"
    assert_is(response, *shapley(lambda rows: model.predict_proba(rows)[:, which], X, background, weight))


@pytest.mark.parametrize("family", ["linear", "ebm", "svm", "ruleset", "forest"])
def test_equals_the_definition_for_three_classes(family, flats, rent, weight):
    label = np.array(["cheap", "fair", "dear"])[np.digitize(rent, rent.quantile([0.3, 0.7]))]
    params = {**CLASSIFIERS, "forest": {"n_estimators": 3}}[family]
    model = wb.Classifier(family, **params).fit(flats, label)
    X, background = flats[ROWS], flats[OTHERS]
    answer = explain(model, "shap", X, background=background, sample_weight=weight)
    assert answer.values.shape == (4, 5, 3)
    assert answer.outputs == tuple(model.classes_)
    said = model.form_.score if answer.scale == "link" else model.predict_proba
    assert_is(answer, *shapley(said, X, background, weight))


def test_equals_the_definition_for_a_model_without_a_form(people, neighbours):
    X, background = people[5:6], people[40:47]
    for model, ask in zip(neighbours, ("predict", "predict_proba"), strict=True):
        answer = explain(model, "shap", X, background=background)
        assert_is(answer, *shapley(getattr(model, ask), X, background))
        assert answer.provenance.parameters["way"] == "enumeration"
        assert (answer.values[:, list(people.columns).index("since")] == 0).all()
        other = explain(model, "kernel_shap", X, background=background)
        assert np.array_equal(other.values, answer.values)


@pytest.mark.parametrize("estimator", [SVR(), SVC(), LinearSVC(), MLPClassifier(solver="lbfgs"), LinearRegression()])
def test_raw_arrays_and_models_of_scikit_learn(estimator):
    X = np.random.default_rng(0).normal(size=(60, 4))
    y = X[:, 0] * X[:, 1] + X[:, 2]
    classifies = hasattr(estimator, "score") and "C" in type(estimator).__name__
    model = estimator.fit(X, y > 0 if classifies else y)
    said = model.predict
    if classifies:
        proba = hasattr(model, "predict_proba")
        said = (lambda Z: model.predict_proba(Z)[:, 1]) if proba else model.decision_function
    answer = explain(model, "shap", X[:3], background=X[10:20], scale="response")
    assert_is(answer, *shapley(said, X[:3], X[10:20]))
    assert answer.feature_names == ("x0", "x1", "x2", "x3")


@pytest.mark.parametrize("family", ["rulefit", "figs", "forest", "xgboost"])
def test_trees_and_rules_in_closed_form_or_by_patterns(family, flats, rent, weight, monkeypatch):
    params, _, tolerance = REGRESSORS[family]
    model = wb.Regressor(family, **params).fit(flats, rent)
    given = {"background": flats[OTHERS], "sample_weight": weight}
    answers = []
    for most, ways in ((0, ("trees", "additive and trees")), (10**9, ("additive",))):
        monkeypatch.setattr("workbench.explainers.shapley.ways._CLOSED", most)
        answers.append(explain(model, "shap", flats[ROWS], **given))
        assert answers[-1].provenance.parameters["way"] in ways
        assert_is(answers[-1], *shapley(model.predict, flats[ROWS], flats[OTHERS], weight), tolerance)
    np.testing.assert_allclose(answers[0].values, answers[1].values, atol=1e-9)
    assert answers[0].background_error is None
    assert (answers[1].background_error.max(axis=0) > 0).any()


def test_columns_without_use_get_exactly_zero(flats, rent):
    for family, params in (("ebm", REGRESSORS["ebm"][0]), ("svm", {"kernel": "rbf"}), ("tree", {"max_leaf_nodes": 4})):
        model = wb.Regressor(family, **params).fit(flats.assign(still=1.0), rent)
        X = flats.assign(still=1.0)[:30]
        unused = [j for j, name in enumerate(X.columns) if name not in model.form_.columns] or [5]
        for method in ("shap", "kernel_shap"):
            answer = explain(model, method, X, background=X[:8])
            assert 5 in unused or family == "svm"
            assert (answer.values[:, unused] == 0).all()
            assert (answer.background_error[:, unused] == 0).all()
    tree = wb.Regressor("tree", max_leaf_nodes=2).fit(flats, rent)
    assert ((explain(tree, "kernel_shap", flats[:9]).values != 0).sum(axis=1) <= 1).all()


def test_a_single_row_and_a_single_background_row(flats, rent):
    model = wb.Regressor("svm", kernel="rbf").fit(flats, rent)
    for method in ("shap", "kernel_shap"):
        answer = explain(model, method, flats[:1], background=flats[1:2])
        assert_is(answer, *shapley(model.predict, flats[:1], flats[1:2]))
        moved = answer.values != 0
        assert np.isnan(answer.background_error[moved]).all()  # one row says nothing of its error
    same = explain(model, "shap", flats[:1])
    assert (same.values == 0).all()
    assert same.n_background == 1


def test_the_error_of_the_background_is_that_of_a_mean(flats, rent, weight):
    # each background row alone gives one contribution, of which the value is the weighted mean
    background = flats[OTHERS][weight > 0]
    share = weight[weight > 0] / weight.sum()
    for family, params in (("ebm", REGRESSORS["ebm"][0]), ("svm", {"kernel": "rbf"}), ("linear", {})):
        model = wb.Regressor(family, **params).fit(flats, rent)
        each = np.array(
            [explain(model, "shap", flats[:3], background=background[b : b + 1]).values for b in range(len(background))]
        )
        mean = np.tensordot(share, each, axes=1)
        n = len(share)
        expected = np.sqrt(np.tensordot(share**2, (each - mean) ** 2, axes=1) * n / (n - 1))
        for method in ("shap", "kernel_shap"):
            answer = explain(model, method, flats[:3], background=flats[OTHERS], sample_weight=weight)
            np.testing.assert_allclose(answer.values, mean, atol=1e-10)
            np.testing.assert_allclose(answer.background_error, expected, atol=1e-9)


def test_neither_blocks_nor_other_rows_change_a_number(flats, rent, monkeypatch):
    models = [wb.Regressor("ebm", **REGRESSORS["ebm"][0]), wb.Regressor("svm", kernel="rbf"), wb.Regressor("linear")]
    for model in models:
        model.fit(flats, rent)
        whole = [explain(model, m, flats[:7], background=flats[OTHERS]) for m in ("shap", "kernel_shap")]
        with monkeypatch.context() as patch:
            for place, size in (
                ("shapley.additive._BLOCK", 200),
                ("shapley.kernel._CACHED", 400),
                ("shapley.kernel._LEAST", 50),
                ("shapley.kernel._FACTORS", 2_000),
                ("shapley.coalitions._BLOCK", 30),
                ("stacks.MAX_ROWS", 60),
            ):
                patch.setattr(f"workbench.explainers.{place}", size)
            assert stacks.MAX_ROWS == 60
            parts = [explain(model, m, flats[:7], background=flats[OTHERS]) for m in ("shap", "kernel_shap")]
        for one, other in zip(whole, parts, strict=True):
            np.testing.assert_allclose(other.values, one.values, atol=1e-12)
            np.testing.assert_allclose(other.background_error, one.background_error, atol=1e-12)
        alone = explain(model, "shap", flats[5:6], background=flats[OTHERS])
        np.testing.assert_allclose(alone.values[0], whole[0].values[5], atol=1e-12)


def test_rows_and_background_may_differ_in_their_types(flats, rent):
    forest = RandomForestRegressor(3, random_state=0).fit(flats[["rooms"]].assign(b=rent), rent)
    X = flats[["rooms"]].assign(b=rent)[:3]
    background = X.astype({"rooms": float}).iloc[1:]
    assert_is(explain(forest, "kernel_shap", X, background=background), *shapley(forest.predict, X, background))
    model = wb.Regressor("linear").fit(flats, rent)
    other = flats.assign(state=flats["rooms"].astype(float))
    with pytest.raises(ValueError, match=r"kernel_shap: column 'state' of the background must .*, good; got float64"):
        explain(model, "kernel_shap", flats[:3], background=other)


def test_inputs_are_not_changed_and_answers_survive_a_dictionary(flats, rent):
    before = flats.copy(deep=True)
    model = wb.Regressor("linear").fit(flats, rent)
    answer = explain(model, "shap", flats[:5], background=flats[10:20], random_state=3)
    explain(model, "kernel_shap", flats[:5], background=flats[10:20])
    pd.testing.assert_frame_equal(flats, before)
    assert answer.provenance.random_state == 3
    assert answer.provenance.parameters["scale"] == "auto"
    assert answer.n_background == 10
    assert answer.data[0][1] == flats['the "city"'].iloc[0]
    assert Answer.from_dict(answer.to_dict()).to_dict() == answer.to_dict()
    assert answer.public().mean_abs.shape == (5, 1)


def test_what_is_refused(people, neighbours):
    model = neighbours[0]
    with pytest.raises(ValueError, match=r"shap: scale must be 'response' or 'auto' for Pipeline.*got 'link'"):
        explain(model, "shap", people, scale="link")
    for option in ({"precision": 0.0}, {"max_evaluations": 0}, {"scale": "odds"}):
        with pytest.raises(ValueError, match=f"shap: {next(iter(option))}: "):
            explain(model, "shap", people, **option)
    with pytest.raises(ValueError, match="unknown option 'scale'"):
        explain(model, "kernel_shap", people, scale="link")
    with pytest.raises(ValueError, match=r"kernel_shap: max_evaluations must be at least 26,400 for 7 columns and 240"):
        explain(model, "kernel_shap", people[:2], background=people, max_evaluations=5_000)
