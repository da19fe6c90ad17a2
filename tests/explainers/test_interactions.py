from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t
from sklearn.linear_model import LinearRegression, LogisticRegression

from workbench.answers import Answer
from workbench.estimator import Classifier, Regressor
from workbench.explainers import explain, explainer
from workbench.explainers import interactions as home
from workbench.explainers.effects import at_rows


def interaction(model, X, **options):
    return explain(model, "interaction", X, **options)


@pytest.fixture(name="X")
def _rows():
    return pd.DataFrame(np.random.default_rng(0).normal(size=(60, 4)), columns=["a b", "ü", "c", "d"])


def brute_h(ask, X, weight):
    """Compute H by its definition, each partial dependence row by row; `ask` gives one output of rows."""
    names, share = list(X), weight / weight.sum()

    def dependence(columns):
        values = []
        for i in range(len(X)):
            rows = X.copy()
            for name in columns:
                rows[name] = X[name].iloc[[i] * len(X)].array
            values.append(share @ ask(rows))
        return np.array(values) - share @ np.array(values)

    f = ask(X) - share @ ask(X)
    alone = {n: dependence([n]) for n in names}
    overall = [
        np.sqrt(share @ (f - alone[n] - dependence([m for m in names if m != n])) ** 2 / (share @ f**2)) for n in names
    ]
    pairwise, spread = [], []
    for n, m in combinations(names, 2):
        both = dependence([n, m])
        part = share @ (both - alone[n] - alone[m]) ** 2
        spread.append(np.sqrt(part))
        pairwise.append(np.sqrt(part / (share @ both**2)))
    return np.array(overall), np.array(pairwise), np.array(spread)


def said(model, rows, column):
    if hasattr(model, "predict_proba"):
        return model.predict_proba(rows)[:, column]
    return np.asarray(model.predict(rows), dtype=float)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", ["function", "forest", "ebm", "xgboost", "logistic", "three classes"])
def test_equals_its_definition(X, kind, weighted, function_model):
    y = X["a b"] * X["ü"] + X["c"] ** 2 + 0.3 * X["d"]
    weight = np.random.default_rng(1).integers(1, 4, len(X)).astype(float) if weighted else np.ones(len(X))
    if kind == "function":
        model = function_model(lambda Z: Z["a b"] * Z["ü"] + np.exp(Z["c"] * Z["d"]) + Z["d"], X)
    elif kind in ("logistic", "three classes"):
        labels = np.digitize(y, [0.0, 1.0] if kind == "three classes" else [0.5])
        model = Classifier("ebm" if kind == "three classes" else "linear").fit(X, labels)
    else:
        quick = {"forest": {"n_estimators": 4}, "ebm": {"preset": "fast"}, "xgboost": {"n_estimators": 10}}
        model = Regressor(kind, **quick[kind]).fit(X, y)
    answer = interaction(model, X, sample_weight=weight)
    for output in range(len(answer.outputs)):
        column = 1 if kind == "logistic" else output
        overall, pairwise, spread = brute_h(lambda Z, c=column: said(model, Z, c), X, weight)
        close = 1e-5 if kind == "xgboost" else 1e-10
        np.testing.assert_allclose(answer.overall[:, output], overall, atol=close)
        np.testing.assert_allclose(answer.unnormalized[:, output], spread, atol=close)
        told = answer.unnormalized[:, output] > 1e-6
        np.testing.assert_allclose(answer.pairwise[told, output], pairwise[told], atol=close)
    assert answer.pairs == tuple(combinations(range(4), 2))
    assert answer.provenance.parameters["source"] == ("predictions" if kind == "function" else "form")


def test_of_a_product_against_closed_form(function_model):
    # all combinations of -1, 1: x0 x1 has no effect of either alone, x0 + x1 + 2 x0 x1 has H^2 = 4 / 6
    X = np.array([[i, j, k] for i in (-1.0, 1.0) for j in (-1.0, 1.0) for k in (-1.0, 1.0)])
    only = interaction(function_model(lambda Z: Z[:, 0] * Z[:, 1], X), X)
    np.testing.assert_allclose(only.overall[:, 0], [1, 1, 0], atol=1e-12)
    np.testing.assert_allclose(only.pairwise[:, 0], [1, 0, 0], atol=1e-12)
    both = interaction(function_model(lambda Z: Z[:, 0] + Z[:, 1] + 2 * Z[:, 0] * Z[:, 1], X), X)
    assert both.pairwise[0, 0] == pytest.approx(np.sqrt(4 / 6))
    assert both.unnormalized[0, 0] == pytest.approx(2.0)
    assert both.overall[2, 0] == 0.0


