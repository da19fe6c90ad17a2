"""What cards and the index have in common: their typed parts, read from the results of a run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints

from workbench.disclosure import small
from workbench.pages.cautions import sentence
from workbench.pages.scored_on import ScoredOn

Results = Mapping[str, Any]
# a model's name names its files, so it holds no path
ModelName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,59}$")]


# in answers these are counts of rows, or lists of them
_COUNTS = (
    *("rows", "rows_found", "train_rows", "holdout_rows", "bin_counts", "counts"),
    *("n_rows", "n_background", "n_calibration", "n_before", "n_after", "n_searched", "n_train", "n_holdout"),
)


def _without_few(counts: Any) -> Any:
    """Withhold counts of rows below 10: one, or those of a list at any depth."""
    if isinstance(counts, list | tuple):
        return [_without_few(count) for count in counts]
    if isinstance(counts, Mapping):
        return _withhold(counts)
    return None if isinstance(counts, int | float) and small(counts) else counts


def _withhold(answer: Any) -> Any:
    """Withhold counts of rows below 10 within an answer, at any depth."""
    if isinstance(answer, list | tuple):
        return [_withhold(each) for each in answer]
    if not isinstance(answer, Mapping):
        return answer
    return {key: _without_few(value) if key in _COUNTS else _withhold(value) for key, value in answer.items()}


# a count of rows; None where it is withheld, because it, or another that it would tell, is below 10
Rows = Annotated[int | None, BeforeValidator(_without_few)]
# an answer as plain data, its counts of rows as those above
Told = Annotated[dict[str, Any], BeforeValidator(_withhold)]


class Part(BaseModel):
    """A part of a page: frozen, no unknown field, no number that JSON can't hold."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class FindingPart(Part):
    """Something that a reader should know or do; `topic` and `example` say where more of its evidence stands."""

    severity: Literal["high", "medium", "low"]
    title: str
    evidence: str
    action: str
    about: str
    topic: str = ""
    example: ModelName | Literal[""] = ""


class Standing(Part):
    """One model's line of the leaderboard."""

    model: ModelName
    family: str
    title: str
    glassbox: bool
    score: float | None
    lower: float | None
    upper: float | None
    price: float | None
    price_lower: float | None
    price_upper: float | None
    size: int | None
    stored_numbers: int | None
    holdout: float | None
    fit_seconds: float | None


class MetricPart(Part):
    """A score by name."""

    name: str
    title: str
    greater_is_better: bool
    in_target_units: bool


class Level(Part):
    """A level of a column."""

    level: str
    count: Rows


class ColumnPart(Part):
    """A column: `low` and `high` are the 10th lowest and the 10th highest value."""

    name: str
    title: str
    kind: str
    role: str
    unit: str
    description: str
    missing: Rows
    low: float | None
    high: float | None
    median: float | None
    levels: tuple[Level, ...]


class LeftOutPart(Part):
    """A column that no model sees: its name and role, and what it is."""

    name: str
    title: str
    role: str
    unit: str
    description: str


class DataPart(Part):
    """Where the rows come from and what they hold."""

    name: str
    title: str
    description: str
    source: str
    url: str
    licence: str
    citation: str
    hash: str
    n_rows: Rows
    n_features: int
    task: str
    classes: tuple[str, ...]
    target: ColumnPart
    target_mean: float | None
    columns: tuple[ColumnPart, ...]
    left_out: tuple[LeftOutPart, ...]


class DuplicatesPart(Part):
    """What was found about rows that repeat another row's features, and what was done."""

    repeated_rows: Rows
    rows: Rows
    most_by_chance: Rows
    asked: str
    choice: str
    reason: str


class DrawPart(Part):
    """How many rows of each side explanations and diagnostics looked at, drawn by the seed.

    None of a side where they looked at all of its rows, whose number is withheld.
    """

    development: Rows
    holdout: Rows
    by_class: bool


class SplitsPart(Part):
    """How rows were held out and folded; `draw` is None where explanations and diagnostics looked at all of them."""

    scheme: str
    seed: int
    hash: str
    n_development: Rows
    n_holdout: Rows
    n_folds: int
    n_repeats: int
    duplicates: DuplicatesPart
    alone: bool = False
    draw: DrawPart | None = None

    @property
    def scored_on(self) -> ScoredOn:
        """The words for what models were scored on."""
        return ScoredOn.of(self.alone)


class EnvironmentPart(Part):
    """The machine and the versions of a run; `distributed`: whether a cluster trained one of its models."""

    python: str
    platform: str
    versions: dict[str, str]
    command: str
    workbench: str
    date: str
    distributed: bool = False


