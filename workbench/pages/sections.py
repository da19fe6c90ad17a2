"""The sections of a model's page in reading order, each opened by a sentence made from its numbers."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.pages import behaviour, complexity, diagnostics, evidence, figure_data, model, room, tables, tuning
from workbench.pages.card import Card, Statement
from workbench.pages.links import on_card
from workbench.pages.parts import DataPart, EnvironmentPart, SplitsPart, Standing
from workbench.pages.signs import signed
from workbench.pages.views import Block, CardView, Cell, Fact, Head, Link, PictureView, Section, TableView, picture
from workbench.plots import PAGE, scores
from workbench.plots.numbers import count, fixed, interval, rows, seconds
from workbench.plots.style import shown


def card_view(card: Card) -> CardView:
    """Give all that a page about a model says."""
    row = next(row for row in card.leaderboard if row.model == card.name)
    parts = sections(card)
    findings = (("Findings about this model", card.findings), ("Findings about the study", card.study_findings))
    links = [Link("This card as JSON", f"{card.name}.json")]
    if "pdf" in card.formats:
        links.append(Link("This card as PDF", f"{card.name}.pdf"))
    if "md" in card.formats:
        links.append(Link("This card as Markdown", f"{card.name}.md"))
    if card.form.file:
        links.append(Link("The model as JSON", f"../{card.form.file}"))
    view = CardView(
        title=f"{shown(card.name, 60)} · {shown(card.study, 80)}",
        name=card.name,
        study=shown(card.study, 80),
        mark=tables.mark(row),
        what=what(card),
        answer=card.price,
        recommendation=card.recommendation,
        facts=_glance(card, row),
        picture=None if row.score is None else _score_picture(card),
        findings=[(heading, on_card(found, parts, card.name)) for heading, found in findings if found],
        links=links,
        sections=parts,
        made=f"Made by workbench {card.environment.workbench}. Rendered from {card.name}.json and nothing else.",
        date=card.environment.date,
        author=next((s.text or "" for s in card.statements if s.key == "owner"), ""),
    )
    return signed(card, view)


def _score_picture(card: Card) -> PictureView:
    finding = f"{tables.capital(card.ranking.title)} from the dummy to the best model"
    line = scores.draw_line(card.name, card.leaderboard, PAGE, greater_is_better=card.ranking.greater_is_better)
    told = scores.describe_line(card.name, card.leaderboard, card.ranking.title)
    data = figure_data.parts(
        card.leaderboard, model="model", score=card.ranking.title, lower="lower 95%", upper="upper 95%"
    )
    return picture(line, finding, told, f"Thick line: 95% interval of the {card.splits.scored_on.mean}.", data=data)


def _glance(card: Card, row: Standing) -> list[Fact]:
    places = tables.score_places(card.leaderboard)
    within = "" if row.lower is None else f" {interval(row.lower, row.upper, places)}"
    title = tables.capital(card.ranking.title)
    facts = [Fact(f"{title}, {card.splits.scored_on.mean} [95% interval]", f"{fixed(row.score, places)}{within}")]
    if row.holdout is not None:
        facts.append(Fact(f"{title} on the holdout", fixed(row.holdout, places)))
    size = "not counted" if card.size is None else f"{count(card.size)} numbers"
    facts.append(Fact("Size: what a reader has to hold", size))
    if card.complexity is not None:
        facts.append(Fact("Complexity, from its predictions alone", complexity.told(card.complexity)))
    facts.append(Fact("Filled in by a person", f"{card.provided} of {card.asked} entries"))
    return facts


def sections(card: Card) -> list[Section]:
    """Give all sections below the first screen, as far as a page holds them."""
    found = [
        Section("model", "The model itself", model.lead(card), model.blocks(card)),
        Section("behaviour", "Behaviour", behaviour.lead(card), behaviour.blocks(card)),
        evidence.section(card),
        diagnostics.section(card),
        _use(card),
        _data(card),
        _method(card),
        _limits(card),
        _identity(card),
        reproduce(card.environment, card.splits, card.data.hash, card.fit_seconds),
        Section("privacy", "Privacy", "What this page discloses.", [Block(bullets=card.privacy)]),
    ]
    return room.fitted(found)


def _facts(statements: Sequence[Statement], section: str) -> list[Fact]:
    return [Fact(s.title, s.text) for s in statements if s.section == section]


def _provided(facts: Sequence[Fact]) -> str:
    given = sum(fact.text is not None for fact in facts)
    return f"{given} of {len(facts)} entries that only a person can supply are provided."


def _use(card: Card) -> Section:
    facts = _facts(card.statements, "use")
    return Section("use", "Use", _provided(facts), [Block(facts=facts)])


def _data(card: Card) -> Section:
    part = card.data
    empty = sum(column.missing != 0 for column in part.columns)
    gaps = "no column has missing values" if not empty else f"{count(empty)} of them have missing values"
    lead = f"{count(part.n_rows)} rows with {count(part.n_features)} features; {gaps}."
    return Section("data", "Data", lead, data_blocks(card.data))


def data_blocks(part: DataPart) -> list[Block]:
    """Give the blocks about the data: where it comes from, and its columns."""
    facts = [
        Fact("Source", part.source or None),
        Fact("Address", part.url or None),
        Fact("Licence", part.licence or None),
        Fact("Citation", part.citation or None),
        Fact("Content, SHA-256", part.hash, code=True),
    ]
    paragraphs = [part.description] if part.description else []
    listed = [tables.columns(part.columns, part.target)]
    if part.left_out:
        listed.append(tables.left_out(part.left_out))
    return [Block(paragraphs=paragraphs, facts=facts), Block(tables=listed)]


def _method(card: Card) -> Section:
    method = card.method
    told = {k: v for k, v in method.params.items() if (k, v) != ("calibrate", None)}
    params = [[Cell(shown(k)), Cell(shown(tuning.value(v), 60))] for k, v in told.items()]
    policy = [Fact(name.capitalize(), text) for name, text in method.policy.items()]
    blocks = [
        Block(
            paragraphs=[what(card), *recalibrated(card), *distributed(card)],
            facts=[Fact("Software", method.engine), Fact("Reference", method.reference), *policy],
        )
    ]
    if params:
        blocks.append(
            Block(tables=[TableView("Parameters", [Head("Parameter"), Head("Value")], params, name="parameters")])
        )
    if card.tuning is not None:
        blocks.append(tuning.block(card, card.tuning))
    if method.assumptions:
        blocks.append(Block(heading="Assumptions", bullets=method.assumptions))
    lead = f"{tables.capital(card.title)}, made with {method.engine}" + (
        f" in {seconds(card.fit_seconds)} seconds." if card.fit_seconds is not None else "."
    )
    return Section("method", "Method", lead, blocks)


def what(card: Card) -> str:
    """Say in a sentence what the model's family is."""
    return f"{tables.capital(card.title)}: {card.method.summary.rstrip('.')}."


