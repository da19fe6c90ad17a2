"""Diagnostics of a run: on which rows each is made, what is left out and why, what becomes a finding."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from tests.test_gathered import gathered, plan_of, rows, sent
from workbench import Classifier, Regressor, explain
from workbench.answers import Finding, Provenance
from workbench.diagnosed import _few_each, _told_once
from workbench.evaluation.calibration import calibration
from workbench.evaluation.complexity import complexity
from workbench.evaluation.conformal import conformal
from workbench.evaluation.drift import drift
from workbench.evaluation.fairness import fairness
from workbench.evaluation.leakage import leakage
from workbench.evaluation.overfit import overfit
from workbench.evaluation.predictions import Predictions
from workbench.evaluation.recalibration import recalibration
from workbench.evaluation.residuals import residuals
from workbench.evaluation.robustness import robustness
from workbench.evaluation.weak_regions import weak_regions
from workbench.evaluation.withholding import withholding
from workbench.metrics import metric
from workbench.work import diagnose

SPLIT = {"folds": 3, "repeats": 2}
ALONE = {"refits": False, "noise": False}
TREE = {"tree": {"max_leaf_nodes": 4}}


def told(results, model="linear"):
    (found,) = [m for m in results["models"] if m["name"] == model]
    return {d["name"]: d.get("answer", d.get("reason")) for d in found["diagnostics"]}


def same(given, expected, *but):
    """Compare an answer of results with one, but for what results add: on which rows it was made."""
    given, expected = json.loads(json.dumps(given)), json.loads(json.dumps(withholding(expected).to_dict()))
    added = given["provenance"]["parameters"].pop("rows", None)
    assert given == expected
    return added


def parts(plan):
    return plan.table.take(plan.splits.development), plan.table.take(plan.splits.holdout)


def out_of_fold(plan, fit, ask):
    """Give rows and predictions of the first repeat, fold by fold."""
    folds = [f for f in plan.splits.folds if f.repeat == 0]
    said = [ask(fit(plan.table.take(f.train)), plan.table.take(f.test).X) for f in folds]
    return np.concatenate([f.test for f in folds]), np.concatenate(said), folds


@pytest.fixture(scope="module")
def numbers(tmp_path_factory):
    """A regression of which all is told: 400 rows, a sensitive column, models that overfit or not."""
    frame = rows(400).assign(sex=np.random.default_rng(3).choice(["f", "m"], 400))
    frame["y"] += (frame["sex"] == "m") * np.random.default_rng(4).normal(0, 3, 400)
    plan = plan_of(
        frame,
        columns={"sex": {"role": "sensitive"}},
        models=["linear", {"forest": {"n_estimators": 4}}],
        split=SPLIT,
        explain=[],
        compare=ALONE,
    )
    return plan, gathered(plan, tmp_path_factory.mktemp("numbers")).results("")


def fitting(plan, name="linear"):
    """Give a way to fit a model with the parameters that the plan has filled in: seed and engine."""
    (params,) = [m.params for m in plan.models if m.name == name]
    return lambda part: Regressor(name, **params).fit(part.X, part.y)


def test_diagnostics_of_a_number_are_made_on_rows_out_of_fold(numbers):
    plan, results = numbers
    at, said, _ = out_of_fold(plan, fitting(plan), lambda model, X: model.predict(X))
    part = plan.table.take(at)
    predictions = Predictions.of(part.y, said)
    found = told(results)
    assert list(found) == [
        "calibration",
        "residuals",
        "weak_regions",
        "conformal",
        "robustness",
        "overfit",
        "fairness",
    ]
    assert same(found["calibration"], calibration(predictions)) == "out of fold, first repeat"
    assert same(found["residuals"], residuals(predictions, part.X)) == "out of fold, first repeat"
    assert same(found["fairness"], fairness(predictions, part.sensitive)) == "out of fold, first repeat"
    middle = np.concatenate(
        [np.full(len(f.test), plan.table.y.iloc[f.train].mean()) for f in plan.splits.folds if f.repeat == 0]
    )
    losses = [(part.y.to_numpy() - each) ** 2 for each in (said, middle)]
    weak = weak_regions(part.X, losses[0], loss_title="squared error", reference=losses[1])
    assert same(found["weak_regions"], weak) == "out of fold, first repeat"  # the holdout has 100 rows


def test_what_needs_new_rows_is_judged_on_the_holdout(numbers):
    plan, results = numbers
    at, said, _ = out_of_fold(plan, fitting(plan), lambda model, X: model.predict(X))
    train, held = parts(plan)
    model = fitting(plan)(train)
    setting, judged = (
        Predictions.of(plan.table.y.iloc[at], said),
        Predictions.of(held.y, model.predict(held.X)),
    )
    found = told(results)
    assert "judged on the holdout" in same(found["conformal"], conformal(setting, judged, held.X))
    assert same(found["robustness"], robustness(model, held.X, held.y, metric=metric("r2"))) == "holdout"


def test_overfit_compares_the_folds_own_rows(numbers):
    plan, results = numbers
    train, test, dummy = [], [], []
    for fold in plan.splits.folds:
        own, others = plan.table.take(fold.train), plan.table.take(fold.test)
        model = fitting(plan)(own)
        train.append(metric("r2")(own.y, model.predict(own.X)))
        test.append(metric("r2")(others.y, model.predict(others.X)))
        dummy.append(metric("r2")(others.y, np.full(len(others.y), own.y.mean())))
    sizes = {"n_train": [len(f.train) for f in plan.splits.folds], "n_test": [len(f.test) for f in plan.splits.folds]}
    given = told(results)["overfit"]
    expected = overfit(train, test, metric=metric("r2"), dummy_scores=dummy, **sizes).to_dict()
    for key in ("train", "test", "gap", "lower", "share", "above_dummy"):
        assert given[key] == pytest.approx(expected[key]), key
    assert told(results, "forest")["overfit"]["gap"] > 3 * abs(given["gap"])


def test_complexity_is_that_of_the_predictions(numbers):
    plan, results = numbers
    train, _ = parts(plan)
    model = fitting(plan, "forest")(train)
    expected = complexity(model, train.X, explain(model, "ale", train.X, min_rows=1))
    given = {m["name"]: m["complexity"] for m in results["models"]}
    assert given["dummy"] is None
    same(given["forest"], expected)
    assert given["linear"]["interaction_strength"] == pytest.approx(0, abs=1e-9)
    assert given["linear"]["features_used"] == ["x", "z"]


def test_findings_say_which_model_and_are_few(numbers):
    _, results = numbers
    about = [f for f in results["findings"] if f["about"] == "linear"]
    (unfair,) = [f for f in about if "groups of" in f["title"]]
    assert unfair["title"] == "Linear model: the model treats groups of 'sex' differently"
    assert unfair["severity"] == "high"
    diagnosed = [f["about"] for f in results["findings"] if f["provenance"]["method"] != "run"]
    assert 0 < max(diagnosed.count(name) for name in ("linear", "forest")) <= 3
    assert "dummy" not in diagnosed
    order = [("high", "medium", "low").index(f["severity"]) for f in results["findings"]]
    assert order == sorted(order)
    assert told(results, "dummy") == {}


def test_diagnostics_of_classes(tmp_path):
    frame = rows(330)
    frame["y"] = np.where(frame["y"] > 0, "no", "yes")
    frame["y"] = np.where(frame["z"] > 1, "very", frame["y"])
    plan = plan_of(frame, models=[TREE], split=SPLIT, explain=[], compare=ALONE)
    found = told(gathered(plan, tmp_path).results(""), "tree")
    assert list(found) == ["calibration", "recalibration", "weak_regions", "conformal", "robustness", "overfit"]

    def fit(part):
        return Classifier("tree", max_leaf_nodes=4, random_state=0).fit(part.X, part.y, classes=plan.table.classes)

    at, said, folds = out_of_fold(plan, fit, lambda model, X: model.predict_proba(X))
    predictions = Predictions.of(plan.table.y.iloc[at], said, classes=plan.table.classes)
    same(found["calibration"], calibration(predictions))
    numbers = np.repeat(range(3), [len(f.test) for f in folds])
    same(found["recalibration"], recalibration(predictions, folds=numbers))
    assert found["weak_regions"]["loss_title"] == "log loss"
    train, held = parts(plan)
    judged = Predictions.of(held.y, fit(train).predict_proba(held.X), classes=plan.table.classes)
    same(found["conformal"], conformal(predictions, judged, held.X))


def test_what_cannot_be_computed_is_told_with_its_reason(tmp_path):
    plan = plan_of(rows(36), models=["linear"], split={"folds": 3, "repeats": 1}, explain=[], compare=ALONE)
    found = told(gathered(plan, tmp_path).results(""))
    assert found["residuals"] == "fewer than 40 rows that the folds' models have not seen"
    assert found["conformal"] == "there is no holdout: the model itself has seen all rows"
    assert found["robustness"] == "there is no holdout: the model itself has seen all rows"
    assert "fewer than 120 rows: no region" in found["weak_regions"]["provenance"]["warnings"][0]
    assert found["overfit"]["n_scores"] == 3
    small = plan_of(rows(80), models=["linear"], split=SPLIT, explain=[], compare=ALONE)
    assert "it takes 109 rows to set a threshold" in told(gathered(small, tmp_path / "small").results(""))["conformal"]


def test_a_model_without_probabilities_is_told_as_such(tmp_path):
    frame = rows(150)
    frame["y"] = np.where(frame["y"] > 0, "yes", "no")
    models = [{"custom": {"estimator": "sklearn.svm.LinearSVC"}}]
    plan = plan_of(frame, models=models, split=SPLIT, explain=[], compare=ALONE, metrics=["accuracy"])
    found = told(gathered(plan, tmp_path).results(""), "custom")
    reason = "the model gives no probabilities"
    assert {name for name, given in found.items() if given == reason} == {
        "calibration",
        "recalibration",
        "weak_regions",
        "conformal",
    }
    assert found["robustness"]["metric"] == "accuracy"


def test_a_diagnostic_that_fails_costs_no_other_and_sends_no_message(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise ValueError("a secret cell")

    monkeypatch.setattr(diagnose, "residuals", fail)
    plan = plan_of(rows(), models=["linear"], split=SPLIT, explain=[], compare=ALONE)
    with pytest.warns(diagnose.DiagnosticWarning, match="residuals: ValueError: a secret cell"):
        found = gathered(plan, tmp_path)
    assert told(found.results(""))["residuals"] == "it could not be computed: ValueError"
    assert isinstance(told(found.results(""))["calibration"], dict)
    assert "secret" not in sent(found)


def test_an_exposure_stays_what_it_is(tmp_path):
    rng = np.random.default_rng(0)
    frame = rows(160).assign(e=rng.uniform(0.5, 2, 160))
    frame["y"] = rng.poisson(frame["e"] * np.exp(0.5 * frame["x"]))
    models = [{"glm": {"distribution": "poisson"}}]
    how = {"models": models, "split": SPLIT, "explain": [], "compare": ALONE, "metrics": ["poisson_deviance"]}
    plan = plan_of(frame, columns={"e": {"role": "exposure"}}, **how)
    found = told(gathered(plan, tmp_path).results(""), "glm")
    assert found["weak_regions"]["loss_title"] == "squared error"
    train, held = parts(plan)
    model = Regressor("glm", distribution="poisson", exposure="e").fit(train.X, train.y)

    class Kept:
        def predict(self, X):
            return model.predict(X.assign(e=held.X["e"].to_numpy())[["x", "z", "e"]])

    expected = robustness(Kept(), held.X[["x", "z"]], held.y, metric=metric("poisson_deviance"))
    same(found["robustness"], expected)


# --- the rows


def test_drift_between_development_and_holdout(tmp_path):
    frame = rows(200).assign(when=pd.date_range("2020", periods=200))
    frame["x"] += np.arange(200) / 50
    plan = plan_of(frame, columns={"when": {"role": "time"}}, models=["linear"], explain=[], compare=ALONE)
    results = gathered(plan, tmp_path).results("")
    train, held = parts(plan)
    assert results["drift"] == json.loads(json.dumps(withholding(drift(train.X, held.X)).to_dict()))
    (finding,) = [f for f in results["findings"] if "differs from" in f["title"]]
    assert finding["about"] == "study"
    assert results["leakage"]["by"] == "time"
    tested = np.sort(np.concatenate([f.test for f in plan.careless]))
    np.testing.assert_array_equal(tested, plan.splits.development)  # forward in time, the first window tests nothing
    assert len(plan.careless) == len(plan.splits.folds) == 2
    alike = gathered(plan_of(rows(120), models=["linear"], explain=[], compare=ALONE), tmp_path).results("")
    assert alike["drift"]["telling"] == []
    none = plan_of(rows(70), models=["linear"], explain=[], compare=ALONE)  # 18 rows are held out
    assert gathered(none, tmp_path).results("")["drift"] is None


def test_drift_keeps_repeated_rows_and_groups_together(tmp_path):
    frame = pd.concat([rows(200)] * 2, ignore_index=True)
    plan = plan_of(frame, models=["linear"], explain=[], compare=ALONE)
    results = gathered(plan, tmp_path).results("")
    train, held = parts(plan)
    groups = plan.blocks[plan.splits.development], plan.blocks[plan.splits.holdout]
    expected = withholding(drift(train.X, held.X, groups=groups))
    assert results["drift"] == json.loads(json.dumps(expected.to_dict()))
    assert results["drift"]["auc_p_value"] > 0.01
    few = rows(120).assign(g=np.repeat(np.arange(6), 20))  # two groups are held out
    plan = plan_of(few, columns={"g": {"role": "group"}}, models=["linear"], explain=[], compare=ALONE)
    assert "drift" not in [unit.name for unit in plan.units]


def test_leakage_by_groups_is_measured_on_the_first_models(tmp_path):
    rng = np.random.default_rng(1)
    group = np.repeat(np.arange(40), 20)
    frame = rows(800).assign(g=group, tag=rng.permutation(40)[group])
    frame["y"] = rng.normal(size=40)[group] + 0.1 * rng.normal(size=800)  # the group decides, and the tag gives it away
    models = [{"tree": {"max_leaf_nodes": 64}}, "linear", {"forest": {"n_estimators": 3}}, {"linear": {"name": "four"}}]
    columns = {"g": {"role": "group"}}
    plan = plan_of(
        frame,
        columns=columns,
        models=models,
        explain=[],
        split={"folds": 5, "repeats": 2},
        compare=ALONE,
        metrics=["rmse"],
    )
    results = gathered(plan, tmp_path).results("")
    given = results["leakage"]
    assert [s["model"] for s in given["scores"]] == ["tree", "linear", "forest"]
    assert given["by"] == "group"
    parted = [set(plan.table.groups[f.train]) & set(plan.table.groups[f.test]) for f in plan.careless]
    assert all(parted)
    assert sorted(np.concatenate([f.test for f in plan.careless])) == plan.splits.development.tolist()
    guarded = {m["name"]: m["scores"]["rmse"]["folds"] for m in results["models"]}
    careless = []
    for fold in plan.careless:
        train, test = plan.table.take(fold.train), plan.table.take(fold.test)
        model = fitting(plan, "tree")(train)
        careless.append(metric("rmse")(test.y, model.predict(test.X)))
    sizes = {f"n_{side}": [len(getattr(f, side)) for f in plan.splits.folds] for side in ("train", "test")}
    sizes |= {f"n_{side}_careless": [len(getattr(f, side)) for f in plan.careless] for side in ("train", "test")}
    how = {"by": "group", "metric": metric("rmse"), "region": results["region"], **sizes}
    expected = leakage({"tree": guarded["tree"]}, {"tree": careless}, **how).to_dict()["scores"][0]
    for key in ("guarded", "careless", "gap", "lower", "upper"):
        assert given["scores"][0][key] == pytest.approx(expected[key]), key
    assert given["scores"][0]["gap"] > 0.5
    assert "A careless split would have claimed too much" in [f["title"] for f in results["findings"]]


def test_without_groups_and_times_nothing_is_careless(numbers):
    plan, results = numbers
    assert results["leakage"] is None
    assert plan.careless == ()


def test_a_study_may_do_without_diagnostics(tmp_path):
    plan = plan_of(rows(), models=["linear"], explain=[], compare={**ALONE, "diagnose": False})
    assert {u.name.partition(": ")[2].split()[0] for u in plan.units} == {"fit", "fold"}
    results = gathered(plan, tmp_path).results("")
    assert told(results) == {}
    assert (results["drift"], results["leakage"], results["models"][1]["complexity"]) == (None, None, None)


def test_failures_of_diagnostics_are_findings(tmp_path):
    plan = plan_of(rows(), models=["linear"], explain=[], compare=ALONE)
    found = gathered(plan, tmp_path, {"linear: diagnostics", "linear: complexity", "drift"})
    titles = [f["title"] for f in found.results("")["findings"] if f["severity"] == "high"]
    assert titles[:3] == [
        "Complexity of linear model could not be made",
        "Diagnostics of linear model could not be made",
        "Drift of the holdout could not be made",
    ]
    assert [name for name, _ in found.failures.told] == ["linear: complexity", "linear: diagnostics", "drift"]
    assert found.results("")["models"][1]["status"] == "ok"


def test_findings_say_which_diagnostic_shows_more(numbers):
    _, results = numbers
    found = [f for f in results["findings"] if f["topic"] not in ("", "scores")]
    assert len([f for f in found if f["about"] != "study" or f["example"]]) > 2
    for f in found:
        if f["about"] != "study" or f["example"]:
            assert isinstance(told(results, f["example"] or f["about"])[f["topic"]], dict), f
        else:
            assert f["topic"] in ("drift", "data", "repeats"), f


def test_a_low_finding_that_most_models_share_is_told_once():
    def finding(about, severity="low", title="The size of errors depends on 'z'"):
        told = {"severity": severity, "title": title, "evidence": "Where 'z' > 1 it is 2.", "action": "Look."}
        return about.capitalize(), Finding(about=about, provenance=Provenance(method="m"), **told)

    models = ["best", "good", "fair"]
    others = [
        finding("best", "high", "The model is weak"),
        finding("fair", title="The score on training rows says little"),
    ]
    told = list(_told_once([*map(finding, models), finding("poor", "medium"), *others], 5))
    assert [(f.about, f.title) for f in told] == [
        ("study", "3 of 5 models: the size of errors depends on 'z'"),
        ("poor", "Poor: the size of errors depends on 'z'"),
        ("best", "Best: the model is weak"),
        ("fair", "Fair: the score on training rows says little"),
    ]
    assert told[0].evidence == "The Best, for one: where 'z' > 1 it is 2."
    assert [f.example for f in told] == ["best", "", "", ""]
    many = [finding("best", s, f"{i} {s}") for s, n in (("high", 2), ("low", 3)) for i in range(n)]
    of_best = [*map(finding, models), *many]
    assert [f.title for f in _few_each(_told_once(of_best, 5))] == [
        "3 of 5 models: the size of errors depends on 'z'",  # takes no place of a model's own
        "Best: 0 high",
        "Best: 1 high",
        "Best: 0 low",
    ]
    for found, n_models in ([*map(finding, models)], 6), ([*map(finding, models[:2])], 2):
        assert [f.about for f in _told_once(found, n_models)] == [f.about for _, f in found]
