import itertools
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.folds import SplitError
from workbench.splits import careless_folds, folds_for, make_splits, other_folds
from workbench.table import Table

ROLES = {"group": {"role": "group"}, "when": {"role": "time"}}


def table_of(frame, target="y", **options):
    columns = {name: role for name, role in ROLES.items() if name in frame}
    return Table.from_frame(frame, target=target, columns=columns, **options)


def numbers(n, seed=0, **more):
    rng = np.random.default_rng(seed)
    return pd.DataFrame({"a": rng.normal(size=n), "b": rng.normal(size=n), "y": rng.normal(size=n), **more})


def with_copies(n_distinct, n_copies, seed=0, **more):
    """Every copied row repeats another one's features, under a target of its own."""
    frame = numbers(n_distinct, seed)
    copies = frame.sample(n_copies, random_state=seed, replace=True)
    frame = pd.concat([frame, copies], ignore_index=True)
    frame["y"] = np.arange(len(frame), dtype=float)
    return frame.assign(**more)


def assert_whole(splits, rows):
    """Development and holdout part the rows; the tests of each repeat part the development rows."""
    assert np.array_equal(np.sort(np.concatenate([splits.development, splits.holdout])), np.sort(rows))
    for repeat in {fold.repeat for fold in splits.folds}:
        folds = [fold for fold in splits.folds if fold.repeat == repeat]
        assert [fold.number for fold in folds] == list(range(len(folds)))
        assert np.array_equal(np.sort(np.concatenate([fold.test for fold in folds])), splits.development)
        for fold in folds:
            assert np.array_equal(np.sort(np.concatenate([fold.train, fold.test])), splits.development)
            assert np.array_equal(fold.train, np.sort(fold.train))
            assert np.array_equal(fold.test, np.sort(fold.test))


def parts_of(splits):
    return [(splits.development, splits.holdout), *((fold.train, fold.test) for fold in splits.folds)]


def assert_never_parted(splits, labels):
    for one, other in parts_of(splits):
        assert not set(labels[one]) & set(labels[other])


def test_rows_are_parted_once_per_repeat_and_repeats_differ():
    splits = make_splits(table_of(numbers(103)), folds=4, repeats=3, holdout=0.2)
    assert_whole(splits, np.arange(103))
    assert len(splits.holdout) == 21  # 20.6 rows, rounded
    assert {len(fold.test) for fold in splits.folds} == {20, 21}
    assert len(splits.folds) == 12
    assert len({fold.test.tobytes() for fold in splits.folds}) == 12
    assert splits.scheme == "4-fold, 3 repeats"
    assert splits.duplicates.choice == "none"
    assert other_folds(table_of(numbers(103)), splits) == ()


def test_no_holdout_puts_all_rows_into_the_folds():
    splits = make_splits(table_of(numbers(20)), holdout=0, repeats=1)
    assert_whole(splits, np.arange(20))
    assert splits.holdout.size == 0
    assert splits.scheme == "5-fold, 1 repeat"


def test_classes_keep_their_shares_in_holdout_and_folds():
    y = np.repeat(["a", "b", "c"], [200, 80, 40])
    table = table_of(numbers(320).assign(y=y))
    splits = make_splits(table)
    assert_whole(splits, np.arange(320))
    assert pd.Series(y[splits.holdout]).value_counts().to_dict() == {"a": 50, "b": 20, "c": 10}
    for fold in splits.folds:
        assert pd.Series(y[fold.test]).value_counts().to_dict() == {"a": 30, "b": 12, "c": 6}
    assert splits.scheme == "5-fold, 2 repeats, stratified"


def test_more_repeats_keep_the_holdout_and_the_earlier_folds():
    table = table_of(numbers(60))
    few, many = make_splits(table, repeats=1), make_splits(table, repeats=3)
    assert np.array_equal(few.holdout, many.holdout)
    assert all(np.array_equal(a.test, b.test) for a, b in zip(few.folds, many.folds[:5], strict=True))


