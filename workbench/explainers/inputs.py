"""What an explainer is given, checked once."""

from __future__ import annotations

import numbers
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from workbench.explainers.rows import Rows, check_types, column_of
from workbench.explainers.score import Score


@dataclass(frozen=True, eq=False)
class Inputs:
    """A fitted model and the rows that it is explained on."""

    model: Any
    X: Rows  # the caller's own object, never written to
    feature_names: tuple[str, ...]
    y: np.ndarray | None
    background: Rows  # X itself where none was given
    sample_weight: np.ndarray | None  # per row of background
    random_state: int
    positive: Any = None  # the class of two that is explained; None: classes_[1]

    @classmethod
    def check(
        cls,
        model: Any,
        X: Any,
        *,
        y: Any = None,
        background: Any = None,
        sample_weight: Any = None,
        random_state: int = 0,
        positive: Any = None,
        place: str = "explain",
    ) -> Inputs:
        """Check that everything fits together; `place` begins the message of an error.

        Raises
        ------
        ValueError
            If something doesn't; the message names it, the rule and the value.
        sklearn.exceptions.NotFittedError
            If the model is not fitted.
        """
        _check_model(model, place)
        names = _feature_names(X, f"{place}: X")
        _check_names_of_model(model, X, names, f"{place}: X")
        if background is not None:
            other = _feature_names(background, f"{place}: background")
            if type(background) is not type(X) or other != names:
                raise ValueError(f"{place}: background must have the type and the columns of X; got {list(other)}")
        else:
            background = X
        if isinstance(random_state, bool) or not isinstance(random_state, numbers.Integral) or random_state < 0:
            raise ValueError(f"{place}: random_state must be a whole number of at least 0; got {random_state!r}")
        return cls(
            model=model,
            X=X,
            feature_names=names,
            y=_checked_y(y, len(X), place),
            background=background,
            sample_weight=_checked_weight(sample_weight, len(background), place),
            random_state=int(random_state),
            positive=_checked_positive(model, positive, place),
        )

    @cached_property
    def score(self) -> Score | None:
        """The score of the model's form; None where it has none."""
        return Score.of(self.model, self.X, self.positive, background=self.background)

    @property
    def weight(self) -> np.ndarray:
        """A weight per row of background; 1 where none were given."""
        return np.ones(len(self.background)) if self.sample_weight is None else self.sample_weight

    def check_exchange(self, place: str) -> None:
        """Check that a model can be asked about rows with values of X and of the background: see `check_types`."""
        check_types(self.X, self.background, place, by_text=hasattr(self.model, "kinds_"))

    def column(self, feature: int) -> pd.Series:
        """Give a column of X by its position."""
        return column_of(self.X, feature)


def _check_model(model: Any, place: str) -> None:
    """Check that a model is a fitted estimator that predicts."""
    if not hasattr(model, "predict") or not hasattr(model, "__sklearn_tags__"):
        raise ValueError(
            f"{place}: model must be a fitted estimator with scikit-learn's interface (a predict method, and "
            f"sklearn.base.BaseEstimator among its bases); got {type(model).__name__}"
        )
    from sklearn.utils.validation import check_is_fitted

    check_is_fitted(model)


def _feature_names(X: Any, place: str) -> tuple[str, ...]:
    if not isinstance(X, pd.DataFrame | np.ndarray) or X.ndim != 2:
        shape = f" of shape {X.shape}" if isinstance(X, np.ndarray) else ""
        raise ValueError(f"{place} must be a DataFrame or a 2-D array; got {type(X).__name__}{shape}")
    if 0 in X.shape:
        raise ValueError(f"{place} must have at least one row and one column; got shape {X.shape}")
    if isinstance(X, np.ndarray):
        return tuple(f"x{j}" for j in range(X.shape[1]))
    names = tuple(str(name) for name in X.columns)
    if twice := [name for name in names if names.count(name) > 1]:
        raise ValueError(f"{place} must have distinct column names; got {twice[0]!r} more than once")
    return names


def _check_names_of_model(model: Any, X: Any, names: tuple[str, ...], place: str) -> None:
    fitted = getattr(model, "feature_names_in_", None)
    if fitted is None:
        return
    if isinstance(X, np.ndarray):
        raise ValueError(f"{place} must be a DataFrame, as the model was fitted on one; its columns: {list(fitted)}")
    for position, (expected, got) in enumerate(zip(fitted, names, strict=False)):
        if expected != got:
            raise ValueError(
                f"{place} must have the columns that the model was fitted on, in their order; "
                f"column {position} must be {str(expected)!r}; got {got!r}"
            )
    if len(fitted) != len(names):
        raise ValueError(f"{place} must have the model's {len(fitted)} columns; got {len(names)}")


def _checked_positive(model: Any, positive: Any, place: str) -> Any:
    if positive is None:
        return None
    classes = list(getattr(model, "classes_", ()))
    if len(classes) != 2 or positive not in classes:
        raise ValueError(f"{place}: positive must be one of a binary classifier's classes, {classes}; got {positive!r}")
    return positive


def _checked_y(y: Any, n_rows: int, place: str) -> np.ndarray | None:
    if y is None:
        return None
    y = np.asarray(y)
    if y.shape != (n_rows,):
        raise ValueError(f"{place}: y must have one value per row of X, shape ({n_rows},); got shape {y.shape}")
    return y


def _checked_weight(sample_weight: Any, n_rows: int, place: str) -> np.ndarray | None:
    if sample_weight is None:
        return None
    weight = np.array(sample_weight, dtype=float)
    if weight.shape != (n_rows,):
        raise ValueError(f"{place}: sample_weight must have shape ({n_rows},), one per row; got shape {weight.shape}")
    if not np.isfinite(weight).all() or weight.min() < 0 or weight.sum() == 0:
        raise ValueError(f"{place}: sample_weight must be finite, at least 0, and not all 0")
    return weight
