"""Where the evidence of a finding stands: a link from each finding to the part of a page that shows more of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from workbench.pages.parts import FindingPart
from workbench.pages.views import FindingView, Link, Section, part_id

# topics that a page may have no part of its own for, and those that tell of them, the best first
_TOLD_IN = {"scores": ("evidence",), "repeats": ("design",), "sampling": ("design", "repeats")}
_ON_INDEX = ("drift", "leakage")


def on_card(found: Iterable[FindingPart], sections: Sequence[Section], model: str) -> list[FindingView]:
    """Link findings to the sections and blocks of a model's card, to another card, or to the index.

    Parameters
    ----------
    found : iterable of FindingPart
    sections : sequence of Section
        All that the card shows: a finding of which it shows no more has no link.
    model : str
        The card's model.
    """
    return [_view(each, _from_card(each, sections, model)) for each in found]


def on_index(found: Iterable[FindingPart], sections: Sequence[Section] = ()) -> list[FindingView]:
    """Link findings to the sections and blocks of the index, or of another page beside it, and to cards."""
    return [_view(each, _from_index(each, sections)) for each in found]


def _view(part: FindingPart, link: Link | None) -> FindingView:
    return FindingView(part.severity, part.title, part.evidence, part.action, link)


def _from_card(part: FindingPart, sections: Sequence[Section], model: str) -> Link | None:
    if part.topic and part.example not in ("", model):
        return _to_card(part.example, part.topic, "")
    if part.topic in _ON_INDEX:
        return Link("Evidence: index of the study", f"../index.html#{part_id(part.topic)}")
    return _here(part.topic, sections)


def _from_index(part: FindingPart, sections: Sequence[Section]) -> Link | None:
    model = part.example or ("" if part.about == "study" else part.about)
    if part.topic and model:
        return _to_card(model, part.topic, "cards/")
    return _here(part.topic, sections)


def _to_card(model: str, topic: str, folder: str) -> Link:
    place = topic if topic not in _TOLD_IN else _TOLD_IN[topic][0]
    return Link(f"Evidence: card of {model}", f"{folder}{model}.html#{place if topic in _TOLD_IN else part_id(place)}")


def _here(topic: str, sections: Sequence[Section]) -> Link | None:
    """Link to what of a page tells of a topic; None where nothing does."""
    if not topic:
        return None
    targets = {section.id: Link(section.title, f"#{section.id}") for section in sections}
    for block in (block for section in sections for block in section.blocks):
        if block.topic and block.heading:
            targets[block.topic] = Link(block.heading, f"#{block.id}")
    found = next((targets[name] for name in (topic, *_TOLD_IN.get(topic, ())) if name in targets), None)
    return None if found is None else Link(f"Evidence: {found.text}", found.href)
