"""The library's own model behind an estimator: fitted on encoded inputs, asked about original columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from workbench.families.family import Family
from workbench.families.monotone import check_monotone, signs
from workbench.forms import Form, Frame, Input, annotate, pull_back
from workbench.training_rows import TrainingRows


@dataclass(frozen=True, eq=False)
class LibraryModel:
    """A family's model, fitted by its library.

    Attributes
    ----------
    family : Family
    params : dict
        The family's parameters.
    kinds : dict of str to str
        The kind of each column.
    inputs : tuple of Input
        The map from original columns to encoded inputs.
    fitted : object
        The library's own fitted estimator, over the encoded inputs.
    """

    family: Family
    params: Mapping[str, Any]
    kinds: dict[str, str]
    inputs: tuple[Input, ...]
    fitted: Any

    @classmethod
    def fit(
        cls,
        family: Family,
        params: Mapping[str, Any],
        rows: TrainingRows,
        trainer: Callable[[LibraryModel, TrainingRows], None] | None = None,
    ) -> Self:
        """Build the library's estimator, and fit it; by a trainer, where one is given.

        Raises
        ------
        ValueError
            If no column can be used, or a parameter does not go with the data.
        """
        kinds, task = rows.kinds, rows.task
        inputs = family.inputs(rows.frame, kinds, task, params, rows.weight)
        if not inputs and family.needs_columns:
            raise ValueError(
                f"{family.name}: no column can be used: in each, the values that are known, or that differ from the "
                "others, have fewer than 10 rows"
            )
        fitted = family.build(task, params)
        if rows.labels is not None:
            family.check_labels(fitted, rows.labels.tolist())
        if monotone := params.get("monotone"):
            family.constrain(fitted, signs(monotone, inputs, kinds, task, family.name))
        model = cls(family, params, kinds, inputs, fitted)
        if trainer is None:
            family.fit(fitted, model.encode(rows.frame), rows.target, rows.weight, inputs)
        else:
            trainer(model, rows)
        return model

    def encode(self, frame: pd.DataFrame) -> np.ndarray:
        """Give the encoded inputs of rows, shape (n_samples, n_inputs), as the library gets them."""
        return self.family.encode(self.inputs, frame, self.kinds, self.params)

    def predict(self, frame: pd.DataFrame) -> np.ndarray:
        """Ask for numbers, or positions of labels, shape (n_samples,)."""
        return self.family.predict(self.fitted, self.encode(frame))

    def predict_proba(self, frame: pd.DataFrame) -> np.ndarray:
        """Ask for probabilities, (n_samples, n_classes); those in float32 are brought to sum to one in float64."""
        shares = self.family.predict_proba(self.fitted, self.encode(frame))
        if shares.dtype == np.float64:
            return shares
        shares = shares.astype(np.float64)
        total: np.ndarray = shares / shares.sum(axis=1, keepdims=True)
        return total

    def score(self, frame: pd.DataFrame) -> np.ndarray:
        """Ask for the score on the scale of the form's, shape (n_samples, k)."""
        return self.family.score(self.fitted, self.encode(frame))

    def form(self, rows: TrainingRows, subject: str) -> Form | None:
        """Read the fitted function and rewrite it over the original columns; None where the family reads none.

        Raises
        ------
        ValueError
            If it does not rise or fall with a column as it was asked to.
        """
        read = self.family.form(self.fitted, self.inputs)
        if read is None:
            return None
        columns = Frame(rows.frame, self.kinds)
        body = annotate(pull_back(read[0], read[2] if len(read) > 2 else self.inputs), columns)
        used = {name: kind for name, kind in self.kinds.items() if name in body.columns}
        gaps = tuple(name for name, kind in used.items() if columns.has_missing(name, kind))
        classes = () if rows.labels is None else tuple(rows.labels.tolist())
        form = Form(body, read[1], used, subject, classes, gaps=gaps)
        check_monotone(form, self.params.get("monotone") or {}, rows.frame)
        return form
