from __future__ import annotations

import sys
from dataclasses import replace
from itertools import combinations
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.collections import PolyCollection

from tests.pages.results import results
from workbench.answers import Answer, Effect, LeaderboardRow, Provenance, RefitBand, Surrogate
from workbench.forms import Form
from workbench.plots import comparison, draw, effect, importance, leaderboard, scores, surrogate, svg, terms, tree

RESULTS = {task: results(task) for task in ("regression", "binary", "multiclass")}


def answers(task: str, model: int = 1) -> list[Answer]:
    return [Answer.from_dict(a["answer"]) for a in RESULTS[task]["models"][model]["answers"]]


def importances() -> Any:
    """One without groups, refits and noise."""
    bare = {"groups": (), "group_importances": None, "refits": None, "noise": None}
    return answers("regression")[0].but(**bare)


def texts(figure: Any) -> list[Any]:
    """Give all texts of a figure, of tick labels those within the axes' limits."""
    figure.canvas.draw()
    found = []
    for ax in figure.axes:
        found += [t for t in ax.texts if t.get_text()]
        for axis, limits, which in ((ax.xaxis, ax.get_xlim(), 0), (ax.yaxis, ax.get_ylim(), 1)):
            low, high = sorted(limits)
            slack = 1e-9 * (high - low)
            if ax.axison:
                labels = [t for t in axis.get_ticklabels() if t.get_text()]
                found += [t for t in labels if low - slack <= t.get_position()[which] <= high + slack]
    return found


def assert_well_set(figure: Any) -> None:
    """No text runs over another, and none is cut by the figure's edge."""
    boxes = [(t.get_text(), t.get_window_extent()) for t in texts(figure)]
    frame = figure.bbox
    for text, box in boxes:
        assert box.x0 >= frame.x0 - 1, text
        assert box.x1 <= frame.x1 + 1, text
        assert box.y0 >= frame.y0 - 1, text
        assert box.y1 <= frame.y1 + 1, text
    for (one, a), (other, b) in combinations(boxes, 2):
        wide, high = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
        assert min(wide, high) <= 2, (one, other)


@pytest.mark.parametrize(("task", "model"), [("regression", 0), ("regression", 1), ("binary", 2), ("multiclass", 3)])
def test_every_answer_is_drawn_and_well_set(task: str, model: int) -> None:
    for answer in answers(task, model):
        assert_well_set(draw(answer))
        for one in getattr(answer, "effects", ())[::-8]:  # the category and the first number
            assert_well_set(draw(one, unit="mg/dm³"))


def test_an_answer_plots_itself_without_pyplot() -> None:
    loaded = "matplotlib.pyplot" in sys.modules
    figure = importances().plot()
    assert figure.axes
    assert ("matplotlib.pyplot" in sys.modules) == loaded


def test_a_kind_without_a_picture_is_named() -> None:
    with pytest.raises(ValueError, match=r"pictures for answers of kind agreement, attribution.*got 'finding'"):
        draw(SimpleNamespace(kind="finding"))


def test_importance_shows_mean_and_range_of_every_column() -> None:
    answer = importances()
    figure = importance.draw(answer)
    dots = next(line for line in figure.axes[0].lines if line.get_marker() == "o")
    order = np.argsort(-answer.importances_mean, kind="stable")
    np.testing.assert_allclose(dots.get_xdata(), answer.importances_mean[order])
    segments = figure.axes[0].collections[0].get_segments()
    np.testing.assert_allclose([s[0][0] for s in segments], answer.importances[order].min(axis=1))
    np.testing.assert_allclose([s[1][0] for s in segments], answer.importances[order].max(axis=1))


def test_importance_finding_names_only_what_stands_out() -> None:
    answer = importances()
    assert importance.finding(answer, labels={"alcohol": "Alcohol"}).startswith(
        "The score rests most on Alcohol, sulphates and"
    )
    nothing = replace(answer, importances=-abs(answer.importances), importances_mean=-abs(answer.importances_mean))
    assert "no difference" in importance.finding(nothing)


def _whole_importance() -> Any:
    """One with all that may be known: groups, refits and noise."""
    answer = importances()
    names, mean = answer.feature_names, answer.importances_mean
    groups = ((names[0], names[3]), names[4:7])
    repeats = np.array([[0.30, 0.34, 0.31], [0.01, -0.01, 0.02]])
    half = 0.01 + 0.2 * np.abs(mean)
    band = RefitBand(mean=0.9 * mean, lower=0.9 * mean - half, upper=0.9 * mean + half, n_refits=10)
    noise = np.linspace(-0.003, 0.004, len(names))
    return answer.but(groups=groups, group_importances=repeats, refits=band, noise=noise)


