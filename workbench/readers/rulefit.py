"""imodels' RuleFit models: rules with a number each, and clipped lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from workbench.forms import Additive, Affine, Condition, Curve, Input, IsMissing, Linear, Lookup, Rule, Term


def read_rulefit(model: Any, inputs: Sequence[Input]) -> Additive:
    """Read a fitted RuleFitRegressor or RuleFitClassifier over encoded inputs; for classes the sum is log odds.

    A rule's condition compares z <= t and z > t in float64. A line is multiplier * coef * clip(z, low, high), also over
    the codes of ordered levels; of a truth value it is a step.

    Parameters
    ----------
    model : RuleFitRegressor or RuleFitClassifier
    inputs : sequence of Input
    """
    intercept = float(np.asarray(model.intercept).ravel()[0])
    terms: list[Term] = []
    if model.include_linear:
        for j, source in enumerate(inputs):
            low, high = (float(v) for v in model.winsorizer.winsor_lims[:, j])
            slope = float(model.coef[j] * model.friedscale.scale_multipliers[j])
            if slope == 0.0:
                continue
            if isinstance(source, Affine) or not _is_truth(source):
                terms.append(_clipped(str(j), slope, low, high))
                continue
            at_0, at_1 = (slope * float(np.clip(z, low, high)) for z in (0.0, 1.0))
            intercept += at_0
            terms.append(_of_truth(str(j), source, at_1 - at_0))
    terms += [_rule(rule) for rule in model.rules_without_feature_names_]
    return Additive(np.array([intercept]), tuple(terms))


def stacked(parts: Sequence[Additive]) -> Additive:
    """Put scores of one number each side by side as one score of k numbers."""
    terms = [_placed(term, i, len(parts)) for i, part in enumerate(parts) for term in part.terms]
    return Additive(np.concatenate([part.intercept for part in parts]), tuple(terms))


def _placed(term: Any, i: int, k: int) -> Term:
    def wide(vector: np.ndarray) -> np.ndarray:
        out = np.zeros((*vector.shape[:-1], k))
        out[..., i] = vector[..., 0]
        return out

    if isinstance(term, Rule):
        return Rule(term.conditions, wide(term.value))
    if isinstance(term, Linear):
        return Linear(term.column, wide(term.coef), term.center, wide(term.missing))
    degrees = [wide(term.coef[:, d : d + 1]) for d in range(term.coef.shape[1])]
    empty = np.zeros(0)
    return Curve(term.column, term.knots, term.origin, np.hstack(degrees), wide(term.missing), empty, empty)


def _is_truth(source: Input) -> bool:
    """Whether an input is 0 or 1 in every row: an indicator, not the codes of ordered levels."""
    return isinstance(source, IsMissing) or (isinstance(source, Lookup) and set(source.table.tolist()) <= {0.0, 1.0})


def _clipped(name: str, slope: float, low: float, high: float) -> Curve:
    empty = np.zeros(0)
    if low == high:
        return Curve(name, empty, np.zeros(1), np.array([[slope * low, 0.0]]), np.zeros(1), empty, empty)
    coef = np.array([[slope * low, 0.0], [slope * low, slope], [slope * high, 0.0]])
    return Curve(name, np.array([low, high]), np.array([low, low, high]), coef, np.zeros(1), empty, empty)


def _of_truth(name: str, source: Input, step: float) -> Term:
    if isinstance(source, IsMissing):
        return Rule((Condition(name, lower=0.5),), np.array([step]))
    return Linear(name, np.array([step]), 0.0, np.zeros(1))


def _rule(rule: Any) -> Rule:
    conditions = []
    for (name, sign), value in rule.agg_dict.items():
        if sign == "==":  # of the input with itself: the rule of a tree without cuts, which every row meets
            continue
        column, t = name.rpartition("_")[2], float(value)
        conditions.append(Condition(column, upper=t) if sign in ("<=", "<") else Condition(column, lower=t))
    return Rule(tuple(conditions), np.array([float(rule.args[0])]))