def recalibrated(card: Card) -> list[str]:
    """Say how probabilities are recalibrated; nothing where they are not."""
    ways = {
        "sigmoid": "a line through their log odds (sigmoid; Platt 1999, Guo et al. 2017)",
        "isotonic": "a table that never falls (isotonic regression; Zadrozny and Elkan 2002)",
    }
    if (method := card.method.params.get("calibrate")) is None:
        return []
    return [
        f"Its probabilities are recalibrated by {ways[method]}, which was fitted to what models of folds say of "
        "training rows left out. That map is the last part of the model; its score, and what is said of it, comes "
        "before."
    ]


def distributed(card: Card) -> list[str]:
    """Say that the workers of a cluster have trained it; nothing where one process has."""
    if (n := card.method.n_workers) is None:
        return []
    return [
        f"It was trained distributed, by {n} worker{'s' * (n != 1)} of a Dask cluster, each on rows of its own. With "
        "another number of workers its numbers would differ a little, so no refit is expected to give the same ones."
    ]


def _limits(card: Card) -> Section:
    known = len(card.method.limits)
    lead = (
        f"{count(known)} known {'limit' if known == 1 else 'limits'} of models of this kind."
        if known
        else "No limits are on record."
    )
    blocks = [Block(bullets=card.method.limits)] if known else []
    return Section("limits", "Limits", lead, [*blocks, Block(facts=_facts(card.statements, "limits"))])


def _identity(card: Card) -> Section:
    facts = _facts(card.statements, "identity")
    facts += [
        Fact("Date", card.environment.date or None),
        Fact("Model file, SHA-256", card.form.sha256 or "no file", code=bool(card.form.sha256)),
    ]
    return Section("identity", "Identity", _provided(_facts(card.statements, "identity")), [Block(facts=facts)])


def reproduce(environment: EnvironmentPart, splits: SplitsPart, data_hash: str, fit_seconds: float | None) -> Section:
    """Give the section that says how to get the same numbers again."""
    but = ", but for models that a cluster trains: theirs differ a little" if environment.distributed else ""
    lead = (
        f"The command below gives the same numbers with seed {splits.seed}, the same data and the same versions{but}."
    )
    facts = [
        Fact("Workbench", environment.workbench),
        Fact("Python", environment.python),
        Fact("Machine", environment.platform),
        Fact("Seed", str(splits.seed)),
        Fact("Data, SHA-256", data_hash, code=True),
        Fact("Splits, SHA-256", splits.hash, code=True),
        Fact("Rows", f"{rows(splits.n_development)} for development, {rows(splits.n_holdout)} held out"),
    ]
    if fit_seconds is not None:
        facts.append(Fact("Fit", f"{seconds(fit_seconds)} seconds"))
    blocks = [
        Block(text=environment.command, label="The command"),
        Block(facts=facts),
        Block(tables=[tables.versions(environment.versions)]),
    ]
    return Section("reproduce", "Reproduce", lead, blocks)
