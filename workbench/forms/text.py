"""A form as text and as mathematics."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import singledispatch
from typing import Any

import numpy as np

from workbench.forms.additive import Additive
from workbench.forms.curve import Curve
from workbench.forms.frame import Floats
from workbench.forms.kernel import Kernel
from workbench.forms.rules import Condition, Rule, RuleList, RuleSet
from workbench.forms.shapes import Steps, Surface
from workbench.forms.terms import Levels, Linear, Offset
from workbench.forms.tree import Tree

# more conditions than this are no text for a person
_MOST_CONDITIONS = 200


@dataclass(frozen=True)
class Reading:
    """What texts need to know of the columns: their kinds, and which missed values in training."""

    kinds: Mapping[str, str]
    gaps: frozenset[str]


_LINE = r" \\ "


def number_text(value: float, digits: int = 4) -> str:
    """Give a number at a few significant digits, with a true minus sign and no minus zero.

    Examples
    --------
    >>> number_text(-0.0), number_text(-12.34567), number_text(2.643e-05)
    ('0', '−12.35', '2.643 × 10^−5')
    """
    if not np.isfinite(value):
        return str(value)
    mantissa, _, exponent = f"{value + 0.0:.{digits}g}".replace("-", "−").partition("e")
    return mantissa + (f" × 10^{exponent.replace('+', '').replace('−0', '−').lstrip('0')}" if exponent else "")


@singledispatch
def score_text(body: Any, subject: str, outputs: Sequence[str], reading: Reading) -> str:
    """Write a score as lines of text: a sum of terms, rules, an equation."""
    raise TypeError(f"a {type(body).__name__} has no text")


@score_text.register
def _sum_text(body: Additive, subject: str, outputs: Sequence[str], reading: Reading) -> str:
    trees = [t for t in body.terms if isinstance(t, Tree)]
    if len(trees) == 1 and len(body.terms) == 1 and not body.intercept.any():
        return "\n".join([f"{subject} is", *_tree_lines(trees[0], outputs, reading)])
    lines = [f"{subject} = {_vector(body.intercept, outputs)}"]
    lines += ["  " + _term_text(term, outputs, reading) for term in body.terms if not isinstance(term, Tree)]
    conditions = sum(int((~t.is_leaf).sum()) for t in trees)
    if conditions > _MOST_CONDITIONS:
        lines.append(f"  + {len(trees):,} trees with {conditions:,} conditions in all: too many to read")
        return "\n".join(lines)
    for tree in trees:
        lines += ["  + the value of", *_tree_lines(tree, outputs, reading, depth=1)]
    return "\n".join(lines)


@score_text.register
def _list_text(body: RuleList, subject: str, outputs: Sequence[str], reading: Reading) -> str:
    lines = [f"{subject} is"]
    for i, rule in enumerate(body.rules):
        when = f"{'else ' if i else ''}if {rule_text(rule, reading)}" if rule.conditions else "otherwise"
        lines.append(f"    {_vector(rule.value, outputs)} {when}{_rows(rule.support)}")
    return "\n".join(lines)


@score_text.register
def _set_text(body: RuleSet, subject: str, outputs: Sequence[str], reading: Reading) -> str:
    lines = [f"{subject} is the mean of the rules that match"]
    for output, name in enumerate(outputs):
        of = f"for {name}: " if body.k > 1 else ""
        for rule, at in zip(body.rules, body.outputs, strict=True):
            if at == output:
                value = number_text(float(rule.value[0]))
                lines.append(f"    {of}{value} if {rule_text(rule, reading)}{_rows(rule.support)}")
        lines.append(f"    {of}{number_text(float(body.default[output]))} if none does")
    return "\n".join(lines)


@score_text.register
def _kernel_text(body: Kernel, subject: str, outputs: Sequence[str], reading: Reading) -> str:
    vectors = f"{len(body.support_vectors):,} support vectors"
    gamma = number_text(body.gamma)
    return (
        f"{subject} = {_vector(body.intercept, outputs)}\n"
        f"  + a sum over {vectors} of a weight times exp(−{gamma} × squared distance): too many to read"
    )


def _rows(support: int | None) -> str:
    return "" if support is None else f"  ({support:,} rows)"


def rule_text(rule: Rule, reading: Reading) -> str:
    """Write the conditions of a rule; "always" where there are none."""
    return " and ".join(condition_text(c, reading) for c in rule.conditions) or "always"


def condition_text(condition: Condition, reading: Reading) -> str:
    """Write a condition, with whether unseen values meet it, and missing ones if there were any in training."""
    name = condition.column
    missing = condition.missing and name in reading.gaps
    if condition.inside:
        inside = [level for level, met in zip(condition.levels, condition.inside, strict=False) if met]
        names = [*inside, *(["any other"] if condition.inside[-1] else []), *(["missing"] if missing else [])]
        return f"{name} is " + (" or ".join(names) if names else "never")
    lower, upper = condition.lower, condition.upper
    suffix = " or missing" if missing else ""
    if lower >= upper:
        return f"{name} is missing"
    if np.isneginf(lower) and np.isposinf(upper):
        return f"{name} is present{suffix}"
    if reading.kinds.get(name) == "boolean" and (0 <= lower < 1 or 0 <= upper < 1):
        return f"{name} is {'false' if upper < 1 else 'true'}{suffix}"
    kind = reading.kinds.get(name, "number")
    low, high = condition.shown or (lower, upper)
    if np.isneginf(lower):
        return f"{name} ≤ {cut_number(high, kind)}{suffix}"
    above = cut_number(low, kind)
    return f"{name} > {above}{suffix}" if np.isposinf(upper) else f"{above} < {name} ≤ {cut_number(high, kind)}{suffix}"


def branch_condition(tree: Tree, node: int, *, left: bool) -> Condition:
    """Give what a row must meet to take a node's left, or right, branch."""
    name, levels = tree.columns[tree.feature[node]], tree.levels[tree.feature[node]]
    missing = bool(tree.missing_left[node]) == left
    if levels:
        goes = tree.subsets[tree.subset[node]][: len(levels) + 1] == left
        return Condition(name, levels=levels, inside=tuple(goes.tolist()), missing=missing)
    t = float(tree.threshold[node])
    cut = t if tree.shown is None else float(tree.shown[node])
    if left:
        return Condition(name, upper=t, missing=missing, shown=(-np.inf, cut))
    return Condition(name, lower=t, missing=missing, shown=(cut, np.inf))


