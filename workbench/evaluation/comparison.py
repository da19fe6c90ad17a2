"""Which model scores best, and what a glass box costs against the best black box: paired, with an interval."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.answers.answer import Provenance
from workbench.answers.comparison import Comparison
from workbench.answers.leaderboard import Leaderboard, LeaderboardRow
from workbench.evaluation.digits import brief, spanned, written
from workbench.interval import Interval, corrected_interval
from workbench.metrics import Metric

_METHOD = "corrected resampled t-test (Nadeau and Bengio 2003)"
_DUMMY = "dummy"


@dataclass(frozen=True, eq=False)
class Entry:
    """What a leaderboard needs to know of a model; one score per fold of the metric that ranks, NaN if undefined."""

    model: str
    family: str
    title: str
    glassbox: bool
    scores: np.ndarray
    size: int | None = None
    stored_numbers: int | None = None
    holdout: float | None = None

    @property
    def mean(self) -> float:
        """The mean of the scores that there are, NaN if none."""
        present = np.asarray(self.scores, dtype=float)
        present = present[~np.isnan(present)]
        return float(present.mean()) if len(present) else math.nan


def compare(
    scores_model: Any,
    scores_reference: Any,
    *,
    model: str,
    reference: str,
    metric: Metric,
    n_train: Any,
    n_test: Any,
    level: float = 0.95,
) -> Comparison:
    """Give the price of a model: how much worse it scores than a reference, fold by fold.

    The difference of a fold is reference minus model where higher scores are better, model minus reference otherwise,
    so that a positive one always is a cost; its mean and interval are those of `corrected_interval`.

    Parameters
    ----------
    scores_model, scores_reference : array-like of shape (n_scores,)
        Scores on the same folds in the same order. A fold where either is NaN is left out, and a warning says so.
    model, reference : str
        Their names.
    metric : Metric
    n_train, n_test : int or array-like of shape (n_scores,)
    level : float

    Returns
    -------
    Comparison

    Raises
    ------
    ValueError
        If the scores are not as many for both, and where `corrected_interval` raises.

    Notes
    -----
    Misleads a little where the reference was chosen as the best of many on the same folds: its scores then flatter it.

    Examples
    --------
    >>> from workbench.metrics import metric
    >>> scores = [0.30, 0.33, 0.36, 0.35], [0.36, 0.37, 0.43, 0.40]
    >>> answer = compare(*scores, model="tree", reference="forest", metric=metric("r2"), n_train=75, n_test=25)
    >>> round(answer.difference, 3), round(answer.lower, 3), round(answer.upper, 3)
    (0.055, 0.024, 0.086)
    """
    ours, theirs = np.asarray(scores_model, dtype=float), np.asarray(scores_reference, dtype=float)
    if ours.shape != theirs.shape:
        raise ValueError(f"{model} has scores of shape {ours.shape}, {reference} of {theirs.shape}: pairs are needed")
    costs = theirs - ours if metric.greater_is_better else ours - theirs
    interval = corrected_interval(costs, n_train=n_train, n_test=n_test, level=level)
    undefined = len(costs) - interval.n_scores
    return Comparison(
        model=model,
        reference=reference,
        metric=metric.name,
        difference=interval.mean,
        lower=interval.lower,
        upper=interval.upper,
        level=level,
        n_scores=interval.n_scores,
        minimum_detectable=interval.half_width,
        p_value=_p_value(interval),
        provenance=Provenance(
            method=_METHOD,
            parameters={"level": level, "test_to_train": float(np.mean(np.divide(n_test, n_train)))},
            exact=False,
            warnings=(f"{undefined} of {len(costs)} folds have no score of both and are left out",) * (undefined > 0),
        ),
    )


def _p_value(interval: Interval) -> float:
    from scipy.special import stdtr

    if interval.standard_error == 0:
        return 1.0 if interval.mean == 0 else 0.0
    return float(2 * stdtr(interval.n_scores - 1, -abs(interval.mean) / interval.standard_error))


def prices(
    entries: Sequence[Entry], *, metric: Metric, n_train: Any, n_test: Any, level: float = 0.95
) -> tuple[Comparison, ...]:
    """Compare each glass box, the dummy aside, with the best black box; empty where no black box has a score."""
    best = _best_black_box(entries, metric)
    if best is None:
        return ()
    return tuple(
        compare(
            entry.scores,
            best.scores,
            model=entry.model,
            reference=best.model,
            metric=metric,
            n_train=n_train,
            n_test=n_test,
            level=level,
        )
        for entry in entries
        if entry.glassbox and entry.family != _DUMMY
    )


def leaderboard(
    entries: Sequence[Entry], *, metric: Metric, n_train: Any, n_test: Any, level: float = 0.95
) -> Leaderboard:
    """Order models by the mean of their scores, best first; of equals, the smaller first; those without a score last.

    Parameters
    ----------
    entries : sequence of Entry
        The dummy among them: it takes a place, but has no price and is no reference.
    metric : Metric
        The one that ranks.
    n_train, n_test : int or array-like of shape (n_scores,)
        Rows that each fold trains on and tests.
    level : float

    Returns
    -------
    Leaderboard
    """
    best = _best_black_box(entries, metric)
    priced = {c.model: c for c in prices(entries, metric=metric, n_train=n_train, n_test=n_test, level=level)}
    rows = []
    for entry in sorted(entries, key=lambda e: _place(e, metric)):
        interval = corrected_interval(entry.scores, n_train=n_train, n_test=n_test, level=level)
        price = priced.get(entry.model)
        rows.append(
            LeaderboardRow(
                model=entry.model,
                family=entry.family,
                title=entry.title,
                glassbox=entry.glassbox,
                score=_or_none(interval.mean),
                lower=_or_none(interval.lower),
                upper=_or_none(interval.upper),
                price=_or_none(price.difference) if price else None,
                price_lower=_or_none(price.lower) if price else None,
                price_upper=_or_none(price.upper) if price else None,
                size=entry.size,
                stored_numbers=entry.stored_numbers,
                holdout=entry.holdout,
            )
        )
    return Leaderboard(
        metric=metric.name,
        rows=tuple(rows),
        reference=best.model if best else None,
        provenance=Provenance(method=_METHOD, parameters={"level": level}, exact=False),
    )


def _place(entry: Entry, metric: Metric) -> tuple[bool, float, float, str]:
    mean = -entry.mean if metric.greater_is_better else entry.mean
    return (
        math.isnan(mean),
        0.0 if math.isnan(mean) else mean,
        math.inf if entry.size is None else entry.size,
        entry.model,
    )


def _best_black_box(entries: Sequence[Entry], metric: Metric) -> Entry | None:
    black = [e for e in entries if not e.glassbox and e.family != _DUMMY and not math.isnan(e.mean)]
    return min(black, key=lambda e: _place(e, metric), default=None)


def _or_none(value: float) -> float | None:
    return value if math.isfinite(value) else None


def price_sentence(comparison: Comparison, titles: Mapping[str, str], metric: Metric, region: float) -> str:
    """Say in a sentence what a model costs against its reference, and no more than the scores can show.

    Parameters
    ----------
    comparison : Comparison
    titles : mapping of str to str
        What a model is called in a sentence, by its name; a name that is absent stands for itself.
    metric : Metric
    region : float
        The smallest difference that matters, in the metric's unit.

    Returns
    -------
    str
        A cost is claimed only where the interval is above zero; otherwise the least cost that these rows could have
        shown is named, or that any cost is smaller than what matters.
    """
    c = comparison
    model, reference = (titles.get(name, name) for name in (c.model, c.reference))
    worse, better = ("below", "above") if metric.greater_is_better else ("worse than", "better than")
    if math.isnan(c.lower):
        return _without_interval(c, model, reference, f"{metric.title} {worse if c.difference > 0 else better}")
    if c.lower == c.upper == 0:
        return f"The {model} costs nothing that could be seen: it scores the same as the {reference} in every fold."
    cost = spanned(c.difference, c.lower, c.upper, metric.title)
    gain = f"{spanned(-c.difference, -c.upper, -c.lower, metric.title)} {better} the {reference}"
    if c.lower > 0:
        return f"The {model} gives up {cost} against the {reference}{_beside_region(c, region)}."
    if c.upper < 0:
        return f"The {model} costs nothing: it scores {gain}."
    limit = f"these rows could only have shown one above {brief(c.minimum_detectable)}"
    if c.upper <= region:
        limit = f"if there is one, it is {_less(region)}"
    if c.difference > 0:
        return f"No cost of the {model} could be shown: {cost} {worse} the {reference}; {limit}."
    return f"No cost of the {model} could be seen: it scores {gain}; {limit}."


def _without_interval(c: Comparison, model: str, reference: str, away: str) -> str:
    if c.n_scores == 0:
        return f"The {model} can't be compared with the {reference}: no fold has a score of both."
    if c.n_scores > 1:
        return f"The {model} can't be compared with the {reference}: their scores are too large for an interval."
    scores = f"The {model} scores {written(abs(c.difference), 3)} {away} the {reference} on a single fold"
    return f"{scores}, which allows no interval: ask for more folds."


def _less(region: float) -> str:
    return f"less than the {brief(region)} that matters here"


def _beside_region(c: Comparison, region: float) -> str:
    if c.upper <= region:
        return f": {_less(region)}"
    return f": by this estimate {_less(region)}, by the interval perhaps more" if c.difference < region else ""


def headline(board: Leaderboard, comparisons: Sequence[Comparison], metric: Metric, region: float) -> str:
    """Say what the best glass box costs against the best black box, or why that can't be said."""
    titles = titles_of(board)
    scored = [row for row in board.rows if row.score is not None]
    models = [row for row in scored if row.family != _DUMMY]
    if not models:
        return "No model could be scored."
    if scored[0].family == _DUMMY:
        return (
            f"No model scores better than the {titles[scored[0].model]}, which looks at no column: "
            "there is no accuracy to be priced."
        )
    glass = [row for row in models if row.glassbox]
    if 0 < len(glass) < len(models):
        return price_sentence({c.model: c for c in comparisons}[glass[0].model], titles, metric, region)
    trained, absent = ("glass", "black") if glass else ("black", "glass")
    return (
        f"No {absent} box was trained, so interpretability has no price here; the best {trained} box is "
        f"the {titles[models[0].model]}, at {_score(models[0], metric)}."
    )


def titles_of(board: Leaderboard) -> dict[str, str]:
    """Give what each model is called in a sentence: its title, or its name where two share a title."""
    titles = [row.title for row in board.rows]
    return {row.model: row.title if titles.count(row.title) == 1 else row.model for row in board.rows}


def _score(row: LeaderboardRow, metric: Metric) -> str:
    if row.score is None or row.lower is None or row.upper is None:
        return f"{written(row.score or 0.0, 3)} {metric.title}"
    return spanned(row.score, row.lower, row.upper, metric.title)
