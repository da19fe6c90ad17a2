"""Whether explanations of one model agree on which columns matter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from workbench.answers.agreement import Agreement
from workbench.answers.answer import Answer, Provenance
from workbench.answers.attribution import Attribution, AttributionSummary
from workbench.answers.effect import Effect, Effects
from workbench.answers.importance import Importance
from workbench.evaluation.digits import written

LIMIT = 0.5
FEWEST = 4  # columns: of three, one swap of neighbours already halves a rank correlation
_WITHHELD = 5.0  # rows: a count that is withheld lies between 1 and 9


@dataclass(frozen=True, eq=False)
class Ranked:
    """What one method makes of the columns: their importance in its own unit, and which of them stand above noise."""

    feature_names: tuple[str, ...]
    values: np.ndarray
    is_clear: np.ndarray

    @classmethod
    def of(cls, answer: Answer) -> Ranked | None:
        """Read the importance of each column from an answer; None where it tells of none.

        - `Importance`: ``importances_mean``.
        - `Attribution` and its summary: the mean absolute value, summed over outputs.
        - `Effects`: for each column the standard deviation of the average effect over the rows behind it, and over
          outputs the root of the sum of squares.

        A column stands above noise where its importance is larger than that of a model trained on a shuffled target,
        or, where nobody trained one, larger than 0.
        """
        if isinstance(answer, Attribution):
            answer = answer.summary()
        if isinstance(answer, Importance):
            noise = 0.0 if answer.noise is None else np.maximum(np.nan_to_num(answer.noise), 0.0)
            return cls(answer.feature_names, answer.importances_mean, answer.importances_mean > noise)
        if isinstance(answer, AttributionSummary):
            values = _summed(answer.mean_abs)
            floor = 0.0 if answer.noise is None else np.nan_to_num(_summed(answer.noise))
            return cls(answer.feature_names, values, values > floor)
        if isinstance(answer, Effects) and answer.effects:
            names = tuple(effect.feature for effect in answer.effects)
            values = np.array([deviation(effect) for effect in answer.effects])
            clear = [_is_clear(effect, value) for effect, value in zip(answer.effects, values, strict=True)]
            return cls(names, values, np.array(clear))
        return None


def agreement(
    answers: Mapping[str, Answer], *, titles: Mapping[str, str] | None = None, limit: float = LIMIT
) -> Agreement | None:
    r"""Correlate the ranks that methods give to the columns of one model.

    .. math:: \rho_{ab} = \mathrm{cor}(\mathrm{rank}(I_a), \mathrm{rank}(I_b))

    Spearman's, ties at their mean rank, over the columns that both methods tell of; see `Ranked` for the importances
    I. Methods ask different questions (what a score loses, how far predictions move), so that a low correlation is not
    an error of either; a high one is no proof of the truth.

    Parameters
    ----------
    answers : mapping of str to Answer
        The answers about one model by method; those that tell no importance are passed over.
    titles : mapping of str to str, optional
        What methods are called in warnings.
    limit : float
        Below this correlation a warning is given: see `agreement_cautions`.

    Returns
    -------
    Agreement or None
        None of fewer than two methods. ``feature_names`` are all columns that some method tells of; an importance that
        a method does not tell is NaN, and so is a correlation over fewer than three columns, or without two ranks.

    References
    ----------
    C. Spearman, 1904, "The proof and measurement of association between two things", doi 10.2307/1412159; on how
    methods disagree: S. Krishna et al., 2022, "The disagreement problem in explainable machine learning",
    arXiv 2202.01602.
    """
    ranked = {method: found for method, answer in answers.items() if (found := Ranked.of(answer)) is not None}
    if len(ranked) < 2:
        return None
    names = tuple(dict.fromkeys(name for one in ranked.values() for name in one.feature_names))
    importances = np.array([pd.Series(one.values, one.feature_names).reindex(names) for one in ranked.values()])
    correlation = np.array([[spearman(a, b) for b in importances] for a in importances])
    return Agreement(
        methods=tuple(ranked),
        feature_names=names,
        importances=importances,
        rank_correlation=correlation,
        provenance=Provenance(
            method="agreement",
            parameters={"limit": limit},
            warnings=tuple(agreement_cautions(ranked, titles=titles, limit=limit)),
        ),
    )


def agreement_cautions(
    ranked: Mapping[str, Ranked], *, titles: Mapping[str, str] | None = None, limit: float = LIMIT
) -> Iterator[str]:
    """Warn of each two methods whose rank correlation is below the limit, over the columns that matter to either.

    Columns that stand above the noise of neither method are left out: their order is chance, and columns without any
    importance would tie. Fewer than four columns tell nothing.
    """
    for (one, a), (other, b) in combinations(ranked.items(), 2):
        shared = [name for name in a.feature_names if name in set(b.feature_names)]
        at, bt = ([r.feature_names.index(name) for name in shared] for r in (a, b))
        matter = a.is_clear[at] | b.is_clear[bt]
        if matter.sum() < FEWEST:
            continue
        rho = spearman(a.values[at][matter], b.values[bt][matter])
        if rho < limit:
            called = titles or {}
            yield (
                f"{called.get(one, one)} and {called.get(other, other)} rank the columns differently: their rank "
                f"correlation is {written(rho, 2)} over the {int(matter.sum())} columns that matter to either; they "
                "ask different questions, so read what each measures before naming one order"
            )


def spearman(a: np.ndarray, b: np.ndarray) -> float:
    """Correlate the ranks of two arrays over the places where both are known; NaN of fewer than 3, or of one rank.

    Examples
    --------
    >>> round(spearman(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 20.0, 10.0, 400.0])), 2)
    0.8
    """
    both = ~np.isnan(a) & ~np.isnan(b)
    if both.sum() < 3:
        return float("nan")
    one, other = (pd.Series(x[both]).rank().to_numpy() for x in (a, b))
    one, other = one - one.mean(), other - other.mean()
    size = np.sqrt((one**2).sum() * (other**2).sum())
    return float(np.clip(one @ other / size, -1, 1)) if size > 0 else float("nan")


def deviation(effect: Effect) -> float:
    """Give how far an effect moves: the standard deviation of its average over the rows, all outputs together.

    Each grid value stands for the rows at it, or for its share of the rows in its bin.
    """
    average = np.atleast_2d(effect.average)
    weight = _grid_weight(effect)
    known = np.isfinite(average).all(axis=0)
    if not known.any():
        return float("nan")
    weight = np.where(known, weight, 0.0)
    weight = weight if weight.sum() > 0 else known.astype(float)
    values = np.where(known, average, 0.0)
    values = values - values[:, [int(known.argmax())]]  # exactly 0 where the effect is flat
    centred = values - np.average(values, axis=1, weights=weight)[:, None]
    return float(np.sqrt(np.average(centred**2, axis=1, weights=weight).sum()))


def _grid_weight(effect: Effect) -> np.ndarray:
    n = len(effect.grid_values)
    if effect.bin_counts is None:
        return np.ones(n)
    counts = np.where(np.isnan(effect.bin_counts), _WITHHELD, effect.bin_counts)
    if effect.bin_edges is None:
        return counts
    inner = np.asarray(effect.bin_edges)[1:-1]
    bins = np.searchsorted(inner, np.asarray(effect.grid_values, dtype=float), side="right")
    share: np.ndarray = counts[bins] / np.bincount(bins, minlength=len(counts))[bins]
    return share


def _is_clear(effect: Effect, value: float) -> bool:
    """Tell whether an effect goes farther up and down than that of a model of a shuffled target."""
    if effect.noise is None or not np.isfinite(value):
        return bool(value > 0)
    average = np.atleast_2d(effect.average)
    return bool(np.max(np.nanmax(average, axis=1) - np.nanmin(average, axis=1)) > effect.noise)


def _summed(values: np.ndarray) -> np.ndarray:
    """Sum over outputs."""
    return np.asarray(values, dtype=float).reshape(len(values), -1).sum(axis=1)
