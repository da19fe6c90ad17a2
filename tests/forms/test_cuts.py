"""Cut points: the boundary against brute force over neighbouring floats, the shown decimal against its definition."""

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from workbench.forms.cuts import float32_boundary, shortest_between, shown_cuts

FINITE = st.floats(-1e30, 1e30, allow_nan=False)


@given(FINITE)
@example(0.0)
@example(1.0)
@example(10.45)
@example(-1e-45)
@example(1 + 2**-24)
def test_float32_boundary_is_the_last_float64_that_goes_left(threshold):
    boundary = float(float32_boundary(np.array([threshold]))[0])
    beyond = math.nextafter(boundary, math.inf)
    assert np.float64(np.float32(boundary)) <= threshold
    assert not np.float64(np.float32(beyond)) <= threshold


def test_infinite_thresholds_stay():
    np.testing.assert_array_equal(float32_boundary(np.array([np.inf, -np.inf])), [np.inf, -np.inf])


@given(FINITE, FINITE)
def test_shortest_decimal_separates_the_same_values(a, b):
    low, high = min(a, b), max(a, b)
    shown = shortest_between(low, high)
    if low < high:
        assert low <= shown < high
    else:
        assert shown == low


@pytest.mark.parametrize(
    ("low", "high", "shown"), [(11.3, 11.5, 11.4), (0.0, 1.0, 0.0), (-2.0, -1.0, -2.0), (999.5, 1000.5, 1000.0)]
)
def test_shortest_decimal(low, high, shown):
    assert shortest_between(low, high) == shown


def test_shown_cuts_split_the_training_column_alike():
    rng = np.random.default_rng(0)
    values = np.append(np.round(rng.normal(size=200), 3), np.nan)
    cuts = rng.normal(size=50)
    shown = shown_cuts(cuts, values)
    np.testing.assert_array_equal(values[:, None] <= cuts, values[:, None] <= shown)
    assert np.array_equal(shown_cuts(np.array([99.0, np.inf]), values), [99.0, np.inf])
