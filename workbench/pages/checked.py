"""How a model was checked and tuned, as typed parts of its card: scores, diagnostics, trials."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.pages.parts import MetricPart, Part, Results, Told, public


class ScorePart(Part):
    """One metric of the model: mean over folds with its 95% interval, every fold, and the holdout."""

    metric: MetricPart
    mean: float | None
    lower: float | None
    upper: float | None
    folds: tuple[float | None, ...]
    holdout: float | None
    other_duplicates: float | None
    dummy: float | None


class DiagnosticPart(Part):
    """One diagnostic: its answer, or the reason why there is none."""

    name: str
    answer: Told | None = None
    reason: str = ""


class TrialPart(Part):
    """A setting that tuning tried: what it changes, its mean score, and what stopped it, "" where nothing did."""

    changes: dict[str, Any]
    score: float | None
    error: str = ""


class TuningPart(Part):
    """How parameters were chosen: `folds` holds what each fold chose by itself, on its own training rows."""

    budget: int | None
    chosen: dict[str, Any]
    trials: tuple[TrialPart, ...]
    folds: tuple[dict[str, Any], ...]
    seconds: float | None


def scores(model: Mapping[str, Any], results: Results) -> tuple[ScorePart, ...]:
    """Give the scores of a model by every metric, with the dummy's beside."""
    dummy = next((m for m in results["models"] if m["family"] == "dummy" and m["status"] == "ok"), None)
    return tuple(
        ScorePart(
            metric=MetricPart(**metric),
            **{k: model["scores"][metric["name"]][k] for k in ("mean", "lower", "upper", "folds")},
            holdout=(model["holdout"] or {}).get(metric["name"]),
            other_duplicates=(model["other_duplicates"] or {}).get(metric["name"]),
            dummy=dummy["scores"][metric["name"]]["mean"] if dummy else None,
        )
        for metric in results["metrics"]
        if metric["name"] in model["scores"]
    )


def diagnostics(model: Mapping[str, Any]) -> tuple[DiagnosticPart, ...]:
    """Give what diagnostics found, and why others have no answer."""
    return tuple(
        DiagnosticPart(
            name=each["name"],
            answer=each.get("answer"),
            reason=public(each.get("reason") or ""),
        )
        for each in model.get("diagnostics") or ()
    )


def tuning(model: Mapping[str, Any]) -> TuningPart | None:
    """Give what tuning tried and chose; None where the model was not tuned."""
    given = model.get("tuning")
    if not given:
        return None
    trials = [
        TrialPart(changes=t.get("changes") or {}, score=t.get("score"), error=public(t.get("error") or ""))
        for t in given.get("trials") or ()
    ]
    return TuningPart(
        budget=given.get("budget"),
        chosen=given.get("chosen") or {},
        trials=tuple(trials),
        folds=tuple(given.get("folds") or ()),
        seconds=given.get("seconds"),
    )
