"""Recalibration against scikit-learn, and as a part of forms."""

import json

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, log_loss

from tests.evaluation.test_calibration import drawn, two
from tests.forms.forms import KINDS, all_forms, tree
from workbench.answers import Answer
from workbench.evaluation.predictions import Predictions
from workbench.evaluation.recalibration import fit_map, recalibration, recalibration_finding
from workbench.evaluation.row_losses import row_losses
from workbench.forms import Additive, Form, Identity, Monotone, OneVsRest, Scaled, Softmax
from workbench.forms.output import log_odds, output_from_dict
from workbench.probability_maps import mapped, recalibrated

FORMS = all_forms()
ROWS = {"x": [1.0, 1.5, np.nan, 8.0, 10.0, 11.0], "colour": ["red", "blue", "blue", None, "red", "new"]}


def three(n=600, power=2.0, seed=0):
    rng = np.random.default_rng(seed)
    score = rng.normal(0, 1, (n, 3))
    p = Softmax()(score)
    came = (p.cumsum(axis=1) < rng.random((n, 1))).sum(axis=1)
    return Predictions.of(came, Softmax()(power * score + [0, 0, 0.5]), classes=(0, 1, 2))


def test_sigmoid_is_the_likelihood_s_line():
    p, came = drawn(0, 5000, 2.0)
    found = fit_map(two(p, came))
    fitted = LogisticRegression(C=np.inf, tol=1e-10).fit(log_odds(p)[:, None], came)
    assert found.slope == pytest.approx(fitted.coef_[0, 0], abs=2e-3)  # the penalty counts as one row of 5,000
    assert found.intercept[0] == pytest.approx(fitted.intercept_[0], abs=2e-3)


def test_several_classes_get_temperature_and_intercepts_back():
    found = fit_map(three(20_000))
    assert found.slope == pytest.approx(0.5, abs=0.02)
    np.testing.assert_allclose(np.array(found.intercept) - found.intercept[0], [0, 0, -0.25], atol=0.05)


def test_monotone_is_isotonic_regression_of_the_bins():
    p, came = drawn(0, 2000, 2.0)
    found = fit_map(two(p, came), "isotonic")
    assert 10 < len(found.before) <= 20
    assert found.before[-1] == pytest.approx(np.sort(p)[-100:].mean())
    assert (np.diff(found.after) >= 0).all()
    assert 0 < found.after[0] < found.after[-1] < 1
    first = np.sort(p)[:100]
    assert found.before[0] == pytest.approx(first.mean())
    isotonic = CalibratedClassifierCV(FrozenEstimator(Raw().fit(p[:, None], came)), method="isotonic", cv=2)
    theirs = isotonic.fit(p[:, None], came).predict_proba(p[:, None])[:, 1]
    assert np.abs(theirs - found(p[:, None])[:, 0]).mean() < 0.04


class Raw(LogisticRegression):
    """Says of a row what its only column says."""

    def decision_function(self, X):
        return X[:, 0]

    def predict_proba(self, X):
        return np.column_stack([1 - X[:, 0], X[:, 0]])


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_after_is_better_and_judged_on_other_rows(method):
    told = recalibration(two(*drawn(0, 1500, 2.5)), method=method)
    assert told.before.curves[0].error > 0.05
    assert told.after.curves[0].error < 0.03
    assert told.after.p_value > 0.01
    assert told.gain == pytest.approx(told.loss_before - told.loss_after)
    assert recalibration_finding(told, about="svm").evidence.startswith(f"A {method} map, judged on rows")
    again = Answer.from_dict(json.loads(json.dumps(told.to_dict())))
    assert again.to_dict() == told.to_dict()
    assert output_from_dict(again.output, "output") == fit_map(two(*drawn(0, 1500, 2.5)), method)


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_after_does_not_see_its_own_rows(method):
    rng = np.random.default_rng(0)
    p, came = rng.random(90), rng.random(90) < 0.5  # nothing to be learned
    folds = np.arange(90) % 3
    told = recalibration(two(p, came), method=method, folds=folds)
    losses = []
    for fold in range(3):
        rest, own = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        q = fit_map(two(p[rest], came[rest]), method)(p[own][:, None])[:, 0]
        losses += [-np.log(q[came[own]]), -np.log(1 - q[~came[own]])]
    assert told.loss_after == pytest.approx(np.concatenate(losses).mean())


