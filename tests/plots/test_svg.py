from __future__ import annotations

import re
from xml.etree import ElementTree

import matplotlib
import pytest

from tests.pages.results import HOSTILE, results
from workbench.answers import Answer
from workbench.plots import LIGHT, PAGE, draw, svg

ANSWER = Answer.from_dict(results()["models"][1]["answers"][0]["answer"])


def test_equal_figures_give_equal_bytes_whatever_was_drawn_before() -> None:
    first = svg(draw(ANSWER, PAGE), "t", "d")
    figure = draw(ANSWER, PAGE)
    svg(figure, "t", "d")
    assert svg(figure, "t", "d") == first
    with matplotlib.rc_context({"svg.hashsalt": "other"}):
        assert svg(draw(ANSWER, PAGE), "t", "d") == first


def test_ids_of_two_figures_never_clash_and_all_references_resolve() -> None:
    texts = [
        svg(draw(ANSWER, PAGE), "t", "d"),
        svg(draw(ANSWER, LIGHT), "t", "d"),
        svg(draw(ANSWER, PAGE), "t", "d", prefix="x"),
    ]
    seen = [set(re.findall(r' id="([^"]+)"', text)) for text in texts]
    assert not (seen[0] & seen[1] | seen[0] & seen[2] | seen[1] & seen[2])
    for text, ids in zip(texts, seen, strict=True):
        used = set(re.findall(r"url\(#([^)]+)\)", text)) | set(re.findall(r'href="#([^"]+)"', text))
        assert used
        assert used <= ids


def test_the_picture_is_named_described_and_carries_its_text() -> None:
    root = ElementTree.fromstring(  # noqa: S314
        svg(draw(ANSWER, PAGE, labels={"alcohol": "Alcohol & <b>"}), "Name <i>", "Described & so")
    )
    ns = "{http://www.w3.org/2000/svg}"
    assert root.get("role") == "img"
    title, desc = root.get("aria-labelledby").split()
    assert [(e.get("id"), e.text) for e in (root.find(f"{ns}title"), root.find(f"{ns}desc"))] == [
        (title, "Name <i>"),
        (desc, "Described & so"),
    ]
    assert "Alcohol & <b>" in {e.text for e in root.iter(f"{ns}text")}


def test_nothing_leaks_into_the_page() -> None:
    text = svg(draw(ANSWER, PAGE), "t", "d")
    assert "<style" not in text
    assert "<metadata" not in text
    assert "DejaVu" not in text
    assert not re.search(r"#fe[0-9a-f]{2}fd", text)
    assert "var(--accent)" in text
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")


@pytest.mark.parametrize("name", HOSTILE)
def test_any_name_can_be_drawn(name: str) -> None:
    text = svg(draw(ANSWER, PAGE, labels=dict.fromkeys(ANSWER.feature_names, name), metric=name), name, name)
    assert "script>" not in text
    ElementTree.fromstring(text)  # noqa: S314
