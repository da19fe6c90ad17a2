from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from workbench.explainers import explain
from workbench.explainers.effects.own_curves import OwnCurves


class Product:
    """Predicts x times a column of signs, plus z."""

    def fit(self, X, y=None):
        self.n_features_in_, self.fitted_ = 3, True
        return self

    def predict(self, X):
        a = np.asarray(X, dtype=float)
        return a[:, 0] * a[:, 1] + a[:, 2]


def rows(n: int) -> pd.DataFrame:
    return pd.DataFrame(np.random.default_rng(0).normal(size=(n, 3)), columns=["x", "y", "z"])


@pytest.mark.parametrize("centred", [False, True])
def test_quantiles_are_those_of_the_curves_about_their_mean(centred: bool) -> None:
    from sklearn.ensemble import RandomForestRegressor

    X = rows(150)
    model = RandomForestRegressor(10, random_state=0).fit(X, Product().predict(X))
    found = explain(model, "partial_dependence", X, individual=True, centred=centred)
    for effect in found.effects:
        own = effect.individual[:, 0]
        about = effect.average[0, 0] if centred else effect.average[0].mean()
        curves = own - (own[:, :1] if centred else own.mean(axis=1, keepdims=True)) + about
        np.testing.assert_allclose(effect.spread.curves[:, 0], np.quantile(curves, [0.1, 0.9], axis=0), atol=1e-12)
        assert effect.spread.levels == (0.1, 0.9)
        assert effect.public().spread is not None


def test_rows_of_a_sum_do_not_differ() -> None:
    from sklearn.linear_model import LinearRegression

    X = rows(120)
    model = LinearRegression().fit(X, Product().predict(X))
    for effect in explain(model, "partial_dependence", X).effects:
        np.testing.assert_allclose(effect.spread.curves, np.stack([effect.average] * 2), atol=1e-12)


def test_ten_rows_lie_beyond_each_quantile_or_none_is_told() -> None:
    curves = np.random.default_rng(0).normal(size=(200, 7, 2))
    for n, level in ((39, None), (40, 0.25), (80, 0.125), (100, 0.1), (200, 0.1)):
        own = OwnCurves.of(np.ones(n), 14)
        own.add(curves[:n], slice(0, n))
        found = own.quantiles(curves[:n].mean(axis=0))
        assert (found is None) == (level is None)
        if found is not None and level is not None:
            assert found.levels == (level, 1 - level)
            about = curves[:n].mean(axis=(0, 1))
            moved = curves[:n] - curves[:n].mean(axis=1, keepdims=True) + about
            below = (moved.transpose(2, 1, 0) < found.curves[0][:, :, None]).sum(axis=2)
            assert below.min() >= 10


def test_rows_of_no_weight_do_not_count_and_many_rows_are_thinned() -> None:
    curves = np.random.default_rng(1).normal(size=(3000, 3, 1))
    weight = (np.arange(3000) % 2).astype(float)
    own = OwnCurves.of(weight, 3)
    for start in range(0, 3000, 700):  # block after block
        own.add(curves[start : start + 700], slice(start, min(start + 700, 3000)))
    assert len(own.rows) == 1000
    assert weight[own.rows].all()
    kept = curves[own.rows]
    expected = np.quantile(kept - kept.mean(axis=1, keepdims=True), [0.1, 0.9], axis=0)
    np.testing.assert_allclose(own.quantiles(np.zeros((3, 1))).curves, expected.transpose(0, 2, 1), atol=1e-12)


def test_weights_count_rows() -> None:
    curves = np.random.default_rng(2).normal(size=(60, 4, 1))
    weight = np.where(np.arange(60) < 30, 3.0, 1.0)
    heavy, repeated = OwnCurves.of(weight, 4), np.repeat(curves, weight.astype(int), axis=0)
    heavy.add(curves, slice(0, 60))
    found = heavy.quantiles(np.zeros((4, 1)))
    moved = repeated - repeated.mean(axis=1, keepdims=True)
    expected = np.quantile(moved, found.levels, axis=0, method="inverted_cdf")
    np.testing.assert_allclose(found.curves, expected.transpose(0, 2, 1), atol=1e-12)
