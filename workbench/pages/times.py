"""The section of the index about where the time of a run went: by model and kind of work, then the longest steps."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.pages.index import Index, Step
from workbench.pages.views import Block, Cell, Head, Section, TableView
from workbench.plots.numbers import count, seconds
from workbench.plots.style import shown

_KINDS = ("Fits", "Explanations", "Refits and chance", "Checks")
_FITS = ("fit", "fold ", "other fold ", "path ", "tune")
_AGAIN = (" refits", " noise", "noise fit")
_CHECKS = ("diagnostics", "complexity", "drift")
_STUDY = "the study"
_LONGEST = 10


def section(index: Index) -> Section:
    """Give the section; its first sentence says how long the run took, and on which kind of work most went."""
    spent = _spent(index.steps)
    by_kind = {kind: sum(each[kind] for each in spent.values()) for kind in _KINDS}
    total = sum(by_kind.values())
    whole = "" if index.seconds is None else f"The whole run took {seconds(index.seconds)} seconds. "
    if not total:
        return Section("time", "Where the time went", whole.strip() or "No step is on record.", [])
    most = max(by_kind, key=lambda kind: by_kind[kind])
    lead = f"{whole}Its steps add up to {seconds(total)} seconds of work, of which {_WORK[most]} took "
    lead += f"{by_kind[most] / total:.0%}."
    blocks = [Block(tables=[_table(spent)]), Block(tables=[_longest(index.steps)])]
    return Section("time", "Where the time went", lead, blocks, pair=True)


_WORK = {
    "Fits": "the fits of models and folds",
    "Explanations": "explanations",
    "Refits and chance": "bands of refits and floors of chance",
    "Checks": "checks",
}


def kind_of(step: str) -> tuple[str, str]:
    """Give the model that a step is of, or the study, and its kind.

    Examples
    --------
    >>> kind_of("ebm: fold 2.5"), kind_of("ebm: shap noise"), kind_of("ebm: shap"), kind_of("drift")
    (('ebm', 'Fits'), ('ebm', 'Refits and chance'), ('ebm', 'Explanations'), ('the study', 'Checks'))
    """
    model, colon, what = step.partition(": ")
    model, what = (model, what) if colon else (_STUDY, step)
    if what.endswith(_AGAIN):
        return model, "Refits and chance"
    if what.startswith(_FITS):
        return model, "Fits"
    return model, "Checks" if what in _CHECKS else "Explanations"


def _spent(steps: Sequence[Step]) -> dict[str, dict[str, float]]:
    """Add up the seconds of each model by kind, the model that took most first."""
    spent: dict[str, dict[str, float]] = {}
    for step in steps:
        model, kind = kind_of(step.name)
        spent.setdefault(model, dict.fromkeys(_KINDS, 0.0))[kind] += step.seconds
    return dict(sorted(spent.items(), key=lambda each: -sum(each[1].values())))


def _table(spent: dict[str, dict[str, float]]) -> TableView:
    lines = []
    for model, kinds in spent.items():
        total = sum(kinds.values())
        cells = [_seconds(kinds[kind]) for kind in _KINDS]
        lines.append([Cell(shown(model, 40), model), Cell(seconds(total), total), *cells])
    heads = [Head("Model"), Head("All", numeric=True, order="descending"), *(Head(k, numeric=True) for k in _KINDS)]
    note = (
        "Seconds of single steps; several run at once. Fits: of the model and of folds. Refits and chance: what "
        "bands of refits and noise floors take. Checks: diagnostics and complexity."
    )
    return TableView("Seconds by model", heads, lines, sortable=True, name="time", note=note)


def _longest(steps: Sequence[Step]) -> TableView:
    lines = [[Cell(shown(step.name, 80)), Cell(seconds(step.seconds), step.seconds)] for step in steps[:_LONGEST]]
    rest = len(steps) - _LONGEST
    note = f"The other {count(rest)} steps are in results.json, under timing." if rest > 0 else ""
    return TableView("The longest steps", [Head("Step"), Head("Seconds", numeric=True)], lines, note=note, name="steps")


def _seconds(value: float) -> Cell:
    return Cell(seconds(value), value) if value else Cell("–")
