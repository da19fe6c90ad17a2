"""sklearnex where it is asked for and installed: which engine ran, gaps, weights, and that nothing is patched."""

import pickle

import numpy as np
import pytest

from tests.contracts import contracts
from tests.contracts.tables import mixed
from workbench import Classifier, Regressor
from workbench.families import engine
from workbench.families.engine import engine_of

CASES = [("forest", {"n_estimators": 5}), ("linear", {})]
needs_sklearnex = pytest.mark.skipif(engine.accelerator() is None, reason="scikit-learn-intelex is not installed")


@needs_sklearnex
@pytest.mark.parametrize("contract", contracts.CONTRACTS, ids=lambda c: c.__name__)
@pytest.mark.parametrize(("family", "params"), CASES)
def test_accelerated_families_keep_the_contracts(family, params, contract):
    contract(Regressor(family, accelerate=True, **params), mixed("regression"))


@needs_sklearnex
@pytest.mark.parametrize(("family", "params"), CASES)
def test_the_engine_that_ran_is_named(family, params):
    X, y = mixed("regression")
    fitted = Regressor(family, accelerate=True, **params).fit(X, y)
    assert engine_of(fitted.estimator_).startswith("scikit-learn-intelex")
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict(X), fitted.predict(X))
    # a fit that sklearnex leaves to scikit-learn says so, and its form is still exact
    weighted = Regressor(family, accelerate=True, **params).fit(X, y, sample_weight=np.linspace(0.5, 2, len(y)))
    assert engine_of(weighted.estimator_).startswith("scikit-learn ")
    np.testing.assert_allclose(weighted.form_.predict(X), weighted.predict(X), atol=1e-9)


@needs_sklearnex
def test_a_gap_changes_no_other_row():
    X, y = mixed("regression")
    fitted = Regressor("forest", accelerate=True, n_estimators=5).fit(X.assign(x=X["x"].fillna(0.0)), y)
    whole = X.assign(x=0.5)
    gap = whole.copy()
    gap.loc[0, "x"] = np.nan
    np.testing.assert_array_equal(fitted.predict(gap)[1:], fitted.predict(whole)[1:])


@needs_sklearnex
def test_classes_stay_with_scikit_learn():
    X, y = mixed("binary")
    fitted = Classifier("forest", accelerate=True, n_estimators=5).fit(X, y)
    assert engine_of(fitted.estimator_).startswith("scikit-learn ")


def test_without_sklearnex_scikit_learn_does_the_work(monkeypatch):
    monkeypatch.setattr(engine, "find_spec", lambda name: None)
    X, y = mixed("regression")
    for family, params in CASES:
        asked, off = (Regressor(family, accelerate=a, **params).fit(X, y) for a in (True, False))
        assert engine_of(asked.estimator_).startswith("scikit-learn ")
        np.testing.assert_array_equal(asked.predict(X), off.predict(X))


def test_nothing_is_patched():
    X, y = mixed("regression")
    Regressor("forest", accelerate=True, n_estimators=2).fit(X, y)
    from sklearn.ensemble import RandomForestRegressor

    assert RandomForestRegressor.__module__.startswith("sklearn.")
