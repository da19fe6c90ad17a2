"""Partial dependence: the average prediction when one column, or two, are set to a value in every row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pydantic

from workbench.answers.answer import Provenance
from workbench.answers.effect import Effect, Effects, EffectSurface
from workbench.disclosure import MIN_ROWS
from workbench.explainers.correlation import correlation_cautions
from workbench.explainers.effects.chosen import chosen_pairs, chosen_positions, misfits_of_effects
from workbench.explainers.effects.curves import QUANTILE, Curves
from workbench.explainers.effects.mixtures import mixtures_of
from workbench.explainers.effects.nearest_rows import nearest_counts
from workbench.explainers.effects.own_curves import OwnCurves
from workbench.explainers.effects.sparse import SPARSE_LIMIT, sparse_shares
from workbench.explainers.effects.values import Mixtures, Values
from workbench.explainers.explainer import Explainer
from workbench.explainers.grid import Grid
from workbench.explainers.inputs import Inputs

HETEROGENEOUS_LIMIT = 0.3


class PartialDependence(Explainer):
    r"""The average prediction when a column is set to one value in all rows, value by value.

    .. math:: PD_j(v) = \sum_i w_i f(v, x_{i,-j}) / \sum_i w_i

    over the background rows :math:`x_i`, exactly; for two columns likewise. `Grid` says which values :math:`v` are
    shown. With ``individual`` the curves :math:`f(v, x_{i,-j})` of the rows come along (individual conditional
    expectation); with ``centred`` they, their average and its interval are differences from the first value of the
    grid.

    A model with a form is asked through it. On the link scale the parts of a sum that do not read the column are never
    evaluated on the grid; on the response scale they are computed once a row, and the inverse link is applied to the
    whole. `provenance` says of each answer whether the form or predictions were used (``source``).

    A column without a value to show, as too few rows stand behind each, is named in a warning; so may all columns be,
    and so is a column of which some levels are not shown.

    The interval is about the shape alone, and about one error alone: that the background is a finite sample. With
    :math:`c_i(v) = f(v, x_{i,-j}) - mean_u f(u, x_{i,-j})`, the curve of row i less its own mean over the grid, it is
    :math:`PD_j(v) \pm 1.96 s(v)`, where s(v) is the standard error of the (weighted) mean of :math:`c_i(v)`. It is 0
    for a model that is additive in the column, and NaN for a single row. It says nothing of the error of the model.

    ``spread`` tells how rows differ: at each value the quantiles of their :math:`c_i(v)`, see `OwnCurves`.

    It misleads where the column moves with others: see `caution`. Two numbers warn of it, each where it is above its
    limit: the share of the points averaged over that lie where there are no data (``sparse_share``, 0.25, see
    `sparse_shares`), and the share of the variance of the rows' own curves that the average does not explain (0.3, see
    `Curves`).

    References
    ----------
    J. H. Friedman, 2001, "Greedy function approximation: a gradient boosting machine", doi 10.1214/aos/1013203451; A.
    Goldstein, A. Kapelner, J. Bleich and E. Pitkin, 2015, "Peeking inside the black box: visualizing statistical
    learning with plots of individual conditional expectation", doi 10.1080/10618600.2014.907095.
    """

    name = "partial_dependence"
    title = "Partial dependence"
    summary = "How the average prediction changes when one column is set to one value after another in all rows."
    reference = (
        "J. H. Friedman, 2001, Greedy function approximation: a gradient boosting machine, doi "
        "10.1214/aos/1013203451; A. Goldstein, A. Kapelner, J. Bleich, E. Pitkin, 2015, Peeking inside the black box, "
        "doi 10.1080/10618600.2014.907095"
    )
    caution = (
        "Where columns move together it averages over combinations that may not occur, and the model's answers there "
        "were never checked; an average can also hide effects that differ from row to row. It shows what the model "
        "does, not what causes what."
    )

    uses_background = True
    has_refits = has_noise = True

    class Options(pydantic.BaseModel, extra="forbid", frozen=True):
        """Options of partial dependence."""

        features: tuple[str, ...] | None = pydantic.Field(None, description="columns to show; all where absent")
        grid_resolution: int = pydantic.Field(40, ge=2, le=1000, description="most values shown of a column of numbers")
        min_rows: int = pydantic.Field(
            MIN_ROWS, ge=1, description="fewest rows behind an extreme, a level or a bin that is shown; 10 in a study"
        )
        pairs: tuple[tuple[str, str], ...] = pydantic.Field((), description="pairs of columns to show together")
        pair_resolution: int = pydantic.Field(
            20, ge=2, le=100, description="most values of a column of numbers in a pair"
        )
        individual: bool = pydantic.Field(
            False, description="whether to give the curve of each background row; never in a study"
        )
        centred: bool = pydantic.Field(
            False, description="whether curves are differences from the first value that is shown"
        )
        scale: Literal["response", "link"] = pydantic.Field(
            "response", description="response, or link: the score before the inverse link, of models with a form"
        )

    @classmethod
    def misfits(cls, options: Any, *, task: str, columns: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        """Refuse unknown columns, values that fewer rows stand behind than a report may show, and curves of rows."""
        yield from misfits_of_effects(options, columns)
        if options.individual:
            yield (
                "individual",
                "must be false in a study, whose results may be sent: the curves of single rows tell of them; got "
                "true; they can be had from workbench.explain",
            )

    @classmethod
    def explain(cls, inputs: Inputs, options: Any) -> Effects:
        """Compute the effect of each column and pair asked for.

        Raises
        ------
        ValueError
            If a feature is unknown, or the link scale of a model without a form is asked for.
        """
        positions = chosen_positions(cls.name, inputs, options.features)
        pairs = chosen_pairs(cls.name, inputs, options.pairs)
        grids, left_out = cls._grids(inputs, positions, options.grid_resolution, options.min_rows)
        mixtures = mixtures_of(inputs, inputs.background, scale=options.scale, place=cls.name)
        effects = cls._effects(inputs, options, mixtures, grids) if grids else []
        surfaces, more = cls._surfaces(inputs, options, mixtures, pairs)
        warnings = [w for effect in effects for w in effect.provenance.warnings] + left_out + more
        return Effects(
            effects=tuple(effects),
            n_background=len(inputs.background),
            surfaces=tuple(surfaces),
            provenance=cls._provenance(inputs, options, mixtures, tuple(dict.fromkeys(warnings))),
        )

    @classmethod
    def _grids(
        cls, inputs: Inputs, positions: list[int], resolution: int, min_rows: int
    ) -> tuple[dict[int, Grid], list[str]]:
        grids, left_out = {}, []
        for feature in positions:
            name = inputs.feature_names[feature]
            grid = Grid.of(inputs.column(feature), resolution=resolution, min_rows=min_rows, place=cls.name)
            if len(grid):
                grids[feature] = grid
            else:
                left_out.append(f"{name} is not shown: no value has {min_rows} rows behind it")
            if grid.n_hidden:
                left_out.append(f"{name}: {grid.hidden(len(inputs.X))}")
        return grids, left_out

    @classmethod
    def _effects(cls, inputs: Inputs, options: Any, mixtures: Mixtures, grids: Mapping[int, Grid]) -> list[Effect]:
        features = list(grids)
        weight = inputs.weight
        curves = [Curves(from_first=options.centred) for _ in features]
        individual: dict[int, np.ndarray] = {}
        values = Values(inputs.X, {j: grid.positions for j, grid in grids.items()})
        points = sum(len(grid) for grid in grids.values()) * len(mixtures.outputs)
        own_curves = [OwnCurves.of(weight, points, from_first=options.centred) for _ in features]
        for block in mixtures.blocks(values, [(j,) for j in features]):
            curves[block.which].add(block.moving, block.still, weight[block.rows])
            own_curves[block.which].add(block.moving, block.rows)
            if options.individual:
                whole = (block.moving + block.still[:, None]).transpose(0, 2, 1)
                kept = individual.setdefault(block.which, np.empty((weight.size, *whole.shape[1:])))
                kept[block.rows] = whole - whole[:, :, :1] if options.centred else whole
        shares = sparse_shares(inputs, grids)
        cautions = correlation_cautions(inputs, features)
        effects = []
        for which, (j, grid) in enumerate(grids.items()):
            name, found = inputs.feature_names[j], curves[which]
            own = [cautions[name]] if name in cautions else []
            own += _cautions(name, found, mixtures.outputs, shares.get(j))
            half = QUANTILE * found.standard_error
            effects.append(
                Effect(
                    feature=name,
                    feature_kind=grid.kind,
                    grid_values=grid.values,
                    average=found.average.T,
                    lower=(found.average - half).T,
                    upper=(found.average + half).T,
                    outputs=mixtures.outputs,
                    scale=mixtures.scale,
                    bin_edges=grid.bin_edges,
                    bin_counts=grid.bin_counts,
                    individual=individual.get(which),
                    centred=options.centred,
                    sparse_share=shares.get(j),
                    spread=own_curves[which].quantiles(found.average),
                    provenance=cls._provenance(inputs, options, mixtures, tuple(own)),
                )
            )
        return effects

    @classmethod
    def _surfaces(
        cls, inputs: Inputs, options: Any, mixtures: Mixtures, pairs: list[tuple[int, int]]
    ) -> tuple[list[EffectSurface], list[str]]:
        asked = list(dict.fromkeys(j for pair in pairs for j in pair))
        grids, left_out = cls._grids(inputs, asked, options.pair_resolution, options.min_rows)
        shown = [pair for pair in pairs if pair[0] in grids and pair[1] in grids]
        if not shown:
            return [], left_out
        weight = inputs.weight
        sums: list[np.ndarray | float] = [0.0] * len(shown)
        values = Values(inputs.X, {j: grid.positions for j, grid in grids.items()})
        for block in mixtures.blocks(values, shown):
            own = weight[block.rows] / weight.sum()
            sums[block.which] = sums[block.which] + np.tensordot(own, block.moving, axes=1) + own @ block.still
        surfaces = []
        for pair, total in zip(shown, sums, strict=True):
            both = (grids[pair[0]], grids[pair[1]])
            counts = nearest_counts(inputs, pair, both, few=options.min_rows < MIN_ROWS)
            surfaces.append(
                EffectSurface(
                    features=(inputs.feature_names[pair[0]], inputs.feature_names[pair[1]]),
                    feature_kinds=(both[0].kind, both[1].kind),
                    grid_values=(both[0].values, both[1].values),
                    average=np.asarray(total).T.reshape(-1, len(both[0]), len(both[1])),
                    outputs=mixtures.outputs,
                    scale=mixtures.scale,
                    counts=counts,
                    sparse_share=float((counts == 0).mean()),
                    provenance=cls._provenance(inputs, options, mixtures, ()),
                )
            )
        return surfaces, left_out

    @classmethod
    def _provenance(cls, inputs: Inputs, options: Any, mixtures: Mixtures, warnings: tuple[str, ...]) -> Provenance:
        found = cls.provenance(inputs, options, warnings=warnings)
        return replace(found, parameters={**found.parameters, "source": mixtures.source})


def _cautions(name: str, curves: Curves, outputs: tuple[str, ...], sparse: float | None) -> list[str]:
    found = []
    if sparse is not None and sparse > SPARSE_LIMIT:
        found.append(
            f"{name}: {sparse:.0%} of the points that partial dependence averages over lie where there are no data: "
            "the rows that are alike in the other columns do not have such values"
        )
    which = int(np.argmax(curves.unexplained))
    if (share := float(curves.unexplained[which])) > HETEROGENEOUS_LIMIT:
        output = f" (of {outputs[which]})" if len(outputs) > 1 else ""
        found.append(
            f"{name} acts differently from row to row: the average leaves {share:.0%} of the variance of the rows' own "
            f"curves{output} unexplained"
        )
    return found
