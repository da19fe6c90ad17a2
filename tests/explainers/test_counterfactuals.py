import json
from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

import workbench as wb
from workbench.answers import Answer
from workbench.explainers import explain, explainer
from workbench.explainers.changes.column import ChangeableColumn
from workbench.explainers.spread import spread

TABLE = wb.load("wine-quality-red")
BACKGROUND = TABLE.X.iloc[::5]


def ask(model, X, background=BACKGROUND, **options):
    return explain(model, "counterfactuals", X, background=background, **options)


def range_of(values):
    known = np.sort(np.asarray(values, dtype=float)[~np.isnan(np.asarray(values, dtype=float))])
    return (known[9], known[-10]) if len(known) >= 20 else (known[0], known[-1])


def changed(answer, k):
    pairs = zip(answer.feature_names, answer.data[answer.row[k]], answer.found[k], strict=True)
    return {name: (was, now) for name, was, now in pairs if was != now}


def test_of_a_linear_model_against_closed_form():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 4))
    model = LinearRegression().fit(X, X @ [1.0, -2.0, 0.25, 0.0])
    rows, target = X[:6], 1.5
    answer = ask(model, rows, background=X, at_least=target, n=4)
    short = target - rows @ model.coef_
    for i in range(len(rows)):
        found = {next(iter(c)): c for k in np.flatnonzero(answer.row == i) if len(c := changed(answer, k)) == 1}
        for j, name in enumerate(answer.feature_names[:3]):
            low, high = range_of(X[:, j])
            wanted = rows[i, j] + short[i] / model.coef_[j]
            if short[i] <= 0 or not low <= wanted <= high:
                assert name not in found
                continue
            now = found[name][name][1]
            beyond = (now - wanted) * np.sign(wanted - rows[i, j])
            assert -1e-9 <= beyond <= 0.0101 * spread(X[:, j])
        assert "x3" not in found
    np.testing.assert_allclose(answer.before, model.predict(rows))
    assert (answer.after >= target).all()
    for k, line in enumerate(answer.found):
        assert answer.after[k] == pytest.approx(model.predict(np.array([line]))[0])
        i = answer.row[k]
        cost = sum(abs(line[j] - rows[i, j]) / spread(X[:, j]) for j in range(4))
        assert answer.distance[k] == pytest.approx(cost)
        assert answer.changed[k] == len(changed(answer, k))
        if k and answer.row[k - 1] == i:
            assert (answer.changed[k - 1], answer.distance[k - 1]) <= (answer.changed[k], answer.distance[k])


def boxes(tree, node=0, box=None):
    """Every leaf of a fitted tree with the interval (low, high] of each column that it asks of."""
    box = box or {}
    if tree.children_left[node] < 0:
        yield node, box
        return
    j, cut = int(tree.feature[node]), float(tree.threshold[node])
    low, high = box.get(j, (-np.inf, np.inf))
    yield from boxes(tree, tree.children_left[node], {**box, j: (low, min(high, cut))})
    yield from boxes(tree, tree.children_right[node], {**box, j: (max(low, cut), high)})


def least_by_boxes(tree, row, meets, background, whole):
    """The fewest changes and the smallest distance, over all leaves that do; None where no leaf can be reached."""
    best = None
    for leaf, box in boxes(tree):
        if not meets(tree.value[leaf]):
            continue
        count, distance = 0, 0.0
        for j, (low, high) in box.items():
            x = row[j]
            if low < x <= high:
                continue
            bottom, top = range_of(background[:, j])
            if j in whole:
                bottom, top = max(bottom, np.floor(low) + 1), min(top, np.floor(high))
            if not (max(low, bottom - (j in whole)) < top or low < bottom <= top) or min(high, top) < bottom:
                count = np.inf
                break
            target = np.clip(x, max(low, bottom), min(high, top))
            count, distance = count + 1, distance + abs(target - x) / spread(background[:, j])
        if np.isfinite(count) and (best is None or (count, distance) < best):
            best = (count, distance)
    return best


