"""Any estimator with scikit-learn's interface: the user's own, by its path or as an object."""

from __future__ import annotations

import importlib
import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field, WithJsonSchema

from workbench.families.engine import engine_of
from workbench.families.family import EncodedForm, Family, FamilyParameters
from workbench.families.policy import Policy, fit_inputs
from workbench.forms import Affine, FormError, Input, Lookup, pull_back
from workbench.readers.known import read_known, reference_known
from workbench.readers.transformers import Text, UnknownTransformerError, as_columns, transformed


class Custom(Family):
    """An estimator that the workbench does not know beforehand; its form where it is of a kind that can be read."""

    name = "custom"
    title = "custom model"
    summary = "an estimator with scikit-learn's interface, brought by the user"
    tasks = ("regression", "binary", "multiclass")
    glassbox = False
    offered = False
    needs_columns = False
    policy = Policy(missing="impute+indicator", categories="one-hot", unseen="prior")
    reference = "scikit-learn's interface: Buitinck et al. 2013, arXiv 1309.0238"
    assumptions = ("What the estimator assumes is for its author to say.",)
    limits = (
        "Nothing is known of it but what its predictions show, unless it is of a kind that can be read.",
        "Nothing is promised about how few rows stand behind its numbers, so its form is kept private.",
    )
    example_params = {"estimator": "sklearn.tree.DecisionTree", "params": {"max_leaf_nodes": 8, "random_state": 0}}

    class Parameters(FamilyParameters):
        """Parameters of `custom`."""

        estimator: Annotated[Any, WithJsonSchema({"type": "string"})] = Field(
            "sklearn.ensemble.HistGradientBoosting",
            description="the path of a class or of a function that gives an estimator, as sklearn.linear_model.Ridge; "
            "where the task decides between two, without its ending: sklearn.tree.DecisionTree. From Python an "
            "estimator too; one that is fitted is used as it is, in clones if it is a sklearn.frozen.FrozenEstimator",
        )
        params: dict[str, Any] | None = Field(None, description="what the class or function is called with")
        inputs: Literal["auto", "encoded", "columns"] = Field(
            "auto",
            description="encoded: numbers without gaps and levels as 0 and 1; columns: the columns as they are; auto: "
            "the columns for pipelines and fitted estimators, else encoded",
        )

    def build(self, task: str, params: Mapping[str, Any]) -> Any:
        """Give the estimator: made by its path, a clone of the one that was given, or that itself if it is fitted."""
        from sklearn.base import clone

        made = _made(task, params)
        return made if _is_fitted(made) else clone(made)

    def inputs(
        self,
        X: pd.DataFrame,
        kinds: Mapping[str, str],
        task: str,
        params: Mapping[str, Any],
        sample_weight: np.ndarray | None,
    ) -> tuple[Input, ...]:
        """Encode by the policy; or name the columns as they are, for an estimator that encodes them itself."""
        if not _takes_columns(params):
            return fit_inputs(X, kinds, self.policy, sample_weight)
        by_level = ("category", "ordered")
        return tuple(
            Lookup(name, (), (), math.nan, math.nan) if kinds[name] in by_level else Affine(name)
            for name in map(str, X.columns)
        )

    def encode(
        self, inputs: Sequence[Input], X: pd.DataFrame, kinds: Mapping[str, str], params: Mapping[str, Any]
    ) -> Any:
        """Give the encoded inputs, or the columns as they are."""
        if not _takes_columns(params):
            return super().encode(inputs, X, kinds, params)
        given = params["estimator"]
        return X.to_numpy() if _is_fitted(given) and not hasattr(given, "feature_names_in_") else X

    def check_labels(self, estimator: Any, labels: Sequence[Any]) -> None:
        """Check that one that is fitted knows the same classes, in the same order."""
        known = np.asarray(getattr(estimator, "classes_", labels)).tolist() if _is_fitted(estimator) else list(labels)
        if known != list(labels):
            raise ValueError(f"custom: estimator: was fitted on the classes {known}; y has {list(labels)}")

    def fit(
        self, estimator: Any, Z: Any, y: np.ndarray, sample_weight: np.ndarray | None, inputs: Sequence[Input]
    ) -> None:
        """Fit, unless it is fitted already; weights where the estimator takes them."""
        from sklearn.utils.validation import has_fit_parameter

        if _is_fitted(estimator):
            return
        last = estimator.steps[-1] if hasattr(estimator, "steps") else None
        if sample_weight is None:
            estimator.fit(Z, y)
        elif has_fit_parameter(estimator if last is None else last[1], "sample_weight"):
            estimator.fit(Z, y, **{"sample_weight" if last is None else f"{last[0]}__sample_weight": sample_weight})
        else:
            raise ValueError(f"custom: {type(estimator).__name__} takes no weights of rows; leave the weights out")

    def predict(self, fitted: Any, Z: Any) -> np.ndarray:
        """Ask the estimator; of a classifier the labels' positions, whether it was fitted on labels or on codes."""
        found = np.asarray(fitted.predict(Z))
        return np.searchsorted(fitted.classes_, found) if hasattr(fitted, "classes_") else found.reshape(len(found))

    def predict_proba(self, fitted: Any, Z: Any) -> np.ndarray:
        """Ask the estimator, which must give probabilities."""
        if not hasattr(fitted, "predict_proba"):
            step = "wrap it in sklearn.calibration.CalibratedClassifierCV"
            raise ValueError(f"custom: {type(fitted).__name__} gives no probabilities; {step}")
        return np.asarray(fitted.predict_proba(Z), dtype=np.float64)

    def reference_score(self, fitted: Any, Z: Any) -> np.ndarray:
        """What the estimator itself says on the form's scale."""
        steps, model = _steps(fitted)
        for step in steps:
            Z = step.transform(Z)
        found = reference_known(model, Z)
        return super().reference_score(model, Z) if found is None else found

    def form(self, fitted: Any, inputs: Sequence[Input]) -> EncodedForm | None:
        """The form of a linear model, tree, forest or histogram boosting, also behind scalers and encoders."""
        steps, model = _steps(fitted)
        found = read_known(model)
        if found is None:
            return None
        try:
            columns: Sequence[Any] = as_columns(inputs)
            for step in steps:
                columns = transformed(step, columns)
            if any(isinstance(each, Text) for each in columns):
                return None  # texts go into the model itself
            pull_back(found[0], tuple(columns))
        except (UnknownTransformerError, FormError):
            return None  # also where cuts are on scaled columns
        return (*found, tuple(columns))

    def is_fixed(self, estimator: Any) -> bool:
        """Tell whether the estimator was given fitted."""
        return _is_fitted(estimator)

    def engine(self, fitted: Any) -> str:
        """The package of the estimator itself."""
        return engine_of(fitted.estimator if _is_frozen(fitted) else fitted)


