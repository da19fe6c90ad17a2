"""scikit-learn's support vector machines, with the target's scale or the probabilities' slope folded in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from workbench.forms import Additive, Kernel
from workbench.readers.linear import read_linear


def read_svm(model: Any) -> Additive | Kernel:
    """Read a TransformedTargetRegressor of a machine, or a CalibratedClassifierCV of one by temperature.

    A regressor's score is mean + deviation * f; a classifier's beta * f, of two classes 2 * beta * f, as their
    probabilities are softmax of beta * (-f, f).
    """
    if hasattr(model, "regressor_"):
        scaler = model.transformer_
        body, scale = _machine(model.regressor_), float(scaler.scale_[0])
        return _scaled(body, scale, float(scaler.mean_[0]))
    (calibrated,) = model.calibrated_classifiers_
    (temperature,) = calibrated.calibrators
    body = _machine(calibrated.estimator)
    return _scaled(body, float(temperature.beta_) * (2 if body.k == 1 else 1), 0.0)


def _machine(model: Any) -> Additive | Kernel:
    if hasattr(model, "estimators_"):
        return _side_by_side([_machine(each) for each in model.estimators_])
    return _kernel(model) if hasattr(model, "support_vectors_") else read_linear(model)


def _kernel(model: Any) -> Kernel:
    dual = np.asarray(model.dual_coef_, dtype=np.float64).reshape(1, -1).T
    intercept = np.asarray(model.intercept_, dtype=np.float64).ravel()
    return Kernel(np.asarray(model.support_vectors_, dtype=np.float64), dual, intercept, float(model._gamma))


def _side_by_side(parts: list[Any]) -> Kernel:
    """Put kernels of one number each side by side; a vector that several share stands once for each."""
    k = len(parts)
    rows = []
    for i, part in enumerate(parts):
        wide = np.zeros((len(part.support_vectors), k))
        wide[:, i] = part.dual_coef[:, 0]
        rows.append(wide)
    vectors = np.vstack([part.support_vectors for part in parts])
    return Kernel(vectors, np.vstack(rows), np.concatenate([part.intercept for part in parts]), parts[0].gamma)


def _scaled(body: Additive | Kernel, factor: float, shift: float) -> Additive | Kernel:
    intercept = shift + factor * body.intercept
    if isinstance(body, Kernel):
        return replace(body, dual_coef=factor * body.dual_coef, intercept=intercept)
    terms = [replace(term, coef=factor * term.coef) for term in body.terms]
    return Additive(intercept, tuple(terms))
