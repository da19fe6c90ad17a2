"""Where a model's form steps, column by column: between two neighbouring cuts nothing that it says changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from workbench.explainers.score import Score
from workbench.forms import Additive, Body, Term
from workbench.forms.rules import Rule, RuleList, RuleSet
from workbench.forms.shapes import Steps, Surface
from workbench.forms.tree import Tree


@dataclass(frozen=True, eq=False)
class StepCuts:
    """The cuts of the columns of numbers that a form reads in steps alone.

    Attributes
    ----------
    cuts : dict of str to ndarray
        Ascending, ``x <= cut`` on one side; a column that some part reads otherwise (a line, a curve, a kernel, an
        equation) is not among them.
    kinds : dict of str to str
        As what kind the form reads each column.
    used : frozenset of str or None
        The columns that it reads; None where the model has no form, so that nobody knows.
    """

    cuts: Mapping[str, np.ndarray]
    kinds: Mapping[str, str]
    used: frozenset[str] | None

    @classmethod
    def of(cls, score: Score | None) -> StepCuts:
        """Read the cuts of a score; nothing is known without one."""
        if score is None:
            return cls({}, {}, None)
        used = frozenset(score.body.columns)
        parts = _parts(score.body)
        if parts is None:
            return cls({}, score.kinds, used)
        found: dict[str, list[np.ndarray]] = {}
        smooth: set[str] = set()
        for part in parts:
            stepped = _cuts(part)
            smooth |= set(part.columns) - {name for name, _ in stepped}
            for name, own in stepped:
                found.setdefault(name, []).append(own)
        joined = {name: np.unique(np.concatenate(own)) for name, own in found.items() if name not in smooth}
        return cls({name: cuts[np.isfinite(cuts)] for name, cuts in joined.items()}, score.kinds, used)


def _parts(body: Body) -> tuple[Term | Rule, ...] | None:
    if isinstance(body, Additive):
        return body.terms
    return body.rules if isinstance(body, RuleList | RuleSet) else None


def _cuts(part: Term | Rule) -> list[tuple[str, np.ndarray]]:
    """Give the cuts of each column that a part reads in steps along an axis, not level by level."""
    if isinstance(part, Steps):
        return [(part.column, part.cuts)]
    if isinstance(part, Surface):
        return [(axis.column, axis.cuts) for axis in (part.first, part.second) if not axis.levels]
    if isinstance(part, Tree):
        numbers = [j for j, levels in enumerate(part.levels) if not levels]
        return [(part.columns[j], part.threshold[part.feature == j]) for j in numbers]
    if isinstance(part, Rule):
        return [(c.column, np.array([c.lower, c.upper])) for c in part.conditions if not c.inside]
    return []
