"""What the predictions of rows are to become, and whether changed rows come to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.explainers.inputs import Inputs
from workbench.explainers.response import Response
from workbench.forms.frame import level_text

_NEXT_TO_NOTHING = 1e-300


@dataclass(frozen=True, eq=False)
class Verdict:
    """What a model says of rows, against what was asked of it.

    Attributes
    ----------
    met : ndarray of bool, shape (n_rows,)
    gap : ndarray of shape (n_rows,)
        How far the prediction is from what was asked: the smaller the better.
    told : ndarray of shape (n_rows,)
        The output that the answer speaks of.
    """

    met: np.ndarray
    gap: np.ndarray
    told: np.ndarray


@dataclass(frozen=True, eq=False)
class Goal:
    """What the prediction of each row of X is to become: a class, or a number within bounds.

    Attributes
    ----------
    model : estimator
    positive : label or None
    text : str
        What is asked, in words.
    outputs : tuple of str
        The output that is told: one for all rows, or one for each.
    scale : str
    label : ndarray of int or None
        For each row the position of the class that the model is to decide for.
    bounds : tuple of two ndarrays or None
        For each row the lowest and the highest number that the prediction may come to.
    """

    model: Any
    positive: Any
    text: str
    outputs: tuple[str, ...]
    scale: str
    label: np.ndarray | None = None
    bounds: tuple[np.ndarray, np.ndarray] | None = None

    @classmethod
    def of(cls, inputs: Inputs, *, wanted: Any, at_least: float | None, at_most: float | None) -> Goal:
        """Read what is asked; without it, the other side of what the model decides.

        Raises
        ------
        ValueError
            If a class is asked of a regressor, a bound of a classifier, an unknown class, or bounds that none meets.
        """
        from sklearn.base import is_classifier

        if is_classifier(inputs.model):
            if at_least is not None or at_most is not None:
                raise ValueError(
                    "counterfactuals: at_least and at_most are for regressors; got a classifier: say which class is "
                    "wanted"
                )
            return cls._of_class(inputs, wanted)
        if wanted is not None:
            raise ValueError(
                f"counterfactuals: wanted names a class of a classifier; got {wanted!r} for a regressor: use at_least "
                "or at_most"
            )
        return cls._of_bounds(inputs, at_least, at_most)

    @classmethod
    def _of_class(cls, inputs: Inputs, wanted: Any) -> Goal:
        model, classes = inputs.model, [level_text(c) for c in inputs.model.classes_]
        response = Response.of(model, inputs.X, inputs.positive)
        if wanted is not None:
            if level_text(wanted) not in classes:
                raise ValueError(f"counterfactuals: wanted must be one of {', '.join(classes)}; got {wanted!r}")
            label = np.full(len(inputs.X), classes.index(level_text(wanted)))
            text = f"class {level_text(wanted)}"
        else:
            scores = _scores(response, model, inputs.positive)
            scores[np.arange(len(scores)), _decided(model, inputs.X)] = -np.inf
            label = scores.argmax(axis=1)
            text = "the other class" if len(classes) == 2 else "the second most probable class"
        named = (classes[label[0]],) if wanted is not None else tuple(classes[k] for k in label)
        outputs = response.outputs if len(classes) == 2 else named
        return cls(model, inputs.positive, text, outputs, response.scale, label=label)

    @classmethod
    def _of_bounds(cls, inputs: Inputs, at_least: float | None, at_most: float | None) -> Goal:
        own = Response.of(inputs.model, inputs.X)
        if len(own.outputs) > 1:
            raise ValueError(
                f"counterfactuals: the model must predict one number; got {len(own.outputs)}: fit one for each"
            )
        n = len(inputs.X)
        low, high = np.full(n, -np.inf), np.full(n, np.inf)
        if at_least is None and at_most is None:
            values = Response.of(inputs.model, inputs.background).values[:, 0]
            middle = _median(values, inputs.sample_weight)
            below = own.values[:, 0] <= middle
            low[below], high[~below] = np.nextafter(middle, np.inf), middle
            text = f"the other side of the background's median prediction, {middle:.6g}"
        else:
            if at_least is not None and at_most is not None and at_least > at_most:
                raise ValueError(
                    f"counterfactuals: at_least must not be above at_most; got {at_least:g} and {at_most:g}"
                )
            low[:] = -np.inf if at_least is None else at_least
            high[:] = np.inf if at_most is None else at_most
            told = [f"at least {at_least:g}"] if at_least is not None else []
            text = " and ".join(told + ([f"at most {at_most:g}"] if at_most is not None else []))
        return cls(inputs.model, None, text, own.outputs, own.scale, bounds=(low, high))

    def judge(self, row: int, rows: Any) -> Verdict:
        """Ask the model of changed copies of one row of X."""
        response = Response.of(self.model, rows, self.positive)
        if self.label is None:
            low, high = (bound[row] for bound in self.bounds or ())
            told = response.values[:, 0]
            gap = np.maximum(low - told, told - high)
            return Verdict((told >= low) & (told <= high), gap, told)
        label = int(self.label[row])
        scores = _scores(response, self.model, self.positive)
        if response.scale == "response":  # as logarithms, since probabilities next to 0 all look alike
            scores = np.log(np.maximum(scores, _NEXT_TO_NOTHING))
        gap = np.delete(scores, label, axis=1).max(axis=1) - scores[:, label]
        told = response.values[:, 0 if response.values.shape[1] == 1 else label]
        return Verdict(_decided(self.model, rows) == label, gap, told)


def _scores(response: Response, model: Any, positive: Any) -> np.ndarray:
    """Give a score for each class, of two classes both."""
    if response.values.shape[1] > 1:
        return response.values.copy()
    told = response.values[:, 0]
    other = -told if response.scale == "margin" else 1 - told
    first = positive is not None and list(model.classes_).index(positive) == 0
    return np.column_stack([told, other] if first else [other, told])


def _decided(model: Any, rows: Any) -> np.ndarray:
    """Give the position of the class that the model itself decides for."""
    known = {level_text(c): k for k, c in enumerate(model.classes_)}
    return np.array([known[level_text(label)] for label in np.asarray(model.predict(rows)).tolist()])


def _median(values: np.ndarray, weight: np.ndarray | None) -> float:
    """Give the lowest value that has half of the weight at or below it."""
    order = np.argsort(values, kind="stable")
    share = np.cumsum(np.ones(len(values)) if weight is None else weight[order])
    return float(values[order][np.searchsorted(share, share[-1] / 2)])