@pytest.mark.parametrize("seed", range(5))
def test_of_a_tree_against_all_its_boxes(seed):
    rng = np.random.default_rng(seed)
    X = np.column_stack([rng.normal(size=(400, 3)), rng.integers(0, 9, (400, 2)), rng.integers(0, 6, 400) + 0.5])
    y = X[:, 0] + X[:, 5] + (X[:, 1] > 0) * X[:, 3] + 0.5 * X[:, 2] * (X[:, 4] > 4) + rng.normal(0, 0.1, 400)
    model = DecisionTreeRegressor(max_depth=5, random_state=seed).fit(X, y)
    target = float(np.quantile(model.predict(X), 0.9))
    rows = X[:12]
    answer = ask(model, rows, background=X, at_least=target, max_changed=4, max_evaluations=10**6)
    assert answer.provenance.exact
    for i, row in enumerate(rows):
        own = np.flatnonzero(answer.row == i)
        if model.predict(row[None])[0] >= target:
            assert len(own) == 0
            continue
        least = least_by_boxes(model.tree_, row, lambda value: value[0, 0] >= target, X, {3, 4})
        if least is None or least[0] > 4:
            assert len(own) == 0
            continue
        assert answer.changed[own[0]] == least[0]
        assert least[1] - 1e-6 <= answer.distance[own[0]] <= least[1] + 0.0101 * least[0]


def test_fewest_changes_against_a_grid_of_everything():
    rng = np.random.default_rng(2)
    X = pd.DataFrame({name: rng.integers(0, 4, 200) for name in "abcd"})
    model = DecisionTreeClassifier(random_state=0).fit(X, (X["a"] * X["b"] + X["c"] > 5) & (X["d"] > 0))
    answer = ask(model, X.iloc[:10], background=X, n=20, max_changed=4, max_evaluations=10**6)
    assert answer.provenance.exact
    every = pd.DataFrame(product(range(4), repeat=4), columns=list("abcd"))
    says = model.predict(every)
    for i, (row, label) in enumerate(zip(X.iloc[:10].to_numpy(), model.predict(X.iloc[:10]), strict=True)):
        differs = every.to_numpy()[says != label] != row
        sets = {frozenset(np.flatnonzero(line)) for line in differs}
        least = {s for s in sets if not any(other < s for other in sets)}
        found = [frozenset("abcd".index(name) for name in changed(answer, k)) for k in np.flatnonzero(answer.row == i)]
        assert set(found) == least
        assert len(found) == len(set(found))


def check_rules(answer, X, background, *, immutable=(), direction=None):
    """What holds of every counterfactual, whatever the model."""
    direction = direction or {}
    for k in range(len(answer.row)):
        for name, (was, now) in changed(answer, k).items():
            assert name not in immutable
            assert now is not None
            column = background[name]
            if pd.api.types.is_bool_dtype(column.dtype) or not pd.api.types.is_numeric_dtype(column.dtype):
                shown = column.dt.date.astype(str) if str(column.dtype).startswith("datetime") else column
                if str(column.dtype).startswith("datetime"):
                    assert shown.sort_values().iloc[9] <= now <= shown.sort_values().iloc[-10]
                else:
                    assert now in {str(v).lower() if isinstance(v, bool | np.bool_) else v for v in column.dropna()}
            else:
                low, high = range_of(column)
                assert low <= now <= high
                if column.dtype.kind in "iu":
                    assert now == int(now)
            if name in direction:
                assert was is not None
                sign = 1 if direction[name] == "increasing" else -1
                order = list(column.cat.categories) if str(column.dtype) == "category" else None
                was, now = (order.index(was), order.index(now)) if order else (was, now)
                assert sign * (now - was) > 0 if not isinstance(was, str) else now > was
    for i in set(answer.row):
        sets = [frozenset(changed(answer, k)) for k in np.flatnonzero(answer.row == i)]
        assert not any(a <= b for a, b in combinations(sets, 2))


def rebuilt(people, i, changes):
    """A changed row in the types of the table, put together from what the answer says."""
    row = people.loc[[i]].reset_index(drop=True)
    for name, (_, now) in changes.items():
        dtype = people.dtypes[name]
        row[name] = pd.Series([now == "true" if str(dtype) == "bool" else now]).astype(dtype)
    return row


def test_immutable_columns_directions_ranges_and_classes(people, people_classifier):
    before = people.copy(deep=True)
    X = people.iloc[[0, 5, 17, 30, 31, 32]]
    direction = {"age in years": "increasing", "größe": "increasing"}
    for options in ({}, {"wanted": "high"}, {"wanted": "low", "n": 1}):
        answer = ask(people_classifier, X, people, immutable=["rooms"], direction=direction, **options)
        check_rules(answer, X, people, immutable={"rooms"}, direction=direction)
        decided = people_classifier.predict(X)
        probabilities = people_classifier.predict_proba(X)
        labels = list(people_classifier.classes_)
        second = np.argsort(probabilities, axis=1)[:, -2]
        for k, i in enumerate(answer.row):
            wanted = options.get("wanted", labels[second[i]])
            assert wanted != decided[i]
            told = answer.outputs[0 if len(answer.outputs) == 1 else i]
            assert told == wanted
            row = rebuilt(people, X.index[i], changed(answer, k))
            assert people_classifier.predict(row) == [wanted]
            assert people_classifier.predict_proba(row)[0, labels.index(wanted)] == pytest.approx(answer.after[k])
        np.testing.assert_allclose(
            answer.before, [probabilities[i, labels.index(answer.outputs[i % len(answer.outputs)])] for i in range(6)]
        )
    pd.testing.assert_frame_equal(people, before)


