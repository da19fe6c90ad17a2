"""A small study, run once for all tests that look at what a run leaves behind; and what makes runs quick."""

from __future__ import annotations

import fcntl
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd
import pytest

from workbench.runner import RunResult, run
from workbench.store import processes

# Workers are forked from a process that loads modules once, as it starts, which is with the first run of all tests; so
# it loads what later runs need too: each of some hundred workers would take a second for it.
LOADED = (
    "matplotlib.figure",
    "scipy.stats",
    "sklearn.linear_model",
    "sklearn.tree",
    "workbench.pages",
    *(f"workbench.work.{name}" for name in ("diagnose", "drift", "explain", "fit", "noise", "path", "refit", "tune")),
    *(f"workbench.families.{name}" for name in ("dummy", "forest", "linear", "svm", "tree")),
    *(f"workbench.explainers.{name}" for name in ("ale", "partial_dependence", "permutation_importance", "shap")),
)
T = TypeVar("T")

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


@pytest.fixture(scope="session", autouse=True)
def _loaded():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(processes, "PRELOAD", (*processes.PRELOAD, *LOADED))
        yield


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], T]) -> T:
    """Make something in a folder, for all processes that the tests run in: the first that asks does it."""
    base = factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, kept = base / name, base / f"{name}.pickle"
    with (base / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            folder.mkdir(exist_ok=True)
            kept.write_bytes(pickle.dumps(make(folder)))
        return pickle.loads(kept.read_bytes())


@pytest.fixture(scope="session")
def small_run(tmp_path_factory) -> RunResult:
    """The run of the small study; not to be changed by a test, as tests in another process may be reading it."""

    def make(folder: Path) -> RunResult:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("WORKBENCH_CACHE", str(folder / "cache"))
            return run(write_study(folder), out=folder / "report", jobs=2)

    return made_once(tmp_path_factory, "a small run", make)
