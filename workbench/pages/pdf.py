"""From a card to one PDF/UA document, set by typst; texts travel as data and never become markup."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from workbench.pages import sections
from workbench.pages.card import Card
from workbench.pages.views import Block, CardView, Cell, PictureView, TableView
from workbench.plots.numbers import count
from workbench.plots.style import LIGHT
from workbench.plots.svg import for_print

_MOST_ROWS = 80
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


class PdfError(RuntimeError):
    """A card could not be set as PDF."""


def card_pdf(data: Mapping[str, Any]) -> bytes:
    """Set the page of one model from its card JSON: A4, PDF/UA-1, equal bytes from equal cards.

    Raises
    ------
    pydantic.ValidationError
        If `data` is no card of this version.
    PdfError
        If typst refuses the document; names the card.
    """
    return view_pdf(sections.card_view(Card.model_validate(data)))


def view_pdf(card: CardView) -> bytes:
    """Set the view of a card."""
    import typst

    date = _DATE.match(card.date)
    moment = None if date is None else datetime.fromisoformat(date.group()).replace(tzinfo=UTC)
    plain = {**_plain(card), "date": None if moment is None else [moment.year, moment.month, moment.day]}
    try:
        made: bytes = typst.compile(
            (files("workbench.pages") / "templates" / "card.typ").read_bytes(),
            sys_inputs={"card": json.dumps(plain)},
            font_paths=_fonts(),
            ignore_system_fonts=True,
            pdf_standards=["ua-1"],
            timestamp=moment or datetime(1980, 1, 1, tzinfo=UTC),
        )
    except typst.TypstError as error:
        raise PdfError(f"card {card.name!r}: typst could not make its PDF: {error.message}") from error
    return made


@cache
def _fonts() -> Any:
    """The faces that come with matplotlib and typst: the same on every machine."""
    import matplotlib
    import typst

    return typst.Fonts(include_system_fonts=False, font_paths=[Path(matplotlib.get_data_path()) / "fonts" / "ttf"])


def _plain(value: Any) -> Any:
    """Give what JSON holds of a view; pictures in print colours, tables as long as a reader follows."""
    if isinstance(value, PictureView):
        told = {"finding": value.finding, "told": value.told, "note": value.note, "wide": value.wide}
        return {**told, "svg": for_print(value.svg, LIGHT), "width": value.width}
    if isinstance(value, TableView):
        return _table(value)
    if dataclasses.is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)} | _extra(value)
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value.model_dump(mode="json") if hasattr(value, "model_dump") else value


def _extra(value: Any) -> dict[str, Any]:
    if isinstance(value, Block):
        return {"large": value.large, "id": value.id}
    return {"kind": value.kind} if isinstance(value, CardView) else {}


def _table(table: TableView) -> dict[str, Any]:
    rows = [[_cell(cell) for cell in row] for row in table.rows[:_MOST_ROWS]]
    cut = len(table.rows) > _MOST_ROWS
    more = (
        f" The first {count(_MOST_ROWS)} of {count(len(table.rows))} rows; all are in the card's JSON." if cut else ""
    )
    return {
        "caption": table.caption,
        "heads": [dataclasses.asdict(head) for head in table.heads],
        "places": [table.places(column) for column in range(len(table.heads))],
        "rows": rows,
        "strong": table.strong,
        "note": (table.note + more).strip(),
        "sign": None if table.sign is None else dataclasses.asdict(table.sign),
    }


def _cell(cell: Cell) -> dict[str, Any]:
    return {"whole": cell.parts[0], "fraction": cell.parts[1], "mark": cell.mark, "bar": cell.bar}
