"""Which rules of a model hold up: what each of them meets in training and on held-out rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.answers import Provenance, RuleShares
from workbench.disclosure import MIN_ROWS, tells_few, withheld
from workbench.forms import Additive, Condition, Form, Frame, Rule, RuleList, RuleSet, Tree
from workbench.forms.frame import level_text
from workbench.forms.pull_back_rules import both
from workbench.forms.text import branch_condition, rule_text
from workbench.table import Table

# of more rules than this nobody asks which hold up
_MOST_RULES = 200


@dataclass(frozen=True)
class _Part:
    """A rule, the output that it speaks of, and which rows of each table it applies to."""

    rule: Rule
    output: int
    met: tuple[np.ndarray, ...]


def rule_shares(form: Form, train: Table, holdout: Table | None) -> RuleShares | None:
    """Count what each rule of a form meets; None where it has no rules.

    Rules are those of lists and sets, rule terms, and the leaves of single trees and of sums of few trees.

    Parameters
    ----------
    form : Form
    train, holdout : Table
        The rows that the model was fitted on, and those that were set aside, if any.
    """
    tables = [train] if holdout is None else [train, holdout]
    frames = [Frame(table.X, form.kinds) for table in tables]
    parts = _parts(form, frames)
    if not parts or len(parts) > _MOST_RULES:
        return None
    labels = [_label(form, part) for part in parts]
    decides = "first" if isinstance(form.body, RuleList) else "all"
    counts, values = zip(*(_counted(form, parts, table, i) for i, table in enumerate(tables)), strict=True)
    nothing = np.full(len(parts), np.nan)
    return RuleShares(
        provenance=Provenance(method="rules counted", n_rows=train.n_rows),
        texts=tuple(rule_text(p.rule, form.reading) if p.rule.conditions else "otherwise" for p in parts),
        labels=tuple(labels),
        decides=decides,
        train_rows=counts[0],
        train_values=values[0],
        holdout_rows=counts[1] if len(tables) > 1 else nothing,
        holdout_values=values[1] if len(tables) > 1 else nothing,
        n_train=train.n_rows,
        n_holdout=0 if holdout is None else holdout.n_rows,
    )


def _parts(form: Form, frames: Sequence[Frame]) -> list[_Part]:
    body = form.body
    if isinstance(body, RuleList):
        deciding = [body.deciding(frame) for frame in frames]
        return [_Part(rule, 0, tuple(d == i for d in deciding)) for i, rule in enumerate(body.rules)]
    if isinstance(body, RuleSet):
        outputs = zip(body.rules, body.outputs, strict=True)
        return [_Part(rule, output, tuple(rule.matches(f) for f in frames)) for rule, output in outputs]
    if not isinstance(body, Additive) or body.divisor != 1.0:
        return []
    found = [_Part(t, 0, tuple(t.matches(f) for f in frames)) for t in body.terms if isinstance(t, Rule)]
    trees = [t for t in body.terms if isinstance(t, Tree)]
    if sum(int(t.is_leaf.sum()) for t in trees) <= _MOST_RULES:
        for tree in trees:
            leaves = [tree.leaves(frame) for frame in frames]
            found += [_Part(rule, 0, tuple(at == node for at in leaves)) for node, rule in leaf_rules(tree)]
    return found


def leaf_rules(tree: Tree) -> list[tuple[int, Rule]]:
    """Give each leaf with what a row must meet to reach it, in the order of the texts."""
    found: list[tuple[int, Rule]] = []
    stack: list[tuple[int, dict[str, Condition]]] = [(0, {})]
    while stack:
        node, path = stack.pop()
        if tree.feature[node] < 0:
            found.append((node, Rule(tuple(path.values()), tree.value[node])))
            continue
        for left, child in ((False, tree.right[node]), (True, tree.left[node])):
            condition = branch_condition(tree, node, left=left)
            before = path.get(condition.column)
            merged = condition if before is None else both(before, condition)
            stack.append((int(child), {**path, condition.column: merged}))
    return found


def _label(form: Form, part: _Part) -> str:
    """Name the class whose share is counted: the rule's own, the second of two, the likeliest of several."""
    if not form.classes:
        return ""
    if isinstance(form.body, RuleSet) or form.body.k == 1:
        return form.outputs[part.output]
    value = part.rule.value
    one_class = np.count_nonzero(value) == 1  # a rule of one class against the rest, which may speak against it
    return form.outputs[int(np.argmax(np.abs(value) if one_class else value))]


def _counted(form: Form, parts: Sequence[_Part], table: Table, which: int) -> tuple[np.ndarray, np.ndarray]:
    """Give rows and values of each rule; NaN where they, or both together, would tell of fewer than 10 rows."""
    met = [part.met[which] for part in parts]
    counts: list[int | None] = [int(m.sum()) for m in met]
    if isinstance(form.body, RuleList):  # its rules divide the rows
        counts = withheld([int(m.sum()) for m in met])
    rows = np.array([np.nan if n is None or 0 < n < MIN_ROWS else n for n in counts])
    values = np.full(len(parts), np.nan)
    for i, part in enumerate(parts):
        if rows[i] > 0:
            values[i] = float(np.mean(_target(form, part, table)[met[i]]))
    if form.classes:
        values[[r > 0 and tells_few(v, r) for v, r in zip(values, rows, strict=True)]] = np.nan
    return rows, values


def _target(form: Form, part: _Part, table: Table) -> Any:
    y = table.y.to_numpy()
    label = _label(form, part)
    return y if not form.classes else np.array([level_text(v) == label for v in y.tolist()])
