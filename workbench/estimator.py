"""The scikit-learn face of every family: `Regressor` and `Classifier`, and the classes that are generated for them."""

from __future__ import annotations

import inspect
from typing import Any

from workbench.families import find_family, registry
from workbench.families.family import Family
from workbench.family_estimator import FamilyClassifier, FamilyRegressor, refusal


def Regressor(family: str, **params: Any) -> FamilyRegressor:  # noqa: N802 - reads as the class that it returns one of
    """Give the unfitted regressor of a family; its parameters are those of the family.

    Raises
    ------
    ValueError
        If there is no such family, or it can't do regression: names those that can.

    Examples
    --------
    >>> from workbench import Regressor
    >>> model = Regressor("tree", max_leaf_nodes=2).fit([[1.0]] * 10 + [[2.0]] * 10, [0.0] * 10 + [1.0] * 10)
    >>> model.predict([[1.4], [1.6]])
    array([0., 1.])
    >>> print(model.form_)
    y is
        0 if x0 ≤ 1.5  (10 rows)
        1 if x0 > 1.5  (10 rows)
    """
    return _class(find_family(family), FamilyRegressor)(**params)


def Classifier(family: str, **params: Any) -> FamilyClassifier:  # noqa: N802
    """Give the unfitted classifier of a family; its parameters are those of the family.

    Raises
    ------
    ValueError
        If there is no such family, or it can't tell classes apart: names those that can.
    """
    return _class(find_family(family), FamilyClassifier)(**params)


def estimator_for(task: str, family: str, **params: Any) -> Any:
    """Give the unfitted estimator of a family for a task.

    Raises
    ------
    ValueError
        If the family can't do the task: names those that can.
    """
    found = find_family(family)
    if task not in found.tasks:
        raise ValueError(refusal(found, task))
    return (Regressor if task == "regression" else Classifier)(family, **params)


def _class(family: type[Family], base: type[Any]) -> type[Any]:
    """Give the estimator class generated for a family; an attribute of this module, so that it can be pickled."""
    task = "regression" if base is FamilyRegressor else "binary"
    if task not in family.tasks and not (task == "binary" and "multiclass" in family.tasks):
        raise ValueError(refusal(family, "regression" if task == "regression" else "classification"))
    name = family.__name__ + base.__name__.removeprefix("Family")
    if name not in globals():
        globals()[name] = _generate(name, family, base)
    generated: type[Any] = globals()[name]
    return generated


def _generate(name: str, family: type[Family], base: type[Any]) -> type[Any]:
    fields = family.Parameters.model_fields
    parameters = [
        inspect.Parameter(n, inspect.Parameter.KEYWORD_ONLY, default=f.get_default(call_default_factory=True))
        for n, f in fields.items()
    ]

    def __init__(self: Any, **params: Any) -> None:  # noqa: N807 - becomes the method of the generated class
        if unknown := sorted(set(params) - set(fields)):
            raise TypeError(f"{name} has no parameter {unknown[0]!r}; it has {', '.join(fields) or 'none'}")
        for parameter in parameters:
            setattr(self, parameter.name, params.get(parameter.name, parameter.default))

    self_ = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    __init__.__signature__ = inspect.Signature([self_, *parameters])  # type: ignore[attr-defined]
    described = "\n".join(f"{n} : default {f.get_default()!r}\n    {f.description}" for n, f in fields.items())
    doc = f"{family.title[0].upper()}{family.title[1:]}: {family.summary}.\n\nParameters\n----------\n{described}\n"
    return type(name, (base,), {"__init__": __init__, "family": family, "__doc__": doc, "__module__": __name__})


def __getattr__(name: str) -> Any:
    for family in registry().values():
        for base in (FamilyRegressor, FamilyClassifier):
            if name == family.__name__ + base.__name__.removeprefix("Family"):
                return _class(family, base)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
