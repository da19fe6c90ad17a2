"""Columns as arrays: what a form reads from a DataFrame or from a mapping of 1-D arrays, with numpy alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.forms.errors import FormError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]
Bools = npt.NDArray[np.bool_]


def level_text(value: Any) -> str:
    """Give the text of one level: 3, 3.0 and "3" are one level, booleans are true and false."""
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, int | float | np.integer | np.floating):
        number = float(value)
        return str(int(value)) if number.is_integer() else repr(number)
    return str(value)


class Frame:
    """The columns of one input, converted once each.

    Parameters
    ----------
    X : DataFrame or mapping of str to array of shape (n_samples,)

    Raises
    ------
    FormError
        When a column that is asked for is absent, has another length, or holds values of the wrong kind.
    """

    def __init__(self, X: Any) -> None:
        self._X = X
        self._names = set(X.keys())
        self._numbers: dict[str, Floats] = {}
        self._codes: dict[tuple[str, tuple[str, ...]], Ints] = {}
        # what trees over the same columns share: numbers and codes as matrices
        self.matrices: dict[Any, tuple[Floats, Ints | None]] = {}
        self.n_rows = len(X) if not isinstance(X, Mapping) else len(next(iter(X.values()), ()))

    def _column(self, name: str) -> Any:
        if name not in self._names:
            raise FormError(f"column {name!r} is missing; the form reads it")
        column = self._X[name]
        if len(column) != self.n_rows:
            raise FormError(f"column {name!r} has {len(column)} rows, others have {self.n_rows}")
        return column

    def numbers(self, name: str) -> Floats:
        """Give a column as float64, NaN where missing; booleans are 0 and 1, moments days since 1970-01-01 (UTC)."""
        if name not in self._numbers:
            self._numbers[name] = _numbers(name, self._column(name))
        return self._numbers[name]

    def codes(self, name: str, levels: tuple[str, ...]) -> Ints:
        """Give a column as positions in `levels`; len(levels) where unseen, len(levels) + 1 where missing."""
        key = (name, levels)
        if key not in self._codes:
            self._codes[key] = _codes(self._column(name), levels)
        return self._codes[key]

    def has_missing(self, name: str, kind: str) -> bool:
        """Say whether a column of this kind misses values."""
        if kind in ("category", "ordered"):
            return bool((self.codes(name, ()) == 1).any())
        return bool(np.isnan(self.numbers(name)).any())


def _numbers(name: str, column: Any) -> Floats:
    dtype = getattr(column, "dtype", None)
    if dtype is not None and not isinstance(dtype, np.dtype) and hasattr(column, "to_numpy"):
        # an extension column of pandas: nullable numbers, text, categories, moments with a zone
        if str(dtype).startswith("datetime64"):
            column = column.to_numpy(dtype="datetime64[ns]")
        else:
            column = column.to_numpy(dtype=object, na_value=None)
    array = np.asarray(column)
    if array.dtype.kind == "M":
        return _days(array)
    if array.dtype.kind in "fiub":
        return array.astype(np.float64)
    values = np.array([None if _is_missing(v) else v for v in array.tolist()], dtype=object)
    present = [v for v in values if v is not None]
    try:
        if present and all(isinstance(v, str) or hasattr(v, "isoformat") for v in present):
            return _days(values.astype("datetime64[ns]"))
        return np.array([np.nan if v is None else float(v) for v in values], dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise FormError(f"column {name!r} must hold numbers, booleans or dates: {error}") from error


def _days(moments: npt.NDArray[Any]) -> Floats:
    nanoseconds = moments.astype("datetime64[ns]")
    days: Floats = nanoseconds.astype(np.int64) / 86_400e9
    days[np.isnat(nanoseconds)] = np.nan
    return days


def _codes(column: Any, levels: Sequence[str]) -> Ints:
    known = {level: i for i, level in enumerate(levels)}
    unseen, missing = len(levels), len(levels) + 1
    values = column.to_numpy(dtype=object) if hasattr(column, "to_numpy") else np.asarray(column, dtype=object)
    found: dict[Any, int] = {}
    out = np.empty(len(values), dtype=np.intp)
    for i, value in enumerate(values.tolist()):
        if type(value) is str:
            out[i] = known.get(value, unseen)
            continue
        if _is_missing(value):
            out[i] = missing
            continue
        key = (type(value), value)
        if key not in found:
            found[key] = known.get(level_text(value), unseen)
        out[i] = found[key]
    return out


def _is_missing(value: Any) -> bool:
    """None, NaN, pandas' NA and NaT; text never is."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, float | np.floating) and bool(value != value)
