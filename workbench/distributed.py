"""Training by the workers of a Dask cluster, each on its own parts of a table in Parquet files."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from workbench.cluster.connection import all_workers, await_scheduler, check_here, connected, packages, unfit
from workbench.columns import convert
from workbench.delimited import CatalogError
from workbench.library_model import LibraryModel
from workbench.scoring.parts import Part
from workbench.store import StoreError
from workbench.training_rows import TrainingRows

_LOOK, _NOTICED = 0.5, 3.0  # seconds between two looks at who is there; in which the scheduler notices a loss
_BATCH = 2**16  # rows that are encoded at a time, here, to see that workers have the same
_STEP = "start it, and workers, and run again: what is finished is kept"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PartedTable:
    """A table whose parts the workers of a cluster read: a Dask scheduler's address, and the parts in their order."""

    address: str
    parts: tuple[Part, ...]

    def trainer(self, rows: np.ndarray) -> Trainer:
        """Give what trains a model on the rows of the table at these positions."""
        return Trainer(self, np.asarray(rows))


@dataclass(eq=False)
class Trainer:
    """Trains a model's library object by a cluster, in the place of the family's own fit.

    Each worker reads its own parts of the table, so all must find the files at the same paths, and encodes the rows
    that are asked for; what this process has of them is hashed and compared, part by part. Targets and weights are
    sent. Parts lie on workers in runs of about as many rows, so the numbers depend on how many workers there are: sums
    are made in another order, and cut points are merged from sketches. Where a worker is lost the training begins
    again, once, with those that are left; those that waited for it are free after `workbench.families.xgboost.PATIENCE`
    seconds. Dask can't end a thread: where this process is ended, by a limit of time or ctrl-C, workers train on until
    they miss each other, and the next training waits for them.

    Attributes
    ----------
    n_workers : int
        How many workers took part in the training, once it is done.
    """

    table: PartedTable
    rows: np.ndarray
    n_workers: int = 0

    def __call__(self, used: np.ndarray, model: LibraryModel, given: TrainingRows) -> None:
        """Train.

        Parameters
        ----------
        used : ndarray of bool, shape (n_rows,)
            Which of `rows` are trained on: those of weight 0 are not.
        model : LibraryModel
            Its ``fitted`` is the library's unfitted object.
        given : TrainingRows
            The rows that are, in the order of `rows`.

        Raises
        ------
        StoreError
            If the cluster does not answer, has no worker that runs the same versions, or workers are lost twice.
        CatalogError
            If a worker can't read a part, or finds other rows there than the study has.
        """
        pieces = _pieces(self.table.parts, self.rows[used])
        for last in (False, True):
            with connected(self.table.address) as client:
                found = [*all_workers(client)]
                wrong = unfit(client, found)  # they are left alone, as they are with units
                workers = [worker for worker in found if worker not in wrong]
                try:
                    work = partial(_train, client, workers, model, given, pieces)
                    self.n_workers = _watched(client, self.table.address, workers, work)
                    return
                except _LostError as error:
                    told = f"{error}: lost while {model.family.name} was trained"
                    if last:
                        raise StoreError(f"{told}, a second time; see to the workers, and run again") from error
                    _log.warning("%s; it is trained again by those that are left", told)


class _LostError(Exception):
    """Workers were lost; names them."""


def _watched(client: Any, address: str, workers: Sequence[str], work: Callable[[], int]) -> int:
    """Do what takes all of these workers, as long as they are there.

    A worker that is lost in the midst of the exchange fails the training; one that is lost before it leaves the others
    waiting, and Dask with them.

    Raises
    ------
    _LostError
        If one is lost meanwhile.
    StoreError
        If the scheduler is.
    """

    def lost() -> list[str]:
        try:
            return sorted(set(workers) - {*all_workers(client)})
        except OSError:  # what waits for the scheduler hears of it too
            return []

    pool = ThreadPoolExecutor(1)
    try:
        doing = pool.submit(work)
        while not wait([doing], _LOOK).done:
            if gone := lost():
                break
        else:
            if (error := doing.exception()) is None or isinstance(error, CatalogError):
                return doing.result()
            if isinstance(error, CancelledError | OSError):  # the connection was lost, for a while or for good
                await_scheduler(client, address, _STEP, doubt=isinstance(error, OSError))
            patience = time.monotonic() + _NOTICED
            while not (gone := lost()) and time.monotonic() < patience:
                time.sleep(_LOOK)
            if not gone and not isinstance(error, CancelledError):
                raise error
        client.close()  # which ends what waits for it
        raise _LostError(" and ".join(gone) or "the connection to the scheduler")
    finally:
        pool.shutdown(wait=False)


