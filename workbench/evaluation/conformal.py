"""Split-conformal intervals and sets, and their coverage in parts of the data.

Written here: MAPIE (1.6) and crepes (0.9) want to hold the model and to predict with it, while the workbench has
predictions of folds and holdout already; both give the same threshold (compared on random residuals), and neither tells
coverage by part with a test. What is needed is one order statistic.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from workbench.answers.answer import Provenance
from workbench.answers.conformal import Conformal, Coverage
from workbench.answers.finding import Finding
from workbench.columns import quoted
from workbench.disclosure import MIN_ROWS, tells_few, withheld
from workbench.evaluation.alarms import RATE, chance_in_words, holm
from workbench.evaluation.cells import Cells
from workbench.evaluation.predictions import Predictions
from workbench.evaluation.shares import wilson
from workbench.evaluation.withholding import STEPS, few_words, withholding
from workbench.forms.frame import level_text

LEAST_ROWS = 30  # of a part
_N_CELLS = 4
_LOW, _MEDIUM, _HIGH = 0.03, 0.07, 0.15  # below the level


def conformal(calibrating: Predictions, judged: Predictions, X: pd.DataFrame, *, level: float = 0.9) -> Conformal:
    r"""Set a threshold on some rows and judge on others how often what comes lies inside, overall and in parts.

    The score of a row is :math:`|y - f|`, or of classes :math:`1 - p_y`. The threshold is the k-th smallest of the n
    scores of the rows that calibrate, :math:`k = \lceil (n + 1) \cdot level \rceil`: a new row like these lies inside
    with a probability of at least the level, whatever the model and the distribution, and of at most 1 / (n + 1) more
    where scores do not tie. Of the m rows of a part that are like those that calibrate, the number inside follows a
    beta-binomial distribution with k and n + 1 - k; its lower tail is the part's p-value, corrected by Holm's method
    for all parts and the whole.

    Parameters
    ----------
    calibrating : Predictions
        For rows that the model has not seen: out-of-fold predictions, say.
    judged : Predictions
        For others that neither model nor threshold have seen: the holdout, say.
    X : DataFrame of shape (n_judged, n_features)
        The columns of the rows that judge: up to four intervals or levels of each, and missing, are parts, where 30
        rows or more lie.
    level : float

    Returns
    -------
    Conformal

    Raises
    ------
    ValueError
        If the two differ in task or classes, X has other rows than `judged`, the level is outside (0, 1), or fewer than
        10 of the rows that calibrate would lie outside: ask for a lower level or more rows.

    Notes
    -----
    The promise is about all rows together. Of a part it holds only if errors there are like those elsewhere: that is
    what the parts test. Of classes the likelier ones are covered more often, by the nature of the method: told, not
    tested. Out-of-fold predictions come from models of fewer rows, so that intervals tend to be a little wide. Weights
    are not used. Rows that depend on each other (groups, time) break the promise.

    References
    ----------
    Vovk, Gammerman and Shafer (2005), doi 10.1007/b106715; Lei et al. (2018), doi 10.1080/01621459.2017.1307116; Vovk
    (2012), arXiv 1209.2673, for the distribution of coverage.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y, f = rng.normal(size=1000), np.zeros(1000)
    >>> parts = Predictions.of(y[:500], f[:500]), Predictions.of(y[500:], f[500:])
    >>> told = conformal(*parts, pd.DataFrame({"x": rng.random(500)}))
    >>> round(told.threshold, 1), 0.86 < told.coverage < 0.94
    (1.5, True)
    """
    _check(calibrating, judged, X, level)
    scores, n = np.sort(_scores(calibrating)), calibrating.n_rows
    k = math.ceil((n + 1) * level - 1e-9)
    if n - k < MIN_ROWS:
        least = math.ceil((MIN_ROWS + 1) / (1 - level) - 1e-9) - 1
        raise ValueError(
            f"level {level}: of {n} rows fewer than {MIN_ROWS} would lie outside; calibrate on at least {least} rows, "
            "or lower the level"
        )
    threshold = float(scores[k - 1])
    inside = _scores(judged) <= threshold
    parts = _parts(judged, X)
    lower_tail = [_tail(inside[rows], k, n) for _, column, rows in parts]
    tested = [column is not None for _, column, _ in parts]
    p_values = holm([_tail(inside, k, n), *(p if t else math.nan for p, t in zip(lower_tail, tested, strict=True))])
    size, single, empty = _sizes(judged, threshold)
    low, high = wilson(inside.mean(), len(inside))
    return Conformal(
        task=judged.task,
        level=level,
        threshold=threshold,
        n_calibration=n,
        n_rows=judged.n_rows,
        coverage=float(inside.mean()),
        lower=float(low),
        upper=float(high),
        p_value=float(p_values[0]),
        slices=tuple(
            _coverage(text, column or "", inside[rows], float(p))
            for (text, column, rows), p in zip(parts, p_values[1:], strict=True)
        ),
        mean_size=size,
        size_without=_without(calibrating, level),
        share_single=single,
        share_empty=empty,
        provenance=Provenance(
            method="split-conformal",
            parameters={"level": level, "n_calibration": n},
            n_rows=judged.n_rows,
            exact=False,
            warnings=("weights are not used",) * bool(np.ptp(calibrating.weight) or np.ptp(judged.weight)),
        ),
    )


def _check(calibrating: Predictions, judged: Predictions, X: pd.DataFrame, level: float) -> None:
    if calibrating.classes != judged.classes:
        raise ValueError("the rows that calibrate and those that judge must have the same task and classes")
    if len(X) != judged.n_rows:
        raise ValueError(f"X must have the {judged.n_rows} rows that judge; got {len(X)}")
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1; got {level!r}")


def _scores(predictions: Predictions) -> np.ndarray:
    if predictions.task == "regression":
        return np.abs(predictions.residual)
    return 1 - predictions.predicted[np.arange(predictions.n_rows), predictions.y.astype(int)]


def _parts(judged: Predictions, X: pd.DataFrame) -> list[tuple[str, str | None, np.ndarray]]:
    """Give each part's text, its column (None for a class) and which rows lie in it."""
    found: list[tuple[str, str | None, np.ndarray]] = []
    for name in X.columns:
        cells = Cells.of(str(name), X[name], most=_N_CELLS, least=LEAST_ROWS)
        if len(cells) > 1:
            found += [(text, cells.column, cells.codes == i) for i, text in enumerate(cells.texts())]
    for i, label in enumerate(judged.classes):
        rows = judged.y == i
        if rows.sum() >= LEAST_ROWS:
            found.append((f"the class is {quoted([level_text(label)])}", None, rows))
    return found


