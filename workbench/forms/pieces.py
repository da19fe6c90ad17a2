"""How many linear pieces a shape needs: main-effect complexity, for curves and for surfaces."""

from __future__ import annotations

import numpy as np

from workbench.forms.frame import Floats

KEEP = 0.95


def linear_pieces(x: Floats, values: Floats, weights: Floats, keep: float = KEEP) -> int:
    """Count the fewest linear pieces that keep a share of a curve's variance.

    The pieces are least-squares lines over consecutive points; they need not meet. The count is exact, by dynamic
    programming over all places to cut.

    Parameters
    ----------
    x : ndarray of shape (m,)
        Ascending.
    values : ndarray of shape (m, k)
        The variance is summed over the k outputs, and a piece has a line for each.
    weights : ndarray of shape (m,)
        Training rows at each point; points without rows don't count.
    keep : float
        The share of the weighted variance to keep.

    Returns
    -------
    int
        At least 1.

    References
    ----------
    Molnar, Casalicchio and Bischl 2019, Quantifying model complexity via functional decomposition,
    doi 10.1007/978-3-030-43823-4_17.

    Examples
    --------
    >>> x = np.arange(8.0)
    >>> linear_pieces(x, 2 * x[:, None], np.ones(8)), linear_pieces(x, np.abs(x - 3.5)[:, None], np.ones(8))
    (1, 2)
    """
    used = weights > 0
    x, values, weights = x[used], values[used], weights[used]
    m = x.size
    if m <= 2:
        return 1
    costs = _line_costs(x, values, weights)
    mean = np.average(values, axis=0, weights=weights)
    allowed = (1 - keep) * float((weights @ (values - mean) ** 2).sum())
    # rounding: a curve that lines fit exactly leaves an error of this order
    allowed += 1e-24 * float((weights @ values**2).sum())
    best = costs[0]  # of the first j + 1 points with one piece
    for pieces in range(1, m + 1):
        if best[-1] <= allowed:
            return pieces
        # the last piece starts after point i
        best = np.minimum(best, np.min(best[:-1, None] + costs[1:], axis=0, initial=np.inf))
    return m


def _line_costs(x: Floats, values: Floats, weights: Floats) -> Floats:
    """Give the squared error of the best line over points i to j, shape (m, m); infinite for j < i."""
    m = x.size
    span = x[-1] - x[0]
    z = (x - np.average(x, weights=weights)) / (span if span > 0 else 1.0)

    def window(terms: Floats) -> Floats:
        total = np.concatenate([[0.0], np.cumsum(terms)])
        sums: Floats = total[None, 1:] - total[:m, None]
        return sums

    w, wz, wzz = window(weights), window(weights * z), window(weights * z * z)
    costs = np.zeros((m, m))
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = wzz - wz**2 / w
        for v in (values - np.average(values, axis=0, weights=weights)).T:
            wv, wzv, wvv = window(weights * v), window(weights * z * v), window(weights * v * v)
            across = wzv - wz * wv / w
            explained = np.where(spread > 1e-12 * wzz, across**2 / spread, 0.0)
            costs += np.maximum(wvv - wv**2 / w - explained, 0.0)
    costs[np.tril_indices(m, -1)] = np.inf
    return costs


