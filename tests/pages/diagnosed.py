"""Diagnostics of models that never were: real checks of made-up predictions, with faults planted."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from workbench.answers import Complexity, Disturbance, Provenance, Robustness
from workbench.evaluation.calibration import calibration
from workbench.evaluation.conformal import conformal
from workbench.evaluation.drift import drift
from workbench.evaluation.fairness import fairness
from workbench.evaluation.leakage import leakage
from workbench.evaluation.overfit import overfit
from workbench.evaluation.predictions import Predictions
from workbench.evaluation.recalibration import recalibration
from workbench.evaluation.residuals import residuals
from workbench.evaluation.weak_regions import weak_regions
from workbench.metrics import metric

_N = 600


@cache
def diagnosed(
    task: str, classes: tuple[Any, ...], names: tuple[str, ...], ranking: str, faulty: bool
) -> tuple[Any, ...]:
    """Give the list of diagnostics of one model, as results.json holds it."""
    told, X, rng = _told(task, classes, names, faulty)
    held = rng.permutation(_N) < _N // 2
    halves = [_part(told, held), _part(told, ~held)]
    losses, title = _losses(told)
    region = weak_regions(X, losses, loss_title=title, reference=np.full(_N, losses.mean()))
    sensitive = pd.DataFrame({"cellar owner": np.where(rng.random(_N) < 0.6, "estate", "merchant")})
    if faulty:
        sensitive["cellar owner"] = np.where(np.asarray(X.iloc[:, 0]) > 0.3, "estate", "merchant")
    folds = rng.normal(0, 0.02, 10)
    unlike = {"metric": metric(ranking), "n_train": 960, "n_test": 240}
    train, test, dummy = (0.9, 0.37, 0.0) if task == "regression" else (0.1, 0.5, 0.69)
    found: dict[str, Any] = {
        "calibration": calibration(told),
        "weak_regions": region,
        "conformal": conformal(halves[0], halves[1], X[~held]),
        "robustness": robustness(ranking, faulty),
        "overfit": overfit(train + folds, test + folds[::-1], dummy_scores=np.full(10, dummy), **unlike),
        "fairness": fairness(told, sensitive),
    }
    if task == "regression":
        found["residuals"] = residuals(told, X)
        missing = ("recalibration", "a predicted number has no probability to recalibrate")
    else:
        found["recalibration"] = recalibration(told)
        missing = ("residuals", "classes have no residuals")
    listed = [{"name": name, "answer": answer.to_dict()} for name, answer in found.items()]
    return (*listed, {"name": missing[0], "reason": missing[1]})


def _part(told: Predictions, rows: np.ndarray) -> Predictions:
    return Predictions(told.y[rows], told.predicted[rows], told.classes, told.weight[rows])


def _losses(told: Predictions) -> tuple[np.ndarray, str]:
    if told.task == "regression":
        return np.abs(told.residual), "absolute error"
    return -np.log(told.predicted[np.arange(told.n_rows), told.y.astype(int)]), "log loss"


def _told(task: str, classes: tuple[Any, ...], names: tuple[str, ...], faulty: bool) -> tuple[Predictions, Any, Any]:
    rng = np.random.default_rng(7)
    X = pd.DataFrame({name: rng.normal(size=_N) for name in names[:-1]})
    X[names[-1]] = rng.choice(["Biscoe", "Dream", "Torgersen"], _N)
    x = X.iloc[:, :2].to_numpy()
    if task == "regression":
        f = 5.64 + 0.5 * x[:, 0]
        noise = rng.normal(0, 0.6, _N) * np.where(faulty & (x[:, 0] > 0.3) & (x[:, 1] > 0), 2.6, 1)
        return Predictions.of(f + noise + faulty * 0.5 * (x[:, 0] > 0.3), f), X, rng
    k = len(classes)
    score = np.column_stack([x[:, 0], -x[:, 0], 0.6 * x[:, 1]])[:, :k]
    p = np.exp(score) / np.exp(score).sum(axis=1, keepdims=True)
    came = [classes[rng.choice(k, p=row)] for row in p]
    if faulty:
        p = p**2.5
    return Predictions.of(came, p / p.sum(axis=1, keepdims=True), classes=classes), X, rng


def robustness(ranking: str, faulty: bool) -> Robustness:
    """Give what changes cost a sound or a faulty model."""
    cost = np.array([0.02, 0.09, 0.17, 0.03]) if faulty else np.array([0.0002, 0.003, 0.011, 0.02])
    kinds = (("noise", 0.01), ("noise", 0.05), ("noise", 0.1), ("missing", 0.05))
    told = [
        Disturbance(change=change, amount=amount, cost=float(c), lower=float(0.8 * c), upper=float(1.2 * c))
        for (change, amount), c in zip(kinds, cost, strict=True)
    ]
    nan = float("nan")
    told.append(Disturbance(change="missing", amount=0.1, cost=nan, lower=nan, upper=nan, refused=True))
    return Robustness(
        metric=ranking,
        baseline=0.38,
        disturbances=tuple(told),
        n_repeats=5,
        n_rows=400,
        provenance=Provenance(method="made up", exact=False, warnings=("the model refuses missing values",)),
    )


def complexity(names: list[str], family: str) -> dict[str, Any]:
    """Give the complexity of one model."""
    variances = np.array([0.2, 0.1, 0.05, 0.02, 0.01, 0.004, 0.001, 0.0, np.nan])[: len(names)]
    return Complexity(
        feature_names=tuple(names),
        features_used=tuple(names[:7]),
        interaction_strength=0.23 if family == "forest" else 0.0,
        main_effect_complexity=1.0 if family == "linear" else 3.4,
        pieces=np.array([4, 3, 3, 2, 1, 1, 1, 0, np.nan])[: len(names)],
        variances=variances,
        scale="response",
        n_rows=400,
        provenance=Provenance(method="complexity", exact=False),
    ).to_dict()


@cache
def study(names: tuple[str, ...], ranking: str) -> dict[str, Any]:
    """Give drift and leakage of a study, both planted."""
    rng = np.random.default_rng(3)
    before = pd.DataFrame({name: rng.normal(size=400) for name in names})
    after = before.iloc[:200] + np.where(np.arange(len(names)) == 1, 0.8, 0.0) + rng.normal(0, 0.01, (200, len(names)))
    sizes = {"n_train": 960, "n_test": 240, "n_train_careless": 960, "n_test_careless": 240}
    sign = -1 if ranking == "log_loss" else 1
    guarded = {m: s + rng.normal(0, 0.01, 10) for m, s in (("forest", 0.37), ("linear", 0.34))}
    careless = {m: s + sign * (0.12 if m == "forest" else 0.001) for m, s in guarded.items()}
    return {
        "drift": drift(before, after).to_dict(),
        "leakage": leakage(guarded, careless, by="group", metric=metric(ranking), region=0.01, **sizes).to_dict(),
    }
