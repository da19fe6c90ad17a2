"""Generalized linear models: a distribution, a link, and a weighted sum of the columns."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from workbench.answers import Details
from workbench.families.coefficients import coefficient_table, standard_errors
from workbench.families.family import EncodedForm, Family, MonotoneParameters
from workbench.families.independent import independent_columns
from workbench.families.policy import Policy, fit_inputs
from workbench.forms import (
    Additive,
    Affine,
    CompLogLog,
    Exponential,
    Identity,
    Input,
    Linear,
    Logistic,
    Lookup,
    Offset,
    Output,
)

_OUTPUTS: dict[str, Output] = {
    "identity": Identity(),
    "log": Exponential(),
    "logit": Logistic(),
    "cloglog": CompLogLog(),
}
_NAMES = {"inverse_gaussian": "inverse.gaussian"}


class Glm(Family):
    """A weighted sum of the columns through a link, fitted by the likelihood of a distribution."""

    name = "glm"
    title = "generalized linear model"
    summary = (
        "adds up the columns, each times one coefficient, on the scale of a link; fitted by the likelihood of a "
        "distribution that suits the target"
    )
    tasks = ("regression", "binary")
    policy = Policy(missing="impute+indicator", categories="one-hot", unseen="prior", scale=True)
    reference = "McCullagh and Nelder 1989, Generalized Linear Models, doi 10.1201/9780203753736"
    assumptions = (
        "On the scale of the link each number column acts in proportion to its value, whatever the other columns are.",
        "The variance of the target depends on its mean as the distribution says.",
        "Rows are independent of each other.",
    )
    limits = (
        "Bends, thresholds and interactions are invisible to it.",
        "Coefficients of strongly correlated columns are unstable; read them together.",
        "Penalized coefficients are biased towards 0, so they have no standard errors.",
    )
    libraries = ("glum",)
    search_space = {"penalty": ("ridge", "lasso"), "alpha": (0.0001, 0.001, 0.01, 0.1, 1.0)}

    class Parameters(MonotoneParameters):
        """Parameters of `glm`."""

        distribution: Literal["auto", "gaussian", "poisson", "gamma", "inverse_gaussian", "tweedie", "binomial"] = (
            Field("auto", description="auto: gaussian for a number, binomial for two classes")
        )
        tweedie_power: float = Field(1.5, ge=1, le=2, description="how the variance of tweedie grows with the mean")
        link: Literal["auto", "identity", "log", "logit", "cloglog"] = Field(
            "auto", description="auto: identity for gaussian, logit for binomial, else log"
        )
        penalty: Literal["auto", "none", "ridge", "lasso", "elastic_net"] = Field(
            "auto", description="auto: none for a number; ridge for classes, which may be separable"
        )
        alpha: float = Field(0.001, gt=0, description="strength of the penalty, against the mean of half the deviance")
        l1_ratio: float = Field(0.5, ge=0, le=1, description="share of lasso in elastic_net")
        standardize: bool = Field(
            True, description="penalize coefficients per standard deviation of their column; else per unit"
        )
        offset: str | None = Field(None, description="a column that is added to the sum as it is")
        exposure: str | None = Field(None, description="a column above 0 whose logarithm is added to the sum: log link")

    def policy_for(self, task: str, params: Mapping[str, Any]) -> Policy:
        """Scale unless asked not to."""
        return replace(self.policy, scale=bool(params["standardize"]))

    def inputs(
        self,
        X: pd.DataFrame,
        kinds: Mapping[str, str],
        task: str,
        params: Mapping[str, Any],
        sample_weight: np.ndarray | None,
    ) -> tuple[Input, ...]:
        """Leave out a reference level of each category column where there is no penalty; offsets come last."""
        added = _offsets(params)
        for role, name in added.items():
            _check_offset(X, kinds, role, name)
        kept = {name: kind for name, kind in kinds.items() if name not in added.values()}
        inputs = fit_inputs(X, kept, self.policy_for(task, params), sample_weight)
        if _penalty(task, params) == "none":
            inputs = _without_references(inputs, X)
        return (*inputs, *(Affine(name) for name in added.values()))

    def build(self, task: str, params: Mapping[str, Any]) -> Any:
        """Give glum's regressor."""
        from glum import GeneralizedLinearRegressor

        distribution, link = _distribution(task, params), _link(task, params)
        if params["exposure"] is not None and link != "log":
            raise ValueError(f"glm: exposure: needs the log link; got link {link!r}: use offset, or link: log")
        penalty = _penalty(task, params)
        family = _NAMES.get(distribution, distribution)
        made = GeneralizedLinearRegressor(
            family=f"tweedie ({params['tweedie_power']})" if distribution == "tweedie" else family,
            link=link,
            alpha=0.0 if penalty == "none" else params["alpha"],
            l1_ratio={"none": 0.0, "ridge": 0.0, "lasso": 1.0, "elastic_net": params["l1_ratio"]}[penalty],
            gradient_tol=1e-8,
            max_iter=500,
            robust=False,
            expected_information=True,
        )
        made.offsets_ = tuple(_offsets(params))
        made.task_ = task
        return made

    def constrain(self, estimator: Any, signs: np.ndarray) -> None:
        """Bound the coefficients by 0 from one side."""
        estimator.set_params(
            lower_bounds=np.where(signs > 0, 0.0, -np.inf), upper_bounds=np.where(signs < 0, 0.0, np.inf)
        )

    def fit(
        self, estimator: Any, Z: np.ndarray, y: np.ndarray, sample_weight: np.ndarray | None, inputs: Sequence[Input]
    ) -> None:
        """Fit on columns that don't follow from others, where there is no penalty; keep what standard errors need."""
        features, offset = _split(estimator, Z)
        free = estimator.alpha == 0.0 and estimator.lower_bounds is None
        estimator.kept_ = independent_columns(features) if free else np.arange(features.shape[1])
        for bounds in ("lower_bounds", "upper_bounds"):
            if getattr(estimator, bounds) is not None:
                estimator.set_params(**{bounds: getattr(estimator, bounds)[: features.shape[1]]})
        _check_range(estimator, y)
        if not estimator.kept_.size:
            raise ValueError(
                f"glm: no column varies over the training rows (n_samples={len(Z)}): there is nothing to fit"
            )
        # weights say how much a row counts against others: their scale is nothing to coefficients and standard errors
        weight = None if sample_weight is None else sample_weight / sample_weight.mean()
        estimator.n_rows_ = len(y)
        estimator.free_degrees_ = len(y) - estimator.kept_.size - 1
        given = features[:, estimator.kept_], y.astype(np.float64), weight, offset
        try:
            estimator.fit(*given)
        except np.linalg.LinAlgError as error:
            step = "use the log link, or a penalty"
            raise ValueError(f"glm: the likelihood has no maximum that glum can find ({error}): {step}") from error
        estimator.errors_ = standard_errors(estimator, given) if free else None
        if estimator.task_ == "binary":
            estimator.classes_ = np.array([0, 1])

    def predict(self, fitted: Any, Z: np.ndarray) -> np.ndarray:
        """The library's mean; for classes the one with the higher probability."""
        mean = _mean(fitted, Z)
        return (mean > 0.5).astype(int) if fitted.task_ == "binary" else mean

    def predict_proba(self, fitted: Any, Z: np.ndarray) -> np.ndarray:
        """The library's mean as the probability of the second class."""
        mean = _mean(fitted, Z)
        return np.column_stack([1 - mean, mean])

    def reference_score(self, fitted: Any, Z: np.ndarray) -> np.ndarray:
        """The library's linear predictor."""
        return _asked(fitted.linear_predictor, fitted, Z)[:, None]

    def form(self, fitted: Any, inputs: Sequence[Input]) -> EncodedForm:
        """Coefficients, intercept, offsets, and the inverse of the link."""
        none = np.zeros(1)
        terms: list[Any] = [
            Linear(str(j), np.array([float(c)]), 0.0, none) for j, c in zip(fitted.kept_, fitted.coef_, strict=True)
        ]
        first = len(inputs) - len(fitted.offsets_)
        terms += [Offset(str(first + i), role == "exposure") for i, role in enumerate(fitted.offsets_)]
        return Additive(np.array([float(fitted.intercept_)]), tuple(terms)), _OUTPUTS[fitted.link]

    def smallest_support(self, fitted: Any, n_rows: int) -> int:
        """Slopes come from all rows; levels and indicators are pooled before the fit where they have few."""
        return n_rows

    def details(self, fitted: Any, inputs: Sequence[Input]) -> tuple[Details, ...]:
        """The coefficients with standard errors and intervals where there are any, and columns that were left out."""
        return (coefficient_table(fitted, inputs[: len(inputs) - len(fitted.offsets_)]),)


