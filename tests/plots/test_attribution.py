from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from tests.plots.test_pictures import assert_well_set
from workbench.answers import Attribution, Provenance
from workbench.plots import PAGE, attribution, attribution_summary, draw, svg


def attributed(n_features: int = 5, outputs: tuple[str, ...] = ("prediction",), scale: str = "response") -> Attribution:
    rng = np.random.default_rng(n_features)
    shape = (6, n_features) if len(outputs) == 1 else (6, n_features, len(outputs))
    values = rng.normal(size=shape) * 3.0 ** -np.arange(n_features).reshape((1, -1) + (1,) * (len(shape) - 2))
    baseline = np.asarray(5.25) if len(outputs) == 1 else rng.normal(size=len(outputs))
    names = ["alcohol", "größe $", 'he said "<b>"', "a" * 60, "x"]
    cells = [1.5, None, "Torgersen", "<script> & a very long level", 12345.678]
    return Attribution(
        feature_names=tuple(f"{names[j % 5]}{j}" for j in range(n_features)),
        outputs=outputs,
        scale=scale,
        values=values,
        baseline=baseline,
        predictions=baseline + values.sum(axis=1),
        data=tuple(tuple(cells[j % 5] for j in range(n_features)) for _ in range(6)),
        approximation_error=np.zeros(shape),
        provenance=Provenance(method="shap"),
    )


def words(figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts]


@pytest.mark.parametrize("n_features", [1, 7, 40])
@pytest.mark.parametrize("outputs", [("prediction",), ("yes",), ("setosa", "versicolor", "a very long class name <b>")])
def test_every_picture_is_well_set(n_features, outputs):
    for scale, additive in (("link", True), ("margin", False)):
        answer = attributed(n_features, outputs, scale).but(additive=additive)
        for size in (1e-3, 1e7) if additive else (1.0,):
            given = answer.but(values=answer.values * size, approximation_error=np.abs(answer.values) * size / 5)
            assert_well_set(draw(given, row=2, output=len(outputs) - 1, units={"alcohol0": "% vol"}))
        assert_well_set(draw(answer.summary()))
        assert_well_set(draw(answer.summary().but(noise=np.full(n_features, 0.1)), response="log odds"))


def test_bars_run_from_the_baseline_to_the_prediction():
    answer = attributed(5)
    figure = draw(answer, row=1)
    bars = figure.axes[0].patches
    order = np.argsort(-np.abs(answer.values[1]))
    np.testing.assert_allclose([bar.get_width() for bar in bars], answer.values[1][order])
    assert bars[0].get_x() == pytest.approx(answer.baseline)
    for one, following in pairwise(bars):
        assert one.get_x() + one.get_width() == pytest.approx(following.get_x())
    assert bars[-1].get_x() + bars[-1].get_width() == pytest.approx(answer.predictions[1])
    up, down = ({bar.get_facecolor() for bar in bars if (bar.get_width() > 0) == side} for side in (True, False))
    assert len(up | down) == len(up) + len(down) == 2
    told = words(figure)
    assert "baseline" in told
    assert "this row" in told
    assert "5.250" in told or "5.25" in told
    assert "missing" in told
    assert sum(text[0] in "+−" for text in told) >= 5  # each value with its sign


def test_columns_that_add_least_are_pooled():
    answer = attributed(40)
    figure = draw(answer)
    assert len(figure.axes[0].patches) == 12
    assert "29 others" in words(figure)
    order = np.argsort(-np.abs(answer.values[0]))
    assert figure.axes[0].patches[-1].get_width() == pytest.approx(answer.values[0][order[11:]].sum())
    assert len(draw(attributed(12)).axes[0].patches) == 12


def test_estimates_carry_their_interval_and_exact_values_none():
    answer = attributed(4)
    errors = np.full((6, 4), 0.25)
    errors[0, np.argmax(np.abs(answer.values[0]))] = 0.0

    def intervals(figure):
        found = [c for c in figure.axes[0].collections if c.get_linewidth()[0] > 1]
        return [s for c in found for s in c.get_segments()]

    assert intervals(draw(answer)) == []
    segments = intervals(draw(answer.but(approximation_error=errors)))
    assert len(segments) == 3
    np.testing.assert_allclose([s[1][0] - s[0][0] for s in segments], 2 * 1.96 * 0.25)


