"""From the results of a run to one card per model: all that a page about a model says, as typed JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from workbench.pages.checkable import Mark, marks
from workbench.pages.checked import DiagnosticPart, ScorePart, TuningPart, diagnostics, scores, tuning
from workbench.pages.parts import (
    DataPart,
    EnvironmentPart,
    FindingPart,
    MetricPart,
    ModelName,
    Part,
    Results,
    SplitsPart,
    Standing,
    Told,
    data,
    environment,
    findings,
    formats,
    public,
    ranking,
    splits,
    standings,
)

# what only a person can say: key of the study's `report`, heading of the section, what the card calls it
PROVIDED = {
    "version": ("identity", "Version"),
    "owner": ("identity", "Owner"),
    "developer": ("identity", "Developer"),
    "validator": ("identity", "Validator"),
    "contact": ("identity", "Contact"),
    "licence": ("identity", "Licence of the model"),
    "citation": ("identity", "Citation of the model"),
    "purpose": ("use", "Purpose"),
    "intended_use": ("use", "Intended use"),
    "users": ("use", "Users"),
    "affected": ("use", "Affected people"),
    "out_of_scope": ("use", "Out of scope"),
    "misuse": ("use", "Foreseeable misuse"),
    "materiality": ("use", "Materiality"),
    "oversight": ("limits", "Human oversight"),
    "monitoring": ("limits", "Monitoring"),
}


class Statement(Part):
    """What a person said, or None where nobody did."""

    key: str
    section: Literal["identity", "use", "limits"]
    title: str
    text: str | None


class FormPart(Part):
    """The model itself, as far as a report may hold it."""

    available: bool
    private: bool
    reason: str
    sha256: str
    file: str
    text: str
    latex: str
    form: dict[str, Any] | None


class MethodPart(Part):
    """How the model was made."""

    summary: str
    engine: str
    params: dict[str, Any]
    policy: dict[str, str]
    reference: str
    assumptions: tuple[str, ...]
    limits: tuple[str, ...]
    features_used: tuple[str, ...] | None
    n_workers: int | None = None


class AnswerPart(Part):
    """One explanation: the method's name and its answer."""

    method: str
    answer: Told


class Card(Part):
    """A model card; `card_format` counts the versions of this schema.

    `recommendation` is the reason why this model is recommended, "" where it is not.
    `checked` says of each field how `workbench verify` can check it.
    `private_answers` names the methods of whose answers all, or the part about single rows, is kept apart.
    """

    card_format: Literal[1] = 1
    name: ModelName
    family: str
    title: str
    glassbox: bool
    study: str
    formats: tuple[str, ...]
    headline: str
    price: str
    ranking: MetricPart
    region: float
    findings: tuple[FindingPart, ...]
    study_findings: tuple[FindingPart, ...]
    size: int | None
    stored_numbers: int | None
    statements: tuple[Statement, ...]
    provided: int
    asked: int
    form: FormPart
    method: MethodPart
    details: tuple[dict[str, Any], ...]
    rules: Told | None
    answers: tuple[AnswerPart, ...]
    private_answers: tuple[str, ...] = ()
    agreement: Told | None = None
    scores: tuple[ScorePart, ...]
    leaderboard: tuple[Standing, ...]
    comparisons: tuple[Told, ...]
    holdout_comparisons: tuple[Told, ...] = ()
    recommendation: str = ""
    complexity: Told | None = None
    diagnostics: tuple[DiagnosticPart, ...] = ()
    tuning: TuningPart | None = None
    data: DataPart
    splits: SplitsPart
    environment: EnvironmentPart
    fit_seconds: float | None
    privacy: tuple[str, ...]
    checked: dict[str, Mark]


