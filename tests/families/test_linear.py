import tracemalloc

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from workbench.estimator import Regressor


def rows(n: int, p: int) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(n, p)), columns=[f"c{j:02}" for j in range(p)])
    return X, X.to_numpy() @ rng.normal(size=p) + rng.normal(size=n)


@pytest.mark.parametrize("accelerate", [False, True])
def test_encoded_rows_are_not_copied_and_a_table_is_not_changed(accelerate):
    if accelerate:
        pytest.importorskip("sklearnex")
    X, y = rows(300, 3)
    before = X.copy()
    model = Regressor("linear", accelerate=accelerate).fit(X, y)
    pd.testing.assert_frame_equal(X, before)
    copied = LinearRegression().fit(model.encode(X), y)
    np.testing.assert_allclose(model.estimator_.coef_, copied.coef_, rtol=1e-10)
    np.testing.assert_allclose(model.predict(X), copied.predict(model.encode(X)), rtol=1e-10)


def test_memory_is_that_of_the_encoded_rows_and_one_copy():
    X, y = rows(50_000, 40)
    Regressor("linear").fit(X[:300], y[:300])
    tracemalloc.start()
    Regressor("linear").fit(X, y)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2.6 * X.to_numpy().nbytes  # the solver takes one copy; centring needs none
