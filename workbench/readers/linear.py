"""Linear models: coefficients and intercept, as scikit-learn holds them."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.forms import Additive, Linear


def read_linear(model: Any) -> Additive:
    """Read ``coef_`` and ``intercept_`` of a fitted linear model.

    Parameters
    ----------
    model : fitted estimator
        With ``coef_`` of shape (n_inputs,) or (k, n_inputs) and ``intercept_`` of shape (), (1,) or (k,).

    Returns
    -------
    Additive
        One linear term per encoded input, named by position.
    """
    coef = np.atleast_2d(np.asarray(model.coef_, dtype=np.float64))
    intercept = np.broadcast_to(np.asarray(model.intercept_, dtype=np.float64).ravel(), coef.shape[:1]).copy()
    none = np.zeros(coef.shape[0])
    return Additive(intercept, tuple(Linear(str(j), coef[:, j].copy(), 0.0, none) for j in range(coef.shape[1])))
