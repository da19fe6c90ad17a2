"""LIME: a linear sum fitted to what the model says of the neighbours of a row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pydantic

from workbench.answers.attribution import Attribution
from workbench.explainers.attributions import attribution
from workbench.explainers.explainer import Explainer
from workbench.explainers.inputs import Inputs
from workbench.explainers.local_sums import MOST_PRODUCTS, LocalSums, stability
from workbench.explainers.neighbours import Neighbours, blocks
from workbench.explainers.response import Response
from workbench.explainers.rows import take
from workbench.explainers.score import used_columns
from workbench.explainers.shapley.result import Shapley
from workbench.explainers.stacks import MAX_BYTES
from workbench.forms import Additive

BYTES_OF_VALUE = 24  # of the background: its rank, value and weight
LOW_FIDELITY = 0.8
LOW_STABILITY = 0.8


class Lime(Explainer):
    r"""What each column adds, by a linear sum that is fitted to the model near the row.

    Neighbours z of a row x are drawn column by column: each keeps the row's value with probability 1/2, else takes one
    of a background row, a near one likelier (`neighbours.ColumnOfNeighbours` has the formula; `kernel_width` is w, in
    shares of the rows). So neighbours are drawn from the kernel itself; drawing them anywhere and weighting each by the
    kernel, as the paper does, has the same expectation and wastes draws. Least squares over them gives

    .. math:: f(z) \approx g(z) = b_0 + \sum_j b_j \cdot \phi_j(z)

    with :math:`\phi_j` 0 at the row's own value: of a number the difference in standard deviations (and 1 for missing),
    of a category 1 for another level, where missing is a level too. What a column adds is

    .. math:: v_j = - b_j \cdot \bar\phi_j = g(x) - g(x \text{ with } \bar\phi_j \text{ in place of column } j)

    :math:`\bar\phi_j` the mean over the background: of a linear model exactly coef * (x - mean). Values need not add up
    to the prediction, and a sum that fits near the row is drawn out to the mean.

    All is done with `n_seeds` independent sets of `n_draws` neighbours; values are means over them.
    ``approximation_error`` is the standard error of that mean. ``fidelity`` is R² of each set's sum over the neighbours
    of the next set, which it has not seen; 1 where the model is flat. ``stability`` is the mean over pairs of sets of
    Spearman's correlation of the sizes of values.

    A column that the model's form does not use gets exactly 0; without a form, 0 within the error.

    References
    ----------
    M. T. Ribeiro, S. Singh and C. Guestrin, 2016, "Why should I trust you?", doi 10.1145/2939672.2939778.
    """

    name = "lime"
    title = "LIME"
    summary = "What each column adds to a prediction, by a linear sum fitted to the model's answers near the row."
    reference = (
        "M. T. Ribeiro, S. Singh, C. Guestrin, 2016, Why should I trust you?: explaining the predictions of any "
        "classifier, doi 10.1145/2939672.2939778"
    )
    caution = (
        "It explains the sum, not the model: look at the fidelity. The width of the neighbourhood is a choice, and "
        "another one can tell another story. Columns change one by one, so rows that may not occur are asked about."
    )
    uses_background = True
    most_rows = 100

    class Options(pydantic.BaseModel, extra="forbid", frozen=True):
        """Options of LIME."""

        n_draws: int = pydantic.Field(500, ge=20, le=100_000, description="neighbours of each row, for each seed")
        n_seeds: int = pydantic.Field(5, ge=2, le=100, description="independent sets of neighbours")
        kernel_width: float = pydantic.Field(
            0.25, gt=0, le=10, description="how far neighbours lie, as a share of the rows; above 1: anywhere"
        )
        n_features: int | None = pydantic.Field(
            None, ge=1, description="most columns that a row's sum may use; all where absent"
        )

    @classmethod
    def misfits(cls, options: Any, *, task: str, columns: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        """Refuse too few neighbours for the columns."""
        least = 2 * len(columns) + 2
        if options.n_draws < least:
            yield "n_draws", f"must be at least {least}, two for each column and two more; got {options.n_draws}"

    @classmethod
    def explain(cls, inputs: Inputs, options: Any) -> Attribution:
        """Fit a sum to the neighbours of each row.

        Raises
        ------
        ValueError
            If there are too few neighbours for so many columns.
        """
        for option, told in cls.misfits(options, task="", columns=inputs.feature_names):
            raise ValueError(f"lime: {option} {told}")
        inputs, warnings = _thinned(inputs)
        response = Response.of(inputs.model, inputs.X, inputs.positive)
        neighbours = Neighbours(inputs, _used(inputs), options.kernel_width)
        means = neighbours.mean_features()
        n_rows, n_outputs = response.values.shape
        values = np.zeros((n_rows, options.n_seeds, len(inputs.feature_names), n_outputs))
        fidelity = np.ones((n_rows, n_outputs))
        for rows, sums in _sums(inputs, neighbours, response, options):
            coefficients = sums.coefficients()
            found = _values(coefficients, means[rows], neighbours.owner, values.shape[2])
            if options.n_features is not None:
                coefficients = sums.coefficients(_kept(found, options.n_features)[:, neighbours.owner])
                found = _values(coefficients, means[rows], neighbours.owner, values.shape[2])
            values[rows], fidelity[rows] = found, sums.fidelity(coefficients)
        steady = stability(values)
        one = n_outputs == 1
        return attribution(
            cls,
            inputs,
            options,
            Shapley(
                values=values.mean(axis=1),
                baseline=_baseline(inputs),
                approximation_error=values.std(axis=1, ddof=1) / np.sqrt(options.n_seeds),
            ),
            predictions=response.values,
            outputs=response.outputs,
            scale=response.scale,
            n_background=int(np.count_nonzero(inputs.weight)),
            exact=False,
            warnings=[*warnings, *_cautions(fidelity, steady, response.outputs)],
        ).but(
            additive=False,
            fidelity=fidelity[:, 0] if one else fidelity,
            stability=steady[:, 0] if one else steady,
        )


def _thinned(inputs: Inputs) -> tuple[Inputs, list[str]]:
    """Give inputs with as many background rows as can be held in order, column by column, and say so."""
    n, most = len(inputs.background), max(1, MAX_BYTES // (BYTES_OF_VALUE * len(inputs.feature_names)))
    if n <= most:
        return inputs, []
    rows, weight = inputs.background, inputs.sample_weight
    heavy = np.arange(n) if weight is None else np.flatnonzero(weight > 0)
    generator = np.random.default_rng(inputs.random_state)
    drawn = np.sort(generator.choice(heavy, min(most, len(heavy)), replace=False))
    return replace(
        inputs,
        background=take(rows, drawn),
        sample_weight=None if weight is None else weight[drawn],
    ), [f"of {n:,} background rows {len(drawn):,} were drawn by the seed, and used"]


def _used(inputs: Inputs) -> list[int]:
    """Give the positions of the columns that the model's form uses, or of all."""
    names = inputs.feature_names
    if inputs.score is None:
        return list(range(len(names)))
    body = inputs.score.body
    terms = body.terms if isinstance(body, Additive) else ()
    used = {name for term in terms for name in used_columns(term)} if terms else set(body.columns)
    return [j for j, name in enumerate(names) if name in used]


