import json
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.tree import DecisionTreeClassifier

from workbench.answers import Answer
from workbench.explainers import explain, explainer, prototypes
from workbench.explainers.inputs import Inputs
from workbench.explainers.row_kernel import RowKernel
from workbench.explainers.spread import spread


@pytest.fixture
def chosen(function_model):
    def choose(X, **given):
        return explain(function_model(lambda rows: np.zeros(len(rows)), X), "prototypes", X, **given)

    return choose


def mixed(n, seed):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "size": rng.gamma(2, 1, n),
            "town": rng.choice(["a", "b", "c"], n),
            "rank": pd.Categorical(rng.choice(["S", "M", "L"], n), categories=["S", "M", "L"], ordered=True),
            "paid": rng.random(n) < 0.3,
            "on": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 90, n), unit="D"),
        }
    )
    frame.loc[rng.random(n) < 0.3, "size"] = np.nan
    frame.loc[rng.random(n) < 0.2, "town"] = None
    return frame


def matrix(X, inputs=None):
    """The kernel written down pair by pair, with the scale found in the same plain way."""
    columns = []
    for name in X:
        values = X[name]
        if values.dtype == object or str(values.dtype) in ("str", "bool"):
            columns.append(("level", [None if pd.isna(v) else v for v in values]))
            continue
        if str(values.dtype) == "category":
            values = pd.Series([np.nan if pd.isna(v) else list(values.cat.categories).index(v) for v in values])
        if str(values.dtype).startswith("datetime"):
            values = (values - pd.Timestamp("1970-01-01")) / pd.Timedelta(days=1)
        columns.append(("number", [float(v) for v in values]))
    n = len(X)
    distance = np.zeros((n, n))
    for kind, values in columns:
        unit = spread(np.array(values)) if kind == "number" else 1.0
        middle = np.nanmedian(values) if kind == "number" else None
        for i in range(n):
            for j in range(n):
                a, b = values[i], values[j]
                if kind == "level":
                    distance[i, j] += 2.0 * (a != b)
                    continue
                gaps = np.isnan(a), np.isnan(b)
                distance[i, j] += 2.0 * (gaps[0] != gaps[1])
                a, b = (middle if gap else value for gap, value in zip(gaps, (a, b), strict=True))
                distance[i, j] += ((a - b) / unit) ** 2
    return np.exp(-distance / 2 / np.median(distance[np.triu_indices(n, 1)]))


def objective(K, w, S):
    S = list(S)
    return 2 * (w @ K[:, S]).mean() - K[np.ix_(S, S)].mean()


@pytest.mark.parametrize("seed", range(4))
def test_the_kernel_is_what_it_says_and_positive_semidefinite(seed):
    X = mixed(60, seed)
    inputs = Inputs.check(LinearRegression().fit(X[["paid"]], np.zeros(60)).fit(np.zeros((60, 5)), np.zeros(60)), X)
    kernel = RowKernel.of(inputs, np.arange(60), range(5))
    K = kernel(np.arange(60))
    np.testing.assert_allclose(K, matrix(X), atol=1e-12)
    assert (np.diag(K) == 1).all()
    assert np.linalg.eigvalsh(K).min() > -1e-12
    some = np.array([3, 7])
    np.testing.assert_array_equal(kernel.take(some)(np.array([0])), K[np.ix_([3], some)])


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("weighted", [False, True])
def test_each_step_is_the_best_one_of_the_objective_computed_anew(chosen, seed, weighted):
    X = mixed(50, seed)
    w = np.random.default_rng(seed).integers(0, 4, 50) + 0.5 * (seed % 2) if weighted else np.ones(50)
    answer = chosen(X, n_prototypes=6, n_criticisms=6, **({"sample_weight": w} if weighted else {}))
    K, w = matrix(X), w / w.sum()
    everything = w @ K @ w
    S = []
    for m, (pick, left) in enumerate(zip(answer.prototypes, answer.objective, strict=True)):
        worth = {j: objective(K, w, [*S, j]) for j in range(50) if j not in S and w[j] > 0}
        assert worth[pick] == pytest.approx(max(worth.values()), abs=1e-12)
        S.append(pick)
        assert left == pytest.approx(everything - objective(K, w, S), abs=1e-12), m
        assert left >= 0
    g = w @ K - K[S].mean(axis=0)
    C = []
    for pick in answer.criticisms:
        worth = {
            j: np.abs(g[[*C, j]]).sum() + np.linalg.slogdet(K[np.ix_([*C, j], [*C, j])])[1]
            for j in range(50)
            if j not in S and j not in C and w[j] > 0
        }
        assert worth[pick] == pytest.approx(max(worth.values()), abs=1e-9)
        C.append(pick)
    np.testing.assert_allclose(answer.witness, g[C], atol=1e-12)
    nearest = np.array(S)[K[S].argmax(axis=0)]
    np.testing.assert_allclose(answer.shares, [w[nearest == j].sum() for j in S], atol=1e-12)
    assert not set(S) & set(C)


