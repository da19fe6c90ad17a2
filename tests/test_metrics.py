import math

import numpy as np
import pandas as pd
import pytest
import sklearn.metrics as sk
from sklearn.linear_model import LinearRegression, LogisticRegression

from workbench.metrics import MetricError, default_metrics, metric, metrics

RNG = np.random.default_rng(0)
N = 60
Y = RNG.normal(size=N)
PREDICTED = Y + RNG.normal(size=N)
WEIGHT = RNG.random(N)
CLASSES = ("b", "c", "a")  # not sorted: columns follow this order
LABELS = np.array(CLASSES)[RNG.integers(0, 3, N)]
PROBA = RNG.dirichlet([1, 1, 1], N)
SAID = np.array(CLASSES)[PROBA.argmax(axis=1)]


def by_hand(name, y, p, w):
    """The formulas as they stand in a textbook."""
    w = w / w.sum()
    if name == "r2":
        return 1 - w @ (y - p) ** 2 / (w @ (y - w @ y) ** 2)
    return math.sqrt(w @ (y - p) ** 2) if name == "rmse" else w @ np.abs(y - p)


@pytest.mark.parametrize("weight", [None, WEIGHT])
@pytest.mark.parametrize("name", ["r2", "rmse", "mae"])
def test_regression_scores(name, weight):
    expected = by_hand(name, Y, PREDICTED, np.ones(N) if weight is None else weight)
    assert metric(name)(Y, PREDICTED, sample_weight=weight) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("weight", [None, WEIGHT])
def test_deviances_against_their_formulas(weight):
    y, p = np.exp(Y), np.exp(PREDICTED)
    w = np.ones(N) / N if weight is None else weight / weight.sum()
    score = {name: metric(f"{name}_deviance")(y, p, sample_weight=weight) for name in ("poisson", "gamma", "tweedie")}
    assert score["poisson"] == pytest.approx(2 * w @ (y * np.log(y / p) - y + p))
    assert score["gamma"] == pytest.approx(2 * w @ (np.log(p / y) + y / p - 1))
    assert score["tweedie"] == pytest.approx(w @ (4 * (np.sqrt(y) - np.sqrt(p)) ** 2 / np.sqrt(p)))
    assert math.isnan(metric("poisson_deviance")(y, PREDICTED))
    assert math.isnan(metric("gamma_deviance")(np.zeros(N), p))
    assert metric("poisson_deviance")(np.zeros(N), p) == pytest.approx(2 * p.mean())


@pytest.mark.parametrize("weight", [None, WEIGHT])
def test_scores_of_probabilities(weight):
    w = np.ones(N) / N if weight is None else weight / weight.sum()
    codes = np.array([CLASSES.index(label) for label in LABELS])
    told = PROBA[np.arange(N), codes]
    truth = np.eye(3)[codes]
    score = {name: metric(name)(LABELS, y_proba=PROBA, classes=CLASSES, sample_weight=weight) for name in
             ("log_loss", "brier", "roc_auc")}  # fmt: skip
    assert score["log_loss"] == pytest.approx(-w @ np.log(told))
    assert score["brier"] == pytest.approx(w @ ((truth - PROBA) ** 2).sum(axis=1))
    areas = [area(codes == k, PROBA[:, k], w) for k in range(3)]
    assert score["roc_auc"] == pytest.approx(np.mean(areas))


def area(positive, score, w):
    """The weighted share of pairs, a positive and a negative, that are in order."""
    pairs = np.sign(score[positive][:, None] - score[~positive]) / 2 + 0.5
    weights = w[positive][:, None] * w[~positive]
    return (pairs * weights).sum() / weights.sum()


@pytest.mark.parametrize("weight", [None, WEIGHT])
def test_scores_of_labels(weight):
    given = {"classes": CLASSES, "sample_weight": weight}
    assert metric("accuracy")(LABELS, SAID, **given) == pytest.approx(np.average(LABELS == SAID, weights=weight))
    assert metric("balanced_accuracy")(LABELS, SAID, **given) == pytest.approx(
        sk.balanced_accuracy_score(LABELS, SAID, sample_weight=weight)
    )
    assert metric("f1")(LABELS, SAID, **given) == pytest.approx(
        sk.f1_score(LABELS, SAID, average="macro", sample_weight=weight)
    )


