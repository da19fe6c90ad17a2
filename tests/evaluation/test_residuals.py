"""Residuals: planted bias and spread are found, clean ones raise no alarm, whatever their distribution."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tests.evaluation.test_weak_regions import table
from workbench.answers import Answer
from workbench.evaluation.predictions import Predictions
from workbench.evaluation.residuals import residuals, residuals_findings


def told(seed, change=None, n=600, noise="normal"):
    X, _ = table(seed, n)
    rng = np.random.default_rng(seed + 1000)
    f = 10 + rng.normal(size=n)
    errors = {"normal": rng.normal(size=n), "skewed": rng.exponential(size=n) - 1, "t": rng.standard_t(4, n)}[noise]
    y = f + errors
    if change is not None:
        y = change(X, f, errors)
    return residuals(Predictions.of(y, f), X, random_state=seed), X, y - f


def test_means_sizes_and_intervals_by_hand():
    answer, X, r = told(0)
    part = answer["few"]
    assert part.cells == ("'few' ≤ 0", "'few' > 0 and ≤ 1", "'few' > 1") or len(part.cells) == 3
    for i in range(3):
        own = r[X["few"] == i]
        assert part.rows[i] == len(own)
        assert part.mean[i] == pytest.approx(own.mean())
        assert part.size[i] == pytest.approx(np.abs(own).mean())
        low, high = stats.t.interval(0.95, len(own) - 1, own.mean(), stats.sem(own))
        assert (part.lower[i], part.upper[i]) == (pytest.approx(low), pytest.approx(high))
    assert answer["a b"].cells[-1] == "'a b' is missing"
    assert answer["same"].bias_p == answer["same"].spread_p == 1
    assert answer.bias == pytest.approx(r.mean())


def test_shares_are_omega_squared():
    answer, X, r = told(1, lambda X, f, e: f + e + 0.2 * X["few"])
    groups = [r[X["few"] == i] for i in range(3)]
    f = stats.f_oneway(*groups).statistic
    omega = 2 * (f - 1) / (2 * (f - 1) + len(r))
    assert answer["few"].bias_share == pytest.approx(omega)
    assert omega > 0


def test_p_values_are_those_of_one_way_tests_before_correction():
    rng = np.random.default_rng(6)
    X = pd.DataFrame({"g": rng.choice(list("abc"), 300)})
    r = rng.normal(size=300) * (1 + 0.35 * (X["g"] == "b")) + 0.4 * (X["g"] == "a")
    answer = residuals(Predictions.of(r, np.zeros(300)), X)  # a constant prediction is one part: no question
    groups = [r[X["g"] == g] for g in "abc"]
    assert answer["g"].bias_p / 2 == pytest.approx(stats.f_oneway(*groups).pvalue, abs=0.01)
    sizes = [np.abs(g - r.mean()) for g in groups]
    assert answer["g"].spread_p / 2 == pytest.approx(stats.kruskal(*sizes).pvalue, abs=0.01)


PLANTED = {
    "a b": lambda X, f, e: f + e + 1.5 * X["a b"].isna(),
    "yes": lambda X, f, e: f + e + 0.5 * X["yes"],
    "": lambda X, f, e: f + e + 0.5 * (f - 10) ** 2,
}


@pytest.mark.parametrize("column", PLANTED)
def test_planted_bias_is_found_in_its_column_alone(column):
    answer, _, _ = told(3, PLANTED[column])
    assert [p.column for p in answer.by if p.bias_p <= 0.01] == [column]
    found = residuals_findings(answer, about="linear", unit="kg")[0]
    assert found.severity in ("medium", "high")
    assert "kg" in found.evidence
    assert (repr(column) if column else "the prediction") in found.title


def test_planted_spread_is_found_in_its_column_alone():
    answer, _, _ = told(3, lambda X, f, e: f + e * np.where(X["size"] == "L", 2.5, 1))
    assert [p.column for p in answer.by if p.spread_p <= 0.01] == ["size"]
    assert not [p.column for p in answer.by if p.bias_p <= 0.01]
    (found,) = residuals_findings(answer, about="m")
    assert found.title == "The size of errors depends on 'size'"
    assert found.evidence.startswith("The mean error is ")
    assert " where 'size' is 'L', but " in found.evidence
    growing, _, _ = told(4, lambda X, f, e: f + e * np.exp(f - 10))
    assert "the prediction" in residuals_findings(growing, about="m")[0].title


@pytest.mark.parametrize("noise", ["normal", "skewed", "t"])
def test_clean_residuals_raise_no_alarm(noise):
    alarms = []
    for seed in range(50):
        answer, _, _ = told(seed, n=200, noise=noise)
        alarms.append(min(min(p.bias_p, p.spread_p) for p in answer.by) <= 0.05)
    assert np.mean(alarms) <= 0.14  # 0.05, and three standard errors of 50 repetitions


def test_unequal_spread_is_no_bias():
    alarms = [
        min(p.bias_p for p in told(seed, lambda X, f, e: f + e * np.where(X["yes"], 4, 1), n=200)[0].by) <= 0.05
        for seed in range(50)
    ]
    assert np.mean(alarms) <= 0.14


def test_tails_and_skewness():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"x": rng.normal(size=4000)})
    for draw, tail, skew in (
        (rng.normal, 1.0, 0.0),
        (lambda size: rng.standard_t(2, size), 1.8, 0.0),
        (lambda size: rng.exponential(size=size), 1.1, 0.55),
    ):
        answer = residuals(Predictions.of(draw(size=4000), np.zeros(4000)), X)
        assert answer.tail_weight == pytest.approx(tail, abs=0.15)
        assert answer.skewness == pytest.approx(skew, abs=0.1)
    small = residuals(Predictions.of(rng.normal(size=100), np.zeros(100)), X[:100])
    assert np.isnan(small.tail_weight)
    assert np.isnan(small.skewness)


def test_sent_read_back_and_the_same_each_time():
    answer, _, _ = told(0)
    assert min(p.rows.min() for p in answer.by) >= 20
    again = Answer.from_dict(json.loads(json.dumps(answer.to_dict())))
    assert again.to_dict() == answer.to_dict()
    assert told(0)[0].to_dict() == answer.to_dict()


def test_perfect_predictions_weights_and_refusals():
    X, _ = table(0, 100)
    right = residuals(Predictions.of(np.arange(100.0), np.arange(100.0)), X)
    assert not residuals_findings(right, about="m")
    weighted = residuals(Predictions.of(np.arange(100.0) % 7, np.zeros(100), sample_weight=np.arange(1, 101)), X)
    assert weighted.bias == pytest.approx(np.average(np.arange(100) % 7, weights=np.arange(1, 101)))
    with pytest.raises(ValueError, match="of classes see their calibration"):
        residuals(Predictions.of([0, 1], [[0.5, 0.5]] * 2, classes=(0, 1)), X)
    with pytest.raises(ValueError, match="must have the 50 rows"):
        residuals(Predictions.of(np.zeros(50), np.zeros(50)), X)
    with pytest.raises(ValueError, match="at least 40 rows"):
        residuals(Predictions.of(np.zeros(39), np.zeros(39)), X[:39])
