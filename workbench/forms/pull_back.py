"""Rewrite a score over encoded inputs as the same function of the original columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from workbench.forms.additive import Additive
from workbench.forms.cuts import shown_cuts
from workbench.forms.errors import FormError
from workbench.forms.frame import Floats, Frame
from workbench.forms.inputs import Affine, Input, IsMissing, Lookup
from workbench.forms.terms import Levels, Linear, Term, Tree

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
    trees: list[Term] = []
    for term in score.terms:
        if isinstance(term, Linear):
            source = inputs[int(term.column)]
            linear.setdefault(source.column, []).append((source, term))
        elif isinstance(term, Tree):
            trees.append(_tree(term, inputs))
        else:
            raise FormError(f"a {term.kind} term over encoded inputs can't be pulled back")
    intercept = score.intercept.astype(np.float64)
    terms: list[Term] = []
    for column, parts in linear.items():
        if any(isinstance(source, Lookup) for source, _ in parts):
            terms.append(_levels(column, parts))
        else:
            shift, merged = _number(column, parts)
            intercept = intercept + shift
            terms.append(merged)
    return Additive(intercept, tuple(t for t in [*terms, *trees] if not _is_zero(t)))


def show_cuts(score: Additive, frame: Frame) -> Additive:
    """Give the same score with the decimals that its trees' cuts are printed as, found in the training columns."""
    trees = [t for t in score.terms if isinstance(t, Tree)]
    if sum(t.feature.size for t in trees) > _MOST_SHOWN:
        return score
    return replace(score, terms=tuple(_with_shown(t, frame) if isinstance(t, Tree) else t for t in score.terms))


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


def _is_zero(term: Term) -> bool:
    if isinstance(term, Linear):
        return not (term.coef.any() or term.missing.any())
    if isinstance(term, Levels):
        return not (term.values.any() or term.unseen.any() or term.missing.any())
    return bool(term.is_leaf.all()) and not term.value.any()


def _tree(tree: Tree, inputs: Sequence[Input]) -> Tree:
    """Rewrite each condition z <= t on an encoded input as one on its original column."""
    used = [inputs[int(tree.columns[j])] for j in sorted({int(f) for f in tree.feature if f >= 0})]
    columns = tuple(dict.fromkeys(source.column for source in used))
    levels = {s.column: s.levels for s in used if isinstance(s, Lookup)}
    width = 1 + max((len(each) for each in levels.values()), default=0)
    feature, threshold = np.full_like(tree.feature, -1), np.full_like(tree.threshold, np.nan)
    subset, missing_left = np.full_like(tree.subset, -1), tree.missing_left.copy()
    sets: dict[bytes, int] = {}
    for node in np.flatnonzero(tree.feature >= 0):
        source, t = inputs[int(tree.columns[tree.feature[node]])], float(tree.threshold[node])
        feature[node] = columns.index(source.column)
        if isinstance(source, Lookup):
            goes = np.zeros(width, dtype=np.bool_)
            with np.errstate(invalid="ignore"):
                # NaN stands for "as if missing"
                table = np.where(np.isnan(source.table), tree.missing_left[node], source.table <= t)
            goes[: len(source.levels) + 1] = table[:-1]
            subset[node] = sets.setdefault(goes.tobytes(), len(sets))
            missing_left[node] = table[-1]
        elif isinstance(source, IsMissing):
            threshold[node] = np.inf if t >= 0 else -np.inf
            missing_left[node] = t >= 1
        elif (source.center, source.scale) == (0.0, 1.0):
            threshold[node] = t
            if not np.isnan(source.missing):
                missing_left[node] = source.missing <= t
        else:
            raise FormError(f"column {source.column!r}: a cut on a scaled input has no exact boundary; use no scaling")
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
