"""A run against the same library calls written by hand, one after another, each with n_jobs=1.

    python tests/benchmarks/by_hand.py [STUDY] [--jobs 2 1] [--small]

STUDY is a bundled data set of regression whose columns are numbers without gaps; its own study is run. By hand are done

- the same fits, by the library's own estimator with the study's parameters: of all development rows, of every fold and
  repeat, of the folds that split repeated rows apart, of a shuffled target; and the predictions that scores need;
- permutation importance and partial dependence by scikit-learn, on the same rows, with the same repeats and as many
  points of the grid, of the model of all rows, of each fold's and of a shuffled target;
- SHAP by shap's own exact explainers where it has one (linear models, trees, forests, boosted trees), on the same rows
  and background rows;
- and by the workbench's own call, in sequence, what no library installed here does (accumulated local effects, the
  surrogate) or does so slowly that it would decide the comparison alone (SHAP of other models: shap.KernelExplainer
  takes minutes for 50 rows, see shap_ways.py).

By hand nothing is done of the rest: diagnostics, complexity, drift, comparisons, the form of a model and its check, the
cache, results, cards in HTML and PDF. The time of the run is all of it, from the start of its process to its end. So
the comparison is not made easy for the run. That both sides fit the same models is checked: their scores on the folds
must be equal. Measure on a machine that does nothing else. `--small`: three models and three folds, to see that it
works.

Asked for: the run takes at most 0.65 of the calls by hand with two jobs, and at most 1.1 with one.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from sklearn.base import BaseEstimator, RegressorMixin

from workbench.catalog import dataset, load
from workbench.explainers import registry as explainer_registry
from workbench.families import registry as family_registry
from workbench.plan import _REFIT_SHUFFLES, Plan
from workbench.sampling import draw_rows
from workbench.store.worker import ONE_THREAD
from workbench.study import Study
from workbench.work.explain import ask
from workbench.work.fit import fit_rows
from workbench.work.noise import shuffled

LIMITS = {2: 0.65, 1: 1.1}
SMALL: dict[str, Any] = {
    "models": ["linear", "tree", "xgboost"],
    "split": {"holdout": 0.25, "folds": 3, "repeats": 1, "seed": 0},
}
EXACT = {"tree": "TreeExplainer", "forest": "TreeExplainer", "xgboost": "TreeExplainer", "linear": "LinearExplainer"}


class Clock:
    """Seconds by what they were spent on."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)

    @contextmanager
    def __call__(self, what: str) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[what] += time.perf_counter() - began


class Library(RegressorMixin, BaseEstimator):
    """A library's fitted estimator over its encoded inputs, as scikit-learn's functions want one."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def fit(self, X: Any, y: Any) -> Any:
        """Do nothing: it is fitted."""
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Ask the library."""
        return self.model.family().predict(self.model.estimator_, X)