def _distribution(task: str, params: Mapping[str, Any]) -> str:
    chosen = str(params["distribution"])
    if chosen == "auto":
        return "gaussian" if task == "regression" else "binomial"
    if (chosen == "binomial") != (task == "binary"):
        wanted = "binomial" if task == "binary" else "gaussian, poisson, gamma, inverse_gaussian or tweedie"
        raise ValueError(f"glm: distribution: must be {wanted} for {task}; got {chosen!r}")
    return chosen


def _link(task: str, params: Mapping[str, Any]) -> str:
    distribution, chosen = _distribution(task, params), str(params["link"])
    if chosen == "auto":
        return {"gaussian": "identity", "binomial": "logit"}.get(distribution, "log")
    if (task == "binary") != (chosen in ("logit", "cloglog")):
        wanted = "logit or cloglog" if task == "binary" else "identity or log"
        raise ValueError(f"glm: link: must be {wanted} for {task}; got {chosen!r}")
    return chosen


def _penalty(task: str, params: Mapping[str, Any]) -> str:
    if params["penalty"] != "auto":
        return str(params["penalty"])
    return "none" if task == "regression" else "ridge"


def _offsets(params: Mapping[str, Any]) -> dict[str, str]:
    return {role: params[role] for role in ("offset", "exposure") if params[role] is not None}


