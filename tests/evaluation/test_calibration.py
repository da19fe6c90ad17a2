"""Calibration against closed forms, planted faults, and its rate of false alarms on clean data."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from workbench.answers import Answer
from workbench.bins import even_bins
from workbench.evaluation.calibration import calibration, calibration_finding
from workbench.evaluation.predictions import Predictions
from workbench.forms.output import log_odds

LABELS = ("no", "yes")


def two(p, came):
    return Predictions.of(np.where(came, "yes", "no"), np.column_stack([1 - p, p]), classes=LABELS)


def drawn(seed, n=400, power=1.0):
    """Give predictions whose log odds are `power` times too large, and what came."""
    rng = np.random.default_rng(seed)
    odds = rng.normal(0, 1.5, n)
    came = rng.random(n) < 1 / (1 + np.exp(-odds))
    return 1 / (1 + np.exp(-power * odds)), came


def test_bins_by_hand():
    p = np.repeat([0.1, 0.2, 0.7, 0.9], [20, 20, 20, 40])
    came = np.r_[np.arange(20) < 4, np.arange(20) < 4, np.arange(20) < 10, np.arange(40) < 36]
    told = calibration(two(p, came), n_bins=5).curves[0]
    np.testing.assert_array_equal(told.rows, [20, 20, 20, 40])
    np.testing.assert_allclose(told.predicted, [0.1, 0.2, 0.7, 0.9])
    np.testing.assert_allclose(told.observed, [0.2, 0.2, 0.5, 0.9])
    np.testing.assert_allclose(told.lower[1:3], [0.0807, 0.2993], atol=5e-5)  # Wilson, 4 and 10 of 20
    assert told.expected_error == pytest.approx(0.2 * 0.1 + 0.2 * 0.2)
    # less, per bin, the variance of a mean of n rows: s (1 - s) / (n - 1)
    noise = [0.2 * 0.8 / 19, 0.2 * 0.8 / 19, 0.25 / 19, 0.09 / 39]
    squares = np.array([0.01, 0, 0.04, 0]) - noise
    assert told.error == pytest.approx(np.sqrt(squares @ [0.2, 0.2, 0.2, 0.4]))


def test_slope_is_that_of_logistic_regression():
    p, came = drawn(0)
    odds = np.log(p / (1 - p))
    fitted = LogisticRegression(C=np.inf, tol=1e-10).fit(odds[:, None], came)
    told = calibration(two(p, came)).curves[0]
    assert told.slope == pytest.approx(fitted.coef_[0, 0], abs=1e-5)
    # with the slope held at 1 the intercept makes mean probability and share equal
    assert np.mean(1 / (1 + np.exp(-odds - told.intercept))) == pytest.approx(came.mean(), abs=1e-9)


def test_slope_of_numbers_is_that_of_least_squares_with_weights_as_copies():
    rng = np.random.default_rng(0)
    f = rng.normal(size=60)
    y = 1 + 0.5 * f + rng.normal(size=60)
    w = rng.integers(1, 4, 60)
    told = calibration(Predictions.of(y, f, sample_weight=w)).curves[0]
    assert told.slope == pytest.approx(LinearRegression().fit(f[:, None], y, w).coef_[0])
    assert told.intercept == pytest.approx(np.average(y - f, weights=w))


def test_intervals_cover():
    inside = np.zeros((4, 200))
    for seed in range(200):
        p, came = drawn(seed, 200, power=2)
        curve = calibration(two(p, came), n_bins=2).curves[0]
        rng = np.random.default_rng(seed)
        f = rng.normal(size=60)
        line = calibration(Predictions.of(f / 2 + 1 + rng.normal(size=60) * (1 + f**2), f), n_bins=2).curves[0]
        inside[:, seed] = [
            curve.slope_lower < 0.5 < curve.slope_upper,
            curve.intercept_lower < 0 < curve.intercept_upper,
            line.slope_lower < 0.5 < line.slope_upper,
            line.intercept_lower < 1 < line.intercept_upper,
        ]
    assert (inside.mean(axis=1) > 0.89).all()


def test_constant_and_certain_predictions():
    came = np.arange(100) < 30
    told = calibration(two(np.full(100, 0.3), came))
    assert np.isnan(told.curves[0].slope)
    assert told.p_value == 1
    assert len(told.curves[0].rows) == 1
    sure = calibration(two(np.where(np.arange(100) < 31, 1.0, 0.0), came))  # wrong once, where nothing else could be
    assert sure.p_value <= 0.002
    assert calibration(two(came.astype(float), came)).p_value == 1


CASES = {"too extreme": 2.0, "too timid": 0.5}


def test_a_line_of_bold_probabilities_is_found():
    """Where predictions of 0 and 1 leave no information at a slope of 1, whole Newton steps run away."""
    rng = np.random.default_rng(1)
    p = np.round(rng.random(2000) * 12) / 12
    came = rng.random(2000) < 0.5 + 0.2 * (p - 0.5)
    told = calibration(two(p, came)).curves[0]
    theirs = LogisticRegression(C=np.inf, tol=1e-12, max_iter=1000).fit(log_odds(p)[:, None], came)
    assert told.slope == pytest.approx(theirs.coef_[0, 0], abs=1e-6)


@pytest.mark.parametrize("way", CASES)
def test_planted_miscalibration_is_found_and_named(way):
    told = calibration(two(*drawn(1, 800, CASES[way])))
    found = calibration_finding(told, about="tree")
    assert found.title == f"Probabilities are {way}"
    assert found.severity in ("high", "medium")
    assert found.about == "tree"


def test_planted_bend_of_a_number_is_found():
    rng = np.random.default_rng(0)
    x = rng.uniform(-2, 2, 300)
    told = calibration(Predictions.of(x**2 + rng.normal(0, 0.5, 300), np.full(300, 4 / 3) + 0.01 * x))
    found = calibration_finding(told, about="linear", unit="kg")
    assert found.severity == "high"
    assert " kg on average; " in found.evidence
    assert calibration_finding(told, about="linear", rate=0.001) is None  # 999 draws can't show that


def test_shift_in_one_of_three_classes_is_found():
    rng = np.random.default_rng(2)
    p = rng.dirichlet([2, 2, 2], 900)
    came = np.array([rng.choice(3, p=q) for q in p])
    clean = calibration(Predictions.of(came, p, classes=(0, 1, 2)))
    assert [c.name for c in clean.curves] == ["0", "1", "2"]
    assert clean.p_value > 0.01
    off = p * [1, 1, 2]
    found = calibration_finding(
        calibration(Predictions.of(came, off / off.sum(axis=1, keepdims=True), classes=(0, 1, 2))), about="m"
    )
    assert found.title == "Probabilities are too high"
    assert "'2'" in found.evidence


def skewed(seed):
    rng = np.random.default_rng(seed)
    f = rng.normal(size=150)
    return Predictions.of(f + (rng.exponential(size=150) - 1) * np.exp(f / 2), f)


def certain(seed):
    rng = np.random.default_rng(seed)
    p = np.clip(rng.beta(0.1, 0.4, 150), 1e-4, 1 - 1e-4)
    return two(p, rng.random(150) < p)


@pytest.mark.parametrize(("make", "most"), [(certain, 0.08), (skewed, 0.10)])
def test_clean_predictions_raise_no_alarm(make, most):
    rejected = np.mean([calibration(make(seed), random_state=seed).p_value <= 0.05 for seed in range(150)])
    assert rejected <= most  # 0.05, and two to three standard errors of 150 repetitions


def test_large_tables_need_no_draws():
    p, came = drawn(3, 30_000)
    told = calibration(two(p, came))
    assert told.provenance.parameters["draws"] == 0
    assert told.p_value > 0.01
    assert calibration(two(*drawn(3, 30_000, 1.2))).p_value < 1e-6


def test_what_is_sent_and_read_back():
    told = calibration(two(*drawn(0, 45)))
    assert min(told.curves[0].rows) >= 10
    again = Answer.from_dict(told.to_dict())
    assert again.to_dict() == told.to_dict()
    np.testing.assert_array_equal(again.curves[0].observed, told.curves[0].observed)
    empty = calibration(two(np.full(30, 0.5), np.arange(30) < 15))
    assert np.isnan(Answer.from_dict(empty.to_dict()).curves[0].slope)


def test_same_seed_same_numbers_and_inputs_stay():
    p, came = drawn(0)
    before = p.copy()
    one, other = (calibration(two(p, came), random_state=3) for _ in range(2))
    assert one.to_dict() == other.to_dict()
    np.testing.assert_array_equal(p, before)


@pytest.mark.parametrize(
    ("y", "p", "rest", "message"),
    [
        ([0.0] * 19, [0.0] * 19, {}, "at least 20 rows"),
        ([np.nan] * 20, [0.0] * 20, {}, "y must be finite; 20"),
        ([0.0] * 20, [0.0] * 19, {}, r"shape \(20,\)"),
        (["a"] * 20, [[0.5, 0.5]] * 20, {"classes": ("b", "c")}, "'a' is none of the classes"),
        (["b"] * 20, [[0.5, 0.9]] * 20, {"classes": ("b", "c")}, "sum to 1"),
        ([0.0] * 20, [0.0] * 20, {"sample_weight": [0.0] * 20}, "above 0; leave rows of weight 0 out"),
    ],
)
def test_what_can_t_be_judged_is_refused(y, p, rest, message):
    with pytest.raises(ValueError, match=message):
        calibration(Predictions.of(y, p, **rest))


def test_bins_never_part_equal_values_and_hold_enough_rows():
    rng = np.random.default_rng(0)
    for seed in range(200):
        values = rng.integers(0, rng.integers(1, 60), rng.integers(1, 200)).astype(float)
        least = int(rng.integers(1, 20))
        bins = even_bins(values, int(rng.integers(1, 12)), least)
        order = np.argsort(values, kind="stable")
        assert (np.diff(bins[order]) >= 0).all(), seed
        assert all(len(set(bins[values == v])) == 1 for v in set(values))
        assert sorted(set(bins)) == list(range(bins.max() + 1))
        assert bins.max() == 0 or np.bincount(bins).min() >= least
