"""Small forms made by hand."""

import numpy as np

from workbench.forms import Additive, Form, Identity, Levels, Linear, Logistic, Softmax, Tree


def tree(k: int = 1) -> Tree:
    """x <= 1.5 (missing left): [colour in {red, any other}: 1, else (missing too) 2], else 3."""
    return Tree(
        columns=("x", "colour"),
        levels=((), ("blue", "red")),
        feature=np.array([0, 1, -1, -1, -1]),
        threshold=np.array([1.5, np.nan, np.nan, np.nan, np.nan]),
        subset=np.array([-1, 0, -1, -1, -1]),
        subsets=np.array([[False, True, True]]),
        left=np.array([1, 2, -1, -1, -1]),
        right=np.array([4, 3, -1, -1, -1]),
        missing_left=np.array([True, False, False, False, False]),
        value=np.array([0.0, 0.0, 1.0, 2.0, 3.0])[:, None] * np.arange(1, k + 1),
        support=np.array([60, 40, 25, 15, 20]),
    )


def line(k: int = 1) -> Linear:
    return Linear("x", np.arange(1.0, k + 1), 10.0, np.full(k, 0.5))


def levels(k: int = 1) -> Levels:
    values = np.array([[1.0], [-1.0]]) * np.ones(k)
    return Levels("colour", ("blue", "red"), values, np.zeros(k), np.full(k, 0.25))


KINDS = {"x": "number", "colour": "category"}


def all_forms() -> dict[str, Form]:
    return {
        "regression": Form(Additive(np.array([1.0]), (line(), levels(), tree())), Identity(), KINDS, "price"),
        "binary": Form(Additive(np.array([0.1]), (line(), levels())), Logistic(), KINDS, "sold", ("no", "yes")),
        "several": Form(Additive(np.zeros(3), (line(3), levels(3))), Softmax(), KINDS, "kind", ("a", "b", "c")),
        "shares": Form(Additive(np.zeros(1), (tree(),)), Identity(), KINDS, "flag", (False, True)),
        "constant": Form(Additive(np.array([2.0]), ()), Identity(), {}, "y"),
    }
