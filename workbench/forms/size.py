"""How much a reader has to hold to hold a model: one complexity scale for all families."""

from __future__ import annotations

import numpy as np

from workbench.forms.additive import Additive
from workbench.forms.frame import Floats
from workbench.forms.terms import Levels, Linear, Term, Tree


def size(score: Additive) -> int:
    """Count the numbers that a reader has to hold.

    With k outputs, the size is the sum of

    - the intercept: k where it is not zero;
    - a linear term: 2 k, one linear piece of two numbers (Molnar et al. 2019, doi 10.1007/978-3-030-43823-4_17);
    - a levels term: k per level;
    - a linear or levels term's branch for missing or unseen values: k where it is not zero;
    - a tree: one per condition and k per leaf. A tree without conditions is an intercept, and counts with it.

    Examples
    --------
    A line with intercept, 2 x + 1, is held by three numbers:

    >>> import numpy as np
    >>> from workbench.forms import Additive, Linear
    >>> size(Additive(np.array([1.0]), (Linear("x", np.array([2.0]), 0.0, np.array([0.0])),)))
    3
    """
    constants = [t for t in score.terms if isinstance(t, Tree) and t.is_leaf.all()]
    constant = score.intercept + sum((t.value[0] for t in constants), np.zeros(score.k))
    return _branch(constant) + sum(_term(t) for t in score.terms if t not in constants)


def _term(term: Term) -> int:
    if isinstance(term, Linear):
        return 2 * term.coef.size + _branch(term.missing)
    if isinstance(term, Levels):
        return term.values.size + _branch(term.missing) + _branch(term.unseen)
    leaves = int(term.is_leaf.sum())
    return (term.feature.size - leaves) + leaves * int(term.value.shape[1])


def _branch(vector: Floats) -> int:
    return vector.size if vector.any() else 0
