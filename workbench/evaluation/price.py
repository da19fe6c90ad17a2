"""What a glass box costs against the best black box, in a sentence that claims no more than the scores can show."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from workbench.answers.comparison import Comparison
from workbench.answers.leaderboard import Leaderboard, LeaderboardRow
from workbench.evaluation.digits import brief, spanned, written
from workbench.metrics import Metric

_DUMMY = "dummy"


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
        return f"The {model} costs nothing that could be seen: it scores the same as the {reference} everywhere."
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
        priced = {c.model: c for c in comparisons if c.reference == board.reference}
        return price_sentence(priced[glass[0].model], titles, metric, region)
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
