"""Values of a database as columns: numbers, texts, truth values and moments in the dtypes that tables know."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

_INT64 = range(-(2**63), 2**63)


def from_rows(names: Sequence[str], blocks: Iterable[Sequence[Sequence[Any]]]) -> pd.DataFrame:
    """Make columns of blocks of rows of Python's own values; of no block is kept what its columns need not.

    Whole numbers stay whole, with gaps too; decimals become the nearest float64; moments with a zone become those of
    UTC, without one; UUIDs become texts. What no kind of column covers is left for the table to refuse by name.

    Examples
    --------
    >>> from_rows(["a", "b"], [[(1, None)], [(None, Decimal("0.5"))]]).dtypes.astype(str).to_dict()
    {'a': 'Int64', 'b': 'float64'}
    """
    parts: list[list[pd.Series]] = [[] for _ in names]
    for rows in blocks:
        for kept, values in zip(parts, zip(*rows, strict=True), strict=True):
            kept.append(_compact(values))
    joined = [_joined(kept) for kept in parts]
    frame = pd.concat(joined, axis=1, ignore_index=True) if joined else pd.DataFrame()
    return frame.set_axis(list(names), axis=1)


def from_arrow(table: Any) -> pd.DataFrame:
    """Make columns of an Arrow table; the rules are those of `from_rows`."""
    columns = [_from_arrow(column) for column in table.itercolumns()]
    return pd.concat(columns, axis=1, ignore_index=True).set_axis(list(table.column_names), axis=1)


def _compact(values: Sequence[Any]) -> pd.Series:
    present = [v for v in values if v is not None]
    types, gaps = {type(v) for v in present}, len(present) < len(values)
    if not types:
        return pd.Series(values, dtype=object)
    if types <= {int, float, Decimal}:
        return _numbers(values, types, gaps)
    if types == {bool}:
        return pd.Series(values, dtype="boolean" if gaps else bool)
    if types <= {str, uuid.UUID}:
        return pd.Series([None if v is None else str(v) for v in values], dtype="str")
    if types <= {datetime.date, datetime.datetime}:
        return _moments(values)
    return pd.Series(values, dtype=object)


def _numbers(values: Sequence[Any], types: set[type], gaps: bool) -> pd.Series:
    if types == {int}:
        if all(v is None or v in _INT64 for v in values):
            return pd.Series(values, dtype="Int64" if gaps else "int64")
        return pd.Series(values, dtype=object)  # too large for a number of 64 bits: maybe a category, exact as text
    return pd.Series([np.nan if v is None else float(v) for v in values], dtype=float)


def _moments(values: Sequence[Any]) -> pd.Series:
    """Give moments of UTC; those without a zone are taken as they are."""
    aware = any(isinstance(v, datetime.datetime) and v.tzinfo is not None for v in values)
    try:
        found = pd.to_datetime(pd.Series(values, dtype=object), utc=aware)
    except (ValueError, TypeError, OverflowError):  # before 1678, say: the table says so
        return pd.Series(values, dtype=object)
    return (found.dt.tz_convert(None) if aware else found).astype("datetime64[us]")


def _joined(parts: Sequence[pd.Series]) -> pd.Series:
    """Join the parts of a column; a part of gaps alone takes the dtype of the others."""
    if not parts:
        return pd.Series([], dtype=object)
    dtypes = {part.dtype for part in parts if part.dtype != object or part.notna().any()}
    target = _common(dtypes)
    return pd.concat([_as(part, target) for part in parts], ignore_index=True)


def _common(dtypes: set[Any]) -> Any:
    names = {str(dtype) for dtype in dtypes}
    if len(dtypes) == 1:
        gaps = {"int64": "Int64", "bool": "boolean"}
        return gaps.get(only := next(iter(names)), only)  # there may be a part of gaps alone
    if names <= {"int64", "Int64"} and names:
        return "Int64"
    if names <= {"bool", "boolean"} and names:
        return "boolean"
    return "float64" if names and names <= {"int64", "Int64", "float64"} else "object"


def _as(part: pd.Series, target: Any) -> pd.Series:
    if target == "float64":
        return pd.Series(part.to_numpy(dtype=float, na_value=np.nan))
    return part.astype(target)


def _from_arrow(column: Any) -> pd.Series:
    import pyarrow as pa

    kind = column.type
    if pa.types.is_decimal(kind):
        return _decimals(column)
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return pd.Series(column.cast(pa.timestamp("us")).to_pandas())
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
    nullable = {pa.bool_(): pd.BooleanDtype(), pa.uint64(): pd.UInt64Dtype()}
    types = {**dict.fromkeys(_whole(pa), pd.Int64Dtype()), **nullable} if column.null_count else {}
    return pd.Series(column.to_pandas(types_mapper=types.get))


def _whole(pa: Any) -> tuple[Any, ...]:
    return (pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32())


def _decimals(column: Any) -> pd.Series:
    """Give whole decimals as whole numbers, so that codes of many digits stay exact, and others as floats."""
    import pyarrow as pa

    if column.type.scale == 0:
        try:
            whole = column.cast(pa.int64())
        except pa.ArrowInvalid:
            return pd.Series(column.to_pandas().map(int, na_action="ignore"), dtype=object)
        return pd.Series(whole.to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get))
    return pd.Series(column.cast(pa.float64()).to_pandas())
