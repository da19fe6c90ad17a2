"""What results say of the data: true, and nothing that can be traced to fewer than 10 rows."""

import itertools

import numpy as np
import pandas as pd
import pytest

from workbench.disclosure import withheld
from workbench.facts import describe_data
from workbench.table import Table

N = 200


@pytest.fixture
def facts():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "x": rng.permutation(N).astype(float),
            "few": [1.0] * 15 + [np.nan] * (N - 15),
            "level": ["a"] * 120 + ["b"] * 60 + ["c"] * 14 + ["rare"] * 6,
            "gap": ["a"] * 120 + ["b"] * 76 + [None] * 4,
            "whole": ["a"] * 100 + ["b"] * 100,
            "who": [f"person {i}" for i in range(N)],
            "y": ["yes"] * 120 + ["no"] * 75 + ["odd"] * 5,
        }
    )
    table = Table.from_frame(frame, target="y", columns={"who": {"role": "id", "description": "Who it was."}})
    return describe_data(table, {})


def column(facts, name):
    return next(c for c in facts["columns"] if c["name"] == name)


def test_ranges_are_the_tenth_values(facts):
    assert {k: column(facts, "x")[k] for k in ("low", "median", "high", "missing")} == {
        "low": 9.0,
        "median": 99.5,
        "high": 190.0,
        "missing": 0,
    }
    assert column(facts, "few")["low"] is None  # of 15 values the 10th lowest lies above the 10th highest


def test_no_count_below_ten_can_be_worked_out(facts):
    assert [(v["level"], v["count"]) for v in column(facts, "level")["levels"]] == [("a", 120), ("b", 60), ("c", None)]
    assert column(facts, "level")["rare"] is None
    gap = column(facts, "gap")
    assert gap["missing"] is None
    assert [v["count"] for v in gap["levels"]] == [120, None]
    assert [v["count"] for v in facts["target"]["levels"]] == [None, None, 120]
    assert [v["count"] for v in column(facts, "whole")["levels"]] == [100, 100]


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ([5, 7, 300], [None, None, 300]),
        ([120, 4, 3], [None, None, None]),  # 7 would be known of the two
        ([120, 60, 4, 3], [120, None, None, None]),
        ([9, 9, 50, 300], [None, None, None, 300]),  # 18 in two parts below 10 is 9 and 9
        ([1] * 10 + [50, 300], [None] * 11 + [300]),
        ([120, 0, 30], [120, 0, 30]),
        ([6, 0], [None, 0]),
    ],
)
def test_counts_are_withheld_until_their_sum_tells_nothing(counts, told):
    assert withheld(counts) == told


def test_what_is_withheld_cannot_be_worked_out():
    """By brute force: each small count could be another one, given all that is told and the total."""
    rng = np.random.default_rng(0)
    for _ in range(300):
        counts = [int(c) for c in rng.choice([0, 1, 2, 5, 9, 10, 12, 40], rng.integers(2, 5))]
        told = withheld(counts)
        assert all(n is None or n == 0 or n >= 10 for n in told)
        hidden = [c for c, n in zip(counts, told, strict=True) if n is None]
        if sum(counts) >= 10 and any(n is None for n in told) and set(told) - {None, 0}:
            assert sum(hidden) >= 10
            small = [c for c in hidden if c < 10]
            ways = {c for c in itertools.product(range(1, 10), repeat=len(small)) if sum(c) == sum(small)}
            assert len(hidden) > len(small) or len(ways) > 1


def test_a_mean_beyond_all_floats_is_undefined():
    frame = pd.DataFrame({"x": np.arange(20.0), "y": 1.5e308 * np.linspace(0.9, 1, 20)})
    assert describe_data(Table.from_frame(frame, target="y"), {})["target"]["mean"] is None


def test_columns_that_no_model_sees_are_named(facts):
    assert facts["left_out"] == [
        {"name": "who", "title": "who", "role": "id", "unit": "", "description": "Who it was."}
    ]
    assert facts["n_features"] == 5