def _tail(inside: np.ndarray, k: int, n: int) -> float:
    """Give the chance that no more rows than these lie inside, where all are like those that calibrate."""
    from scipy.stats import betabinom

    return float(betabinom.cdf(int(inside.sum()), len(inside), k, n + 1 - k))


def _coverage(text: str, column: str, inside: np.ndarray, p_value: float) -> Coverage:
    low, high = wilson(inside.mean(), len(inside))
    return Coverage(
        text=text,
        column=column,
        rows=len(inside),
        coverage=float(inside.mean()),
        lower=float(low),
        upper=float(high),
        p_value=p_value,
    )


def _sizes(judged: Predictions, threshold: float) -> tuple[float, float, float]:
    """Give the mean size, and the shares of sets of one class and of none, as far as these may be told."""
    if judged.task == "regression":
        return 2 * threshold, math.nan, math.nan
    sizes = (1 - judged.predicted <= threshold).sum(axis=1)
    n = len(sizes)
    counts = withheld(np.bincount(sizes, minlength=judged.predicted.shape[1] + 1).tolist())
    empty, single = (math.nan if count is None else count / n for count in counts[:2])
    mean = float(sizes.mean())
    if None in counts:  # the exact mean would tell what is withheld
        step = 2 * MIN_ROWS / n
        mean = round(mean / step) * step
    return mean, single, empty


def _without(calibrating: Predictions, level: float) -> float:
    """Give the size that intervals or sets need where nothing but the target is known."""
    if calibrating.task == "regression":
        low, high = np.quantile(calibrating.y, [(1 - level) / 2, (1 + level) / 2])
        return float(high - low)
    shares = np.sort(np.bincount(calibrating.y.astype(int), minlength=len(calibrating.classes)) / calibrating.n_rows)
    return float(1 + np.searchsorted(np.cumsum(shares[::-1]), level - 1e-12))


def conformal_finding(answer: Conformal, *, about: str, rate: float = RATE) -> Finding | None:
    """Make a finding where intervals or sets are shown to hold less than they promise, overall or in a part.

    High from 15 points below the level on, medium from 7, low from 3. On rows like those that calibrate a finding comes
    up in at most `rate` of all cases.
    """
    what = "Intervals" if answer.task == "regression" else "Sets of classes"
    weak = sorted((s for s in answer.slices if s.p_value <= rate), key=lambda s: s.coverage)
    weak = [s for s in weak if s.coverage <= answer.level - _LOW]
    overall = answer.p_value <= rate and answer.coverage <= answer.level - _LOW
    if not weak and not overall:
        return None
    short = answer.level - min([s.coverage for s in weak] + [answer.coverage] * overall)
    sent = withholding(answer)
    as_sent = dict(zip(answer.slices, sent.slices, strict=True))
    told = [f"{what} made to hold {answer.level:.0%} of rows hold {_inside(answer, sent, 'new rows')}"]
    told += [f"where {s.text} {_inside(s, as_sent[s], 'rows')}" for s in weak[:3]]
    more = f" and {len(weak) - 3} more part{'s' * (len(weak) > 4)}" if len(weak) > 3 else ""
    # with the rows of a part its p-value tells the count: where that is withheld, both are told no finer than may be
    worst = max([as_sent[s].p_value for s in weak] + [sent.p_value] * overall)
    chance = chance_in_words(worst) if worst not in STEPS else f"p ≤ {worst:g}"
    action = (
        "Errors are larger there: give intervals by part, or a model of the errors' size."
        if weak and not overall
        else "The new rows differ from those that the model was made of: look at drift before using any of its numbers."
    )
    return Finding(
        severity="high" if short >= _HIGH else "medium" if short >= _MEDIUM else "low",
        title=f"{what} hold too little" + ("" if overall else " in parts of the data"),
        evidence=f"{'; '.join(told)}{more} ({chance} by chance, all parts considered).",
        action=action,
        about=about,
        provenance=Provenance(
            method=answer.provenance.method,
            parameters={"rate": rate, "level": answer.level},
            n_rows=answer.n_rows,
            exact=False,
        ),
    )


def _inside(part: Coverage | Conformal, sent: Coverage | Conformal, noun: str) -> str:
    """Say of how many rows what came lies inside, or no more than that few do or do not."""
    rows = part.rows if isinstance(part, Coverage) else part.n_rows
    if not math.isnan(sent.coverage):
        return f"{sent.coverage:.0%} [{sent.lower:.0%}, {sent.upper:.0%}] of {rows:,} {noun}"
    if tells_few(part.coverage, rows):
        return few_words(part.coverage, rows, noun)
    return f"{sent.lower:.0%} to {sent.upper:.0%} of {rows:,} {noun}"
