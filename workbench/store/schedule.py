"""Running units: which one next, in how many processes, and what came of each."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
import time
import types
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import connection
from pathlib import Path
from typing import Any

from workbench.store.files import StoreError
from workbench.store.log import Log
from workbench.store.store import Store
from workbench.store.unit import Event, Outcome, Unit, refs
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


def run_units(
    units: Sequence[Unit],
    store: Store,
    *,
    folder: str | Path,
    jobs: int = 1,
    fresh: bool = False,
    on_event: Callable[[Event], None] | None = None,
    preload: Sequence[str] = (),
) -> dict[str, Outcome]:
    """Compute what is not stored yet, each unit in a worker process; call it within `lock_run`.

    Units start in the given order, a unit after those that its refs name. A failure stops only what needs it. Workers
    have one thread, so that numbers do not depend on `jobs`. Whatever kills this process, its workers end with it.

    Parameters
    ----------
    units : sequence of Unit
        Of distinct names.
    store : Store
        Where values are kept.
    folder : path
        The run's folder; the log ``units.jsonl`` in it grows by a line per event.
    jobs : int
        How many workers may run at a time.
    fresh : bool
        Compute everything anew.
    on_event : callable, optional
        Called in this process with each `Event`.
    preload : sequence of str
        Modules that most units import: they are loaded once, by the process that all workers are forked from.

    Returns
    -------
    dict
        An `Outcome` per unit name, in the order of `units`.

    Raises
    ------
    StoreError
        If two units share a name, or the store refuses a file.
    ValueError
        If `jobs` is below 1.

    Examples
    --------
    >>> import statistics, tempfile
    >>> mean = Unit("mean", statistics.fmean, {"data": [1, 2, 6]}, identity={"data": [1, 2, 6]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = Store(folder)
    ...     first = run_units([mean], store, folder=folder)["mean"]
    ...     first.status, first.value, run_units([mean], store, folder=folder)["mean"].status
    ('done', 3.0, 'found')
    """
    names = [unit.name for unit in units]
    if len(set(names)) < len(names):
        raise StoreError(f"units: names must be unique; {next(n for n in names if names.count(n) > 1)!r} occurs twice")
    if jobs < 1:
        raise ValueError(f"jobs must be at least 1; got {jobs}")
    with store.in_use():
        run = _Run(units, store, Path(folder), jobs, fresh, on_event, preload)
        try:
            while run.advance():
                run.wait()
        finally:
            _stop(run.running.values())
    return {name: run.outcomes[name] for name in names}


@dataclass(eq=False)
class _Running:
    """A worker at work, as this process sees it."""

    unit: Unit
    process: Any
    reader: connection.Connection
    deadline: float = float("inf")
    report: Report | None = None
    hung_up: bool = False

    def listen(self) -> bool:
        """Take what the worker has sent; tell whether it has just started to compute."""
        started = False
        try:
            while not self.hung_up and self.reader.poll():
                report = self.reader.recv()
                if report.status == "start":
                    started = True
                    self.deadline = time.monotonic() + (float("inf") if self.unit.limit is None else self.unit.limit)
                else:
                    self.report = report
        except (EOFError, OSError):  # its end of the pipe is closed, maybe in the midst of a report
            self.hung_up = True
        return started


class _Run:
    """One call of `run_units`: what waits, what runs, what has come of it."""

    def __init__(
        self,
        units: Sequence[Unit],
        store: Store,
        folder: Path,
        jobs: int,
        fresh: bool,
        on_event: Callable[[Event], None] | None,
        preload: Sequence[str],
    ) -> None:
        self.store, self.jobs, self.fresh, self.on_event = store, jobs, fresh, on_event
        self.preload = [*PRELOAD, work.__module__, *preload]
        self.log = Log(folder)
        self.log.mend()
        self.unfinished = self.log.unfinished()
        self.waiting = list(units)
        self.total = len(units)
        self.running: dict[str, _Running] = {}
        self.outcomes: dict[str, Outcome] = {}
        self.notes: dict[str, dict[str, Any] | None] = {}
        homes: dict[str, str] = {}
        for unit in units:
            homes.setdefault(unit.key, unit.name)
        # a unit waits for those that its refs name, and for an earlier one of the same key
        self.needs = {
            unit.name: [homes[key] for key in (*dict(refs(unit.arguments)).values(), unit.key) if key in homes]
            for unit in units
        }

    def advance(self) -> bool:
        """Settle what needs no work and start what may start; tell whether anything is running."""
        moved = True
        while moved:
            moved = False
            for unit in tuple(self.waiting):
                needs = [name for name in self.needs[unit.name] if name != unit.name]
                if all(name in self.outcomes for name in needs) and self._take(unit, needs):
                    self.waiting.remove(unit)
                    moved = True
        return bool(self.running)

    def _take(self, unit: Unit, needs: list[str]) -> bool:
        if unit.key not in self.notes:
            self.notes[unit.key] = None if self.fresh else self.store.notes(unit.key)
        if (notes := self.notes[unit.key]) is not None:
            self._recall(unit, notes, "found")
        elif lost := [self.outcomes[name] for name in needs if not self.outcomes[name].ok]:
            first = lost[0]
            start = "" if first.status == "skipped" else f"needs {first.unit.name!r}: "
            self._settle(unit, Report("skipped", error=f"{start}{first.error}", cause=f"{start}{first.cause}"))
        elif len(self.running) < self.jobs:
            self._start(unit)
        else:
            return False
        return True

    def _start(self, unit: Unit) -> None:
        try:
            call = pickle.dumps((unit.function, dict(unit.arguments)), protocol=5)
        except Exception as error:
            rule = "function and arguments must be picklable"
            self._settle(unit, Report("failed", error=f"{rule}; {error}", cause=rule))
            return
        task = Task(unit.name, unit.key, call, self.store, self.log, self.fresh)
        context: Any = multiprocessing.get_context("forkserver" if sys.platform == "linux" else "spawn")
        context.set_forkserver_preload([*self.preload, unit.function.__module__])
        reader, writer = context.Pipe(duplex=False)
        process = context.Process(target=work, args=(task, writer), daemon=True)
        with _clean_start():
            process.start()
        writer.close()
        self.running[unit.name] = _Running(unit, process, reader)

    def wait(self) -> None:
        """Wait for news of a worker, or until one has reached its limit, and act on it."""
        running = tuple(self.running.values())
        pipes = [one.reader for one in running if not one.hung_up]
        deadline = min(one.deadline for one in running)
        timeout = None if deadline == float("inf") else max(0.0, deadline - time.monotonic())
        connection.wait([*pipes, *(one.process.sentinel for one in running)], timeout)
        for one in running:
            ended = not one.process.is_alive()  # asked before its last words are read
            if one.listen():
                self._tell(one.unit, "start")
            overdue = not ended and time.monotonic() >= one.deadline
            if overdue:
                _stop([one])
            if ended or overdue:
                self._bury(one, overdue)

    def _bury(self, one: _Running, overdue: bool) -> None:
        one.listen()
        one.reader.close()
        pid, code = one.process.pid, one.process.exitcode
        one.process.close()
        del self.running[one.unit.name]
        report = one.report
        notes = self.store.notes(one.unit.key) if report is None else None
        if notes and notes.get("pid") == pid:  # its value was whole before it was killed
            self._recall(one.unit, notes, "done")
        elif report is None and overdue:
            told = _overdue(one.unit)
            self._settle(one.unit, Report("timeout", one.unit.limit or 0.0, error=told, cause=told), pid)
        elif report is None:
            self._settle(one.unit, Report("failed", error=_death(code), cause=_death(code)), pid)
        else:
            self._settle(one.unit, report, pid)

    def _recall(self, unit: Unit, notes: Mapping[str, Any], status: str) -> None:
        """Settle a unit whose value is stored; where its worker was killed before it logged so, log it."""
        pid, seconds = notes.get("pid"), notes.get("seconds", 0.0)
        if status == "done" or (unit.key[:12], pid) in self.unfinished:
            with self.store.claim(unit.key):  # a worker that outlived its run may be about to log it
                if pid is not None and (unit.key[:12], pid) in self.log.unfinished():
                    self.log.append(unit.name, unit.key, "done", seconds, pid)
        self._settle(unit, Report(status, seconds, tuple(notes.get("warnings", ()))))

    def _settle(self, unit: Unit, report: Report, pid: int | None = None) -> None:
        if report.status != "done":  # which the worker itself has logged
            self.log.append(unit.name, unit.key, report.status, report.seconds, pid or os.getpid())
        self.outcomes[unit.name] = outcome = Outcome(unit=unit, store=self.store, **vars(report))
        if outcome.ok:
            self.notes[unit.key] = {"seconds": report.seconds, "warnings": report.warnings, "pid": pid}
        self._tell(unit, report.status)

    def _tell(self, unit: Unit, event: str) -> None:
        if self.on_event:
            outcome = self.outcomes.get(unit.name)
            seconds, error = (outcome.seconds, outcome.error) if outcome else (0.0, None)
            self.on_event(Event(unit.name, unit.about, event, seconds, len(self.outcomes), self.total, error))


def _stop(running: Collection[_Running]) -> None:
    """End workers: ask, and after a second insist."""
    for one in running:
        one.process.terminate()
    patience = time.monotonic() + 1
    for one in running:
        one.process.join(max(0.0, patience - time.monotonic()))
        if one.process.is_alive():
            one.process.kill()
            one.process.join()


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
    return f"its process ended without a result, with exit code {code}"


def _overdue(unit: Unit) -> str:
    return f"took longer than its limit of {unit.limit:g} s"
