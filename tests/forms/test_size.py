"""The size: golden values computed by hand, pieces against brute force."""

from itertools import combinations, pairwise

import numpy as np
import pytest

from tests.forms.forms import line, tree
from workbench.forms import Additive, Axis, Levels, Steps, Surface, Tree
from workbench.forms.pieces import linear_pieces, plane_pieces
from workbench.forms.size import size


def of(*terms, intercept=0.0, k=1):
    return size(Additive(np.full(k, intercept), terms))


def curve(values, weights=None, missing=0.0):
    values = np.asarray(values, dtype=float)
    m = values.size
    weights = np.full(m, 10.0) if weights is None else np.asarray(weights, dtype=float)
    return Steps("x", np.arange(1.0, m), values[:, None], np.array([missing]), np.arange(m) + 0.5, weights)


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ((), 0),
        ((line(),), 3),  # slope, centre, and a value for missing
        ((tree(),), 5),  # 2 conditions, 3 leaves
        ((curve(np.arange(30)),), 2),  # a straight staircase
        ((curve(np.abs(np.arange(30) - 14.5)),), 4),  # two lines
        ((curve([0] * 10 + [1] * 10),), 4),  # one jump: two flat lines
        ((curve([0] * 10 + [1] * 10, missing=0.5),), 5),
        ((curve([0] * 10 + [1] * 10, weights=[10] * 10 + [0] * 10),), 2),  # no rows beyond the jump
        ((Levels("c", ("a", "b", "c"), np.ones((3, 1)), np.zeros(1), np.ones(1)),), 4),
    ],
)
def test_golden_sizes(terms, expected):
    assert of(*terms) == expected
    assert of(*terms, intercept=1.0) == expected + 1


def test_outputs_count():
    assert of(line(3), k=3, intercept=1.0) == 3 + 6 + 3
    assert of(tree(3), k=3) == 2 + 9


def stump(cut, low, high):
    return Tree(
        ("x",),
        ((),),
        np.array([0, -1, -1]),
        np.array([cut, np.nan, np.nan]),
        np.full(3, -1),
        np.zeros((0, 1), bool),
        np.array([1, -1, -1]),
        np.array([2, -1, -1]),
        np.zeros(3, bool),
        np.array([[0.0], [low], [high]]),
    )


def test_stumps_of_one_column_are_one_shape():
    # a staircase built of 20 stumps is one line, missing goes right in each
    stumps = [stump(float(c), 0.0, 1.0) for c in range(20)]
    assert of(*stumps) == 2 + 1
    assert of(stumps[0]) == 3  # alone it is a tree: one condition, two leaves
    jump = [stump(9.5, 0.0, 1.0), stump(9.5, 0.0, 1.0)]
    assert of(*jump) == 2 + 1  # two points are always on a line


def brute_force(x, v, w, keep=0.95):
    def error(i, j):
        A = np.column_stack([np.ones(j - i), x[i:j]]) * np.sqrt(w[i:j])[:, None]
        b = v[i:j] * np.sqrt(w[i:j])
        return float(((A @ np.linalg.lstsq(A, b, rcond=None)[0] - b) ** 2).sum())

    m = len(x)
    total = float((w * (v - np.average(v, weights=w)) ** 2).sum())
    for pieces in range(1, m + 1):
        for cuts in combinations(range(1, m), pieces - 1):
            edges = [0, *cuts, m]
            if sum(error(a, b) for a, b in pairwise(edges)) <= (1 - keep) * total + 1e-12:
                return pieces
    return m


@pytest.mark.parametrize("seed", range(12))
def test_pieces_equal_brute_force(seed):
    rng = np.random.default_rng(seed)
    m = int(rng.integers(3, 9))
    x, w = np.sort(rng.normal(size=m)), rng.uniform(1, 5, m)
    v = np.cumsum(rng.normal(size=m)) if seed % 2 else rng.normal(size=m)
    assert linear_pieces(x, v[:, None], w) == brute_force(x, v, w)


def test_pieces_do_not_depend_on_units():
    rng = np.random.default_rng(0)
    x, v, w = np.sort(rng.normal(size=40)), rng.normal(size=(40, 1)), np.ones(40)
    assert linear_pieces(x, v, w) == linear_pieces(1e9 + 1e6 * x, 1e-6 * v + 5, w)
    assert linear_pieces(x, np.full((40, 1), 7.0), w) == 1


def test_surfaces():
    cuts = np.arange(1.0, 8.0)
    weights = np.append(np.full(8, 10.0), 0.0)
    axes = [Axis(n, cuts, (), weights) for n in ("x", "y")]
    centres = np.concatenate([cuts[:1], (cuts[1:] + cuts[:-1]) / 2, cuts[-1:]])
    plane = np.zeros((9, 9))
    plane[:8, :8] = centres[:, None] - 2 * centres[None, :]
    assert of(Surface(*axes, plane.reshape(-1, 1))) == 3
    quarter = np.zeros((9, 9))
    quarter[4:8, 4:8] = 1.0
    assert of(Surface(*axes, quarter.reshape(-1, 1))) == 9
    levels = Axis("c", np.zeros(0), ("a", "b"), np.full(4, 10.0))
    by_level = np.zeros((9, 4))
    by_level[:8, 0] = centres
    assert of(Surface(axes[0], levels, by_level.reshape(-1, 1))) == 2
    assert of(Surface(levels, axes[0], by_level.T.reshape(-1, 1).copy())) == 2
    both = np.zeros((4, 4))
    both[0, 1] = both[1, 1] = 1.0
    assert of(Surface(levels, levels, both.reshape(-1, 1))) == 2


def test_greedy_planes_keep_what_they_promise():
    rng = np.random.default_rng(1)
    x, y = np.arange(10.0), np.arange(7.0)
    grid = rng.normal(size=(10, 7, 1))
    pieces = plane_pieces(x, y, grid, np.ones(10), np.ones(7))
    assert 1 < pieces <= 70
    assert plane_pieces(x, y, grid, np.ones(10), np.ones(7), keep=0.5) < pieces
