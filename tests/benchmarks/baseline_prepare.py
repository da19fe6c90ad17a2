"""What an analyst writes around a library by hand: preprocessing, one-vs-rest, and one way to ask for predictions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import RegressorMixin
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, KBinsDiscretizer, OneHotEncoder, OrdinalEncoder, StandardScaler

Answers = dict[str, np.ndarray]  # by the way they were asked for; shape (n_samples,), or (n_samples, n_classes)

numbers = make_column_selector(dtype_include=["number", "bool"])


def ordered(X: pd.DataFrame) -> list[str]:
    return [c for c in X if isinstance(X[c].dtype, pd.CategoricalDtype) and X[c].dtype.ordered]


def nominal(X: pd.DataFrame) -> list[str]:
    return [c for c in X if isinstance(X[c].dtype, pd.CategoricalDtype) and not X[c].dtype.ordered]


def categories(X: pd.DataFrame) -> list[str]:
    return [*ordered(X), *nominal(X)]


def _codes(X: pd.DataFrame) -> np.ndarray:
    return X.apply(lambda c: c.cat.codes.where(c.notna())).to_numpy(dtype=float)


def _floats(X: pd.DataFrame) -> np.ndarray:
    return X.to_numpy(dtype=float)


def _one_hot(drop: str | None = None) -> OneHotEncoder:
    return OneHotEncoder(drop=drop, handle_unknown="ignore", sparse_output=False)


def scaled(drop: str | None = None) -> ColumnTransformer:
    """Numbers filled with the median and standardized, all categories one-hot: for linear models and kernels."""
    number = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    return ColumnTransformer([("number", number, numbers), ("category", _one_hot(drop), categories)])


def coded(fill: bool) -> ColumnTransformer:
    """Numbers, ordered categories as codes, others one-hot: for thresholds. Missing values stay unless `fill`."""
    after = [SimpleImputer(strategy="median")] if fill else []
    parts = [
        ("number", make_pipeline(FunctionTransformer(_floats), *after), numbers),
        ("ordered", make_pipeline(FunctionTransformer(_codes), *after), ordered),
        ("nominal", _one_hot(), nominal),
    ]
    return ColumnTransformer(parts)


def binned(encode: str) -> ColumnTransformer:
    """Numbers in five bins of equally many rows, as codes ("ordinal") or as 0/1 columns ("onehot-dense")."""
    bins = KBinsDiscretizer(5, encode=encode, strategy="quantile")
    category = _one_hot() if encode != "ordinal" else levels()
    number = make_pipeline(SimpleImputer(strategy="median"), bins)
    return ColumnTransformer([("number", number, numbers), ("category", category, categories)])


def levels() -> Any:
    """Levels as codes 0, 1, ...; missing is a level, a level not seen in training counts as the most frequent one."""
    return make_pipeline(
        FunctionTransformer(lambda X: X.astype(object)),
        SimpleImputer(strategy="constant", fill_value="missing"),
        OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan),
        SimpleImputer(strategy="most_frequent"),
    )


def answers(model: Any, X: Any) -> Answers:
    """Ask a fitted model; most know one way, named "" here."""
    if hasattr(model, "answers"):
        return model.answers(X)
    # imodels' regressors have a predict_proba too
    classifies = hasattr(model, "predict_proba") and not isinstance(model, RegressorMixin)
    return {"": model.predict_proba(X) if classifies else model.predict(X)}


def both(p: np.ndarray) -> np.ndarray:
    """The columns of a binary classifier, from the probability of class 1."""
    return np.column_stack([1 - p, p])


def normalized(p: np.ndarray) -> np.ndarray:
    """Probabilities that sum to one; equal ones where no class gets any."""
    total = p.sum(axis=1, keepdims=True)
    return np.divide(p, total, out=np.full_like(p, 1 / p.shape[1]), where=total > 0)


class Prepared:
    """A library's estimator behind its preprocessing; a fit is timed with both."""

    def __init__(self, prepare: Any, model: Any) -> None:
        self.prepare, self.model = prepare, model

    def fit(self, X: pd.DataFrame, y: np.ndarray) -> Self:
        self.model.fit(self.prepare.fit_transform(X), y)
        return self

    def answers(self, X: pd.DataFrame) -> Answers:
        return answers(self.model, self.prepare.transform(X))

    def labels(self, X: pd.DataFrame) -> np.ndarray | None:
        return self.model.labels(self.prepare.transform(X)) if hasattr(self.model, "labels") else None


class OneVsRest:
    """A binary model per class; their probabilities are divided by the sum."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make

    def fit(self, X: Any, y: np.ndarray) -> Self:
        self.models = [self.make().fit(X, (y == k).astype(int)) for k in np.unique(y)]
        return self

    def answers(self, X: Any) -> Answers:
        each = [answers(model, X) for model in self.models]
        columns = {way: np.column_stack([found[way][:, 1] for found in each]) for way in each[0]}
        return {way: normalized(p) for way, p in columns.items()}


def per_task(task: str, make: Callable[[], Any]) -> Any:
    """A binary model as it is, or one per class."""
    return make() if task == "binary" else OneVsRest(make)
