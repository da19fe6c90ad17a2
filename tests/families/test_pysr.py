"""PySR as the engine: its parameters and its table, with a stand-in; the real one where Julia is."""

import builtins
import sys
import types
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import sympy

from workbench import Classifier, Regressor
from workbench.families import pysr_search
from workbench.families.equation_search import SearchSettings

OPERATORS = ("add", "mul", "div", "cos", "square")
SETTINGS = SearchSettings(OPERATORS, 18, 7, 100, 1, None, 1_000, 5)


def data(n=200, seed=0):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame({"a": rng.normal(size=n), "b": 50 + rng.normal(size=n), "one": 1.0})
    return X, (2.5 * X["a"] ** 2 + np.cos(3.0 * X["a"])).rename("y")


class StandIn:
    """What is used of PySRRegressor; its equations are written as PySR's are, unevaluated and without assumptions."""

    made = ()

    def __init__(self, **params):
        self.params = params
        StandIn.made = (*StandIn.made, self)

    def fit(self, X, y, variable_names):
        self.shape, self.names = X.shape, variable_names
        names = dict(zip(variable_names, sympy.symbols(variable_names), strict=True))
        texts = ["0.1", "square(z0)", "square(z0) * 1.3 + 0.2 * cos(z0 * 2.9)", "log(z1) + z0", "z0 + 1 / 0"]
        functions = {"square": lambda v: v**2}
        listed = [sympy.sympify(t, locals={**names, **functions}, evaluate=False) for t in texts]
        self.equations_ = pd.DataFrame({"complexity": [1, 2, 9, 4, 5], "sympy_format": listed})


@pytest.fixture
def stand_in(monkeypatch):
    module = types.ModuleType("pysr")
    module.PySRRegressor = StandIn
    module.__spec__ = types.SimpleNamespace(name="pysr")
    monkeypatch.setitem(sys.modules, "pysr", module)
    monkeypatch.setattr(StandIn, "made", ())
    return StandIn


def test_table_of_pysr_becomes_the_same_model(stand_in):
    X, y = data()
    model = Regressor("symbolic", engine="pysr", select="accuracy").fit(X, y)
    # the constants are fitted again, so the rough ones of the table do
    np.testing.assert_allclose(model.predict(X), y, atol=1e-6)
    np.testing.assert_allclose(model.form_.predict(X), model.predict(X), rtol=1e-12)
    assert model.form_.columns == ("a",)
    (made,) = stand_in.made
    # the constant column is not searched
    assert made.shape == (200, 2)
    assert made.names == ["z0", "z1"]
    # an equation without a value, and one of infinity, are left out
    assert np.isfinite(model.estimator_.equations_["loss"]).all()


def test_classes_too(stand_in):
    X, y = data()
    model = Classifier("symbolic", engine="pysr").fit(X, y > 2)
    assert model.score(X, y > 2) > 0.95


def test_parameters_are_pysr_s():
    assert pysr_search.pysr_parameters(SETTINGS) == {
        "binary_operators": ["+", "*", "/"],
        "unary_operators": ["cos", "square"],
        "maxsize": 18,
        "niterations": 7,
        "populations": 3,
        "population_size": 27,
        "parallelism": "serial",
        "deterministic": True,
        "random_state": 5,
        "progress": False,
        "verbosity": 0,
    }
    assert pysr_search.pysr_parameters(replace(SETTINGS, time_limit=9))["timeout_in_seconds"] == 9


def test_absent_package_is_named(monkeypatch):
    monkeypatch.setattr(pysr_search, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"glassbox-workbench\[pysr\].*pysr is not installed"):
        Regressor("symbolic", engine="pysr").fit(*data())


def test_absent_julia_is_named(monkeypatch):
    from urllib.error import URLError

    real = builtins.__import__

    def fails(name, *args, **kwargs):
        if name == "pysr":
            raise URLError("no network")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(pysr_search, "find_spec", lambda name: object())
    monkeypatch.setattr(builtins, "__import__", fails)
    with pytest.raises(ImportError, match=r"Julia could not be started \(URLError\)"):
        Regressor("symbolic", engine="pysr").fit(*data())


SMALL = {"engine": "pysr", "generations": 20, "population_size": 270}


@pytest.mark.julia
def test_real_pysr_recovers_a_known_equation():
    X = 2 * np.random.default_rng(0).normal(size=(100, 5))
    y = 2.5382 * np.cos(X[:, 3]) + X[:, 0] ** 2 - 0.5
    model = Regressor("symbolic", engine="pysr", generations=60).fit(X, y)
    np.testing.assert_allclose(model.predict(X), y, atol=1e-3)
    constants = sorted(abs(n.value) for n in model.form_.body.nodes if n.kind == "constant")
    np.testing.assert_allclose(constants, [0.5, 2.5382], atol=1e-3)


@pytest.mark.julia
def test_real_pysr_is_seeded():
    X, y = data()
    first, again = (Regressor("symbolic", random_state=1, **SMALL).fit(X, y) for _ in range(2))
    pd.testing.assert_frame_equal(first.estimator_.equations_, again.estimator_.equations_)


@pytest.mark.julia
def test_real_pysr_tells_classes_apart():
    X, y = data()
    model = Classifier("symbolic", **SMALL).fit(X, y > 2)
    np.testing.assert_allclose(model.form_.predict_proba(X), model.predict_proba(X), atol=1e-12)
    assert model.score(X, y > 2) > 0.9


@pytest.mark.julia
@pytest.mark.parametrize(
    "operators", [("add", "sub", "mul", "div"), ("add", "pow", "sqrt", "log", "abs", "tanh", "exp")]
)
def test_real_pysr_takes_all_operators(operators):
    X, y = data()
    model = Regressor("symbolic", operators=operators, **SMALL).fit(X, y)
    assert np.isfinite(model.predict(X)).all()
    np.testing.assert_allclose(model.form_.predict(X), model.predict(X), rtol=1e-12)


@pytest.mark.julia
def test_real_pysr_keeps_its_time_limit():
    import time

    X, y = data()
    Regressor("symbolic", **SMALL).fit(X, y)
    started = time.monotonic()
    Regressor("symbolic", engine="pysr", generations=100_000, time_limit=3).fit(X, y)
    assert time.monotonic() - started < 30
