"""Robustness, overfit gap and careless splits: planted faults found, clean ones not."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from tests.evaluation.test_weak_regions import table
from workbench.answers import Answer
from workbench.evaluation.leakage import leakage, leakage_finding
from workbench.evaluation.overfit import overfit, overfit_finding
from workbench.evaluation.robustness import robustness, robustness_finding
from workbench.interval import corrected_interval
from workbench.metrics import metric

R2, LOSS = metric("r2"), metric("log_loss")


class Model:
    """Predicts what a function says; keeps the rows that it was asked for."""

    def __init__(self, says, refuses=False):
        self.says, self.refuses, self.asked = says, refuses, []

    def predict(self, X):
        if self.refuses and X.isna().any(axis=None):
            raise ValueError("missing values")
        self.asked.append(X)
        return self.says(X)


def test_noise_is_as_large_as_asked_and_costs_what_theory_says():
    X = pd.DataFrame({"x": np.random.default_rng(0).normal(5, 2, 4000)})
    model = Model(lambda X: X["x"].to_numpy())
    told = robustness(model, X, X["x"], metric=R2, noise=(0.1, 0.5), missing=(), n_repeats=5)
    moved = model.asked[1]["x"] - X["x"]
    assert moved.std() == pytest.approx(0.1 * X["x"].std(), rel=0.05)
    for found, amount in zip(told.disturbances, (0.1, 0.5), strict=True):
        assert found.cost == pytest.approx(amount**2, rel=0.05)  # 1 - R2 = noise over variance
        assert found.lower < found.cost < found.upper
    (loss,) = robustness(model, X, X["x"], metric=metric("rmse"), noise=(0.1,), missing=()).disturbances
    assert loss.cost == pytest.approx(0.1 * X["x"].std(), rel=0.05)


def test_columns_of_each_kind_are_disturbed_and_stay_of_their_kind():
    X, _ = table(0, 400)
    X["empty"] = X["empty"].astype(float)
    before = X.copy()
    model = Model(lambda X: np.zeros(len(X)))
    told = robustness(model, X, np.arange(400.0), metric=R2, noise=(0.1,), missing=(0.2,), n_repeats=2)
    pd.testing.assert_frame_equal(X, before)
    base, noisy, _, emptied, _ = model.asked
    assert list(noisy.columns) == list(X.columns)
    assert set(noisy["é '"]) == set(X["é '"])
    assert 0.02 < (noisy["é '"] != X["é '"]).mean() < 0.15
    assert (noisy["a b"].isna() == X["a b"].isna()).all()
    assert noisy["size"].dtype == X["size"].dtype
    assert noisy["yes"].dtype == bool
    assert (noisy["day"] != X["day"]).any()
    assert (noisy["same"] == 1).all()
    assert emptied["yes"].isna().mean() == pytest.approx(0.2, abs=0.07)
    assert [d.cost for d in told.disturbances] == [0, 0]
    assert base is X


def test_a_planted_cliff_is_found_and_a_line_is_not():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"x": rng.normal(size=500)})
    y = np.sin(2000 * X["x"])
    told = robustness(Model(lambda X: np.sin(2000 * X["x"])), X, y, metric=R2)
    found = robustness_finding(told, about="m", metric=R2, region=0.01)
    assert found.severity == "high"
    assert found.evidence.startswith("Noise of 1% of each column's spread costs ")
    line = LinearRegression().fit(X, X["x"] + rng.normal(size=500))
    smooth = robustness(line, X, X["x"] + rng.normal(size=500), metric=R2)
    assert robustness_finding(smooth, about="m", metric=R2, region=0.01) is None
    again = Answer.from_dict(json.loads(json.dumps(told.to_dict())))
    assert again.to_dict() == told.to_dict()


def test_a_model_that_refuses_missing_values_is_told_as_such():
    X = pd.DataFrame({"x": np.arange(50.0)})
    told = robustness(Model(lambda X: X["x"], refuses=True), X, X["x"], metric=R2)
    assert [d.refused for d in told.disturbances] == [False] * 3 + [True] * 2
    assert told.provenance.warnings == ("the model refuses missing values",)
    with pytest.raises(ValueError, match="shares must be above 0"):
        robustness(Model(lambda X: X["x"]), X, X["x"], metric=R2, noise=(2,))


def test_overfit_gap_is_paired_and_signed_by_the_metric():
    train, test = [0.9, 0.8, 0.95], [0.5, 0.45, 0.5]
    told = overfit(train, test, metric=R2, n_train=80, n_test=20, dummy_scores=[0, -0.1, 0])
    expected = corrected_interval([0.4, 0.35, 0.45], n_train=80, n_test=20)
    assert (told.gap, told.lower, told.upper) == pytest.approx((expected.mean, expected.lower, expected.upper))
    assert told.share == pytest.approx(0.4 / np.mean([0.9, 0.9, 0.95]))
    loss = overfit(test, train, metric=LOSS, n_train=80, n_test=20)
    assert loss.gap == pytest.approx(0.4)
    assert np.isnan(loss.share)
    again = Answer.from_dict(json.loads(json.dumps(loss.to_dict())))
    assert again.to_dict() == loss.to_dict()
    with pytest.raises(ValueError, match="as many each"):
        overfit([1.0], [1.0, 2.0], metric=R2, n_train=8, n_test=2)


@pytest.mark.parametrize(
    ("train", "test", "severity"),
    [
        ([0.9, 0.9, 0.92], [0.5, 0.52, 0.51], None),
        ([0.9, 0.9, 0.92], [0.3, 0.32, 0.31], "low"),
        ([0.9, 0.9, 0.92], [0.0, 0.02, -0.1], "medium"),
        ([0.31, 0.30, 0.32], [0.3, 0.32, 0.31], None),
    ],
)
def test_overfit_findings(train, test, severity):
    told = overfit(train, test, metric=R2, n_train=80, n_test=20, dummy_scores=[0, -0.01, 0])
    found = overfit_finding(told, about="forest", metric=R2, region=0.01)
    assert (found and found.severity) == severity


SIZES = {"n_train": 80, "n_test": 20, "n_train_careless": 80, "n_test_careless": 20}


def test_careless_scores_by_hand():
    honest, rash = [0.3, 0.32, 0.28, 0.31], [0.6, 0.5, 0.58, 0.57]
    told = leakage({"a": honest, "only": [1.0]}, {"a": rash}, by="group", metric=R2, region=0.01, **SIZES)
    (score,) = told.scores
    errors = [corrected_interval(s, n_train=80, n_test=20).standard_error for s in (honest, rash)]
    assert score.gap == pytest.approx(np.mean(rash) - np.mean(honest))
    # Student's quantile with Welch's degrees of freedom, by hand
    freedom = sum(e**2 for e in errors) ** 2 / sum(e**4 / 3 for e in errors)
    from scipy import stats

    half = stats.t.ppf(0.975, freedom) * np.hypot(*errors)
    assert (score.lower, score.upper) == pytest.approx((score.gap - half, score.gap + half))
    assert score.p_value == pytest.approx(stats.t.sf((score.gap - 0.01) / np.hypot(*errors), freedom))
    again = Answer.from_dict(json.loads(json.dumps(told.to_dict())))
    assert again.to_dict() == told.to_dict()


def test_a_planted_leak_is_found_and_a_loss_gains_by_going_down():
    rng = np.random.default_rng(0)
    honest, rash = rng.normal(0.6, 0.02, 10), rng.normal(0.4, 0.02, 10)
    told = leakage({"m": honest}, {"m": rash}, by="time", metric=LOSS, region=0.01, **SIZES)
    found = leakage_finding(told, titles={"m": "forest"}, metric=LOSS)
    assert found.severity == "high"
    assert "folds that run forward in time, the forest scores 0.6" in found.evidence
    single = leakage({"m": [0.6]}, {"m": [0.4]}, by="time", metric=LOSS, region=0.01, **SIZES)
    assert leakage_finding(single, titles={}, metric=LOSS) is None
    with pytest.raises(ValueError, match="by must be one of group, time"):
        leakage({}, {}, by="class", metric=R2, region=0.01, **SIZES)


def test_no_leak_raises_no_alarm():
    rng = np.random.default_rng(0)
    alarms = 0
    for _ in range(300):
        scores = [{f"m{i}": rng.normal(0.5, 0.05, 10) for i in range(5)} for _ in range(2)]
        told = leakage(*scores, by="group", metric=R2, region=0.0, **SIZES)
        alarms += leakage_finding(told, titles={}, metric=R2, rate=0.05) is not None
    assert alarms <= 20
