"""Tables: kinds found, roles obeyed, wrong input refused by column, rule and way out."""

import datetime
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from workbench.columns import convert, infer_kind, level_texts
from workbench.folds import SplitError
from workbench.splits import make_splits
from workbench.table import Table, TableError

N = 30


def frame(**columns) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame({"x": rng.normal(size=N), "y": rng.normal(size=N), **columns})


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, 2, 3], "number"),
        ([1.5, None, 3], "number"),
        (pd.array([1, None, 3], dtype="Int64"), "number"),
        ([True, False, True], "boolean"),
        (pd.Series([True, None, False], dtype=object), "boolean"),
        (["a", "b", None], "category"),
        (pd.Categorical(["a", "b", "a"]), "category"),
        (pd.Categorical(["a", "b", "a"], ordered=True), "ordered"),
        (["2024-01-31", "2024-02-01", None], "datetime"),
        (["2024-01-31 10:00", "2024-02-01T11:30:15", "2024-02-01"], "datetime"),
        (["2024-01-31", "yesterday", "x"], "category"),
        (pd.to_datetime(["2024-01-31", "2024-02-01", None]), "datetime"),
        ([datetime.date(2024, 1, 31), None, datetime.date(2024, 2, 1)], "datetime"),
    ],
)
def test_kind_is_found(values, kind):
    column = pd.Series(values, name="c")
    assert infer_kind(column) == kind
    assert len(convert(column, kind)) == 3


def test_task_is_found():
    assert Table.from_frame(frame(), target="y").task == "regression"
    assert Table.from_frame(frame(k=[0, 1] * 15), target="k").classes == (0, 1)
    assert Table.from_frame(frame(k=["b", "a", "c"] * 10), target="k").classes == ("a", "b", "c")
    assert Table.from_frame(frame(k=[1, 2, 3] * 10), target="k").task == "regression"
    assert Table.from_frame(frame(k=[1, 2, 3] * 10), target="k", task="multiclass").classes == (1, 2, 3)


def test_at_least_makes_a_yes_no_target():
    table = Table.from_frame(frame(), target={"column": "y", "at_least": 0.0})
    assert table.task == "binary"
    assert table.classes == (False, True)
    np.testing.assert_array_equal(table.y, frame()["y"] >= 0)


def test_positive_class_comes_last():
    table = Table.from_frame(frame(k=["no", "yes"] * 15), target="k", positive="no")
    assert table.classes == ("yes", "no")


def test_roles_stand_apart():
    columns = {
        "w": {"role": "weight"},
        "g": {"role": "group"},
        "t": {"role": "time"},
        "s": {"role": "sensitive"},
        "u": {"role": "sensitive", "feature": True},
        "o": {"role": "offset"},
        "i": {"role": "id"},
        "n": {"role": "ignore"},
    }
    data = frame(
        w=np.arange(N) + 1,
        g=["a", "b", "c"] * 10,
        t=pd.date_range("2024-01-01", periods=N),
        s=["m", "f"] * 15,
        u=["m", "f"] * 15,
        o=1.0,
        i=[f"row {i}" for i in range(N)],
        n=[object()] * N,
    )
    table = Table.from_frame(data, target="y", columns=columns)
    assert table.features == ("x", "u")
    assert list(table.X) == ["x", "u", "o"]
    assert list(table.sensitive) == ["s", "u"]
    np.testing.assert_array_equal(table.sample_weight, np.arange(N) + 1)
    np.testing.assert_array_equal(table.groups, [0, 1, 2] * 10)
    assert table.time.dtype.kind == "M"
    part = table.take(np.array([4, 2]))
    assert part.n_rows == 2
    np.testing.assert_array_equal(part.sample_weight, [5, 3])
    assert part.X["x"].tolist() == data["x"].iloc[[4, 2]].tolist()


