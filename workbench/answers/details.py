"""What a family knows of its fit besides the form: coefficients with standard errors, degrees of freedom, equations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from workbench.answers.answer import Answer


@dataclass(frozen=True, kw_only=True)
class Details(Answer):
    """A table: each row holds a text, a number, a truth value or None for each of the columns.

    ``title`` says what the table is, ``note`` how to read it; ``columns`` names the columns, the first of which names
    the row.
    """

    kind: ClassVar[str] = "details"

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | float | bool | None, ...], ...]
    note: str = ""
