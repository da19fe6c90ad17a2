"""What is told of each row: the prediction, probabilities, and what each column contributes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from workbench.forms import Form
from workbench.scoring.contributions import Contributions


@dataclass(frozen=True, eq=False)
class Scorer:
    """A saved form, and its contributions where rows are explained too."""

    form: Form
    contributions: Contributions | None = None

    @property
    def text(self) -> list[str]:
        """The columns that are read as they are written, and then by the kind that the form knows."""
        return [name for name, kind in self.form.kinds.items() if kind != "number"]

    def score(self, frame: Any) -> pd.DataFrame:
        """Give what is told of rows.

        Returns
        -------
        DataFrame
            ``prediction``; of a classifier ``probability_<class>`` for each class; where rows are explained
            ``baseline`` and ``contribution_<column>``, of more than one output with ``_<output>`` at their ends.
        """
        form = self.form
        columns: dict[str, np.ndarray] = {"prediction": form.predict(frame)}
        if form.classes:
            shares = form.predict_proba(frame)
            columns |= {f"probability_{label}": shares[:, k] for k, label in enumerate(form.classes)}
        if self.contributions is not None:
            columns |= self._contributed(self.contributions, frame)
        return pd.DataFrame(columns)

    def without(self, found: pd.DataFrame) -> int:
        """Count the rows that the form has no prediction for."""
        last = f"probability_{self.form.classes[-1]}" if self.form.classes else "prediction"
        return int(found[last].isna().sum())

    @staticmethod
    def _contributed(told: Contributions, frame: Any) -> dict[str, np.ndarray]:
        values = told.values(frame)
        ends = [""] if len(told.outputs) == 1 else [f"_{output}" for output in told.outputs]
        found = {f"baseline{end}": np.full(len(values), told.baseline[k]) for k, end in enumerate(ends)}
        for j, column in enumerate(told.columns):
            found |= {f"contribution_{column}{end}": values[:, j, k] for k, end in enumerate(ends)}
        return found
