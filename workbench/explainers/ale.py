"""Accumulated local effects: how predictions change along a column for rows that have such values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pydantic

from workbench.answers.answer import Provenance
from workbench.answers.effect import Effect, Effects, EffectSurface
from workbench.disclosure import MIN_ROWS
from workbench.explainers.effects.ale_pairs import joint_effect
from workbench.explainers.effects.bins import LADDERS, Bins
from workbench.explainers.effects.chosen import chosen_pairs, chosen_positions, misfits_of_effects
from workbench.explainers.effects.curves import QUANTILE
from workbench.explainers.effects.mixtures import mixtures_of
from workbench.explainers.effects.nearest_rows import nearest_counts
from workbench.explainers.effects.values import Mixtures
from workbench.explainers.explainer import Explainer
from workbench.explainers.inputs import Inputs
from workbench.explainers.rows import take


class Ale(Explainer):
    r"""Changes of the prediction within bins of a column, averaged over the rows in each bin and added up.

    .. math:: g_j(z_k) = \sum_{m \le k} \frac{\sum_{i \in b_m} w_i (f(z_m, x_{i,-j}) - f(z_{m-1}, x_{i,-j}))}
        {\sum_{i \in b_m} w_i}

    less its (weighted) mean over the rows, of which each is on the line between the ends of its bin; rows beyond the
    outermost values count at these. `Bins` says where the bins lie. A row is only asked about values that are near its
    own: combinations that do not occur have little part in it, which is what sets it apart from partial dependence.
    It is averaged over the rows of X. On an additive model it is the column's term; on a model that is not, it is not
    the change that a row would see over a long way, as other columns move along too.

    Levels stand in an order: that of an ordered column, or one by how alike their rows are (`by_likeness`); the step
    between two is averaged over the rows of both. Missing values have no place on the way and are left out.

    For two columns: what both add together beyond the effect of each (the second order effect), from the second
    differences at the four corners of each cell. There are at most `pair_bins` bins of a column, and so few that cells
    could hold twice `min_rows` rows each. A cell of fewer than `min_rows` rows takes that of the nearest other
    one, for its area; values around which there are such cells alone are NaN. ``sparse_share`` is the share of such
    cells.

    The interval is that of the curve about its mean, and about one error alone: that the rows are a finite sample. It
    is :math:`\pm 1.96` times the standard error that comes of the variances of the differences within the bins. It is 0
    for a model that is additive in the column and linear within bins.

    Within a bin, values are moved to both ends: where the function jumps inside wide bins, the steps are spread out.

    References
    ----------
    D. W. Apley and J. Zhu, 2020, "Visualizing the effects of predictor variables in black box supervised learning
    models", doi 10.1111/rssb.12377.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LinearRegression
    >>> import workbench as wb
    >>> X = np.random.default_rng(0).normal(size=(200, 2))
    >>> model = LinearRegression().fit(X, 3 * X[:, 0])
    >>> effect = wb.explain(model, "ale", X)["x0"]
    >>> slope = np.diff(effect.average[0]) / np.diff(effect.grid_values)
    >>> bool(np.allclose(slope, 3))
    True
    """

    name = "ale"
    title = "Accumulated local effects"
    summary = (
        "How predictions change when a column moves a little, averaged over the rows that have such values, and added "
        "up along the column."
    )
    reference = (
        "D. W. Apley, J. Zhu, 2020, Visualizing the effects of predictor variables in black box supervised learning "
        "models, doi 10.1111/rssb.12377"
    )
    caution = (
        "It tells of small steps, each over other rows: over a long way it is not what one row would see. Few rows in "
        "a bin make it jump; an average can hide effects that differ from row to row. It shows what the model does, "
        "not what causes what."
    )

    has_refits = has_noise = True

    class Options(pydantic.BaseModel, extra="forbid", frozen=True):
        """Options of accumulated local effects."""

        features: tuple[str, ...] | None = pydantic.Field(None, description="columns to show; all where absent")
        n_bins: int = pydantic.Field(40, ge=1, le=999, description="most bins of a column of numbers")
        min_rows: int = pydantic.Field(
            MIN_ROWS, ge=1, description="fewest rows in a bin, or behind a level; 10 in a study"
        )
        pairs: tuple[tuple[str, str], ...] = pydantic.Field(
            (), description="pairs of columns, to show what both add together"
        )
        pair_bins: int = pydantic.Field(10, ge=1, le=99, description="most bins of a column of numbers in a pair")
        scale: Literal["response", "link"] = pydantic.Field(
            "response", description="response, or link: the score before the inverse link, of models with a form"
        )

    @classmethod
    def misfits(cls, options: Any, *, task: str, columns: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        """Refuse unknown columns, and bins of fewer rows than a report may tell of."""
        yield from misfits_of_effects(options, columns)

    @classmethod
    def explain(cls, inputs: Inputs, options: Any) -> Effects:
        """Compute the effect of each column, and of each pair, asked for.

        Raises
        ------
        ValueError
            If a feature is unknown, or the link scale of a model without a form is asked for.
        """
        positions = chosen_positions(cls.name, inputs, options.features)
        pairs = chosen_pairs(cls.name, inputs, options.pairs)
        inputs = _weighted_rows(inputs)
        mixtures = mixtures_of(inputs, inputs.X, scale=options.scale, place=cls.name, few=True)
        effects: list[Effect] = []
        notes: list[str] = []
        for feature in positions:
            bins = Bins.of(inputs, feature, resolution=options.n_bins + 1, min_rows=options.min_rows)
            if len(bins.grid):
                effects.append(cls._effect(inputs, options, mixtures, feature, bins))
                notes += effects[-1].provenance.warnings
            else:
                notes.append(f"{inputs.feature_names[feature]} is not shown: no value has {options.min_rows} rows")
        surfaces = []
        for pair in pairs:
            found = cls._surface(inputs, options, mixtures, pair)
            if found is not None:
                surfaces.append(found)
            else:
                both = " and ".join(inputs.feature_names[j] for j in pair)
                notes.append(f"{both} are not shown together: no two of their values have {options.min_rows} rows near")
        return Effects(
            effects=tuple(effects),
            n_background=len(inputs.X),
            surfaces=tuple(surfaces),
            provenance=cls._provenance(inputs, options, mixtures, tuple(notes)),
        )

    @classmethod
    def _effect(cls, inputs: Inputs, options: Any, mixtures: Mixtures, feature: int, bins: Bins) -> Effect:
        average, error = _accumulated(inputs, mixtures, feature, bins, inputs.weight)
        name = inputs.feature_names[feature]
        return Effect(
            feature=name,
            feature_kind=bins.grid.kind,
            grid_values=bins.grid.values,
            average=average.T,
            lower=(average - QUANTILE * error).T,
            upper=(average + QUANTILE * error).T,
            outputs=mixtures.outputs,
            scale=mixtures.scale,
            bin_edges=bins.grid.bin_edges,
            bin_counts=bins.grid.bin_counts,
            centred=True,
            provenance=cls._provenance(inputs, options, mixtures, tuple(_left_out(name, bins, options.min_rows))),
        )

    @classmethod
    def _surface(cls, inputs: Inputs, options: Any, mixtures: Mixtures, pair: tuple[int, int]) -> EffectSurface | None:
        # a cell of few rows tells little: were the rows spread evenly, each should hold twice the fewest
        fitting = int(np.sqrt(len(inputs.X) / (2 * options.min_rows)))
        resolution = 1 + max(1, min(options.pair_bins, fitting))
        bins = tuple(Bins.of(inputs, j, resolution=resolution, min_rows=options.min_rows) for j in pair)
        if not all(each.n_bins for each in bins):
            return None
        (low, high), (left, right) = (each.ends(each.row_bin) for each in bins)
        corners = [(1, (high, right)), (-1, (low, right)), (-1, (high, left)), (1, (low, left))]
        second = mixtures.difference(pair, inputs.X, corners)
        found = joint_effect((bins[0], bins[1]), second, inputs.weight, options.min_rows)
        if found is None:
            return None
        grids = (bins[0].grid, bins[1].grid)
        return EffectSurface(
            features=(inputs.feature_names[pair[0]], inputs.feature_names[pair[1]]),
            feature_kinds=(grids[0].kind, grids[1].kind),
            grid_values=(grids[0].values, grids[1].values),
            average=found.values.transpose(2, 0, 1),
            outputs=mixtures.outputs,
            scale=mixtures.scale,
            counts=nearest_counts(inputs, pair, grids, few=options.min_rows < MIN_ROWS),
            sparse_share=found.sparse_share,
            provenance=cls._provenance(inputs, options, mixtures, ()),
        )

    @classmethod
    def _provenance(cls, inputs: Inputs, options: Any, mixtures: Mixtures, warnings: tuple[str, ...]) -> Provenance:
        found = cls.provenance(inputs, options, warnings=warnings)
        return replace(found, parameters={**found.parameters, "source": mixtures.source})


def _left_out(name: str, bins: Bins, min_rows: int) -> Iterator[str]:
    """Say how many rows have no part in an effect; of few not how many, unless few were asked for."""
    if n := int((bins.row_bin < 0).sum()):
        why = "miss it" if bins.grid.kind in LADDERS else "miss it, or hold a level that is not shown,"
        told = f"{n:,} of {len(bins.row_bin):,}" if n >= min(MIN_ROWS, min_rows) else f"fewer than {MIN_ROWS}"
        yield f"{name}: {told} rows {why} and are left out of its effect"
    if bins.grid.n_hidden:
        yield f"{name}: {bins.grid.hidden(len(bins.row_bin))}"


def _weighted_rows(inputs: Inputs) -> Inputs:
    """Leave out rows of no weight: no bin shall have none but them."""
    if inputs.sample_weight is None or (inputs.sample_weight > 0).all():
        return inputs
    kept = np.flatnonzero(inputs.sample_weight)
    X = take(inputs.X, kept)
    return replace(inputs, X=X, background=X, y=None, sample_weight=inputs.sample_weight[kept])


def _accumulated(
    inputs: Inputs, mixtures: Mixtures, feature: int, bins: Bins, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Give the curve about its mean and its standard error, both (n_values, n_outputs)."""
    n = bins.n_bins
    if not n:
        same = np.zeros(len(inputs.X), dtype=int) + bins.grid.positions[0]
        nothing = mixtures.difference((feature,), inputs.X, [(1, (same,)), (-1, (same,))])
        return nothing[:1] * 0.0, nothing[:1] * 0.0
    steps, told = bins.steps, []
    for step in steps:
        low, high = bins.ends(step)
        told.append(mixtures.difference((feature,), inputs.X, [(1, (high,)), (-1, (low,))]))
    means, covariance = _means(steps, told, weight, n)
    known = bins.row_bin >= 0
    inside, own = bins.row_bin[known], weight[known]
    beyond = own.sum() - np.cumsum(np.bincount(inside, own, minlength=n))  # the rows in higher bins
    middle = (beyond + np.bincount(inside, own * bins.share[known], minlength=n)) / own.sum()
    way = np.tri(n + 1, n, -1) - middle  # from the steps to the curve about its mean
    variance = np.einsum("km,mpo,kp->ko", way, covariance, way)
    return way @ means, np.sqrt(np.maximum(variance, 0.0))


