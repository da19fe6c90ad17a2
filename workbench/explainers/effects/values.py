"""Values that some columns are set to in rows, and what a model says of the mixtures: the terms all sources share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np

from workbench.explainers.rows import Rows, take

BLOCK_BYTES = 32 * 2**20  # of the mixtures of one block of rows
ROUNDING = 1e-12  # relative to the largest prediction

Columns = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Values:
    """Values of columns, each one that a row of the donor holds, so that any model can take it as it stands.

    Attributes
    ----------
    donor : DataFrame or ndarray
    positions : mapping of int to ndarray
        For each column, by its position, the rows of the donor that hold its values.
    product : bool
        Whether several columns take all combinations of their values, the first column slowest; if not, the v-th values
        belong together.
    """

    donor: Any
    positions: Mapping[int, np.ndarray]
    product: bool = True

    def of(self, columns: Columns) -> list[np.ndarray]:
        """Give for each of some columns its rows of the donor, one for each (combination of) values, (n_values,)."""
        chosen = [self.positions[column] for column in columns]
        if not self.product or len(columns) == 1:
            return chosen
        return [each.ravel() for each in np.meshgrid(*chosen, indexing="ij")]

    def count(self, columns: Columns) -> int:
        """Count the (combinations of) values of some columns."""
        return len(self.of(columns)[0])

    def compact(self) -> Values:
        """Give the same values with a donor that has no other rows."""
        needed = np.unique(np.concatenate(list(self.positions.values())))
        places = {column: np.searchsorted(needed, rows) for column, rows in self.positions.items()}
        return Values(take(self.donor, needed), places, self.product)


class Block(NamedTuple):
    """What a model says of mixtures: ``moving[i, v] + still[i]`` where the columns of row i take the v-th values.

    Attributes
    ----------
    which : int
        The position of the columns among the sets that were asked for.
    rows : slice
    moving : ndarray of shape (n_rows, n_values, n_outputs)
        Exactly equal for all values where the columns change nothing.
    still : ndarray of shape (n_rows, n_outputs)
    """

    which: int
    rows: slice
    moving: np.ndarray
    still: np.ndarray


class Mixtures(Protocol):
    """Rows of which some columns take other values, and what a model says of them.

    Attributes
    ----------
    outputs : tuple of str
    scale : str
        Known when something was asked.
    source : str
        Where the numbers come from: "form" or "predictions".
    """

    outputs: tuple[str, ...]
    scale: str
    source: str

    @property
    def together(self) -> Sequence[frozenset[int]] | None:
        """The columns that each part of a sum reads; None where what is told is no sum."""

    def blocks(self, values: Values, sets: Sequence[Columns]) -> Iterator[Block]:
        """Give for each set of columns all mixtures of all rows and values, block of rows after block."""

    def difference(
        self, columns: Columns, donor: Rows, corners: Sequence[tuple[int, Sequence[np.ndarray]]]
    ) -> np.ndarray:
        """Add up, with signs, what the model says of each row with columns set to values of its own.

        Parameters
        ----------
        columns : tuple of int
        donor : DataFrame or ndarray
        corners : sequence of (sign, positions)
            The positions hold for each column the donor's row for every row, (n_rows,).

        Returns
        -------
        ndarray of shape (n_rows, n_outputs)
            Exactly 0 where the columns change nothing.
        """


def row_blocks(n_rows: int, bytes_per_row: float) -> Iterator[slice]:
    """Split rows so that each block stays within the budget; a block has at least one row."""
    step = max(1, min(n_rows, int(BLOCK_BYTES // max(bytes_per_row, 1))))
    for start in range(0, n_rows, step):
        yield slice(start, min(start + step, n_rows))


def level_flat(moving: np.ndarray) -> None:
    """Make values that differ along the second axis by rounding alone exactly equal, in place.

    A matrix product may round a row by its place in the matrix: a column that is not used must come out exactly flat.
    """
    if np.ptp(moving, axis=1).max() <= ROUNDING * np.abs(moving).max():
        moving[:] = moving[:, :1]
