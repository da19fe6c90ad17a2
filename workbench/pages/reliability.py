"""The blocks about calibration: whether predictions mean what they say, and what a recalibration would do."""

from __future__ import annotations

from typing import Any

from workbench.evaluation.alarms import chance_in_words
from workbench.pages import figure_data, methods
from workbench.pages.card import Card
from workbench.pages.check import CLEAR, Check
from workbench.pages.views import Block, Cell, Head, PictureView, TableView, picture
from workbench.plots import PAGE, calibration
from workbench.plots.numbers import decimals, fixed, interval, rows
from workbench.plots.style import shown

_NUMBER = (
    "Rows are put in bins by what was predicted; each dot is a bin: its mean prediction, and the mean of what came, "
    "with its 95% interval. On the line both agree."
)
_CLASSES = (
    "Rows are put in bins by the probability that was given; each dot is a bin: that probability, and the share of "
    "rows in which the class came, with its 95% interval. On the line both agree."
)


def calibrated(card: Card, answer: Any) -> Check:
    """Say whether predictions mean what they say."""
    off = answer.p_value <= CLEAR
    chance = f"Predictions that are right on average would look as far off, by chance, with {_chance(answer)}."
    return Check(
        Block(
            heading="Do predictions mean what they say?",
            paragraphs=[f"{_NUMBER if answer.task == 'regression' else _CLASSES} {chance}"],
            pictures=[_picture(card, answer)],
            tables=[_curves(answer)],
            cautions=methods.cautions(card, answer),
        ),
        _lower(calibration.finding(answer)) if off else "",
    )


def _chance(answer: Any) -> str:
    return chance_in_words(answer.p_value)


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _picture(card: Card, answer: Any) -> PictureView:
    target = card.data.target
    drawing = calibration.draw(answer, PAGE, unit=target.unit, target=target.title or target.name, title=False)
    note = f"Measured on {rows(answer.n_rows)} rows that the model has not seen; the larger a dot, the more rows."
    return picture(
        drawing,
        calibration.finding(answer),
        calibration.describe(answer),
        note,
        wide=len(answer.curves) > 1,
        data=figure_data.reliability(answer),
    )


def _curves(answer: Any) -> TableView:
    """Make the table of the lines of what came on what was predicted."""
    number = answer.task == "regression"
    places = decimals([], [(c.intercept_upper - c.intercept_lower) / 2 for c in answer.curves])
    away = decimals([c.error for c in answer.curves], digits=2)
    heads = [
        Head("Prediction" if number else "Class"),
        Head("Slope", numeric=True),
        Head("95% interval"),
        Head("Too low by", numeric=True),
        Head("95% interval"),
        Head("Typical distance", numeric=True),
    ]
    lines = [
        [
            Cell("all rows" if number else shown(c.name, 40)),
            Cell(fixed(c.slope, 2), c.slope),
            Cell(interval(c.slope_lower, c.slope_upper, 2)),
            Cell(fixed(c.intercept, places), c.intercept),
            Cell(interval(c.intercept_lower, c.intercept_upper, places)),
            Cell(fixed(c.error, away), c.error),
        ]
        for c in answer.curves
    ]
    unit = "in units of the target" if number else "in log odds"
    note = (
        f"Slope: 1 where calibrated, below 1 where predictions are too extreme. Too low by: {unit}, with the slope "
        "held at 1; below 0 where they are too high. Typical distance: between bins and the line, less chance."
    )
    return TableView("The line through what came", heads, lines, name="calibration", note=note)


def recalibrated(card: Card, answer: Any) -> Check:
    """Say what a map to better probabilities would do."""
    places = decimals([answer.loss_before], [(answer.gain_upper - answer.gain_lower) / 2])
    ends = (answer.gain_lower, answer.gain_upper) if answer.gain >= 0 else (-answer.gain_upper, -answer.gain_lower)
    gain = f"{fixed(abs(answer.gain), places)} {interval(*ends, places)}"
    helps = answer.gain_lower > 0
    before, after = answer.before, answer.after
    away = decimals([c.error for a in (before, after) for c in a.curves], digits=2)
    heads = [Head("Probabilities"), *(Head(t, numeric=True) for t in ("Log loss", "Typical distance", "Slope"))]
    lines = [
        [
            Cell(name),
            Cell(fixed(loss, places), loss),
            Cell(fixed(worst.error, away), worst.error),
            Cell(fixed(worst.slope, 2), worst.slope),
        ]
        for name, loss, worst in (
            (
                f"as the {'library' if answer.applied else 'model'} gives them",
                answer.loss_before,
                _worst(before),
            ),
            ("recalibrated", answer.loss_after, _worst(after)),
        )
    ]
    note = "Of several classes the distance and the slope of the one that is off most."
    return Check(
        Block(
            heading="What did recalibration do?" if answer.applied else "Would recalibration help?",
            paragraphs=[_done(answer, gain) if answer.applied else _could(answer, gain)],
            pictures=[_after(card, after)] if helps and not answer.applied else [],
            tables=[TableView("Before and after recalibration", heads, lines, name="recalibration", note=note)],
            cautions=methods.cautions(card, answer),
        ),
        _shows(answer, gain),
    )


def _shows(answer: Any, gain: str) -> str:
    """Say what there is to find: a map that one could have, or one that does harm; else nothing."""
    if answer.applied:
        return f"its recalibration raises log loss by {gain}" if answer.gain_upper < 0 else ""
    return f"recalibration would lower log loss by {gain}" if answer.gain_lower > 0 else ""


def _could(answer: Any, gain: str) -> str:
    """Say what a map would do."""
    helps = answer.gain_lower > 0
    told = f"would lower log loss by {gain}" if helps else f"is not shown to lower log loss ({_by(answer)} {gain})"
    return (
        f"A map from the model's probabilities to better ones ({answer.method}) {told}. Each row is judged by a map "
        "that was fitted without it. The model on this card is as fitted: the map is no part of it, unless the study "
        f"sets calibrate: {answer.method}."
    )


def _done(answer: Any, gain: str) -> str:
    """Say what the map of a recalibrated model does."""
    told = f"is not shown to lower log loss ({_by(answer)} {gain})"
    if answer.gain_lower > 0 or answer.gain_upper < 0:
        told = f"{'lowers' if answer.gain > 0 else 'raises'} log loss by {gain}"
    return (
        f"The model is recalibrated ({answer.method}): a map from its library's probabilities to better ones is its "
        f"last part. The map {told}, on rows that neither the folds' models nor their maps have seen."
    )


def _by(answer: Any) -> str:
    return "by" if answer.gain >= 0 else "it rises by"


def _worst(answer: Any) -> Any:
    return max(answer.curves, key=lambda curve: curve.error)


def _after(card: Card, answer: Any) -> PictureView:
    view = _picture(card, answer)
    finding = f"Recalibrated: {_lower(view.finding)}"
    drawing = calibration.draw(answer, PAGE, unit=card.data.target.unit, title=False)
    return picture(drawing, finding, view.told, view.note, wide=view.wide, data=view.data)
