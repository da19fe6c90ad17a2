"""Tables as parts: row groups of Parquet files, read a batch at a time; and any other file as a single part."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from workbench import sampling
from workbench.catalog import read_frame
from workbench.delimited import CatalogError
from workbench.parquet import PARQUET_SUFFIXES, is_partitioned, parquet_files
from workbench.remote import is_url

_ROWS, _BYTES = 2**16, 2**25  # the most rows of a batch, and bytes of its columns at 8 a value


@dataclass(frozen=True)
class Part:
    """A row group of a Parquet file, or a whole file of another kind.

    Attributes
    ----------
    source : str
        A path, or the URL of a file that is no part of a larger table.
    group : int or None
        The row group's number; None: the whole file, whatever it is.
    n_rows : int or None
        None where it is not known before the file is read.
    """

    source: str
    group: int | None = None
    n_rows: int | None = None

    def frames(self, columns: Sequence[str], text: Collection[str] = ()) -> Iterator[pd.DataFrame]:
        """Give the rows, a batch at a time: of a row group these columns alone.

        Parameters
        ----------
        columns : sequence of str
        text : collection of str
            Columns of a text file that are kept as they are written.

        Raises
        ------
        CatalogError
            If the file is not there, can't be read, or lacks a column.
        """
        if self.group is None:
            frame = read_frame(self.source, text=text)
            _check_columns(self.source, frame.columns, columns)
            yield frame
            return
        import pyarrow as pa
        import pyarrow.parquet

        size = max(1, min(_ROWS, _BYTES // (8 * max(1, len(columns)))))
        try:
            with pyarrow.parquet.ParquetFile(self.source) as file:
                _check_columns(self.source, file.schema_arrow.names, columns)
                # a model may read no column at all; rows are counted by one then
                asked = [*columns] or file.schema_arrow.names[:1]
                for batch in file.iter_batches(size, row_groups=[self.group], columns=asked, use_threads=False):
                    yield pa.Table.from_batches([batch]).replace_schema_metadata().to_pandas()
        except CatalogError:
            raise
        except (OSError, ValueError, NotImplementedError) as error:
            raise CatalogError(f"{self.source}: can't be read as Parquet: {error}") from error


def find_parts(data: str, columns: Collection[str] = ()) -> list[Part]:
    """Give the parts of a table, in order: of a Parquet file, or of all those of a folder or a glob, by name.

    Parameters
    ----------
    data : str
        The path of a file, a folder (Parquet files in it and below are its parts; names that begin with "." or "_"
        are left out), a glob such as ``"sales/*.parquet"``, or a URL.
    columns : collection of str
        What each Parquet file must have.

    Raises
    ------
    CatalogError
        If nothing is there, or a file is no Parquet file or lacks a column: names it.
    """
    if is_url(data):
        return [Part(data)]
    path = Path(data).expanduser()
    if is_partitioned(path):
        files = parquet_files(data)
    elif path.suffix.lower() in PARQUET_SUFFIXES and path.is_file():
        files = [path]
    else:
        return [Part(data)]
    return [part for file in files for part in _groups(file, columns)]


def draw_rows(
    parts: Sequence[Part], columns: Sequence[str], n: int, *, text: Collection[str] = (), seed: int = 0
) -> pd.DataFrame:
    """Draw rows of a table, all where they are not more than n; of Parquet only row groups with drawn rows are read.

    Parameters
    ----------
    parts, columns, text
        As `Part.frames` takes them.
    n : int
    seed : int
    """
    if any(part.group is None for part in parts):
        (frame,) = parts[0].frames(columns, text)
        return frame.iloc[sampling.draw_rows(np.arange(len(frame)), n, seed)].reset_index(drop=True)
    counts = np.array([part.n_rows or 0 for part in parts])
    chosen = sampling.draw_rows(np.arange(counts.sum()), n, seed)
    starts = np.cumsum(counts) - counts
    found = []
    for part, start, count in zip(parts, starts, counts, strict=True):
        wanted, at = chosen[(chosen >= start) & (chosen < start + count)] - start, 0
        for frame in part.frames(columns) if wanted.size else ():
            here = wanted[(wanted >= at) & (wanted < at + len(frame))] - at
            found.append(frame.iloc[here])
            at += len(frame)
    return pd.concat(found, ignore_index=True)


def _groups(file: Path, columns: Collection[str]) -> Iterator[Part]:
    import pyarrow.parquet

    try:
        with pyarrow.parquet.ParquetFile(file) as opened:
            _check_columns(str(file), opened.schema_arrow.names, columns)
            counts = [opened.metadata.row_group(g).num_rows for g in range(opened.num_row_groups)]
    except CatalogError:
        raise
    except (OSError, ValueError) as error:
        raise CatalogError(f"{file}: can't be read as Parquet: {error}") from error
    yield from (Part(str(file), g, count) for g, count in enumerate(counts) if count)


def _check_columns(place: str, there: Collection[str], wanted: Collection[str]) -> None:
    if missing := [name for name in wanted if name not in there]:
        told = ", ".join(map(repr, missing))
        raise CatalogError(f"{place}: must have all columns that the model reads; missing: {told}")
