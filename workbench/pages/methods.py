"""What pages say of the methods that explain models: headings, one sentence each, and what their errors mean."""

from __future__ import annotations

from typing import Any

from workbench.pages.card import Card
from workbench.pages.cautions import sentences
from workbench.plots.numbers import count, short

TITLE = {
    "permutation_importance": "permutation importance",
    "partial_dependence": "partial dependence",
    "ale": "accumulated local effects",
    "shap": "SHAP",
    "tree_shap": "tree SHAP",
    "kernel_shap": "kernel SHAP",
    "lime": "LIME",
    "interaction": "interaction strength",
    "surrogate": "surrogate",
    "prototypes": "prototypes and criticisms",
    "counterfactuals": "counterfactuals",
}
HEADING = {
    "permutation_importance": "Which columns the score rests on",
    "partial_dependence": "How predictions stand along the columns",
    "ale": "How predictions change along the columns, among rows that are alike",
    "shap": "What columns add to single predictions",
    "tree_shap": "What columns add to single predictions, by tree SHAP",
    "kernel_shap": "What columns add to single predictions, by kernel SHAP",
    "lime": "What columns add near single rows",
    "interaction": "Which columns act together",
    "surrogate": "What a model that can be read makes of it",
}
_SHAP = (
    "SHAP: each prediction is shared out among its columns, each by what it adds on average over all orders in which "
    "columns could become known. Columns that do the same share it."
)
WHAT = {
    "permutation_importance": "Permutation importance: how much worse the score becomes when the values of one column "
    "are shuffled among the rows.",
    "partial_dependence": "Partial dependence: the average prediction when one column is set to a value in every row, "
    "the other columns as they are.",
    "ale": "Accumulated local effects: how the prediction changes over small steps of one column, averaged over the "
    "rows that lie there, added up. Columns that move together mislead it less than partial dependence.",
    "shap": _SHAP,
    "tree_shap": _SHAP,
    "kernel_shap": _SHAP,
    "lime": "LIME: a weighted linear model fitted to predictions around each row. It says what holds near the row, as "
    "far as a straight line can.",
    "interaction": "Friedman's H: the share of the movement of an effect that is not the sum of what the columns do "
    "alone; 0 where they add up.",
    "surrogate": "A glass box fitted to the predictions of this model, not to the target. Its fidelity is R² between "
    "the two models' predictions on rows that it was not fitted on.",
}
SCALE = {
    "link": "On the scale of the score, before the inverse link (log odds or logarithms).",
    "margin": "On the scale of the decision function.",
}


def title(method: str) -> str:
    """Name a method in a sentence; one of another package by its own name."""
    return TITLE.get(method, method.replace("_", " "))


def heading(answer: Any) -> str:
    """Give the heading above an answer."""
    method = answer.provenance.method
    return HEADING.get(method, title(method).capitalize())


def what(answer: Any) -> str:
    """Say in a sentence or two what an answer is."""
    return WHAT.get(answer.provenance.method, "")


def scale(card: Card, answer: Any) -> str:
    """Say in a sentence which scale an answer is on; nothing where it is the prediction's."""
    if answer.scale == "link" and card.method.params.get("calibrate"):
        return "On the scale of the score, before the inverse link, if there is one, and before the recalibration."
    return SCALE.get(answer.scale, "")


def labels(card: Card) -> dict[str, str]:
    """Give what columns are called."""
    return {column.name: column.title for column in card.data.columns}


def units(card: Card) -> dict[str, str]:
    """Give the units of columns."""
    return {column.name: column.unit for column in card.data.columns}


def cautions(card: Card, answer: Any) -> list[str]:
    """List where an answer can mislead, in sentences."""
    return sentences(answer.provenance.warnings, labels(card))


def about_refits(band: Any) -> list[str]:
    """Say what a band of refits is; nothing where there is none."""
    if band is None:
        return []
    return [
        f"The band of refits is where {count(band.n_refits)} models of the same kind, trained on the folds, put the "
        f"expected answer of this learner ({short(100 * band.level)}% interval about their mean). It tells how much "
        "hangs on the training rows, and nothing of how far the learner is from the truth."
    ]
