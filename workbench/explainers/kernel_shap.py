"""KernelSHAP: Shapley values of any model by asking it about coalitions of columns, whatever is inside it."""

from __future__ import annotations

from typing import Any

from workbench.answers.attribution import Attribution
from workbench.explainers.explainer import Explainer
from workbench.explainers.inputs import Inputs
from workbench.explainers.shapley.ways import CoalitionOptions, answer, by_model


class KernelShap(Explainer):
    r"""The Shapley values of what a model says of a row, against a background, without looking inside the model.

    .. math:: \phi_j = \sum_{S \not\ni j} \frac{|S|! (p - |S| - 1)!}{p!} (v(S \cup j) - v(S)), \quad
        v(S) = \sum_b w_b f(x_S, b_{-S})

    with the model's prediction (of a classifier its probabilities) as f. All 2^p coalitions are asked about while that
    takes no more than `max_evaluations` evaluations per row (``provenance.parameters["way"]`` is then "enumeration",
    and values are exact); beyond, coalitions are drawn in complementary pairs ("sampling", with a standard error for
    each value, see `paired_sampling.sample`). `Shap` explains the same by a cheaper exact way where the model has one.

    References
    ----------
    S. Lundberg, S.-I. Lee, 2017, "A unified approach to interpreting model predictions", doi
    10.48550/arXiv.1705.07874; I. Covert, S.-I. Lee, 2021, "Improving KernelSHAP", doi 10.48550/arXiv.2012.01536.
    """

    name = "kernel_shap"
    title = "KernelSHAP"
    summary = (
        "How each row's prediction is shared out among its columns, found by asking the model about mixtures of the "
        "row and background rows."
    )
    reference = (
        "S. Lundberg, S.-I. Lee, 2017, A unified approach to interpreting model predictions, doi "
        "10.48550/arXiv.1705.07874; I. Covert, S.-I. Lee, 2021, Improving KernelSHAP, doi 10.48550/arXiv.2012.01536"
    )
    caution = (
        "Columns that move together are exchanged one by one, so it averages over rows that may not occur. Beyond a "
        "dozen columns values are estimates, each with its standard error. They are about this model and this "
        "background, not about causes."
    )
    uses_background = True
    has_noise = True
    most_rows = 50

    class Options(CoalitionOptions, extra="forbid", frozen=True):
        """Options of KernelSHAP."""

    @classmethod
    def explain(cls, inputs: Inputs, options: Any) -> Attribution:
        """Share out the prediction of every row.

        Raises
        ------
        ValueError
            If `max_evaluations` is too small even to sample.
        """
        return answer(cls, inputs, options, by_model(inputs, options, cls.name))
