"""The table of coefficients: in the columns' own units, with standard errors where the family has them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.forms import Additive, Form, Levels, Linear, Offset
from workbench.pages import details
from workbench.pages.card import Card
from workbench.pages.outputs import factors, said_of, scale
from workbench.pages.parts import ColumnPart
from workbench.pages.views import Cell, Head, TableView
from workbench.plots.numbers import MISSING, decimals, fixed, number, short
from workbench.plots.style import shown

_ERROR, _LOWER, _UPPER, _P = "Standard error", "Lower 95%", "Upper 95%", "p-value"
_COEFFICIENT = "Coefficient"
Known = Mapping[str, ColumnPart]
Found = Mapping[str, Mapping[str, float | None]]


def reach(column: ColumnPart | None) -> float:
    """Give how far a column goes from low to high; 0 where that is not known."""
    return 0.0 if column is None or column.low is None or column.high is None else column.high - column.low


def table(card: Card, form: Form, linear: Sequence[Linear]) -> TableView:
    """Make the table of the lines of a sum; of one output with errors, or else with the range of each column."""
    body = form.body
    assert isinstance(body, Additive)  # noqa: S101 - a sum has coefficients
    known = {column.name: column for column in card.data.columns}
    found = _errors(card) if body.k == 1 else {}
    names = [said_of(form, card)] if body.k == 1 else [f"{scale(form)}{shown(o, 24)}" for o in form.outputs]
    heads = _heads(form, names, linear, bool(found))
    lines = [{"Term": Cell("Start"), **_outputs("Per unit", names, body.intercept)}]
    lines += [_line(term, form, names, known, found) for term in linear]
    lines += [_offset(term, names, known) for term in body.terms if isinstance(term, Offset)]
    lines += _others(form, names, known, found)
    note = "The start, plus for every column its coefficient times the value's distance from where it is counted from."
    given = details.coefficients(card)
    notes = [note, *([given.note] if given is not None else []), _references(form, known, found)]
    return TableView(
        "Coefficients, in the columns' own units",
        heads,
        [[line.get(head.text, Cell("")) for head in heads] for line in lines],
        note=" ".join(filter(None, notes)),
        name="coefficients",
    )


def _heads(form: Form, names: Sequence[str], linear: Sequence[Linear], errors: bool) -> list[Head]:
    numeric = [f"Per unit: {name}" for name in names]
    if errors:
        numeric += [_ERROR, _LOWER, _UPPER, _P]
    if len(names) == 1:
        numeric += ["exp(coefficient)"] if factors(form) else []
        numeric += [] if errors else ["Low", "High", "Low to high"]
    numeric.append("Counted from")
    if any(term.missing.any() for term in linear):
        numeric += [f"If missing: {name}" for name in names]
    return [Head("Term"), Head("Unit"), *(Head(text, numeric=True) for text in numeric)]


def _outputs(start: str, names: Sequence[str], values: Any) -> dict[str, Cell]:
    return {f"{start}: {name}": Cell(number(float(v)), float(v)) for name, v in zip(names, values, strict=True)}


def _line(term: Linear, form: Form, names: Sequence[str], known: Known, found: Found) -> dict[str, Cell]:
    column = known.get(term.column)
    low, high = (column.low, column.high) if column else (None, None)
    one = float(term.coef[0])
    move = one * reach(column)
    return {
        "Term": Cell(shown(column.title if column else term.column, 40)),
        "Unit": Cell(shown(column.unit, 16) if column and column.unit else ""),
        **_outputs("Per unit", names, term.coef),
        **_uncertain(f"Per unit: {names[0]}", one, found.get(term.column)),
        "exp(coefficient)": _factor(one),
        "Low": Cell(short(low, 4), low),
        "High": Cell(short(high, 4), high),
        "Low to high": Cell(number(move), move),
        "Counted from": Cell(short(term.center, 4), term.center),
        **_outputs("If missing", names, term.missing),
    }


def _factor(coefficient: float) -> Cell:
    factor = math.exp(min(coefficient, 700.0))
    return Cell(number(factor), factor)


def _uncertain(head: str, coefficient: float, row: Mapping[str, float | None] | None) -> dict[str, Cell]:
    """Write a coefficient with its errors: two digits of the standard error say how many decimals the others have."""
    if row is None or row.get(_ERROR) is None:
        return {name: Cell(MISSING) for name in (_ERROR, _LOWER, _UPPER, _P)}
    error, lower, upper = row[_ERROR], row.get(_LOWER), row.get(_UPPER)
    places = decimals([], widths=[error])
    tiny = not error or error < 1e-5

    def cell(value: float | None) -> Cell:
        return Cell(number(value) if tiny else fixed(value, places), value)

    told = {head: cell(coefficient), _ERROR: cell(error), _LOWER: cell(lower), _UPPER: cell(upper)}
    return {**told, _P: Cell(details.p_value(row.get(_P)), row.get(_P))}


def _offset(term: Offset, names: Sequence[str], known: Known) -> dict[str, Cell]:
    title = shown(known[term.column].title if term.column in known else term.column, 40)
    text = f"Log of {title} (offset)" if term.log else f"{title} (offset)"
    return {"Term": Cell(text), f"Per unit: {names[0]}": Cell("1, set", 1.0)}


def _errors(card: Card) -> Found:
    """Give what is known of each coefficient besides its value, by the name of its term; empty where nothing is."""
    given = details.coefficients(card)
    if given is None or _ERROR not in given.columns or _COEFFICIENT not in given.columns:
        return {}
    found: dict[str, dict[str, Any]] = {str(row[0]): dict(zip(given.columns, row, strict=True)) for row in given.rows}
    return found if any(row[_ERROR] is not None for row in found.values()) else {}


def _others(form: Form, names: Sequence[str], known: Known, found: Found) -> list[dict[str, Cell]]:
    """Give lines for what was estimated besides lines: levels against the one that is not listed, missing values."""
    assert isinstance(form.body, Additive)  # noqa: S101 - a sum has coefficients
    lines = []
    left = {
        name: row
        for name, row in found.items()
        if name not in {t.column for t in form.body.terms if isinstance(t, Linear)}
    }
    for term in form.body.terms:
        if not isinstance(term, Levels):
            continue
        title = shown(known[term.column].title if term.column in known else term.column, 24)
        rows = {level: left.pop(f"{term.column} is {level}", None) for level in (*term.levels, "any other", "missing")}
        lines += [_other(f"{title}: {shown(n, 20)}", names, row) for n, row in rows.items() if row is not None]
    return lines + [_other(shown(name, 40), names, row) for name, row in left.items()]


def _other(text: str, names: Sequence[str], row: Mapping[str, float | None]) -> dict[str, Cell]:
    value = row.get(_COEFFICIENT)
    head = f"Per unit: {names[0]}"
    if value is None:
        return {"Term": Cell(text), head: Cell(MISSING), **_uncertain(head, 0.0, None)}
    return {
        "Term": Cell(text),
        head: Cell(number(value), value),
        **_uncertain(head, value, row),
        "exp(coefficient)": _factor(value),
    }


def _references(form: Form, known: Known, found: Found) -> str:
    """Name the level of each column that the others are read against: the one without a line."""
    assert isinstance(form.body, Additive)  # noqa: S101 - a sum has coefficients
    said = []
    for term in form.body.terms if found else ():
        if isinstance(term, Levels):
            absent = [level for level in term.levels if f"{term.column} is {level}" not in found]
            title = shown(known[term.column].title if term.column in known else term.column, 24)
            said += [f"{title} {shown(absent[0], 20)}"] if len(absent) == 1 else []
    return f"Not listed: {', '.join(said)}." if said else ""
