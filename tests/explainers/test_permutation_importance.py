import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import f1_score, roc_auc_score
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeRegressor

import workbench as wb
from workbench import metrics
from workbench.answers import Answer
from workbench.explainers import explain, stacks
from workbench.explainers.draws import column_generator


def importance(model, X, y, **options):
    return explain(model, "permutation_importance", X, y=y, **options)


@pytest.fixture(name="X")
def _rows():
    return np.random.default_rng(0).normal(size=(400, 3))


def test_of_a_linear_model_against_closed_form(X):
    # Shuffling x_j into x_j' adds b^2 (x_j - x_j')^2 + 2 b e (x_j - x_j') to a squared error; over all orders that
    # is 2 b^2 var(x_j) in the mean, as the residuals e of least squares are uncorrelated with x_j
    y = X @ [2.0, -1.0, 0.0] + np.random.default_rng(1).normal(size=len(X))
    model = LinearRegression().fit(X, y)
    answer = importance(model, X, y, metric="rmse", n_repeats=400)
    mse = answer.baseline_score**2
    increase = (answer.baseline_score + answer.importances) ** 2 - mse
    expected = 2 * model.coef_**2 * X.var(axis=0)
    error = increase.std(axis=1) / np.sqrt(400)
    assert (np.abs(increase.mean(axis=1) - expected) < 4 * error + 1e-12).all()
    assert not answer.greater_is_better
    assert answer.importances_mean[0] > answer.importances_mean[1] > 0.2


@pytest.mark.parametrize(
    ("metric", "kind"),
    [("r2", "reg"), ("mae", "reg"), ("log_loss", "three"), ("accuracy", "three"), ("roc_auc", "two")],
)
def test_equals_brute_force_with_the_same_orders(
    metric, kind, people, people_regressor, people_classifier, people_target
):
    if kind == "reg":
        model, y = people_regressor, people_target
    elif kind == "three":
        model, y = people_classifier, np.array(["low", "middle", "high"])[np.digitize(people_target, [5, 7])]
    else:
        X = people[["age in years", "rooms"]]
        y = (people_target > 6).to_numpy()
        model = LogisticRegression().fit(X, y)
    rows = people if kind != "two" else people[["age in years", "rooms"]]
    before = rows.copy(deep=True)
    weight = np.random.default_rng(0).uniform(1, 2, len(rows))
    answer = importance(model, rows, y, metric=metric, n_repeats=3, random_state=5, sample_weight=weight)
    pd.testing.assert_frame_equal(rows, before)
    score = metrics.metric(metric).score
    baseline = score(model, rows, np.asarray(y), sample_weight=weight)
    assert answer.baseline_score == pytest.approx(baseline, abs=1e-12)
    sign = 1 if answer.greater_is_better else -1
    for j, name in enumerate(rows.columns):
        generator = column_generator(5, name)
        for r in range(3):
            order = generator.permutation(len(rows))
            shuffled = rows.assign(**{name: rows[name].iloc[order].array})
            assert (shuffled.dtypes == rows.dtypes).all()
            expected = sign * (baseline - score(model, shuffled, np.asarray(y), sample_weight=weight))
            assert answer.importances[j, r] == pytest.approx(expected, abs=1e-12)


def test_agrees_with_scikit_learn(X):
    y = X[:, 0] * X[:, 1] + X[:, 2]
    model = RandomForestRegressor(n_estimators=10, random_state=0).fit(X, y)
    ours = importance(model, X, y, metric="r2", n_repeats=40)
    theirs = permutation_importance(model, X, y, scoring="r2", n_repeats=40, random_state=0)
    error = np.hypot(ours.importances_std, theirs.importances_std) / np.sqrt(40)
    assert (np.abs(ours.importances_mean - theirs.importances_mean) < 4 * error).all()


def test_a_column_without_use_gets_exactly_zero():
    rng = np.random.default_rng(0)
    for n in (7, 50, 333):
        for k in (2, 3, 11):
            X = np.asfortranarray(rng.normal(size=(n, k)))
            model = LinearRegression().fit(X, X[:, 0])
            model.coef_ = np.r_[rng.normal(size=k - 1), 0.0]
            y = model.predict(X) + rng.normal(size=n)
            answer = importance(model, X, y, metric="mae")
            assert (answer.importances[-1] == 0).all()
            assert answer.importances_mean[-1] == answer.importances_std[-1] == 0


