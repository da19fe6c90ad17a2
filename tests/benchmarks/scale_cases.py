"""What `scale.py` measures: made-up tables of any size, the cases, and one case in a process of its own."""

from __future__ import annotations

import ctypes
import gc
import pickle
import time
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import workbench as wb
from workbench.explainers import explainer
from workbench.families import find_family
from workbench.sampling import draw_rows
from workbench.scoring.contributions import Contributions
from workbench.scoring.explained import N_BACKGROUND
from workbench.study.parts import Split

LEARNED = 10_000  # rows that a model which is scored or explained has learned from
FIRST, FEW = 200, 2  # rows of the call before the one that is measured, which loads libraries
PRESETS = {"ebm": ("fast", "balanced")}
EXPLAINED = {
    "shap": ("linear", "ebm"),  # by closed form
    "tree_shap": ("tree", "xgboost", "forest"),  # by patterns of conditions
    "partial_dependence": ("ebm", "xgboost"),
}
SLOW = 100  # rows that methods which a study asks about no more than so many start with, and have against columns
ROWS = (1_000, 10_000, 100_000, 1_000_000)
COLUMNS = (10, 20, 50, 150, 500)
AT_ROWS, AT_COLUMNS = 10_000, 20
SCORED = ("linear", "ebm", "tree", "xgboost", "forest")  # by their forms, and told contributions of (scoring)


@dataclass(frozen=True)
class Case:
    """What is measured: a fit, scoring by a form, contributions by a form prepared for it, a method that explains."""

    kind: str  # fit, score, contribute or explain
    family: str
    preset: str | None = None
    method: str | None = None

    @property
    def name(self) -> str:
        return " ".join(filter(None, (self.method or self.kind, self.family, self.preset)))

    @property
    def by_rows(self) -> bool:
        """Whether it explains rows one by one, against a background of a fixed size."""
        return self.method is not None and explainer(self.method).most_rows is not None

    @property
    def drawn(self) -> int:
        """How many rows a study of many rows looks at."""
        most = explainer(self.method).most_rows if self.method else None
        return most or int(Split.model_fields["sample"].default)

    @property
    def at_rows(self) -> int:
        """The rows that all numbers of columns are measured with."""
        return SLOW if self.drawn <= SLOW else AT_ROWS

    def sizes(self) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """Rows and columns of the tables to measure with, along rows and along columns."""
        rows = ROWS if self.at_rows == AT_ROWS else (self.at_rows, *ROWS)
        return [(n, AT_COLUMNS) for n in rows], [(self.at_rows, p) for p in COLUMNS]


def cases() -> dict[str, Case]:
    """All cases by name: families that can be fitted to made-up tables, scoring, and every explainer that is found."""
    fitted = [name for name in wb.families() if name != "custom"]
    found = [Case("fit", name, preset) for name in fitted for preset in PRESETS.get(name, (None,))]
    found += [Case(kind, name) for kind in ("score", "contribute") for name in SCORED]
    found += [Case("explain", name, None, m) for m in wb.explainers() for name in EXPLAINED.get(m, ("xgboost",))]
    return {case.name: case for case in found}


