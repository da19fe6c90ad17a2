from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression

import workbench as wb
from workbench.answers import Answer
from workbench.explainers import explain, explainer, local_sums, neighbours
from workbench.explainers import lime as home
from workbench.explainers.inputs import Inputs
from workbench.explainers.neighbours import ColumnOfNeighbours


def lime(model, X, **options):
    return explain(model, "lime", X, **options)


@pytest.fixture(name="X")
def _rows():
    return np.random.default_rng(0).normal(size=(120, 4)) * [1.0, 5.0, 0.1, 2.0]


def test_of_a_linear_model_is_its_term_less_the_mean(X):
    model = LinearRegression().fit(X, X @ [2.0, -1.0, 3.0, 0.0] + 3)
    weight = np.random.default_rng(1).uniform(0, 2, 120)
    rows = np.vstack(
        [X[:5], 50 * X[:1], X.mean(axis=0)]
    )  # one far outside of all rows, one that differs in all columns
    answer = lime(model, rows, background=X, sample_weight=weight)
    mean = np.average(X, axis=0, weights=weight)
    np.testing.assert_allclose(answer.values, model.coef_ * (rows - mean), atol=1e-9)
    assert answer.approximation_error.max() < 1e-9
    np.testing.assert_allclose(answer.baseline, model.predict(mean[None])[0])
    np.testing.assert_allclose(answer.baseline + answer.values.sum(axis=1), answer.predictions, atol=1e-9)
    np.testing.assert_allclose(answer.fidelity, 1, atol=1e-9)
    np.testing.assert_allclose(answer.stability, 1)
    assert answer.provenance.warnings == ()
    assert not answer.additive
    assert not answer.provenance.exact
    assert answer.n_background == 120


def test_equals_least_squares_over_all_neighbours_at_their_chances(function_model):
    """Two columns of few values: every neighbour can be listed with its chance, and the sum fitted to all of them."""
    number = np.array([0.0, 1.0, 1.0, 2.0, 4.0, 7.0, np.nan, np.nan])
    level = np.array(["a", "b", "a", "c", "b", "a", "a", None], dtype=object)
    table = pd.DataFrame({"number": number, "level": level})

    def function(rows):
        known = rows["number"].fillna(-3.0).to_numpy()
        return known**2 + 2.0 * (rows["level"] == "b").to_numpy() * (known > 1) + rows["level"].isna().to_numpy()

    model = function_model(function, table)
    width, places = 0.4, [1, 4, 7]
    answer = lime(
        model, table.iloc[places], background=table, n_draws=4000, n_seeds=10, kernel_width=width, random_state=2
    )
    spread = np.nanstd(number)
    for row, place in enumerate(places):
        of_number = _chances_of_numbers(number, number[place], width)
        same = np.array([value == level[place] for value in level])
        of_level = np.where(same, 0.0, 0.5 / max((~same).sum(), 1))
        of_level[place] += 0.5
        fitted, target, chance = [], [], []
        for (i, p), (j, q) in product(enumerate(of_number), enumerate(of_level)):
            fitted.append(_told(number[i], number[place], level[j] != level[place], spread))
            target.append(function(table.iloc[[i]].assign(level=[level[j]]))[0])
            chance.append(p * q)
        root = np.sqrt(chance)
        design = np.column_stack([np.ones(len(target)), fitted]) * root[:, None]
        coef = np.linalg.lstsq(design, np.array(target) * root, rcond=1e-12)[0][1:]
        mean = np.mean([_told(a, number[place], b != level[place], spread) for a, b in table.to_numpy()], axis=0)
        expected = [-coef[:2] @ mean[:2], -coef[2] * mean[2]]
        off = np.abs(answer.values[row] - expected)
        assert (off < 5 * answer.approximation_error[row] + 1e-12).all()
        assert off.max() < 0.05 * np.abs(expected).max()
        residual = (np.array(target) - np.average(target, weights=chance)) * root
        left = np.array(target) * root - design @ np.linalg.lstsq(design, np.array(target) * root, rcond=1e-12)[0]
        assert answer.fidelity[row] == pytest.approx(1 - (left @ left) / (residual @ residual), abs=0.02)


def _told(value, own, other_level, spread):
    if np.isnan(own):
        return [float(not np.isnan(value)), 0.0, float(other_level)]
    known = not np.isnan(value)
    return [(value - own) / spread if known else 0.0, float(not known), float(other_level)]