@pytest.mark.parametrize("seed", range(12))
def test_close_to_the_best_of_all_sets(chosen, seed):
    X = mixed(14, seed)
    K, w = matrix(X), np.full(14, 1 / 14)
    for m in (1, 2, 3, 4, 5):
        answer = chosen(X, n_prototypes=m, n_criticisms=0)
        best = max(objective(K, w, S) for S in combinations(range(14), m))
        found = objective(K, w, answer.prototypes)
        assert found >= (1 - 1 / np.e) * best - 1e-12
        # what is said without knowing the best is never more than the truth
        assert answer.provenance.parameters["share_of_best"] <= found / best + 1e-12


def test_repeated_rows_are_one_row_with_their_weight(chosen):
    X = mixed(30, 0)
    often = pd.concat([X, X.iloc[:10], X.iloc[:10]], ignore_index=True)
    answer = chosen(often, n_prototypes=40, n_criticisms=5)
    assert len(answer.prototypes) == 30
    assert answer.prototypes.max() < 30
    assert len(answer.criticisms) == 0
    assert any("30 prototypes, not 40" in w for w in answer.provenance.warnings)
    # all rows as they are but for weight: almost nothing is left between the two distributions
    assert answer.objective[-1] == pytest.approx(objective_left(often, answer.prototypes), abs=1e-12)


def objective_left(X, S):
    K, w = matrix(X), np.full(len(X), 1 / len(X))
    return w @ K @ w - objective(K, w, S)


def test_weights_are_repeats(chosen, monkeypatch):
    X = mixed(25, 3)
    X["size"] = X["size"].fillna(1.0)
    monkeypatch.setattr(RowKernel, "_median", lambda self, seed: 3.0)
    monkeypatch.setattr("workbench.explainers.row_kernel.spread", lambda numbers: 1.0)
    w = np.random.default_rng(0).integers(0, 3, 25)
    repeated = np.repeat(np.arange(25), w)
    one = chosen(X, sample_weight=w)
    other = chosen(X.iloc[repeated])
    assert one.prototypes.tolist() == repeated[other.prototypes].tolist()
    assert one.criticisms.tolist() == repeated[other.criticisms].tolist()
    np.testing.assert_allclose(one.objective, other.objective, atol=1e-12)
    np.testing.assert_allclose(one.shares, other.shares, atol=1e-12)


def test_columns_that_are_named_alone_count(chosen, people):
    answer = chosen(people, features=("city", "größe"), n_prototypes=3)
    alone = chosen(people[["größe", "city"]], n_prototypes=3)
    assert answer.prototypes.tolist() == alone.prototypes.tolist()
    assert len(answer.prototype_rows[0]) == people.shape[1]
    with pytest.raises(ValueError, match="unknown column 'cty'; did you mean 'city'"):
        chosen(people, features=("cty",))
    told = dict(explainer("prototypes").misfits(answer_options(features=("zz",)), task="regression", columns=("a",)))
    assert "got 'zz'" in told["features"]


