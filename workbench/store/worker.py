"""The inside of a worker process: one unit, from its claim to its stored value."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import pickle
import random
import re
import signal
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from typing import Any

from workbench.store.files import StoreError
from workbench.store.log import Log
from workbench.store.store import Store
from workbench.store.unit import resolve

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS"), "1")
_PR_SET_PDEATHSIG = 1  # of linux/prctl.h
# meant for the developers of libraries: Python hides them by default, and so does a worker
_HIDDEN = (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning)


@dataclass(frozen=True)
class Task:
    """What a worker is told.

    Attributes
    ----------
    call : bytes
        The pickled function and its arguments.
    module : str
        Where the function stands.
    needs : tuple of str
        The keys of the stored values that take the place of refs among the arguments.
    here : bool
        Whether a process of this machine is to compute it, whoever does the others.
    """

    unit: str
    key: str
    call: bytes
    module: str
    needs: tuple[str, ...]
    store: Store
    log: Log
    fresh: bool
    here: bool = False


@dataclass(frozen=True)
class Report:
    """What a worker tells: that it starts, and how its unit ended; "full" where the disk could not take its value."""

    status: str
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()
    error: str | None = None
    cause: str | None = None
    traceback: str = ""


def work(task: Task, writer: Connection) -> None:
    """Run one unit in this process, tell how it went, and end the process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl-C reaches the whole group; the run itself ends its workers
    committing = threading.Lock()
    parent = multiprocessing.parent_process()
    if parent is None:
        raise RuntimeError("worker: work() belongs in a process that run_units has started")
    threading.Thread(target=_end_with, args=(parent, committing), daemon=True).start()
    _end_with_server(True)
    _one_thread()
    _seed(task.key)
    with task.store.claim(task.key), suppress(BrokenPipeError):  # nobody is left to be told
        # A run that was killed leaves workers that are about to end. Whoever waits for the claim starts after they
        # have, and of those that come to the claim late none starts at all: so no two runs of a unit overlap.
        if parent.is_alive():
            writer.send(_compute(task, writer, committing))
    os._exit(0)  # a library's threads or exit handlers can't hold up what is already stored


def _compute(task: Task, writer: Connection, committing: threading.Lock) -> Report:
    if not task.fresh and (notes := task.store.notes(task.key)) is not None:  # another run was quicker
        return Report("found", notes.get("seconds", 0.0), tuple(notes.get("warnings", ())))
    began = time.perf_counter()
    caught: list[warnings.WarningMessage] = []
    try:
        task.log.append(task.unit, task.key, "start", 0.0, os.getpid())
        writer.send(Report("start"))
        function, arguments = pickle.loads(task.call)  # noqa: S301 made by the run that started this process
        arguments = resolve(arguments, task.store)
        began = time.perf_counter()
        with _warnings() as caught:
            value = function(**arguments)
        seconds, texts = time.perf_counter() - began, _texts(caught)
        return _commit(task, value, seconds, texts, committing)
    except BaseException as error:  # whatever a unit raises, SystemExit too, is its own failure, not the run's
        cause = type(error).__name__
        message = " ".join(f"{cause}: {error}".split())
        return Report("failed", time.perf_counter() - began, _texts(caught), message, cause, traceback.format_exc())


def _commit(task: Task, value: Any, seconds: float, texts: tuple[str, ...], committing: threading.Lock) -> Report:
    """Store a value and log it; a disk that takes no more is the run's trouble, not the unit's."""
    try:
        with committing:
            _end_with_server(False)
            task.store.put(task.key, value, {"seconds": seconds, "warnings": texts, "pid": os.getpid()})
            task.log.append(task.unit, task.key, "done", seconds, os.getpid())
    except StoreError as error:
        return Report("full", seconds, texts, error=str(error), cause="the disk is full")
    return Report("done", seconds, texts)


def _end_with(parent: Any, committing: threading.Lock) -> None:
    """End this process when its run has ended, but not between storing a value and logging it."""
    parent.join()
    with committing:
        os._exit(1)


def _end_with_server(on: bool) -> None:
    """Have Linux kill this process when the one that it was forked from ends, which ends with the run.

    `_end_with` does the same, but can't where a loop in C never gives it its turn. A worker is handed the end of the
    pipe by which its server knows that the run lives; while it is open, the server does not end.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL if on else 0)
        server: Any = forkserver._forkserver
        if server._forkserver_alive_fd is not None:
            os.close(server._forkserver_alive_fd)
            server._forkserver_alive_fd = None


def _one_thread() -> None:
    """Have linear algebra use one thread: the order of its sums, so the last digits, depend on their number."""
    if all(os.environ.get(name) == number for name, number in ONE_THREAD.items()):
        return  # libraries have read it as they were loaded
    import threadpoolctl  # type: ignore[import-untyped]

    os.environ.update(ONE_THREAD)
    threadpoolctl.threadpool_limits(limits=1)


def _seed(key: str) -> None:
    """Seed the global generators: a library that draws from them draws the same in every run."""
    import numpy as np

    random.seed(key)
    np.random.seed(int(key[:8], 16))  # noqa: NPY002 it is the global one that must be tamed


@contextmanager
def _warnings() -> Iterator[list[warnings.WarningMessage]]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for category in _HIDDEN:
            warnings.simplefilter("ignore", category)
        yield caught


def _texts(caught: list[warnings.WarningMessage]) -> tuple[str, ...]:
    """Give each text once, in the order of first appearance, without the addresses that differ between runs."""
    texts = (f"{warning.category.__name__}: {warning.message}" for warning in caught)
    return tuple(dict.fromkeys(re.sub(r" at 0x[0-9a-f]+", "", " ".join(text.split())) for text in texts))
