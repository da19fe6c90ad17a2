"""Cards of models with forms made by hand, and what a reader finds on their pages."""

from __future__ import annotations

import csv
import io
import re
from typing import Any
from urllib.parse import unquote

import numpy as np

from tests.pages.results import results
from tests.pages.test_html import Page
from workbench.answers import Details, Provenance, RuleShares
from workbench.forms import (
    Condition,
    Form,
    Identity,
    Rule,
    RuleList,
    Tree,
)
from workbench.pages import cards

KINDS = {"alcohol": "number", "sulphates": "number", "pH": "number", "cellar": "category", "organic": "boolean"}
TASKS: dict[str, tuple[Any, ...]] = {
    "regression": (),
    "binary": (False, True),
    "multiclass": ("Adelie", "Chinstrap", "Gentoo"),
}
_NAN = np.nan
_MADE_UP = Provenance(method="made up")


def form_of(body: Any, output: Any, task: str = "regression", **options: Any) -> Form:
    return Form(body, output, KINDS, "quality", TASKS[task], **options)


def card(form: Form, task: str = "regression", rules: Any = None, details: tuple[Details, ...] = ()) -> dict[str, Any]:
    """Give the card of a model that has this form, of which nothing else is told."""
    given = results(task)
    given["models"][1] |= {
        "form_dict": form.to_dict(), "form_text": str(form), "form_latex": form.to_latex(), "size": form.size,
        "features_used": list(form.columns), "details": [d.to_dict() for d in details],
        "rules": None if rules is None else rules.to_dict(), "answers": [], "agreement": None, "diagnostics": [],
    }  # fmt: skip
    return cards(given)["linear"]


def shares(texts: int, labels: Any, train: Any, holdout: Any, decides: str = "all", n_holdout: int = 400) -> RuleShares:
    """Give what rules meet: for each rows and value, in training and held out."""
    (n, p), (k, q) = (np.array(v, dtype=float).T for v in (train, holdout))
    return RuleShares(
        provenance=_MADE_UP, texts=("rule",) * texts, labels=labels, decides=decides, train_rows=n, train_values=p,
        holdout_rows=k, holdout_values=q, n_train=1000, n_holdout=n_holdout,
    )  # fmt: skip


def tables(page: str, name: str) -> list[list[str]]:
    """Give a table of a page as its CSV has it."""
    link = next(a["href"] for t, a in Page(page).tags if t == "a" and a.get("download") == f"{name}.csv")
    return list(csv.reader(io.StringIO(unquote(str(link)).partition(",")[2].lstrip("\ufeff"))))


def section(page: str) -> str:
    """Give the text of the section on the model itself, without the texts that are folded away."""
    inner = page[page.index('<section id="model"') : page.index('<section id="behaviour"')]
    return re.sub(r"\s+", " ", Page(re.sub(r"<(details|desc)\b.*?</\1>", "", inner, flags=re.DOTALL)).text)


def rule(value: Any, *conditions: Condition, support: int = 100) -> Rule:
    return Rule(conditions, np.atleast_1d(np.array(value, dtype=float)), support)


ALCOHOL = Condition("alcohol", lower=11.0, shown=(11.0, np.inf))
SULPHATES = Condition("sulphates", upper=0.5, shown=(-np.inf, 0.5))


def a_list() -> tuple[Form, RuleShares]:
    rules = (
        rule(0.845, ALCOHOL),
        rule(0.31, SULPHATES, Condition("cellar", levels=("Biscoe", "Dream"), inside=(True, False, False))),
        rule(0.5),
    )
    told = shares(
        3, ("true",) * 3, [(300, 0.85), (120, 0.3), (580, 0.51)], [(100, 0.84), (60, 0.7), (_NAN, _NAN)], "first"
    )
    return form_of(RuleList(rules), Identity(), "binary"), told


def stump(column: str, values: Any) -> Tree:
    nothing = np.full(3, -1)
    return Tree(
        (column,), ((),), np.array([0, -1, -1]), np.array([10.0, _NAN, _NAN]), nothing, np.zeros((0, 1), dtype=bool),
        np.array([1, -1, -1]), np.array([2, -1, -1]), np.array([True, False, False]),
        np.vstack([np.zeros(np.shape(values)[1]), values]), None, np.array([1000, 600, 400]),
    )  # fmt: skip
