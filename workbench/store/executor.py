"""What a run asks of whoever does its units: processes of this machine, or a cluster."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Protocol

from workbench.store.worker import Report, Task


class Worker(Protocol):
    """One at work on one unit, as its run sees it.

    Attributes
    ----------
    pid : int
        The process that computes the unit, on whatever machine.
    ended : bool
        Whether it is over, as of the last `listen`.
    report : Report or None
        Its last word; None where it has not spoken, or ended without one.
    orphaned : bool
        Whether it ended as what had started it was ended, known once it is closed: no fault of its unit.
    """

    pid: int
    ended: bool
    report: Report | None
    orphaned: bool

    def listen(self) -> bool:
        """Take news; tell whether it has just started to compute, which it may do anew on another machine."""
        ...

    @property
    def memory(self) -> int | None:
        """Bytes of this machine's memory that it holds; None where that is not known, or not of this machine."""
        ...

    def close(self) -> str:
        """Let go of one that is over; say how it ended."""
        ...


class Executor(Protocol):
    """Starts workers and waits for them. What a worker computes is in the store, and logged, before it has ended."""

    @property
    def capacity(self) -> int:
        """How many workers may be at work at a time, 1 or more."""
        ...

    def start(self, task: Task) -> Any:
        """Start a worker on a task."""
        ...

    def wait(self, workers: Collection[Any], seconds: float | None) -> None:
        """Wait until a worker has news, or so many seconds have passed."""
        ...

    def stop(self, workers: Collection[Any]) -> None:
        """End workers."""
        ...
