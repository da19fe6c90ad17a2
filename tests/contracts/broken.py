"""Families that are broken on purpose, each in one way, to show that the contracts catch it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from workbench.estimator import _generate
from workbench.families.forest import Forest
from workbench.families.linear import Linear
from workbench.families.tree import Tree
from workbench.family_estimator import FamilyClassifier, FamilyRegressor
from workbench.forms import Identity


def estimator(family: type) -> Any:
    """The estimator of a family that no registry knows."""
    base = FamilyClassifier if family is WrongLink else FamilyRegressor
    return _generate(family.__name__, family, base)(**family.example_params)


class StrictComparison(Tree):
    """Compares x < t where the library compares x <= t."""

    name = ""

    def form(self, fitted: Any, inputs: Any) -> Any:
        body, output = super().form(fitted, inputs)
        (tree,) = body.terms
        return replace(body, terms=(replace(tree, threshold=np.nextafter(tree.threshold, -np.inf)),)), output


class WrongMissing(Tree):
    """Sends missing values to the other branch."""

    name = ""

    def form(self, fitted: Any, inputs: Any) -> Any:
        body, output = super().form(fitted, inputs)
        (tree,) = body.terms
        return replace(body, terms=(replace(tree, missing_left=~tree.missing_left),)), output


class WrongLink(Linear):
    """Gives log odds for probabilities."""

    name = ""

    def form(self, fitted: Any, inputs: Any) -> Any:
        return super().form(fitted, inputs)[0], Identity()


class Unseeded(Forest):
    """Draws anew at each fit."""

    name = ""

    def build(self, task: str, params: Any) -> Any:
        return super().build(task, {**params, "random_state": None})


def through_the_form() -> Any:
    """An estimator whose predictions are its form's."""

    class ThroughTheForm(FamilyRegressor):
        family = Linear

        def __init__(self, penalty="auto", alpha=1.0, l1_ratio=0.5):
            self.penalty, self.alpha, self.l1_ratio = penalty, alpha, l1_ratio

        def predict(self, X):
            return self.form_.predict(X)

    return ThroughTheForm()
