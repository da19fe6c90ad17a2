"""Pictures of comparisons: models against one reference, one model against several, with and without chances."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.plots.test_pictures import assert_well_set, texts
from workbench.answers import Comparison
from workbench.evaluation.comparison import Entry, comparisons
from workbench.metrics import metric
from workbench.plots import comparison

SHAPE = np.array([1.0, -1.0, 0.6, -0.2, 0.3])


def compared(region: float | None = 0.01) -> list[Comparison]:
    entries = [
        Entry(name, name, name, glass, mean + spread * np.roll(SHAPE, shift))
        for shift, (name, glass, mean, spread) in enumerate(
            (
                ("dummy", True, 0.0, 0.001),
                ("a tree of long name", True, 0.28, 0.01),
                ("ebm", True, 0.372, 0.004),
                ("forest", False, 0.375, 0.004),
                ("xgboost", False, 0.36, 0.03),
            )
        )
    ]
    return list(comparisons(entries, metric=metric("r2"), n_train=80, n_test=20, region=region))


def test_chances_stand_beside_each_row() -> None:
    several = [c for c in compared() if c.against == "black box"]
    figure = comparison.draw(several, metric="R²")
    assert_well_set(figure)
    told = [t.get_text() for t in texts(figure)]
    assert told.count("worse") == told.count("same") == told.count("better") == 1
    assert told.count("> 99%") >= 1
    for c in several:
        for chance in (c.probability_worse, c.probability_equivalent, c.probability_better):
            assert ("< 1%" if chance < 0.01 else "> 99%" if chance > 0.99 else f"{chance:.0%}") in told
    spans = [p for p in figure.axes[0].patches if p.get_alpha()]
    assert [round(abs(p.get_x()), 9) for p in spans] == [0.01]  # the region, though nobody named it to the picture


def test_without_a_region_there_are_no_chances() -> None:
    figure = comparison.draw([c for c in compared(None) if c.against == "black box"])
    assert_well_set(figure)
    told = [t.get_text() for t in texts(figure)]
    assert not {"worse", "same", "better"} & set(told)
    assert "probabilit" not in comparison.describe(compared(None)[:1])


def test_one_model_against_several_references_is_told_by_references() -> None:
    several = [c for c in compared() if c.model == "xgboost"]
    figure = comparison.draw(several, metric="R²")
    assert_well_set(figure)
    told = [t.get_text() for t in texts(figure)]
    assert {"forest (black box)", "ebm (glass box)", "dummy", "how much worse xgboost is (R²)"} <= set(told)
    assert comparison.finding(several) == ("xgboost scores better than dummy, cannot be told apart from forest and ebm")
    assert comparison.describe(several).startswith("How much worse xgboost is than each, with 95% interval")


def test_a_single_comparison_keeps_its_sentence() -> None:
    (one,) = [c for c in compared() if c.against == "black box" and c.model == "ebm"]
    assert comparison.finding([one]) == "ebm cannot be told apart from forest"
    assert_well_set(comparison.draw(one))


@pytest.mark.parametrize("missing", ["probability_worse", "lower"])
def test_what_is_not_known_is_a_dash_or_absent(missing: str) -> None:
    first, second, *_ = compared()
    gaps = dict.fromkeys(("probability_worse", "probability_equivalent", "probability_better"), math.nan)
    if missing == "lower":
        gaps |= {"lower": math.nan, "upper": math.nan}
    figure = comparison.draw([first.but(**gaps), second])
    assert [t.get_text() for t in texts(figure)].count("–") >= 3
