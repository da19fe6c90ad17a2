"""Sums of shapes made by hand: two curves, a category with rare levels, and surfaces of all kinds."""

from __future__ import annotations

import numpy as np

from workbench.forms import Additive, Axis, Form, Identity, Levels, Logistic, Softmax, Steps, Surface

KINDS = {"age": "number", "income": "number", "town": "category", "day": "datetime", "sex": "category"}


def steps(column: str, k: int = 1, *, n: int = 60, low: float = 18.0, high: float = 90.0, gap: float = 0.0) -> Steps:
    cuts = np.linspace(low, high, n)
    x = np.concatenate([cuts, [high + 1]])
    values = np.tanh((x - (low + high) / 2) / (0.2 * (high - low) or 1.0))[:, None] * np.linspace(1, -0.5, k)
    return Steps(column, cuts, values, np.full(k, gap), x - 0.5, np.full(n + 1, 12.0))


def town(k: int = 1) -> Levels:
    values = np.array([[0.3], [-0.2], [0.05]]) * np.linspace(1, -1, k)
    return Levels("town", ("Porto", "Lisbon", "Faro"), values, np.zeros(k), np.full(k, -0.4))


def numbers(name: str, n: int = 30) -> Axis:
    return Axis(name, np.linspace(20, 80, n), (), np.concatenate([np.full(n + 1, 12.0), [0.0]]))


def levels(name: str, names: tuple[str, ...]) -> Axis:
    return Axis(name, np.empty(0), names, np.array([40.0, *(20.0 for _ in names[1:]), 0.0, 15.0]))


def surface(first: Axis, second: Axis, k: int = 1) -> Surface:
    i, j = np.meshgrid(np.linspace(-1, 1, first.n_cells), np.linspace(-1, 1, second.n_cells), indexing="ij")
    values = 0.4 * (i * j)[:, :, None] * np.linspace(1, -1, k)
    return Surface(first, second, values.reshape(-1, k))


def form(task: str) -> Form:
    k = 3 if task == "multiclass" else 1
    classes = {"regression": (), "binary": (False, True), "multiclass": ("a", "b", "c")}[task]
    output = {"regression": Identity(), "binary": Logistic(), "multiclass": Softmax()}[task]
    terms = (
        steps("age", k, gap=0.25),
        steps("income", k, n=1, low=5.0, high=5.0),
        town(k),
        steps("day", k, n=20, low=14975.0, high=15705.0),
        surface(numbers("age"), numbers("income", 0), k),
        surface(levels("town", ("Porto", "Lisbon", "Faro")), numbers("age"), k),
        surface(levels("town", ("Porto", "Lisbon", "Faro")), levels("sex", ("f", "m")), k),
    )
    return Form(Additive(np.linspace(0.5, 1, k), terms), output, KINDS, "price", classes)
