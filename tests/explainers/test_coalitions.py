from itertools import permutations

import numpy as np
import pytest

from tests.explainers.enumeration import shapley
from workbench.explainers import explain
from workbench.explainers.shapley import paired_sampling
from workbench.explainers.shapley.games import BackgroundMean, coalitions, shares, signed_weights, size_weights
from workbench.explainers.shapley.paired_sampling import Draws, fit


def test_shares_equal_the_mean_over_all_orders():
    worth = np.random.default_rng(0).normal(size=(16, 2))
    expected = np.zeros((4, 2))
    for order in permutations(range(4)):
        for i, j in enumerate(order):
            before = sum(1 << k for k in order[:i])
            expected[j] += (worth[before | 1 << j] - worth[before]) / 24
    np.testing.assert_allclose(shares(worth), expected, atol=1e-14)
    np.testing.assert_allclose(signed_weights(coalitions(4)) @ worth, expected, atol=1e-14)
    np.testing.assert_allclose(size_weights(4), [1 / 4, 1 / 12, 1 / 12, 1 / 4])


def test_the_mean_over_a_background_in_blocks():
    rng = np.random.default_rng(0)
    values, share = 1e6 + rng.normal(size=(20, 3)), rng.uniform(size=20)
    share /= share.sum()
    values[:, 2] = 7.0
    kept = BackgroundMean()
    for part in (slice(0, 1), slice(1, 9), slice(9, 20)):
        kept.add(values[part], share[part])
    mean = share @ values
    np.testing.assert_allclose(kept.mean, mean, rtol=1e-14)
    expected = np.sqrt(20 / 19 * (share[:, None] ** 2 * (values - mean) ** 2).sum(axis=0))
    np.testing.assert_allclose(kept.error[:2], expected[:2], rtol=1e-6)
    assert kept.error[2] == 0
    equal = BackgroundMean()
    equal.add(values, np.full(20, 1 / 20))
    np.testing.assert_allclose(equal.error[:2], values.std(axis=0, ddof=1)[:2] / np.sqrt(20), rtol=1e-6)
    with pytest.raises(ValueError, match="at least one row"):
        _ = BackgroundMean().mean


def tangled(Z):
    """Of ten columns all but the last matter, in threes too, which pairs of coalitions do not average out."""
    Z = np.asarray(Z, dtype=float)
    return Z @ [3, -2, 1, 1, 0, 0, 0, 0, 0, 0] + Z[:, 0] * Z[:, 1] * Z[:, 2] + np.sin(Z[:, 3:9].sum(axis=1)) * Z[:, 0]


@pytest.fixture(name="rows", scope="module")
def _rows():
    return np.random.default_rng(5).normal(size=(30, 10))


def sampled(function_model, rows, **options):
    model = function_model(tangled, rows)
    return explain(model, "kernel_shap", rows[:2], background=rows[10:15], **options), model


def test_standard_errors_of_a_sample_cover_the_values(rows, function_model):
    exact, _ = sampled(function_model, rows)
    assert exact.provenance.parameters["way"] == "enumeration"
    np.testing.assert_allclose(exact.values[..., None], shapley(tangled, rows[:2], rows[10:15])[0], atol=1e-12)
    for options in ({"max_evaluations": 1_000, "precision": 1e-6}, {"max_evaluations": 2_500, "precision": 0.05}):
        hits, deviations = [], []
        for seed in range(120):
            answer, _ = sampled(function_model, rows, random_state=seed, **options)
            error = answer.approximation_error[:, :9]
            assert (error > 0).all()
            deviation = (answer.values - exact.values)[:, :9] / error
            hits.append(np.abs(deviation) < 1.96)
            deviations.append(deviation)
        assert 0.925 < np.mean(hits) < 0.975
        assert abs(np.mean(deviations)) < 0.1  # no bias to speak of


def test_a_sample_adds_up_says_so_and_depends_on_its_seed_alone(rows, function_model):
    options = {"max_evaluations": 1_500, "precision": 0.001}
    answer, model = sampled(function_model, rows, **options)
    np.testing.assert_allclose(answer.baseline + answer.values.sum(axis=1), answer.predictions, atol=1e-12)
    assert answer.provenance.parameters["way"] == "sampling"
    assert not answer.provenance.exact
    assert (answer.values[:, 9] == 0).all()
    assert (answer.approximation_error[:, 9] == 0).all()
    assert np.isnan(answer.background_error[:, :9]).all()
    assert sum(model.calls_) <= 2 + 5 + 2 * 1_500
    (warning,) = answer.provenance.warnings
    assert warning.startswith("sampling stopped at 1,500 evaluations a row before its precision of 0.001 was reached")
    again, _ = sampled(function_model, rows, **options)
    assert np.array_equal(again.values, answer.values)
    other, _ = sampled(function_model, rows, random_state=1, **options)
    assert not np.array_equal(other.values, answer.values)
    alone = explain(function_model(tangled, rows), "kernel_shap", rows[1:2], background=rows[10:15], **options)
    np.testing.assert_allclose(alone.values[0], answer.values[1], atol=1e-12)


