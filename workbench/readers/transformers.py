"""scikit-learn's scalers, imputers and encoders, as maps from one original column to one input each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from workbench.forms import Affine, Binned, Input, IsMissing, Lookup
from workbench.forms.frame import level_text


class UnknownTransformerError(Exception):
    """A transformer is of no kind whose inputs are single columns."""


@dataclass(frozen=True)
class Text:
    """A category column that no encoder has seen yet; a missing value may be filled with a level."""

    column: str
    fill: str | None = None


Column = Input | Text


def as_columns(inputs: Sequence[Input]) -> list[Column]:
    """Give columns as they come in; a lookup without levels stands for a category column as it is."""
    return [Text(each.column) if isinstance(each, Lookup) and not each.levels else each for each in inputs]


def transformed(step: Any, columns: Sequence[Column]) -> list[Column]:
    """Give what a fitted transformer makes of columns.

    Raises
    ------
    UnknownTransformerError
        If it is of no known kind, or mixes columns.
    """
    if isinstance(step, str):
        return list(columns) if step == "passthrough" else []
    if type(step).__module__.partition(".")[0] != "sklearn":
        raise UnknownTransformerError(type(step).__name__)
    name = type(step).__name__
    if name == "Pipeline":
        for _, each in step.steps:
            columns = transformed(each, columns)
        return list(columns)
    known = {
        "ColumnTransformer": _column_transformer,
        "FunctionTransformer": _function,
        "SimpleImputer": _imputer,
        "OneHotEncoder": _one_hot,
        "OrdinalEncoder": _ordinal,
    }
    if name in known:
        return known[name](step, columns)
    center, scale = _scaling(step, name, len(columns))
    return [_scaled(c, float(m), float(s)) for c, m, s in zip(columns, center, scale, strict=True)]


def _scaling(step: Any, name: str, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Give center and scale of each column: z = (x - center) / scale."""
    zeros, ones = np.zeros(n), np.ones(n)
    if name == "StandardScaler":
        mean = step.mean_ if step.with_mean else None
        return zeros if mean is None else mean, ones if step.scale_ is None else step.scale_
    if name == "RobustScaler":
        center = step.center_ if step.with_centering else None
        return zeros if center is None else center, step.scale_ if step.with_scaling else ones
    if name == "MaxAbsScaler" and not getattr(step, "clip", False):
        return zeros, step.scale_
    if name == "MinMaxScaler" and not step.clip:
        return -step.min_ / step.scale_, 1 / step.scale_  # z = x scale_ + min_
    raise UnknownTransformerError(name)


def _scaled(column: Column, center: float, scale: float) -> Column:
    if isinstance(column, Affine):
        # ((x - c) / s - m) / d = (x - (c + s m)) / (s d)
        missing = (column.missing - center) / scale
        return Affine(column.column, column.center + column.scale * center, column.scale * scale, missing)
    if isinstance(column, Lookup | Binned):
        values, missing = tuple((v - center) / scale for v in column.values), (column.missing - center) / scale
        if isinstance(column, Binned):
            return replace(column, values=values, missing=missing)
        return replace(column, values=values, unseen=(column.unseen - center) / scale, missing=missing)
    if isinstance(column, IsMissing):
        return Binned(column.column, (), (-center / scale,), (1.0 - center) / scale)
    raise UnknownTransformerError("a scaler of texts")


def _function(step: Any, columns: Sequence[Column]) -> list[Column]:
    if step.func is not None:
        raise UnknownTransformerError("FunctionTransformer")
    return list(columns)


def _column_transformer(step: Any, columns: Sequence[Column]) -> list[Column]:
    place = (
        {each.column: i for i, each in enumerate(columns)} if len({c.column for c in columns}) == len(columns) else {}
    )
    out: list[Column] = []
    for _, each, chosen in step.transformers_:
        positions = _positions(chosen, place, len(columns))
        if not (isinstance(each, str) and each == "drop"):
            out += transformed(each, [columns[i] for i in positions])
    return out


