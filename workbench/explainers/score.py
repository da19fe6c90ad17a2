"""The score inside a model that has a form: what exact methods work on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from workbench.explainers.rows import Rows, take
from workbench.forms import (
    Additive,
    Body,
    CompLogLog,
    Form,
    FormError,
    Frame,
    Identity,
    Logistic,
    Term,
    Tree,
    base,
    pull_back,
)
from workbench.forms.frame import level_text

CHECKED_ROWS = 200
CLOSE = 1e-6  # of the spread of predictions: libraries that compute in float32 differ by so much


@dataclass(frozen=True, eq=False)
class Score:
    """The score of a model's form, an entry per output that is explained.

    Attributes
    ----------
    body : Body
    kinds : dict of str to str
        The kind of each column, which decides how its values are read.
    select : ndarray of shape (k, n_outputs)
    shift : ndarray of shape (n_outputs,)
        From the score's vector to what is explained, ``score @ select + shift``: of two classes the positive one's.
    outputs : tuple of str
    scale : str
        "response" where the score is the prediction (probabilities of forests, say), "link" otherwise.
    form : Form
        Whose score it is.
    """

    body: Body
    kinds: dict[str, str]
    select: np.ndarray
    shift: np.ndarray
    outputs: tuple[str, ...]
    scale: str
    form: Form | None = None

    @classmethod
    def of(cls, model: Any, X: Any, positive: Any = None, *, background: Any = None) -> Score | None:
        """Give the score of a fitted model; None where the model has no form.

        Estimators of this package have a form or none; of scikit-learn's own, linear models, trees, forests and
        histogram boosting are read, pipelines of them too.

        Parameters
        ----------
        model : fitted estimator
        X : DataFrame or ndarray of shape (n_samples, n_features)
            Rows with the model's columns.
        positive : label, optional
            Of two classes the one that is explained, if not the second.
        background : DataFrame or ndarray of shape (n_background, n_features), optional
            More rows on which a form that was read must say what the model says.
        """
        form = form_of(model, X, X if background is None else background)
        found = None if form is None else cls._of_form(form, positive)
        return None if found is None else replace(found, form=form)

    @classmethod
    def _of_form(cls, form: Form, positive: Any) -> Score | None:
        k, n_classes = form.body.k, len(form.classes)
        scale = "response" if isinstance(form.output, Identity) else "link"
        if n_classes != 2:
            names = tuple(map(level_text, form.classes)) or ("prediction",)
            return cls(form.body, form.kinds, np.eye(k), np.zeros(k), names, scale)
        which = 1 if positive is None else list(form.classes).index(positive)
        names = (level_text(form.classes[which]),)
        if k == 2:
            return cls(form.body, form.kinds, np.eye(2)[:, [which]], np.zeros(1), names, scale)
        if which == 1:
            return cls(form.body, form.kinds, np.eye(1), np.zeros(1), names, scale)
        if isinstance(base(form.output), CompLogLog):  # the other class has another link
            return None
        shift = np.zeros(1) if isinstance(base(form.output), Logistic) else np.ones(1)
        return cls(form.body, form.kinds, -np.eye(1), shift, names, scale)

    def frame(self, rows: Any) -> Frame:
        """Give rows as the score reads them; an array's columns are called x0, x1, ..."""
        return Frame(columns_of(rows), self.kinds)

    def values(self, frame: Frame) -> np.ndarray:
        """Give the score of rows, shape (n_samples, n_outputs)."""
        return self.body.score(frame) @ self.select + self.shift

    def response(self, raw: np.ndarray) -> np.ndarray:
        """Give what the model answers, (n_samples, n_outputs), where its body's vector is `raw`, (n_samples, k)."""
        form = self.form
        if form is None:
            raise ValueError("the score does not know its form")
        said = form.output(raw)
        if len(form.classes) != 2:
            return said
        chances = np.hstack([1.0 - said, said]) if said.shape[1] == 1 else said
        which = [level_text(label) for label in form.classes].index(self.outputs[0])
        return chances[:, [which]]

    @property
    def components(self) -> tuple[Component, ...] | None:
        """The parts that the score is a sum of, one for each set of columns; None where it is no sum."""
        if not isinstance(self.body, Additive):
            return None
        found: dict[frozenset[str], list[Term]] = {}
        for term in self.body.terms:
            found.setdefault(frozenset(used_columns(term)), []).append(term)
        return tuple(
            Component(tuple(sorted(columns)), tuple(terms), self.select / self.body.divisor)
            for columns, terms in found.items()
            if columns
        )

    @property
    def constant(self) -> np.ndarray:
        """What a sum adds whatever the columns are, shape (n_outputs,): intercept and terms without columns."""
        body = self.body
        if not isinstance(body, Additive):
            raise ValueError("the score is no sum")
        free = [term for term in body.terms if not used_columns(term)]
        one = Frame({"": np.zeros(1)})
        still = sum((_constant_of(term, one) for term in free), np.zeros(body.k))
        total: np.ndarray = (body.intercept + still / body.divisor) @ self.select + self.shift
        return total