def test_is_exactly_zero_where_nothing_acts_together(X):
    y = X["a b"] + X["ü"] ** 2
    for model in (LinearRegression().fit(X, y), Regressor("gam").fit(X, y), Regressor("dummy").fit(X, y)):
        answer = interaction(model, X)
        assert not answer.overall.any()
        assert not answer.pairwise.any()
        assert not answer.unnormalized.any()
    label = (y > 0).astype(int)
    model = LogisticRegression().fit(X, label)
    assert not interaction(model, X, scale="link").pairwise.any()
    assert (interaction(model, X).pairwise > 0).all()  # the link makes columns interact
    model.coef_[0, 3] = 0.0
    answer = interaction(model, X)
    assert answer.overall[3, 0] == 0.0
    assert [answer.pairwise[i, 0] == 0.0 for i, pair in enumerate(answer.pairs)] == [3 in p for p in answer.pairs]


def test_columns_rows_and_their_limits(X, function_model):
    model = function_model(lambda Z: Z["a b"] * Z["ü"] + Z["c"], X)
    answer = interaction(model, X, max_rows=20, most_columns=2)
    assert answer.n_background == 20
    assert [{answer.feature_names[j] for j in pair} for pair in answer.pairs] == [{"a b", "ü"}]
    assert answer.to_dict() == interaction(model, X, max_rows=20, most_columns=2).to_dict()
    assert answer.overall[0] != interaction(model, X, max_rows=20, random_state=1).overall[0]
    some = interaction(model, X, features=["ü", "a b"])
    assert some.feature_names == ("ü", "a b")
    assert some.pairs == ((1, 0),) or some.pairs == ((0, 1),)
    assert Answer.from_dict(answer.to_dict()).to_dict() == answer.to_dict()
    with pytest.raises(ValueError, match="features: unknown column 'e'"):
        interaction(model, X, features=["e"])
    with pytest.raises(ValueError, match="features: must name at least one column"):
        interaction(model, X, features=[])
    options = explainer("interaction").read_options({"features": ["e"]})
    assert [place for place, _ in explainer("interaction").misfits(options, task="binary", columns=("a",))] == [
        "features"
    ]


def test_calls_are_few(X, function_model):
    model = function_model(lambda Z: Z["a b"] * Z["ü"], X)
    interaction(model, X)
    assert model.calls_ == [60 * 60] * (4 + 6)


def test_warns_of_effects_of_little_variance_and_of_columns_that_move_together(X, function_model):
    model = function_model(lambda Z: 100 * Z["c"] + Z["a b"] * Z["ü"], X)
    (warning,) = interaction(model, X).provenance.warnings
    assert warning.startswith("the joint effect of these has less than 1% of the variance of predictions")
    assert "a b with ü (H 1" in warning or "a b with ü (H 0.9" in warning
    twin = X.assign(d=X["c"])
    told = interaction(function_model(lambda Z: Z["a b"] * Z["ü"], twin), twin).provenance.warnings
    assert any("c moves with d (Spearman correlation 1.00)" in text for text in told)


def test_every_kind_of_column(people, people_regressor, people_classifier):
    answer = interaction(people_regressor, people, max_rows=25)
    used = {"age in years", "rooms", "größe", "city", "member", 'he said "<script>"'}
    assert {n for n, h in zip(answer.feature_names, answer.overall[:, 0], strict=True) if h == 0} == {"since"}
    assert used | {"since"} == set(answer.feature_names)
    many = interaction(people_classifier, people, max_rows=25)
    assert many.overall.shape == (7, 3)
    assert np.isfinite(many.pairwise).all()


