"""From the results of a run to the page on which any two of its models stand side by side."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from types import SimpleNamespace
from typing import Any, Literal

from workbench.answers import Multiplicity
from workbench.answers.comparison import Comparison
from workbench.evaluation.comparison import compare
from workbench.evaluation.digits import brief, spanned, written
from workbench.evaluation.equivalence import equivalence_sentence
from workbench.evaluation.price import titles_of
from workbench.metrics import Metric, metric
from workbench.pages.checked import ScorePart, scores
from workbench.pages.parts import (
    ColumnPart,
    EnvironmentPart,
    FindingPart,
    MetricPart,
    ModelName,
    Part,
    Results,
    Standing,
    Told,
    data,
    environment,
    findings,
    ranking,
    splits,
    standings,
)
from workbench.pages.scored_on import ScoredOn

_IMPORTANCE = "permutation_importance"
_EFFECTS = ("partial_dependence", "ale")


class ModelPart(Part):
    """One model of the page: its scores, what was found, which columns it rests on, and how they act."""

    name: ModelName
    scores: tuple[ScorePart, ...]
    findings: tuple[FindingPart, ...]
    importance: Told | None
    effects: Told | None


class PairPart(Part):
    """Two models against each other, the better one first, in sentences; `chances` and `rows` may be ""."""

    one: ModelName
    two: ModelName
    difference: str
    chances: str
    rows: str


class SideBySide(Part):
    """The page of two models; `side_format` counts the versions of this schema.

    `first` and `second` are the models that stand there before anybody chooses: the recommended one and the best black
    box, or who comes next to them. `method` names the effects that are drawn, "" where there are none.
    """

    side_format: Literal[1] = 1
    title: str
    first: ModelName
    second: ModelName
    ranking: MetricPart
    leaderboard: tuple[Standing, ...]
    models: tuple[ModelPart, ...]
    pairs: tuple[PairPart, ...]
    columns: tuple[ColumnPart, ...]
    target: str
    classes: tuple[str, ...]
    method: str
    environment: EnvironmentPart
    alone: bool = False

    @property
    def scored_on(self) -> ScoredOn:
        """The words for what models were scored on."""
        return ScoredOn.of(self.alone)


def side_by_side(results: Results) -> dict[str, Any] | None:
    """Make the page of two models, JSON-able, from what results.json holds; None of fewer than two models."""
    by_name = {model["name"]: model for model in results["models"] if model["status"] == "ok"}
    board = tuple(row for row in standings(results) if row.model in by_name)
    if len(board) < 2:
        return None
    first, second = _default(board, (results.get("recommendation") or {}).get("model") or "")
    ordered = [by_name[row.model] for row in board]
    method = next((m for m in _EFFECTS if sum(_answer(model, m) is not None for model in ordered) > 1), "")
    part = data(results)
    return SideBySide(
        title=results["data"]["title"] or results["data"]["name"],
        first=first,
        second=second,
        ranking=ranking(results),
        leaderboard=board,
        models=tuple(
            ModelPart(
                name=model["name"],
                scores=scores(model, results),
                findings=findings(results, about=model["name"]),
                importance=_answer(model, _IMPORTANCE),
                effects=_answer(model, method),
            )
            for model in ordered
        ),
        pairs=tuple(_pairs(results, board, ordered)),
        columns=part.columns,
        target=part.target.title,
        classes=part.classes,
        method=method,
        environment=environment(results),
        alone=splits(results).alone,
    ).model_dump(mode="json")


def _default(board: Sequence[Standing], recommended: str) -> tuple[str, str]:
    """Choose who stands there first: the recommended model and the best black box, or else the best of the others."""
    ranked = sorted(board, key=lambda row: row.family == "dummy")  # stable: best first, the dummy last
    first = next((row for row in ranked if row.model == recommended), ranked[0])
    others = [row for row in ranked if row.model != first.model]
    black = [row for row in others if not row.glassbox and row.family != "dummy"]
    return first.model, (black or others)[0].model


def _answer(model: Mapping[str, Any], method: str) -> dict[str, Any] | None:
    return next((a["answer"] for a in model.get("answers", ()) if a["method"] == method), None)


def _pairs(results: Results, board: Sequence[Standing], models: Sequence[Mapping[str, Any]]) -> Iterator[PairPart]:
    """Compare every model with every one that ranks below it, on the same folds."""
    chosen = metric(results["ranking"])
    titles = titles_of(SimpleNamespace(rows=board))  # type: ignore[arg-type]
    found = results.get("multiplicity")
    many = None if found is None else Multiplicity.from_dict(found)
    # all comparisons of a run share the rows of its folds
    ratio = next((c["provenance"]["parameters"].get("test_to_train") for c in results["comparisons"]), None)
    folds = {m["name"]: _folds(m, results["ranking"]) for m in models}
    for one, two in combinations([model["name"] for model in models], 2):
        told = (f"The {titles[one]} and the {titles[two]} can't be compared: no fold has a score of both.", "")
        if ratio is not None and _shared(folds[one], folds[two]):
            told = _told(
                compare(
                    folds[two],
                    folds[one],
                    model=two,
                    reference=one,
                    metric=chosen,
                    n_train=1.0,
                    n_test=ratio,
                    region=results["region"],
                ),
                titles,
                chosen,
            )
        yield PairPart(one=one, two=two, difference=told[0], chances=told[1], rows=_rows(many, one, two))


def _folds(model: Mapping[str, Any], name: str) -> list[float]:
    return [math.nan if score is None else score for score in model["scores"].get(name, {}).get("folds", ())]


def _shared(one: Sequence[float], two: Sequence[float]) -> bool:
    return len(one) == len(two) and any(not math.isnan(a + b) for a, b in zip(one, two, strict=True))


def _told(c: Comparison, titles: Mapping[str, str], chosen: Metric) -> tuple[str, str]:
    """Say how far the better of two scores above the other, and how probable a difference is that matters."""
    better, other = titles[c.reference], titles[c.model]
    away = f"{'above' if chosen.greater_is_better else 'better than'} the {other}"
    if math.isnan(c.lower):
        gap = f"{written(abs(c.difference), 3)} {chosen.title}"
        return f"The {better} scores {gap} {away}; there is no interval, which takes two folds or more.", ""
    if c.lower == c.upper == 0:
        return f"The {better} and the {other} score the same everywhere.", ""
    verdict = "these rows can't tell the two apart" if c.lower <= 0 <= c.upper else "more than chance would give"
    gap = spanned(c.difference, c.lower, c.upper, chosen.title)
    told = f"On the same test rows the {better} scores {gap} {away}: {verdict}."
    return told, equivalence_sentence(c, titles, chosen)


def _rows(many: Multiplicity | None, one: str, two: str) -> str:
    """Say on how many rows two models differ that score as well as the best; "" of others."""
    if many is None or not {one, two} <= set(many.models):
        return ""
    i, j = many.models.index(one), many.models.index(two)
    share = f"{float(many.disagreement[i][j]):.0%}"
    differ = "they decide differently"
    if many.tolerance is not None:
        differ = f"their predictions differ by more than {brief(many.tolerance)}"
    told = f"On {share} of the rows {differ}."
    alike = math.nan if many.rank_correlation is None else float(many.rank_correlation[i][j])
    if math.isnan(alike):
        return told
    return f"{told} Their importances have a rank correlation of {written(alike, 2)}."