def test_the_model_itself_confirms_each_changed_row_in_its_types(people, function_model):
    seen = []

    def function(rows):
        assert (rows.dtypes == people.dtypes).all()
        assert list(rows.columns) == list(people.columns)
        seen.append(len(rows))
        member, rome = rows["member"].to_numpy(dtype=float), (rows["city"] == "Rom").to_numpy(dtype=float)
        large = (rows["größe"] == "L").to_numpy(dtype=float)
        late = (rows["since"] >= pd.Timestamp("2021-06-01")).to_numpy(dtype=float)
        gap = rows['he said "<script>"'].isna().to_numpy(dtype=float)
        return rows["age in years"] / 40 + member + 2 * rome + large + late - gap

    model = function_model(function, people)
    X = people.iloc[:40]
    answer = ask(model, X, people, at_least=4.0, n=5)
    check_rules(answer, X, people)
    assert {name for k in range(len(answer.row)) for name in changed(answer, k)} >= {
        "age in years", "größe", "city", "member", "since", 'he said "<script>"'
    }  # fmt: skip
    for k, i in enumerate(answer.row):
        assert model.predict(rebuilt(people, i, changed(answer, k)))[0] == pytest.approx(answer.after[k])
        assert answer.after[k] >= 4.0
    assert max(seen) > 20


def test_a_missing_value_is_filled_at_the_cost_of_one_and_never_made(function_model):
    X = pd.DataFrame({"a": [np.nan, 2.0] + [float(i) for i in range(40)], "b": ["x", None] + ["x", "y"] * 20})
    model = function_model(lambda rows: rows["a"].fillna(0.0) + 30.0 * rows["b"].isna(), X)
    answer = ask(model, X.iloc[:1], X, at_least=20.0)
    assert answer.data[0][0] is None
    assert answer.found[0][0] >= 20.0
    assert answer.distance[0] == 1.0
    assert answer.changed.tolist() == [1]
    kept = ask(model, X.iloc[:1], X, at_least=20.0, direction={"a": "increasing"})
    assert len(kept.row) == 0
    below = ask(model, X.iloc[1:2], X, at_most=25.0)
    assert [changed(below, k) for k in range(len(below.row))] == [{"b": (None, "x")}]


def test_single_precision_columns_cross_the_cut():
    rng = np.random.default_rng(0)
    X = rng.normal(100, 1, (500, 2)).astype(np.float32)
    model = DecisionTreeRegressor(max_depth=3, random_state=0).fit(X, X[:, 0] > 100.1)
    for data in (X, pd.DataFrame(X, columns=["a", "b"])):
        fitted = DecisionTreeRegressor(max_depth=3, random_state=0).fit(data, X[:, 0] > 100.1)
        rows = data[:5] if isinstance(data, np.ndarray) else data.iloc[:5]
        answer = ask(fitted, rows, data)
        assert len(answer.row) >= 5
        lines = np.array(answer.found, dtype=np.float32)
        assert (lines == np.array(answer.found)).all()
        np.testing.assert_allclose(model.predict(lines), answer.after)


def test_what_is_asked_without_being_told():
    y = TABLE.y
    model = wb.Regressor("tree", max_leaf_nodes=6).fit(TABLE.X, y)
    weight = np.random.default_rng(0).integers(0, 3, len(BACKGROUND))
    answer = ask(model, TABLE.X.iloc[:90:3], sample_weight=weight)
    middle = float(np.quantile(np.repeat(model.predict(BACKGROUND), weight), 0.5, method="inverted_cdf"))
    assert f"{middle:.6g}" in answer.wanted
    assert ((answer.before[answer.row] <= middle) == (answer.after > middle)).all()
    assert {True, False} == set(answer.after > middle)
    two = LogisticRegression(max_iter=10_000).fit(TABLE.X, y > 5)
    other = ask(two, TABLE.X.iloc[:4])
    assert other.wanted == "the other class"
    assert other.outputs == ("true",)
    np.testing.assert_allclose(other.before, two.predict_proba(TABLE.X.iloc[:4])[:, 1])
    assert ((other.before[other.row] > 0.5) == (other.after < 0.5)).all()
    turned = ask(two, TABLE.X.iloc[:4], positive=False)
    np.testing.assert_allclose(turned.after, 1 - other.after)
    np.testing.assert_allclose(turned.distance, other.distance)


