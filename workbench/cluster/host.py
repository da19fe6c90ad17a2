"""What runs on a worker of a Dask cluster: one unit, in a process of its own, as at home.

A unit is not computed by Dask's own process: a thread can't be ended when its time is up, and what libraries leave
behind in a process would change the next unit's numbers. So Dask's thread starts a process as
`workbench.store.processes` does on any machine, and waits for it. Values lie in a store in the worker's own scratch
folder, which Dask removes with it.
"""

from __future__ import annotations

import multiprocessing
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.store.log import Log
from workbench.store.processes import Worker, Workers
from workbench.store.schedule import GIBIBYTE, too_large
from workbench.store.store import Store
from workbench.store.worker import Report, Task

_LOOK = 0.1  # seconds between two looks at whether the unit is still wanted
_DAEMON = threading.Lock()


@dataclass(frozen=True)
class Parcel:
    """What a worker of the cluster is told of a unit: see `workbench.store.worker.Task`.

    Attributes
    ----------
    run : str
        Names the run: a folder of the worker's scratch space, and the topic of its events.
    preload : tuple of str
        Modules that most units import.
    memory : float or None
        GiB that the unit's process may hold.
    """

    run: str
    unit: str
    key: str
    call: bytes
    module: str
    needs: tuple[str, ...]
    fresh: bool
    preload: tuple[str, ...] = ()
    memory: float | None = None


@dataclass(frozen=True)
class Returned:
    """How a unit ended: its report, its process, and its stored value as a whole file; or what it `lacks` to start."""

    report: Report
    pid: int = 0
    content: bytes | None = None
    lacks: tuple[str, ...] = ()


def deliver(run: str, key: str, piece: bytes, last: bool, dask_worker: Any = None) -> None:
    """Take in a piece of a stored value; the last one makes it whole."""
    store = _store(run, dask_worker)
    part = store.root / f"{key}.part"
    if not last:
        with part.open("ab") as file:
            file.write(piece)
    else:
        store.adopt(key, (part.read_bytes() if part.exists() else b"") + piece)
        part.unlink(missing_ok=True)


def forget(run: str, dask_worker: Any = None) -> None:
    """Remove all that a run has left on this worker."""
    shutil.rmtree(_folder(run, dask_worker), ignore_errors=True)


def compute(parcel: Parcel) -> Returned:
    """Compute a unit in a process of its own, and give its value."""
    from distributed import get_worker

    dask_worker = get_worker()
    store = _store(parcel.run, dask_worker)
    if lacks := tuple(key for key in parcel.needs if not store.path(key).exists()):
        return Returned(Report("lacks"), lacks=lacks)
    task = Task(parcel.unit, parcel.key, parcel.call, parcel.module, parcel.needs, store, Log(store.root), parcel.fresh)
    with _may_have_children():
        worker = Workers(preload=parcel.preload).start(task)
    try:
        report = _watch(worker, parcel, dask_worker)
    finally:
        Workers().stop([worker])
    death, pid = worker.close(), worker.pid
    report = worker.report or report or Report("failed", error=death, cause=death)
    if report.status in ("done", "found"):
        return Returned(report, pid, store.export(parcel.key))
    if worker.report is None and (notes := store.notes(parcel.key)) and notes.get("pid") == pid:
        told = Report("done", notes["seconds"], tuple(notes["warnings"]))  # its value was whole before it was killed
        return Returned(told, pid, store.export(parcel.key))
    return Returned(report, pid)


def _watch(worker: Worker, parcel: Parcel, dask_worker: Any) -> Report | None:
    """Wait until a unit's process is over, or must be ended: as nobody waits for it any more, or it holds too much."""
    workers = Workers()
    while not worker.ended:
        workers.wait([worker], _LOOK)
        if worker.listen():
            dask_worker.log_event(parcel.run, {"key": parcel.key, "pid": worker.pid})
        if parcel.memory is not None and (worker.memory or 0) > parcel.memory * GIBIBYTE:
            return too_large(parcel.memory)
        if not _is_wanted(dask_worker):
            return Report("stopped", error="nobody waits for it any more", cause="nobody waits for it any more")
    return None


def _is_wanted(dask_worker: Any) -> bool:
    """Tell whether the task of this thread was cancelled, by its run or because that has ended."""
    key = dask_worker.get_current_task()
    task = dask_worker.state.tasks.get(key)
    return task is not None and task.state in ("executing", "long-running")


def _store(run: str, dask_worker: Any) -> Store:
    return Store(_folder(run, dask_worker), limit_bytes=2**62)  # nothing is evicted that the run counts on


def _folder(run: str, dask_worker: Any) -> Path:
    return Path(dask_worker.local_directory, run)


@contextmanager
def _may_have_children() -> Iterator[None]:
    """Let this process start others, which multiprocessing refuses where it is a daemon, as Dask's workers are.

    The reason is that they would outlive it. These don't: `workbench.store.worker` ends them with it.
    """
    config: dict[str, Any] = multiprocessing.current_process()._config  # type: ignore[attr-defined]
    with _DAEMON:
        before = config.pop("daemon", None)
        try:
            yield
        finally:
            if before is not None:
                config["daemon"] = before
