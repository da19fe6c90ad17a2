"""Each library by itself, as a good analyst would use it by hand: scores and seconds; nothing of the workbench.

    python tests/benchmarks/baseline.py [--data NAME ...] [--families NAME ...] [--ebm] [--limit SECONDS] [--out FILE]

Settings are the libraries' own defaults unless a label says otherwise; one thread. Seconds are processor time of a fit
with its preprocessing; tables give the median over the folds, as the first fold may import the library. A fold that
takes longer than the limit is ended, and the later folds of that model are not tried; a fit that fails is kept with the
error's class and text. The file also holds the row numbers of the folds; results in it that were not asked for again
stay as they are.
"""

# ruff: noqa: E402
from __future__ import annotations

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"  # before numpy is imported

import argparse
import contextlib
import json
import multiprocessing
import time
import warnings
from importlib.metadata import version
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from baseline_data import DATASETS, Data
from baseline_models import MODELS
from baseline_prepare import answers
from sklearn.metrics import accuracy_score, log_loss, r2_score

OUT = Path(__file__).parents[2] / "reports" / "baseline.json"
LIBRARIES = "scikit-learn", "glum", "pygam", "interpret-core", "pyoperon", "mlxtend", "wittgenstein", "imodels"


def scores(model: Any, task: str, X: Any, y: np.ndarray, classes: np.ndarray) -> dict[str, dict[str, float]]:
    """The scores of a fitted model by the way it was asked.

    Accuracy is that of the library's own labels where these are not simply the most probable class.
    """
    found = {}
    labels = model.labels(X) if hasattr(model, "labels") else None
    for way, predicted in answers(model, X).items():
        predicted = np.asarray(predicted, dtype=float)
        if not np.isfinite(predicted).all():
            raise ArithmeticError(f"{int((~np.isfinite(predicted)).sum())} predicted numbers are not finite")
        if task == "regression":
            found[way] = {"r2": r2_score(y, predicted)}
        else:
            said = classes[predicted.argmax(axis=1)] if labels is None else labels
            found[way] = {"log_loss": log_loss(y, predicted, labels=classes), "accuracy": accuracy_score(y, said)}
    return found


def run_folds(pipe: Connection, data: Data, key: tuple[str, str]) -> None:
    """Fit and score every fold in a process of its own; send what was found, or the error."""
    warnings.simplefilter("ignore")
    os.environ["PYTHONWARNINGS"] = "ignore"
    with (
        Path(os.devnull).open("w") as nowhere,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
    ):
        y, classes = data.codes, np.unique(data.codes)
        for train, test in data.folds:
            try:
                np.random.seed(0)  # noqa: NPY002, imodels draws from the global generator
                model = MODELS[key](data.task, data.name)
                if model is None:
                    pipe.send(("nothing", None, None))
                    return
                started = time.process_time()
                model.fit(data.X.iloc[train], y[train])
                seconds = time.process_time() - started
                pipe.send(("fold", seconds, scores(model, data.task, data.X.iloc[test], y[test], classes)))
            except Exception as error:
                pipe.send(("error", f"{type(error).__name__}: {' '.join(str(error).split())[:300]}", None))


def measure(data: Data, key: tuple[str, str], limit: float) -> list[dict[str, Any]]:
    """One result per way of asking the model: a list with an entry per fold for each score, and for the seconds."""
    here, there = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(target=run_folds, args=(there, data, key))
    process.start()
    there.close()
    seconds: list[float | None] = []
    found: list[dict[str, dict[str, float]]] = []
    errors: dict[str, list[str]] = {}
    for fold in range(len(data.folds)):
        kind, first, scored = _receive(here, process, limit)
        if kind == "nothing":
            break
        seconds.append(first if kind == "fold" else None)
        found.append(scored if kind == "fold" else {})
        if kind != "fold":
            errors.setdefault(first, []).append(str(fold))
        if kind == "ended":
            break
    process.join()
    if not found:
        return []
    absent = [None] * (len(data.folds) - len(found))
    ways = next((list(f) for f in found if f), [""])
    return [
        {
            "data": data.name,
            "family": key[0],
            "model": key[1],
            "label": ", ".join(filter(None, (key[1], way))),
            "seconds": seconds + absent,
            "scores": {name: [f.get(way, {}).get(name) for f in found] + absent for name in metrics(data.task)},
            "errors": [f"{text} (fold {', '.join(numbers)})" for text, numbers in errors.items()],
        }
        for way in ways
    ]


