"""What a column is: its kind, role and unit, and its values in the dtype of its kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

KINDS = ("number", "category", "ordered", "boolean", "datetime")
ROLES = ("feature", "target", "weight", "offset", "exposure", "group", "time", "sensitive", "id", "ignore")


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
    name = values.name
    try:
        if kind == "number":
            numbers = pd.Series(pd.to_numeric(values).to_numpy(dtype=float, na_value=np.nan), name=name)
            if np.isinf(numbers).any():
                row = int(np.flatnonzero(np.isinf(numbers))[0])
                raise TableError(
                    f"column {name!r} is infinite in row {row}; replace it by a number or leave the cell empty"
                )
            return numbers
        if kind == "boolean":
            read = values.astype("boolean")
            return read if read.isna().any() else read.astype(bool)
        if kind == "datetime":
            is_moment = pd.api.types.is_datetime64_any_dtype(values.dtype)
            moments = values if is_moment else pd.to_datetime(values, format="ISO8601")
            return moments.dt.tz_convert(None) if moments.dt.tz is not None else moments
    except TableError:
        raise
    except (ValueError, TypeError) as error:
        raise TableError(
            f"column {name!r} can't be read as kind {kind}: {error}; mend the value, or declare another kind"
        ) from error
    texts = pd.Series(level_texts(values), name=name, dtype="str")
    if kind == "category":
        return texts
    known = list(levels) or _natural_levels(values)
    if unknown := sorted(set(texts.dropna()) - set(known)):
        raise TableError(
            f"column {name!r} has the value {unknown[0]!r} that columns.{name}.levels does not list ({listed(known)})"
        )
    return pd.Series(pd.Categorical(texts, categories=known, ordered=True), name=name)


def level_texts(values: pd.Series) -> list[str | None]:
    """Give each value as the text of its level, None where missing; 3, 3.0 and "3" are one level."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        names = [level_text(c) for c in values.cat.categories]
        return [None if code < 0 else names[code] for code in values.cat.codes]
    codes, uniques = pd.factorize(values.to_numpy(dtype=object), use_na_sentinel=True)
    names = [level_text(u) for u in uniques]
    return [None if code < 0 else names[code] for code in codes]


def level_text(value: Any) -> str:
    """Give the text of one level: whole numbers without a decimal point, booleans as true and false."""
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, int | float | np.integer | np.floating):
        number = float(value)
        return str(int(value)) if number.is_integer() else repr(number)
    return str(value)


def _natural_levels(values: pd.Series) -> list[str]:
    if isinstance(values.dtype, pd.CategoricalDtype):
        return [level_text(c) for c in values.cat.categories]
    if pd.api.types.is_numeric_dtype(values.dtype):
        return [level_text(v) for v in sorted(values.dropna().unique())]
    raise TableError(
        f"column {values.name!r} is ordered, but nothing says in which order: declare columns.{values.name}.levels"
    )


def _are_dates(present: pd.Series) -> bool:
    if not present.astype("str").str.fullmatch(r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?").all():
        return False
    return bool(pd.to_datetime(present, errors="coerce", format="ISO8601").notna().all())


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
