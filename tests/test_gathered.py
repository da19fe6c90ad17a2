"""Results of outcomes: what failed, what is withheld. Units are called in this process; some pretend to fail."""

import json

import numpy as np
import pandas as pd
import pytest

from workbench.answers import Effect, Finding, Provenance
from workbench.explainers import registry as explainers
from workbench.families import registry as families
from workbench.gathered import Gathered
from workbench.plan import Plan
from workbench.store import Outcome, Store
from workbench.store.unit import refs, resolve
from workbench.study import Study, StudyError
from workbench.table import Table

CELL = "other-cell"
UNIT = "linear: partial_dependence"


def plan_of(frame, columns=None, **more):
    study = {"data": {"source": "rows.csv", "target": "y"}, "split": {"folds": 2, "repeats": 1}, "models": ["linear"]}
    study["explain"] = ["permutation_importance", "partial_dependence"]
    asked = Study.from_dict({**study, **more}, families=families(), explainers=explainers())
    return Plan(asked, Table.from_frame(frame, target="y", columns=columns))


def gathered(plan, folder, failing=(), warnings=()):
    store = Store(folder)
    store.put(plan.table_key, plan.table)
    outcomes, lost = {}, set()
    for unit in plan.units:
        if unit.name in failing:
            told = {"status": "failed", "error": f"ValueError: {CELL}", "cause": "ValueError", "traceback": CELL}
        elif lost & set(dict(refs(unit.arguments)).values()):
            told = {"status": "skipped", "error": f"ValueError: {CELL}", "cause": "ValueError"}
        else:
            store.put(unit.key, unit.function(**resolve(dict(unit.arguments), store)))
            told = {"status": "done", "warnings": warnings}
        lost |= set() if told["status"] == "done" else {unit.key}
        outcomes[unit.name] = Outcome(unit=unit, store=store, **told)
    return Gathered(plan, outcomes)