def formats(results: Results) -> tuple[str, ...]:
    """Give the formats that cards are written in: HTML and JSON, and PDF and Markdown where the study asks for them."""
    asked = (results["study"].get("report") or {}).get("formats", ())
    return ("html", *(each for each in ("pdf", "md") if each in asked), "json")


def findings(results: Results, about: str | None = None) -> tuple[FindingPart, ...]:
    """Give the findings, gravest first; of one model where `about` names it."""
    order = {"high": 0, "medium": 1, "low": 2}
    chosen = [f for f in results["findings"] if about is None or f["about"] == about]
    names = FindingPart.model_fields
    shown = {model["name"]: _shown(model) for model in results["models"]}
    told = [{k: public(v) for k, v in f.items() if k in names} for f in chosen]
    for f in told:
        if f.get("topic") not in shown.get(f.get("example") or f["about"], (f.get("topic"),)):
            f |= {"topic": "", "example": ""}
    parts = [FindingPart.model_validate(f | {k: sentence(f[k]) for k in ("evidence", "action")}) for f in told]
    return tuple(sorted(parts, key=lambda f: order[f.severity]))


def _shown(model: Mapping[str, Any]) -> set[str]:
    """Name the topics that a model's card shows more of."""
    checked = {d["name"] for d in model.get("diagnostics", ()) if d.get("answer") is not None}
    explained = {each["method"] for each in model.get("answers", ())}
    return checked | explained | {"scores"} | ({"agreement"} if model.get("agreement") else set())


def standings(results: Results) -> tuple[Standing, ...]:
    """Give the lines of the leaderboard, best first, each with the seconds of its fit."""
    seconds = results["timing"].get("models", {})
    return tuple(
        Standing(**row, fit_seconds=seconds.get(row["model"], {}).get("fit")) for row in results["leaderboard"]["rows"]
    )


def ranking(results: Results) -> MetricPart:
    """Give the metric that ranks."""
    return MetricPart(**next(m for m in results["metrics"] if m["name"] == results["ranking"]))


def data(results: Results) -> DataPart:
    """Give the part about the data."""
    given = dict(results["data"])
    target = dict(given.pop("target"))
    mean = target.pop("mean", None)
    return DataPart(
        **{
            **{k: v for k, v in given.items() if k in DataPart.model_fields},
            "source": public(given["source"]),
            "classes": tuple(str(c) for c in given["classes"]),
            "target": _column(target),
            "target_mean": mean,
            "columns": tuple(_column(c) for c in given["columns"]),
            "left_out": tuple(LeftOutPart(**c) for c in given["left_out"]),
        }
    )


def splits(results: Results) -> SplitsPart:
    """Give the part about partitions and folds."""
    given = results["splits"]
    duplicates = dict(given["duplicates"])
    if small(duplicates["repeated_rows"]):
        # the sentence names the number too
        duplicates["reason"] = "fewer than 10 rows repeat the features of another row"
    sampling = results.get("sampling") or {}
    draw = None
    sides = {side: sampling.get(side) for side in ("development", "holdout")}
    if any(n is not None for n in sides.values()):
        draw = DrawPart(**sides, by_class=results["data"]["task"] != "regression")
    alone = sampling.get("holdout_alone", False)
    return SplitsPart(**{**given, "duplicates": DuplicatesPart(**duplicates), "alone": alone, "draw": draw})


def environment(results: Results) -> EnvironmentPart:
    """Give the part about the machine."""
    given = results["environment"]
    return EnvironmentPart(
        **{**given, "command": public(given["command"])},
        workbench=results["workbench"],
        date=str(results["timing"].get("date", "")),
        distributed=any(model.get("n_workers") for model in results["models"]),
    )


def _column(given: Mapping[str, Any]) -> ColumnPart:
    texts = {k: str(given.get(k) or "") for k in ("name", "title", "kind", "role", "unit", "description")}
    levels = [{"level": str(v["level"]), "count": v["count"]} for v in given.get("levels") or []]
    numbers = {k: given.get(k) for k in ("low", "high", "median")}
    return ColumnPart.model_validate({**texts, **numbers, "missing": given.get("missing", 0), "levels": levels})


# a path from the root, a drive, a home or a neighbouring folder: its last part is the file's name
_PATH = re.compile(r"""(?<![\w:/.<])(?:~|\.\.?|[A-Za-z]:)?(?:[\\/][^\\/\s'"<>|]+)*[\\/]([^\\/\s'"<>|]+)[\\/]?""")


def public(text: str) -> str:
    """Keep the file's name alone of a path: folders tell of people and machines.

    Examples
    --------
    >>> public("workbench run /home/ann/secret/study.yaml --out ../reports/"), public("see https://doi.org/10.24432/C5")
    ('workbench run study.yaml --out reports', 'see https://doi.org/10.24432/C5')
    """
    return _PATH.sub(r"\1", text)
