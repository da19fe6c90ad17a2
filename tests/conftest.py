"""A small study, run once for all tests that look at what a run leaves behind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from workbench.runner import RunResult, run

STUDY = """\
study: small
data: {source: "rows é.csv", target: price, columns: {size: {unit: m², label: Floor space}}}
split: {folds: 3, repeats: 1}
models: [linear, {tree: {name: few-leaves, max_leaf_nodes: 4}}, {forest: {n_estimators: 5}}]
explain: [permutation_importance, {partial_dependence: {grid_resolution: 5}}]
report: {owner: The owner}
"""


def write_study(folder: Path, study: str = STUDY) -> Path:
    """Write a study file, and beside it the rows that it names, some of them repeated."""
    rng = np.random.default_rng(0)
    n = 150
    rows = pd.DataFrame(
        {
            "size": np.round(rng.gamma(4, 20, n), 1),
            "rooms": rng.integers(1, 6, n),
            "district": rng.choice(["north", "south", "mid <b>", "rare"], n, p=[0.4, 0.3, 0.28, 0.02]),
            "garden": rng.choice([True, False], n),
        }
    )
    rows["price"] = 2.0 * rows["size"] + 20 * rows["garden"] + 30 * (rows["district"] == "north")
    rows["price"] += rng.normal(0, 10, n)
    rows.loc[rng.random(n) < 0.15, "size"] = np.nan
    rows = pd.concat([rows, rows.iloc[:20]])
    folder.mkdir(parents=True, exist_ok=True)
    rows.to_csv(folder / "rows é.csv", index=False)
    path = folder / "study file.yaml"
    path.write_text(study, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def small_run(tmp_path_factory) -> RunResult:
    """The run of the small study; not to be changed by a test."""
    folder = tmp_path_factory.mktemp("a small run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_CACHE", str(folder / "cache"))
        return run(write_study(folder), out=folder / "report")
