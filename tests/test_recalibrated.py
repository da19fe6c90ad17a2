"""Estimators whose probabilities are recalibrated: against the library and scikit-learn, in studies, in diagnostics."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, GroupKFold, StratifiedKFold, cross_val_predict
from sklearn.tree import DecisionTreeClassifier

from tests.contracts.tables import mixed
from tests.test_gathered import gathered, plan_of
from workbench import Classifier, Form, Regressor, Table, explain
from workbench.answers import Recalibration
from workbench.evaluation.calibration import calibration
from workbench.evaluation.predictions import Predictions
from workbench.evaluation.recalibration import applied_recalibration, recalibration_finding
from workbench.families import find_family
from workbench.forms import Identity, Logistic, Monotone, Scaled
from workbench.forms.output import log_odds
from workbench.probability_maps import fit_probability_map
from workbench.splits import make_splits
from workbench.study import StudyError
from workbench.work.fit import fit_rows

BOLD = {"max_leaf_nodes": 60, "min_samples_leaf": 12}  # a tree that learns noise by heart


def noisy(n, seed=0):
    """Rows whose chance depends on one column of five, a little."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(n, 5)), columns=list("abcde"))
    return X, pd.Series(np.where(rng.random(n) < 1 / (1 + np.exp(-X["a"])), "yes", "no"), name="came")


@pytest.fixture(scope="module", params=["sigmoid", "isotonic"])
def pair(request):
    X, y = noisy(1500)
    plain = Classifier("tree", **BOLD).fit(X, y)
    return plain, Classifier("tree", **BOLD, calibrate=request.param).fit(X, y), request.param


def test_planted_miscalibration_is_mended_on_fresh_rows(pair):
    X, y = noisy(3000, seed=1)
    before, after = (Predictions.of(y, m.predict_proba(X), classes=("no", "yes")) for m in pair[:2])
    assert log_loss(y, after.predicted[:, 1]) < log_loss(y, before.predicted[:, 1]) - 0.05
    first, then = (calibration(p).curves[0] for p in (before, after))
    assert first.slope_upper < 1
    assert then.slope_lower < 1 < then.slope_upper
    assert then.error < first.error - 0.05


def test_the_map_is_that_of_predictions_out_of_fold(pair):
    plain, model, method = pair
    X, y = noisy(1500)
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    said = cross_val_predict(clone(plain), X, y, cv=folds, method="predict_proba")
    expected = fit_probability_map(said, y == "yes", method=method)
    own = Scaled(Identity(), model.calibration_.slope, model.calibration_.intercept) if method == "sigmoid" else None
    assert (own or model.calibration_) == expected
    np.testing.assert_array_equal(model.uncalibrated_proba(X), plain.predict_proba(X))
    fresh = noisy(400, seed=2)[0]
    raw = plain.estimator_.predict_proba(plain.encode(fresh))[:, 1]  # the library's own, mapped without our code
    if method == "sigmoid":
        line = LogisticRegression(C=np.inf, tol=1e-10).fit(log_odds(said[:, 1])[:, None], y)
        theirs = line.predict_proba(log_odds(raw)[:, None])[:, 1]
        np.testing.assert_allclose(model.predict_proba(fresh)[:, 1], theirs, atol=0.02)  # ours is held to no change
        odds = model.calibration_.intercept[-1] + model.calibration_.slope * log_odds(raw)
        np.testing.assert_allclose(model.predict_proba(fresh)[:, 1], 1 / (1 + np.exp(-odds)), atol=1e-6)
    else:
        theirs = np.interp(raw, expected.before, expected.after)
        np.testing.assert_allclose(model.predict_proba(fresh)[:, 1], theirs, rtol=1e-12)
    np.testing.assert_array_equal(model.predict(fresh), np.where(model.predict_proba(fresh)[:, 1] > 0.5, "yes", "no"))


def test_the_form_ends_in_the_map(pair):
    plain, model, method = pair
    form, own = model.form_, plain.form_
    assert isinstance(form.output, Scaled if method == "sigmoid" else Monotone)
    assert form.output == model.calibration_
    np.testing.assert_array_equal(form.score(noisy(50)[0]), own.score(noisy(50)[0]))
    held = 1 + np.count_nonzero(form.output.intercept) if method == "sigmoid" else 2 * len(form.output.before)
    assert form.size == own.size + held
    again = Form.from_dict(json.loads(json.dumps(form.to_dict())))
    np.testing.assert_array_equal(again.predict_proba(noisy(50)[0]), form.predict_proba(noisy(50)[0]))
    assert "recalibrated: " in str(form)
    assert r"\tilde P" in form.to_latex()
    if method == "isotonic":  # at least 20 rows for each entry
        assert len(form.output.before) <= 20
        assert 0 < form.output.after[0] < form.output.after[-1] < 1


