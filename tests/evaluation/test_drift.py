"""Drift: planted shifts are found, sets that are alike raise no alarm."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from tests.evaluation.test_weak_regions import table
from workbench.answers import Answer
from workbench.evaluation import drift as module
from workbench.evaluation.drift import drift, drift_finding


def halves(seed=0, n=600, change=None):
    X, _ = table(seed, n)
    before, after = X.iloc[: n // 2], X.iloc[n // 2 :].copy()
    if change is not None:
        change(after)
    return before, after


def shift(column, value):
    def change(after):
        after[column] = value(after[column])

    return change


PLANTED = {
    "a b": shift("a b", lambda x: x + 1),
    "é '": shift("é '", lambda x: x.where(np.arange(len(x)) % 3 > 0, "u")),
    "yes": shift("yes", lambda x: x | (np.arange(len(x)) % 2 == 0)),
    "day": shift("day", lambda x: x + pd.Timedelta(120, "D")),
}


@pytest.mark.parametrize("column", PLANTED)
def test_a_planted_shift_is_found_in_its_column(column):
    told = drift(*halves(1, change=PLANTED[column]))
    assert told.telling == (column,)
    found = drift_finding(told)
    assert found.title == "The holdout differs from the training rows"
    assert column in found.evidence
    assert found.about == "study"


def test_a_shift_of_missing_values_is_found():
    told = drift(*halves(1, change=shift("a b", lambda x: x.where(np.arange(len(x)) % 2 > 0))))
    assert told.telling == ("a b",)
    assert told.columns[0].missing_after > 0.5


def test_what_only_columns_together_show_is_found_by_the_classifier():
    rng = np.random.default_rng(0)
    before = pd.DataFrame({"x": rng.normal(size=600)})
    after = pd.DataFrame({"x": rng.normal(size=600)})
    before["y"], after["y"] = before["x"] + 0.3 * rng.normal(size=600), -after["x"] + 0.3 * rng.normal(size=600)
    told = drift(before, after)
    assert not told.telling
    assert told.auc > 0.8
    assert drift_finding(told).severity == "high"


def test_sets_that_are_alike_raise_no_alarm(monkeypatch):
    monkeypatch.setattr(module, "_TREES", 10)
    told = [drift(*halves(seed, 240), random_state=seed) for seed in range(60)]
    assert np.mean([min(c.p_value for c in t.columns if c.p_value == c.p_value) <= 0.05 for t in told]) <= 0.13
    assert np.mean([t.auc_p_value <= 0.05 for t in told]) <= 0.13


def test_columns_are_those_of_scipy():
    before, after = halves(0)
    told = {c.column: c for c in drift(before, after).columns}
    test = stats.ks_2samp(before["few"], after["few"])
    assert told["few"].distance == pytest.approx(test.statistic)
    shares = [part["yes"].mean() for part in (before, after)]
    assert told["yes"].distance == pytest.approx(abs(shares[0] - shares[1]))
    counts = np.array([[part["yes"].sum(), (~part["yes"]).sum()] for part in (before, after)])
    assert module._of_counts(counts) == pytest.approx(stats.chi2_contingency(counts).pvalue)
    assert np.isnan(told["empty"].distance)


def test_standard_error_of_the_auc():
    rng = np.random.default_rng(0)
    found = [
        roc_auc_score([0] * 60 + [1] * 40, np.r_[rng.exponential(1, 60), rng.exponential(2, 40)]) for _ in range(400)
    ]
    assert module._standard_error(2 / 3, 40, 60) == pytest.approx(np.std(found), rel=0.15)


def test_sent_and_read_back_the_same_each_time():
    before, after = halves(0)
    told = drift(before, after, random_state=2)
    again = Answer.from_dict(json.loads(json.dumps(told.to_dict())))
    assert again.to_dict() == told.to_dict() == drift(before, after, random_state=2).to_dict()
    few = drift(*halves(0, change=shift("few", lambda x: x.where(np.arange(len(x)) > 4))))
    assert np.isnan(next(c for c in few.columns if c.column == "few").missing_after)


def test_refusals():
    before, after = halves(0)
    with pytest.raises(ValueError, match="same columns"):
        drift(before, after[["few"]])
    with pytest.raises(ValueError, match="at least 20 rows"):
        drift(before, after[:19])
