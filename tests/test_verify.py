"""What checking a run's folder finds, and what it lets pass."""

import copy
import hashlib
import json
import shutil
from types import SimpleNamespace

import pandas as pd
import pytest
from typer.testing import CliRunner

from tests.conftest import write_study
from workbench import verify as verifying
from workbench.cli import app
from workbench.facts import study_hash
from workbench.pages import Card, cards, render
from workbench.pages.checkable import checked_without_refit, mark, marks
from workbench.recomputed import of_form, of_rows, of_run
from workbench.runner import run
from workbench.verify import verify

ONE = """\
study: one
data: {source: "rows é.csv", target: price}
split: {folds: 2, repeats: 1}
models: [linear]
explain: []
compare: {diagnose: false}
report: {formats: [html, md]}
"""
LINEAR = 1  # its place among the models


@pytest.fixture(name="made", scope="module")
def _made(small_run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("verified run")
    return small_run, write_study(folder).parent / "rows é.csv"


@pytest.fixture(name="copy_of_run")
def _copy_of_run(made, tmp_path):
    """A copy of the run's folder, private part included, to be tampered with."""
    shutil.copytree(made[0].folder, tmp_path / "a report")
    shutil.copytree(made[0].folder.with_name("report.private"), tmp_path / "a report.private")
    return tmp_path / "a report", made[1]


@pytest.fixture(name="drawn_again")
def _drawn_again(monkeypatch):
    """Let pages pass, as if whoever altered the results had drawn all of them again."""
    monkeypatch.setattr(verifying, "pages", lambda *_: iter(()))


def failed(folder, data, **options):
    return {(c.about, c.what) for c in verify(folder, data=data, **options) if c.status == "failed"}


def change(folder, how):
    """Change the results in a folder."""
    file = folder / "results.json"
    results = json.loads(file.read_text())
    how(results)
    file.write_text(json.dumps(results, indent=1, allow_nan=False, ensure_ascii=False))
    return results


def test_an_untouched_run_holds(copy_of_run):
    found = verify(copy_of_run[0], data=copy_of_run[1])
    assert not [c for c in found if c.status == "failed"]
    done = {(c.about, c.what) for c in found if c.status == "ok"}
    for what in (
        "data",
        "splits",
        "study",
        "models of the study",
        "page compare.html",
        "page index.html",
        "other files",
    ):
        assert ("run", what) in done
    for model in ("linear", "few-leaves", "forest"):
        for what in ("model file", "size", "form on the card", "holdout scores", "means of fold scores"):
            assert (model, what) in done
        assert (model, f"page {model}.pdf") in done
    assert ("few-leaves", "rules") in done


@pytest.mark.parametrize("ending", ["html", "pdf", "json"])
def test_a_page_that_was_edited_by_hand_is_named(copy_of_run, ending):
    folder, data = copy_of_run
    card = folder / "cards" / f"linear.{ending}"
    content = card.read_bytes()
    at = content.index(b"0.9" if ending != "pdf" else b"/Title")
    card.write_bytes(content[:at] + b"1" + content[at + 1 :])
    assert failed(folder, data) == {("linear", f"page linear.{ending}")}


def test_pages_that_are_gone_and_files_that_came_are_named(copy_of_run):
    folder, data = copy_of_run
    (folder / "cards" / "forest.pdf").unlink()
    (folder / "cards" / "extra.html").write_text("<p>trust me</p>")
    (folder / "models" / "linear.npz").write_bytes(b"")
    (folder / ".hidden").write_text("")
    (folder / ".DS_Store").write_text("")
    found = {(c.about, c.what): c.told for c in verify(folder, data=data) if c.status == "failed"}
    assert found == {
        ("forest", "page forest.pdf"): "is missing",
        ("run", "other files"): "not of this run: .hidden, cards/extra.html, models/linear.npz",
    }


def leaves(value, place=()):
    """Give the place of each number, at any depth."""
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(inner, (*place, key))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield place


def one_of_each(results):
    """Give a place for each kind of number: places that differ in positions alone are one kind."""
    return list(
        {tuple("#" if isinstance(k, int) else k for k in place[2:]): place for place in leaves(results)}.values()
    )


def how_checked(results, place):
    """Say how a card marks a place."""
    if place[0] != "models":
        return mark(place[0])
    given = results["models"][place[1]]
    found = mark(f"models.{place[2]}")
    return "refit" if found == "holdout" and given["form"] is None else found


def alter(results, place):
    """Give a copy in which one number is another."""
    results = copy.deepcopy(results)
    *way, last = place
    inner = results
    for key in way:
        inner = inner[key]
    inner[last] = inner[last] + 1 if isinstance(inner[last], int) else inner[last] * 1.001 + 1e-6
    return results


def by_mark(results, wanted):
    return [place for place in one_of_each(results) if how_checked(results, place) == wanted]


def test_each_number_that_is_marked_holdout_checked_is_found_without_a_refit(copy_of_run, made, drawn_again):
    folder, data = copy_of_run
    results = made[0].results
    places = by_mark(results, "holdout")
    assert {place[0] for place in places} == {"data", "splits", "models"}
    missed = []
    for place in places:
        (folder / "results.json").write_text(json.dumps(alter(results, place)))
        if not failed(folder, data):
            missed.append(place)
    assert not missed


def test_each_number_that_is_marked_refit_checked_is_found_by_a_refit(copy_of_run, made, drawn_again, monkeypatch):
    """The refit itself is made elsewhere; here it gives what it gave."""
    folder, data = copy_of_run
    results = made[0].results
    again = json.dumps(results)
    monkeypatch.setattr(verifying, "run", lambda *_, **__: SimpleNamespace(results=json.loads(again)))
    asked = verifying._Folder(folder, results, data, folder)
    list(asked._told_study())
    list(asked._data())
    places = by_mark(results, "refit")
    assert len(places) > 100
    missed = []
    for place in places:
        asked.results = alter(results, place)
        if [c.status for c in asked._refitted(allow_code=False)] != ["failed"]:
            missed.append(place)
    assert not missed
    asked.results = results
    assert [c.status for c in asked._refitted(allow_code=False)] == ["ok"]
    for place in by_mark(results, "none"):  # nothing can find these, and cards say so
        asked.results = alter(results, place)
        assert [c.status for c in asked._refitted(allow_code=False)] == ["ok"]


def test_what_is_recomputed_is_what_cards_mark(made):
    """One table: no more is marked than is recomputed, and no less."""
    results = made[0].results
    asked = verifying._Folder(made[0].folder, results, made[1], made[1].parent / "place")
    list(asked._told_study())
    list(asked._data())
    assert set(of_run(asked.told, asked.asked)) == checked_without_refit(of_model=False)
    model = results["models"][LINEAR]
    path = made[0].folder / "models" / "linear.json"
    form = verifying.Form.load(path)
    by_model = {**of_form(form, path, model), **of_rows(form, asked.asked, private=False)}
    assert set(by_model) == checked_without_refit(of_model=True)
    compared = {key for part in (verifying._OF_FORM, verifying._OF_ROWS) for keys in part.values() for key in keys}
    assert compared == checked_without_refit(of_model=True)


def test_cards_mark_every_field_by_what_the_model_left(made):
    results = made[0].results
    for name, card in cards(results).items():
        told = card["checked"]
        assert set(told) - {"scores.holdout"} == set(Card.model_fields) - {"card_format", "privacy", "checked"}
        assert told["scores"] == told["answers"] == told["leaderboard"] == "refit"
        assert told["statements"] == told["environment"] == told["fit_seconds"] == "none"
        assert told["data"] == told["splits"] == "holdout"
        own = "private" if name == "forest" else "holdout"
        assert told["scores.holdout"] == told["form"] == told["size"] == told["rules"] == own
    assert marks({"form": None})["scores.holdout"] == "refit"


def test_signs_stand_on_all_three_pages(made):
    folder = made[0].folder
    html = (folder / "cards" / "forest.html").read_text()
    assert 'aria-label="not checkable without the private part" title=' in html
    assert "on the holdout</dt>" in html
    assert "(✓) not checkable without the private part" in html
    assert "private part" not in (folder / "cards" / "linear.html").read_text()


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        (lambda m: m["scores"]["r2"].update(upper=m["scores"]["r2"]["upper"] + 1e-6), "means of fold scores"),
        (lambda m: m["scores"]["r2"]["folds"].reverse() or m["scores"]["r2"]["folds"].pop(), "means of fold scores"),
        (lambda m: m.update(form_text=m["form_text"].replace("size", "rooms")), "form on the card"),
        (lambda m: m.update(holdout=None), "holdout scores"),
        (lambda m: m.pop("scores"), "model"),
        (lambda m: m["form"].update(path="../models/linear.json"), "model file"),
    ],
)
def test_a_change_of_the_results_is_found(copy_of_run, drawn_again, how, expected):
    folder, data = copy_of_run
    change(folder, lambda results: how(results["models"][LINEAR]))
    status = {(c.about, c.what): c.status for c in verify(folder, data=data)}
    assert status["linear", expected] == "failed"