def _chances_of_numbers(number, own, width):
    """Give each background row the chance that a neighbour takes its value, worked out row by row."""
    gap = np.isnan(number)
    chances = np.zeros(len(number))
    others = np.flatnonzero(~gap & (number != own))
    others = others[np.argsort(number[others], kind="stable")]
    if np.isnan(own):
        chances[others] = 0.5 / len(others)
    else:
        rank = (number[others] < own).sum() / len(others)
        edges = norm.cdf(np.arange(len(others) + 1) / len(others), rank, width)
        to_gap = gap.sum() / (gap.sum() + len(others))
        chances[others] = 0.5 * (1 - to_gap) * np.diff(edges) / (edges[-1] - edges[0])
        chances[gap] = 0.5 * to_gap / gap.sum()
    first = np.flatnonzero(gap if np.isnan(own) else number == own)[0]
    chances[first] += 0.5
    return chances


def test_neighbours_have_their_chances():
    number = np.array([0.0, 1.0, 1.0, 2.0, 4.0, 7.0, np.nan])
    X = pd.DataFrame({"number": number})
    model = LinearRegression().fit(np.zeros((7, 1)), np.zeros(7))
    column = ColumnOfNeighbours.of(Inputs.check(model, X), 0)
    chances = np.random.default_rng(0).random((2, 200_000))
    positions, features = column.draw(np.arange(7), chances, 0.3)
    for row in range(7):
        expected = _chances_of_numbers(number, number[row], 0.3)
        own = np.flatnonzero((number == number[row]) | (np.isnan(number) & np.isnan(number[row])))[0]
        found = np.bincount(np.where(positions[row] < 0, own, positions[row]), minlength=7) / 200_000
        assert np.abs(found - expected).max() < 0.005
        np.testing.assert_allclose(features[row].mean(axis=0), _mean_features(positions[row], number, row), atol=1e-12)
    weight = np.array([1.0, 0.0, 1.0, 0.0, 3.0, 1.0, 0.0])
    column = ColumnOfNeighbours.of(Inputs.check(model, X, sample_weight=weight), 0)
    positions, _ = column.draw(np.arange(7), chances, 10.0)
    assert set(np.unique(positions)) == {-1, 0, 2, 4, 5}
    assert (positions[0] == 4).mean() == pytest.approx(0.5 * 3 / 5, abs=0.005)
    assert not column.has_missing


def _mean_features(positions, number, row):
    told = [_told(number[row if p < 0 else p], number[row], False, np.nanstd(number))[:2] for p in range(-1, 7)]
    return np.average(told, axis=0, weights=np.bincount(positions + 1, minlength=8))


def test_seeds_batches_rows_and_columns(X, monkeypatch):
    frame = pd.DataFrame(X, columns=["a", "größe", "<b>", "d"])
    y = X[:, 0] * X[:, 1]
    forest = RandomForestRegressor(n_estimators=5, max_features=None, random_state=0).fit(frame, y)
    before = frame.copy(deep=True)
    whole = lime(forest, frame[:10], background=frame, n_draws=100)
    pd.testing.assert_frame_equal(frame, before)
    assert whole.to_dict() == lime(forest, frame[:10], background=frame, n_draws=100).to_dict()
    other = lime(forest, frame[:10], background=frame, n_draws=100, random_state=1)
    assert not np.array_equal(other.values, whole.values)
    off = np.abs(other.values - whole.values) / np.hypot(other.approximation_error, whole.approximation_error)
    assert np.median(off) < 2
    alone = lime(forest, frame[3:4], background=frame, n_draws=100)
    np.testing.assert_allclose(alone.values[0], whole.values[3], atol=1e-12)
    for most in (1200, 70):  # some rows a call; some draws of one seed
        monkeypatch.setattr(neighbours, "MAX_ROWS", most)
        parted = lime(forest, frame[:10], background=frame, n_draws=100)
        np.testing.assert_allclose(parted.values, whole.values, atol=1e-12)
        np.testing.assert_allclose(parted.fidelity, whole.fidelity, atol=1e-12)


