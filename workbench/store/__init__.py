"""The store: units of work, each run once in a process of its own, and their values, named by hash, written whole."""

from workbench.store.files import StoreError, hash_file, sweep, write_whole
from workbench.store.log import read_log
from workbench.store.schedule import Limits, run_units
from workbench.store.sources import source_hash
from workbench.store.store import Store, lock_run
from workbench.store.unit import Event, Outcome, Ref, Unit

__all__ = [
    "Event",
    "Limits",
    "Outcome",
    "Ref",
    "Store",
    "StoreError",
    "Unit",
    "hash_file",
    "lock_run",
    "read_log",
    "run_units",
    "source_hash",
    "sweep",
    "write_whole",
]
