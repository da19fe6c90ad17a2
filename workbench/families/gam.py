"""Generalized additive models: a smooth curve for each number column, as smooth as the rows ask for."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from workbench.answers import Details, Provenance
from workbench.disclosure import MIN_ROWS
from workbench.families.curves import FEWEST_SPLINES, Part, find_parts
from workbench.families.family import EncodedForm, Family, MonotoneParameters
from workbench.families.policy import Policy
from workbench.forms import Identity, Input, Logistic, OneVsRest
from workbench.readers.gam import read_gam

# On the squares of all coefficients, whatever the smoothing. For a number so little, per row, that nobody sees it:
# columns that repeat each other get one answer, and pygam's Cholesky decomposition gets through. For classes as if a
# coefficient were expected within 4.5 log odds, about what `linear` expects of standardized columns: classes that can
# be separated get a best curve.
_RIDGE_PER_ROW = 1e-6
_RIDGE_OF_ODDS = 0.05
_TOLERANCE = 1e-6
_MOST_ITERATIONS = 500


class OneVsRestGam:
    """A logistic model of each class against all others.

    Attributes
    ----------
    estimators_ : list of pygam.LogisticGAM
    classes_ : ndarray of shape (n_classes,)
    parts_ : tuple of Part
    """

    parts_: tuple[Part, ...]

    def for_classes(self, codes: np.ndarray) -> list[Any]:
        """Make an unfitted model for each class."""
        self.classes_ = np.unique(codes)
        self.estimators_ = [_logistic() for _ in self.classes_]
        return self.estimators_


class Gam(Family):
    """Penalized splines of number columns, levels of category columns, added up."""

    name = "gam"
    title = "generalized additive model"
    summary = "adds up one smooth curve per number column and one value per level; for classes on the log-odds scale"
    tasks = ("regression", "binary", "multiclass")
    policy = Policy(missing="impute+indicator", categories="one-hot", unseen="prior", scale=True)
    reference = (
        "Hastie and Tibshirani 1986, Generalized additive models, doi 10.1214/ss/1177013604; "
        "Wood 2017, Generalized Additive Models, doi 10.1201/9781315370279"
    )
    assumptions = (
        "The score is a sum of smooth curves of single columns.",
        "Rows are independent of each other: rows that repeat each other make its curves too wiggly.",
    )
    limits = (
        "Interactions are invisible to it, and jumps are drawn as slopes.",
        "Where columns are strongly correlated, the effect may be split between their curves in another way.",
        "Beyond the tenth lowest and tenth highest training value its curves go on as straight lines.",
        "Several classes are told apart by one model each against the rest; shares of the sum are their probabilities.",
    )
    libraries = ("pygam",)
    search_space = {"n_splines": (8, 12, 20, 30), "gamma": (1.4, 2.0, 3.0)}
    path = tuple({"n_splines": splines} for splines in (6, 10, 20))
    quick = {"n_splines": 10, "search_rounds": 2}
    example_params = {"n_splines": 8, "search_rounds": 2}
    expected_failed_checks = {
        "check_sample_weight_equivalence_on_dense_data": "where curves end, and what a degree of freedom costs, is "
        "counted in rows: a row of weight 3 is one row",
    }

    class Parameters(MonotoneParameters):
        """Parameters of `gam`."""

        n_splines: int = Field(
            20,
            ge=FEWEST_SPLINES,
            le=100,
            description="most splines of a number column; fewer where it has few rows or few values",
        )
        smoothing: Literal["auto"] | Annotated[float, Field(gt=0, le=1e8)] = Field(
            "auto",
            description="auto: searched for each column by generalized cross-validation; a number: pygam's penalty "
            "of every term, slopes and levels too",
        )
        gamma: float = Field(
            1.4, ge=1, le=10, description="what a degree of freedom costs in the search: the higher, the smoother"
        )
        search_rounds: int = Field(
            20, ge=1, description="most rounds of the search; each chooses every column's smoothing once"
        )

    def build(self, task: str, params: Mapping[str, Any]) -> Any:
        """Give pygam's linear or logistic model, or one logistic model for each class; `fit` makes its terms."""
        from pygam import LinearGAM

        made: Any
        if task == "multiclass":
            made = OneVsRestGam()
        elif task == "binary":
            made = _logistic()
            made.classes_ = np.arange(2)
        else:
            made = LinearGAM(max_iter=_MOST_ITERATIONS, tol=_TOLERANCE)
        made.asked_ = dict(params)
        return made

    def constrain(self, estimator: Any, signs: np.ndarray) -> None:
        """Remember which inputs' curves may only rise (1) or fall (-1)."""
        estimator.signs_ = np.asarray(signs)

    def fit(
        self, estimator: Any, Z: np.ndarray, y: np.ndarray, sample_weight: np.ndarray | None, inputs: Sequence[Input]
    ) -> None:
        """Choose the smoothing, then let pygam fit with it.

        Weights are brought to a mean of 1: pygam leaves rows of tiny weight out.
        """
        weight = np.ones(len(y)) if sample_weight is None else sample_weight / sample_weight.mean()
        asked = estimator.asked_
        signs = getattr(estimator, "signs_", np.zeros(len(inputs)))
        estimator.parts_ = find_parts(Z, inputs, asked["n_splines"], signs)
        if not estimator.parts_ and type(estimator).__name__ != "LinearGAM":
            raise ValueError(f"gam: no column varies over the training rows (n_samples={len(Z)}): there is no curve")
        if isinstance(estimator, OneVsRestGam):
            for code, each in enumerate(estimator.for_classes(y)):
                _fit(each, estimator.parts_, asked, Z, (y == code).astype(np.float64), weight)
        else:
            _fit(estimator, estimator.parts_, asked, Z, y.astype(np.float64), weight)

    def form(self, fitted: Any, inputs: Sequence[Input]) -> EncodedForm:
        """The curves and levels; logistic for two classes, one against the rest for more."""
        body = read_gam(_machines(fitted))
        if not hasattr(fitted, "classes_"):
            return body, Identity()
        return body, Logistic() if len(fitted.classes_) == 2 else OneVsRest(Logistic())

    def predict(self, fitted: Any, Z: np.ndarray) -> np.ndarray:
        """The library's predictions, or the class with the highest probability."""
        if not hasattr(fitted, "classes_"):
            return np.asarray(fitted.predict(_inward(fitted, Z)))
        return np.asarray(self.predict_proba(fitted, Z).argmax(axis=1))

    def predict_proba(self, fitted: Any, Z: np.ndarray) -> np.ndarray:
        """Probabilities from the library's log odds; its own overflow to NaN above log odds of 709."""
        from scipy.special import expit

        p = expit(self.reference_score(fitted, Z))
        if p.shape[1] == 1:
            return np.hstack([1 - p, p])
        total = p.sum(axis=1, keepdims=True)
        return np.where(total > 0, p / np.where(total > 0, total, 1.0), 1 / p.shape[1])

    def reference_score(self, fitted: Any, Z: np.ndarray) -> np.ndarray:
        """The library's linear predictor, one for each class where there are several."""
        return np.column_stack([each._linear_predictor(_inward(each, Z)) for each in _machines(fitted)])

    def smallest_support(self, fitted: Any, n_rows: int) -> int:
        """Say what stands behind the least supported number: 10 rows, or all of them where there is no curve.

        A curve's knots are evenly spaced between the tenth lowest and the tenth highest value, so that no row shows by
        where they are, with at least 10 rows for each interval on average. One interval may hold fewer, but the penalty
        ties its coefficients to its neighbours'.
        """
        return min(MIN_ROWS, n_rows) if any(part.kind == "curve" for part in fitted.parts_) else n_rows

    def term_table(self, fitted: Any, inputs: Sequence[Input]) -> list[dict[str, Any]]:
        """List each part of the score, with its smoothing and the effective degrees of freedom that this leaves it.

        Returns
        -------
        list of dict
            ``column``; ``part``: "curve", "slope", "levels" or "missing"; ``edof``, to which the intercept adds 1;
            ``lambda``, pygam's penalty; with three classes or more also ``class``, its position.
        """
        several = isinstance(fitted, OneVsRestGam)
        return [
            {"column": part.column, "part": part.kind, "edof": float(edof), "lambda": float(lam)}
            | ({"class": position} if several else {})
            for position, each in enumerate(_machines(fitted))
            for part, edof, lam in zip(fitted.parts_, each.edofs_, each.lams_, strict=True)
        ]

    def details(self, fitted: Any, inputs: Sequence[Input]) -> tuple[Details, ...]:
        """The effective degrees of freedom and the smoothing of each part."""
        several = isinstance(fitted, OneVsRestGam)
        heads = ("Part", *(["Class"] if several else []), "Kind", "Effective degrees of freedom", "Penalty")
        rows = tuple(
            (t["column"], *([float(t["class"])] if several else []), t["part"], t["edof"], t["lambda"])
            for t in self.term_table(fitted, inputs)
        )
        note = "One degree is a straight line; each part's penalty was searched for by generalized cross-validation."
        provenance = Provenance(method="trace of the influence matrix, by part")
        return (Details(provenance=provenance, title="Smoothness", columns=heads, rows=rows, note=note),)


