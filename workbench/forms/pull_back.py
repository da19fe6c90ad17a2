"""Rewrite a score over encoded inputs as the same function of the original columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from workbench.forms.additive import Additive, Term
from workbench.forms.cuts import shown_cuts
from workbench.forms.errors import FormError
from workbench.forms.frame import Bools, Floats, Frame, Ints
from workbench.forms.inputs import Affine, Input, IsMissing, Lookup
from workbench.forms.shapes import Axis, Steps, Surface, number_cells
from workbench.forms.terms import Levels, Linear
from workbench.forms.tree import Tree

# above this many conditions nobody reads the cuts, so no short decimals are looked for
_MOST_SHOWN = 2_000


def pull_back(score: Additive, inputs: Sequence[Input]) -> Additive:
    """Give the score as a function of the original columns.

    Parameters
    ----------
    score : Additive
        Over the encoded inputs, which its terms name by position: "0", "1", ...
    inputs : sequence of Input
        The map that made each encoded input from one original column.

    Returns
    -------
    Additive
        With one linear or levels term per original column, and trees whose conditions are on original columns.
        Terms that are zero everywhere are left out.
    """
    linear: dict[str, list[tuple[Input, Linear]]] = {}
    others: list[Term] = []
    for term in score.terms:
        if isinstance(term, Linear):
            source = inputs[int(term.column)]
            linear.setdefault(source.column, []).append((source, term))
        elif isinstance(term, Steps):
            others.append(_steps(term, inputs[int(term.column)]))
        elif isinstance(term, Surface):
            others.append(_surface(term, inputs))
        elif isinstance(term, Tree):
            others.append(_tree(term, inputs))
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


def annotate(score: Additive, frame: Frame) -> Additive:
    """Give the same score with what its training columns say of it, which changes no value.

    Cuts get the decimals that texts print; steps and surfaces get the training rows in each of their cells, and steps
    the mean of the training values there. Where many trees add up to more than a person reads, no decimals are sought.
    """
    trees = [t for t in score.terms if isinstance(t, Tree)]
    read = sum(t.feature.size for t in trees) <= _MOST_SHOWN
    return replace(score, terms=tuple(_annotated(t, frame, read) for t in score.terms))


def _annotated(term: Term, frame: Frame, read: bool) -> Term:
    if isinstance(term, Tree):
        return _with_shown(term, frame) if read else term
    if isinstance(term, Steps):
        return _with_rows(term, frame.numbers(term.column))
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
    """Merge what is linear in a number column and in its missing indicator: (shift of the intercept, term)."""
    k = parts[0][1].coef.size
    shift, slope, missing, center = np.zeros(k), np.zeros(k), np.zeros(k), 0.0
    for source, term in parts:
        if isinstance(source, IsMissing):
            # coef (1 - center) where missing, - coef center elsewhere
            shift = shift - term.coef * term.center
            missing = missing + term.coef
        elif isinstance(source, Affine):
            if np.isnan(source.missing):
                raise FormError(f"column {column!r}: a linear term needs a number for missing values")
            # coef ((x - c) / s - m) = coef / s (x - (c + s m))
            slope = term.coef / source.scale
            center = source.center + source.scale * term.center
            missing = missing + term.coef * (source.missing - term.center)
        else:
            raise FormError(f"column {column!r} is read both as a number and as levels")
    return shift, Linear(column, slope, center, missing)


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
        elif isinstance(source, IsMissing):
            threshold[at] = np.where(t >= 0, np.inf, -np.inf)
            missing_left[at] = t >= 1
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
