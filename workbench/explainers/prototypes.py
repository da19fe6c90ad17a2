"""Prototypes and criticisms: rows that stand for the data, and rows that do not fit these."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pydantic

from workbench.answers.examples import Examples
from workbench.explainers.attributions import cells
from workbench.explainers.effects.chosen import chosen_positions, unknown_columns
from workbench.explainers.explainer import Explainer
from workbench.explainers.inputs import Inputs
from workbench.explainers.mmd_critic import Part, Together
from workbench.explainers.response import Response
from workbench.explainers.row_kernel import RowKernel
from workbench.explainers.rows import take
from workbench.forms.frame import level_text

MOST_ROWS = 5_000


class Prototypes(Explainer):
    r"""MMD-critic for mixed columns: rows chosen one by one, so that their distribution is closest to that of all.

    With the kernel k of `RowKernel` and the rows' weights :math:`w_i`, which add up to 1, prototypes S maximise

    .. math:: J(S) = \frac{2}{|S|} \sum_i \sum_{j \in S} w_i k(x_i, x_j)
        - \frac{1}{|S|^2} \sum_{j, l \in S} k(x_j, x_l)

    step by step; each step is the best one. The squared maximum mean discrepancy between all rows and S, which
    `Examples.objective` holds, is :math:`\sum_{i, l} w_i w_l k(x_i, x_l) - J(S)`, never below 0.

    *How good a greedy choice is.* Kim, Khanna and Koyejo show that it comes to at least 1 - 1/e of the best possible J
    where rows are so far apart that the kernel between any two is at most about 1/n³, which tables seldom are. But as
    no discrepancy is negative, no set of rows has a larger J than :math:`\sum_{i, l} w_i w_l k(x_i, x_l)`, so that the
    share of it that was reached, ``provenance.parameters["share_of_best"]``, is proven for each answer by itself, on
    any kernel; a warning says where it is below 1 - 1/e = 0.63, as it may be for very few prototypes.

    Criticisms C maximise :math:`\sum_{j \in C} |g(x_j)| + \log\det K_C`, step by step, where the witness
    :math:`g(x) = \sum_i w_i k(x_i, x) - \frac{1}{|S|} \sum_{j \in S} k(x_j, x)` tells where the two distributions
    differ, and the determinant keeps them apart from each other.

    *Nearest prototypes.* Each row is told with the prototype that the kernel finds it most alike, ``Examples.nearest``,
    and how alike, ``Examples.likeness``: 1 for a row like the prototype, near 0 for one that is like none.

    With `by_class` prototypes and criticisms are chosen, and rows compared, within the rows that a classifier decides
    for one class, so many of each; shares are of all rows, and ``share_of_best`` is the least of the classes.

    Rows that are the same in all columns used are one row with the sum of their weights: no row is chosen twice. Rows
    of weight 0 are not chosen. Of more than 5,000 rows, 5,000 are drawn by the seed, and a warning says so. The model
    has no part in the choice; it is asked for its predictions of the chosen rows.

    References
    ----------
    B. Kim, R. Khanna and O. Koyejo, 2016, "Examples are not enough, learn to criticize! Criticism for
    interpretability", NeurIPS 29; A. Gretton et al., 2012, "A kernel two-sample test", JMLR 13(25).
    """

    name = "prototypes"
    title = "Prototypes and criticisms"
    summary = "Rows that together stand for the data, and rows that these stand for least."
    reference = (
        "B. Kim, R. Khanna, O. Koyejo, 2016, Examples are not enough, learn to criticize!, NeurIPS 29; greedy choice: "
        "G. L. Nemhauser, L. A. Wolsey, M. L. Fisher, 1978, doi 10.1007/BF01588971"
    )
    caution = (
        "What is alike depends on the columns that are compared, in units of their spread, whether the model uses them "
        "or not: name those that matter. Single rows are shown, so this is not for sending. The share of rows that a "
        "prototype stands for is that of the nearest, however far."
    )

    class Options(pydantic.BaseModel, extra="forbid", frozen=True):
        """Options of prototypes."""

        n_prototypes: int = pydantic.Field(5, ge=1, le=100, description="rows that stand for the data")
        n_criticisms: int = pydantic.Field(5, ge=0, le=100, description="rows that the prototypes stand for least")
        features: tuple[str, ...] | None = pydantic.Field(
            None, min_length=1, description="columns that tell how alike rows are; all where absent"
        )
        by_class: bool = pydantic.Field(
            False, description="so many of each class, of the rows that the model decides for it; of classifiers"
        )

    @classmethod
    def misfits(cls, options: Any, *, task: str, columns: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        """Refuse unknown columns, and classes of a regression."""
        yield from unknown_columns(options.features, columns, "features")
        if options.by_class and task == "regression":
            yield "by_class", "is for classifiers; got true for a regression"

    @classmethod
    def explain(cls, inputs: Inputs, options: Any) -> Examples:
        """Choose prototypes, then criticisms, and ask the model for its predictions of them.

        Raises
        ------
        ValueError
            If a feature is unknown, or a number among the features is infinite.
        """
        rows, warnings = _rows(inputs)
        everything = RowKernel.of(inputs, rows, chosen_positions(cls.name, inputs, options.features))
        weight = np.ones(len(rows)) if inputs.sample_weight is None else inputs.sample_weight[rows]
        classes = _classes(inputs, rows) if options.by_class else {"": np.arange(len(rows))}
        parts = [
            Part.of(everything, members, weight, options, name)
            for name, members in classes.items()
            if weight[members].any()
        ]
        chosen = Together.of(parts, len(rows))
        prototypes, criticisms = rows[chosen.prototypes], rows[chosen.criticisms]
        shown = take(inputs.X, np.concatenate([prototypes, criticisms]))
        response, lines = Response.of(inputs.model, shown, inputs.positive), cells(shown)
        warnings += tuple(told for part in parts for told in part.cautions(options))
        provenance = cls.provenance(inputs, options, exact=False, warnings=warnings)
        told = {"rows_used": len(rows), "share_of_best": chosen.share_of_best, "kernel_scale": everything.scale}
        return Examples(
            feature_names=inputs.feature_names,
            prototypes=prototypes,
            criticisms=criticisms,
            prototype_rows=lines[: len(prototypes)],
            criticism_rows=lines[len(prototypes) :],
            shares=chosen.shares,
            witness=chosen.witness,
            objective=chosen.objective,
            outputs=response.outputs,
            predictions=response.values,
            compared=rows,
            nearest=chosen.nearest,
            likeness=chosen.likeness,
            classes=chosen.names if options.by_class else (),
            provenance=replace(provenance, parameters={**provenance.parameters, **told}),
        )


def _classes(inputs: Inputs, rows: np.ndarray) -> dict[str, np.ndarray]:
    """Give for each class, by its text, the rows that the model decides for it, in the order of the classes.

    Raises
    ------
    ValueError
        If the model is no classifier.
    """
    from sklearn.base import is_classifier

    if not is_classifier(inputs.model):
        raise ValueError(f"prototypes: by_class is for classifiers; got true for {type(inputs.model).__name__}")
    said = inputs.model.predict(take(inputs.X, rows))
    decided = np.array([level_text(label) for label in np.asarray(said).tolist()])
    every = {name: np.flatnonzero(decided == name) for name in map(level_text, inputs.model.classes_)}
    return {name: members for name, members in every.items() if len(members)}


def _rows(inputs: Inputs) -> tuple[np.ndarray, tuple[str, ...]]:
    """Give the rows to choose among: all, or a draw of those that have a weight."""
    n = len(inputs.X)
    if n <= MOST_ROWS:
        return np.arange(n), ()
    drawn = np.random.default_rng(inputs.random_state).choice(n, MOST_ROWS, replace=False)
    if inputs.sample_weight is not None and inputs.sample_weight[drawn].sum() == 0:
        drawn[0] = int(inputs.sample_weight.argmax())
    return np.sort(drawn), (f"chosen among {MOST_ROWS:,} rows drawn from {n:,}",)
