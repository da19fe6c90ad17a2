"""Units on a Dask cluster: which worker gets which, what it must be given first, and what comes back."""

from __future__ import annotations

import logging
import os
import secrets
import threading
import time
from collections import defaultdict
from collections.abc import Collection, Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from workbench.cluster.connection import all_workers, await_scheduler, check_packages, unfit
from workbench.cluster.host import Parcel, Returned, compute, deliver, forget
from workbench.store import StoreError
from workbench.store.processes import Worker, Workers
from workbench.store.worker import Report, Task

PATIENCE = 60.0  # seconds to wait for a worker where the cluster has none
_LOOK = 0.25  # seconds between two looks at which workers there are
_PIECE = 2**26  # bytes that are sent to a worker at a time
_log = logging.getLogger(__name__)


@dataclass(eq=False)
class ClusterWorker:
    """A unit that a worker of the cluster computes: see `workbench.store.executor.Worker`.

    Where the worker is lost, another gets the unit, once.
    """

    task: Task
    cluster: Cluster
    pid: int = 0
    ended: bool = False
    report: Report | None = None
    address: str = ""
    future: Any = None
    lost: list[str] = field(default_factory=list)
    started: bool = False
    memory: None = None
    orphaned: bool = False  # another worker has the unit then

    def listen(self) -> bool:
        """Take what the cluster has to tell; tell whether the unit has just started to be computed."""
        before, pid = self.started, self.cluster.started.pop(self.task.key, None)
        if pid is not None and not self.ended:
            self._begin(pid)
        if not self.ended:
            if self.future.status == "finished":
                self._receive()
            elif self.future.status == "error":
                self._fail(self.future.exception())
            elif self.future.status == "cancelled" or self.address not in self.cluster.threads():
                self._lose()
        return self.started and not before

    def close(self) -> str:
        """Let go of it; say how it ended."""
        self.cluster.release(self)
        places = " and ".join(dict.fromkeys(self.lost))
        return f"the workers that computed it were lost, {places}: killed, or out of memory"

    def _receive(self) -> None:
        try:
            returned: Returned = self.future.result()
        except (OSError, CancelledError):  # the scheduler, or all that it knew, is gone
            self.cluster.await_scheduler(doubt=True)
            self._lose()
            return
        if returned.lacks:  # what was sent there is gone
            self.cluster.held[self.address].difference_update(returned.lacks)
            self.cluster.place(self)
            return
        self.ended, self.report = True, returned.report
        if returned.pid and returned.report.status != "found":
            self._begin(returned.pid)
        if returned.content is not None:
            self.report = self._keep(returned.content)
        elif returned.report.status == "full":
            self.report = Report("full", error=f"worker {self.address}: {returned.report.error}")

    def _keep(self, content: bytes) -> Report:
        """Store a value, whole, and log it, as a process of this machine does itself."""
        store, key = self.task.store, self.task.key
        try:
            with store.claim(key):
                notes = store.adopt(key, content)
                self.task.log.append(self.task.unit, key, "done", notes["seconds"], self.pid or os.getpid())
        except StoreError as error:
            return Report("full", error=str(error), cause="the disk is full")
        self.cluster.held[self.address].add(key)
        return Report("done", notes["seconds"], tuple(notes["warnings"]))

    def _begin(self, pid: int) -> None:
        if not self.started:
            self.started, self.pid = True, pid
            self.task.log.append(self.task.unit, self.task.key, "start", 0.0, pid)

    def _fail(self, error: BaseException) -> None:
        if type(error).__name__ == "KilledWorker":
            self._lose()
            return
        cause = type(error).__name__
        self.ended, self.report = True, Report("failed", error=f"{cause}: {error}", cause=cause)

    def _lose(self) -> None:
        """Have another worker compute the unit; give up where this was the second one, or the scheduler is lost."""
        self.cluster.await_scheduler()
        self.cluster.lose(self)
        if len(self.lost) > 1:
            self.ended = True
            return
        _log.warning("%s: its worker %s was lost; another one computes it", self.task.unit, self.address)
        self.started = False
        self.cluster.place(self)


