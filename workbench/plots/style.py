"""The look of all pictures, held once: colours, sizes, and how names and labels are set."""

from __future__ import annotations

import unicodedata
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

FONT = "DejaVu Sans"  # measured in this bundled face, the widest of the common sans faces; a page shows its own
SIZE = 12.0
SMALL = 10.5
_LAST_RESORT = 1.15  # ems that every sign of a line takes in the face that stands in for all others


@dataclass(frozen=True)
class Palette:
    """Colours by what they mean; any notation that matplotlib reads.

    ``series`` are the Okabe-Ito colours (Okabe and Ito 2008) for categories; text is always ``ink`` or ``muted``.
    """

    paper: str = "#ffffff"
    ink: str = "#1b1f23"
    muted: str = "#57606a"
    hair: str = "#d0d7de"
    accent: str = "#0072b2"
    rival: str = "#1b1f23"
    plus: str = "#d55e00"
    minus: str = "#0072b2"
    series1: str = "#0072b2"
    series2: str = "#d55e00"
    series3: str = "#009e73"
    series4: str = "#cc79a7"
    series5: str = "#e69f00"
    series6: str = "#56b4e9"

    @property
    def series(self) -> tuple[str, ...]:
        """The colours of categories, in order."""
        return (self.series1, self.series2, self.series3, self.series4, self.series5, self.series6)


LIGHT = Palette()

# Colours that stand for CSS variables: `svg` writes var(--ink) where it meets PAGE.ink, so that one drawing serves
# the light page, the dark one and print.
PAGE = Palette(**{f.name: f"#fe{i:02x}fd" for i, f in enumerate(fields(Palette))})
VARIABLES = {getattr(PAGE, f.name): f"var(--{f.name})" for f in fields(Palette)}


def wrap(text: str, width: float, size: float) -> list[str]:
    """Break a text into lines that fit a width in points."""
    lines: list[str] = []
    for word in text.split():
        if lines and text_width(f"{lines[-1]} {word}", size) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def shown(name: object, limit: int = 30) -> str:
    """Make a name fit to be shown: one line, no invisible characters, a sensible length, never empty.

    Examples
    --------
    >>> shown("volatile acidity"), shown("  "), shown("a" * 300, limit=8)
    ('volatile acidity', '(blank)', 'aaaaaaa…')
    """
    kept = (" " if ch.isspace() else ch for ch in str(name) if ch.isspace() or not _invisible(ch))
    text = " ".join("".join(kept).split())
    if not text:
        return "(blank)"
    room = limit
    for position, ch in enumerate(text):
        room -= 2 if unicodedata.east_asian_width(ch) in "WF" else 1
        if room < 0:
            return text[: position - 1].rstrip() + "…"
    return text


def _invisible(ch: str) -> bool:
    # controls and lone surrogates break XML; marks of direction could turn round the text that follows
    return (
        unicodedata.category(ch) in ("Cc", "Cs", "Co", "Cn")
        or ch in "\u200e\u200f\u202a\u202b\u202c\u202d\u202e"
        or ("\u2066" <= ch <= "\u2069")
    )


def escape(text: str) -> str:
    """Keep matplotlib from reading a dollar sign as the start of mathematics."""
    return text.replace("$", r"\$")


def text_width(text: str, size: float = SIZE) -> float:
    """Measure one line in points; with a sign that the face lacks as print sets it, in a face of last resort."""
    from matplotlib.font_manager import FontProperties

    with quiet_glyphs():
        found = _ruler().get_text_width_height_descent(text, FontProperties(family=FONT, size=size), False)[0]
    return float(found) if _signs().issuperset(text) else max(float(found), _LAST_RESORT * size * len(text))


@cache
def _signs() -> frozenset[str]:
    """The signs that the measuring face has."""
    from matplotlib.font_manager import findfont, get_font

    return frozenset(map(chr, get_font(findfont(FONT)).get_charmap()))


@cache
def _ruler() -> Any:
    from matplotlib.backends.backend_agg import RendererAgg

    return RendererAgg(8, 8, 72)


@contextmanager
def quiet_glyphs() -> Iterator[None]:
    """Silence the one warning that the measuring face lacks a glyph: the reader's face draws the text."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph \d+ .*missing from", category=UserWarning)
        yield


def spread(wanted: Sequence[float], gap: float) -> list[float]:
    """Move labels along a line as little as possible until neighbours stand a gap apart.

    Minimizes ``sum((out - wanted)**2)`` subject to ``out[i+1] - out[i] >= gap`` in the order of `wanted`, by pooling
    adjacent violators.

    Examples
    --------
    >>> spread([0.0, 0.0, 10.0], gap=2.0)
    [-1.0, 1.0, 10.0]
    """
    order = sorted(range(len(wanted)), key=lambda i: (wanted[i], i))
    blocks: list[list[float]] = []  # each block: mean of (wanted - rank * gap), number of labels
    for rank, i in enumerate(order):
        blocks.append([wanted[i] - rank * gap, 1])
        while len(blocks) > 1 and blocks[-2][0] >= blocks[-1][0]:
            mean, n = blocks.pop()
            blocks[-1] = [(blocks[-1][0] * blocks[-1][1] + mean * n) / (blocks[-1][1] + n), blocks[-1][1] + n]
    flat = [mean for mean, n in blocks for _ in range(int(n))]
    out = [0.0] * len(wanted)
    for rank, i in enumerate(order):
        out[i] = flat[rank] + rank * gap
    return out