def test_what_is_held_at_once_is_bounded(X, function_model, monkeypatch):
    """However many draws, seeds and columns there are: chances part by part, sums of products seed by seed."""
    model = function_model(lambda rows: rows[:, 0] * rows[:, 1], X)
    options = {"background": X, "n_draws": 300, "n_seeds": 7, "n_features": 3, "random_state": 2}
    whole = lime(model, X[:4], **options)
    held = []
    chances = neighbours.Neighbours._chances

    def watched(self, column, part):
        held.append(chances(self, column, part))
        return held[-1]

    monkeypatch.setattr(neighbours.Neighbours, "_chances", watched)
    monkeypatch.setattr(neighbours, "MAX_ROWS", 250)
    monkeypatch.setattr(local_sums, "MOST_PRODUCTS", 2 * 6**2)
    monkeypatch.setattr(home, "MOST_PRODUCTS", 2 * 6**2)
    parted = lime(model, X[:4], **options)
    assert max(found.size for found in held) <= 2 * 250
    together = np.concatenate([found for found in held[::4] if found.size][:14], axis=1)
    assert len(np.unique(together[0])) == 7 * 300  # no number is used twice
    for name in ("values", "approximation_error", "fidelity", "stability"):
        np.testing.assert_allclose(getattr(parted, name), getattr(whole, name), atol=1e-12)


def test_few_calls(X, function_model, monkeypatch):
    model = function_model(lambda rows: rows[:, 0] ** 2, X)
    lime(model, X[:20], background=X, n_draws=50)
    assert model.calls_ == [20, 20 * 5 * 50, 120]
    del model.calls_[:]
    monkeypatch.setattr(neighbours, "MAX_ROWS", 100)
    monkeypatch.setattr("workbench.explainers.stacks.MAX_ROWS", 100)
    lime(model, X[:3], background=X, n_draws=150)
    assert max(model.calls_) == 100


def test_a_column_without_use(X, function_model):
    model = function_model(lambda rows: np.where(rows[:, 0] > 0, rows[:, 1], 0.0), X)
    answer = lime(model, X[:30], background=X)
    assert (np.abs(answer.values[:, 2:]) < 5 * answer.approximation_error[:, 2:]).mean() > 0.97
    assert np.abs(answer.values[:, 2:]).mean() < 0.1 * np.abs(answer.values[:, :2]).mean()
    tree = wb.Regressor("tree", max_leaf_nodes=4).fit(X, X[:, 0] > 0)
    known = lime(tree, X[:5], background=X)
    assert (known.values[:, 1:] == 0).all()
    assert (known.approximation_error[:, 1:] == 0).all()
    assert (known.values[:, 0] != 0).any()


def test_over_a_mixed_table(people, people_regressor, people_classifier):
    before = people.copy(deep=True)
    rows = people.iloc[:6]
    answer = lime(people_regressor, rows, background=people, n_draws=200)
    pd.testing.assert_frame_equal(people, before)
    assert answer.values.shape == (6, 7)
    assert answer.outputs == ("prediction",)
    since = answer.feature_names.index("since")
    assert (answer.values[:, since] == 0).all()  # read from the pipeline: it does not use the column
    assert np.abs(answer.values[:, 0]).max() > 0.3
    three = lime(people_classifier, rows, background=people, n_draws=200)
    assert three.values.shape == (6, 7, 3)
    assert three.fidelity.shape == three.stability.shape == (6, 3)
    assert np.isfinite(three.values).all()
    np.testing.assert_allclose(three.values.sum(axis=2), 0, atol=1e-9)  # three shares add up to one
    np.testing.assert_allclose(three.predictions, people_classifier.predict_proba(rows))
    for found in (answer, three):
        assert Answer.from_dict(found.to_dict()).to_dict() == found.to_dict()
        assert "data" not in found.public().to_dict()


def test_of_a_category_is_its_difference_from_the_other_levels(people):
    table = people[["city", "member", "rooms"]]
    effect = {"Rom": 2.0}
    y = table["city"].map(effect).fillna(0.0) - 3.0 * table["member"] + 0.5 * table["rooms"]
    model = wb.Regressor("linear").fit(table, y)
    at = np.flatnonzero(table["city"] == "Rom")[:3]
    answer = lime(model, table.iloc[at], background=table)
    assert answer.values[:, 0] == pytest.approx(2.0 * (table["city"] != "Rom").mean(), abs=0.02)
    share = table["member"].mean()
    expected = np.where(table["member"].iloc[at], -3.0 * (1 - share), 3.0 * share)
    np.testing.assert_allclose(answer.values[:, 1], expected, atol=0.02)
    np.testing.assert_allclose(answer.values[:, 2], 0.5 * (table["rooms"].iloc[at] - table["rooms"].mean()), atol=0.02)


def test_positive_class(X):
    model = LogisticRegression().fit(X, np.where(X[:, 0] > 0, "yes", "no"))
    yes, no = (lime(model, X[:3], background=X, positive=p, n_draws=100) for p in ("yes", "no"))
    np.testing.assert_allclose(no.values, -yes.values, atol=1e-12)
    assert no.outputs == ("no",)