def test_a_form_that_is_told_to_be_private_can_not_be_checked_and_the_card_says_so(copy_of_run):
    folder, data = copy_of_run
    results = change(folder, lambda results: results["models"][LINEAR]["form"].update(private=True))
    render(folder, results)
    status = {(c.about, c.what): c.status for c in verify(folder, data=data)}
    assert status["linear", "model file"] == "open"
    assert status["run", "other files"] == "failed"  # the model's own file, which is none of what is sent then
    assert "not checkable without the private part" in (folder / "cards" / "linear.html").read_text()


@pytest.mark.parametrize("key", ["name", "title", "source", "hash", "n_rows", "task", "target"])
def test_what_is_told_of_the_data_is_held_against_them(copy_of_run, drawn_again, key):
    folder, data = copy_of_run
    change(folder, lambda results: results["data"].update({key: "another"}))
    assert ("run", "data") in failed(folder, data)


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        (lambda s: s["report"].update(owner="Somebody else"), "study"),
        (lambda s: s["split"].update(seed=1), "splits"),
        (lambda s: s["models"][1]["tree"].update(max_leaf_nodes=5), "models of the study"),
        (lambda s: s["models"].pop(), "models of the study"),
        (lambda s: s.update(colour="red"), "study"),
        (lambda s: s["data"].update(target="no such column"), "data"),
    ],
)
def test_a_changed_study_is_found(copy_of_run, drawn_again, how, expected):
    folder, data = copy_of_run
    change(folder, lambda results: how(results["study"]))
    assert ("run", expected) in failed(folder, data)
    if expected != "study":  # even where its hash was made to fit
        change(folder, lambda results: results.update(study_hash=study_hash(results["study"])))
        assert ("run", expected) in failed(folder, data)


