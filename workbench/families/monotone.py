"""Models that may only rise, or only fall, with a column: asked of the inputs, checked on the form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from workbench.forms import (
    Additive,
    Affine,
    Binned,
    Curve,
    Form,
    Frame,
    Input,
    IsMissing,
    Steps,
    Surface,
    Term,
    Tree,
)
from workbench.forms.frame import Floats

_MOST_ROWS = 40
_MOST_VALUES = 400
# of the score's spread over the checked rows: what rounding, and penalties in place of bounds, leave
_TOLERANCE = 1e-6


def signs(
    monotone: Mapping[str, str], inputs: Sequence[Input], kinds: Mapping[str, str], task: str, family: str
) -> np.ndarray:
    """Give 1, -1 or 0 for each encoded input: rising, falling, free; shape (n_inputs,).

    Raises
    ------
    ValueError
        If a column is unknown or has no numbers, or the task has several classes.
    """
    if task == "multiclass":
        raise ValueError(f"{family}: monotone: needs a number or two classes to predict; leave it out")
    for name in monotone:
        if name not in kinds:
            raise ValueError(f"{family}: monotone: must name columns of the data; got {name!r}")
        if kinds[name] not in ("number", "boolean", "datetime"):
            raise ValueError(f"{family}: monotone: must name number columns; {name!r} is of kind {kinds[name]}")
    found = np.zeros(len(inputs), dtype=int)
    for j, each in enumerate(inputs):
        if each.column in monotone and isinstance(each, Affine):
            found[j] = 1 if monotone[each.column] == "increasing" else -1
        elif each.column in monotone and not isinstance(each, IsMissing):
            kind = "bins" if isinstance(each, Binned) else "levels"
            raise ValueError(f"{family}: monotone: reads {each.column!r} as {kind}, which have no direction")
    return found


def check_monotone(form: Form, monotone: Mapping[str, str], X: pd.DataFrame) -> None:
    """Check that a form's score rises, or falls, with each of the columns, other columns as in training rows.

    Each column is moved through its training values and the form's cuts, in up to 40 training rows.

    Raises
    ------
    ValueError
        If the score goes the other way by more than rounding: a fault of the library, or of the reader.
    """
    rows = np.unique(np.linspace(0, len(X) - 1, _MOST_ROWS).astype(int))
    for name, direction in monotone.items():
        if name not in form.columns:
            continue
        values = _values(form, name, X)
        swept = {n: X[n].iloc[np.repeat(rows, values.size)] for n in form.columns}
        swept[name] = np.tile(values, rows.size)
        score = form.body.score(Frame(swept, {**form.kinds, name: "number"}))[:, 0].reshape(rows.size, values.size)
        steps = np.diff(score, axis=1) * (1 if direction == "increasing" else -1)
        worst = float(steps.min(initial=0.0))
        if worst < -_TOLERANCE * max(float(np.ptp(score)), np.finfo(float).tiny):
            raise ValueError(f"monotone: {name!r} must be {direction}, but the fitted form goes back by {-worst:.3g}")


def _values(form: Form, name: str, X: pd.DataFrame) -> Floats:
    """Give where a column is looked at: training values, and the cuts of the form with their successors."""
    x = Frame(X, form.kinds).numbers(name)
    terms = form.body.terms if isinstance(form.body, Additive) else ()
    at = np.unique(np.concatenate([x[~np.isnan(x)], *(_cuts(term, name) for term in terms)]))
    at = at[np.unique(np.linspace(0, at.size - 1, _MOST_VALUES).astype(int))]
    return np.unique(np.concatenate([at, np.nextafter(at, np.inf)]))


def _cuts(term: Term, name: str) -> Floats:
    if name not in term.columns:
        return np.zeros(0)
    if isinstance(term, Tree):
        t = term.threshold[term.feature == term.columns.index(name)]
        return t[np.isfinite(t)]
    if isinstance(term, Surface):
        return term.first.cuts if term.first.column == name else term.second.cuts
    return term.cuts if isinstance(term, Steps) else term.knots if isinstance(term, Curve) else np.zeros(0)
