"""Prototypes and criticisms: rows that stand for the data, and rows that do not fit these."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pydantic

from workbench.answers.examples import Examples
from workbench.explainers.attributions import cells
from workbench.explainers.effects.chosen import chosen_positions, unknown_columns
from workbench.explainers.explainer import Explainer
from workbench.explainers.inputs import Inputs
from workbench.explainers.response import Response
from workbench.explainers.row_kernel import RowKernel
from workbench.explainers.rows import take

MOST_ROWS = 5_000
GUARANTEE = 1 - np.exp(-1)
_INDEPENDENT = 1e-10  # of a kernel's 1: what rows chosen before leave of one; less is rounding


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

    @classmethod
    def misfits(cls, options: Any, *, task: str, columns: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        """Refuse unknown columns."""
        yield from unknown_columns(options.features, columns, "features")

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
        first, kind = everything.distinct()
        kernel = everything.take(first)
        weight = np.ones(len(rows)) if inputs.sample_weight is None else inputs.sample_weight[rows]
        choice = Choice.of(kernel, np.bincount(kind, weight) / weight.sum(), options.n_prototypes, options.n_criticisms)
        for found, wanted, what in (
            (choice.prototypes, options.n_prototypes, "prototypes"),
            (choice.criticisms, options.n_criticisms, "criticisms"),
        ):
            if len(found) < wanted:
                warnings += (f"{len(found)} {what}, not {wanted}: there are no more rows that differ",)
        if choice.share_of_best < GUARANTEE:
            warnings += (
                f"the prototypes reach {choice.share_of_best:.2f} of the best that any rows could, below 0.63: ask for "
                "more of them, or compare fewer columns",
            )
        prototypes, criticisms = rows[first[choice.prototypes]], rows[first[choice.criticisms]]
        shown = np.concatenate([prototypes, criticisms])
        response = Response.of(inputs.model, take(inputs.X, shown), inputs.positive)
        lines = cells(take(inputs.X, shown))
        provenance = cls.provenance(inputs, options, exact=False, warnings=warnings)
        told = {"rows_used": len(rows), "share_of_best": choice.share_of_best, "kernel_scale": kernel.scale}
        return Examples(
            feature_names=inputs.feature_names,
            prototypes=prototypes,
            criticisms=criticisms,
            prototype_rows=lines[: len(prototypes)],
            criticism_rows=lines[len(prototypes) :],
            shares=choice.shares,
            witness=choice.witness,
            objective=choice.objective,
            outputs=response.outputs,
            predictions=response.values,
            provenance=replace(provenance, parameters={**provenance.parameters, **told}),
        )


@dataclass(frozen=True, eq=False)
class Choice:
    """Prototypes and criticisms among distinct rows, by position, as `Examples` tells of them."""

    prototypes: np.ndarray
    criticisms: np.ndarray
    shares: np.ndarray
    witness: np.ndarray
    objective: np.ndarray
    share_of_best: float

    @classmethod
    def of(cls, kernel: RowKernel, weight: np.ndarray, n_prototypes: int, n_criticisms: int) -> Choice:
        """Choose among the rows of a kernel; `weight` (n_rows,) adds up to 1, rows of weight 0 are not chosen."""
        mean = kernel.mean(weight)
        prototypes, near, gains = _prototypes(kernel, mean, weight > 0, n_prototypes)
        witness = mean - near.mean(axis=0)
        open_ = weight > 0
        open_[prototypes] = False
        criticisms = _criticisms(kernel, np.abs(witness), open_, n_criticisms)
        best = float(mean @ weight)
        return cls(
            prototypes=prototypes,
            criticisms=criticisms,
            shares=np.bincount(near.argmax(axis=0), weight, minlength=len(prototypes)),
            witness=witness[criticisms],
            objective=np.maximum(best - gains, 0.0),  # rounding alone can take it below 0
            share_of_best=float(np.clip(gains[-1] / best, 0.0, 1.0)),
        )


def _prototypes(
    kernel: RowKernel, mean: np.ndarray, open_: np.ndarray, wanted: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Choose rows one by one, each the one with which J is largest; of equals the first.

    Returns
    -------
    chosen : ndarray of int, shape (n_chosen,)
    near : ndarray of shape (n_chosen, n_rows)
        The kernel between the chosen rows and all.
    gains : ndarray of shape (n_chosen,)
        J of the first m chosen rows.
    """
    open_ = open_.copy()
    sum_of_means, sum_within, to_chosen = 0.0, 0.0, np.zeros(len(kernel))
    chosen, near, gains = [], [], []
    for size in range(1, min(wanted, int(open_.sum())) + 1):
        # With j, J(S) is 2 (sum of means) / m - (sum within) / m²; k(x, x) is 1
        worth = 2 * (sum_of_means + mean) / size - (sum_within + 2 * to_chosen + 1) / size**2
        best = int(np.where(open_, worth, -np.inf).argmax())
        sum_of_means += mean[best]
        sum_within += 2 * to_chosen[best] + 1
        row = kernel(np.array([best]))[0]
        to_chosen += row
        open_[best] = False
        chosen.append(best)
        near.append(row)
        gains.append(worth[best])
    return np.array(chosen), np.array(near), np.array(gains)


def _criticisms(kernel: RowKernel, size: np.ndarray, open_: np.ndarray, wanted: int) -> np.ndarray:
    """Choose rows one by one, each the one that adds most to the sum of sizes plus the log determinant.

    The determinant grows by what the chosen rows leave of a row, 1 - k_C(x)' K_C⁻¹ k_C(x), told by the pivots of a
    Cholesky factor that grows by a row for each choice.
    """
    left, open_ = np.ones(len(kernel)), open_.copy()
    factor: list[np.ndarray] = []
    chosen: list[int] = []
    for _ in range(wanted):
        open_ &= left > _INDEPENDENT
        if not open_.any():
            break
        worth = np.full(len(kernel), -np.inf)
        worth[open_] = size[open_] + np.log(left[open_])
        best = int(worth.argmax())
        row = kernel(np.array([best]))[0]
        for line in factor:
            row = row - line * line[best]
        factor.append(row / np.sqrt(left[best]))
        left = left - factor[-1] ** 2
        open_[best] = False
        chosen.append(best)
    return np.array(chosen, dtype=np.int64)


def _rows(inputs: Inputs) -> tuple[np.ndarray, tuple[str, ...]]:
    """Give the rows to choose among: all, or a draw of those that have a weight."""
    n = len(inputs.X)
    if n <= MOST_ROWS:
        return np.arange(n), ()
    drawn = np.random.default_rng(inputs.random_state).choice(n, MOST_ROWS, replace=False)
    if inputs.sample_weight is not None and inputs.sample_weight[drawn].sum() == 0:
        drawn[0] = int(inputs.sample_weight.argmax())
    return np.sort(drawn), (f"chosen among {MOST_ROWS:,} rows drawn from {n:,}",)