def _logistic() -> Any:
    from pygam import LogisticGAM

    return LogisticGAM(max_iter=_MOST_ITERATIONS, tol=_TOLERANCE)


def _machines(fitted: Any) -> list[Any]:
    return fitted.estimators_ if isinstance(fitted, OneVsRestGam) else [fitted]


def _inward(gam: Any, Z: np.ndarray) -> np.ndarray:
    """Move values beyond a curve's flat end to that end: far out, pygam's rounding swallows the curve's value there.

    A curve that may only rise, or fall, is often held flat at an end.
    """
    Z = Z.copy()
    for i, term in enumerate(gam.terms):
        if term._name == "spline_term":
            coef, (low, high) = gam.coef_[gam.terms.get_coef_indices(i)], term.edge_knots_
            ends = (low if coef[0] == coef[2] else -np.inf, high if coef[-3] == coef[-1] else np.inf)
            Z[:, term.feature] = np.clip(Z[:, term.feature], *ends)
    return Z


def _fit(
    gam: Any, parts: tuple[Part, ...], asked: Mapping[str, Any], Z: np.ndarray, y: np.ndarray, weight: np.ndarray
) -> None:
    """Fit one of pygam's models with the smoothing that is asked for, or found."""
    from pygam.terms import TermList
    from scipy.special import expit

    from workbench.families.smoothing import START, smooth_numbers, smooth_odds

    n = len(y)
    classes = type(gam).__name__ == "LogisticGAM"
    # pygam's own loading would pull a large intercept to 0
    shift = 0.0 if classes else float(np.average(y, weights=weight))
    ridge = _RIDGE_OF_ODDS if classes else _RIDGE_PER_ROW * n
    auto = asked["smoothing"] == "auto"
    lams = np.full(len(parts), START * n if auto else asked["smoothing"])
    gam.parts_, coef = parts, np.zeros(1)
    if parts:
        design = _design(parts, Z, ridge, asked["gamma"])
        smooth = smooth_odds if classes else smooth_numbers
        lams, coef = smooth(design, y - shift, weight, lams, asked["search_rounds"] if auto else 0)
    gam.terms = TermList(*(term for part, lam in zip(parts, lams, strict=True) for term in part.terms(lam, ridge)))
    if classes:
        # pygam's own start is the fit without any penalty, from where it may diverge
        gam.coef_ = coef
    _let_pygam_fit(gam, Z, y - shift, weight)
    gam.lams_, gam.edofs_ = lams, np.zeros(0)
    if parts:
        spread = expit(gam._linear_predictor(Z)) if classes else np.full(n, 0.5)
        used = weight * spread * (1 - spread) if classes else weight
        penalty = (gam._P() + gam._C()).toarray()[:-1, :-1]
        gam.edofs_ = design.edof(design.problem(y, used, classes), penalty)
    _hold(gam, parts)
    _centre(gam, Z, weight, shift)


