"""How probable it is that a model is worse than its reference, as good for all practical purposes, or better."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from workbench.answers.comparison import Comparison
from workbench.evaluation.digits import brief
from workbench.evaluation.verbs import agreeing
from workbench.interval import Interval
from workbench.metrics import Metric

_HALF = 0.5


@dataclass(frozen=True)
class Equivalence:
    """Probabilities, which add up to 1, that the difference lies above, within and below the region; NaN if unknown."""

    worse: float
    equivalent: float
    better: float


def equivalence(costs: Interval, region: float) -> Equivalence:
    r"""Give the probabilities of the Bayesian correlated t-test.

    Of J differences of fold scores with mean :math:`\bar d` and sample variance :math:`\hat\sigma^2` the true
    difference is, a posteriori,

    .. math:: \bar d + t_{J-1} \sqrt{\left(\frac{1}{J} + \frac{\rho}{1 - \rho}\right) \hat\sigma^2},
        \qquad \rho = \frac{n_{test}}{n_{train} + n_{test}},

    with Student's t; :math:`\rho / (1 - \rho) = n_{test} / n_{train}`, so the standard error is that of
    `corrected_interval`. Worse is what lies above the region, better what lies below minus the region.

    Parameters
    ----------
    costs : Interval
        Of the differences, positive where the model is worse, as `corrected_interval` gives it.
    region : float
        The smallest difference that matters, at least 0, in the metric's unit. Of region 0 nothing is equivalent,
        unless all differences are 0.

    Returns
    -------
    Equivalence
        NaN where the interval is: a single fold says nothing.

    Raises
    ------
    ValueError
        If the region is negative or not finite.

    Notes
    -----
    The prior is flat, so the probability of being worse or better, at region 0, is that of the one-sided corrected
    test. Correlation of folds is set to rho, not estimated; it misleads where folds are few and models unstable.

    References
    ----------
    Benavoli, Corani, Demšar and Zaffalon 2017, Time for a change: a tutorial for comparing multiple classifiers
    through Bayesian analysis, JMLR 18(77); Corani and Benavoli 2015, doi 10.1007/s10994-015-5486-z.

    Examples
    --------
    >>> from workbench.interval import corrected_interval
    >>> costs = corrected_interval([0.06, 0.04, 0.07, 0.05], n_train=75, n_test=25)
    >>> found = equivalence(costs, region=0.01)
    >>> round(found.worse, 3), round(found.equivalent, 3), round(found.better, 3)
    (0.99, 0.006, 0.004)
    """
    if not 0 <= region < math.inf:
        raise ValueError(f"region must be a finite number of at least 0, in the metric's unit; got {region!r}")
    if math.isnan(costs.standard_error):
        return Equivalence(math.nan, math.nan, math.nan)
    if costs.standard_error == 0:
        worse, better = float(costs.mean > region), float(costs.mean < -region)
        return Equivalence(worse, 1 - worse - better, better)
    freedom = costs.n_scores - 1

    def below(value: float) -> float:
        from scipy.special import stdtr

        return float(stdtr(freedom, value / costs.standard_error))

    # from the lower tails, which keep their digits where they are small
    away = abs(costs.mean)
    within = below(region - away) - below(-region - away)
    return Equivalence(below(costs.mean - region), within, below(-costs.mean - region))


def equivalence_sentence(comparison: Comparison, titles: Mapping[str, str], metric: Metric) -> str:
    """Say which is likeliest: that a model is worse than its reference, better, or that no difference matters.

    What is likeliest stands first, and is called open where it is not likelier than all else together. Empty where no
    region was given or no interval could be had.

    Parameters
    ----------
    comparison : Comparison
    titles : mapping of str to str
        What a model is called in a sentence, by its name; a name that is absent stands for itself.
    metric : Metric
    """
    c = comparison
    if math.isnan(c.probability_worse):
        return ""
    model, reference = (titles.get(name, name) for name in (c.model, c.reference))
    if c.lower == c.upper == 0:
        return f"The {model} {agreeing(model, 'scores', 'score')} the same as the {reference} everywhere."
    verb = agreeing(model, "is", "are")
    matters = f"{brief(c.region)} {metric.title}"
    by = f" by more than {matters}" if c.region else ""
    ways = [
        (c.probability_worse, f"{verb} worse than the {reference}{by}", "worse"),
        (c.probability_better, f"{verb} better than the {reference}{by}", "better"),
        (
            c.probability_equivalent,
            f"{verb} as good as the {reference} to within {matters}",
            "no difference that matters",
        ),
    ]
    (chance, told, _), *others = sorted(ways[: 3 if c.region else 2], key=lambda way: -way[0])
    rest = "; ".join(f"{name}: {_chance(share)}" for share, _, name in others)
    is_open = "" if chance > _HALF else ", which leaves it open"
    return f"The {model} {told} with a probability of {_chance(chance)}{is_open} ({rest})."


def _chance(share: float) -> str:
    """Write a probability, which no finite number of folds makes 0 or 1.

    Examples
    --------
    >>> _chance(0.934), _chance(0.004), _chance(0.9987)
    ('93%', 'less than 1%', 'more than 99%')
    """
    return "less than 1%" if share < 0.01 else "more than 99%" if share > 0.99 else f"{share:.0%}"
