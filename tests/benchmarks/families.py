"""Every family of the workbench against the libraries by themselves, on the folds of baseline.py.

    python tests/benchmarks/families.py [--data NAME ...] [--families NAME[:KEY=VALUE,...] ...] [--baseline FILE]
    python tests/benchmarks/families.py --time

A difference is ours minus the library's, turned so that positive is better for us, with its corrected interval (Nadeau
and Bengio 2003). It holds where the lower bound is above -0.01 R² or -0.02 log loss. Seconds are processor time of a
fit, the median over the folds. Families are those that `workbench.families()` finds, at their defaults; each is paired
with the libraries' results of the same family name.

`--time` fits every family once on all of red wine: the goals are 20 s for regression and 25 s for quality >= 6, in all.
"""

# ruff: noqa: E402
from __future__ import annotations

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"  # before numpy is imported

import argparse
import json
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from baseline_data import DATASETS, Data

import workbench as wb
from workbench.families import find_family
from workbench.interval import corrected_interval
from workbench.metrics import metric

BASELINE = Path(__file__).parents[2] / "reports" / "baseline.json"
HEAD = "data", "family", "ours", "accuracy", "seconds", "library", "its score", "its seconds", "difference", "holds"
TOLERANCES = {"r2": 0.01, "log_loss": 0.02}
GOALS = {"wine-quality-red": 20, "wine-quality-red>=6": 25}
# what the analyst chose by hand on the library's side too
SETTINGS: dict[tuple[str, str], dict[str, Any]] = {("bikeshare", "glm"): {"distribution": "poisson"}}

Choice = tuple[str, dict[str, Any]]


def choice(text: str) -> Choice:
    """A family with settings, as in ``svm:kernel=rbf``."""
    name, _, settings = text.partition(":")
    pairs = (pair.partition("=") for pair in settings.split(",") if pair)
    return name, {key: yaml.safe_load(value) for key, _, value in pairs}


def build(data: Data, name: str, settings: dict[str, Any]) -> Any:
    settings = SETTINGS.get((data.name, name), {}) | settings
    return (wb.Regressor if data.task == "regression" else wb.Classifier)(name, **settings)


def able(data: Data, chosen: list[Choice] | None) -> list[Choice]:
    """The choices, or all families, that can do the task."""
    return [c for c in chosen or [(name, {}) for name in wb.families()] if data.task in find_family(c[0]).tasks]


def timed_fit(model: Any, X: Any, y: Any) -> float:
    started = time.process_time()
    model.fit(X, y)
    return time.process_time() - started


def ours(data: Data, folds: list[dict[str, list[int]]], each: Choice) -> dict[str, list[float]]:
    """Scores and seconds of a family, a number a fold."""
    names = ("r2",) if data.task == "regression" else ("log_loss", "accuracy")
    found: dict[str, list[float]] = {name: [] for name in (*names, "seconds")}
    for fold in folds:
        model = build(data, *each)
        train, test = fold["train"], fold["test"]
        found["seconds"].append(timed_fit(model, data.X.iloc[train], data.y.iloc[train]))
        for name in names:
            found[name].append(metric(name).score(model, data.X.iloc[test], data.y.iloc[test]))
    return found


def compare(
    mine: dict[str, list[float]], library: dict[str, Any], score: str, sizes: dict[str, list[int]]
) -> tuple[str, str, str, str]:
    """The library's score and seconds, the difference, and whether it holds."""
    theirs = library["scores"][score]
    if None in theirs:
        return "—", "—", library["errors"][0].split(":")[0], "—"
    sign = 1 if score == "r2" else -1
    gain = corrected_interval(sign * (np.array(mine[score]) - np.array(theirs)), **sizes)
    holds = "yes" if gain.lower > -TOLERANCES[score] else "no"
    difference = f"{gain.mean:+.3f} [{gain.lower:+.3f}, {gain.upper:+.3f}]"
    return f"{np.mean(theirs):.3f}", f"{np.median(library['seconds']):.2f}", difference, holds


def rows(data: Data, kept: dict[str, Any], chosen: list[Choice] | None) -> Iterator[list[str]]:
    folds = kept["folds"][data.name]
    sizes = {"n_train": [len(f["train"]) for f in folds], "n_test": [len(f["test"]) for f in folds]}
    score = "r2" if data.task == "regression" else "log_loss"
    for name, settings in able(data, chosen):
        title = " ".join([name, *(f"{key}={value}" for key, value in settings.items())])
        try:
            mine = ours(data, folds, (name, settings))
        except Exception as error:
            yield [data.name, title, f"{type(error).__name__}: {' '.join(str(error).split())[:200]}", *[""] * 7]
            continue
        accuracy = f"{np.mean(mine['accuracy']):.3f}" if "accuracy" in mine else ""
        figures = [f"{np.mean(mine[score]):.3f}", accuracy, f"{np.median(mine['seconds']):.2f}"]
        paired = [r for r in kept["results"] if (r["data"], r["family"]) == (data.name, name)]
        for library in paired or [None]:
            if library is None:
                yield [data.name, title, *figures, "not measured", "", "", "", ""]
                continue
            theirs, seconds, difference, holds = compare(mine, library, score, sizes)
            yield [data.name, title, *figures, library["label"], theirs, seconds, difference, holds]


def time_all(chosen: list[Choice] | None) -> None:
    """One fit of every family on all rows of red wine, and the sums against their goals."""
    for name, goal in GOALS.items():
        data, total = DATASETS[name](), 0.0
        for each in able(data, chosen):
            try:
                seconds = timed_fit(build(data, *each), data.X, data.y)
            except Exception as error:
                print(f"{name:20} {each[0]:10} {type(error).__name__}: {error}", flush=True)
                continue
            total += seconds
            print(f"{name:20} {each[0]:10} {seconds:7.2f} s", flush=True)
        print(f"{name:20} {'in all':10} {total:7.2f} s, goal at most {goal} s", flush=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", nargs="+", choices=DATASETS, default=list(DATASETS))
    parser.add_argument("--families", nargs="+", type=choice, metavar="NAME[:KEY=VALUE,...]")
    parser.add_argument("--baseline", type=Path, default=BASELINE)
    parser.add_argument("--time", action="store_true", help="only the seconds of one fit of every family")
    return parser.parse_args()


def main() -> None:
    args = arguments()
    if args.time:
        time_all(args.families)
        return
    if not args.baseline.exists():
        raise SystemExit(f"{args.baseline} is not there: run tests/benchmarks/baseline.py first")
    kept = json.loads(args.baseline.read_text(encoding="utf-8"))
    head = [
        "data",
        "family",
        "ours",
        "accuracy",
        "seconds",
        "library",
        "its score",
        "its seconds",
        "difference",
        "holds",
    ]
    print(f"| {' | '.join(head)} |\n|{'---|' * len(head)}", flush=True)
    for name in args.data:
        if name not in kept["folds"]:
            raise SystemExit(f"{args.baseline} has no folds of {name}: run tests/benchmarks/baseline.py --data {name}")
        for line in rows(DATASETS[name](), kept, args.families):
            print(f"| {' | '.join(line)} |", flush=True)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