def test_the_seed_alone_decides():
    table = table_of(with_copies(80, 20, group=np.arange(100) // 2))
    first, again, other = (make_splits(table, seed=seed) for seed in (0, 0, 1))
    assert first.hash == again.hash
    assert first.hash != other.hash
    assert not np.array_equal(first.holdout, other.holdout)


def test_another_process_with_another_hash_seed_splits_alike():
    code = """
import numpy as np, pandas as pd
from workbench.splits import make_splits
from workbench.table import Table
row = np.arange(60)
frame = pd.DataFrame({"x": row % 50, "y": np.where(row % 3, "yes", "no"), "g": row // 2}).astype(str)
table = Table.from_frame(frame, target="y", columns={"g": {"role": "group"}, "x": {"kind": "category"}})
print(make_splits(table, duplicates="together").hash)
"""
    hashes = set()
    for seed in ("1", "2"):
        env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parents[1])}
        run = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
        hashes.add(run.stdout)
    assert len(hashes) == 1


def test_groups_are_never_parted():
    group = np.random.default_rng(3).integers(0, 40, 400).astype(str)
    splits = make_splits(table_of(numbers(400, group=group)))
    assert_whole(splits, np.arange(400))
    assert_never_parted(splits, group)
    assert 90 <= len(splits.holdout) <= 110
    assert all(50 <= len(fold.test) <= 70 for fold in splits.folds)
    assert splits.scheme == "5-fold, 2 repeats, by group"


def test_groups_keep_class_shares_as_well_as_whole_groups_can():
    rng = np.random.default_rng(5)
    group = np.repeat(np.arange(120), rng.integers(1, 8, 120))
    y = rng.random(len(group)) < 0.2
    splits = make_splits(table_of(numbers(len(group), group=group).assign(y=y)))
    assert_never_parted(splits, group)
    for fold in splits.folds:
        assert y[fold.test].mean() == pytest.approx(y.mean(), abs=0.05)
    assert y[splits.holdout].mean() == pytest.approx(y.mean(), abs=0.03)


def test_one_large_group_does_not_starve_the_holdout_or_a_fold():
    group = np.repeat(np.arange(21), [200, *[10] * 20])
    splits = make_splits(table_of(numbers(400, group=group)), holdout=0.25, folds=4)
    assert_never_parted(splits, group)
    assert len(splits.holdout) == 100  # ten small groups; the large one would be twice the share
    sizes = sorted(len(fold.test) for fold in splits.folds if fold.repeat == 0)
    assert sizes == [30, 30, 40, 200]


def test_copies_stay_on_one_side_and_the_sentence_says_why():
    frame = with_copies(200, 50)
    splits = make_splits(table_of(frame))
    assert_whole(splits, np.arange(250))
    assert_never_parted(splits, frame["a"].to_numpy())
    found = splits.duplicates
    assert (found.choice, found.repeated_rows) == ("together", 50)
    assert found.most_by_chance < 5
    assert found.reason == (
        "50 of 250 rows repeat the features of another row; 20 shuffles of the columns gave "
        "fewer than 10, so chance does not explain them: they stay on one side of every split."
    )
    assert splits.scheme == "5-fold, 2 repeats, repeated rows together"


