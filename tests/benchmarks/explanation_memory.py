"""The memory that explanations take at their largest: many rows and levels, a large background, many draws.

    python tests/benchmarks/explanation_memory.py [case ...]

Each case runs in a process of its own, which first explains a few rows, so that libraries are loaded; told is how much
higher the largest resident size is afterwards, in MiB, libraries' own arrays included, and the time. The model is a
formula, so that what it takes itself is little. The budget is 256 MiB.
"""

from __future__ import annotations

import argparse
import resource
import time
from multiprocessing import get_context
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, RegressorMixin

import workbench as wb

BUDGET = 256

# method, rows, columns of numbers, levels of one more column, rows explained (None: all), options
CASES: dict[str, tuple[str, int, int, int, int | None, dict[str, Any]]] = {
    "surrogate, 3,000 levels": ("surrogate", 200_000, 3, 3_000, None, {}),
    "surrogate, linear": ("surrogate", 200_000, 10, 300, None, {"family": "linear"}),
    "surrogate, gam": ("surrogate", 200_000, 10, 300, None, {"family": "gam", "folds": 2, "repeats": 1}),
    "surrogate, ebm": ("surrogate", 200_000, 10, 300, None, {"family": "ebm", "folds": 2, "repeats": 1}),
    "kernel_shap, background": ("kernel_shap", 200_000, 16, 0, 1, {"max_evaluations": 10**8, "precision": 0.05}),
    "kernel_shap, draws": ("kernel_shap", 3, 30, 0, 1, {"precision": 1e-6}),
    "lime, draws": ("lime", 1_000, 8, 9, 2, {"n_draws": 100_000, "n_seeds": 20}),
    "lime, columns": ("lime", 1_000, 300, 0, 5, {"n_draws": 1_000}),
    "interaction": ("interaction", 100_000, 20, 300, None, {"max_rows": 2_000, "most_columns": 6}),
}


class Formula(RegressorMixin, BaseEstimator):
    """A model that needs no memory to speak of, and whose columns act together."""

    def fit(self, X: pd.DataFrame, y: Any = None) -> Formula:
        self.fitted_ = True
        return self

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        first, second, third = (X[f"c{j}"].to_numpy() for j in range(3))
        of_level = X["level"].astype(str).str.len().to_numpy() if "level" in X else 0.0
        others = sum(np.sin(X[name].to_numpy()) for name in X if name[0] == "c")
        return first * second * (third > 0) + first * others + of_level


def measure(case: str) -> tuple[int, float, tuple[str, ...]]:
    method, n_rows, n_numbers, n_levels, explained, options = CASES[case]
    rng = np.random.default_rng(0)
    table = {f"c{j}": rng.normal(size=n_rows) for j in range(n_numbers)}
    X = pd.DataFrame(table | ({"level": rng.integers(0, n_levels, n_rows).astype(str)} if n_levels else {}))
    model = Formula().fit(X)
    few = {"n_draws": 1_000, "max_evaluations": 2**18}
    narrow = X.loc[:99, [name for name in X if name in ("c0", "c1", "c2", "level")]]
    wb.explain(model, method, narrow, **{name: few.get(name, value) for name, value in options.items()})
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    answer = wb.explain(model, method, X[:explained], background=X, **options)
    seconds = time.perf_counter() - started
    growth = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
    return growth, seconds, answer.provenance.warnings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", help=", ".join(CASES))
    print(f"{'case':28}{'MiB':>6}{'seconds':>9}")
    for case in parser.parse_args().cases or CASES:
        with get_context("spawn").Pool(1) as pool:
            growth, seconds, warnings = pool.apply(measure, (case,))
        print(f"{case:28}{growth:6}{seconds:9.1f}{'  above the budget' * (growth > BUDGET)}", flush=True)
        for warning in warnings:
            print(f"    {warning[:110]}")


if __name__ == "__main__":
    main()
