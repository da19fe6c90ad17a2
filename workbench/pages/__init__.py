"""The pages of a run: from results.json to card JSON, and from that alone to HTML."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbench.pages.card import Card, cards
from workbench.pages.html import card_html, index_html
from workbench.pages.index import Index, index

__all__ = ["Card", "Index", "card_html", "cards", "index", "index_html", "render"]


def render(folder: str | Path, results: Mapping[str, Any] | None = None) -> tuple[Path, ...]:
    """Write the cards and the index of a run.

    Parameters
    ----------
    folder : str or Path
        The run's folder; holds results.json.
    results : mapping, optional
        What results.json holds; read from there when absent.

    Returns
    -------
    tuple of Path
        What was written: cards/<model>.json and .html for every fitted model, and index.html, last.

    Raises
    ------
    FileNotFoundError
        If there is no results.json to read.
    """
    from workbench.store import write_whole

    folder = Path(folder)
    if results is None:
        results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    (folder / "cards").mkdir(parents=True, exist_ok=True)
    written = []
    for name, card in cards(results).items():
        for path, text in (
            (folder / "cards" / f"{name}.json", json.dumps(card, ensure_ascii=False, indent=1) + "\n"),
            (folder / "cards" / f"{name}.html", card_html(card)),
        ):
            write_whole(path, text)
            written.append(path)
    write_whole(folder / "index.html", index_html(index(results)))
    return (*written, folder / "index.html")
