"""Parameters chosen inside the folds of a run: what is searched for, where, and what uses it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.test_explanations import answers
from tests.test_gathered import gathered, plan_of, rows, sent
from workbench import Regressor, explain
from workbench.families import find_family
from workbench.metrics import metric
from workbench.work.noise import shuffled
from workbench.work.tune import tune

HOW = {
    "models": ["linear", {"tree": {"min_samples_leaf": 12}}, {"svm": {"name": "rbf", "kernel": "rbf"}}],
    "split": {"folds": 2, "repeats": 2},
    "tune": {"budget": 3},
    "compare": {"diagnose": False},
}


@pytest.fixture(scope="module")
def frame():
    made = rows(160)
    made["y"] = np.sign(made["x"]) + (made["z"] > 0.5) * (made["x"] > 0) + 0.1 * made["y"]
    return made


@pytest.fixture(scope="module")
def plan(frame):
    return plan_of(frame, explain=["permutation_importance"], **HOW)


@pytest.fixture(scope="module")
def found(plan, tmp_path_factory):
    return gathered(plan, tmp_path_factory.mktemp("tuning"))


def model_of(results, name):
    return next(m for m in results["models"] if m["name"] == name)


def searched(plan, name, table):
    """Search by hand: with the public face, inside the rows of a table."""
    (model,) = [m for m in plan.models if m.name == name]

    def score(params, fold):
        train, test = table.take(fold.train), table.take(fold.test)
        return metric("r2")(test.y, Regressor("tree", **params).fit(train.X, train.y).predict(test.X))

    space = {"max_leaf_nodes": (4, 8, 12, 16, 24, 32, 64)}
    how = {"check": find_family("tree").Parameters, "metric": metric("r2"), "budget": 3}
    return tune(table, model.params, space, score=score, **how)


def test_only_what_the_study_leaves_open_is_searched_for(plan):
    spaces = {m.name: (plan.tuning(m) or {}).get("space") for m in plan.models}
    assert spaces["dummy"] is None
    assert spaces["tree"] == {"max_leaf_nodes": (4, 8, 12, 16, 24, 32, 64)}
    assert set(spaces["linear"]) == {"penalty", "alpha"}
    assert set(spaces["rbf"]) == {"C", "epsilon"}


def test_a_glass_box_stays_one(frame):
    plan = plan_of(frame, models=["svm"], tune={"budget": 1}, explain=[])
    (svm,) = [m for m in plan.models if m.name == "svm"]
    kernels = plan.tuning(svm)["space"]["kernel"]
    assert len(kernels) == 1
    assert svm.family().is_glassbox(svm.params) == svm.family().is_glassbox({"kernel": kernels[0]})


def test_each_fold_and_the_final_fit_choose_inside_their_own_rows(plan, found):
    results = found.results("")
    told = model_of(results, "tree")["tuning"]
    final = searched(plan, "tree", plan.table.take(plan.splits.development))
    assert told["chosen"] == {"max_leaf_nodes": final.params["max_leaf_nodes"]}
    assert [t["changes"] for t in told["trials"]] == [t.changes for t in final.trials]
    assert [t["score"] for t in told["trials"]] == pytest.approx([t.score for t in final.trials])
    assert (told["budget"], told["seconds"], told["stopped"], len(told["trials"])) == (3, None, False, 4)
    scores, chosen = [], []
    for fold in plan.splits.folds:
        train, test = plan.table.take(fold.train), plan.table.take(fold.test)
        params = searched(plan, "tree", train).params
        chosen.append({"max_leaf_nodes": params["max_leaf_nodes"]})
        scores.append(metric("r2")(test.y, Regressor("tree", **params).fit(train.X, train.y).predict(test.X)))
    assert told["folds"] == chosen
    assert model_of(results, "tree")["scores"]["r2"]["folds"] == pytest.approx(scores)
    assert model_of(results, "tree")["params"]["max_leaf_nodes"] == final.params["max_leaf_nodes"]
    assert model_of(results, "tree")["params"]["min_samples_leaf"] == 12
    assert model_of(results, "dummy")["tuning"] is None


def test_a_search_can_change_a_model(plan, found):
    """Else the tests above would hold of a search that nobody uses."""
    told = [model_of(found.results(""), name)["tuning"] for name in ("linear", "tree", "rbf")]
    assert any(t["changes"] for each in told for t in each["trials"])
    given = {m.name: m.params for m in plan.models}
    assert any(model_of(found.results(""), name)["params"] != given[name] for name in ("linear", "tree", "rbf"))


def test_explanations_of_refits_and_noise_are_those_of_the_chosen_parameters(plan, found):
    results = found.results("")
    told = answers(results, "tree")["permutation_importance"]
    development, held = (plan.table.take(at) for at in (plan.splits.development, plan.splits.holdout))
    means = []
    for fold in plan.splits.folds:
        train = plan.table.take(fold.train)
        model = Regressor("tree", **searched(plan, "tree", train).params).fit(train.X, train.y)
        given = {"y": held.y, "metric": "r2", "n_repeats": 3}
        means.append(explain(model, "permutation_importance", held.X, **given).importances_mean)
    np.testing.assert_allclose(told.refits.mean, np.mean(means, axis=0), atol=1e-12)
    chosen = searched(plan, "tree", development).params
    noise = shuffled(plan.table, [plan.splits.development, plan.splits.holdout], 0)
    train, unseen = noise.take(plan.splits.development), noise.take(plan.splits.holdout)
    model = Regressor("tree", **chosen).fit(train.X, train.y)
    expected = explain(model, "permutation_importance", unseen.X, y=unseen.y, metric="r2")
    np.testing.assert_allclose(told.noise, expected.importances_mean, atol=1e-12)


def test_a_large_estimator_is_fitted_again_with_what_was_chosen(plan, found, tmp_path, monkeypatch):
    monkeypatch.setattr("workbench.work.fit._MOST_KEPT_BYTES", 0)
    assert sent(gathered(plan, tmp_path)) == sent(found)


def test_time_is_told_apart_from_what_does_not_change(found):
    assert "seconds" not in json.dumps(model_of(found.results(""), "tree")["tuning"]["trials"])
    models = found.timing(1.0)["models"]
    assert models["tree"]["tune"] > 0
    assert set(models["dummy"]) == {"fit"}


def test_no_budget_no_search(frame):
    (tree,) = [m for m in plan_of(frame, models=["tree"], explain=[]).models if m.name == "tree"]
    plan = plan_of(frame, models=["tree"], explain=[])
    assert plan.tuning(tree) is None
    assert not any("tuning" in unit.arguments for unit in plan.units)
    quick = type(plan)(plan_of(frame, **HOW).study.quick(), plan.table, quick=True)
    assert [quick.tuning(m) for m in quick.models] == [None] * 4


def test_a_search_has_time_for_all_its_fits(plan):
    limits = {unit.name: unit.limit for unit in plan.units}
    assert limits["dummy: fit"] == 600
    assert limits["tree: fit"] == limits["tree: fold 1.1"] == 600 * 13
    assert limits["tree: permutation_importance refits"] == 600 * 4