@pytest.mark.parametrize(
    ("columns", "arguments", "said"),
    [
        ({}, {"target": "z"}, "column 'z' is not in the data"),
        ({"k": ["a"] * N}, {"target": "k"}, "one value 'a' in all rows"),
        ({"k": [None] + [1.0] * (N - 1)}, {"target": "k"}, r"missing in 1 of 30 rows \(row 0\)"),
        ({"k": [None] * 5 + [1.0, 2.0, 3.0, 4.0, 5.0] * 5}, {"target": "k"}, r"row 0, 1, 2 and 2 more\): .*dropna"),
        ({"k": ["a", "b"] * 15}, {"target": "k", "task": "regression"}, "no number"),
        ({"k": ["a", "b", "c"] * 10}, {"target": "k", "task": "binary"}, "has 3 classes"),
        ({"k": ["a", "b"] * 15}, {"target": "k", "positive": "c"}, "positive must be one of"),
        ({}, {"target": "y", "task": "ranking"}, "task must be one of"),
        ({}, {"target": {"column": "y"}}, "column and at_least"),
        ({"c": [None] * N}, {}, "empty in all rows"),
        ({"c": [1, "a"] * 15}, {}, "mixes values of several types"),
        ({"c": [f"text {i}" for i in range(N)]}, {}, "free text or an identifier"),
        ({"c": [np.inf] + [0.0] * (N - 1)}, {}, "infinite in row 0"),
        ({"c": [1j] * N}, {}, "complex"),
        ({" ": [1.0] * N}, {}, "blank name"),
        ({7: [1.0] * N}, {}, "no text"),
        ({}, {"columns": {"x": {"kind": "text"}}}, "columns.x.kind must be one of"),
        ({}, {"columns": {"x": {"role": "input"}}}, "columns.x.role must be one of"),
        ({}, {"columns": {"x": {"role": "target"}}}, "there is one target"),
        ({}, {"columns": {"x": {"colour": 1}}}, "unknown key"),
        ({}, {"columns": {"q": {}}}, "column 'q' is not in the data"),
        ({}, {"columns": {"x": {"role": "ignore"}}}, "no feature is left"),
        ({"c": ["a", "b"] * 15}, {"columns": {"c": {"kind": "number"}}}, "can't be read as kind number"),
        ({"c": ["a", "b"] * 15}, {"columns": {"c": {"kind": "ordered"}}}, "declare columns.c.levels"),
        ({"c": ["a", "b"] * 15}, {"columns": {"c": {"levels": ["a"]}}}, "does not list"),
        ({"w": [-1.0] + [1.0] * (N - 1)}, {"columns": {"w": {"role": "weight"}}}, "at least 0"),
        ({"g": [None] + ["a"] * (N - 1)}, {"columns": {"g": {"role": "group"}}}, "give each row a group"),
        ({"w": ["a", "b"] * 15}, {"columns": {"w": {"role": "weight"}}}, "no column of numbers"),
        ({"o": [None] + [1.0] * (N - 1)}, {"columns": {"o": {"role": "offset"}}}, "missing in 1 rows"),
        ({"e": [0.0] + [1.0] * (N - 1)}, {"columns": {"e": {"role": "exposure"}}}, "above 0 in every row"),
        (
            {"t": ["3.4.2024", "x"] * 15},
            {"columns": {"t": {"role": "time"}}},
            r"text such as '3.4.2024': write dates as YYYY-MM-DD.*pandas.to_datetime\(frame\['t'\], format",
        ),
        ({"d": ["9999-12-31"] * N}, {}, "9999-12-31T00:00:00 in row 0; dates must lie between 1678 and 2261"),
        ({"d": ["a"] * N}, {"columns": {"d": {"kind": "datetime"}}}, "write dates as YYYY-MM-DD"),
        ({"d": [f"{i + 1}.1.2024" for i in range(N)]}, {}, "dates must be written as YYYY-MM-DD"),
        ({"c": [f"{i}.5" for i in range(N)]}, {}, "numbers written as text: set columns.c.kind to number"),
        (
            {"c": ["1", "2"] * 13 + ["-", "-", "unknown", "1,234"]},
            {},
            "text, yet 86.7% of its values are numbers; the others are '-', 'unknown', '1,234'",
        ),
        ({"c": ["1", "2"] * 14 + ["?", "x"]}, {"target": "c"}, "column 'c' is text, yet"),
        (
            {"c": ["1", "2", "a", "b", "d" * 50, "e"] * 5},
            {"columns": {"c": {"kind": "number"}}},
            "kind number: it has 'a', 'b', 'd{39}…' and 1 more",
        ),
        ({"c": ["yes", "maybe"] * 15}, {"columns": {"c": {"kind": "boolean"}}}, "it has 'maybe', which is none of"),
        ({"c": [0, 2] * 15}, {"columns": {"c": {"kind": "boolean"}}}, "it has '2'"),
        ({"c": ["a", "b"] * 15}, {"columns": {"c": {"levels": ["a", "b", "a"]}}}, "names 'a' twice"),
        ({"c": [1, 2] * 15}, {"columns": {"c": {"kind": "number", "levels": [1, 2]}}}, "kind number has no levels"),
        (
            {"w": [1.0] * N, "v": [1.0] * N},
            {"columns": {"w": {"role": "weight"}, "v": {"role": "weight"}}},
            "at most one column",
        ),
    ],
)
def test_bad_input_is_refused_by_name(columns, arguments, said):
    data = pd.concat([frame(), pd.DataFrame(columns)], axis=1)
    with pytest.raises(TableError, match=said):
        Table.from_frame(data, **{"target": "y", **arguments})


