import dataclasses
import json
import math
import time
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from workbench.answers import Answer
from workbench.evaluation import holdout
from workbench.evaluation.holdout import bca_interval, compare_on_holdout, holdout_sentence, percentile_interval
from workbench.evaluation.reweighted import Reweighted
from workbench.metrics import MetricError, metric, metrics

R2, LOSS, AUC = metric("r2"), metric("log_loss"), metric("roc_auc")
NAMES = {"model": "tree", "reference": "forest"}
REGRESSION = tuple(name for name in metrics() if metric(name).tasks == ("regression",))


def rows(name, k=2, n=60, seed=0):
    """True values, two models' predictions, and the classes."""
    rng = np.random.default_rng(seed)
    if name in REGRESSION:
        y = rng.normal(100, 5, n)
        return y, y + rng.normal(0, 3, n), y + rng.normal(0.5, 2, n), ()
    classes = ["no", "so", "yes"][:: 1 if k == 3 else 2]
    y = rng.choice(classes, n, p=[0.2, 0.3, 0.5][:k] if k == 3 else [0.3, 0.7])
    shares = [np.round(rng.dirichlet(np.ones(k), n), 1) for _ in range(2)]  # with ties
    shares = [(s + 1e-3) / (s + 1e-3).sum(axis=1, keepdims=True) for s in shares]
    if metric(name).needs == "predict":
        return y, *(np.array(classes)[s.argmax(axis=1)] for s in shares), classes
    return y, *shares, classes


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("name", metrics())
def test_every_reweighted_score_is_that_of_the_metric(name, k, weighted):
    y, predicted, _, classes = rows(name, k)
    rng = np.random.default_rng(1)
    weight = rng.uniform(0.1, 3, len(y)) if weighted else np.ones(len(y))
    unit = rng.permutation(np.repeat(np.arange(20), 3))
    counts = rng.multinomial(20, np.full(20, 1 / 20), size=30).astype(float)
    counts[0] = 0
    counts[0, 3] = 1  # one group alone: most scores of classes are undefined, or of few classes
    scores = Reweighted(metric(name), y, predicted, classes=classes, weight=weight, unit=unit)(counts)
    given = {"y_pred" if metric(name).needs == "predict" else "y_proba": predicted}
    expected = [metric(name)(y, classes=classes, sample_weight=weight * c[unit], **given) for c in counts]
    np.testing.assert_allclose(scores, expected, rtol=1e-12, atol=1e-14)


def test_certain_and_wrong_predictions_have_the_metrics_log_loss():
    y, shares = np.array([0, 1, 1, 0]), np.array([[1.0, 0], [1.0, 0], [0.0, 1], [0.5, 0.5]])
    found = Reweighted(LOSS, y, shares, classes=[0, 1], weight=np.ones(4), unit=np.arange(4))(np.ones((1, 4)))
    assert found[0] == pytest.approx(LOSS(y, y_proba=shares), rel=1e-14)


def test_r2_of_draws_without_the_one_outlier_keeps_its_digits():
    y = np.r_[1e9, np.random.default_rng(0).normal(size=30)]
    predicted = y + 0.1
    counts = np.ones((2, 31))
    counts[0, 0] = 0
    found = Reweighted(R2, y, predicted, classes=(), weight=np.ones(31), unit=np.arange(31))(counts)
    np.testing.assert_allclose(found, [R2(y[1:], predicted[1:]), R2(y, predicted)], rtol=1e-12)


def test_a_metric_that_is_no_function_of_sums_is_asked_itself():
    median = dataclasses.replace(metric("mae"), name="median", function=lambda y, p, w, _: float(np.median(abs(y - p))))
    y, a, b, _ = rows("mae")
    found = compare_on_holdout(y, a, b, metric=median, n_resamples=20, **NAMES)
    assert found.difference == pytest.approx(np.median(abs(y - a)) - np.median(abs(y - b)))
    assert found.lower <= found.upper


