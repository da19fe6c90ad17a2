"""How a prediction is shared out among the columns of its row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from workbench.answers.answer import Answer
from workbench.answers.profiles import Profiles
from workbench.answers.swarm import Swarm

Cell = float | str | None


@dataclass(frozen=True, kw_only=True)
class Attribution(Answer):
    """What each original column adds to the prediction of each row, against a baseline.

    ``values`` has shape (n_samples, n_features), or (n_samples, n_features, n_outputs) where there are several outputs
    (classes); ``baseline`` () or (n_outputs,); ``predictions`` (n_samples,) or (n_samples, n_outputs), on the same
    scale. Where ``additive`` is true, baseline plus values add up to the prediction.

    Three errors, which are never mixed: ``approximation_error``, a standard error for each value, 0 where the method is
    exact; ``background_error``, the standard error that comes of the background being a finite draw of rows, NaN or
    None where it was not computed; that of refits is told of summaries alone.

    Attributes
    ----------
    data : tuple of tuples
        The rows that are explained: a number, a text or None (missing) for each column.
    scale : str
        "response", "link" (the score before the inverse link: log odds, logarithms) or "margin".
    fidelity : ndarray of shape (n_samples,) or (n_samples, n_outputs), or None
        Of a local surrogate: the weighted R² of its sum in the neighbourhood of the row.
    stability : ndarray of shape (n_samples,) or (n_samples, n_outputs), or None
        Of a method that draws: how alike the values come out with other seeds; 1 is the same, see the method.
    profiles : Profiles or None
        The same about made-up rows, where a study asked: they may be sent, as no row is among them.
    """

    kind: ClassVar[str] = "attribution"

    feature_names: tuple[str, ...]
    outputs: tuple[str, ...]
    scale: str
    values: np.ndarray
    baseline: np.ndarray
    predictions: np.ndarray
    data: tuple[tuple[Cell, ...], ...]
    n_background: int | None = None
    additive: bool = True
    approximation_error: np.ndarray | None = None
    background_error: np.ndarray | None = None
    fidelity: np.ndarray | None = None
    stability: np.ndarray | None = None
    profiles: Profiles | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "profiles", Profiles.read(self.profiles))
        super().__post_init__()

    def summary(self) -> AttributionSummary:
        """Sum up over rows: the mean absolute value of each column, in the order of the columns; and bins of them."""
        signed = self.values.reshape(*self.values.shape[:2], -1)
        values = np.abs(signed)
        n = len(values)
        spread = values.std(axis=0, ddof=1) / np.sqrt(n) if n > 1 else np.full(values.shape[1:], np.nan)
        return AttributionSummary(
            feature_names=self.feature_names,
            outputs=self.outputs,
            scale=self.scale,
            mean_abs=values.mean(axis=0),
            standard_error=spread,
            fidelity=None if self.fidelity is None else float(np.nanmedian(self.fidelity)),
            stability=None if self.stability is None else float(np.nanmedian(self.stability)),
            n_background=self.n_background,
            swarm=Swarm.of(signed, self.data),
            profiles=self.profiles,
            provenance=self.provenance,
        )

    def public(self) -> AttributionSummary:
        """Give the summary, which holds no row."""
        return self.summary()

    def to_shap(self) -> Any:
        """Give a `shap.Explanation`, for the plots of the package shap.

        Raises
        ------
        ImportError
            If the package shap is not installed.
        """
        try:
            import shap
        except ImportError as error:
            raise ImportError("to_shap: needs the package shap; pip install 'glassbox-workbench[shap]'") from error
        base = np.broadcast_to(self.baseline, (len(self.values), *np.shape(self.baseline)))
        return shap.Explanation(
            values=np.array(self.values),
            base_values=np.array(base),
            data=np.array([list(row) for row in self.data], dtype=object),
            feature_names=list(self.feature_names),
            output_names=list(self.outputs) if len(self.outputs) > 1 else None,
        )


@dataclass(frozen=True, kw_only=True)
class AttributionSummary(Answer):
    """How much columns add to predictions, up or down, on average over rows: holds no row.

    ``mean_abs`` and ``standard_error`` (of that mean over rows) have shape (n_features, n_outputs); ``fidelity`` and
    ``stability`` are medians over rows, None for methods that have none. ``swarm`` counts rows by what a column adds,
    in bins of 10 rows or more; ``profiles`` tells of made-up rows; each None where there is none.
    """

    kind: ClassVar[str] = "attribution_summary"

    feature_names: tuple[str, ...]
    outputs: tuple[str, ...]
    scale: str
    mean_abs: np.ndarray
    standard_error: np.ndarray
    n_background: int | None = None
    fidelity: float | None = None
    stability: float | None = None
    noise: np.ndarray | None = None
    swarm: Swarm | None = None
    profiles: Profiles | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "swarm", Swarm.read(self.swarm))
        object.__setattr__(self, "profiles", Profiles.read(self.profiles))
        super().__post_init__()
