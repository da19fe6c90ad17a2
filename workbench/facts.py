"""What a run found, as one dictionary: every number of the pages, nothing that can be traced to a row."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd

from workbench.catalog import dataset, datasets
from workbench.columns import Column
from workbench.disclosure import MIN_ROWS, small, withheld
from workbench.forms.frame import Frame
from workbench.splits import Splits
from workbench.study import Study
from workbench.table import Table

FORMAT = 1
DISTRIBUTIONS = ("numpy", "scipy", "pandas", "scikit-learn")


def describe_data(table: Table, facts: Mapping[str, str]) -> dict[str, Any]:
    """Describe the table: each column's kind, unit, range and gaps, the target's range or classes."""
    named = {c.name: c for c in table.schema}
    columns = [_column(named[name], table.X[name]) for name in map(str, table.X)]
    return {
        "name": table.name,
        "title": table.title,
        **{key: facts.get(key, "") for key in ("description", "source", "licence", "citation", "url")},
        "query": table.X.attrs.get("query"),
        "hash": table.hash,
        "n_rows": table.n_rows,
        "n_features": len(table.features),
        "task": table.task,
        "classes": [_plain(c) for c in table.classes],
        "target": _target(table),
        "columns": columns,
        "left_out": [_named(c, "role") for c in table.schema if c.name not in table.X and c.role != "target"],
    }


def source_facts(study: Study, table: Table) -> dict[str, str]:
    """Give what the catalog says of a bundled data set, or which database was asked what; of a file its name alone."""
    if (asked := table.X.attrs.get("query")) is not None:
        said = " ".join(asked["text"].split())
        source = f"{asked['dialect']} database {asked['database']}"
        return {"source": source, "description": f"Query (SHA-256 {asked['sha256']}): {said}"}
    if study.data.source not in datasets():
        return {"source": str(study.data.public_source)}
    found = dataset(str(study.data.source))
    return {key: getattr(found, key) for key in ("description", "source", "licence", "citation", "url")}


def study_hash(study: Mapping[str, Any]) -> str:
    """Give the SHA-256 of a study as results hold it."""
    text = json.dumps(study, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def row_parts(splits: Splits, n_rows: int) -> list[int]:
    """Count the rows to develop on, those held out, and those that are neither: the parts of all rows."""
    used = [len(splits.development), len(splits.holdout)]
    return [*used, n_rows - sum(used)]


def hidden_counts(splits: Splits, n_rows: int) -> set[int]:
    """Give the numbers of rows that `describe_splits` withholds, and that nothing else must repeat."""
    parts = row_parts(splits, n_rows)
    return {count for count, told in zip(parts, withheld(parts), strict=True) if count and told is None}


def describe_splits(splits: Splits, n_rows: int) -> dict[str, Any]:
    """Describe how rows were held out and folded; counts are withheld as a reader could work them out."""
    n_development, n_holdout, _ = withheld(row_parts(splits, n_rows))
    duplicates = asdict(splits.duplicates)
    few = {key: None for key in ("repeated_rows", "most_by_chance") if small(duplicates[key])}
    return {
        "scheme": splits.scheme,
        "seed": splits.seed,
        "hash": splits.hash,
        "n_development": n_development,
        "n_holdout": n_holdout,
        "n_folds": 1 + max(f.number for f in splits.folds),
        "n_repeats": 1 + max(f.repeat for f in splits.folds),
        "duplicates": duplicates | few,
    }


def _named(column: Column, *more: str) -> dict[str, Any]:
    return {key: getattr(column, key) for key in ("name", "title", *more, "unit", "description")}


def _column(column: Column, values: pd.Series) -> dict[str, Any]:
    found, missing = _named(column, "kind", "role"), int(values.isna().sum())
    if column.kind not in ("category", "ordered"):
        return {
            **found,
            "missing": withheld([missing, len(values) - missing])[0],
            **_range(Frame({"x": values}).numbers("x")),
        }
    counts = values.value_counts()
    shown = [level for level in column.levels if counts.get(level, 0) >= MIN_ROWS]
    rare = int(counts.sum()) - sum(int(counts[level]) for level in shown)
    # levels, rare ones and gaps add up to all rows, so they are withheld together
    *told, rare_rows, gaps = withheld([*(int(counts[level]) for level in shown), rare, missing])
    return {
        **found,
        "missing": gaps,
        "levels": [{"level": level, "count": n} for level, n in zip(shown, told, strict=True)],
        "rare": rare_rows,
    }


def _range(numbers: np.ndarray) -> dict[str, float | None]:
    """Give the 10th lowest and the 10th highest value and the median: no value of fewer than 10 rows."""
    present = np.sort(numbers[~np.isnan(numbers)])
    if present.size < 2 * MIN_ROWS:
        return {"low": None, "median": None, "high": None}
    with np.errstate(over="ignore"):
        median = number(float(np.median(present)))
    return {
        "low": float(present[MIN_ROWS - 1]),
        "median": median,
        "high": float(present[-MIN_ROWS]),
    }


def _target(table: Table) -> dict[str, Any]:
    column = table.target
    found = _named(column, "kind")
    if table.task == "regression":
        y = table.y.to_numpy(dtype=float)
        return {**found, **_range(y), "mean": _mean(y, table.sample_weight)}
    counts = table.y.value_counts()
    told = withheld([int(counts[c]) for c in table.classes])
    levels = [{"level": str(_plain(c)), "count": n} for c, n in zip(table.classes, told, strict=True)]
    return {**found, "levels": levels}


def _mean(values: np.ndarray, weight: np.ndarray | None) -> float | None:
    with np.errstate(over="ignore"):
        return number(float(np.average(values, weights=weight)))


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def number(value: float | None) -> float | None:
    """Give a float, or None for one that is missing, undefined or beyond what a float can hold."""
    return None if value is None or not np.isfinite(value) else float(value)


def environment(command: str, distributions: Sequence[str]) -> dict[str, Any]:
    """Give what a run depends on besides data and study."""
    return {
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "versions": {name: version(name) for name in sorted(distributions)},
        "command": command,
    }
