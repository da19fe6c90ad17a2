import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import r2_score
from sklearn.svm import LinearSVC

import workbench as wb
from workbench.answers import Answer
from workbench.blocks import deal_blocks
from workbench.explainers import explain, explainer
from workbench.explainers import surrogate as home
from workbench.explainers.likeness import Fit, identical_rows
from workbench.interval import corrected_interval


def surrogate(model, X, **options):
    return explain(model, "surrogate", X, **options)


@pytest.fixture(name="X", scope="module")
def _rows():
    return np.random.default_rng(0).normal(size=(200, 3))


@pytest.fixture(name="forest", scope="module")
def _forest(X):
    return RandomForestRegressor(n_estimators=10, random_state=0).fit(X, X[:, 0] * (X[:, 1] > 0) + X[:, 2])


def folds(X, n_folds, repeats, seed):
    same = identical_rows(X)
    for repeat in range(repeats):
        drawn = int(np.random.default_rng([seed, repeat]).integers(2**31))
        fold = deal_blocks(np.bincount(same)[:, None], n_folds, drawn)[same]
        for number in range(n_folds):
            yield np.flatnonzero(fold != number), np.flatnonzero(fold == number)


def test_fidelity_is_r2_out_of_fold(X, forest):
    weight = np.random.default_rng(1).uniform(0.5, 2, 200)
    answer = surrogate(forest, X, sample_weight=weight, random_state=4, folds=4, repeats=2)
    said, scores, sizes = forest.predict(X), [], []
    for train, test in folds(X, 4, 2, 4):
        tree = wb.Regressor("tree", max_leaf_nodes=8, random_state=4)
        tree.fit(X[train], said[train], sample_weight=weight[train])
        scores.append(r2_score(said[test], tree.predict(X[test]), sample_weight=weight[test]))
        sizes.append((len(train), len(test)))
    np.testing.assert_allclose(answer.folds, scores, atol=1e-12)
    n_train, n_test = np.array(sizes).T
    interval = corrected_interval(scores, n_train=n_train, n_test=n_test)
    told = [answer.fidelity, answer.lower, answer.upper]
    np.testing.assert_allclose(told, [interval.mean, interval.lower, interval.upper], atol=1e-12)
    whole = wb.Regressor("tree", max_leaf_nodes=8, random_state=4).fit(X, said, sample_weight=weight)
    found = wb.Form.from_dict(answer.form)
    rows = {f"x{j}": X[:, j] for j in range(3)}
    np.testing.assert_array_equal(found.predict(rows), whole.form_.predict(rows))
    assert answer.text == str(found)
    assert answer.text.startswith("prediction is")
    assert answer.size == whole.form_.size
    assert answer.parameters == {"max_leaf_nodes": 8, "random_state": 4}
    assert (answer.family, answer.title, answer.scale, answer.agreement) == ("tree", "decision tree", "response", None)
    assert not answer.provenance.exact


def test_identical_rows_stay_in_one_fold(function_model):
    """A model of noise, and each row ten times: learnt by heart, and no more than that."""
    rows = np.repeat(np.random.default_rng(0).normal(size=(40, 2)), 10, axis=0)
    noise = function_model(lambda Z: np.sin(1e6 * Z.sum(axis=1)), rows)
    answer = surrogate(noise, rows, parameters={"max_leaf_nodes": None})
    assert answer.fidelity < 0
    assert surrogate(noise, rows + np.arange(400)[:, None] * 1e-13, parameters={"max_leaf_nodes": None}).fidelity < 1
    table = pd.DataFrame({"a": ["x", None, "x", None], "b": pd.Categorical([1, 2, 1, 1])})
    assert identical_rows(table).tolist() == [0, 1, 0, 2]
    assert identical_rows(np.array([[0.0], [-0.0], [np.nan], [np.nan]])).tolist() == [0, 0, 1, 1]


def test_of_two_classes(X):
    y = np.where(X[:, 0] + 0.3 * X[:, 1] > 0.5, "yes", "no")
    model = RandomForestClassifier(n_estimators=20, random_state=0).fit(X, y)
    for positive, column in (("yes", 1), ("no", 0)):
        answer = surrogate(model, X, positive=positive, random_state=1)
        said = model.predict_proba(X)[:, column]
        scores, alike = [], []
        for train, test in folds(X, 5, 2, 1):
            tree = wb.Regressor("tree", max_leaf_nodes=8, random_state=1).fit(X[train], said[train])
            scores.append(r2_score(said[test], tree.predict(X[test])))
            alike += ((tree.predict(X[test]) > 0.5) == (said[test] > 0.5)).tolist()
        np.testing.assert_allclose(answer.folds, scores, atol=1e-12)
        assert answer.agreement == pytest.approx(np.mean(alike))
        assert answer.text.startswith(f"probability of {positive} is")
    margin = surrogate(LinearSVC().fit(X, y), X, family="linear")
    assert margin.scale == "margin"
    assert margin.text.startswith("margin of yes")
    assert margin.fidelity == margin.agreement == pytest.approx(1.0)