@pytest.mark.parametrize("name", ["r2", "rmse"])
def test_scipys_bootstrap_gives_the_same_interval(name):
    y, a, b, classes = rows(name, n=80)
    found = compare_on_holdout(y, a, b, metric=metric(name), classes=classes, n_resamples=4000, **NAMES)
    by, sign = metric(name), 1 if metric(name).greater_is_better else -1
    ask = "y_pred" if by.needs == "predict" else "y_proba"

    def price(drawn):
        i = drawn.astype(int)
        return sign * (by(y[i], **{ask: b[i]}, classes=classes) - by(y[i], **{ask: a[i]}, classes=classes))

    rng = np.random.default_rng(5)
    expected = stats.bootstrap(
        (np.arange(80),), price, n_resamples=1500, vectorized=False, method="percentile", rng=rng
    ).confidence_interval
    wide = found.upper - found.lower
    assert found.lower == pytest.approx(expected.low, abs=0.12 * wide)
    assert found.upper == pytest.approx(expected.high, abs=0.12 * wide)
    assert found.difference == pytest.approx(price(np.arange(80)))


def test_intervals_of_given_resamples_are_scipys():
    rng = np.random.default_rng(2)
    sample = rng.exponential(size=25)
    drawn = np.array([rng.choice(sample, 25).std() for _ in range(999)])
    left_out = np.array([np.delete(sample, i).std() for i in range(25)])
    for method, ours in (
        ("percentile", percentile_interval(drawn, 0.9)),
        ("BCa", bca_interval(drawn, sample.std(), left_out, 0.9)),
    ):
        expected = stats.bootstrap(
            (sample,),
            np.std,
            n_resamples=0,
            bootstrap_result=SimpleNamespace(bootstrap_distribution=drawn),
            method=method,
            confidence_level=0.9,
        ).confidence_interval
        assert ours == pytest.approx((expected.low, expected.high), rel=1e-10)


def test_the_interval_covers_what_it_says():
    """Over many holdouts, the interval of a difference of mean absolute errors covers the true one."""
    rng = np.random.default_rng(3)
    truth = (2.0 - 1.5) * math.sqrt(2 / math.pi)
    covered = 0
    for i in range(200):
        y, noise = np.zeros(100), rng.normal(size=(2, 100))
        found = compare_on_holdout(
            y, 2 * noise[0], 1.5 * noise[1], metric=metric("mae"), n_resamples=300, random_state=i, **NAMES
        )
        covered += found.lower <= truth <= found.upper
    assert 0.9 <= covered / 200 <= 0.99


def test_groups_are_drawn_whole():
    """Rows of a group are copies of one another: as rows they would make a far too narrow interval."""
    rng = np.random.default_rng(4)
    groups = np.repeat([f"g{i}" for i in range(30)], 20)
    y = np.zeros(600)
    a, b = (np.repeat(rng.normal(size=30), 20) for _ in range(2))
    by_group = compare_on_holdout(y, a, b, metric=metric("mae"), groups=groups, **NAMES)
    by_row = compare_on_holdout(y, a, b, metric=metric("mae"), **NAMES)
    assert by_group.n_groups == 30
    assert by_row.n_groups is None
    one_of_each = compare_on_holdout(y[::20], a[::20], b[::20], metric=metric("mae"), **NAMES)
    assert (by_group.lower, by_group.upper) == pytest.approx((one_of_each.lower, one_of_each.upper))
    ratio = (by_group.upper - by_group.lower) / (by_row.upper - by_row.lower)
    assert ratio == pytest.approx(math.sqrt(20), rel=0.15)


def test_a_missing_group_is_a_group_of_its_own():
    y, a, b, _ = rows("mae", n=20)
    groups = np.array(["a"] * 10 + [None] * 10, dtype=object)
    found = compare_on_holdout(y, a, b, metric=metric("mae"), groups=groups, **NAMES)
    assert found.n_groups == 11
    assert found.provenance.warnings == (
        "an interval from fewer than 20 groups is a rough guide: it tends to be too narrow",
    )


def test_rows_without_weight_are_absent():
    y, a, b, _ = rows("r2")
    weight = np.r_[np.zeros(20), np.full(40, 2.0)]
    found = compare_on_holdout(y, a, b, metric=R2, sample_weight=weight, **NAMES)
    assert found == compare_on_holdout(y[20:], a[20:], b[20:], metric=R2, sample_weight=weight[20:], **NAMES)
    assert found.n_rows == 40


def test_the_same_seed_gives_the_same_in_blocks_of_any_size(monkeypatch):
    y, a, b, _ = rows("r2")
    once = compare_on_holdout(y, a, b, metric=R2, **NAMES)
    monkeypatch.setattr(holdout, "_MAX_BYTES", 8 * 60 * 7)
    again = compare_on_holdout(y, a, b, metric=R2, **NAMES)
    assert (again.lower, again.upper) == pytest.approx((once.lower, once.upper), rel=1e-12)
    other = compare_on_holdout(y, a, b, metric=R2, random_state=1, **NAMES)
    assert other.lower != once.lower


