from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.plots.numbers import MISSING, decimals, fixed, interval, number, rows, seconds, short, signed


def read(text: str) -> float:
    mantissa, _, power = text.replace("−", "-").replace(",", "").partition(" × 10")
    power = power.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
    return float(mantissa) * 10.0 ** int(power or 0)


@given(st.floats(-1e20, 1e20).filter(lambda v: v == 0 or abs(v) > 1e-20), st.integers(1, 9))
def test_a_number_is_right_to_its_digits(value: float, digits: int) -> None:
    assert read(number(value, digits)) == pytest.approx(value, rel=0.5000001 * 10 ** (1 - digits))


@given(st.floats(-1e12, 1e12))
def test_short_drops_zeros_only(value: float) -> None:
    assert read(short(value, 6)) == pytest.approx(read(number(value, 6)), rel=1e-12)


@given(st.floats(-1e6, 1e6), st.integers(0, 6))
def test_fixed_never_shows_a_number_as_nothing(value: float, places: int) -> None:
    text = fixed(value, places)
    assert "-" not in text
    if text[0] in "<>":
        assert abs(value) <= 0.5 * 10.0**-places
        assert value != 0
    else:
        assert abs(read(text) - value) <= 0.5000001 * 10.0**-places
        assert read(text) != 0 or value == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (number(999.6), "1,000"), (number(9.996), "10.0"), (number(-0.0), "0"), (number(math.inf), "∞"),
        (number(1e15), "1.00 × 10¹⁵"),
        (fixed(None, 2), MISSING), (fixed(math.nan, 2), MISSING), (fixed(1234.5, 1), "1,234.5"), (fixed(0.4, 0), "< 1"),
        (signed(-0.0001, 2), "> −0.01"), (signed(1200.0, 0), "+1,200"), (interval(None, 1.0, 1), "[–, 1.0]"),
        (rows(9), "< 10"), (rows(10), "10"), (seconds(0.999), "1.00"), (seconds(None), MISSING), (seconds(0), "0.00"),
    ],
)  # fmt: skip
def test_edges(text: str, expected: str) -> None:
    assert text == expected


def test_decimals_of_a_column() -> None:
    assert decimals([None, math.nan]) == 0
    assert decimals([0.0]) == 0
    assert decimals([1e-9]) == 6  # no more than six
    assert decimals([0.372, -0.002], widths=[0.031, 0.002, None]) == 3