def _design(parts: tuple[Part, ...], Z: np.ndarray, ridge: float, gamma: float) -> Any:
    """Give the `Design` of pygam's own columns and our blocks."""
    from pygam.terms import TermList

    from workbench.families.smoothing import Design

    terms = TermList(*(term for part in parts for term in part.terms(1.0, ridge)))
    terms.compile(Z)
    return Design(terms.build_columns(Z), [part.block(ridge) for part in parts], gamma)


def _let_pygam_fit(gam: Any, Z: np.ndarray, y: np.ndarray, weight: np.ndarray) -> None:
    """Fit, without what pygam prints, and without the warnings of its statistics, which nobody reads."""
    from sklearn.exceptions import ConvergenceWarning

    if still := not y.any():
        # of a target that never moves pygam's relative step is 0 / 0 for ever
        gam.max_iter = 1
    with contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
        gam.fit(Z, y, weights=weight)
    if not still and not gam.logs_["diffs"][-1] < gam.tol:
        warnings.warn(
            f"gam: pygam did not converge in {gam.max_iter} steps; a larger smoothing may help",
            ConvergenceWarning,
            stacklevel=2,
        )


def _hold(gam: Any, parts: tuple[Part, ...]) -> None:
    """Make curves that may only rise, or fall, do so: pygam's penalty for it lets a millionth of the range through."""
    for i, term in enumerate(gam.terms):
        sign = next((p.sign for p in parts if p.kind == "curve" and p.inputs == (term.feature,)), 0)
        if sign:
            at = gam.terms.get_coef_indices(i)
            gam.coef_[at] = sign * np.maximum.accumulate(sign * gam.coef_[at])


def _centre(gam: Any, Z: np.ndarray, weight: np.ndarray, shift: float) -> None:
    """Let every curve average 0 over the training rows, and the intercept be the average score.

    The splines of a curve add up to 1 everywhere: a constant can be moved from its coefficients to the intercept, and
    pygam leaves it to chance where it is.
    """
    T = np.eye(len(gam.coef_))
    means = gam._modelmat(Z).T @ weight / weight.sum()
    for i in range(len(gam.terms)):
        at = gam.terms.get_coef_indices(i)
        if len(at) > 1:
            average = means[at] @ gam.coef_[at]
            gam.coef_[at] -= average
            gam.coef_[-1] += average
            T[np.ix_(at, at)] -= means[at]
            T[-1, at] += means[at]
    gam.coef_[-1] += shift
    gam.statistics_["cov"] = T @ gam.statistics_["cov"] @ T.T
    gam.statistics_["se"] = np.sqrt(gam.statistics_["cov"].diagonal())
