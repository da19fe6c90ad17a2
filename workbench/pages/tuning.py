"""How parameters were chosen: what was tried inside the rows for training, and what each fold chose by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from workbench.pages import tables
from workbench.pages.card import Card
from workbench.pages.checked import TrialPart, TuningPart
from workbench.pages.views import Block, Cell, Head, TableView
from workbench.plots.numbers import MISSING, count, fixed, score_decimals, seconds
from workbench.plots.style import shown

_MOST = 40  # trials in the table


def value(given: Any) -> str:
    """Write the value of a parameter."""
    if given is None:
        return "not set"
    if isinstance(given, bool):
        return "yes" if given else "no"
    return str(given)


def block(card: Card, part: TuningPart) -> Block:
    """Give the block: the choice, its stability over folds, and the trials, best first."""
    names = sorted({name for trial in part.trials for name in trial.changes} & set(part.chosen))
    tried = count(len(part.trials))
    took = "" if part.seconds is None else f" It took {seconds(part.seconds)} seconds."
    told = (
        f"{tried} {'setting was' if len(part.trials) == 1 else 'settings were'} tried by three folds inside the rows "
        "for development, the model as the study gives it first; each outer fold chose anew, on its own training rows "
        f"alone, so that no score has seen its own choice.{took}"
    )
    return Block(
        heading="Tuning",
        paragraphs=[told, _chosen(part, names)],
        bullets=_stable(part, names),
        tables=[_trials(card, part)] if part.trials else [],
    )


def _chosen(part: TuningPart, names: list[str]) -> str:
    if not names:
        return "The model stays as the study gives it: nothing that was tried scored better."
    return f"Chosen for the final fit: {', '.join(f'{shown(n, 40)} {_short(part.chosen[n])}' for n in names)}."


def _short(given: Any) -> str:
    return shown(value(given), 30)


def _stable(part: TuningPart, names: list[str]) -> list[str]:
    """Say how often the folds chose what the final fit did, parameter by parameter."""
    n = len(part.folds)
    if not n:
        return []
    told = []
    for name in names:
        found = Counter(_short(fold.get(name, part.chosen[name])) for fold in part.folds)
        picks = ", ".join(f"{text} in {count(times)}" for text, times in found.most_common(4))
        told.append(f"{shown(name, 40)}: {picks} of {count(n)} folds.")
    return told


def _trials(card: Card, part: TuningPart) -> TableView:
    """Make the table of trials, best first."""
    sign = -1 if card.ranking.greater_is_better else 1

    def place(trial: TrialPart) -> tuple[bool, float]:
        return trial.score is None, sign * (trial.score or 0.0)

    best = sorted(part.trials, key=place)
    places = score_decimals([trial.score for trial in best])
    heads = [Head("Setting", long=True), Head(f"Mean {card.ranking.title}", numeric=True), Head("Stopped by")]
    lines = [
        [
            Cell(_setting(trial.changes)),
            Cell(MISSING if trial.score is None else fixed(trial.score, places), trial.score),
            Cell(shown(trial.error, 40) if trial.error else ""),
        ]
        for trial in best[:_MOST]
    ]
    if not any(trial.error for trial in best):
        heads, lines = heads[:2], [line[:2] for line in lines]
    more = f"The {count(_MOST)} best of {count(len(best))}; all are in the card's JSON." if len(best) > _MOST else ""
    caption = f"{tables.capital(card.ranking.title)} of what was tried, over the inner folds"
    return TableView(caption, heads, lines, name="trials", note=more)


def _setting(changes: Mapping[str, Any]) -> str:
    if not changes:
        return "as the study gives it"
    return ", ".join(f"{shown(name, 40)} {_short(given)}" for name, given in sorted(changes.items()))
