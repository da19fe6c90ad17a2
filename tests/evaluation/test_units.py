"""Targets near the ends of float64: answers are those of usual targets, in another unit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.test_diagnosed import told
from tests.test_gathered import gathered, plan_of, rows
from workbench.evaluation.calibration import calibration
from workbench.evaluation.fairness import fairness
from workbench.evaluation.multiplicity import tolerance_for
from workbench.evaluation.predictions import Predictions
from workbench.evaluation.residuals import residuals, residuals_findings
from workbench.evaluation.told_apart import told_apart
from workbench.evaluation.units import times
from workbench.magnitude import unit_of
from workbench.metrics import metric

FAR = [2.0**664, 2.0**-664]  # near 1e200 and 1e-200


def predictions(unit=1.0, n=300):
    rng = np.random.default_rng(0)
    f = rng.normal(size=n)
    y = 1.3 * f + np.where(f > 0, 1, 3) * rng.normal(size=n)
    return Predictions.of(y * unit, f * unit), pd.DataFrame({"x": rng.normal(size=n), "g": np.where(f > 0, "a", "b")})


@pytest.mark.parametrize("unit", FAR)
def test_answers_are_the_same_in_another_unit(unit):
    (usual, X), (far, _) = predictions(), predictions(unit)
    for question, given in ((calibration, ()), (fairness, (X[["g"]],))):
        assert question(far, *given) == times(question(usual, *given), unit)
    answer, expected = residuals(far, X), times(residuals(usual, X), unit)
    for part, same in zip(answer.by, expected.by, strict=True):
        np.testing.assert_array_equal(part.mean, same.mean)
        np.testing.assert_array_equal(part.upper, same.upper)
        assert (part.bias_p, part.spread_p, part.bias_share) == (same.bias_p, same.spread_p, same.bias_share)
        assert part.cells == same.cells or not part.column
    mean = residuals_findings(answer, about="m")[0].evidence
    assert f"e{'+' if unit > 1 else '-'}" in mean
    assert len(mean) < 400
    assert tolerance_for(metric("r2"), 0.01, far.y) == tolerance_for(metric("r2"), 0.01, usual.y) * unit


def test_usual_targets_keep_their_unit():
    assert [unit_of(np.array([v])) for v in (0.0, 1e-50, 1.0, 1e50, np.inf)] == [1.0] * 5
    assert 0.25 <= unit_of(np.array([1.7e308])) / 1.7e308 <= 1  # no power above is a float64


@pytest.mark.parametrize("unit", FAR)
def test_a_classifier_tells_rows_apart_whatever_their_unit(unit):
    rng = np.random.default_rng(0)
    sets = [pd.DataFrame({"x": rng.normal(move, 1, 200)}) for move in (0, 1)]
    usual = told_apart(sets, ["number"], None, 0)
    assert told_apart([rows * unit for rows in sets], ["number"], None, 0) == usual
    assert usual.auc > 0.65


@pytest.mark.parametrize("unit", FAR)
def test_all_of_a_study_is_diagnosed(tmp_path, unit):
    frame = rows(260)
    frame["y"] *= unit
    plan = plan_of(
        frame,
        models=["linear"],
        split={"folds": 3, "repeats": 1},
        explain=[],
        compare={"refits": False, "noise": False},
    )
    results = gathered(plan, tmp_path).results("")
    found = told(results)
    assert all(isinstance(answer, dict) for answer in found.values()), found
    assert "in units of" in found["weak_regions"]["loss_title"]
    (linear,) = [m for m in results["models"] if m["name"] == "linear"]
    assert linear["complexity"]["features_used"] == ["x", "z"]
    assert linear["complexity"]["interaction_strength"] == pytest.approx(0, abs=1e-9)
