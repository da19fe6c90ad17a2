"""Models of a run compared: each key of the results against the same computed by hand from public parts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.test_gathered import gathered, plan_of, rows
from workbench import Classifier, Regressor
from workbench.answers import Answer
from workbench.evaluation.comparison import compare
from workbench.evaluation.holdout import compare_on_holdout
from workbench.interval import corrected_interval
from workbench.metrics import metric

MODELS = ["linear", {"tree": {"max_leaf_nodes": 4}}, {"forest": {"n_estimators": 5}}]
SPLIT = {"folds": 3, "repeats": 1}


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    plan = plan_of(rows(), models=MODELS, split=SPLIT, explain=["permutation_importance"], compare={"noise": False})
    return gathered(plan, tmp_path_factory.mktemp("compared"))


@pytest.fixture(scope="module")
def results(found):
    return found.results("")


def on_holdout(plan):
    """Predictions by the public face, with the parameters that the plan has filled in: seed and engine."""
    train, held = plan.table.take(plan.splits.development), plan.table.take(plan.splits.holdout)
    return {m.name: Regressor(m.name, **m.params).fit(train.X, train.y).predict(held.X) for m in plan.models}


def folds_of(results, name):
    (model,) = [m for m in results["models"] if m["name"] == name]
    return model["scores"][results["ranking"]]["folds"]


def test_each_model_is_compared_with_the_best_of_each_kind(found, results):
    told = {(c["model"], c["against"]): c for c in results["comparisons"]}
    assert set(told) == {
        ("linear", "black box"),
        ("tree", "black box"),
        ("tree", "glass box"),
        ("forest", "glass box"),
        ("linear", "dummy"),
        ("tree", "dummy"),
        ("forest", "dummy"),
    }
    sizes = {"n_train": [len(f.train) for f in found.plan.splits.folds], "n_test": [30] * 3}
    for (model, against), given in told.items():
        reference = {"black box": "forest", "glass box": "linear", "dummy": "dummy"}[against]
        scores = folds_of(results, model), folds_of(results, reference)
        how = {"model": model, "reference": reference, "metric": metric("r2"), "region": 0.01, **sizes}
        expected = compare(*scores, against=against, **how)
        assert Answer.from_dict(given).to_dict() == expected.to_dict()
        assert 0 <= given["probability_equivalent"] <= 1
    assert {p["model"] for p in results["price"]} == {"linear", "tree"}


def test_differences_are_estimated_again_on_the_holdout(found, results):
    plan = found.plan
    assert plan.blocks is None
    said, held = on_holdout(plan), plan.table.take(plan.splits.holdout)
    how = {"model": "tree", "reference": "forest", "metric": metric("r2"), "against": "black box"}
    told = {(c["model"], c["against"]): c for c in results["holdout_comparisons"]}
    assert told["tree", "black box"] == compare_on_holdout(held.y, said["tree"], said["forest"], **how).to_dict()
    assert {against for _, against in told} == {"black box", "dummy"}
    assert len(told) == 5
    assert ("forest", "black box") not in told


def test_on_the_holdout_rows_that_belong_together_are_drawn_together(tmp_path):
    frame = rows(160).assign(g=np.repeat(np.arange(40), 4))
    frame = pd.concat([frame, frame.iloc[:60]], ignore_index=True)
    grouped = {"columns": {"g": {"role": "group"}}, "split": {**SPLIT, "duplicates": "together"}, "explain": []}
    plan = plan_of(frame, models=MODELS[:2], **grouped)
    held = plan.splits.holdout
    told = gathered(plan, tmp_path).results("")["holdout_comparisons"]
    assert {c["n_groups"] for c in told} == {len(set(frame["g"].iloc[held]))}
    alone = plan_of(frame, models=MODELS[:2], split={**SPLIT, "duplicates": "ignore"}, explain=[])
    assert {c["n_groups"] for c in gathered(alone, tmp_path).results("")["holdout_comparisons"]} == {None}
    none = gathered(plan_of(rows(), split={**SPLIT, "holdout": 0}, explain=[]), tmp_path).results("")
    assert "holdout_comparisons" not in none


def test_the_simplest_model_within_reach_is_recommended(found, results):
    told = results["recommendation"]
    scores = {name: folds_of(results, name) for name in ("linear", "tree", "forest")}
    best = max(scores, key=lambda name: np.mean(scores[name]))
    error = corrected_interval(
        scores[best], n_train=[len(f.train) for f in found.plan.splits.folds], n_test=30
    ).standard_error
    assert (told["best"], told["standard_error"]) == (best, pytest.approx(error))
    sizes = {m["name"]: m["size"] for m in results["models"]}
    within = [n for n in scores if np.mean(scores[n]) >= np.mean(scores[best]) - error]
    assert told["model"] == min(within, key=sizes.get) == "linear"
    assert told["reason"].startswith("The linear model is recommended: it scores best")


def test_price_of_size_and_pareto_front(results):
    curve = results["price_curve"]
    sizes = {m["name"]: m["size"] for m in results["models"]}
    means = {name: np.mean(folds_of(results, name)) for name in sizes}
    assert curve["all_models"] == sorted(sizes, key=lambda n: (sizes[n], n))
    beaten = {
        a for a in sizes for b in sizes if sizes[b] <= sizes[a] and means[b] >= means[a] and b != a
    }  # no two are equal here
    assert set(results["pareto"]) == set(curve["models"]) == set(sizes) - beaten
    assert curve["scores"] == pytest.approx([means[name] for name in curve["models"]])


def test_models_that_score_alike_are_compared_row_by_row(tmp_path):
    plan = plan_of(rows(480), models=MODELS, split=SPLIT, compare={"region": 0.25, "noise": False, "refits": False})
    results = gathered(plan, tmp_path).results("")
    told = results["multiplicity"]
    assert set(told["models"]) == {"linear", "tree", "forest"}
    assert told["n_rows"] == 120
    said, held = on_holdout(plan), plan.table.take(plan.splits.holdout)
    best, *others = told["models"]
    apart = np.array([np.abs(said[n] - said[best]) > 0.5 * np.std(held.y) for n in others])  # region 1/4 of R²
    assert told["tolerance"] == pytest.approx(0.5 * np.std(held.y))
    assert told["ambiguity"] == pytest.approx(apart.any(axis=0).mean())
    ranks = {}
    for model in results["models"]:
        for answer in model["answers"]:
            if answer["method"] == "permutation_importance":
                ranks[model["name"]] = np.argsort(np.argsort(answer["answer"]["importances_mean"]))
    expected = np.corrcoef([ranks[name] for name in told["models"]])
    np.testing.assert_allclose(told["rank_correlation"], expected)


def test_without_a_holdout_labels_out_of_fold_are_compared(tmp_path):
    frame = rows(150)
    frame["y"] = np.where(frame["y"] > 0, "yes", "no")
    split = {"folds": 3, "repeats": 2, "holdout": 0}
    models = ["linear", {"tree": {"max_leaf_nodes": 4}}]
    plan = plan_of(frame, models=models, split=split, explain=[], metrics=["accuracy"], compare={"region": 1.0})
    told = gathered(plan, tmp_path).results("")["multiplicity"]
    assert (told["n_rows"], told["tolerance"], told["rank_correlation"]) == (150, None, None)
    apart = 0
    for fold in plan.splits.folds[:3]:
        train, test = plan.table.take(fold.train), plan.table.take(fold.test)
        one, other = (
            Classifier(name, **params).fit(train.X, train.y, classes=plan.table.classes).predict(test.X)
            for name, params in (("linear", {}), ("tree", {"max_leaf_nodes": 4}))
        )
        apart += (one != other).sum()
    assert told["ambiguity"] == pytest.approx(apart / 150)
    assert 0 < apart < 75


def test_one_good_model_has_no_rivals(tmp_path):
    plan = plan_of(rows(), models=["linear"], explain=[], split=SPLIT)
    assert gathered(plan, tmp_path).results("")["multiplicity"] is None


def test_paths_of_families_are_steps_of_the_price_of_size(tmp_path):
    """Of the first model of a family, with what the study sets of it; black boxes have none."""
    models = [
        "linear",
        {"tree": {"min_samples_leaf": 15}},
        {"tree": {"name": "again"}},
        {"forest": {"n_estimators": 2}},
    ]
    split, off = {"folds": 3, "repeats": 1}, {"noise": False, "refits": False, "diagnose": False}
    plan = plan_of(rows(), models=models, split=split, explain=[], compare={"paths": True, **off})
    assert list(plan.paths) == ["tree"]
    results = gathered(plan, tmp_path).results("")
    curve = results["price_curve"]
    steps = [name for name in curve["all_models"] if "=" in name]
    assert sorted(steps) == sorted(f"tree max_leaf_nodes={n}" for n in (2, 3, 4, 6, 8, 12, 16, 24, 32, 64))
    sizes, scores = [], []
    for fold in plan.splits.folds:
        train, test = plan.table.take(fold.train), plan.table.take(fold.test)
        model = Regressor("tree", max_leaf_nodes=3, min_samples_leaf=15, random_state=0).fit(train.X, train.y)
        sizes.append(model.form_.size)
        scores.append(metric("r2")(test.y, model.predict(test.X)))
    at = curve["all_models"].index("tree max_leaf_nodes=3")
    assert curve["all_sizes"][at] == np.mean(sizes)
    assert curve["all_scores"][at] == pytest.approx(np.mean(scores))
    assert not [name for name in results["pareto"] if "=" in name]
    assert {"linear", "tree", "again", "forest", "dummy"} < set(curve["all_models"])
    without = plan_of(rows(), models=models, split=split, explain=[], compare=off)
    assert [u.name for u in without.units] == [u.name for u in plan.units if ": path " not in u.name]


def test_a_step_that_cannot_be_fitted_is_left_out_and_told_once(tmp_path):
    split, off = {"folds": 3, "repeats": 1}, {"noise": False, "refits": False, "diagnose": False}
    plan = plan_of(rows(), models=["tree"], split=split, explain=[], compare={"paths": True, **off})
    found = gathered(plan, tmp_path, {"tree: path 2 fold 1.1", "tree: path 2 fold 1.2", "tree: path 3 fold 1.1"})
    results = found.results("")
    steps = {name for name in results["price_curve"]["all_models"] if "=" in name}
    assert len(steps) == 8
    assert not steps & {"tree max_leaf_nodes=3", "tree max_leaf_nodes=4"}
    assert [name for name, _ in found.failures.told] == ["tree: paths"]
    assert "The path of sizes of decision tree could not be made" in [f["title"] for f in results["findings"]]