class ByHand:
    """The calls of a study, in sequence."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.clock = plan, Clock()
        self.what = ""
        self.scores: dict[str, list[float]] = {}
        for family in {type(model.family()) for model in plan.models}:
            family.fit = self._timed(family.fit)

    def _timed(self, fit: Callable[..., None]) -> Callable[..., None]:
        """Time the library's part of our own fits: the forms that are read after it are no part of it."""

        def timed(*given: Any, **named: Any) -> None:
            with self.clock(self.what):
                fit(*given, **named)

        return timed

    def do(self) -> None:
        """Make all calls."""
        plan, splits = self.plan, self.plan.splits
        for model in plan.models:
            self.what = "fits"
            fitted = self._fit(model, splits.development, splits.holdout)
            self._explain(model, fitted, plan.table, {"permutation_importance", "partial_dependence", "ale", "shap"})
            self.what = "folds"
            refits = [self._fit(model, fold.train, fold.test) for fold in splits.folds]
            self.scores[model.name] = [
                float(plan.metrics[0](plan.table.take(fold.test).y, refit.predict(plan.table.take(fold.test).X)))
                for refit, fold in zip(refits, splits.folds, strict=True)
            ]
            for fold in (*plan.other, *(plan.careless if model in plan.careless_models else ())):
                self._fit(model, fold.train, fold.test)
            for refit in refits:
                self._explain(
                    model, refit, plan.table, set(plan.refitted(model)), repeats=_REFIT_SHUFFLES, of="refits: "
                )
            if plan.noised(model):
                self.what = "noise: fits"
                noise = shuffled(plan.table, [splits.development, splits.holdout], plan.study.split.seed)
                chance = self._fit(model, splits.development, splits.holdout, table=noise, score=False)
                self._explain(model, chance, noise, set(plan.noised(model)), of="noise: ")

    def _fit(self, model: Any, train: np.ndarray, test: np.ndarray, *, table: Any = None, score: bool = True) -> Any:
        table = self.plan.table if table is None else table
        fitted = fit_rows(table.take(train), model.spec.family, model.params)
        for rows in (train, test) if score else ():
            part = table.take(rows)
            Z = fitted.encode(part.X[list(fitted.feature_names_in_)])
            with self.clock("predictions for scores"):
                predicted = Library(fitted).predict(Z)
                for metric in self.plan.metrics:
                    metric(part.y, predicted)
        return fitted

    def _explain(
        self, model: Any, fitted: Any, table: Any, methods: set[str], *, repeats: int | None = None, of: str = ""
    ) -> None:
        by_library = {
            "permutation_importance": self._permutation_importance,
            "partial_dependence": self._partial_dependence,
            "shap": self._shap,
        }
        for asked in self.plan.asked(model):
            if asked.method not in methods | {"surrogate"} or (of and asked.method not in methods):
                continue
            options = dict(asked.options)
            if repeats is not None and asked.method == "permutation_importance":
                options["n_repeats"] = repeats
            call = by_library.get(asked.method, self._ours)
            if asked.method == "shap" and model.spec.family not in EXACT:
                call = self._ours
            what = f"{of}{asked.method}{' (ours)' if call == self._ours else ''}"
            call(model, fitted, table, asked.method, options, what)

    def _rows(self, fitted: Any, table: Any, rows: np.ndarray) -> tuple[np.ndarray, Any]:
        part = table.take(rows)
        return fitted.encode(part.X[list(fitted.feature_names_in_)]), part.y.to_numpy()

    def _background(self, method: str) -> np.ndarray:
        most = explainer_registry()[method].most_background
        return draw_rows(self.plan.splits.development, most, self.plan.study.split.seed)

    def _permutation_importance(
        self, model: Any, fitted: Any, table: Any, method: str, options: dict[str, Any], what: str
    ) -> None:
        from sklearn.inspection import permutation_importance

        Z, y = self._rows(fitted, table, self.plan.splits.holdout)
        repeats = options.get("n_repeats", 10)
        with self.clock(what):
            permutation_importance(Library(fitted), Z, y, scoring="r2", n_repeats=repeats, random_state=0, n_jobs=1)

    def _partial_dependence(
        self, model: Any, fitted: Any, table: Any, method: str, options: dict[str, Any], what: str
    ) -> None:
        from sklearn.inspection import partial_dependence

        Z, _ = self._rows(fitted, table, self._background(method))
        resolution = options.get("grid_resolution", 40)
        with self.clock(what):
            for column in range(Z.shape[1]):
                partial_dependence(Library(fitted), Z, [column], method="brute", grid_resolution=resolution)

    def _shap(self, model: Any, fitted: Any, table: Any, method: str, options: dict[str, Any], what: str) -> None:
        import shap

        unseen = self.plan.splits.holdout
        most = explainer_registry()[method].most_rows
        X, _ = self._rows(fitted, table, draw_rows(unseen, most, [self.plan.study.split.seed, 1]))
        background, _ = self._rows(fitted, table, self._background(method))
        with self.clock(what):
            masker = shap.maskers.Independent(background, max_samples=len(background))
            explainer = getattr(shap, EXACT[model.spec.family])(fitted.estimator_, masker)
            # shap's own check of sums fails on deep forests, see shap_ways.py
            given = {"check_additivity": False} if EXACT[model.spec.family] == "TreeExplainer" else {}
            explainer.shap_values(X, **given)

    def _ours(self, model: Any, fitted: Any, table: Any, method: str, options: dict[str, Any], what: str) -> None:
        splits, seed = self.plan.splits, self.plan.study.split.seed
        was, self.what = self.what, f"fits within {what}"  # a surrogate fits models too; they count once, in this
        with self.clock(what):
            ask(table, fitted, splits.development, splits.holdout, method=method, options=options, seed=seed)
        self.clock.seconds.pop(self.what, None)
        self.what = was


