"""What `scale.py` has measured, as tables: exponents, and what many more rows would take."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import scale_cases
from scale_cases import Case

LEAST = {"seconds": 0.2, "bytes": 16 * 2**20}  # what is less is a fixed cost, or noise
MANY = (10**7, 10**8, 10**9)
PART = 10**6  # most rows of a part that a worker holds at once
DAY = 86_400
REACH = 1_000  # times the largest size that was measured: what is more is not reckoned
MIB, GIB = 2**20, 2**30
MAPPED = ("score", "contribute", "shap", "tree_shap", "partial_dependence")  # parts stand, or their means add up
DISTRIBUTED = ("xgboost",)

Measured = dict[int, dict[str, Any]]


@dataclass(frozen=True)
class Power:
    """value = a size^exponent, by least squares on logarithms; the largest size that was measured, and its value.

    `error` is the standard error of the exponent, NaN where two sizes were measured; `exponent` is NaN where one was.
    """

    exponent: float
    error: float
    size: int
    value: float

    def __str__(self) -> str:
        if math.isnan(self.exponent):
            return "–"
        return f"{self.exponent:.2f}" + ("" if math.isnan(self.error) else f" ± {self.error:.2f}")

    def at(self, size: int, least: float = 0.0) -> float:
        """Follow the exponent, or `least` where that is larger or there is none, from the largest size measured."""
        slope = least if math.isnan(self.exponent) else max(self.exponent, least)
        return float(self.value * (size / self.size) ** slope)


def power(measured: Measured, what: str) -> Power:
    """Fit a power of the size to what a case took, where it took more than the least that says something.

    >>> fit = power({n: {"seconds": n**1.5 / 1e4} for n in (10, 1_000, 10_000, 100_000)}, "seconds")
    >>> round(fit.exponent, 6), round(fit.error, 6), fit.size, round(fit.at(10**6))
    (1.5, 0.0, 100000, 100000)
    """
    size = max(measured)
    kept = [(n, one[what]) for n, one in measured.items() if one[what] > LEAST[what]]
    exponent = error = math.nan
    if len(kept) > 1:
        x, z = np.log(np.array(kept)).T
        centred = x - x.mean()
        exponent = float(centred @ z / (centred @ centred))
        if len(kept) > 2:
            rest = z - z.mean() - exponent * centred
            error = math.sqrt(rest @ rest / (len(kept) - 2) / (centred @ centred))
    return Power(exponent, error, size, measured[size][what])


def along(known: dict[str, Any], case: Case, axis: int) -> Measured:
    """Give what was measured of a case along rows (0) or columns (1)."""
    wanted = case.sizes()[axis]
    keys = {size[axis]: known[case.name].get(f"{size[0]} x {size[1]}", {}) for size in wanted}
    return {size: one for size, one in keys.items() if "seconds" in one}


def print_table(known: dict[str, Any]) -> None:
    """Print seconds at every size, the most memory, and the exponents: along rows, then along columns."""
    for axis, title in enumerate(("rows", "columns")):
        told = {case.name: (case.sizes()[axis], known[case.name]) for case in _ordered(known)}
        sizes = sorted({size[axis] for asked, _ in told.values() for size in asked})
        lines = [["", *(f"{n:,}" for n in sizes), "exponent", "MiB", "exponent"]]
        for case in _ordered(known):
            keys = {size[axis]: f"{size[0]} x {size[1]}" for size in case.sizes()[axis]}
            cells = [_seconds(known[case.name].get(keys.get(n, ""))) for n in sizes]
            if measured := along(known, case, axis):
                taken = power(measured, "bytes")
                cells += [str(power(measured, "seconds")), _digits(taken.value / MIB), str(taken)]
            lines.append([case.name, *cells])
        print(f"\nSeconds against {title}, MiB at most, and the exponents of both:\n")
        _print_lines(lines)


def _seconds(one: dict[str, Any] | None) -> str:
    if one is None:
        return ""
    if "seconds" in one:
        return _digits(one["seconds"])
    return f"> {one['beyond']:.0f}" if "beyond" in one else "memory" if "beyond memory" in one else "error"


def _ordered(known: dict[str, Any]) -> list[Case]:
    return [case for name, case in scale_cases.cases().items() if name in known]


def _print_lines(lines: list[list[str]]) -> None:
    """Print a table of Markdown; the first line is its head."""
    for line in [lines[0], ["---"] * len(lines[0]), *lines[1:]]:
        print(f"| {' | '.join(line)} |")


def _digits(value: float) -> str:
    """Write a number with two digits, or without decimals where it is 10 or more."""
    return "–" if math.isnan(value) else f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


@dataclass(frozen=True)
class Reckoned:
    """What a case takes of processor hours and memory for many rows, by what was measured."""

    case: Case
    seconds: Power
    taken: Power
    row: float  # bytes of a row of the table

    @property
    def way(self) -> str:
        if self.case.kind in MAPPED or self.case.method in MAPPED:
            return "mapped"
        if self.case.kind == "fit":
            return "distributed" if self.case.family in DISTRIBUTED else "one machine"
        return "draw"

    @property
    def part(self) -> int:
        return min(self.seconds.size, PART)

    def hours(self, rows: int, *, least: bool = False) -> float:
        """Processor hours: parts add up; one call takes in proportion, or more where its exponent is above 1."""
        if least or self.way == "mapped":
            return self.seconds.value * rows / self.seconds.size / 3600
        return self.seconds.at(rows, least=1.0) / 3600

    def gib(self, rows: int) -> float:
        """GiB above libraries and model, table included: of one part where parts are mapped, else of all rows."""
        held = self.part if self.way == "mapped" else rows
        return (self.taken.at(held, least=1.0) + held * self.row) / GIB

    def most(self, machine: float) -> tuple[str, str]:
        """Give how many rows one core takes in a day in a machine's memory, and for want of what no more."""
        sizes = np.logspace(3, 12, 9_001)
        most = {
            "time": sizes[[self.hours(n) * 3600 <= DAY for n in sizes]].max(initial=0),
            "memory": sizes[[self.gib(n) <= machine for n in sizes]].max(initial=0),
            "a larger measurement": REACH * self.seconds.size,
        }
        limit = min(most, key=lambda name: most[name])
        return f"{_digits(most[limit] / 1e6)} million", limit

    def told(self) -> list[str]:
        """Give the name and the hours for many rows."""
        low, high = ([_digits(self.hours(n, least=least)) for n in MANY] for least in (True, False))
        cells = [a if a == b else f"{a} to {b}" for a, b in zip(low, high, strict=True)]
        return [self.case.name, *(cell if self.reaches(n) else "–" for n, cell in zip(MANY, cells, strict=True))]

    def reaches(self, rows: int) -> bool:
        """Whether so many rows are reckoned: parts add up, else what is measured must not be too far away."""
        return self.way == "mapped" or rows <= REACH * self.seconds.size


