"""The table that a study is about: columns with kind, role and unit, checked once at the door."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from workbench.columns import (
    KINDS,
    ROLES,
    WITHOUT_VALUES,
    Column,
    TableError,
    content_bytes,
    convert,
    in_order,
    infer_kind,
    listed,
    numbers_among,
    quoted,
)
from workbench.forms.frame import level_text
from workbench.roles import Task, check_known, group_codes, target_of, target_values, times, weights

__all__ = ["Table", "TableError", "Task"]

# A text column whose values are distinct in more than half of the rows, and in more rows than this, is no category.
_FREE_TEXT_LEVELS = 20
# A text column of which at least this share are numbers holds numbers, and a few texts that went astray.
_MOSTLY_NUMBERS = 0.8


@dataclass(frozen=True, eq=False)
class Table:
    """A data set with a target, as models and explanations see it.

    Attributes
    ----------
    X : DataFrame, shape (n_samples, n_columns)
        Features, then offset and exposure where there are any; numbers are float64, categories text.
    y : Series, shape (n_samples,)
        The target: float64 for regression, class labels otherwise.
    task : {"regression", "binary", "multiclass"}
    schema : tuple of Column
        Every column of the source, the target included.
    classes : tuple
        Empty for regression; (negative, positive) for a binary target; sorted for several classes.
    sample_weight, groups, time : ndarray of shape (n_samples,) or None
        The columns with these roles; groups are integer codes.
    sensitive : DataFrame or None
        The columns with the role ``sensitive``.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"size": [1.0, 2.0, 3.0, 4.0], "price": [2.0, 4.0, 6.0, 8.0]})
    >>> table = Table.from_frame(frame, target="price")
    >>> table.task, table.features, table.n_rows
    ('regression', ('size',), 4)
    """

    X: pd.DataFrame
    y: pd.Series
    task: Task
    schema: tuple[Column, ...]
    classes: tuple[Any, ...] = ()
    sample_weight: np.ndarray | None = None
    groups: np.ndarray | None = None
    time: np.ndarray | None = None
    sensitive: pd.DataFrame | None = None
    name: str = "table"
    title: str = ""

    @property
    def n_rows(self) -> int:
        """The number of rows."""
        return len(self.y)

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the columns that models see."""
        return tuple(c.name for c in self.schema if c.is_feature)

    @property
    def target(self) -> Column:
        """The column with the role ``target``."""
        return next(c for c in self.schema if c.role == "target")

    def column(self, name: str) -> Column:
        """Give the description of one column.

        Raises
        ------
        TableError
            If no column has this name.
        """
        for c in self.schema:
            if c.name == name:
                return c
        raise TableError(f"table {self.name!r} has no column {name!r}; it has {listed([c.name for c in self.schema])}")

    def take(self, rows: np.ndarray) -> Table:
        """Give the table of the rows at these positions."""
        rows = np.asarray(rows)

        def part(values: np.ndarray | None) -> np.ndarray | None:
            return None if values is None else values[rows]

        return replace(
            self,
            X=self.X.iloc[rows].reset_index(drop=True),
            y=self.y.iloc[rows].reset_index(drop=True),
            sample_weight=part(self.sample_weight),
            groups=part(self.groups),
            time=part(self.time),
            sensitive=None if self.sensitive is None else self.sensitive.iloc[rows].reset_index(drop=True),
        )

    @cached_property
    def hash(self) -> str:
        """SHA-256 of names, kinds, roles and values: the same content gives the same hash on any machine."""
        digest = hashlib.sha256(repr((self.task, self.classes)).encode())
        for c in self.schema:
            digest.update(repr((c.name, c.kind, c.role)).encode())
            if c.kind == "ordered":  # another order is another column
                digest.update(repr(c.levels).encode())
        frames = [self.X, self.y.to_frame("target")]
        if self.sensitive is not None:
            frames.append(self.sensitive)
        for frame in frames:
            for i in range(frame.shape[1]):
                digest.update(content_bytes(frame.iloc[:, i]))
        for values in (self.sample_weight, self.groups, self.time):
            digest.update(b"-" if values is None else content_bytes(pd.Series(values)))
        return digest.hexdigest()

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        *,
        target: str | Mapping[str, Any],
        task: str | None = None,
        positive: Any = None,
        columns: Mapping[str, Mapping[str, Any]] | None = None,
        name: str = "table",
        title: str = "",
        source_columns: Sequence[str] = (),
    ) -> Table:
        """Make a table of a DataFrame, checking each column.

        Parameters
        ----------
        frame : DataFrame
        target : str or mapping
            The target's name, or ``{"column": name, "at_least": number}`` for a yes/no target.
        task : {"regression", "binary", "multiclass"}, optional
            Inferred when absent: numbers with more than two values are a regression, anything else classes.
        positive : scalar, optional
            The positive class of a binary target; by default the last one in sorted order.
        columns : mapping of name to mapping, optional
            Per column any of kind, role, unit, label, description, levels, feature.
        source_columns : sequence of str, optional
            All columns of the source in its order, where those with the role id or ignore were not read into the frame.

        Raises
        ------
        TableError
            If a name, kind, role, value or the target breaks a rule.
        """
        frame = frame.reset_index(drop=True)
        _check_names(frame)
        declared = {str(k): dict(v) for k, v in (columns or {}).items()}
        target_name, at_least = target_of(target)
        names = list(source_columns) or [str(c) for c in frame]
        for named in (target_name, *declared):
            if named not in names:
                raise TableError(f"column {named!r} is not in the data; it has {listed(names)}")
        described = [
            _describe(_values(frame, c), declared.get(c, {}), is_target=c == target_name, n_rows=len(frame))
            for c in names
        ]
        schema = tuple(c for c, _ in described)
        values = {c.name: v for c, v in described}
        y, chosen, classes = target_values(values[target_name], target_name, at_least, task, positive)
        by_role = {role: [c.name for c in schema if c.role == role] for role in ROLES}
        for role in ("weight", "offset", "exposure", "group", "time"):
            if len(by_role[role]) > 1:
                raise TableError(f"role {role!r} is held by {listed(by_role[role])}; at most one column may have it")
        features = [c.name for c in schema if c.is_feature]
        if not features:
            raise TableError("no feature is left: every column but the target has another role, or there is none")

        def single(role: str) -> pd.Series | None:
            return values[by_role[role][0]] if by_role[role] else None

        for role in ("offset", "exposure"):
            check_known(single(role), role)
        shown = [*features, *by_role["offset"], *by_role["exposure"]]
        return cls(
            X=pd.DataFrame({n: values[n] for n in shown}),
            y=y,
            task=chosen,
            schema=schema,
            classes=classes,
            sample_weight=weights(single("weight")),
            groups=group_codes(frame[by_role["group"][0]] if by_role["group"] else None),
            time=times(single("time")),
            sensitive=pd.DataFrame({n: values[n] for n in by_role["sensitive"]}) if by_role["sensitive"] else None,
            name=name,
            title=title or name,
        )