def test_swapped_and_altered_models_are_found(copy_of_run, drawn_again):
    folder, data = copy_of_run
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


@pytest.fixture(name="other", scope="module")
def _other(tmp_path_factory):
    """Another run, of other rows held out, with a model whose arrays stand in a file of their own."""
    folder = tmp_path_factory.mktemp("another run")
    study = ONE.replace("repeats: 1", "repeats: 1, seed: 5").replace("[linear]", "[linear, {svm: {kernel: rbf}}]")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_CACHE", str(folder / "cache"))
        return run(write_study(folder, study), out=folder / "report").folder


def test_a_model_of_another_run_is_found_where_the_hash_was_made_to_fit(copy_of_run, other):
    folder, data = copy_of_run
    model = (other / "models" / "linear.json").read_bytes()
    (folder / "models" / "linear.json").write_bytes(model)
    digest = hashlib.sha256(model).hexdigest()
    results = change(folder, lambda r: r["models"][LINEAR]["form"].update(sha256=digest))
    render(folder, results)
    assert failed(folder, data) == {("linear", "form on the card"), ("linear", "holdout scores")}


def test_altered_arrays_of_a_model_are_found(other, drawn_again):
    data = other.parent / "rows é.csv"
    assert failed(other, data) == set()
    arrays = other.with_name("report.private") / "models" / "svm.npz"
    content = arrays.read_bytes()
    arrays.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert failed(other, data) == {("svm", "model")}
    arrays.unlink()
    assert failed(other, data) == {("svm", "model")}