def test_of_labels_by_a_family_that_learns_no_numbers(X):
    y = X[:, 0] > 0.5
    model = LogisticRegression(C=100).fit(X, y)
    answer = surrogate(model, X, family="ruleset", folds=2, repeats=1)
    assert answer.agreement > 0.9
    said = model.predict_proba(X)[:, 1]
    scores = []
    for train, test in folds(X, 2, 1, 0):
        rules = wb.Classifier("ruleset", random_state=0).fit(X[train], said[train] > 0.5)
        scores.append(r2_score(said[test], rules.predict_proba(X[test])[:, 1]))
    np.testing.assert_allclose(answer.folds, scores, atol=1e-12)
    labels_alone = surrogate(LinearSVC().fit(X, y), X, family="oner")
    assert labels_alone.scale == "response"
    assert labels_alone.agreement > 0.8
    assert wb.Form.from_dict(labels_alone.form).classes == ("false", "true")


def test_of_three_classes(people, people_classifier):
    before = people.copy(deep=True)
    answer = surrogate(people_classifier, people)
    pd.testing.assert_frame_equal(people, before)
    said, names = people_classifier.predict_proba(people), people_classifier.classes_
    scores, alike = [], []
    for train, test in folds(people, 5, 2, 0):
        tree = wb.Classifier("tree", max_leaf_nodes=8).fit(people.iloc[train], names[said[train].argmax(axis=1)])
        off = ((tree.predict_proba(people.iloc[test]) - said[test]) ** 2).sum()
        scores.append(1 - off / ((said[test] - said[test].mean(axis=0)) ** 2).sum())
        alike += (tree.predict(people.iloc[test]) == names[said[test].argmax(axis=1)]).tolist()
    np.testing.assert_allclose(answer.folds, scores, atol=1e-12)
    assert answer.agreement == pytest.approx(np.mean(alike))
    assert answer.outputs == tuple(names)
    assert Answer.from_dict(answer.to_dict()).to_dict() == answer.to_dict()


def test_same_seed_same_answer(people, people_regressor):
    one, again = (surrogate(people_regressor, people, family="linear").to_dict() for _ in range(2))
    assert one == again
    assert surrogate(people_regressor, people, family="linear", random_state=1).to_dict()["folds"] != one["folds"]


def test_cautions_fire_where_they_should(X, forest):
    (low,) = surrogate(forest, X, parameters={"max_leaf_nodes": 2}).provenance.warnings
    assert low.startswith("low fidelity: the decision tree explains ")
    line = LinearRegression().fit(X, X[:, 0])
    assert surrogate(line, X, family="linear").provenance.warnings == ()
    own = wb.Regressor("linear").fit(X, X[:, 0])
    (itself,) = surrogate(own, X, family="linear").provenance.warnings
    assert itself == (
        "the model is a glass box itself (linear model): its own form is exact, a surrogate is not needed"
    )
    assert surrogate(wb.Regressor("forest", n_estimators=3).fit(X, X[:, 0]), X, family="linear").fidelity > 0.8


def test_what_stands_for_few_rows_is_private(X, forest):
    assert surrogate(forest, X).public().text
    few = surrogate(forest, X, parameters={"min_samples_leaf": 2, "max_leaf_nodes": None})
    assert few.private == "a part of its form stands for fewer than 10 rows"
    assert few.form is not None
    assert few.public().form is None
    assert few.public().text == ""
    assert few.public().fidelity == few.fidelity


def test_a_large_form_is_told_as_text(X, forest, monkeypatch):
    monkeypatch.setattr("workbench.explainers.surrogate.MOST_NUMBERS", 5)
    answer = surrogate(forest, X)
    assert answer.form is None
    assert answer.text
    assert answer.provenance.warnings[-1].startswith("the form holds ")


def test_little_to_learn(X, function_model):
    flat = function_model(lambda Z: np.full(len(Z), 3.0), X)
    answer = surrogate(flat, X)
    assert np.isnan(answer.fidelity)
    assert np.isnan(answer.folds).all()
    assert answer.provenance.warnings == (
        "fidelity is unknown: the model is flat on these rows, or they are too few to be divided",
    )
    assert Answer.from_dict(answer.to_dict()).to_dict() == answer.to_dict()
    one = surrogate(function_model(lambda Z: Z[:, 0], X), X[:1])
    assert one.folds.shape == (0,)
    assert one.provenance.warnings[0] == "the rows differ in 1 ways only: 1 folds instead of 5"
    few = surrogate(function_model(lambda Z: Z[:, 0], X), np.repeat(X[:3], 20, axis=0))
    assert few.folds.shape == (6,)
    labels = LogisticRegression().fit(X, X[:, 0] > 0)
    with pytest.raises(ValueError, match="surrogate: the model decides for one class in all of 1 rows, and oner"):
        surrogate(labels, X[:1], family="oner")
    rare = np.vstack([X[X[:, 0] < -0.5][:40], [[9.0, 0.0, 0.0]]])  # the one row that is true is in one fold alone
    assert np.isnan(surrogate(labels, rare, family="oner").folds).sum() == 2