def test_importance_with_groups_refits_and_noise_is_well_set() -> None:
    answer = _whole_importance()
    long = {name: f"the quite long label of {name}" for name in answer.feature_names}
    for options in ({}, {"labels": long}):
        figure = importance.draw(answer, **options)
        assert_well_set(figure)
        (ax,) = figure.axes
        shown_texts = [t.get_text() for t in texts(figure)]
        assert {"noise floor", "refits, 95%", "shuffled together", "+ 2 more"} <= set(shown_texts)
        order = importance.ranked(answer)
        dots = next(line for line in ax.lines if line.get_marker() == "o")
        np.testing.assert_allclose(dots.get_xdata(), [*answer.importances_mean[order], 0.95 / 3, 0.02 / 3])
        bands = [s for c in ax.collections[1:] for s in c.get_segments() if s[0][1] == s[1][1]]
        np.testing.assert_allclose([s[:, 0] for s in bands], np.c_[answer.refits.lower, answer.refits.upper][order])
        marks = [s for c in ax.collections[1:] for s in c.get_segments() if s[0][1] != s[1][1]]
        np.testing.assert_allclose([s[0][0] for s in marks], np.maximum(answer.noise, 0)[order])


def test_importance_tells_of_groups_and_of_noise() -> None:
    answer = _whole_importance()
    first, other = answer.groups[0]
    assert importance.finding(answer) == f"The score rests most on {first} and {other}, which move together"
    three = answer.but(groups=(answer.feature_names[:3], answer.groups[1]))
    assert importance.finding(three) == f"The score rests most on {first} and 2 columns that move with it"
    weak = answer.but(group_importances=0.1 * answer.group_importances)
    assert importance.finding(weak).startswith("The score rests most on alcohol, sulphates and")
    loud = weak.but(noise=np.where(np.arange(len(answer.feature_names)) == 1, 0.5, 0.0))
    assert "sulphates" not in importance.finding(loud)
    assert "no difference that stands out" in importance.finding(weak.but(noise=np.full(len(answer.noise), 0.5)))
    told = importance.describe(answer)
    assert f"Shuffled together: {first} + {other} 0.317 (0.3 to 0.34)" in told
    assert "refits 0." in told
    assert "noise floor −" not in told  # chance that does not even help is 0
    assert "noise floor 0.004" in told


def test_importance_that_is_undefined_is_drawn() -> None:
    answer = importances()
    nothing = answer.but(importances=np.nan * answer.importances, importances_mean=np.nan * answer.importances_mean)
    assert_well_set(draw(nothing))


def _surrogate(**changes: Any) -> Surrogate:
    given: dict[str, Any] = {
        "family": "tree",
        "title": "decision tree",
        "parameters": {},
        "outputs": ("prediction",),
        "scale": "response",
        "fidelity": 0.834,
        "lower": 0.81,
        "upper": 0.858,
        "folds": np.array([0.82, 0.8, 0.85, 0.86, 0.84]),
        "agreement": None,
        "size": 15,
        "text": "",
        "form": None,
        "provenance": Provenance(method="surrogate"),
    }
    return Surrogate(**given | changes)


def test_surrogate_shows_folds_and_mean() -> None:
    answer = _surrogate()
    figure = draw(answer, model="the random forest of all columns")
    assert_well_set(figure)
    (ax,) = figure.axes
    dots, mean = (line for line in ax.lines if line.get_marker() == "o")
    np.testing.assert_allclose(dots.get_xdata(), answer.folds)
    np.testing.assert_allclose(mean.get_xdata(), [0.834])
    assert ax.get_xlim()[0] < 0 < 1 < ax.get_xlim()[1]
    (bar,) = ax.collections[1].get_segments()
    np.testing.assert_allclose(bar[:, 0], [0.81, 0.858])
    below = draw(_surrogate(folds=np.array([-0.4, 0.2]), fidelity=-0.1, lower=-0.9, upper=0.7))
    assert_well_set(below)
    assert below.axes[0].get_xlim()[0] < -0.9
    assert_well_set(draw(_surrogate(folds=np.array([np.nan]), fidelity=np.nan, lower=np.nan, upper=np.nan)))


def test_surrogate_tells_what_it_explains() -> None:
    tell = surrogate.finding
    assert tell(_surrogate(), model="the forest") == "A decision tree explains 83% of what the forest does, ±2"
    assert tell(_surrogate(lower=np.nan, upper=np.nan)) == "A decision tree explains 83% of what the model does"
    assert tell(_surrogate(lower=0.832, upper=0.836)).endswith("does, ±0.2")
    assert tell(_surrogate(agreement=0.9991)).endswith("±2; both decide alike for 99.9% of the rows")
    assert tell(_surrogate(fidelity=-0.2)) == "A decision tree explains nothing of what the model does"
    assert tell(_surrogate(fidelity=0.9997)).startswith("A decision tree explains 99.9% of")
    unknown = _surrogate(title="explainable boosting machine", fidelity=np.nan)
    assert tell(unknown) == "How much an explainable boosting machine explains of what the model does could not be told"
    assert "0.83, 95% interval [0.81, 0.86]; folds 0.82, 0.80, 0.85" in surrogate.describe(_surrogate())