def test_repeated_names_and_no_rows_are_refused():
    with pytest.raises(TableError, match="more than once"):
        Table.from_frame(pd.DataFrame([[1, 2, 3]], columns=["a", "a", "y"]), target="y")
    with pytest.raises(TableError, match="no rows"):
        Table.from_frame(frame().iloc[:0], target="y")


def test_free_text_can_be_declared_a_category():
    data = frame(c=[f"text {i}" for i in range(N)])
    assert len(Table.from_frame(data, target="y", columns={"c": {"kind": "category"}}).column("c").levels) == N


@pytest.mark.parametrize(
    "values",
    [
        ["yes", "No", None] * 10,
        ["T", " f", None] * 10,
        [1, 0, None] * 10,
        [1.0, 0.0, np.nan] * 10,
        pd.Series([True, False, None] * 10, dtype=object),
        pd.array([1, 0, None] * 10, dtype="Int64"),
        pd.Categorical(["true", "false", None] * 10),
    ],
)
def test_booleans_are_read_in_every_spelling(values):
    column = pd.Series(values, name="b")
    read = convert(column, "boolean")
    assert str(read.dtype) == "boolean"
    assert read.tolist()[:2] == [True, False]
    assert read.isna().sum() == 10
    assert convert(column.dropna().reset_index(drop=True), "boolean").dtype == bool


def test_levels_that_are_numbers_come_in_their_order():
    grade = np.array([10, 9, 2, 1, 11] * 6)
    columns = {
        "g": {"kind": "ordered"},
        "t": {"kind": "ordered"},
        "c": {"kind": "category"},
        "u": {"levels": ["b", "a"]},
    }
    data = frame(g=grade, t=grade.astype(str), c=grade, u=["a", "b"] * 15)
    table = Table.from_frame(data, target="y", columns=columns)
    for name in "gtc":
        assert table.column(name).levels == ("1", "2", "9", "10", "11")
    assert table.X["g"].cat.ordered
    np.testing.assert_array_equal(table.X["t"].cat.codes, table.X["g"].cat.codes)
    assert table.column("u").levels == ("b", "a")


def test_numbers_as_text_are_read_where_declared():
    table = Table.from_frame(frame(c=["1", "2.5", None] * 10), target="y", columns={"c": {"kind": "number"}})
    np.testing.assert_array_equal(table.X["c"][:3], [1, 2.5, np.nan])


