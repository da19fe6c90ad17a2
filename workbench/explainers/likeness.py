"""What a surrogate learns of a model, and how far it then does the same."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from workbench.columns import infer_kind
from workbench.explainers.inputs import Inputs
from workbench.explainers.response import Response
from workbench.explainers.rows import Rows, column_of, take
from workbench.families.policy import LevelsPooled
from workbench.forms import Input
from workbench.forms.frame import level_text


@dataclass(frozen=True, eq=False)
class Target:
    """What is learnt of what a model says.

    Attributes
    ----------
    values : ndarray of shape (n_samples, n_outputs)
        What the model says; where labels are learnt of a classifier without probabilities, 1 for the class that it
        decides for and 0 for others.
    outputs : tuple of str
        A name for each.
    scale : str
        "response" or "margin".
    subject : str
        What they are called in the surrogate's form.
    classes : tuple of str
        Of a classifier; of two the one that `values` speaks of comes last.
    labels : ndarray of int, shape (n_samples,), or None
        The class that a classifier decides for, as its position.
    by_label : bool
        Whether labels are learnt; otherwise the one output.
    """

    values: np.ndarray
    outputs: tuple[str, ...]
    scale: str
    subject: str
    classes: tuple[str, ...] = ()
    labels: np.ndarray | None = None
    by_label: bool = False

    @classmethod
    def of(cls, model: Any, response: Response, *, by_label: bool) -> Target:
        """Choose what to learn: labels of more than two classes, or where a family can't learn numbers.

        Raises
        ------
        ValueError
            If a regressor has several targets.
        """
        from sklearn.base import is_classifier

        values, outputs, scale = response.values, response.outputs, response.scale
        if not is_classifier(model):
            if len(outputs) > 1:
                raise ValueError(f"surrogate: model must have one target; got {len(outputs)}; explain a model of each")
            return cls(values, outputs, scale, "prediction")
        if len(outputs) > 1:
            classes, labels, by_label = outputs, values.argmax(axis=1), True
        else:
            others = [text for text in map(level_text, model.classes_) if text != outputs[0]]
            classes, labels = (*others, outputs[0]), (values[:, 0] > _even(scale)).astype(int)
        if not by_label:
            of = "probability" if scale == "response" else "margin"
            return cls(values, outputs, scale, f"{of} of {outputs[0]}", classes, labels)
        if scale == "margin":
            values = (labels[:, None] == np.arange(len(classes)))[:, -values.shape[1] :].astype(float)
        return cls(values, outputs, "response", "class", classes, labels, by_label=True)

    @property
    def task(self) -> str:
        """The task of the surrogate."""
        return "regression" if not self.by_label else "binary" if len(self.classes) == 2 else "multiclass"


@dataclass(frozen=True, eq=False)
class Fit:
    """How the surrogate is fitted to rows, and compared with the model."""

    family: str
    parameters: Mapping[str, Any]
    X: Rows
    target: Target
    sample_weight: np.ndarray | None
    kinds: Mapping[str, str] | None

    def telling(self, rows: np.ndarray) -> tuple[Any, list[str]]:
        """Fit as `on` does, and tell what of the rows the family does not tell apart."""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", LevelsPooled)
            fitted = self._fitted(rows)
        pooled = [str(each.message) for each in caught if issubclass(each.category, LevelsPooled)]
        for each in caught:
            if not issubclass(each.category, LevelsPooled):
                warnings.warn_explicit(each.message, each.category, each.filename, each.lineno)
        return fitted, list(dict.fromkeys(pooled))

    def can_learn(self, rows: np.ndarray) -> bool:
        """Whether the rows tell something apart: of labels, at least two."""
        labels = self.target.labels
        return not self.target.by_label or labels is None or len(np.unique(labels[rows])) > 1

    def on(self, rows: np.ndarray) -> Any:
        """Fit to what the model says of some rows.

        Raises
        ------
        ValueError
            If the family can't be fitted to them.
        """
        return self.telling(rows)[0]

    def _fitted(self, rows: np.ndarray) -> Any:
        from workbench.estimator import estimator_for

        target = self.target
        if not self.can_learn(rows):
            raise ValueError(
                f"surrogate: the model decides for one class in all of {len(rows):,} rows, and {self.family} learns "
                "classes; take other rows, or for two classes a family that learns numbers, as tree"
            )
        order: tuple[str, ...] = ()
        if target.by_label and target.labels is not None:
            found: Any = np.array(target.classes, dtype=object)[target.labels[rows]]
            order = tuple(name for name in target.classes if name in set(found))
        else:
            found = target.values[rows, 0]
        task = "binary" if len(order) == 2 else target.task
        weight = None if self.sample_weight is None else self.sample_weight[rows]
        return estimator_for(task, self.family, **self.parameters).fit(
            take(self.X, rows),
            pd.Series(found, name=target.subject),
            sample_weight=weight,
            kinds=self.kinds,
            classes=order,
        )

    def likeness(self, fitted: Any, rows: np.ndarray) -> tuple[float, float]:
        """Give R² between what both say of some rows, NaN where the model is flat, and the share of equal labels."""
        target, taken = self.target, take(self.X, rows)
        said, values = self._said(fitted, taken), target.values[rows]
        weight = np.ones(len(rows)) if self.sample_weight is None else self.sample_weight[rows]
        if not weight.any():
            return np.nan, np.nan
        mean = np.average(values, axis=0, weights=weight)
        total = float(weight @ ((values - mean) ** 2).sum(axis=1))
        left = float(weight @ ((values - said) ** 2).sum(axis=1))
        flat = np.ptp(values[weight > 0], axis=0).max() == 0
        r2 = np.nan if flat or total == 0 else 1.0 - left / total
        if target.labels is None:
            return r2, np.nan
        if target.by_label:
            decided = [target.classes.index(label) for label in fitted.predict(taken)]
        else:
            decided = (said[:, 0] > _even(target.scale)).astype(int).tolist()
        return r2, float(np.average(np.array(decided) == target.labels[rows], weights=weight))

    def _said(self, fitted: Any, taken: Any) -> np.ndarray:
        """Give what the surrogate says, in the shape of the model's values; 0 for classes that it did not see."""
        target = self.target
        if not target.by_label:
            found: np.ndarray = np.asarray(fitted.predict(taken), dtype=float)[:, None]
            return found
        shares = fitted.predict_proba(taken)
        said = np.zeros((len(shares), len(target.classes)))
        said[:, [target.classes.index(name) for name in fitted.classes_]] = shares
        return said[:, -target.values.shape[1] :]


