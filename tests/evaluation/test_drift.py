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
from workbench.evaluation import told_apart
from workbench.evaluation.dealt import counts, deals, distances
from workbench.evaluation.drift import drift, drift_finding
from workbench.evaluation.told_apart import auc_by_blocks


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
    monkeypatch.setattr(told_apart, "TREES", 10)
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


def test_auc_and_its_standard_error_by_blocks():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [60, 40])
    drawn = [np.r_[rng.exponential(1, 60), rng.exponential(2, 40)].round(1) for _ in range(400)]
    told = [auc_by_blocks(score, y, np.arange(100)) for score in drawn]
    assert [auc for auc, _ in told] == pytest.approx([roc_auc_score(y, score) for score in drawn])
    assert np.mean([error for _, error in told]) == pytest.approx(np.std([auc for auc, _ in told]), rel=0.1)
    # rows that come four times say no more than once
    once = auc_by_blocks(drawn[0], y, np.arange(100))
    again = auc_by_blocks(np.tile(drawn[0], 4), np.tile(y, 4), np.tile(np.arange(100), 4))
    assert again == pytest.approx(once)


def test_statistics_of_deals_are_those_of_scipy():
    rng = np.random.default_rng(0)
    values = rng.integers(0, 9, 80).astype(float)
    values[:7] = np.nan
    codes = np.where(np.isnan(values), -1, values).astype(int)
    later = rng.random(80) < 0.4
    both = [values[side & ~np.isnan(values)] for side in (~later, later)]
    assert distances(values)(later[None].astype(float))[0] == pytest.approx(stats.ks_2samp(*both).statistic)
    pairs = np.array([np.bincount(part.astype(int), minlength=9) for part in both])
    expected = stats.chi2_contingency(pairs, correction=False).statistic
    assert counts(codes)(later[None].astype(float))[0] == pytest.approx(expected)
    blocks = np.repeat(np.arange(20), 4)
    dealt = np.vstack(list(deals(blocks, np.arange(80) >= 60, rng, 50)))
    assert dealt.shape == (50, 80)
    assert (dealt.sum(axis=1) == 20).all()
    assert (np.ptp(dealt.reshape(50, 20, 4), axis=2) == 0).all()
    assert len({tuple(row) for row in dealt.tolist()}) > 45


def repeats(seed, n=160, shift=0.0):
    """Rows of a mixed table, half of them three times, whole blocks dealt to two sets."""
    rng = np.random.default_rng(seed)
    X, _ = table(seed, n)
    at = np.repeat(np.arange(n), np.where(rng.random(n) < 0.5, 3, 1))
    later = rng.random(n) < 0.3
    X.loc[later, "a b"] += shift
    parts = at[~later[at]], at[later[at]]
    return [X.iloc[part] for part in parts], parts


def test_blocks_on_one_side_raise_no_alarm_and_rows_without_them_do(monkeypatch):
    monkeypatch.setattr(told_apart, "TREES", 10)
    by_blocks, by_rows = [], []
    for seed in range(40):
        sets, groups = repeats(seed)
        by_blocks.append(drift(*sets, groups=groups, random_state=seed))
        if seed < 15:
            by_rows.append(drift(*sets, random_state=seed))
    for p_value in (lambda t: t.auc_p_value, lambda t: np.nanmin([c.p_value for c in t.columns])):
        assert np.mean([p_value(told) <= 0.05 for told in by_blocks]) <= 0.13
    assert np.mean([told.auc_p_value <= 0.05 for told in by_rows]) > 0.5
    assert by_blocks[0].provenance.parameters["by_blocks"]
    sets, groups = repeats(0, 400, shift=1.0)
    told = drift(*sets, groups=groups)
    assert told.telling == ("a b",)
    assert told.auc_p_value < 0.005
    assert drift_finding(told) is not None


def test_shifts_of_levels_and_gaps_are_found_by_blocks():
    for column, change in (
        ("é '", lambda x: x.where(np.arange(len(x)) % 3 > 0, "u")),
        ("few", lambda x: x.where(np.arange(len(x)) % 2 > 0)),
    ):
        before, after = halves(1, change=shift(column, change))
        told = drift(before, after, groups=(np.arange(300), np.arange(300, 600)))
        assert told.telling == (column,)
        assert np.isnan(next(c for c in told.columns if c.column == "empty").p_value)


def test_of_many_rows_whole_blocks_are_drawn(monkeypatch):
    monkeypatch.setattr(told_apart, "_MOST_ROWS", 100)
    unit = np.repeat(np.arange(50), 7)
    kept = told_apart.some_blocks(unit, np.random.default_rng(0))
    assert len(kept) == 98
    assert (np.bincount(unit[kept], minlength=50) % 7 == 0).all()
    assert len(told_apart.some_blocks(np.repeat([1, 3, 9], 70), np.random.default_rng(0))) == 140
    sets, groups = repeats(0, 300)
    assert drift(*sets, groups=groups).auc_p_value > 0.001


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
    with pytest.raises(ValueError, match="one label for each of 300 and 300 rows"):
        drift(before, after, groups=([1], [2]))
    with pytest.raises(ValueError, match="in both sets"):
        drift(before, after, groups=(np.arange(300), np.arange(300)))
    with pytest.raises(ValueError, match="at least 4 groups"):
        drift(before, after, groups=(np.arange(300), np.full(300, 999)))
