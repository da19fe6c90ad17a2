"""Permutation importance beside scikit-learn's at its best number of jobs, on the same rows and models: ratios.

    python tests/benchmarks/permutation.py

Red wine, 10 repeats, R². Both sides are timed right after one another, the best of three. Above 1: ours is faster. Ours
with groups shuffles columns that move together once more, which scikit-learn's does not.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.inspection import permutation_importance

import workbench as wb

REPEATS = 10
MODELS: dict[str, dict[str, Any]] = {"linear": {}, "forest": {}, "ebm": {"preset": "fast"}}


def best(work: Callable[[], Any], times: int = 3) -> tuple[float, Any]:
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        found = work()
        taken.append(time.perf_counter() - started)
    return min(taken), found


def main() -> None:
    table = wb.load("wine-quality-red")
    X, y = table.X, np.asarray(table.y, dtype=float)
    for family, params in MODELS.items():
        model = wb.Regressor(family, **params).fit(X, y)

        def theirs(jobs: int, model: Any = model) -> Any:
            return permutation_importance(model, X, y, scoring="r2", n_repeats=REPEATS, random_state=0, n_jobs=jobs)

        def ours(above: float | None, model: Any = model) -> Any:
            options: dict[str, Any] = {"metric": "r2", "n_repeats": REPEATS, "group_above": above}
            return wb.explain(model, "permutation_importance", X, y=y, **options)

        theirs(2)  # starts the workers, which is not counted
        alone, found = best(lambda: ours(None))
        other = {jobs: best(lambda jobs=jobs: theirs(jobs))[0] for jobs in (1, 2)}
        grouped, whole = best(lambda: ours(0.7))
        usual = min(other.values())
        expected = theirs(1)
        error = np.hypot(found.importances_std, expected.importances_std) / np.sqrt(REPEATS)
        off = np.abs(found.importances_mean - expected.importances_mean)
        assert (off <= 5 * error + 1e-12).all(), "the two sides do not measure the same"
        print(
            f"{family:8} scikit-learn {usual:6.2f} s (n_jobs={min(other, key=other.__getitem__)})   "
            f"ours {alone:6.2f} s = {usual / alone:4.1f}   "
            f"with {len(whole.groups)} groups {grouped:6.2f} s = {usual / grouped:4.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
