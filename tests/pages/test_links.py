"""Each finding links to its evidence where a page shows more of it, and each such link leads somewhere."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from markdown_it import MarkdownIt

from tests.pages.drawn import card_html, card_markdown, card_pdf
from tests.pages.results import results
from tests.pages.test_html import Page
from workbench.answers import Finding, Provenance
from workbench.pages import cards, render
from workbench.pages.diagnostics import _CHECKS

_EXPLAINED = ("permutation_importance", "partial_dependence", "ale", "agreement")
_TASKS = ("regression", "binary", "multiclass")


def finding(topic: str, about: str = "study", example: str = "") -> dict[str, Any]:
    return Finding(
        severity="low",
        title=f"Of {topic or 'nothing'}",
        evidence="So it is",
        action="Look",
        about=about,
        topic=topic,
        example=example,
        provenance=Provenance(method="made up"),
    ).to_dict()


def told(task: str) -> dict[str, Any]:
    """Give results with a finding of each topic that there may be."""
    given = results(task)
    found = [finding(t) for t in ("", "sampling", "data", "repeats", "drift", "leakage")]
    found.append(finding("overfit", example="tree"))
    for model in given["models"][:4]:
        checked = [d["name"] for d in model["diagnostics"] if d.get("answer") is not None]
        explained = [a["method"] for a in model["answers"] if a["method"] in _EXPLAINED]
        topics = ["", "scores", "no such topic", *checked, *explained]
        topics += ["agreement"] if model.get("agreement") else []
        found += [finding(t, model["name"]) for t in topics]
    given["findings"] = found
    given["study"]["report"]["formats"] = ["html", "pdf", "md"]
    return given


@pytest.fixture(scope="module", params=_TASKS)
def given(request: pytest.FixtureRequest) -> dict[str, Any]:
    return told(request.param)


def links_of_findings(page: str) -> dict[str, str]:
    """Give the address that each finding of a page links to, "" without one, by its title and place."""
    items = re.findall(r'<li class="low">(.*?)</li>', page, flags=re.S)
    out = {}
    for n, item in enumerate(items):
        title = re.search(r"<strong>([^<]*)</strong>", item)
        link = re.search(r'<a href="([^"]*)">Evidence: [^<]+</a>', item)
        out[f"{n} {title[1] if title else ''}"] = link[1] if link else ""
    return out


def test_every_link_on_every_page_leads_to_what_is_there(given: dict[str, Any], tmp_path: Path) -> None:
    given["study"]["report"]["formats"] = ["html"]
    render(tmp_path, given)
    ids = {
        path: {attrs["id"] for _, attrs in Page(path.read_text()).tags if attrs.get("id")}
        for path in tmp_path.rglob("*.html")
    }
    assert len(ids) == 6
    for path in ids:
        links = links_of_findings(path.read_text())
        assert len(links) > 6
        for title, href in links.items():
            if title.endswith(("Of nothing", "Of no such topic")):
                assert not href, title
                continue
            assert href, (path.name, title)
            file, _, place = href.partition("#")
            there = (path.parent / file).resolve() if file else path
            assert place in ids[there], (path.name, title, href)


def test_what_a_card_does_not_show_has_no_link(given: dict[str, Any]) -> None:
    nothing = {"answers": [], "diagnostics": [], "agreement": None}
    bare = {**given, "models": [{**m, **nothing} for m in given["models"][:4]]}
    links = links_of_findings(card_html(cards(bare)["tree"]))
    drawn = {"#evidence", "#data", "#about-design"}
    assert {href for href in links.values() if href} == drawn | {
        f"../index.html#about-{topic}" for topic in ("drift", "leakage")
    }


def test_links_name_the_heading_that_they_lead_to(given: dict[str, Any]) -> None:
    page = card_html(cards(given)["tree"])
    linked = re.findall(r'<a href="#([^"]+)">Evidence: ([^<]+)</a>', page)
    assert len(linked) > len(_CHECKS) / 2
    for place, name in linked:
        found = re.search(rf'<h[23] id="{place}(?:-title)?">([^<]+)</h[23]>', page)
        assert found, place
        assert found[1] == name


def test_links_of_a_pdf_lead_to_the_page_of_their_heading(given: dict[str, Any]) -> None:
    card = cards(given)["tree"]
    document = pypdfium2.PdfDocument(card_pdf(card))
    names = dict(re.findall(r'<a href="#([^"]+)">Evidence: ([^<]+)</a>', card_html(card)))
    texts = [re.sub(r"\s+", " ", page.get_textpage().get_text_bounded()) for page in document]
    wanted = len(re.findall(r'<a href="#[^"]+">Evidence: ', card_html(card)))
    found = [each for page in document for each in evidence_links(document, page)]
    assert len({(text, target) for text, target in found}) == len(names)
    assert len(found) >= wanted  # one that is broken over two lines is two
    for text, target in found:
        heading = text.removeprefix("Evidence: ")
        assert heading in names.values()
        assert heading in texts[target].replace(f"Evidence: {heading}", ""), (text, target)


def evidence_links(document: Any, page: Any) -> list[tuple[str, int]]:
    """Give text and target page of the links of a page that are about evidence; broken lines joined."""
    raw, out = pypdfium2.raw, []
    from ctypes import byref, c_int

    at, link = c_int(0), raw.FPDF_LINK()
    text = page.get_textpage()
    while raw.FPDFLink_Enumerate(page, byref(at), byref(link)):
        rect = raw.FS_RECTF()
        raw.FPDFLink_GetAnnotRect(link, byref(rect))
        said = text.get_text_bounded(rect.left, rect.bottom, rect.right, rect.top).strip()
        target = raw.FPDFDest_GetDestPageIndex(document, raw.FPDFLink_GetDest(document, link))
        out.append((said, target))
    return [(said, target) for said, target in out if said.startswith("Evidence: ")]


def test_links_of_markdown_lead_to_its_headings(given: dict[str, Any]) -> None:
    card = cards(given)["tree"]
    parsed = MarkdownIt("gfm-like", {"linkify": False}).parse(card_markdown(card))
    slugs: list[str] = []
    for opened, inner in pairwise(parsed):
        if opened.type == "heading_open":
            words = "".join(c.content for c in inner.children or () if c.type in ("text", "text_special"))
            # as GitHub makes them
            kept = "".join(ch for ch in words.lower() if ch.isalnum() or ch in "-_ ").replace(" ", "-")
            slugs.append(kept if kept not in slugs else f"{kept}-{slugs.count(kept)}")
    links = [c.attrs["href"] for t in parsed for c in t.children or () if c.type == "link_open"]
    there = links_of_findings(card_html(card)).values()
    assert len(links) == sum(href.startswith("#") for href in there) > 5
    assert {link[1:] for link in links} <= set(slugs)
    assert all(link.startswith("#") for link in links)


def test_a_shared_finding_leads_to_the_card_of_its_example(given: dict[str, Any]) -> None:
    made = cards(given)
    assert 'href="tree.html#about-overfit"' in card_html(made["linear"])
    assert 'href="#about-overfit"' in card_html(made["tree"])