def plane_pieces(x: Floats, y: Floats, grid: Floats, wx: Floats, wy: Floats, keep: float = KEEP) -> int:
    """Count the planes over rectangles that keep a share of a surface's variance.

    The rectangle whose best cut helps most is cut, until enough is kept: greedy, so an upper bound of the fewest.

    Parameters
    ----------
    x, y : ndarray of shape (m,) and (n,)
        Ascending.
    grid : ndarray of shape (m, n, k)
    wx, wy : ndarray of shape (m,) and (n,)
        Training rows along each axis; a cell weighs their product.
    keep : float

    Returns
    -------
    int
        At least 1.

    Examples
    --------
    >>> x, y = np.arange(6.0), np.arange(5.0)
    >>> plane, corner = x[:, None] - y, (x[:, None] > 2) * (y > 2) * 1.0
    >>> plane_pieces(x, y, plane[..., None], np.ones(6), np.ones(5))
    1
    >>> plane_pieces(x, y, corner[..., None], np.ones(6), np.ones(5))
    3
    """
    keep_x, keep_y = wx > 0, wy > 0
    x, y, grid = x[keep_x], y[keep_y], grid[keep_x][:, keep_y]
    weights = wx[keep_x][:, None] * wy[keep_y][None, :]
    sums = _Sums(x, y, grid, weights)
    total = sums.total()
    allowed = (1 - keep) * total + 1e-24 * sums.scale()
    pieces = [(0, x.size, 0, y.size)]
    errors = [sums.error(*pieces[0])]
    cuts = [sums.best_cut(*pieces[0])]
    while sum(errors) > allowed and max(gain for gain, _ in cuts) > 0:
        chosen = max(range(len(pieces)), key=lambda i: cuts[i][0])
        parts = cuts[chosen][1]
        for of_piece in (pieces, errors, cuts):
            del of_piece[chosen]
        pieces += parts
        errors += [sums.error(*part) for part in parts]
        cuts += [sums.best_cut(*part) for part in parts]
    return len(pieces)


_Rectangle = tuple[int, int, int, int]


class _Sums:
    """Running sums over a grid, from which the error of a plane over any rectangle follows."""

    def __init__(self, x: Floats, y: Floats, grid: Floats, weights: Floats) -> None:
        gx, gy = (np.broadcast_to(g, weights.shape) for g in (_unit(x)[:, None], _unit(y)[None, :]))
        v = grid - np.average(grid.reshape(-1, grid.shape[2]), axis=0, weights=weights.ravel())
        basis = [np.ones_like(weights), gx, gy]
        self.k = grid.shape[2]
        self._gram = [[self._running(weights * a * b) for b in basis] for a in basis]
        self._cross = [[self._running(weights * a * v[..., i]) for a in basis] for i in range(self.k)]
        self._square = self._running((weights[..., None] * v**2).sum(axis=2))
        self._scale = float((weights[..., None] * grid**2).sum())

    @staticmethod
    def _running(cells: Floats) -> Floats:
        return np.pad(cells.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))

    def total(self) -> float:
        """The weighted variance, times the weight of all cells."""
        return float(self._square[-1, -1])

    def scale(self) -> float:
        """The weighted sum of squares: what rounding errors are measured by."""
        return self._scale

    def error(self, i: int, j: int, k: int, m: int) -> float:
        """The squared error of the best plane over rows i to j and columns k to m."""

        def of(running: Floats) -> float:
            return float(running[j, m] - running[i, m] - running[j, k] + running[i, k])

        gram = np.array([[of(each) for each in row] for row in self._gram])
        error = of(self._square)
        for crossed in self._cross:
            right = np.array([of(each) for each in crossed])
            error -= float(right @ np.linalg.lstsq(gram, right, rcond=1e-10)[0])
        return max(error, 0.0)

    def best_cut(self, i: int, j: int, k: int, m: int) -> tuple[float, list[_Rectangle]]:
        """The cut of a rectangle that lowers the error most, and by how much."""
        options = [[(i, c, k, m), (c, j, k, m)] for c in range(i + 1, j)]
        options += [[(i, j, k, c), (i, j, c, m)] for c in range(k + 1, m)]
        whole = self.error(i, j, k, m)
        gains = [whole - sum(self.error(*part) for part in parts) for parts in options]
        if not gains:
            return 0.0, []
        best = int(np.argmax(gains))
        return gains[best], options[best]


def _unit(x: Floats) -> Floats:
    span = x[-1] - x[0] if x.size else 0.0
    return (x - x.mean()) / (span if span > 0 else 1.0) if x.size else x
