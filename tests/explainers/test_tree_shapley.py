from dataclasses import replace
from functools import cache
from itertools import combinations
from math import factorial

import numpy as np
import pandas as pd
import pytest

from workbench.estimator import Classifier, Regressor
from workbench.explainers import explain
from workbench.explainers.score import Score
from workbench.explainers.shapley import box_planes
from workbench.explainers.shapley.trees import path_shapley, tree_shapley
from workbench.forms import Additive, Frame, Rule
from workbench.forms.rules import Condition

N = 160


def _rows():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "still": np.full(N, 3.0),
            'a "x" ü': rng.normal(size=N),
            "b": np.where(rng.random(N) < 0.3, np.nan, rng.normal(size=N)),
            "level": rng.choice(list("vwxyz"), N).astype(object),
            "yes": rng.random(N) < 0.5,
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, N), unit="D"),
        }
    )
    frame.loc[rng.choice(N, 20, replace=False), "level"] = None
    return frame


X = _rows()
Y = (
    np.exp(2 * X['a "x" ü'])
    + X['a "x" ü'] * X["b"].fillna(1.5)
    + 2.0 * X["level"].isin(["v", "y"]) * (X['a "x" ü'] > 0)
    + X["yes"] * (X["day"].dt.day_of_year / 100)
    + np.random.default_rng(2).normal(size=N) / 5
)
ODD = X.iloc[[3, 50, 77, 120]].reset_index(drop=True).assign(level=["v", "never seen", None, "z"])
ODD.loc[1, "b"] = np.nan
BACKGROUND = pd.concat([X.iloc[5:15], ODD.iloc[1:2]], ignore_index=True)
WEIGHT = np.array([1.0, 2.0, 0.0, 0.5, 1.0, 1.0, 3.0, 1.0, 1.0, 0.2, 2.0])

FAMILIES = {
    "xgboost": {"n_estimators": 8, "max_depth": 4},
    "forest": {"n_estimators": 4, "max_features": "all"},  # to the last row: deeper than 12
    "tree": {"max_leaf_nodes": 20, "min_samples_leaf": 3},
    "figs": {},
    "rulefit": {"include_linear": False},
}
CASES = [(f, k) for f in FAMILIES for k in (0, 2, 3) if f != "rulefit" or k == 0]


@cache
def fitted(family, n_classes):
    labels = np.array(["low", "mid", "top"])[np.digitize(Y, [0.2, 1.5] if n_classes == 3 else [0.8])]
    if n_classes:
        return Classifier(family, **FAMILIES[family]).fit(X, labels)
    return Regressor(family, **FAMILIES[family]).fit(X, Y)


@pytest.fixture(scope="module", params=CASES, ids=lambda case: f"{case[0]}-{case[1]}")
def score(request):
    return Score.of(fitted(*request.param), X)


def shapley_of(worths, p):
    """Sum up the definition: `worths` by tuples of columns."""
    values = 0.0 * np.repeat(worths[()][:, None], p, axis=1)
    for j in range(p):
        for size in range(p):
            share = factorial(size) * factorial(p - size - 1) / factorial(p)
            for some in combinations([i for i in range(p) if i != j], size):
                values[:, j] += share * (worths[tuple(sorted((*some, j)))] - worths[some])
    return values


def enumerated(score, rows, background, weight):
    """All coalitions over original columns, each row put together and scored as it stands."""
    columns, n, b = list(rows.columns), len(rows), len(background)
    coalitions = [some for size in range(len(columns) + 1) for some in combinations(range(len(columns)), size)]
    mine, theirs = np.repeat(np.arange(n), b), np.tile(np.arange(b), n)
    hybrids = []
    for some in coalitions:
        parts = {
            c: rows[c].iloc[mine].array if j in some else background[c].iloc[theirs].array
            for j, c in enumerate(columns)
        }
        hybrids.append(pd.DataFrame(parts))
    found = score.values(score.frame(pd.concat(hybrids, ignore_index=True))).reshape(len(coalitions), n, b, -1)
    worths = np.einsum("snbk,b->snk", found, weight / weight.sum())
    return shapley_of(dict(zip(coalitions, worths, strict=True)), len(columns)), worths[0, 0]