def test_margins_do_too():
    model = LinearSVC(random_state=0, max_iter=10_000).fit(TABLE.X.to_numpy(), TABLE.y > 5)
    answer = ask(model, TABLE.X.to_numpy()[:5], BACKGROUND.to_numpy(), wanted=True)
    assert answer.scale == "margin"
    assert (answer.after > 0).all()
    lines = np.array(answer.found)
    assert model.predict(lines).all()


def test_columns_without_use_are_not_changed_whatever_they_are():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"used": rng.normal(size=200), "unused": rng.normal(size=200), "same": 1.0})
    model = wb.Regressor("tree", max_leaf_nodes=4).fit(X, X["used"])
    answer = ask(model, X.iloc[:10], X)
    assert {name for k in range(len(answer.row)) for name in changed(answer, k)} == {"used"}
    one = ask(model, X.iloc[:1], X.iloc[:1])
    assert len(one.row) == 0


def test_a_model_that_uses_no_column_has_no_counterfactual():
    model = wb.Regressor("dummy").fit(TABLE.X, TABLE.y)
    answer = ask(model, TABLE.X.iloc[:2])
    assert len(answer.row) == 0
    assert answer.provenance.warnings[0] == "the model uses no column that may change"


def test_of_a_sum_the_narrowed_search_finds_what_three_columns_can_do():
    table = wb.load("breast-cancer")
    model = LogisticRegression(max_iter=10_000, C=0.01).fit((table.X - table.X.mean()) / table.X.std(), table.y)
    X = (table.X - table.X.mean()) / table.X.std()
    rows = X.iloc[:30]
    answer = ask(model, rows, X, n=1, max_changed=3, max_evaluations=2_000)
    score, sign = model.decision_function(rows), np.where(model.decision_function(rows) > 0, -1, 1)
    found = dict(zip(answer.row.tolist(), answer.changed.tolist(), strict=True))
    for i in range(len(rows)):
        best = []
        for j, name in enumerate(X.columns):
            ends = np.array(range_of(X[name]))
            best.append(max(0.0, (sign[i] * model.coef_[0, j] * (ends - rows.iloc[i, j])).max()))
        reach = np.cumsum(np.sort(best)[::-1])[:3]
        enough = np.flatnonzero(reach > abs(score[i]))
        assert found.get(i) == (enough[0] + 1 if len(enough) else None)


def test_nothing_found_and_nothing_to_find_are_said():
    model = wb.Regressor("linear").fit(TABLE.X, TABLE.y)
    none = ask(model, TABLE.X.iloc[:2], at_least=100.0, max_changed=2)
    assert len(none.row) == len(none.found) == 0
    assert any("rows 1, 2: no change of at most 2 columns" in w or "none of them did" in w
               for w in none.provenance.warnings)  # fmt: skip
    already = ask(model, TABLE.X.iloc[:12], at_least=-100.0)
    assert already.provenance.warnings == (
        "rows 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 2 more: predicted as asked (at least -100) already",
    )


def test_a_narrowed_search_is_said():
    model = wb.Regressor("linear").fit(TABLE.X, TABLE.y)
    full = ask(model, TABLE.X.iloc[:1], at_least=6.2, max_evaluations=10**5, max_changed=2)
    few = ask(model, TABLE.X.iloc[:1], at_least=6.2, max_evaluations=50, max_changed=2)
    assert not few.provenance.exact
    assert any("at most the 50 most promising" in w for w in few.provenance.warnings)
    assert not any("most promising" in w for w in full.provenance.warnings)
    assert full.changed[0] <= few.changed[0]