def test_other_data_are_found_and_absent_ones_said(copy_of_run, drawn_again, tmp_path):
    folder, data = copy_of_run
    other = tmp_path / "moved data" / "other name.csv"
    other.parent.mkdir()
    shutil.copy(data, other)
    assert failed(folder, other) == set()
    other.write_text(data.read_text().replace("north", "nord", 1))
    assert failed(folder, other) == {("run", "data")}
    other.write_text("a,b\n1,2\n")
    assert failed(folder, other) == {("run", "data")}
    absent = {(c.about, c.what): c for c in verify(folder)}
    assert absent["run", "data"].status == "open"
    assert "--data PATH" in absent["run", "data"].told
    assert absent["linear", "holdout scores"].status == "open"
    assert absent["linear", "model file"].status == "ok"
    with pytest.raises(FileNotFoundError, match="no such file"):
        verify(folder, data=tmp_path / "no such file.csv")


def test_without_the_private_part_its_models_are_not_checkable(copy_of_run):
    folder, data = copy_of_run
    shutil.rmtree(folder.with_name("a report.private"))
    found = {(c.about, c.what): c for c in verify(folder, data=data)}
    assert found["forest", "model file"].status == "open"
    assert found["forest", "model file"].told == "not checkable without the private part"
    assert not [c for c in found.values() if c.status == "failed"]


def test_a_refit_gives_the_same_numbers_and_finds_others(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    done = run(write_study(tmp_path, ONE), out=tmp_path / "report")
    data = (tmp_path / "rows é.csv").rename(tmp_path / "moved.csv")
    again = {c.what: c for c in verify(done.folder, data=data, refit=True)}
    assert again["refit"].status == "ok"
    change(done.folder, lambda results: results["models"][LINEAR]["scores"]["mae"]["folds"].reverse())
    again = {c.what: c for c in verify(done.folder, data=data, refit=True)}
    assert again["refit"].status == "failed"
    assert again["refit"].told == "models[1].scores.mae.folds[0] differs"
    card = done.folder / "cards" / "linear.md"
    assert again["page linear.md"].status == "failed"
    assert "on the holdout" in card.read_text()
    assert "✓\n" in card.read_text()


@pytest.mark.parametrize("source", ["rows/", "rows-*.parquet", "rows-*"])
def test_a_table_of_parts_is_found_again_wherever_it_is(tmp_path, monkeypatch, source):
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    frame = pd.read_csv(write_study(tmp_path).parent / "rows é.csv")
    (tmp_path / "rows").mkdir()
    for n, part in enumerate((frame[:50], frame[50:])):
        for name in (f"rows/{n}.parquet", f"rows-{n}.parquet"):
            part.to_parquet(tmp_path / name)
    study = write_study(tmp_path, ONE.replace('"rows é.csv"', source).replace("linear", "dummy"))
    done = run(study, out=tmp_path / "report")
    assert done.results["data"]["source"] == done.results["study"]["data"]["source"] == source
    assert done.results["data"]["name"] == "rows"
    folder = (tmp_path / "rows").rename(tmp_path / "moved")
    for file in tmp_path.glob("rows-*"):
        file.unlink()
    absent = next(c for c in verify(done.folder) if c.what == "data")
    assert (absent.status, "name it: --data PATH" in absent.told) == ("open", True)
    for data in (folder, folder / "*.parquet"):
        found = {c.what: c.status for c in verify(done.folder, data=data)}
        assert (found["data"], found["splits"], found["study"]) == ("ok", "ok", "ok")


def test_the_command_says_it_and_its_exit_code_tells(copy_of_run):
    folder, data = copy_of_run
    done = CliRunner().invoke(app, ["verify", str(folder), "--data", str(data)])
    assert done.exit_code == 0
    assert "0 failed" in done.output
    assert "Not detectable: a forgery in which results, models, pages and data were all" in done.output
    assert hashlib.sha256((folder / "results.json").read_bytes()).hexdigest() in done.output
    (folder / "index.html").write_text("")
    done = CliRunner().invoke(app, ["verify", str(folder), "--data", str(data)])
    assert done.exit_code == 1
    assert "1 failed" in done.output
    assert CliRunner().invoke(app, ["verify", str(folder / "cards")]).exit_code == 2
    assert CliRunner().invoke(app, ["verify", str(folder), "--data", "nowhere.csv"]).exit_code == 2