def test_effect_draws_curve_band_and_strip_as_given() -> None:
    one = answers("regression")[1].effects[0]
    ax = effect.draw(one).axes[0]
    np.testing.assert_allclose(ax.lines[0].get_xdata(), one.grid_values)
    np.testing.assert_allclose(ax.lines[0].get_ydata(), one.average[0])
    first, strip = (c for c in ax.collections if isinstance(c, PolyCollection))
    band = first.get_paths()[0].vertices[:, 1]
    assert band.min() == pytest.approx(one.lower.min())
    assert band.max() == pytest.approx(one.upper.max())
    lefts = [path.vertices[:, 0].min() for path in strip.get_paths()]
    np.testing.assert_allclose(lefts, one.bin_edges[:-1])
    assert int(np.argmax(strip.get_facecolor()[:, 3])) == int(np.argmax(one.bin_counts))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([5.0, 5.5, 6.0], "x: average prediction 5.00 at 1 kg, 6.00 at 3 kg"),
        ([6.0, 5.5, 5.0], "x: average prediction 6.00 at 1 kg, 5.00 at 3 kg"),
        ([5.0, 6.0, 5.5], "x: average prediction lowest at 1 kg (5.00), highest at 2 kg (6.00)"),
        ([5.0, 5.0, 5.0], "x: the average prediction is 5 throughout"),
        ([5.0001, 5.0002, 5.0003], "x: average prediction 5.0001 at 1 kg, 5.0003 at 3 kg"),
    ],
)
def test_effect_finding(values: list[float], expected: str) -> None:
    curve = np.array([values])
    one = replace(
        answers("regression")[1].effects[0],
        feature="x",
        grid_values=(1.0, 2.0, 3.0),
        average=curve,
        lower=curve,
        upper=curve,
    )
    assert effect.finding(one, unit="kg") == expected


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (14975.0, 17897.0, {"2012", "2016"}),
        (14975.0, 15340.0, {"Jan 2011", "Jul 2011"}),
        (14975.0, 14999.0, {"2011-01-15"}),
    ],
)
def test_moments_are_dates_on_axes_and_in_words(first: float, last: float, expected: set[str]) -> None:
    one = answers("regression")[1].effects[0]
    grid = tuple(np.linspace(first, last, len(one.grid_values)))
    moments = replace(one, feature_kind="datetime", grid_values=grid, bin_edges=None, bin_counts=None)
    figure = effect.draw(moments, title=False)
    assert_well_set(figure)
    told = {t.get_text() for t in texts(figure)}
    assert expected <= told, told
    assert " at 2011-01-01" in effect.finding(moments)


def test_small_multiples_share_limits_that_hold_all_curves() -> None:
    effects = answers("multiclass")[1].effects
    low, high = effect.shared_limits(effects)
    assert low < min(e.lower.min() for e in effects)
    assert high > max(e.upper.max() for e in effects)
    flat = np.full((1, 3), 2.0)
    one: Effect = replace(
        effects[0], outputs=("y",), grid_values=(1.0, 2.0, 3.0), average=flat, lower=flat * np.nan, upper=flat * np.nan
    )
    low, high = effect.shared_limits([one])
    assert low < 2 < high


def row(
    model: str, score: float | None, size: int | None, glassbox: bool = True, family: str = "any"
) -> LeaderboardRow:
    ends = (None, None) if score is None else (score - 0.03, score + 0.03)
    return LeaderboardRow(
        model=model, family=family, title=model, glassbox=glassbox, score=score, lower=ends[0], upper=ends[1], size=size
    )


CROWD = [
    row("forest", 0.372, 43117, False), row("xgboost", 0.354, 61204, False), row("svm-rbf", 0.350, None, False),
    row("ebm", 0.362, 412), row("gam", 0.360, 380), row("gam-wide", 0.361, 395), row("linear", 0.338, 23),
    row("glm", 0.336, 24),
    row("lasso", 0.337, 21), row("tree", 0.290, 31), row("oner", 0.21, 5), row("unscored", None, 7),
]  # fmt: skip


@pytest.mark.parametrize("dummy", [-0.002, -4.0, None])
@pytest.mark.parametrize("greater", [True, False])
def test_names_in_a_crowd_do_not_overlap(dummy: float | None, greater: bool) -> None:
    rows = [*CROWD, row("dummy", dummy, 1, family="dummy")]
    if not greater:
        rows = [
            replace(r, score=r.score and -r.score, lower=r.upper and -r.upper, upper=r.lower and -r.lower) for r in rows
        ]
    board = SimpleNamespace(kind="leaderboard", metric="r2", rows=rows)
    assert_well_set(leaderboard.draw(board, greater_is_better=greater, title=False))


