"""SHAP of this package against shap.KernelExplainer, both sides in one run, on the same rows and background rows.

    python tests/benchmarks/shap_ways.py [--rows 50] [--background 100] [--slow-rows 5] [--only svm,ebm,wide]

One thread each, as in a run's workers. KernelExplainer gets all coalitions (2^11) and no selection of features, so that
both sides give the same numbers, which is asserted. It is measured on `--slow-rows` rows and scaled to `--rows`: its
time is one fit for each row. The file is not called shap.py, which would hide the package of that name.
"""

from __future__ import annotations

import argparse
import time
import warnings
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

import workbench as wb


def timed(work: Any) -> tuple[float, Any]:
    started = time.perf_counter()
    found = work()
    return time.perf_counter() - started, found


def kernel_explainer(model: Any, X: pd.DataFrame, background: pd.DataFrame) -> np.ndarray:
    import shap

    columns = background.columns

    def predict(Z: np.ndarray) -> np.ndarray:
        return model.predict(pd.DataFrame(Z, columns=columns, copy=False))

    explainer = shap.KernelExplainer(predict, background.to_numpy())
    kept = pd.DataFrame(explainer.data.data, columns=columns)
    assert len(kept) == len(background)
    np.testing.assert_array_equal(kept, background)
    return explainer.shap_values(X.to_numpy(), nsamples=2 ** X.shape[1], l1_reg=False, silent=True)


def compare(name: str, model: Any, X: pd.DataFrame, background: pd.DataFrame, slow_rows: int) -> None:
    ours = [timed(lambda: wb.explain(model, "shap", X, background=background)) for _ in range(3)]
    fast, answer = min(ours, key=lambda pair: pair[0])
    asked, by_coalitions = timed(lambda: wb.explain(model, "kernel_shap", X[:slow_rows], background=background))
    slow, theirs = timed(lambda: kernel_explainer(model, X[:slow_rows], background))
    scaled = slow * len(X) / slow_rows
    apart = np.abs(answer.values[:slow_rows] - theirs).max()
    assert apart < 1e-6, apart
    assert np.abs(answer.values[:slow_rows] - by_coalitions.values).max() < 1e-9
    print(
        f"{name:28} {len(X):>4} x {len(background):<4} way {answer.provenance.parameters['way']:9} "
        f"ours {fast:8.3f} s   KernelExplainer {scaled:8.1f} s (from {slow_rows} rows), ratio {scaled / fast:6.0f}"
        f"   our kernel_shap {asked * len(X) / slow_rows:7.2f} s, ratio {scaled * slow_rows / len(X) / asked:5.0f}"
        f"   apart {apart:.0e}",
        flush=True,
    )


def wide(n_rows: int, n_background: int) -> None:
    """Thirty columns, which nobody can enumerate."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(600, 30)), columns=[f"c{j}" for j in range(30)])
    y = X["c0"] * X["c1"] + np.sin(X["c2"]) + X.to_numpy() @ rng.normal(size=30) / 5
    model = wb.Regressor("svm", kernel="rbf").fit(X, y)
    seconds, answer = timed(lambda: wb.explain(model, "shap", X[:n_rows], background=X[-n_background:]))
    gap = np.abs(answer.baseline + answer.values.sum(axis=1) - answer.predictions).max()
    few = X[:3]
    spent, sampled = timed(lambda: wb.explain(model, "kernel_shap", few, background=X[-n_background:]))
    error = sampled.approximation_error
    away = np.abs(sampled.values - answer.values[:3]) / error
    print(
        f"{'svm, 30 columns':28} {n_rows:>4} x {n_background:<4} way {answer.provenance.parameters['way']:9} "
        f"ours {seconds:8.3f} s   {len(model.form_.body.support_vectors)} support vectors, additivity error {gap:.0e}; "
        f"kernel_shap on 3 rows {spent:.2f} s, largest standard error {error.max():.4f}, "
        f"{(away < 1.96).mean():.0%} of values within 1.96 of it",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=50)
    parser.add_argument("--background", type=int, default=100)
    parser.add_argument("--slow-rows", type=int, default=5)
    parser.add_argument("--only", default="svm,ebm,wide")
    given = parser.parse_args()
    asked = given.only.split(",")
    wine = wb.load("wine-quality-red")
    background = wine.X.sample(given.background, random_state=0)
    X = wine.X.drop(background.index).sample(given.rows, random_state=1)
    models = {
        "svm": ("svm, radial, red wine", {"family": "svm", "kernel": "rbf"}),
        "ebm": ("ebm, balanced, red wine", {"family": "ebm", "preset": "balanced"}),
    }
    for key, (name, params) in models.items():
        if key in asked:
            own = dict(params)
            model = wb.Regressor(own.pop("family"), **own).fit(wine.X, wine.y)
            compare(name, model, X, background, min(given.slow_rows, given.rows))
    if "wide" in asked:
        wide(given.rows, given.background)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    with threadpool_limits(1):
        main()