def test_a_sample_stops_at_the_precision_asked_for(rows, function_model):
    # the spread: root mean square difference between the prediction and those for the background
    spread = np.sqrt(((tangled(rows[10:15])[:, None] - tangled(rows[:2])) ** 2).mean(axis=0))
    errors, spent = [], []
    for precision in (0.05, 0.01):
        answer, model = sampled(function_model, rows, max_evaluations=2_600, precision=precision)
        errors.append(answer.approximation_error.max(axis=1) / spread)
        spent.append(sum(model.calls_))
        assert answer.provenance.warnings == ()
        assert (errors[-1] <= precision).all()
    assert spent[0] < spent[1] < 5_200


def test_a_sum_needs_no_more_than_the_first_draws(function_model):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 25))
    slope = rng.normal(size=25)
    model = function_model(lambda Z: Z @ slope + 2, X)
    answer = explain(model, "kernel_shap", X[:2], background=X[10:])
    np.testing.assert_allclose(answer.values, slope * (X[:2] - X[10:].mean(axis=0)), atol=1e-12)
    assert answer.provenance.parameters["way"] == "sampling"
    assert answer.approximation_error.max() < 1e-12


def test_columns_without_use_leave_few_enough_to_enumerate(function_model):
    X = np.random.default_rng(0).normal(size=(40, 20))

    def product(Z):
        return Z[:, 3] * Z[:, 7] * Z[:, 11]

    answer = explain(function_model(product, X), "kernel_shap", X[:2], background=X[10:])
    values, _ = shapley(product_of_three, X[:2][:, [3, 7, 11]], X[10:][:, [3, 7, 11]])
    np.testing.assert_allclose(answer.values[:, [3, 7, 11]], values[..., 0], atol=1e-12)
    assert np.count_nonzero(answer.values) == 6
    assert answer.provenance.exact


def product_of_three(Z):
    return Z.prod(axis=1)


def test_a_model_that_is_the_same_everywhere_gets_nothing_from_any_column(function_model):
    X = np.random.default_rng(0).normal(size=(30, 14))
    answer = explain(function_model(lambda Z: np.full(len(Z), 7.0), X), "kernel_shap", X[:2], background=X)
    assert not answer.values.any()
    assert answer.baseline == pytest.approx(7.0)


def test_a_column_that_acts_only_among_others_is_not_taken_for_unused(function_model):
    # a column that neither alone nor last changes anything, for a single background row of zeros
    X = np.vstack([np.ones(16), np.zeros(16)])

    def hidden(Z):
        return Z[:, 0] * Z[:, 1] * (1 - Z[:, 2]) + Z[:, 3:].sum(axis=1)

    model = function_model(hidden, X)
    options = {"max_evaluations": 3_000, "precision": 1e-3}
    answer = explain(model, "kernel_shap", X[:1], background=X[1:], **options)
    # of x0 x1 (1 - x2), shared by three: 1/6 to each of the first two, -1/3 to the third
    np.testing.assert_allclose(answer.values[0, 3:], 1.0, atol=4 * answer.approximation_error[0].max())
    assert abs(answer.values[0, 2] + 1 / 3) < 4 * answer.approximation_error[0, 2]
    assert (answer.approximation_error[0, :3] > 0).all()


def test_the_fit_equals_least_squares_over_all_coalitions():
    # with every pair drawn as often as its kernel weight says, the fit is the Shapley value itself
    n = 6
    every = coalitions(n)
    worth = np.random.default_rng(0).normal(size=(2**n, 1))
    single = np.array([(worth[1 << j] - worth[2**n - 1 - (1 << j)]) / 2 for j in range(n)])
    masks = np.array([m for m in every if 2 <= m.sum() <= n - 2 and m[0]])
    codes = masks @ (1 << np.arange(n))
    odd = (worth[codes] - worth[2**n - 1 - codes]) / 2
    counts = {2: 9, 3: 8, 4: 9}  # in proportion to 1 / (binomial(6, s) s (6 - s)): 1/120, 1/180, 1/120
    weight = {size: (9 if size != 3 else 6) for size in counts}
    which = np.repeat(np.arange(len(masks)), [weight[int(m.sum())] for m in masks])
    values, error = fit(single, odd, masks, which, worth[-1] - worth[0])
    np.testing.assert_allclose(values, shares(worth), atol=1e-12)
    assert (error > 0).all()