def encoded_inputs(family: Any, parameters: Mapping[str, Any], inputs: Inputs, rows: np.ndarray) -> tuple[Input, ...]:
    """Give what a family would make of these rows' columns before its library sees them."""
    taken = take(inputs.X, rows)
    frame = taken if isinstance(taken, pd.DataFrame) else pd.DataFrame(taken)
    frame = frame.set_axis(list(inputs.feature_names), axis=1).reset_index(drop=True)
    known = getattr(inputs.model, "kinds_", {})
    kinds = {name: known.get(name) or infer_kind(frame[name]) for name in inputs.feature_names}
    params = family.Parameters(**parameters).model_dump()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LevelsPooled)
        made: tuple[Input, ...] = family().inputs(frame, kinds, family.tasks[0], params, None)
        return made


def identical_rows(X: Rows) -> np.ndarray:
    """Give each row the number of its distinct row, in order of appearance; missing equals missing.

    Examples
    --------
    >>> identical_rows(np.array([[1.0, np.nan], [2.0, 0.0], [1.0, np.nan]])).tolist()
    [0, 1, 0]
    """
    code = np.zeros(len(X), dtype=np.int64)
    for j in range(X.shape[1]):
        column = pd.factorize(column_of(X, j), use_na_sentinel=False)[0].astype(np.int64)
        code = pd.factorize(code * (int(column.max()) + 1) + column)[0].astype(np.int64)
    return code


def _even(scale: str) -> float:
    """Give the number at which two classes are equally likely."""
    return 0.5 if scale == "response" else 0.0