def cut_text(tree: Tree, node: int, kind: str) -> str:
    """Write a cut point: the shortest decimal where there is one, a date for moments."""
    return cut_number(float(tree.threshold[node] if tree.shown is None else tree.shown[node]), kind)


def cut_number(t: float, kind: str) -> str:
    """Write the number of a cut in full; a date for moments."""
    if kind == "datetime":
        return moment_text(t)
    return f"{t:.15g}".replace("-", "−", 1) if t < 0 else f"{t:.15g}"


def _tree_lines(tree: Tree, outputs: Sequence[str], reading: Reading, depth: int = 0) -> list[str]:
    lines: list[str] = []
    stack: list[tuple[int, int, str]] = [(0, depth + 1, "always")]
    while stack:
        node, level, condition = stack.pop()
        indent = "    " * level
        if tree.feature[node] < 0:
            rows = _rows(None if tree.support is None else int(tree.support[node]))
            lines.append(f"{indent}{_vector(tree.value[node], outputs)} if {condition}{rows}")
            continue
        if condition != "always":
            lines.append(f"{indent}if {condition}:")
            level += 1
        for left, child in ((False, tree.right[node]), (True, tree.left[node])):
            stack.append((int(child), level, condition_text(branch_condition(tree, node, left=left), reading)))
    return lines


def _vector(vector: Floats, outputs: Sequence[str]) -> str:
    if vector.size == 1:
        return number_text(float(vector[0]))
    return "(" + ", ".join(f"{o}: {number_text(float(v))}" for o, v in zip(outputs, vector, strict=True)) + ")"