def test_far_scores_of_a_link_are_mapped_as_they_are():
    """Probabilities of 1 have no log odds; the library's score does."""
    X, y = noisy(300)
    model = Classifier("linear", calibrate="sigmoid").fit(X, y)
    assert isinstance(model.form_.output.of, Logistic)
    far = X.iloc[:4].assign(a=[60.0, 80.0, -60.0, -80.0])
    np.testing.assert_allclose(model.predict_proba(far), model.form_.predict_proba(far), rtol=1e-9)
    assert model.predict_proba(far)[2, 1] > model.predict_proba(far)[3, 1] > 0


def test_isotonic_levels_count_one_row_more():
    p = np.repeat([0.1, 0.3, 0.5, 0.9], 50)
    came = np.concatenate([np.arange(50) < k for k in (5, 25, 20, 50)])  # the second and third become one level
    found = fit_probability_map(np.column_stack([1 - p, p]), came, method="isotonic")
    np.testing.assert_allclose(found.before, [0.1, 0.3, 0.5, 0.9])
    np.testing.assert_allclose(found.after, [5.5 / 51, 45.5 / 101, 45.5 / 101, 50.5 / 51])


def test_scale_of_weights_does_not_matter():
    p, came = np.linspace(0.1, 0.9, 200), np.arange(200) % 3 == 0
    proba, weight = np.column_stack([1 - p, p]), np.linspace(1, 3, 200)
    for method in ("sigmoid", "isotonic"):
        first, second = (fit_probability_map(proba, came, w, method) for w in (weight, weight * 1e-6))
        np.testing.assert_allclose(first(p[:, None]), second(p[:, None]), rtol=1e-5)


def test_several_classes():
    X, y = mixed("multiclass", n=300)
    model = Classifier("tree", calibrate="sigmoid").fit(X, y)
    p = model.predict_proba(X)
    np.testing.assert_allclose(p.sum(axis=1), 1)
    np.testing.assert_allclose(model.form_.predict_proba(X), p, atol=1e-9)
    np.testing.assert_array_equal(model.classes_[p.argmax(axis=1)], model.predict(X))
    assert len(model.calibration_.intercept) == 3


def test_parameter_like_any_other():
    X, y = noisy(300)
    model = Classifier("tree", calibrate="sigmoid")
    assert clone(model).get_params()["calibrate"] == "sigmoid"
    search = GridSearchCV(model, {"calibrate": [None, "sigmoid"]}, cv=2, scoring="neg_log_loss").fit(X, y)
    again = pickle.loads(pickle.dumps(search.best_estimator_))
    np.testing.assert_array_equal(again.predict_proba(X), search.predict_proba(X))
    assert Classifier("tree").fit(X, y).calibration_ is None


def test_folds_that_are_given_and_rows_of_weight_0():
    X, y = noisy(400)
    groups = np.arange(400) % 40
    folds = list(GroupKFold(4).split(X, y, groups))
    model = Classifier("tree", calibrate="sigmoid").fit(X, y, folds=folds)
    said = cross_val_predict(Classifier("tree"), X, y, cv=folds, method="predict_proba")
    expected = fit_probability_map(said, y == "yes")
    assert (model.calibration_.slope, model.calibration_.intercept) == (expected.slope, expected.intercept)
    more, weight = pd.concat([X.iloc[:7] + 1, X]), np.repeat([0.0, 1.0], [7, 400])
    shifted = [(np.append(train + 7, [0, 1]), np.append(test + 7, [2])) for train, test in folds[:1]]
    shifted += [(train + 7, test + 7) for train, test in folds[1:]]
    other = Classifier("tree", calibrate="sigmoid").fit(more, [*y[:7], *y], weight, folds=shifted)
    np.testing.assert_allclose(other.predict_proba(X), model.predict_proba(X), rtol=1e-9)


def test_a_study_s_folds_keep_groups_together():
    X, y = noisy(400)
    frame = X.assign(came=y, who=np.repeat(np.arange(40), 10))
    table = Table.from_frame(frame, target="came", columns={"who": {"role": "group"}})
    params = find_family("tree").Parameters(calibrate="sigmoid", random_state=3).model_dump()
    found = fit_rows(table, "tree", params).calibration_
    folds = [(f.train, f.test) for f in make_splits(table, holdout=0.0, folds=5, repeats=1, seed=3).folds]
    assert all(not set(frame["who"].iloc[a]) & set(frame["who"].iloc[b]) for a, b in folds)
    said = cross_val_predict(Classifier("tree", random_state=3), X, y, cv=folds, method="predict_proba")
    assert found.slope == pytest.approx(fit_probability_map(said, y == "yes").slope, rel=1e-9)


