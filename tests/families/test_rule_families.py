"""OneR, rule sets, rule lists, RuleFit, FIGS: rules by hand, promises about rows, probabilities."""

from __future__ import annotations

import random

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss

from tests.contracts.tables import mixed
from workbench import Classifier, Regressor
from workbench.forms import Curve, Frame, Rule, Tree

RULES = ("oner", "ruleset", "rulelist", "rulefit", "figs")
SMALL = {
    "oner": {},
    "ruleset": {"max_bins": 4, "k": 1},
    "rulelist": {"max_bins": 4, "n_draws": 300, "n_chains": 1},
    "rulefit": {"n_estimators": 20, "max_rules": 10, "cross_validate": False},
    "figs": {"max_rules": 6},
}


def stairs(n=400, noise=0.05):
    """Yes above 0.6 of x; z says nothing."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"x": rng.random(n).round(3), "z": rng.random(n)})
    return X, pd.Series((X["x"] > 0.6) ^ (rng.random(n) < noise), name="y")


@pytest.fixture(scope="module", params=RULES)
def fitted(request):
    X, y = stairs()
    return request.param, Classifier(request.param, **SMALL[request.param]).fit(X, y), X, y


def test_the_one_column_is_found(fitted):
    _, model, X, y = fitted
    assert model.form_.columns[0] == "x"
    assert model.score(X, y) > 0.85
    assert "x_" not in str(model.form_)  # columns have their own names in rules


def test_rules_stand_for_ten_rows_or_more(fitted):
    model = fitted[1]
    assert model.smallest_support_ >= 10
    body = model.form_.body
    parts = (*getattr(body, "rules", ()), *(t for t in getattr(body, "terms", ()) if isinstance(t, Rule)))
    assert all(part.support == 0 or part.support >= 10 for part in parts)


def test_unequal_weights_are_refused_where_the_library_takes_none(fitted):
    name, model, X, y = fitted
    weight = np.arange(1.0, len(X) + 1)
    if type(model).family.weighs_rows:
        model.__class__(**model.get_params()).fit(X, y, sample_weight=weight)
        return
    with pytest.raises(ValueError, match=f"family '{name}' can't weigh rows"):
        Classifier(name, **SMALL[name]).fit(X, y, sample_weight=weight)


def test_global_generators_are_left_alone(fitted):
    name, _, X, y = fitted
    np.random.seed(3)  # noqa: NPY002 - what is tested is that these stay as they are
    random.seed(3)
    expected = np.random.random(), random.random()  # noqa: NPY002, S311
    np.random.seed(3)  # noqa: NPY002
    random.seed(3)
    Classifier(name, **SMALL[name]).fit(X.head(100), y.head(100)).predict(X)
    assert (np.random.random(), random.random()) == expected  # noqa: NPY002, S311


def test_oner_is_the_best_column_by_hand():
    X, y = mixed("binary")
    model = Classifier("oner", max_bins=3).fit(X, y)
    codes = model.encode(X)
    errors = [
        sum(len(part) - part.value_counts().max() for _, part in y.groupby(codes[:, j])) for j in range(codes.shape[1])
    ]
    assert model.estimator_.feature_idx_ == int(np.argmin(errors))
    chosen = codes[:, int(np.argmin(errors))]
    yes = (y == "yes").groupby(chosen)
    shares = (yes.transform("sum") + 1) / (yes.transform("count") + 2)
    np.testing.assert_allclose(model.predict_proba(X)[:, 1], shares)
    np.testing.assert_allclose(model.form_.predict_proba(X)[:, 1], shares)


def test_ruleset_probability_is_the_mean_of_smoothed_shares():
    X, y = stairs()
    model = Classifier("ruleset", max_bins=5).fit(X, y)
    matched = np.zeros(len(X))
    total = np.zeros(len(X))
    for rule in model.form_.body.rules:
        hit = np.ones(len(X), dtype=bool)
        for c in rule.conditions:
            hit &= (X[c.column] > c.lower) & (X[c.column] <= c.upper)
        share = (y[hit].sum() + 1) / (hit.sum() + 2)  # Laplace's rule of succession
        total += hit * share
        matched += hit
    rest = (y[matched == 0].sum() + 1) / ((matched == 0).sum() + 2)
    expected = np.where(matched > 0, total / np.maximum(matched, 1), rest)
    np.testing.assert_allclose(model.predict_proba(X)[:, 1], expected)


def test_rule_list_reads_from_the_top():
    X, y = stairs()
    model = Classifier("rulelist", **SMALL["rulelist"]).fit(X, y)
    body = model.form_.body
    first = body.deciding(Frame(X, model.form_.kinds))
    for i, rule in enumerate(body.rules):
        # the posterior mean of a share with one row of each class beforehand
        expected = (y[first == i].sum() + 1) / ((first == i).sum() + 2)
        np.testing.assert_allclose(rule.value[0], expected)


def test_greedy_rule_list_ends_before_rules_of_few_rows():
    X, y = mixed("binary")
    model = Classifier("rulelist", method="greedy", max_rules=20).fit(X, y)
    supports = [rule.support for rule in model.form_.body.rules]
    assert min(supports) >= 10
    assert sum(supports) == len(X)


def test_rulelist_does_two_classes_alone():
    X, y = mixed("multiclass")
    with pytest.raises(ValueError, match=r"'rulelist' can't do multiclass.*families that can: .*ruleset"):
        Classifier("rulelist").fit(X, y)


def test_rulefit_lines_end_where_ten_rows_lie_beyond():
    rng = np.random.default_rng(1)
    X = pd.DataFrame({"x": rng.normal(size=200), "z": rng.normal(size=200)})
    y = X["x"] + 0.1 * rng.normal(size=200)
    form = Regressor("rulefit", n_estimators=10, max_rules=6, cross_validate=False).fit(X, y).form_
    lines = [t for t in form.body.terms if isinstance(t, Curve)]
    assert lines
    for line in lines:
        low, high = line.knots
        assert min((X[line.column] <= low).sum(), (X[line.column] >= high).sum()) >= 10
        at = line.at(np.array([-1e9, low, high, 1e9]))[:, 0]
        np.testing.assert_allclose(at[[0, 3]], at[[1, 2]])


def test_figs_leaves_hold_ten_rows_and_shares_are_cut_off():
    X, y = stairs(noise=0.0)
    model = Classifier("figs", max_rules=8).fit(X, y)
    trees = [t for t in model.form_.body.terms if isinstance(t, Tree)]
    assert all(t.support[t.is_leaf].min() >= 10 for t in trees)
    p = model.predict_proba(X)[:, 1]
    assert (p.min(), p.max()) == pytest.approx((1 / 12, 11 / 12))


@pytest.mark.parametrize("name", ["rulefit", "figs"])
def test_own_probabilities_beat_the_library_s(name):
    X, y = stairs()
    model = Classifier(name, **SMALL[name]).fit(X, y)
    given = model.family().library_proba(model.estimator_, model.encode(X))
    assert not np.allclose(given, model.predict_proba(X))
    assert log_loss(y, model.predict_proba(X)) < log_loss(y, given)


@pytest.mark.parametrize("name", ["ruleset", "rulefit", "figs"])
def test_several_classes(name):
    X, y = mixed("multiclass", n=300)
    model = Classifier(name, **SMALL[name]).fit(X, y)
    shares = model.predict_proba(X)
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)
    np.testing.assert_allclose(model.form_.predict_proba(X), shares, atol=1e-12)
    assert model.score(X, y) > y.value_counts(normalize=True).max()


def test_texts_name_levels_dates_and_truths():
    X, y = mixed("binary", n=400)
    text = str(Classifier("rulelist", max_bins=4, n_draws=500, max_conditions=2).fit(X, y).form_)
    assert "share of target = yes is" in text
    assert "otherwise" in text


@pytest.mark.parametrize("include", [True, False])
def test_rulefit_lines_over_ordered_levels_with_rare_ends(include):
    rng = np.random.default_rng(0)
    levels = ["low", "mid", "high", "top"]
    o = rng.choice(levels, 600, p=[0.01, 0.5, 0.47, 0.02])
    X = pd.DataFrame({"o": pd.Categorical(o, levels, ordered=True), "x": rng.normal(size=600)})
    X.loc[rng.random(600) < 0.05, "o"] = None
    y = X["o"].cat.codes + X["x"]
    model = Regressor("rulefit", n_estimators=10, cross_validate=False, include_linear=include).fit(X, y)
    np.testing.assert_allclose(model.form_.predict(X), model.predict(X), rtol=1e-9, atol=1e-9)
