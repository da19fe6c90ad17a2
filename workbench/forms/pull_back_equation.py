"""Rewrite an equation over encoded inputs as one over original columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from workbench.forms.equation import Coded, Constant, Equation, Gap, Node, Operator, Variable
from workbench.forms.errors import FormError
from workbench.forms.inputs import Affine, Input, IsMissing, Lookup


def pull_back_equation(body: Equation, inputs: Sequence[Input]) -> Equation:
    """Put in the place of each encoded input what it computes, with the same operations in the same order.

    A missing value of a scaled column counts as the value that is encoded as what its map gives where it is missing.
    """
    return body.replace_columns({name: _nodes(inputs[int(name)]) for name in body.columns})


def _nodes(source: Input) -> list[Node]:
    if isinstance(source, IsMissing):
        return [Gap(source.column)]
    if isinstance(source, Lookup):
        return [Coded(source.column, source.levels, source.values, source.unseen, source.missing)]
    if not isinstance(source, Affine):
        raise FormError(f"column {source.column!r}: an equation reads numbers, not bins; use no bins")
    if np.isnan(source.missing):
        raise FormError(f"column {source.column!r}: an equation needs a number for missing values")
    nodes: list[Node] = [Variable(source.column, source.center + source.scale * source.missing)]
    if source.center != 0.0:
        nodes += [Constant(source.center), Operator("sub")]
    if source.scale != 1.0:
        nodes += [Constant(source.scale), Operator("div")]
    return nodes
