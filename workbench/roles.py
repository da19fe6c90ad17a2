"""What columns with a role hold: the target and its task, weights, groups and times."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import pandas as pd

from workbench.columns import TableError, listed

Task = Literal["regression", "binary", "multiclass"]
TASKS = ("regression", "binary", "multiclass")


def target_of(target: str | Mapping[str, Any]) -> tuple[str, float | None]:
    """Give the target's name, and the number from which on it counts as yes where the target asks for that."""
    if isinstance(target, str):
        return target, None
    if set(target) != {"column", "at_least"}:
        raise TableError(f"target must be a column's name, or column and at_least; got {dict(target)!r}")
    return str(target["column"]), float(target["at_least"])


def target_values(
    values: pd.Series, name: str, at_least: float | None, task: str | None, positive: Any
) -> tuple[pd.Series, Task, tuple[Any, ...]]:
    """Give the target's values, the task, and the classes in order."""
    if (missing := np.flatnonzero(values.isna())).size:
        raise TableError(
            f"target {name!r} is missing in {missing.size:,} of {len(values):,} rows (row {listed(list(missing), 3)}): "
            f"nothing can be learned from these; leave them out, for example by frame.dropna(subset=[{name!r}])"
        )
    if task is not None and task not in TASKS:
        raise TableError(f"task must be one of {', '.join(TASKS)}; got {task!r}")
    if at_least is not None:
        values = _at_least(values, at_least)
    distinct = values.nunique()
    numeric = pd.api.types.is_float_dtype(values.dtype)
    found: Task = "regression" if numeric and distinct > 2 else "binary" if distinct == 2 else "multiclass"
    chosen: Task = task or found  # type: ignore[assignment]
    if distinct < 2:
        raise TableError(f"target {name!r} has the one value {values.iloc[0]!r} in all rows: there is nothing to learn")
    if chosen == "regression":
        if not numeric:
            raise TableError(f"task is regression, but target {name!r} is no number; it has classes")
        return values, chosen, ()
    labels = _labels(values)
    ordered = isinstance(values.dtype, pd.CategoricalDtype) and values.dtype.ordered
    found_labels = set(labels)
    classes = tuple(c for c in values.cat.categories if c in found_labels) if ordered else tuple(sorted(found_labels))
    if (chosen == "binary") != (len(classes) == 2):
        raise TableError(f"task is {chosen}, but target {name!r} has {len(classes)} classes: {listed(classes)}")
    if positive is not None:
        if chosen != "binary" or positive not in classes:
            raise TableError(f"positive must be one of a binary target's classes ({listed(classes)}); got {positive!r}")
        # the label itself, as 1 equals True
        last = classes[classes.index(positive)]
        classes = (*[c for c in classes if c != last], last)
    return labels, chosen, classes


def _at_least(values: pd.Series, least: float) -> pd.Series:
    if not pd.api.types.is_float_dtype(values.dtype):
        raise TableError(f"target {values.name!r} is no number, so at_least has no meaning for it")
    return values >= least


def _labels(values: pd.Series) -> pd.Series:
    """Give class labels as plain bool, int or text."""
    if pd.api.types.is_float_dtype(values.dtype):
        whole = all(float(v).is_integer() for v in values.unique())
        return values.astype(int) if whole else values.map(repr).astype("str")
    if pd.api.types.is_bool_dtype(values.dtype):
        return values.astype(bool)
    return values.astype("str")


def weights(values: pd.Series | None) -> np.ndarray | None:
    """Give the weights of the rows, none of them negative, not all of them 0."""
    if values is None:
        return None
    check_known(values, "weight")
    found = values.to_numpy(dtype=float)
    if not (np.isfinite(found).all() and (found >= 0).all() and found.sum() > 0):
        raise TableError(f"weight {values.name!r} must be a number of at least 0 in every row, not 0 in all")
    return found


def check_known(values: pd.Series | None, role: str) -> None:
    """Refuse text and gaps in a column that enters a formula as it is."""
    if values is None:
        return
    if values.dtype.kind not in "fb":
        raise TableError(f"{role} {values.name!r} must be a number in every row; it is no column of numbers")
    if (missing := np.flatnonzero(values.isna())).size:
        raise TableError(
            f"{role} {values.name!r} is missing in {missing.size:,} rows, the first is row {missing[0]}; fill them, or "
            "leave these rows out"
        )
    if role == "exposure" and (values <= 0).any():
        raise TableError(f"exposure {values.name!r} must be above 0 in every row: its logarithm is taken")


def group_codes(values: pd.Series | None) -> np.ndarray | None:
    """Give each row the number of its group."""
    if values is None:
        return None
    if values.isna().any():
        raise TableError(
            f"group {values.name!r} is missing in {int(values.isna().sum()):,} rows; give each row a group"
        )
    return pd.factorize(values)[0]


def times(values: pd.Series | None) -> np.ndarray | None:
    """Give each row's time, a number or a moment."""
    if values is None:
        return None
    if values.isna().any():
        raise TableError(f"time {values.name!r} is missing in {int(values.isna().sum()):,} rows; give each row a time")
    if values.dtype.kind not in "fM":
        raise TableError(
            f"time {values.name!r} must be a number or a date; it is text such as {values.iloc[0]!r}: write dates as "
            "YYYY-MM-DD, with HH:MM:SS where needed, or convert them with "
            f"pandas.to_datetime(frame[{values.name!r}], format=...)"
        )
    return values.to_numpy()
