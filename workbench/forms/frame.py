"""Columns as arrays: what a form reads from a DataFrame or from a mapping of 1-D arrays, with numpy alone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.forms.errors import FormError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]
Bools = npt.NDArray[np.bool_]

YES = ("true", "t", "yes", "y", "1")
NO = ("false", "f", "no", "n", "0")
_TRUTH = {**dict.fromkeys(YES, 1.0), **dict.fromkeys(NO, 0.0)}
_MOMENT = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})(?:[ T](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?))?")


def level_text(value: Any) -> str:
    """Give the text of one level: 3, 3.0 and "3" are one level, booleans are true and false."""
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, int | np.integer):
        return str(int(value))
    if isinstance(value, float | np.floating):
        number = float(value)
        return str(int(number)) if number.is_integer() else repr(number)
    return str(value)


class Frame:
    """The columns of one input, converted once each.

    Parameters
    ----------
    X : DataFrame or mapping of str to array of shape (n_samples,)
    kinds : mapping of str to str, optional
        The kind of each column, which decides how its values are read; a number where it is not listed.

    Raises
    ------
    FormError
        When a column that is asked for is absent, has another length, or holds values of another kind.
    """

    def __init__(self, X: Any, kinds: Mapping[str, str] | None = None) -> None:
        if not hasattr(X, "keys"):
            raise FormError(f"X must be a DataFrame or a mapping of columns; got a {type(X).__name__}")
        self._X, self._kinds = X, kinds or {}
        self._names = set(X.keys())
        self._numbers: dict[str, Floats] = {}
        self._codes: dict[tuple[str, tuple[str, ...]], Ints] = {}
        # what trees over the same columns share: numbers and codes as matrices; of one set of columns at a time
        self.matrices: dict[Any, tuple[Floats, Ints | None]] = {}
        try:
            self.n_rows = len(X) if not isinstance(X, Mapping) else len(next(iter(X.values()), ()))
        except TypeError as error:
            raise FormError("each column must be a list or an array, also of a single row") from error

    def _column(self, name: str) -> Any:
        if name not in self._names:
            raise FormError(f"column {name!r} is missing; the form reads it")
        column = self._X[name]
        if not hasattr(column, "__len__") or len(column) != self.n_rows:
            raise FormError(f"column {name!r} must be a list or an array of {self.n_rows} values, as others are")
        return column

    def numbers(self, name: str) -> Floats:
        """Give a column as float64, NaN where missing; booleans are 0 and 1, moments days since 1970-01-01 (UTC)."""
        if name not in self._numbers:
            self._numbers[name] = _numbers(name, self._column(name), self._kinds.get(name, "number"))
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


class Picked(Frame):
    """Rows put together from other frames, column by column, without converting anything again.

    Parameters
    ----------
    picks : mapping of str to (Frame, ndarray of shape (n_rows,))
        For each column the frame that its values come from, and their rows there.
    """

    def __init__(self, picks: Mapping[str, tuple[Frame, Ints]]) -> None:
        super().__init__({name: rows for name, (_, rows) in picks.items()})
        self._picks = picks

    def numbers(self, name: str) -> Floats:
        """Give a column as float64, NaN where missing, as `Frame.numbers` does."""
        if name not in self._numbers:
            source, rows = self._picked(name)
            self._numbers[name] = source.numbers(name)[rows]
        return self._numbers[name]

    def codes(self, name: str, levels: tuple[str, ...]) -> Ints:
        """Give a column as positions in `levels`, as `Frame.codes` does."""
        key = (name, levels)
        if key not in self._codes:
            source, rows = self._picked(name)
            self._codes[key] = source.codes(name, levels)[rows]
        return self._codes[key]

    def _picked(self, name: str) -> tuple[Frame, Ints]:
        self._column(name)
        return self._picks[name]


def _numbers(name: str, column: Any, kind: str) -> Floats:
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
    if array.dtype.kind == "b" or (array.dtype.kind in "fiu" and kind in ("number", "boolean")):
        return array.astype(np.float64)
    read = {"boolean": _truth, "datetime": _moment}.get(kind, _number)
    try:
        return np.array([np.nan if _is_missing(v) else read(v) for v in array.tolist()], dtype=np.float64)
    except (TypeError, ValueError) as error:
        wanted = {"boolean": "truth values", "datetime": "dates, written YYYY-MM-DD"}.get(kind, "numbers")
        raise FormError(f"column {name!r} must hold {wanted}; it holds other values") from error


def _number(value: Any) -> float:
    if isinstance(value, str | bytes):
        raise ValueError("text")
    if hasattr(value, "isoformat"):
        return float(_days(np.array([value], dtype="datetime64[ns]"))[0])
    return float(value)


def _truth(value: Any) -> float:
    found = _TRUTH.get(level_text(value).strip().lower())
    if found is None:
        raise ValueError("no truth value")
    return found


def _moment(value: Any) -> float:
    """Read a date, with the time of day if it has one: written as text, as 20240131, or a date object."""
    if hasattr(value, "isoformat"):
        return float(_days(np.array([value], dtype="datetime64[ns]"))[0])
    found = _MOMENT.fullmatch(level_text(value))
    if not found:
        raise ValueError("no date")
    year, month, day, time = found.groups()
    return float(_days(np.array([f"{year}-{month}-{day}T{time or '00:00'}"], dtype="datetime64[ns]"))[0])


def _days(moments: npt.NDArray[Any]) -> Floats:
    nanoseconds = moments.astype("datetime64[ns]")
    days: Floats = nanoseconds.astype(np.int64) / 86_400e9
    days[np.isnat(nanoseconds)] = np.nan
    return days


def _codes(column: Any, levels: Sequence[str]) -> Ints:
    known = {level: i for i, level in enumerate(levels)}
    unseen, missing = len(levels), len(levels) + 1
    if str(getattr(column, "dtype", "")) in ("str", "string", "category") and hasattr(column, "factorize"):
        # text or categories of pandas: each distinct value is looked up once, and -1, the last of the table, is missing
        numbers, values = column.factorize()
        table = np.array([*(_code(value, known, unseen) for value in values), missing], dtype=np.intp)
        return np.asarray(table[numbers])
    values = column.to_numpy(dtype=object) if hasattr(column, "to_numpy") else np.asarray(column, dtype=object)
    found: dict[Any, int] = {}
    out = np.empty(len(values), dtype=np.intp)
    for i, value in enumerate(values.tolist()):
        key = value if type(value) is str else (type(value), value)
        if key not in found:
            found[key] = missing if _is_missing(value) else _code(value, known, unseen)
        out[i] = found[key]
    return out


def _code(value: Any, known: Mapping[str, int], unseen: int) -> int:
    """Give the position of a level; a text that is a number stands for it however it is written, 01 for 1."""
    text = level_text(value)
    if text in known or not isinstance(value, str):
        return known.get(text, unseen)
    try:
        return known.get(level_text(float(text)), unseen)
    except (ValueError, OverflowError):
        return unseen


def _is_missing(value: Any) -> bool:
    """None, NaN, pandas' NA and NaT; text never is."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, float | np.floating) and bool(value != value)
