"""How much memory processes hold, and how much the machine has left; on Linux, by its own files."""

from __future__ import annotations

import os
from pathlib import Path

_PROC = Path("/proc")
_GROUP = Path("/sys/fs/cgroup")  # of a container: its own limit is below the machine's


def resident(pid: int) -> int | None:
    """Give the bytes of memory that a process holds; None where the system does not tell, or it is over."""
    try:
        return int((_PROC / str(pid) / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None


def left() -> int | None:
    """Give the bytes of memory that may still be taken, by machine and container; None where the system does not tell.

    A container's own files count what can be dropped at need, the cache of files, as taken; it is not counted here.
    """
    found = [each for each in (_machine(), _container()) if each is not None]
    return min(found, default=None)


def _machine() -> int | None:
    try:
        lines = (_PROC / "meminfo").read_text().splitlines()
        return next(1024 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable:"))
    except (OSError, ValueError, StopIteration):
        return None


def _container() -> int | None:
    try:
        limit, used = (int((_GROUP / name).read_text()) for name in ("memory.max", "memory.current"))
        counts = dict(line.split() for line in (_GROUP / "memory.stat").read_text().splitlines())
        return limit - used + int(counts.get("inactive_file", 0))
    except (OSError, ValueError):  # no container, or one without a limit ("max")
        return None
