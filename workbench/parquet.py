"""Parquet files read by column: values that a study does not use never enter memory."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pandas as pd

from workbench.delimited import CatalogError


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
