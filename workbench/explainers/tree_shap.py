"""Shapley values of trees and rules, exact."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd
import pydantic

from workbench.answers.attribution import Attribution
from workbench.explainers.attributions import attribution
from workbench.explainers.explainer import Explainer
from workbench.explainers.inputs import Inputs
from workbench.explainers.score import Score
from workbench.explainers.shapley.result import Shapley
from workbench.explainers.shapley.trees import no_trees, path_shapley, tree_shapley
from workbench.forms import Additive, Tree

N_BATCHES = 10
_PREDICTED = 512
_NO_BACKGROUND = "The background rows were not used: path-dependent values rest on the trees' counts of training rows."


class TreeShap(Explainer):
    r"""What each column adds to a prediction, fairly shared: Shapley values of trees and rules, exact.

    .. math:: \phi_j = \sum_{S \not\ni j} \frac{|S|! (p - |S| - 1)!}{p!} (v(S \cup j) - v(S))

    Players are the original columns: a category is one player, however the model encodes it. The score is explained on
    the scale on which it is a sum (`scale`): baseline plus values is the score of the row. A column that the model does
    not use gets exactly 0.

    `perturbation` says what v(S) is. "interventional": the mean score of rows that take the columns of S from the row
    and the others from background rows, all of them used. "path_dependent": every tree's own mean, in which a node that
    asks a column outside S goes both ways by its shares of training rows, or, of forests and boosted trees, whose
    forms hold no counts, of background rows.

    References
    ----------
    S. M. Lundberg et al., 2020, "From local explanations to global understanding with explainable AI for trees", doi
    10.1038/s42256-019-0138-9; L. S. Shapley, 1953, "A value for n-person games", doi 10.1515/9781400881970-018.
    """

    name = "tree_shap"
    title = "Tree SHAP"
    summary = (
        "What each column adds to the prediction of each row, shared out by Shapley values: exact for trees and rules."
    )
    reference = (
        "S. M. Lundberg et al., 2020, From local explanations to global understanding with explainable AI for trees, "
        "doi 10.1038/s42256-019-0138-9; L. S. Shapley, 1953, A value for n-person games, doi 10.1515/9781400881970-018"
    )
    caution = (
        "Values depend on the background. Interventional values mix columns of different rows, so with correlated "
        "columns the model is asked about rows that may not occur; path-dependent ones depend on how the trees are "
        "written. They say what the model does with a column, not what the column causes."
    )
    uses_background = True
    has_noise = True
    most_rows = 1_000

    class Options(pydantic.BaseModel, extra="forbid", frozen=True):
        """Options of tree SHAP."""

        perturbation: Literal["interventional", "path_dependent"] = pydantic.Field(
            "interventional",
            description="where columns outside a coalition come from: background rows, or the counts in trees' nodes",
        )
        background_error: bool = pydantic.Field(
            False,
            description="whether to say what the draw of the background leaves open; up to 10 times as long",
        )

    @classmethod
    def explain(cls, inputs: Inputs, options: Any) -> Attribution:
        """Share out the score of every row.

        Raises
        ------
        ValueError
            If the model's score is no sum of trees and rules, or, for path-dependent values, of trees.
        """
        interventional = options.perturbation == "interventional"
        if options.background_error and not interventional:
            raise ValueError("tree_shap: background_error must be false where perturbation is path_dependent; got true")
        score = _trees_of(inputs)
        rows = score.frame(inputs.X)
        background = rows if inputs.background is inputs.X else score.frame(inputs.background)
        uses_background = interventional or not _holds_counts(score)
        found: Shapley
        if interventional:
            found = tree_shapley(
                score,
                rows,
                background,
                inputs.sample_weight,
                columns=inputs.feature_names,
                n_batches=N_BATCHES if options.background_error else 0,
                random_state=inputs.random_state,
            )
        else:
            found = path_shapley(score, rows, background, inputs.sample_weight, columns=inputs.feature_names)
        ignored = () if uses_background or inputs.background is inputs.X else (_NO_BACKGROUND,)
        n_background = int(np.count_nonzero(inputs.weight))
        return attribution(
            cls,
            inputs,
            options,
            found,
            predictions=_predictions(score, inputs.X),
            outputs=score.outputs,
            scale=score.scale,
            n_background=n_background if uses_background else None,
            mixed=interventional,
            warnings=ignored,
        )


def _predictions(score: Score, X: pd.DataFrame | np.ndarray) -> np.ndarray:
    """Give the score of rows, some at a time: a frame keeps a matrix for each set of columns that trees read."""
    starts = range(0, len(X), _PREDICTED)
    return np.concatenate([score.values(score.frame(X[start : start + _PREDICTED])) for start in starts])


def _holds_counts(score: Score) -> bool:
    return isinstance(score.body, Additive) and all(
        term.support is not None for term in score.body.terms if isinstance(term, Tree)
    )


def _trees_of(inputs: Inputs) -> Score:
    score = inputs.score
    why = "it has no form that is known" if score is None else no_trees(score)
    if score is None or why is not None:
        raise ValueError(
            f"tree_shap: the score of {type(inputs.model).__name__} must be a sum of trees and rules; {why}; "
            "use 'shap', which finds the cheapest way for any model"
        )
    return score
