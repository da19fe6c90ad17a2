import numpy as np
import pytest
from numpy.polynomial import polynomial

from tests.explainers.enumeration import shapley
from workbench.explainers.score import Score
from workbench.explainers.shapley import kernel as home
from workbench.explainers.shapley.kernel import kernel_shapley
from workbench.forms import Additive, Affine, Frame, IsMissing, Kernel, Lookup


def machine(d, n_vectors=40, k=1, gamma=0.2, seed=0):
    rng = np.random.default_rng(seed)
    names = tuple(f"c{i}" for i in range(d))
    inputs = tuple(Affine(name, 1.0, 2.0, 0.5) for name in names)
    body = Kernel(rng.normal(size=(n_vectors, d)), rng.normal(size=(n_vectors, k)), rng.normal(size=k), gamma, inputs)
    return names, score_of(body)


def score_of(body):
    k = body.k
    return Score(body, {}, np.eye(k), np.zeros(k), tuple(map(str, range(k))), "link")


def frame(X, names):
    return Frame(dict(zip(names, X.T, strict=True)))


@pytest.mark.parametrize("d", [1, 2, 3, 6, 7])
def test_equals_enumeration_for_several_outputs(d):
    names, score = machine(d, k=3)
    rng = np.random.default_rng(1)
    X, B, weight = rng.normal(size=(3, d)), rng.normal(size=(5, d)), rng.uniform(size=5)
    X[0, 0] = np.nan
    found = kernel_shapley(score, frame(X, names), frame(B, names), weight / weight.sum(), names)
    values, baseline = shapley(lambda Z: score.values(frame(Z, names)), X, B, weight)
    np.testing.assert_allclose(found.values, values, atol=1e-12)
    np.testing.assert_allclose(found.baseline, baseline, atol=1e-12)
    assert found.approximation_error is None


def test_equals_the_integral_of_the_polynomial_with_thirty_columns():
    d = 30
    names, score = machine(d, n_vectors=7, gamma=0.02)
    rng = np.random.default_rng(1)
    X, B = rng.normal(size=(2, d)), rng.normal(size=(3, d))
    body = score.body

    def factors(rows):
        z = (rows - 1.0) / 2.0
        return np.exp(-body.gamma * (z[:, None, :] - body.support_vectors[None]) ** 2)

    expected = np.zeros((2, d))
    for r, a in enumerate(factors(X)):
        for b in factors(B):
            for s in range(7):
                for j in range(d):
                    product = np.ones(1)
                    for i in range(d):
                        if i != j:
                            product = polynomial.polymul(product, [b[s, i], a[s, i] - b[s, i]])
                    integral = polynomial.polyval(1.0, polynomial.polyint(product))
                    expected[r, j] += body.dual_coef[s, 0] * (a[s, j] - b[s, j]) * integral / 3
    found = kernel_shapley(score, frame(X, names), frame(B, names), np.full(3, 1 / 3), names)
    np.testing.assert_allclose(found.values[..., 0], expected, atol=1e-12)
    whole = score.values(frame(X, names))
    np.testing.assert_allclose(found.baseline + found.values.sum(axis=1), whole, atol=1e-12)


def test_a_column_with_several_inputs_is_one_player():
    # one-hot levels with an indicator of a gap: three inputs of a category, two of a number
    levels = ("a", "b", "c")
    codes = [Lookup("city", levels, tuple(float(i == j) for i in range(3)), 0.0, 0.0) for j in range(3)]
    inputs = (*codes, Affine("size", 0.0, 1.0, 0.3), IsMissing("size"), Affine("still"))
    rng = np.random.default_rng(0)
    body = Kernel(rng.normal(size=(9, 6)), rng.normal(size=(9, 1)), np.zeros(1), 0.4, inputs)
    names = ("unused", "still", "size", "city")

    def rows(n):
        size = np.where(rng.random(n) < 0.3, np.nan, rng.normal(size=n))
        city = rng.choice(["a", "b", "c", "new", None], n)
        return np.array([np.zeros(n), np.full(n, 0.7), size, city], dtype=object).T

    def typed(Z):
        kinds = {"city": "category"}
        return Frame({name: list(column) for name, column in zip(names, Z.T, strict=True)}, kinds)

    score, X, B = score_of(body), rows(6), rows(8)
    found = kernel_shapley(score, typed(X), typed(B), np.full(8, 1 / 8), names)
    values, _ = shapley(lambda Z: score.values(typed(Z)), X, B)
    np.testing.assert_allclose(found.values, values, atol=1e-12)
    assert (found.values[:, :2] == 0).all()
    assert (found.background_error[:, :2] == 0).all()


def test_far_from_all_support_vectors_nothing_overflows():
    names, score = machine(4, gamma=50.0)
    X, B = np.full((2, 4), 1e6), np.full((3, 4), -1e200)
    found = kernel_shapley(score, frame(X, names), frame(B, names), np.full(3, 1 / 3), names)
    assert (found.values == 0).all()
    np.testing.assert_allclose(found.baseline, score.body.intercept)


def test_memory_stays_within_its_budget():
    import tracemalloc

    names, score = machine(12, n_vectors=3_000)
    rng = np.random.default_rng(0)
    X, B = rng.normal(size=(100, 12)), rng.normal(size=(4, 12))
    frames = frame(X, names), frame(B, names)
    for f in frames:
        for name in names:
            f.numbers(name)
    tracemalloc.start()
    kernel_shapley(score, *frames, np.full(4, 0.25), names)
    assert tracemalloc.get_traced_memory()[1] < 96 * 2**20
    tracemalloc.stop()
    assert home._FACTORS * 8 <= 2**24


def test_refuses_other_scores():
    score = score_of(Additive(np.zeros(1), ()))
    with pytest.raises(ValueError, match="must be a sum over kernels"):
        kernel_shapley(score, Frame({"x": [1.0]}), Frame({"x": [1.0]}), np.ones(1), ("x",))
