"""Whether predictions mean what they say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from workbench.answers.answer import Answer
from workbench.answers.part import Part, nan_for_none


@dataclass(frozen=True, kw_only=True)
class Reliability(Part):
    """What was predicted against what came, in bins of neighbouring predictions; of one class, or of a number.

    Attributes
    ----------
    name : str
        The class whose probability it is; "" where a number is predicted.
    rows : ndarray of shape (n_bins,)
        At least 10 each.
    predicted, observed : ndarray of shape (n_bins,)
        The mean prediction, and the share of the class or the mean of the target.
    lower, upper : ndarray of shape (n_bins,)
        The interval of what was observed.
    slope, slope_lower, slope_upper : float
        Of the log odds that came on those predicted (of the number on the one predicted): 1 where calibrated, below 1
        where predictions are too extreme.
    intercept, intercept_lower, intercept_upper : float
        With the slope held at 1: above 0 where predictions are too low, in log odds or units of the target.
    error : float
        Typical (root mean squared) distance between bins' means, less what chance alone makes of it.
    expected_error : float
        Mean absolute distance, chance included.
    p_value : float
        Of predictions that are calibrated.
    """

    name: str
    rows: np.ndarray
    predicted: np.ndarray
    observed: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    slope: float
    slope_lower: float
    slope_upper: float
    intercept: float
    intercept_lower: float
    intercept_upper: float
    error: float
    expected_error: float
    p_value: float


@dataclass(frozen=True, kw_only=True)
class Calibration(Answer):
    """Reliability of predictions, on rows that the model has not seen.

    Attributes
    ----------
    task : {"regression", "binary", "multiclass"}
    curves : tuple of Reliability
        Of two classes the second alone.
    spread : float
        Standard deviation of the target; 1 for classes: what `error` is read against.
    p_value : float
        Of all curves together, corrected for their number.
    n_rows : int
    level : float
        The coverage of all intervals.
    """

    kind: ClassVar[str] = "calibration"

    task: str
    curves: tuple[Reliability, ...]
    spread: float
    p_value: float
    n_rows: int
    level: float = 0.95

    def __post_init__(self) -> None:
        nan_for_none(self)
        object.__setattr__(self, "curves", Reliability.read_all(self.curves))
        super().__post_init__()


@dataclass(frozen=True, kw_only=True)
class Recalibration(Answer):
    """What a map from predicted to better probabilities does, each row judged by a map that was fitted without it.

    Of a model that is recalibrated, `before` is what its library gives, and `after` what the model says.

    Attributes
    ----------
    method : {"sigmoid", "isotonic"}
    before, after : Calibration
    loss_before, loss_after : float
        Mean log loss.
    gain, gain_lower, gain_upper : float
        loss_before - loss_after, with its interval over rows.
    level : float
    output : dict
        The map fitted on all rows: what a form's output becomes; see `workbench.forms.output`.
    applied : bool
        Whether the model is recalibrated so: the map is the last part of it, and of its form.
    """

    kind: ClassVar[str] = "recalibration"

    method: str
    before: Calibration
    after: Calibration
    loss_before: float
    loss_after: float
    gain: float
    gain_lower: float
    gain_upper: float
    level: float
    output: dict[str, object]
    applied: bool = False

    def __post_init__(self) -> None:
        nan_for_none(self)
        for name in ("before", "after"):
            if not isinstance(getattr(self, name), Calibration):
                object.__setattr__(self, name, Calibration.from_dict(getattr(self, name)))
        super().__post_init__()

    def to_dict(self) -> dict[str, object]:
        """Give a dictionary that JSON can hold; both calibrations in it stand alone."""
        return {**super().to_dict(), "before": self.before.to_dict(), "after": self.after.to_dict()}
