"""Ways to Shapley values of a model: through its score, where that is known, or by asking the model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pydantic

from workbench.answers.attribution import Attribution
from workbench.explainers.additive_shapley import additive_shapley
from workbench.explainers.attributions import attribution
from workbench.explainers.coalitions import Asked, coalition_shapley
from workbench.explainers.explainer import Explainer
from workbench.explainers.hybrids import Hybrids, ModelHybrids, ScoreHybrids, players
from workbench.explainers.inputs import Inputs
from workbench.explainers.kernel_shapley import kernel_shapley
from workbench.explainers.score import Component, Score
from workbench.explainers.shapley import Shapley
from workbench.forms import Additive, Kernel, Rule, Term, Tree

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
        own = inputs.background if kept.all() else inputs.background[kept]
        return cls(own, weight[kept] / weight.sum())


def by_score(inputs: Inputs, score: Score, options: Any, place: str) -> Found:
    """Share out the score of a form, by the cheapest exact way that its body has.

    ====================================  ==========================================================
    body                                  way
    ====================================  ==========================================================
    a sum of parts of few columns         "additive": each part is a small game, in closed form
    a sum over radial kernels             "kernel": quadrature that is exact
    anything else                         "enumeration" or "sampling" of coalitions, of the columns
                                          that the body reads
    ====================================  ==========================================================
    """
    rows = Rows.of(inputs)
    names = inputs.feature_names
    frame = score.frame(inputs.X)
    predictions = score.values(frame)
    warnings: tuple[str, ...] = ()
    if isinstance(score.body, Additive):
        shapley, way, warnings = _of_sum(inputs, score, score.body, rows, options, place)
    elif isinstance(score.body, Kernel):
        way = "kernel"
        shapley = kernel_shapley(score, frame, score.frame(rows.background), rows.share, names)
    else:
        asked = _by_coalitions(inputs, score, rows, options, place)
        shapley, way, warnings = asked.shapley, asked.way, asked.warnings
    return Found(shapley, way, predictions, score.outputs, score.scale, warnings)


def by_model(inputs: Inputs, options: Any, place: str) -> Found:
    """Share out what the model itself says, by asking it about coalitions of all columns."""
    rows = Rows.of(inputs)
    hybrids = ModelHybrids(inputs.model, inputs.X, rows.background, inputs.positive)
    asked = _ask(inputs, hybrids, rows, np.ones(len(inputs.feature_names), dtype=bool), options, place)
    return Found(asked.shapley, asked.way, hybrids.row_values, hybrids.outputs, hybrids.scale, asked.warnings)


def _of_sum(
    inputs: Inputs, score: Score, body: Additive, rows: Rows, options: Any, place: str
) -> tuple[Shapley, str, tuple[str, ...]]:
    small: list[Component] = []
    large: list[Component] = []
    for part in score.components or ():
        own, trees = _split(part)
        if own is not None:
            small.append(own)
        if trees is not None:
            affordable = 2 ** len(trees.columns) * len(rows.background) <= options.max_evaluations
            (small if affordable else large).append(trees)
    closed = additive_shapley(
        score,
        _merged(small),
        score.frame(inputs.X),
        score.frame(rows.background),
        rows.share,
        inputs.feature_names,
    )
    if not large:
        return closed, "additive", ()
    terms = tuple(term for part in large for term in part.terms)
    rest = replace(score, body=replace(body, intercept=np.zeros(body.k), terms=terms), shift=np.zeros_like(score.shift))
    asked = _by_coalitions(inputs, rest, rows, options, place)
    return _sum(closed, asked.shapley), f"additive and {asked.way}" if small else asked.way, asked.warnings


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

    Standard errors of the background, whose correlation is not known, add up: the sum is never too small.
    """
    one, other = first.background_error, second.background_error
    return Shapley(
        values=first.values + second.values,
        baseline=first.baseline,
        approximation_error=second.approximation_error,
        background_error=None if one is None or other is None else one + other,
    )


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
        n_background=len(inputs.background),
        exact=found.exact,
        warnings=found.warnings,
    )
    parameters = {**told.provenance.parameters, "way": found.way}
    return told.but(provenance=replace(told.provenance, parameters=parameters))
