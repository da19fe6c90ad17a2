"""Which unit first: those behind which the most work waits, as far as that is known."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from workbench.store.log import Log
from workbench.store.unit import Unit

_UNKNOWN = float("inf")


class Order:
    """Ranks units by the longest chain of work that begins with each, so that no long one is left for the end.

    A unit is expected to take what it took last, by the run's log; else what the slowest of its kind took in this run.
    Units are of one kind whose names differ by a number at the end alone, such as the folds of a model. A chain with a
    link of which nothing is known counts as endless: so in a first run units come in the given order, until what is
    left can be compared.

    Parameters
    ----------
    units : sequence of Unit
        In the given order, which decides where chains are equally long.
    needs : mapping of str to sequence of str
        By name of a unit, the names of those that it waits for.
    log : Log
        The log of the run so far.
    """

    def __init__(self, units: Sequence[Unit], needs: Mapping[str, Sequence[str]], log: Log) -> None:
        self.last = {e["unit"]: float(e["seconds"]) for e in log.read() if e["event"] in ("done", "timeout")}
        self.kinds: dict[str, float] = {}
        self.names = [unit.name for unit in units]
        self.after: defaultdict[str, list[str]] = defaultdict(list)
        for name, needed in needs.items():
            for other in needed:
                if other != name:
                    self.after[other].append(name)
        self._chains: dict[str, float] | None = None

    def learn(self, unit: Unit, seconds: float) -> None:
        """Note what a unit took."""
        kind = _kind(unit.name)
        if seconds > self.kinds.get(kind, -1.0):
            self.kinds[kind], self._chains = seconds, None

    def rank(self, unit: Unit) -> float:
        """Give what sorts the longest chain first."""
        if self._chains is None:
            self._chains = self._measure()
        return -self._chains[unit.name]

    def _measure(self) -> dict[str, float]:
        chains: dict[str, float] = {}
        for start in self.names:
            path = [start]  # by hand, not by recursion: chains may be longer than Python's stack
            while path:
                name = path[-1]
                if ahead := [after for after in self.after[name] if after not in chains]:
                    path += ahead
                else:
                    chains[name] = self._own(name) + max((chains[after] for after in self.after[name]), default=0.0)
                    path.pop()
        return chains

    def _own(self, name: str) -> float:
        return self.last.get(name, self.kinds.get(_kind(name), _UNKNOWN))


def _kind(name: str) -> str:
    return re.sub(r" [\d.]+$", "", name)
