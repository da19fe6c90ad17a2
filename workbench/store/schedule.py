"""Running units: which one next, within which limits, and what came of each."""

from __future__ import annotations

import os
import pickle
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.store.executor import Executor, Worker
from workbench.store.files import StoreError
from workbench.store.log import Log
from workbench.store.memory import left
from workbench.store.order import Order
from workbench.store.processes import Workers
from workbench.store.store import Store
from workbench.store.unit import Event, Outcome, Unit, refs
from workbench.store.worker import Report, Task

GIBIBYTE = 2**30
_LOOK = 0.25  # seconds between two looks at the memory of workers
_SPARE = 2**28  # bytes: less than this left of all memory, and the largest worker is ended before the system does it


@dataclass(frozen=True)
class Limits:
    """What a run may take; None: no limit.

    Attributes
    ----------
    seconds : float or None
        From its first unit on. Then no unit starts any more and those that run are ended.
    memory : float or None
        GiB that the worker of one unit may hold.
    """

    seconds: float | None = None
    memory: float | None = None


def run_units(
    units: Sequence[Unit],
    store: Store,
    *,
    folder: str | Path,
    jobs: int = 1,
    fresh: bool = False,
    on_event: Callable[[Event], None] | None = None,
    preload: Sequence[str] = (),
    limits: Limits | None = None,
    executor: Executor | None = None,
) -> dict[str, Outcome]:
    """Compute what is not stored yet, each unit in a worker process; call it within `lock_run`.

    A unit starts after those that its refs name; of those that can start, the one with the longest chain of work behind
    it, so that no long one is left for the end (see `Order`); with a time budget they start in the given order, so that
    what is left out is what comes last there. A failure stops only what needs it. Workers have one thread, so that
    numbers do not depend on `jobs`. Whatever kills this process, its workers end with it. Where memory runs out, the
    largest worker is ended, and its unit is tried once more, alone. Where the process that all workers are forked from
    is ended, and they with it, their units begin again, once.

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
    limits : Limits, optional
    executor : Executor, optional
        Who does the units, in the place of processes of this machine; `jobs` and `preload` then don't count.

    Returns
    -------
    dict
        An `Outcome` per unit name, in the order of `units`.

    Raises
    ------
    StoreError
        If two units share a name, the store refuses a file, or the disk takes no more: what is stored by then stays.
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
        hands = executor or Workers(jobs, preload)
        run = _Run(units, store, Log(Path(folder)), fresh, on_event, hands, limits or Limits())
        try:
            while run.advance():
                run.wait()
        finally:
            run.workers.stop([one.worker for one in run.running.values()])
    return {name: run.outcomes[name] for name in names}


def too_large(limit: float) -> Report:
    """Tell of a unit whose worker was ended because it held more than so many GiB."""
    told = f"took more than its limit of {limit:g} GiB of memory"
    return Report("failed", error=told, cause=told)


@dataclass(eq=False)
class _Running:
    """A unit at work, and when its time is up."""

    unit: Unit
    worker: Worker
    deadline: float = float("inf")


class _Run:
    """One call of `run_units`: what waits, what runs, what has come of it."""

    def __init__(
        self,
        units: Sequence[Unit],
        store: Store,
        log: Log,
        fresh: bool,
        on_event: Callable[[Event], None] | None,
        workers: Executor,
        limits: Limits,
    ) -> None:
        self.store, self.log, self.fresh, self.on_event = store, log, fresh, on_event
        self.workers, self.limits = workers, limits
        self.ends = float("inf") if limits.seconds is None else time.monotonic() + limits.seconds
        self.log.mend()
        self.unfinished = self.log.unfinished()
        self.waiting = list(units)
        self.total = len(units)
        self.running: dict[str, _Running] = {}
        # names of units that memory did not suffice for beside others, or that ask a whole cluster themselves
        self.alone = {unit.name for unit in units if unit.here}
        self.orphaned: set[str] = set()  # names of units whose worker ended as the server of all workers did
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
        self.order = Order(units, self.needs, self.log)

    def advance(self) -> bool:
        """Settle what needs no work and start what may start; tell whether anything is running."""
        moved = True
        while moved:
            moved = False
            for unit in self._in_order():
                needs = [name for name in self.needs[unit.name] if name != unit.name]
                if not all(name in self.outcomes for name in needs):
                    continue
                if self._take(unit, needs):
                    self.waiting.remove(unit)
                    moved = True
                elif unit.name in self.alone:
                    break  # none starts before it, or it would wait for the last of them
        return bool(self.running)

    def _in_order(self) -> list[Unit]:
        """Give what waits, the longest chain of work first; as given where a budget may leave something out."""
        return [*self.waiting] if self.limits.seconds is not None else sorted(self.waiting, key=self.order.rank)

    def _take(self, unit: Unit, needs: list[str]) -> bool:
        if unit.key not in self.notes:
            self.notes[unit.key] = None if self.fresh else self.store.notes(unit.key)
        if (notes := self.notes[unit.key]) is not None:
            self._recall(unit, notes, "found")
        elif lost := [self.outcomes[name] for name in needs if not self.outcomes[name].ok]:
            first = lost[0]
            status = "stopped" if first.status == "stopped" else "skipped"
            start = "" if first.status in ("skipped", "stopped") else f"needs {first.unit.name!r}: "
            self._settle(unit, Report(status, error=f"{start}{first.error}", cause=f"{start}{first.cause}"))
        elif self._is_over():
            self._settle(unit, self._stopped())
        elif self._has_room(unit):
            self._start(unit)
        else:
            return False
        return True

    def _has_room(self, unit: Unit) -> bool:
        if self.alone.intersection((unit.name, *self.running)):
            return not self.running
        return len(self.running) < self.workers.capacity

    def _is_over(self) -> bool:
        return time.monotonic() >= self.ends

    def _stopped(self, seconds: float = 0.0) -> Report:
        told = f"the run's time budget of {self.limits.seconds:g} s was used up"
        return Report("stopped", seconds, error=told, cause=told)

    def _start(self, unit: Unit) -> None:
        try:
            call = pickle.dumps((unit.function, dict(unit.arguments)), protocol=5)
        except Exception as error:
            rule = "function and arguments must be picklable"
            self._settle(unit, Report("failed", error=f"{rule}; {error}", cause=rule))
            return
        needs = tuple(dict(refs(unit.arguments)).values())
        home, here = unit.function.__module__, unit.here
        task = Task(unit.name, unit.key, call, home, needs, self.store, self.log, self.fresh, here)
        self.running[unit.name] = _Running(unit, self.workers.start(task))

    def wait(self) -> None:
        """Wait for news of a worker, or until a limit is reached, and act on it."""
        running = tuple(self.running.values())
        deadline = min(self.ends, *(one.deadline for one in running), time.monotonic() + _LOOK)
        self.workers.wait([one.worker for one in running], max(0.0, deadline - time.monotonic()))
        for one in running:
            if one.worker.listen():
                one.deadline = time.monotonic() + (float("inf") if one.unit.limit is None else one.unit.limit)
                self._tell(one.unit, "start")
            if one.worker.ended:
                self._bury(one)
            elif time.monotonic() >= one.deadline:
                told = f"took longer than its limit of {one.unit.limit:g} s"
                self._end(one, Report("timeout", one.unit.limit or 0.0, error=told, cause=told))
            elif self._is_over():
                self._end(one, self._stopped())
        self._watch_memory()

    def _watch_memory(self) -> None:
        """End a worker that holds more than it may, or the largest one before the system ends any."""
        told = {name: one.worker.memory for name, one in self.running.items()}
        held = {name: taken for name, taken in told.items() if taken is not None}
        limit = self.limits.memory
        for name, taken in held.items():
            if limit is not None and taken > limit * GIBIBYTE:
                self._end(self.running[name], too_large(limit))
                return
        if held and (spare := left()) is not None and spare < _SPARE:
            largest = self.running[max(held, key=lambda name: held[name])]
            why = f"memory ran out: its worker held {held[largest.unit.name] / GIBIBYTE:.1f} GiB"
            has_company = len(self.running) > 1
            self._end(largest, Report("failed", error=why, cause=why), again=has_company)

    def _end(self, one: _Running, report: Report, *, again: bool = False) -> None:
        """End a worker, for a reason; its unit is settled by that, unless it is to be tried once more, alone."""
        self.workers.stop([one.worker])
        if again and one.unit.name not in self.alone:
            one.worker.close()
            self.alone.add(one.unit.name)
            self._again(one, report.seconds)
        else:
            self._bury(one, report)

    def _again(self, one: _Running, seconds: float = 0.0) -> None:
        """Let a unit wait for another worker."""
        self.log.append(one.unit.name, one.unit.key, "stopped", seconds, one.worker.pid)
        del self.running[one.unit.name]
        self.waiting.insert(0, one.unit)

    def _bury(self, one: _Running, reason: Report | None = None) -> None:
        death, pid, report = one.worker.close(), one.worker.pid, one.worker.report
        notes = self.store.notes(one.unit.key) if report is None else None
        if notes and notes.get("pid") == pid:  # its value was whole before it was killed
            del self.running[one.unit.name]
            self._recall(one.unit, notes, "done")
        elif (report or reason) is None and one.worker.orphaned and one.unit.name not in self.orphaned:
            self.orphaned.add(one.unit.name)
            self._again(one)
        else:
            del self.running[one.unit.name]
            self._settle(one.unit, report or reason or Report("failed", error=death, cause=death), pid)

    def _recall(self, unit: Unit, notes: Mapping[str, Any], status: str) -> None:
        """Settle a unit whose value is stored; where its worker was killed before it logged so, log it."""
        pid, seconds = notes.get("pid"), notes.get("seconds", 0.0)
        if status == "done" or (unit.key[:12], pid) in self.unfinished:
            with self.store.claim(unit.key):  # a worker that outlived its run may be about to log it
                if pid is not None and (unit.key[:12], pid) in self.log.unfinished():
                    self.log.append(unit.name, unit.key, "done", seconds, pid)
        self._settle(unit, Report(status, seconds, tuple(notes.get("warnings", ()))))

    def _settle(self, unit: Unit, report: Report, pid: int | None = None) -> None:
        if report.status == "full":
            raise StoreError(f"{unit.name}: {report.error}")
        if report.status != "done":  # which the worker itself has logged
            self.log.append(unit.name, unit.key, report.status, report.seconds, pid or os.getpid())
        self.outcomes[unit.name] = outcome = Outcome(unit=unit, store=self.store, **vars(report))
        if outcome.ok:
            self.notes[unit.key] = {"seconds": report.seconds, "warnings": report.warnings, "pid": pid}
            self.order.learn(unit, report.seconds)
        self._tell(unit, report.status)

    def _tell(self, unit: Unit, event: str) -> None:
        if self.on_event:
            outcome = self.outcomes.get(unit.name)
            seconds, error = (outcome.seconds, outcome.error) if outcome else (0.0, None)
            self.on_event(Event(unit.name, unit.about, event, seconds, len(self.outcomes), self.total, error))