def _means(
    steps: tuple[np.ndarray, ...], told: list[np.ndarray], weight: np.ndarray, n: int
) -> tuple[np.ndarray, np.ndarray]:
    """Give the mean difference in each bin, (n_bins, n_outputs), and the covariances, (n_bins, n_bins, n_outputs)."""
    k = told[0].shape[1]
    total, count, means = np.zeros(n), np.zeros(n), np.zeros((n, k))
    for step, difference in zip(steps, told, strict=True):
        inside = step >= 0
        total += np.bincount(step[inside], weight[inside], minlength=n)
        count += np.bincount(step[inside], minlength=n)
        for output in range(k):
            means[:, output] += np.bincount(step[inside], (weight * difference[:, output])[inside], minlength=n)
    means /= total[:, None]
    # each row's part in the error of its bins; a row of a level is in two
    off = [
        np.where(step[:, None] >= 0, weight[:, None] / total[step][:, None] * (d - means[step]), 0.0)
        for step, d in zip(steps, told, strict=True)
    ]
    covariance = np.zeros((n, n, k))
    for one, a in zip(steps, off, strict=True):
        for other, b in zip(steps, off, strict=True):
            both = (one >= 0) & (other >= 0)
            for output in range(k):
                found = np.bincount(one[both] * n + other[both], (a * b)[both, output], minlength=n * n)
                covariance[:, :, output] += found.reshape(n, n)
    with np.errstate(divide="ignore", invalid="ignore"):
        corrected = np.sqrt(np.where(count > 1, count / (count - 1), np.nan))
    return means, covariance * (corrected[:, None] * corrected)[:, :, None]
