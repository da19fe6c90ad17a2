import numpy as np
import pandas as pd
import pytest

from workbench.duplicates import identical_rows, judge_duplicates
from workbench.table import Table


def table_of(**columns):
    n = len(next(iter(columns.values())))
    return Table.from_frame(pd.DataFrame({**columns, "y": np.arange(float(n))}), target="y")


def judged(table, asked="auto"):
    return judge_duplicates(table, identical_rows(table), asked, seed=0)


def test_rows_are_numbered_as_pandas_groups_them():
    rng = np.random.default_rng(0)
    number = rng.choice([0.5, 1.5, np.nan], 200)
    text = rng.choice(np.array(["a", "ä", "", None], dtype=object), 200)
    flag = rng.choice([True, False], 200)
    table = table_of(**{"a b": number, "<script>": text, '"q"': flag})
    expected = table.X.groupby(list(table.X.columns), dropna=False, sort=False).ngroup()
    assert np.array_equal(identical_rows(table), expected)


def test_missing_equals_missing_and_zero_equals_minus_zero():
    table = table_of(
        a=[np.nan, np.nan, 0.0, -0.0, 1.0, np.nan],
        b=pd.to_datetime(["2026-01-01", "2026-01-01", None, None, None, None]),
        c=["x", "x", None, None, "x", "x"],
    )
    assert identical_rows(table).tolist() == [0, 0, 1, 1, 2, 3]


def test_only_features_count():
    frame = pd.DataFrame({"a": [1.0, 1.0, 2.0], "w": [1.0, 2.0, 3.0], "id": ["p", "q", "r"], "y": [1.0, 2.0, 3.0]})
    table = Table.from_frame(frame, target="y", columns={"w": {"role": "weight"}, "id": {"role": "id"}})
    assert identical_rows(table).tolist() == [0, 0, 1]


def test_near_equal_numbers_are_not_identical():
    assert identical_rows(table_of(a=[0.1 + 0.2, 0.3, 0.3])).tolist() == [0, 1, 1]


def test_no_repeats():
    found = judged(table_of(a=[1.0, 2.0, 3.0]))
    assert (found.choice, found.repeated_rows, found.rows, found.most_by_chance) == ("none", 0, 3, None)
    assert found.reason == "No row repeats the features of another row."


def test_repeats_that_chance_explains_are_ignored():
    rng = np.random.default_rng(0)
    table = table_of(a=rng.integers(0, 30, 200), b=rng.integers(0, 30, 200))
    found = judged(table)
    assert found.choice == "ignore"
    assert found.repeated_rows <= found.most_by_chance
    assert "so chance explains them" in found.reason
    # brute force: birthday pairs among 900 cells
    expected = 200 - 900 * (1 - (1 - 1 / 900) ** 200)
    assert expected * 0.7 < found.most_by_chance < expected * 2


@pytest.mark.parametrize("levels", [3, 60])
def test_chance_is_counted_as_by_brute_force(levels):
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({name: rng.integers(0, levels, 400).astype(float) for name in "abc"})
    copied = pd.concat([frame, frame[:190]], ignore_index=True) if levels == 60 else frame
    table = table_of(**{str(c): copied[c].to_numpy() for c in copied})
    counts = [int(pd.DataFrame({c: rng.permutation(copied[c]) for c in copied}).duplicated().sum()) for _ in range(200)]
    if levels == 3:  # 27 cells for 400 rows: fewer than half are distinct, so no shuffle is needed
        assert judged(table).most_by_chance is None
        assert judged(table).choice == "ignore"
    else:
        assert min(counts) <= judged(table).most_by_chance <= max(counts) + 1
        assert judged(table).choice == "together"


def test_a_single_feature_is_never_more_than_chance():
    found = judged(table_of(a=[1.0, 1.0, 2.0, 3.0]))
    assert (found.choice, found.most_by_chance) == ("ignore", 1)
    assert found.reason.startswith("Fewer than 10 of fewer than 10 rows repeat the features of another row; ")
    assert "gave fewer than 10, so chance explains them" in found.reason


def test_what_the_study_asks_is_done_without_counting_chance():
    table = table_of(a=[1.0, 1.0, 2.0, 3.0])
    for asked in ("together", "ignore", "drop"):
        found = judged(table, asked)
        assert (found.asked, found.choice, found.most_by_chance) == (asked, asked, None)
        assert "as the study asks" in found.reason
