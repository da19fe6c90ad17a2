"""What of a run can be recomputed, and by what: the table behind the signs on cards and behind `workbench verify`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

Mark = Literal["holdout", "refit", "private", "none"]

# of results.json; what stands in neither table is checked by a refit
_OF_RUN: dict[str, Mark] = {
    "study": "none",  # what persons wrote; what of it decides numbers shows in these
    "study_hash": "holdout",
    "data": "holdout",
    "splits": "holdout",
    "environment": "none",
    "timing": "none",
}
_OF_MODEL: dict[str, Mark] = {
    "holdout": "holdout",
    "size": "holdout",
    "stored_numbers": "holdout",
    "features_used": "holdout",
    "form": "holdout",
    "form_dict": "holdout",
    "form_text": "holdout",
    "form_latex": "holdout",
    "rules": "holdout",
}
# where each field of a card comes from: places in results.json; "models." begins what is told of the model
_SOURCES: dict[str, tuple[str, ...]] = {
    "name": ("models.name",),
    "family": ("models.family",),
    "title": ("models.title",),
    "glassbox": ("models.glassbox",),
    "study": ("data",),
    "formats": ("study",),
    "headline": ("headline",),
    "price": ("price",),
    "ranking": ("ranking",),
    "region": ("region",),
    "findings": ("findings",),
    "study_findings": ("findings",),
    "size": ("models.size",),
    "stored_numbers": ("models.stored_numbers",),
    "statements": ("study",),
    "provided": ("study",),
    "asked": ("study",),
    "form": ("models.form", "models.form_dict", "models.form_text", "models.form_latex"),
    "method": ("models.params",),
    "details": ("models.details",),
    "rules": ("models.rules",),
    "answers": ("models.answers",),
    "private_answers": ("models.private_answers",),
    "agreement": ("models.agreement",),
    "scores": ("models.scores",),
    "scores.holdout": ("models.holdout",),
    "leaderboard": ("leaderboard",),
    "comparisons": ("comparisons",),
    "holdout_comparisons": ("holdout_comparisons",),
    "recommendation": ("recommendation",),
    "complexity": ("models.complexity",),
    "diagnostics": ("models.diagnostics",),
    "tuning": ("models.tuning",),
    "data": ("data",),
    "splits": ("splits",),
    "environment": ("environment",),
    "fit_seconds": ("timing",),
}
_WEAKEST_LAST: tuple[Mark, ...] = ("holdout", "private", "refit", "none")


def mark(place: str) -> Mark:
    """Say how a place in results.json can be checked; "models." stands before what is told of a model with a form.

    Returns
    -------
    Mark
        "holdout" where data, study and saved model give it again; "refit" where training again does; "none" where
        nothing can.

    Examples
    --------
    >>> mark("models.holdout"), mark("models.scores"), mark("timing")
    ('holdout', 'refit', 'none')
    """
    key, _, inner = place.partition(".")
    return (_OF_MODEL if key == "models" else _OF_RUN).get(inner or key, "refit")


def checked_without_refit(of_model: bool) -> frozenset[str]:
    """Name the places of results.json, or of one model in it, that are recomputed without training again."""
    given = _OF_MODEL if of_model else _OF_RUN
    return frozenset(key for key, value in given.items() if value == "holdout")


def marks(model: Mapping[str, Any], *, refittable: bool = True) -> dict[str, Mark]:
    """Say of each field of a model's card how it can be checked.

    Parameters
    ----------
    model : mapping
        What results.json tells of the model: one without a form takes a refit, one with a private form that form.
    refittable : bool
        Whether the study can be run again to the same numbers: not where a cluster trained one of its models.
    """
    found = {field: _of_field(sources, model["form"]) for field, sources in _SOURCES.items()}
    return found if refittable else {field: "none" if sign == "refit" else sign for field, sign in found.items()}


def _of_field(sources: tuple[str, ...], form: Mapping[str, Any] | None) -> Mark:
    found = [_with_form(source, form) for source in sources]
    return max(found, key=_WEAKEST_LAST.index)


def _with_form(source: str, form: Mapping[str, Any] | None) -> Mark:
    found = mark(source)
    if found != "holdout" or not source.startswith("models."):
        return found
    return "refit" if form is None else "private" if form.get("private") else "holdout"
