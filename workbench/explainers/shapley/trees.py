"""Exact Shapley values of a sum of trees and rules: over background rows, or along the trees' paths."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from workbench.explainers.score import Score, used_columns
from workbench.explainers.shapley.box_planes import Background, Paths
from workbench.explainers.shapley.boxes import Catalogue
from workbench.explainers.shapley.result import Shapley
from workbench.forms import Additive, Frame, Rule, Tree
from workbench.forms.frame import Floats, Ints

_CHUNK = 2**24  # bytes of sums, and of cells, for rows taken at once


def tree_shapley(
    score: Score,
    rows: Frame,
    background: Frame,
    weight: np.ndarray | None = None,
    *,
    columns: Sequence[str],
    n_batches: int = 0,
    random_state: int = 0,
) -> Shapley:
    r"""Give interventional Shapley values of the score, exact for this background.

    .. math:: v_x(S) = \sum_z w_z f(x_S, z_{-S}) / \sum_z w_z

    Every leaf and every rule is a box: a value where one condition per column holds. Of a pair of rows only matters
    which conditions each meets (`box_games`), so background rows are counted by their pattern, and rows look theirs up.

    Parameters
    ----------
    score : Score
        Its body is a sum of trees and rules.
    rows, background : Frame
        ``score.frame(X)``.
    weight : ndarray of shape (n_background,), optional
    columns : sequence of str
        The players, in the order of the values' second axis; those that the score does not use get exactly 0.
    n_batches : int
        From 2 on the background is dealt into so many batches, and what their means differ by gives
        `Shapley.background_error`; takes up to as many times as long.
    random_state : int
        Seed of the deal.

    Returns
    -------
    Shapley

    Raises
    ------
    ValueError
        If the score is no sum of trees and rules, or reads a column that is not among `columns`.

    References
    ----------
    S. M. Lundberg et al., 2020, "From local explanations to global understanding with explainable AI for trees", doi
    10.1038/s42256-019-0138-9; A. Nadel and R. Wettenstein, 2026, "From Decision Trees to Boolean Logic: A Fast and
    Unified SHAP Algorithm", doi 10.1609/aaai.v40i29.39630 (patterns of decisions).

    Examples
    --------
    Of the 3 that a rule adds where a > 0 and b > 0, half is due to each column, against a row that meets neither.

    >>> from workbench.forms.rules import Condition
    >>> rule = Rule((Condition("a", lower=0.0), Condition("b", lower=0.0)), np.array([3.0]))
    >>> score = Score(Additive(np.zeros(1), (rule,)), {}, np.eye(1), np.zeros(1), ("y",), "response")
    >>> row, other = Frame({"a": [1.0], "b": [1.0]}), Frame({"a": [-1.0], "b": [-1.0]})
    >>> found = tree_shapley(score, row, other, columns=["a", "b", "c"])
    >>> found.values[0, :, 0].tolist()
    [1.5, 1.5, 0.0]
    """
    trees = Trees.of(score, columns)
    given = np.ones(background.n_rows) if weight is None else np.asarray(weight, dtype=np.float64)
    counted = np.flatnonzero(given > 0)
    share = given[counted] / given[counted].sum()
    cells = trees.catalogue.cells(background)[:, counted]
    dealt = np.arange(len(counted))
    if min(n_batches, len(counted)) < 2:
        n_batches = 1
    else:
        dealt = np.random.default_rng(random_state).permutation(dealt)
    batches = [dealt[i::n_batches] for i in range(min(n_batches, len(counted)))]
    games = [Background(trees.catalogue, cells[:, batch], share[batch]) for batch in batches]
    return trees.shapley(rows, games)


def path_shapley(
    score: Score, rows: Frame, background: Frame, weight: np.ndarray | None = None, *, columns: Sequence[str]
) -> Shapley:
    r"""Give path-dependent Shapley values: no background row is mixed in, nodes count rows instead.

    .. math:: v_x(S) = \sum_{leaves} value \prod_{nodes on the way} (1[x goes on] or n_{child} / n_{node})

    the first for nodes that ask a column of S. n are the trees' own counts of training rows; a tree that does not hold
    them (of forests and boosted trees, whose forms are large as they are) gets those of the background rows that come
    to each node. From a node that no row comes to, half goes each way. It follows the columns' dependence as far as
    the tree's order of questions shows it; the same function written as another tree may get other values.

    Parameters
    ----------
    score, rows, background, weight, columns
        As in `tree_shapley`; the background counts, with its weights, where a tree holds no counts.

    Raises
    ------
    ValueError
        Also if a term is a rule, which has no nodes.

    References
    ----------
    S. M. Lundberg et al., 2020, doi 10.1038/s42256-019-0138-9.
    """
    body = score.body
    terms = body.terms if isinstance(body, Additive) else ()
    if any(isinstance(term, Rule) for term in terms):
        raise ValueError(
            "tree_shap: path-dependent values need trees: a rule has no nodes; use perturbation='interventional'"
        )
    if isinstance(body, Additive):
        counted = tuple(_counted(term, background, weight) if isinstance(term, Tree) else term for term in terms)
        score = replace(score, body=replace(body, terms=counted))
    trees = Trees.of(score, columns)
    return trees.shapley(rows, [Paths(trees.catalogue)])


def _counted(tree: Tree, background: Frame, weight: np.ndarray | None) -> Tree:
    """Give a tree the numbers, or weights, of background rows in its nodes, where it holds no counts."""
    if tree.support is not None:
        return tree
    counts: Any = np.bincount(tree.leaves(background), weight, minlength=tree.feature.size)
    for node in np.flatnonzero(~tree.is_leaf)[::-1].tolist():  # children follow their parent
        counts[node] = counts[tree.left[node]] + counts[tree.right[node]]
    return replace(tree, support=counts)


@dataclass(frozen=True, eq=False)
class Trees:
    """A sum of trees and rules as boxes, and where its values go."""

    body: Additive
    catalogue: Catalogue
    select: Floats
    constant: Floats
    column: Ints  # of each reading
    n_columns: int

    @classmethod
    def of(cls, score: Score, columns: Sequence[str]) -> Trees:
        """Take a score apart.

        Raises
        ------
        ValueError
            If it is no sum of trees and rules, or reads another column.
        """
        if (why := no_trees(score)) is not None:
            raise ValueError(f"tree_shapley: the score must be a sum of trees and rules; {why}")
        body = score.body
        assert isinstance(body, Additive)  # noqa: S101, known from the line above
        catalogue = Catalogue.of([term for term in body.terms if used_columns(term)], body.k)
        position = {name: j for j, name in enumerate(columns)}
        for reading in catalogue.readings:
            if reading.column not in position:
                raise ValueError(f"tree_shapley: columns must hold {reading.column!r}, which the score reads")
        column = np.array([position[r.column] for r in catalogue.readings], dtype=np.intp)
        return cls(body, catalogue, score.select / body.divisor, score.constant, column, len(columns))

    def shapley(self, rows: Frame, games: Sequence[Background | Paths]) -> Shapley:
        """Give the Shapley values in a sum of games, some rows at a time.

        Of several games, batches of a background, also the standard error. With s_b the batch's share of the weight,
        phi_b the values against it and phi = sum of s_b phi_b, the variance is ``B / (B - 1) * sum of s_b**2 (phi_b -
        phi)**2``, of B batches.
        """
        n_outputs = self.select.shape[1]
        baseline = self.constant + sum(game.baseline() for game in games) @ self.select
        values = np.zeros((rows.n_rows, self.n_columns, n_outputs))
        error = np.zeros_like(values) if len(games) > 1 else None
        used = np.unique(self.column)
        step = max(1, _CHUNK // (8 * max(1, len(used)) * n_outputs))
        for start in range(0, rows.n_rows, step):
            cells = self.catalogue.cells(rows, start, start + step)
            parts = (self._values(game, cells) for game in games)
            if error is None:
                values[start : start + step, used] = next(parts)
                continue
            total, variance = _with_variance(
                parts, np.array([g.weight.sum() for g in games if isinstance(g, Background)])
            )
            values[start : start + step, used] = total
            error[start : start + step, used] = np.sqrt(variance)
        return Shapley(values, baseline, background_error=error)

    def _values(self, game: Background | Paths, cells: np.ndarray) -> Floats:
        """Give the values of the columns that the score uses, shape (n_samples, n_used, n_outputs)."""
        used, slot = np.unique(self.column, return_inverse=True)
        total = np.zeros((len(used), self.select.shape[1], cells.shape[1]))
        for group in self.catalogue.groups:
            for boxes in game.blocks(group, cells.shape[1]):
                value = np.ascontiguousarray((boxes.value @ self.select).T)
                player = slot[boxes.reading]
                # boxes over the same columns stand side by side: one product for each run of them
                runs = [[0, *(np.flatnonzero(np.diff(p)) + 1), len(p)] for p in player.T]
                for d, at, plane in game.planes(boxes, cells):
                    for first, last in pairwise(runs[d]):
                        total[player[first, d], :, at] += value[:, first:last] @ plane[first:last]
        return total.transpose(2, 0, 1)


def _with_variance(parts: Iterable[Floats], shares: Floats) -> tuple[Floats, Floats]:
    """Add up values of batches, each already times its share, and give the variance of the sum."""
    total = cross = square = np.zeros(())
    for part, share in zip(parts, shares, strict=True):
        total, cross, square = total + part, cross + share * part, square + part**2
    spread = square - 2 * total * cross + total**2 * (shares**2).sum()
    return total, np.maximum(spread, 0.0) * (len(shares) / (len(shares) - 1))


def no_trees(score: Score) -> str | None:
    """Say why a score is no sum of trees and rules; None where it is one."""
    if not isinstance(score.body, Additive):
        return f"got a body of kind {score.body.kind!r}"
    for term in score.body.terms:
        if used_columns(term) and not isinstance(term, Tree | Rule):
            return f"got a term of kind {term.kind!r}"
    return None