def test_calibrated_probabilities_gain_nothing():
    gains = [recalibration(two(*drawn(seed, 400)), random_state=seed).gain_lower > 0 for seed in range(20)]
    assert sum(gains) <= 1


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
@pytest.mark.parametrize("name", ["binary", "shares"])
def test_recalibrated_forms_of_two_classes(name, method):
    form = FORMS[name]
    output = Scaled(Identity(), 0.5, (0.2,)) if method == "sigmoid" else Monotone(Identity(), (0.1, 0.9), (0.3, 0.6))
    if name == "shares":  # a tree of shares
        t = tree()
        form = Form(
            Additive(np.zeros(1), (t.__class__(**{**vars(t), "value": t.value / 4}),)),
            Identity(),
            KINDS,
            "flag",
            (False, True),
        )
    new = recalibrated(form, output)
    before, after = form.predict_proba(ROWS), new.predict_proba(ROWS)
    np.testing.assert_allclose(after, mapped(output, before), rtol=1e-12)
    np.testing.assert_allclose(after.sum(axis=1), 1)
    held = 2 if method == "sigmoid" else 4  # slope and intercept, or two entries of two
    assert (new.size, new.stored_numbers) == (form.size + held, form.stored_numbers + held)
    again = Form.from_dict(json.loads(json.dumps(new.to_dict(), allow_nan=False)))
    np.testing.assert_array_equal(again.predict_proba(ROWS), after)
    assert str(again) == str(new)
    assert str(new).startswith(f"{form}\nrecalibrated: ")
    assert r"\tilde P" in new.to_latex()
    assert str(recalibrated(new, output)) == str(new)  # a map replaces an earlier one


def test_recalibrated_forms_of_several_classes_and_of_two_scores():
    output = Scaled(Identity(), 0.5, (0.2, 0.0, -0.1))
    for own in (Softmax(), OneVsRest(Identity())):
        form = Form(Additive(np.array([0.2, 0.3, 0.5]), ()), own, {}, "kind", ("a", "b", "c"))
        new = recalibrated(form, output)
        np.testing.assert_allclose(new.predict_proba({"x": [1]}), mapped(output, form.predict_proba({"x": [1]})))
        again = Form.from_dict(json.loads(json.dumps(new.to_dict())))
        assert str(again) == str(new)
        assert r"a = (0.2,\; 0,\; -0.1)" in new.to_latex()
    both = Form(Additive(np.array([0.2, 0.8]), ()), Identity(), {}, "kind", ("a", "b"))
    for one in (Scaled(Identity(), 0.5, (0.2,)), Monotone(Identity(), (0.1, 0.9), (0.3, 0.6))):
        new = recalibrated(both, one)
        np.testing.assert_allclose(new.predict_proba({"x": [1]}), mapped(one, np.array([[0.2, 0.8]])))
        assert Form.from_dict(new.to_dict()).predict({"x": [1]}) == ["b"]


def test_far_scores_stay_probabilities():
    for name, output in (
        ("binary", Scaled(Identity(), 3.0, (0.2,))),
        ("several", Scaled(Identity(), 2.0, (0.0, 0.0, 1.0))),
    ):
        p = recalibrated(FORMS[name], output).predict_proba({"x": [1e300, -1e300], "colour": ["red"] * 2})
        np.testing.assert_allclose(p.sum(axis=1), 1)


