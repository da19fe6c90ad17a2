"""The line from what was predicted to what came: slope, intercept, and how sure both are."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

_STEPS, _CLOSE = 50, 1e-9
_STEEP = 30.0  # a slope beyond this is that of classes parted without fault, which has no end


@dataclass(frozen=True)
class Line:
    """A slope and an intercept with their intervals; NaN where the rows don't fix them."""

    slope: float
    slope_lower: float
    slope_upper: float
    intercept: float
    intercept_lower: float
    intercept_upper: float


def line_of_classes(came: np.ndarray, score: np.ndarray, weight: np.ndarray, level: float = 0.95) -> Line:
    r"""Fit logit P(y = 1) = a + b s, and the intercept with b held at 1.

    Maximum likelihood by Newton's method; intervals are Wald's with the sandwich covariance, which weights leave valid.

    Parameters
    ----------
    came : ndarray of shape (n_samples,)
        0 or 1.
    score : ndarray of shape (n_samples,)
        Predicted log odds.
    weight : ndarray of shape (n_samples,)
    level : float

    References
    ----------
    Cox (1958), doi 10.1093/biomet/45.3-4.562; Van Calster et al. (2016), doi 10.1016/j.jclinepi.2015.12.005.
    """
    ones = np.ones_like(score)
    alone = newton(ones[:, None], came, weight, score)
    both = newton(np.column_stack([ones, score]), came, weight, np.zeros_like(score)) if np.ptp(score) > 0 else None
    return _line(alone, both, level, math.inf)


def line_of_numbers(came: np.ndarray, predicted: np.ndarray, weight: np.ndarray, level: float = 0.95) -> Line:
    r"""Fit y = a + b f by (weighted) least squares, and the mean of y - f; intervals with HC3 standard errors.

    References
    ----------
    MacKinnon and White (1985), doi 10.1016/0304-4076(85)90158-7.
    """
    ones = np.ones_like(predicted)
    alone = _least_squares(ones[:, None], came - predicted, weight)
    steady = np.ptp(predicted) <= 1e-12 * np.abs(predicted).max(initial=0.0)
    centred = predicted - np.average(predicted, weights=weight)
    both = None if steady else _least_squares(np.column_stack([ones, centred]), came, weight)
    return _line(alone, both, level, len(came) - 2)


Fit = tuple[np.ndarray, np.ndarray]


def newton(design: np.ndarray, came: np.ndarray, weight: np.ndarray, offset: np.ndarray) -> Fit | None:
    """Fit a logistic regression; None where the likelihood has no maximum."""
    beta = np.zeros(design.shape[1])
    if design.shape[1] == 2:
        beta[1] = 1.0
    for _ in range(_STEPS):
        p = _sigmoid(offset + design @ beta)
        gradient = design.T @ (weight * (came - p))
        information = (design * (weight * p * (1 - p))[:, None]).T @ design
        try:
            step = np.linalg.solve(information, gradient)
        except np.linalg.LinAlgError:
            return None
        step *= min(1.0, 2.0 / max(np.abs(step).max(), 1e-300))  # far from the maximum whole steps overshoot
        now = _likelihood(offset + design @ beta, came, weight)
        while np.abs(step).max() >= _CLOSE and _likelihood(offset + design @ (beta + step), came, weight) < now:
            step /= 2  # bold predictions leave next to no information at a slope of 1
        beta = beta + step
        if not np.isfinite(beta).all() or np.abs(beta).max() > _STEEP:
            return None
        if np.abs(step).max() < _CLOSE:
            meat = (design * (weight * (came - p))[:, None] ** 2).T @ design
            bread = np.linalg.inv(information)
            return beta, bread @ meat @ bread
    return None


def _likelihood(score: np.ndarray, came: np.ndarray, weight: np.ndarray) -> float:
    return float(weight @ (came * score - np.logaddexp(0.0, score)))


def _sigmoid(score: np.ndarray) -> np.ndarray:
    small = np.exp(-np.abs(score))
    return np.where(score >= 0, 1.0, small) / (1.0 + small)


def _least_squares(design: np.ndarray, came: np.ndarray, weight: np.ndarray) -> Fit | None:
    if len(came) <= design.shape[1] + 1:
        return None
    bread = np.linalg.pinv((design * weight[:, None]).T @ design)
    beta = bread @ (design.T @ (weight * came))
    leverage = weight * np.einsum("ij,jk,ik->i", design, bread, design)
    residual = weight * (came - design @ beta) / np.maximum(1 - leverage, 1e-9)
    return beta, bread @ ((design * residual[:, None] ** 2).T @ design) @ bread


def _line(alone: Fit | None, both: Fit | None, level: float, freedom: float) -> Line:
    slope = (math.nan,) * 3 if both is None else _bounds(both, 1, level, freedom)
    intercept = (math.nan,) * 3 if alone is None else _bounds(alone, 0, level, freedom)
    return Line(*slope, *intercept)


def _bounds(fit: Fit, i: int, level: float, freedom: float) -> tuple[float, float, float]:
    from scipy.special import ndtri, stdtrit

    times = ndtri((1 + level) / 2) if math.isinf(freedom) else stdtrit(freedom, (1 + level) / 2)
    value, half = float(fit[0][i]), float(times * math.sqrt(max(fit[1][i, i], 0.0)))
    return value, value - half, value + half