def made_up(rows: int, columns: int, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """Make a table: of ten columns six are numbers, one with gaps, two are counts, one a yes/no, one of ten levels.

    The target is a sum of steps, curves, a product and noise that reads the first ten columns alone.
    """
    rng = np.random.default_rng(seed)
    table: dict[str, Any] = {}
    levels = np.array([f"level {i}" for i in range(10)])
    for j in range(columns):
        if j % 10 < 6:
            table[f"number {j}"] = rng.normal(size=rows)
        elif j % 10 < 8:
            table[f"count {j}"] = rng.poisson(3 + j % 10, rows)
        elif j % 10 == 8:
            table[f"yes {j}"] = rng.random(rows) < 0.3
        else:
            table[f"level {j}"] = pd.Categorical.from_codes(rng.integers(0, 10, rows), levels)
    X = pd.DataFrame(table)
    y = X["number 0"] + np.sin(2 * X["number 1"]) + 1.5 * (X["number 2"] > 0.5) + X["number 3"] * X["number 4"]
    y += 0.2 * X["count 6"] + 0.7 * X["yes 8"] + np.cos(X["level 9"].cat.codes)
    for j in range(5, columns, 10):
        X.loc[rng.random(rows) < 0.05, f"number {j}"] = np.nan
    return X, (y + rng.normal(size=rows)).to_numpy()


def unfitted(case: Case, y: np.ndarray) -> tuple[Any, np.ndarray]:
    """Give an estimator and its target: the number, or, where the family can't, whether it is above the median."""
    preset = case.preset or ("fast" if case.family in PRESETS else None)
    given = {} if preset is None else {"preset": preset}
    if "regression" in find_family(case.family).tasks:
        return wb.Regressor(case.family, **given), y
    return wb.Classifier(case.family, **given), y > np.median(y)


def learned(case: Case, columns: int, folder: Path) -> Any:
    """Give the fitted model that is scored or explained; it is fitted once, and kept in the folder."""
    file = folder / f"{case.family}-{columns}.pickle"
    if not file.exists():
        X, y = made_up(LEARNED, columns)
        model, target = unfitted(case, y)
        file.write_bytes(pickle.dumps(model.fit(X, target)))
    return pickle.loads(file.read_bytes())


def prepared(case: Case, columns: int, folder: Path) -> Callable[[pd.DataFrame, np.ndarray], Any]:
    """Give what is measured, as a function of a table."""
    if case.kind == "fit":

        def fit(X: pd.DataFrame, y: np.ndarray) -> Any:
            model, target = unfitted(case, y)
            return model.fit(X, target)

        return fit
    model = learned(case, columns, folder)
    if case.kind == "score":
        form = model.form_
        return lambda X, y: form.predict(X)
    if case.kind == "contribute":
        rows = made_up(LEARNED, columns)[0].iloc[draw_rows(np.arange(LEARNED), N_BACKGROUND, 0)]
        contributions = Contributions.of(model.form_, rows)
        return lambda X, y: contributions.values(X)
    found = explainer(str(case.method))
    behind = draw_rows(np.arange(LEARNED), found.most_background, 0)
    background = made_up(LEARNED, columns)[0].iloc[behind]

    def explain(X: pd.DataFrame, y: np.ndarray) -> Any:
        given: dict[str, Any] = {"y": y} if found.needs_y else {}
        if case.by_rows:
            given["background"] = background
        return wb.explain(model, found.name, X, **given)

    return explain


def _status(name: str) -> int:
    """Give a number of bytes that Linux tells of this process: VmRSS, what it holds; VmHWM, the most that it held."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(name + ":"))


def measure(case: Case, rows: int, columns: int, folder: Path, told: Any) -> None:
    """Measure a case in this process: tell through a pipe that it is ready, wait for a word, and tell what it took."""
    from threadpoolctl import threadpool_limits

    warnings.simplefilter("ignore")
    try:
        with threadpool_limits(1):
            act = prepared(case, columns, folder)
            act(*made_up(FEW if case.by_rows else FIRST, columns, seed=1))
            X, y = made_up(rows, columns, seed=2)
            gc.collect()
            ctypes.CDLL("libc.so.6").malloc_trim(0)  # what is free but not given back would hide what is taken
            Path("/proc/self/clear_refs").write_text("5")  # VmHWM starts anew
            before = _status("VmRSS")
            told.send("start")
            told.recv()
            wall, cpu = time.perf_counter(), time.process_time()
            act(X, y)
            found = {
                "seconds": time.process_time() - cpu,
                "wall": time.perf_counter() - wall,
                "bytes": _status("VmHWM") - before,
                "table": int(X.memory_usage(index=False).sum()) + y.nbytes,
            }
    except Exception as error:
        found = {"error": f"{type(error).__name__}: {str(error)[:300]}", "at": traceback.format_exc()[-800:]}
    told.send(found)