def given(score, rows, background, weight=None, **options):
    return tree_shapley(
        score, score.frame(rows), score.frame(background), weight, columns=list(rows.columns), **options
    )


def test_equals_enumeration_over_original_columns(score, monkeypatch):
    before = ODD.copy()
    expected, baseline = enumerated(score, ODD, BACKGROUND, WEIGHT)
    scale = np.ptp(score.values(score.frame(X)), axis=0).max()
    for tabulates in (True, False):
        monkeypatch.setattr(box_planes.Background, "_tabulates", lambda self, d, n, t=tabulates: t)
        found = given(score, ODD, BACKGROUND, WEIGHT)
        np.testing.assert_allclose(found.values, expected, rtol=0, atol=1e-12 * scale)
        np.testing.assert_allclose(found.baseline, baseline, rtol=0, atol=1e-12 * scale)
        assert found.background_error is None
        assert found.approximation_error is None
        assert (found.values[:, 0] == 0).all()  # the column that stands still
    pd.testing.assert_frame_equal(ODD, before)


def test_the_forest_is_deeper_than_twelve():
    depths = []
    for tree in Score.of(fitted("forest", 0), X).body.terms:
        depth = np.zeros(tree.feature.size, dtype=int)
        for node in np.flatnonzero(~tree.is_leaf):
            depth[[tree.left[node], tree.right[node]]] = depth[node] + 1
        depths.append(depth.max())
    assert max(depths) > 12


def test_blocks_of_rows_background_and_boxes_change_nothing(monkeypatch):
    score = Score.of(fitted("forest", 3), X)
    for tabulates in (True, False):
        monkeypatch.setattr(box_planes.Background, "_tabulates", lambda self, d, n, t=tabulates: t)
        whole = given(score, X, X)
        with monkeypatch.context() as smaller:
            smaller.setattr("workbench.explainers.shapley.trees._CHUNK", 8 * 5 * 3 * 70)
            for name, size in (("_TABLE", 2**6), ("_PLANE", 2**8), ("_PAIRS", 2**9)):
                smaller.setattr(box_planes, name, size)
            smaller.setattr("workbench.explainers.shapley.questions._LEAVES", 7)
            smaller.setattr("workbench.explainers.shapley.questions._QUESTIONS", 50)
            parts = given(score, X, X)
        np.testing.assert_allclose(parts.values, whole.values, rtol=0, atol=1e-13)
        np.testing.assert_allclose(parts.baseline, whole.baseline, rtol=0, atol=1e-13)


def test_one_row_one_background_row_and_the_row_itself():
    score = Score.of(fitted("xgboost", 0), X)
    one = given(score, ODD.iloc[:1], BACKGROUND)
    np.testing.assert_allclose(one.values, given(score, ODD, BACKGROUND).values[:1], rtol=0, atol=1e-14)
    assert (given(score, ODD.iloc[:1], ODD.iloc[:1]).values == 0).all()
    pair = given(score, ODD.iloc[:1], ODD.iloc[1:2])
    expected, _ = enumerated(score, ODD.iloc[:1], ODD.iloc[1:2], np.ones(1))
    np.testing.assert_allclose(pair.values, expected, rtol=0, atol=1e-13)


def test_the_order_of_columns_is_the_callers(score):
    names = list(X.columns)
    turned = tree_shapley(score, score.frame(ODD), score.frame(BACKGROUND), columns=names[::-1])
    found = given(score, ODD, BACKGROUND)
    assert np.array_equal(turned.values[:, ::-1], found.values)
    with pytest.raises(ValueError, match=r"columns must hold '.*', which the score reads"):
        tree_shapley(score, score.frame(ODD), score.frame(BACKGROUND), columns=["still"])