HOSTILE = [
    {"kind": "scaled", "of": {"kind": "logistic"}, "slope": -1.0, "intercept": [0.0]},
    {"kind": "scaled", "of": {"kind": "logistic"}, "slope": "inf", "intercept": [0.0]},
    {"kind": "scaled", "of": {"kind": "logistic"}, "slope": 1.0, "intercept": []},
    {"kind": "scaled", "of": {"kind": "logistic"}, "slope": 1.0, "intercept": ["nan"]},
    {"kind": "scaled", "of": {"kind": "logistic"}, "slope": 1.0, "intercept": [0.0, 0.0]},
    {"kind": "scaled", "of": {"kind": "logistic"}, "slope": 1.0, "intercept": [0.0], "code": "1"},
    {"kind": "scaled", "of": {"kind": "exponential"}, "slope": 1.0, "intercept": [0.0]},
    {"kind": "scaled", "of": {"kind": "softmax"}, "slope": 1.0, "intercept": [0.0]},
    {"kind": "scaled", "slope": 1.0, "intercept": [0.0]},
    {"kind": "monotone", "of": {"kind": "logistic"}, "before": [], "after": []},
    {"kind": "monotone", "of": {"kind": "logistic"}, "before": [0.2, 0.1], "after": [0.1, 0.2]},
    {"kind": "monotone", "of": {"kind": "logistic"}, "before": [0.1, 0.2], "after": [0.2, 0.1]},
    {"kind": "monotone", "of": {"kind": "logistic"}, "before": [0.1, 0.2], "after": [0.1]},
    {"kind": "monotone", "of": {"kind": "logistic"}, "before": [0.1, "nan"], "after": [0.1, 0.2]},
    {"kind": "monotone", "of": {"kind": "logistic"}, "before": [0.1, 2.0], "after": [0.1, 0.2]},
]
deep = {"kind": "logistic"}
for _ in range(3):
    deep = {"kind": "scaled", "of": deep, "slope": 1.0, "intercept": [0.0]}
HOSTILE.append(deep)


@pytest.mark.parametrize("output", HOSTILE, ids=str)
def test_hostile_outputs_raise(output):
    with pytest.raises(ValueError, match=r"form"):
        Form.from_dict({**FORMS["binary"].to_dict(), "output": output})


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fit_map(Predictions.of(np.arange(30.0), np.arange(30.0))), "a predicted number has none"),
        (lambda: fit_map(three(), "isotonic"), "must be sigmoid for task multiclass"),
        (lambda: fit_map(three(), "spline"), "sigmoid, isotonic; got 'spline'"),
        (lambda: recalibration(three(60), folds=np.zeros(60)), "at least two different"),
        (lambda: recalibrated(FORMS["regression"], Scaled(Identity(), 1.0, (0.0,))), "a form of 0 classes"),
        (lambda: recalibrated(FORMS["several"], Scaled(Identity(), 1.0, (0.0,))), "a form of 3 classes"),
    ],
)
def test_what_can_t_be_recalibrated_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_losses_of_rows_are_the_metric_s():
    told, (p, came) = three(50), drawn(0, 60)
    np.testing.assert_allclose(row_losses(told, "log_loss").mean(), log_loss(told.y, told.predicted, labels=[0, 1, 2]))
    np.testing.assert_allclose(
        row_losses(told, "brier").mean(), brier_score_loss(told.y, told.predicted, labels=[0, 1, 2])
    )
    np.testing.assert_allclose(row_losses(two(p, came), "brier").mean(), brier_score_loss(came, p))
    np.testing.assert_allclose(row_losses(two(p, came), "f1").mean(), np.mean((p > 0.5) != came))
    number = Predictions.of([1.0, 2.0], [3.0, 2.0])
    np.testing.assert_array_equal(row_losses(number, "r2"), [4, 0])
    np.testing.assert_array_equal(row_losses(number, "mae"), [2, 0])
    with pytest.raises(ValueError, match="no loss of rows"):
        row_losses(number, "log_loss")
    with pytest.raises(ValueError, match="got 'x'"):
        row_losses(number, "x")
