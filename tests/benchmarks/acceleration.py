"""scikit-learn against sklearnex's estimators of the same name, side by side: fit and predict, as ratios.

    python tests/benchmarks/acceleration.py

One thread each, as in a run's workers; the best of three. Above 1: sklearnex is faster.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits


def best(work: Callable[[], Any], repeats: int = 3) -> float:
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)


def compare(name: str, usual: Any, faster: Any, X: np.ndarray, y: np.ndarray) -> None:
    repeats = 1 if name.startswith("forest") and len(X) > 5_000 else 3
    fits = [best(lambda m=m: m.fit(X, y), repeats) for m in (usual, faster)]
    predicts = [best(lambda m=m: m.predict(X)) for m in (usual, faster)]
    print(
        f"{name:24} {len(X):>9,} rows   fit {fits[0]:7.3f} s / {fits[1]:7.3f} s = {fits[0] / fits[1]:5.1f}   "
        f"predict {predicts[0]:7.3f} s / {predicts[1]:7.3f} s = {predicts[0] / predicts[1]:5.1f}",
        flush=True,
    )


def main() -> None:
    import sklearn.ensemble
    import sklearn.linear_model
    import sklearn.svm
    import sklearnex.ensemble
    import sklearnex.linear_model
    import sklearnex.svm
    from daal4py import daalinit

    daalinit(1)
    rng = np.random.default_rng(0)
    for n in (1_000, 10_000, 200_000):
        X = rng.normal(size=(n, 20))
        y = X @ rng.normal(size=20) + np.sin(3 * X[:, 0]) + rng.normal(size=n)
        label = (y > 0).astype(int)
        linear = {
            "linear regression": ("LinearRegression", {}, y),
            "ridge": ("Ridge", {}, y),
            "logistic regression": ("LogisticRegression", {"tol": 1e-8, "max_iter": 10_000}, label),
        }
        for name, (cls, params, target) in linear.items():
            usual, faster = (getattr(m.linear_model, cls)(**params) for m in (sklearn, sklearnex))
            compare(name, usual, faster, X, target)
        if n <= 10_000:
            params = {"n_estimators": 100, "max_features": 1 / 3, "random_state": 0, "n_jobs": 1}
            forests = (m.ensemble.RandomForestRegressor(**params) for m in (sklearn, sklearnex))
            compare("forest regression", *forests, X, y)
            compare("radial SVM, a number", *(m.svm.SVR() for m in (sklearn, sklearnex)), X, y)
            compare("radial SVM, two classes", *(m.svm.SVC() for m in (sklearn, sklearnex)), X, label)


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