def rows(n=120, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    return pd.DataFrame({"x": x, "z": rng.normal(size=n), "y": x + rng.normal(size=n)})


def sent(found):
    return json.dumps(found.results("workbench run rows.yaml"), allow_nan=False)


def test_no_message_of_an_exception_or_a_warning_is_sent(tmp_path):
    found = gathered(plan_of(rows()), tmp_path, {"linear: fold 1.2"}, (f"UserWarning: unknown {CELL}",))
    assert CELL not in sent(found)
    assert dict(found.failures.told)["linear"] == f"linear: fold 1.2: ValueError: {CELL}"
    in_full = found.failures.in_full()
    assert {
        "unit": "linear: fold 1.2",
        "error": f"ValueError: {CELL}",
        "warnings": [],
        "traceback": CELL,
    } in in_full
    assert ["UserWarning: unknown other-cell"] in [told["warnings"] for told in in_full]
    (linear,) = [m for m in found.results("")["models"] if m["name"] == "linear"]
    assert (linear["status"], linear["error"].partition(";")[0]) == ("failed", "linear: fold 1.2: ValueError")
    told = {f["title"]: f["evidence"] for f in found.results("")["findings"]}
    assert told["Linear model could not be made"] == linear["error"]
    assert told["Warnings from the linear model"] == "UserWarning"


def test_an_explanation_that_fails_is_a_finding_of_its_own(tmp_path):
    found = gathered(plan_of(rows()), tmp_path, {UNIT})
    (linear,) = [m for m in found.results("")["models"] if m["name"] == "linear"]
    assert (linear["status"], linear["error"]) == ("ok", None)
    assert [a["method"] for a in linear["answers"]] == ["permutation_importance"]
    assert found.failures.told == ((UNIT, f"{UNIT}: ValueError: {CELL}"),)
    (finding,) = [f for f in found.results("")["findings"] if f["severity"] == "high" and f["about"] == "linear"]
    assert finding["title"] == "Partial dependence of linear model could not be made"


def test_few_repeated_rows_are_not_counted(tmp_path):
    frame = pd.concat([rows(), rows().iloc[:3]], ignore_index=True)
    for choice in ("auto", "drop"):
        plan = plan_of(frame, split={"folds": 2, "repeats": 1, "duplicates": choice})
        found = gathered(plan, tmp_path)
        results = found.results("")
        duplicates = results["splits"]["duplicates"]
        assert duplicates["repeated_rows"] is None
        assert duplicates["reason"].startswith("Fewer than 10 of 123 rows repeat")
        assert "3 of 123" not in sent(found)
        if choice == "drop":  # 3 rows are neither developed on nor held out
            assert results["splits"]["n_holdout"] is None
            assert results["splits"]["n_development"] == 90
            (importance, _) = results["models"][1]["answers"]
            assert importance["answer"]["provenance"]["n_rows"] is None


COUNTS = ("rows", "rows_found", "counts", "bin_counts", "missing", "repeated_rows", "train_rows", "holdout_rows")


def counts_in(value, name=""):
    """Give every number of rows in results, by its key, at any depth."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from counts_in(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from counts_in(item, name)
    elif isinstance(value, int | float) and (name in COUNTS or name.startswith("n_")):
        yield name, value


def test_no_count_of_few_rows_is_anywhere_in_the_results(tmp_path):
    """Rare levels, gaps in few rows, groups of sensitive columns, rows that repeat: of numbers and of classes."""
    rng = np.random.default_rng(0)
    for target in ("numbers", "classes"):
        frame = rows(260).assign(size=["big"] * 200 + ["mid"] * 56 + ["sml"] * 4)
        frame["sex"] = rng.choice(["f", "m", "x"], 260, p=[0.5, 0.47, 0.03])
        frame.loc[rng.choice(260, 7), "z"] = np.nan
        frame.loc[:29, "size"] = None
        if target == "classes":
            frame["y"] = np.where(frame["y"] > 0, "yes", "no")
        frame = pd.concat([frame, frame.iloc[:5]], ignore_index=True)
        asked = {"explain": ["permutation_importance", "partial_dependence", "ale"], "models": ["linear", "tree"]}
        plan = plan_of(frame, columns={"sex": {"role": "sensitive"}}, **asked)
        results = json.loads(sent(gathered(plan, tmp_path / target)))
        given = list(counts_in(results))
        assert {"rows", "bin_counts", "n_rows", "n_before", "n_calibration"} <= {name for name, _ in given}
        few = {"n_features", "n_folds", "n_repeats", "n_scores", "n_refits", "n_resamples", "n_bins", "n_searched"}
        assert not [(n, c) for n, c in given if 0 < c < 10 and c == int(c) and n not in few]
        (diagnosed,) = [m["diagnostics"] for m in results["models"] if m["name"] == "tree"]
        assert "fairness" in [d["name"] for d in diagnosed if "answer" in d]


def test_numbers_of_rows_that_give_few_away_are_told_nowhere(tmp_path):
    """3 rows are neither developed on nor held out: so the number of those held out is withheld, in words too."""
    frame = pd.concat([rows(400), rows(400).iloc[:3]], ignore_index=True)
    plan = plan_of(frame, split={"folds": 3, "repeats": 1, "duplicates": "drop"})
    found = gathered(plan, tmp_path)
    results = json.loads(sent(found))
    assert (len(plan.splits.development), len(plan.splits.holdout)) == (300, 100)
    assert not [name for name, count in counts_in(results) if count == 100 and name.startswith("n_")]
    (linear,) = [m for m in results["models"] if m["name"] == "linear"]
    (conformal,) = [d["answer"] for d in linear["diagnostics"] if d["name"] == "conformal"]
    assert (conformal["n_calibration"], conformal["n_rows"]) == (300, None)
    assert (results["drift"]["n_before"], results["drift"]["n_after"]) == (300, None)
    assert {c["n_rows"] for c in results["holdout_comparisons"]} == {None}
    told = {"severity": "low", "title": "t", "action": "a", "provenance": Provenance(method="m", n_rows=100)}
    about = found._without_totals(Finding(evidence="85% of 100 new ones, 100.5 g", **told))
    assert (about.evidence, about.provenance.n_rows) == ("85% of all new ones, 100.5 g", None)


@pytest.mark.parametrize(
    ("alone", "most", "told"),
    [
        (False, 2000, "2,000 of 3,000 rows that models are made of, drawn"),
        (False, 1000, "1,000 of 3,000 rows that models are made of and 1,000 of all rows of the holdout, drawn"),
        (True, 2000, "scored on 5 parts of the holdout (all rows)."),
    ],
)
def test_findings_about_draws_tell_no_number_that_is_withheld(tmp_path, monkeypatch, alone, most, told):
    monkeypatch.setattr("workbench.splits.LARGE", 3_500 if alone else 10_000)
    frame = pd.concat([rows(4400), rows(4400).iloc[:3]], ignore_index=True)
    folds = {} if alone else {"folds": 3, "repeats": 1}
    split = {"duplicates": "drop", "sample": most, "holdout": 1400 / 4400, **folds}
    plan = plan_of(frame, split=split, explain=[])
    assert (len(plan.splits.development), len(plan.splits.holdout)) == (3000, 1400)
    found = gathered(plan, tmp_path, {unit.name for unit in plan.units})
    about = [f.evidence for f in found._findings() if f.topic == "sampling"]
    assert [text for text in about if told in text]
    assert not [text for text in about if "1,400" in text]


def test_levels_beside_few_rows_are_not_counted(tmp_path):
    frame = rows(200).assign(size=["big"] * 196 + ["sml"] * 4)
    found = gathered(plan_of(frame, split={"folds": 2, "repeats": 1, "holdout": 0}), tmp_path)
    (effects,) = [a["answer"]["effects"] for a in found.models[1]["answers"] if a["method"] == "partial_dependence"]
    told = {e["feature"]: (e["grid_values"], e["bin_counts"]) for e in effects}
    assert told["size"] == (["big"], [None])
    assert np.isnan(Effect.from_dict(next(e for e in effects if e["feature"] == "size")).bin_counts).all()
    assert sum(told["x"][1]) == 200


def test_no_holdout_of_fewer_than_ten_rows(tmp_path):
    plan = plan_of(rows(36))
    assert len(plan.splits.holdout) == 0
    assert plan.splits.scheme == "2-fold, 1 repeat, no holdout as it would have fewer than 10 rows"
    assert len(plan_of(rows(48)).splits.holdout) == 12


def test_undefined_scores_are_none(tmp_path, monkeypatch):
    """Folds of one row have no R²; the repeats are told all the same."""
    frame = pd.concat([rows(20), rows(20).iloc[:2]], ignore_index=True)
    split = {"folds": 20, "repeats": 1, "holdout": 0, "duplicates": "drop"}
    found = gathered(plan_of(frame, split=split, explain=[]), tmp_path)
    results = json.loads(sent(found))
    assert [row["score"] for row in results["leaderboard"]["rows"]] == [None, None]
    assert results["headline"] == "No model could be scored."
    monkeypatch.setattr("workbench.gathered.inspect", lambda *_: ())  # what the checks of the table say is not asked
    huge = rows(40).assign(y=rows(40)["y"] * 1e200)
    results = json.loads(
        sent(
            gathered(plan_of(huge, metrics=["rmse", "mae"], explain=[], compare={"diagnose": False}), tmp_path / "huge")
        )
    )
    assert [row["score"] for row in results["leaderboard"]["rows"]] == [None, None]
    assert results["models"][0]["scores"]["mae"]["mean"] > 1e199
    assert results["models"][0]["scores"]["mae"]["lower"] is None


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"permutation_importance": {"metric": "roc_auc"}}, "metric can't be used: metric 'roc_auc' can't score a reg"),
        ({"partial_dependence": {"features": ["zz"]}}, "features must name features of the data; got 'zz'; did you"),
        ({"partial_dependence": {"min_rows": 9}}, "min_rows must be at least 10 in a study, .* got 9"),
    ],
)
def test_questions_that_make_no_sense_are_refused_before_anything_is_fitted(asked, told):
    with pytest.raises(StudyError, match=rf"study: explain\[1\]\.\w+\.{told}"):
        plan_of(rows(), explain=[*({"permutation_importance", "partial_dependence"} - set(asked)), asked])


def test_the_policy_that_is_told_is_the_one_of_the_engine_that_ran(small_run):
    from workbench.families import find_family

    for model in small_run.results["models"]:
        policy = find_family(model["family"])().policy_for("regression", model["params"])
        assert model["policy"]["missing"] == policy.missing, model["name"]


def test_a_model_that_one_score_condemns_is_told_with_the_others(tmp_path):
    frame = rows(240)
    frame["y"] = np.where(frame["y"] > 0, "yes", "no")
    split = {"folds": 5, "repeats": 2}
    models = [
        {"custom": {"estimator": "sklearn.tree.DecisionTreeClassifier", "params": {"random_state": 0}}}
    ]  # probabilities are 0 or 1
    plan = plan_of(frame, models=models, explain=[], metrics=["log_loss", "roc_auc"], split=split)
    (found,) = [f for f in gathered(plan, tmp_path).results("")["findings"] if "no better than" in f["title"]]
    assert "; yet it is better by AUC (0." in found["evidence"]
    assert found["evidence"].endswith("against 0.5)")
    assert found["action"].startswith("Say which of these scores matters.")
    frame["y"] = np.random.default_rng(0).permutation(frame["y"])
    plan = plan_of(frame, models=models, explain=[], metrics=["log_loss", "roc_auc"], split=split)
    found = [f for f in gathered(plan, tmp_path / "chance").results("")["findings"] if "no better than" in f["title"]]
    assert found[0]["action"].startswith("Don't use it")
