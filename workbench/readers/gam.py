"""pygam's models: a cubic spline for each number column, and slopes."""

from __future__ import annotations

from collections.abc import Sequence
from math import factorial
from typing import Any

import numpy as np

from workbench.forms import Additive, Curve, Linear, Term


def read_gam(models: Sequence[Any]) -> Additive:
    """Read the terms of fitted models with the same inputs and knots, one for each entry of the score.

    Parameters
    ----------
    models : sequence of pygam.LinearGAM or pygam.LogisticGAM
        With spline terms (P-splines), linear terms and an intercept.

    Returns
    -------
    Additive
        Over the encoded inputs, named by position.
    """
    intercept = np.zeros(len(models))
    terms: list[Term] = []
    for i, term in enumerate(models[0].terms):
        at = models[0].terms.get_coef_indices(i)
        coef = np.array([model.coef_[at] for model in models], dtype=np.float64)
        if term.isintercept:
            intercept = coef[:, 0]
        elif term._name == "linear_term":
            terms.append(Linear(str(term.feature), coef[:, 0], 0.0, np.zeros(len(models))))
        elif term._name == "spline_term" and (term.basis, term.spline_order, term.by) == ("ps", 3, None):
            terms.append(_curve(term, coef))
        else:
            raise ValueError(f"a {term._name} can't be read; only linear terms and cubic P-splines can")
    return Additive(intercept, tuple(terms))


def _curve(term: Any, coef: np.ndarray) -> Curve:
    """Read a spline, coef of shape (k, n_splines): a cubic on each interval, straight lines beyond both ends."""
    from scipy.interpolate import BSpline

    order, (low, high) = term.spline_order, (float(edge) for edge in term.edge_knots_)
    inner = np.linspace(0, 1, 1 + term.n_splines - order)
    outer = np.arange(1, order + 1) * inner[1]
    # pygam scales the column to 0 to 1, where its knots are evenly spaced
    knots = np.concatenate([-outer[::-1], inner, 1 + outer])
    spline = BSpline(knots, coef.T, order)
    # Taylor's coefficients at each knot, shape (n_knots, order + 1, k); beyond the ends value and slope go on
    taylor = np.stack([spline(inner, nu=d) / factorial(d) for d in range(order + 1)], axis=1)
    straight = taylor[[0, -1]] * (np.arange(order + 1) < 2)[None, :, None]
    # the slope of even cubic splines at a knot, as a difference that is 0 where the curve is flat
    straight[:, 1] = (coef.T[[2, -1]] - coef.T[[0, -3]]) / (2 * inner[1])
    pieces = np.concatenate([straight[:1], taylor[:-1], straight[1:]])
    width = high - low
    scaled = pieces / width ** np.arange(order + 1)[None, :, None]
    at = low + width * inner
    return Curve(
        str(term.feature),
        at,
        np.concatenate([at[:1], at[:-1], at[-1:]]),
        scaled.reshape(len(scaled), -1),
        np.full(len(coef), np.nan),
        np.zeros(0),
        np.zeros(0),
    )
