"""The libraries at their own defaults, each under the name of the family that is to be compared with it.

A builder takes (task, data set) and gives an object to fit, or None where the library has nothing for the task.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from baseline_adapters import Binomial, Figs, Gam, OneR, Ripper, RuleFit, Symbolic
from baseline_prepare import Prepared, binned, coded, per_task, scaled

Builder = Callable[[str, str], Any]
MODELS: dict[tuple[str, str], Builder] = {}  # by (family, label)


def library(family: str, label: str) -> Callable[[Builder], Builder]:
    def add(builder: Builder) -> Builder:
        MODELS[family, label] = builder
        return builder

    return add


def _choose(task: str, regressor: str, classifier: str, module: Any, **params: Any) -> Any:
    return getattr(module, regressor if task == "regression" else classifier)(**params)


@library("dummy", "scikit-learn")
def dummy(task: str, data: str) -> Any:
    from sklearn import dummy

    return Prepared(coded(fill=False), _choose(task, "DummyRegressor", "DummyClassifier", dummy))


@library("linear", "scikit-learn")
def linear(task: str, data: str) -> Any:
    from sklearn import linear_model

    return Prepared(scaled(), _choose(task, "LinearRegression", "LogisticRegression", linear_model))


def _glm(task: str, data: str, **params: float) -> Any:
    from glum import GeneralizedLinearRegressor

    if task != "regression":
        return Prepared(scaled(drop="first"), per_task(task, partial(Binomial, **params)))
    distribution = "poisson" if data == "bikeshare" else "normal"
    return Prepared(scaled(drop="first"), GeneralizedLinearRegressor(family=distribution, **params))


@library("glm", "glum")
def glm(task: str, data: str) -> Any:
    return _glm(task, data)


@library("glm", "glum, alpha 1e-4")
def glm_penalized(task: str, data: str) -> Any:
    """For columns that add up to another, as bikeshare's weekdays, holiday and workingday do."""
    return _glm(task, data, alpha=1e-4)


def _gam(task: str, search: bool) -> Any:
    if task == "regression":
        return Gam("LinearGAM", search)
    return per_task(task, lambda: Gam("LogisticGAM", search))


@library("gam", "pygam, default lam")
def gam(task: str, data: str) -> Any:
    return _gam(task, search=False)


@library("gam", "pygam, gridsearch")
def gam_searched(task: str, data: str) -> Any:
    return _gam(task, search=True)


@library("ebm", "interpret")
def ebm(task: str, data: str) -> Any:
    from interpret import glassbox

    names = "ExplainableBoostingRegressor", "ExplainableBoostingClassifier"
    return Prepared(coded(fill=False), _choose(task, *names, glassbox, n_jobs=1, random_state=0))


@library("symbolic", "pyoperon, at most 20 s")
def symbolic(task: str, data: str) -> Any:
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return Prepared(make_pipeline(coded(fill=True), StandardScaler()), Symbolic()) if task == "regression" else None


@library("tree", "scikit-learn, 12 leaves")
def tree(task: str, data: str) -> Any:
    from sklearn import tree

    names = "DecisionTreeRegressor", "DecisionTreeClassifier"
    return Prepared(coded(fill=False), _choose(task, *names, tree, max_leaf_nodes=12, random_state=0))


@library("oner", "mlxtend, 5 bins")
def oner(task: str, data: str) -> Any:
    return None if task == "regression" else Prepared(binned("ordinal"), OneR())


@library("ruleset", "wittgenstein")
def ruleset(task: str, data: str) -> Any:
    return None if task == "regression" else per_task(task, Ripper)


@library("rulelist", "imodels Bayesian, 10,000 draws")
def rulelist(task: str, data: str) -> Any:
    from imodels import BayesianRuleListClassifier

    make = partial(BayesianRuleListClassifier, max_iter=10_000)
    return None if task == "regression" else Prepared(binned("onehot-dense"), per_task(task, make))


@library("rulelist", "imodels greedy")
def greedy_rulelist(task: str, data: str) -> Any:
    from imodels import GreedyRuleListClassifier

    return None if task == "regression" else Prepared(coded(fill=True), per_task(task, GreedyRuleListClassifier))


@library("rulefit", "imodels")
def rulefit(task: str, data: str) -> Any:
    from imodels import RuleFitRegressor

    model = RuleFitRegressor(random_state=0) if task == "regression" else per_task(task, RuleFit)
    return Prepared(coded(fill=True), model)


@library("figs", "imodels")
def figs(task: str, data: str) -> Any:
    from imodels import FIGSRegressor

    return Prepared(coded(fill=True), FIGSRegressor() if task == "regression" else Figs())


def _svm(task: str, regressor: Any, classifier: Any) -> Any:
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.preprocessing import StandardScaler

    if task == "regression":
        return Prepared(scaled(), TransformedTargetRegressor(regressor, transformer=StandardScaler()))
    return Prepared(scaled(), CalibratedClassifierCV(classifier, ensemble=False, method="temperature"))


@library("svm", "scikit-learn LinearSVR / LinearSVC")
def svm_linear(task: str, data: str) -> Any:
    from sklearn.svm import LinearSVC, LinearSVR

    return _svm(task, LinearSVR(random_state=0), LinearSVC(random_state=0))


@library("svm", "scikit-learn SVR(linear) / SVC(linear)")
def svm_linear_kernel(task: str, data: str) -> Any:
    from sklearn.svm import SVC, SVR

    return _svm(task, SVR(kernel="linear"), SVC(kernel="linear"))


@library("svm", "scikit-learn SVR / SVC (RBF)")
def svm_rbf(task: str, data: str) -> Any:
    from sklearn.svm import SVC, SVR

    return _svm(task, SVR(), SVC())


@library("forest", "scikit-learn")
def forest(task: str, data: str) -> Any:
    from sklearn import ensemble

    names = "RandomForestRegressor", "RandomForestClassifier"
    return Prepared(coded(fill=False), _choose(task, *names, ensemble, n_jobs=1, random_state=0))


@library("xgboost", "xgboost")
def boosting(task: str, data: str) -> Any:
    import xgboost

    return Prepared(coded(fill=False), _choose(task, "XGBRegressor", "XGBClassifier", xgboost, n_jobs=1))
