"""From the results of a run to its index: the answer first, then what stands behind it."""

from __future__ import annotations

from typing import Any, Literal

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

_LEADING = 3


class PricePart(Part):
    """What one glass box costs, in a sentence."""

    model: str
    sentence: str


class RepeatRow(Part):
    """One model's score with repeated rows guarded (kept together, or dropped), and with them split apart."""

    model: str
    guarded: float | None
    ignore: float | None


class RepeatsPart(Part):
    """What repeated rows do to the scores."""

    sentence: str
    dropped: bool
    rows: tuple[RepeatRow, ...]


class Failure(Part):
    """A model that could not be fitted."""

    model: str
    error: str


class Step(Part):
    """A unit of work and its seconds."""

    name: str
    seconds: float


class Index(Part):
    """The index of a run; `index_format` counts the versions of this schema.

    `comparisons` are those of glass boxes with the best black box; `agreed` are the columns that are among the three
    most important ones of every model that scores as well as the best; `recommended` is "" where no model is.
    """

    index_format: Literal[1] = 1
    title: str
    formats: tuple[str, ...]
    headline: str
    ranking: MetricPart
    region: float
    findings: tuple[FindingPart, ...]
    leaderboard: tuple[Standing, ...]
    recommendation: str = ""
    recommended: str = ""
    comparisons: tuple[Told, ...]
    price_curve: Told | None = None
    pareto: tuple[ModelName, ...] = ()
    multiplicity: Told | None = None
    agreed: tuple[str, ...] = ()
    drift: Told | None = None
    leakage: Told | None = None
    price: tuple[PricePart, ...]
    failures: tuple[Failure, ...]
    repeats: RepeatsPart | None
    data: DataPart
    splits: SplitsPart
    environment: EnvironmentPart
    steps: tuple[Step, ...]
    seconds: float | None


def index(results: Results) -> dict[str, Any]:
    """Make the index of a run, JSON-able, from what its results.json holds."""
    timing = results["timing"]
    recommendation, place = results.get("recommendation") or {}, _places(results)
    return Index(
        title=results["data"]["title"] or results["data"]["name"],
        formats=formats(results),
        headline=results["headline"],
        ranking=ranking(results),
        region=results["region"],
        findings=findings(results),
        leaderboard=standings(results),
        recommendation=recommendation.get("reason") or "",
        recommended=recommendation.get("model") or "",
        comparisons=_prices(results),
        price_curve=results.get("price_curve"),
        pareto=tuple(results.get("pareto") or ()),
        multiplicity=results.get("multiplicity"),
        agreed=_agreed(results),
        drift=results.get("drift"),
        leakage=results.get("leakage"),
        price=tuple(PricePart(**p) for p in sorted(results["price"], key=lambda p: place[p["model"]])),
        failures=tuple(
            Failure(model=m["name"], error=public(m["error"] or "no reason was given"))
            for m in results["models"]
            if m["status"] != "ok"
        ),
        repeats=_repeats(results),
        data=data(results),
        splits=splits(results),
        environment=environment(results),
        steps=tuple(Step(name=n, seconds=s) for n, s in sorted(timing.get("units", {}).items(), key=lambda u: -u[1])),
        seconds=timing.get("total"),
    ).model_dump(mode="json")


def _prices(results: Results) -> tuple[dict[str, Any], ...]:
    """Give the comparisons of glass boxes with the best black box."""
    glass = {row["model"] for row in results["leaderboard"]["rows"] if row["glassbox"]}
    found = [c for c in results["comparisons"] if c.get("against", "") in ("", "black box") and c["model"] in glass]
    place = _places(results)
    return tuple(sorted(found, key=lambda c: place[c["model"]]))


def _places(results: Results) -> dict[str, int]:
    """Give the place of each model on the leaderboard."""
    return {row["model"]: place for place, row in enumerate(results["leaderboard"]["rows"])}


def _agreed(results: Results) -> tuple[str, ...]:
    """Name the columns that are among the three most important ones of every model as good as the best."""
    good = (results.get("multiplicity") or {}).get("models", ())
    leading: list[list[str]] = []
    for model in results["models"]:
        told = [a["answer"] for a in model.get("answers", ()) if a["method"] == "permutation_importance"]
        if model["name"] in good and told:
            sizes = [size or 0.0 for size in told[0]["importances_mean"]]
            ranked = sorted(zip(sizes, told[0]["feature_names"], strict=True), key=lambda each: -each[0])
            leading.append([name for size, name in ranked[:_LEADING] if size > 0])
    if len(leading) < 2 or len(leading) < len(good):
        return ()
    titles = {column["name"]: column["title"] for column in results["data"]["columns"]}
    return tuple(titles.get(name, name) for name in leading[0] if all(name in others for others in leading))


def _repeats(results: Results) -> RepeatsPart | None:
    story = results["duplicates_story"]
    if story is None:
        return None
    place = _places(results)
    return RepeatsPart(
        sentence=story["sentence"],
        dropped=any("drop" in row for row in story["rows"]),
        rows=tuple(
            RepeatRow(model=row["model"], guarded=row.get("drop", row.get("together")), ignore=row["ignore"])
            for row in sorted(story["rows"], key=lambda row: place.get(row["model"], len(place)))
        ),
    )
