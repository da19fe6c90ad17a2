"""The model itself: the blocks of a card that show its whole form, or say why there is none to show."""

from __future__ import annotations

from workbench.forms import Form, Linear, RuleList, RuleSet
from workbench.pages import details, formula, linear, outputs, rules, shapes, trees, weighted_rules
from workbench.pages.card import Card
from workbench.pages.views import Block
from workbench.plots.numbers import count

_SHORT_TEXT = 4_000
_MOST_TEXT = 20_000


def blocks(card: Card) -> list[Block]:
    """Give the blocks that show the form: trees, rules, shapes, coefficients or an equation; and its text."""
    form = None if card.form.form is None else Form.from_dict(card.form.form)
    out = [] if form is None else _drawn(card, form)
    if out and form is not None:
        out += outputs.recalibration(form)
    told = [details.COEFFICIENTS] if _has_coefficients(form) else []
    out += details.blocks(card, told=told)
    folded = []
    if 0 < len(card.form.text) <= _SHORT_TEXT and (form is None or not _says_all(form, out)):
        out.append(Block(heading="In words", text=card.form.text, label="The model in words"))
    elif 0 < len(card.form.text) <= _MOST_TEXT:
        folded.append(("The model in words", card.form.text))
    if 0 < len(card.form.latex) <= _MOST_TEXT:
        folded.append(("The same in LaTeX", card.form.latex))
    return [*out, Block(folded=folded)] if folded else out


def _drawn(card: Card, form: Form) -> list[Block]:
    """Give the blocks of a form by its kind; none for a kind that has no picture or table of its own."""
    if isinstance(form.body, RuleList | RuleSet):
        return rules.blocks(card, form)
    if formula.is_equation(form):
        return formula.blocks(card, form)
    if trees.is_trees(form):
        return trees.blocks(card, form)
    if weighted_rules.is_sum_of_rules(form):
        return weighted_rules.blocks(card, form)
    if shapes.is_sum_of_shapes(form):
        return shapes.blocks(card, form)
    return linear.blocks(card, form) if linear.is_linear(form) else []


def _has_coefficients(form: Form | None) -> bool:
    """Tell whether the table of coefficients stands among the blocks of the form."""
    return form is not None and linear.is_linear(form) and any(isinstance(t, Linear) for t in form.body.terms)  # type: ignore[union-attr]


def _says_all(form: Form, drawn: list[Block]) -> bool:
    """Tell whether the blocks say all that the text does."""
    if formula.is_equation(form):
        return formula.says_all(form)
    ruled = any(table.name.startswith(("rules", "leaves")) for block in drawn for table in block.tables)
    return ruled or shapes.is_sum_of_shapes(form) or any(block.equation for block in drawn)


def lead(card: Card) -> str:
    """Say what kind of thing the model is and how much of it there is to hold."""
    stored = "" if card.stored_numbers is None else f" ({count(card.stored_numbers)} numbers)"
    if not card.form.available:
        return f"There is no form that a person can hold{stored}: what follows about its behaviour is an outside view."
    if not card.glassbox:
        file = "a file kept apart" if card.form.private else "its file"
        return f"There is no form that a person can hold{stored}, although {file} computes it exactly."
    size = "" if card.size is None else f" of {count(card.size)} numbers to hold"
    apart = [column.name for column in card.data.columns if column.role in ("offset", "exposure")]
    used = sum(name not in apart for name in card.method.features_used or ())
    reads = f"It reads {count(used)} of {count(card.data.n_features)} columns"
    if used == 0:
        return f"This is the whole model, a constant{size}. It reads none of the {count(card.data.n_features)} columns."
    return f"This is the whole model{size}; nothing else takes part in a prediction. {reads}."