def _positions(chosen: Any, place: dict[str, int], n: int) -> list[int]:
    if isinstance(chosen, slice):
        if any(isinstance(end, str) for end in (chosen.start, chosen.stop)):
            raise UnknownTransformerError("a slice of column names")
        return list(range(n))[chosen]
    listed = np.atleast_1d(np.asarray(chosen, dtype=object)).tolist()
    if listed and all(isinstance(c, bool | np.bool_) for c in listed):
        return [i for i, c in enumerate(listed) if c]
    try:
        return [place[c] if isinstance(c, str) else int(c) for c in listed]
    except KeyError as error:
        raise UnknownTransformerError(f"column {error}") from error


def _imputer(step: Any, columns: Sequence[Column]) -> list[Column]:
    if not (isinstance(step.missing_values, float) and math.isnan(step.missing_values)):
        raise UnknownTransformerError("SimpleImputer of other values")
    out: list[Column] = []
    for column, value in zip(columns, step.statistics_, strict=True):
        empty = isinstance(value, float) and math.isnan(value)
        if not empty or step.keep_empty_features:
            out.append(_filled(column, 0.0 if empty else value))
    if step.indicator_ is not None:
        for i in step.indicator_.features_:
            each = columns[int(i)]
            if isinstance(each, Text):
                raise UnknownTransformerError("an indicator of a category column")
            out.append(IsMissing(each.column))
    return out


def _filled(column: Column, value: Any) -> Column:
    """Let a value, or a level, stand for what is missing."""
    if isinstance(column, Text):
        return Text(column.column, level_text(value))
    if isinstance(column, Lookup):
        missing, unseen = (float(value) if math.isnan(v) else v for v in (column.missing, column.unseen))
        return replace(column, missing=missing, unseen=unseen)
    if isinstance(column, Affine) and math.isnan(column.missing):
        return replace(column, missing=float(value))
    return column


def _categories(step: Any, i: int, column: Column) -> tuple[list[Any], Column]:
    if not isinstance(column, Text | Affine) or (isinstance(column, Affine) and column != Affine(column.column)):
        raise UnknownTransformerError("an encoder of numbers that were changed before")
    if getattr(step, "infrequent_categories_", None) is not None and any(
        each is not None for each in step.infrequent_categories_
    ):
        raise UnknownTransformerError("an encoder that pools rare levels")
    return list(step.categories_[i]), column


def _one_hot(step: Any, columns: Sequence[Column]) -> list[Column]:
    out: list[Column] = []
    for i, column in enumerate(columns):
        listed, column = _categories(step, i, column)
        dropped = None if step.drop_idx_ is None else step.drop_idx_[i]
        levels = tuple(level_text(c) for c in listed if not _is_gap(c))
        fill = column.fill if isinstance(column, Text) else None
        for j, category in enumerate(listed):
            if j == dropped:
                continue
            text = None if _is_gap(category) else level_text(category)
            values = tuple(float(level == text) for level in levels)
            missing = float(text is None) if fill is None else float(fill == text)
            out.append(Lookup(column.column, levels, values, 0.0, missing))
    return out


def _ordinal(step: Any, columns: Sequence[Column]) -> list[Column]:
    out: list[Column] = []
    unknown = float(step.unknown_value) if step.handle_unknown == "use_encoded_value" else math.nan
    for i, column in enumerate(columns):
        listed, column = _categories(step, i, column)
        codes = {level_text(c): float(j) for j, c in enumerate(listed) if not _is_gap(c)}
        # a gap that the encoder never saw is one more unknown level
        gap = float(step.encoded_missing_value) if any(_is_gap(c) for c in listed) else unknown
        if isinstance(column, Text) and column.fill is not None:
            gap = codes.get(column.fill, unknown)
        out.append(Lookup(column.column, tuple(codes), tuple(codes.values()), unknown, gap))
    return out


def _is_gap(category: Any) -> bool:
    return category is None or (isinstance(category, float) and math.isnan(category))
