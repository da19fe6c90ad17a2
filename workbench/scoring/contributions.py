"""Exact Shapley values by a form, prepared once for a background, so that many rows cost little."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import numpy as np

from workbench.explainers.score import Component, Score
from workbench.explainers.shapley.box_planes import Background
from workbench.explainers.shapley.trees import Trees
from workbench.forms import Additive, Form, Frame, Rule, Surface, Term, Tree
from workbench.forms.frame import Floats


class ScoringError(ValueError):
    """Rows can't be explained as asked: says why, and what to do."""


@dataclass(frozen=True, eq=False)
class Contributions:
    r"""What each column adds to the score of rows: Shapley values against a background, exact.

    .. math:: \phi_j = \sum_{S \not\ni j} \frac{|S|! (p - |S| - 1)!}{p!} (v(S \cup j) - v(S)), \quad
        v(S) = \tfrac1m \sum_b f(x_S, b_{-S})

    as in `workbench.explainers.shap`. The background is used up beforehand: a term of one column is shifted by its mean
    over the background; a surface V over two columns becomes one surface for each of them, for the first

    .. math:: \tfrac12 (V(x_1, x_2) - \overline{V(b_1, x_2)} + \overline{V(x_1, b_2)} - \overline{V(b_1, b_2)})

    and of trees and rules the background rows are counted by their pattern of conditions. A row then costs what its
    prediction costs, twice for surfaces, whatever the number of background rows; but for trees and rules.

    Attributes
    ----------
    columns : tuple of str
        Those that the form reads; any other column contributes exactly 0.
    outputs : tuple of str
    scale : str
        "response" where the score is the prediction, else "link".
    baseline : ndarray of shape (n_outputs,)
        The mean score of the background: with a row's contributions it adds up to the row's score.
    n_background : int
    """

    score: Score
    columns: tuple[str, ...]
    terms: dict[str, tuple[Component, ...]]  # what each column adds, as parts of a sum
    trees: Trees | None
    game: Background | None
    baseline: Floats
    n_background: int

    @classmethod
    def of(cls, form: Form, background: Any) -> Contributions:
        """Prepare the Shapley values of a form.

        Parameters
        ----------
        form : Form
        background : DataFrame of shape (n_background, n_columns)

        Raises
        ------
        ScoringError
            If the form is no sum of terms of one column, surfaces, trees and rules; or the background has no row.

        Examples
        --------
        >>> import pandas as pd
        >>> from workbench.forms import Identity, Linear
        >>> line = Linear("x", coef=np.array([2.0]), center=0.0, missing=np.array([0.0]))
        >>> form = Form(Additive(np.array([1.0]), (line,)), Identity(), {"x": "number"})
        >>> found = Contributions.of(form, pd.DataFrame({"x": [0.0, 1.0]}))
        >>> found.baseline.tolist(), found.values(pd.DataFrame({"x": [3.0]})).tolist()
        ([2.0], [[[5.0]]])
        """
        score = Score.of(SimpleNamespace(form_=form), background)
        body = form.body
        if score is None or not isinstance(body, Additive):
            raise ScoringError(_refusal(form.body.kind))
        frame = score.frame(background)
        if frame.n_rows == 0:
            raise ScoringError("explain: the background must have at least one row; name a file with some")
        terms: defaultdict[str, list[Component]] = defaultdict(list)
        boxes: list[Term] = []
        for part in score.components or ():
            if len(part.columns) == 1:
                terms[part.columns[0]].append(part)
                continue
            for term in part.terms:
                if isinstance(term, Tree | Rule):
                    boxes.append(term)
                elif isinstance(term, Surface):
                    for column, shared in _shared(term, frame):
                        terms[column].append(replace(part, terms=(shared,)))
                else:
                    raise ScoringError(_refusal(term.kind))
        trees, game = _prepared(score, body, tuple(boxes), frame)
        baseline = score.values(frame).mean(axis=0)
        shifted = {column: tuple(_centred(parts, frame)) for column, parts in terms.items()}
        return cls(score, body.columns, shifted, trees, game, baseline, frame.n_rows)

    @property
    def outputs(self) -> tuple[str, ...]:
        """What each entry of the last axis speaks of."""
        return self.score.outputs

    @property
    def scale(self) -> str:
        """The scale of the contributions."""
        return self.score.scale

    def values(self, rows: Any) -> Floats:
        """Give the contributions of rows, shape (n_samples, n_columns, n_outputs)."""
        frame = self.score.frame(rows)
        if self.trees is not None and self.game is not None:
            found = self.trees.shapley(frame, [self.game]).values
        else:
            found = np.zeros((frame.n_rows, len(self.columns), len(self.outputs)))
        for column, parts in self.terms.items():
            place = self.columns.index(column)
            for part in parts:
                found[:, place] += part.values(frame)
        return found


@dataclass(frozen=True, eq=False)
class _Shifted(Component):
    """A part of a sum less a constant."""

    less: Floats

    def values(self, frame: Frame) -> Floats:
        """Give the part's values less the constant, shape (n_samples, n_outputs)."""
        found: Floats = super().values(frame) - self.less
        return found


def _centred(parts: list[Component], frame: Frame) -> list[Component]:
    """Shift parts of one column by their means; shares of surfaces, which read two, have the mean 0 already."""
    return [
        part
        if len(part.columns) > 1
        else _Shifted(part.columns, part.terms, part.select, part.values(frame).mean(axis=0))
        for part in parts
    ]


def _shared(surface: Surface, background: Frame) -> list[tuple[str, Surface]]:
    """Give what each of its two columns has of a surface, again as surfaces."""
    grid = surface.grid
    n = background.n_rows
    first = np.bincount(surface.first.cells(background), minlength=grid.shape[0]) / n
    second = np.bincount(surface.second.cells(background), minlength=grid.shape[1]) / n
    pairs = surface.score(background).mean(axis=0)
    by_first = np.tensordot(grid, second, axes=(1, 0))[:, None]  # over b2, at each x1
    by_second = np.tensordot(first, grid, axes=(0, 0))[None]  # over b1, at each x2
    rest = grid - pairs
    shares = (0.5 * (rest + by_first - by_second), 0.5 * (rest - by_first + by_second))
    return [
        (axis.column, replace(surface, values=share.reshape(surface.values.shape)))
        for axis, share in zip((surface.first, surface.second), shares, strict=True)
    ]


def _prepared(
    score: Score, body: Additive, boxes: tuple[Term, ...], frame: Frame
) -> tuple[Trees | None, Background | None]:
    """Count the background by the patterns of trees and rules over several columns."""
    if not boxes:
        return None, None
    own = replace(body, intercept=np.zeros(body.k), terms=boxes)
    trees = Trees.of(replace(score, body=own, shift=np.zeros_like(score.shift)), body.columns)
    share = np.full(frame.n_rows, 1.0 / frame.n_rows)
    return trees, Background(trees.catalogue, trees.catalogue.cells(frame), share)


def _refusal(kind: str) -> str:
    return (
        f"explain: contributions of many rows are for sums of terms, trees and rules; this model holds a {kind!r}: "
        "explain some of its rows in Python, by workbench.explain(model, 'shap', X)"
    )
