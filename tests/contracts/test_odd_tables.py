"""Tables as they come: every family fits them and keeps parity, or refuses by name."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.contracts.contracts import check_parity
from tests.contracts.tables import TASKS
from workbench.estimator import estimator_for
from workbench.families import families, find_family


def target(task: str, signal: np.ndarray) -> pd.Series:
    if task == "regression":
        return pd.Series(signal, name="what's «predicted»?")
    if task == "binary":
        return pd.Series(np.where(signal > np.median(signal), "oui", "non"), name="réponse")
    return pd.Series(pd.cut(pd.Series(signal).rank(), 3, labels=["bas", "moyen", "haut"]).astype(str), name="niveau")


def kinds(n=120):
    """A column of each kind, with names that are hard to write."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "two words": rng.integers(0, 9, n),
            'quoted "name"': rng.random(n) > 0.4,
            "ümläut → 数": pd.Categorical(rng.choice(["a b", "c;d", "é"], n)),
            "<b>&amp;": pd.Categorical(rng.choice(["S", "M", "L"], n), ["S", "M", "L"], ordered=True),
            "x <= 3 and y": rng.choice(["ja", "nein", "vielleicht"], n),
            "'": pd.Timestamp("2025-03-01") + pd.to_timedelta(rng.integers(0, 300, n), "D"),
            "log(x)": rng.lognormal(size=n),
        }
    )
    return X, X["two words"].to_numpy() + 3.0 * X['quoted "name"'] + rng.normal(size=n)


def with_gaps():
    X, signal = kinds(160)
    rng = np.random.default_rng(1)
    for name in ("ümläut → 数", "x <= 3 and y", "'", "log(x)"):
        X.loc[rng.random(len(X)) < 0.3, name] = None
    X["two words"] = X["two words"].astype("Int64").mask(rng.random(len(X)) < 0.3)
    return X, signal


def one_column():
    rng = np.random.default_rng(2)
    X = pd.DataFrame({"only": rng.normal(size=80)})
    return X, X["only"].to_numpy() + 0.1 * rng.normal(size=80)


def constants():
    X, signal = one_column()
    return X.assign(zero=0.0, one=1, text="same", nothing=np.nan, huge=1e12), signal


def only_constants():
    return pd.DataFrame({"zero": np.zeros(60), "text": "same"}), np.random.default_rng(3).normal(size=60)


def few_rows():
    rng = np.random.default_rng(4)
    X = pd.DataFrame({"x": rng.normal(size=9), "z": rng.normal(size=9)})
    return X, X["x"].to_numpy()


def wide():
    rng = np.random.default_rng(5)
    X = pd.DataFrame(rng.normal(size=(60, 500)), columns=[f"column {j}" for j in range(500)])
    return X, X["column 7"].to_numpy() - X["column 100"].to_numpy()


TABLES = (kinds, with_gaps, one_column, constants, only_constants, few_rows)
MATRIX = [(name, task) for name in families() for task in TASKS if task in find_family(name).tasks]
# what may be refused: no column can be cut or varies, fewer rows than coefficients
MAY_REFUSE = (only_constants, few_rows)


def refusal(name: str, check) -> str:
    """Why a family refuses, by its name; empty where it doesn't."""
    try:
        check()
    except ValueError as error:
        return str(error) if str(error).startswith(f"{name}: ") else f"without a name: {error}"
    return ""


@pytest.mark.parametrize("made", TABLES, ids=lambda t: t.__name__)
@pytest.mark.parametrize(("name", "task"), MATRIX)
def test_family_fits_or_refuses_by_name(name, task, made):
    X, signal = made()
    data = X, target(task, np.asarray(signal, dtype=float))
    model = estimator_for(task, name, **find_family(name).example_params)
    said = refusal(name, lambda: check_parity(model, data))
    assert not said or (made in MAY_REFUSE and not said.startswith("without a name"))


@pytest.mark.parametrize(("name", "task"), MATRIX)
def test_family_fits_or_refuses_500_columns(name, task):
    X, signal = wide()
    model = estimator_for(task, name, **find_family(name).example_params)
    said = refusal(name, lambda: model.fit(X, target(task, np.asarray(signal))))
    assert not said.startswith("without a name")
    if not said and model.form_ is not None:
        ask = "predict" if task == "regression" else "predict_proba"
        np.testing.assert_allclose(getattr(model.form_, ask)(X), getattr(model, ask)(X), rtol=1e-5, atol=1e-6)
    assert not said or name in ("gam", "glm")
