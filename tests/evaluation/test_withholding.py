"""What may be sent of diagnostics: shares that tell of few rows go, and so does what would tell them by subtraction."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from workbench.answers import Answer
from workbench.answers.conformal import Coverage
from workbench.disclosure import tells_few, withheld_shares
from workbench.evaluation.calibration import calibration
from workbench.evaluation.conformal import conformal, conformal_finding
from workbench.evaluation.drift import drift
from workbench.evaluation.fairness import fairness, fairness_finding
from workbench.evaluation.predictions import Predictions
from workbench.evaluation.shares import wilson
from workbench.evaluation.weak_regions import weak_regions
from workbench.evaluation.withholding import withholding
from workbench.plots import conformal as conformal_plot
from workbench.plots import fairness as fairness_plot


def two(came, p):
    p = np.asarray(p, dtype=float)
    return Predictions.of(np.asarray(came, dtype=bool), np.column_stack([1 - p, p]), classes=(False, True))


@pytest.mark.parametrize("n", [10, 40, 118, 5000])
def test_shares_of_few_rows_are_known_by_their_counts(n):
    told = [tells_few(k / n, n) for k in range(n + 1)]
    assert told == [0 < k < 10 or 0 < n - k < 10 for k in range(n + 1)]


def test_what_is_left_of_a_whole_is_no_small_count():
    rng = np.random.default_rng(0)
    for _ in range(300):
        rows = rng.integers(12, 60, 4).astype(float)
        inside = np.array([rng.binomial(int(n), rng.choice([0.0, 0.1, 0.5])) for n in rows], dtype=float)
        hidden = np.array(withheld_shares(inside.tolist(), rows.tolist()))
        for counts in (inside, rows - inside):
            assert not any(0 < k < 10 for k in counts[~hidden])
            if counts.sum() >= 10:  # else the share of the whole is withheld itself
                assert hidden.sum() == 0 or not 0 < counts[hidden].sum() < 10
    assert withheld_shares([np.nan, 30.0], [5.0, 60.0]) == [True, True]


def test_parts_of_a_conformal_answer():
    rng = np.random.default_rng(0)
    y, x = rng.normal(size=600), rng.random(600)
    every = Predictions.of(np.where(x > 0.8, 4, 1) * y, np.zeros(600))
    rows = np.arange(300, 600)
    told = conformal(every.take(np.arange(300)), every.take(rows), pd.DataFrame({"x": x[rows]}))
    sent = withholding(told)
    for part, was in zip(sent.slices, told.slices, strict=True):
        outside = round((1 - was.coverage) * was.rows)
        if 0 < outside < 10 or 0 < was.rows - outside < 10:
            assert np.isnan(part.coverage)
        if np.isnan(part.coverage):
            assert part.lower <= was.lower
            assert was.upper <= part.upper
            assert was.p_value <= part.p_value in (0.01, 0.05, 1.0)
        else:
            assert part == was
    assert {np.isnan(part.coverage) for part in sent.slices} == {True, False}
    same = [Coverage(**{**vars(told.slices[0]), "coverage": 1 - k / 80, "rows": 80}) for k in range(1, 10)]
    alike = {withholding(told.but(slices=(p,))).slices[0].lower for p in same}
    assert len(alike) == 1  # the interval tells no count either
    again = Answer.from_dict(json.loads(json.dumps(sent.to_dict())))
    assert again.to_dict() == sent.to_dict()
    conformal_plot.draw(again)
    assert "nan" not in conformal_plot.describe(again) + conformal_plot.finding(again)


def test_a_part_that_is_covered_too_little_is_told_without_its_count():
    rng = np.random.default_rng(1)
    y, g = rng.normal(size=640), np.array(["a"] * 600 + ["b"] * 40)
    y[600:] *= np.where(np.arange(40) < 31, 0.1, 9)  # nine of forty are far off
    order = np.r_[np.arange(300), np.arange(300, 640)]
    every = Predictions.of(y[order], np.zeros(640))
    judged = np.arange(300, 640)
    told = conformal(every.take(np.arange(300)), every.take(judged), pd.DataFrame({"g": g[judged]}))
    assert [round(40 * (1 - s.coverage)) for s in told.slices if s.rows == 40] == [8]
    few = conformal_finding(told.but(slices=tuple(_clear(s) for s in told.slices)), about="m")
    assert "where 'g' is 'b' all but fewer than 10 of 40 rows" in few.evidence
    assert "(p ≤ 0.01 by chance" in few.evidence


def _clear(part):
    return Coverage(**{**vars(part), "p_value": 0.0041}) if part.rows == 40 else part


def test_sets_of_classes_tell_no_count_by_their_mean_size():
    rng = np.random.default_rng(0)
    p = np.where(rng.random(400) < 0.98, np.where(rng.random(400) < 0.5, 0.01, 0.99), 0.5)
    every = two(rng.random(400) < p, p)
    told = conformal(every.take(np.arange(200)), every.take(np.arange(200, 400)), pd.DataFrame({"x": p[200:]}))
    sizes = (1 - every.predicted[200:] <= told.threshold).sum(axis=1)
    few = [k for k in np.bincount(sizes, minlength=3) if 0 < k < 10]
    assert few
    assert np.isnan([told.share_single, told.share_empty]).any()
    assert abs(told.mean_size - sizes.mean()) <= 0.05
    assert told.mean_size * 200 % 20 == pytest.approx(0, abs=1e-9)


def test_groups_of_few_mistakes():
    rng = np.random.default_rng(0)
    group = np.repeat(["a", "b", "c"], [400, 400, 60])
    came = rng.random(860) < 0.5
    wrong = rng.random(860) < np.where(group == "c", 0.08, 0.45)
    told = fairness(two(came, np.where(came ^ wrong, 0.9, 0.1)), pd.DataFrame({"g": group}))
    sent = withholding(told)
    by = {rate.measure: rate for rate in sent.rates}
    was = {rate.measure: rate for rate in told.rates}
    for measure in ("true positive rate", "false positive rate", "share wrong"):
        assert np.isnan(by[measure].values[2])
        assert np.isnan(by[measure].gap)
    assert not np.isnan(by["selection rate"].values).any()
    left = np.flatnonzero(np.isfinite(by["share wrong"].values))
    assert len(left) == 1  # the score tells the mistakes of all, so those of two groups are withheld
    assert by["true positive rate"].values[left] == was["true positive rate"].values[left]
    finding = fairness_finding(told, about="m")
    assert "is highest where 'g' is '" in finding.evidence
    assert "lowest where 'g' is 'c'" in finding.evidence
    assert finding.evidence.endswith("Values that would tell of fewer than 10 rows are withheld.")
    one = by["share wrong"]
    fairness_plot.draw(sent, rate=sent.rates.index(one))
    assert "in fewer than 10 rows of a group" in fairness_plot.finding(one)
    assert "withheld" in fairness_plot.describe(one)


def test_rows_of_a_class_that_another_would_tell_go_too():
    came = np.r_[np.ones(200), np.zeros(200), np.ones(4), np.zeros(60)]
    p = np.where(np.arange(464) % 3 > 0, 0.9, 0.1)
    group = np.repeat(["a", "b"], [400, 64])
    told = {r.measure: r for r in withholding(fairness(two(came, p), pd.DataFrame({"g": group}))).rates}
    assert np.isnan(told["true positive rate"].rows[1])
    assert np.isnan(told["false positive rate"].rows[1])  # 60 of 64 would tell of 4
    assert told["selection rate"].rows[1] == 64


@pytest.mark.parametrize("weights", [None, "some"])
def test_bins_are_joined_until_no_share_tells_of_few(weights):
    rng = np.random.default_rng(0)
    p = rng.beta(0.4, 2.0, 800)
    weight = None if weights is None else rng.integers(1, 3, 800)
    predictions = Predictions.of(
        rng.random(800) < p, np.column_stack([1 - p, p]), classes=(False, True), sample_weight=weight
    )
    (was,), (sent,) = calibration(predictions).curves, withholding(calibration(predictions)).curves
    assert 1 < len(sent.rows) < len(was.rows)
    assert sent.rows.sum() == was.rows.sum() == 800
    assert not any(map(tells_few, sent.observed, sent.rows))
    assert sent.rows @ sent.predicted == pytest.approx(was.rows @ was.predicted)
    if weights is None:
        for end, expected in zip((sent.lower, sent.upper), wilson(sent.observed, sent.rows), strict=True):
            np.testing.assert_allclose(end, expected, atol=1e-12)


def test_a_class_of_few_rows_has_no_curve():
    rng = np.random.default_rng(0)
    y = np.r_[np.zeros(100), np.ones(100), np.full(6, 2.0)]
    p = rng.dirichlet([5, 5, 1], 206)
    answer = calibration(Predictions.of(y, p, classes=(0.0, 1.0, 2.0)))
    sent = withholding(answer)
    assert [curve.name for curve in answer.curves] == ["0", "1", "2"]
    assert [curve.name for curve in sent.curves] == ["0", "1"]
    assert "classes of fewer than 10 rows are left out" in sent.provenance.warnings


def test_regions_and_gaps_of_few_rows():
    X = pd.DataFrame({"x": np.arange(400) % 20 / 20.0})
    wrong = ((X["x"] >= 0.8) & (np.arange(400) % 3 == 0)).to_numpy().astype(float)
    answer = weak_regions(X, wrong, loss_title="share wrong")
    assert answer.regions
    assert all(
        tells_few(r.loss, r.rows) or tells_few(r.rest, 200 - r.rows) or r in withholding(answer).regions
        for r in answer.regions
    )
    many = pd.DataFrame({"x": np.where(np.arange(300) % 15 == 0, np.nan, 1.0)})
    few = pd.DataFrame({"x": np.where(np.arange(100) < 4, np.nan, 1.0)})
    (column,) = withholding(drift(many, few)).columns
    assert np.isnan([column.missing_before, column.missing_after]).all()  # the table tells of 24 in all