def reckoned(known: dict[str, Any]) -> Iterator[Reckoned]:
    """Give what was measured along rows, case by case."""
    for case in _ordered(known):
        if measured := along(known, case, 0):
            size = max(measured)
            row = measured[size]["table"] / size
            yield Reckoned(case, power(measured, "seconds"), power(measured, "bytes"), row)


def print_reckoning(known: dict[str, Any], machine: float, cores: int) -> None:
    """Print what 10 million to a billion rows would take, by the way that they are computed."""
    found = list(reckoned(known))
    mapped, fits = ([one for one in found if one.way == "mapped"], [one for one in found if one.case.kind == "fit"])
    billion, row = MANY[-1], max(one.row for one in found)
    hours, gib = ([f"10^{round(math.log10(n))} rows: {unit}" for n in MANY] for unit in ("h", "GiB"))
    print(f"The table: {row:.0f} bytes a row, {billion * row / GIB:,.0f} GiB for {billion:,} rows.")
    print(f"\nMapped over parts of at most {PART:,} rows: processor hours, and GiB of a worker.\n")
    _print_lines([["", *hours, "GiB"]] + [[*one.told(), _digits(one.gib(billion))] for one in mapped])
    print(
        f"\nFits of all rows: processor hours, GiB with the table; most rows in a day on a core of {machine:.0f} GiB.\n"
    )
    told = [
        [*one.told(), *(_digits(one.gib(n)) if one.reaches(n) else "–" for n in MANY), *one.most(machine)]
        for one in fits
    ]
    _print_lines([["", *hours, *gib, "most rows", "for want of"], *told])
    print("\nOn a draw of rows, whatever the table has: rows, processor seconds.\n")
    for one in found:
        if one.way == "draw":
            seconds = _between(along(known, one.case, 0), one.case.drawn)
            print(f"- {one.case.name}: {one.case.drawn:,}, {_digits(seconds)}")
    print(f"\nA cluster of {cores} cores, {billion:,} rows:\n")
    for one in found:
        if one.way in ("mapped", "distributed"):
            print(
                f"- {one.case.name}: {_on_cluster(one.hours(billion), known.get('loss', {}).get(one.case.name), cores)}"
            )


def _on_cluster(hours: float, loss: dict[str, float] | None, cores: int) -> str:
    """Tell core hours and minutes, where speed grows as cores do but for the loss that was measured of two at once."""
    factor = loss["seconds"] if loss else 1.0
    told = (
        f"{factor:.2f} times the processor seconds of one alone, as two at once took"
        if loss
        else "as if none were lost"
    )
    return f"{_digits(hours * factor)} core hours, {_digits(60 * hours * factor / cores)} minutes; {told}"


def _between(measured: Measured, rows: int) -> float:
    """Give the seconds of so many rows: by a line on logarithms between sizes, in proportion below, NaN beyond them."""
    known = np.log([[n, one["seconds"]] for n, one in measured.items()])
    least = min(measured)
    if rows < least:
        return float(measured[least]["seconds"] * rows / least)
    return float(np.exp(np.interp(math.log(rows), *known.T, right=math.nan)))
