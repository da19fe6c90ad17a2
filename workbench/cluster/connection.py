"""Connections to a Dask cluster, and whether its workers run what this process runs."""

from __future__ import annotations

import hashlib
import platform
import re
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution, requires, version
from pathlib import Path
from typing import Any

from workbench.store import StoreError

CONNECT_SECONDS = 15
_LOOK = 0.1  # seconds between two looks at whether there is a connection again
_MOMENT = 1.0  # seconds in which a client hears that it has none
_OWN = "glassbox-workbench"
_SOURCES = "workbench (its sources)"


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """Give a `distributed.Client` of the scheduler at an address, closed afterwards.

    Raises
    ------
    StoreError
        If Dask is not installed, or nothing answers there.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise StoreError(
            "executor dask: needs dask and distributed, which are not installed: pip install 'glassbox-workbench[dask]'"
        ) from error
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise StoreError(
            f"{address}: no Dask scheduler answers there ({type(error).__name__}); start one with 'dask scheduler', "
            "and workers with 'dask worker ADDRESS --nworkers auto --nthreads 1'"
        ) from error
    try:
        yield client
    finally:
        client.close()


def await_scheduler(client: Any, address: str, step: str, *, doubt: bool = False) -> None:
    """Wait until the scheduler answers again, where the connection to it was lost.

    Parameters
    ----------
    doubt : bool
        Whether a call has just failed for a lost connection: a client may hear of that loss a moment later.

    Raises
    ------
    StoreError
        If it does not in CONNECT_SECONDS; says what the next step is.
    """
    patience = time.monotonic() + _MOMENT
    while doubt and client.status == "running" and time.monotonic() < patience:
        time.sleep(_LOOK)
    while client.status == "connecting":
        time.sleep(_LOOK)
    if client.status != "running":
        raise StoreError(f"{address}: the Dask scheduler does not answer any more; {step}")


def all_workers(client: Any) -> dict[str, int]:
    """Ask the scheduler for the threads of each worker that there is, by its address.

    `Client.scheduler_info` won't do: it gives what was known before where the connection is lost, in some versions five
    workers of all, and now and then none, as a client's own timer asks for the cluster's sums in between.

    Raises
    ------
    OSError
        If the connection is lost.
    """
    found: dict[str, int] = client.nthreads()
    return found


@cache
def packages() -> dict[str, str]:
    """Give the versions of all that decides numbers here: Python, the workbench's sources, and what they require."""
    found = {"python": ".".join(platform.python_version_tuple()[:2]), _SOURCES: _sources()}
    for name in _requirements():
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "none"
    return found


def mismatches(here: Mapping[str, str], there: Mapping[str, str]) -> list[str]:
    """Say of each package that differs its name and both versions."""
    return [
        f"{name} is {there.get(name, 'none')} there and {own} here"
        for name, own in here.items()
        if there.get(name, "none") != own
    ]


def unfit(client: Any, workers: Collection[str] | None = None) -> dict[str, str]:
    """Say of each worker that does not run what this process runs what differs; all workers where none are named."""
    here = packages()
    found = client.run(packages, workers=None if workers is None else [*workers], on_error="return")
    told = {}
    for address, there in found.items():
        if isinstance(there, BaseException):
            told[address] = f"can't import the workbench there: {there}"
        elif wrong := mismatches(here, there):
            told[address] = "; ".join(wrong)
    return told


def check_here(there: Mapping[str, str]) -> None:
    """Check, on a worker, that this process runs what the one does that asks.

    Raises
    ------
    StoreError
        If it does not: names the worker, the package and both versions.
    """
    if wrong := mismatches(packages(), there):
        raise StoreError(
            f"worker {platform.node()}: {'; '.join(wrong)}; install the same versions on all machines, "
            "or numbers would differ"
        )


def check_packages(client: Any) -> None:
    """Check that all workers run what this process runs.

    Raises
    ------
    StoreError
        If one does not: names the worker, the package and both versions.
    """
    for address, told in unfit(client).items():
        raise StoreError(
            f"worker {address}: {told}; install the same versions on all machines, or numbers would differ"
        )


def _requirements() -> list[str]:
    """Name what the workbench requires, and what the extras that fit models would add."""
    try:
        asked = requires(_OWN) or []
    except PackageNotFoundError:  # sources without an installation
        return []
    counted = [text for text in asked if "extra ==" not in text or re.search(r"extra == .(accelerate|pysr|dask)", text)]
    names = {found[0] for text in counted if (found := re.match(r"[A-Za-z0-9._-]+", text))}
    # of two distributions that bring one module, the one of this system counts
    return sorted(name for name in names if _is_installed(name))


def _is_installed(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True


def _sources() -> str:
    home = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for path in sorted(home.rglob("*.py")):
        digest.update(f"{path.relative_to(home)} ".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:12]
