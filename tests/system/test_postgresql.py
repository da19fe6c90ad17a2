"""A query of a real PostgreSQL, started for the purpose: what is read, what is refused, and what is never told."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import traceback
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import psycopg
import pytest

import workbench as wb
from workbench.catalog import CatalogError, load
from workbench.query import read_query

pytestmark = pytest.mark.system

USER, PASSWORD = "reader-2b", "s3cr&t/:@ 1"


def _programs() -> Path:
    """Give the folder of PostgreSQL's programs; Debian keeps them out of the path."""
    found = [*Path("/usr/lib/postgresql").glob("*/bin"), *(Path(p) for p in os.environ["PATH"].split(os.pathsep))]
    return next(folder for folder in found if (folder / "initdb").exists())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a server that asks for passwords, and give a URL with the quoted password."""
    # its folder must be its user's own; no server runs as root
    folder = Path(subprocess.check_output(["mktemp", "-d", "/tmp/workbench-pg-XXXXXX"], text=True).strip())  # noqa: S108
    as_user = {}
    if os.getuid() == 0:
        other = next(u for u in ("postgres", "nobody") if u in {p.pw_name for p in pwd.getpwall()})
        shutil.chown(folder, other)
        as_user = {"user": other}
    (folder / "password").write_text(PASSWORD)
    (folder / "password").chmod(0o644)
    programs, data = _programs(), folder / "data"
    how = ["--auth=scram-sha-256", f"--pwfile={folder / 'password'}", "-U", "owner", "-E", "UTF8", "--no-sync"]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    quiet = {"check": True, "stdout": subprocess.DEVNULL, "cwd": folder, **as_user}
    subprocess.run([programs / "initdb", "-D", data, *how], **quiet)
    subprocess.run([programs / "pg_ctl", "-D", data, "-o", options, "-l", folder / "log", "-w", "start"], **quiet)
    try:
        with psycopg.connect(host="127.0.0.1", port=port, user="owner", password=PASSWORD, dbname="postgres") as owner:
            owner.autocommit = True
            quoted = psycopg.sql.quote(PASSWORD)
            owner.execute(f'create user "{USER}" password {quoted} superuser')
            owner.execute("create database sales")
        yield f"postgresql://{USER}:s3cr%26t%2F%3A%40%201@127.0.0.1:{port}/sales"
    finally:
        subprocess.run([programs / "pg_ctl", "-D", data, "-m", "immediate", "stop"], **quiet)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def sales(server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("SALES_DB", server)
    with psycopg.connect(server) as owner:
        owner.execute("drop table if exists t")
        owner.execute("create sequence if not exists numbers")
        owner.execute(
            "create table t (id bigint, n int, price numeric(8, 2), whole numeric, yes boolean, day date, "
            "moment timestamptz, plain timestamp, key uuid, name text, y double precision)"
        )
        owner.execute(
            "insert into t select 9007199254740992 + i, case when i % 7 <> 0 then i end, i / 4.0, i, i % 3 = 0, "
            "date '2020-02-28' + i, timestamptz '2020-03-29 00:30+02' + i * interval '1 hour', "
            "timestamp '2020-03-29 00:30' + i * interval '1 hour', gen_random_uuid(), "
            "case when i % 2 = 0 then 'even%' else 'odd' end, i * 0.5 from generate_series(1, 45000) i"
        )
    return "env:SALES_DB"


def test_types_become_kinds_of_columns(sales: str) -> None:
    query = "select id, n, price, whole, yes, day, moment, plain, name, key, y from t where name like 'even%' or true"
    frame = read_query(sales, query)
    first = frame.sort_values("id").iloc[0]
    assert len(frame) == 45_000
    assert first["id"] == 2**53 + 1
    assert first["moment"] == pd.Timestamp("2020-03-28 23:30")
    assert first["plain"] == pd.Timestamp("2020-03-29 01:30")
    assert first["price"] == 0.25
    assert int(frame["n"].isna().sum()) == 45_000 // 7
    table = load({"connection": sales, "query": query}, target="y", columns={"key": {"role": "id"}})
    kinds = "number number number number boolean datetime datetime datetime category category number"
    assert [c.kind for c in table.schema] == kinds.split()
    assert frame.attrs["query"]["dialect"] == "postgresql"
    assert frame.attrs["query"]["database"] == "sales"


def test_the_order_of_rows_does_not_count(sales: str) -> None:
    asked = "select n, price, name, y from t order by "
    found = {load({"connection": sales, "query": asked + by}, target="y").hash for by in ("random()", "y", "y desc")}
    assert len(found) == 1


def test_nothing_can_be_written(sales: str) -> None:
    for query in (
        "with gone as (delete from t returning 1) select * from gone",
        "select nextval('numbers')",
        "select 1) to stdout; drop table t; --",
    ):
        with pytest.raises(CatalogError, match=r"PostgreSQL refuses it|must be one statement"):
            read_query(sales, query)
    assert len(read_query(sales, "select y from t")) == 45_000


def test_no_secret_is_told(sales: str, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    base = server.replace("s3cr%26t", "wr0ng%26x")
    for url, message in (
        (base, "it refuses the user or the password"),
        (server.replace("/sales", "/nowhere"), "it has no such user or database"),
        (server.replace("127.0.0.1", "nowhere.invalid"), "the host is not known|can't be reached"),
    ):
        monkeypatch.setenv("SALES_DB", url)
        with pytest.raises(CatalogError, match=message) as caught:
            read_query(sales, "select 1")
        told = "".join(traceback.format_exception(caught.value))
        assert not any(secret in told for secret in ("s3cr", "wr0ng", USER))
    monkeypatch.setenv("SALES_DB", server)
    with pytest.raises(CatalogError, match=r"PostgreSQL refuses it: .*does not exist") as caught:
        read_query(sales, f"select * from nowhere where a = '{USER}'")  # noqa: S608
    assert USER not in str(caught.value)


def test_a_study_leaves_no_secret_behind(
    sales: str, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    study = {
        "data": {
            "source": {"connection": sales, "query": "select n, yes, name, y from t where id % 50 = 0"},
            "target": "y",
        },
        "split": {"folds": 2, "repeats": 1},
        "models": ["linear"],
        "explain": [],
        "compare": {"refits": False, "noise": False, "diagnose": False},
    }
    result = wb.run(study, out=tmp_path / "run")
    assert not result.failed
    assert result.results["data"]["query"]["database"] == "sales"
    secrets = [text.encode() for text in (USER, PASSWORD, "s3cr", server)]
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 10
    for path in files:
        assert not any(secret in path.read_bytes() for secret in secrets), path
