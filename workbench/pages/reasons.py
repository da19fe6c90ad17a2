"""What columns add to single predictions, without a row: bins of rows, and reasons for rows that are made up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workbench.answers import Attribution, AttributionSummary
from workbench.pages import figure_data, methods
from workbench.pages.card import Card
from workbench.pages.outputs import target
from workbench.pages.views import Block, PictureView, picture
from workbench.plots import PAGE, attribution, swarm
from workbench.plots.numbers import count, rows
from workbench.plots.style import shown

_MOST_OUTPUTS = 4
_WORDS = {"low": "lowest tenth", "middle": "middle tenth", "high": "highest tenth"}


def swarms(card: Card, answer: AttributionSummary) -> list[PictureView]:
    """Give a binned beeswarm for each of the first outputs; none where there are no bins."""
    if answer.swarm is None or not answer.mean_abs.any():
        return []
    options: dict[str, Any] = {"labels": methods.labels(card)}
    note = "A box is a bin of 10 rows or more; its area is its share of the rows."
    n, drawn = len(answer.feature_names), len(swarm.drawn(answer))
    if drawn < n:
        note += f" The CSV holds the {count(drawn)} columns drawn of {count(n)}, the card's JSON all."
    if len(answer.outputs) > _MOST_OUTPUTS:
        note += f" The first {_MOST_OUTPUTS} of {len(answer.outputs)} classes; the others are in the card's JSON."
    made = []
    for output in range(min(len(answer.outputs), _MOST_OUTPUTS)):
        drawing = swarm.draw(answer, PAGE, output=output, response=_response(card, answer), title=False, **options)
        finding, told = (tell(answer, output=output, **options) for tell in (swarm.finding, swarm.describe))
        made.append(picture(drawing, finding, told, note, data=figure_data.swarm(answer, output, options["labels"])))
    return made


def _response(card: Card, answer: Any) -> str:
    """Name what is predicted, where a number is and on its own scale."""
    return f"predicted {target(card)}" if answer.scale == "response" and not card.data.classes else ""


def blocks(card: Card, answer: Any) -> list[Block]:
    """Give the block of the made-up rows of an answer; none where it has none."""
    found = getattr(answer, "profiles", None)
    if found is None:
        return []
    several = len(answer.outputs) > 1
    whole = Attribution(
        feature_names=answer.feature_names,
        outputs=answer.outputs,
        scale=answer.scale,
        values=found.values,
        baseline=found.baseline,
        predictions=found.predictions,
        data=found.data,
        additive=found.additive,
        approximation_error=found.approximation_error,
        provenance=answer.provenance,
    )
    drawn = [(row, answer.outputs.index(group) if several else 0) for row, group in enumerate(found.groups)]
    made = [_profile(card, whole, drawn, *each) for each in zip(drawn, found.groups, found.group_rows, strict=True)]
    start = " From the baseline, the average prediction, each column adds its part." if found.additive else ""
    method = methods.title(answer.provenance.method)
    shown_all = "each class" if len(found.groups) == len(answer.outputs) else f"these {len(found.groups)} classes"
    which = f"the highest share of {shown_all}" if several else "the lowest, the middling and the highest predictions"
    return [
        Block(
            heading=f"Reasons for typical predictions, by {method}",
            paragraphs=[
                f"Each row is made up, of the tenth of rows with {which}: the median of each column of numbers, or the "
                "mean of the 10 middle values where few rows have the median; the most frequent value of the others. "
                f"No row need be like it.{start}"
            ],
            pictures=made,
        )
    ]


def _profile(
    card: Card, whole: Attribution, beside: Sequence[tuple[int, int]], at: tuple[int, int], group: str, n: int
) -> PictureView:
    row, output = at
    options: dict[str, Any] = {"row": row, "output": output, "labels": methods.labels(card)}
    options["response"] = _response(card, whole)
    drawing = attribution.draw(
        whole,
        PAGE,
        units=methods.units(card),
        subject="made-up row",
        beside=beside,
        title=False,
        **options,
    )
    where = _WORDS.get(group) if len(whole.outputs) == 1 else None
    name = f"Typical of the {where}" if where else f"Typical of {shown(group, 30)}"
    finding = f"{name}: {_lower(attribution.finding(whole, beside=beside, **options))}"
    note = f"Made of {rows(n)} rows."
    data = figure_data.profile(whole, row, output, options["labels"])
    return picture(drawing, finding, attribution.describe(whole, **options), note, data=data)


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
