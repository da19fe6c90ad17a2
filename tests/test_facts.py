"""What results say of the data: true, and nothing that can be traced to fewer than 10 rows."""

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
    assert withheld([5, 7, 300]) == [None, None, 300]


def test_columns_that_no_model_sees_are_named(facts):
    assert facts["left_out"] == [
        {"name": "who", "title": "who", "role": "id", "unit": "", "description": "Who it was."}
    ]
    assert facts["n_features"] == 5
