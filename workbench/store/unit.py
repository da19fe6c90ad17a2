"""Units of work, what becomes of them, and the refs that tie them together."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from workbench.store.files import StoreError
from workbench.store.store import Store


@dataclass(frozen=True)
class Ref:
    """Stands for the stored value of a key among the arguments of a unit."""

    key: str


@dataclass(frozen=True, eq=False)
class Unit:
    """A call of a function whose result is worth keeping.

    Parameters
    ----------
    name : str
        Unique among the units of a run; stands in the log, so no path and no person's name.
    function : callable
        At the top level of an importable module.
    arguments : mapping
        Keyword arguments. A `Ref` in them, in dicts, lists and tuples too, is replaced by the stored value.
    identity : mapping
        All that the result depends on, as JSON: hash of the data, parameters, seed, versions, `source_hash`.
    limit : float, optional
        Seconds that the call may take.
    about : str
        The model that it is about.
    here : bool
        Whether a process of this machine computes it, alone, whoever does the others: as it asks a cluster itself.

    Attributes
    ----------
    key : str
        SHA-256 of identity, function and the keys of the arguments' refs; units of equal key have equal results.

    Raises
    ------
    StoreError
        If the function can't be imported by a worker, or the identity is no JSON.
    """

    name: str
    function: Callable[..., Any]
    arguments: Mapping[str, Any] = field(default_factory=dict)
    identity: Mapping[str, Any] = field(default_factory=dict)
    limit: float | None = None
    about: str = ""
    here: bool = False
    key: str = field(init=False)

    def __post_init__(self) -> None:
        home, name = getattr(self.function, "__module__", None), getattr(self.function, "__qualname__", "<unnamed>")
        if home in (None, "__main__") or "<" in name:
            raise StoreError(
                f"unit {self.name!r}: function must stand at the top level of an importable module, "
                f"so that a worker process finds it; got {self.function!r}"
            )
        what = {"function": f"{home}:{name}", "identity": dict(self.identity), "refs": dict(refs(self.arguments))}
        try:
            text = json.dumps(what, sort_keys=True, separators=(",", ":"))
        except (TypeError, ValueError) as error:
            raise StoreError(
                f"unit {self.name!r}: identity must be JSON, for a key to be made of it; {error}"
            ) from error
        object.__setattr__(self, "key", hashlib.sha256(text.encode()).hexdigest())

    @property
    def ref(self) -> Ref:
        """Stands for this unit's value among another's arguments."""
        return Ref(self.key)


@dataclass(frozen=True, eq=False)
class Outcome:
    """What became of a unit: "done", "found" (computed before), "failed", "timeout", "skipped" or "stopped".

    A unit is skipped that needs one that failed, and stopped when the run's time budget is used up.
    `seconds` is what the computation took, whenever that was; `warnings` are those that it gave, each text once.
    `error`, `warnings` and `traceback` may hold values of the data and paths: they are for the screen and for what
    stays private. `cause` is the part of `error` that may be sent: the class of an exception, whoever raised it, or
    what the run itself has to say.
    """

    unit: Unit
    status: str
    store: Store = field(repr=False)
    error: str | None = None
    cause: str | None = None
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()
    traceback: str = field(default="", repr=False)

    @property
    def ok(self) -> bool:
        """Whether there is a value."""
        return self.status in ("done", "found")

    @cached_property
    def value(self) -> Any:
        """The unit's value, read from the store when first asked for; None if there is none."""
        return self.store.get(self.unit.key) if self.ok else None


@dataclass(frozen=True)
class Event:
    """Progress: `event` is "start" or the status of an outcome; `done` of `total` units are settled."""

    unit: str
    about: str
    event: str
    seconds: float
    done: int
    total: int
    error: str | None = None


def refs(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Give place and key of each ref, in dicts, lists and tuples too."""
    if isinstance(value, Ref):
        yield place, value.key
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from refs(item, f"{place}.{name}")
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield from refs(item, f"{place}[{number}]")


def resolve(value: Any, store: Store) -> Any:
    """Put stored values in the place of refs, in dicts, lists and tuples too."""
    if isinstance(value, Ref):
        return store.get(value.key)
    if type(value) is dict:
        return {name: resolve(item, store) for name, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(resolve(item, store) for item in value)
    return value
