"""Symbolic regression: is a known equation recovered, how long a fit takes, and how the rules of selection compare.

    python tests/benchmarks/symbolic_recovery.py

The known equation is 2.5382 cos(x3) + x0^2 - 0.5, from 100 rows of 5 features drawn as 2 N(0, 1), no noise, with 10
seeds; recovered means that 1,000 fresh rows are predicted within 1e-3. Red wine: 1,199 rows are fitted, 400 held out,
over 3 splits.
"""

from __future__ import annotations

import time

import numpy as np
from sklearn.metrics import r2_score

import workbench as wb

SEEDS = 10
SPLITS = 3


def known(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the known equation."""
    X = 2 * rng.normal(size=(n, 5))
    return X, 2.5382 * np.cos(X[:, 3]) + X[:, 0] ** 2 - 0.5


def recover(**params: object) -> None:
    """Print for each seed the equation, the largest error on fresh rows, and the seconds of the fit."""
    recovered = 0
    for seed in range(SEEDS):
        rng = np.random.default_rng(seed)
        X, y = known(rng, 100)
        started = time.perf_counter()
        model = wb.Regressor("symbolic", random_state=seed, **params).fit(X, y)
        seconds = time.perf_counter() - started
        fresh, truth = known(rng, 1000)
        error = np.abs(model.predict(fresh) - truth).max()
        recovered += error < 1e-3
        print(f"seed {seed}: {seconds:5.2f} s, largest error {error:.1e}: {model.form_}")
    print(f"recovered: {recovered} of {SEEDS} with {params or 'the defaults'}\n")


def red_wine(select: str) -> None:
    """Print scores, sizes and processor seconds on red wine."""
    table = wb.load("wine-quality-red")
    X, y = table.X[list(table.features)], table.y
    for seed in range(SPLITS):
        at = np.random.default_rng(seed).permutation(len(y))
        train, test = at[:1199], at[1199:]
        started, processor = time.perf_counter(), time.process_time()
        model = wb.Regressor("symbolic", select=select, random_state=seed).fit(X.iloc[train], y.iloc[train])
        seconds, processor = time.perf_counter() - started, time.process_time() - processor
        score = r2_score(y.iloc[test], model.predict(X.iloc[test]))
        print(f"{select:8} R² {score:.3f}, size {model.form_.size}, {seconds:.2f} s, {processor:.2f} s of processor")
        print(f"         {model.form_}")


def main() -> None:
    """Print all of it."""
    recover()
    recover(operators=("add", "sub", "mul", "sin", "cos", "exp"))
    for select in ("best", "accuracy", "simple"):
        red_wine(select)


if __name__ == "__main__":
    main()