class Cluster:
    """Does units on the workers of a Dask cluster: see `workbench.store.executor.Executor`.

    A unit that asks the cluster itself is computed by a process of this machine. Of the others, a worker computes one a
    thread at a time, each in a process of its own. What units take in is sent to a worker before the first unit there
    that takes it in, and once; a value that it has computed itself is there already. Of the workers with a free thread,
    a unit goes to the one that holds most of that. Values come back and are stored here: machines need no folder in
    common.

    Who may use the scheduler can run code on its workers and, by the values that come back, here: use a cluster of your
    own, or TLS.

    Parameters
    ----------
    client : distributed.Client
    preload : sequence of str
        Modules that most units import.
    memory : float, optional
        GiB that the process of one unit may hold.

    Raises
    ------
    StoreError
        If a worker runs other versions of a package that decides numbers, or the cluster has no worker.
    """

    def __init__(self, client: Any, *, preload: Sequence[str] = (), memory: float | None = None) -> None:
        self.client, self.preload, self.memory = client, tuple(preload), memory
        self.address = client.scheduler.address
        self.own = Workers(preload=preload)
        self.run = f"workbench-{secrets.token_hex(8)}"
        self.held: defaultdict[str, set[str]] = defaultdict(set)
        self.busy: dict[ClusterWorker, str] = {}
        self.started: dict[str, int] = {}  # key of a unit that has started, and its process
        self.fit: dict[str, bool] = {}
        self._threads: dict[str, int] = {}
        self._looked = float("-inf")
        self._news = threading.Event()
        client.subscribe_topic(self.run, self._hear)
        check_packages(client)
        self._await_workers()

    @property
    def capacity(self) -> int:
        """The threads of all workers; 1 where there are none, so that a unit waits for one."""
        return max(1, sum(self.threads().values()))

    def start(self, task: Task) -> ClusterWorker | Worker:
        """Send a unit to a worker; or start a process here."""
        if task.here:
            return self.own.start(task)
        worker = ClusterWorker(task, self)
        self.place(worker)
        return worker

    def wait(self, workers: Collection[ClusterWorker | Worker], seconds: float | None) -> None:
        """Wait until a worker has news, or so many seconds have passed."""
        self._news.wait(_LOOK if seconds is None else min(seconds, _LOOK))
        self._news.clear()

    def stop(self, workers: Collection[ClusterWorker | Worker]) -> None:
        """Cancel units: their workers end the processes that compute them as soon as they hear of it."""
        away = [one for one in workers if isinstance(one, ClusterWorker)]
        futures = [one.future for one in away if one.future is not None]
        if futures and self.client.status == "running":  # without a scheduler, workers end by themselves
            self.client.cancel(futures)
        self.own.stop([one for one in workers if isinstance(one, Worker)])

    def close(self) -> None:
        """Have workers forget the run."""
        if self.client.status != "running":
            return
        with suppress(OSError, TimeoutError):  # it may be lost just now
            self.client.unsubscribe_topic(self.run)
            self.client.run(forget, self.run, on_error="ignore")

    def threads(self) -> dict[str, int]:
        """Give the threads of each worker that there is and that runs what this process runs."""
        if time.monotonic() - self._looked >= _LOOK:
            self._look()
        return self._threads

    def place(self, worker: ClusterWorker) -> None:
        """Send a unit to the worker that has a free thread and holds most of what it takes in."""
        while True:
            self._await_workers()
            worker.address = address = self._choose(worker)
            try:
                self._provide(address, worker.task)
                break
            except (OSError, TimeoutError) as error:  # it was lost meanwhile
                _log.warning("worker %s: %s", address, error)
                self._threads.pop(address, None)
                self.held.pop(address, None)
        self.busy[worker] = address
        task = worker.task
        parcel = Parcel(
            self.run,
            task.unit,
            task.key,
            task.call,
            task.module,
            tuple(key for key in task.needs if key in self.held[address]),
            task.fresh,
            self.preload,
            self.memory,
        )
        key = f"{self.run}-{secrets.token_hex(8)}"
        worker.future = self.client.submit(compute, parcel, key=key, workers=[address], pure=False)
        worker.future.add_done_callback(lambda _: self._news.set())

    def lose(self, worker: ClusterWorker) -> None:
        """Note that a unit's worker was lost."""
        worker.lost.append(worker.address)
        self.held.pop(worker.address, None)
        self.stop([worker])
        self.release(worker)
        self._looked = float("-inf")

    def await_scheduler(self, *, doubt: bool = False) -> None:
        """Wait until the scheduler answers again, where the connection to it was lost.

        Raises
        ------
        StoreError
            If it does not.
        """
        step = (
            "run again, with one that has workers, or with executor: local and without run.distributed: "
            "what is finished is kept"
        )
        await_scheduler(self.client, self.address, step, doubt=doubt)

    def release(self, worker: ClusterWorker) -> None:
        """Let go of a unit's thread and of its result on the cluster."""
        self.busy.pop(worker, None)
        worker.future = None

    def _choose(self, worker: ClusterWorker) -> str:
        taken = list(self.busy.values())
        others = {address: n for address, n in self._threads.items() if address not in worker.lost} or self._threads
        needs = set(worker.task.needs)
        return max(
            others,
            key=lambda a: (taken.count(a) < others[a], len(needs & self.held[a]), others[a] - taken.count(a)),
        )

    def _provide(self, address: str, task: Task) -> None:
        """Send a worker what a unit takes in and it does not hold."""
        for key in task.needs:
            if key in self.held[address] or (content := task.store.export(key)) is None:
                continue  # what is nowhere is told by the unit itself
            for start in range(0, len(content), _PIECE):
                piece, last = content[start : start + _PIECE], start + _PIECE >= len(content)
                self.client.run(deliver, self.run, key, piece, last, workers=[address])
            self.held[address].add(key)

    def _await_workers(self) -> None:
        """Wait for the first worker.

        Raises
        ------
        StoreError
            If none comes.
        """
        patience = time.monotonic() + PATIENCE
        while not self.threads():
            if time.monotonic() > patience:
                raise StoreError(
                    f"the Dask cluster at {self.address} has no worker that can be used: start some with 'dask worker "
                    f"{self.address}', and run again: what is finished is kept"
                )
            time.sleep(_LOOK)

    def _look(self) -> None:
        """Ask the scheduler which workers there are; those that come later are checked too, and left alone if unfit."""
        self.await_scheduler()
        try:
            found = all_workers(self.client)
        except OSError:  # the connection is lost, for a while or for good
            self.await_scheduler(doubt=True)
            return
        if new := [address for address in found if address not in self.fit]:
            wrong = unfit(self.client, new)
            for address in new:
                self.fit[address] = address not in wrong
                if address in wrong:
                    _log.warning("worker %s is not used: %s", address, wrong[address])
        self._threads = {address: n for address, n in found.items() if self.fit[address]}
        self._looked = time.monotonic()

    def _hear(self, event: tuple[float, dict[str, Any]]) -> None:
        """Take news of a unit that has started; called in the thread of the client."""
        self.started[event[1]["key"]] = event[1]["pid"]
        self._news.set()