def test_draws_are_the_same_however_many_are_asked_for():
    draws = Draws(3)
    few, which_few = draws.of(9, 20)
    many, which_many = draws.of(9, 300)
    assert np.array_equal(which_many[:20], which_few)
    assert np.array_equal(many[: len(few)], few)
    assert np.array_equal(Draws(3).of(9, 300)[0], many)
    sizes = many.sum(axis=1)
    assert sizes.min() >= 2
    assert sizes.max() <= 7
    assert len(np.unique(np.vstack([many, ~many]), axis=0)) == 2 * len(many)
    masks, which = draws.of(9, 4_000)
    drawn = np.bincount(np.minimum(masks.sum(axis=1), 9 - masks.sum(axis=1))[which])
    # sizes in proportion to 1 / (s (9 - s)): 1/14, 1/18, 1/20
    expected = np.array([1 / 14, 1 / 18, 1 / 20]) / (1 / 14 + 1 / 18 + 1 / 20)
    np.testing.assert_allclose(drawn[2:] / 4_000, expected, atol=4 * np.sqrt(0.25 / 4_000))


def test_too_few_evaluations_are_refused_with_the_least_that_do(rows, function_model):
    model = function_model(tangled, rows)
    with pytest.raises(
        ValueError, match=r"kernel_shap: max_evaluations must be at least 580 for 10 columns and 5 back"
    ):
        explain(model, "kernel_shap", rows[:1], background=rows[10:15], max_evaluations=579)
    explain(model, "kernel_shap", rows[:1], background=rows[10:15], max_evaluations=580)
    small = function_model(lambda Z: Z.prod(axis=1), rows[:, :3])
    with pytest.raises(ValueError, match="must be at least 40 for 3 columns"):
        explain(small, "kernel_shap", rows[:1, :3], background=rows[10:15, :3], max_evaluations=39)


def test_few_calls(function_model):
    X = np.random.default_rng(0).normal(size=(50, 8))
    model = function_model(lambda Z: Z[:, 0] * Z[:, 1] + np.sin(Z).sum(axis=1), X)
    explain(model, "kernel_shap", X[:20], background=X)
    assert len(model.calls_) <= 2 + 6  # 20 rows x 254 coalitions x 50 background rows, 65,536 a call
    assert max(model.calls_) <= 2**16


@pytest.mark.parametrize("options", [{"max_evaluations": 300 * 64}, {"max_evaluations": 2**20}])
def test_background_rows_are_asked_for_in_parts(rows, function_model, monkeypatch, options):
    """However many background rows there are, and evaluations are allowed, a call is of no more rows than it may be."""
    background = np.tile(rows, (2, 1)) + np.random.default_rng(0).normal(size=(60, 10))
    background = np.vstack([background, rows[:4]])
    weight = np.random.default_rng(1).uniform(1, 2, 64)
    model = function_model(tangled, rows)
    whole = explain(model, "kernel_shap", rows[:2], background=background, sample_weight=weight, **options)
    monkeypatch.setattr("workbench.explainers.stacks.MAX_ROWS", 25)
    monkeypatch.setattr(paired_sampling, "_BLOCK", 50)
    del model.calls_[:]
    parted = explain(model, "kernel_shap", rows[:2], background=background, sample_weight=weight, **options)
    assert max(model.calls_) <= 25
    assert parted.provenance.parameters["way"] == whole.provenance.parameters["way"]
    assert parted.provenance.parameters["way"] == ("sampling" if options["max_evaluations"] < 2**16 else "enumeration")
    np.testing.assert_allclose(parted.values, whole.values, atol=1e-12)
    np.testing.assert_allclose(parted.approximation_error, whole.approximation_error, atol=1e-12)
    np.testing.assert_allclose(parted.background_error, whole.background_error, atol=1e-12)
    assert (parted.values[:, 9] == 0).all()


def test_values_are_missing_where_a_mixture_has_no_score(function_model):
    X = np.random.default_rng(0).normal(size=(20, 3))
    model = function_model(lambda Z: np.where(Z[:, 0] > 1, np.nan, Z[:, 0]), X)
    chosen = np.flatnonzero(X[:, 0] > 1)[:1]
    background = X[X[:, 0] <= 1]
    answer = explain(model, "kernel_shap", X[np.r_[chosen, [0]]], background=background)
    assert np.isnan(answer.values[0]).any()
    assert not np.isnan(answer.values[1]).any()
    assert answer.provenance.warnings[0].startswith("in 1 of 2 rows values are missing")
