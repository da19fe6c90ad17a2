"""Support vector machines: published values, the two kernels, the slope of the probabilities."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.svm import SVR

from tests.contracts.contracts import check_parity, check_serialization
from tests.contracts.tables import TASKS, mixed
from workbench import Classifier, Regressor
from workbench.families.engine import accelerator
from workbench.forms import Kernel

RADIAL = {"kernel": "rbf"}


def model(task, **settings):
    return (Regressor if task == "regression" else Classifier)("svm", **settings)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("accelerate", [False, True])
def test_radial_kernel_keeps_the_contracts(task, accelerate):
    check_parity(model(task, kernel="rbf", accelerate=accelerate), mixed(task))
    check_serialization(model(task, kernel="rbf"), mixed(task))


@pytest.mark.skipif(accelerator() is None, reason="scikit-learn-intelex is not installed")
@pytest.mark.parametrize("task", TASKS)
def test_the_engine_of_the_machine_inside_is_told(task):
    for accelerate, name in ((True, "scikit-learn-intelex"), (False, "scikit-learn ")):
        fitted = model(task, kernel="rbf", accelerate=accelerate).fit(*mixed(task))
        assert fitted.family().engine(fitted.estimator_).startswith(name)


def test_published_support_vectors():
    # scikit-learn's user guide: both points are support vectors, and (2, 2) is of class 1
    fitted = Classifier("svm", kernel="rbf").fit([[0.0, 0.0], [1.0, 1.0]], [0, 1])
    machine = fitted.estimator_.calibrated_classifiers_[0].estimator
    assert machine.support_.tolist() == [0, 1]
    assert fitted.predict([[2.0, 2.0]]).tolist() == [1]


def test_radial_kernel_is_the_library_s_on_scaled_columns():
    X, y = mixed("regression")
    X = X[["x"]].fillna(0.0)
    fitted = Regressor("svm", kernel="rbf").fit(X, y)
    z = (X - X.mean()) / X.std(ddof=0)
    target = (y - y.mean()) / y.std(ddof=0)
    expected = SVR(kernel="rbf").fit(z.to_numpy(), target).predict(z.to_numpy()) * y.std(ddof=0) + y.mean()
    np.testing.assert_allclose(fitted.predict(X), expected, rtol=1e-6)


def test_only_the_linear_kernel_is_a_glass_box():
    family = Regressor("svm").family()
    assert family.is_glassbox({"kernel": "linear"})
    assert not family.is_glassbox(RADIAL)
    X, y = mixed("regression")
    radial = Regressor("svm", kernel="rbf").fit(X, y)
    assert radial.smallest_support_ is None  # support vectors are rows
    assert isinstance(radial.form_.body, Kernel)
    assert Regressor("svm").fit(X, y).smallest_support_ == len(X)


@pytest.mark.parametrize("task", ["binary", "multiclass"])
@pytest.mark.parametrize("kernel", ["linear", "rbf"])
def test_probabilities_rank_as_scores_do(task, kernel):
    X, y = mixed(task)
    fitted = Classifier("svm", kernel=kernel).fit(X, y)
    score = fitted.form_.score(X)
    p = fitted.predict_proba(X)
    chosen = score.argmax(axis=1) if task == "multiclass" else (score[:, 0] > 0).astype(int)
    np.testing.assert_array_equal(fitted.classes_[chosen], fitted.predict(X))
    np.testing.assert_array_equal(p.argmax(axis=1), chosen)


def test_a_class_of_one_row_is_fitted():
    X = pd.DataFrame({"x": np.arange(20.0)})
    fitted = Classifier("svm").fit(X, ["a"] * 19 + ["b"])
    assert fitted.predict_proba(X).shape == (20, 2)
