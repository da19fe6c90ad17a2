"""What a column is: its kind, role and unit, and its values in the dtype of its kind."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from workbench.forms.frame import NO, YES, level_text

KINDS = ("number", "category", "ordered", "boolean", "datetime")
ROLES = ("feature", "target", "weight", "offset", "exposure", "group", "time", "sensitive", "id", "ignore")
WITHOUT_VALUES = ("id", "ignore")  # roles of columns whose values nothing looks at

_TRUTH = {**dict.fromkeys(YES, True), **dict.fromkeys(NO, False)}
# Moments are counted in nanoseconds, which an int64 can do for these years.
_FIRST_DAY, _LAST_DAY = pd.Timestamp("1678-01-01"), pd.Timestamp("2261-12-31")


class TableError(ValueError):
    """A table can't be used as it is: names the column, the rule, the value and the way out."""


@dataclass(frozen=True)
class Column:
    """One column of a table: its name, kind, role, unit and what it means."""

    name: str
    kind: str
    role: str = "feature"
    unit: str = ""
    label: str = ""
    description: str = ""
    levels: tuple[str, ...] = ()
    feature: bool = False

    @property
    def title(self) -> str:
        """The label, or the name where no label was given."""
        return self.label or self.name

    @property
    def is_feature(self) -> bool:
        """Whether models see the column; a sensitive one only where the study says ``feature: true``."""
        return self.role == "feature" or (self.role == "sensitive" and self.feature)


def infer_kind(values: pd.Series) -> str:
    """Say what kind of column these values are, by dtype first and by the values of object columns.

    Raises
    ------
    TableError
        If numbers and text are mixed, or the values are of a type that no kind covers.
    """
    dtype = values.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return "ordered" if dtype.ordered else "category"
    if pd.api.types.is_bool_dtype(dtype):
        return "boolean"
    if pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_complex_dtype(dtype):
        return "number"
    if pd.api.types.is_datetime64_any_dtype(dtype):
        return "datetime"
    present = values.dropna()
    found = pd.api.types.infer_dtype(present, skipna=True)
    kinds = {
        "boolean": "boolean",
        "integer": "number",
        "floating": "number",
        "mixed-integer-float": "number",
        "decimal": "number",
        "datetime": "datetime",
        "datetime64": "datetime",
        "date": "datetime",
        "empty": "number",
    }
    if found == "string":
        return "datetime" if _are_dates(present) else "category"
    if found in kinds:
        return kinds[found]
    if found.startswith("mixed"):
        types = sorted({type(v).__name__ for v in present})
        raise TableError(
            f"column {values.name!r} mixes values of several types ({', '.join(types)}); make them all numbers or all "
            "text, declare kind: category to read each as text, or give it the role ignore"
        )
    raise TableError(
        f"column {values.name!r} holds {found} values; the kinds are {', '.join(KINDS)}: convert it, or "
        "give it the role ignore"
    )


def convert(values: pd.Series, kind: str, levels: Sequence[str] = ()) -> pd.Series:
    """Turn values into the dtype of their kind: float64, text, ordered categories, bool, datetime64.

    Raises
    ------
    TableError
        If a value is not of the kind: names the column and the value.
    """
    if kind == "number":
        return _numbers(values)
    if kind == "boolean":
        return _booleans(values)
    if kind == "datetime":
        return _moments(values)
    name = values.name
    texts = pd.Series(level_texts(values), name=name, dtype="str")
    known = list(levels) or (_natural_levels(values) if kind == "ordered" else [])
    if levels and (unknown := sorted(set(texts.dropna()) - set(known))):
        raise TableError(
            f"column {name!r} has the value {unknown[0]!r} that columns.{name}.levels does not list ({listed(known)})"
        )
    if kind == "category":
        return texts
    return pd.Series(pd.Categorical(texts, categories=known, ordered=True), name=name)


def _numbers(values: pd.Series) -> pd.Series:
    name = values.name
    try:
        numbers = pd.Series(pd.to_numeric(values).to_numpy(dtype=float, na_value=np.nan), name=name)
    except (ValueError, TypeError) as error:
        _, strays = numbers_among(values)
        raise TableError(
            f"column {name!r} can't be read as kind number: it has {quoted(strays)}; write these as numbers, leave "
            f"their cells empty, or set columns.{name}.kind to category"
            if strays
            else f"column {name!r} can't be read as kind number: {error}; declare another kind"
        ) from error
    if np.isinf(numbers).any():
        row = int(np.flatnonzero(np.isinf(numbers))[0])
        raise TableError(f"column {name!r} is infinite in row {row}; replace it by a number or leave the cell empty")
    return numbers


