"""Rewrite a score over encoded inputs as the same function of the original columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import singledispatch
from typing import Any

import numpy as np

from workbench.forms.additive import Additive, Term
from workbench.forms.curve import Curve
from workbench.forms.cuts import shown_cuts
from workbench.forms.equation import Equation
from workbench.forms.errors import FormError
from workbench.forms.frame import Bools, Floats, Frame, Ints
from workbench.forms.inputs import Affine, Binned, Input, IsMissing, Lookup
from workbench.forms.kernel import Kernel
from workbench.forms.pull_back_equation import pull_back_equation
from workbench.forms.pull_back_rules import pull_back_list, pull_back_rule, pull_back_set, with_shown
from workbench.forms.rules import Rule, RuleList, RuleSet
from workbench.forms.shapes import Axis, Steps, Surface, number_cells
from workbench.forms.terms import Levels, Linear, Offset
from workbench.forms.tree import Tree

# above this many conditions nobody reads the cuts, so no short decimals are looked for
_MOST_SHOWN = 2_000
# a curve is weighed at so many points, each of at least so many training rows
_MOST_POINTS = 50
_MIN_ROWS = 10


@singledispatch
def pull_back(body: Any, inputs: Sequence[Input]) -> Any:
    """Give a score over encoded inputs as a function of the original columns.

    Parameters
    ----------
    body : Body
        Over the encoded inputs, which its terms and conditions name by position: "0", "1", ...
    inputs : sequence of Input
        The map that made each encoded input from one original column.

    Returns
    -------
    Body
        Of the same kind: a sum has one linear or levels term per original column, and conditions are on original
        columns. Terms that are zero everywhere, and rules that nothing meets, are left out.
    """
    raise FormError(f"a {type(body).__name__} over encoded inputs can't be pulled back")


pull_back.register(RuleList, pull_back_list)
pull_back.register(RuleSet, pull_back_set)
pull_back.register(Equation, pull_back_equation)


@pull_back.register
def _kernel(body: Kernel, inputs: Sequence[Input]) -> Kernel:
    return replace(body, inputs=tuple(inputs))


@pull_back.register
def _sum(score: Additive, inputs: Sequence[Input]) -> Additive:
    linear: dict[str, list[tuple[Input, Linear]]] = {}
    others: list[Term] = []
    for term in score.terms:
        if isinstance(term, Linear):
            source = inputs[int(term.column)]
            linear.setdefault(source.column, []).append((source, term))
        elif (rewrite := _REWRITES.get(type(term))) is not None:
            others += rewrite(term, inputs)
        else:
            raise FormError(f"a {term.kind} term over encoded inputs can't be pulled back")
    intercept = score.intercept.astype(np.float64)
    if linear and score.divisor != 1.0:
        raise FormError("linear terms can't be averaged")
    terms: list[Term] = []
    for column, parts in linear.items():
        if any(isinstance(source, Lookup) for source, _ in parts):
            terms.append(_levels(column, parts))
        else:
            shift, merged = _number(column, parts)
            intercept = intercept + shift
            terms.append(merged)
    return Additive(intercept, tuple(t for t in [*terms, *others] if not _is_zero(t)), score.divisor)


@singledispatch
def annotate(body: Any, frame: Frame) -> Any:
    """Give the same score with what its training columns say of it, which changes no value.

    Cuts get the decimals that texts print; shapes get the training rows in each of their cells, and the mean of the
    training values there; rules get the rows that they match, or decide on. Where many trees add up to more than a
    person reads, no decimals are sought.
    """
    return body


@annotate.register
def _annotated_list(body: RuleList, frame: Frame) -> RuleList:
    counts = np.bincount(body.deciding(frame), minlength=len(body.rules))
    rules = [replace(with_shown(r, frame), support=int(n)) for r, n in zip(body.rules, counts, strict=True)]
    return RuleList(tuple(rules))


@annotate.register
def _annotated_set(body: RuleSet, frame: Frame) -> RuleSet:
    return replace(body, rules=tuple(_counted_rule(rule, frame) for rule in body.rules))


def _counted_rule(rule: Rule, frame: Frame) -> Rule:
    return replace(with_shown(rule, frame), support=int(rule.matches(frame).sum()))


@annotate.register
def _annotated_sum(score: Additive, frame: Frame) -> Additive:
    trees = [t for t in score.terms if isinstance(t, Tree)]
    read = sum(t.feature.size for t in trees) <= _MOST_SHOWN
    return replace(score, terms=tuple(_annotated(t, frame, read) for t in score.terms))


def _annotated(term: Term, frame: Frame, read: bool) -> Term:
    if isinstance(term, Tree):
        return _with_shown(term, frame) if read else term
    if isinstance(term, Steps):
        return _with_rows(term, frame.numbers(term.column))
    if isinstance(term, Curve):
        return _with_points(term, frame.numbers(term.column))
    if isinstance(term, Rule):
        return _counted_rule(term, frame)
    if isinstance(term, Surface):
        return replace(term, first=_counted(term.first, frame), second=_counted(term.second, frame))
    return term


def _with_rows(term: Steps, x: Floats) -> Steps:
    present = x[~np.isnan(x)]
    cells, n = number_cells(present, term.cuts), term.cuts.size + 1
    weights = np.bincount(cells, minlength=n).astype(np.float64)
    # an interval without training rows has no mean: its edge stands for it, with no weight
    edges = np.append(term.cuts, term.cuts[-1] if term.cuts.size else 0.0)
    centers = np.where(weights > 0, np.bincount(cells, present, minlength=n) / np.maximum(weights, 1.0), edges)
    return replace(term, centers=centers, weights=weights, shown=shown_cuts(term.cuts, x))


def _with_points(term: Curve, x: Floats) -> Curve:
    """Give a curve the means of its column over intervals of 10 training rows or more, about 50 of them."""
    present = np.sort(x[~np.isnan(x)])
    parts = np.array_split(present, max(1, min(_MOST_POINTS, present.size // _MIN_ROWS)))
    centers, place = np.unique([part.mean() for part in parts if part.size], return_inverse=True)
    weights = np.bincount(place, [float(part.size) for part in parts if part.size], minlength=centers.size)
    return replace(term, centers=centers, weights=weights.astype(np.float64))


def _counted(axis: Axis, frame: Frame) -> Axis:
    return replace(axis, weights=np.bincount(axis.cells(frame), minlength=axis.n_cells).astype(np.float64))


def _with_shown(tree: Tree, frame: Frame) -> Tree:
    shown = tree.threshold.copy()
    for j, name in enumerate(tree.columns):
        at = (tree.feature == j) & np.isfinite(tree.threshold)
        if at.any():
            shown[at] = shown_cuts(tree.threshold[at], frame.numbers(name))
    return replace(tree, shown=shown)


def _number(column: str, parts: list[tuple[Input, Linear]]) -> tuple[Floats, Linear]:
    """Merge what is linear in a number column and in its missing indicator: (shift of the intercept, term).

    Where the library gets no number for a missing value, the term has none either: NaN.
    """
    k = parts[0][1].coef.size
    shift, slope, missing, center = np.zeros(k), np.zeros(k), np.zeros(k), 0.0
    for source, term in parts:
        if (ends := _ends(source)) is not None:
            present, absent = ends
            shift = shift + term.coef * (present - term.center)
            missing = missing + term.coef * (absent - present)
        elif isinstance(source, Affine):
            # coef ((x - c) / s - m) = coef / s (x - (c + s m))
            slope = term.coef / source.scale
            center = source.center + source.scale * term.center
            missing = missing + term.coef * (source.missing - term.center)
        else:
            raise FormError(f"column {column!r} is read both as a number and as levels")
    return shift, Linear(column, slope, center, missing)


def _ends(source: Input) -> tuple[float, float] | None:
    """Give the two values of an input that tells no more than whether its column is missing: if not, and if so."""
    if isinstance(source, IsMissing):
        return 0.0, 1.0
    return (source.values[0], source.missing) if isinstance(source, Binned) and not source.cuts else None


def _levels(column: str, parts: list[tuple[Input, Linear]]) -> Levels:
    sources = [source for source, _ in parts]
    known = {s.levels for s in sources if isinstance(s, Lookup)}
    if len(known) != 1 or not all(isinstance(s, Lookup) for s in sources):
        raise FormError(f"column {column!r}: its encoded inputs must be lookups over the same levels")
    table = sum(
        (s.table[:, None] - term.center) * term.coef[None, :] for s, term in parts if isinstance(s, Lookup)
    ) + np.zeros((1, parts[0][1].coef.size))
    return Levels(column, known.pop(), table[:-2], table[-2], table[-1])


def _steps(term: Steps, source: Input) -> Steps | Levels:
    """Rewrite steps of an encoded input as steps, or levels, of its original column."""
    if isinstance(source, Lookup):
        table = _at(term, source.table)
        return Levels(source.column, source.levels, table[:-2], table[-2], table[-1])
    fill = _unscaled(source).missing
    filled = term.missing if np.isnan(fill) else _at(term, np.array([fill]))[0]
    return replace(term, column=source.column, missing=filled)


def _curve(term: Curve, source: Input) -> Curve | Levels:
    """Rewrite a curve over an affine input: z = (x - c) / s, so that coef (z - o)^d = coef / s^d (x - (c + s o))^d.

    Over the codes of levels it becomes a value for each level.
    """
    if isinstance(source, Lookup):
        table = np.where(np.isnan(source.table)[:, None], term.missing, term.at(np.nan_to_num(source.table)))
        return Levels(source.column, source.levels, table[:-2], table[-2], table[-1])
    if not isinstance(source, Affine):
        raise FormError(f"column {source.column!r}: a curve needs a number column")
    if np.isnan(source.missing):
        raise FormError(f"column {source.column!r}: a curve needs a number for missing values")
    if not source.scale > 0:
        raise FormError(f"column {source.column!r}: a curve needs a scale above 0; got {source.scale!r}")
    k, s = term.missing.size, source.scale
    degrees = np.repeat(np.arange(term.coef.shape[1] // k), k)
    return replace(
        term,
        column=source.column,
        knots=source.center + s * term.knots,
        origin=source.center + s * term.origin,
        coef=term.coef / s**degrees,
        missing=term.at(np.array([source.missing]))[0],
    )


def _at(term: Steps, z: Floats) -> Floats:
    return np.vstack([term.values, term.missing])[number_cells(z, term.cuts)]


def _surface(term: Surface, inputs: Sequence[Input]) -> Surface:
    """Rewrite a surface over two encoded inputs, both number axes there, as one over their original columns."""
    (first, rows), (second, columns) = (_axis(a, inputs[int(a.column)]) for a in (term.first, term.second))
    values = term.grid[rows][:, columns]
    return Surface(first, second, values.reshape(-1, values.shape[2]))


def _axis(axis: Axis, source: Input) -> tuple[Axis, Ints]:
    """Give the axis over the original column, and for each of its cells the cell of the encoded axis."""
    if isinstance(source, Lookup):
        cells = number_cells(source.table, axis.cuts)
        return Axis(source.column, np.zeros(0), source.levels, np.zeros(cells.size)), cells
    fill = _unscaled(source).missing
    cells = np.arange(axis.n_cells)
    if not np.isnan(fill):
        cells[-1] = number_cells(np.array([fill]), axis.cuts)[0]
    return replace(axis, column=source.column), cells


def _unscaled(source: Input) -> Affine:
    if isinstance(source, Binned):
        raise FormError(f"column {source.column!r}: shapes and trees read numbers, not bins; use no bins")
    if isinstance(source, Affine) and (source.center, source.scale) == (0.0, 1.0):
        return source
    raise FormError(f"column {source.column!r}: a cut on a scaled input has no exact boundary; use no scaling")


def _is_zero(term: Term) -> bool:
    if isinstance(term, Linear):
        return not (term.coef.any() or term.missing.any())
    if isinstance(term, Levels):
        return not (term.values.any() or term.unseen.any() or term.missing.any())
    if isinstance(term, Tree):
        return bool(term.is_leaf.all()) and not term.value.any()
    return False


def _tree(tree: Tree, inputs: Sequence[Input]) -> Tree:
    """Rewrite each condition z <= t on an encoded input as one on its original column."""
    used = [inputs[int(tree.columns[j])] for j in sorted({int(f) for f in tree.feature if f >= 0})]
    columns = tuple(dict.fromkeys(source.column for source in used))
    levels = {s.column: s.levels for s in used if isinstance(s, Lookup)}
    width = 1 + max((len(each) for each in levels.values()), default=0)
    feature, threshold = np.full_like(tree.feature, -1), np.full_like(tree.threshold, np.nan)
    subset, missing_left = np.full_like(tree.subset, -1), tree.missing_left.copy()
    sets: dict[bytes, int] = {}
    for j in sorted({int(f) for f in tree.feature if f >= 0}):
        source, at = inputs[int(tree.columns[j])], np.flatnonzero(tree.feature == j)
        feature[at] = columns.index(source.column)
        t = tree.threshold[at]
        if isinstance(source, Lookup):
            for node in at:
                goes = np.zeros(width, dtype=np.bool_)
                table = _goes_left(tree, int(node), source.table)
                goes[: len(source.levels) + 1] = table[:-1]
                subset[node] = sets.setdefault(goes.tobytes(), len(sets))
                missing_left[node] = table[-1]
        elif (ends := _ends(source)) is not None:
            threshold[at] = np.where(ends[0] <= t, np.inf, -np.inf)
            missing_left[at] = ends[1] <= t
        else:
            threshold[at] = t
            if not np.isnan(fill := _unscaled(source).missing):
                missing_left[at] = fill <= t
    return replace(
        tree,
        columns=columns,
        levels=tuple(levels.get(name, ()) for name in columns),
        feature=feature,
        threshold=threshold,
        subset=subset,
        subsets=np.frombuffer(b"".join(sets), dtype=np.bool_).reshape(len(sets), width).copy(),
        missing_left=missing_left,
    )


def _goes_left(tree: Tree, node: int, z: Floats) -> Bools:
    """Say which encoded values go left at a node; NaN stands for "as if missing"."""
    missing = np.isnan(z)
    if tree.subset[node] >= 0:
        # a set of codes 0, 1, 2, ...; codes beyond them are unseen
        codes = np.clip(np.nan_to_num(z), 0, tree.subsets.shape[1] - 1).astype(np.intp)
        goes = tree.subsets[tree.subset[node], codes]
    else:
        goes = np.nan_to_num(z) <= tree.threshold[node]
    left: Bools = np.where(missing, tree.missing_left[node], goes)
    return left


# how each kind of term but linear ones, which merge, is rewritten over original columns
_REWRITES: dict[type, Callable[[Any, Sequence[Input]], list[Any]]] = {
    Steps: lambda term, inputs: [_steps(term, inputs[int(term.column)])],
    Curve: lambda term, inputs: [_curve(term, inputs[int(term.column)])],
    Offset: lambda term, inputs: [replace(term, column=inputs[int(term.column)].column)],
    Surface: lambda term, inputs: [_surface(term, inputs)],
    Tree: lambda term, inputs: [_tree(term, inputs)],
    Rule: pull_back_rule,
}
