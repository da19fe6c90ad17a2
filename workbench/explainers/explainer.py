"""The base of all explainers, their discovery, and `explain`, which asks one of them."""

from __future__ import annotations

import difflib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pydantic

from workbench.answers import Answer, Provenance
from workbench.explainers.inputs import Inputs
from workbench.registry import Registry


class Explainer(ABC):
    """One method that explains a fitted model.

    A subclass in a file of its own in this package, or behind an entry point ``workbench.explainers`` of another one,
    is found by `explainers`. It sets the attributes below and answers in `explain`; machine-learning libraries are
    imported there, not at the top of its file.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    summary: ClassVar[str]  # what it is, in one plain sentence
    reference: ClassVar[str]  # authors, year, DOI
    caution: ClassVar[str]  # when it misleads
    needs_y: ClassVar[bool] = False
    uses_background: ClassVar[bool] = False  # averages over background rows
    most_rows: ClassVar[int | None] = None  # a study explains a seeded draw of so many rows; None: all
    most_background: ClassVar[int | None] = 300  # a study averages over a seeded draw of so many rows; None: all
    has_refits: ClassVar[bool] = False  # a study asks it of the folds' models too; answers Effects or Importance
    black_boxes_only: ClassVar[bool] = False  # a study does not ask it of models that can be read
    has_noise: ClassVar[bool] = False  # and of a model of a shuffled target; Attribution too

    class Options(pydantic.BaseModel, extra="forbid", frozen=True):
        """The method's options, each with its default, bounds and description."""

    @classmethod
    @abstractmethod
    def explain(cls, inputs: Inputs, options: Any) -> Answer:
        """Answer for checked inputs; `options` is an instance of the class's own `Options`."""

    @classmethod
    def read_options(cls, given: dict[str, Any]) -> Any:
        """Validate options by name.

        Raises
        ------
        ValueError
            If an option is unknown (the nearest one is named) or its value is out of bounds.
        """
        for name in given:
            if name not in cls.Options.model_fields:
                known = cls.Options.model_fields
                raise ValueError(f"{cls.name}: unknown option {name!r}{nearest(name, known)}")
        try:
            return cls.Options(**given)
        except pydantic.ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            raise ValueError(f"{cls.name}: {place}: {first['msg']}; got {first['input']!r}") from error

    @classmethod
    def misfits(cls, options: Any, *, task: str, columns: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        """Yield each option that a study's data or its promises rule out, and the rule with the value and a way out.

        A study asks this before anything is fitted; `explain`, which a person calls on a model at hand, does not.
        """
        yield from ()

    @classmethod
    def provenance(cls, inputs: Inputs, options: pydantic.BaseModel, **more: Any) -> Provenance:
        """Say where an answer of this method comes from."""
        return Provenance(
            method=cls.name,
            parameters=options.model_dump(),
            random_state=inputs.random_state,
            n_rows=len(inputs.X),
            **more,
        )


_REGISTRY: Registry[Explainer] = Registry("workbench.explainers", Explainer, "explainer")  # type: ignore[type-abstract]


def registry() -> dict[str, type[Explainer]]:
    """Give all explainers by name."""
    return _REGISTRY.classes


def explainers() -> tuple[str, ...]:
    """Name the explainers at hand: those of this package, and those that other packages register.

    >>> "partial_dependence" in explainers()
    True
    """
    return _REGISTRY.names()


def explainer(name: str) -> type[Explainer]:
    """Give an explainer's class by its name.

    Raises
    ------
    ValueError
        If there is none of that name; the nearest one is named.
    """
    return _REGISTRY.get(name)


def explain(
    model: Any,
    method: str,
    X: pd.DataFrame | np.ndarray,
    *,
    y: Any = None,
    background: pd.DataFrame | np.ndarray | None = None,
    sample_weight: Any = None,
    random_state: int = 0,
    positive: Any = None,
    **options: Any,
) -> Answer:
    """Explain a fitted model by one method.

    Parameters
    ----------
    model : estimator
        Any fitted estimator with scikit-learn's interface: `fit`, `predict`, tags; a pipeline too.
    method : str
        One of `explainers()`.
    X : DataFrame or ndarray of shape (n_samples, n_features)
        The rows to explain, with the columns that the model was fitted on, in their order. It is not changed.
    y : array-like of shape (n_samples,), optional
        The true targets of `X`, for methods that score.
    background : DataFrame or ndarray of shape (n_background, n_features), optional
        The rows that a method averages over, `X` by default; not used by methods that average over none
        (`Explainer.uses_background`).
    sample_weight : array-like, optional
        A weight per row that is averaged or scored: of `background` where the method uses one, of `X` otherwise.
    random_state : int
        Seed; the same seed gives the same numbers.
    positive : label, optional
        The class of a binary classifier that is explained; ``model.classes_[1]`` by default.
    **options
        The method's own options: `explainer(method).Options`.

    Returns
    -------
    Answer
        Its numbers, where they come from, and warnings where they can mislead.

    Raises
    ------
    ValueError
        If the method or an option is unknown, or rows, names, targets or weights don't fit the model or each other.
    sklearn.exceptions.NotFittedError
        If the model is not fitted.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LinearRegression
    >>> X = np.arange(200.0).reshape(100, 2)
    >>> model = LinearRegression().fit(X, X[:, 0])
    >>> answer = explain(model, "partial_dependence", X, grid_resolution=3)
    >>> [effect.feature for effect in answer.effects]
    ['x0', 'x1']
    """
    found = explainer(method)
    read = found.read_options(options)
    inputs = Inputs.check(
        model,
        X,
        y=y,
        background=background if found.uses_background else None,
        sample_weight=sample_weight,
        random_state=random_state,
        positive=positive,
        place=method,
    )
    if found.needs_y and inputs.y is None:
        raise ValueError(f"{method}: y must be given, the true targets of the rows of X; got None")
    return found.explain(inputs, read)


def nearest(name: str, known: Iterable[str]) -> str:
    """End an error about an unknown name: with the nearest known one, or with all of them."""
    if close := difflib.get_close_matches(name, list(known), n=1, cutoff=0.5):
        return f"; did you mean {close[0]!r}?"
    return f"; it must be one of {', '.join(known)}" if list(known) else "; there are none"
