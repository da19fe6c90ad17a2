"""Ways to Shapley values of a model: through its score, where that is known, or by asking the model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pydantic

from workbench.answers.attribution import Attribution
from workbench.explainers.attributions import attribution
from workbench.explainers.explainer import Explainer
from workbench.explainers.inputs import Inputs
from workbench.explainers.rows import take
from workbench.explainers.score import Component, Score
from workbench.explainers.shapley.additive import additive_shapley
from workbench.explainers.shapley.coalitions import Asked, coalition_shapley
from workbench.explainers.shapley.hybrids import Hybrids, ModelHybrids, ScoreHybrids, players
from workbench.explainers.shapley.kernel import kernel_shapley
from workbench.explainers.shapley.result import Shapley
from workbench.explainers.shapley.trees import tree_shapley
from workbench.forms import Additive, Kernel, Rule, Term, Tree

_CLOSED = 10_000_000  # evaluations of trees and rules up to which the closed form, which tells errors too, is quick
MAX_EVALUATIONS = 2**18
PRECISION = 0.01


class CoalitionOptions(pydantic.BaseModel, extra="forbid", frozen=True):
    """What asking about coalitions may cost, and how precise a sample of them must be."""

    max_evaluations: int = pydantic.Field(
        MAX_EVALUATIONS,
        ge=1,
        description="most model evaluations for one row: up to here all 2^p coalitions of columns are asked about, for "
        "every background row; beyond, a sample of coalitions",
    )
    precision: float = pydantic.Field(
        PRECISION,
        gt=0,
        lt=1,
        description="of a sample: the largest standard error, relative to the spread of predictions, to stop at",
    )


@dataclass(frozen=True, eq=False)
class Found:
    """Shapley values of the rows of an explainer's inputs, and how they were found.

    Attributes
    ----------
    shapley : Shapley
    way : str
        In words, for the provenance.
    predictions : ndarray of shape (n_samples, n_outputs)
    outputs : tuple of str
    scale : str
    warnings : tuple of str
    """

    shapley: Shapley
    way: str
    predictions: np.ndarray
    outputs: tuple[str, ...]
    scale: str
    warnings: tuple[str, ...] = ()

    @property
    def exact(self) -> bool:
        """Whether no value is estimated."""
        return self.shapley.approximation_error is None


@dataclass(frozen=True, eq=False)
class Rows:
    """The background rows that have a weight, and their shares, which add up to 1."""

    background: Any
    share: np.ndarray

    @classmethod
    def of(cls, inputs: Inputs) -> Rows:
        """Leave out the background rows of weight 0."""
        weight = inputs.sample_weight
        if weight is None:
            n = len(inputs.background)
            return cls(inputs.background, np.full(n, 1.0 / n))
        kept = weight > 0
        own = inputs.background if kept.all() else take(inputs.background, kept)
        return cls(own, weight[kept] / weight.sum())


def by_score(inputs: Inputs, score: Score, options: Any, place: str) -> Found:
    """Share out the score of a form, by the cheapest exact way that its body has.

    ================================  ============================================================
    body                              way
    ================================  ============================================================
    a sum of parts of few columns     "additive": each part is a small game, in closed form
    one of trees and rules, too       "trees", or "additive and trees": by the patterns of their
                                      conditions; where that is cheap in closed form as well
    a sum over radial kernels         "kernel": quadrature that is exact
    anything else                     "enumeration" or "sampling" of coalitions, of the columns
                                      that the body reads
    ================================  ============================================================
    """
    rows = Rows.of(inputs)
    names = inputs.feature_names
    frame = score.frame(inputs.X)
    predictions = score.values(frame)
    warnings: tuple[str, ...] = ()
    if isinstance(score.body, Additive):
        shapley, way = _of_sum(inputs, score, score.body, rows)
    elif isinstance(score.body, Kernel):
        way = "kernel"
        shapley = kernel_shapley(score, frame, score.frame(rows.background), rows.share, names)
    else:
        asked = _by_coalitions(inputs, score, rows, options, place)
        shapley, way, warnings = asked.shapley, asked.way, asked.warnings
    return Found(shapley, way, predictions, score.outputs, score.scale, warnings)


def by_model(inputs: Inputs, options: Any, place: str) -> Found:
    """Share out what the model itself says, by asking it about coalitions of all columns.

    Raises
    ------
    ValueError
        If a column of the background has a type that does not go together with that of X; `place` begins the message.
    """
    inputs.check_exchange(place)
    rows = Rows.of(inputs)
    hybrids = ModelHybrids(inputs.model, inputs.X, rows.background, inputs.positive)
    asked = _ask(inputs, hybrids, rows, np.ones(len(inputs.feature_names), dtype=bool), options, place)
    return Found(asked.shapley, asked.way, hybrids.row_values, hybrids.outputs, hybrids.scale, asked.warnings)


def _of_sum(inputs: Inputs, score: Score, body: Additive, rows: Rows) -> tuple[Shapley, str]:
    """Share out parts of few columns in closed form, and trees and rules over several columns by their boxes."""
    names = inputs.feature_names
    frame, background = score.frame(inputs.X), score.frame(rows.background)
    small: list[Component] = []
    trees: list[Component] = []
    for part in score.components or ():
        for found, kept in zip(_split(part), (small, trees), strict=True):
            if found is not None:
                kept.append(found)
    cost = sum(2 ** len(part.columns) * len(part.terms) for part in trees) * frame.n_rows * background.n_rows
    if cost <= _CLOSED:
        return additive_shapley(score, _merged(small + trees), frame, background, rows.share, names), "additive"
    terms = tuple(term for part in trees for term in part.terms)
    rest = replace(score, body=replace(body, intercept=np.zeros(body.k), terms=terms), shift=np.zeros_like(score.shift))
    of_trees = tree_shapley(rest, frame, background, rows.share, columns=names)
    closed = additive_shapley(score, small, frame, background, rows.share, names)
    return _sum(closed, of_trees), "additive and trees" if small else "trees"


def _split(part: Component) -> tuple[Component | None, Component | None]:
    """Part trees and rules over several columns from the other terms."""
    several = len(part.columns) > 1
    trees: tuple[Term, ...] = tuple(t for t in part.terms if several and isinstance(t, Tree | Rule))
    own = tuple(t for t in part.terms if not (several and isinstance(t, Tree | Rule)))
    return (
        replace(part, terms=own) if own else None,
        replace(part, terms=trees) if trees else None,
    )


def _merged(parts: list[Component]) -> list[Component]:
    """Put parts over the same columns together again."""
    found: dict[tuple[str, ...], Component] = {}
    for part in parts:
        known = found.get(part.columns)
        found[part.columns] = replace(part, terms=known.terms + part.terms) if known else part
    return list(found.values())


def _sum(first: Shapley, second: Shapley) -> Shapley:
    """Add the Shapley values of two parts of a score; the baseline is that of the first, which is of the whole.

    Standard errors of the background are not known for the second, nor how those of both go together.
    """
    return Shapley(values=first.values + second.values, baseline=first.baseline)


def _by_coalitions(inputs: Inputs, score: Score, rows: Rows, options: Any, place: str) -> Asked:
    hybrids = ScoreHybrids(score, inputs.X, rows.background, inputs.feature_names)
    used = np.isin(inputs.feature_names, score.body.columns)
    return _ask(inputs, hybrids, rows, used, options, place)


def _ask(inputs: Inputs, hybrids: Hybrids, rows: Rows, used: np.ndarray, options: Any, place: str) -> Asked:
    return coalition_shapley(
        hybrids,
        players(inputs.X, rows.background, used),
        rows.share,
        max_evaluations=options.max_evaluations,
        precision=options.precision,
        random_state=inputs.random_state,
        place=place,
    )


def answer(cls: type[Explainer], inputs: Inputs, options: Any, found: Found) -> Attribution:
    """Give the answer, which tells the way."""
    told = attribution(
        cls,
        inputs,
        options,
        found.shapley,
        predictions=found.predictions,
        outputs=found.outputs,
        scale=found.scale,
        n_background=int(np.count_nonzero(inputs.weight)),
        exact=found.exact,
        warnings=found.warnings,
    )
    parameters = {**told.provenance.parameters, "way": found.way}
    return told.but(provenance=replace(told.provenance, parameters=parameters))