@dataclass(frozen=True, eq=False)
class Component:
    """The part of a sum that reads one set of columns: several terms, evaluated together.

    Attributes
    ----------
    columns : tuple of str
    terms : tuple of Term
    select : ndarray of shape (k, n_outputs)
        As in `Score`, divided by the divisor of an average.
    """

    columns: tuple[str, ...]
    terms: tuple[Term, ...]
    select: np.ndarray

    def values(self, frame: Frame) -> np.ndarray:
        """Give the part's values, shape (n_samples, n_outputs)."""
        total = self.terms[0].score(frame)
        for term in self.terms[1:]:
            total = total + term.score(frame)
        return total @ self.select


def used_columns(term: Term) -> tuple[str, ...]:
    """Name the columns that a term depends on: of a tree those that some node asks of, not all it could."""
    if not isinstance(term, Tree):
        return term.columns
    return tuple(term.columns[j] for j in np.unique(term.feature[~term.is_leaf]))


def _constant_of(term: Term, one: Frame) -> np.ndarray:
    if isinstance(term, Tree):  # of a single leaf
        leaf: np.ndarray = term.value[0]
        return leaf
    found: np.ndarray = term.score(one)[0]
    return found


def columns_of(rows: Rows) -> Any:
    """Give rows as columns by name."""
    if isinstance(rows, np.ndarray):
        return {f"x{j}": rows[:, j] for j in range(rows.shape[1])}
    return rows if all(isinstance(name, str) for name in rows.columns) else rows.rename(columns=str)


def form_of(model: Any, X: Rows, background: Rows) -> Form | None:
    """Give a model's form: its own, or that of an estimator of scikit-learn's which is known to be read right."""
    if hasattr(model, "form_"):
        form: Form | None = model.form_
        return form
    form = _read(model, X)
    if form is None or not _is_model(form, model, X):
        return None
    return form if background is X or _is_model(form, model, background) else None


def _read(model: Any, X: Rows) -> Form | None:
    from workbench.columns import TableError, infer_kind
    from workbench.families.custom import Custom

    columns = columns_of(X)
    names = list(columns)
    params = {"estimator": model, "inputs": "auto", "params": None}
    try:
        kinds = {name: infer_kind(pd.Series(columns[name])) for name in names}
        family = Custom()
        inputs = family.inputs(pd.DataFrame(columns), kinds, "regression", params, None)
        found = family.form(model, inputs)
        if found is None:
            return None
        body, output, *own = found
        body = pull_back(body, tuple(own[0]) if own else inputs)
        return Form(body, output, kinds, classes=tuple(getattr(model, "classes_", ())))
    except (FormError, TableError):
        return None


def _is_model(form: Form, model: Any, X: Rows) -> bool:
    """Check on some rows that the form says what the model says."""
    rows = take(X, slice(CHECKED_ROWS)).copy()  # a model may write into what it is given
    ask = "predict_proba" if form.classes else "predict"
    if not hasattr(model, ask):
        return False
    found = np.asarray(getattr(form, ask)(columns_of(rows)))
    expected = np.asarray(getattr(model, ask)(rows), dtype=float).reshape(found.shape)
    return bool(np.all(np.abs(found - expected) <= CLOSE * (np.abs(expected).max(initial=0.0) or 1.0)))
