"""The sections of the index below the leaderboard: price, many good models, checks of data and split, how to repeat."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np

from workbench.answers import Answer, Multiplicity, PriceCurve
from workbench.evaluation.digits import brief
from workbench.evaluation.multiplicity import multiplicity_sentence
from workbench.evaluation.price import titles_of
from workbench.pages import evidence, figure_data, sections, split_checks, tables, times
from workbench.pages.index import Index, RepeatsPart
from workbench.pages.views import Block, PictureView, Section, picture
from workbench.plots import PAGE, comparison, multiplicity, price_curve, repeats
from workbench.plots.numbers import count, fixed, score_decimals
from workbench.plots.style import shown


def overview(index: Index) -> list[Section]:
    """Give the sections in reading order; those that a run has nothing for are left out."""
    found = []
    if index.price or index.comparisons or (index.price_curve or {}).get("models"):
        found.append(_price(index))
    if index.multiplicity is not None:
        found.append(_many(index, Multiplicity.from_dict(index.multiplicity)))
    if index.repeats is not None:
        design = [evidence.design(index.splits, repeats=False), *evidence.drawn(index.splits)]
        blocks = [
            Block(paragraphs=design, pictures=_repeats(index, index.repeats)),
            Block(tables=[tables.repeats(index.repeats, index.ranking)]),
        ]
        found.append(Section("repeats", "What repeated rows do", _repeats_lead(index), blocks, pair=True))
    else:
        told = [Block(paragraphs=drawn)] if (drawn := evidence.drawn(index.splits)) else []
        found.append(Section("design", "How the models were checked", evidence.design(index.splits), told))
    if index.drift is not None or index.leakage is not None:
        found.append(split_checks.section(index))
    part = index.data
    lead = f"{count(part.n_rows)} rows, {count(part.n_features)} features, and the target {shown(part.target.title)}."
    found.append(Section("data", "The data", lead, sections.data_blocks(part)))
    return [*found, times.section(index), _reproduce(index)]


def titles(index: Index) -> dict[str, str]:
    """Give what models are called in a sentence."""
    return titles_of(SimpleNamespace(rows=index.leaderboard))  # type: ignore[arg-type]


def _repeats_lead(index: Index) -> str:
    """Say whose score would gain most, where the findings tell the story already; else the story."""
    part = index.repeats
    assert part is not None  # noqa: S101 - the section is there
    if all(finding.evidence != part.sentence for finding in index.findings):
        return part.sentence
    sign = 1 if index.ranking.greater_is_better else -1
    gains = {
        r.model: sign * (r.ignore - r.guarded) for r in part.rows if r.ignore is not None and r.guarded is not None
    }
    most = max(gains, key=lambda name: gains[name], default=None)
    if most is None or gains[most] <= 0:
        return "With repeated rows split apart no model would seem to score better."
    gain = fixed(gains[most], score_decimals([r.guarded for r in part.rows]))
    name = titles(index).get(most, most)
    return f"With repeated rows split apart the {name} would seem to gain most: {gain} {index.ranking.title}."


def _repeats(index: Index, part: RepeatsPart) -> list[PictureView]:
    """Show what each model would seem to score."""
    if not repeats.both(part.rows):
        return []
    glass = {row.model: row.glassbox for row in index.leaderboard}
    drawing = repeats.draw(part.rows, PAGE, metric=index.ranking.title, dropped=part.dropped, glassbox=glass)
    told = repeats.finding(part.rows, greater_is_better=index.ranking.greater_is_better)
    note = "Filled: glass boxes. Numbers at the right: the difference. The table has all of them."
    return [picture(drawing, told, repeats.describe(part.rows, dropped=part.dropped), note)]


def _price(index: Index) -> Section:
    compared: list[Any] = [Answer.from_dict(c) for c in index.comparisons]
    blocks = [
        Block(bullets=[p.sentence for p in index.price], pictures=[_compared(index, compared)] if compared else [])
    ]
    if index.price_curve is not None and index.price_curve["models"]:
        blocks.append(_curve(index, PriceCurve.from_dict(index.price_curve)))
    lead = "Each glass box against the best black box, on the same test rows."
    if not compared:
        lead = "Glass boxes have no price here: there is no black box to compare them with."
    return Section("price", "What interpretability costs", lead, blocks, pair=True)


_TOLD = (
    "model", "reference", "difference", "lower", "upper",
    "probability_worse", "probability_equivalent", "probability_better",
)  # fmt: skip


def _compared(index: Index, compared: list[Any]) -> PictureView:
    glass = {row.model: row.glassbox for row in index.leaderboard}
    drawing = comparison.draw(
        compared, PAGE, region=index.region, metric=index.ranking.title, title=False, glassbox=glass
    )
    note = f"Lines are 95% intervals. Shaded: differences below {brief(index.region)}, too small to matter."
    if any(c.probability_worse == c.probability_worse for c in compared):
        note += " At the right the probabilities that it is worse or better by more than that, or the same within it."
    data = figure_data.parts(compared, **{name: name.replace("_", " ") for name in _TOLD})
    return picture(drawing, comparison.finding(compared), comparison.describe(compared), note, data=data)


def _curve(index: Index, curve: PriceCurve) -> Block:
    """Show what size buys: the best score that models of an allowed size reach."""
    drawing = price_curve.draw(curve, PAGE, metric=index.ranking.title, title=False)
    dummies = {row.model for row in index.leaderboard if row.family == "dummy"}
    front = ", ".join(shown(name, 40) for name in index.pareto if name not in dummies)
    told = f" No model is both smaller and better than one of these: {front}." if front else ""
    note = "The line is the best score that models of at most this size reach; dots are all models that were tried."
    data = figure_data.rows(["model", "size", "score"], curve.all_models, curve.all_sizes, curve.all_scores)
    return Block(
        heading="What size buys",
        paragraphs=[f"Allowed so many numbers to hold, this is the best score to be had.{told}"],
        pictures=[picture(drawing, price_curve.finding(curve), price_curve.describe(curve), note, data=data)],
    )


def _many(index: Index, answer: Multiplicity) -> Section:
    named = titles(index)
    unit = index.data.target.unit
    lead, about_columns, story = multiplicity_sentence(answer, named, unit=shown(unit, 16) if unit else "").partition(
        " About the columns"
    )
    shared = ", ".join(shown(name, 40) for name in index.agreed)
    agreed = [f"Among the three most important columns of every one of these models: {shared}."] if shared else []
    agreed += [f"{about_columns}{story}".strip()] if story else []
    several = len(answer.models) > 2  # of two the sentence says it all
    of_rows = [_matrix(answer, "rows", named)] if several else []
    of_columns = [_matrix(answer, "columns", named)] if several and answer.rank_correlation is not None else []
    about = (
        "Where models score alike, which one is taken decides about single rows, and nothing in the data does (Marx et "
        "al. 2020). These are the models that were trained here; there may be more as good, so the shares are lower "
        "bounds."
    )
    differ = Block(heading="Where they differ", paragraphs=[about], pictures=of_rows)
    if not agreed:
        return Section("many", "What the choice among good models decides", lead, [differ])
    agree = Block(heading="What they agree on", paragraphs=agreed, pictures=of_columns)
    return Section("many", "What the choice among good models decides", lead, [agree, differ], pair=True)


def _matrix(answer: Multiplicity, what: multiplicity.What, named: dict[str, str]) -> PictureView:
    drawing = multiplicity.draw(answer, PAGE, what=what, titles=named, title=False)
    options: dict[str, Any] = {"what": what, "titles": named}
    finding = tables.capital(multiplicity.finding(answer, **options))
    values: Any = answer.disagreement if what == "rows" else answer.rank_correlation
    names = [named.get(model, model) for model in answer.models]
    data = figure_data.rows(["model", *names], names, *np.transpose(values))
    return picture(drawing, finding, multiplicity.describe(answer, **options), data=data)


def _reproduce(index: Index) -> Section:
    last = sections.reproduce(index.environment, index.splits, index.data.hash, None)
    command, facts, *others = last.blocks
    first = replace(facts, text=command.text, label=command.label)
    return replace(last, title="How to reproduce", blocks=[first, *others], pair=True)
