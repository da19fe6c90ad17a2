"""One check of a model as a page tells it: its block, and what stands out in it."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.pages.views import Block

CLEAR = 0.01  # p-values, corrected: what is no higher is shown


@dataclass(frozen=True)
class Check:
    """A block, and in a few words what it shows to be wrong; "" where nothing is."""

    block: Block
    shows: str = ""
