"""Which model to take: the simplest one within one standard error of the best, with the reason in words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.answers.answer import Provenance
from workbench.answers.recommendation import Recommendation
from workbench.evaluation.comparison import Entry
from workbench.evaluation.digits import decimals_for, written
from workbench.evaluation.verbs import agreeing
from workbench.interval import corrected_interval
from workbench.metrics import Metric

_DUMMY = "dummy"


def recommend(
    entries: Sequence[Entry],
    *,
    metric: Metric,
    n_train: Any,
    n_test: Any,
    region: float | None = None,
    titles: Mapping[str, str] | None = None,
) -> Recommendation:
    """Recommend the simplest model whose score is within one standard error of the best.

    Where folds differ in how hard they are (windows of time, small ones), the standard error of a score is wide for
    every model alike, and says little about two of them. So with a region a model must also be within one standard
    error of the mean difference from the best, fold by fold (corrected too), or within the region.

    Simple is what has a small `size`: fewer numbers to hold. A model whose size nobody has counted is never simpler
    than one whose size is known; of two of one size the one that scores better is taken. The standard error is the
    corrected one of the best model's mean score (Nadeau and Bengio 2003). Nothing is recommended where no model scores
    better than the dummy, where the dummy itself is within one standard error of the best, or where a single fold
    gives no standard error.

    Parameters
    ----------
    entries : sequence of Entry
        The dummy among them.
    metric : Metric
        The one that ranks.
    n_train, n_test : int or array-like of shape (n_scores,)
        Rows that each fold trains on and tests.
    region : float, optional
        The smallest difference that matters; without it scores alone are compared.
    titles : mapping of str to str, optional
        What a model is called in a sentence, by its name: `titles_of` a leaderboard; by default its title.

    Returns
    -------
    Recommendation

    Notes
    -----
    The rule trades score for size by chance alone: where folds are few or scores vary, one standard error is wide and
    a much worse model can be within it. So read the price of what is recommended beside it.

    References
    ----------
    Breiman, Friedman, Olshen and Stone 1984, Classification and Regression Trees, section 3.4.3,
    doi 10.1201/9781315139470; Hastie, Tibshirani and Friedman 2009, section 7.10, doi 10.1007/978-0-387-84858-7.

    Examples
    --------
    >>> import numpy as np
    >>> from workbench.metrics import metric
    >>> tree = Entry("tree", "tree", "decision tree", True, np.array([0.33, 0.36, 0.35]), size=30)
    >>> forest = Entry("forest", "forest", "random forest", False, np.array([0.34, 0.38, 0.36]), size=60_000)
    >>> recommend([tree, forest], metric=metric("r2"), n_train=75, n_test=25).model
    'tree'
    """
    told = _Told(metric, titles or {e.model: e.title for e in entries})
    sign = 1 if metric.greater_is_better else -1
    scored = [e for e in entries if not math.isnan(e.mean)]
    dummy = next((e for e in scored if e.family == _DUMMY), None)
    models = [e for e in scored if e.family != _DUMMY]
    best = min(models, key=lambda e: (-sign * e.mean, _size(e), e.model), default=None)
    error = limit = math.nan
    within: list[Entry] = []
    chosen = None
    if best is None:
        reason = "No model is recommended: none could be scored."
    elif dummy is not None and sign * (best.mean - dummy.mean) <= 0:
        reason = told.nothing_beats(dummy)
    else:
        error = corrected_interval(best.scores, n_train=n_train, n_test=n_test).standard_error
        if math.isnan(error):
            reason = told.without_error(best)
        else:
            limit = best.mean - sign * error
            reached = sorted(
                (e for e in scored if sign * (e.mean - limit) >= 0),
                key=lambda e: (_size(e), -sign * e.mean, e.model),
            )
            sizes = {"n_train": n_train, "n_test": n_test}
            within = [e for e in reached if region is None or _alike(e, best, sign, region, sizes)]
            told.by_folds = len(within) < len(reached)
            if dummy is not None and dummy in within:
                reason = told.dummy_within(best, error, dummy)
            else:
                chosen = within[0]
                reason = told.why(chosen, best, error, models, within)
    return Recommendation(
        model=None if chosen is None else chosen.model,
        best=None if best is None else best.model,
        metric=metric.name,
        standard_error=error,
        limit=limit,
        within=tuple(e.model for e in within),
        reason=reason,
        provenance=Provenance(
            method="one standard error rule, corrected standard error (Nadeau and Bengio 2003)", exact=False
        ),
    )


def _alike(entry: Entry, best: Entry, sign: int, region: float, sizes: Mapping[str, Any]) -> bool:
    """Tell whether a model falls short of the best by no more than matters, or than one standard error of that."""
    costs = corrected_interval(sign * (best.scores - entry.scores), **sizes)
    return not costs.mean > max(costs.standard_error, region)


def _size(entry: Entry) -> float:
    return math.inf if entry.size is None else entry.size


class _Told:
    """The reasons in words."""

    def __init__(self, metric: Metric, titles: Mapping[str, str]) -> None:
        self._metric, self._titles = metric, titles
        self._sign = 1 if metric.greater_is_better else -1
        self.by_folds = False  # whether a model is within reach by its score, and not fold by fold

    def _title(self, entry: Entry) -> str:
        return self._titles.get(entry.model, entry.title)

    def nothing_beats(self, dummy: Entry) -> str:
        return (
            f"No model is recommended: none scores better than the {self._title(dummy)}, which looks at no column. "
            "These columns, or so few rows, don't support a prediction."
        )

    def without_error(self, best: Entry) -> str:
        return (
            f"No model is recommended: the {self._title(best)} scores best, but its scores give no standard error to "
            "measure the others by; ask for more folds."
        )

    def _rule(self, error: float) -> str:
        told = f"({written(error, decimals_for(error))} {self._metric.title})"
        if not self.by_folds:
            return f"within one standard error {told} of the best"
        return f"within one standard error of the best, both of its score {told} and of the paired difference"

    def dummy_within(self, best: Entry, error: float, dummy: Entry) -> str:
        return (
            f"No model is recommended: the {self._title(dummy)}, which looks at no column, is within one standard "
            f"error ({written(error, decimals_for(error))} {self._metric.title}) of the best, the {self._title(best)}. "
            "These rows don't show that any model predicts better."
        )

    def why(self, chosen: Entry, best: Entry, error: float, models: Sequence[Entry], within: Sequence[Entry]) -> str:
        said = self._recommended(chosen, best, error, within)
        return said if chosen.glassbox else f"{said} {self._no_glass(best, error, models, within)}"

    def _recommended(self, chosen: Entry, best: Entry, error: float, within: Sequence[Entry]) -> str:
        rule = self._rule(error)
        title, size = self._title(chosen), self._held(chosen)
        start = f"The {title} {agreeing(title, 'is', 'are')} recommended"
        scores, simple = agreeing(title, "it scores", "they score"), agreeing(title, "it is", "they are")
        if len(within) == 1:
            return f"{start}: {scores} best, and no other model is {rule}."
        among = f"the {len(within)} models {rule}"
        if chosen is best:
            return f"{start}: {scores} best, and of {among} {simple} the simplest{size}."
        gap = abs(best.mean - chosen.mean)
        short = written(gap, decimals_for(error if gap >= 0.1 * error else gap))
        worse = "below" if self._sign > 0 else "worse than"
        return (
            f"{start}: {simple} the simplest{size} of {among}, "
            f"{short} {self._metric.title} {worse} the {self._title(best)}{self._held(best)}."
        )

    def _held(self, entry: Entry) -> str:
        return "" if entry.size is None else f" ({entry.size:,} numbers to hold)"

    def _no_glass(self, best: Entry, error: float, models: Sequence[Entry], within: Sequence[Entry]) -> str:
        glass = [e for e in models if e.glassbox]
        if not glass:
            return "It is a black box; no glass box was trained."
        if any(e.glassbox for e in within):  # of unknown size, or larger
            return "It is a black box: the glass boxes within reach are not smaller."
        near = max(glass, key=lambda e: self._sign * e.mean)
        short = abs(best.mean - near.mean)
        return (
            f"It is a black box: no glass box is within reach; the nearest, the {self._title(near)}, falls short by "
            f"{written(short, decimals_for(min(short, error)))} {self._metric.title}"
            f"{', more than one standard error of the paired difference' if short <= error else ''}."
        )
