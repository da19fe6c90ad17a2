"""Whether a prediction of 0.7 comes true in 70 of 100 rows, and a predicted number is right on average."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import numpy as np

from workbench.answers.answer import Provenance
from workbench.answers.calibration import Calibration, Reliability
from workbench.answers.finding import Finding
from workbench.bins import even_bins
from workbench.columns import quoted
from workbench.disclosure import MIN_ROWS
from workbench.evaluation.alarms import RATE, chance_in_words, holm
from workbench.evaluation.digits import brief, decimals_for, spanned, written
from workbench.evaluation.draws import N_DRAWS
from workbench.evaluation.lines import line_of_classes, line_of_numbers
from workbench.evaluation.miscalibration import MOST_SIMULATED, chance_of_classes, chance_of_numbers
from workbench.evaluation.predictions import Predictions
from workbench.evaluation.shares import effective_rows, wilson
from workbench.evaluation.straightening import HINTS, levelling_gain, straightening_gain, way_off
from workbench.evaluation.units import in_its_unit
from workbench.evaluation.withholding import withholding
from workbench.forms.output import log_odds

N_BINS = 10
_TINY = 1e-9
# a typical distance, of a probability or in standard deviations of the target: smaller ones are no finding
_LITTLE, _MEDIUM, _MUCH = 0.01, 0.05, 0.10
_GAINS = (0.05, 0.01)  # of R², by a straight line: high, medium


@in_its_unit
def calibration(
    predictions: Predictions, *, n_bins: int = N_BINS, level: float = 0.95, random_state: int = 0
) -> Calibration:
    r"""Compare predictions with what came: in bins, by a line, and by a test.

    Bins hold neighbouring predictions, about equally many rows each and 20 or more (all rows where there are fewer
    than 40); equal predictions are never parted. Each bin b has the mean prediction, what came, and its interval:
    Wilson's of a share, Student's of a mean. The typical distance is corrected for chance, with the standard error
    :math:`s_b` of the bin's mean residual and its share of all weight :math:`\pi_b`:

    .. math:: \sqrt{\max\left(0, \sum_b \pi_b \left((\bar p_b - \bar y_b)^2 - s_b^2\right)\right)}

    The test asks of the residuals :math:`r = y - p` whether they go with the predicted log odds (or number) z, and
    whether they average to 0 in each bin.

    - Classes: score statistics, :math:`u^\top I^{-1} u` with :math:`u = \sum r (1, z)`, and :math:`\sum_b (\sum_{i
      \in b} r_i)^2 / \sum_{i \in b} p_i (1 - p_i)`, against outcomes drawn from the predictions themselves: exact in
      any sample. The smaller p-value counts twice; several classes are corrected by Holm's method.
    - A number: Student's t of the mean; then, of residuals less their mean, :math:`(\sum r z)^2 / \sum r^2 z^2` and
      :math:`\sum_b (\sum_{i \in b} r_i)^2 / \sum_{i \in b} r_i^2`, against residuals in another order (right however
      skewed errors are) and against residuals with signs drawn (right however unequal their sizes are); the larger
      p-value of the two counts. The smallest of the three counts three times.

    Of more than 20,000 rows chi-squared distributions stand for the draws.

    Parameters
    ----------
    predictions : Predictions
        For rows that the model has not seen.
    n_bins : int
        The most bins.
    level : float
        The coverage that intervals aim at.
    random_state : int

    Returns
    -------
    Calibration

    Raises
    ------
    ValueError
        If there are fewer than 20 rows, or the level is outside (0, 1).

    Notes
    -----
    Misleads where rows depend on each other (groups, repeats): intervals are then too narrow and p-values too small.
    Out-of-fold predictions are those of several models, whose faults average out. A model can be calibrated on average
    and wrong for a part of the rows: see `weak_regions`.

    References
    ----------
    Cox (1958), doi 10.1093/biomet/45.3-4.562 (the line); Hosmer and Lemeshow (1980), doi 10.1080/03610928008827941
    (bins); Kumar, Liang and Ma (2019), arXiv 1909.10155 (the corrected distance).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> p = rng.random(2000)
    >>> came = rng.random(2000) < p
    >>> right = calibration(Predictions.of(came, np.column_stack([1 - p, p]), classes=(False, True)))
    >>> bold = np.where(p > 0.5, (1 + p) / 2, p / 2)
    >>> wrong = calibration(Predictions.of(came, np.column_stack([1 - bold, bold]), classes=(False, True)))
    >>> right.p_value > 0.01, wrong.p_value, wrong.curves[0].slope < 0.8
    (True, 0.002, True)
    """
    n = predictions.n_rows
    if n < 2 * MIN_ROWS:
        raise ValueError(f"calibration needs at least {2 * MIN_ROWS} rows that the model has not seen; got {n}")
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1; got {level!r}")
    regression = predictions.task == "regression"
    parts = [("", predictions.y, predictions.predicted)] if regression else list(predictions.chances())
    n_draws = max(N_DRAWS, 4 * round(len(parts) / RATE) - 1)  # p-values that several classes leave small enough
    curves = [
        _curve(name, came, p, predictions.weight, regression, n_bins, level, (random_state + i, n_draws))
        for i, (name, came, p) in enumerate(parts)
    ]
    spread = math.sqrt(np.cov(predictions.y, aweights=predictions.weight)) if regression else 1.0
    return Calibration(
        task=predictions.task,
        curves=tuple(curves),
        spread=float(spread),
        p_value=float(holm([curve.p_value for curve in curves]).min()),
        n_rows=n,
        level=level,
        provenance=Provenance(
            method="reliability in bins; score tests of a line and of bins",
            parameters={"n_bins": n_bins, "draws": n_draws if n <= MOST_SIMULATED else 0},
            random_state=random_state,
            n_rows=n,
            exact=False,
        ),
    )


def _curve(
    name: str,
    came: np.ndarray,
    predicted: np.ndarray,
    weight: np.ndarray,
    regression: bool,
    n_bins: int,
    level: float,
    drawn: tuple[int, int],
) -> Reliability:
    bins = even_bins(predicted, n_bins, least=min(2 * MIN_ROWS, len(came) // 2))
    score = predicted if regression else log_odds(predicted)
    line = (line_of_numbers if regression else line_of_classes)(came, score, weight, level)
    residual = came - predicted
    rows, means = _means(bins, weight, predicted, came, residual, regression, level)
    return Reliability(
        name=name,
        rows=rows,
        **means,
        **asdict(line),
        p_value=(chance_of_numbers if regression else chance_of_classes)(
            residual if regression else came, predicted, bins, weight, drawn
        ),
    )


def _means(
    bins: np.ndarray,
    weight: np.ndarray,
    predicted: np.ndarray,
    came: np.ndarray,
    residual: np.ndarray,
    regression: bool,
    level: float,
) -> tuple[np.ndarray, dict[str, Any]]:
    from scipy.special import stdtrit

    total = np.bincount(bins, weight)
    said, found, off = (np.bincount(bins, weight * v) / total for v in (predicted, came, residual))
    effective = np.array([effective_rows(weight[bins == b]) for b in range(len(total))])

    def error(values: np.ndarray, mean: np.ndarray) -> np.ndarray:
        """Standard error of the mean in each bin."""
        variance = np.bincount(bins, weight * (values - mean[bins]) ** 2) / total
        return np.sqrt(variance / np.maximum(effective - 1, _TINY))

    if regression:
        half = stdtrit(np.maximum(effective - 1, 1), (1 + level) / 2) * error(came, found)
        lower, upper = found - half, found + half
    else:
        lower, upper = wilson(found, effective, level)
    share = total / total.sum()
    squared = float(share @ (off**2 - error(residual, off) ** 2))
    return np.bincount(bins), {
        "predicted": said,
        "observed": found,
        "lower": lower,
        "upper": upper,
        "error": math.sqrt(max(0.0, squared)),
        "expected_error": float(share @ np.abs(off)),
    }


def calibration_finding(
    answer: Calibration,
    *,
    about: str,
    unit: str = "",
    rate: float = RATE,
    seen: str = "rows that it has not seen",
    calibrated: str = "",
) -> Finding | None:
    """Make a finding where predictions are shown to be off, and by enough to matter; else None.

    A probability that is off by a typical distance of 0.10 makes it high, from 0.05 on medium, from 0.01 on low. Of a
    number it counts what the fault costs: high where predictions drawn straight, or moved to the means of their bins,
    are shown to explain 5% more of the target's variance (which R² would gain: the larger of the lower ends of
    `straightening_gain` and `levelling_gain`), medium from 1% on, else low; below 0.01 standard deviations it is none.
    On calibrated predictions a finding comes up in at most `rate` of all cases.

    Parameters
    ----------
    answer : Calibration
    about : str
        The model's name.
    unit : str
        Of the target.
    rate : float
    seen : str
        Which rows these were, in a sentence.
    calibrated : {"", "sigmoid", "isotonic"}
        How the model is recalibrated already.
    """
    sent = withholding(answer)
    if not sent.curves:
        return None
    curve = min(sent.curves, key=lambda c: (c.p_value, -c.error))
    size = curve.error / answer.spread if answer.spread > 0 else 0.0
    if not answer.p_value <= rate or size < _LITTLE:
        return None
    regression = answer.task == "regression"
    worth, much, medium = size, _MUCH, _MEDIUM
    if regression:
        ways = (straightening_gain, levelling_gain)
        worth, much, medium = max(gain(curve, answer.spread, answer.level)[1] for gain in ways), *_GAINS
    return Finding(
        severity="high" if worth >= much else "medium" if worth >= medium else "low",
        title=f"Predictions are {way_off(curve)}" if regression else f"Probabilities are {way_off(curve)}",
        evidence=_evidence(answer, curve, unit, seen),
        action=_action(answer.task, calibrated, way_off(curve)),
        about=about,
        provenance=Provenance(
            method=answer.provenance.method,
            parameters={"rate": rate, "p_value": answer.p_value, "error": curve.error},
            random_state=answer.provenance.random_state,
            n_rows=answer.n_rows,
            exact=False,
        ),
    )


def _percent(share: float, least: float) -> str:
    return f"{written(100 * share, 1 if least >= 0.001 else 2)}%"


def _action(task: str, calibrated: str, way: str) -> str:
    """Say what can be done: a recalibration, another one, or to mistrust the numbers."""
    if task == "regression":
        return HINTS.get(way, "Look what sets these rows apart from those that it was trained on.")
    if not calibrated:
        return "Set calibrate: sigmoid for this model, or take its probabilities as ranks only."
    if calibrated == "sigmoid" and task == "binary":
        return "Set calibrate: isotonic, which follows bends, or take its probabilities as ranks only."
    return "It is recalibrated already: take its probabilities as ranks only."


def _evidence(answer: Calibration, curve: Reliability, unit: str, seen: str) -> str:
    away = np.where(
        curve.predicted < curve.lower,
        curve.lower - curve.predicted,
        np.where(curve.predicted > curve.upper, curve.predicted - curve.upper, -np.inf),
    )
    worst = int(np.argmax(away if np.isfinite(away).any() else np.abs(curve.observed - curve.predicted)))
    lower, upper = float(curve.lower[worst]), float(curve.upper[worst])
    decimals = decimals_for((upper - lower) / 2)
    said, came = written(float(curve.predicted[worst]), decimals), written(float(curve.observed[worst]), decimals)
    found = f"{came} [{written(lower, decimals)}, {written(upper, decimals)}]"
    of = f" {unit}" if unit else ""
    rows = f"{int(curve.rows[worst]):,} of {answer.n_rows:,} {seen}"
    if len(curve.rows) == 1:
        what = f", by the probability of {quoted([curve.name])}" if curve.name else ""
        first = f"Judged on {answer.n_rows:,} {seen}{what}."
    elif answer.task == "regression":
        first = f"In {rows} it predicts {said}{of} on average; {found} came."
    else:
        first = f"In {rows} it gives {quoted([curve.name])} a probability of {said} on average; {found} came."
    parts = [first]
    if math.isfinite(curve.slope):
        slope = spanned(curve.slope, curve.slope_lower, curve.slope_upper, "").replace("  ", " ")
        parts.append(f"Slope {slope}, where 1 is right.")
    chance = chance_in_words(answer.p_value)
    gain, low, high = straightening_gain(curve, answer.spread, answer.level)
    if answer.task == "regression" and low > 0:
        ends = f"{_percent(gain, low)} [{_percent(low, low)}, {_percent(high, low)}]"
        parts.append(f"Drawn straight and to the right mean, it would explain {ends} more of the target's variance.")
    parts.append(f"Typical distance {brief(curve.error)}{of} beyond chance ({chance} if all were right).")
    return " ".join(parts)
