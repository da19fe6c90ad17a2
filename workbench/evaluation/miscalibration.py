"""How likely residuals are where predictions are calibrated: the tests of `calibration`."""

from __future__ import annotations

import math

import numpy as np

from workbench.evaluation.alarms import share_at_least
from workbench.evaluation.draws import null_ratios, null_sums, outcomes, ratios_of, shuffles, signs
from workbench.evaluation.shares import effective_rows
from workbench.forms.output import log_odds

MOST_SIMULATED = 20_000  # of more rows the sums are as good as normal
_TINY = 1e-9


def _standardized(score: np.ndarray) -> np.ndarray:
    spread = score.std()
    return (score - score.mean()) / spread if spread > 0 else np.zeros_like(score)


def chance_of_classes(
    came: np.ndarray, predicted: np.ndarray, bins: np.ndarray, weight: np.ndarray, drawn: tuple[int, int]
) -> float:
    """Give the p-value of outcomes that come at the probabilities predicted."""
    from scipy.special import chdtrc

    z = _standardized(log_odds(predicted))
    residual, variance = came - predicted, np.clip(predicted * (1 - predicted), _TINY, None)
    trend = np.column_stack([np.ones_like(z), z])
    inside = (bins[:, None] == np.arange(bins.max() + 1)).astype(float)
    noise = weight**2 * variance
    inverse = np.linalg.pinv((trend * noise[:, None]).T @ trend, hermitian=True)
    scales = noise @ inside
    design = np.hstack([trend, inside]) * weight[:, None]

    def statistics(sums: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        u, inner = sums[:, :2], sums[:, 2:]
        return np.einsum("ij,jk,ik->i", u, inverse, u), (inner**2 / scales).sum(axis=1)

    found = [float(s[0]) for s in statistics((residual @ design)[None])]
    if len(residual) > MOST_SIMULATED:
        freedom = (1 + z.any(), inside.shape[1])
        return min(1.0, 2 * min(float(chdtrc(df, s)) for df, s in zip(freedom, found, strict=True)))
    by_chance = statistics(null_sums(outcomes(predicted), design, *drawn))
    return min(1.0, 2 * min(share_at_least(f, d) for f, d in zip(found, by_chance, strict=True)))


def chance_of_numbers(
    residual: np.ndarray, predicted: np.ndarray, bins: np.ndarray, weight: np.ndarray, drawn: tuple[int, int]
) -> float:
    """Give the p-value of residuals that average to 0, over all, along the prediction, and in every bin."""
    from scipy.special import chdtrc, stdtr

    mean, effective = np.average(residual, weights=weight), effective_rows(weight)
    centred = residual - mean
    error = math.sqrt(np.average(centred**2, weights=weight) / max(effective - 1, 1))
    if error == 0:
        return 1.0 if mean == 0 else 0.0
    p_values = [2 * float(stdtr(effective - 1, -abs(mean) / error))]
    inside = (bins[:, None] == np.arange(bins.max() + 1)).astype(float)
    design = np.column_stack([_standardized(predicted), inside]) * weight[:, None]

    def statistics(ratios: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return ratios[:, 0], ratios[:, 1:].sum(axis=1)

    found = [float(s[0]) for s in statistics(ratios_of(centred[None], design))]
    if len(residual) > MOST_SIMULATED:
        p_values += [float(chdtrc(df, s)) for df, s in zip((1, max(1, inside.shape[1] - 1)), found, strict=True)]
    else:
        by_chance = [statistics(null_ratios(draw(centred), design, *drawn)) for draw in (shuffles, signs)]
        p_values += [max(share_at_least(f, d[i]) for d in by_chance) for i, f in enumerate(found)]
    return min(1.0, 3 * min(p_values))