def cards(results: Results) -> dict[str, dict[str, Any]]:
    """Make the card of every model that was fitted, by name.

    Parameters
    ----------
    results : mapping
        What results.json of a run holds.

    Returns
    -------
    dict of str to dict
        JSON-able; `Card.model_validate` reads each back, `Card.model_json_schema()` describes it.
    """
    fitted = [model for model in results["models"] if model["status"] == "ok"]
    return {model["name"]: _card(model, results).model_dump(mode="json") for model in fitted}


def _card(model: Mapping[str, Any], results: Results) -> Card:
    name = model["name"]
    statements = _statements(results["study"].get("report") or {})
    form = _form(model)
    return Card(
        name=name,
        family=model["family"],
        title=model["title"],
        glassbox=model["glassbox"],
        study=results["data"]["title"] or results["data"]["name"],
        formats=formats(results),
        headline=results["headline"],
        price=next((p["sentence"] for p in results["price"] if p["model"] == name), ""),
        ranking=ranking(results),
        region=results["region"],
        findings=findings(results, about=name),
        study_findings=findings(results, about="study"),
        size=model["size"],
        stored_numbers=model["stored_numbers"],
        statements=statements,
        provided=sum(statement.text is not None for statement in statements),
        asked=len(statements),
        form=form,
        method=_method(model),
        details=tuple(model.get("details", ())),
        rules=model.get("rules"),
        answers=tuple(AnswerPart(method=a["method"], answer=a["answer"]) for a in model["answers"]),
        private_answers=tuple(model.get("private_answers", ())),
        agreement=model.get("agreement"),
        scores=scores(model, results),
        leaderboard=standings(results),
        comparisons=tuple(c for c in results["comparisons"] if c["model"] == name),
        holdout_comparisons=tuple(c for c in results.get("holdout_comparisons") or () if c["model"] == name),
        recommendation=_recommendation(name, results),
        complexity=model.get("complexity"),
        diagnostics=diagnostics(model),
        tuning=tuning(model),
        data=data(results),
        splits=splits(results),
        environment=environment(results),
        fit_seconds=results["timing"].get("models", {}).get(name, {}).get("fit"),
        privacy=_privacy(form, model["answers"]),
        checked=marks(model, refittable=not any(each.get("n_workers") for each in results["models"])),
    )


def _statements(report: Mapping[str, Any]) -> tuple[Statement, ...]:
    return tuple(
        Statement(key=key, section=section, title=title, text=str(report[key]) if report.get(key) else None)  # type: ignore[arg-type]
        for key, (section, title) in PROVIDED.items()
    )


def _form(model: Mapping[str, Any]) -> FormPart:
    given = model["form"] or {}
    private = bool(given.get("private"))
    return FormPart(
        available=model["form"] is not None,
        private=private,
        reason=public(given.get("reason") or ""),
        sha256=given.get("sha256") or "",
        file="" if private else public(given.get("path") or ""),
        text="" if private else model["form_text"] or "",
        latex="" if private else model["form_latex"] or "",
        form=None if private else model["form_dict"],
    )


def _method(model: Mapping[str, Any]) -> MethodPart:
    names = ("summary", "engine", "params", "policy", "reference", "assumptions", "limits", "features_used")
    return MethodPart(**{name: model[name] for name in names}, n_workers=model.get("n_workers"))


def _recommendation(name: str, results: Results) -> str:
    found = results.get("recommendation") or {}
    return str(found["reason"]) if found.get("model") == name else ""


def _privacy(form: FormPart, answers: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    lines = [
        "This card holds no row of the data, no count of rows below 10, and no path of a file.",
        "Ranges run from the 10th lowest to the 10th highest value. Cut points, coefficients and curves are computed "
        "from the data and tell something of it.",
    ]
    if any(each["answer"].get("profiles") for each in answers):
        lines.append(
            "Rows whose predictions are reasoned are made up of middle and most frequent values of 10 rows or more. "
            "One that only a few rows of the data are like is left out."
        )
    if form.private:
        reason = f": {form.reason}" if form.reason else ""
        lines.append(f"The model's own file is kept apart from what is sent{reason}.")
    return tuple(lines)