def _receive(pipe: Connection, process: Any, limit: float) -> tuple[str, Any, Any]:
    """Wait for a fold; end the process where it takes too long."""
    try:
        if pipe.poll(limit):
            return pipe.recv()
        process.kill()
        return "ended", f"TimeoutError: not fitted and scored after {limit:g} s; later folds not tried", None
    except EOFError:
        process.join()
        return "ended", f"ChildProcessError: the process ended with exit code {process.exitcode}", None


def metrics(task: str) -> tuple[str, ...]:
    """The scores of a task; the first one ranks."""
    return ("r2",) if task == "regression" else ("log_loss", "accuracy")


def cell(result: dict[str, Any] | None) -> str:
    """The scores and the seconds of a result; a dash where a fold is missing."""
    if result is None:
        return ""
    figures = ["—" if None in values else f"{np.mean(values):.3f}" for values in result["scores"].values()]
    figures.append("—" if None in result["seconds"] else f"{np.median(result['seconds']):.2f} s")
    return "—" if "—" in figures else " · ".join(figures)


def table(results: list[dict[str, Any]]) -> str:
    """All results: a row per library and way of asking, a column per data set; then what went wrong."""
    found = {(r["family"], r["label"], r["data"]): r for r in results}
    order = list(MODELS)
    rows = sorted({(r["family"], r["model"], r["label"]) for r in results}, key=lambda r: (order.index(r[:2]), r[2]))
    lines = [f"| family | library | {' | '.join(DATASETS)} |", "|---" * (2 + len(DATASETS)) + "|"]
    for family, _, label in rows:
        cells = [cell(found.get((family, label, name))) for name in DATASETS]
        lines.append(f"| {family} | {label} | {' | '.join(cells)} |")
    wrong = [f"- {r['family']}, {r['label']}, {r['data']}: {error}" for r in results for error in r["errors"]]
    return "\n".join([*lines, "", *wrong])


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", nargs="+", choices=DATASETS, default=list(DATASETS))
    parser.add_argument("--families", nargs="+", choices=sorted({family for family, _ in MODELS}))
    parser.add_argument("--ebm", action="store_true", help="interpret's defaults too: 31 to 137 s a fit on red wine")
    parser.add_argument("--limit", type=float, default=60, help="seconds that a fold may take (default 60)")
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--show", action="store_true", help="print what the file holds, measure nothing")
    return parser.parse_args()


def main() -> None:
    args = arguments()
    args.out.parent.mkdir(exist_ok=True)
    chosen = args.families or [family for family, _ in MODELS if family != "ebm" or args.ebm]
    kept = json.loads(args.out.read_text(encoding="utf-8")) if args.out.exists() else {"folds": {}, "results": []}
    if args.show:
        print(table(kept["results"]))
        return
    kept["versions"] = {name: version(name) for name in LIBRARIES}
    for name in args.data:
        data = DATASETS[name]()
        kept["folds"][name] = [{"train": train.tolist(), "test": test.tolist()} for train, test in data.folds]
        for key in MODELS:
            if key[0] not in chosen:
                continue
            results = measure(data, key, args.limit)
            same = [
                r
                for r in kept["results"]
                if (r["data"], r["family"]) == (name, key[0]) and r["label"].startswith(key[1])
            ]
            kept["results"] = [r for r in kept["results"] if r not in same] + results
            args.out.write_text(json.dumps(kept), encoding="utf-8")
            for result in results:
                print(name, key[0], result["label"], cell(result), *result["errors"], sep="  ", flush=True)


if __name__ == "__main__":
    main()
