"""How often diagnostics raise a false alarm on clean data, and how often they find a fault that was planted.

    python tests/benchmarks/false_alarms.py [repetitions] [words of the diagnostics' names]

Every repetition draws a mixed table (numbers with gaps, levels, truth values, small whole numbers), a target, and the
predictions of a model without fault; then the same with a fault. A row tells the share of repetitions with a finding at
the stated rate of 1%, the share with a p-value of 5% or less on clean data (at most 5% should have one), and the share
in which the planted fault is found at 1%.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from workbench.evaluation.calibration import calibration, calibration_finding
from workbench.evaluation.conformal import conformal, conformal_finding
from workbench.evaluation.drift import drift, drift_finding
from workbench.evaluation.fairness import fairness, fairness_finding
from workbench.evaluation.leakage import leakage, leakage_finding
from workbench.evaluation.predictions import Predictions
from workbench.evaluation.residuals import residuals, residuals_findings
from workbench.evaluation.weak_regions import weak_regions, weak_regions_finding
from workbench.metrics import metric

N = 500
R2 = metric("r2")
Told = tuple[float, bool]  # the smallest p-value, and whether there is a finding


def table(rng: np.random.Generator, n: int = N) -> pd.DataFrame:
    """Draw a mixed table."""
    X = pd.DataFrame(
        {
            "number": rng.normal(size=n),
            "skewed": rng.lognormal(size=n),
            "few": rng.integers(0, 4, n),
            "level": rng.choice(list("uvwxyz"), n, p=[0.3, 0.3, 0.2, 0.1, 0.09, 0.01]),
            "yes": rng.random(n) < 0.3,
        }
    )
    X.loc[rng.random(n) < 0.15, "number"] = np.nan
    return X


def two_classes(rng: np.random.Generator, power: float) -> Predictions:
    """Draw outcomes of log odds, and probabilities whose log odds are `power` times as large."""
    odds = rng.normal(-1, 1.5, N)
    came = rng.random(N) < 1 / (1 + np.exp(-odds))
    p = 1 / (1 + np.exp(-power * odds))
    return Predictions.of(came, np.column_stack([1 - p, p]), classes=(False, True))


def number(rng: np.random.Generator, factor: np.ndarray | float = 1.0, more: np.ndarray | float = 0.0) -> Predictions:
    """Draw a number with errors of Student's distribution with 5 degrees of freedom."""
    f = rng.normal(size=N)
    return Predictions.of(f + more + factor * rng.standard_t(5, N), f)


def calibration_two(rng: np.random.Generator, seed: int, fault: bool) -> Told:
    """Probabilities too extreme by a factor of 1.7 in log odds."""
    told = calibration(two_classes(rng, 1.7 if fault else 1.0), random_state=seed)
    return told.p_value, calibration_finding(told, about="m") is not None


def calibration_three(rng: np.random.Generator, seed: int, fault: bool) -> Told:
    """One of three classes gets twice its odds."""
    p = rng.dirichlet([1.0, 0.6, 0.4], N)
    came = (p.cumsum(axis=1) < rng.random((N, 1))).sum(axis=1)
    told = p * [1, 1, 2] if fault else p
    answer = calibration(
        Predictions.of(came, told / told.sum(axis=1, keepdims=True), classes=(0, 1, 2)), random_state=seed
    )
    return answer.p_value, calibration_finding(answer, about="m") is not None


def calibration_number(rng: np.random.Generator, seed: int, fault: bool) -> Told:
    """A number whose slope is 0.7; errors grow with the prediction in both cases."""
    f = rng.normal(size=N)
    y = (0.7 if fault else 1.0) * f + np.exp(f / 3) * (rng.exponential(size=N) - 1)
    told = calibration(Predictions.of(y, f), random_state=seed)
    return told.p_value, calibration_finding(told, about="m") is not None


def regions(rng: np.random.Generator, seed: int, fault: bool) -> Told:
    """Errors three times as large where two columns meet."""
    X = table(rng)
    inside = (X["number"] > 0) & X["level"].isin(["u"])
    losses = number(rng, np.where(inside, 3.0, 1.0) if fault else 1.0).residual ** 2
    told = weak_regions(X, losses, random_state=seed)
    return min([1.0, *(r.p_value for r in told.regions)]), weak_regions_finding(told, about="m") is not None


def residual_bias(rng: np.random.Generator, seed: int, fault: bool) -> Told:
    """Predictions too low by 0.6 standard deviations where a truth value holds."""
    X = table(rng)
    told = residuals(number(rng, more=0.8 * X["yes"].to_numpy() if fault else 0.0), X, random_state=seed)
    return min(min(p.bias_p, p.spread_p) for p in told.by), bool(residuals_findings(told, about="m"))


