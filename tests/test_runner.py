"""Runs: what they leave behind, what they compute again, what kills and failures do to them."""

from __future__ import annotations

import importlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.conftest import STUDY, write_study
from workbench.forms import Form
from workbench.metrics import metric
from workbench.plan import Plan
from workbench.runner import run
from workbench.store import StoreError, read_log, write_whole
from workbench.study import StudyError

QUICKEST = """\
study: quickest
data: {source: "rows é.csv", target: price}
split: {folds: 2, repeats: 1}
models: [linear]
explain: []
compare: {diagnose: false}
report: {formats: [html]}
"""
NOTHING_BUT_FITS = STUDY.replace("explain: [", "compare: {diagnose: false}\nexplain: [] #")


def untimed(folder: Path) -> dict:
    results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    assert results.pop("timing")["units"]
    return results


def command(*arguments, cache: Path, **environment):
    """A run of its own process; its output is an error unless a test expects one."""
    return subprocess.Popen(
        [sys.executable, "-m", "workbench", "run", *map(str, arguments)],
        env={**os.environ, "WORKBENCH_CACHE": str(cache), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=Path(__file__).parents[1],
    )


def test_a_run_leaves_what_it_should(small_run):
    folder = small_run.folder
    found = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}
    names = ("dummy", "linear", "few-leaves", "forest")
    assert {"index.html", "results.json", *(f"cards/{n}.{end}" for n in names for end in ("html", "json"))} <= found
    assert {f"models/{n}.json" for n in names if n != "forest"} <= found
    assert not any("forest" in name for name in found if name.startswith("models"))
    private = folder.with_name(folder.name + ".private")
    assert (private / "models" / "forest.json").exists()
    assert private.stat().st_mode & 0o077 == 0
    assert not [name for name in found if name.endswith((".part", ".tmp"))]
    assert small_run.failed == ()


def test_results_can_be_recomputed_from_the_saved_forms(small_run):
    """Scores on the holdout, computed anew from JSON and CSV alone."""
    from workbench.catalog import load
    from workbench.splits import make_splits

    results = small_run.results
    source = small_run.folder.parent / "rows é.csv"
    table = load(source, target="price")
    splits = make_splits(table, folds=3, repeats=1)
    assert splits.hash == results["splits"]["hash"]
    holdout = table.take(splits.holdout)
    for model in results["models"]:
        if model["form"]["private"]:
            continue
        form = Form.load(small_run.folder / model["form"]["path"])
        for name, score in model["holdout"].items():
            assert metric(name)(holdout.y, form.predict(holdout.X)) == pytest.approx(score, abs=1e-12)


def test_fold_scores_are_those_of_the_estimator(small_run):
    from workbench import Regressor
    from workbench.catalog import load
    from workbench.splits import make_splits

    table = load(small_run.folder.parent / "rows é.csv", target="price")
    (model,) = [m for m in small_run.results["models"] if m["name"] == "linear"]
    for fold, score in zip(make_splits(table, folds=3, repeats=1).folds, model["scores"]["r2"]["folds"], strict=True):
        train, test = table.take(fold.train), table.take(fold.test)
        fitted = Regressor("linear").fit(train.X, train.y)
        assert metric("r2")(test.y, fitted.predict(test.X)) == pytest.approx(score, abs=1e-12)


def test_no_small_count_no_row_and_no_path_is_sent(small_run):
    text = (small_run.folder / "results.json").read_text(encoding="utf-8")
    assert str(small_run.folder.parent) not in text
    assert os.environ.get("HOME", "/root") not in text
    assert "rare" not in [level["level"] for c in small_run.results["data"]["columns"] for level in c.get("levels", [])]

    def counts(value):
        if isinstance(value, dict):
            for key, item in value.items():
                if key in ("count", "missing", "rare"):
                    assert item is None or item == 0 or item >= 10, (key, item)
                else:
                    counts(item)
        elif isinstance(value, list):
            for item in value:
                counts(item)

    counts(small_run.results["data"])


