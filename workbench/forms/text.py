"""A form as text and as mathematics."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from workbench.forms.additive import Additive
from workbench.forms.frame import Floats
from workbench.forms.shapes import Steps, Surface
from workbench.forms.terms import Levels, Linear
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


def score_text(score: Additive, subject: str, outputs: Sequence[str], reading: Reading) -> str:
    """Write a score as lines of text: a sum of terms, or the rules of one tree."""
    trees = [t for t in score.terms if isinstance(t, Tree)]
    if len(trees) == 1 and len(score.terms) == 1 and not score.intercept.any():
        return "\n".join([f"{subject} is", *_tree_lines(trees[0], outputs, reading)])
    lines = [f"{subject} = {_vector(score.intercept, outputs)}"]
    lines += ["  " + _term_text(term, outputs, reading) for term in score.terms if not isinstance(term, Tree)]
    conditions = sum(int((~t.is_leaf).sum()) for t in trees)
    if conditions > _MOST_CONDITIONS:
        lines.append(f"  + {len(trees):,} trees with {conditions:,} conditions in all: too many to read")
        return "\n".join(lines)
    for tree in trees:
        lines += ["  + the value of", *_tree_lines(tree, outputs, reading, depth=1)]
    return "\n".join(lines)


def condition_text(tree: Tree, node: int, reading: Reading, *, left: bool) -> str:
    """Write the condition of one node's left or right branch, with where unseen values go, and missing ones if any."""
    name, levels = tree.columns[tree.feature[node]], tree.levels[tree.feature[node]]
    missing = bool(tree.missing_left[node]) == left and name in reading.gaps
    if levels:
        goes = tree.subsets[tree.subset[node]] == left
        inside = [level for level, g in zip(levels, goes, strict=False) if g]
        names = [*inside, *(["any other"] if goes[len(levels)] else []), *(["missing"] if missing else [])]
        return f"{name} is " + (" or ".join(names) if names else "never")
    t = float(tree.threshold[node])
    if np.isinf(t):
        present = (t > 0) == left
        return f"{name} is " + (("present or missing" if missing else "present") if present else "missing")
    suffix = " or missing" if missing else ""
    if reading.kinds.get(name) == "boolean" and 0 <= t < 1:
        return f"{name} is {'false' if left else 'true'}{suffix}"
    return f"{name} {'≤' if left else '>'} {cut_text(tree, node, reading.kinds.get(name, 'number'))}{suffix}"


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
            rows = "" if tree.support is None else f"  ({tree.support[node]:,} rows)"
            lines.append(f"{indent}{_vector(tree.value[node], outputs)} if {condition}{rows}")
            continue
        if condition != "always":
            lines.append(f"{indent}if {condition}:")
            level += 1
        stack.append((int(tree.right[node]), level, condition_text(tree, node, reading, left=False)))
        stack.append((int(tree.left[node]), level, condition_text(tree, node, reading, left=True)))
    return lines


def _vector(vector: Floats, outputs: Sequence[str]) -> str:
    if vector.size == 1:
        return number_text(float(vector[0]))
    return "(" + ", ".join(f"{o}: {number_text(float(v))}" for o, v in zip(outputs, vector, strict=True)) + ")"


def _term_text(term: Linear | Levels | Steps | Surface, outputs: Sequence[str], reading: Reading) -> str:
    """Write a term with the sign that joins it to the sum."""
    if isinstance(term, Linear):
        one = term.coef.size == 1
        sign = "− " if one and term.coef[0] < 0 else "+ "
        text = sign + f"{_vector(np.abs(term.coef) if one else term.coef, outputs)} × {_centred(term, reading)}"
        return text + (f"; {_vector(term.missing, outputs)} where missing" if term.missing.any() else "")
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


def score_latex(score: Additive, reading: Reading) -> list[str]:
    """Write each output of a score as a LaTeX expression; a list of k expressions."""
    return [_latex(score, i, reading) for i in range(score.k)]


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


def _latex_term(term: Linear | Levels | Steps | Surface, i: int, reading: Reading) -> str:
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
            stack.append((int(child), (*path, latex_name(condition_text(tree, node, reading, left=left)))))
    return rf"\begin{{cases}} {_LINE.join(rows)} \end{{cases}}"