def test_copies_are_joined_with_groups_over_several_steps():
    frame = numbers(120, group=np.arange(120) // 2)
    # rows 1 and 2, 3 and 4, ... are identical, so 60 pairs hang together in chains of three groups
    for row in [*range(1, 119, 6), *range(3, 119, 6)]:
        frame.loc[row + 1, ["a", "b"]] = frame.loc[row, ["a", "b"]]
    splits = make_splits(table_of(frame))
    assert splits.duplicates.choice == "together"
    assert_never_parted(splits, np.arange(120) // 6)
    assert splits.scheme == "5-fold, 2 repeats, by group, repeated rows together"


def test_ignored_copies_are_split_like_any_rows_but_groups_still_hold():
    frame = with_copies(100, 100)
    table = table_of(frame)
    splits = make_splits(table, duplicates="ignore")
    parted = [set(frame["a"][one]) & set(frame["a"][other]) for one, other in parts_of(splits)]
    assert all(parted)
    assert splits.duplicates.choice == splits.duplicates.asked == "ignore"
    assert splits.duplicates.reason.endswith("as the study asks, they are split like any other rows.")


def test_dropping_keeps_the_first_of_each():
    frame = with_copies(100, 30)
    splits = make_splits(table_of(frame), duplicates="drop")
    assert_whole(splits, np.arange(100))
    assert splits.scheme == "5-fold, 2 repeats, repeated rows dropped"


def test_other_folds_take_the_other_choice_on_the_same_rows():
    frame = with_copies(100, 60)
    table = table_of(frame)
    label = frame["a"].to_numpy()
    together, ignore, drop = (make_splits(table, duplicates=c) for c in ("together", "ignore", "drop"))
    for splits, parts in ((together, True), (ignore, False), (drop, True)):
        folds = other_folds(table, splits)
        assert [(f.repeat, f.number) for f in folds] == [(0, i) for i in range(5)]
        tested = np.sort(np.concatenate([fold.test for fold in folds]))
        assert not set(tested) & set(splits.holdout)
        assert any(set(label[f.train]) & set(label[f.test]) for f in folds) is parts
        if splits is drop:
            assert set(splits.development) < set(tested)
            assert set(label[tested]) == set(label[splits.development])
        else:
            assert np.array_equal(tested, splits.development)


def test_other_folds_are_empty_where_they_cannot_be_filled():
    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0] * 20, "y": np.arange(60.0)})
    table = table_of(frame)
    splits = make_splits(table)
    assert splits.duplicates.choice == "ignore"
    assert "fewer than half of the rows differ, so" in splits.duplicates.reason
    assert other_folds(table, splits) == ()


def test_rows_of_weight_0_are_left_out_before_anything_else():
    def weighted(frame):
        return Table.from_frame(frame, target="y", columns={"w": {"role": "weight"}})

    frame = with_copies(60, 30)
    frame["w"] = np.r_[np.zeros(50), np.ones(10), np.repeat([0.0, 2.0], 15)]
    kept = np.flatnonzero(frame["w"] > 0)
    for choice in ("auto", "together", "drop"):
        table = weighted(frame)
        splits = make_splits(table, duplicates=choice)
        first = kept[~frame.loc[kept, ["a", "b"]].duplicated()] if choice == "drop" else kept
        assert_whole(splits, first)
        assert splits.duplicates.rows == 25
        assert splits.duplicates.repeated_rows == int(frame.loc[kept, ["a", "b"]].duplicated().sum())
        assert splits.scheme.endswith(", 65 rows of weight 0 left out")
        assert all(np.isin(fold.test, kept).all() for fold in other_folds(table, splits))
    frame["w"] = np.r_[np.zeros(4), np.ones(86)]
    assert make_splits(weighted(frame)).scheme.endswith(", fewer than 10 rows of weight 0 left out")


def timed(when, **more):
    return table_of(numbers(len(when), when=when, **more))


def test_time_trains_on_the_past_alone_and_holds_out_the_last_share():
    when = np.random.default_rng(1).permutation(np.repeat(np.arange(50.0), 4))
    splits = make_splits(timed(when), holdout=0.2, folds=4, repeats=5)
    assert when[splits.holdout].min() == 40
    assert when[splits.development].max() == 39
    assert len(splits.folds) == 4
    for fold in splits.folds:
        assert when[fold.train].max() < when[fold.test].min()
        assert np.array_equal(fold.train, np.flatnonzero(when < when[fold.test].min()))
    assert splits.folds[-1].test.size + splits.folds[-1].train.size == splits.development.size
    assert splits.scheme == "4-fold, forward in time"


def test_time_holdout_ends_at_the_nearest_change_of_time():
    when = np.repeat([1.0, 2.0, 3.0, 4.0], [10, 10, 45, 35])
    splits = make_splits(timed(when), holdout=0.4, folds=2)
    assert np.array_equal(np.unique(when[splits.holdout]), [4.0])


def test_dates_are_times():
    when = pd.date_range("2026-01-01", periods=60)[::-1]
    splits = make_splits(timed(when), holdout=0.25)
    assert np.array_equal(splits.holdout, np.arange(15))