def test_neither_batches_nor_other_columns_nor_repeats_change_a_number(X, monkeypatch):
    frame = pd.DataFrame(X, columns=["a", "größe", "<script>"])
    y = X[:, 0] * X[:, 1]
    forest = RandomForestRegressor(n_estimators=5, random_state=0, max_features=None)
    model = forest.fit(frame, y)
    whole = importance(model, frame, y)
    assert np.array_equal(importance(model, frame, y, n_repeats=4).importances, whole.importances[:, :4])
    assert not np.array_equal(importance(model, frame, y, random_state=1).importances, whole.importances)
    with monkeypatch.context() as patch:
        patch.setattr(stacks, "MAX_BYTES", 3 * X.nbytes)
        assert np.array_equal(importance(model, frame, y).importances, whole.importances)
    twins = frame.assign(a=frame["größe"])
    whole = importance(model, twins, y)
    assert len(whole.groups) == 1
    monkeypatch.setattr(stacks, "MAX_BYTES", 3 * X.nbytes)
    assert np.array_equal(importance(model, twins, y).group_importances, whole.group_importances)
    linear = LinearRegression().fit(frame, y)
    turned = frame[["<script>", "a", "größe"]]
    one, other = importance(linear, frame, y), importance(LinearRegression().fit(turned, y), turned, y)
    np.testing.assert_allclose(other.importances, one.importances[[2, 0, 1]], atol=1e-9)


def test_one_row_and_a_constant_column_have_nothing_to_shuffle(X):
    frame = pd.DataFrame({"a": X[:, 0], "one": 1.0})
    model = LinearRegression().fit(frame, X[:, 0])
    assert (importance(model, frame[:1], X[:1, 0], metric="mae").importances == 0).all()
    assert (importance(model, frame, X[:, 0]).importances[1] == 0).all()


def test_what_is_undefined_is_named(X):
    model = LinearRegression().fit(X, X[:, 0])
    answer = explain(model, "permutation_importance", X[:5], y=np.ones(5))
    assert np.isnan(answer.importances).all()
    assert answer.provenance.warnings == ("R² is undefined on these rows, and so is what it loses",)
    assert explain(model, "permutation_importance", X, y=X[:, 0]).provenance.warnings == ()


def test_a_group_equals_brute_force_with_the_same_orders(people, people_regressor, people_target):
    rows = people.assign(**{"age in years": people["rooms"] * 10 + people["age in years"] % 3})
    answer = importance(people_regressor, rows, people_target, metric="mae", n_repeats=3, random_state=5)
    assert answer.groups == (("age in years", "rooms"),)
    score = metrics.metric("mae").score
    baseline = score(people_regressor, rows, people_target)
    generator = column_generator(5, "age in years\0\0rooms")
    for r in range(3):
        order = generator.permutation(len(rows))
        shuffled = rows.copy()
        for name in answer.groups[0]:
            shuffled[name] = rows[name].iloc[order].array
        expected = score(people_regressor, shuffled, people_target) - baseline
        assert answer.group_importances[0, r] == pytest.approx(expected, abs=1e-12)


def test_twins_do_not_hide_each_other(X):
    # alone each of two equal columns adds 2 b^2 var to a squared error, together 2 (2 b)^2 var: twice their sum
    twins = np.column_stack([X[:, 0], X[:, 0], X[:, 1]])
    model = LinearRegression().fit(twins, X[:, 0])
    model.coef_, model.intercept_ = np.array([1.0, 1.0, 0.5]), 0.0
    y = model.predict(twins)
    answer = importance(model, twins, y, metric="rmse", n_repeats=300)
    assert answer.groups == (("x0", "x1"),)
    alone, together = (answer.importances[0] ** 2).mean(), (answer.group_importances[0] ** 2).mean()
    assert alone == pytest.approx(2 * X[:, 0].var(), rel=0.02)
    assert together == pytest.approx(8 * X[:, 0].var(), rel=0.02)
    assert answer.provenance.warnings == ()  # a root of squares: no more than the sum
    (told,) = explain(model, "permutation_importance", twins, y=y, metric="r2").provenance.warnings
    assert told.startswith("x0, x1 move together: R² falls by 1.8")
    assert told.endswith("when one of them is; they stand in for each other")
    assert importance(model, twins, y, metric="r2", group_above=None).groups == ()
    assert importance(model, twins, y, metric="r2", group_above=None).group_importances is None


def test_a_group_of_which_one_column_is_used_hides_nothing(X):
    frame = pd.DataFrame({"a": X[:, 0], "b": X[:, 1], "copy of a": X[:, 0], "copy of b": X[:, 1]})
    model = LinearRegression().fit(frame, X[:, 0])
    model.coef_ = np.array([1.0, 0.0, 0.0, 0.0])
    answer = importance(model, frame, X[:, 0])
    assert answer.groups == (("a", "copy of a"), ("b", "copy of b"))
    assert (answer.group_importances[1] == 0).all()
    assert answer.group_importances[0].mean() == pytest.approx(answer.importances_mean[0], rel=0.2)
    assert answer.provenance.warnings == ()
    turned = importance(model_of(model, [3, 1, 2, 0]), frame.iloc[:, [3, 1, 2, 0]], X[:, 0])
    assert turned.groups == (("copy of b", "b"), ("copy of a", "a"))
    np.testing.assert_allclose(turned.group_importances, answer.group_importances[::-1], atol=1e-12)


def model_of(model, order):
    turned = LinearRegression()
    turned.coef_, turned.intercept_, turned.n_features_in_ = model.coef_[order], model.intercept_, len(order)
    turned.feature_names_in_ = model.feature_names_in_[order]
    return turned


