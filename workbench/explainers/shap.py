"""SHAP: how a prediction is shared out among the columns of its row, by the cheapest exact way that the model has."""

from __future__ import annotations

from typing import Any, Literal

import pydantic

from workbench.answers.attribution import Attribution
from workbench.explainers.explainer import Explainer
from workbench.explainers.inputs import Inputs
from workbench.explainers.shapley.ways import CoalitionOptions, answer, by_model, by_score


class Shap(Explainer):
    r"""The Shapley values of a row's columns against a background.

    .. math:: \phi_j = \sum_{S \not\ni j} \frac{|S|! (p - |S| - 1)!}{p!} (v(S \cup j) - v(S)), \quad
        v(S) = \sum_b w_b f(x_S, b_{-S})

    where f(x_S, b_{-S}) is what is said of a row that has the columns S of the row x and the others of background row
    b (interventional, or marginal, Shapley values). Players are the original columns: a category is one player, however
    it is encoded. Baseline, the mean over the background, plus values is the prediction. A column that the model does
    not use gets exactly 0.

    What is explained is the score inside the model, on its link scale (log odds, logarithms), where an exact way
    works on it; else what the model says: `scale` of the answer tells. The way is told by ``provenance.parameters``:

    - "additive": the parts of a sum are small games of their own, in closed form;
    - "trees", "additive and trees": trees and rules over several columns, by the patterns of conditions that rows meet;
    - "kernel": a sum over radial kernels, by exact quadrature;
    - "enumeration": all 2^p coalitions of columns;
    - "sampling": coalitions drawn in complementary pairs, with a standard error for each value
      (``approximation_error``). A column whose change changed no prediction, alone, last, and in 16 random coalitions,
      is taken for one that is not used.

    ``background_error`` is the standard error that comes of the background being a finite draw of rows, given where
    the values are exact and it costs little: not for many trees, of which `TreeShap` tells it if asked.

    References
    ----------
    S. Lundberg, S.-I. Lee, 2017, "A unified approach to interpreting model predictions", doi
    10.48550/arXiv.1705.07874; D. Janzing, L. Minorics, P. Bloebaum, 2020, "Feature relevance quantification in
    explainable AI: a causal problem", doi 10.48550/arXiv.1910.13413, on which v(S) to take.

    Examples
    --------
    Of a sum, each column gets what its part adds beyond the mean of that part over the background:

    >>> import numpy as np
    >>> from sklearn.linear_model import LinearRegression
    >>> from workbench.explainers import explain
    >>> X = np.array([[0.0, 1.0], [2.0, 0.0], [4.0, 5.0]])
    >>> model = LinearRegression().fit(X, 3 * X[:, 0] - X[:, 1])
    >>> answer = explain(model, "shap", X[:1], background=X)
    >>> print(answer.baseline.round(9), answer.values.round(9), answer.predictions.round(9))
    4.0 [[-6.  1.]] [-1.]
    """

    name = "shap"
    title = "SHAP"
    summary = (
        "How each row's prediction is shared out among its columns, each by what it adds on average over all orders in "
        "which columns could become known."
    )
    reference = (
        "S. Lundberg, S.-I. Lee, 2017, A unified approach to interpreting model predictions, doi "
        "10.48550/arXiv.1705.07874; L. S. Shapley, 1953, A value for n-person games, doi 10.1515/9781400881970-018"
    )
    caution = (
        "Columns that move together are exchanged one by one, so it averages over rows that may not occur; what "
        "columns do together is shared out evenly, which hides it. Values are about this model and this background, "
        "not about causes."
    )
    has_noise = True
    uses_background = True
    most_rows = 300

    class Options(CoalitionOptions, extra="forbid", frozen=True):
        """Options of SHAP."""

        scale: Literal["auto", "link", "response"] = pydantic.Field(
            "auto",
            description="what is explained: the score before the inverse link, the prediction itself, or, auto, the "
            "score where the model has a form, the prediction otherwise",
        )

    @classmethod
    def explain(cls, inputs: Inputs, options: Any) -> Attribution:
        """Share out the prediction of every row.

        Raises
        ------
        ValueError
            If the link scale is asked for and the model has no form, or `max_evaluations` is too small even to sample.
        """
        score = inputs.score
        if score is None and options.scale == "link":
            raise ValueError(
                f"shap: scale must be 'response' or 'auto' for {type(inputs.model).__name__}, which has no form that "
                "is known, so that its score before the link can't be told; got 'link'"
            )
        if score is not None and (options.scale != "response" or score.scale == "response"):
            return answer(cls, inputs, options, by_score(inputs, score, options, cls.name))
        return answer(cls, inputs, options, by_model(inputs, options, cls.name))
