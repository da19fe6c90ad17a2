"""What a run found, as one dictionary: every number of the pages, nothing that can be traced to a row."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd

from workbench.columns import Column
from workbench.families.policy import MIN_ROWS
from workbench.forms.frame import Frame
from workbench.table import Table

FORMAT = 1
DISTRIBUTIONS = ("numpy", "scipy", "pandas", "scikit-learn")


def count(n: int) -> int | None:
    """Give a count of rows, None where it is above 0 and below 10: such a count can point to persons."""
    return None if 0 < n < MIN_ROWS else n


def describe_data(table: Table, facts: Mapping[str, str]) -> dict[str, Any]:
    """Describe the table: each column's kind, unit, range and gaps, the target's range or classes."""
    named = {c.name: c for c in table.schema}
    columns = [_column(named[name], table.X[name]) for name in map(str, table.X)]
    return {
        "name": table.name,
        "title": table.title,
        **{key: facts.get(key, "") for key in ("description", "source", "licence", "citation", "url")},
        "hash": table.hash,
        "n_rows": table.n_rows,
        "n_features": len(table.features),
        "task": table.task,
        "classes": [_plain(c) for c in table.classes],
        "target": _target(table),
        "columns": columns,
        "left_out": [asdict(c) for c in table.schema if c.name not in table.X and c.role != "target"],
    }


def _column(column: Column, values: pd.Series) -> dict[str, Any]:
    found = {
        **{key: getattr(column, key) for key in ("name", "title", "kind", "role", "unit", "description")},
        "missing": count(int(values.isna().sum())),
    }
    if column.kind in ("category", "ordered"):
        counts = values.value_counts()
        shown = [level for level in column.levels if counts.get(level, 0) >= MIN_ROWS]
        rare = sum(int(counts[level]) for level in counts.index if level not in shown)
        return {
            **found,
            "levels": [{"level": level, "count": int(counts[level])} for level in shown],
            "n_rare_levels": len(counts) - len(shown),
            "rare": count(rare),
        }
    return {**found, **_range(Frame({"x": values}).numbers("x"))}


def _range(numbers: np.ndarray) -> dict[str, float | None]:
    """Give the 10th lowest and the 10th highest value and the median: no value of fewer than 10 rows."""
    present = np.sort(numbers[~np.isnan(numbers)])
    if present.size < 2 * MIN_ROWS:
        return {"low": None, "median": None, "high": None}
    return {
        "low": float(present[MIN_ROWS - 1]),
        "median": float(np.median(present)),
        "high": float(present[-MIN_ROWS]),
    }


def _target(table: Table) -> dict[str, Any]:
    column = table.target
    found = {key: getattr(column, key) for key in ("name", "title", "kind", "unit", "description")}
    if table.task == "regression":
        y = table.y.to_numpy(dtype=float)
        return {**found, **_range(y), "mean": float(np.average(y, weights=table.sample_weight))}
    counts = table.y.value_counts()
    return {**found, "levels": [{"level": str(_plain(c)), "count": count(int(counts[c]))} for c in table.classes]}


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def number(value: float | None) -> float | None:
    """Give a float, or None for a missing one."""
    return None if value is None or np.isnan(value) else float(value)


def environment(command: str, distributions: Sequence[str]) -> dict[str, Any]:
    """Give what a run depends on besides data and study."""
    return {
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "versions": {name: version(name) for name in sorted(distributions)},
        "command": command,
    }
