"""Which database is meant: by an environment variable, a file or a URL; of its secrets nothing is told."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from workbench.delimited import CatalogError

DIALECTS = ("postgresql", "sqlite", "duckdb")

_VARIABLE = re.compile(r"env:([A-Za-z_][A-Za-z0-9_]*)")
_SCHEMES = {"postgresql": "postgresql", "postgres": "postgresql", "postgresql+psycopg": "postgresql"}
# what libpq and ODBC call what a connection needs: a text with these is no file's name, and may hold a password
_SETTINGS = re.compile(r"\b(password|passwd|pwd|user|uid|host|hostaddr|server|dsn|dbname|database)\s*=", re.IGNORECASE)
_WAY_OUT = "put its URL into an environment variable, and write env:ITS_NAME here"


@dataclass(frozen=True)
class Database:
    """A database as its library is told of it.

    Attributes
    ----------
    dialect : {"postgresql", "sqlite", "duckdb"}
    name : str
        The database's own name, "default" where the URL gives none, or its file's: what may be told.
    place : str
        The URL, with its secrets, or the path of the file.
    """

    dialect: str
    name: str
    place: str = field(repr=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What of the place must not be told, longest first: the place itself, user and password as written and meant.

        >>> Database("postgresql", "sales", "postgresql://ann:s%40d@db/sales").secrets[1:]
        ('s%40d', 'ann', 's@d')
        """
        found = {self.place}
        if "@" in self.place:
            user, _, password = self.place.partition("://")[2].rpartition("@")[0].partition(":")
            found |= {user, unquote(user), password, unquote(password)}
        found |= {unquote(v) for v in re.findall(r"[?&](?:password|user|sslpassword)=([^&#]*)", self.place)}
        return tuple(sorted(filter(None, found), key=lambda text: (-len(text), text)))


def check_connection(text: str) -> str:
    """Check what a study file says about a database, and give it back.

    Raises
    ------
    ValueError
        If it holds a password, or anything that may be one, or is none of the three ways to name a database. The
        message never holds the text.
    """
    if _VARIABLE.fullmatch(text):
        return text
    if text.startswith("env:"):
        raise ValueError("must name an environment variable, of letters, digits and _, after env:; got another name")
    if "://" in text:
        _check_url(text)
    elif _SETTINGS.search(text):
        raise ValueError(f"must hold no settings of a connection; got some: {_WAY_OUT}")
    elif not is_file(text):
        raise ValueError("must be env:NAME, the path of a DuckDB or SQLite file, or a URL; got a name without a suffix")
    return text


def _check_url(url: str) -> None:
    scheme, _, rest = url.partition("://")
    if ":" in rest.rpartition("@")[0] or re.search("[?#]", rest):
        what = "a password" if "@" in rest else "more than user, host and database"
        raise ValueError(f"must not hold {what}; got a URL that does: {_WAY_OUT}")
    if scheme.lower() in ("sqlite", "duckdb"):
        raise ValueError(f"must be the path of the file for {scheme.lower()}; got a URL")
    if scheme.lower() not in _SCHEMES:
        raise ValueError(f"must be a URL of postgresql; got {scheme[:20]}: other databases can't be read yet")


def is_file(connection: str) -> bool:
    """Tell whether a connection is the path of a file."""
    is_other = "://" in connection or connection.startswith("env:")
    return not is_other and (bool(Path(connection).suffix) or any(mark in connection for mark in "/\\"))


def public_connection(connection: str) -> str:
    """Give what results may say of a connection: the variable's name, the file's, or a URL without its user.

    >>> public_connection("env:SALES"), public_connection("/home/ann/sales.duckdb")
    ('env:SALES', 'sales.duckdb')
    >>> public_connection("postgresql://ann@db.example.org/sales")
    'postgresql://db.example.org/sales'
    """
    if is_file(connection):
        return Path(connection).name
    return re.sub(r"://.*@", "://", connection)


def find_database(connection: str) -> Database:
    """Look up what a connection stands for.

    Raises
    ------
    CatalogError
        If the environment has no such variable, its content is no database that can be read, or there is no such file.
        The content of a variable is never told.
    """
    try:
        check_connection(connection)
    except ValueError as error:
        raise CatalogError(f"data.source.connection {error}") from None
    if not (variable := _VARIABLE.fullmatch(connection)):
        return _server(connection) if "://" in connection else _file(Path(connection), connection)
    if not (given := os.environ.get(variable[1], "").strip()):
        raise CatalogError(
            f"data.source.connection: the environment has no variable {variable[1]}: set it to the URL of the database "
            "(postgresql://user:password@host/name), or to the path of its file"
        )
    scheme, found, rest = given.partition("://")
    if not found:
        return _file(Path(given), connection)
    if scheme.lower() in ("sqlite", "duckdb"):
        return _file(Path(unquote(rest.partition("?")[0].removeprefix("/"))), connection)
    if scheme.lower() not in _SCHEMES:
        raise CatalogError(
            f"{connection}: the variable must hold a URL of {', '.join(DIALECTS)}, or the path of a file; it holds "
            "something else"
        )
    return _server(given)


def _server(url: str) -> Database:
    path = url.partition("://")[2].rpartition("@")[2].partition("?")[0].partition("/")[2]
    return Database("postgresql", unquote(path) or "default", url)


def _file(path: Path, told: str) -> Database:
    """Give the database in a file; its content says of which kind it is, whatever its suffix."""
    path = path.expanduser()
    if not path.is_file():
        raise CatalogError(f"data.source.connection: {told} leads to no file: mend the path")
    with path.open("rb") as begun:
        start = begun.read(16)
    if start.startswith(b"SQLite format 3\0"):
        return Database("sqlite", path.name, str(path.absolute()))
    if start[8:12] == b"DUCK":
        return Database("duckdb", path.name, str(path.absolute()))
    raise CatalogError(f"data.source.connection: {told} is a file, but no database of DuckDB or SQLite")
