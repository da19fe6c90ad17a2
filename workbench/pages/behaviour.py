"""How a model behaves: the pictures of its explanations, each with what it is and where it misleads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from workbench.answers import Answer
from workbench.pages import effects, figure_data, methods, reasons
from workbench.pages.card import Card
from workbench.pages.views import Block, picture
from workbench.plots import PAGE, agreement, attribution_summary, importance, interactions, surrogate
from workbench.plots.numbers import count, number
from workbench.plots.style import shown


def lead(card: Card) -> str:
    """Say which columns the score rests on."""
    for answer in _answers(card):
        if answer.kind == "importance":
            return importance.finding(answer, labels=methods.labels(card)) + "."
    return (
        "No explanation was asked for in the study." if not card.answers else "How predictions stand along the columns."
    )


def blocks(card: Card) -> list[Block]:
    """Give a block per explanation, importance first, then the others as asked; and what is kept apart."""
    answers = sorted(_answers(card), key=lambda answer: answer.kind != "importance")
    order = next((a.feature_names for a in answers if a.kind == "importance"), ())
    if answers and answers[0].kind == "importance":
        order = [answers[0].feature_names[i] for i in importance.ranked(answers[0])]
    found = []
    for answer in answers:
        if answer.kind in ("effects", "effect"):
            found += effects.blocks(card, answer, list(order))
        elif answer.kind in _BLOCKS:
            found.append(replace(_BLOCKS[answer.kind](card, answer), topic=answer.provenance.method))
            found += reasons.blocks(card, answer)
    if card.agreement is not None:
        found.append(_agreement(card, Answer.from_dict(card.agreement)))
    if card.private_answers:
        found.append(_kept_apart(card))
    return list(_said_once(found))


def _said_once(blocks: Sequence[Block]) -> Iterator[Block]:
    """Leave out paragraphs that an earlier block has."""
    said: set[str] = set()
    for block in blocks:
        yield replace(block, paragraphs=[text for text in block.paragraphs if text not in said])
        said |= set(block.paragraphs)


def _answers(card: Card) -> list[Any]:
    return [Answer.from_dict(_counted(part.answer)) for part in card.answers]


def _counted(value: Any) -> Any:
    """Draw withheld counts as no rows."""
    if isinstance(value, dict):
        return {
            key: _zeros(v) if key in ("bin_counts", "counts") and v is not None else _counted(v)
            for key, v in value.items()
        }
    return [_counted(v) for v in value] if isinstance(value, list) else value


def _zeros(counts: Any) -> Any:
    return [_zeros(each) for each in counts] if isinstance(counts, list) else counts or 0


def _importance(card: Card, answer: Any) -> Block:
    labels = methods.labels(card)
    metric = next((part.metric.title for part in card.scores if part.metric.name == answer.metric), answer.metric)
    top = importance.ranked(answer)[0]
    first = shown(labels.get(answer.feature_names[top], answer.feature_names[top]))
    change = "lowers" if answer.greater_is_better else "raises"
    finding = f"Shuffling {first} {change} {metric} by {number(answer.importances_mean[top])}"
    drawing = importance.draw(answer, PAGE, labels=labels, metric=metric, title=False)
    told = [
        methods.WHAT["permutation_importance"],
        "Columns that move together can stand in for one another, and then both look unimportant.",
    ]
    if answer.groups:
        told.append("Groups of such columns are shuffled together too, and stand below.")
    if answer.noise is not None:
        told.append(
            "The noise floor is what a model of a shuffled target makes of each column: chance alone, 0 at least."
        )
    return Block(
        heading=methods.HEADING["permutation_importance"],
        paragraphs=[" ".join(told), *methods.about_refits(answer.refits)],
        pictures=[
            picture(
                drawing,
                finding,
                importance.describe(answer, labels=labels),
                _shuffles(answer),
                data=figure_data.importance(answer, labels),
            )
        ],
        cautions=methods.cautions(card, answer),
    )


def _shuffles(answer: Any) -> str:
    n = answer.provenance.n_rows
    rows = "" if n is None else f" Measured on {count(n)} rows."
    return f"Dot: mean of {count(answer.importances.shape[1])} shuffles; line: from the lowest to the highest.{rows}"


def _attributions(card: Card, answer: Any) -> Block:
    labels = methods.labels(card)
    finding = attribution_summary.finding(answer, labels=labels)
    drawing = attribution_summary.draw(answer, PAGE, labels=labels, title=False)
    n = answer.provenance.n_rows
    told = [methods.what(answer), methods.scale(card, answer)]
    if n is not None:
        against = "" if answer.n_background is None else f", against {count(answer.n_background)} background rows"
        told.append(f"Means of {count(n)} rows{against}.")
    if answer.fidelity is not None:
        told.append(f"Median R² of the local models on fresh neighbours: {number(answer.fidelity)}.")
    if answer.stability is not None:
        told.append(f"Median agreement over seeds: {number(answer.stability)}; 1 is the same.")
    exact = "Computed exactly for these rows." if answer.provenance.exact else "Estimated by draws."
    note = "Mean size of what each column adds, up or down; line: 95% interval of that mean over the rows."
    described = attribution_summary.describe(answer, labels=labels)
    sizes = picture(drawing, finding, described, note, data=figure_data.attributions(answer, labels))
    return Block(
        heading=methods.heading(answer),
        paragraphs=[" ".join(part for part in (*told, exact) if part)],
        pictures=[sizes, *reasons.swarms(card, answer)],
        cautions=methods.cautions(card, answer),
    )


def _interactions(card: Card, answer: Any) -> Block:
    labels = methods.labels(card)
    if not interactions.any_act_together(answer):
        told = "No two columns act together: what they do is the sum of what each does."
        return Block(heading=methods.heading(answer), paragraphs=[methods.what(answer), told])
    finding = interactions.finding(answer, labels=labels)
    drawing = interactions.draw(answer, PAGE, labels=labels, title=False)
    return Block(
        heading=methods.heading(answer),
        paragraphs=[methods.what(answer)],
        pictures=[
            picture(
                drawing,
                finding,
                interactions.describe(answer, labels=labels),
                _of_pairs(len(answer.pairs)),
                data=figure_data.interactions(answer, labels),
            )
        ],
        cautions=methods.cautions(card, answer),
    )


def _of_pairs(n: int) -> str:
    most = figure_data.MOST_PAIRS
    return "" if n <= most else f"The CSV holds the {count(most)} strongest of {count(n)} pairs, the card's JSON all."


def _surrogate(card: Card, answer: Any) -> Block:
    finding = surrogate.finding(answer, model=f"the {card.title}")
    drawing = surrogate.draw(answer, PAGE, model=f"the {card.title}", title=False)
    folded = [(f"The {answer.title} in words", answer.text)] if answer.text else []
    kept = [f"Its form is kept apart from what is sent: {answer.private}."] if answer.private else []
    return Block(
        heading=methods.heading(answer),
        paragraphs=[methods.what(answer), *kept],
        pictures=[
            picture(
                drawing,
                finding,
                surrogate.describe(answer, model=f"the {card.title}"),
                data=figure_data.surrogate(answer),
            )
        ],
        folded=folded,
        cautions=methods.cautions(card, answer),
    )


def _agreement(card: Card, answer: Any) -> Block:
    titles = {method: methods.title(method) for method in answer.methods}
    drawing = agreement.draw(answer, PAGE, titles=titles, title=False)
    finding = agreement.finding(answer, titles=titles, labels=methods.labels(card))
    return Block(
        heading="Do the methods agree?",
        topic="agreement",
        paragraphs=[
            "Rank correlation of the importances that each method gives to the columns: 1 where two put them in the "
            "same order. They ask different questions, so that a low one is no error of either."
        ],
        pictures=[
            picture(
                drawing,
                finding,
                agreement.describe(answer, titles=titles),
                data=figure_data.agreement(answer, titles),
            )
        ],
        cautions=methods.cautions(card, answer),
    )


def _kept_apart(card: Card) -> Block:
    names = [methods.title(method) for method in card.private_answers]
    return Block(
        heading="Kept apart",
        paragraphs=[
            f"Answers about single rows are in the private folder of the run, beside what is sent: {', '.join(names)}."
        ],
    )


_BLOCKS: dict[str, Callable[[Card, Any], Block]] = {
    "importance": _importance,
    "attribution_summary": _attributions,
    "interactions": _interactions,
    "surrogate": _surrogate,
}
