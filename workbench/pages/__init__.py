"""The pages of a run: from results.json to card JSON, and from that alone to HTML, PDF and Markdown."""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from workbench.pages.card import Card, cards
from workbench.pages.html import card_html, index_html, side_by_side_html, view_html
from workbench.pages.index import Index, index
from workbench.pages.markdown import card_markdown, view_markdown
from workbench.pages.pdf import PdfError, card_pdf, view_pdf
from workbench.pages.sections import card_view
from workbench.pages.side_by_side import SideBySide, side_by_side

__all__ = [
    "Card",
    "Index",
    "PageError",
    "PdfError",
    "SideBySide",
    "card_html",
    "card_markdown",
    "card_pdf",
    "cards",
    "index",
    "index_html",
    "render",
    "side_by_side",
    "side_by_side_html",
]


# A worker takes as long to load what draws as to draw three cards or so.
_FEWEST_FOR_A_WORKER = 4


class PageError(ValueError):
    """A page could not be made from what the results hold."""


def render(folder: str | Path, results: Mapping[str, Any] | None = None, *, jobs: int = 1) -> tuple[Path, ...]:
    """Write the cards and the index of a run.

    Parameters
    ----------
    folder : str or Path
        The run's folder; holds results.json.
    results : mapping, optional
        What results.json holds; read from there when absent.
    jobs : int
        Processes that draw; beyond 1, they are workers.

    Returns
    -------
    tuple of Path
        What was written: cards/<model>.json and .html for every fitted model, .pdf and .md where the study asks for
        them, compare.html where there are two models or more, and index.html, last.

    Raises
    ------
    FileNotFoundError
        If there is no results.json to read.
    PageError
        If a page could not be made: names each; all other pages are written.
    """
    from workbench.store import write_whole

    folder = Path(folder)
    if results is None:
        results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    (folder / "cards").mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    refused: list[str] = []
    for name, (files, why) in _drawn(cards(results), jobs).items():
        if why:
            refused.append(f"card of {name}: {why}")
        for ending in ("json", "html", "pdf", "md"):
            path = folder / "cards" / f"{name}.{ending}"
            if ending in files:
                write_whole(path, files[ending])
                written.append(path)
            else:
                path.unlink(missing_ok=True)  # of an earlier run
    try:
        written += _write_pair(folder / "compare.html", results)
    except Exception as error:
        refused.append(f"two models side by side: {type(error).__name__}: {error}")
    try:
        write_whole(folder / "index.html", index_html(index(results)))
    except Exception as error:
        (folder / "index.html").unlink(missing_ok=True)  # of an earlier run
        refused.append(f"index: {type(error).__name__}: {error}")
    if refused:
        raise PageError("; ".join(refused) + "; all other pages are written")
    return (*written, folder / "index.html")


Drawn = tuple[dict[str, str | bytes], str]  # a card's files by ending, and why some of them could not be made


def _drawn(found: Mapping[str, dict[str, Any]], jobs: int) -> dict[str, Drawn]:
    """Draw cards, where there are many and several jobs in workers: each loads what draws once, for its share."""
    from workbench.store import Store, Unit, run_units

    jobs = min(jobs, len(found) // _FEWEST_FOR_A_WORKER)
    if jobs < 2:
        return draw_cards(found)
    shares = [dict(list(found.items())[n::jobs]) for n in range(jobs)]
    drawn: dict[str, Drawn] = {}
    with TemporaryDirectory(prefix="workbench-pages-") as scratch:
        units = [Unit(f"pages {n + 1}", draw_cards, {"found": share}, {"n": n}) for n, share in enumerate(shares)]
        outcomes = run_units(units, Store(scratch, limit_bytes=sys.maxsize), folder=scratch, jobs=jobs)
        for unit, share in zip(units, shares, strict=True):
            outcome = outcomes[unit.name]
            drawn |= outcome.value if outcome.ok else {name: ({}, str(outcome.error)) for name in share}
    return {name: drawn[name] for name in found}


def draw_cards(found: Mapping[str, dict[str, Any]]) -> dict[str, Drawn]:
    """Draw cards, by name; what one can't be drawn with must not cost the others."""
    return {name: _draw(data) for name, data in found.items()}


def _draw(data: dict[str, Any]) -> Drawn:
    card = Card.model_validate(data)
    files: dict[str, str | bytes] = {"json": json.dumps(data, ensure_ascii=False, indent=1) + "\n"}
    try:
        with _without_collector():
            view = card_view(card)
        files["html"] = view_html(view)
        if "pdf" in card.formats:
            files["pdf"] = view_pdf(view)
        if "md" in card.formats:
            files["md"] = view_markdown(view)
    except Exception as error:
        return files, f"{type(error).__name__}: {error}"
    return files, ""


def _write_pair(path: Path, results: Mapping[str, Any]) -> list[Path]:
    """Write the page of two models, and give its path; nothing where there are fewer."""
    from workbench.store import write_whole

    path.unlink(missing_ok=True)  # of an earlier run
    compared = side_by_side(results)
    if compared is None:
        return []
    with _without_collector():
        page = side_by_side_html(compared)
    write_whole(path, page)
    return [path]


@contextmanager
def _without_collector() -> Iterator[None]:
    """Pause the search for cyclic garbage: figures leave so much of it that looking takes a quarter of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