def _check_offset(X: pd.DataFrame, kinds: Mapping[str, str], role: str, name: str) -> None:
    if name not in kinds:
        raise ValueError(f"glm: {role}: must name a column of the data; got {name!r}")
    if kinds[name] != "number":
        raise ValueError(f"glm: {role}: must name a number column; {name!r} is of kind {kinds[name]}")
    values = X[name].to_numpy(dtype=float, na_value=np.nan)
    if np.isnan(values).any() or (role == "exposure" and (values <= 0).any()):
        rule = "be above 0 in every row" if role == "exposure" else "be known in every row"
        raise ValueError(f"glm: {role}: {name!r} must {rule}; leave out the rows where it is not")


def _check_range(estimator: Any, y: np.ndarray) -> None:
    """Check that the target lies where the distribution does."""
    family, least = str(estimator.family), float(y.min())
    if family not in ("gaussian", "binomial") and np.ptp(y) == 0:
        raise ValueError(f"glm: the target is {least:g} in every row: there is nothing to explain; use dummy")
    if family in ("gamma", "inverse.gaussian", "tweedie (2.0)") and least <= 0:
        raise ValueError(f"glm: distribution: {family} needs a target above 0; the least value is {least:g}")
    if (family == "poisson" or family.startswith("tweedie")) and least < 0:
        raise ValueError(f"glm: distribution: {family} needs a target of at least 0; the least value is {least:g}")


def _without_references(inputs: Sequence[Input], X: pd.DataFrame) -> tuple[Input, ...]:
    """Leave out the input of each category column's commonest level: with all of them the sum is not unique."""
    kept: list[Input] = []
    done: set[str] = set()
    for each in inputs:
        if isinstance(each, Lookup) and each.column not in done:
            same = [i for i in inputs if isinstance(i, Lookup) and i.column == each.column]
            counts = X[each.column].astype("str").value_counts()
            commonest = max(each.levels, key=lambda level: counts.get(level, 0))
            place = each.levels.index(commonest)
            reference = max(same, key=lambda i: i.values[place])
            kept += [i for i in same if i is not reference]
            done.add(each.column)
        elif not isinstance(each, Lookup):
            kept.append(each)
    return tuple(kept)


def _split(fitted: Any, Z: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Give features and the offset, exposures as logarithms."""
    n = len(fitted.offsets_)
    if not n:
        return Z, None
    parts = Z[:, Z.shape[1] - n :].copy()
    for i, role in enumerate(fitted.offsets_):
        if role == "exposure":
            parts[:, i] = np.log(np.where(parts[:, i] > 0, parts[:, i], np.nan))
    return Z[:, : Z.shape[1] - n], parts.sum(axis=1)


def _asked(ask: Any, fitted: Any, Z: np.ndarray) -> np.ndarray:
    """Ask the library for rows whose offset is known; NaN for others."""
    features, offset = _split(fitted, Z)
    if offset is None:
        return np.asarray(ask(features[:, fitted.kept_]), dtype=np.float64)
    known = np.isfinite(offset)
    out = np.full(len(Z), np.nan)
    if known.any():
        out[known] = ask(features[known][:, fitted.kept_], offset=offset[known])
    return out


def _mean(fitted: Any, Z: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Sigmoid function too close")  # far away it is 0 or 1
        return _asked(fitted.predict, fitted, Z)
