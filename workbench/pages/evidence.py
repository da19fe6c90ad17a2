"""The evidence for a model: its scores fold by fold, how rows were split, and how it stands against the others."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from workbench.answers import Answer, Comparison
from workbench.evaluation.digits import brief
from workbench.evaluation.equivalence import equivalence_sentence
from workbench.evaluation.holdout import holdout_sentence
from workbench.evaluation.price import titles_of
from workbench.metrics import metric
from workbench.pages import alternatives, figure_data, tables
from workbench.pages.card import Card
from workbench.pages.parts import SplitsPart
from workbench.pages.scored_on import ScoredOn
from workbench.pages.views import Block, PictureView, Section, picture
from workbench.plots import PAGE, comparison, scores
from workbench.plots.numbers import count, fixed, interval, rows, score_decimals


def section(card: Card) -> Section:
    """Give the section of scores, design and challengers."""
    main = next(part for part in card.scores if part.metric.name == card.ranking.name)
    title, on = tables.capital(main.metric.title), card.splits.scored_on
    folds = [fold for fold in main.folds if fold is not None]
    if main.mean is None or not folds:
        return Section("evidence", "Evidence", f"{title} could not be computed on any {on.one}.", _design(card))
    places = score_decimals([main.mean], [None if main.upper is None else main.upper - main.mean])
    low, high = fixed(min(folds), places), fixed(max(folds), places)
    lead = f"{title} is {fixed(main.mean, places)} on average over {count(len(folds))} {on.many} ({low} to {high})"
    lead += (
        f", and {fixed(main.holdout, places)} on the holdout." if main.holdout is not None else "; no holdout was kept."
    )
    drawn = [] if main.lower is None else [Block(pictures=[_folds(main, folds, places, on)])]
    return Section("evidence", "Evidence", lead, [*drawn, *_design(card)])


def _folds(main: Any, folds: list[float], places: int, on: ScoredOn) -> PictureView:
    """Draw the score of every fold, or part of the holdout, beside their mean."""
    drawing = scores.draw_folds(
        folds,
        main.mean,
        main.lower,
        main.upper,
        PAGE,
        metric=main.metric.title,
        parts=on.short,
        dummy=main.dummy,
        holdout=main.holdout,
    )
    ends = f"{fixed(min(folds), places)} to {fixed(max(folds), places)}"
    finding = f"{tables.capital(main.metric.title)} by {on.one}: {ends}, mean {fixed(main.mean, places)}"
    told = f"Mean {fixed(main.mean, places)}, 95% interval {interval(main.lower, main.upper, places)}. "
    told += f"{tables.capital(on.many)}: " + ", ".join(fixed(fold, places) for fold in folds) + "."
    note = f"The line at the mean is its 95% interval, {on.widened}."
    data = figure_data.rows([on.one, main.metric.title], range(1, len(folds) + 1), folds)
    return picture(drawing, finding, told, note, data=data)


def _design(card: Card) -> list[Block]:
    return [
        Block(tables=[tables.scores(card.scores, card.splits.scored_on)]),
        Block(
            heading="Validation design",
            topic="design",
            paragraphs=[design(card.splits), *drawn(card.splits)],
            tables=[tables.folds(card.scores, card.splits.scored_on)],
        ),
        *_challengers(card),
    ]


def design(splits: SplitsPart, *, repeats: bool = True) -> str:
    """Describe in a sentence or two how rows were held out and folded, and what was done about repeated rows."""
    held = "No rows are set aside"
    if splits.n_holdout != 0:
        use = "no fit uses them, and models are ranked by them" if splits.alone else "no fit, choice or rank uses them"
        held = f"{rows(splits.n_holdout)} rows are set aside: {use}"
    told = f"{rows(splits.n_development)} rows are for development: {splits.scheme} (seed {splits.seed}). {held}."
    reason = tables.capital(splits.duplicates.reason.rstrip("."))
    return f"{told} {reason}." if repeats and reason else told


def drawn(splits: SplitsPart) -> list[str]:
    """Say which of many rows explanations and diagnostics looked at; nothing where at all of them."""
    draw = splits.draw
    if draw is None:
        return []
    sides = [f"{_part(draw.development, splits.n_development, ' rows')} for development"]
    if splits.n_holdout != 0:
        sides.append(f"{_part(draw.holdout, splits.n_holdout)} that are set aside")
    shares = ", each class by its share" if draw.by_class else ""
    return [
        f"Explanations and diagnostics look at {' and '.join(sides)}, drawn at random, none twice, by the seed "
        f"{splits.seed}{shares}. Fits and scores use all rows; only models of a shuffled target are made of these."
    ]


def _part(some: int | None, of: int | None, noun: str = "") -> str:
    if of is None:  # withheld, and so is what was looked at where that is all
        return f"{'all' if some is None else rows(some)} rows"
    return (f"all {rows(of)}" if some == of else f"{rows(some)} of the {rows(of)}") + noun


def _challengers(card: Card) -> list[Block]:
    """Compare with the best black box, the best glass box and the dummy, on the folds and again on the holdout."""
    compared: list[Comparison] = [Comparison.from_dict(c) for c in card.comparisons]
    titles = titles_of(SimpleNamespace(rows=card.leaderboard))  # type: ignore[arg-type]
    ranking = metric(card.ranking.name)
    chances = [told for c in compared if (told := equivalence_sentence(c, titles, ranking))]
    board = tables.leaderboard(card.leaderboard, card.ranking, "All models of the study", strong=card.name)
    found = [
        Block(
            heading="Challengers",
            paragraphs=[part for part in (card.recommendation, card.price) if part],
            bullets=chances,
            pictures=[_against(card, compared)] if compared else [],
        )
    ]
    if card.holdout_comparisons and not card.splits.alone:  # then these rows have chosen
        again: list[Any] = [Answer.from_dict(c) for c in card.holdout_comparisons]
        found.append(
            Block(
                heading="The difference, estimated again on rows that chose nothing",
                paragraphs=[
                    "The best of many is best by luck too, on the folds that chose it. The holdout took no part in the "
                    "choice, so it flatters nobody. Its interval is over other rows that could have been held out; "
                    "both models stay as they were fitted."
                ],
                bullets=[holdout_sentence(c, titles, ranking) for c in again],
                tables=[tables.differences(compared, again, card.ranking)],
                cautions=list(dict.fromkeys(tables.capital(w) + "." for c in again for w in c.provenance.warnings)),
            )
        )
    other = alternatives.table(card)
    return [*found, Block(tables=[each for each in (other, board) if each is not None])]


def _against(card: Card, compared: list[Comparison]) -> PictureView:
    drawing = comparison.draw(
        compared,
        PAGE,
        region=card.region,
        metric=card.ranking.title,
        title=False,
        glassbox={card.name: card.glassbox},
    )
    one = card.splits.scored_on.one
    note = f"Paired by {one}, with 95% intervals. Shaded: below {brief(card.region)}, too small to matter."
    if any(c.probability_worse == c.probability_worse for c in compared):
        note += " At the right the probabilities that it is worse or better by more than that, or the same within it."
    data = figure_data.parts(
        compared,
        reference="reference",
        difference="how much worse",
        lower="lower 95%",
        upper="upper 95%",
        probability_worse="probability that it is worse",
        probability_equivalent="the same within the region",
        probability_better="better",
    )
    return picture(drawing, comparison.finding(compared), comparison.describe(compared), note, data=data)
