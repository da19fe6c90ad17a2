from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from tests.pages.results import HOSTILE
from workbench.plots.style import LIGHT, PAGE, VARIABLES, shown, spread, text_width, wrap


@given(st.lists(st.floats(-100, 100), max_size=12), st.floats(0.1, 20))
def test_spread_keeps_gap_and_order(wanted: list[float], gap: float) -> None:
    out = spread(wanted, gap)
    order = sorted(range(len(wanted)), key=lambda i: (wanted[i], i))
    assert all(out[b] - out[a] >= gap - 1e-9 for a, b in pairwise(order))


def test_spread_moves_as_little_as_possible() -> None:
    wanted = np.array([0.0, 1.0, 1.5, 9.0, 9.5])
    best = minimize(
        lambda x: ((x - wanted) ** 2).sum(), np.arange(5) * 3.0,
        constraints=[{"type": "ineq", "fun": lambda x: np.diff(x) - 2.0}], options={"ftol": 1e-12},
    )  # fmt: skip
    assert spread(wanted.tolist(), 2.0) == pytest.approx(best.x, abs=1e-4)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_shown_name_is_one_short_visible_line(name: str) -> None:
    text = shown(name, 30)
    assert 0 < len(text) <= 30
    assert text == " ".join(text.split())
    assert "\u202e" not in text


def test_shown_drops_what_xml_refuses() -> None:
    assert shown("a\x00b\ud800c\uffff\ue000d") == "abcd"
    assert shown("a\nb\tc") == "a b c"
    assert shown("値" * 20, limit=10) == "値" * 4 + "…"


def test_wrapped_lines_fit() -> None:
    lines = wrap("the quick brown fox jumps over the lazy dog " * 3, 120, 12)
    assert len(lines) > 3
    assert all(text_width(line, 12) <= 120 for line in lines)


def test_page_colours_are_apart_and_named_for_the_style_sheet() -> None:
    assert len(VARIABLES) == len(LIGHT.__dataclass_fields__)
    assert VARIABLES[PAGE.ink] == "var(--ink)"