def test_resamples_without_a_class_are_left_out_and_said_so():
    y = np.array([1, 0, 0, 0, 0, 0, 0, 0])
    shares = np.column_stack([1 - np.linspace(0.1, 0.9, 8), np.linspace(0.1, 0.9, 8)])
    found = compare_on_holdout(y, shares, shares[:, ::-1], metric=AUC, **NAMES)
    assert 500 < found.n_resamples < 800  # (7/8)**8 = 0.34 of them lack the one positive row
    assert found.provenance.warnings[0].endswith("resamples have no score of both models and are left out")
    assert (found.lower, found.upper) == (1.0, 1.0)


def test_no_score_gives_no_interval():
    y, a, b = np.ones(8), np.arange(8.0), np.arange(8.0) ** 2
    found = compare_on_holdout(y, a, b, metric=R2, n_resamples=50, **NAMES)
    assert math.isnan(found.difference)
    assert math.isnan(found.lower)
    assert found.n_resamples == 0
    assert "undefined" in holdout_sentence(found, {}, R2)


def test_bca_that_is_not_defined_says_so():
    y = np.zeros(12)
    found = compare_on_holdout(y, y + 2, y + 1, metric=metric("mae"), method="bca", **NAMES)
    assert found.provenance.parameters["method"] == "percentile"
    assert found.provenance.warnings == ("bca is not defined on these rows: quantiles instead",)
    assert (found.lower, found.upper) == (1.0, 1.0)
    y, a, b, _ = rows("r2")
    assert compare_on_holdout(y, a, b, metric=R2, method="bca", **NAMES).provenance.parameters["method"] == "bca"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_resamples": 0}, "n_resamples must be at least 1; got 0"),
        ({"level": 95}, "level must be between 0 and 1; got 95"),
        ({"method": "basic"}, "method must be percentile or bca; got 'basic'"),
        ({"groups": [1, 2]}, r"groups must have one label per row, shape \(60,\); got shape \(2,\)"),
    ],
)
def test_errors(options, message):
    y, a, b, _ = rows("r2")
    with pytest.raises(ValueError, match=message):
        compare_on_holdout(y, a, b, metric=R2, **NAMES, **options)


def test_the_metric_checks_predictions():
    y, a, b, _ = rows("r2")
    with pytest.raises(MetricError, match="must have as many rows"):
        compare_on_holdout(y, a[:-1], b, metric=R2, **NAMES)


@pytest.mark.parametrize(("name", "k"), [("r2", 2), ("log_loss", 3), ("roc_auc", 2)])
def test_a_thousand_resamples_take_less_than_a_second(name, k):
    y, a, b, classes = rows(name, k, n=400)
    started = time.process_time()
    compare_on_holdout(y, a, b, metric=metric(name), classes=classes, **NAMES)
    assert time.process_time() - started < 1


def answer(difference, lower, upper):
    y, a, b, _ = rows("r2")
    return compare_on_holdout(y, a, b, metric=R2, n_resamples=5, **NAMES).but(
        difference=difference, lower=lower, upper=upper
    )


@pytest.mark.parametrize(
    ("numbers", "told"),
    [
        ((0.05, 0.01, 0.09), "scores 0.050 R² [0.010, 0.090] below the random forest."),
        ((-0.05, -0.09, -0.01), "scores 0.050 R² [0.010, 0.090] above the random forest."),
        (
            (0.01, -0.03, 0.05),
            "scores 0.010 R² [−0.030, 0.050] below the random forest; its rows don't tell the two apart.",
        ),
        ((0.0, 0.0, 0.0), "scores the same as the random forest."),
        ((0.02, math.nan, math.nan), "scores 0.020 R² below the random forest, without an interval."),
    ],
)
def test_sentences(numbers, told):
    titles = {"tree": "decision tree", "forest": "random forest"}
    start = "On the holdout, whose rows chose neither, the decision tree "
    assert holdout_sentence(answer(*numbers), titles, R2) == start + told


def test_the_answer_survives_json():
    found = answer(0.02, math.nan, math.nan)
    assert Answer.from_dict(json.loads(json.dumps(found.to_dict(), allow_nan=False))) == found
