"""Rules: conjunctions of conditions on single columns, in a sum, in a list that is read from the top, or in a set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from workbench.forms.arrays import Fields, Pack, array_to_json, number_to_json
from workbench.forms.errors import FormError
from workbench.forms.frame import Bools, Floats, Frame

# no library's model that we read has more; a file that claims more is hostile or broken
_MOST_RULES = 100_000


@dataclass(frozen=True)
class Condition:
    """What a rule asks of one column: ``lower < x <= upper``, or that the level is one of those inside.

    Attributes
    ----------
    column : str
    lower, upper : float
        The exact float64 boundaries, of a number column.
    levels : tuple of str
        The known levels of a category column; () for a number column.
    inside : tuple of bool
        Which levels meet the condition, and last whether a level does that is not listed; () for a number column.
    missing : bool
        Whether a missing value meets it.
    shown : tuple of float or None
        Lower and upper as texts print them.
    """

    column: str
    lower: float = -np.inf
    upper: float = np.inf
    levels: tuple[str, ...] = ()
    inside: tuple[bool, ...] = ()
    missing: bool = False
    shown: tuple[float, float] | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing meets it."""
        return not self.missing and (not any(self.inside) if self.inside else self.lower >= self.upper)

    @property
    def is_always(self) -> bool:
        """Whether everything meets it."""
        present = all(self.inside) if self.inside else np.isneginf(self.lower) and np.isposinf(self.upper)
        return self.missing and bool(present)

    def holds(self, frame: Frame) -> Bools:
        """Say which rows meet it, shape (n_samples,)."""
        if self.inside:
            table = np.array([*self.inside, self.missing], dtype=np.bool_)
            met: Bools = table[frame.codes(self.column, self.levels)]
            return met
        x = frame.numbers(self.column)
        return np.where(np.isnan(x), self.missing, (x > self.lower) & (x <= self.upper))

    def to_dict(self) -> dict[str, Any]:
        """Give what JSON holds of the condition."""
        by_level = {"levels": list(self.levels), "inside": list(self.inside)}
        by_number: dict[str, Any] = {"lower": number_to_json(self.lower), "upper": number_to_json(self.upper)}
        if self.shown is not None:
            by_number["shown"] = [number_to_json(v) for v in self.shown]
        return {"column": self.column, **(by_level if self.inside else by_number), "missing": self.missing}

    @classmethod
    def read(cls, data: Any, place: str) -> Condition:
        """Read what `to_dict` gave."""
        fields = Fields(data, place)
        column, missing = fields.text("column"), fields.truth("missing")
        if "levels" in fields:
            levels = fields.texts("levels")
            inside = tuple(fields.array("inside", len(levels) + 1, kind="b").tolist())
            found = cls(column, levels=levels, inside=inside, missing=missing)
        else:
            lower, upper = fields.number("lower"), fields.number("upper")
            shown = tuple(fields.array("shown", 2).tolist()) if "shown" in fields else None
            if np.isnan([lower, upper, *(shown or ())]).any():
                raise FormError(f"{place}: a boundary must be a number or infinite")
            found = cls(column, lower, upper, missing=missing, shown=shown)
        fields.done()
        return found


@dataclass(frozen=True, eq=False)
class Rule:
    """A vector where all conditions are met; as a term of a sum, zero elsewhere.

    Attributes
    ----------
    conditions : tuple of Condition
        At most one a column; none: the rule always applies.
    value : ndarray of shape (k,)
    support : int or None
        The training rows that it decided on, or matched.
    """

    kind: ClassVar[str] = "rule"
    conditions: tuple[Condition, ...]
    value: Floats
    support: int | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the rule reads."""
        return tuple(dict.fromkeys(c.column for c in self.conditions))

    @property
    def stored_numbers(self) -> int:
        """How many numbers the rule holds: two boundaries or the levels a condition, and a vector."""
        return self.value.size + sum(len(c.inside) or 2 for c in self.conditions)

    @property
    def size(self) -> int:
        """What a reader has to hold: one per condition, and the vector."""
        return len(self.conditions) + self.value.size

    def matches(self, frame: Frame) -> Bools:
        """Say which rows meet all conditions, shape (n_samples,)."""
        met = np.ones(frame.n_rows, dtype=np.bool_)
        for condition in self.conditions:
            met &= condition.holds(frame)
        return met

    def score(self, frame: Frame) -> Floats:
        """Give the rule's part of a sum, shape (n_samples, k)."""
        return np.where(self.matches(frame)[:, None], self.value, 0.0)

    def to_dict(self, pack: Pack) -> dict[str, Any]:
        """Give what JSON holds of the rule."""
        return {
            "kind": self.kind,
            "conditions": [c.to_dict() for c in self.conditions],
            "value": array_to_json(self.value),
            **({} if self.support is None else {"support": self.support}),
        }

    @classmethod
    def read(cls, fields: Fields, k: int) -> Rule:
        """Read what `to_dict` gave."""
        listed = fields.objects("conditions", _MOST_RULES)
        conditions = tuple(Condition.read(c, f"{fields.place}.conditions[{i}]") for i, c in enumerate(listed))
        support = fields.count("support") if "support" in fields else None
        return cls(conditions, fields.array("value", k), support)