def test_what_does_not_add_up_starts_at_zero():
    figure = draw(attributed(5).but(additive=False))
    assert all(bar.get_x() == 0 for bar in figure.axes[0].patches)
    assert "baseline" not in words(figure)


def test_units_and_labels_stand_beside_the_column():
    figure = draw(attributed(2), units={"alcohol0": "% vol"}, labels={"alcohol0": "Alcohol"})
    assert {"Alcohol", "1.5 % vol"} <= set(words(figure))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.5, -0.25], "Prediction 5.500, 0.250 above the baseline: a counts most, +0.500"),
        ([0.25, -0.5], "Prediction 5.000, 0.250 below the baseline: b counts most, −0.500"),
        ([0.0, 0.0], "Prediction 5.25: the baseline, to which no column adds anything"),
    ],
)
def test_finding(values, expected):
    row = np.array([values])
    answer = replace(
        attributed(2),
        values=row,
        predictions=5.25 + row.sum(axis=1),
        approximation_error=None,
        feature_names=("a", "b"),
    )
    assert attribution.finding(answer) == expected


def test_what_is_shared_out_is_named():
    names = ("no", "yes", "perhaps")
    for outputs, scale, expected in (
        (("prediction",), "link", "score"),
        (("yes",), "link", "score of yes"),
        (("yes",), "response", "probability of yes"),
        (names, "margin", "margin of no"),
        (("prediction 0", "prediction 1"), "response", "prediction 0"),
    ):
        answer = attributed(3, outputs, scale)
        assert attribution.what_of(answer, 0) == expected
        assert attribution.finding(answer).startswith(expected[0].upper() + expected[1:])
    assert "on the link scale" in " ".join(words(draw(attributed(3, names, "link"))))
    assert attribution_summary.finding(attributed(3, names).summary()).startswith("The probability changes most with ")


def test_summary_shows_mean_and_interval_of_every_column_and_output():
    names = ("one", "two")
    summary = attributed(6, names).summary()
    figure = draw(summary)
    order = attribution_summary.ranked(summary)
    assert list(order) == list(np.argsort(-summary.mean_abs.sum(axis=1)))
    dots = [line for line in figure.axes[0].lines if line.get_marker() in "os"]
    for k, line in enumerate(dots):
        np.testing.assert_allclose(line.get_xdata(), summary.mean_abs[order, k])
        segments = figure.axes[0].collections[k].get_segments()
        np.testing.assert_allclose(
            [s[1][0] for s in segments], (summary.mean_abs + 1.96 * summary.standard_error)[order, k]
        )
    assert {"one", "two"} <= set(words(figure))
    single = attributed(6).but(values=np.ones((1, 6)), predictions=np.array([11.25]), data=attributed(6).data[:1])
    assert_well_set(draw(single.summary()))  # one row has no standard error
    nothing = attributed(3).but(values=np.zeros((6, 3))).summary()
    assert attribution_summary.finding(nothing) == "No column adds anything to the prediction"
    assert_well_set(draw(nothing))


def test_words_for_those_who_do_not_see_it():
    answer = attributed(3)
    told = attribution.describe(answer.but(approximation_error=np.full((6, 3), 0.1)), labels={"alcohol0": "Alcohol"})
    assert told.startswith("What each column adds. From the baseline 5.25 to the prediction ")
    assert "Alcohol = 1.5: " in told
    assert "(standard error 0.1)" in told
    summed = attribution_summary.describe(attributed(3, ("one", "two")).summary())
    assert summed.count("one ") == 3
    assert summed.count("standard error") == 6
    text = svg(draw(answer, PAGE, title=False), "a", told)
    assert "#fe" not in text
    assert "<script>" not in text
