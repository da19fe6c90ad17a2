"""Pictures of price curves."""

from __future__ import annotations

import numpy as np
import pytest

from tests.plots.test_pictures import assert_well_set, texts
from workbench.answers import PriceCurve
from workbench.evaluation.price_curve import Candidate
from workbench.evaluation.price_curve import price_curve as made
from workbench.metrics import metric
from workbench.plots import draw, price_curve

SHAPE = 0.02 * np.array([1.0, -1.0, 0.6, -0.9, 0.3])
MODELS = (
    ("tree, 2 leaves", 5, 0.15), ("tree, 4 leaves", 11, 0.24), ("tree, 8 leaves", 23, 0.29), ("linear", 24, 0.335),
    ("gam", 120, 0.36), ("ebm", 412, 0.372), ("forest", 61_204, 0.375), ("figs", 60, 0.3),
)  # fmt: skip


def curve(by: str = "r2", models: tuple[tuple[str, int, float], ...] = MODELS, n: int = 5) -> PriceCurve:
    sign, base = (1, 0.0) if by == "r2" else (-1, 0.9)
    some = [Candidate(name, size, base + sign * (score + SHAPE[:n])) for name, size, score in models]
    return made(some, metric=metric(by), n_train=4, n_test=1)


@pytest.mark.parametrize("by", ["r2", "log_loss"])
def test_steps_are_drawn_as_given(by: str) -> None:
    answer = curve(by)
    figure = draw(answer, metric="R²")
    assert_well_set(figure)
    ax = figure.axes[0]
    steps = next(line for line in ax.lines if line.get_drawstyle() == "steps-post")
    np.testing.assert_allclose(steps.get_xdata()[:-1], np.log10(answer.sizes))
    np.testing.assert_allclose(steps.get_ydata(), [*answer.scores, answer.scores[-1]])
    assert ax.yaxis_inverted() == (by == "log_loss")
    dots = next(line for line in ax.lines if line.get_marker() == "o" and line.get_markersize() == 3.5)
    assert len(dots.get_xdata()) == len(MODELS)
    assert "forest" in [t.get_text() for t in texts(figure)]


def test_many_steps_and_long_names_leave_out_names() -> None:
    many = tuple((f"a model of a rather long name {i}", 10 + i, 0.1 + 0.01 * i) for i in range(25))
    figure = draw(curve(models=many))
    assert_well_set(figure)
    assert sum("a model" in t.get_text() for t in texts(figure)) < 25


def test_the_finding_names_the_smallest_within_the_interval_of_the_best() -> None:
    assert price_curve.finding(curve()) == (
        "Best: forest (61,204 numbers to hold); gam, 120 numbers, is within its interval"
    )
    alone = curve(models=(("tree", 5, 0.1), ("forest", 900, 0.4)))
    assert (
        price_curve.finding(alone) == "Best: forest (900 numbers to hold); no smaller model comes within its interval"
    )
    assert price_curve.finding(curve(models=())) == "No model of known size has a score"
    worse = curve("log_loss", (("tree", 5, 0.1), ("forest", 900, 0.4)))
    assert price_curve.finding(worse).endswith("no smaller model comes within its interval")


def test_it_is_told_in_words() -> None:
    told = price_curve.describe(curve(models=MODELS[:2]))
    assert told.startswith(
        "The best score of 2 models by the numbers to hold, with 95% intervals. from 5 numbers on tree"
    )


@pytest.mark.parametrize("models", [(), MODELS[:1]])
def test_nothing_or_a_single_fold_is_drawn_too(models: tuple[tuple[str, int, float], ...]) -> None:
    assert_well_set(draw(curve(models=models, n=1)))
