"""Rows that stand for the data, and rows that do not fit these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from workbench.answers.answer import Answer
from workbench.answers.attribution import Cell


@dataclass(frozen=True, kw_only=True)
class Examples(Answer):
    """Prototypes, whose distribution is closest to that of all rows, and criticisms, where the two differ most.

    Attributes
    ----------
    feature_names : tuple of str
    prototypes, criticisms : ndarray of int, shape (n_prototypes,) and (n_criticisms,)
        Positions of rows, in the order in which they were chosen.
    prototype_rows, criticism_rows : tuple of tuples
        These rows: a number, a text or None (missing) for each column.
    shares : ndarray of shape (n_prototypes,)
        The share of rows that each prototype is nearest to.
    witness : ndarray of shape (n_criticisms,)
        How far density of rows and of prototypes differ at each criticism: positive where there are rows that no
        prototype stands for.
    objective : ndarray of shape (n_prototypes,)
        Squared maximum mean discrepancy between all rows and the first m prototypes.
    predictions : ndarray of shape (n_prototypes + n_criticisms, n_outputs) or None
    compared : ndarray of int, shape (n_compared,)
        Positions of the rows that were looked at.
    nearest : ndarray of int, shape (n_compared,)
        The prototype that each of them is most alike, as its place in `prototypes`; -1 where there is none, as in a
        class whose rows have no weight.
    likeness : ndarray of shape (n_compared,)
        How alike they are: 1 where they are the same.
    classes : tuple of str
        The class of each prototype, where they were chosen class by class.
    """

    kind: ClassVar[str] = "examples"

    feature_names: tuple[str, ...]
    prototypes: np.ndarray
    criticisms: np.ndarray
    prototype_rows: tuple[tuple[Cell, ...], ...]
    criticism_rows: tuple[tuple[Cell, ...], ...]
    shares: np.ndarray
    witness: np.ndarray
    objective: np.ndarray
    outputs: tuple[str, ...] = ()
    predictions: np.ndarray | None = None
    compared: np.ndarray | None = None
    nearest: np.ndarray | None = None
    likeness: np.ndarray | None = None
    classes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("prototypes", "criticisms", "compared", "nearest"):
            if getattr(self, name) is None:
                continue
            object.__setattr__(self, name, np.array(getattr(self, name), dtype=np.int64))
        super().__post_init__()

    def public(self) -> None:
        """Give nothing: it is all about single rows."""
        return
