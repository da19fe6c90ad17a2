"""Tables that are written part by part, and are whole or absent."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

_PARQUET = (".parquet", ".pq")


class Sink:
    """Takes a table in pieces and writes it as CSV or, by the suffix .parquet or .pq, as Parquet; get one by `sink`."""

    def __init__(self, file: Any, parquet: bool) -> None:
        self._file, self._parquet = file, parquet
        self._writer: Any = None
        self.n_rows = 0

    def write(self, piece: pd.DataFrame) -> None:
        """Add rows."""
        if self._parquet:
            import pyarrow as pa
            import pyarrow.parquet

            schema = self._writer.schema if self._writer is not None else None
            table = pa.Table.from_pandas(piece, schema=schema, preserve_index=False)
            if self._writer is None:
                self._writer = pyarrow.parquet.ParquetWriter(self._file, table.schema)
            self._writer.write_table(table)
        else:
            text = piece.to_csv(index=False, header=not self.n_rows, lineterminator="\n")
            self._file.write(text.encode())
        self.n_rows += len(piece)

    def close(self) -> None:
        """End the table."""
        if self._writer is not None:
            self._writer.close()


@contextmanager
def sink(out: Path | None) -> Iterator[Sink]:
    """Give what takes a table: a file that takes its name when all is written, or standard output.

    A failure leaves what the file held before, and nothing else.
    """
    if out is None:
        sys.stdout.flush()
        yield (shown := Sink(sys.stdout.buffer, parquet=False))
        shown.close()
        sys.stdout.buffer.flush()
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    half = out.with_name(f".{secrets.token_hex(8)}.half-written")
    try:
        with half.open("xb") as file:
            written = Sink(file, parquet=out.suffix.lower() in _PARQUET)
            try:
                yield written
            finally:
                written.close()  # also what is not wanted any more: Parquet's writer must not outlive its file
            file.flush()
            os.fsync(file.fileno())
        half.replace(out)
    except BaseException:
        half.unlink(missing_ok=True)
        raise