def test_blocks_change_nothing(monkeypatch, people, people_classifier):
    options = {"max_changed": 2, "max_evaluations": 400}
    whole = ask(people_classifier, people.iloc[:2], people, **options)
    monkeypatch.setattr("workbench.explainers.stacks.MAX_ROWS", 50)
    blocks = ask(people_classifier, people.iloc[:2], people, **options)
    assert whole.found == blocks.found
    np.testing.assert_allclose(whole.after, blocks.after)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"immutable": ["alcool"]}, "immutable: unknown column 'alcool'; did you mean 'alcohol'"),
        ({"direction": {"x": "increasing"}}, "direction: unknown column 'x'"),
        ({"direction": {"alcohol": "up"}}, "direction.alcohol: Input should be 'increasing' or 'decreasing'; got 'up'"),
        ({"wanted": "good"}, "wanted names a class of a classifier; got 'good' for a regressor"),
        ({"at_least": 6, "at_most": 5}, "at_least must not be above at_most; got 6 and 5"),
        ({"immutable": list(TABLE.X.columns)}, "immutable must leave a column that the model uses"),
    ],
)
def test_errors_of_a_regressor(options, message):
    model = LinearRegression().fit(TABLE.X, TABLE.y)
    with pytest.raises(ValueError, match=message):
        ask(model, TABLE.X.iloc[:1], **options)


def test_errors_of_a_classifier_and_of_several_targets(people, people_classifier):
    with pytest.raises(ValueError, match="wanted must be one of high, low, middle; got 'top'"):
        ask(people_classifier, people.iloc[:1], people, wanted="top")
    with pytest.raises(ValueError, match="at_least and at_most are for regressors"):
        ask(people_classifier, people.iloc[:1], people, at_least=1.0)
    with pytest.raises(ValueError, match="column 'city' must be of numbers, dates, ordered levels or truth values"):
        ask(people_classifier, people.iloc[:1], people, direction={"city": "increasing"})
    several = LinearRegression().fit(TABLE.X, np.column_stack([TABLE.y, TABLE.y]))
    with pytest.raises(ValueError, match="must predict one number; got 2"):
        ask(several, TABLE.X.iloc[:1])


def test_a_study_refuses_what_does_not_fit():
    found = explainer("counterfactuals")
    read = found.read_options({"immutable": ["zz"], "wanted": "a", "at_most": 3})
    told = dict(found.misfits(read, task="regression", columns=("a",)))
    assert set(told) == {"immutable", "wanted"}
    assert set(dict(found.misfits(read, task="binary", columns=("zz",)))) == {"at_most"}


def test_survives_json_and_has_no_public_part():
    model = wb.Regressor("tree", max_leaf_nodes=6).fit(TABLE.X, TABLE.y)
    answer = ask(model, TABLE.X.iloc[:2])
    again = Answer.from_dict(json.loads(json.dumps(answer.to_dict(), allow_nan=False)))
    assert again.to_dict() == answer.to_dict()
    assert again.found == answer.found
    assert answer.public() is None


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_candidates_lie_in_each_interval_just_beyond_its_nearer_end(dtype):
    column = ChangeableColumn(
        position=0,
        kind="number",
        template=pd.Series([0.5], dtype=dtype),
        direction=0,
        numbers=np.linspace(-3, 6, 31),
        unit=2.0,
        cuts=np.array([-4.0, -2.0, 1.0, 2.0, 2.00000001, 7.0]),
    )
    found = column.candidates(0.5)
    assert (found.astype(dtype) == found).all()
    below, first, *second, last = found
    assert -2.02 <= below <= -2.0
    assert 1.0 < first <= 1.02
    assert 2.00000001 < last <= 2.02000001
    assert len(second) == (dtype == np.float64)  # no number of single precision lies between the two cuts
    assert all(2.0 < x <= 2.00000001 for x in second)


def test_levels_that_the_categories_of_rows_do_not_hold_are_told():
    rng = np.random.default_rng(0)
    level = pd.Categorical(rng.choice(["a", "b", "c", "d"], 400))
    table = pd.DataFrame({"level": level, "number": rng.integers(0, 5, 400).astype(float)})
    y = table["number"] + 10.0 * (table["level"] == "d") + 5.0 * (table["level"] == "c")
    model = wb.Regressor("tree").fit(table, y)
    rows = table[table["level"] == "a"].iloc[:2]
    whole = ask(model, rows, background=table, at_least=5.0)
    assert whole.provenance.exact
    assert {line[0] for line in whole.found} & {"c", "d"}
    cut = rows.assign(level=rows["level"].cat.remove_categories(["c", "d"]))
    answer = ask(model, cut, background=table, at_least=5.0)
    assert not answer.provenance.exact
    assert {line[0] for line in answer.found} <= {"a", "b"}
    told = answer.provenance.warnings[0]
    assert told.startswith("column 'level' of X has categories without ")
    assert "changes to them were not tried" in told
    for name in ("c", "d"):
        assert name in told.split("without ")[1].split(", which")[0]
    kept = ask(model, cut, background=table, at_least=5.0, immutable=("level",))
    assert kept.provenance.exact  # what may not change is not missing
    assert not any("categories" in told for told in kept.provenance.warnings)
