"""Generalized linear models: published values, standard errors in closed form, offsets, what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.linear_model import LogisticRegression, PoissonRegressor

from tests.contracts.contracts import check_parity
from tests.contracts.tables import mixed
from workbench import Classifier, Regressor


def details(model):
    (found,) = model.details_
    return {row[0]: row[1:] for row in found.rows}, found


def counts(n=600):
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"x": rng.normal(size=n), "z": rng.normal(size=n), "days": rng.uniform(1, 30, n)})
    return X, rng.poisson(X["days"] * np.exp(0.3 + 0.5 * X["x"] - 0.2 * X["z"])).astype(float)


def test_published_tweedie_coefficients():
    # scikit-learn's user guide: TweedieRegressor(power=1, alpha=0.5, link='log')
    model = Regressor(
        "glm", distribution="tweedie", tweedie_power=1, link="log", penalty="ridge", alpha=0.5, standardize=False
    ).fit([[0.0, 0.0], [0.0, 1.0], [2.0, 2.0]], [0.0, 1.0, 2.0])
    np.testing.assert_allclose(model.estimator_.coef_, [0.2463, 0.4337], atol=1e-4)
    np.testing.assert_allclose(model.estimator_.intercept_, -0.7638, atol=1e-4)


def test_standard_errors_of_least_squares_in_closed_form():
    X, y = counts()
    rows, told = details(Regressor("glm").fit(X, y))
    A = np.column_stack([np.ones(len(X)), X])
    inverse = np.linalg.inv(A.T @ A)
    coef = inverse @ A.T @ y
    degrees = len(X) - A.shape[1]
    errors = np.sqrt(np.diag(inverse) * ((y - A @ coef) ** 2).sum() / degrees)
    half = stats.t.ppf(0.975, degrees) * errors
    for j, name in enumerate(X.columns, start=1):
        expected = (coef[j], errors[j], coef[j] - half[j], coef[j] + half[j])
        np.testing.assert_allclose(rows[name][:4], expected, rtol=1e-6)
        np.testing.assert_allclose(rows[name][4], 2 * stats.t.sf(abs(coef[j]) / errors[j], degrees), rtol=1e-5)
    assert told.columns[0] == "Term"


def test_standard_errors_of_poisson_in_closed_form():
    X, y = counts()
    model = Regressor("glm", distribution="poisson", exposure="days").fit(X, y)
    rows, _ = details(model)
    mu = model.predict(X)
    A = np.column_stack([np.ones(len(X)), X[["x", "z"]]])
    phi = ((y - mu) ** 2 / mu).sum() / (len(X) - 3)  # Pearson's estimate
    errors = np.sqrt(phi * np.diag(np.linalg.inv((A.T * mu) @ A)))
    np.testing.assert_allclose([rows["x"][1], rows["z"][1]], errors[1:], rtol=1e-5)
    # the exposure is no column with a coefficient, and its coefficient is 1
    assert set(rows) == {"x", "z"}
    doubled = model.predict(X.assign(days=2 * X["days"]))
    np.testing.assert_allclose(doubled, 2 * mu)


def test_penalized_and_bounded_coefficients_have_no_standard_errors():
    X, y = counts()
    for settings in ({"penalty": "ridge"}, {"penalty": "lasso"}, {"monotone": {"x": "increasing"}}):
        rows, told = details(Regressor("glm", **settings).fit(X, y))
        assert all(value is None for row in rows.values() for value in row[1:])
        assert "no valid standard errors" in told.note


def test_columns_that_follow_from_others_are_left_out():
    X, y = counts()
    X["sum"] = X["x"] + X["z"]
    model = Regressor("glm").fit(X, y)
    rows, told = details(model)
    assert sum(row[0] is None for row in rows.values()) == 1
    assert "follows from other columns" in told.note
    np.testing.assert_allclose(model.predict(X), Regressor("linear").fit(X, y).predict(X))


def test_levels_are_read_against_the_commonest():
    X, y = mixed("regression")
    rows, _ = details(Regressor("glm").fit(X, y))
    named = [name for name in rows if name.startswith("colour")]
    assert "colour is red" not in named  # 40% of the rows
    assert {"colour is green", "colour is blue", "colour is missing"} <= set(named)


def test_poisson_equals_scikit_learn():
    X, y = counts()
    ours = Regressor("glm", distribution="poisson", penalty="ridge", alpha=0.1, standardize=False).fit(X, y)
    theirs = PoissonRegressor(alpha=0.1, tol=1e-10, max_iter=10_000).fit(X, y)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-5)


def test_unpenalized_binomial_equals_scikit_learn():
    X, y = counts()
    yes = y > np.median(y)
    ours = Classifier("glm", penalty="none").fit(X, yes).predict_proba(X)
    theirs = LogisticRegression(C=np.inf, tol=1e-10, max_iter=10_000).fit(X, yes).predict_proba(X)
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


@pytest.mark.parametrize(
    ("distribution", "link"),
    [("gamma", "auto"), ("gamma", "identity"), ("inverse_gaussian", "log"), ("tweedie", "log"), ("poisson", "auto")],
)
def test_distributions_keep_parity(distribution, link):
    X, y = mixed("regression")
    positive = np.exp(y / 4 + 1).rename("target")
    check_parity(Regressor("glm", distribution=distribution, link=link, penalty="ridge", alpha=0.01), (X, positive))


def test_cloglog_keeps_parity():
    model = Classifier("glm", link="cloglog", alpha=0.1)
    check_parity(model, mixed("binary"))
    assert "complementary log-log of target = yes" in str(model.fit(*mixed("binary")).form_)


def test_offsets_count_as_they_are():
    X, y = counts()
    model = Regressor("glm", distribution="poisson", offset="z", exposure="days").fit(X, y)
    form = model.form_
    rows = X.head(4).assign(days=[2.0, 0.0, np.nan, 5.0])
    np.testing.assert_allclose(form.predict(rows), model.predict(rows))
    assert np.isnan(form.predict(rows)).tolist() == [False, True, True, False]
    assert str(form).splitlines()[-2:] == ["  + z", "  + log(days)"]
    moved = form.predict(X.assign(z=X["z"] + 1))
    np.testing.assert_allclose(moved, np.e * form.predict(X))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"distribution": "binomial"}, "distribution: must be gaussian, poisson"),
        ({"link": "logit"}, "link: must be identity or log for regression; got 'logit'"),
        ({"exposure": "days"}, "exposure: needs the log link; got link 'identity'"),
        ({"exposure": "nights", "distribution": "poisson"}, "must name a column of the data; got 'nights'"),
        ({"exposure": "x", "distribution": "poisson"}, "'x' must be above 0 in every row"),
        ({"distribution": "gamma"}, "gamma needs a target above 0"),
    ],
)
def test_what_does_not_go_together_is_refused(settings, said):
    X, y = counts()
    with pytest.raises(ValueError, match=said):
        Regressor("glm", **settings).fit(X, y - 1)


def test_the_scale_of_weights_changes_nothing():
    X, y = counts()
    weight = np.random.default_rng(1).uniform(0.5, 4.0, len(X))
    found = [details(Regressor("glm").fit(X, y, sample_weight=weight * scale))[0]["x"] for scale in (1.0, 1e-3, 50.0)]
    np.testing.assert_allclose(found[1:], [found[0]] * 2, rtol=1e-6)
    # weighted least squares, dispersion over n - p
    A = np.column_stack([np.ones(len(X)), X])
    inverse = np.linalg.inv((A.T * weight) @ A)
    coef = inverse @ (A.T * weight) @ y
    phi = (weight * (y - A @ coef) ** 2).sum() / (len(X) - A.shape[1])
    np.testing.assert_allclose(found[0][1], np.sqrt(phi * inverse[1, 1]), rtol=1e-6)


def test_a_constant_target_is_refused():
    X, _ = counts()
    with pytest.raises(ValueError, match="the target is 0 in every row"):
        Regressor("glm", distribution="poisson").fit(X, np.zeros(len(X)))
