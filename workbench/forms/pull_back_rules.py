"""Rewrite rules over encoded inputs as rules over original columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from workbench.forms.cuts import shown_cuts
from workbench.forms.errors import FormError
from workbench.forms.frame import Bools, Floats, Frame
from workbench.forms.inputs import Affine, Binned, Input, IsMissing, Lookup
from workbench.forms.rules import Condition, Rule, RuleList, RuleSet


def pull_back_rule(rule: Rule, inputs: Sequence[Input]) -> list[Rule]:
    """Give the rule over original columns; none where nothing can meet it.

    Conditions on one column become one; what every row meets is left out.
    """
    merged: dict[str, Condition] = {}
    for each in rule.conditions:
        found = _pulled(each, inputs[int(each.column)])
        before = merged.get(found.column)
        merged[found.column] = found if before is None else both(before, found)
    if any(c.is_empty for c in merged.values()):
        return []
    return [replace(rule, conditions=tuple(c for c in merged.values() if not c.is_always))]


def pull_back_list(body: RuleList, inputs: Sequence[Input]) -> RuleList:
    """Give the list over original columns; after a rule that always applies nothing is read."""
    rules: list[Rule] = []
    for rule in body.rules:
        rules += pull_back_rule(rule, inputs)
        if rules and not rules[-1].conditions:
            break
    return RuleList(tuple(rules))


def pull_back_set(body: RuleSet, inputs: Sequence[Input]) -> RuleSet:
    """Give the set over original columns."""
    kept = [
        (found, output)
        for rule, output in zip(body.rules, body.outputs, strict=True)
        for found in pull_back_rule(rule, inputs)
    ]
    return RuleSet(tuple(rule for rule, _ in kept), tuple(output for _, output in kept), body.default)


def with_shown(rule: Rule, frame: Frame) -> Rule:
    """Give the rule with the decimals that texts print for its boundaries."""
    return replace(rule, conditions=tuple(_shown(c, frame) for c in rule.conditions))


def _shown(condition: Condition, frame: Frame) -> Condition:
    if condition.inside:
        return condition
    bounds = np.array([condition.lower, condition.upper])
    finite = np.isfinite(bounds)
    shown = bounds.copy()
    shown[finite] = shown_cuts(bounds[finite], frame.numbers(condition.column))
    return replace(condition, shown=(float(shown[0]), float(shown[1])))


def _pulled(condition: Condition, source: Input) -> Condition:
    """Rewrite a condition lower < z <= upper on one encoded input."""
    if isinstance(source, Lookup):
        met = _meets(condition, source.table)
        return Condition(source.column, levels=source.levels, inside=tuple(met[:-1].tolist()), missing=bool(met[-1]))
    if isinstance(source, IsMissing):
        present, missing = _meets(condition, np.array([0.0, 1.0])).tolist()
        return Condition(source.column, upper=np.inf if present else -np.inf, missing=missing)
    if isinstance(source, Binned):
        return _binned(condition, source)
    return _affine(condition, source)


def _affine(condition: Condition, source: Affine) -> Condition:
    if (source.center, source.scale) != (0.0, 1.0):
        raise FormError(f"column {source.column!r}: a cut on a scaled input has no exact boundary; use no scaling")
    missing = bool(_meets(condition, np.array([source.missing]))[0])
    return Condition(source.column, condition.lower, condition.upper, missing=missing)


def _binned(condition: Condition, source: Binned) -> Condition:
    met = _meets(condition, np.array(source.values))
    missing = bool(_meets(condition, np.array([source.missing]))[0])
    at = np.flatnonzero(met)
    if not at.size:
        return Condition(source.column, upper=-np.inf, missing=missing)
    if at[-1] - at[0] + 1 != at.size:
        raise FormError(f"column {source.column!r}: a condition on its bins must be on neighbouring ones")
    edges = (-np.inf, *source.cuts, np.inf)
    return Condition(source.column, float(edges[at[0]]), float(edges[at[-1] + 1]), missing=missing)


def _meets(condition: Condition, z: Floats) -> Bools:
    met: Bools = np.where(np.isnan(z), condition.missing, (z > condition.lower) & (z <= condition.upper))
    return met


def both(a: Condition, b: Condition) -> Condition:
    """Give the condition that is met where both conditions on one column are.

    Raises
    ------
    FormError
        If they know other levels.
    """
    missing = a.missing and b.missing
    if a.inside or b.inside:
        if a.levels != b.levels:
            raise FormError(f"column {a.column!r}: its encoded inputs must be lookups over the same levels")
        inside = tuple(x and y for x, y in zip(a.inside, b.inside, strict=True))
        return Condition(a.column, levels=a.levels, inside=inside, missing=missing)
    lower, upper = max(a.lower, b.lower), min(a.upper, b.upper)
    shown = None
    if a.shown and b.shown:
        shown = ((a if a.lower >= b.lower else b).shown[0], (a if a.upper <= b.upper else b).shown[1])  # type: ignore[index]
    return Condition(a.column, lower, upper, missing=missing, shown=shown)
