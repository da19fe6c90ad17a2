"""From Shapley values, however they were computed, to the answer about the rows of an explainer's inputs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pydantic

from workbench.answers.attribution import Attribution, Cell
from workbench.columns import level_texts
from workbench.explainers.correlation import exchange_caution
from workbench.explainers.explainer import Explainer
from workbench.explainers.grid import as_floats, kind_of
from workbench.explainers.inputs import Inputs
from workbench.explainers.shapley.result import Shapley


def attribution(
    cls: type[Explainer],
    inputs: Inputs,
    options: pydantic.BaseModel,
    shapley: Shapley,
    *,
    predictions: np.ndarray,
    outputs: Sequence[str],
    scale: str,
    n_background: int | None = None,
    mixed: bool = True,
    exact: bool = True,
    warnings: Sequence[str] = (),
) -> Attribution:
    """Give the answer of an explainer whose values are Shapley values of all columns of the inputs.

    Parameters
    ----------
    cls : subclass of Explainer
        The method that answers.
    inputs, options
        What it was given.
    shapley : Shapley
        Values (n_samples, n_features, n_outputs), columns in the order of ``inputs.feature_names``.
    predictions : ndarray of shape (n_samples, n_outputs)
        What the model says of the rows, on the same scale.
    outputs : sequence of str
    scale : str
        "response", "link" or "margin".
    n_background : int, optional
        The rows averaged over; None for methods without a background.
    mixed : bool
        Whether values of rows and of the background are mixed: columns that move together and have a part in some value
        are named in a warning.
    exact : bool
        Whether the values are exact for this background.
    warnings : sequence of str
        When the answer can mislead, each with the number that says so.

    Returns
    -------
    Attribution
        With one output the last axis is dropped everywhere; ``approximation_error`` is 0 where nothing else is said.

    Raises
    ------
    ValueError
        If the values don't have a row per row, a column per column and an entry per output.
    """
    wanted = (len(inputs.X), len(inputs.feature_names), len(outputs))
    if shapley.values.shape != wanted:
        raise ValueError(f"{cls.name}: values must have shape {wanted}; got {shapley.values.shape}")
    one = len(outputs) == 1

    def shaped(values: np.ndarray | None) -> np.ndarray | None:
        return values[..., 0] if one and values is not None else values

    values = np.asarray(shaped(shapley.values))
    error = shaped(shapley.approximation_error)
    if mixed:
        has_part = np.flatnonzero(np.abs(shapley.values).max(axis=(0, 2)) > 0)
        warnings = (*warnings, *exchange_caution(inputs, has_part.tolist()))
    return Attribution(
        feature_names=inputs.feature_names,
        outputs=tuple(outputs),
        scale=scale,
        values=values,
        baseline=np.asarray(shaped(shapley.baseline)),
        predictions=np.asarray(shaped(predictions)),
        data=cells(inputs.X),
        n_background=n_background,
        approximation_error=np.broadcast_to(0.0, values.shape) if error is None else error,
        background_error=shaped(shapley.background_error),
        provenance=cls.provenance(inputs, options, exact=exact, warnings=tuple(warnings)),
    )


def cells(rows: pd.DataFrame | np.ndarray) -> tuple[tuple[Cell, ...], ...]:
    """Give rows as plain values: numbers, texts of levels, moments as ISO 8601, None where missing.

    Examples
    --------
    >>> cells(pd.DataFrame({"age": [41, None], "city": ["Rome", None], "paid": [True, False]}))
    ((41.0, 'Rome', 'true'), (None, None, 'false'))
    """
    frame = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(rows)
    return tuple(zip(*(_plain(frame.iloc[:, j]) for j in range(frame.shape[1])), strict=True))


def _plain(column: pd.Series) -> Sequence[Cell]:
    kind = kind_of(column)
    if kind == "number":
        return [None if number != number else number for number in as_floats(column, kind).tolist()]
    if kind != "datetime":
        return level_texts(column)
    moments = [None if pd.isna(moment) else moment for moment in column]
    only_dates = all(moment is None or moment == moment.normalize() for moment in moments)
    return [
        None if moment is None else moment.date().isoformat() if only_dates else moment.isoformat()
        for moment in moments
    ]