def test_time_purges_the_past_of_what_is_tested():
    group = np.array([*range(40), *range(20)])
    splits = make_splits(timed(np.arange(60.0), group=group), holdout=1 / 3, folds=3)
    assert np.array_equal(splits.holdout, np.arange(40, 60))
    assert np.array_equal(splits.development, np.arange(20, 40))
    assert_never_parted(splits, group)
    assert splits.scheme == "3-fold, forward in time, by group, 20 earlier rows of the holdout's blocks left out"


def test_time_with_copies_purges_them_from_training():
    frame = numbers(100, when=np.arange(100.0))
    frame.loc[50:69, ["a", "b"]] = frame.loc[30:49, ["a", "b"]].to_numpy()
    table = table_of(frame)
    splits = make_splits(table, holdout=0)
    assert splits.duplicates.choice == "together"
    assert_never_parted(splits, frame["a"].to_numpy())
    assert sum(len(fold.train) for fold in other_folds(table, splits)) > sum(len(fold.train) for fold in splits.folds)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"holdout": 0.95}, r"split\.holdout must be a share of the rows from 0 \(none\) to 0\.9; got 0\.95"),
        ({"holdout": -0.1}, r"split\.holdout must be a share"),
        ({"holdout": float("nan")}, r"split\.holdout must be a share"),
        ({"folds": 1}, r"split\.folds must be a whole number of at least 2; got 1"),
        ({"folds": 2.5}, r"split\.folds must be a whole number"),
        ({"repeats": 0}, r"split\.repeats must be a whole number of at least 1; got 0"),
        ({"seed": -1}, r"split\.seed must be a whole number of at least 0; got -1"),
        ({"duplicates": "keep"}, r"split\.duplicates must be one of auto, together, ignore, drop; got 'keep'"),
        ({"folds": 20, "holdout": 0.5}, r"20 folds need as many rows; there are 15 outside the holdout"),
        ({"holdout": 0.01}, r"split\.holdout: 0\.01 of 30 rows is less than half of any row"),
    ],
)
def test_settings_that_break_a_rule_are_named(options, message):
    with pytest.raises(SplitError, match=message):
        make_splits(table_of(numbers(30)), **options)


def test_a_rare_class_is_named_with_its_rows_and_the_way_out():
    y = np.repeat(["common", "rare"], [96, 4])
    with pytest.raises(SplitError, match=r"class 'rare' has 4 rows, fewer than split\.folds: 5; set fewer folds"):
        make_splits(table_of(numbers(100).assign(y=y)))
    with pytest.raises(SplitError, match=r"class 'rare' has 3 rows outside the holdout, fewer than split\.folds: 4"):
        make_splits(table_of(numbers(100).assign(y=y)), folds=4)
    assert make_splits(table_of(numbers(100).assign(y=y)), folds=3).folds


def test_fewer_blocks_than_folds_are_named():
    with pytest.raises(SplitError, match=r"5 folds need as many blocks .* there are 4 outside the holdout"):
        make_splits(table_of(numbers(40, group=np.arange(40) % 4)), holdout=0)


def test_a_class_in_one_group_alone_can_not_be_learned():
    group = np.arange(60) // 6
    with pytest.raises(SplitError, match="can't learn class 'x': no row outside the group that it tests has it"):
        make_splits(table_of(numbers(60, group=group).assign(y=np.where(group == 3, "x", "z"))), holdout=0)


def test_a_class_that_comes_late_can_not_be_learned():
    when = np.arange(60.0)
    with pytest.raises(SplitError, match="fold 1 can't learn class 'late': no row before the time that it tests"):
        make_splits(
            timed(when).__class__.from_frame(
                numbers(60, when=when).assign(y=np.where(when > 30, "late", "early")),
                target="y",
                columns={"when": ROLES["when"]},
            ),
            holdout=0,
        )


def test_time_with_too_few_moments_is_named():
    with pytest.raises(SplitError, match="5 folds forward in time need 6 different times; there are 4"):
        make_splits(timed(np.arange(30.0) % 4), holdout=0)
    with pytest.raises(SplitError, match="all rows have the same time"):
        make_splits(timed(np.ones(30)))


def test_time_that_is_missing_is_named():
    table = replace(timed(np.arange(30.0)), time=np.array([np.nan, *range(29)]))
    with pytest.raises(SplitError, match="the time is missing in 1 rows"):
        make_splits(table)


