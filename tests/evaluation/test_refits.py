"""Bands of refits against closed forms: means over training rows, whose variance is known exactly."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t
from sklearn.linear_model import LinearRegression

from workbench.answers import Answer
from workbench.evaluation.refits import MOST_NOISE, refit_band, undecided, with_refits
from workbench.explainers import explain
from workbench.interval import corrected_interval

RNG = np.random.default_rng(0)


def fold_means(y, n_folds, n_repeats, rng):
    """The mean of y without each fold in turn."""
    found = []
    for _ in range(n_repeats):
        parts = np.array_split(rng.permutation(len(y)), n_folds)
        found += [np.delete(y, part, axis=0).mean(axis=0) for part in parts]
    return found


@pytest.mark.parametrize(("n_folds", "n_repeats"), [(5, 1), (2, 1), (4, 3)])
def test_the_standard_error_of_a_mean_comes_out_in_expectation(n_folds, n_repeats):
    """The learner that predicts the mean of its rows: the band's variance is unbiased for sd² / n."""
    n, draws = 20, 4_000
    y = RNG.normal(size=(n, draws))
    means = fold_means(y, n_folds, n_repeats, RNG)
    band = refit_band(
        means, n_train=n - n // n_folds, n_test=n // n_folds, repeat=np.repeat(np.arange(n_repeats), n_folds)
    )
    np.testing.assert_allclose(band.mean, y.mean(axis=0), atol=1e-12)  # each row is left out as often as any other
    quantile = t.ppf(0.975, n_repeats * (n_folds - 1))
    variance = ((band.upper - band.mean) / quantile) ** 2
    assert np.mean(variance) * n == pytest.approx(1.0, abs=0.06)
    if n_repeats == 1:  # delete-group jackknife, in full
        expected = (n_folds - 1) / n_folds * ((np.array(means) - band.mean) ** 2).sum(axis=0)
        np.testing.assert_allclose(variance, expected)


def test_the_noise_of_single_fits_is_told_from_that_of_rows():
    """Refits that are pure noise: v falls to what half of it is worth, and no further."""
    noise = RNG.normal(size=(10, 5_000))
    repeat = np.repeat([0, 1], 5)
    band = refit_band(noise, n_train=80, n_test=20, repeat=repeat)
    within = np.mean([noise[:5].var(axis=0, ddof=1), noise[5:].var(axis=0, ddof=1)], axis=0)
    half = t.ppf(0.975, 8) * np.sqrt(within * ((1 - MOST_NOISE) * 3.2 + MOST_NOISE / 10))
    np.testing.assert_allclose(band.upper - band.mean, half)
    fixed = RNG.normal(size=(5, 40))
    both = np.concatenate([fixed, fixed[::-1]])  # means of repeats agree: no noise
    band = refit_band(both, n_train=80, n_test=20, repeat=repeat)
    np.testing.assert_allclose(band.upper - band.mean, t.ppf(0.975, 8) * np.sqrt(3.2) * fixed.std(axis=0, ddof=1))


def test_noise_is_shared_out_as_two_way_analysis_of_variance_says():
    values = np.array([1.0, 2, 3, 4, 4, 8.0])  # means 2 and 16/3; of the second the squares are 32/3
    within = (2 + 32 / 3) / 4
    share = 3 * ((16 / 3 - 2) ** 2 / 2) / within
    assert share > MOST_NOISE
    near = values - np.array([0, 0, 0, 1, 1, 1]) * 3.0  # means 2 and 7/3
    share = 3 * ((1 / 3) ** 2 / 2) / within
    band = refit_band(near, n_train=20, n_test=10, repeat=[0, 0, 0, 1, 1, 1])
    variance = within * ((1 - share) * 2 * 2 / 3 + share / 6)
    assert band.upper - band.mean == pytest.approx(t.ppf(0.975, 4) * np.sqrt(variance))


def test_on_rows_of_their_own_it_is_the_interval_of_scores():
    values = RNG.normal(size=(10, 3, 4))
    band = refit_band(values, n_train=[80, 70] * 5, n_test=20, own_rows=True, level=0.9)
    assert (band.mean.shape, band.n_refits, band.level) == ((3, 4), 10, 0.9)
    for place in np.ndindex(3, 4):
        one = corrected_interval(values[:, *place], n_train=[80, 70] * 5, n_test=20, level=0.9)
        np.testing.assert_allclose(
            (band.mean[place], band.lower[place], band.upper[place]), (one.mean, one.lower, one.upper)
        )


def test_what_never_moves_has_a_band_of_no_width():
    band = refit_band(np.full((6, 2), 5.63), n_train=[0.1 + 2] * 6, n_test=1, repeat=[0, 0, 0, 1, 1, 1])
    assert (band.lower == 5.63).all()
    assert (band.upper == 5.63).all()


def test_what_is_undefined_for_one_refit_has_no_band():
    values = RNG.normal(size=(4, 2))
    values[2, 0] = np.nan
    band = refit_band(values, n_train=3, n_test=1)
    assert np.isnan([band.mean[0], band.lower[0], band.upper[0]]).all()
    assert np.isfinite([band.mean[1], band.lower[1], band.upper[1]]).all()
    assert np.isnan(refit_band(values[:1], n_train=3, n_test=1).upper).all()
    assert np.isnan(refit_band(values[:1], n_train=3, n_test=1, own_rows=True).upper).all()
    assert refit_band([3.0], n_train=3, n_test=1).mean == 3.0


@pytest.mark.parametrize(
    ("arrays", "more", "error"),
    [
        ([], {}, "at least one refit is needed; got none"),
        ([[1.0], [1.0, 2.0]], {}, r"all must have the shape of the first, \(1,\); got \(2,\)"),
        ([[np.inf], [1.0]], {}, "finite or NaN"),
        ([1.0, 2.0], {"n_test": 0}, "n_train and n_test must be positive"),
        ([1.0, 2.0], {"level": 1.0}, "level must be between 0 and 1; got 1.0"),
        ([1.0, 2.0], {"repeat": [0]}, "one entry per refit, 2; got shape"),
    ],
)
def test_what_makes_no_sense_is_refused(arrays, more, error):
    with pytest.raises(ValueError, match=error):
        refit_band(arrays, **{"n_train": 8, "n_test": 2, **more})


def test_refits_that_agree_on_a_direction_are_decided_however_high_they_lie():
    X = np.linspace(0, 1, 40)[:, None]

    def effects(level, slope):
        model = LinearRegression().fit(X, level + slope * X[:, 0])
        return explain(model, "partial_dependence", X, grid_resolution=5)

    folds = {"n_train": 32, "n_test": 8}
    higher = with_refits(effects(0, 1), [effects(level, 1.0) for level in (-9, 3, 0, 8, -2)], **folds)
    (one,) = higher.effects
    assert one.refits.lower.max() < one.refits.upper.min()  # a flat line lies in the band of levels
    assert one.flat_fits is False
    assert undecided(higher) == ()
    turned = with_refits(effects(0, 1), [effects(0, slope) for slope in (-1, 1, 2, -2, 1)], **folds)
    assert turned.effects[0].flat_fits is True
    assert undecided(turned) == ("x0",)
    flat = with_refits(effects(0, 0), [effects(level, 0) for level in (1, 2, 3)], **folds)
    assert undecided(flat) == ()
    alone = with_refits(effects(0, 1), [effects(0, 1)], **folds)
    assert alone.effects[0].flat_fits is None
    assert Answer.from_dict(turned.to_dict()) == turned
