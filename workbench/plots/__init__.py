"""Pictures of answers and forms: each a function of what it shows and a palette, giving a matplotlib figure."""

from __future__ import annotations

import importlib
from typing import Any

from workbench.plots.style import LIGHT, PAGE, Palette
from workbench.plots.svg import svg

__all__ = ["LIGHT", "PAGE", "Palette", "draw", "svg"]

_PICTURES = {
    "agreement": ("agreement", "draw"),
    "attribution": ("attribution", "draw"),
    "attribution_summary": ("attribution_summary", "draw"),
    "calibration": ("calibration", "draw"),
    "comparison": ("comparison", "draw"),
    "conformal": ("conformal", "draw"),
    "counterfactuals": ("counterfactuals", "draw"),
    "effect": ("effect", "draw"),
    "effect_surface": ("effect_surface", "draw"),
    "effects": ("effect", "draw_all"),
    "examples": ("examples", "draw"),
    "fairness": ("fairness", "draw"),
    "importance": ("importance", "draw"),
    "interactions": ("interactions", "draw"),
    "leaderboard": ("leaderboard", "draw"),
    "multiplicity": ("multiplicity", "draw"),
    "price_curve": ("price_curve", "draw"),
    "residuals": ("residuals", "draw"),
    "robustness": ("robustness", "draw"),
    "surrogate": ("surrogate", "draw"),
    "weak_regions": ("weak_regions", "draw"),
}


def draw(answer: Any, palette: Palette = LIGHT, **options: Any) -> Any:
    """Draw an answer; `options` are those of the picture of its kind.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If there is no picture for answers of this kind.
    """
    if answer.kind not in _PICTURES:
        raise ValueError(f"draw: there are pictures for answers of kind {', '.join(_PICTURES)}; got {answer.kind!r}")
    module, function = _PICTURES[answer.kind]
    return getattr(importlib.import_module(f"workbench.plots.{module}"), function)(answer, palette, **options)
