"""How often the corrected test (Nadeau and Bengio 2003) and the naive one reject where two learners are equal.

    python tests/benchmarks/equal_learners.py [--repetitions N] [--folds K] [--repeats R] [--case NAME]

The target is a sum over two blocks of columns, drawn alike, and noise. One learner sees the first block alone, the
other the second: by symmetry they have the same expected score on any number of rows, while on any one data set either
may be ahead. A test at 5% should reject in 5% of the repetitions.

How well the correction fits depends on the learner: the scores of folds depend on one another by as much as the
models' training rows decide what they are. Learners that hardly change with their training rows are the easy case, in
which the corrected test rejects too seldom; those that choose by few rows are the hard one. So there are several cases.
The interval behind each rate is Wilson's: how far it may be off by the number of repetitions.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from workbench.evaluation.comparison import compare
from workbench.metrics import metric

Learner = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
RATES = (0.02, 0.08)  # between which the corrected test's rate should lie


def linear(train: np.ndarray, y: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Least squares with an intercept."""
    design, asked = (np.column_stack([np.ones(len(X)), X]) for X in (train, test))
    return asked @ np.linalg.lstsq(design, y, rcond=None)[0]


def choosy(train: np.ndarray, y: np.ndarray, test: np.ndarray) -> np.ndarray:
    """A line over the one column that goes best with the target, of columns that are all equally good."""
    away = train - train.mean(axis=0)
    strength = np.abs(away.T @ (y - y.mean())) / np.sqrt((away**2).sum(axis=0))
    best = [int(np.argmax(strength))]
    return linear(train[:, best], y, test[:, best])


def neighbours(train: np.ndarray, y: np.ndarray, test: np.ndarray) -> np.ndarray:
    """The mean of the five nearest training rows."""
    distance = (test**2).sum(axis=1)[:, None] + (train**2).sum(axis=1) - 2 * test @ train.T
    return y[np.argpartition(distance, 5, axis=1)[:, :5]].mean(axis=1)


def tree(train: np.ndarray, y: np.ndarray, test: np.ndarray) -> np.ndarray:
    """A tree of at most 8 leaves of 10 rows or more."""
    from sklearn.tree import DecisionTreeRegressor

    made = DecisionTreeRegressor(max_leaf_nodes=8, min_samples_leaf=10, random_state=0)
    return made.fit(train, y).predict(test)


@dataclass(frozen=True)
class Case:
    """A learner, the rows of a data set, and the columns that each of the two sees."""

    learner: Learner
    rows: int
    columns: int


CASES = {
    "settled": Case(linear, 200, 4),
    "tree": Case(tree, 200, 4),
    "wide": Case(linear, 60, 20),
    "neighbours": Case(neighbours, 100, 4),
    "choosy": Case(choosy, 200, 4),
}


def r2(y: np.ndarray, predicted: np.ndarray) -> float:
    return 1 - float(((y - predicted) ** 2).sum() / ((y - y.mean()) ** 2).sum())


def scores(case: Case, folds: int, repeats: int, rng: np.random.Generator) -> np.ndarray:
    """R² of both learners on repeated folds of one new data set, shape (2, n_folds * n_repeats)."""
    X = rng.normal(size=(case.rows, 2 * case.columns))
    y = X.sum(axis=1) + rng.normal(size=case.rows)
    found = []
    for _ in range(repeats):
        fold = rng.permutation(case.rows) % folds
        for number in range(folds):
            test = fold == number
            halves = (X[:, : case.columns], X[:, case.columns :])
            found.append([r2(y[test], case.learner(half[~test], y[~test], half[test])) for half in halves])
    return np.array(found).T


def simulate(case: Case, *, repetitions: int, folds: int, repeats: int, seed: int) -> dict[str, float]:
    """The share of repetitions in which each test rejects at 5%."""
    rng, rejected = np.random.default_rng(seed), {"corrected": 0, "naive": 0}
    names = {"model": "first", "reference": "second", "metric": metric("r2")}
    for _ in range(repetitions):
        both = scores(case, folds, repeats, rng)
        for name, n_test in (("corrected", 1), ("naive", 0)):  # without rows to test nothing is corrected
            rejected[name] += compare(*both, **names, n_train=folds - 1, n_test=n_test).p_value < 0.05
    return {name: count / repetitions for name, count in rejected.items()}


def wilson(share: float, n: int, z: float = 1.96) -> tuple[float, float]:
    """The interval of a share of n (Wilson 1927)."""
    middle, half = share + z * z / (2 * n), z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)


def verdict(rate: float) -> str:
    """Say how the rate of the corrected test stands to what it promises."""
    if rate < RATES[0]:
        return "too seldom: its intervals are too wide here"
    return "as it should" if rate <= RATES[1] else "TOO OFTEN"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=1_000)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--case", choices=CASES, action="append")
    asked = parser.parse_args()
    print(f"{asked.folds} folds, {asked.repeats} repeats, {asked.repetitions} repetitions", flush=True)
    for name in asked.case or CASES:
        case = CASES[name]
        rates = simulate(case, repetitions=asked.repetitions, folds=asked.folds, repeats=asked.repeats, seed=asked.seed)
        told = {test: (rate, *wilson(rate, asked.repetitions)) for test, rate in rates.items()}
        shown = "  ".join(f"{test} {rate:6.1%} [{low:.1%}, {high:.1%}]" for test, (rate, low, high) in told.items())
        print(f"{name:11} {case.rows:4} rows  {shown}  {verdict(rates['corrected'])}", flush=True)


if __name__ == "__main__":
    main()
