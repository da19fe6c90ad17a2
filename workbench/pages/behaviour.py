"""How a model behaves: the pictures of its explanations, each with what it is and where it misleads."""

from __future__ import annotations

from typing import Any

from workbench.answers import Answer
from workbench.pages.card import Card
from workbench.pages.views import Block, picture
from workbench.plots import PAGE, effect, importance
from workbench.plots.numbers import count, number
from workbench.plots.style import shown

_MOST_EFFECTS = 24


def lead(card: Card) -> str:
    """Say which columns the score rests on."""
    for answer in _answers(card):
        if answer.kind == "importance":
            return importance.finding(answer, labels=_labels(card)) + "."
    return (
        "No explanation was asked for in the study." if not card.answers else "How predictions stand along the columns."
    )


def blocks(card: Card) -> list[Block]:
    """Give a block per explanation: importance first, then effects in its order."""
    answers = sorted(_answers(card), key=lambda answer: answer.kind != "importance")
    order: list[str] = []
    out = []
    for answer in answers:
        if answer.kind == "importance":
            order = [answer.feature_names[i] for i in importance.ranked(answer)]
            out.append(_importance(card, answer))
        elif answer.kind in ("effects", "effect"):
            effects = list(answer.effects) if answer.kind == "effects" else [answer]
            out.append(_effects(card, answer, sorted(effects, key=lambda e: _rank(order, e.feature))))
    return out


def _answers(card: Card) -> list[Any]:
    return [Answer.from_dict(_counted(part.answer)) for part in card.answers]


def _counted(value: Any) -> Any:
    """Draw withheld counts as no rows."""
    if isinstance(value, dict):
        return {
            key: [count or 0 for count in v] if key == "bin_counts" and v is not None else _counted(v)
            for key, v in value.items()
        }
    return [_counted(v) for v in value] if isinstance(value, list) else value


def _rank(order: list[str], feature: str) -> int:
    return order.index(feature) if feature in order else len(order)


def _labels(card: Card) -> dict[str, str]:
    return {column.name: column.title for column in card.data.columns}


def _importance(card: Card, answer: Any) -> Block:
    labels = _labels(card)
    metric = next((part.metric.title for part in card.scores if part.metric.name == answer.metric), answer.metric)
    top = importance.ranked(answer)[0]
    first = shown(labels.get(answer.feature_names[top], answer.feature_names[top]))
    change = "lowers" if answer.greater_is_better else "raises"
    finding = f"Shuffling {first} {change} {metric} by {number(answer.importances_mean[top])}"
    drawing = importance.draw(answer, PAGE, labels=labels, metric=metric, title=False)
    repeats = answer.importances.shape[1]
    note = f"Dot: mean of {count(repeats)} shuffles; line: from the lowest to the highest. {_rows(answer)}"
    return Block(
        heading="Which columns the score rests on",
        paragraphs=[
            "Permutation importance: how much worse the score becomes when the values of one column are shuffled among "
            "the rows. Columns that move together can stand in for one another, and then both look unimportant."
        ],
        pictures=[picture(drawing, finding, importance.describe(answer, labels=labels), note)],
        bullets=list(answer.provenance.warnings),
    )


def _rows(answer: Any) -> str:
    n = answer.provenance.n_rows
    return "" if n is None else f"Measured on {count(n)} rows."


def _effects(card: Card, answer: Any, effects: list[Any]) -> Block:
    units = {column.name: column.unit for column in card.data.columns}
    limits = effect.shared_limits(effects)
    flat = [one for one in effects if effect.is_flat(one)]
    effects = [one for one in effects if not effect.is_flat(one)]
    pictures = []
    for one in effects[:_MOST_EFFECTS]:
        options = {
            "label": _labels(card).get(one.feature, one.feature),
            "unit": units.get(one.feature, ""),
            "response": _response(card, one),
        }
        finding = effect.finding(one, **options)
        drawing = effect.draw(one, PAGE, **options, ylim=limits, title=False)
        pictures.append(picture(drawing, finding, effect.describe(one)))
    left_out = len(effects) - len(pictures)
    more = f" The {count(left_out)} least important are in the card's JSON." if left_out else ""
    return Block(
        heading="How predictions stand along the columns",
        paragraphs=[
            "Partial dependence: the average prediction when one column is set to a value in every row, the other "
            "columns as they are. The panels share one scale, so that their sizes compare. The band is the 95% "
            "interval of the curve's shape over the rows averaged; the strip below shows where rows lie, the darker "
            f"the denser.{more}",
            *_flat(card, flat, len(effects)),
        ],
        pictures=pictures,
        bullets=list(dict.fromkeys(answer.provenance.warnings)),
    )


def _flat(card: Card, effects: list[Any], others: int) -> list[str]:
    """Say in words where predictions do not move: a panel of it would be a line."""
    if not effects:
        return []
    if not others:
        return ["The average prediction is the same along every column."]
    labels = _labels(card)
    names = [shown(labels.get(one.feature, one.feature), 26) for one in effects[:_MOST_EFFECTS]]
    more = f" and {count(len(effects) - len(names))} more" if len(effects) > len(names) else ""
    return [f"The average prediction does not move along {', '.join(names)}{more}."]


def _response(card: Card, one: Any) -> str:
    if card.data.task == "regression":
        return f"average predicted {shown(card.data.target.title or card.data.target.name, 24)}"
    return "average probability" if len(one.outputs) > 1 else f"average probability of {shown(one.outputs[0], 20)}"
