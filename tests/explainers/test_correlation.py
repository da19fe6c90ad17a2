import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.linear_model import LinearRegression

from workbench.estimator import Regressor
from workbench.explainers import explain
from workbench.explainers.correlation import (
    association,
    correlated_groups,
    correlation_ratio,
    cramers_v,
    rank_correlation,
)
from workbench.explainers.inputs import Inputs


def inputs(X):
    numbers = np.zeros((len(X), X.shape[1]))
    return Inputs.check(LinearRegression().fit(numbers, numbers[:, 0]), X)


def test_ranks_correlate_as_by_pandas():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(300, 5))
    values[:, 1] = np.exp(values[:, 0]) + 0.1 * rng.normal(size=300)
    values[:, 2] = np.round(values[:, 0])
    values[:, 4] = 7.0
    expected = pd.DataFrame(values).corr(method="spearman").fillna(0.0).to_numpy()
    np.testing.assert_allclose(rank_correlation(values, [0, 2, 4]), expected[[0, 2, 4]], atol=1e-12)
    values[rng.random((300, 5)) < 0.2] = np.nan
    ranks = pd.DataFrame(values).rank()
    expected = ranks.corr().fillna(0.0).to_numpy()
    np.testing.assert_allclose(rank_correlation(values, range(5)), expected, atol=1e-12)
    values[9:, 3] = np.nan
    assert not rank_correlation(values, [3]).any()


def test_correlation_ratio_is_the_kruskal_wallis_statistic_less_chance():
    rng = np.random.default_rng(1)
    codes = rng.integers(0, 4, 120)
    values = np.column_stack([rng.normal(size=120) + codes, rng.normal(size=120), np.full(120, 3.0)])
    values[rng.random(120) < 0.3, 1] = np.nan
    found = correlation_ratio(codes, values)
    for j in (0, 1):
        known = ~np.isnan(values[:, j])
        n = int(known.sum())
        h = stats.kruskal(*(values[known & (codes == level), j] for level in range(4))).statistic
        expected = 1 - (1 - h / (n - 1)) * (n - 1) / (n - 4)
        assert found[j] == pytest.approx(np.sqrt(max(expected, 0.0)), abs=1e-12)
    assert found[2] == 0
    assert found[0] > 0.5
    assert correlation_ratio(np.arange(120), values).max() == 0  # a key tells everything, and nothing


def test_cramers_v_is_chi_squared_less_chance():
    rng = np.random.default_rng(2)
    one = rng.integers(0, 3, 200)
    other = np.where(rng.random(200) < 0.6, one, rng.integers(0, 5, 200))
    chi2 = stats.chi2_contingency(pd.crosstab(one, other), correction=False).statistic
    r, c, n = 3, 5, 200
    beyond = max(0.0, chi2 / n - (r - 1) * (c - 1) / (n - 1))
    smaller = min(r - (r - 1) ** 2 / (n - 1), c - (c - 1) ** 2 / (n - 1))
    assert cramers_v(one, other) == pytest.approx(np.sqrt(beyond / (smaller - 1)), abs=1e-12)
    assert cramers_v(one, one) == pytest.approx(1.0, abs=1e-12)
    assert cramers_v(one, (one + 1) % 3) == pytest.approx(1.0, abs=1e-12)
    assert cramers_v(np.arange(200), np.arange(200)) == 0
    assert cramers_v(one, np.zeros(200, dtype=int)) == 0
    assert cramers_v(one[:9], one[:9]) == 0


