"""Two columns whose sum, difference, product or ratio all but tells the target."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from workbench.checks.seen import FEWEST_ROWS, Seen, ranked
from workbench.checks.wording import quoted
from workbench.magnitude import unit_of

_ENOUGH = 0.999
_ENOUGH_OF_CLASSES = 0.95
_WORTH_A_LOOK = 0.3  # of a 0/1 target's variance a sum that decides it explains more, but never all
_MOST_COLUMNS = 500
_CANDIDATES = 20
_SCREENED_ROWS = 1_000  # enough to tell candidates, which are then looked at in all rows


def pairs_that_tell(seen: Seen, names: Sequence[str], shares: Mapping[str, float]) -> list[tuple[float, str]]:
    """Give share of variance and formula of the pairs of number columns that tell the target, best first.

    A number must follow a line in the weighted sum of two columns, or its logarithm one in that of their logarithms;
    two classes must be told by it. Both columns must be needed. Several classes are not looked at.

    Parameters
    ----------
    seen : Seen
    names : sequence of str
        The columns to look at; of more than 500 numbers those that correlate most with the target.
    shares : mapping of str to float
        The share of the target's variance that each column explains alone.
    """
    table = seen.table
    names = [name for name in names if seen.kinds[name] == "number"]
    if table.task == "multiclass" or table.n_rows < FEWEST_ROWS:
        return []
    x = np.column_stack([np.empty((table.n_rows, 0)), *(table.X[name].to_numpy() for name in names)])
    scaled = x / unit_of(x)  # one unit for all: sums are of the same columns as before
    if table.task == "binary":
        found = list(_deciding(seen, scaled, names, shares))
    else:
        y = table.y.to_numpy(dtype=float)
        found = [*_following(scaled, y / unit_of(y), names, _sum)]
        if (y > 0).all():
            found += _following(np.log(np.where(x > 0, x, np.nan)), np.log(y), names, _product)
    return sorted(found, reverse=True)


def _following(
    x: np.ndarray, y: np.ndarray, names: Sequence[str], formula: Callable[[str, str, float], str]
) -> Iterator[tuple[float, str]]:
    for i, j in _candidates(x, y, _ENOUGH - 0.01):
        known = ~np.isnan(x[:, [i, j]]).any(axis=1)
        weights, share = _line(x[known][:, [i, j]], y[known])
        alone = max(_line(x[known][:, [k]], y[known])[1] for k in (i, j))
        if share > _ENOUGH and 1 - share < 0.1 * (1 - alone):
            yield share, formula(names[i], names[j], weights[1] / weights[0])


def _deciding(
    seen: Seen, x: np.ndarray, names: Sequence[str], shares: Mapping[str, float]
) -> Iterator[tuple[float, str]]:
    y = (seen.table.y == seen.table.classes[1]).to_numpy(dtype=float)
    for i, j in _candidates(x, y, _WORTH_A_LOOK):
        known = ~np.isnan(x[:, [i, j]]).any(axis=1)
        weights, _ = _line(x[known][:, [i, j]], y[known])
        alone = max(shares[names[i]], shares[names[j]])
        for ratio in (1.0, -1.0, *([weights[1] / weights[0]] if weights[0] else [])):
            share = seen.explained(ranked(x[:, i] + ratio * x[:, j]), has_order=True)
            if share > _ENOUGH_OF_CLASSES and 1 - share < 0.2 * (1 - alone):
                yield share, _sum(names[i], names[j], ratio)
                break


def _line(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, float]:
    """Fit y = c + x w by least squares; give w and the share of variance that it explains."""
    centred, scale = x - x.mean(axis=0), x.std(axis=0)
    goal = y - y.mean()
    weights = np.linalg.lstsq(centred / scale, goal, rcond=None)[0] / scale
    return weights, float(1 - ((goal - centred @ weights) ** 2).sum() / (goal**2).sum())


def _candidates(x: np.ndarray, y: np.ndarray, least: float) -> list[tuple[int, int]]:
    """Give the pairs of columns whose weighted sum explains more than `least` of y's variance, at most 20, best first.

    For all pairs at once, over the rows where both are known:
    R2 = (c_iy^2 v_j - 2 c_iy c_jy c_ij + c_jy^2 v_i) / ((v_i v_j - c_ij^2) v_y), v variances and c covariances.
    """
    if len(y) > _SCREENED_ROWS:
        drawn = np.random.default_rng(0).choice(len(y), _SCREENED_ROWS, replace=False)
        x, y = x[drawn], y[drawn]
    if y.min() == y.max():
        return []
    enough = np.flatnonzero((~np.isnan(x)).sum(axis=0) >= FEWEST_ROWS)
    deviation = np.nanstd(x[:, enough], axis=0)
    usable = enough[deviation > 0]
    z = (x[:, usable] - np.nanmean(x[:, usable], axis=0)) / deviation[deviation > 0]
    t = (y - y.mean()) / y.std()
    if len(usable) > _MOST_COLUMNS:
        strength = np.abs(np.nanmean(z * t[:, None], axis=0))
        kept = np.sort(np.argsort(-strength, kind="stable")[:_MOST_COLUMNS])
        usable, z = usable[kept], z[:, kept]
    known = (~np.isnan(z)).astype(float)
    z = np.nan_to_num(z)
    n = np.maximum(known.T @ known, 1)  # (i, j): rows where both are known
    m, my = z.T @ known / n, (known * t[:, None]).T @ known / n
    v, vy = (z**2).T @ known / n - m**2, (known * t[:, None] ** 2).T @ known / n - my**2
    c, cy = z.T @ z / n - m * m.T, (z * t[:, None]).T @ known / n - m * my
    independent = v * v.T - c**2
    fitted = cy**2 * v.T - 2 * cy * cy.T * c + cy.T**2 * v
    sound = (n >= max(FEWEST_ROWS, len(t) / 2)) & (independent > 1e-10 * v * v.T) & (vy > 0)
    share = np.triu(np.divide(fitted, independent * vy, out=np.zeros_like(c), where=sound), k=1)
    best = np.argsort(-share, axis=None, kind="stable")[:_CANDIDATES]
    pairs = [(i, j) for i, j in zip(*np.unravel_index(best, share.shape), strict=True) if share[i, j] > least]
    return [(int(usable[i]), int(usable[j])) for i, j in pairs]


def _sum(a: str, b: str, ratio: float) -> str:
    if abs(abs(ratio) - 1) < 0.01:
        return f"{quoted(a)} {'+' if ratio > 0 else '−'} {quoted(b)}"
    return f"{quoted(a)} {'+' if ratio > 0 else '−'} {abs(ratio):.3g} × {quoted(b)}"


def _product(a: str, b: str, ratio: float) -> str:
    if abs(abs(ratio) - 1) < 0.01:
        return f"{quoted(a)} {'×' if ratio > 0 else '/'} {quoted(b)}"
    return f"{quoted(a)} × {quoted(b)}^{ratio:.3g}"