def test_stray_texts_can_be_declared_levels():
    data = frame(c=["1", "2"] * 14 + ["-", "3+"])
    assert Table.from_frame(data, target="y", columns={"c": {"kind": "category"}}).column("c").levels == (
        "-",
        "1",
        "2",
        "3+",
    )
    for role in ("group", "id", "ignore", "sensitive"):  # no model sees these
        assert Table.from_frame(data, target="y", columns={"c": {"role": role}}).features == ("x",)


def test_fewer_rows_in_a_class_than_folds_are_refused():
    table = Table.from_frame(frame(k=["a"] * 4 + ["b"] * 26), target="k")
    with pytest.raises(SplitError, match=r"class 'a' has 4 rows, fewer than split\.folds: 5; set fewer folds"):
        make_splits(table)


def test_odd_names_are_kept():
    names = ['<script>alert("1")</script>', "é ü 漢字", "x" * 300, "a,b;c\n", "=cmd()", "مرحبا", "🍷"]
    data = pd.concat([frame(), pd.DataFrame(dict.fromkeys(names, 1.0), index=range(N))], axis=1)
    assert set(names) <= set(Table.from_frame(data, target="y").features)


def test_levels_are_texts():
    assert level_texts(pd.Series([3, 3.0, "3", True, None, np.nan, pd.NA, 2.5], dtype=object)) == [
        "3",
        "3",
        "3",
        "true",
        None,
        None,
        None,
        "2.5",
    ]


def test_hash_is_of_content():
    base = Table.from_frame(frame(c=["a", "b"] * 15), target="y")
    assert base.hash == Table.from_frame(frame(c=["a", "b"] * 15), target="y", title="other").hash
    assert base.hash != Table.from_frame(frame(c=["b", "a"] * 15), target="y").hash
    assert base.hash != Table.from_frame(frame(c=["a", "b"] * 15), target="x").hash
    assert base.hash != base.take(np.arange(N - 1)).hash
    low, high = (
        Table.from_frame(frame(c=["a", "b"] * 15), target="y", columns={"c": {"levels": levels}})
        for levels in (["a", "b"], ["b", "a"])
    )
    assert low.hash != high.hash


def test_hash_stays():
    days = pd.to_datetime(["2024-01-31", None, "2024-02-01"])
    data = pd.DataFrame(
        {"a": [1.5, None, -0.0], "b": ["é", None, "x"], "c": [True, False, True], "d": days, "y": [1, 2, 3]}
    )
    assert Table.from_frame(data, target="y").hash == "f21fc292f2c609e44e7e83925ac5e98e36835dca872a8317e0224d303bd49d13"


def test_hash_is_the_same_in_another_process():
    code = "from workbench import load; t = load('penguins'); print(t.hash)"  # categories and gaps
    runs = [
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": s, "PATH": ""},
        )
        for s in ("1", "2")
    ]
    assert runs[0].stdout == runs[1].stdout
    assert len(runs[0].stdout.strip()) == 64


def test_the_source_frame_is_not_changed():
    data = frame(c=["a", "b"] * 15)
    before = data.copy(deep=True)
    Table.from_frame(data, target="y")
    pd.testing.assert_frame_equal(data, before)


def test_classes_of_an_ordered_target_keep_their_order():
    levels = ["low", "mid", "high"]
    data = frame(k=pd.Categorical(levels * 10, levels, ordered=True))
    assert Table.from_frame(data, target="k").classes == ("low", "mid", "high")
    nine = frame(k=[9, 10, 11] * 10)
    assert Table.from_frame(nine, target="k", columns={"k": {"kind": "ordered"}}).classes == ("9", "10", "11")
    flags = Table.from_frame(frame(k=[True, False] * 15), target="k", positive=1)
    assert flags.classes == (False, True)
    assert flags.classes[1] is True


def test_large_whole_numbers_are_groups_of_their_own():
    data = frame(g=2**60 + np.arange(N) % 10)
    assert len(set(Table.from_frame(data, target="y", columns={"g": {"role": "group"}}).groups)) == 10
