"""Arrays in JSON: non-finite numbers as text, large arrays beside the file, and strict reading of both."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.forms.errors import FormError

_WORDS = {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}
# Arrays of at least this many numbers leave the JSON file when a form is saved.
_LARGE = 256


def number_to_json(value: float) -> float | int | str:
    """Give a float as JSON can hold it: inf, -inf and nan as text."""
    return value if math.isfinite(value) else "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"


def array_to_json(array: npt.NDArray[Any]) -> Any:
    """Give an array as nested lists that JSON can hold."""

    def plain(value: Any) -> Any:
        if isinstance(value, list):
            return [plain(v) for v in value]
        return number_to_json(value) if isinstance(value, float) else value

    return array.tolist() if array.dtype.kind != "f" or np.isfinite(array).all() else plain(array.tolist())


class Pack:
    """Collects the large arrays of a form into one flat array per type, and gives them back."""

    def __init__(self, flat: Mapping[str, npt.NDArray[Any]] | None = None) -> None:
        self._parts: dict[str, list[npt.NDArray[Any]]] = {}
        self._flat = dict(flat or {})

    def put(self, array: npt.NDArray[Any]) -> Any:
        """Store a large array and give the note that stands for it in JSON; a small one as lists."""
        if array.size < _LARGE:
            return array_to_json(array)
        parts = self._parts.setdefault(array.dtype.kind, [])
        start = sum(p.size for p in parts)
        parts.append(array.ravel())
        return {"array": array.dtype.kind, "start": start, "shape": list(array.shape)}

    def flat(self) -> dict[str, npt.NDArray[Any]]:
        """Give the flat arrays by type, to be saved beside the JSON file."""
        return {kind: np.concatenate(parts) for kind, parts in self._parts.items()}

    def get(self, note: Mapping[str, Any], place: str) -> npt.NDArray[Any]:
        """Give the array that a note in JSON stands for.

        Raises
        ------
        FormError
            If the note points outside the arrays that came with the file.
        """
        flat = self._flat.get(str(note.get("array")))
        start: Any = note.get("start")
        shape: Any = note.get("shape")
        if flat is None or not _is_count(start) or not isinstance(shape, list) or not all(map(_is_count, shape)):
            raise FormError(f"{place}: the note of an array beside the file is broken: {dict(note)!r:.200}")
        size = math.prod(shape)
        if len(shape) > 2 or start + size > flat.size:
            raise FormError(f"{place}: points past the end of the arrays beside the file")
        return flat[start : start + size].reshape(shape)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


class Fields:
    """Strict reading of one JSON object of a form: each field by name and type, unknown fields refused."""

    def __init__(self, data: Any, place: str, pack: Pack | None = None) -> None:
        if not isinstance(data, Mapping):
            raise FormError(f"{place} must be an object; got {type(data).__name__}")
        self._data, self.place, self._pack = dict(data), place, pack or Pack()

    def __contains__(self, name: str) -> bool:
        return name in self._data

    def peek(self, name: str) -> Any:
        """Give a field's raw value, None where absent, without marking it as read."""
        return self._data.get(name)

    def take(self, name: str) -> Any:
        """Give a field's raw value and mark it as read."""
        if name not in self._data:
            raise FormError(f"{self.place}.{name} is missing")
        return self._data.pop(name)

    def inner(self, name: str) -> Fields:
        """Give a field that is an object of its own."""
        return Fields(self.take(name), f"{self.place}.{name}", self._pack)

    def done(self) -> None:
        """Refuse fields that nothing has read."""
        if self._data:
            raise FormError(f"{self.place} has the unknown field {next(iter(self._data))!r:.80}")

    def text(self, name: str) -> str:
        """Give a field that is text."""
        value = self.take(name)
        if not isinstance(value, str):
            raise FormError(f"{self.place}.{name} must be text; got {value!r:.80}")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """Give a field that is a list of texts."""
        value = self.take(name)
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            raise FormError(f"{self.place}.{name} must be a list of texts; got {value!r:.80}")
        return tuple(value)

    def number(self, name: str) -> float:
        """Give a field that is one number."""
        return float(_number(self.take(name), f"{self.place}.{name}"))

    def truth(self, name: str) -> bool:
        """Give a field that is true or false."""
        value = self.take(name)
        if not isinstance(value, bool):
            raise FormError(f"{self.place}.{name} must be true or false; got {value!r:.80}")
        return value

    def count(self, name: str) -> int:
        """Give a field that is a whole number of at least 0."""
        value = self.take(name)
        if not _is_count(value) or value > 2**53:
            raise FormError(f"{self.place}.{name} must be a whole number of at least 0; got {value!r:.80}")
        return int(value)

    def objects(self, name: str, most: int) -> list[Any]:
        """Give a field that is a list of at most so many objects."""
        value = self.take(name)
        if not isinstance(value, list) or len(value) > most:
            raise FormError(f"{self.place}.{name} must be a list of at most {most:,} objects")
        return value

    def array(self, name: str, *shape: int | None, kind: str = "f") -> npt.NDArray[Any]:
        """Give a field that is an array of floats ("f"), whole numbers ("i") or truth values ("b").

        Parameters
        ----------
        name : str
        *shape : int or None
            The length of each axis; None for any length.
        kind : {"f", "i", "b"}
        """
        place = f"{self.place}.{name}"
        value = self.take(name)
        if isinstance(value, Mapping):
            array = self._pack.get(value, place)
            if array.dtype.kind != kind:
                raise FormError(f"{place} must be of type {kind!r}; got {array.dtype.kind!r}")
        else:
            array = _array(value, kind, place)
        array = array.astype({"f": np.float64, "i": np.intp, "b": np.bool_}[kind])
        if array.ndim != len(shape) or any(
            want not in (None, have) for want, have in zip(shape, array.shape, strict=True)
        ):
            raise FormError(f"{place} must have the shape {shape}; got {array.shape}")
        return array


def _array(value: Any, kind: str, place: str) -> npt.NDArray[Any]:
    if not isinstance(value, list):
        raise FormError(f"{place} must be a list; got {value!r:.80}")
    rows = value if value and isinstance(value[0], list) else [value]
    if not all(isinstance(r, list) and len(r) == len(rows[0]) for r in rows):
        raise FormError(f"{place} must be a list of numbers, or of equally long lists of numbers")
    read: Any
    if kind == "f":
        read = np.array([[_number(v, place) for v in r] for r in rows], dtype=np.float64)
    else:
        wanted = bool if kind == "b" else int
        if not all(type(v) is wanted for r in rows for v in r):
            raise FormError(f"{place} must hold {'truth values' if kind == 'b' else 'whole numbers'} alone")
        try:
            read = np.array(rows, dtype=np.bool_ if kind == "b" else np.intp)
        except OverflowError as error:
            raise FormError(f"{place} holds a whole number that is too large") from error
    return read if rows is value else read[0]  # type: ignore[no-any-return]


def _number(value: Any, place: str) -> float:
    if isinstance(value, str) and value in _WORDS:
        return _WORDS[value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise FormError(f"{place} must be a number; got {value!r:.80}")
    try:
        return float(value)
    except OverflowError as error:
        raise FormError(f"{place} is a number too large for float64") from error
