import math

import numpy as np
import pytest
from scipy import stats

from workbench.interval import corrected_interval


def test_without_the_correction_it_is_students_interval():
    scores = np.random.default_rng(0).normal(0.3, 0.05, 10)
    interval = corrected_interval(scores, n_train=80, n_test=0, level=0.9)
    expected = stats.t.interval(0.9, 9, loc=scores.mean(), scale=stats.sem(scores))
    assert (interval.lower, interval.upper) == pytest.approx(expected, rel=1e-12)
    assert interval.standard_error == pytest.approx(stats.sem(scores))
    assert interval.n_scores == 10


def test_the_correction_widens_by_its_formula():
    scores = [0.30, 0.34, 0.38, 0.35]
    interval = corrected_interval(scores, n_train=[60, 60, 61, 62], n_test=[20, 20, 19, 18])
    ratio = (20 / 60 + 20 / 60 + 19 / 61 + 18 / 62) / 4
    error = math.sqrt((1 / 4 + ratio) * np.var(scores, ddof=1))
    assert interval.standard_error == pytest.approx(error)
    assert interval.half_width == pytest.approx(3.182446305284263 * error)  # t of 3 degrees of freedom, from a table
    assert interval.mean == pytest.approx(np.mean(scores))


def test_it_covers_the_true_score_of_repeated_folds():
    """Scores of a mean over folds: Student's interval misses far more often than it says, this one does not."""
    rng = np.random.default_rng(1)
    corrected = naive = 0
    n, folds, repeats, trials = 60, 5, 4, 400
    # the model predicts the mean of its training rows of N(0, 1): its true squared error is 1 + 1 / n_train
    truth = 1 + 1 / (n * (folds - 1) / folds)
    for _ in range(trials):
        y = rng.normal(size=n)
        scores = []
        for _ in range(repeats):
            parts = rng.permutation(n).reshape(folds, -1)
            total = y.sum()
            for part in parts:
                mean = (total - y[part].sum()) / (n - len(part))
                scores.append(np.mean((y[part] - mean) ** 2))
        wide = corrected_interval(scores, n_train=48, n_test=12)
        narrow = corrected_interval(scores, n_train=48, n_test=0)
        corrected += wide.lower <= truth <= wide.upper
        naive += narrow.lower <= truth <= narrow.upper
    assert naive / trials < 0.85
    assert corrected / trials > 0.9


def test_undefined_scores_are_left_out():
    interval = corrected_interval([0.2, math.nan, 0.4], n_train=10, n_test=5)
    assert interval == corrected_interval([0.2, 0.4], n_train=10, n_test=5)


@pytest.mark.parametrize(
    ("scores", "mean"), [([0.3], 0.3), ([0.3, math.nan], 0.3), ([], math.nan), ([math.nan], math.nan)]
)
def test_too_few_scores_give_no_interval(scores, mean):
    interval = corrected_interval(scores, n_train=10, n_test=5)
    assert interval.mean == pytest.approx(mean, nan_ok=True)
    assert math.isnan(interval.lower)
    assert math.isnan(interval.upper)
    assert interval.n_scores == np.isfinite(scores).sum()


def test_scores_too_large_to_be_squared_give_no_interval():
    interval = corrected_interval([1e200, 3e200], n_train=10, n_test=5)
    assert interval.mean == 2e200
    assert math.isnan(interval.lower)
    assert math.isnan(interval.standard_error)


def test_equal_scores_have_a_point_for_an_interval():
    interval = corrected_interval([0.25] * 5, n_train=10, n_test=5)
    assert (interval.lower, interval.mean, interval.upper, interval.standard_error) == (0.25, 0.25, 0.25, 0.0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scores": [0.1, math.inf]}, "score 1 is infinite"),
        ({"n_train": 0}, "n_train must be positive"),
        ({"n_test": -1}, "n_test at least 0"),
        ({"level": 95}, "level must be between 0 and 1; got 95"),
    ],
)
def test_errors(options, message):
    with pytest.raises(ValueError, match=message):
        corrected_interval(**{"scores": [0.1, 0.2], "n_train": 10, "n_test": 5, **options})
