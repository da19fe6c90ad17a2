"""The contracts of a family: each is a function that raises AssertionError with what is wrong.

They are run on every family that is found, and on families broken on purpose, to show that each can fail. Contracts
that are asked of one model object share a fit of it.
"""

from __future__ import annotations

from copy import copy
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from tests.contracts.tables import probes
from workbench.forms import Form

Data = tuple[pd.DataFrame, pd.Series]
_FITS: WeakKeyDictionary[Any, tuple[Data, Any]] = WeakKeyDictionary()


def fit_of(model: Any, data: Data) -> Any:
    """Give the model fitted to the data: one for all contracts, of which none may change it."""
    known = _FITS.get(model)
    if known is None or known[0] is not data:
        known = _FITS[model] = (data, clone(model).fit(*data))
    return known[1]


def check_parity(model: Any, data: Data) -> None:
    """The form equals the library's own fitted object, called through its own API on its own encoded input."""
    X, _ = data
    fitted = fit_of(model, data)
    form = fitted.form_
    if form is None:
        return
    tolerance = fitted.family.tolerance
    spread = np.std(fitted.family().reference_score(fitted.estimator_, fitted.encode(X)), axis=0)
    for what, rows in probes(X, form).items():
        reference = fitted.family().reference_score(fitted.estimator_, fitted.encode(rows))
        off = _distance(form.score(rows), reference) - tolerance * (_finite(reference) + spread)
        assert (off <= 0).all(), f"{what}: the form's score is off by {off.max():.3g}"
        if form.classes:
            off = _distance(form.predict_proba(rows), fitted.predict_proba(rows))
            assert off.max() <= tolerance, f"{what}: the form's probabilities are off by {off.max():.3g}"
            # the form's own decision, wherever rounding alone does not decide
            top = np.sort(fitted.predict_proba(rows), axis=1)
            clear = top[:, -1] - top[:, -2] > tolerance
            assert (form.predict(rows) == fitted.predict(rows))[clear].all(), f"{what}: the form decides otherwise"
        else:
            off = _distance(form.predict(rows), fitted.predict(rows))
            off -= tolerance * (_finite(reference[:, 0]) + spread[0])
            assert (off <= 0).all(), f"{what}: the form's predictions are off by {off.max():.3g}"


def _distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """How far two models are apart; 0 where neither has a value, or both overflow."""
    alike = (a == b) | (np.isnan(a) & np.isnan(b))
    return np.abs(np.where(alike, 0.0, a) - np.where(alike, 0.0, b))


def _finite(a: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(a), np.abs(a), 0.0)


def check_predict_is_the_library_s(model: Any, data: Data) -> None:
    """The estimator's predictions don't go through its form."""
    X, _ = data
    fitted = copy(fit_of(model, data))
    before = fitted.predict(X)
    fitted.form_ = None
    np.testing.assert_array_equal(fitted.predict(X), before)


def check_serialization(model: Any, data: Data) -> None:
    """The form survives a dictionary, and says what it reads."""
    X, _ = data
    form = fit_of(model, data).form_
    if form is None:
        return
    again = Form.from_dict(form.to_dict())
    np.testing.assert_array_equal(again.score(X), form.score(X))
    assert str(again) == str(form)
    assert again.to_latex() == form.to_latex()
    assert (again.size, again.stored_numbers) == (form.size, form.stored_numbers)
    assert set(form.columns) <= set(X.columns)
    # only the columns that it names are read
    np.testing.assert_array_equal(form.score({n: X[n] for n in X if n in form.columns or n == "x"}), form.score(X))


def check_seeded(model: Any, data: Data) -> None:
    """The same seed gives the same numbers."""
    X, y = data
    np.testing.assert_array_equal(_output(fit_of(model, data), X), _output(clone(model).fit(X, y), X))


def check_inputs_kept(model: Any, data: Data) -> None:
    """Inputs are not mutated."""
    X, y = data[0].copy(deep=True), data[1].copy(deep=True)
    clone(model).fit(X, y).predict(X)
    pd.testing.assert_frame_equal(X, data[0])
    pd.testing.assert_series_equal(y, data[1])


def check_column_order(model: Any, data: Data) -> None:
    """A reordered DataFrame is an error; permuting columns before the fit changes nothing."""
    X, y = data
    fitted = fit_of(model, data)
    with pytest.raises(ValueError, match="order"):
        fitted.predict(X[X.columns[::-1]])
    turned = X[X.columns[::-1]]
    np.testing.assert_allclose(_output(clone(model).fit(turned, y), turned), _output(fitted, X), atol=1e-9)


def check_unused_columns(model: Any, data: Data) -> None:
    """A column that the form doesn't read changes no prediction."""
    X, _ = data
    fitted = fit_of(model, data)
    if fitted.form_ is None:
        return
    for name in set(X.columns) - set(fitted.form_.columns):
        turned = X.assign(**{name: X[name].to_numpy()[::-1]})
        np.testing.assert_array_equal(_output(fitted, turned), _output(fitted, X))


def _output(fitted: Any, X: pd.DataFrame) -> np.ndarray:
    return fitted.predict_proba(X) if hasattr(fitted, "classes_") else fitted.predict(X)


CONTRACTS = (
    check_parity,
    check_predict_is_the_library_s,
    check_serialization,
    check_seeded,
    check_inputs_kept,
    check_column_order,
    check_unused_columns,
)
