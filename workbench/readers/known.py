"""scikit-learn's own estimators of known kinds: the score that each computes over its inputs, and the output of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from workbench.forms import Additive, Body, Exponential, Identity, Logistic, Output, Softmax, Tree
from workbench.readers.linear import read_linear
from workbench.readers.trees import read_trees

# linear models whose prediction is the sum itself, or its exponential
_SUMS = (
    "LinearRegression", "Ridge", "RidgeCV", "Lasso", "LassoCV", "ElasticNet", "ElasticNetCV", "Lars", "LassoLars",
    "LassoLarsIC", "OrthogonalMatchingPursuit", "BayesianRidge", "ARDRegression", "HuberRegressor",
    "TheilSenRegressor", "QuantileRegressor", "SGDRegressor", "LinearSVR",
)  # fmt: skip
_LOGS = ("PoissonRegressor", "GammaRegressor", "TweedieRegressor")
_LOGISTIC = ("LogisticRegression", "LogisticRegressionCV")
_TREES = ("DecisionTreeRegressor", "DecisionTreeClassifier", "ExtraTreeRegressor", "ExtraTreeClassifier")
_FORESTS = ("RandomForestRegressor", "RandomForestClassifier", "ExtraTreesRegressor", "ExtraTreesClassifier")
_BOOSTED = ("HistGradientBoostingRegressor", "HistGradientBoostingClassifier")


def read_known(model: Any) -> tuple[Body, Output] | None:
    """Read a fitted scikit-learn estimator of a known kind; None for any other.

    Known are linear models, logistic regression, trees, forests and histogram boosting without categories, of one
    target, from scikit-learn itself: a class of the same name from elsewhere may compute something else.
    """
    name = type(model).__name__
    if type(model).__module__.partition(".")[0] != "sklearn" or getattr(model, "n_outputs_", 1) != 1:
        return None
    read = next((read for names, read in _READERS if name in names), None)
    return None if read is None else read(model)


def _of_logistic(model: Any) -> tuple[Body, Output]:
    return read_linear(model), Logistic() if len(model.classes_) == 2 else Softmax()


def _of_sum(model: Any) -> tuple[Body, Output] | None:
    name = type(model).__name__
    if np.ndim(model.coef_) > 1 and np.shape(model.coef_)[0] > 1:
        return None
    identity = name in _SUMS or getattr(model, "link", "log") == "identity"
    if name == "TweedieRegressor" and model.link == "auto":
        identity = model.power <= 0
    return read_linear(model), Identity() if identity else Exponential()


def reference_known(model: Any, Z: Any) -> np.ndarray | None:
    """Ask a known estimator itself for its score, shape (n_samples, k), on the scale of `read_known`; else None."""
    name = type(model).__name__
    if name in _LOGS:
        with np.errstate(divide="ignore"):
            predicted = np.asarray(model.predict(Z))[:, None]
            found = _of_sum(model)
            return np.log(predicted) if found is not None and isinstance(found[1], Exponential) else predicted
    if name in _LOGISTIC:
        return np.asarray(model.decision_function(Z)).reshape(len(Z), -1)
    if name in _BOOSTED:
        return np.asarray(model._raw_predict(np.asarray(Z, dtype=np.float64))).reshape(len(Z), -1)
    return None


def _of_boosting(model: Any) -> tuple[Body, Output] | None:
    """Read histogram boosting: raw predictions are a baseline and a sum of trees, compared in float64."""
    trees = [(tree, k) for iteration in model._predictors for k, tree in enumerate(iteration)]
    if any(tree.nodes["is_categorical"].any() for tree, _ in trees):
        return None
    baseline = np.asarray(model._baseline_prediction, dtype=np.float64).ravel()
    n_inputs = int(model.n_features_in_)
    body = Additive(baseline, tuple(_boosted(tree.nodes, k, baseline.size, n_inputs) for tree, k in trees))
    if hasattr(model, "classes_"):
        return body, Logistic() if len(model.classes_) == 2 else Softmax()
    loss = str(model.loss)
    return body, Exponential() if loss in ("poisson", "gamma") else Identity()


def _boosted(nodes: np.ndarray, k: int, n_outputs: int, n_inputs: int) -> Tree:
    leaf = nodes["is_leaf"].astype(bool)
    value = np.zeros((leaf.size, n_outputs))
    value[leaf, k] = nodes["value"][leaf]
    return Tree(
        columns=tuple(str(j) for j in range(n_inputs)),
        levels=((),) * n_inputs,
        feature=np.where(leaf, -1, nodes["feature_idx"]).astype(np.intp),
        threshold=np.where(leaf, np.nan, nodes["num_threshold"]),
        subset=np.full(leaf.size, -1, dtype=np.intp),
        subsets=np.zeros((0, 1), dtype=np.bool_),
        left=np.where(leaf, -1, nodes["left"].astype(np.int64)).astype(np.intp),
        right=np.where(leaf, -1, nodes["right"].astype(np.int64)).astype(np.intp),
        missing_left=nodes["missing_go_to_left"].astype(np.bool_) & ~leaf,
        value=value,
    )


_READERS: tuple[tuple[tuple[str, ...], Callable[[Any], tuple[Body, Output] | None]], ...] = (
    ((*_SUMS, *_LOGS), _of_sum),
    (_LOGISTIC, _of_logistic),
    (_TREES, lambda model: (read_trees([model]), Identity())),
    (_FORESTS, lambda model: (read_trees(model.estimators_), Identity())),
    (_BOOSTED, _of_boosting),
)
