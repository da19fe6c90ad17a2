"""Shapley values of anything that can be asked about coalitions: all of them while affordable, a sample beyond."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workbench.explainers.shapley.games import BackgroundMean, coalitions, most_added, shares, signed_weights
from workbench.explainers.shapley.hybrids import Hybrids
from workbench.explainers.shapley.paired_sampling import Draws, Sampled, least_evaluations, sample
from workbench.explainers.shapley.result import Shapley

ROUNDING = 1e-12  # relative to the largest prediction: a matrix product rounds a row by its place in the matrix
_BLOCK = 2**21  # numbers that the contributions of single background rows may take


@dataclass(frozen=True, eq=False)
class Asked:
    """Shapley values, and how they were found.

    Attributes
    ----------
    shapley : Shapley
    way : str
        "enumeration", "sampling", or "enumeration and sampling" where rows differ in how many columns take part.
    evaluations : int
        The most rows that were put together for the values of one row.
    warnings : tuple of str
    """

    shapley: Shapley
    way: str
    evaluations: int
    warnings: tuple[str, ...]


def coalition_shapley(
    hybrids: Hybrids,
    taking_part: np.ndarray,
    share: np.ndarray,
    *,
    max_evaluations: int,
    precision: float,
    random_state: int,
    place: str = "shap",
) -> Asked:
    r"""Share out the difference between a row's prediction and the baseline among the row's columns.

    A coalition S of columns is worth :math:`v(S) = \sum_b w_b f(x_S, b_{-S})`. All 2^p are asked for, exactly, where
    that takes no more than `max_evaluations` evaluations per row: 2^p times the number of background rows, with p the
    columns in which the row differs from some background row. Beyond, `paired_sampling.sample` estimates.

    Parameters
    ----------
    hybrids : Hybrids
    taking_part : ndarray of bool, shape (n_samples, n_columns)
        The columns that can have a share in each row (`hybrids.players`); all others get exactly 0.
    share : ndarray of shape (n_background,)
        Weights of the background rows, adding up to 1.
    max_evaluations : int
        For each row.
    precision : float
        The largest standard error that sampling aims at, relative to the root mean square difference between the
        prediction for the row and those for background rows.
    random_state : int
    place : str
        Begins the message of an error.

    Raises
    ------
    ValueError
        If `max_evaluations` is too small even for sampling.
    """
    out = _Answer((*taking_part.shape, hybrids.row_values.shape[1]))
    draws = Draws(random_state)
    masks, group = np.unique(taking_part, axis=0, return_inverse=True)
    for g, mask in enumerate(masks):
        columns, rows = np.flatnonzero(mask), np.flatnonzero(group.ravel() == g)
        cost = 2 ** len(columns) * hybrids.n_background
        if not columns.size:
            continue
        if cost <= max_evaluations:
            out.put(rows, columns, *enumerate_coalitions(hybrids, rows, columns, share), evaluations=cost)
            continue
        _check_affordable(len(columns), hybrids.n_background, max_evaluations, place)
        for row in rows.tolist():
            one = sample(hybrids, row, columns, share, draws, max_evaluations=max_evaluations, precision=precision)
            if not one.columns.size:  # no change of a column changed a prediction
                out.put(np.array([row]), one.columns, *_none(hybrids), evaluations=one.evaluations)
            elif one.exact:
                found = enumerate_coalitions(hybrids, np.array([row]), one.columns, share)
                out.put(np.array([row]), one.columns, *found, evaluations=one.evaluations)
            else:
                out.put_sample(row, one)
    sampled = out.sampled
    return Asked(
        shapley=Shapley(
            values=out.values,
            baseline=share @ hybrids.background_values,
            approximation_error=out.error if sampled.any() else None,
            background_error=out.background_error,
        ),
        way="enumeration" if not sampled.any() else "sampling" if sampled.all() else "enumeration and sampling",
        evaluations=out.evaluations,
        warnings=_told(out.missed, precision, max_evaluations) + _undefined(out.values),
    )


class _Answer:
    """Collects what was found for rows and columns; all others are 0."""

    def __init__(self, shape: tuple[int, int, int]) -> None:
        self.values, self.error, self.background_error = (np.zeros(shape) for _ in range(3))
        self.sampled, self.missed = np.zeros(shape[0], dtype=bool), np.zeros(shape[0])
        self.evaluations = 1

    def put(
        self, rows: np.ndarray, columns: np.ndarray, values: np.ndarray, error: np.ndarray, *, evaluations: int
    ) -> None:
        at = np.ix_(rows, columns)
        self.values[at], self.background_error[at] = values, error
        self.evaluations = max(self.evaluations, evaluations)

    def put_sample(self, row: int, one: Sampled) -> None:
        self.values[row, one.columns], self.error[row, one.columns] = one.values, one.error
        self.background_error[row, one.columns] = np.nan
        self.sampled[row], self.missed[row] = True, one.missed
        self.evaluations = max(self.evaluations, one.evaluations)


def _check_affordable(n_columns: int, n_background: int, max_evaluations: int, place: str) -> None:
    least = least_evaluations(n_columns, n_background)
    if least > max_evaluations:
        least = min(least, 2**n_columns * n_background)  # all coalitions of few columns are the fewest
        raise ValueError(
            f"{place}: max_evaluations must be at least {least:,} for {n_columns} columns and {n_background:,} "
            f"background rows; got {max_evaluations:,}; raise it, or give fewer background rows"
        )


def _none(hybrids: Hybrids) -> tuple[np.ndarray, np.ndarray]:
    """Give the values and errors of no column, for one row."""
    nothing = np.empty((1, 0, hybrids.row_values.shape[1]))
    return nothing, nothing


def enumerate_coalitions(
    hybrids: Hybrids, rows: np.ndarray, columns: np.ndarray, share: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Ask for all coalitions of some columns, for rows in which these take part.

    Returns
    -------
    values, background_error : ndarray of shape (n_rows, n_chosen, n_outputs)
    """
    n_outputs = hybrids.row_values.shape[1]
    every = coalitions(len(columns))
    several = max(1, hybrids.copies(hybrids.parts[0]) // len(every))  # rows that are asked about together
    found = [np.empty((len(rows), len(columns), n_outputs)) for _ in range(2)]
    for start in range(0, len(rows), several):
        chosen = slice(start, start + several)
        worth, error = _worth(hybrids, rows[chosen], columns, every, share)
        values = shares(worth).swapaxes(0, 1)
        still = ROUNDING * np.abs(np.nan_to_num(worth)).max() >= most_added(worth).max(axis=2).T
        values[still], error[still] = 0.0, 0.0
        found[0][chosen], found[1][chosen] = values, error
    return found[0], found[1]


def _worth(
    hybrids: Hybrids, rows: np.ndarray, columns: np.ndarray, every: np.ndarray, share: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Give what each coalition is worth, (2**p, n_rows, n_outputs), and errors of shares, (n_rows, p, n_outputs)."""
    n_outputs, n_columns = hybrids.row_values.shape[1], hybrids.X.shape[1]
    worth = np.zeros((len(every), len(rows), n_outputs))
    worth[-1] = hybrids.row_values[rows]
    full = np.zeros((len(every), n_columns), dtype=bool)
    full[:, columns] = every
    weights = signed_weights(every)
    kept = BackgroundMean()
    step = max(1, min(hybrids.parts[0].stop, _BLOCK // (len(rows) * len(columns) * n_outputs)))
    for begin in range(0, hybrids.n_background, step):
        part = slice(begin, min(begin + step, hybrids.n_background))
        per_call = max(1, hybrids.copies(part) // len(rows))
        own = hybrids.background_values[part]
        worth[0] += share[part] @ own
        contributions = np.multiply.outer(own, weights[:, 0])[:, None] + np.multiply.outer(
            hybrids.row_values[rows], weights[:, -1]
        )
        for start in range(1, len(every) - 1, per_call):
            some = slice(start, min(start + per_call, len(every) - 1))
            n_some = some.stop - some.start
            said = hybrids.ask(np.repeat(rows, n_some), np.tile(full[some], (len(rows), 1)), part)
            said = said.reshape(len(rows), n_some, len(own), n_outputs)
            worth[some] += np.einsum("rcbk,b->crk", said, share[part])
            contributions += np.einsum("rcbk,jc->brkj", said, weights[:, some], optimize=True)
        kept.add(contributions, share[part])
    return worth, kept.error.swapaxes(1, 2)


def _told(missed: np.ndarray, precision: float, max_evaluations: int) -> tuple[str, ...]:
    rows = int(np.count_nonzero(missed))
    if not rows:
        return ()
    return (
        f"sampling stopped at {max_evaluations:,} evaluations a row before its precision of {precision:g} was reached "
        f"in {rows} of {len(missed)} rows: the largest standard error is {missed.max():.3g} of the spread of "
        "predictions; raise max_evaluations, or give fewer background rows",
    )


def _undefined(values: np.ndarray) -> tuple[str, ...]:
    rows = int(np.isnan(values).any(axis=(1, 2)).sum())
    if not rows:
        return ()
    return (f"in {rows} of {len(values)} rows values are missing: mixed with some background row they have no score",)