def residual_spread(rng: np.random.Generator, seed: int, fault: bool) -> Told:
    """Errors twice as large where a truth value holds."""
    X = table(rng)
    told = residuals(number(rng, np.where(X["yes"], 2.0, 1.0) if fault else 1.0), X, random_state=seed)
    return min(min(p.bias_p, p.spread_p) for p in told.by), bool(residuals_findings(told, about="m"))


def coverage(rng: np.random.Generator, seed: int, fault: bool) -> Told:
    """Errors three times as large where a truth value holds."""
    X = table(rng)
    every = number(rng, np.where(X["yes"], 3.0, 1.0) if fault else 1.0)
    first, second = np.arange(N // 2), np.arange(N // 2, N)
    told = conformal(every.take(first), every.take(second), X.iloc[second])
    p = min([told.p_value, *(s.p_value for s in told.slices if s.column)])
    return p, conformal_finding(told, about="m") is not None


def shifted(rng: np.random.Generator, seed: int, fault: bool) -> Told:
    """One column half a standard deviation higher in the later rows."""
    before, after = table(rng, 3 * N // 4), table(rng, N // 4)
    if fault:
        after["number"] += 0.7
    told = drift(before, after, random_state=seed)
    return min(1.0, 2 * min(told.auc_p_value, *(c.p_value for c in told.columns))), drift_finding(told) is not None


def shifted_blocks(rng: np.random.Generator, seed: int, fault: bool) -> Told:
    """Half of the rows come three times, on one side of the holdout; one column half a standard deviation higher."""
    X = table(rng)
    later = rng.random(len(X)) < 0.25
    if fault:
        X.loc[later, "number"] += 0.7
    at = np.repeat(np.arange(len(X)), np.where(rng.random(len(X)) < 0.5, 3, 1))
    parts = at[~later[at]], at[later[at]]
    told = drift(*(X.iloc[part] for part in parts), groups=parts, random_state=seed)
    return min(1.0, 2 * min(told.auc_p_value, *(c.p_value for c in told.columns))), drift_finding(told) is not None


def unfair(rng: np.random.Generator, seed: int, fault: bool) -> Told:
    """Log odds higher by 1.2 for one group, without a reason in the outcome."""
    X = table(rng)
    odds = rng.normal(-0.5, 1.5, N)
    came = rng.random(N) < 1 / (1 + np.exp(-odds))
    p = 1 / (1 + np.exp(-odds - (1.2 * X["yes"].to_numpy() if fault else 0.0)))
    told = fairness(
        Predictions.of(came, np.column_stack([1 - p, p]), classes=(False, True)),
        X[["yes", "level"]],
        random_state=seed,
    )
    return min(r.p_value for r in told.rates if not np.isnan(r.p_value)), fairness_finding(told, about="m") is not None


def careless(rng: np.random.Generator, seed: int, fault: bool) -> Told:
    """Five models; of the leaking one random folds add 0.1."""
    sizes = {"n_train": 80, "n_test": 20, "n_train_careless": 80, "n_test_careless": 20}
    honest, rash = ({f"m{i}": rng.normal(0.4, 0.04, 10) for i in range(5)} for _ in range(2))
    if fault:
        rash["m0"] = rash["m0"] + 0.1
    told = leakage(honest, rash, by="group", metric=R2, region=0.0, **sizes)
    return min(s.p_value for s in told.scores), leakage_finding(told, titles={}, metric=R2) is not None


CASES: dict[str, Callable[[np.random.Generator, int, bool], Told]] = {
    "calibration, two classes": calibration_two,
    "calibration, three classes": calibration_three,
    "calibration, a number": calibration_number,
    "weak regions": regions,
    "residuals, bias": residual_bias,
    "residuals, spread": residual_spread,
    "conformal coverage": coverage,
    "drift": shifted,
    "drift, repeated rows": shifted_blocks,
    "fairness": unfair,
    "careless split": careless,
}


def main(repetitions: int, words: list[str]) -> None:
    """Print a line per diagnostic."""
    print("| diagnostic | findings on clean data | p <= 0.05 on clean data | planted fault found | ms |")
    print("|---|---|---|---|---|")
    for name, case in CASES.items():
        if words and not any(word in name for word in words):
            continue
        started = time.perf_counter()
        clean = [case(np.random.default_rng([seed, 0]), seed, False) for seed in range(repetitions)]
        seconds = (time.perf_counter() - started) / repetitions
        planted = [case(np.random.default_rng([seed, 0]), seed, True) for seed in range(max(20, repetitions // 10))]
        alarms, low = np.mean([f for _, f in clean]), np.mean([p <= 0.05 for p, _ in clean])
        found = np.mean([f for _, f in planted])
        print(f"| {name} | {alarms:.1%} | {low:.1%} | {found:.0%} | {1000 * seconds:.0f} |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500, sys.argv[2:])
