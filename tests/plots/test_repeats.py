"""What the picture of repeated rows shows: both scores of each model, and who would be taken for the best."""

from __future__ import annotations

import pytest

from tests.plots.test_pictures import assert_well_set, texts
from workbench.pages.index import RepeatRow
from workbench.plots import repeats

ROWS = [
    RepeatRow(model="tree", guarded=0.35, ignore=0.36),
    RepeatRow(model="forest", guarded=0.34, ignore=0.44),
    RepeatRow(model="lost", guarded=None, ignore=0.9),
]


def test_each_model_has_a_dot_a_bar_and_its_difference() -> None:
    figure = repeats.draw(ROWS, metric="R²", glassbox={"forest": False})
    ax = figure.axes[0]
    by_marker = {line.get_marker(): [] for line in ax.lines}
    for line in ax.lines:
        by_marker[line.get_marker()].append(float(line.get_xdata()[0]))
    assert by_marker["o"] == [0.35, 0.34]
    assert by_marker["|"] == [0.36, 0.44]
    written = [text.get_text() for text in texts(figure)]
    assert {"tree", "forest", "+0.010", "+0.100"} <= set(written)
    assert "lost" not in written
    assert_well_set(figure)
    faces = [line.get_markerfacecolor() for line in ax.lines if line.get_marker() == "o"]
    assert faces[0] != faces[1], "black boxes are hollow"


def test_it_says_who_is_best_under_each_reading() -> None:
    assert repeats.finding(ROWS) == "Split apart, repeated rows make forest the best model; kept together, tree is"
    errors = [RepeatRow(model="a", guarded=2.0, ignore=1.0), RepeatRow(model="b", guarded=3.0, ignore=2.9)]
    assert repeats.finding(errors, greater_is_better=False) == "a is best either way; the other scores move"
    assert repeats.describe(ROWS) == (
        "Mean score of each model with repeated rows kept together, then with them split apart: "
        "tree 0.350, 0.360; forest 0.340, 0.440."
    )
    assert "with the first of each repeated row alone" in repeats.describe(ROWS, dropped=True)


def test_models_without_both_scores_are_nothing_to_draw() -> None:
    with pytest.raises(ValueError, match="nothing to draw"):
        repeats.draw(ROWS[2:], metric="R²")
