"""From a card to one Markdown document: CommonMark with pipe tables, figures in words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from workbench.pages import sections
from workbench.pages.card import Card
from workbench.pages.views import (
    Block,
    CardView,
    Cell,
    Equation,
    Fact,
    FindingView,
    PictureView,
    Section,
    Sign,
    TableView,
)

_MARKS = {"glass": "● ", "black": "○ ", "dummy": "– ", "": ""}
# what could begin markup within a line; and what could at the start of one
_INLINE = re.compile(r"([\\`*_\[\]<>#|~$&])")
_START = re.compile(r"^([-+=]|\d+(?=[.)]))")
# a bare address or a scheme would become a link by itself in many readers
_LINKS = re.compile(r"(?i)(\w)(://|@)|\b(www)\.")


def card_markdown(data: Mapping[str, Any]) -> str:
    """Write the page of one model from its card JSON.

    Raises
    ------
    pydantic.ValidationError
        If `data` is no card of this version.
    """
    return view_markdown(sections.card_view(Card.model_validate(data)))


def view_markdown(card: CardView) -> str:
    """Write the view of a card; no text in it can become markup."""
    parts = [
        f"# {inline(card.name)}",
        f"{text(card.study)} · {_MARKS[card.mark]}{card.kind} · {text(card.what)}",
        "## At a glance",
        _signed(text(card.answer), card.sign),
        text(card.recommendation),
        _facts(card.facts),
        *([] if card.picture is None else [_picture(card.picture)]),
    ]
    anchors = _anchors(card)
    for heading, found in card.findings:
        parts += [_signed(f"### {inline(heading)}", card.sign), "\n".join(_finding(each, anchors) for each in found)]
    if not card.findings:
        parts.append("No findings.")
    parts.append(text(card.legend))
    for section in card.sections:
        parts += _section(section)
    parts.append(text(card.made))
    return "\n\n".join(part for part in parts if part) + "\n"


def text(given: str) -> str:
    r"""Write a text as one line that reads as it stands, whatever it holds.

    Examples
    --------
    >>> text("# [x](javascript:y) <script>"), text("- $a|b$"), text("1. pH")
    ('\\# \\[x\\](javascript:y) \\<script\\>', '\\- \\$a\\|b\\$', '1\\. pH')
    """
    line = inline(given)
    start = _START.match(line)
    if not start:
        return line
    # of a list's number the full stop or bracket is escaped, a digit can't be
    at = start.end() if start[0][0].isdigit() else 0
    return f"{line[:at]}\\{line[at:]}"


def inline(given: str) -> str:
    """Write a text that does not begin a line."""
    line = _INLINE.sub(r"\\\1", " ".join(str(given).split()))
    return _LINKS.sub(lambda m: f"{m[1]}\\{m[2]}" if m[1] else f"{m[3]}\\.", line)


def _anchors(card: CardView) -> dict[str, str]:
    """Give what readers of Markdown make of the heading of each section and block, by its id on the other pages."""
    heads = [("", card.name), ("", "At a glance"), *(("", heading) for heading, _ in card.findings)]
    for section in card.sections:
        heads += [(section.id, section.title), *((b.id, b.heading) for b in section.blocks if b.heading)]
    anchors: dict[str, str] = {}
    before: Counter[str] = Counter()
    for place, heading in heads:
        name = re.sub(r"[^\w -]", "", " ".join(heading.split()).lower()).replace(" ", "-")
        if place:
            anchors[place] = f"{name}-{before[name]}" if before[name] else name
        before[name] += 1
    return anchors


def _section(section: Section) -> list[str]:
    parts = [f"## {inline(section.title)}", _signed(text(section.lead), section.sign)]
    for block in section.blocks:
        parts += _block(block)
    return parts


def _block(block: Block) -> Iterator[str]:
    """Give the parts of a block in the order of the other pages."""
    if block.heading:
        yield f"### {inline(block.heading)}"
    yield from map(text, block.paragraphs)
    if block.bullets:
        yield "\n".join(f"- {text(each)}" for each in block.bullets)
    if block.equation:
        yield _equation(block.equation)
    if block.facts:
        yield _facts(block.facts)
    if block.text:
        yield _fenced(block.text)
    yield from map(_picture, block.pictures)
    yield from map(_table, block.tables)
    for name, folded in block.folded:
        yield f"**{inline(name)}**"
        yield _fenced(folded)
    if block.cautions:
        yield "**What can mislead here**"
        yield "\n".join(f"- {text(each)}" for each in block.cautions)


def _signed(given: str, sign: Sign | None) -> str:
    return given if sign is None or not given else f"{given} {sign.text}"


def _facts(facts: Sequence[Fact]) -> str:
    return "\n".join(_signed(f"- {text(f.term)}: {_fact(f)}", f.sign) for f in facts)


def _fact(fact: Fact) -> str:
    if fact.text is None:
        return "*not provided*"
    return inline(fact.text)


def _finding(finding: FindingView, anchors: Mapping[str, str]) -> str:
    action = f" *{inline(finding.action)}*" if finding.action else ""
    told = f" {inline(finding.evidence)}" if finding.evidence else ""
    link = finding.link
    # only what stands in this file
    there = None if link is None or not link.href.startswith("#") else anchors[link.href[1:]]
    more = "" if link is None or there is None else f" [{inline(link.text)}](#{there})"
    return f"- {finding.severity}: **{inline(finding.title)}.**{told}{action}{more}"


def _picture(view: PictureView) -> str:
    """Tell a figure: what it finds, what it shows, and its note."""
    note = f" {inline(view.note)}" if view.note else ""
    return f"**Figure: {inline(view.finding)}.** {inline(view.told)}{note}"


def _equation(equation: Equation) -> str:
    return _fenced(equation.told)


def _table(table: TableView) -> str:
    rule = ["---:" if head.numeric else "---" for head in table.heads]
    lines = [
        _signed(f"**{inline(table.caption)}**", table.sign),
        "",
        _row(_signed(inline(head.text), head.sign) for head in table.heads),
        _row(rule),
        *(_row(_cell(cell) for cell in row) for row in table.rows),
    ]
    return "\n".join([*lines, "", text(table.note)] if table.note else lines)


def _row(cells: Any) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(cell: Cell) -> str:
    return f"{_MARKS[cell.mark]}{inline(cell.text)}"


def _fenced(given: str) -> str:
    """Set a text as it stands; the fence is longer than any run of backticks in it."""
    longest = max((len(run) for run in re.findall(r"`+", given)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{given}\n{fence}"
