"""The rows that an estimator gets: checked as scikit-learn does, their columns named."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import check_array
from sklearn.utils.validation import validate_data

from workbench.families import registry
from workbench.families.family import Family


@dataclass(frozen=True, eq=False)
class TrainingRows:
    """Rows whose target is known.

    Attributes
    ----------
    frame : DataFrame
        Its columns are named by text; positions are its index.
    kinds : dict of str to str
        The kind of each column.
    target : ndarray of shape (n_samples,)
        Numbers, or positions in `labels`.
    weight : ndarray of shape (n_samples,) or None
    task : str
    labels : ndarray or None
        The classes in order.
    """

    frame: pd.DataFrame
    kinds: dict[str, str]
    target: np.ndarray
    weight: np.ndarray | None
    task: str
    labels: np.ndarray | None

    def take(self, at: np.ndarray) -> TrainingRows:
        """Give the rows at these positions."""
        frame = self.frame.iloc[at].reset_index(drop=True)
        return replace(
            self, frame=frame, target=self.target[at], weight=None if self.weight is None else self.weight[at]
        )


def named_frame(estimator: Any, X: Any, *, reset: bool) -> pd.DataFrame:
    """Give X as a DataFrame whose columns are named by text, checked as scikit-learn does."""
    if isinstance(X, pd.DataFrame):
        validate_data(estimator, X, reset=reset, skip_check_array=True)
        if not len(X):
            raise ValueError(f"Found array with 0 sample(s) (shape={X.shape}) while a minimum of 1 is required.")
        if not X.shape[1]:
            raise ValueError(f"Found array with 0 feature(s) (shape={X.shape}) while a minimum of 1 is required.")
        named = hasattr(estimator, "feature_names_in_")
        frame = X if named else X.set_axis([f"x{j}" for j in range(X.shape[1])], axis=1)
    else:
        array = check_array(X, dtype=None, ensure_all_finite="allow-nan", estimator=type(estimator).__name__)
        if array.dtype.kind in "OU":
            # numbers in an object array are numbers; a text in it is an error, as in scikit-learn
            array = check_array(X, dtype=np.float64, ensure_all_finite="allow-nan", estimator=type(estimator).__name__)
        validate_data(estimator, X, reset=reset, skip_check_array=True)
        frame = pd.DataFrame(array, columns=[f"x{j}" for j in range(array.shape[1])])
    for name in frame:
        if _has_infinity(frame[name]):
            raise ValueError(f"column {name!r} contains infinity; replace it by a number, or leave the cell empty")
    return frame.reset_index(drop=True)


def usable_weights(weight: np.ndarray, family: Family) -> np.ndarray | None:
    """Give the weights; None where all are equal and the family's library takes none.

    Raises
    ------
    ValueError
        If they differ and the library takes none: names families that can.
    """
    if family.weighs_rows:
        return weight
    if np.ptp(weight) > 0:
        able = ", ".join(name for name, each in registry().items() if each.weighs_rows)
        raise ValueError(
            f"family {family.name!r} can't weigh rows, its library takes no weights; families that can: {able}"
        )
    return None


def _has_infinity(values: pd.Series) -> bool:
    if isinstance(values.dtype, pd.StringDtype):  # to look at each text would take longer than most predictions
        return False
    if values.dtype.kind == "O":
        return any(isinstance(v, float) and np.isinf(v) for v in values)
    return values.dtype.kind == "f" and bool(np.isinf(values.to_numpy(dtype=float, na_value=np.nan)).any())


def plain_labels(y: Any) -> Any:
    """Give pandas' nullable columns, and objects that are all of one plain type, as numpy has them."""
    dtype = getattr(y, "dtype", None)
    if dtype is None or (isinstance(dtype, np.dtype) and dtype.kind != "O") or np.ndim(y) != 1:
        return y
    return pd.Series(np.asarray(y, dtype=object)).infer_objects().to_numpy()
