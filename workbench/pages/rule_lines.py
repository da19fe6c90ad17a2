"""What is known of each rule of a model, and whether the rules hold up on rows that no fit has seen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.answers import Answer
from workbench.evaluation.rules import leaf_rules
from workbench.forms import Additive, Form, Rule, RuleList, RuleSet, Tree
from workbench.pages.card import Card
from workbench.pages.outputs import target
from workbench.pages.rule_words import words
from workbench.plots.numbers import MISSING, count, fixed, number

_CHANCE = 1.96  # standard errors that chance alone rarely exceeds: in one of 20 rules
_SEVERAL = 5  # rules, for their order to say something


@dataclass(frozen=True)
class Line:
    """A rule, what it says, and what it meets; None where a number is withheld or there is none.

    ``group`` counts the trees of a sum, 0 elsewhere; ``value`` is what the model holds for the rule, of the class that
    ``label`` names.
    """

    text: str
    label: str
    group: int
    value: float
    train_rows: float | None
    train_value: float | None
    holdout_rows: float | None
    holdout_value: float | None
    weight: float

    @property
    def gap(self) -> float | None:
        """How much higher the value is on held-out rows."""
        if self.holdout_value is None or self.train_value is None:
            return None
        return self.holdout_value - self.train_value

    @property
    def differs(self) -> bool:
        """Whether two shares differ by more than chance: |p - q| / sqrt(m (1 - m) (1/n + 1/k)) > 1.96, m their mean."""
        if not self.label or self.gap is None or not self.train_rows or not self.holdout_rows:
            return False
        p, q, n, k = self.train_value or 0.0, self.holdout_value or 0.0, self.train_rows, self.holdout_rows
        m = (n * p + k * q) / (n + k)
        error = math.sqrt(m * (1 - m) * (1 / n + 1 / k))
        return error > 0 and abs(self.gap) > _CHANCE * error


def lines(card: Card, form: Form) -> list[Line]:
    """Give the rules of a form with what the card tells of each, in the order of the form; none where it tells none."""
    if card.rules is None:
        return []
    told: Any = Answer.from_dict(card.rules)
    found = _rules(form)
    if len(found) != len(told.texts):
        return []
    titles = {column.name: column.title for column in card.data.columns}
    out = []
    for i, (rule, group) in enumerate(found):
        at = form.outputs.index(told.labels[i]) if told.labels[i] and rule.value.size > 1 else 0
        n = _known(told.train_rows[i])
        out.append(
            Line(
                text=words(rule, form, titles)
                if rule.conditions or not isinstance(form.body, RuleList)
                else "otherwise",
                label=told.labels[i],
                group=group,
                value=float(rule.value[at]),
                train_rows=n,
                train_value=_known(told.train_values[i]),
                holdout_rows=_known(told.holdout_rows[i]),
                holdout_value=_known(told.holdout_values[i]),
                weight=_weight(rule, n, told),
            )
        )
    return out


def _rules(form: Form) -> list[tuple[Rule, int]]:
    """Give the rules as the answer lists them, each with the tree that it is a leaf of."""
    body = form.body
    if isinstance(body, RuleList | RuleSet):
        return [(rule, 0) for rule in body.rules]
    if not isinstance(body, Additive):
        return []
    trees = [t for t in body.terms if isinstance(t, Tree)]
    found = [(t, 0) for t in body.terms if isinstance(t, Rule)]
    for place, tree in enumerate(trees, start=1):
        found += [(rule, place) for _, rule in leaf_rules(tree)]
    return found


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _weight(rule: Rule, n: float | None, told: Any) -> float:
    """Give a rule's importance in a sum, |value| sqrt(s (1 - s)) s its share of rows (Friedman and Popescu 2008)."""
    share = (n or 0.0) / max(told.n_train, 1)
    return float(np.abs(rule.value).sum() * math.sqrt(max(share * (1 - share), 0.0)))


def holding_up(card: Card, found: Sequence[Line]) -> str:
    """Say whether the rules hold up on held-out rows: the largest gap, those beyond chance, those too small to tell."""
    if not found or card.rules is None:
        return ""
    if not card.rules["n_holdout"]:
        return "No rows were held out, so nothing here tells whether the rules hold up."
    what = "rules" if found[0].group == 0 else "leaves"
    told = [line for line in found if line.gap is not None]
    few = len(found) - len(told)
    withheld = ""
    if few:
        have = "has" if few == 1 else "have"
        withheld = (
            f" {_capital_count(few)} of {count(len(found))} {what} {have} too few held-out rows to be told ({MISSING})."
        )
    if not told:
        return f"Nothing tells whether the {what} hold up.{withheld}"
    worst = max(told, key=lambda line: abs(line.gap or 0.0))
    is_share = bool(worst.label)
    train, held = (value_text(v, is_share, unit=True) for v in (worst.train_value, worst.holdout_value))
    gap = f"{100 * abs(worst.gap or 0):.1f} points" if is_share else number(abs(worst.gap or 0))
    where = "no other rule is met" if worst.text == "otherwise" else worst.text
    mean = "" if is_share else f" of mean {target(card)}"
    sentence = f"The largest gap{mean} is {gap}: {train} in training, {held} held out, where {where}."
    if is_share:
        agree = len(told) - sum(line.differs for line in told)
        some = f"All {count(agree)}" if agree == len(told) else f"{_capital_count(agree)} of the {count(len(told))}"
        start = f"{some} {what} that can be checked hold up"
        chance = "their shares on training and held-out rows differ no more than chance would make them"
        sentence = f"{start}: {chance}. {sentence}"
    elif len(told) >= _SEVERAL and (order := _order(told)) is not None:
        start = f"Training and held-out means of the {count(len(told))} {what}"
        sentence = f"{start} have a rank correlation of {fixed(order, 2)}: 1 would be the same order. {sentence}"
    return sentence + withheld


def _order(told: Sequence[Line]) -> float | None:
    """Give Spearman's rank correlation of the values on training and on held-out rows; None where one is constant."""
    from scipy.stats import rankdata

    ranks = [
        rankdata(values) for values in zip(*((line.train_value, line.holdout_value) for line in told), strict=True)
    ]
    if any(np.ptp(each) == 0 for each in ranks):
        return None
    return float(np.corrcoef(ranks)[0, 1])


def _capital_count(n: int) -> str:
    """Write a small count that begins a sentence."""
    return ("None", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")[n] if n < 10 else count(n)


def value_text(value: float | None, is_share: bool, *, unit: bool = False, places: int = 3) -> str:
    """Write a share in percent, or a mean; with its sign of percent or at three digits where it stands alone."""
    if value is None:
        return MISSING
    if not is_share:
        return number(value) if unit else fixed(value, places)
    return f"{100 * value:.1f}" + ("%" if unit else "")