def by_hand(file: Path) -> None:
    """Make the calls and print what they took, as JSON; in a process of its own."""
    study = Study.read(file, families=family_registry(), explainers=explainer_registry())
    plan = Plan(study, load(**study.table_arguments()))
    if plan.table.task != "regression":
        raise SystemExit("by hand only what regression needs is written")
    work = ByHand(plan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        work.do()
    print(json.dumps({"seconds": work.clock.seconds, "scores": work.scores}))


def run(file: Path, folder: Path, jobs: int) -> tuple[float, dict[str, Any]]:
    """Run the command on an empty cache; give the seconds and the results."""
    out = folder / f"out {jobs}"
    words = [sys.executable, "-m", "workbench", "run", str(file), "--jobs", str(jobs), "--out", str(out)]
    began = time.perf_counter()
    done = subprocess.run(
        words, env={**os.environ, "WORKBENCH_CACHE": str(folder / f"cache {jobs}")}, capture_output=True, check=False
    )
    seconds = time.perf_counter() - began
    if done.returncode:
        raise SystemExit(f"the run failed: {done.stderr.decode()[-2000:]}")
    return seconds, json.loads((out / "results.json").read_text())


def check_scores(results: dict[str, Any], scores: dict[str, list[float]]) -> None:
    """Check that both sides have fitted the same models."""
    for model in results["models"]:
        told = np.array(model["scores"][results["ranking"]]["folds"])
        apart = float(np.abs(told - scores[model["name"]]).max())
        if apart > 1e-6:
            raise SystemExit(f"{model['name']}: scores on the folds are apart by {apart:.2g}: not the same fits")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", nargs="?", default="wine-quality-red")
    parser.add_argument("--jobs", type=int, nargs="+", default=[2, 1])
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--hand", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.hand:
        return by_hand(given.hand)
    study = yaml.safe_load(dataset(given.study).study_path.read_text()) | (SMALL if given.small else {})
    good = True
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "study.yaml")
        file.write_text(yaml.safe_dump(study, sort_keys=False))
        words = [sys.executable, __file__, "--hand", str(file)]
        found = json.loads(subprocess.run(words, env={**os.environ, **ONE_THREAD}, stdout=-1, check=True).stdout)
        total = sum(found["seconds"].values())
        for what, seconds in sorted(found["seconds"].items(), key=lambda pair: -pair[1]):
            print(f"{seconds:8.2f} s  {what}")
        print(f"{total:8.2f} s  by hand", flush=True)
        for jobs in given.jobs:
            seconds, results = run(file, Path(folder), jobs)
            check_scores(results, found["scores"])
            limit, ratio = LIMITS.get(jobs), seconds / total
            asked = "" if limit is None else f", asked for at most {limit}"
            units = results["timing"]["units"]
            work = f"{len(units)} units of {sum(units.values()):.1f} s in sum"
            print(f"{seconds:8.2f} s  the run with jobs {jobs}, {work}: {ratio:.2f} of by hand{asked}", flush=True)
            good &= limit is None or ratio <= limit
    raise SystemExit(not (good or given.small))


if __name__ == "__main__":
    main()
