"""Rows that a database gives: one query that only reads, its values in columns, its rows in an order of their own."""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import numpy as np
import pandas as pd

from workbench.database import Database, find_database
from workbench.delimited import CatalogError
from workbench.sql_values import from_arrow, from_rows

_ROWS_AT_A_TIME = 20_000
_CONNECT_SECONDS = 10
_EXTRA = {"duckdb": "duckdb", "postgresql": "sql", "sqlite": "sql"}
_TITLES = {"duckdb": "DuckDB", "postgresql": "PostgreSQL", "sqlite": "SQLite"}
# texts in quotes, names in quotes, dollar quotes, comments: what stands in them is no SQL
_QUOTED = re.compile(
    r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | (\$(?:[A-Za-z_]\w*)?\$).*?\1 | --[^\n]* | /\*.*?\*/""", re.VERBOSE | re.DOTALL
)


def read_query(connection: str, query: str) -> pd.DataFrame:
    """Read what a query gives.

    A database gives rows in whatever order suits it, and no ORDER BY settles ties. So rows are put in the order of
    their values, by the columns in the order of their names: the same content gives the same table, the same splits and
    the same results, whatever ORDER BY says. What depends on time has a column with the role time.

    Parameters
    ----------
    connection : str
        ``env:NAME``, where the environment variable holds the URL; the path of a DuckDB or SQLite file; or a URL of
        PostgreSQL without a password.
    query : str
        One SELECT, or WITH ... SELECT. The connection can't write, and DuckDB can't read other files by it.

    Returns
    -------
    DataFrame
        Its ``attrs["query"]`` says of which dialect and database, and by which query, with the query's SHA-256.

    Raises
    ------
    CatalogError
        If the query may do more than read, the library of the database is absent, or the database can't be reached or
        refuses the query. No message holds user, password or URL.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     wines = sqlite3.connect(f"{folder}/wines.sqlite")
    ...     _ = wines.executescript("create table wine (price, name); insert into wine values (9.5, 'A'), (4, 'B')")
    ...     wines.close()
    ...     read_query(f"{folder}/wines.sqlite", "select * from wine").to_dict("list")
    {'price': [9.5, 4.0], 'name': ['A', 'B']}
    """
    try:
        check_query(query)
    except ValueError as error:
        raise CatalogError(f"data.source.query {error}") from None
    database = find_database(connection)
    read: Callable[[Database, str], pd.DataFrame] = _by_duckdb if database.dialect == "duckdb" else _by_sqlalchemy
    try:
        frame = read(database, query)
    except ImportError as error:
        extra = _EXTRA[database.dialect]
        raise CatalogError(
            f"data.source: {_TITLES[database.dialect]} is read by the library {error.name}, which is not installed: "
            f"pip install 'glassbox-workbench[{extra}]'"
        ) from None
    frame = in_order_of_values(frame)
    frame.attrs["query"] = {
        "dialect": database.dialect,
        "database": database.name,
        "text": query,
        "sha256": hashlib.sha256(query.encode()).hexdigest(),
    }
    return frame


def check_query(query: str) -> str:
    """Check that a query is one statement that reads, and give it back; the database is held to it as well.

    Raises
    ------
    ValueError
        If it is none, more than one, or begins with anything but SELECT or WITH.
    """
    bare = _bare(query)
    first = re.match(r"[\s(]*(\w*)", bare)
    word = first[1].upper() if first else ""
    if word not in ("SELECT", "WITH"):
        raise ValueError(f"must be one SELECT, or WITH ... SELECT; got {word or 'no word of SQL'}")
    if ";" in bare:
        raise ValueError("must be one statement; got several: take the ; out")
    return query


def _bare(query: str) -> str:
    """Give a query without what is quoted, comments, and the ; that may end it."""
    return _QUOTED.sub(" ", query).strip().rstrip(";").strip()


def in_order_of_values(frame: pd.DataFrame) -> pd.DataFrame:
    """Sort rows by their values, column after column in the order of their names, gaps first.

    >>> in_order_of_values(pd.DataFrame({"b": [1, 2, 0], "a": ["y", "x", "x"]}))["b"].tolist()
    [0, 2, 1]
    """
    code = np.zeros(len(frame), dtype=np.int64)
    for at in np.argsort(np.array(frame.columns, dtype=str), kind="stable"):
        rank = _ranks(frame.iloc[:, at])
        code = np.unique(code * (rank.max(initial=0) + 1) + rank, return_inverse=True)[1]
        if code.max(initial=-1) + 1 == len(code):  # all rows differ already
            break
    return frame.iloc[np.argsort(code, kind="stable")].reset_index(drop=True)


def _ranks(values: pd.Series) -> np.ndarray:
    """Give each value's rank among the distinct ones, from 1; 0 where it is missing."""
    if values.dtype == object or isinstance(values.dtype, pd.CategoricalDtype):
        values = values.map(str, na_action="ignore").astype("str")  # of several types, maybe; or ranked elsewhere
    return pd.factorize(values, sort=True)[0].astype(np.int64) + 1


def _by_duckdb(database: Database, query: str) -> pd.DataFrame:
    import duckdb

    try:
        # a query can read files, and libraries be fetched for it, unless it is forbidden
        how: dict[str, str | bool | int | float | list[str]] = {"enable_external_access": False}
        with duckdb.connect(database.place, read_only=True, config=how) as connected:
            statements = duckdb.extract_statements(query)
            if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
                raise CatalogError("data.source.query must be one SELECT, or WITH ... SELECT; got something else")
            return from_arrow(connected.sql(query).to_arrow_table())
    except duckdb.Error as error:
        raise _refused(database, error) from None


def _by_sqlalchemy(database: Database, query: str) -> pd.DataFrame:
    import sqlalchemy as sa

    options: dict[str, Any] = {"no_parameters": True, "yield_per": _ROWS_AT_A_TIME}
    if database.dialect == "sqlite":
        place = f"file:{quote(database.place)}?mode=ro"
        engine = sa.create_engine("sqlite://", creator=lambda: sqlite3.connect(place, uri=True), poolclass=sa.NullPool)
    else:
        connect = _postgresql(database)
        engine = sa.create_engine("postgresql+psycopg://", creator=connect, poolclass=sa.NullPool)
        options["postgresql_readonly"] = True
    try:
        with engine.connect() as connected:
            result = connected.execution_options(**options).exec_driver_sql(query.strip().rstrip(";"))
            return from_rows(list(result.keys()), result.partitions())
    except sa.exc.DBAPIError as error:
        raise _refused(database, error.orig or error) from None


def _postgresql(database: Database) -> Callable[[], Any]:
    """Give what connects; moments with a zone come in UTC."""
    import psycopg

    place = database.place.partition("://")[2]

    def connect() -> Any:
        try:
            return psycopg.connect(f"postgresql://{place}", connect_timeout=_CONNECT_SECONDS, options="-c TimeZone=UTC")
        except (psycopg.Error, UnicodeError) as error:  # their messages hold user and host, or the URL
            raise _unreached(error) from None

    return connect


def _unreached(error: Exception) -> CatalogError:
    """Say why there is no connection, in our own words: the library's name the user and the host."""
    reasons = {
        "password authentication failed": "it refuses the user or the password",
        "no password supplied": "it wants a password",
        "does not exist": "it has no such user or database",
        "refused": "no server answers there",
        "could not translate": "the host is not known",
        "resolve": "the host is not known",
        "timeout": f"no connection within {_CONNECT_SECONDS} seconds",
    }
    said = str(error).lower()
    reason = next((text for word, text in reasons.items() if word in said), type(error).__name__)
    return CatalogError(f"data.source.connection: the database can't be reached: {reason}")


def _refused(database: Database, error: BaseException) -> CatalogError:
    """Say what a database had against a query, without what must not be told."""
    said = " ".join(str(error).split())
    for secret in database.secrets:
        said = said.replace(secret, "…")
    return CatalogError(f"data.source.query: {_TITLES[database.dialect]} refuses it: {said[:500]}")
