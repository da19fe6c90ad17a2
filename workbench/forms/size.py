"""How much a reader has to hold to hold a model: one complexity scale for all families."""

from __future__ import annotations

from functools import reduce, singledispatch
from typing import Any

import numpy as np

from workbench.forms.additive import Additive, Term
from workbench.forms.curve import Curve
from workbench.forms.equation import Equation
from workbench.forms.frame import Floats, Frame
from workbench.forms.kernel import Kernel
from workbench.forms.pieces import linear_pieces, plane_pieces
from workbench.forms.rules import Rule, RuleList, RuleSet
from workbench.forms.shapes import Axis, Steps, Surface
from workbench.forms.terms import Levels, Linear, Offset
from workbench.forms.tree import Tree


@singledispatch
def size(body: Any) -> int:
    """Count the numbers that a reader has to hold.

    With k outputs, the size of a sum of terms is the sum of

    - the intercept: k where it is not zero;
    - a linear term: 2 k, one linear piece of two numbers;
    - a step shape or a curve: 2 k for each of the fewest linear pieces that keep 95% of its variance over the training
      rows (`linear_pieces`: main-effect complexity, Molnar et al. 2019, doi 10.1007/978-3-030-43823-4_17);
    - a surface over two number columns: 3 k for each of the planes that keep 95% of its variance (`plane_pieces`); over
      a number and a category column the pieces of each level's curve; over two category columns k for each cell;
    - a levels term: k per level;
    - a branch for missing or unseen values of a linear, levels or step term: k where it is not zero;
    - a tree: one per condition and k per leaf. A tree without conditions is an intercept, and counts with it;
    - a rule: one per condition, and k;
    - an offset: one, its column.

    Step shapes and trees over one and the same number column are merged into one shape first. A list or a set
    of rules is the sum of its rules, of which the set's default is one. An equation is its nodes: each number, column
    and operator counts one. A sum over kernels is all its numbers.

    Examples
    --------
    A line with intercept, 2 x + 1, is held by three numbers:

    >>> import numpy as np
    >>> from workbench.forms import Additive, Linear
    >>> size(Additive(np.array([1.0]), (Linear("x", np.array([2.0]), 0.0, np.array([0.0])),)))
    3
    """
    raise TypeError(f"a {type(body).__name__} has no size")


@size.register
def _sum(score: Additive) -> int:
    constants = [t for t in score.terms if isinstance(t, Tree) and t.is_leaf.all()]
    constant = score.intercept + sum((t.value[0] for t in constants), np.zeros(score.k)) / score.divisor
    curves: dict[str, list[Steps | Tree]] = {}
    others: list[Term] = []
    for term in score.terms:
        if isinstance(term, Steps) or (isinstance(term, Tree) and len(term.columns) == 1 and not term.levels[0]):
            curves.setdefault(term.columns[0], []).append(term)
        elif not any(term is each for each in constants):
            others.append(term)
    merged: list[Term] = [parts[0] if len(parts) == 1 else _merged(parts) for parts in curves.values()]
    return _branch(constant) + sum(_term(t) for t in [*merged, *others])


@size.register
def _list(body: RuleList) -> int:
    return sum(rule.size for rule in body.rules)


@size.register
def _set(body: RuleSet) -> int:
    return body.k + sum(rule.size for rule in body.rules)


@size.register
def _equation(body: Equation) -> int:
    return len(body.nodes)


@size.register
def _kernel(body: Kernel) -> int:
    return body.stored_numbers  # nothing in it can be left out


@singledispatch
def _term(term: Any) -> int:
    raise TypeError(f"a {type(term).__name__} has no size")


@_term.register
def _linear(term: Linear) -> int:
    return 2 * term.coef.size + _branch(term.missing)


@_term.register
def _levels(term: Levels) -> int:
    return term.values.size + _branch(term.missing) + _branch(term.unseen)


@_term.register
def _steps(term: Steps) -> int:
    pieces = linear_pieces(term.centers, term.values, term.weights)
    return 2 * pieces * int(term.values.shape[1]) + _branch(term.missing)


@_term.register
def _curve(term: Curve) -> int:
    pieces = linear_pieces(term.centers, term.at(term.centers), term.weights)
    return 2 * pieces * term.missing.size + _branch(term.missing)


@_term.register
def _tree(term: Tree) -> int:
    leaves = int(term.is_leaf.sum())
    return (term.feature.size - leaves) + leaves * int(term.value.shape[1])


@_term.register
def _rule(term: Rule) -> int:
    return term.size


@_term.register
def _offset(term: Offset) -> int:
    return 1


def _merged(parts: list[Steps | Tree]) -> Steps:
    """Add up step shapes and trees over one number column; each interval weighs what its shapes say, else the same."""
    column = parts[0].columns[0]
    found = [p.cuts if isinstance(p, Steps) else p.threshold[np.isfinite(p.threshold)] for p in parts]
    cuts: Floats = reduce(np.union1d, found)
    points = np.append(cuts, np.inf)
    frame = Frame({column: points})
    shapes = [p for p in parts if isinstance(p, Steps)]
    weights = np.ones(points.size)
    if shapes:
        weights = shapes[0].weights[np.searchsorted(shapes[0].cuts, points, side="left")]
    last = cuts[-1] if cuts.size else 0.0
    return Steps(
        column,
        cuts,
        sum((p.score(frame) for p in parts), np.zeros(())),
        sum((p.score(Frame({column: [np.nan]}))[0] for p in parts), np.zeros(())),
        np.append(cuts, last),
        weights,
    )


@_term.register
def _surface(term: Surface) -> int:
    first, second, grid = term.first, term.second, term.grid
    if first.levels and second.levels:
        return int(np.count_nonzero(grid.any(axis=2))) * int(term.values.shape[1])
    if first.levels:
        first, second, grid = second, first, grid.swapaxes(0, 1)
    x, wx = _positions(first)
    if not second.levels:
        y, wy = _positions(second)
        return 3 * plane_pieces(x, y, grid[: x.size, : y.size], wx, wy) * int(term.values.shape[1])
    curves = [grid[: x.size, j] for j in range(grid.shape[1])]
    return sum(2 * linear_pieces(x, c, wx) * int(c.shape[1]) for c in curves if c.any())


def _positions(axis: Axis) -> tuple[Floats, Floats]:
    """Give where each interval of a number axis stands, and its weight; the intervals at both ends at their cut."""
    cuts = axis.cuts
    if not cuts.size:
        return np.zeros(1), axis.weights[:1]
    middles = np.concatenate([cuts[:1], (cuts[1:] + cuts[:-1]) / 2, cuts[-1:]])
    return middles, axis.weights[: cuts.size + 1]


def _branch(vector: Floats) -> int:
    return vector.size if np.nan_to_num(vector).any() else 0
