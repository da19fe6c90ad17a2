"""What a model says of rows of which some columns take other values: from its form, or by predictions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from workbench.explainers.effects.kernel_mixtures import Kernelled
from workbench.explainers.effects.scored import Scored, Summed
from workbench.explainers.effects.values import (
    ROUNDING,
    Block,
    Columns,
    Mixtures,
    Values,
    level_flat,
    row_blocks,
)
from workbench.explainers.inputs import Inputs
from workbench.explainers.response import Response
from workbench.explainers.rows import Rows, take
from workbench.explainers.stacks import MAX_ROWS, copies_per_stack, exchanged, size_of, stack
from workbench.forms import Additive, Kernel, Tree


def mixtures_of(inputs: Inputs, rows: Rows, *, scale: str, place: str, few: bool = False) -> Mixtures:
    """Give the cheapest exact way to a model's numbers for mixtures of some rows.

    A model with a form is asked through it; but trees and kernels, where each row is asked at few values on the
    response scale, through the model itself, whose own code is faster there and says the same.

    Parameters
    ----------
    inputs : Inputs
    rows : DataFrame or ndarray
    scale : str
        "response", or "link" for the score of the form.
    place : str
        Begins the message of an error.
    few : bool
        Whether each row is asked at few values, by `Mixtures.difference`.

    Raises
    ------
    ValueError
        If the link scale is asked for, and the model has no form.
    """
    score = inputs.score
    if score is None:
        if scale == "link":
            raise ValueError(
                f"{place}: scale must be 'response' for a model without a form, whose score is not known; got 'link' "
                f"for {type(inputs.model).__name__}"
            )
        return Predicted(inputs.model, rows, inputs.positive)
    body, names = score.body, inputs.feature_names
    trees = isinstance(body, Additive) and any(isinstance(term, Tree) for term in body.terms)
    if few and scale == "response" and (trees or isinstance(body, Kernel)):
        return Predicted(inputs.model, rows, inputs.positive)
    way = Summed if isinstance(body, Additive) else Kernelled if isinstance(body, Kernel) else Scored
    return way(score, names, rows, scale)


class Predicted:
    """Mixtures that a model predicts, in few large calls."""

    source = "predictions"
    together = None

    def __init__(self, model: Any, rows: Rows, positive: Any) -> None:
        self.outputs: tuple[str, ...] = ()
        self.scale = "response"
        self._model, self._rows, self._positive = model, rows, positive

    def blocks(self, values: Values, sets: Sequence[Columns]) -> Iterator[Block]:
        """Give all mixtures, as `Mixtures.blocks` says."""
        most = max(map(values.count, sets))
        wide = len(getattr(self._model, "classes_", ())) or 1
        for rows in row_blocks(len(self._rows), max(8 * most * wide, size_of(self._rows) / len(self._rows))):
            part = take(self._rows, rows)
            for which, columns in enumerate(sets):
                chosen = values.of(columns)
                step = copies_per_stack(part)
                told = []
                for start in range(0, len(chosen[0]), step):
                    some = [positions[start : start + step] for positions in chosen]
                    donors = [np.repeat(each, len(part)).reshape(-1, len(part)) for each in some]
                    answer = self._ask(part, columns, values.donor, donors)
                    told.append(answer.reshape(len(some[0]), len(part), -1))
                moving = np.concatenate(told).transpose(1, 0, 2)
                level_flat(moving)
                yield Block(which, rows, moving, np.zeros(moving[:, 0].shape))

    def difference(
        self, columns: Columns, donor: Rows, corners: Sequence[tuple[int, Sequence[np.ndarray]]]
    ) -> np.ndarray:
        """Add up what the model says of the corners, as `Mixtures.difference` says."""
        found, largest, n_rows = [], 0.0, len(self._rows)
        step = max(1, min(n_rows, MAX_ROWS // len(corners)))
        for start in range(0, n_rows, step):
            part = take(self._rows, slice(start, start + step))
            donors = [
                np.array([positions[i][start : start + step] for _, positions in corners]) for i in range(len(columns))
            ]
            told = self._ask(part, columns, donor, donors).reshape(len(corners), len(part), -1)
            largest = max(largest, float(np.abs(told).max()))
            found.append(sum((sign * each for (sign, _), each in zip(corners, told, strict=True)), np.zeros(1)))
        total: np.ndarray = np.concatenate(found)
        if np.abs(total).max() <= len(corners) * ROUNDING * largest:  # rounding, as in `level_flat`
            total[:] = 0.0
        return total

    def _ask(self, part: Rows, columns: Columns, donor: Rows, donors: Sequence[np.ndarray]) -> np.ndarray:
        """Predict copies of rows with some columns exchanged; each of `donors` is (n_copies, n_rows)."""
        stacked = stack(part, columns[0], donor, donors[0])
        for column, positions in zip(columns[1:], donors[1:], strict=True):
            stacked = exchanged(stacked, column, donor, positions.ravel())
        response = Response.of(self._model, stacked, self._positive)
        self.outputs, self.scale = response.outputs, response.scale
        return response.values
