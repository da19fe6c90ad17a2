"""Which rows stand for others: greedy choices over a kernel, among all rows or class by class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from workbench.explainers.row_kernel import RowKernel

GUARANTEE = 1 - np.exp(-1)
_INDEPENDENT = 1e-10  # of a kernel's 1: what rows chosen before leave of one; less is rounding


@dataclass(frozen=True, eq=False)
class Choice:
    """Prototypes and criticisms among distinct rows, by position, as `Examples` tells of them."""

    prototypes: np.ndarray
    criticisms: np.ndarray
    shares: np.ndarray
    witness: np.ndarray
    objective: np.ndarray
    share_of_best: float
    nearest: np.ndarray  # of each row: a position among the prototypes
    likeness: np.ndarray

    @classmethod
    def of(cls, kernel: RowKernel, weight: np.ndarray, n_prototypes: int, n_criticisms: int) -> Choice:
        """Choose among the rows of a kernel; `weight` (n_rows,) adds up to 1, rows of weight 0 are not chosen."""
        mean = kernel.mean(weight)
        prototypes, near, gains = _prototypes(kernel, mean, weight > 0, n_prototypes)
        witness = mean - near.mean(axis=0)
        open_ = weight > 0
        open_[prototypes] = False
        criticisms = _criticisms(kernel, np.abs(witness), open_, n_criticisms)
        best = float(mean @ weight)
        return cls(
            prototypes=prototypes,
            criticisms=criticisms,
            shares=np.bincount(near.argmax(axis=0), weight, minlength=len(prototypes)),
            witness=witness[criticisms],
            objective=np.maximum(best - gains, 0.0),  # rounding alone can take it below 0
            share_of_best=float(np.clip(gains[-1] / best, 0.0, 1.0)),
            nearest=near.argmax(axis=0),
            likeness=near.max(axis=0),
        )


@dataclass(frozen=True, eq=False)
class Part:
    """What was chosen among some of the rows, by position: all of them, or those of one class."""

    name: str
    members: np.ndarray
    share: float  # of the weight of all rows
    choice: Choice  # `nearest` and `likeness` are of the members
    prototypes: np.ndarray
    criticisms: np.ndarray

    @classmethod
    def of(cls, everything: RowKernel, members: np.ndarray, weight: np.ndarray, options: Any, name: str) -> Part:
        """Choose among the rows of a kernel at the positions `members`; `weight` is that of all rows."""
        own = everything.take(members)
        first, kind = own.distinct()
        mine = weight[members]
        mass = np.bincount(kind, mine) / mine.sum()
        choice = Choice.of(own.take(first), mass, options.n_prototypes, options.n_criticisms)
        return cls(
            name=name,
            members=members,
            share=float(mine.sum() / weight.sum()),
            choice=replace(choice, nearest=choice.nearest[kind], likeness=choice.likeness[kind]),
            prototypes=members[first[choice.prototypes]],
            criticisms=members[first[choice.criticisms]],
        )

    def cautions(self, options: Any) -> Iterator[str]:
        """Tell what there was not enough of, and where the choice is not shown to be good."""
        of = f" of class {self.name}" if self.name else ""
        for found, wanted, what in (
            (self.prototypes, options.n_prototypes, "prototypes"),
            (self.criticisms, options.n_criticisms, "criticisms"),
        ):
            if len(found) < wanted:
                yield f"{len(found)} {what}{of}, not {wanted}: there are no more rows that differ"
        if self.choice.share_of_best < GUARANTEE:
            yield (
                f"the prototypes{of} reach {self.choice.share_of_best:.2f} of the best that any rows could, below "
                "0.63: ask for more of them, or compare fewer columns"
            )


@dataclass(frozen=True, eq=False)
class Together:
    """What was chosen in parts, put together: the first of each part, then the second of each.

    Attributes
    ----------
    prototypes, criticisms : ndarray of int
        Positions of rows.
    shares, witness, objective : ndarray
        As in `Examples`; shares are of all rows.
    nearest, likeness : ndarray of shape (n_rows,)
        The place of each row's prototype in `prototypes`; -1, NaN where it belongs to no part.
    names : tuple of str
        The part of each prototype.
    share_of_best : float
        The least of the parts.
    """

    prototypes: np.ndarray
    criticisms: np.ndarray
    shares: np.ndarray
    witness: np.ndarray
    objective: np.ndarray
    nearest: np.ndarray
    likeness: np.ndarray
    names: tuple[str, ...]
    share_of_best: float

    @classmethod
    def of(cls, parts: Sequence[Part], n_rows: int) -> Together:
        """Put parts of `n_rows` rows together."""
        prototypes, place = _in_turn([part.prototypes for part in parts])
        criticisms, turn = _in_turn([part.criticisms for part in parts])
        nearest, likeness = np.full(n_rows, -1), np.full(n_rows, np.nan)
        for part, at in zip(parts, place, strict=True):
            nearest[part.members], likeness[part.members] = at[part.choice.nearest], part.choice.likeness
        owner = _put([np.full(len(at), number) for number, at in enumerate(place)], place)
        return cls(
            prototypes=prototypes,
            criticisms=criticisms,
            shares=_put([part.choice.shares * part.share for part in parts], place),
            witness=_put([part.choice.witness for part in parts], turn),
            objective=_put([part.choice.objective for part in parts], place),
            nearest=nearest,
            likeness=likeness,
            names=tuple(parts[int(number)].name for number in owner),
            share_of_best=min(part.choice.share_of_best for part in parts),
        )


def _in_turn(parts: Sequence[np.ndarray]) -> tuple[np.ndarray, list[np.ndarray]]:
    """Take the first of each part, then the second of each; give them, and the places that those of each part got."""
    keys = [(rank, number) for number, part in enumerate(parts) for rank in range(len(part))]
    order = sorted(keys)
    place = {key: at for at, key in enumerate(order)}
    found = np.array([parts[number][rank] for rank, number in order], dtype=np.int64)
    return found, [np.array([place[r, n] for r in range(len(p))], dtype=np.int64) for n, p in enumerate(parts)]


def _put(parts: Sequence[np.ndarray], place: Sequence[np.ndarray]) -> np.ndarray:
    """Put what belongs to parts at their places."""
    found = np.empty(sum(map(len, parts)))
    for part, at in zip(parts, place, strict=True):
        found[at] = part
    return found


def _prototypes(
    kernel: RowKernel, mean: np.ndarray, open_: np.ndarray, wanted: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Choose rows one by one, each the one with which J is largest; of equals the first.

    Returns
    -------
    chosen : ndarray of int, shape (n_chosen,)
    near : ndarray of shape (n_chosen, n_rows)
        The kernel between the chosen rows and all.
    gains : ndarray of shape (n_chosen,)
        J of the first m chosen rows.
    """
    open_ = open_.copy()
    sum_of_means, sum_within, to_chosen = 0.0, 0.0, np.zeros(len(kernel))
    chosen, near, gains = [], [], []
    for size in range(1, min(wanted, int(open_.sum())) + 1):
        # With j, J(S) is 2 (sum of means) / m - (sum within) / m²; k(x, x) is 1
        worth = 2 * (sum_of_means + mean) / size - (sum_within + 2 * to_chosen + 1) / size**2
        best = int(np.where(open_, worth, -np.inf).argmax())
        sum_of_means += mean[best]
        sum_within += 2 * to_chosen[best] + 1
        row = kernel(np.array([best]))[0]
        to_chosen += row
        open_[best] = False
        chosen.append(best)
        near.append(row)
        gains.append(worth[best])
    return np.array(chosen), np.array(near), np.array(gains)


def _criticisms(kernel: RowKernel, size: np.ndarray, open_: np.ndarray, wanted: int) -> np.ndarray:
    """Choose rows one by one, each the one that adds most to the sum of sizes plus the log determinant.

    The determinant grows by what the chosen rows leave of a row, 1 - k_C(x)' K_C⁻¹ k_C(x), told by the pivots of a
    Cholesky factor that grows by a row for each choice.
    """
    left, open_ = np.ones(len(kernel)), open_.copy()
    factor: list[np.ndarray] = []
    chosen: list[int] = []
    for _ in range(wanted):
        open_ &= left > _INDEPENDENT
        if not open_.any():
            break
        worth = np.full(len(kernel), -np.inf)
        worth[open_] = size[open_] + np.log(left[open_])
        best = int(worth.argmax())
        row = kernel(np.array([best]))[0]
        for line in factor:
            row = row - line * line[best]
        factor.append(row / np.sqrt(left[best]))
        left = left - factor[-1] ** 2
        open_[best] = False
        chosen.append(best)
    return np.array(chosen, dtype=np.int64)