@dataclass(frozen=True, eq=False)
class _Piece:
    """Rows of a part that are trained on.

    Attributes
    ----------
    at : ndarray of int32
        Their positions in the part, rising.
    order : ndarray of int
        Their places among the rows as they are given.
    """

    part: Part
    at: np.ndarray
    order: np.ndarray


def _pieces(parts: Sequence[Part], rows: np.ndarray) -> list[_Piece]:
    """Give the rows of each part that are among these, by their positions in the table."""
    counts = np.array([part.n_rows or 0 for part in parts])
    starts = np.concatenate([[0], np.cumsum(counts)])
    order = np.argsort(rows, kind="stable")
    bounds = np.searchsorted(rows[order], starts)
    found = []
    for n, part in enumerate(parts):
        mine = order[bounds[n] : bounds[n + 1]]
        if len(mine):
            found.append(_Piece(part, (rows[mine] - starts[n]).astype(np.int32), mine))
    return found


def _train(
    client: Any, workers: Sequence[str], model: LibraryModel, given: TrainingRows, pieces: Sequence[_Piece]
) -> int:
    """Have workers read and encode their parts, see that they have the rows, and train; give how many took part."""
    if not workers:
        at = client.scheduler.address
        raise StoreError(f"{at}: the cluster has no worker that can be used; start some with 'dask worker {at}'")
    import dask.array as da
    from dask import delayed

    columns, encoder, here = tuple(given.frame), replace(model, fitted=None), packages()
    places = _places([len(piece.at) for piece in pieces], len(workers))
    # with each piece: the encoded rows, and what is sent of them
    held: list[tuple[Any, ...]] = []
    for piece, place in zip(pieces, places, strict=True):
        there = {"workers": [workers[place]], "pure": False}
        sent = [given.target[piece.order]] + ([] if given.weight is None else [given.weight[piece.order]])
        Z = client.submit(encoded, piece.part, piece.at, columns, encoder, here, **there)
        held.append((Z, *client.scatter(sent, workers=[workers[place]], hash=False)))
    told = client.gather([client.submit(digest, Z, pure=False) for Z, *_ in held])
    for piece, found in zip(pieces, told, strict=True):
        if found != _own_digest(encoder, given, piece.order):
            raise CatalogError(
                f"{piece.part.source}: a worker finds other rows there than the study has; all machines must see the "
                "same files, and they must not change during a run"
            )

    def joined(number: int, *width: int) -> Any:
        chunks = [
            da.from_delayed(delayed(one[number]), (len(piece.at), *width), dtype=np.float64)
            for one, piece in zip(held, pieces, strict=True)
        ]
        return da.concatenate(chunks)

    weight = None if given.weight is None else joined(2)
    with client.as_current():
        Z, y, inputs = joined(0, len(model.inputs)), joined(1), model.inputs
        model.family.fit_distributed(model.fitted, Z, y, weight, inputs, client)
    return len(set(places))


def _places(sizes: Sequence[int], n_workers: int) -> list[int]:
    """Lay pieces on workers in runs of about as many rows."""
    ends = np.cumsum(sizes)
    middles = ends - np.asarray(sizes) / 2
    return [int(place) for place in np.minimum(middles * n_workers // max(ends[-1], 1), n_workers - 1)]


def encoded(
    part: Part, at: np.ndarray, columns: Sequence[str], encoder: LibraryModel, there: Mapping[str, str]
) -> np.ndarray:
    """Read rows of a part on a worker that runs what is run `there`, and encode them, shape (n_rows, n_inputs)."""
    check_here(there)
    found, start = [], 0
    for frame in part.frames(columns):
        low, high = np.searchsorted(at, [start, start + len(frame)])
        rows = frame.iloc[at[low:high] - start].reset_index(drop=True)
        # as the study's table has them: numbers that a file holds as text, for one
        found.append(encoder.encode(pd.DataFrame({n: convert(rows[n], encoder.kinds[n]) for n in columns})))
        start += len(frame)
    return np.concatenate(found)


def digest(Z: np.ndarray) -> str:
    """Give the SHA-256 of encoded rows; missing values are alike."""
    return _digest([Z])


def _own_digest(encoder: LibraryModel, given: TrainingRows, order: np.ndarray) -> str:
    return _digest(
        encoder.encode(given.frame.iloc[order[start : start + _BATCH]].reset_index(drop=True))
        for start in range(0, len(order), _BATCH)
    )


def _digest(blocks: Iterator[np.ndarray] | list[np.ndarray]) -> str:
    found = hashlib.sha256()
    for Z in blocks:
        found.update(np.where(np.isnan(Z), np.nan, Z + 0.0).tobytes())  # one NaN, one zero
    return found.hexdigest()