def test_the_second_of_two_classes_is_the_positive_one():
    y = np.array(["yes", "no", "yes", "yes", "no"])
    said = np.array(["yes", "yes", "no", "yes", "no"])
    proba = np.array([[0.2, 0.8], [0.4, 0.6], [0.7, 0.3], [0.1, 0.9], [0.9, 0.1]])  # columns no, yes
    for classes, columns, positive in ((("no", "yes"), proba, 1), (("yes", "no"), proba[:, ::-1], 0)):
        label = classes[1]
        assert metric("f1")(y, said, classes=classes) == pytest.approx(sk.f1_score(y, said, pos_label=label))
        told = proba[:, positive]
        assert metric("brier")(y, y_proba=columns, classes=classes) == pytest.approx(
            np.mean((told - (y == label)) ** 2)
        )
        assert metric("roc_auc")(y, y_proba=columns, classes=classes) == pytest.approx(
            sk.roc_auc_score(y == label, told)
        )
        assert metric("log_loss")(y, y_proba=columns, classes=classes) == pytest.approx(sk.log_loss(y, proba))


def test_a_class_that_does_not_occur_is_known_all_the_same():
    proba = np.array([[0.5, 0.3, 0.2], [0.1, 0.8, 0.1]])
    loss = metric("log_loss")(["b", "c"], y_proba=proba, classes=CLASSES)
    assert loss == pytest.approx(-np.log([0.5, 0.8]).mean())
    assert metric("balanced_accuracy")(["b", "c"], ["b", "a"], classes=CLASSES) == 0.5
    assert metric("f1")(["b", "c"], ["b", "b"], classes=CLASSES) == pytest.approx((2 / 3 + 0) / 2)


def test_undefined_scores_are_nan():
    assert math.isnan(metric("roc_auc")([True, True], y_proba=[[0.1, 0.9], [0.2, 0.8]], classes=(False, True)))
    assert math.isnan(metric("roc_auc")(["b", "c"], y_proba=PROBA[:2], classes=CLASSES))
    assert math.isnan(metric("r2")([1.0, 1.0], [1.0, 2.0]))
    assert math.isnan(metric("r2")([1.0], [1.0]))
    assert math.isnan(metric("f1")([False, False], [False, False], classes=(False, True)))
    # a row of weight 0 counts as absent
    assert math.isnan(
        metric("roc_auc")([True, False], y_proba=[[0.1, 0.9], [0.2, 0.8]], classes=(False, True), sample_weight=[1, 0])
    )


def test_scores_beyond_all_floats_are_undefined():
    y = np.array([1e200, -1e200, 3e200])
    assert math.isnan(metric("rmse")(y, -y))
    assert math.isnan(metric("r2")(y, -y))
    assert metric("mae")(y, y) == 0


def test_probabilities_of_zero_cost_much_but_not_infinitely():
    loss = metric("log_loss")([True, False], y_proba=[[1.0, 0.0], [1.0, 0.0]], classes=(False, True))
    assert 10 < loss < 40


def test_a_fitted_model_is_asked_once_and_its_columns_put_in_order():
    asked = []

    class Counting(LogisticRegression):
        def predict_proba(self, X):
            asked.append(len(X))
            return super().predict_proba(X)

    X = pd.DataFrame({"x": Y, "z": PREDICTED})
    model = Counting().fit(X, LABELS)
    proba = LogisticRegression().fit(X, LABELS).predict_proba(X)
    score = metric("log_loss").score(model, X, pd.Series(LABELS), classes=CLASSES, sample_weight=WEIGHT)
    assert score == pytest.approx(sk.log_loss(LABELS, proba, sample_weight=WEIGHT))
    assert metric("log_loss").score(model, X, LABELS, sample_weight=WEIGHT) == pytest.approx(score)
    assert asked == [N, N]
    assert metric("accuracy").score(model, X, LABELS) == model.score(X, LABELS)
    line = LinearRegression().fit(X, Y)
    assert metric("r2").score(line, X, pd.Series(Y), sample_weight=WEIGHT) == pytest.approx(line.score(X, Y, WEIGHT))
    with pytest.raises(MetricError, match=r"the model knows the classes \['a', 'b', 'c'\], the table has \['b', 'c'\]"):
        metric("log_loss").score(model, X, LABELS, classes=("b", "c"))


