"""Rows of databases: what may be asked, what comes back, and that no secret is told."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import traceback
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from pydantic import BaseModel

from workbench.catalog import CatalogError, load
from workbench.database import check_connection, find_database, public_connection
from workbench.query import check_query, in_order_of_values, read_query
from workbench.sql_values import from_rows
from workbench.study import Study, StudyError
from workbench.table import TableError
from workbench.verify import verify

SECRET = "s3cr&t"  # noqa: S105 nobody's


class _Family:
    tasks = ()

    class Parameters(BaseModel):
        """None."""


@pytest.fixture
def ducks(tmp_path: Path) -> Path:
    file = tmp_path / "ducks.db"
    with duckdb.connect(str(file)) as made:
        made.execute("create type colour as enum ('white', 'red')")
        made.execute(
            "create table t (whole bigint, gaps integer, price decimal(10, 2), big hugeint, yes boolean, day date, "
            "moment timestamptz, colour colour, key uuid, name varchar)"
        )
        made.execute(
            "insert into t values"
            "(9007199254740993, null, 1.25, 170141183460469231731687303715884105727, true, '2020-02-29',"
            " '2020-03-29 02:30:00+02', 'red', '6f9619ff-8b86-d011-b42d-00cf4fc964ff', 'b%'), "
            "(1, 3, null, 5, null, null, null, null, null, null)"
        )
    return file


@pytest.fixture
def lite(tmp_path: Path) -> Path:
    file = tmp_path / "lite.duckdb"  # the content counts, not the suffix
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 2)).round(3)
    with closing(sqlite3.connect(file)) as made, made:
        made.execute("create table rows (a real, b real, colour text, y real)")
        rows = [(*pair, "red" if pair[0] > 0 else "white", float(pair.sum())) for pair in x]
        made.executemany("insert into rows values (?, ?, ?, ?)", rows)
    return file


# --- what is read


def test_types_of_duckdb_become_kinds_of_columns(ducks: Path) -> None:
    frame = read_query(str(ducks), "select * from t where name is null or name like '%b%'")
    known = frame["name"].notna()
    assert frame[~known].iloc[0].dropna().to_dict() == {"whole": 1, "gaps": 3, "big": 5}
    last = frame[known].iloc[0]
    assert last["whole"] == 9007199254740993  # float64 would make it even
    assert str(frame["gaps"].dtype) == "Int64"
    assert frame["price"].dtype == float
    assert last["big"] == 2**127 - 1
    assert last["moment"] == pd.Timestamp("2020-03-29 00:30")
    assert last["day"] == pd.Timestamp("2020-02-29")
    assert last["key"] == "6f9619ff-8b86-d011-b42d-00cf4fc964ff"
    assert last["yes"] is np.True_
    assert str(frame["yes"].dtype) == "boolean"
    assert last["colour"] == "red"
    query = "select whole, yes, day, colour, key, price, big, 1 + coalesce(gaps, 0) as y from t"
    columns = {"key": {"role": "id"}, "big": {"kind": "category"}}
    table = load({"connection": str(ducks), "query": query}, target="y", columns=columns)
    kinds = ["number", "boolean", "datetime", "category", "category", "number", "category", "number"]
    assert [c.kind for c in table.schema] == kinds
    assert sorted(table.column("big").levels) == ["170141183460469231731687303715884105727", "5"]


def test_values_of_python_become_columns_whatever_block_they_come_in() -> None:
    rows = [(None, 1, True, "a"), (None, 2, None, None), (2**70, 0.5, False, "b"), (1, None, None, None)]
    whole = from_rows("abcd", [rows])
    for parts in ([rows[:2], rows[2:]], [rows[:1], rows[1:3], rows[3:]]):
        apart = from_rows("abcd", parts)
        pd.testing.assert_frame_equal(apart, whole)
    assert whole["a"].tolist() == [None, None, 2**70, 1]
    assert str(whole["c"].dtype) == "boolean"
    assert from_rows(["a"], []).empty


def test_the_order_of_rows_does_not_count(lite: Path) -> None:
    ask = "select a, b, colour, y from rows order by "
    tables = [load({"connection": str(lite), "query": ask + by}, target="y") for by in ("a", "b desc", "random()")]
    assert len({t.hash for t in tables}) == 1
    plain = pd.DataFrame({"b": [1.0, np.nan, 1.0, 0.0], "a": ["x", "x", None, "w"]})
    for order in ([0, 1, 2, 3], [3, 1, 0, 2], [2, 0, 3, 1]):
        found = in_order_of_values(plain.iloc[order])
        assert found.astype(object).fillna("gap").to_numpy().tolist() == [
            [1.0, "gap"],
            [0.0, "w"],
            ["gap", "x"],
            [1.0, "x"],
        ]


# --- what may be asked


@pytest.mark.parametrize(
    "query",
    [
        "select 1", "SELECT 1;", "  -- why\n/* ; */ with a as (select ';' as x) select * from a ; ",
        "(select 1)", """select "a;b" from t""", "select $$;$$, $a$ ; $a$", "select 'it''s; '",
    ],
)  # fmt: skip
def test_one_statement_that_reads_may_be_asked(query: str) -> None:
    assert check_query(query) == query


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("delete from t", "must be one SELECT, or WITH ... SELECT; got DELETE"),
        ("/* select */ drop table t", "got DROP"),
        ("", "got no word of SQL"),
        ("-- select 1", "got no word of SQL"),
        ("select 1; drop table t", "must be one statement; got several"),
        ("select 1;; select 2", "must be one statement"),
        ("copy t to 'x.csv'", "got COPY"),
    ],
)
def test_anything_else_is_refused(query: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_query(query)


def test_a_query_can_not_write_even_where_it_looks_like_reading(ducks: Path, lite: Path, tmp_path: Path) -> None:
    before = ducks.read_bytes(), lite.read_bytes()
    with pytest.raises(CatalogError, match="SQLite refuses it: attempt to write a readonly database"):
        read_query(str(lite), "with a as (select 1) delete from rows")
    with pytest.raises(CatalogError, match=r"must be one SELECT|DuckDB refuses it"):
        read_query(str(ducks), "with a as (select 1) insert into t (whole) select 1")
    other = tmp_path / "other.csv"
    other.write_text("a\n1\n")
    with pytest.raises(CatalogError, match="DuckDB refuses it"):
        read_query(str(ducks), f"select * from read_csv('{other}')")  # noqa: S608
    assert (ducks.read_bytes(), lite.read_bytes()) == before


def test_what_a_database_refuses_is_told(lite: Path, ducks: Path) -> None:
    with pytest.raises(CatalogError, match=r"data\.source\.query: SQLite refuses it: no such table: nowhere"):
        read_query(str(lite), "select * from nowhere")
    with pytest.raises(CatalogError, match=r"DuckDB refuses it: Catalog Error: Table with name nowhere"):
        read_query(str(ducks), "select * from nowhere")
    with pytest.raises(TableError, match="no rows"):
        load({"connection": str(lite), "query": "select a, y from rows where a > 99"}, target="y")
    with pytest.raises(CatalogError, match="is a file, but no database"):
        read_query(__file__, "select 1")


# --- what is never told


@pytest.mark.parametrize(
    "connection",
    [
        f"postgresql://ann:{SECRET}@db.example.org/sales",
        f"postgres://ann:{SECRET}/x@db/sales",
        f"postgresql://db/sales?password={SECRET}",
        f"postgresql://db/sales#{SECRET}",
        f"host=db.example.org password={SECRET} dbname=x.y",
        f"mysql://ann:{SECRET}@db/sales",
        f"mysql://{SECRET}/sales",
        f"sqlite:///{SECRET}",
        f"env:{SECRET}",
        SECRET,
    ],
)
def test_a_password_in_a_study_is_refused_and_not_printed(connection: str) -> None:
    query = {"connection": connection, "query": "select 1"}
    _refused_in_silence(lambda: check_connection(connection))
    _refused_in_silence(lambda: find_database(connection))
    _refused_in_silence(lambda: load(query, target="y"))
    for source in (query, {"connections": connection}, {**query, "password": SECRET}, {"connection": [connection]}):
        study = {"data": {"source": source, "target": "y"}, "models": ["m"]}
        _refused_in_silence(lambda: Study.from_dict(study, families={"m": _Family}, explainers={}))  # noqa: B023
    if "://" in connection:  # whoever takes it for the URL of a file
        study = {"data": {"source": connection, "target": "y"}, "models": ["m"]}
        _refused_in_silence(lambda: Study.from_dict(study, families={"m": _Family}, explainers={}))


def _refused_in_silence(ask: Callable[[], object]) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 the messages differ
        ask()
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_the_environment_holds_what_a_study_must_not(monkeypatch: pytest.MonkeyPatch, lite: Path) -> None:
    with pytest.raises(CatalogError, match="the environment has no variable SALES_DB: set it"):
        find_database("env:SALES_DB")
    monkeypatch.setenv("SALES_DB", f"postgresql://ann:{SECRET}@127.0.0.1:1/sales")
    found = find_database("env:SALES_DB")
    assert (found.dialect, found.name) == ("postgresql", "sales")
    assert SECRET not in repr(found)
    with pytest.raises(CatalogError, match="can't be reached: no server answers there") as caught:
        read_query("env:SALES_DB", "select 1")
    told = "".join(traceback.format_exception(caught.value))
    assert SECRET not in told
    assert "ann" not in told.replace("cannot", "").replace("annotations", "").partition("CatalogError: ")[2]
    for given, message in (
        (f"mysql://ann:{SECRET}@db/sales", "must hold a URL of postgresql, sqlite, duckdb"),
        (SECRET, "env:SALES_DB leads to no file"),
        (f"postgresql://ann:{SECRET}@[db/sales", "can't be reached"),
    ):
        monkeypatch.setenv("SALES_DB", given)
        with pytest.raises(CatalogError, match=message) as caught:
            read_query("env:SALES_DB", "select 1")
        assert SECRET not in "".join(traceback.format_exception(caught.value))
    monkeypatch.setenv("SALES_DB", f"sqlite:///{lite}")
    assert len(read_query("env:SALES_DB", "select * from rows")) == 200


def test_names_alone_are_public() -> None:
    assert public_connection("postgresql://ann@db/sales") == "postgresql://db/sales"
    assert public_connection("../x/y.duckdb") == "y.duckdb"


# --- a study of a database


def test_a_study_of_a_query_says_whom_it_asked_and_is_verified(
    lite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import workbench as wb

    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("ROWS_DB", str(lite))
    study = {
        "data": {"source": {"connection": "env:ROWS_DB", "query": "select a, b, colour, y\n from rows"}, "target": "y"},
        "split": {"folds": 2, "repeats": 1},
        "models": ["dummy", "linear"],
        "explain": [],
        "compare": {"refits": False, "noise": False, "diagnose": False},
    }
    result = wb.run(study, out=tmp_path / "run")
    assert not result.failed
    data = result.results["data"]
    assert data["query"] == {
        "dialect": "sqlite",
        "database": "lite.duckdb",
        "text": "select a, b, colour, y\n from rows",
        "sha256": hashlib.sha256(b"select a, b, colour, y\n from rows").hexdigest(),
    }
    assert result.results["study"]["study"] == "ROWS_DB"
    assert result.results["study"]["data"]["source"]["connection"] == "env:ROWS_DB"
    card = json.loads((tmp_path / "run" / "cards" / "linear.json").read_text())["data"]
    assert card["source"] == "sqlite database lite.duckdb"
    assert card["description"].startswith("Query (SHA-256 ")
    assert card["description"].endswith("): select a, b, colour, y from rows")
    for file in (tmp_path / "run").rglob("*"):
        assert str(tmp_path).encode() not in (file.read_bytes() if file.is_file() else b""), file
    states = {(check.about, check.what): check.status for check in verify(tmp_path / "run")}
    assert states[("run", "data")] == states[("run", "splits")] == "ok"
    monkeypatch.delenv("ROWS_DB")  # the file is at hand, the variable is not
    (tmp_path / "elsewhere").mkdir()
    moved = lite.rename(tmp_path / "elsewhere" / lite.name)
    states = {(check.about, check.what): check.status for check in verify(tmp_path / "run", data=moved)}
    assert states[("run", "data")] == states[("run", "splits")] == "ok"


def test_a_study_names_its_source() -> None:
    def of(connection: str) -> Study:
        asked = {"data": {"source": {"connection": connection, "query": "select 1"}, "target": "y"}, "models": ["m"]}
        return Study.from_dict(asked, families={"m": _Family}, explainers={})

    assert of("env:SALES").name == "SALES"
    assert of("postgresql://db/wines").name == "wines"
    here = of("data/wines.duckdb")
    assert here.name == "wines"
    assert here.to_dict()["data"]["source"]["connection"] == "wines.duckdb"
    assert Path(here.table_arguments()["source"]["connection"]).is_absolute()
    with pytest.raises(StudyError, match="a database needs the keys connection and query"):
        Study.from_dict(
            {"data": {"source": "postgresql://db/x", "target": "y"}, "models": ["m"]},
            families={"m": _Family},
            explainers={},
        )
