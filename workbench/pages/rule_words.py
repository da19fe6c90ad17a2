"""The conditions of rules in words, with the columns' titles, as short as they stay true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from workbench.forms import Condition, Form, Rule
from workbench.forms.text import Reading, condition_text
from workbench.plots.style import shown

_MOST_LEVELS = 8


def words(rule: Rule, form: Form, titles: Mapping[str, str]) -> str:
    """Write the conditions of a rule; those that hold an "or" stand in brackets where there are several."""
    said = [_condition(c, form, titles) for c in rule.conditions]
    if len(said) > 1:
        said = [f"({text})" if " or " in text else text for text in said]
    return " and ".join(said) or "always"


def _condition(condition: Condition, form: Form, titles: Mapping[str, str]) -> str:
    name = condition.column
    title = shown(titles.get(name, name))
    if condition.inside:
        return f"{title} {_levels(condition, form)}"
    gaps = frozenset({title}) if name in form.gaps else frozenset()
    return condition_text(replace(condition, column=title), Reading({title: form.kinds[name]}, gaps))


def _levels(condition: Condition, form: Form) -> str:
    """Name the levels that meet a condition, or those that don't where these are fewer and all else meets it."""
    told = condition.column in form.gaps
    met = [level for level, inside in zip(condition.levels, condition.inside, strict=False) if inside]
    unmet = [level for level in condition.levels if level not in met]
    if len(unmet) < len(met) and condition.inside[-1] and (condition.missing or not told):
        return f"is not {_listed(unmet, condition, form)}" if unmet else "is anything"
    others = ["any other"] * condition.inside[-1] + ["missing"] * (condition.missing and told)
    return "is " + (" or ".join([*([_listed(met, condition, form)] if met else []), *others]) or "never")


def _listed(levels: Sequence[str], condition: Condition, form: Form) -> str:
    """List levels; neighbours of an ordered column from the first to the last."""
    names = [shown(level, 20) for level in levels]
    places = [condition.levels.index(level) for level in levels]
    ordered = form.kinds.get(condition.column) == "ordered"
    if ordered and len(names) > 2 and places == list(range(places[0], places[-1] + 1)):
        return f"{names[0]} to {names[-1]}"
    more = len(names) - _MOST_LEVELS
    return " or ".join([*names[:_MOST_LEVELS], f"one of {more} more"] if more > 1 else names)
