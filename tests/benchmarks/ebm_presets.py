"""The presets of `ebm` against interpret's own defaults: seconds of one fit, and paired differences of scores.

    python tests/benchmarks/ebm_presets.py [--rounds N] [data set ...]

Seconds are processor time of one thread. A difference is preset minus defaults over the same folds, with its corrected
interval (Nadeau and Bengio 2003); positive is better. The defaults take from minutes to an hour a fit, so what is known
is printed after each fold, from the second one on with intervals. `--rounds` caps the rounds of the defaults, 50,000:
on breast-cancer their log loss falls so slowly that one fit takes more than an hour.
"""

from __future__ import annotations

import argparse
import time
import warnings
from typing import Any

import numpy as np

import workbench as wb
from workbench.folds import Fold
from workbench.interval import corrected_interval
from workbench.metrics import Metric, default_metrics, metric
from workbench.splits import make_splits
from workbench.table import Table

DATASETS = ("wine-quality-red", "bikeshare", "breast-cancer")
FOLDS = 3


def library(task: str, rounds: int | None) -> Any:
    """interpret's own estimator at its defaults, on one thread."""
    from interpret.glassbox import ExplainableBoostingClassifier, ExplainableBoostingRegressor

    made = ExplainableBoostingRegressor if task == "regression" else ExplainableBoostingClassifier
    return made(n_jobs=1) if rounds is None else made(n_jobs=1, max_rounds=rounds)


def ours(task: str, preset: str) -> Any:
    return (wb.Regressor if task == "regression" else wb.Classifier)("ebm", preset=preset)


def measure(model: Any, table: Table, fold: Fold, score: Metric) -> tuple[float, float]:
    """The score of a fold, and the seconds of its fit."""
    train, test = table.take(fold.train), table.take(fold.test)
    columns = list(table.features)
    X = [part.X[columns].apply(lambda c: c.cat.codes if c.dtype == "category" else c) for part in (train, test)]
    started = time.process_time()
    model.fit(X[0], train.y)
    seconds = time.process_time() - started
    return score.score(model, X[1], test.y, classes=table.classes), seconds


def show(name: str, score: Metric, runs: dict[str, list[tuple[float, float]]], folds: list[Fold]) -> None:
    """Print score and seconds of each label over the folds so far, against the defaults."""
    sizes: dict[str, Any] = {
        "n_train": np.array([len(f.train) for f in folds]),
        "n_test": np.array([len(f.test) for f in folds]),
    }
    sign = 1 if score.greater_is_better else -1
    of_defaults, slow = np.array(runs["defaults"]).T
    for label, done in runs.items():
        scores, seconds = np.array(done).T
        gain = corrected_interval(sign * (scores - of_defaults), **sizes) if len(folds) > 1 else None
        told = "" if gain is None else f"{gain.mean:+.3f} [{gain.lower:+.3f}, {gain.upper:+.3f}]"
        print(
            f"{name:18} {len(folds)} folds  {label:9} {seconds.mean():7.1f} s  {slow.mean() / seconds.mean():6.1f} "
            f"times faster  {score.title} {scores.mean():.3f}  {told}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", nargs="*", default=DATASETS)
    parser.add_argument("--rounds", type=int)
    asked = parser.parse_args()
    for name in asked.data:
        table = wb.load(name)
        splits = make_splits(table, holdout=0, folds=FOLDS, repeats=1)
        score = metric(default_metrics(table.task)[0])
        runs: dict[str, list[tuple[float, float]]] = {}
        for k, fold in enumerate(splits.folds):
            for label in ("defaults", "fast", "balanced", "thorough"):
                model = library(table.task, asked.rounds) if label == "defaults" else ours(table.task, label)
                runs.setdefault(label, []).append(measure(model, table, fold, score))
            show(name, score, runs, list(splits.folds[: k + 1]))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
