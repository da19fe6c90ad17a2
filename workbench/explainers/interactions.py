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
from workbench.explainers.effects.chosen import chosen_positions, unknown_columns
from workbench.explainers.effects.mixtures import mixtures_of
from workbench.explainers.effects.values import ROUNDING, Columns, Mixtures, Values
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
    answer is exact over these rows; a warning says how many were drawn of how many.

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
        together = mixtures.together
        alone = _Alone.of(inputs, mixtures, features)
        overall = alone.overall(inputs)
        for row, j in enumerate(features):
            if together is not None and not any(j in each and len(each) > 1 for each in together):
                overall[row] = 0.0
        strongest = np.argsort(-np.nan_to_num(overall).max(axis=1), kind="stable")[: options.most_columns]
        pairs = list(combinations(sorted(features[i] for i in strongest), 2))
        found = _Pairs.of(inputs, mixtures, pairs, together, alone)
        names = inputs.feature_names
        drawn = [f"of {n_given:,} background rows {n_drawn:,} were drawn by the seed, and used"]
        warnings = drawn if n_drawn < n_given else []
        warnings += [*correlation_cautions(inputs, features).values(), *found.cautions(names, mixtures.outputs)]
        provenance = cls.provenance(inputs, options, warnings=tuple(warnings))
        parameters = {**provenance.parameters, "source": mixtures.source}
        place = {j: i for i, j in enumerate(features)}
        return Interactions(
            feature_names=tuple(names[j] for j in features),
            outputs=mixtures.outputs,
            scale=mixtures.scale,
            overall=overall,
            pairs=tuple((place[j], place[k]) for j, k in pairs),
            pairwise=found.pairwise,
            unnormalized=found.unnormalized,
            n_background=len(inputs.background),
            provenance=replace(provenance, parameters=parameters),
        )


@dataclass(frozen=True, eq=False)
class _Alone:
    """The effect of each column, of all others, and the prediction, (n_rows, n_outputs) each, about their means."""

    effect: dict[int, np.ndarray]
    others: dict[int, np.ndarray]
    prediction: np.ndarray
    size: float  # of the largest number that they were made of

    @classmethod
    def of(cls, inputs: Inputs, mixtures: Mixtures, features: Sequence[int]) -> _Alone:
        weight = inputs.weight
        share, n = weight / weight.sum(), len(weight)
        effect: dict[int, np.ndarray] = {}
        others: dict[int, np.ndarray] = {}
        prediction, size = np.empty((n, 0)), 0.0
        for block in mixtures.blocks(_zipped(inputs, features), [(j,) for j in features]):
            j = features[block.which]
            told = block.moving + block.still[:, None]
            size = max(size, float(np.abs(told).max()))
            shape = (n, told.shape[2])
            effect[j] = effect.get(j, np.zeros(shape)) + np.tensordot(share[block.rows], told, axes=1)
            # a mixture of row i with column j of row v is one of row v with all other columns of row i
            others.setdefault(j, np.zeros(shape))[block.rows] = np.tensordot(told, share, axes=(1, 0))
            prediction = prediction if prediction.size else np.zeros(shape)
            own = np.arange(n)[block.rows]
            prediction[block.rows] = told[np.arange(own.size), own]
        return cls(
            {j: _centred(found, share) for j, found in effect.items()},
            {j: _centred(found, share) for j, found in others.items()},
            _centred(prediction, share),
            size,
        )

    def overall(self, inputs: Inputs) -> np.ndarray:
        """Give H of each column with all others, (n_features, n_outputs)."""
        whole = _spread(self.prediction, inputs)
        parts = [self.prediction - self.effect[j] - self.others[j] for j in self.effect]
        return np.array([_ratio(_spread(part, inputs, self.size), whole) for part in parts])


@dataclass(frozen=True, eq=False)
class _Pairs:
    """H of pairs, the spread behind it, and the share of the predictions' variance that the joint effect has."""

    pairs: Sequence[tuple[int, int]]
    pairwise: np.ndarray
    unnormalized: np.ndarray
    share: np.ndarray

    @classmethod
    def of(
        cls,
        inputs: Inputs,
        mixtures: Mixtures,
        pairs: Sequence[tuple[int, int]],
        together: Sequence[frozenset[int]] | None,
        alone: _Alone,
    ) -> _Pairs:
        whole = _spread(alone.prediction, inputs)
        joint = [pair for pair in pairs if together is None or any(set(pair) <= each for each in together)]
        effects = _averages(inputs, mixtures, joint)
        shape = (len(pairs), whole.size)
        pairwise, unnormalized, share = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        for row, (j, k) in enumerate(pairs):
            if (j, k) in effects:
                both = effects[j, k]
                spread = _spread(both, inputs)
                unnormalized[row] = _spread(both - alone.effect[j] - alone.effect[k], inputs, alone.size)
                pairwise[row] = _ratio(unnormalized[row], spread)
                share[row] = np.divide(spread, whole, out=np.zeros_like(whole), where=whole > 0) ** 2
        return cls(pairs, pairwise, unnormalized, share)

    def cautions(self, names: Sequence[str], outputs: Sequence[str]) -> Iterator[str]:
        """Warn of pairs whose joint effect varies little, those of the largest H by name."""
        little = (self.share < LITTLE) & (self.pairwise > 0)
        if not little.any():
            return
        ranked = sorted(np.argwhere(little).tolist(), key=lambda at: -self.pairwise[at[0], at[1]])
        told = []
        for row, output in ranked[:_TOLD]:
            first, second = (names[j] for j in self.pairs[row])
            of = f" for {outputs[output]}" if len(outputs) > 1 else ""
            told.append(
                f"{first} with {second}{of} (H {self.pairwise[row, output]:.2f}, "
                f"{100 * self.share[row, output]:.2g}% of the variance)"
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


def _zipped(inputs: Inputs, columns: Sequence[int]) -> Values:
    rows = np.arange(len(inputs.background))
    return Values(inputs.background, dict.fromkeys(columns, rows), product=False)


def _averages(inputs: Inputs, mixtures: Mixtures, sets: Sequence[tuple[int, int]]) -> dict[Columns, np.ndarray]:
    """Give the partial dependence on each set of columns at the rows, about its mean, (n_rows, n_outputs)."""
    if not sets:
        return {}
    weight = inputs.weight
    share = weight / weight.sum()
    sums: dict[Columns, np.ndarray] = {}
    used = sorted({j for each in sets for j in each})
    for block in mixtures.blocks(_zipped(inputs, used), sets):
        own = share[block.rows]
        told = np.tensordot(own, block.moving, axes=1) + own @ block.still
        sums[sets[block.which]] = sums.get(sets[block.which], np.zeros(told.shape)) + told
    return {columns: _centred(found, share) for columns, found in sums.items()}


def _centred(values: np.ndarray, share: np.ndarray) -> np.ndarray:
    return values - share @ values


def _spread(values: np.ndarray, inputs: Inputs, size: float = 0.0) -> np.ndarray:
    """Give the root of the weighted mean of squares, (n_outputs,); 0 where it is rounding of numbers of that size."""
    found: np.ndarray = np.sqrt(np.average(values**2, axis=0, weights=inputs.weight))
    return np.where(found > 10 * ROUNDING * size, found, 0.0)


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Give H: 0 where there is nothing that is not apart, NaN where that is all there is."""
    return np.where(part > 0, np.divide(part, whole, out=np.full_like(part, np.nan), where=whole > 0), 0.0)
