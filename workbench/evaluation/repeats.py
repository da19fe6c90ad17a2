"""What repeated rows do to the scores, in plain words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.answers.answer import Provenance
from workbench.answers.finding import Finding
from workbench.disclosure import in_words
from workbench.duplicates import Duplicates, repeats_in_words
from workbench.evaluation.digits import brief, decimals_for, written
from workbench.evaluation.verbs import agreeing
from workbench.metrics import Metric

_HERE = {
    "together": "The scores of this study keep them on one side.",
    "ignore": "The scores of this study split them apart.",
    "drop": "The scores of this study leave the repeats out.",
}
_APART, _JOINED = "ignore", "together"


@dataclass(frozen=True)
class RepeatsStory:
    """What was measured about repeated rows: a few sentences, and each model's score under both choices.

    Attributes
    ----------
    sentence : str
    rows : tuple of dict
        ``model``, and the mean score under each of the two choices by its name (together, ignore, drop).
    gap : float or None
        How much better the model that gains most scores where repeats are split apart; None if nothing was measured.
    """

    sentence: str
    rows: tuple[dict[str, Any], ...]
    gap: float | None


def repeats_story(
    duplicates: Duplicates,
    scores: Mapping[str, float | None],
    other_scores: Mapping[str, float | None],
    *,
    titles: Mapping[str, str],
    metric: Metric,
    region: float,
) -> RepeatsStory | None:
    """Tell what the choice about repeated rows does to the scores; None where no row repeats.

    Parameters
    ----------
    duplicates : Duplicates
        What `make_splits` found.
    scores, other_scores : mapping of str to float
        Mean score by model, on the folds of the study and on those of `other_folds`. A model that has only one of
        them, or one that is undefined (None or NaN), is left out.
    titles : mapping of str to str
        What a model is called in a sentence, by its name.
    metric : Metric
    region : float
        The smallest difference that matters, in the metric's unit.

    Notes
    -----
    A better score with repeats split apart is leakage only if they are copies; of repeated measurements it is earned.
    """
    here = duplicates.choice
    if here == "none":
        return None
    other = _JOINED if here == _APART else _APART
    rows: tuple[dict[str, Any], ...] = tuple(
        {"model": model, here: float(score), other: float(elsewhere)}
        for model, score in scores.items()
        if (elsewhere := other_scores.get(model)) is not None and score is not None
        if not math.isnan(score) and not math.isnan(elsewhere)
    )
    start = f"{repeats_in_words(duplicates.repeated_rows, duplicates.rows)}."
    if not rows:
        return RepeatsStory(f"{start} {_HERE[here]} What the other way would have scored was not measured.", (), None)
    guarded = other if here == _APART else here
    sign = 1 if metric.greater_is_better else -1
    gaps = [sign * (row[_APART] - row[guarded]) for row in rows]
    widest = max(range(len(rows)), key=lambda i: abs(gaps[i]))
    told = _told(rows[widest], guarded, gaps[widest], titles, metric, region)
    return RepeatsStory(f"{start} {told} {_HERE[here]}", rows, max(gaps))


def _told(
    row: Mapping[str, Any], guarded: str, gap: float, titles: Mapping[str, str], metric: Metric, region: float
) -> str:
    if abs(gap) <= region:
        kept = "left out" if guarded == "drop" else "kept on one side of every split"
        matters = f"{brief(region)} {metric.title} that matters here"
        return f"Whether they are {kept} or split apart moves no model's score by more than the {matters}."
    decimals = decimals_for(min(region, abs(gap)) if region > 0 else abs(gap))
    title = titles.get(row["model"], row["model"])
    safe, apart = written(row[guarded], decimals), written(row[_APART], decimals)
    kept = "With only the first of each kept" if guarded == "drop" else "Kept on one side of every split"
    told = f"{kept}, the {title} {agreeing(title, 'scores', 'score')} {safe} {metric.title}"
    if gap < 0:
        return f"{told}; split apart it scores {apart}, which is worse: the repeats do not flatter it."
    return (
        f"{told}; split apart it would seem to score {apart}. If the repeats are copies, the better figure is leakage; "
        "if they are repeated measurements, it is not; the data can't say."
    )


def repeats_finding(duplicates: Duplicates, story: RepeatsStory, region: float) -> Finding:
    """Make a finding of the story: high where the gap exceeds five times what matters, medium where it exceeds it.

    A gap that was not measured counts as medium.
    """
    if story.gap is None:
        severity = "medium"
    else:
        severity = "high" if story.gap > 5 * region else "medium" if story.gap > region else "low"
    told = in_words(duplicates.repeated_rows)
    return Finding(
        severity=severity,
        title=f"{told[0].upper()}{told[1:]} rows repeat the features of another row",
        evidence=story.sentence,
        action=(
            "Find out where the repeats come from: for copies set split.duplicates to together or drop, for repeated "
            "measurements to ignore."
        ),
        about="study",
        topic="repeats",
        provenance=Provenance(
            method="mean scores over folds with repeated rows on one side and split apart",
            parameters={"choice": duplicates.choice, "asked": duplicates.asked},
            n_rows=duplicates.rows,
            exact=False,
        ),
    )
