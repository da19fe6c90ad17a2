import numpy as np
import pandas as pd

from workbench.explainers.correlation import rank_correlation


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