def _term_text(term: Any, outputs: Sequence[str], reading: Reading) -> str:
    """Write a term with the sign that joins it to the sum."""
    if isinstance(term, Offset):
        return f"+ log({term.column})" if term.log else f"+ {term.column}"
    if isinstance(term, Rule):
        one = term.value.size == 1
        sign = "− " if one and term.value[0] < 0 else "+ "
        value = _vector(np.abs(term.value) if one else term.value, outputs)
        return f"{sign}{value} if {rule_text(term, reading)}{_rows(term.support)}"
    if isinstance(term, Curve):
        known = term.at(term.centers)
        gap = f"; {_vector(term.missing, outputs)} where missing" if term.missing.any() else ""
        return f"+ a curve of {term.column} [{term.coef.shape[0]} pieces, {_span(known)}]{gap}"
    if isinstance(term, Linear):
        one = term.coef.size == 1
        sign = "− " if one and term.coef[0] < 0 else "+ "
        text = sign + f"{_vector(np.abs(term.coef) if one else term.coef, outputs)} × {_centred(term, reading)}"
        return text + (f"; {_vector(term.missing, outputs)} where missing" if np.nan_to_num(term.missing).any() else "")
    if isinstance(term, Surface):
        cells = f"{term.first.n_cells} × {term.second.n_cells} cells"
        return f"+ {term.first.column} and {term.second.column} [{cells}, {_span(term.values)}]"
    return f"+ {term.column} [" + "; ".join(f"{n}: {_vector(v, outputs)}" for n, v in _cells(term, reading)) + "]"


def _cells(term: Levels | Steps, reading: Reading) -> list[tuple[str, Floats]]:
    """Name each level or interval with its value; missing and unseen ones where they say something."""
    if isinstance(term, Levels):
        cells = list(zip(term.levels, term.values, strict=True))
        branches = [("any other", term.unseen), ("missing", term.missing)]
    else:
        cuts = term.cuts if term.shown is None else term.shown
        kind = reading.kinds.get(term.column, "number")
        names = [f"≤ {cut_number(float(c), kind)}" for c in cuts]
        names.append(f"> {cut_number(float(cuts[-1]), kind)}" if cuts.size else "any")
        cells = list(zip(names, term.values, strict=True))
        branches = [("missing", term.missing)]
    return cells + [(name, value) for name, value in branches if value.any()]


def _span(values: Floats) -> str:
    return f"from {number_text(float(values.min()))} to {number_text(float(values.max()))}"


def _centred(term: Linear, reading: Reading) -> str:
    """Write the column less its centre; moments as days since a day."""
    if reading.kinds.get(term.column) == "datetime":
        return f"(days of {term.column} since {moment_text(term.center)})"
    if not term.center:
        return term.column
    return f"({term.column} {'−' if term.center > 0 else '+'} {number_text(abs(term.center))})"


def moment_text(days: float) -> str:
    """Write a moment, given in days since 1970-01-01, as a date, with the time of day unless it is midnight."""
    moment = np.datetime64(0, "s") + np.timedelta64(round(days * 86_400), "s")
    return str(moment).replace("T00:00:00", "").replace("T", " ")


def latex_name(name: str) -> str:
    r"""Give a name as upright LaTeX text with every special character escaped.

    Examples
    --------
    >>> print(latex_name("50% of_it"))
    \text{50\% of\_it}
    """
    special = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    escaped = re.sub(r"[\\~^{}$&#%_]", lambda m: special.get(m[0], "\\" + m[0]), name)
    return rf"\text{{{escaped}}}"


@singledispatch
def score_latex(body: Any, reading: Reading) -> list[str]:
    """Write each output of a score as a LaTeX expression; a list of k expressions."""
    raise TypeError(f"a {type(body).__name__} has no mathematics")


@score_latex.register
def _sum_latex(body: Additive, reading: Reading) -> list[str]:
    return [_latex(body, i, reading) for i in range(body.k)]


@score_latex.register
def _list_latex(body: RuleList, reading: Reading) -> list[str]:
    def row(rule: Rule, i: int) -> str:
        when = _latex_conditions(rule, reading) if rule.conditions else r"\text{otherwise}"
        return rf"{_latex_number(float(rule.value[i]))} & {when}"

    return [_cases([row(rule, i) for rule in body.rules]) for i in range(body.k)]