def test_glass_and_black_boxes_differ_by_shape() -> None:
    ax = leaderboard.draw(SimpleNamespace(metric="r2", rows=CROWD), title=False).axes[0]
    faces = [line.get_markerfacecolor() == line.get_color() for line in ax.lines if line.get_marker() == "o"]
    assert faces == [r.glassbox for r in CROWD if r.score is not None]


@pytest.mark.parametrize("title", [True, False])
def test_places_are_those_of_the_drawn_points(title: bool) -> None:
    drawing = leaderboard.draw(SimpleNamespace(metric="r2", rows=CROWD), title=title)
    found = leaderboard.places(drawing)
    assert set(found) == {r.model for r in CROWD if r.score is not None}
    root = ElementTree.fromstring(svg(drawing, "finding", "numbers"))  # noqa: S314 (our own drawing)
    width, height = (float(part) for part in root.get("viewBox", "").split()[2:])
    marks = [each for each in root.iter() if each.tag.endswith("}use")]
    drawn = sorted((float(each.get("x", "")) / width, float(each.get("y", "")) / height) for each in marks)
    assert np.allclose(drawn, list(found.values()), atol=1e-5)
    assert found["lasso"] < found["glm"]  # of 21 and of 24 numbers


def test_the_better_model_is_always_up() -> None:
    rows = [row("good", 0.2, 5), row("bad", 0.6, 50)]
    ax = leaderboard.draw(SimpleNamespace(metric="log_loss", rows=rows), greater_is_better=False).axes[0]
    assert ax.transData.transform((0, 0.2))[1] > ax.transData.transform((0, 0.6))[1]
    assert leaderboard.finding(SimpleNamespace(rows=rows), greater_is_better=False).endswith("good (5 numbers to hold)")


def test_comparison_tells_apart_only_what_the_interval_does() -> None:
    given = [Answer.from_dict(c) for c in RESULTS["regression"]["comparisons"]]
    assert_well_set(comparison.draw(given, region=0.01))
    sure = replace(given[0], lower=0.01, upper=0.05, difference=0.03)
    unsure = replace(given[0], lower=-0.01, upper=0.05, difference=0.02)
    assert "scores worse than forest" in comparison.finding([sure])
    assert "cannot be told apart from forest" in comparison.finding([unsure])
    assert comparison.finding([sure, unsure]) == "Of 2 models 1 is worse than forest; 1 cannot be told apart from it"
    assert comparison.finding([unsure, unsure]) == "No model can be told apart from forest"
    assert comparison.draw(replace(unsure, lower=float("nan"), upper=float("nan"))).axes


def test_score_line_runs_from_the_dummy_to_the_best() -> None:
    rows = [*CROWD, row("dummy", -0.002, 1, family="dummy")]
    for name in ("linear", "forest", "dummy"):
        assert_well_set(scores.draw_line(name, rows))
    assert "linear 0.338" in scores.describe_line("linear", rows, "R²")


def test_folds_are_all_drawn() -> None:
    folds = [0.3, 0.35, 0.36, 0.31]
    figure = scores.draw_folds(folds, 0.33, 0.29, 0.37, metric="R²", dummy=-0.002, holdout=0.0)
    assert_well_set(figure)
    np.testing.assert_allclose(figure.axes[0].lines[0].get_xdata(), folds)


def test_terms_are_signed_and_coloured_by_sign() -> None:
    figure = terms.draw(["up", "down"], [1.5, -0.5], axis="change in quality")
    assert_well_set(figure)
    assert {t.get_text() for t in figure.axes[0].texts} >= {"+1.50", "−0.50"}
    up, down = figure.axes[0].patches
    assert up.get_facecolor() != down.get_facecolor()


def test_tree_shows_every_condition_outcome_and_support() -> None:
    form = Form.from_dict(RESULTS["regression"]["models"][2]["form_dict"])
    term = form.body.terms[0]
    figure = tree.draw(term, [f"{v[0]:.2f}" for v in term.value], labels={"alcohol": "Alcohol"})
    assert_well_set(figure)
    told = {t.get_text() for t in figure.axes[0].texts}
    assert {"Alcohol ≤ 10.5", "sulphates ≤ 0.575", "cellar in {Biscoe, Torgersen}", "sulphates ≤ 0.64"} <= told
    assert {"5.05", "5.42", "5.71", "5.93", "6.49", "420 rows", "280 rows", "110 rows", "222 rows", "167 rows"} <= told
