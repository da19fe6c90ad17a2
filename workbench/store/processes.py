"""Workers that are processes of this machine: how they start, what they tell, how they end."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
import types
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import connection, forkserver
from pathlib import Path
from typing import Any

from workbench.store.memory import resident
from workbench.store.worker import ONE_THREAD, Report, Task, work

# what the server of the workers imports before it forks them, so that a start takes milliseconds
PRELOAD = (
    "numpy",
    "pandas",
    "sklearn.ensemble",
    "sklearn.inspection",
    "sklearn.pipeline",
    "threadpoolctl",
)
_STARTING = threading.Lock()  # a start changes what all threads of this process see
_loaded: dict[str, None] = {}  # what the process that workers are forked from imports, in this order
_LOST = 255  # what multiprocessing gives as exit code of a worker whose server was ended, and it with that


@dataclass(eq=False)
class Worker:
    """A process at work on one unit: see `workbench.store.executor.Worker`."""

    process: Any
    reader: connection.Connection
    pid: int
    ended: bool = False
    report: Report | None = None
    orphaned: bool = False
    hung_up: bool = field(default=False, repr=False)

    def listen(self) -> bool:
        """Take what the worker has sent; tell whether it has just started to compute."""
        started = False
        self.ended = not self.process.is_alive()  # asked before its last words are read
        try:
            while not self.hung_up and self.reader.poll():
                report = self.reader.recv()
                if report.status == "start":
                    started = True
                else:
                    self.report = report
        except (EOFError, OSError):  # its end of the pipe is closed, maybe in the midst of a report
            self.hung_up = True
        return started

    @property
    def memory(self) -> int | None:
        """Bytes of memory that it holds; None where the system does not tell."""
        return resident(self.pid)

    def close(self) -> str:
        """Let go of a worker that is over; say how its process ended."""
        self.listen()
        self.reader.close()
        code = self.process.exitcode
        self.orphaned = code == _LOST
        self.process.close()
        return _death(code)


class Workers:
    """Starts processes and waits for them: see `workbench.store.executor.Executor`.

    Parameters
    ----------
    capacity : int
        How many may be at work at a time.
    preload : sequence of str
        Modules that most units import: they are loaded once, by the process that all workers are forked from.
    """

    def __init__(self, capacity: int = 1, preload: Sequence[str] = ()) -> None:
        self.capacity = capacity
        self._home = multiprocessing.get_context("forkserver" if sys.platform == "linux" else "spawn")
        _have_loaded([*PRELOAD, work.__module__, *preload])

    def start(self, task: Task) -> Worker:
        """Start a worker on a task."""
        context: Any = self._home
        reader, writer = context.Pipe(duplex=False)
        process = context.Process(target=work, args=(task, writer), daemon=True)
        with _STARTING, _clean_start():
            context.set_forkserver_preload([*_loaded, task.module])
            _begin(process)
        writer.close()
        return Worker(process, reader, process.pid)

    def wait(self, workers: Collection[Worker], seconds: float | None) -> None:
        """Wait until a worker has news, or so many seconds have passed."""
        pipes = [one.reader for one in workers if not one.hung_up]
        connection.wait([*pipes, *(one.process.sentinel for one in workers)], seconds)

    def stop(self, workers: Collection[Worker]) -> None:
        """End workers: ask, and after a second insist."""
        for one in workers:
            one.process.terminate()
        patience = time.monotonic() + 1
        for one in workers:
            one.process.join(max(0.0, patience - time.monotonic()))
            if one.process.is_alive():
                one.process.kill()
                one.process.join()


def _have_loaded(modules: Sequence[str]) -> None:
    """See that the process that workers are forked from has imported modules, or will as it starts.

    It imports once. Where it is there and lacks some, as after another run in the same notebook, it is ended while no
    worker is left, and the next start begins one that has all; else each worker imports them anew.
    """
    server: Any = forkserver._forkserver
    with _STARTING:
        if _loaded.keys() >= set(modules):
            return
        _loaded.update(dict.fromkeys(modules))
        if server._forkserver_pid is not None and not _has_forked():
            with suppress(ProcessLookupError):
                os.kill(server._forkserver_pid, signal.SIGKILL)  # who has nothing to lose need not be waited for
            server._stop()


def _has_forked() -> bool:
    """Tell whether a process is there that was forked so; others, such as Dask starts, don't depend on their server."""
    from multiprocessing import popen_forkserver

    children: list[Any] = multiprocessing.active_children()
    return any(isinstance(child._popen, popen_forkserver.Popen) for child in children)


def _begin(process: Any) -> None:
    """Start a process; again where the one that it is forked from was ended, until a new one has taken its place."""
    for patience in (0.01, 0.1, 1.0):
        try:
            process.start()
            return
        except (EOFError, ConnectionError):
            time.sleep(patience)
    process.start()


@contextmanager
def _clean_start() -> Iterator[None]:
    """Start workers that do not depend on who started them.

    The caller's script is hidden: multiprocessing would run it again in each worker, which takes time and would ask
    every script for a main guard, and units don't need it. The hashes of strings are fixed, and so is the order of a
    library's sets. Modules are found where this process finds them: no file in the current folder stands in for one.
    """
    path = os.pathsep.join(place or str(Path.cwd()) for place in sys.path)
    environment = {**ONE_THREAD, "PYTHONHASHSEED": "0", "PYTHONPATH": path, "PYTHONSAFEPATH": "1"}
    before = {name: os.environ.get(name) for name in environment}
    script = sys.modules["__main__"]
    os.environ.update(environment)
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = script
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _death(code: int | None) -> str:
    if code is not None and code < 0:
        name = signal.Signals(-code).name
        hint = "; the system does this when memory runs out" if name == "SIGKILL" else ""
        return f"its process was killed by {name}{hint}"
    hint = ", as where the process that all workers are forked from is killed" if code == _LOST else ""
    return f"its process ended without a result, with exit code {code}{hint}"
