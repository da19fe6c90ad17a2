"""How often bands of refits cover what they are about: the learner's expected effect, and its expected importance.

A draw is a training set of `--rows` rows. As in a study, 5 folds x 2 repeats give 10 refits, each is explained on one
background and grid (partial dependence) and on one holdout (permutation importance), and `refit_band` makes a band of
them. What is covered, or not: the mean explanation of models that were trained on as many independent training sets of
the folds' size, explained on the same rows; and, as another question, the true function's partial dependence. Told
beside it is the same for the variance of Nadeau and Bengio (`own_rows`), which is made for test scores.

    python tests/benchmarks/refit_coverage.py --draws 1000 linear tree
    python tests/benchmarks/refit_coverage.py --draws 200 ebm
"""

from __future__ import annotations

import argparse
import functools
import multiprocessing
import os

import numpy as np
import pandas as pd
from sklearn.model_selection import KFold

import workbench as wb
from workbench.evaluation.refits import refit_band

PARAMS = {"ebm": {"preset": "fast"}}
FOLDS, REPEATS = 5, 2
COLUMNS = ["a", "b", "c"]
GRID, BACKGROUND, HOLDOUT = 10, 100, 200


def truth(X: pd.DataFrame) -> np.ndarray:
    """Give the true function: a line, a wave, and what two columns do together."""
    return (2 * X["a"] + np.sin(3 * X["b"]) + X["a"] * X["c"]).to_numpy()


def drawn(n: int, *seed: int) -> tuple[pd.DataFrame, pd.Series]:
    """Draw rows: three columns, of which two are correlated by 0.5, and a target with noise of variance 1."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n, 3))
    values[:, 1] = 0.5 * values[:, 0] + np.sqrt(0.75) * values[:, 1]
    X = pd.DataFrame(values, columns=COLUMNS)
    return X, pd.Series(truth(X) + rng.normal(size=n))


@functools.cache
def rows(seed: int) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.Series]:
    """Draw what all models are explained on: rows that decide the grid, background, holdout with its target."""
    about, _ = drawn(1_000, seed, 0)
    held, y = drawn(HOLDOUT, seed, 1)
    return about, about.iloc[:BACKGROUND], held, y


def explained(model: object, seed: int) -> np.ndarray:
    """Explain a model: effects at all points of the grids, then the importance of each column."""
    about, background, held, y = rows(seed)
    effects = wb.explain(
        model, "partial_dependence", about, background=background, grid_resolution=GRID, features=tuple(COLUMNS)
    )
    importance = wb.explain(model, "permutation_importance", held, y=y, metric="r2", n_repeats=3)
    return np.concatenate([*(effect.average[0] for effect in effects.effects), importance.importances_mean])


def true_effects(seed: int) -> np.ndarray:
    """Give the true function's partial dependence at the same points."""
    about, background, _, _ = rows(seed)
    model = wb.Regressor("dummy").fit(about, pd.Series(truth(about)))
    grids = wb.explain(model, "partial_dependence", about, background=background, grid_resolution=GRID).effects
    return np.array([truth(background.assign(**{g.feature: v})).mean() for g in grids for v in g.grid_values])


def one_draw(family: str, n: int, seed: int, draw: int) -> tuple[np.ndarray, np.ndarray]:
    """Give the explanations of all refits of a training set, and that of a model of another one of the folds' size."""

    def fitted(X: pd.DataFrame, y: pd.Series) -> np.ndarray:
        return explained(wb.Regressor(family, **PARAMS.get(family, {})).fit(X, y), seed)

    X, y = drawn(n, seed, 2, draw)
    refits = [
        fitted(X.iloc[train], y.iloc[train])
        for repeat in range(REPEATS)
        for train, _ in KFold(FOLDS, shuffle=True, random_state=REPEATS * draw + repeat).split(X)
    ]
    return np.array(refits), fitted(*drawn(n * (FOLDS - 1) // FOLDS, seed, 3, draw))


def covered(refits: np.ndarray, about: np.ndarray, n: int, *, own_rows: bool) -> tuple[np.ndarray, float]:
    """Give the share of draws whose band covers each element, and the mean width of half a band."""
    n_test = n // FOLDS
    bands = [
        refit_band(r, n_train=n - n_test, n_test=n_test, repeat=np.repeat(range(REPEATS), FOLDS), own_rows=own_rows)
        for r in refits
    ]
    inside = [(band.lower <= about) & (about <= band.upper) for band in bands]
    return np.mean(inside, axis=0), float(np.mean([band.upper - band.mean for band in bands]))


def report(family: str, n: int, seed: int, draws: list[tuple[np.ndarray, np.ndarray]]) -> None:
    """Print coverage of one family."""
    refits = np.array([refit for refit, _ in draws])
    expected = np.mean([single for _, single in draws], axis=0)
    true = true_effects(seed)
    parts = {"effects": slice(0, len(true)), "importances": slice(len(true), None)}
    for what, part in parts.items():
        some = refits[..., part]
        for name, own_rows in (("refit_band", False), ("Nadeau and Bengio", True)):
            shares, half = covered(some, expected[part], n, own_rows=own_rows)
            line = f"{family:8} {what:12} {name:18} {shares.mean():6.1%}  {shares.min():6.1%} to {shares.max():6.1%}"
            if what == "effects":
                line += f"  of the truth {covered(some, true, n, own_rows=own_rows)[0].mean():6.1%}"
            print(f"{line}  half width {half:.3f}")


def main() -> None:
    """Draw, fit, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("families", nargs="*", default=["linear", "tree"])
    parser.add_argument("--draws", type=int, default=100)
    parser.add_argument("--rows", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    asked = parser.parse_args()
    os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))  # of workers
    print(
        f"{asked.draws} draws of {asked.rows} rows, {FOLDS} folds x {REPEATS}; coverage: mean, lowest and highest point"
    )
    with multiprocessing.get_context("spawn").Pool(asked.jobs) as pool:
        for family in asked.families:
            work = functools.partial(one_draw, family, asked.rows, asked.seed)
            report(family, asked.rows, asked.seed, pool.map(work, range(asked.draws), chunksize=1))


if __name__ == "__main__":
    main()
