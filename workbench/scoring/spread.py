"""Parts scored one after another here, or by the workers of a Dask cluster."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from itertools import islice
from typing import Any

import pandas as pd

from workbench.cluster.connection import await_scheduler, check_here, check_packages, connected, packages
from workbench.delimited import CatalogError
from workbench.scoring.parts import Part
from workbench.scoring.scorer import Scorer
from workbench.store import StoreError

_AHEAD = 2  # parts for each thread that are under way or wait to be written
_LOSSES = 3  # how often all workers may be lost at once
_STEP = "try again with one that has workers, or leave --address out"


def scored(parts: Sequence[Part], scorer: Scorer) -> Iterator[pd.DataFrame]:
    """Score parts one after another; gives pieces in order, each of a batch of rows."""
    for part in parts:
        for frame in part.frames(scorer.form.columns, scorer.text):
            yield scorer.score(frame)


def scored_away(parts: Sequence[Part], scorer: Scorer, address: str) -> Iterator[pd.DataFrame]:
    """Score parts by the workers of a Dask cluster; gives pieces in the order of the parts.

    Workers read the files themselves, so all must find them at the same paths. The form goes to each worker once. Of
    each thread at most two parts are under way, and results come back as compressed Parquet, so memory stays bounded on
    both sides. A part whose worker is lost is scored by another, or by one that takes its place.

    Raises
    ------
    StoreError
        If the cluster does not answer, has no worker, or one that runs other versions.
    CatalogError
        If a part can't be read on a worker.
    """
    import pyarrow.parquet

    with connected(address) as client, _told(client, address):
        check_packages(client)
        threads = sum(client.nthreads().values())
        if not threads:
            raise StoreError(f"{address}: the cluster has no worker; start some with 'dask worker {address}'")
        form, lost, here = client.scatter(scorer, broadcast=True, hash=False), 0, packages()
        left, under_way = iter(parts), deque[tuple[Part, Any]]()
        while True:
            for part in islice(left, _AHEAD * threads - len(under_way)):
                under_way.append((part, client.submit(score_part, part, form, here, pure=False)))
            if not under_way:
                return
            try:
                content = under_way[0][1].result()
            except CancelledError as error:  # whoever held the form was lost, all at once, or the connection was
                await_scheduler(client, address, _STEP)
                lost += 1
                if lost > _LOSSES:
                    told = f"all workers were lost {lost} times, killed, or out of memory"
                    raise StoreError(f"{address}: {told}; see to them, and try again") from error
                form = client.scatter(scorer, broadcast=True, hash=False)
                under_way = deque(
                    (part, client.submit(score_part, part, form, here, pure=False)) for part, _ in under_way
                )
                continue
            under_way.popleft()
            with pyarrow.parquet.ParquetFile(io.BytesIO(content)) as file:
                for batch in file.iter_batches():
                    yield batch.to_pandas()


def score_part(part: Part, scorer: Scorer, there: Mapping[str, str]) -> bytes:
    """Score a part on a worker that runs what is run `there`; gives the result as the content of a Parquet file."""
    from workbench.scoring.sink import Sink

    check_here(there)  # it may have come after all were checked
    content = io.BytesIO()
    written = Sink(content, parquet=True)
    for piece in scored([part], scorer):
        written.write(piece)
    written.close()
    return content.getvalue()


@contextmanager
def _told(client: Any, address: str) -> Iterator[None]:
    """Say of what the cluster could not do what to do."""
    try:
        yield
    except CatalogError as error:
        raise CatalogError(
            f"on a worker: {error}; workers must find the data at the same paths as this machine: share the folder, or "
            "leave --address out"
        ) from error
    except Exception as error:
        of_dask = type(error).__module__.partition(".")[0] in ("distributed", "dask")
        if not of_dask and not isinstance(error, TimeoutError):
            raise
        await_scheduler(client, address, _STEP, doubt=isinstance(error, OSError))
        raise StoreError(f"{address}: {type(error).__name__}: {error}; see to its workers, and try again") from error