@pytest.mark.parametrize("d", [1, 5, 17, 18])
def test_a_rule_of_many_columns(d):
    """More columns than a word has bits: against the sum over all coalitions of the definition, pair by pair."""
    rng = np.random.default_rng(d)
    names = [f"c{j}" for j in range(d)]
    chance = min(0.5, 2 / d)
    rows, background = ({c: (rng.random(n) > chance) * 1.0 for c in names} for n in (4, 5))
    rule = Rule(tuple(Condition(c, lower=0.5) for c in names), np.array([3.0, -1.0]))
    score = Score(Additive(np.array([1.0, 0.0]), (rule,), 2.0), {}, np.eye(2), np.zeros(2), ("p", "q"), "link")
    found = tree_shapley(score, Frame(rows), Frame(background), columns=names)
    fails, theirs = (
        np.array([sum(2**j for j, c in enumerate(names) if not side[c][i]) for i in range(n)])
        for side, n in ((rows, 4), (background, 5))
    )
    coalitions = np.arange(2**d)
    size = np.bitwise_count(coalitions)
    share = np.array([factorial(s) * factorial(d - s - 1) / factorial(d) if s < d else 0.0 for s in range(d + 1)])
    expected = np.zeros((4, d))
    for x, mine in enumerate(fails):
        worth = sum(((coalitions & mine) == 0) & ((~coalitions & other) == 0) for other in theirs) / 5
        for j in range(d):
            without = coalitions[(coalitions >> j & 1) == 0]
            expected[x, j] = (share[size[without]] * (worth[without | 1 << j] - worth[without])).sum()
    assert np.abs(expected).max() > 0
    np.testing.assert_allclose(found.values, expected[:, :, None] * [1.5, -0.5], rtol=0, atol=1e-13)
    np.testing.assert_allclose(found.baseline, np.mean(theirs == 0) * np.array([1.5, -0.5]) + [1, 0], atol=1e-14)


def goes_left(tree, node, row):
    name, levels = tree.columns[tree.feature[node]], tree.levels[tree.feature[node]]
    value = row[name]
    if pd.isna(value):
        return tree.missing_left[node]
    if levels:
        text = str(value)
        return tree.subsets[tree.subset[node], levels.index(text) if text in levels else len(levels)]
    value = (value - pd.Timestamp(0)) / pd.Timedelta(days=1) if isinstance(value, pd.Timestamp) else float(value)
    return value <= tree.threshold[node]


def expectation(tree, node, row, some):
    """The recursion of the definition: x where the column is in the coalition, else both ways by training rows."""
    if tree.feature[node] < 0:
        return tree.value[node]
    left, right = tree.left[node], tree.right[node]
    if tree.columns[tree.feature[node]] in some:
        return expectation(tree, left if goes_left(tree, node, row) else right, row, some)
    share = tree.support[left] / tree.support[node] if tree.support[node] else 0.5
    return share * expectation(tree, left, row, some) + (1 - share) * expectation(tree, right, row, some)


def counted(tree, frame):
    """Count the rows in each node, from the root on."""
    counts, leaves = np.zeros(tree.feature.size, dtype=int), tree.leaves(frame)
    for leaf in leaves.tolist():
        node = leaf
        while node >= 0:
            counts[node] += 1
            above = np.flatnonzero((tree.left == node) | (tree.right == node))
            node = int(above[0]) if above.size else -1
    return counts


@pytest.mark.parametrize("n_rows", [1, 4, 200])
@pytest.mark.parametrize(
    ("family", "n_classes"), [("tree", 0), ("tree", 3), ("figs", 0), ("figs", 2), ("forest", 0), ("xgboost", 3)]
)
def test_path_dependent_equals_its_definition(family, n_classes, n_rows):
    score = Score.of(fitted(family, n_classes), X)
    rows = pd.concat([ODD] * 50, ignore_index=True).iloc[:n_rows]
    background = score.frame(BACKGROUND)
    found = path_shapley(score, score.frame(rows), background, columns=list(rows.columns))
    trees = [t if t.support is not None else replace(t, support=counted(t, background)) for t in score.body.terms]
    names = list(X.columns)
    worths = {}
    for size in range(len(names) + 1):
        for some in combinations(range(len(names)), size):
            chosen = {names[j] for j in some}
            worths[some] = np.array(
                [
                    score.body.intercept @ score.select
                    + score.shift
                    + sum(expectation(t, 0, row, chosen) for t in trees) / score.body.divisor @ score.select
                    for _, row in ODD.iloc[:n_rows].iterrows()
                ]
            )
    expected = shapley_of(worths, len(names))
    np.testing.assert_allclose(found.values[:4], expected, rtol=0, atol=1e-13)
    np.testing.assert_allclose(found.values, found.values[np.arange(n_rows) % 4], rtol=0, atol=1e-15)
    np.testing.assert_allclose(found.baseline, worths[()][0], rtol=0, atol=1e-13)