def _check_names(frame: pd.DataFrame) -> None:
    for position, name in enumerate(frame.columns):
        if not isinstance(name, str):
            raise TableError(
                f"column {position} is named {name!r}, which is no text; rename it with frame.columns.astype(str)"
            )
        if not name.strip():
            raise TableError(f"column {position} has a blank name; name it in the file's header")
    if len(repeated := frame.columns[frame.columns.duplicated()]):
        raise TableError(f"column name {repeated[0]!r} occurs more than once; names must differ")
    if len(frame) == 0:
        raise TableError("the data have no rows")


def _values(frame: pd.DataFrame, name: str) -> pd.Series:
    """Give a column; an empty one where it was not read."""
    return frame[name] if name in frame else pd.Series(name=name, dtype=object)


def _describe(values: pd.Series, declared: dict[str, Any], *, is_target: bool, n_rows: int) -> tuple[Column, pd.Series]:
    """Give a column's description and its values in the dtype of its kind."""
    name = str(values.name)
    role = str(declared.pop("role", "target" if is_target else "feature"))
    if role not in ROLES:
        raise TableError(f"columns.{name}.role must be one of {', '.join(ROLES)}; got {role!r}")
    if is_target != (role == "target"):
        raise TableError(f"column {name!r} has the role {role!r}, but the target is another: there is one target")
    levels = tuple(level_text(v) for v in declared.pop("levels", ()) or ())
    used = role not in WITHOUT_VALUES
    if used and values.isna().all():
        raise TableError(f"column {name!r} is empty in all rows; give it the role ignore")
    asked = declared.pop("kind", None)
    kind = str(asked) if asked else ("ordered" if levels else infer_kind(values) if used else "category")
    if kind not in KINDS:
        raise TableError(f"columns.{name}.kind must be one of {', '.join(KINDS)}; got {kind!r}")
    try:
        column = Column(name=name, kind=kind, role=role, **declared)
    except TypeError as error:
        raise TableError(f"columns.{name}: unknown key; {error}") from error
    _check_levels(name, kind, levels)
    if not used:
        return column, values
    if kind == "category" and not asked and role not in ("group", "sensitive"):
        _refuse_stray_texts(values)
    converted = convert(values, kind, levels)
    if kind == "category" and column.is_feature and not asked:
        _refuse_free_text(converted, n_rows)
    if kind in ("category", "ordered"):
        found = converted.cat.categories if kind == "ordered" else levels or in_order(converted.dropna().unique())
        column = replace(column, levels=tuple(found))
    return column, converted


def _check_levels(name: str, kind: str, levels: tuple[str, ...]) -> None:
    if levels and kind not in ("category", "ordered"):
        raise TableError(f"columns.{name}.levels: a column of kind {kind} has no levels; leave them or the kind out")
    if repeated := sorted({level for level in levels if levels.count(level) > 1}):
        raise TableError(f"columns.{name}.levels names {repeated[0]!r} twice; levels must differ")


def _refuse_stray_texts(values: pd.Series) -> None:
    """Refuse a column of numbers that a few texts have made a column of texts."""
    if not isinstance(values.dtype, pd.StringDtype) and values.dtype != object:
        return
    share, strays = numbers_among(values)
    if strays and share >= _MOSTLY_NUMBERS:
        raise TableError(
            f"column {values.name!r} is text, yet {share:.1%} of its values are numbers; the others are "
            f"{quoted(strays)}: write these as numbers or leave their cells empty, or set "
            f"columns.{values.name}.kind to category to read each value as a level"
        )


def _refuse_free_text(texts: pd.Series, n_rows: int) -> None:
    distinct = int(texts.nunique())
    if distinct <= max(_FREE_TEXT_LEVELS, n_rows / 2):
        return
    present, name = texts.dropna(), texts.name
    if not numbers_among(present)[1]:
        advice = f"they are numbers written as text: set columns.{name}.kind to number, or columns.{name}.role to id"
    elif present.str.fullmatch(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}.*").all():
        advice = f"dates must be written as YYYY-MM-DD; mend them, or set columns.{name}.role to ignore"
    else:
        advice = (
            f"free text or an identifier is no feature; set columns.{name}.role to id or ignore, or declare kind: "
            "category"
        )
    raise TableError(f"column {name!r} has {distinct:,} different texts in {n_rows:,} rows: {advice}")