def _sums(
    inputs: Inputs, neighbours: Neighbours, response: Response, options: Any
) -> Iterator[tuple[np.ndarray, LocalSums]]:
    """Yield rows with the sums of products over their neighbours."""
    n_seeds, n_draws = options.n_seeds, options.n_draws
    n_outputs = response.values.shape[1]
    width = 1 + len(neighbours.owner) + n_outputs
    products = np.zeros((0, n_seeds, width, width))
    most_rows = max(1, MOST_PRODUCTS // (n_seeds * width**2))
    for rows, part in blocks(len(inputs.X), n_seeds, n_draws, neighbours.per_call, most_rows):
        if part.start == 0:
            products = np.zeros((len(rows), n_seeds, width, width))
        stacked, features = neighbours.draw(rows, part)
        told = Response.of(inputs.model, stacked, inputs.positive).values.reshape(len(rows), -1, n_outputs)
        told = told - response.values[rows][:, None]
        design = np.concatenate([np.ones((*told.shape[:2], 1)), features, told], axis=2)
        seeds = slice(part.start // n_draws, -(-part.stop // n_draws))
        design = design.reshape(len(rows), seeds.stop - seeds.start, -1, width)
        products[:, seeds] += np.swapaxes(design, 2, 3) @ design
        if part.stop == n_seeds * n_draws:
            yield rows, LocalSums(products, response.values[rows])


def _values(coefficients: np.ndarray, means: np.ndarray, owner: np.ndarray, n_columns: int) -> np.ndarray:
    """Add up what the features of each column add, (n_rows, n_seeds, n_columns, n_outputs)."""
    of_features = -coefficients * means[:, None, :, None]
    which = np.arange(n_columns)[:, None] == owner
    values: np.ndarray = np.einsum("cf,rsfo->rsco", which.astype(float), of_features)
    return values


def _kept(values: np.ndarray, most: int) -> np.ndarray:
    """Say which columns have the largest values, mean over seeds, (n_rows, n_columns, n_outputs)."""
    size = np.abs(values.mean(axis=1))
    rank = np.argsort(np.argsort(-size, axis=1, kind="stable"), axis=1)
    kept: np.ndarray = rank < most
    return kept


def _baseline(inputs: Inputs) -> np.ndarray:
    """Give the (weighted) mean of what the model says of the background, shape (n_outputs,)."""
    said = Response.of(inputs.model, inputs.background, inputs.positive).values
    mean: np.ndarray = np.average(said, axis=0, weights=inputs.sample_weight)
    return mean


def _cautions(fidelity: np.ndarray, steady: np.ndarray, outputs: Sequence[str]) -> list[str]:
    """Warn of sums that don't fit, and of values that change with the seed, by the median over rows, output by output.

    Of several outputs the worst is named.
    """
    told = []
    fits, alike = np.median(fidelity, axis=0), np.median(steady, axis=0)
    names = [f"says of {name}" for name in outputs] if len(outputs) > 1 else ["does"]
    if fits.min() < LOW_FIDELITY:
        worst = int(fits.argmin())
        share = f"{max(fits[worst], 0.0):.0%} of what the model {names[worst]}"
        told.append(f"low fidelity: near the rows the sums explain {share} (median R²)")
    if alike.min() < LOW_STABILITY:
        told.append(
            f"unstable: between seeds the order of the columns by size agrees to {alike.min():.2f} (median of "
            "Spearman's correlation); more n_draws steady it"
        )
    return told