def test_what_units_import_is_loaded_once(small_run):
    from workbench.catalog import load
    from workbench.runner import _modules, _read

    study, _ = _read(small_run.folder.parent / "study file.yaml", False)
    names = _modules(Plan(study, load(**study.table_arguments())))
    assert {"workbench.work.fit", "workbench.work.diagnose", "workbench.work.refit", "workbench.work.noise"} < set(
        names
    )
    assert {"workbench.families.tree", "workbench.explainers.partial_dependence"} < set(names)
    assert "imodels" not in names
    assert all(importlib.import_module(name) for name in names)
    figs, _ = _read({"data": {"source": "wine-quality-red"}, "models": ["figs"], "explain": []}, True)
    assert "imodels" in _modules(Plan(figs, load(**figs.table_arguments()), quick=True))


def test_the_same_again_computes_nothing(small_run, tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_CACHE", str(small_run.folder.parent / "cache"))
    out = shutil.copytree(small_run.folder, tmp_path / "report")  # others may be reading the run's own
    events = []
    run(small_run.folder.parent / "study file.yaml", out=out, on_event=events.append)
    assert {e.event for e in events} == {"found"}
    assert untimed(out) == untimed(small_run.folder)


def test_one_more_model_costs_that_model_alone(small_run, tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_CACHE", str(small_run.folder.parent / "cache"))
    study = write_study(
        tmp_path, STUDY.replace("models: [linear,", "models: [linear, {linear: {name: r, penalty: ridge}},")
    )
    events = []
    again = run(study, out=tmp_path / "out", on_event=events.append)
    assert {e.about for e in events if e.event == "start"} == {"r"}
    assert "r" in [row["model"] for row in again.results["leaderboard"]["rows"]]


def test_another_option_of_an_explanation_costs_that_explanation_alone(small_run, tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_CACHE", str(small_run.folder.parent / "cache"))
    study = write_study(tmp_path, STUDY.replace("grid_resolution: 5", "grid_resolution: 6"))
    events = []
    again = run(study, out=tmp_path / "out", on_event=events.append)
    names = [model["name"] for model in again.results["models"]]
    asked = {f"{name}: partial_dependence{part}" for name in names for part in ("", " refits", " noise")}
    begun = {event.unit for event in events if event.event == "start"}
    assert begun == asked - {"dummy: partial_dependence refits", "dummy: partial_dependence noise"}


def test_what_an_earlier_run_left_of_other_models_goes(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    run(write_study(tmp_path, NOTHING_BUT_FITS), out=tmp_path / "out")
    (tmp_path / "out" / "cards" / "mine.txt").write_text("kept")
    fewer = NOTHING_BUT_FITS.replace("{tree: {name: few-leaves, max_leaf_nodes: 4}}, ", "")
    run(write_study(tmp_path, fewer), out=tmp_path / "out")
    left = {p.name for p in (tmp_path / "out").rglob("*") if p.is_file()}
    assert not {name for name in left if "few-leaves" in name}
    assert {"linear.html", "linear.json", "mine.txt"} <= left


def test_results_on_disk_name_no_file_outside_the_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    for folder in (out, elsewhere):
        folder.mkdir()
    victims = [tmp_path / "victim.json", elsewhere / "linked.json"]
    for victim in victims:
        victim.write_text("precious")
    (out / "cards").symlink_to(elsewhere)
    named = [{"name": "../../victim"}, {"name": str(victims[0].with_suffix(""))}, {"name": "linked"}, {}, "x", 3]
    (out / "results.json").write_text(json.dumps({"models": named}))
    run(write_study(tmp_path, QUICKEST), out=out)
    assert [victim.read_text() for victim in victims] == ["precious", "precious"]


def test_the_current_folder_can_take_a_run(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    study = write_study(tmp_path, QUICKEST.replace("[linear]", "[{forest: {n_estimators: 2}}]"))
    (tmp_path / "here" / "below").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here" / "below")
    for out, private in ((".", "here/below.private"), ("..", "here.private")):
        assert run(study, out=out).failed == ()
        assert Path(out, "index.html").exists()
        assert (tmp_path / private / "models" / "forest.json").exists()
    with pytest.raises(StoreError, match="root of a file system"):
        run(study, out="/")


def test_the_private_folder_is_closed_before_anything_is_in_it(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    private = tmp_path / "out.private"
    private.mkdir(mode=0o755)
    modes = []

    def watched(path, *given):
        if private in Path(path).parents:
            modes.append(private.stat().st_mode & 0o077)
        write_whole(path, *given)

    monkeypatch.setattr("workbench.runner.write_whole", watched)
    run(write_study(tmp_path, QUICKEST.replace("[linear]", "[{forest: {n_estimators: 2}}]")), out=tmp_path / "out")
    assert modes
    assert set(modes) == {0}


def test_pages_that_fail_cost_no_results(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))

    def refuse(folder, results, jobs):
        raise ValueError("can't be drawn")

    monkeypatch.setattr("workbench.pages.render", refuse)
    done = run(write_study(tmp_path, QUICKEST), out=tmp_path / "out")
    assert done.failed == (("pages", "ValueError: can't be drawn"),)
    assert done.pages == ()
    assert untimed(tmp_path / "out")["models"][1]["status"] == "ok"


def test_what_is_replaced_and_what_was_typed_are_told(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    out, study = tmp_path / "out", write_study(tmp_path, QUICKEST)
    first = run(study, out=out, command="workbench run x.csv --target price")
    assert first.results["environment"]["command"] == "workbench run x.csv --target price"
    again = run(study, out=out, quick=True)
    assert (first.replaced, again.replaced) == ("", "")
    assert again.results["environment"]["command"] == "workbench run 'study file.yaml' --quick"
    rows = pd.read_csv(tmp_path / "rows é.csv")
    rows.iloc[5:].to_csv(tmp_path / "rows é.csv", index=False)
    assert run(study, out=out).replaced.endswith("held results of other data (rows é), which this run has replaced")


def test_few_rows_are_shown_as_far_as_they_go(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    diagnosed = QUICKEST.replace("compare: {diagnose: false}\n", "")
    study = write_study(tmp_path, diagnosed.replace("[]", "[permutation_importance, partial_dependence]"))
    rows = pd.read_csv(tmp_path / "rows é.csv")
    rows.iloc[:18].to_csv(tmp_path / "rows é.csv", index=False)
    done = run(study, out=tmp_path / "out")
    assert done.failed == ()
    assert "no holdout as it would have fewer than 10 rows" in done.results["splits"]["scheme"]
    (effects,) = [a["answer"] for a in done.results["models"][1]["answers"] if a["method"] == "partial_dependence"]
    assert "size is not shown: no value has 10 rows behind it" in effects["provenance"]["warnings"]
    assert {path.name for path in done.pages} >= {"linear.html", "index.html"}


def test_a_model_that_fails_stops_nothing_else(tmp_path, monkeypatch):
    from workbench.families.tree import Tree

    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    study = write_study(tmp_path, NOTHING_BUT_FITS.replace("repeats: 1}", "repeats: 1, holdout: 0}"))
    limited = NOTHING_BUT_FITS.replace("report:", "run: {time_limit: 0.001}\nreport:")
    assert Tree.name == "tree"
    done = run(write_study(tmp_path / "limited", limited), out=tmp_path / "out limited")
    assert "limit" in dict(done.failed)["forest"]
    in_full = json.loads((tmp_path / "out limited.private" / "errors.json").read_text())
    assert "forest: fit" in [told["unit"] for told in in_full]
    assert (tmp_path / "out limited" / "index.html").exists()
    assert any(f["severity"] == "high" and "forest" in f["about"] for f in done.results["findings"])
    whole = run(study, out=tmp_path / "out")
    assert whole.failed == ()
    assert whole.results["splits"]["n_holdout"] == 0
    assert all(m["holdout"] is None for m in whole.results["models"])


def test_a_time_budget_leaves_what_is_finished_and_the_next_run_goes_on(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    short = write_study(tmp_path, QUICKEST + "run: {time_budget: 0.000001}\n")
    first = run(short, out=tmp_path / "out")
    ((about, told),) = first.failed
    assert about == "the run"
    assert re.fullmatch(
        r"the run's time budget of 1e-06 s was used up; \d+ of \d+ units of work were left out, "
        r"among them what these models need: dummy, linear; the same command goes on from here",
        told,
    )
    (finding,) = [f for f in first.results["findings"] if f["title"] == "The run was ended by its time budget"]
    assert finding["severity"] == "high"
    again = run(write_study(tmp_path, QUICKEST), out=tmp_path / "out")
    assert again.failed == ()
    assert [row["model"] for row in again.results["leaderboard"]["rows"]] == ["linear", "dummy"]


def test_a_folder_that_cannot_be_written_is_told_before_anything_runs(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match=r"file: no run can be written here: .*; choose another folder with --out"):
        run(write_study(tmp_path, QUICKEST), out=tmp_path / "file")


def test_a_private_folder_that_cannot_be_written_is_told_before_anything_runs(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    (tmp_path / "out.private").write_text("in the way")
    with pytest.raises(StoreError, match=r"out\.private: no run can be written here: .*; choose another folder"):
        run(write_study(tmp_path, QUICKEST), out=tmp_path / "out")
    assert not (tmp_path / "out" / "units.jsonl").exists()


def test_results_that_cannot_be_written_are_told_and_nothing_is_computed_again(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    study, out = write_study(tmp_path, QUICKEST), tmp_path / "out"
    (out / "results.json" / "in the way").mkdir(parents=True)
    with pytest.raises(StoreError, match=r"out/results\.json: can't be written: .*; make room and run again: what is"):
        run(study, out=out)
    (out / "results.json" / "in the way").rmdir()
    (out / "results.json").rmdir()
    events = []
    assert run(study, out=out, on_event=events.append).failed == ()
    assert {event.event for event in events} == {"found"}


def test_tasks_that_a_study_cannot_do_are_refused_before_anything_runs(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    with pytest.raises(StudyError, match="accuracy"):
        run(write_study(tmp_path, STUDY + "metrics: [accuracy]\n"), out=tmp_path / "out")
    with pytest.raises(ValueError, match=r"models\[0\]\.linear: takes no offset; families that do: glm; or set data"):
        run(write_study(tmp_path, STUDY.replace("{size: {", "{rooms: {role: offset}, size: {")), out=tmp_path / "out")

    weighed = STUDY.replace("{size: {", "{rooms: {role: weight}, size: {").replace("[linear, ", "[rulefit, ")
    with pytest.raises(StudyError, match=r"models\[0\]\.rulefit: can't weigh rows; families that can: .*forest"):
        run(write_study(tmp_path, weighed), out=tmp_path / "out")


@pytest.mark.parametrize("target", ["binary", "multiclass"])
def test_classes_and_weights(target, tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    rng = np.random.default_rng(0)
    n = 200
    x = rng.normal(size=n)
    y = np.where(x + rng.normal(0, 0.5, n) > 0, "yes", "no")
    if target == "multiclass":
        y = np.where(x > 1, "very", y)
    pd.DataFrame({"x": x, "noise": rng.normal(size=n), "w": rng.uniform(0.5, 2, n), "y": y}).to_parquet(
        tmp_path / "d.parquet"
    )
    positive = {"positive": "no"} if target == "binary" else {}
    study = {
        "data": {
            "source": str(tmp_path / "d.parquet"),
            "target": "y",
            "columns": {"w": {"role": "weight"}},
            **positive,
        },
        "split": {"folds": 2, "repeats": 1},
        "models": ["linear", {"forest": {"n_estimators": 5}}],
        "report": {"formats": ["html"]},
    }
    done = run(study, out=tmp_path / "out")
    assert done.failed == ()
    assert done.results["ranking"] == "log_loss"
    assert done.results["data"]["classes"] == (["yes", "no"] if positive else ["no", "very", "yes"])
    board = {row["model"]: row["score"] for row in done.results["leaderboard"]["rows"]}
    assert board["linear"] < board["dummy"]
    assert str(tmp_path) not in json.dumps(done.results)


def test_jobs_hash_seed_and_cache_change_no_number(small_run, tmp_path):
    """The other run has two jobs, and a hash seed of chance."""
    study, out = small_run.folder.parent / "study file.yaml", tmp_path / "out"
    process = command(study, "--jobs", 1, "--out", out, cache=tmp_path / "cache", PYTHONHASHSEED="1")
    output, _ = process.communicate()
    assert process.returncode == 0, output
    assert untimed(out) == untimed(small_run.folder)


def test_kill_at_any_moment_loses_nothing_and_repeats_nothing(small_run, tmp_path):
    rng = np.random.default_rng(0)
    study, out, cache = small_run.folder.parent / "study file.yaml", tmp_path / "out", tmp_path / "cache"
    killed = 0
    for patience in rng.uniform(0.05, 0.6, 4):
        process = command(study, "--jobs", 2, "--out", out, cache=cache)
        limit = time.monotonic() + 60
        while not (out / "units.jsonl").exists() and process.poll() is None and time.monotonic() < limit:
            time.sleep(0.01)
        time.sleep(patience)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            killed += 1
        process.communicate()
    process = command(study, "--jobs", 2, "--out", out, cache=cache)
    output, _ = process.communicate()
    assert process.returncode == 0, output
    assert killed >= 2
    assert untimed(out) == untimed(small_run.folder)
    done = [line["unit"] for line in read_log(out) if line["event"] == "done"]
    assert len(done) == len(set(done))
    for unit in done:
        events = [
            line["event"] for line in read_log(out) if line["unit"] == unit and line["event"] in ("start", "done")
        ]
        assert events[-1] == "done", f"{unit} started again after it was done"


TOY = """
from workbench.families import Family, Policy


class Toy(Family):
    name = "toy"
    title = "toy model"
    summary = "predicts the median of the training rows, and keeps its function to itself"
    tasks = ("regression",)
    glassbox = False
    policy = Policy(missing="native", categories="ordinal", unseen="other")

    def build(self, task, params):
        from sklearn.dummy import DummyRegressor

        return DummyRegressor(strategy="median")
"""


def test_a_family_of_another_package_is_found_everywhere(tmp_path):
    """Installed as a distribution with an entry point, without a form, and nothing else touched."""
    site = tmp_path / "site packages"
    info = site / "toy_family-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "toy_family.py").write_text(TOY)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-family\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[workbench.families]\ntoy = toy_family:Toy\n")
    study = write_study(tmp_path, QUICKEST.replace("[linear]", "[toy]").replace("[]", "[partial_dependence]"))
    script = textwrap.dedent(
        """
        import json, pickle, sys
        import workbench as wb
        from tests.contracts import contracts
        from tests.contracts.tables import mixed
        from workbench.study import json_schema
        from workbench.explainers import registry as explainers
        from workbench.families import registry as families

        assert "toy" in wb.families()
        assert "toy" in json.dumps(json_schema(families(), explainers()))
        for contract in contracts.CONTRACTS:
            contract(wb.Regressor("toy"), mixed("regression"))
        fitted = wb.Regressor("toy").fit(*mixed("regression"))
        assert fitted.form_ is None
        assert pickle.loads(pickle.dumps(fitted)).predict(mixed("regression")[0]).std() == 0
        """
    )
    environment = {"PYTHONPATH": os.pathsep.join([str(site), str(Path(__file__).parents[1])])}
    subprocess.run([sys.executable, "-c", script], env={**os.environ, **environment}, check=True)
    process = command(study, "--out", tmp_path / "out", cache=tmp_path / "cache", **environment)
    output, _ = process.communicate()
    assert process.returncode == 0, output
    results = untimed(tmp_path / "out")
    (toy,) = [m for m in results["models"] if m["name"] == "toy"]
    assert toy["form"] is None
    assert toy["answers"]
    assert "keeps its function to itself" in (tmp_path / "out" / "cards" / "toy.html").read_text(encoding="utf-8")
