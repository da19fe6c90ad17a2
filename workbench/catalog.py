"""Where tables come from: the data sets of the catalog, and the user's own files, URLs and DataFrames."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from workbench.columns import WITHOUT_VALUES
from workbench.delimited import CatalogError, read_delimited
from workbench.parquet import PARQUET_SUFFIXES, is_partitioned, read_parquet, read_partitioned, table_name
from workbench.query import read_query
from workbench.remote import data_folder, fetched, is_path, is_url, keep, public_url, url_file
from workbench.table import Table

# A wheel holds the data sets inside the package; a checkout, and so an editable install, holds them beside it.
_HERE = Path(__file__).resolve().parent
_FOLDER = next((f for f in (_HERE / "_datasets", _HERE.parent / "datasets") if f.is_dir()), _HERE / "_datasets")

_TEXT_SUFFIXES = (".csv", ".tsv", ".tab", ".txt", ".data")


@dataclass(frozen=True)
class Dataset:
    """A data set of the catalog: what it is, where it comes from, and what its columns mean.

    Attributes
    ----------
    file : Path
        The data; for a remote data set where the cache keeps them, there or not.
    remote : str
        The URL of a remote data set, whose file is fetched when it is first loaded; empty for a bundled one.
    sha256 : str
        Of the file's content.
    rows : int
    """

    name: str
    title: str
    description: str
    source: str
    url: str
    licence: str
    citation: str
    file: Path
    sha256: str
    rows: int
    target: str
    task: str
    columns: Mapping[str, Mapping[str, Any]]
    study_path: Path
    remote: str = ""


def datasets() -> tuple[str, ...]:
    """Give the names of the data sets of the catalog, bundled or remote.

    Examples
    --------
    >>> "wine-quality-red" in datasets()
    True
    """
    return tuple(sorted(path.parent.name for path in _FOLDER.glob("*/dataset.yaml")))


def dataset(name: str) -> Dataset:
    """Give the description of a data set of the catalog; its file is neither read nor fetched.

    Raises
    ------
    CatalogError
        If no data set has this name.

    Examples
    --------
    >>> dataset("wine-quality-red").licence
    'CC BY 4.0'
    """
    if name not in datasets():
        raise CatalogError(f"data: no data set is named {name!r}. {_suggestion(name)}")
    folder = _FOLDER / name
    facts = yaml.safe_load((folder / "dataset.yaml").read_text(encoding="utf-8"))
    if "remote" in facts:
        facts["file"] = data_folder() / f"{name}{url_file(facts['remote']).suffix}"
    else:
        facts["file"] = folder / facts["file"]
    return Dataset(name=name, study_path=folder / "study.yaml", **facts)


def load(
    source: str | Path | pd.DataFrame | Mapping[str, str],
    *,
    target: str | Mapping[str, Any] | None = None,
    task: str | None = None,
    positive: Any = None,
    columns: Mapping[str, Mapping[str, Any]] | None = None,
) -> Table:
    """Give the table of a data set of the catalog, a file, a URL, a query of a database or a DataFrame.

    Parameters
    ----------
    source : str, Path, DataFrame or mapping
        A mapping has the keys connection and query: see `workbench.query.read_query`. A text with ``://`` is the URL of
        a file, one with a suffix or a path separator is the path of a file, or of a folder or a glob of Parquet files
        (see `read_frame`); any other text is the name of a data set of the catalog.
    target : str or mapping, optional
        The target column, or ``{"column": name, "at_least": number}``. Needed, but for a data set of the catalog.
    task : {"regression", "binary", "multiclass"}, optional
        Inferred from the target when absent. A data set of the catalog has one, which holds for its own target only.
    positive : scalar, optional
        The positive class of a binary target.
    columns : mapping of name to mapping, optional
        Per column any of kind, role, unit, label, description, levels. They are laid over what a data set of the
        catalog says itself, key by key.

    Returns
    -------
    Table
        ``X.attrs["read_as"]`` says how a text file was read: encoding, delimiter, decimal mark; ``X.attrs["query"]``
        of which database a query was asked.

    Raises
    ------
    CatalogError
        If nothing has this name, the file can't be fetched or read, or the target is absent.
    TableError
        If a column, the target or the task breaks a rule of tables.

    Examples
    --------
    >>> table = load("wine-quality-red")
    >>> table.n_rows, table.task, table.target.name
    (1599, 'regression', 'quality')
    """
    columns = dict(columns or {})
    if not isinstance(source, str | Path | pd.DataFrame | Mapping):
        raise CatalogError(f"data: source must be a name, a path or a pandas DataFrame; got a {type(source).__name__}")
    if isinstance(source, pd.DataFrame):
        frame, name, title = source, "table", ""
    elif isinstance(source, Mapping):
        frame, name, title = _queried(source), "query", ""
    elif _is_own(source):
        unread = [name for name, told in columns.items() if told.get("role") in WITHOUT_VALUES]
        frame, title = read_frame(source, unread=unread), ""
        name = url_file(source).stem if isinstance(source, str) and is_url(source) else table_name(source)
    else:
        known = dataset(str(source))
        frame, name, title = _read_known(known), known.name, known.title
        if target in (None, known.target):
            target, task = known.target, task or known.task
        columns = {c: {**known.columns.get(c, {}), **columns.get(c, {})} for c in {**known.columns, **columns}}
    if target is None:
        raise CatalogError(f"data: target must name one of the columns of {name!r}: {', '.join(map(str, frame))}")
    table = Table.from_frame(
        frame,
        target=target,
        task=task,
        positive=positive,
        columns=columns,
        name=name,
        title=title,
        source_columns=frame.attrs.get("source_columns", ()),
    )
    table.X.attrs.update({key: frame.attrs[key] for key in ("read_as", "query") if key in frame.attrs})
    return table


def read_frame(source: str | Path, *, text: Collection[str] = (), unread: Collection[str] = ()) -> pd.DataFrame:
    """Read a CSV, TSV or Parquet file, or a folder or glob of Parquet files, refusing what can only be guessed at.

    In text files encoding, delimiter and decimal mark are found out, and the text ``None`` is a level, not a missing
    value: see `workbench.delimited.read_delimited`.

    A URL of http or https is fetched anew each time, as what it leads to may have changed. The suffix of its path
    decides how it is read, never the content type that the server names; without a known suffix a file that begins with
    ``PAR1`` is Parquet, any other is text. What it may take, in bytes and seconds, is in `workbench.remote`.

    Parameters
    ----------
    source : str or Path
    text : collection of str, optional
        Columns of a text file that are kept as they are written: 01 stays 01.
    unread : collection of str, optional
        Columns of a Parquet file whose values are not read; ``attrs["source_columns"]`` names all that it has.

    Raises
    ------
    CatalogError
        If there is no such file, its suffix is none of .csv, .tsv, .tab, .txt, .data, .parquet and .pq, or its content
        breaks a rule, naming the line; or the URL can't be fetched.

    Examples
    --------
    >>> read_frame(dataset("penguins").file).shape
    (344, 8)
    """
    if isinstance(source, str) and is_url(source):
        place, suffix = public_url(source), url_file(source).suffix.lower()
        with fetched(source) as file:
            parquet = _is_parquet(file, suffix)
            if parquet:
                return read_parquet(file, place, unread=unread)
            return read_delimited(file.read_bytes(), place, text=text)
    path = Path(source).expanduser()
    if is_partitioned(path):
        return read_partitioned(path, unread=unread)
    if not path.is_file():
        raise CatalogError(f"data: the file {str(path)!r} does not exist: mend the path. {_suggestion(path.stem)}")
    suffix = path.suffix.lower()
    if suffix in PARQUET_SUFFIXES:
        return read_parquet(path, str(path), unread=unread)
    if suffix in _TEXT_SUFFIXES:
        return read_delimited(path.read_bytes(), str(path), text=text)
    known = ", ".join(_TEXT_SUFFIXES + PARQUET_SUFFIXES)
    raise CatalogError(
        f"{path}: the suffix must be one of {known}; got {path.suffix!r}: save the table as one of these"
    )


def _queried(source: Mapping[str, str]) -> pd.DataFrame:
    if set(source) != {"connection", "query"}:
        raise CatalogError(f"data: a query has the keys connection and query; got {', '.join(map(str, source))}")
    return read_query(source["connection"], source["query"])


def _is_own(source: str | Path) -> bool:
    """Tell whether a source is the user's own, a file or a URL, and no name of the catalog."""
    return isinstance(source, Path) or is_url(source) or is_path(source)


def _suggestion(name: str) -> str:
    names = datasets()
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.3)
    question = f"Did you mean {near[0]!r}? " if near else ""
    return f"{question}The data sets are {', '.join(names)}; the path of a file needs its suffix"


def _read_known(known: Dataset) -> pd.DataFrame:
    if known.remote:
        keep(known.remote, known.file, known.sha256)
    data = known.file.read_bytes()
    if (found := hashlib.sha256(data).hexdigest()) != known.sha256:
        raise CatalogError(
            f"{known.file}: SHA-256 must be {known.sha256}; got {found}: the file was changed; install the workbench "
            f"again, or run python {known.file.parent / 'make.py'}"
        )
    return read_delimited(data, str(known.file))


def _is_parquet(file: Path, suffix: str) -> bool:
    if suffix in PARQUET_SUFFIXES + _TEXT_SUFFIXES:
        return suffix in PARQUET_SUFFIXES
    with file.open("rb") as begun:
        return begun.read(4) == b"PAR1"
