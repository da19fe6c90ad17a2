"""Parquet files, one or many as one table, read by column: values that a study does not use never enter memory."""

from __future__ import annotations

import glob
import json
import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from workbench.delimited import CatalogError

PARQUET_SUFFIXES = (".parquet", ".pq")


def is_partitioned(source: str | Path) -> bool:
    """Tell whether a source is a folder, or a glob such as ``"sales/*.parquet"``, and no file."""
    path = Path(source).expanduser()
    return path.is_dir() or (not path.exists() and glob.has_magic(str(path)))


def table_name(source: str | Path) -> str:
    """Name a table after its file, its folder, or what a glob says besides its signs: never after a folder above."""
    stem = Path(source).stem
    return re.sub(r"[*?\[\]]+", "", stem).strip("-_. ") or "table" if glob.has_magic(stem) else stem


def parquet_files(source: str | Path) -> list[Path]:
    """Give the Parquet files of a folder and of those below it, or of a glob, sorted by path.

    In a folder, names that begin with "." or "_" are left out.

    Raises
    ------
    CatalogError
        If there is none, or a glob finds a file that is none.
    """
    path = Path(source).expanduser()
    if path.is_dir():
        below = (f for f in sorted(path.rglob("*")) if f.suffix.lower() in PARQUET_SUFFIXES and _is_shown(f, path))
        files = [file for file in below if file.is_file()]  # some writers name folders so too
        if not files:
            raise CatalogError(f"{source}: the folder holds no Parquet file ({', '.join(PARQUET_SUFFIXES)})")
        return files
    files = [Path(name) for name in sorted(glob.glob(str(path), recursive=True)) if Path(name).is_file()]  # noqa: PTH207
    if not files:
        raise CatalogError(f"{source}: no file has such a name: mend the pattern")
    if odd := [file for file in files if file.suffix.lower() not in PARQUET_SUFFIXES]:
        raise CatalogError(f"{odd[0]}: the parts of a table must be Parquet files; end the pattern with .parquet")
    return files


def read_partitioned(source: str | Path, *, unread: Collection[str] = ()) -> pd.DataFrame:
    """Read the Parquet files of a folder or a glob as one table, in the order of `parquet_files`.

    Parameters and attributes are those of `read_parquet`.

    Raises
    ------
    CatalogError
        If a file has other columns than the first, or values of another type; or the names of folders hold values
        (``year=2024``): these are in no file, and would be lost.
    """
    files = parquet_files(source)
    parts = Path(source).expanduser().parts
    above = next((n for n, part in enumerate(parts) if glob.has_magic(part)), len(parts))
    for file in files:
        if named := [part for part in file.parts[above:-1] if "=" in part]:
            raise CatalogError(
                f"{file}: the folder {named[0]!r} holds a value that is in no file; write the column "
                f"{named[0].partition('=')[0]!r} into the files"
            )
    frames = [read_parquet(file, str(file), unread=unread) for file in files]
    first = frames[0].attrs["source_columns"]
    for file, frame in zip(files, frames, strict=True):
        if set(frame.attrs["source_columns"]) != set(first):
            odd = sorted(set(frame.attrs["source_columns"]) ^ set(first))[0]
            raise CatalogError(f"{file}: has other columns than {files[0].name}: {odd!r} is in one of them alone")
    _check_types(files, [name for name in first if name in frames[0]])
    whole = pd.concat(_same_levels(frames, files), ignore_index=True)
    whole.attrs["source_columns"] = first
    return whole


def _check_types(files: Sequence[Path], columns: Sequence[str]) -> None:
    """Check that each column is of one type in all files: numbers of any width are, and nothing is of any.

    Raises
    ------
    CatalogError
        Names a file, the column and both types.
    """
    import pyarrow.parquet

    seen: dict[str, tuple[str, Path]] = {}
    for file in files:
        schema = pyarrow.parquet.read_schema(file)
        for name in columns:
            sort = _sort(schema.field(name).type)
            known, before = seen.setdefault(name, (sort, file)) if sort else ("", file)
            if known != sort:
                raise CatalogError(
                    f"{file}: column {name!r} holds {sort}, and {known} in {before.name}: write them alike"
                )


def _sort(held: Any) -> str:
    """Say what a type of Arrow holds, "" where nothing: what may differ between parts of one column is left out."""
    from pyarrow import types

    if types.is_null(held):
        return ""
    if types.is_dictionary(held):
        return f"categories of {_sort(held.value_type)}"
    if types.is_integer(held) or types.is_floating(held) or types.is_decimal(held):
        return "numbers"
    if types.is_string(held) or types.is_large_string(held) or types.is_string_view(held):
        return "text"
    return f"moments ({held.tz or 'no time zone'})" if types.is_timestamp(held) else str(held)


def _same_levels(frames: list[pd.DataFrame], files: Sequence[Path]) -> list[pd.DataFrame]:
    """Give categories of all files one list of levels; as it is where they share one.

    Raises
    ------
    CatalogError
        If files order the levels of a column differently.
    """
    from pandas.api.types import union_categoricals

    for frame in frames:
        frame.attrs = {}  # which concat would compare
    for name in frames[0].select_dtypes("category"):
        columns = [frame[name] for frame in frames]
        if all(column.dtype == columns[0].dtype for column in columns):
            continue
        try:
            shared = union_categoricals(columns).dtype
        except TypeError as error:
            raise CatalogError(
                f"{files[0].parent}: the levels of column {name!r} differ between files: {error}; write them alike"
            ) from error
        frames = [frame.assign(**{str(name): frame[name].astype(shared)}) for frame in frames]
    return frames


def read_parquet(file: Path, place: str, *, unread: Collection[str] = ()) -> pd.DataFrame:
    """Read the columns of a Parquet file but some.

    Parameters
    ----------
    file : Path
    place : str
        What errors call the file.
    unread : collection of str
        Columns whose values are not read, of whatever type they are.

    Returns
    -------
    DataFrame
        Its ``attrs["source_columns"]`` names all columns of the file in its order, unread ones too.

    Raises
    ------
    CatalogError
        If it can't be read as Parquet, or no column is left.
    """
    import pyarrow.parquet

    try:
        schema = pyarrow.parquet.read_schema(file)
        index = _index_columns(schema)
        names = [name for name in schema.names if name not in index]
        asked = [name for name in names if name not in unread]
        if names and not asked:
            raise CatalogError(f"{place}: every column has a role without values; leave one as a feature")
        # each column is a block of its own, and Arrow's copy is freed as soon as pandas has its own
        frame = pd.read_parquet(
            file,
            engine="pyarrow",
            columns=asked if len(asked) < len(names) else None,
            to_pandas_kwargs={"split_blocks": True, "self_destruct": True},
        )
    except CatalogError:
        raise
    except (OSError, ValueError, NotImplementedError) as error:
        raise CatalogError(f"{place}: can't be read as Parquet: {error}") from error
    frame.attrs["source_columns"] = tuple(names)
    return frame


def _index_columns(schema: Any) -> set[str]:
    """Name what pandas has stored of a frame's index: it is no column."""
    stored = (schema.metadata or {}).get(b"pandas")
    index = json.loads(stored).get("index_columns", []) if stored else []
    return {name for name in index if isinstance(name, str)}


def _is_shown(file: Path, folder: Path) -> bool:
    return not any(name.startswith((".", "_")) for name in file.relative_to(folder).parts)
