"""The explainable boosting machine: cuts, presets, bins of every kind, and the promise of 10 rows."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench import Classifier, Regressor
from workbench.families.cutting import interval_cuts
from workbench.forms import Levels, Steps, Surface

QUICK = {"outer_bags": 1, "max_rounds": 60, "interactions": 0}


@given(st.lists(st.integers(0, 30), min_size=1, max_size=300), st.integers(2, 40))
def test_every_interval_has_ten_rows(values, max_bins):
    z = np.array(values, dtype=float)
    cuts = interval_cuts(z, max_bins)
    assert len(cuts) < max_bins
    assert cuts == sorted(set(cuts))
    if cuts:
        counts = np.bincount(np.searchsorted(cuts, z), minlength=len(cuts) + 1)
        assert counts.min() >= 10
    assert not set(cuts) & set(z)


def test_neighbouring_floats_are_told_apart():
    low = 1.0
    high = float(np.nextafter(low, 2.0))
    (cut,) = interval_cuts(np.array([low] * 20 + [high] * 20), 8)
    assert low < cut <= high


def data(n=400, seed=0):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "x": rng.uniform(-3, 3, n),
            "z": rng.normal(size=n),
            "c": rng.choice(["a", "b", "rare"], n, p=[0.6, 0.38, 0.02]),
        }
    )
    X.loc[rng.random(n) < 0.1, "z"] = np.nan
    return X, np.sin(X["x"]) + X["c"].eq("a") + 0.1 * rng.normal(size=n)


def test_shapes_levels_and_pairs_are_read():
    X, y = data()
    model = Regressor("ebm", outer_bags=1, interactions=2, max_rounds=100).fit(X, y)
    kinds = {type(term) for term in model.form_.body.terms}
    assert kinds == {Steps, Levels, Surface}
    (shape,) = [t for t in model.form_.body.terms if isinstance(t, Steps) and t.column == "x"]
    assert shape.weights.min() >= 10
    assert shape.weights.sum() == len(X)
    # the shape follows the sine that made the data
    assert np.corrcoef(shape.values[:, 0], np.sin(shape.centers))[0, 1] > 0.9
    assert model.smallest_support_ == 10
    assert Regressor("ebm", min_samples_leaf=2, **QUICK).fit(X, y).smallest_support_ == 2


def test_few_gaps_are_filled_before_the_fit():
    X, y = data()
    X["z"] = X["z"].fillna(0.0)
    X.loc[:4, "z"] = np.nan
    model = Regressor("ebm", **QUICK).fit(X, y)
    mean = X["z"].mean()
    np.testing.assert_allclose(model.predict(X.iloc[:5]), model.predict(X.iloc[:5].assign(z=mean)))
    np.testing.assert_allclose(model.form_.predict(X), model.predict(X), atol=1e-12)


def test_presets_differ_and_can_be_overridden():
    built = {
        p: Regressor("ebm", preset=p).family().build("regression", Regressor("ebm", preset=p).get_params())
        for p in ("fast", "balanced", "thorough")
    }
    assert built["fast"].outer_bags <= built["balanced"].outer_bags < built["thorough"].outer_bags
    params = Regressor("ebm", preset="fast", outer_bags=7).get_params()
    assert Regressor("ebm").family().build("regression", params).outer_bags == 7
    with pytest.raises(ValueError, match="ebm: preset"):
        Regressor("ebm", preset="quick").fit(*data())


def test_constant_and_tiny_columns_fit():
    X = pd.DataFrame({"one": np.ones(40), "few": [0.0] * 35 + [1.0] * 5, "x": np.arange(40.0)})
    model = Classifier("ebm", **QUICK).fit(X, np.arange(40) > 20)
    np.testing.assert_allclose(model.form_.predict_proba(X), model.predict_proba(X), atol=1e-12)
    assert "one" not in model.form_.columns or not np.ptp(model.form_.score(X.assign(x=1.0, few=0.0)))
