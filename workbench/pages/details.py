"""What a family knows of its fit besides the form, as tables: standard errors, degrees of freedom, equations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workbench.answers import Answer, Details
from workbench.pages.card import Card
from workbench.pages.views import Block, Cell, Head, TableView
from workbench.plots.numbers import MISSING, count, decimals, fixed, number
from workbench.plots.style import shown

COEFFICIENTS = "Coefficients"
_SMALLEST_P = 0.001
_MOST_ORDERS = 1e4


def of_card(card: Card) -> list[Details]:
    """Give the details that a card holds."""
    read = [Answer.from_dict(each) for each in card.details]
    return [each for each in read if isinstance(each, Details)]


def coefficients(card: Card) -> Details | None:
    """Give the table of coefficients among the details; None where there is none."""
    return next((each for each in of_card(card) if each.title == COEFFICIENTS), None)


def blocks(card: Card, *, told: Sequence[str] = ()) -> list[Block]:
    """Give a block with a table of each of the details, but of those whose titles are told elsewhere."""
    titles = {column.name: shown(column.title, 40) for column in card.data.columns}
    tables = [_table(each, titles) for each in of_card(card) if each.title not in told]
    return [Block(tables=tables)] if tables else []


def p_value(p: float | None) -> str:
    """Write a p-value.

    Examples
    --------
    >>> p_value(0.0421), p_value(3e-9), p_value(None)
    ('0.042', '< 0.001', '–')
    """
    return MISSING if p is None else f"< {_SMALLEST_P}" if p < _SMALLEST_P else fixed(p, 3)


def _table(details: Details, titles: dict[str, str]) -> TableView:
    columns = list(zip(*details.rows, strict=True)) or [() for _ in details.columns]
    kept = [i for i, values in enumerate(columns) if i == 0 or any(v is not None for v in values)]
    heads = [Head(details.columns[i], numeric=_is_numeric(columns[i]), long=_is_long(columns[i])) for i in kept]
    cells = [_cells(details.columns[i], columns[i], titles if i == 0 else {}) for i in kept]
    name = "".join(ch if ch.isalnum() else "-" for ch in details.title.lower())[:40]
    lines = list(zip(*cells, strict=True))
    return TableView(details.title, heads, lines, sortable=len(lines) > 1, note=details.note, name=name)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_numeric(values: Sequence[Any]) -> bool:
    given = [v for v in values if v is not None]
    return bool(given) and all(map(_is_number, given))


def _is_long(values: Sequence[Any]) -> bool:
    return any(isinstance(v, str) and len(v) > 40 for v in values)


def _cells(head: str, values: Sequence[Any], titles: dict[str, str]) -> list[Cell]:
    """Write a column: numbers with the decimals of the whole column, unless they are too far apart."""
    if not _is_numeric(values):
        return [Cell(_word(v, titles), None if v is None else str(v)) for v in values]
    known = [float(v) for v in values if v is not None]
    if "p-value" in head.lower():
        return [Cell(p_value(v), v) for v in values]
    if all(v.is_integer() for v in known):
        return [Cell(count(v), v) for v in values]
    sizes = [abs(v) for v in known if v]
    places = decimals(known)
    apart = max(sizes) / min(sizes) > _MOST_ORDERS or max(sizes) < 1e-3
    return [Cell(number(v) if apart else fixed(v, places), v) for v in values]


def _word(value: Any, titles: dict[str, str]) -> str:
    if value is None:
        return MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    return number(float(value)) if _is_number(value) else titles.get(value, shown(value, 400))
