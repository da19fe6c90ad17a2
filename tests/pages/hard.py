"""The card that a page has most trouble to hold: a sum of shapes of many columns and classes, explained every way."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from tests.pages.diagnosed import diagnosed
from tests.pages.explanations import explained
from tests.pages.results import results
from workbench.forms import Additive, Axis, Form, Softmax, Steps, Surface
from workbench.pages import cards

_CUTS, _SIDE, _PAIRS = 250, 32, 12


def hard_card(n_columns: int, n_classes: int) -> dict[str, Any]:
    """Give the card of a model that reads all columns, with as much of everything as studies make."""
    given = results("multiclass")
    columns = [_column(given["data"]["columns"][0], i) for i in range(n_columns)]
    names, classes = [c["name"] for c in columns], tuple(f"Kind {k + 1}" for k in range(n_classes))
    form, ranking = _form(names, classes), given["metrics"][0]
    given["data"] |= {"columns": columns, "classes": list(classes), "n_features": n_columns}
    given["models"][1] |= {
        "form_dict": form.to_dict(), "form_text": str(form), "form_latex": form.to_latex(), "size": form.size,
        "stored_numbers": form.stored_numbers, "features_used": names,
        **explained("multiclass", names, classes, ranking, columns, "forest"),
        "diagnostics": list(diagnosed("multiclass", classes[:3], tuple(names), ranking["name"], True)),
    }  # fmt: skip
    return cards(given)["linear"]


def _column(like: dict[str, Any], i: int) -> dict[str, Any]:
    name = f"measurement number {i + 1}"
    return {**like, "name": name, "title": name.capitalize(), "description": f"What the {name} of a sample is."}


def _form(names: list[str], classes: tuple[str, ...]) -> Form:
    rng, k = np.random.default_rng(0), len(classes)
    cuts = np.sort(rng.uniform(9, 13.4, _CUTS))
    centers = np.concatenate([[9.0], (cuts[1:] + cuts[:-1]) / 2, [13.4]])
    rows = np.full(_CUTS + 1, 40.0)
    shapes = [
        Steps(name, cuts, rng.normal(0, 0.1, (_CUTS + 1, k)).cumsum(0) * 0.95**i, np.zeros(k), centers, rows)
        for i, name in enumerate(names)
    ]
    sides = [Axis(name, cuts[:: _CUTS // _SIDE], (), np.ones(cuts[:: _CUTS // _SIDE].size + 2)) for name in names]
    pairs = [Surface(a, b, rng.normal(0, 0.1, (a.n_cells * b.n_cells, k))) for a, b in list(pairwise(sides))[:_PAIRS]]
    kinds = dict.fromkeys(names, "number")
    return Form(Additive(np.zeros(k), (*shapes, *pairs)), Softmax(), kinds, "quality", classes)