def test_association_of_every_kind_of_column(people):
    table = people.assign(
        town=people["city"].map({"Paris": "P", "Rom": "R", "Kyiv": "K", "Nowhere": "N"}),  # and missing where it is
        joined=people["since"] + pd.Timedelta(days=1),
        size=people["größe"].cat.codes + 0.5,
        no=~people["member"],
        wave=people["city"].map({"Paris": 9.0, "Rom": -1.0, "Kyiv": 2.0, "Nowhere": 4.0}),
        one=1,
        key=[f"k{i}" for i in range(len(people))],
    )
    found = pd.DataFrame(association(inputs(table)), table.columns, table.columns)
    assert (found.to_numpy() == found.to_numpy().T).all()
    assert (np.diag(found) == 1).all()
    assert found.loc["city", "town"] == pytest.approx(1.0)
    assert found.loc["since", "joined"] == pytest.approx(1.0)
    assert found.loc["größe", "size"] == pytest.approx(1.0)
    assert found.loc["member", "no"] == pytest.approx(1.0)
    assert found.loc["city", "wave"] == pytest.approx(1.0)
    assert found.loc["one"].drop("one").max() == found.loc["key"].drop("key").max() == 0
    assert found.loc["age in years", ["rooms", "city", "member"]].max() < 0.3
    groups = correlated_groups(inputs(table), 0.7)
    names = {frozenset(table.columns[list(group)]) for group in groups}
    assert names == {
        frozenset({"city", "town", "wave"}),
        frozenset({"since", "joined"}),
        frozenset({"größe", "size"}),
        frozenset({"member", "no"}),
    }


def test_groups_do_not_chain():
    rng = np.random.default_rng(3)
    walk = np.cumsum(rng.normal(size=(500, 6)), axis=1)
    found = association(inputs(walk))
    assert found[0, 5] < 0.6
    assert (found[np.arange(5), np.arange(1, 6)] > 0.65).all()
    groups = correlated_groups(inputs(walk), 0.7)
    assert len(groups) > 1
    for group in groups:
        assert list(group) == sorted(group)
        pairs = found[np.ix_(group, group)][np.triu_indices(len(group), 1)]
        assert pairs.mean() > 0.7


def test_groups_of_little():
    X = np.random.default_rng(0).normal(size=(40, 3))
    assert correlated_groups(inputs(X), 0.7) == ()
    assert correlated_groups(inputs(X[:, :1]), 0.7) == ()
    assert correlated_groups(inputs(X[:1]), 0.7) == ()
    assert correlated_groups(inputs(X[:, [0, 1, 0]]), 0.99) == ((0, 2),)
    assert correlated_groups(inputs(X[:, [0, 1, 0]][:9]), 0.7) == ()  # fewer than 10 rows show nothing


def test_exchanged_columns_that_move_together_are_named_once(function_model):
    rng = np.random.default_rng(0)
    a = rng.normal(size=300)
    X = pd.DataFrame({"a": a, "b": a + 0.1 * rng.normal(size=300), "c": -a, "d": rng.normal(size=300)})
    model = function_model(lambda Z: Z["a"] + Z["b"] * Z["d"], X)
    spearman = X["a"].corr(X["b"], method="spearman")
    told = f"a moves with b (Spearman correlation {spearman:.2f}): values average over combinations that may not occur"
    alone = function_model(lambda Z: Z["a"] + Z["d"], X)
    for method in ("shap", "kernel_shap"):
        assert explain(model, method, X[:3], background=X).provenance.warnings == (told,)
        assert not explain(alone, method, X[:3], background=X).provenance.warnings
    of_lime = explain(model, "lime", X[:3], background=X).provenance.warnings
    assert any(warning.startswith("a moves with c") for warning in of_lime)
    whole = function_model(lambda Z: Z["a"] + Z["b"] + Z["c"], X)
    (warning,) = explain(whole, "shap", X[:3], background=X).provenance.warnings
    assert warning.startswith("a moves with c (Spearman correlation -1.00), as do 2 more pairs: values average over")


def test_path_dependent_values_exchange_nothing():
    a = np.random.default_rng(0).normal(size=400)
    X = pd.DataFrame({"a": a, "b": a + np.random.default_rng(1).normal(size=400) / 2})
    model = Regressor("tree").fit(X, X["a"] * X["b"])
    assert set(model.form_.columns) == {"a", "b"}
    assert explain(model, "tree_shap", X[:3], background=X).provenance.warnings
    assert not explain(model, "tree_shap", X, perturbation="path_dependent").provenance.warnings
