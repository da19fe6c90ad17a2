"""Conformal intervals and sets keep their promise; a part that is not covered is found."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tests.evaluation.test_weak_regions import table
from workbench.answers import Answer
from workbench.evaluation.conformal import conformal, conformal_finding
from workbench.evaluation.predictions import Predictions

N = 500


def numbers(seed, factor=1.0, n=N, m=600, columns=("a b", "é '", "yes", "size")):
    """Errors are `factor` times as large where `yes` holds."""
    rng = np.random.default_rng(seed)
    X, noise = table(seed, n + m)
    f = rng.normal(size=n + m)
    y = f + noise * np.where(X["yes"], factor, 1)
    told = Predictions.of(y, f)
    first = np.arange(n)
    return conformal(told.take(first), told.take(np.arange(n, n + m)), X.iloc[n:][list(columns)].reset_index(drop=True))


def classes(seed, n=N, m=600, shift=1.0):
    rng = np.random.default_rng(seed)
    X, _ = table(seed, n + m)
    p = rng.dirichlet([1.0, 0.5, 0.3], n + m)
    came = (p.cumsum(axis=1) < rng.random((n + m, 1))).sum(axis=1)
    came = np.where((np.arange(n + m) >= n) & (rng.random(n + m) > shift), rng.integers(0, 3, n + m), came)
    told = Predictions.of(came, p, classes=(0, 1, 2))
    return conformal(told.take(np.arange(n)), told.take(np.arange(n, n + m)), X.iloc[n:][["yes", "few"]])


def test_threshold_is_the_order_statistic():
    y = np.arange(1.0, 200.0)  # scores 1..199, k = 0.9 * 200 = 180
    told = conformal(
        Predictions.of(y, np.zeros(199)),
        Predictions.of([180.0, 180.5, -3.0], np.zeros(3)),
        pd.DataFrame({"x": [1, 2, 3]}),
    )
    assert told.threshold == 180
    assert told.mean_size == 360
    assert told.coverage == pytest.approx(2 / 3)
    assert told.p_value == pytest.approx(stats.betabinom.cdf(2, 3, 180, 20))
    assert told.size_without == pytest.approx(np.quantile(y, 0.95) - np.quantile(y, 0.05))


def test_sets_by_hand():
    p = np.array([[0.7, 0.2, 0.1], [0.4, 0.35, 0.25], [0.34, 0.33, 0.33]] * 100)
    told = Predictions.of([0, 1, 2] * 100, p, classes=(0, 1, 2))
    answer = conformal(told, told, pd.DataFrame({"x": np.zeros(300)}), level=0.5)
    assert answer.threshold == pytest.approx(0.65)  # scores 0.3, 0.65, 0.67; k = 151 of 300
    assert answer.coverage == pytest.approx(2 / 3)
    assert answer.mean_size == pytest.approx((1 + 2 + 0) / 3)
    assert answer.share_single == answer.share_empty == pytest.approx(1 / 3)
    assert answer.size_without == 2
    assert [(s.text, s.coverage) for s in answer.slices] == [
        ("the class is '0'", 1.0),
        ("the class is '1'", 1.0),
        ("the class is '2'", 0.0),
    ]
    assert all(math.isnan(s.p_value) for s in answer.slices)
    assert conformal_finding(answer, about="m") is None


def test_coverage_is_the_level_on_average():
    for make in (numbers, classes):
        coverage = np.array([make(seed, n=150, m=100).coverage for seed in range(150)])
        assert coverage.mean() == pytest.approx(math.ceil(151 * 0.9) / 151, abs=0.01)


@pytest.mark.parametrize("make", [numbers, classes])
def test_clean_rows_raise_no_alarm(make):
    alarms = []
    for seed in range(100):
        told = make(seed, n=150, m=200)
        alarms.append(min(told.p_value, np.nanmin([s.p_value for s in told.slices])) <= 0.05)
    assert np.mean(alarms) <= 0.09


def test_a_planted_part_is_found():
    told = numbers(0, 3.0)
    assert {s.column for s in told.slices if s.p_value <= 0.01} == {"yes"}
    found = conformal_finding(told, about="linear")
    assert found.title == "Intervals hold too little in parts of the data"
    assert "where 'yes' is 'true' " in found.evidence
    assert found.severity in ("medium", "high")


def test_other_rows_are_found():
    told = classes(0, shift=0.5)
    found = conformal_finding(told, about="m")
    assert found.title == "Sets of classes hold too little"
    assert "drift" in found.action


def test_sent_and_read_back():
    for told in (numbers(1, 2.0), classes(1)):
        again = Answer.from_dict(json.loads(json.dumps(told.to_dict())))
        assert again.to_dict() == told.to_dict()
        assert min(s.rows for s in told.slices) >= 30
    assert math.isnan(numbers(1).share_single)


def test_refusals():
    number, two = Predictions.of(np.arange(50.0), np.zeros(50)), Predictions.of([0], [[0.5, 0.5]], classes=(0, 1))
    X = pd.DataFrame({"x": np.arange(50)})
    with pytest.raises(ValueError, match="at least 109 rows"):
        conformal(number, number, X)
    with pytest.raises(ValueError, match="same task"):
        conformal(number, two, X)
    with pytest.raises(ValueError, match="50 rows that judge"):
        conformal(number, number, X[:3])
    with pytest.raises(ValueError, match="between 0 and 1"):
        conformal(number, number, X, level=90)
    many = Predictions.of(np.arange(109.0), np.zeros(109), sample_weight=np.arange(1, 110))
    assert conformal(many, number, X).provenance.warnings == ("weights are not used",)