@dataclass(frozen=True, eq=False)
class RuleList:
    """The value of the first rule that matches; the last rule has no conditions.

    Attributes
    ----------
    rules : tuple of Rule
    """

    kind: ClassVar[str] = "rule_list"
    rules: tuple[Rule, ...]

    @property
    def k(self) -> int:
        """The length of the score's vector."""
        return self.rules[0].value.size

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that some rule reads, in order of first use."""
        return _columns(self.rules)

    @property
    def stored_numbers(self) -> int:
        """How many numbers the list holds."""
        return sum(rule.stored_numbers for rule in self.rules)

    def deciding(self, frame: Frame) -> np.ndarray:
        """Give the position of the first rule that matches each row, shape (n_samples,)."""
        first = np.full(frame.n_rows, len(self.rules) - 1, dtype=np.intp)
        open_ = np.ones(frame.n_rows, dtype=np.bool_)
        for i, rule in enumerate(self.rules):
            hit = open_ & rule.matches(frame)
            first[hit] = i
            open_ &= ~hit
        return first

    def score(self, frame: Frame) -> Floats:
        """Give the score, shape (n_samples, k)."""
        values = np.array([rule.value for rule in self.rules], dtype=np.float64)
        decided: Floats = values[self.deciding(frame)]
        return decided

    def to_dict(self, pack: Pack) -> dict[str, Any]:
        """Give what JSON holds of the list."""
        return {"kind": self.kind, "k": self.k, "rules": [rule.to_dict(pack) for rule in self.rules]}

    @classmethod
    def read(cls, fields: Fields, pack: Pack) -> RuleList:
        """Read what `to_dict` gave."""
        rules = _read_rules(fields, fields.count("k"), pack)
        if not rules or rules[-1].conditions:
            raise FormError(f"{fields.place}.rules: the last rule must have no conditions")
        return cls(rules)


@dataclass(frozen=True, eq=False)
class RuleSet:
    """For each output the mean of the values of all its rules that match; its default where none does.

    Attributes
    ----------
    rules : tuple of Rule
        With values of one number each.
    outputs : tuple of int
        For each rule the output that it speaks of.
    default : ndarray of shape (k,)
    """

    kind: ClassVar[str] = "rule_set"
    rules: tuple[Rule, ...]
    outputs: tuple[int, ...]
    default: Floats

    @property
    def k(self) -> int:
        """The length of the score's vector."""
        return self.default.size

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that some rule reads, in order of first use."""
        return _columns(self.rules)

    @property
    def stored_numbers(self) -> int:
        """How many numbers the set holds."""
        return self.k + sum(rule.stored_numbers for rule in self.rules)

    def score(self, frame: Frame) -> Floats:
        """Give the score, shape (n_samples, k)."""
        total = np.zeros((frame.n_rows, self.k))
        matched = np.zeros((frame.n_rows, self.k))
        for rule, output in zip(self.rules, self.outputs, strict=True):
            hit = rule.matches(frame)
            total[hit, output] += rule.value[0]
            matched[hit, output] += 1.0
        return np.where(matched > 0, total / np.maximum(matched, 1.0), self.default)

    def to_dict(self, pack: Pack) -> dict[str, Any]:
        """Give what JSON holds of the set."""
        return {
            "kind": self.kind,
            "default": array_to_json(self.default),
            "outputs": list(self.outputs),
            "rules": [rule.to_dict(pack) for rule in self.rules],
        }

    @classmethod
    def read(cls, fields: Fields, pack: Pack) -> RuleSet:
        """Read what `to_dict` gave."""
        default = fields.array("default", None)
        rules = _read_rules(fields, 1, pack)
        outputs = tuple(fields.array("outputs", len(rules), kind="i").tolist())
        if default.size == 0 or any(not 0 <= o < default.size for o in outputs):
            raise FormError(f"{fields.place}.outputs must point to one of the {default.size} defaults")
        return cls(rules, outputs, default)


def _columns(rules: Sequence[Rule]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for rule in rules for name in rule.columns))


def _read_rules(fields: Fields, k: int, pack: Pack) -> tuple[Rule, ...]:
    rules = []
    for i, data in enumerate(fields.objects("rules", _MOST_RULES)):
        inner = Fields(data, f"{fields.place}.rules[{i}]", pack)
        if (kind := inner.text("kind")) != Rule.kind:
            raise FormError(f"{inner.place}.kind must be {Rule.kind!r}; got {kind!r:.80}")
        rules.append(Rule.read(inner, k))
        inner.done()
    return tuple(rules)