@pytest.mark.parametrize(
    "labels",
    [
        pd.Series([True, False, True]),
        pd.Series(["ja", "nein", "ja"], dtype="str"),
        pd.Series(["ja", "nein", "ja"], dtype="category"),
        pd.Series([3, 5, 3]),
        [3, 5, 3],
    ],
)
def test_labels_of_any_kind(labels):
    values = list(labels)
    classes = tuple(dict.fromkeys(values))
    assert metric("accuracy")(labels, np.array(values[::-1]), classes=classes) == 1.0
    assert metric("accuracy")(labels, [values[0]] * 3) == pytest.approx(2 / 3)
    assert metric("roc_auc")(labels, y_proba=[[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]], classes=classes) == 1.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: metric("r"), r"metric must be one of r2, rmse, .*; got 'r'; did you mean 'r2'\?"),
        (lambda: metric("logloss"), "got 'logloss'; did you mean 'log_loss'"),
        (lambda: metric("r2", task="binary"), "metric 'r2' can't score a binary task; take one of log_loss, brier"),
        (lambda: default_metrics("ranking"), "task must be one of regression, binary, multiclass; got 'ranking'"),
        (lambda: metric("rmse")(Y), "rmse needs y_pred, what predict gives"),
        (lambda: metric("brier")(LABELS, SAID), "brier needs y_proba, what predict_proba gives"),
        (lambda: metric("rmse")(Y, Y[:3]), "y_pred must have as many rows as y_true, at least one; got 3"),
        (lambda: metric("rmse")([], []), "at least one; got 0"),
        (lambda: metric("rmse")(Y, np.full(N, np.nan)), "rmse: 60 values are missing or infinite"),
        (
            lambda: metric("mae")(Y, Y, sample_weight=-WEIGHT),
            "sample_weight must be 60 numbers of at least 0, not all 0",
        ),
        (lambda: metric("mae")(Y, Y, sample_weight=WEIGHT[:2]), "sample_weight must be 60 numbers"),
        (lambda: metric("mae")(Y, Y, sample_weight=0 * WEIGHT), "not all 0"),
        (lambda: metric("accuracy")(LABELS, ["d"] * N, classes=CLASSES), "label 'd' is none of the classes"),
        (lambda: metric("brier")(LABELS, y_proba=PROBA[:, :2], classes=CLASSES), r"must have shape \(60, 3\)"),
    ],
)
def test_errors_name_metric_rule_and_value(call, message):
    with pytest.raises(MetricError, match=message):
        call()


def test_what_metrics_say_of_themselves():
    assert metrics() == (
        "r2",
        "rmse",
        "mae",
        "poisson_deviance",
        "gamma_deviance",
        "tweedie_deviance",
        "log_loss",
        "brier",
        "roc_auc",
        "accuracy",
        "balanced_accuracy",
        "f1",
    )
    for task, ranks in (("regression", "r2"), ("binary", "log_loss"), ("multiclass", "log_loss")):
        names = default_metrics(task)
        assert names[0] == ranks
        assert all(metric(name, task=task).name == name for name in names)
    assert {name for name in metrics() if metric(name).in_target_units} == {"rmse", "mae"}
    losses = {name for name in metrics() if not metric(name).greater_is_better}
    assert losses == {"rmse", "mae", "log_loss", "brier", *(n for n in metrics() if n.endswith("deviance"))}
    assert metric("roc_auc").region_for(0.5) == 0.01
    assert metric("rmse").region_for(0.81) == pytest.approx(0.0081)
