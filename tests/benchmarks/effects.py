"""Partial dependence of every column of a forest, against scikit-learn's brute method: same rows, same grid values.

Run ``python tests/benchmarks/effects.py`` in a checkout; it prints seconds, the ratio and the largest difference.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestRegressor
from sklearn.inspection import partial_dependence

import workbench as wb


def brute(model: Any, X: pd.DataFrame, grids: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Ask scikit-learn, column by column; values of its own choice would be other ones."""
    kept = {}
    for name, values in grids.items():
        found = partial_dependence(model, X, [name], custom_values={name: values}, method="brute", kind="both")
        kept[name] = np.concatenate([found["average"][0][None], found["individual"][0]])
    return kept


def main() -> None:
    """Print a line for each forest, both sides timed right after one another, twice."""
    table = wb.load("wine-quality-red")
    X, y = table.X.astype(float), table.y
    ours: dict[str, Any] = {
        "scikit-learn's forest, 100 trees": RandomForestRegressor(100, random_state=0),
        "our forest, 100 trees": wb.Regressor("forest"),
    }
    for title, model in ours.items():
        model.fit(X, y)
        for individual in (False, True):
            start = time.perf_counter()
            answer = wb.explain(model, "partial_dependence", X, individual=individual)
            mine = time.perf_counter() - start
            grids = {effect.feature: np.array(effect.grid_values) for effect in answer.effects}
            assert list(grids) == list(X.columns)
            assert answer.n_background == len(X)
            assert answer.provenance.parameters["source"] == "form"
            start = time.perf_counter()
            theirs = brute(model, X, grids)
            usual = time.perf_counter() - start
            apart = max(float(np.abs(e.average[0] - theirs[e.feature][0]).max()) for e in answer.effects)
            if individual:
                curves = [np.abs(e.individual[:, 0] - theirs[e.feature][1:]).max() for e in answer.effects]
                apart = max(apart, *map(float, curves))
            assert apart <= 1e-12, apart
            kind = "with the rows' curves" if individual else "averages and intervals"
            print(f"{title}, {kind}: {mine:.2f} s, brute {usual:.2f} s, {usual / mine:.1f} times; apart {apart:.1e}")


if __name__ == "__main__":
    main()
