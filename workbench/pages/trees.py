"""The model itself where it is a tree, or a sum of a few: each tree as a picture, and its leaves as rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from workbench.forms import Additive, Form, Rule, Tree
from workbench.forms.text import branch_condition
from workbench.pages.card import Card
from workbench.pages.outputs import ending, spoken, target
from workbench.pages.pruning import means, pruned
from workbench.pages.rule_lines import Line, holding_up, lines
from workbench.pages.rule_words import words
from workbench.pages.rules import table
from workbench.pages.views import Block, PictureView, picture
from workbench.plots import PAGE, tree
from workbench.plots.numbers import count, decimals, number, signed
from workbench.plots.style import shown

_MOST_LEAVES = 24
_MOST_TREES = 12


def is_trees(form: Form) -> bool:
    """Tell whether a form is a tree or a sum of few trees."""
    body = form.body
    if not isinstance(body, Additive) or body.divisor != 1.0 or not 0 < len(body.terms) <= _MOST_TREES:
        return False
    trees = [t for t in body.terms if isinstance(t, Tree)]
    return len(trees) == len(body.terms) and all(_leaves(t) > 1 for t in trees)


def blocks(card: Card, form: Form) -> list[Block]:
    """Give the blocks of a tree or of a sum of trees: how they add up, every tree, and every leaf."""
    assert isinstance(form.body, Additive)  # noqa: S101 - `is_trees` holds
    found, trees = lines(card, form), [t for t in form.body.terms if isinstance(t, Tree)]
    if len(trees) == 1:
        return [_one(card, form, trees[0], found)]
    out = [Block(paragraphs=[_sum(card, form), holding_up(card, found)])]
    bold = "In bold what the leaf adds" + (" to the class that it adds most to" if form.body.k > 1 else "")
    for place, each in enumerate(trees, start=1):
        drawing = _picture(card, form, each, _parts(form, _filled(each)), bold)
        leaves = [line for line in found if line.group == place]
        caption = f"The leaves of tree {place}"
        tables = [table(card, form, leaves, caption, name=f"leaves-{place}")] if leaves else []
        out.append(Block(heading=f"Tree {place} of {len(trees)}", pictures=[drawing], tables=tables))
    return out


def _one(card: Card, form: Form, only: Tree, found: Sequence[Line]) -> Block:
    what = "the share of its class" if form.classes else f"the predicted {target(card)}"
    drawing = _picture(card, form, only, _predicted(form, _filled(only)), f"In bold {what}")
    if not found:
        return Block(pictures=[drawing])
    return Block(
        paragraphs=[holding_up(card, found)],
        pictures=[drawing],
        tables=[table(card, form, found, "The leaves as rules", name="leaves")],
    )


def _filled(term: Tree) -> Tree:
    """Give inner nodes the mean of their leaves: where the picture is cut, that is told."""
    return replace(term, value=means(term))


def _sum(card: Card, form: Form) -> str:
    """Say how the trees make a prediction."""
    assert isinstance(form.body, Additive)  # noqa: S101 - `is_trees` holds
    start = form.body.intercept
    of = "" if not start.any() else f" the start, {number(float(start[0]))}, and" if start.size == 1 else " a start and"
    how = f"A row reaches one leaf in each of {count(len(form.body.terms))} trees, and{of} what these leaves hold is"
    return f"{how} added up: the sum is the {spoken(form, card)}. {ending(form)}".strip()


def _leaves(term: Tree) -> int:
    return int(term.is_leaf.sum())


def _parts(form: Form, term: Tree) -> list[str]:
    """Write what each node of a tree in a sum adds; of several classes for the one where that is most."""
    places = decimals(term.value[term.is_leaf].ravel())
    if form.body.k == 1:
        return [signed(float(v[0]), places) for v in term.value]
    most = term.value.argmax(axis=1)
    return [
        f"{shown(form.outputs[i], 16)} {signed(float(v[i]), places)}" for v, i in zip(term.value, most, strict=True)
    ]


def _predicted(form: Form, term: Tree) -> list[str]:
    """Write what each node of a tree that stands alone predicts."""
    assert isinstance(form.body, Additive)  # noqa: S101 - `is_trees` holds
    values = form.output(term.value + form.body.intercept)
    if not form.classes:
        return [number(float(v[0])) for v in values]
    if values.shape[1] == 1:
        return [f"{_percent(float(v[0]))} {shown(form.classes[1], 16)}" for v in values]
    return [f"{shown(form.classes[int(v.argmax())], 16)} {_percent(float(v.max()))}" for v in values]


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%" if 0.005 <= share < 0.995 else "> 99%" if share > 0.5 else "< 1%"


def _picture(card: Card, form: Form, term: Tree, texts: list[str], bold: str) -> PictureView:
    titles = {column.name: column.title for column in card.data.columns}
    asked = [_question(form, term, node, titles) for node in range(term.feature.size)]
    leaves = _leaves(term)
    cut, kept, ends = pruned(term, _MOST_LEAVES)
    texts = [f"{texts[i]} …" if end else texts[i] for i, end in zip(kept, ends, strict=True)]
    note = f"{bold}; below it the training rows that come to it."
    if any(ends):
        note += " Where … stands the tree goes on, and the number is the mean over the leaves that follow; the whole "
        note += "tree is in the card's JSON."
    lead = "One question leads" if leaves == 2 else f"{leaves - 1} questions lead"
    return picture(
        tree.draw(cut, texts, PAGE, questions=[asked[i] for i in kept]),
        f"{lead} to {leaves} answers; the first asks whether {shown(asked[0], 60)}",
        tree.describe(term, texts),
        note,
        wide=True,
    )


def _question(form: Form, term: Tree, node: int, titles: Mapping[str, str]) -> str:
    """Write what the upper branch of a node asks for; nothing at a leaf."""
    if term.is_leaf[node]:
        return ""
    asked = Rule((branch_condition(term, node, left=True),), term.value[node])
    return words(asked, form, titles)