@score_latex.register
def _set_latex(body: RuleSet, reading: Reading) -> list[str]:
    out = []
    for i in range(body.k):
        rules = [rule for rule, at in zip(body.rules, body.outputs, strict=True) if at == i]
        rows = [rf"{_latex_number(float(r.value[0]))} & {_latex_conditions(r, reading)}" for r in rules]
        default = rf"{_latex_number(float(body.default[i]))} & \text{{none}}"
        out.append(rf"\operatorname{{mean}} {_cases([*rows, default])}")
    return out


@score_latex.register
def _kernel_latex(body: Kernel, reading: Reading) -> list[str]:
    power = rf"-{_latex_number(body.gamma)} \lVert z - z_s \rVert^2"
    sums = rf"\sum_{{s=1}}^{{{len(body.support_vectors)}}} \alpha_s e^{{{power}}}"
    return [f"{_latex_number(float(v))} + {sums}" for v in body.intercept]


def _latex_conditions(rule: Rule, reading: Reading) -> str:
    return r" \wedge ".join(latex_name(condition_text(c, reading)) for c in rule.conditions)


def _cases(rows: Sequence[str]) -> str:
    return rf"\begin{{cases}} {_LINE.join(rows)} \end{{cases}}"


def _latex(score: Additive, i: int, reading: Reading) -> str:
    parts = [_latex_number(float(score.intercept[i]))] if score.intercept[i] or not score.terms else []
    trees = [t for t in score.terms if isinstance(t, Tree)]
    conditions = sum(int((~t.is_leaf).sum()) for t in trees)
    if conditions > _MOST_CONDITIONS:
        parts.append(rf"\sum_{{t=1}}^{{{len(trees)}}} \mathrm{{tree}}_t(x)")
        trees = []
    parts += [_latex_term(t, i, reading) for t in score.terms if not isinstance(t, Tree)]
    parts += [_latex_tree(t, i, reading) for t in trees]
    return " + ".join(parts).replace("+ -", "- ")


def _latex_number(value: float) -> str:
    mantissa, _, exponent = f"{value:.4g}".partition("e")
    return mantissa + (rf" \times 10^{{{int(exponent)}}}" if exponent else "")


def _latex_term(term: Any, i: int, reading: Reading) -> str:
    if isinstance(term, Offset):
        return rf"\log {latex_name(term.column)}" if term.log else latex_name(term.column)
    if isinstance(term, Rule):
        return rf"{_latex_number(float(term.value[i]))}\,[{_latex_conditions(term, reading)}]"
    if isinstance(term, Curve):
        return rf"f({latex_name(term.column)})"
    if isinstance(term, Linear):
        if reading.kinds.get(term.column) == "datetime" or not term.center:
            inner = latex_name(_centred(term, reading))
        else:
            sign = "-" if term.center > 0 else "+"
            inner = rf"({latex_name(term.column)} {sign} {_latex_number(abs(term.center))})"
        return rf"{_latex_number(float(term.coef[i]))}\,{inner}"
    if isinstance(term, Surface):
        return rf"f({latex_name(term.first.column)}, {latex_name(term.second.column)})"
    rows = [rf"{_latex_number(float(v[i]))} & {latex_name(name)}" for name, v in _cells(term, reading)]
    table = _LINE.join(rows)
    return rf"\left\{{\begin{{array}}{{ll}} {table} \end{{array}}\right\}}_{{{latex_name(term.column)}}}"


def _latex_tree(tree: Tree, i: int, reading: Reading) -> str:
    rows: list[str] = []
    stack: list[tuple[int, tuple[str, ...]]] = [(0, ())]
    while stack:
        node, path = stack.pop()
        if tree.feature[node] < 0:
            when = r" \wedge ".join(path) or r"\text{always}"
            rows.append(rf"{_latex_number(float(tree.value[node, i]))} & {when}")
            continue
        for left, child in ((False, tree.right[node]), (True, tree.left[node])):
            said = condition_text(branch_condition(tree, node, left=left), reading)
            stack.append((int(child), (*path, latex_name(said))))
    return _cases(rows)
