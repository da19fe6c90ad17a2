"""Friedman's H: how much of what columns do, they do only together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, Literal

import numpy as np
import pydantic

from workbench.answers.interactions import Interactions
from workbench.explainers.correlation import correlation_cautions
from workbench.explainers.effects.at_rows import MOST_NUMBERS, Versions, jackknife, zipped
from workbench.explainers.effects.chosen import chosen_positions, unknown_columns
from workbench.explainers.effects.mixtures import mixtures_of
from workbench.explainers.effects.values import Columns, Mixtures
from workbench.explainers.explainer import Explainer
from workbench.explainers.inputs import Inputs
from workbench.explainers.rows import take

LITTLE = 0.01  # of the variance of predictions
_TOLD = 3  # pairs that a warning names


class Interaction(Explainer):
    r"""The share of the variation of columns' joint effect that is not the sum of their own effects.

    With :math:`PD_S` the partial dependence on the columns S, at the rows :math:`x_i` themselves and about its mean
    over them, and :math:`F` the prediction about its mean:

    .. math:: H_{jk} = \sqrt{\frac{\sum_i w_i (PD_{jk}(x_i) - PD_j(x_i) - PD_k(x_i))^2}{\sum_i w_i PD_{jk}(x_i)^2}},
        \quad
        H_j = \sqrt{\frac{\sum_i w_i (F(x_i) - PD_j(x_i) - PD_{-j}(x_i))^2}{\sum_i w_i F(x_i)^2}}

    H itself, not its square, is in ``pairwise`` and ``overall``: the *square* of H is a share of variance, so H = 0.3
    is 9% of it. H is 0 where columns act apart. It can exceed 1, where effects cancel each other. ``unnormalized`` is
    the root of the mean of the upper sum, on the scale of predictions. Where a model's form is a sum, and the scale is
    that of the sum, pairs that no part reads together are 0 without computing.

    Rows and the rows that are averaged over are the same: the background, or `max_rows` of it, drawn by the seed. The
    answer is exact over these rows; a warning says how many were drawn of how many. What other rows could make of it
    is told by intervals of 95%, from ``pairwise_lower`` to ``pairwise_upper`` and so on: the jackknife that leaves out
    one of 20 groups of rows at a time, as rows that are described and as rows that are averaged over. In simulations
    they cover the value over very many rows in 86% to 99%, least with fewer than 100 rows. They are NaN where there
    are fewer than 5 rows.

    It misleads where the joint effect varies little (H is then a share of next to nothing, and a warning names such
    pairs) and where columns move together: partial dependence averages over combinations that may not occur.

    References
    ----------
    J. H. Friedman and B. E. Popescu, 2008, "Predictive learning via rule ensembles", doi 10.1214/07-AOAS148.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> import workbench as wb
    >>> X = np.random.default_rng(0).normal(size=(100, 3))
    >>> model = DecisionTreeRegressor(max_depth=4, random_state=0).fit(X, X[:, 0] * X[:, 1])
    >>> answer = wb.explain(model, "interaction", X)
    >>> answer.pairs[int(answer.pairwise[:, 0].argmax())]
    (0, 1)
    """

    name = "interaction"
    title = "Interaction strength"
    summary = (
        "How much of what columns do to predictions they do only together: Friedman's H, whose square is a share of "
        "variance."
    )
    reference = "J. H. Friedman, B. E. Popescu, 2008, Predictive learning via rule ensembles, doi 10.1214/07-AOAS148"
    caution = (
        "Where an effect varies little, H is a share of next to nothing; where columns move together, it is made of "
        "predictions for combinations that may not occur. On the response scale a link alone makes columns interact."
    )
    uses_background = True

    class Options(pydantic.BaseModel, extra="forbid", frozen=True):
        """Options of interaction strength."""

        features: tuple[str, ...] | None = pydantic.Field(None, description="columns to look at; all where absent")
        max_rows: int = pydantic.Field(200, ge=2, le=2000, description="most background rows that are drawn")
        most_columns: int = pydantic.Field(
            10, ge=2, le=100, description="pairs are told of so many columns: those of the strongest overall H"
        )
        scale: Literal["response", "link"] = pydantic.Field(
            "response", description="response, or link: the score before the inverse link, of models with a form"
        )

    @classmethod
    def misfits(cls, options: Any, *, task: str, columns: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        """Refuse unknown columns."""
        yield from unknown_columns(options.features, columns, "features")

    @classmethod
    def explain(cls, inputs: Inputs, options: Any) -> Interactions:
        """Compute H of each column, and of each pair of the strongest ones.

        Raises
        ------
        ValueError
            If a feature is unknown, or the link scale of a model without a form is asked for.
        """
        features = chosen_positions(cls.name, inputs, options.features)
        if not features:
            raise ValueError(f"{cls.name}: features: must name at least one column; got none")
        n_given = int(np.count_nonzero(inputs.weight))
        inputs = _drawn(inputs, options.max_rows)
        n_drawn = len(inputs.background)
        mixtures = mixtures_of(inputs, inputs.background, scale=options.scale, place=cls.name)
        game = _Game(inputs, mixtures, Versions.of(inputs), {})
        overall, whole = game.overall(features)
        strongest = np.argsort(-np.nan_to_num(overall[0]).max(axis=1), kind="stable")[: options.most_columns]
        pairs = list(combinations(sorted(features[i] for i in strongest), 2))
        pairwise, unnormalized, joint = game.pairwise(pairs)
        names = inputs.feature_names
        drawn = [f"of {n_given:,} background rows {n_drawn:,} were drawn by the seed, and used"]
        warnings = drawn if n_drawn < n_given else []
        warnings += correlation_cautions(inputs, features).values()
        share = np.nan_to_num(_ratio(joint, whole)) ** 2
        warnings += _cautions([(names[j], names[k]) for j, k in pairs], pairwise[0], share, mixtures.outputs)
        provenance = cls.provenance(inputs, options, warnings=tuple(warnings))
        told = {"source": mixtures.source, "groups_left_out": len(game.versions) - 1}
        place = {j: i for i, j in enumerate(features)}
        bounds: dict[str, Any] = {}
        for name, found in (("overall", overall), ("pairwise", pairwise), ("unnormalized", unnormalized)):
            bounds[f"{name}_lower"], bounds[f"{name}_upper"] = jackknife(found)
        return Interactions(
            feature_names=tuple(names[j] for j in features),
            outputs=mixtures.outputs,
            scale=mixtures.scale,
            overall=overall[0],
            pairs=tuple((place[j], place[k]) for j, k in pairs),
            pairwise=pairwise[0],
            unnormalized=unnormalized[0],
            **bounds,
            n_background=len(inputs.background),
            provenance=replace(provenance, parameters={**provenance.parameters, **told}),
        )


@dataclass(frozen=True, eq=False)
class _Game:
    """What is asked about rows and columns; arrays have an axis of versions of the rows first: see `Versions`."""

    inputs: Inputs
    mixtures: Mixtures
    versions: Versions
    effects: dict[Columns, tuple[np.ndarray, float]]  # of single columns, as `Versions.averages` gives them

    def overall(self, features: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """Give H of each column with all others, (n_versions, n_features, n_outputs), and the spread of predictions.

        Effects are kept where there is room for all.
        """
        together, whole = self.mixtures.together, np.empty(0)
        found: list[np.ndarray] = []
        for j in features:
            alone = together is not None and not any(j in each and len(each) > 1 for each in together)
            if alone and found:
                found.append(np.zeros_like(found[0]))
                continue
            h, effect, whole = self._with_all_others(j)
            found.append(np.zeros_like(h) if alone else h)
            if len(features) * effect[0].size <= MOST_NUMBERS:
                self.effects[j,] = effect
        return np.stack(found, axis=1), whole

    def _with_all_others(self, j: int) -> tuple[np.ndarray, tuple[np.ndarray, float], np.ndarray]:
        """Give H of one column, (n_versions, n_outputs), the column's effect, and the spread of predictions."""
        versions, n = self.versions, len(self.inputs.background)
        own, others, prediction, size = [], [], [], 0.0
        for block in self.mixtures.blocks(zipped(self.inputs, [(j,)]), [(j,)]):
            told = block.moving + block.still[:, None]
            size = max(size, float(np.abs(told).max()))
            rows = np.arange(n)[block.rows]
            prediction.append(told[np.arange(rows.size), rows])
            own.append(np.tensordot(versions.share[rows], told, axes=(0, 0)))
            # a mixture of row i with column j of row v is one of row v with all other columns of row i
            others.append(np.tensordot(versions.share, told, axes=(0, 1)))
        effect = versions.centred(sum(own[1:], own[0]))
        whole = versions.centred(np.broadcast_to(np.concatenate(prediction), effect.shape))
        apart, spread = whole - effect - versions.centred(np.concatenate(others, axis=1)), versions.spread(whole)
        return _ratio(versions.spread(apart, size), spread), (effect, size), spread[0]

    def pairwise(self, pairs: Sequence[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Give H of pairs and the spread behind it, (n_versions, n_pairs, n_outputs).

        Also the spread of the joint effect that H is a share of, (n_pairs, n_outputs); 0 where it was not asked for.
        """
        together, versions = self.mixtures.together, self.versions
        joint = [pair for pair in pairs if together is None or any(set(pair) <= each for each in together)]
        shape = (len(versions), len(pairs), len(self.mixtures.outputs))
        pairwise, unnormalized, joint_spread = np.zeros(shape), np.zeros(shape), np.zeros(shape[1:])
        for portion in versions.portions(joint, shape[2]):
            single = sorted({(j,) for pair in portion for j in pair} - set(self.effects))
            asked = versions.averages(self.inputs, self.mixtures, [*single, *portion])
            effects = self.effects | asked
            for j, k in portion:
                row, (both, size) = pairs.index((j, k)), effects[j, k]
                spread = versions.spread(both)
                unnormalized[:, row] = versions.spread(both - effects[j,][0] - effects[k,][0], size)
                pairwise[:, row] = _ratio(unnormalized[:, row], spread)
                joint_spread[row] = spread[0]
        return pairwise, unnormalized, joint_spread


def _cautions(
    named: Sequence[tuple[str, str]], pairwise: np.ndarray, share: np.ndarray, outputs: Sequence[str]
) -> Iterator[str]:
    """Warn of pairs whose joint effect varies little, those of the largest H by name."""
    little = (share < LITTLE) & (pairwise > 0)
    if not little.any():
        return
    ranked = sorted(np.argwhere(little).tolist(), key=lambda at: -pairwise[at[0], at[1]])
    told = []
    for row, output in ranked[:_TOLD]:
        of = f" for {outputs[output]}" if len(outputs) > 1 else ""
        told.append(
            f"{' with '.join(named[row])}{of} (H {pairwise[row, output]:.2f}, "
            f"{100 * share[row, output]:.2g}% of the variance)"
        )
    more = f" and {len(ranked) - _TOLD} more" if len(ranked) > _TOLD else ""
    yield (
        f"the joint effect of these has less than {LITTLE:.0%} of the variance of predictions, so H says little: "
        f"{'; '.join(told)}{more}"
    )


def _drawn(inputs: Inputs, most: int) -> Inputs:
    """Keep a seeded draw of the background rows that have a weight."""
    kept = np.flatnonzero(inputs.weight > 0)
    if len(kept) > most:
        kept = np.sort(np.random.default_rng(inputs.random_state).choice(kept, most, replace=False))
    weight = None if inputs.sample_weight is None else inputs.sample_weight[kept]
    return replace(inputs, background=take(inputs.background, kept), sample_weight=weight)


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Give H: 0 where there is nothing that is not apart, NaN where that is all there is."""
    return np.where(part > 0, np.divide(part, whole, out=np.full_like(part, np.nan), where=whole > 0), 0.0)