def test_little_to_go_by(X):
    model = LinearRegression().fit(X, X[:, 0])
    one = lime(model, X[:1])  # its own background: nothing differs
    assert (one.values == 0).all()
    assert one.fidelity == one.stability == 1
    frame = pd.DataFrame({"a": X[:, 0], "one": 1.0, "gap": np.nan})
    flat = wb.Regressor("tree").fit(frame, X[:, 0])
    assert (lime(flat, frame[:3]).values[:, 1:] == 0).all()
    single = lime(LinearRegression().fit(X[:, :1], X[:, 0]), X[:4, :1], background=X[:, :1])
    np.testing.assert_allclose(single.values[:, 0], X[:4, 0] - X[:, 0].mean(), atol=1e-9)


def test_cautions_tell_the_number(X, function_model):
    rough = function_model(lambda rows: np.sin(40 * rows[:, 0]) * np.sin(9 * rows[:, 1]), X)
    answer = lime(rough, X[:10], background=X, n_draws=30)
    low, unstable = answer.provenance.warnings
    assert low.startswith("low fidelity: near the rows the sums explain ")
    assert f"agrees to {np.median(answer.stability):.2f}" in unstable
    steady = lime(rough, X[:10], background=X, n_draws=30, kernel_width=0.0001, n_features=1)
    assert np.median(steady.fidelity) > np.median(answer.fidelity)
    y = np.where(X[:, 0] > 1, "a", np.where(np.sin(9 * X[:, 1]) > 0, "b", "c"))
    several = lime(RandomForestClassifier(n_estimators=5, random_state=0).fit(X, y), X[:10], background=X)
    worst = np.median(several.fidelity, axis=0)
    told = f"{worst.min():.0%} of what the model says of {several.outputs[worst.argmin()]} (median R²)"
    assert told in several.provenance.warnings[0]
    line = function_model(lambda rows: rows[:, 0] - rows[:, 1], X)
    assert lime(line, X[:10], background=X, n_draws=30).provenance.warnings == ()


def test_fidelity_is_that_of_draws_not_seen(X, function_model):
    noise = function_model(lambda rows: np.sin(1e6 * rows.sum(axis=1)), X)
    fidelity = lime(noise, X[:50], background=X, n_draws=20).fidelity
    assert np.median(fidelity) < 0  # five coefficients fit 20 draws of noise with an R² of 0.2
    alone = lime(noise, X[:50], background=X, n_draws=2000).fidelity
    assert np.abs(alone).max() < 0.05


def test_of_few_features(X, function_model):
    model = function_model(lambda rows: 3 * rows[:, 0] + rows[:, 1] + 0.5 * rows[:, 3], X)
    whole = lime(model, X[:10], background=X)
    few = lime(model, X[:10], background=X, n_features=2)
    assert ((few.values != 0).sum(axis=1) == 2).all()
    kept = few.values != 0
    assert (
        np.abs(whole.values)[kept].reshape(10, 2).min(axis=1) >= np.where(kept, 0, np.abs(whole.values)).max(1)
    ).all()
    assert (few.fidelity < whole.fidelity).all()
    np.testing.assert_allclose(lime(model, X[:10], background=X, n_features=9).values, whole.values, atol=1e-12)


def test_a_background_that_is_too_large_is_thinned_and_told(X, monkeypatch):
    model = LinearRegression().fit(X, X[:, 0])
    monkeypatch.setattr(home, "MAX_BYTES", 24 * 4 * 50)
    for rows in (X, pd.DataFrame(X, columns=[f"x{j}" for j in range(4)])):
        weight = np.where(np.arange(120) % 2, 2.0, 1.0)
        model = LinearRegression().fit(rows, X[:, 0])
        answer = lime(model, rows[:3], background=rows, sample_weight=weight)
        assert answer.n_background == 50
        assert answer.provenance.warnings == ("of 120 background rows 50 were drawn by the seed, and used",)


def test_what_is_refused(X):
    model = LinearRegression().fit(np.tile(X, 10), X[:, 0])
    with pytest.raises(
        ValueError, match=r"lime: n_draws must be at least 82, two for each column and two more; got 30"
    ):
        lime(model, np.tile(X, 10), n_draws=30)
    found = explainer("lime")
    options = found.read_options({"n_draws": 20})
    assert [m[0] for m in found.misfits(options, task="regression", columns=tuple("abcdefghij"))] == ["n_draws"]
    assert not list(found.misfits(options, task="regression", columns=("a", "b")))
    with pytest.raises(ValueError, match="lime: n_seeds: "):
        lime(model, np.tile(X, 10), n_seeds=1)
