"""What each method of explanation takes for each model, and how much memory above input, model and answer.

    python tests/benchmarks/explanations.py [--data wine-quality-red] [--families linear tree ...] [--memory ROWS]

Every method is asked as a study asks it: on the rows that it explains there, against its draw of background rows,
with its default options. Refits and models of a shuffled target are apart. With `--memory` a table of so many rows is
made of the data, by drawing them, and the peak above what was there before, and above the answer, is told for each
method (tracemalloc; numpy counts).
"""

from __future__ import annotations

import argparse
import time
import tracemalloc
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

import workbench as wb
from workbench.explainers import explainer
from workbench.splits import make_splits
from workbench.table import Table
from workbench.work.explain import ask

FAMILIES = ("dummy", "linear", "tree", "ebm", "xgboost", "forest")
MIB = 2**20


def asked(table: Table, model: Any, splits: Any, method: str) -> Any:
    options = {"metric": "r2"} if method == "permutation_importance" and table.task == "regression" else {}
    return ask(table, model, splits.development, splits.holdout, method=method, options=options, seed=0)


def seconds_of(table: Table, model: Any, splits: Any, method: str) -> str:
    started = time.perf_counter()
    try:
        asked(table, model, splits, method)
    except ValueError as error:
        return f"   – {str(error)[:40]}"
    return f"{time.perf_counter() - started:8.2f}"


def peak_of(table: Table, model: Any, splits: Any, method: str) -> str:
    tracemalloc.start()
    try:
        answer = asked(table, model, splits, method)
        held, peak = tracemalloc.get_traced_memory()
    except ValueError as error:
        return f"   – {str(error)[:40]}"
    finally:
        tracemalloc.stop()
    del answer
    return f"{(peak - held) / MIB:8.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="wine-quality-red")
    parser.add_argument("--families", nargs="+", default=list(FAMILIES))
    parser.add_argument("--methods", nargs="+", default=[m for m in wb.explainers() if m != "tree_shap"])
    parser.add_argument("--memory", type=int, metavar="ROWS")
    given = parser.parse_args()
    table = wb.load(given.data)
    splits = make_splits(table)
    make = wb.Regressor if table.task == "regression" else wb.Classifier
    measure = seconds_of
    fit_on = table.take(splits.development)
    models = {name: make(name).fit(fit_on.X, fit_on.y) for name in given.families}
    if given.memory:
        measure = peak_of
        table = table.take(np.random.default_rng(0).integers(0, table.n_rows, given.memory))
        splits = make_splits(table, folds=2, repeats=1, duplicates="ignore")
    total = 0.0
    print(f"{'MiB' if given.memory else 'seconds':24}" + "".join(f"{name:>9}" for name in models))
    with threadpool_limits(1):
        for method in given.methods:
            found = [measure(table, model, splits, method) for model in models.values()]
            total += sum(float(text) for text in found if "–" not in text)
            print(f"{explainer(method).title:24}" + " ".join(found), flush=True)
    if not given.memory:
        print(f"{'together':24}{total:9.1f}")


if __name__ == "__main__":
    main()