def test_a_purge_that_leaves_nothing_to_train_on_is_named():
    with pytest.raises(SplitError, match="fold 1 has no row to train on"):
        make_splits(timed(np.arange(30.0), group=np.arange(30) % 2), holdout=0)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_table_is_split_whole_or_refused(data):
    n = data.draw(st.integers(8, 60))
    label = st.sampled_from(["no", "yes"])
    whole = st.integers(0, data.draw(st.integers(1, 30)))
    frame = pd.DataFrame(
        {
            "a": data.draw(st.lists(whole, min_size=n, max_size=n)),
            "group": data.draw(st.lists(whole, min_size=n, max_size=n)),
            "y": [*data.draw(st.lists(label, min_size=n - 2, max_size=n - 2)), "no", "yes"],
        }
    )
    table = table_of(frame)
    choice = data.draw(st.sampled_from(["together", "ignore"]))
    holdout = data.draw(st.sampled_from([0, 0.1, 0.25, 0.5]))
    try:
        splits = make_splits(table, folds=3, holdout=holdout, duplicates=choice)
    except SplitError:
        return  # the tests above say which tables may be refused
    assert_whole(splits, np.arange(n))
    assert_never_parted(splits, frame["group"].to_numpy())
    if splits.duplicates.choice == "together":
        assert_never_parted(splits, frame["a"].to_numpy())
    assert all(set(frame["y"][fold.train]) == {"no", "yes"} for fold in splits.folds)


# --- the holdout alone


def test_many_rows_are_scored_on_the_holdout_alone_unless_folds_are_asked_for():
    assert [folds_for(asked, 200_001, 0.25) for asked in ("auto", "few", 7)] == [None, None, 7]
    assert [folds_for(asked, 200_000, 0.25) for asked in ("auto", "few", 7)] == [5, 3, 7]
    assert folds_for("auto", 10**6, 0) == 5  # without a holdout nothing else is left to score


@pytest.mark.parametrize("kind", ["rows", "classes", "groups", "time"])
def test_the_parts_of_a_holdout_scored_alone(kind):
    rng, n = np.random.default_rng(0), 1_000
    frame = pd.DataFrame({"x": rng.normal(size=n), "y": rng.normal(size=n), "by": rng.integers(0, 60, n)})
    roles = {"groups": {"role": "group"}, "time": {"role": "time"}}.get(kind, {"role": "ignore"})
    if kind == "classes":
        frame["y"] = np.where(rng.random(n) < 0.1, "rare", "common")
    table = Table.from_frame(frame, target="y", columns={"by": roles})
    splits = make_splits(table, folds=None, repeats=3)
    assert splits.alone
    assert splits.scheme.startswith("holdout alone, in 5 parts")
    assert other_folds(table, splits) == careless_folds(table, splits) == ()
    whole = make_splits(table, folds=5)
    assert np.array_equal(splits.holdout, whole.holdout)  # the same rows are held out as with folds
    assert splits.hash == make_splits(table, folds=None).hash != whole.hash
    parts = [fold.test for fold in splits.folds]
    assert [(f.repeat, f.number) for f in splits.folds] == [(0, i) for i in range(5)]
    assert all(np.array_equal(fold.train, splits.development) for fold in splits.folds)
    assert np.array_equal(np.sort(np.concatenate(parts)), splits.holdout)
    assert all(np.array_equal(part, np.sort(part)) for part in parts)
    assert max(map(len, parts)) - min(map(len, parts)) <= {"groups": 15}.get(kind, 2)
    by = frame["by"].to_numpy()
    if kind == "classes":
        rare = [(frame["y"].to_numpy()[part] == "rare").sum() for part in parts]
        assert max(rare) - min(rare) <= 1
    if kind == "groups":
        assert sum(len(set(by[part])) for part in parts) == len(set(by[splits.holdout]))
    if kind == "time":
        assert all(by[a].max() <= by[b].min() for a, b in itertools.pairwise(parts))


def test_a_holdout_scored_alone_must_be_there():
    with pytest.raises(SplitError, match=r"split.folds must be a number where split.holdout is 0"):
        make_splits(table_of(numbers(100)), folds=None, holdout=0)