def answer_options(**given):
    return explainer("prototypes").read_options(given)


def test_a_draw_of_many_rows_is_said_and_seeded(chosen, monkeypatch):
    X = mixed(200, 1)
    monkeypatch.setattr(prototypes, "MOST_ROWS", 60)
    one, again, other = (chosen(X, random_state=seed) for seed in (0, 0, 1))
    assert "chosen among 60 rows drawn from 200" in one.provenance.warnings
    assert one.prototypes.tolist() == again.prototypes.tolist() != other.prototypes.tolist()
    weight = np.zeros(200)
    weight[5] = 1.0
    assert chosen(X, sample_weight=weight).prototypes.tolist() == [5]


def test_blocks_change_nothing(chosen, monkeypatch):
    X = mixed(80, 2)
    whole = chosen(X)
    monkeypatch.setattr("workbench.explainers.row_kernel.BLOCK", 100)
    blocks = chosen(X)
    assert whole.prototypes.tolist() == blocks.prototypes.tolist()
    np.testing.assert_allclose(whole.objective, blocks.objective, atol=1e-14)


def test_predictions_and_cells_are_those_of_the_chosen_rows(people, people_classifier):
    before = people.copy(deep=True)
    answer = explain(people_classifier, "prototypes", people, n_prototypes=2, n_criticisms=3)
    pd.testing.assert_frame_equal(people, before)
    rows = np.r_[answer.prototypes, answer.criticisms]
    np.testing.assert_array_equal(answer.predictions, people_classifier.predict_proba(people.iloc[rows]))
    assert answer.outputs == tuple(people_classifier.classes_)
    at = int(answer.prototypes[0])
    cell = dict(zip(people.columns, answer.prototype_rows[0], strict=True))
    assert cell["age in years"] == people["age in years"].iloc[at]
    assert cell["since"] == people["since"].iloc[at].date().isoformat()
    assert answer.public() is None
    again = Answer.from_dict(json.loads(json.dumps(answer.to_dict(), allow_nan=False)))
    np.testing.assert_array_equal(again.prototypes, answer.prototypes)
    assert again.to_dict() == answer.to_dict()


def test_one_row_constant_columns_arrays_and_huge_numbers(chosen):
    one = chosen(pd.DataFrame({"a": [1.0], "b": [None]}))
    assert one.prototypes.tolist() == [0]
    assert one.objective.tolist() == [0.0]
    same = chosen(np.ones((20, 2)))
    assert same.prototypes.tolist() == [0]
    assert same.shares.tolist() == [1.0]
    wide = chosen(np.array([[1e308, 0.0], [-1e308, 1.0], [0.0, 1e-300], [1.7e308, -1.7e308]]), n_prototypes=4)
    assert sorted(wide.prototypes) == [0, 1, 2, 3]
    with pytest.raises(ValueError, match="column 'x1' must be finite; got inf"):
        chosen(np.array([[1.0, np.inf], [2.0, 3.0]]))


def test_few_prototypes_of_scattered_rows_are_said_to_be_few(chosen):
    X = pd.DataFrame({"name": [f"n{i}" for i in range(100)]})  # each as far from any other
    answer = chosen(X, n_prototypes=1)
    share = answer.provenance.parameters["share_of_best"]
    assert share < 0.63
    assert any(f"reach {share:.2f} of the best" in w for w in answer.provenance.warnings)


