"""The block of effects along columns: a panel a column on one scale, surfaces of pairs, and what the bands mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workbench.pages import figure_data, methods
from workbench.pages.card import Card
from workbench.pages.views import Block, PictureView, Ranking, picture
from workbench.plots import PAGE, effect, effect_surface
from workbench.plots.numbers import count
from workbench.plots.style import shown

_MOST_EFFECTS = 24
_BOTH = {
    "partial_dependence": "How predictions stand along pairs of columns",
    "ale": "What pairs of columns add together, beyond what each does",
}


def blocks(card: Card, answer: Any, order: Sequence[str]) -> list[Block]:
    """Give the blocks of one answer: columns in an order, most important first, then pairs of columns."""
    found = list(answer.effects) if answer.kind == "effects" else [answer]
    found.sort(key=lambda one: order.index(one.feature) if one.feature in order else len(order))
    flat = [one for one in found if effect.is_flat(one)]
    moving = [one for one in found if not effect.is_flat(one)]
    panels = [_panel(card, one, effect.shared_limits(found)) for one in moving[:_MOST_EFFECTS]]
    refits = next((one.refits for one in moving if one.refits is not None), None)
    surfaces = [_surface(card, one) for one in getattr(answer, "surfaces", ())]
    along = Block(
        heading=methods.heading(answer),
        paragraphs=[
            f"{methods.what(answer)} The panels share one scale, so that their sizes compare. {_bands(refits)}"
            f"{_own_curves(moving)}",
            *methods.about_refits(refits),
            *_flat(card, flat, len(moving)),
        ],
        pictures=panels,
        cautions=() if surfaces else methods.cautions(card, answer),
        ranking=Ranking(len(moving)),
        topic=answer.provenance.method,
    )
    if not surfaces:
        return [along]
    named = Ranking(len(surfaces), first="as the study names them")
    heading = _BOTH.get(answer.provenance.method, _BOTH["partial_dependence"])
    both = Block(heading=heading, pictures=surfaces, cautions=methods.cautions(card, answer), ranking=named)
    return [along, both]


def _bands(refits: Any) -> str:
    rows = "the 95% interval of the curve's shape over the rows averaged"
    bands = f"The band is {rows}" if refits is None else f"The shade is the band of refits, the dots bound {rows}"
    return f"{bands}; the strip below shows where rows lie, the darker the denser."


def _own_curves(effects: Sequence[Any]) -> str:
    """Say what the grey lines are; nothing where there are none."""
    levels = next((one.spread.levels for one in effects if effect.rows_differ(one)), None)
    if levels is None:
        return ""
    share = f"{100 * (levels[-1] - levels[0]):.0f}%"
    return (
        f" Between the grey lines lie {share} of the rows' own curves, each moved to one mean: the wider, the more "
        "what the column does depends on the others."
    )


def _panel(card: Card, one: Any, limits: tuple[float, float]) -> PictureView:
    options: dict[str, Any] = {
        "label": methods.labels(card).get(one.feature, one.feature),
        "unit": methods.units(card).get(one.feature, ""),
        "response": _response(card, one),
    }
    drawing = effect.draw(one, PAGE, **options, ylim=limits, title=False)
    data = figure_data.effect(one, options["label"])
    return picture(drawing, effect.finding(one, **options), effect.describe(one), data=data)


def _surface(card: Card, one: Any) -> PictureView:
    options: dict[str, Any] = {"labels": methods.labels(card), "units": methods.units(card)}
    drawing = effect_surface.draw(one, PAGE, **options, title=False)
    told = effect_surface.describe(one, units=options["units"])
    data = figure_data.effect_surface(one, options["labels"])
    return picture(drawing, effect_surface.finding(one, **options), told, data=data)


def _flat(card: Card, effects: list[Any], others: int) -> list[str]:
    """Say in words where predictions do not move: a panel of it would be a line."""
    if not effects:
        return []
    if not others:
        return ["The average prediction is the same along every column."]
    labels = methods.labels(card)
    names = [shown(labels.get(one.feature, one.feature), 26) for one in effects[:_MOST_EFFECTS]]
    more = f" and {count(len(effects) - len(names))} more" if len(effects) > len(names) else ""
    return [f"The average prediction does not move along {', '.join(names)}{more}."]


def _response(card: Card, one: Any) -> str:
    """Name what a curve is measured in."""
    changes = one.provenance.method == "ale" or one.centred
    if card.data.task == "regression":
        target = shown(card.data.target.title or card.data.target.name, 24)
        return f"change in predicted {target}" if changes else f"average predicted {target}"
    what = "change in probability" if changes else "average probability"
    return what if len(one.outputs) > 1 else f"{what} of {shown(one.outputs[0], 20)}"