def test_path_dependent_needs_trees():
    score = Score.of(fitted("rulefit", 0), X)
    with pytest.raises(ValueError, match="a rule has no nodes; use perturbation='interventional'"):
        path_shapley(score, score.frame(ODD), score.frame(X), columns=list(X.columns))


def test_background_error_is_that_of_the_batches():
    score = Score.of(fitted("xgboost", 3), X)
    weight = np.random.default_rng(5).random(N)
    found = given(score, ODD, X, weight, n_batches=4, random_state=7)
    assert np.array_equal(found.values, given(score, ODD, X, weight, n_batches=4, random_state=7).values)
    np.testing.assert_allclose(found.values, given(score, ODD, X, weight).values, rtol=0, atol=1e-13)
    dealt = np.random.default_rng(7).permutation(N)
    parts, shares = [], []
    for i in range(4):
        batch = dealt[i::4]
        parts.append(given(score, ODD, X.iloc[batch], weight[batch]).values)
        shares.append(weight[batch].sum() / weight.sum())
    variance = 4 / 3 * sum(s**2 * (part - found.values) ** 2 for s, part in zip(shares, parts, strict=True))
    np.testing.assert_allclose(found.background_error, np.sqrt(variance), rtol=1e-6, atol=1e-12)
    assert (found.background_error[:, 0] == 0).all()


def test_background_error_is_about_the_spread_of_draws():
    score = Score.of(fitted("xgboost", 0), X)
    rng = np.random.default_rng(0)
    draws = [X.iloc[rng.integers(0, N, 100)] for _ in range(60)]
    found = [given(score, ODD, draw, n_batches=10) for draw in draws]
    spread = np.std([each.values for each in found], axis=0, ddof=1)
    told = np.sqrt(np.mean([each.background_error**2 for each in found], axis=0))
    large = spread > spread.max() / 10
    ratio = told[large] / spread[large]
    assert 0.7 < ratio.min() <= ratio.max() < 1.4


def test_memory_does_not_grow_with_rows_background_or_columns():
    import tracemalloc

    rng = np.random.default_rng(0)
    names = [f"c{j}" for j in range(20)]
    rules = [
        Rule(tuple(Condition(c, lower=rng.normal() - 1) for c in names[:d]), np.ones(1)) for d in (4, 9, 13, 20, 20)
    ]
    score = Score(Additive(np.zeros(1), tuple(rules), 1.0), {}, np.eye(1), np.zeros(1), ("p",), "link")
    rows, background = (Frame({c: rng.normal(size=n) for c in names}) for n in (6_000, 4_000))
    for frame in (rows, background):
        for name in names:
            frame.numbers(name)
    tracemalloc.start()
    found = tree_shapley(score, rows, background, columns=names)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100 * 2**20 + found.values.nbytes
    np.testing.assert_allclose(found.values.sum(axis=1) + found.baseline, score.values(rows), rtol=0, atol=1e-12)