X, Y = noisy(60)
FITTED = FrozenEstimator(DecisionTreeClassifier(max_depth=1).fit(X, Y))


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            lambda: Regressor("tree", calibrate="sigmoid").fit(X, X["a"]),
            "tree: calibrate maps probabilities",
        ),
        (
            lambda: Classifier("tree", calibrate="platt").fit(X, Y),
            "tree: calibrate: .*'isotonic'; got 'platt'",
        ),
        (lambda: Classifier("tree", calibrate="isotonic").fit(X, np.arange(60) % 3), "must be sigmoid for task multi"),
        (lambda: Classifier("tree", calibrate="sigmoid").fit(X, np.arange(60) == 3), "at least 2 rows of each class"),
        (lambda: Classifier("tree", calibrate="sigmoid").fit(X[:18], np.arange(18) % 2), "at least 20 rows"),
        (lambda: Classifier("custom", estimator=FITTED, calibrate="sigmoid").fit(X, Y), "fitted already"),
        (lambda: given([([0, 1], [1, 2])]), r"folds\[0\] must not test rows that it trains on"),
        (lambda: given([([0, 1], [60])]), r"folds\[0\] must be two arrays of positions of rows, from 0 to 59"),
        (lambda: given([([0, 1], [2]), ([0, 1], [2])]), "test each row once at most"),
        (lambda: given([]), "one or more"),
        (lambda: given([(np.flatnonzero(Y == "no"), np.flatnonzero(Y == "yes"))]), "fold 1 has no row of some class"),
    ],
)
def test_what_can_t_be_recalibrated_is_refused(call, said):
    with pytest.raises(ValueError, match=said):
        call()


def given(folds):
    return Classifier("tree", calibrate="sigmoid").fit(X, Y, folds=folds)


def test_explanations_follow():
    X, y = noisy(300)
    model = Classifier("tree", calibrate="sigmoid").fit(X, y)
    told = explain(model, "shap", X.iloc[:5], background=X, random_state=0)
    total = told.baseline + told.values.sum(axis=1)
    assert told.scale == "link"  # the score, before the map
    np.testing.assert_allclose(total, model.form_.score(X.iloc[:5])[:, -1], atol=1e-9)
    curve = explain(model, "partial_dependence", X, features=["a"]).effects[0]
    set_to = [model.predict_proba(X.assign(a=v))[:, 1].mean() for v in curve.grid_values[:3]]
    np.testing.assert_allclose(np.ravel(curve.average)[:3], set_to, atol=1e-9)


# ---- studies


def planned(frame, models, **how):
    return plan_of(frame, models=models, explain=[], split={"folds": 2, "repeats": 1, "holdout": 0}, **how)


@pytest.mark.parametrize(
    ("target", "models", "said"),
    [
        (
            "a",
            [{"tree": {"calibrate": "sigmoid"}}],
            r"models\[0\]\.tree\.calibrate maps probabilities",
        ),
        ("kind", ["linear", {"tree": {"calibrate": "isotonic"}}], r"models\[1\]\.tree\.calibrate must be sigmoid for"),
        ("came", [{"tree": {"calibrat": "sigmoid"}}], r"models\[0\]\.tree\.calibrat .*did you mean 'calibrate'"),
        ("came", [{"tree": {"calibrate": "line"}}], r"calibrate must be one of sigmoid, isotonic; got 'line'"),
    ],
)
def test_a_study_says_where_a_recalibration_is_wrong(target, models, said):
    X, y = noisy(90)
    frame = X.assign(came=y, kind=np.array(list("uvw"))[np.arange(90) % 3]).rename(columns={target: "y"})
    with pytest.raises(StudyError, match=said):
        planned(frame, models)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    X, y = noisy(500)
    frame = X.assign(y=y)
    bold = {"max_leaf_nodes": 40, "min_samples_leaf": 10}
    models = [{"tree": {"name": "bold", **bold}}, {"tree": {"name": "mended", **bold, "calibrate": "isotonic"}}]
    plan = planned(frame, models)
    return gathered(plan, tmp_path_factory.mktemp("recalibrated")).results("")


def test_a_run_tells_before_and_after(results):
    told = {}
    for model in results["models"]:
        if model["family"] == "tree":
            found = {d["name"]: d.get("answer") for d in model["diagnostics"]}
            told[model["name"]] = Recalibration.from_dict(found["recalibration"])
    bold, mended = told["bold"], told["mended"]
    assert (bold.applied, mended.applied) == (False, True)
    # the same trees, before: what one could have, the other has
    assert mended.loss_before == pytest.approx(bold.loss_before)
    assert mended.gain_lower > 0
    assert mended.after.curves[0].error < mended.before.curves[0].error / 2
    actions = {f["about"]: f["action"] for f in results["findings"] if "robabilities are" in f["title"]}
    assert actions["bold"].startswith("Set calibrate: sigmoid for this model")
    assert "mended" not in actions


def test_a_map_that_harms_is_a_finding():
    rng = np.random.default_rng(0)
    p = rng.random(800)
    came = rng.random(800) < p
    right = Predictions.of(came, np.column_stack([1 - p, p]), classes=(False, True))
    flat = right.but(0.8 * 0.5 + 0.2 * right.predicted)
    how = {"method": "sigmoid", "output": Scaled(Identity(), 0.2, (0.0,))}
    found = recalibration_finding(applied_recalibration(right, flat, **how), about="tree")
    assert found.title == "Recalibration makes the probabilities worse"
    assert found.action == "Take calibrate out."
    assert recalibration_finding(applied_recalibration(flat, right, **how), about="tree") is None
    with pytest.raises(ValueError, match="the same rows"):
        applied_recalibration(right, flat.take(np.arange(9)), **how)
