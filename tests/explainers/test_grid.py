import numpy as np
import pandas as pd
import pytest

from workbench.explainers.grid import MOST_LEVELS, Grid, density


def grid(values, resolution=40, min_rows=10):
    return Grid.of(pd.Series(values), resolution=resolution, min_rows=min_rows)


@pytest.mark.parametrize("seed", range(60))
def test_no_extreme_and_no_bin_stands_for_fewer_than_ten_rows(seed):
    rng = np.random.default_rng(seed)
    n = rng.integers(1, 200)
    values = rng.choice(
        [rng.normal(size=n), rng.integers(0, 30, n), np.full(n, np.nan), np.exp(3 * rng.normal(size=n))], 2
    )
    values = np.where(rng.random(n) < 0.8, *values)
    found = grid(values)
    numbers = values
    known = np.sort(numbers[~np.isnan(numbers)])
    for position, value in zip(found.positions, found.values, strict=True):
        assert numbers[position] == value  # a value that a row holds
    assert list(found.values) == sorted(set(found.values))
    if len(found):
        assert (found.bin_counts >= 10).all()
        assert (known <= found.values[0]).sum() >= 10
        assert (known >= found.values[-1]).sum() >= 10
    if found.bin_edges is not None:
        assert found.bin_counts.sum() == len(known)
        assert found.bin_edges[0] == found.values[0]
        assert found.bin_edges[-1] == found.values[-1]


def test_ranks_are_even_between_the_tenth_lowest_and_tenth_highest():
    values = np.random.default_rng(0).permutation(np.arange(1000.0))
    found = grid(values, resolution=5)
    assert found.values == (9.0, 254.0, 500.0, 745.0, 990.0)
    assert grid(np.arange(1000)).positions.dtype == int


def test_small_columns():
    assert grid(np.arange(18.0)).values == ()
    assert grid(np.arange(19.0)).values == (9.0,)
    assert grid(np.arange(20.0)).values == (9.0, 10.0)
    assert grid([5.0], min_rows=1).values == (5.0,)
    assert grid([np.nan] * 30).values == ()


def test_few_values_are_those_that_ten_rows_hold():
    found = grid([1] * 30 + [2] * 9 + [4] * 11)
    assert found.values == (1.0, 4.0)
    assert found.bin_edges is None
    assert found.bin_counts.tolist() == [30, 11]


def test_kinds_by_dtype():
    assert grid(pd.array([True, None] * 15, dtype="boolean")).values == ("true", "(missing)")
    assert grid(pd.array([1, None] * 15, dtype="Int64")).kind == "number"
    assert grid(np.array([True, "a"] * 15, dtype=object)).values == ("a", "true")
    assert grid(["2024-01-01"] * 15).kind == "category"  # text is not a date to the model
    aware = pd.date_range("1970-01-01", periods=40, freq="12h", tz="Europe/Kyiv")
    assert grid(aware, resolution=2).values == (pytest.approx(9 / 2 - 3 / 24), pytest.approx(30 / 2 - 3 / 24))
    shirts = pd.Categorical(["S", "L"] * 10, categories=["S", "M", "L"], ordered=True)
    assert grid(shirts).values == ("S", "L")


def test_density_merges_neighbours_and_counts_the_tails():
    numbers = np.r_[np.zeros(12), np.full(3, 5.5), np.full(8, 6.5), np.full(11, 10.0), -99, 99]
    edges, counts = density(numbers, 0.0, 10.0, 10)
    assert counts.tolist() == [13, 11, 12]
    np.testing.assert_allclose(edges, [0, 0.5, 7.0, 10.0])


def test_of_very_many_levels_the_commonest_are_shown():
    sizes = np.r_[np.full(MOST_LEVELS, 12), np.full(30, 11), np.full(50, 9)]
    names = [f"level {i:03}" for i in range(len(sizes))]
    found = grid(np.random.default_rng(0).permutation(np.repeat(names, sizes)))
    assert found.values == tuple(names[:MOST_LEVELS])
    assert (found.bin_counts == 12).all()
    assert found.n_hidden == 30
    assert found.hidden(sizes.sum()) == "of 130 levels the 100 commonest are shown: 61% of the rows"
    assert grid(["a", "b"] * 10).n_hidden == 0


def test_infinite_numbers_have_no_place_on_a_grid():
    column = pd.Series([1.0, np.inf] * 10, name="ratio")
    with pytest.raises(ValueError, match=r"ale: column 'ratio' must be finite; got inf; replace it by a number"):
        Grid.of(column, resolution=5, min_rows=1, place="ale")
