"""One decision tree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from pydantic import Field

from workbench.disclosure import MIN_ROWS
from workbench.families.family import EncodedForm, Family, MonotoneParameters, Seed
from workbench.families.policy import Policy
from workbench.forms import Identity, Input
from workbench.readers.trees import read_trees


class Tree(Family):
    """Splits the rows by one condition after the other; each leaf predicts the mean, or the shares, of its rows."""

    name = "tree"
    title = "decision tree"
    summary = (
        "asks one question after the other; each leaf predicts the mean, or the class shares, of its training rows"
    )
    tasks = ("regression", "binary", "multiclass")
    policy = Policy(missing="native", categories="one-hot", unseen="other")
    reference = (
        "Breiman, Friedman, Olshen and Stone 1984, Classification and Regression Trees, doi 10.1201/9781315139470"
    )
    assumptions = ("The target is nearly constant within boxes cut along the columns.",)
    limits = (
        "A small change of the data can give another tree.",
        "It predicts steps: two rows on the two sides of a cut differ however near they are.",
    )
    search_space = {"max_leaf_nodes": (4, 8, 12, 16, 24, 32, 64), "min_samples_leaf": (10, 20, 50)}
    path = tuple({"max_leaf_nodes": leaves} for leaves in (2, 3, 4, 6, 8, 12, 16, 24, 32, 64))
    example_params = {"max_leaf_nodes": 8}
    expected_failed_checks = {
        "check_sample_weight_equivalence_on_dense_data": "min_samples_leaf counts rows: a row of weight 3 is one row"
    }

    class Parameters(MonotoneParameters):
        """Parameters of `tree`."""

        max_leaf_nodes: int | None = Field(12, ge=2, description="most leaves; null for no limit")
        max_depth: int | None = Field(None, ge=1, description="most questions on the way to a leaf; null for no limit")
        min_samples_leaf: int = Field(
            MIN_ROWS, ge=1, description="fewest training rows in a leaf; below 10 the form is kept private"
        )
        random_state: Seed = Field(0, description="seed: orders ties between equally good cuts")

    def build(self, task: str, params: Mapping[str, Any]) -> Any:
        """Give scikit-learn's tree."""
        from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

        settings = {name: value for name, value in params.items() if name != "monotone"}
        return (DecisionTreeRegressor if task == "regression" else DecisionTreeClassifier)(**settings)

    def constrain(self, estimator: Any, signs: np.ndarray) -> None:
        """Hold the tree to signs, one an input."""
        estimator.set_params(monotonic_cst=signs)

    def form(self, fitted: Any, inputs: Sequence[Input]) -> EncodedForm:
        """The tree itself, with the rows that support each node."""
        return read_trees([fitted], support=True), Identity()

    def smallest_support(self, fitted: Any, n_rows: int) -> int:
        """The rows of the smallest leaf."""
        leaf = fitted.tree_.children_left < 0
        return int(fitted.tree_.n_node_samples[leaf].min())