def test_of_an_estimator_of_the_workbench_over_a_mixed_table(people, people_target):
    model = wb.Regressor("tree", max_leaf_nodes=5).fit(people, people_target)
    answer = importance(model, people, people_target)
    used = set(model.form_.columns)
    assert 0 < len(used) < people.shape[1]
    for name, values in zip(answer.feature_names, answer.importances, strict=True):
        assert (values == 0).all() == (name not in used)
    for effect in explain(model, "partial_dependence", people).effects:
        assert (np.ptp(effect.average) == 0) == (effect.feature not in used)


def test_few_calls(X, function_model):
    model = function_model(lambda Z: Z[:, 0], X)
    importance(model, X, X[:, 0])
    assert model.calls_ == [10 * len(X)] * 4


def test_rows_too_many_for_one_call_are_asked_in_parts(X, function_model, monkeypatch):
    model = function_model(lambda Z: Z[:, 0] * Z[:, 1], X)
    y, before = X[:, 0], X.copy()
    frame_model = DecisionTreeRegressor(max_depth=4).fit(pd.DataFrame(X), y)
    whole = importance(model, X, y, n_repeats=3)
    of_frame = importance(frame_model, pd.DataFrame(X), y, n_repeats=3)
    del model.calls_[:]
    monkeypatch.setattr(stacks, "MAX_ROWS", 150)
    assert np.array_equal(importance(model, X, y, n_repeats=3).importances, whole.importances)
    assert model.calls_ == [150, 150, 100] * (1 + 3 * 3)  # the rows as they are once, then each column three times
    assert np.array_equal(importance(frame_model, pd.DataFrame(X), y, n_repeats=3).importances, of_frame.importances)
    assert np.array_equal(X, before)


def test_a_model_that_writes_into_its_rows_changes_nothing(X, function_model, monkeypatch):
    def spoilt(Z):
        found = Z[:, 0].copy()
        Z[:] = 0.0
        return found

    before = X.copy()
    for most in (stacks.MAX_ROWS, 150):  # copies stacked, and the rows themselves in parts
        monkeypatch.setattr(stacks, "MAX_ROWS", most)
        answer = importance(function_model(spoilt, X), X, X[:, 0], metric="mae", n_repeats=2)
        assert answer.baseline_score == 0
        assert (answer.importances[0] > 0.5).all()
        assert (answer.importances[1:] == 0).all()
        assert np.array_equal(X, before)


def test_default_metric_is_one_that_the_model_can_answer(X):
    y = X[:, 0] > 0
    assert importance(LinearRegression().fit(X, X[:, 0]), X, X[:, 0]).metric == metrics.default_metrics("regression")[0]
    assert importance(LogisticRegression().fit(X, y), X, y).metric == metrics.default_metrics("binary")[0]
    assert metrics.metric(importance(LinearSVC().fit(X, y), X, y).metric).needs == "predict"


def test_the_positive_class_can_be_named(X):
    y = np.where(X[:, 0] + np.random.default_rng(0).normal(size=len(X)) > 0.8, "yes", "no")
    model = LogisticRegression().fit(X, y)
    for positive in ("yes", "no"):
        answer = importance(model, X, y, metric="f1", positive=positive)
        assert answer.baseline_score == pytest.approx(f1_score(y, model.predict(X), pos_label=positive))
        auc = importance(model, X, y, metric="roc_auc", positive=positive).baseline_score
        assert auc == pytest.approx(roc_auc_score(y == "yes", model.predict_proba(X)[:, 1]))


def test_what_is_refused(X):
    y = X[:, 0]
    model = LinearRegression().fit(X, y)
    with pytest.raises(ValueError, match="permutation_importance: y must be given"):
        importance(model, X, None)
    with pytest.raises(ValueError, match=r"y must have one value per row of X, shape \(400,\); got shape \(399,\)"):
        importance(model, X, y[1:])
    with pytest.raises(ValueError, match=r"got 'rsme'; did you mean 'rmse'\?"):
        importance(model, X, y, metric="rsme")
    with pytest.raises(ValueError, match="metric 'log_loss' can't score a regression task"):
        importance(model, X, y, metric="log_loss")
    with pytest.raises(ValueError, match="metric 'log_loss' needs predict_proba, which LinearSVC does not have"):
        importance(LinearSVC().fit(X, y > 0), X, y > 0, metric="log_loss")
    with pytest.raises(ValueError, match="permutation_importance: model must have one target; got 2; explain a model"):
        importance(LinearRegression().fit(X, X[:, :2]), X, y)


@pytest.mark.parametrize("columns", [[0, 1, 2], [0, 1, 0]])
def test_survives_a_dictionary(X, columns):
    X = X[:, columns]
    answer = importance(LinearRegression().fit(X, X[:, 0]), X, X[:, 0], random_state=3)
    assert answer.provenance.random_state == 3
    assert answer.provenance.n_rows == 400
    assert not answer.provenance.exact
    assert Answer.from_dict(answer.to_dict()).to_dict() == answer.to_dict()