def test_of_many_rows_a_draw_is_fitted_and_said(X, forest, monkeypatch):
    monkeypatch.setattr(home, "MOST_ROWS", 120)
    weight = np.where(np.arange(200) < 20, 0.0, 1.0)
    answer = surrogate(forest, X, sample_weight=weight, random_state=3)
    heavy = np.arange(20, 200)
    drawn = np.sort(np.random.default_rng(3).choice(180, 120, replace=False))
    rows = heavy[drawn]
    assert answer.provenance.warnings[-1] == "of 200 rows 120 were drawn by the seed, and used"
    assert (answer.provenance.n_rows, answer.provenance.parameters["rows_used"]) == (200, 120)
    alone = surrogate(forest, X[rows], random_state=3)
    np.testing.assert_array_equal(answer.folds, alone.folds)
    assert answer.text == alone.text
    assert surrogate(forest, X[:120]).provenance.parameters["rows_used"] == 120
    assert not any("drawn" in told for told in surrogate(forest, X[:120]).provenance.warnings)


def test_wide_inputs_are_held_within_bounds(monkeypatch, function_model):
    """A column of levels is as many numbers as it has levels: rows times numbers stay below the bound."""
    level = np.repeat([f"l{i:02}" for i in range(30)], 20)
    X = pd.DataFrame({"a": np.random.default_rng(0).normal(size=600), "level": level})
    model = function_model(lambda rows: rows["a"] + rows["level"].str[1:].astype(int), X)
    sizes = []
    fit = Fit.telling

    def watched(self, rows):
        fitted = fit(self, rows)
        sizes.append(len(rows) * len(fitted[0].inputs_))
        return fitted

    monkeypatch.setattr(Fit, "telling", watched)
    assert surrogate(model, X, repeats=1).provenance.parameters["rows_used"] == 600
    assert max(sizes) == 600 * 31
    monkeypatch.setattr(home, "MOST_INPUTS", 400 * 31)
    sizes.clear()
    answer = surrogate(model, X, repeats=1)
    assert answer.provenance.parameters["rows_used"] == 400
    assert max(sizes) <= 400 * 31
    monkeypatch.setattr("workbench.families.policy.MOST_LEVELS", 9)
    answer = surrogate(model, X, repeats=1)
    assert answer.provenance.parameters["rows_used"] == 600
    (told,) = [told for told in answer.provenance.warnings if "pooled" in told]
    assert told.startswith("column 'level': of 30 levels with 10 rows or more the 9 commonest are told apart")
    assert surrogate(model, X, family="gam", repeats=1, folds=2).provenance.parameters["rows_used"] == 12400 // 60


@pytest.mark.parametrize(
    ("options", "task", "message"),
    [
        ({"family": "treee"}, "regression", "family must be a known family; got 'treee'; did you mean 'tree'?"),
        ({"family": "forest"}, "regression", "family must be a glass box; 'forest' is none; glass boxes: ebm, figs"),
        ({"family": "custom"}, "regression", "family must be a glass box; 'custom' is none"),
        (
            {"family": "svm", "parameters": {"kernel": "rbf"}},
            "regression",
            "family must be a glass box; 'svm' is none with these parameters",
        ),
        ({"family": "dummy"}, "binary", "family 'dummy' can't learn a binary model; families that can: ebm, "),
        ({"family": "oner"}, "regression", "family 'oner' can't learn a regression model; families that can: ebm, "),
        ({"family": "glm"}, "multiclass", "family 'glm' can't learn a multiclass model; families that can: ebm, figs"),
        (
            {"parameters": {"max_leaf_nods": 3}},
            "regression",
            "parameters must be parameters of tree; got 'max_leaf_nods'; did you mean 'max_leaf_nodes'?",
        ),
        (
            {"parameters": {"max_leaf_nodes": 1}},
            "regression",
            "parameters must fit tree; max_leaf_nodes: Input should be greater than or equal to 2; got 1",
        ),
    ],
)
def test_what_is_refused_before_anything_is_fitted(options, task, message):
    found = explainer("surrogate")
    ((option, told),) = found.misfits(found.read_options(options), task=task, columns=("a",))
    assert f"{option} {told}".startswith(message)


def test_what_fits():
    found = explainer("surrogate")
    for options, task in (
        ({}, "regression"),
        ({"family": "rulelist"}, "binary"),
        ({"family": "linear"}, "binary"),
        ({"family": "ruleset"}, "multiclass"),
        ({"family": "ebm", "parameters": {"preset": "fast"}}, "multiclass"),
    ):
        assert not list(found.misfits(found.read_options(options), task=task, columns=("a",)))


def test_explain_refuses_too(X, forest):
    with pytest.raises(ValueError, match="surrogate: family must be a glass box; 'forest' is none"):
        surrogate(forest, X, family="forest")
    two = RandomForestRegressor(n_estimators=2).fit(X, X[:, :2])
    with pytest.raises(ValueError, match="surrogate: model must have one target; got 2"):
        surrogate(two, X)