def test_each_row_has_its_nearest_prototype(chosen, monkeypatch):
    X = mixed(40, 4)
    X.iloc[7] = X.iloc[3]
    answer = chosen(X, n_prototypes=4)
    kernel = matrix(X)
    assert answer.compared.tolist() == list(range(40))
    between = kernel[:, answer.prototypes]
    np.testing.assert_allclose(answer.likeness, between.max(axis=1), atol=1e-9)
    np.testing.assert_allclose(between[np.arange(40), answer.nearest], answer.likeness, atol=1e-9)
    assert answer.nearest[7] == answer.nearest[3]
    assert [answer.nearest[row] for row in answer.prototypes] == [0, 1, 2, 3]
    np.testing.assert_allclose(answer.likeness[answer.prototypes], 1)
    np.testing.assert_allclose(np.bincount(answer.nearest, minlength=4) / 40, answer.shares)
    read = Answer.from_dict(json.loads(json.dumps(answer.to_dict())))
    assert read == answer
    assert read.nearest.dtype.kind == "i"
    monkeypatch.setattr(prototypes, "MOST_ROWS", 15)
    few = chosen(X)
    assert few.compared.shape == few.nearest.shape == few.likeness.shape == (15,)
    assert set(few.prototypes) <= set(few.compared)


def test_class_by_class_is_the_choice_within_each(monkeypatch):
    monkeypatch.setattr(RowKernel, "_median", lambda self, seed: 3.0)
    monkeypatch.setattr("workbench.explainers.row_kernel.spread", lambda numbers: 1.0)
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(90, 2)), columns=["a", "b"])
    y = np.digitize(X["a"], [-0.5, 0.8])
    model = DecisionTreeClassifier(max_depth=3).fit(X, y)
    weight = np.random.default_rng(1).integers(1, 4, 90).astype(float)
    options = {"n_prototypes": 3, "n_criticisms": 2}
    answer = explain(model, "prototypes", X, sample_weight=weight, by_class=True, **options)
    assert answer.classes == ("0", "1", "2") * 3
    said = model.predict(X)
    for number, label in enumerate(("0", "1", "2")):
        own = np.flatnonzero(said == number)
        alone = explain(model, "prototypes", X.iloc[own], sample_weight=weight[own], **options)
        mine = [k for k, name in enumerate(answer.classes) if name == label]
        assert answer.prototypes[mine].tolist() == own[alone.prototypes].tolist()
        assert answer.criticisms[number::3].tolist() == own[alone.criticisms].tolist()
        np.testing.assert_allclose(answer.objective[mine], alone.objective, atol=1e-12)
        np.testing.assert_allclose(answer.witness[number::3], alone.witness, atol=1e-12)
        np.testing.assert_allclose(answer.shares[mine], alone.shares * weight[own].sum() / weight.sum())
        assert np.array(mine)[alone.nearest].tolist() == answer.nearest[own].tolist()
        np.testing.assert_allclose(answer.likeness[own], alone.likeness)
    assert answer.shares.sum() == pytest.approx(1)
    assert answer.predictions[:9].argmax(axis=1).tolist() == [0, 1, 2] * 3
    light = np.where(said == 1, 0.0, 1.0)
    without = explain(model, "prototypes", X, sample_weight=light, by_class=True, **options)
    assert set(without.classes) == {"0", "2"}
    assert (without.nearest[said == 1] == -1).all()
    assert np.isnan(without.likeness[said == 1]).all()
    few = explain(
        model, "prototypes", X.iloc[np.r_[:40, np.flatnonzero(said == 2)[:1]]], by_class=True, n_prototypes=30
    )
    assert any(told.endswith("not 30: there are no more rows that differ") for told in few.provenance.warnings)
    assert any("prototypes of class 0" in told for told in few.provenance.warnings)


def test_classes_of_a_regression_are_refused(chosen):
    with pytest.raises(ValueError, match="prototypes: by_class is for classifiers; got true for FunctionRegressor"):
        chosen(mixed(30, 0), by_class=True)
    found = explainer("prototypes")
    options = found.read_options({"by_class": True})
    assert list(found.misfits(options, task="regression", columns=("a",))) == [
        ("by_class", "is for classifiers; got true for a regression")
    ]
    assert not list(found.misfits(options, task="binary", columns=("a",)))
