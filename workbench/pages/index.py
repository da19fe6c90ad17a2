"""From the results of a run to its index: the answer first, then what stands behind it."""

from __future__ import annotations

from typing import Any, Literal

from workbench.pages.parts import (
    DataPart,
    EnvironmentPart,
    FindingPart,
    MetricPart,
    Part,
    Results,
    SplitsPart,
    Standing,
    data,
    environment,
    findings,
    formats,
    public,
    ranking,
    splits,
    standings,
)


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
    """The index of a run; `index_format` counts the versions of this schema."""

    index_format: Literal[1] = 1
    title: str
    formats: tuple[str, ...]
    headline: str
    ranking: MetricPart
    region: float
    findings: tuple[FindingPart, ...]
    leaderboard: tuple[Standing, ...]
    comparisons: tuple[dict[str, Any], ...]
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
    return Index(
        title=results["data"]["title"] or results["data"]["name"],
        formats=formats(results),
        headline=results["headline"],
        ranking=ranking(results),
        region=results["region"],
        findings=findings(results),
        leaderboard=standings(results),
        comparisons=tuple(results["comparisons"]),
        price=tuple(PricePart(**p) for p in results["price"]),
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


def _repeats(results: Results) -> RepeatsPart | None:
    story = results["duplicates_story"]
    if story is None:
        return None
    return RepeatsPart(
        sentence=story["sentence"],
        dropped=any("drop" in row for row in story["rows"]),
        rows=tuple(
            RepeatRow(model=row["model"], guarded=row.get("drop", row.get("together")), ignore=row["ignore"])
            for row in story["rows"]
        ),
    )
