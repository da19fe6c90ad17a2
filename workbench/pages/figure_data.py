"""The numbers behind each picture, as rows under a row of heads: what its CSV holds. None where there is no number."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from workbench.plots import shapes
from workbench.plots import swarm as swarms
from workbench.plots.numbers import days

Row = list[float | str | None]
_DIGITS = 8  # a card's JSON holds all
_DATES = "datetime"
MOST_PAIRS = 200


def rows(heads: Sequence[str], *columns: Iterable[Any]) -> list[Row]:
    """Put columns side by side below their heads.

    Examples
    --------
    >>> rows(["x", "y"], [1.0, float("nan")], ["a", "b"])
    [['x', 'y'], [1.0, 'a'], [None, 'b']]
    """
    return [list(heads), *([_plain(v) for v in row] for row in zip(*columns, strict=True))]


def _plain(value: Any) -> float | str | None:
    if value is None or isinstance(value, str):
        return value
    number = float(value)
    return float(f"{number:.{_DIGITS}g}") if math.isfinite(number) else None


def _of(head: str, outputs: Sequence[str]) -> list[str]:
    """Name a column for each output; one output needs no name."""
    return [head] if len(outputs) == 1 else [f"{head}: {output}" for output in outputs]


def _named(names: Sequence[str], labels: Mapping[str, str]) -> list[str]:
    return [labels.get(name, name) for name in names]


def importance(answer: Any, labels: Mapping[str, str]) -> list[Row]:
    """Give the importance of each column, then of each group."""
    lowest, highest = answer.importances.min(axis=1), answer.importances.max(axis=1)
    heads = ["column", "mean over shuffles", "lowest", "highest"]
    parts = [answer.importances_mean, lowest, highest]
    if answer.refits is not None:
        heads += ["refits: mean", "refits: lower", "refits: upper"]
        parts += [answer.refits.mean, answer.refits.lower, answer.refits.upper]
    if answer.noise is not None:
        heads.append("noise floor")
        parts.append(answer.noise)
    out = rows(heads, _named(answer.feature_names, labels), *parts)
    together = () if answer.group_importances is None else answer.group_importances
    for group, values in zip(answer.groups, together, strict=False):
        cells = [" + ".join(_named(group, labels)), values.mean(), values.min(), values.max()]
        out.append([_plain(v) for v in cells] + [None] * (len(heads) - 4))
    return out


def effect(one: Any, label: str) -> list[Row]:
    """Give the curve of one column with its bands."""
    heads, parts = [label], [_axis(one.grid_values, one.feature_kind)]
    bands = [("average", one.average), ("lower 95%", one.lower), ("upper 95%", one.upper)]
    if one.refits is not None:
        bands += [(f"refits: {name}", getattr(one.refits, name)) for name in ("mean", "lower", "upper")]
    if one.spread is not None:
        bands += [(f"rows: {100 * q:g}% quantile", one.spread.curves[i]) for i, q in enumerate(one.spread.levels)]
    for name, values in bands:
        heads += _of(name, one.outputs)
        parts += list(np.atleast_2d(values))
    return rows(heads, *parts)


def _axis(values: Sequence[Any], kind: str) -> list[Any]:
    return [days(v) if kind == _DATES else v for v in values]


def effect_surface(one: Any, labels: Mapping[str, str]) -> list[Row]:
    """Give the values of a grid over two columns: the first downwards, the second across, for each output."""
    first, second = (_axis(v, k) for v, k in zip(one.grid_values, one.feature_kinds, strict=True))
    return _matrix(_named(one.features, labels), first, second, one.average, one.outputs)


def _matrix(
    names: Sequence[str], down: Sequence[Any], across: Sequence[Any], grids: Sequence[Any], outputs: Sequence[str]
) -> list[Row]:
    """Lay out a grid for each output, (n_down, n_across), side by side: a row a cell would repeat both places."""
    heads = [_plain(v) if len(outputs) == 1 else f"{output}: {_text(v)}" for output in outputs for v in across]
    columns = np.concatenate([np.asarray(grid, dtype=float) for grid in grids], axis=1).T
    return [[f"{names[0]} downwards, {names[1]} across", *heads], *rows((), down, *columns)[1:]]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:.{_DIGITS}g}"


def attributions(answer: Any, labels: Mapping[str, str]) -> list[Row]:
    """Give the mean size of what each column adds."""
    heads, parts = ["column"], [_named(answer.feature_names, labels)]
    for name, values in (("mean size", answer.mean_abs), ("standard error", answer.standard_error)):
        heads += _of(name, answer.outputs)
        parts += list(np.asarray(values).reshape(len(answer.feature_names), -1).T)
    if answer.noise is not None:
        heads += _of("of a shuffled target", answer.outputs)
        parts += list(np.asarray(answer.noise).reshape(len(answer.feature_names), -1).T)
    return rows(heads, *parts)


def interactions(answer: Any, labels: Mapping[str, str]) -> list[Row]:
    """Give how much each two columns act together; of very many pairs those that move predictions most."""
    names = _named(answer.feature_names, labels)
    kept = np.arange(len(answer.pairs))
    if len(kept) > MOST_PAIRS:
        kept = np.sort(np.argsort(-np.nan_to_num(answer.unnormalized).max(axis=1), kind="stable")[:MOST_PAIRS])
    first, second = ([names[answer.pairs[i][side]] for i in kept] for side in (0, 1))
    heads = ["column", "with", *_of("H", answer.outputs), *_of("on the scale of predictions", answer.outputs)]
    return rows(heads, first, second, *answer.pairwise[kept].T, *answer.unnormalized[kept].T)


def surrogate(answer: Any) -> list[Row]:
    """Give the fidelity of each fold, and their mean."""
    names = [*(f"fold {i + 1}" for i in range(len(answer.folds))), "mean", "lower 95%", "upper 95%"]
    return rows(["", "R²"], names, [*answer.folds, answer.fidelity, answer.lower, answer.upper])


def agreement(answer: Any, titles: Mapping[str, str]) -> list[Row]:
    """Give the rank correlation of each two methods."""
    names = _named(answer.methods, titles)
    return rows(["rank correlation", *names], names, *answer.rank_correlation.T)


def parts(items: Sequence[Any], **columns: str) -> list[Row]:
    """Give an attribute a column: `columns` says what attributes are called."""
    return rows(list(columns.values()), *([getattr(item, name) for item in items] for name in columns))


def reliability(answer: Any) -> list[Row]:
    """Give what was predicted and what came, bin by bin, of each curve."""
    out: list[Row] = [["class", "rows", "mean prediction", "what came", "lower 95%", "upper 95%"]]
    for curve in answer.curves:
        bins = zip(curve.rows, curve.predicted, curve.observed, curve.lower, curve.upper, strict=True)
        out += [[curve.name, *(_plain(v) for v in each)] for each in bins]
    return out


def coverage(answer: Any) -> list[Row]:
    """Give how often what came lay inside, in all rows and in parts of them."""
    out: list[Row] = [["rows with", "rows", "coverage", "lower 95%", "upper 95%"]]
    for text, n, part in [("all", answer.n_rows, answer), *((part.text, part.rows, part) for part in answer.slices)]:
        out.append([text, *(_plain(v) for v in (n, part.coverage, part.lower, part.upper))])
    return out


def shape(term: Any, scale: Any) -> list[Row]:
    """Give what a term over one column adds: at places along a curve, by interval of steps, by level."""
    values = _of("adds", scale.outputs)
    if hasattr(term, "levels"):
        named, found = [*term.levels, "any other"], np.vstack([term.values, term.unseen])
        out = rows([scale.axis, *values], named, *found.T)
    elif hasattr(term, "knots"):
        where, found = shapes.told(term, scale)
        out = rows([scale.axis, *values], _places(where, scale), *found.T)
    else:
        ends = _places(term.cuts, scale)
        out = rows([f"{scale.axis} above", "up to", *values], [None, *ends], [*ends, None], *np.asarray(term.values).T)
    if np.any(term.missing):
        width = len(out[0]) - len(values)
        out.append(["missing", *[None] * (width - 1), *(_plain(v) for v in term.missing)])
    return out


def _places(values: Sequence[float], scale: Any) -> list[Any]:
    return [days(float(v)) if scale.dates else float(v) for v in values]


def shape_surface(term: Any, scales: Sequence[Any], output: int) -> list[Row]:
    """Give what a pair of columns adds in each cell: the first column downwards, the second across."""
    down, across = (_cells(axis, scale) for axis, scale in zip((term.first, term.second), scales, strict=True))
    return _matrix([scale.axis for scale in scales], down, across, [term.grid[:, :, output]], [""])


def _cells(axis: Any, scale: Any) -> list[str]:
    """Name the cells of a side: each interval by its upper end, then missing; or each level."""
    if axis.levels:
        return [*axis.levels, "any other", "missing"]
    return [*(f"≤ {_text(end)}" for end in _places(axis.cuts, scale)), "above", "missing"]


def swarm(answer: Any, output: int, labels: Mapping[str, str]) -> list[Row]:
    """Give the bins of what each column drawn adds: their ends, rows, and how high the column's values are in them."""
    out: list[Row] = [["column", "adds from", "to", "rows", "mean rank of the column's values"]]
    names = _named(answer.feature_names, labels)
    for j, name in ((j, names[j]) for j in sorted(swarms.drawn(answer))):
        edges, counts, height = (
            part[j][output] for part in (answer.swarm.edges, answer.swarm.rows, answer.swarm.height)
        )
        bins = zip(edges[:-1], edges[1:], counts, height, strict=True)
        out += [[name, *(_plain(v) for v in each)] for each in bins]
    return out


def profile(answer: Any, row: int, output: int, labels: Mapping[str, str]) -> list[Row]:
    """Give the values of a made-up row, and what each adds."""
    values = np.asarray(answer.values[row])
    added = values if values.ndim == 1 else values[:, output]
    return rows(["column", "value", "adds"], _named(answer.feature_names, labels), answer.data[row], added)
