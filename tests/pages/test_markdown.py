from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tests.pages.drawn import card_markdown
from tests.pages.results import HOSTILE, results
from workbench.pages import cards, render
from workbench.pages.markdown import inline, text
from workbench.plots.numbers import fixed

READER = MarkdownIt("gfm-like", {"linkify": False})


def tokens(written: str) -> list[Any]:
    """Read Markdown as a reader of GitHub's kind does: all tokens, those within a line too."""
    out = []
    for token in READER.parse(written):
        out += [token, *(token.children or ())]
    return out


@pytest.fixture(scope="module", params=[("regression", False), ("binary", True), ("multiclass", True)], ids=str)
def made(request: pytest.FixtureRequest) -> dict[str, tuple[dict[str, Any], str]]:
    given = cards(results(request.param[0], hostile=request.param[1]))
    return {name: (card, card_markdown(card)) for name, card in given.items()}


def test_no_name_becomes_markup(made: dict[str, tuple[dict[str, Any], str]]) -> None:
    for _, written in made.values():
        kinds = {token.type for token in tokens(written)}
        assert not {"html_block", "html_inline", "link_open", "image"} & kinds
        assert not re.search(r"(?<!\\)\$", re.sub(r"(?s)```.*?```", "", written))


def test_it_has_the_sections_of_the_card_in_order(made: dict[str, tuple[dict[str, Any], str]]) -> None:
    for card, written in made.values():
        parsed = tokens(written)
        heads = [parsed[i + 1].content for i, t in enumerate(parsed) if t.type == "heading_open" and t.tag == "h2"]
        assert heads[:4] == ["At a glance", "The model itself", "Behaviour", "Evidence"]
        assert heads[-1] == "Privacy"
        assert [t.tag for t in parsed if t.type == "heading_open"].count("h1") == 1
        assert written.startswith(f"# {inline(card['name'])}\n")


def test_numbers_are_those_of_the_card(made: dict[str, tuple[dict[str, Any], str]]) -> None:
    for card, written in made.values():
        shown = "".join(token.content for token in tokens(written) if token.type in ("text", "inline"))
        for score in card["scores"]:
            assert fixed(score["mean"], 3) in shown
            assert fixed(score["holdout"], 3) in shown
        assert len([t for t in tokens(written) if t.type == "table_open"]) >= 4
        for row in card["leaderboard"]:
            assert fixed(row["score"], 3) in shown


def test_tables_keep_their_columns(made: dict[str, tuple[dict[str, Any], str]]) -> None:
    for _, written in made.values():
        widths: list[list[int]] = []
        for token in tokens(written):
            if token.type == "table_open":
                widths.append([])
            elif token.type == "tr_open":
                widths[-1].append(0)
            elif token.type in ("td_open", "th_open"):
                widths[-1][-1] += 1
        assert widths
        assert all(len(set(table)) == 1 for table in widths)


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.sampled_from(HOSTILE), st.text(alphabet="#-+=*_`[](){}<>!|~$&\\.:/@1a \n\t")))
def test_any_text_reads_as_it_stands(name: str) -> None:
    cell = tokens(f"a {inline(name)} b")
    assert {t.type for t in cell} <= {"paragraph_open", "paragraph_close", "inline", "text", "text_special"}
    parsed = tokens(f"a\n\n{text(name)}\n\nb\n") if text(name) else []
    assert {t.type for t in parsed} <= {"paragraph_open", "paragraph_close", "inline", "text", "text_special"}
    read = "".join(t.content for t in parsed if t.type in ("text", "text_special"))
    assert read == ("a" + " ".join(name.split()) + "b" if parsed else "")


def test_a_run_writes_it_where_asked(tmp_path: Any) -> None:
    asked = results()
    asked["models"] = [m for m in asked["models"] if m["name"] in ("dummy", "linear")]
    asked["study"]["report"]["formats"] = ["html", "md"]
    written = render(tmp_path, asked)
    assert {path.suffix for path in written} == {".json", ".html", ".md"}
    assert "cards/linear.md" in (tmp_path / "index.html").read_text()
    asked["study"]["report"]["formats"] = ["html"]
    render(tmp_path, asked)
    assert not list(tmp_path.rglob("*.md"))
