"""What checking a run's folder finds, and what it lets pass."""

import json
import shutil

import pytest
from typer.testing import CliRunner

from tests.conftest import write_study
from workbench.cli import app
from workbench.runner import run
from workbench.verify import verify

ONE = """\
study: one
data: {source: "rows é.csv", target: price}
split: {folds: 2, repeats: 1}
models: [linear]
explain: []
report: {formats: [html, md]}
"""


@pytest.fixture(name="made", scope="module")
def _made(small_run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("verified run")
    return small_run, write_study(folder).parent / "rows é.csv"


@pytest.fixture(name="copy")
def _copy(made, tmp_path):
    """A copy of the run's folder, private part included, to be tampered with."""
    shutil.copytree(made[0].folder, tmp_path / "report")
    private = made[0].folder.with_name("report.private")
    if private.exists():
        shutil.copytree(private, tmp_path / "report.private")
    return tmp_path / "report", made[1]


def failed(folder, data):
    return {(c.about, c.what) for c in verify(folder, data=data) if c.status == "failed"}


def test_an_untouched_run_holds(copy):
    found = verify(copy[0], data=copy[1])
    assert not [c for c in found if c.status == "failed"]
    done = {(c.about, c.what) for c in found if c.status == "ok"}
    assert {("run", "data"), ("run", "splits"), ("run", "page compare.html"), ("run", "page index.html")} <= done
    for model in ("linear", "few-leaves", "forest"):
        for what in ("model file", "size", "holdout scores", "means of fold scores", f"page {model}.pdf"):
            assert (model, what) in done


def test_what_was_changed_is_named(copy):
    folder, data = copy
    card = folder / "cards" / "linear.html"
    card.write_text(card.read_text().replace("0.", "0.9", 1))
    assert failed(folder, data) == {("linear", "page linear.html")}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda m: m["holdout"].update(r2=m["holdout"]["r2"] + 1e-6), "holdout scores"),
        (lambda m: m["scores"]["r2"].update(upper=m["scores"]["r2"]["upper"] + 1e-6), "means of fold scores"),
        (lambda m: m["scores"]["r2"]["folds"].reverse() or m["scores"]["r2"]["folds"].pop(), "means of fold scores"),
        (lambda m: m.update(size=m["size"] - 1), "size"),
    ],
)
def test_a_number_changed_in_the_results_is_found(copy, change, expected):
    folder, data = copy
    file = folder / "results.json"
    results = json.loads(file.read_text())
    change(next(m for m in results["models"] if m["name"] == "linear"))
    file.write_text(json.dumps(results, indent=1, allow_nan=False, ensure_ascii=False))
    assert ("linear", expected) in failed(folder, data)


def test_swapped_and_altered_models_are_found(copy):
    folder, data = copy
    linear, tree = folder / "models" / "linear.json", folder / "models" / "few-leaves.json"
    first, second = linear.read_bytes(), tree.read_bytes()
    linear.write_bytes(second)
    tree.write_bytes(first)
    found = failed(folder, data)
    assert {("linear", "model file"), ("few-leaves", "model file"), ("linear", "holdout scores")} <= found
    tree.write_bytes(second[:-1])
    linear.unlink()
    found = failed(folder, data)
    assert {("linear", "model file"), ("few-leaves", "model")} <= found


def test_other_data_are_found_and_absent_ones_said(copy, tmp_path):
    folder, data = copy
    other = tmp_path / "rows.csv"
    other.write_text(data.read_text().replace("north", "nord", 1))
    assert failed(folder, other) == {("run", "data")}
    absent = {(c.about, c.what): c for c in verify(folder)}
    assert absent["run", "data"].status == "open"
    assert "--data PATH" in absent["run", "data"].told
    assert absent["linear", "holdout scores"].status == "open"
    assert absent["linear", "model file"].status == "ok"


def test_without_the_private_part_its_models_are_not_checkable(copy):
    folder, data = copy
    shutil.rmtree(folder.with_name("report.private"))
    found = {(c.about, c.what): c for c in verify(folder, data=data)}
    assert found["forest", "model file"].status == "open"
    assert found["forest", "model file"].told == "not checkable without the private part"


def test_a_refit_gives_the_same_numbers_and_finds_others(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    done = run(write_study(tmp_path, ONE), out=tmp_path / "report")
    data = tmp_path / "rows é.csv"
    again = {c.what: c for c in verify(done.folder, data=data, refit=True)}
    assert again["refit"].status == "ok"
    file = done.folder / "results.json"
    results = json.loads(file.read_text())
    scores = results["models"][-1]["scores"]["mae"]
    scores["folds"] = scores["folds"][::-1]
    file.write_text(json.dumps(results, indent=1, allow_nan=False, ensure_ascii=False))
    again = {c.what: c for c in verify(done.folder, data=data, refit=True)}
    assert again["refit"].status == "failed"
    assert again["refit"].told == "models[1].scores.mae.folds[0] differs"


def test_the_command_says_it_and_its_exit_code_tells(copy):
    folder, data = copy
    done = CliRunner().invoke(app, ["verify", str(folder), "--data", str(data)])
    assert done.exit_code == 0
    assert "0 failed" in done.output
    (folder / "index.html").write_text("")
    done = CliRunner().invoke(app, ["verify", str(folder), "--data", str(data)])
    assert done.exit_code == 1
    assert "1 failed" in done.output
    assert CliRunner().invoke(app, ["verify", str(folder / "cards")]).exit_code == 2