def test_explainer_answers_on_the_scores_scale():
    model = fitted("forest", 3)
    answer = explain(model, "tree_shap", ODD, background=BACKGROUND, sample_weight=WEIGHT, background_error=True)
    expected, baseline = enumerated(Score.of(model, X), ODD, BACKGROUND, WEIGHT)
    np.testing.assert_allclose(answer.values, expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(answer.baseline, baseline, rtol=0, atol=1e-12)
    np.testing.assert_allclose(answer.predictions, model.predict_proba(ODD), rtol=0, atol=1e-12)
    assert answer.scale == "response"
    assert answer.outputs == ("low", "mid", "top")
    assert answer.n_background == 10  # one of 11 has no weight
    assert answer.provenance.exact
    assert answer.background_error.shape == answer.values.shape
    assert not answer.approximation_error.any()
    assert answer.data[1][list(X.columns).index("level")] == "never seen"


def test_explainer_of_two_classes_and_of_paths():
    model = fitted("xgboost", 2)
    top = explain(model, "tree_shap", ODD, background=BACKGROUND)
    low = explain(model, "tree_shap", ODD, background=BACKGROUND, positive="low")
    assert top.scale == "link"
    np.testing.assert_allclose(low.values, -top.values, atol=1e-14)
    odds = np.log(model.predict_proba(ODD)[:, 1] / model.predict_proba(ODD)[:, 0])
    np.testing.assert_allclose(top.baseline + top.values.sum(axis=1), odds, atol=1e-5)
    tree = fitted("tree", 0)
    paths = explain(tree, "tree_shap", ODD, background=BACKGROUND, perturbation="path_dependent")
    assert paths.n_background is None
    assert "not used" in paths.provenance.warnings[0]
    np.testing.assert_allclose(paths.baseline + paths.values.sum(axis=1), tree.predict(ODD), atol=1e-12)
    assert not explain(tree, "tree_shap", ODD, perturbation="path_dependent").provenance.warnings
    boosted = explain(model, "tree_shap", ODD, background=BACKGROUND, perturbation="path_dependent")
    assert boosted.n_background == len(BACKGROUND)
    assert not boosted.provenance.warnings
    np.testing.assert_allclose(boosted.baseline + boosted.values.sum(axis=1), odds, atol=1e-5)


def test_explainer_refuses_what_is_no_sum_of_trees():
    for model in (Regressor("linear").fit(X, Y), Regressor("svm", kernel="rbf").fit(X, Y)):
        with pytest.raises(ValueError, match=r"tree_shap: .* must be a sum of trees and rules; got .*; use 'shap'"):
            explain(model, "tree_shap", ODD)
    with pytest.raises(ValueError, match="background_error must be false where perturbation is path_dependent"):
        explain(fitted("tree", 0), "tree_shap", ODD, perturbation="path_dependent", background_error=True)


def test_arrays_and_scikit_learns_own_forests():
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.neighbors import KNeighborsRegressor

    Z = np.random.default_rng(0).normal(size=(80, 4))
    model = RandomForestRegressor(5, random_state=0).fit(Z, Z[:, 0] * Z[:, 1])
    answer = explain(model, "tree_shap", Z[:3], background=Z)
    assert answer.feature_names == ("x0", "x1", "x2", "x3")
    np.testing.assert_allclose(answer.baseline + answer.values.sum(axis=1), model.predict(Z[:3]), atol=1e-12)
    with pytest.raises(ValueError, match="it has no form that is known; use 'shap'"):
        explain(KNeighborsRegressor().fit(Z, Z[:, 0]), "tree_shap", Z)


def test_memory_of_many_trees_over_different_columns():
    import tracemalloc

    Z = pd.DataFrame(np.random.default_rng(0).normal(size=(4_000, 20)), columns=[f"c{j}" for j in range(20)])
    y = Z.to_numpy()[:, :10].sum(axis=1) + Z["c11"] * Z["c12"]
    model = Regressor("xgboost", n_estimators=100, max_depth=4).fit(Z, y)
    tracemalloc.start()
    answer = explain(model, "tree_shap", Z[:1_000], background=Z)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100 * 2**20 + answer.values.nbytes
    np.testing.assert_allclose(answer.baseline, model.form_.predict(Z).mean(), atol=1e-12)


def test_path_dependent_counts_follow_the_weights_of_the_background():
    model = fitted("forest", 0)
    weight = np.random.default_rng(0).integers(0, 4, len(BACKGROUND))
    repeated = BACKGROUND.iloc[np.repeat(np.arange(len(BACKGROUND)), weight)]
    options = {"perturbation": "path_dependent"}
    found = explain(model, "tree_shap", ODD, background=BACKGROUND, sample_weight=weight, **options)
    same = explain(model, "tree_shap", ODD, background=repeated, **options)
    plain = explain(model, "tree_shap", ODD, background=BACKGROUND, **options)
    np.testing.assert_allclose(found.values, same.values, rtol=0, atol=1e-12)
    np.testing.assert_allclose(found.baseline, same.baseline, rtol=0, atol=1e-12)
    assert np.abs(found.values - plain.values).max() > 1e-3