def _booleans(values: pd.Series) -> pd.Series:
    """Read true/false, t/f, yes/no, y/n and 1/0, in upper or lower case."""
    if not pd.api.types.is_bool_dtype(values.dtype):
        texts = pd.Series(level_texts(values), name=values.name, dtype="str")
        truth = {text: _TRUTH.get(text.strip().lower()) for text in texts.dropna().unique()}
        if strays := [text for text, true in truth.items() if true is None]:
            raise TableError(
                f"column {values.name!r} can't be read as kind boolean: it has {quoted(strays)}, which is none of "
                f"{', '.join(YES)} and {', '.join(NO)}; write one of these, or set columns.{values.name}.kind to "
                "category"
            )
        values = texts.map(truth)
    read = values.astype("boolean")
    return read if read.isna().any() else read.astype(bool)


def _moments(values: pd.Series) -> pd.Series:
    name = values.name
    try:
        is_moment = pd.api.types.is_datetime64_any_dtype(values.dtype)
        moments = values if is_moment else pd.to_datetime(values, format="ISO8601")
    except (ValueError, TypeError) as error:
        raise TableError(
            f"column {name!r} can't be read as kind datetime: {error}; write dates as YYYY-MM-DD, with HH:MM:SS where "
            f"needed, or convert them with pandas.to_datetime(frame[{name!r}], format=...)"
        ) from error
    moments = moments.dt.tz_convert(None) if moments.dt.tz is not None else moments
    if (outside := np.flatnonzero((moments < _FIRST_DAY) | (moments > _LAST_DAY))).size:
        raise TableError(
            f"column {name!r} is {moments.iloc[outside[0]].isoformat()} in row {outside[0]}; dates must lie between "
            f"{_FIRST_DAY:%Y} and {_LAST_DAY:%Y}: where it stands for no date, leave the cell empty"
        )
    return moments


def numbers_among(values: pd.Series) -> tuple[float, list[str]]:
    """Give the share of the present texts that are numbers, and the distinct texts that are none, commonest first."""
    counts = values.dropna().astype("str").value_counts()
    number = pd.to_numeric(pd.Series(counts.index), errors="coerce").notna().to_numpy()
    return float(counts[number].sum() / max(counts.sum(), 1)), list(counts.index[~number])


def level_texts(values: pd.Series) -> list[str | None]:
    """Give each value as the text of its level, None where missing; 3, 3.0 and "3" are one level."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        names = [level_text(c) for c in values.cat.categories]
        return [None if code < 0 else names[code] for code in values.cat.codes]
    plain = isinstance(values.dtype, pd.StringDtype) or values.dtype.kind in "fiu"
    codes, uniques = pd.factorize(values if plain else values.to_numpy(dtype=object), use_na_sentinel=True)
    names_or_none = np.array([*map(level_text, uniques), None], dtype=object)  # -1 is the code of a missing value
    return list(names_or_none[codes])


def _natural_levels(values: pd.Series) -> list[str]:
    if isinstance(values.dtype, pd.CategoricalDtype):
        return [level_text(c) for c in values.cat.categories]
    found = in_order({text for text in level_texts(values) if text is not None})
    if numbers_among(pd.Series(found, dtype="str"))[1] and not pd.api.types.is_bool_dtype(values.dtype):
        raise TableError(
            f"column {values.name!r} is ordered, but nothing says in which order: declare columns.{values.name}.levels"
        )
    return found


def in_order(levels: Iterable[str]) -> list[str]:
    """Sort levels: as numbers where all of them are, so that 10 comes after 9, otherwise as text."""
    found = sorted(levels)
    numbers = pd.to_numeric(pd.Series(found, dtype="str"), errors="coerce")
    return found if numbers.isna().any() else [found[i] for i in np.argsort(numbers.to_numpy(), kind="stable")]


def _are_dates(present: pd.Series) -> bool:
    texts = pd.Series(present.unique(), dtype="str")
    form = r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?"
    if not (texts[:1].str.fullmatch(form).all() and texts.str.fullmatch(form).all()):
        return False
    return bool(pd.to_datetime(texts, errors="coerce", format="ISO8601").notna().all())


def content_bytes(values: pd.Series) -> bytes:
    """Give the bytes that stand for the values of a column in a hash, the same on any machine."""
    if values.dtype.kind in "fiubM":
        if values.dtype.kind == "M":
            array = values.to_numpy("datetime64[ns]").astype(np.int64)
        else:
            array = values.to_numpy(dtype=float, na_value=np.nan)
        # -0.0 and 0.0 are equal, and so must be their bytes
        return np.ascontiguousarray(array + 0).tobytes()
    texts = level_texts(values)
    return "\x1f".join("\x00" if t is None else t for t in texts).encode("utf-8", "surrogatepass")


def listed(names: Sequence[Any], most: int = 12) -> str:
    """Give the first names of a list in a sentence."""
    shown = ", ".join(str(n) for n in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def quoted(texts: Sequence[str], most: int = 3) -> str:
    """Give the first texts of a list in quotes."""
    return listed([repr(text if len(text) <= 40 else f"{text[:39]}…") for text in texts], most)
