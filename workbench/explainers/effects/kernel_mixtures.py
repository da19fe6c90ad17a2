"""Mixtures of rows by a sum of radial kernels, each a product of one factor per column."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from workbench.explainers.effects.scored import Scored
from workbench.explainers.effects.values import Block, Columns, Values, row_blocks
from workbench.explainers.rows import take
from workbench.forms import Frame, Kernel, Picked, encode

_NUMBERS = 2**21  # of values by support vectors at a time


class Kernelled(Scored):
    r"""Mixtures by a radial kernel.

    :math:`\exp(-\gamma \|z - s\|^2)` is the product of a factor of the columns that are set, which only the values
    have, and one of the others, which only the rows have: all mixtures of rows and values are one matrix product over
    the support vectors.
    """

    def blocks(self, values: Values, sets: Sequence[Columns]) -> Iterator[Block]:
        """Give all mixtures, as `Mixtures.blocks` says."""
        body = self._score.body
        if not isinstance(body, Kernel):
            raise ValueError("the score is no kernel")
        values = values.compact()
        donor = self._score.frame(values.donor)
        most = max(map(values.count, sets))
        for rows in row_blocks(len(self._rows), 8.0 * (2 * body.k * most + 3 * len(body.support_vectors))):
            frame = self._score.frame(take(self._rows, rows))
            for which, columns in enumerate(sets):
                read = {self._names[c] for c in columns}
                if not read & set(body.columns):
                    still = self._told(body.score(frame))
                    yield Block(which, rows, np.zeros((len(still), values.count(columns), still.shape[1])), still)
                    continue
                given = Picked(
                    {self._names[c]: (donor, each) for c, each in zip(columns, values.of(columns), strict=True)}
                )
                moving = self._told(_products(body, read, frame, given))
                yield Block(which, rows, moving, np.zeros(moving[:, 0].shape))


def _products(body: Kernel, read: set[str], rows: Frame, given: Frame) -> np.ndarray:
    """Give the score of all mixtures, (n_rows, n_values, k)."""
    inside = np.array([each.column in read for each in body.inputs])
    left = _factors(body, ~inside, rows)
    total = np.empty((rows.n_rows, given.n_rows, body.k))
    step = max(1, _NUMBERS // max(1, len(body.support_vectors)))
    for start in range(0, given.n_rows, step):
        part = slice(start, start + step)
        own = _factors(body, inside, given, part)
        for output in range(body.k):
            total[:, part, output] = (left * body.dual_coef[:, output]) @ own.T + body.intercept[output]
    return total


def _factors(body: Kernel, which: np.ndarray, frame: Frame, part: slice = slice(None)) -> np.ndarray:
    """Give the kernel's factor of some inputs at each row and support vector, (n_rows, n_vectors)."""
    chosen = [each for each, wanted in zip(body.inputs, which, strict=True) if wanted]
    Z, S = encode(chosen, frame)[part], body.support_vectors[:, which]
    distance = (Z**2).sum(axis=1)[:, None] + (S**2).sum(axis=1) - 2.0 * Z @ S.T
    with np.errstate(under="ignore"):
        found: np.ndarray = np.exp(-body.gamma * np.maximum(distance, 0.0))
    return found
