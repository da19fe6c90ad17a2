"""Where tables come from: the bundled data sets, and the user's own files and DataFrames."""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from workbench.delimited import CatalogError, read_delimited
from workbench.table import Table

# A wheel holds the data sets inside the package; a checkout, and so an editable install, holds them beside it.
_HERE = Path(__file__).resolve().parent
_FOLDER = next((f for f in (_HERE / "_datasets", _HERE.parent / "datasets") if f.is_dir()), _HERE / "_datasets")

_TEXT_SUFFIXES = (".csv", ".tsv", ".tab", ".txt", ".data")
_PARQUET_SUFFIXES = (".parquet", ".pq")


@dataclass(frozen=True)
class Dataset:
    """A bundled data set: what it is, where it comes from, and what its columns mean."""

    name: str
    title: str
    description: str
    source: str
    url: str
    licence: str
    citation: str
    file: Path
    sha256: str
    target: str
    task: str
    columns: Mapping[str, Mapping[str, Any]]
    study_path: Path


def datasets() -> tuple[str, ...]:
    """Give the names of the bundled data sets.

    Examples
    --------
    >>> "wine-quality-red" in datasets()
    True
    """
    return tuple(sorted(path.parent.name for path in _FOLDER.glob("*/dataset.yaml")))


def dataset(name: str) -> Dataset:
    """Give the description of a bundled data set; its file is not read.

    Raises
    ------
    CatalogError
        If no bundled data set has this name.

    Examples
    --------
    >>> dataset("wine-quality-red").licence
    'CC BY 4.0'
    """
    if name not in datasets():
        raise CatalogError(f"data: no bundled data set is named {name!r}. {_suggestion(name)}")
    folder = _FOLDER / name
    facts = yaml.safe_load((folder / "dataset.yaml").read_text(encoding="utf-8"))
    facts["file"] = folder / facts["file"]
    return Dataset(name=name, study_path=folder / "study.yaml", **facts)


def load(
    source: str | Path | pd.DataFrame,
    *,
    target: str | Mapping[str, Any] | None = None,
    task: str | None = None,
    positive: Any = None,
    columns: Mapping[str, Mapping[str, Any]] | None = None,
) -> Table:
    """Give the table of a bundled data set, a file or a DataFrame.

    Parameters
    ----------
    source : str, Path or DataFrame
        A text with a suffix or a path separator is the path of a file (see `read_frame`); any other text is the name of
        a bundled data set.
    target : str or mapping, optional
        The target column, or ``{"column": name, "at_least": number}``. A bundled data set has one; others need it.
    task : {"regression", "binary", "multiclass"}, optional
        Inferred from the target when absent. A bundled data set has one, which holds for its own target only.
    positive : scalar, optional
        The positive class of a binary target.
    columns : mapping of name to mapping, optional
        Per column any of kind, role, unit, label, description, levels. For a bundled data set these are laid over what
        it says itself, key by key.

    Raises
    ------
    CatalogError
        If nothing has this name, the file can't be read, or the target is absent.
    TableError
        If a column, the target or the task breaks a rule of tables.

    Examples
    --------
    >>> table = load("wine-quality-red")
    >>> table.n_rows, table.task, table.target.name
    (1599, 'regression', 'quality')
    """
    columns = dict(columns or {})
    if not isinstance(source, str | Path | pd.DataFrame):
        raise CatalogError(f"data: source must be a name, a path or a pandas DataFrame; got a {type(source).__name__}")
    if isinstance(source, pd.DataFrame):
        frame, name, title = source, "table", ""
    elif _is_path(source):
        frame, name, title = read_frame(source), Path(source).stem, ""
    else:
        bundled = dataset(str(source))
        frame, name, title = _read_bundled(bundled), bundled.name, bundled.title
        if target in (None, bundled.target):
            target, task = bundled.target, task or bundled.task
        columns = {c: {**bundled.columns.get(c, {}), **columns.get(c, {})} for c in {**bundled.columns, **columns}}
    if target is None:
        raise CatalogError(f"data: target must name one of the columns of {name!r}: {', '.join(map(str, frame))}")
    return Table.from_frame(frame, target=target, task=task, positive=positive, columns=columns, name=name, title=title)


def read_frame(path: str | Path) -> pd.DataFrame:
    """Read a CSV, TSV or Parquet file, refusing what can only be guessed at.

    In text files delimiter and decimal mark are found out, and the text ``None`` is a level, not a missing value: see
    `workbench.delimited.read_delimited`.

    Raises
    ------
    CatalogError
        If there is no such file, its suffix is none of .csv, .tsv, .tab, .txt, .data, .parquet and .pq, or its content
        breaks a rule; names the line.

    Examples
    --------
    >>> read_frame(dataset("penguins").file).shape
    (344, 8)
    """
    path = Path(path).expanduser()
    if not path.is_file():
        what = "is a folder, not a file" if path.is_dir() else "does not exist"
        raise CatalogError(f"data: the file {str(path)!r} {what}: mend the path. {_suggestion(path.stem)}")
    suffix = path.suffix.lower()
    if suffix in _PARQUET_SUFFIXES:
        return _read_parquet(path)
    if suffix in _TEXT_SUFFIXES:
        return read_delimited(path.read_bytes(), str(path))
    known = ", ".join(_TEXT_SUFFIXES + _PARQUET_SUFFIXES)
    raise CatalogError(
        f"{path}: the suffix must be one of {known}; got {path.suffix!r}: save the table as one of these"
    )


def _is_path(source: str | Path) -> bool:
    if isinstance(source, Path):
        return True
    if re.match(r"[a-z][a-z0-9+.-]*://", source, flags=re.IGNORECASE):
        raise CatalogError(
            f"data: source can't be a URL yet (fetching comes with the next release); got {source!r}: download the "
            "file and give its path"
        )
    return bool(Path(source).suffix) or any(mark in source for mark in "/\\")


def _suggestion(name: str) -> str:
    names = datasets()
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.3)
    question = f"Did you mean {near[0]!r}? " if near else ""
    return f"{question}The bundled data sets are {', '.join(names)}; the path of a file needs its suffix"


def _read_bundled(bundled: Dataset) -> pd.DataFrame:
    data = bundled.file.read_bytes()
    if (found := hashlib.sha256(data).hexdigest()) != bundled.sha256:
        raise CatalogError(
            f"{bundled.file}: SHA-256 must be {bundled.sha256}; got {found}: the file was changed; install the "
            f"workbench again, or run python {bundled.file.parent / 'make.py'}"
        )
    return read_delimited(data, str(bundled.file))


def _read_parquet(path: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(path, engine="pyarrow")
    except (OSError, ValueError, NotImplementedError) as error:
        raise CatalogError(f"{path}: can't be read as Parquet: {error}") from error
