"""Shapley values of a sum whose parts read few columns each, in closed form."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from workbench.explainers.score import Component, Score
from workbench.explainers.shapley.games import BackgroundMean, coalitions, shares
from workbench.explainers.shapley.result import Shapley
from workbench.forms import Frame, Picked

_BLOCK = 2**22  # numbers held at once: for pairs of rows, the shares of columns and what coalitions are worth


def additive_shapley(
    score: Score,
    components: Sequence[Component],
    rows: Frame,
    background: Frame,
    share: np.ndarray,
    columns: tuple[str, ...],
) -> Shapley:
    r"""Give Shapley values of a sum of parts, each a small game of its own.

    The Shapley value of a sum is the sum of its parts' Shapley values, and in a part only the columns that it reads
    take part. For a part of one column it is :math:`f_j(x_j) - \sum_b w_b f_j(b_j)`; for one of two columns

    .. math:: \phi_1 = \tfrac12 \sum_b w_b (f(x_1, x_2) - f(b_1, x_2) + f(x_1, b_2) - f(b_1, b_2))

    and in general the 2^k coalitions of its k columns are all taken, for every row and background row: the cost is that
    of evaluating the part on rows x background rows x (2^k - 2) rows.

    Parameters
    ----------
    score : Score
        Its prediction for the background is the baseline.
    components : sequence of Component
        The parts to share out: of a score that is a sum, `Score.components`, or some of them.
    rows, background : Frame
        What is explained, and what is averaged over.
    share : ndarray of shape (n_background,)
        Weights of the background rows, adding up to 1.
    columns : tuple of str
        The columns of the answer; those that no part reads get exactly 0.
    """
    shape = (rows.n_rows, len(columns), len(score.outputs))
    values, error = np.zeros(shape), np.zeros(shape)
    shared = {name for part in components if len(part.columns) > 1 for name in part.columns}
    games = []
    for part in components:
        if set(part.columns) & shared:
            games.append(part)
            continue
        place = columns.index(part.columns[0])
        kept = BackgroundMean()
        kept.add(-part.values(background), share)
        values[:, place] = part.values(rows) + kept.mean
        error[:, place] = kept.error
    if games:
        places = np.array([j for j, name in enumerate(columns) if name in shared])
        cell = (len(places) + 2 ** max(len(part.columns) for part in games)) * shape[2] + 8
        tall = max(1, min(background.n_rows, _BLOCK // cell))
        per_row = max(1, _BLOCK // (cell * tall))
        for start in range(0, rows.n_rows, per_row):
            own = np.arange(start, min(start + per_row, rows.n_rows))
            kept = BackgroundMean()
            for begin in range(0, background.n_rows, tall):
                others = np.arange(begin, min(begin + tall, background.n_rows))
                order = [columns[j] for j in places]
                kept.add(_contributions(games, rows, own, background, others, order), share[others])
            values[np.ix_(own, places)], error[np.ix_(own, places)] = kept.mean, kept.error
    return Shapley(values, share @ score.values(background), background_error=error)


def _contributions(
    games: Sequence[Component],
    rows: Frame,
    own: np.ndarray,
    background: Frame,
    others: np.ndarray,
    order: list[str],
) -> np.ndarray:
    """Share out all games for every pair of a row and a background row, (n_others, n_own, n_columns, n_outputs)."""
    n_outputs = games[0].select.shape[1]
    out = np.zeros((len(others), len(own), len(order), n_outputs))
    ours, theirs = np.tile(own, len(others)), np.repeat(others, len(own))
    for part in games:
        worth = np.empty((2 ** len(part.columns), len(others), len(own), n_outputs))
        masks = coalitions(len(part.columns))
        # as they are, few rows make up all pairs
        worth[0] = part.values(Picked(dict.fromkeys(part.columns, (background, others))))[:, None]
        worth[-1] = part.values(Picked(dict.fromkeys(part.columns, (rows, own))))
        for c in range(1, len(masks) - 1):
            sources = zip(part.columns, masks[c], strict=True)
            mixed = Picked({name: (rows, ours) if inside else (background, theirs) for name, inside in sources})
            worth[c] = part.values(mixed).reshape(worth.shape[1:])
        for name, gained in zip(part.columns, shares(worth), strict=True):
            out[:, :, order.index(name)] += gained
    return out
