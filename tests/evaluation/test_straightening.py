"""What a number's faults of calibration cost: against a closed form, and in draws."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.evaluation.calibration import calibration, calibration_finding
from workbench.evaluation.predictions import Predictions
from workbench.evaluation.straightening import levelling_gain, straightening_gain, way_off


def curve(seed, n, truth, noise=1.0):
    rng = np.random.default_rng(seed)
    f = rng.normal(size=n)
    told = calibration(Predictions.of(truth(f) + noise * rng.normal(size=n), f))
    return told.curves[0], told.spread, told


@pytest.mark.parametrize(("slope", "shift"), [(0.6, 0.0), (1.4, 0.0), (1.0, 0.5), (0.8, -0.3)])
def test_the_gain_is_what_r2_gains(slope, shift):
    line, spread, _ = curve(0, 4000, lambda f: slope * f + shift)
    expected = ((1 - slope) ** 2 + shift**2) / (slope**2 + 1)
    gain, lower, upper = straightening_gain(line, spread)
    assert gain == pytest.approx(expected, rel=0.2)
    assert lower < expected < upper
    moved, least = levelling_gain(line, spread)
    assert least < expected
    assert moved == pytest.approx(expected, rel=0.2)


def test_of_right_predictions_nothing_is_shown_to_be_gained():
    found = [curve(seed, 400, lambda f: f) for seed in range(60)]
    assert np.mean([straightening_gain(c, s)[1] > 0 for c, s, _ in found]) <= 0.2  # slope or mean, at 5% each
    assert np.mean([levelling_gain(c, s)[1] > 0 for c, s, _ in found]) <= 0.1
    assert np.mean([straightening_gain(c, s)[1] for c, s, _ in found]) < 0.002


def test_a_bend_is_gained_by_bins_alone():
    bent, spread, told = curve(0, 2000, lambda f: f**2 - 1 + f)
    assert levelling_gain(bent, spread)[1] > 0.3
    assert calibration_finding(told, about="m").severity == "high"


@pytest.mark.parametrize(("slope", "severity"), [(0.92, "low"), (0.75, "medium"), (0.4, "high")])
def test_severity_follows_what_is_gained(slope, severity):
    _, _, told = curve(1, 3000, lambda f: slope * f)
    found = calibration_finding(told, about="m")
    assert found.severity == severity
    assert "more of the target's variance" in found.evidence
    assert found.title == "Predictions are too extreme"


def test_nothing_is_gained_where_nothing_varies():
    steady = calibration(Predictions.of(np.arange(50.0), np.full(50, 3.0)))
    assert straightening_gain(steady.curves[0], steady.spread) == (0.0, 0.0, 0.0)
    assert levelling_gain(steady.curves[0], 0.0) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("slope", "shift", "way"),
    [(0.7, 0.0, "too extreme"), (1.3, 0.0, "too timid"), (1.0, -0.4, "too high"), (1.15, 0.6, "too low")],
)
def test_what_costs_more_names_the_way(slope, shift, way):
    line, _, told = curve(0, 2000, lambda f: slope * f + shift)
    assert way_off(line) == way
    assert calibration_finding(told, about="m").title == f"Predictions are {way}"