def _made(task: str, params: Mapping[str, Any]) -> Any:
    """Give the estimator that the parameters speak of.

    Raises
    ------
    ValueError
        If the path leads to nothing, or to no estimator.
    """
    given, arguments = params["estimator"], params["params"] or {}
    if not isinstance(given, str):
        if arguments:
            raise ValueError("custom: params: are for a path; set the parameters of the estimator itself")
        made = given
    else:
        found = _named(given, "Regressor" if task == "regression" else "Classifier")
        try:
            made = found(**arguments)
        except TypeError as error:
            raise ValueError(f"custom: params: don't go with {given}: {error}") from error
    if not (hasattr(made, "fit") and hasattr(made, "predict")):
        raise ValueError(f"custom: estimator: must have fit and predict; got {type(made).__name__}")
    return made


def _named(path: str, ending: str) -> Any:
    module, _, name = path.rpartition(".")
    try:
        home = importlib.import_module(module)
    except (ImportError, ValueError) as error:
        raise ValueError(f"custom: estimator: {path!r} can't be imported: {error}") from error
    found = getattr(home, name, None) or getattr(home, name + ending, None)
    if not callable(found):
        raise ValueError(f"custom: estimator: {module} has neither {name!r} nor {name + ending!r}; check the path")
    return found


def _takes_columns(params: Mapping[str, Any]) -> bool:
    """Say whether the estimator gets the columns as they are."""
    if params["inputs"] != "auto":
        return bool(params["inputs"] == "columns")
    given = params["estimator"]
    return not isinstance(given, str) and (hasattr(given, "steps") or _is_fitted(given))


def _is_fitted(estimator: Any) -> bool:
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    if isinstance(estimator, str) or not hasattr(estimator, "fit"):
        return False
    try:
        check_is_fitted(estimator)
    except (NotFittedError, TypeError):
        return False
    return True


def _is_frozen(fitted: Any) -> bool:
    from sklearn.frozen import FrozenEstimator

    return isinstance(fitted, FrozenEstimator)


def _steps(fitted: Any) -> tuple[list[Any], Any]:
    """Give the transformers of a pipeline, and the model at its end."""
    inner = fitted.estimator if _is_frozen(fitted) else fitted
    if not hasattr(inner, "steps"):
        return [], inner
    steps = [step for _, step in inner.steps if not isinstance(step, str)]
    return steps[:-1], steps[-1]