@pytest.mark.parametrize("weighted", [False, True])
def test_intervals_are_of_the_answers_without_a_group_of_rows(X, function_model, weighted):
    weight = np.random.default_rng(1).uniform(1, 3, len(X)) if weighted else None
    model = function_model(lambda Z: Z["a b"] * Z["ü"] + np.sin(Z["c"]) * Z["ü"] + Z["d"], X)
    answer = interaction(model, X, sample_weight=weight, random_state=3)
    group = np.random.default_rng([3, 1]).permutation(60) % 20
    left = [
        interaction(model, X[group != g], sample_weight=None if weight is None else weight[group != g])
        for g in range(20)
    ]
    assert answer.provenance.parameters["groups_left_out"] == 20
    for name in ("overall", "pairwise", "unnormalized"):
        versions = np.array([getattr(each, name) for each in left])
        reach = t.ppf(0.975, 19) * np.sqrt(19 * versions.var(axis=0))
        middle = getattr(answer, name)
        np.testing.assert_allclose(getattr(answer, f"{name}_lower"), np.maximum(middle - reach, 0), atol=1e-9)
        np.testing.assert_allclose(getattr(answer, f"{name}_upper"), middle + reach, atol=1e-9)
    assert Answer.from_dict(answer.to_dict()) == answer
    pair = answer.pairs.index((0, 3))  # nothing acts together there, whatever the rows
    assert answer.pairwise_lower[pair] == answer.pairwise_upper[pair] == 0


def test_intervals_cover_what_other_rows_give(function_model):
    def function(Z):
        return Z[:, 0] + Z[:, 1] + 0.3 * Z[:, 0] * Z[:, 1] + np.where(Z[:, 0] > 0.3, Z[:, 2], 0.0)

    def rows(n, seed):
        found = np.random.default_rng(seed).normal(size=(n, 3))
        found[:, 1] += 0.5 * found[:, 0]
        return found

    model = function_model(function, np.zeros((1, 3)))
    many = interaction(model, rows(1500, 10**6), max_rows=1500)
    hits, widths, values = [], [], []
    for seed in range(80):
        answer = interaction(model, rows(80, seed))
        hits.append(
            np.concatenate(
                [
                    (getattr(answer, f"{name}_lower") <= getattr(many, name))
                    & (getattr(many, name) <= getattr(answer, f"{name}_upper"))
                    for name in ("overall", "pairwise")
                ]
            )[:, 0]
        )
        widths.append(np.concatenate([answer.overall_upper - answer.overall, answer.pairwise_upper - answer.pairwise]))
        values.append(np.concatenate([answer.overall, answer.pairwise]))
    told = np.flatnonzero(many.pairwise[:, 0] > 0)
    used = [0, 1, 2, *(3 + told)]
    share = np.mean(hits, axis=0)[used]
    assert share.min() >= 0.8
    assert 0.88 < share.mean() < 0.99
    error = np.sqrt(np.mean(np.array(widths) ** 2, axis=0))[used, 0] / t.ppf(0.975, 19)
    ratio = error / np.std(values, axis=0)[used, 0]
    assert (ratio > 0.8).all()
    assert (ratio < 1.4).all()


def test_few_rows_have_no_interval(X, function_model):
    model = function_model(lambda Z: Z["a b"] * Z["ü"], X)
    few = interaction(model, X[:4])
    assert np.isnan(few.pairwise_lower).all()
    assert np.isnan(few.overall_upper).all()
    assert np.isfinite(few.pairwise).all()
    assert np.isfinite(interaction(model, X[:5]).pairwise_upper).all()


def test_effects_that_are_not_kept_are_asked_for_again(X, function_model, monkeypatch):
    model = function_model(lambda Z: Z["a b"] * Z["ü"] + Z["c"] ** 2 * Z["d"], X)
    whole = interaction(model, X)
    monkeypatch.setattr(home, "MOST_NUMBERS", 1)
    monkeypatch.setattr(at_rows, "MOST_NUMBERS", 21 * 60 * 2)
    del model.calls_[:]
    parted = interaction(model, X)
    assert model.calls_ == [60 * 60] * (4 + 6 + 3 + 4 + 3)  # pairs two by two, each with the single columns it needs
    assert {**parted.to_dict(), "provenance": None} == {**whole.to_dict(), "provenance": None}
