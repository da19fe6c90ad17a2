"""The command line: what it prints, where to, which exit code; with a runner that only pretends."""

from __future__ import annotations

import io
import json
import os
import sqlite3
import subprocess
import sys
import types
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

import workbench
from workbench import explainers, families, terminal
from workbench.catalog import dataset
from workbench.cli import app
from workbench.forms import Additive, Form, Identity, Linear, Logistic, Softmax
from workbench.store import Event, StoreError
from workbench.study import Study

ROWS = [
    {
        "model": "forest",
        "glassbox": False,
        "score": 0.372,
        "lower": 0.342,
        "upper": 0.402,
        "size": 61204,
        "holdout": 0.38,
    },
    {"model": "tr[ee]", "glassbox": True, "score": 0.31, "lower": 0.29, "upper": 0.33, "price": 0.062, "size": 40},
    {"model": "dummy", "glassbox": True, "score": -0.002, "lower": None, "upper": None, "holdout": None},
]
RESULTS = {
    "headline": "Reading every step costs 0.062 R².",
    "metrics": [{"name": "r2", "title": "R²"}],
    "leaderboard": {"metric": "r2", "reference": "forest", "rows": ROWS},
}


def invoke(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words], prog_name="workbench")


@dataclass
class Pretended:
    """Stands for `workbench.runner`: notes how it was called, tells of three units, gives results."""

    folder: Path
    failed: tuple[tuple[str, str], ...] = ()
    replaced: str = ""
    error: BaseException | None = None
    calls: list[dict[str, Any]] = field(default_factory=list)
    studies: list[Study] = field(default_factory=list)

    def run(self, study: str | Path | Study, *, on_event: Callable[[Event], None], **options: Any) -> Any:
        if not isinstance(study, Study):
            path = dataset(study).study_path if isinstance(study, str) else study
            study = Study.read(path, families=families.registry(), explainers=explainers.registry())
        self.studies.append(study)
        self.calls.append(options)
        on_event(Event("tree, fold 1", "tree", "start", 0.0, 0, 3))
        on_event(Event("tree, fold 1", "tree", "done", 1.25, 1, 3))
        on_event(Event("tree, fold 2", "tree", "found", 0.5, 2, 3))
        on_event(Event("forest, fold 1", "forest", "timeout", 60.0, 3, 3, "took more than 60 s"))
        if self.error:
            raise self.error
        return types.SimpleNamespace(folder=self.folder, results=RESULTS, failed=self.failed, replaced=self.replaced)


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Pretended:
    pretended = Pretended(tmp_path / "reports" / "x")
    module = types.ModuleType("workbench.runner")
    module.run = pretended.run  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "workbench.runner", module)
    monkeypatch.setattr(workbench, "runner", module, raising=False)
    monkeypatch.chdir(tmp_path)
    return pretended


@pytest.fixture
def wines(tmp_path: Path) -> Path:
    folder = tmp_path / "a folder"
    folder.mkdir()
    path = folder / "my wines.csv"
    rows = np.arange(60)
    frame = pd.DataFrame({"acid": rows * 1.5, "sort: 1": np.where(rows % 2, "red", "white"), "grade": rows % 7})
    frame.assign(note=[f"text {i}" for i in rows]).to_csv(path, index=False)
    return path


# --- run --------------------------------------------------------------------------------------------------------------


def test_run_prints_the_leaderboard_the_headline_and_the_page(runner: Pretended) -> None:
    result = invoke("run", "wine-quality-red")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["model", "R²", "95%", "interval", "price", "size", "holdout"]
    assert lines[1].split() == ["○", "forest", "0.372", "[0.342,", "0.402]", "–", "61,204", "0.380"]
    assert lines[2].split() == ["●", "tr[ee]", "0.310", "[0.290,", "0.330]", "+0.062", "40", "–"]
    assert lines[3].split() == ["●", "dummy", "−0.002", "–", "–", "–", "–"]
    assert "price: against forest" in result.stdout
    assert "Reading every step costs 0.062 R²." in result.stdout
    assert lines[-1] == str(runner.folder / "index.html")


def test_run_tells_progress_on_standard_error_in_plain_lines(runner: Pretended) -> None:
    result = invoke("run", "wine-quality-red")
    assert result.stderr.splitlines() == [
        "[1/3] tree, fold 1 (1.2 s)",
        "[2/3] tree, fold 2 (found)",
        "forest, fold 1 took too long: took more than 60 s",
    ]


def test_run_hands_its_options_on(runner: Pretended, tmp_path: Path) -> None:
    assert invoke("run", "penguins", "--out", "my out", "--quick", "--fresh", "--jobs", "2").exit_code == 0
    assert invoke("run", "penguins", "--allow-code").exit_code == 0
    first, second = runner.calls
    assert first == {
        "out": Path("my out"),
        "quick": True,
        "fresh": True,
        "jobs": 2,
        "command": "workbench run penguins --quick",
        "allow_code": False,
    }
    assert second == {
        "out": None,
        "quick": False,
        "fresh": False,
        "jobs": None,
        "command": "workbench run penguins --allow-code",
        "allow_code": True,
    }
    assert [study.name for study in runner.studies] == ["penguins", "penguins"]


def test_run_takes_a_study_file(runner: Pretended, wines: Path) -> None:
    file = wines.with_name("my study.yml")
    file.write_text("data: {source: my wines.csv, target: grade}\nmodels: [tree]\n")
    assert invoke("run", file).exit_code == 0
    assert runner.studies[0].data.source == str(wines)


def test_run_takes_a_data_file_and_says_what_it_leaves_out(runner: Pretended, wines: Path) -> None:
    result = invoke("run", wines.relative_to(Path.cwd()), "--target", "grade")
    assert result.exit_code == 0
    study = runner.studies[0]
    assert (study.name, study.data.source, study.data.task) == ("my-wines", str(wines), "regression")
    assert {"linear", "tree", "forest"} <= {model.family for model in study.models}
    assert "left out: column 'note' has 60 different texts" in result.stderr
    assert runner.calls[0]["command"] == "workbench run 'my wines.csv' --target grade", "no folder's name is sent"


def test_what_a_run_replaces_is_told(runner: Pretended) -> None:
    runner.replaced = "reports/x: held results of other data (wines), which this run has replaced"
    assert runner.replaced in invoke("run", "wine-quality-red").stderr


def test_a_model_that_failed_is_named_and_the_exit_code_is_1(runner: Pretended) -> None:
    runner.failed = (("forest", "took more than 60 s"), ("index.html", "disk full"))
    result = invoke("run", "wine-quality-red")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-2:] == ["failed: forest: took more than 60 s", "failed: index.html: disk full"]
    assert "Reading every step" in result.stdout


def test_an_interrupted_run_says_that_work_is_kept(runner: Pretended) -> None:
    runner.error = KeyboardInterrupt()
    result = invoke("run", "wine-quality-red")
    assert result.exit_code == 130
    assert result.stderr.splitlines()[-1] == "Interrupted. Finished work is kept: the same command goes on from here."


@pytest.mark.parametrize("mistake", [KeyError("a bug"), ValueError("a bug"), RuntimeError("a bug")])
def test_a_mistake_of_our_own_is_not_hidden(runner: Pretended, mistake: Exception) -> None:
    runner.error = mistake
    assert invoke("run", "wine-quality-red").exception is mistake


def test_a_folder_in_use_is_bad_input(runner: Pretended) -> None:
    runner.error = StoreError("reports/x: another run is at work")
    result = invoke("run", "wine-quality-red")
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (2, "reports/x: another run is at work")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["wine-quality-rde"], "mean 'wine-quality-red'?"),
        (["none.yaml"], "none.yaml: can't be read: No such file or directory"),
        (["none.csv", "--target", "y"], "'none.csv' does not exist"),
        (["bad.yaml"], "bad.yaml: models[0] must be a known family; got 'treee'; did you mean 'tree'?"),
        (["bad.yaml"], "bad.yaml: split.fold is not a known key; did you mean 'folds'?"),
        (["a folder/my wines.csv"], "name the column to predict with --target"),
        (["a folder/my wines.csv", "--target", "x"], "column 'x' is not in the data"),
        (["a folder/"], "is a folder"),
        (["a folder"], "is a folder"),
        (["a folder", "--target", "y"], "holds no Parquet file"),
        (["penguins", "--target", "sex"], "--target goes with a data file"),
        (["bad.yaml", "--target", "sex"], "--target goes with a data file"),
        (["penguins", "--jobs", "0"], "--jobs"),
        ([], "STUDY"),
    ],
)
def test_bad_input_is_told_cleanly(runner: Pretended, wines: Path, words: list[str], expected: str) -> None:
    Path("bad.yaml").write_text("data: {source: w}\nmodels: [treee]\nsplit: {fold: 5}\n")
    result = invoke("run", *words)
    assert result.exit_code == 2
    assert expected in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
    assert runner.calls == []


def test_debug_shows_where_an_error_comes_from(runner: Pretended) -> None:
    assert isinstance(invoke("run", "none.yaml", "--debug").exception, ValueError)


# --- new, schema, lists -----------------------------------------------------------------------------------------------


def test_new_writes_a_study_that_run_takes(runner: Pretended, wines: Path) -> None:
    result = invoke("new", wines, "--target", "grade")
    assert result.exit_code == 0
    assert "my-wines.yaml is written" in result.stderr
    assert "workbench run my-wines.yaml" in result.stderr
    assert "left out: column 'note'" in result.stderr
    assert invoke("run", "my-wines.yaml").exit_code == 0
    assert runner.studies[0].data.columns["sort: 1"].kind == "category"


def test_new_writes_the_path_as_seen_from_the_study(runner: Pretended, wines: Path) -> None:
    (wines.parent.parent / "studies").mkdir()
    assert invoke("new", "a folder/my wines.csv", "--target", "grade", "--out", "studies/w.yaml").exit_code == 0
    assert '  source: "../a folder/my wines.csv"  # ' in Path("studies/w.yaml").read_text()
    assert invoke("run", "studies/w.yaml").exit_code == 0
    assert runner.studies[0].data.source == str(wines)


def test_new_drafts_a_study_of_a_query(runner: Pretended, wines: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = wines.parent / "cellar"  # a file without a suffix
    query = 'select acid, "sort: 1", -- it\'s "both"\n grade from wine'
    with closing(sqlite3.connect(base)) as made, made:
        pd.read_csv(wines).to_sql("wine", made)
    monkeypatch.setenv("CELLAR", str(base))
    assert invoke("new", "env:CELLAR", "--query", query, "--target", "grade").exit_code == 0
    monkeypatch.chdir(wines.parent)
    assert invoke("new", "./cellar", "--query", query, "--target", "grade", "--out", "file.yaml").exit_code == 0
    assert invoke("run", "file.yaml").exit_code == invoke("run", "../CELLAR.yaml").exit_code == 0
    by_file, by_variable = (study.data for study in runner.studies)
    assert by_file.source.query == by_variable.source.query == query
    assert (by_variable.source.connection, Path(by_file.source.connection)) == ("env:CELLAR", base)
    assert list(by_file.columns) == ["acid", "sort: 1", "grade"]


def test_new_wants_a_query_of_a_database_and_never_tells_a_password(runner: Pretended) -> None:
    refused = invoke("new", "env:CELLAR", "--target", "grade")
    assert refused.exit_code == 2
    assert "a database has rows by a query: workbench new env:NAME --query" in refused.stderr
    url = "postgresql://ann:s3cr3t@db/cellar"
    for words in (("--query", "select 1"), ()):
        refused = invoke("new", url, *words, "--target", "grade")
        assert refused.exit_code == 2
        assert "s3cr3t" not in refused.stderr
    assert not list(Path().glob("*.yaml"))


def test_new_overwrites_only_when_forced(runner: Pretended, wines: Path) -> None:
    Path("w.yaml").write_text("precious")
    refused = invoke("new", wines, "--target", "grade", "--out", "w.yaml")
    assert (refused.exit_code, Path("w.yaml").read_text()) == (2, "precious")
    assert "w.yaml: exists already; give another --out, or --force to overwrite it" in refused.stderr
    assert invoke("new", wines, "--target", "grade", "--out", "w.yaml", "--force").exit_code == 0
    assert "models:" in Path("w.yaml").read_text()


def test_new_shows_the_study_where_out_is_a_dash(runner: Pretended, wines: Path) -> None:
    result = invoke("new", wines, "--target", "grade", "--out", "-")
    assert result.stdout.startswith("# A study")
    assert not list(Path().glob("*.yaml"))


def test_schema_is_json(tmp_path: Path) -> None:
    shown = invoke("schema")
    assert json.loads(shown.stdout)["$schema"].endswith("2020-12/schema")
    assert invoke("schema", "--out", tmp_path / "s.json").exit_code == 0
    assert (tmp_path / "s.json").read_text() == shown.stdout
    assert invoke("schema", "--out", tmp_path / "s.json").exit_code == 2


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("datasets", ["wine-quality-red", "1,599", "regression", "CC BY 4.0"]),
        ("families", ["tree", "yes", "regression, binary, multiclass", "forest", "no"]),
        ("explainers", ["permutation_importance", "partial_dependence"]),
    ],
)
def test_lists(command: str, expected: list[str]) -> None:
    result = invoke(command)
    assert result.exit_code == 0
    assert all(word in result.stdout for word in expected)


def test_a_table_is_as_wide_as_it_needs_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.table(("a", "b"), [("x" * 300, "[red]\x1b[31m")], right=("b",))
    assert capsys.readouterr().out.splitlines()[1].split() == ["x" * 300, "[red]\\x1b[31m"]


def test_progress_on_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr(
        terminal, "console", lambda **_: Console(file=out, force_terminal=True, width=30, _environ={"NO_COLOR": "1"})
    )
    with terminal.Progress() as progress:
        progress(Event("a unit with a name longer than the terminal", "tree", "start", 0.0, 0, 2))
        progress(Event("tree, [fold] 2", "tree", "failed", 0.0, 1, 2, "a reason"))
    shown = out.getvalue()
    assert "a reason" in shown
    assert "1/2" in shown
    assert "\x1b[31m" not in shown, "no colour where NO_COLOR is set"
    assert all(len(line) <= 30 for line in shown.replace("\r", "\n").splitlines() if "\x1b" not in line)


# --- predict, card, status --------------------------------------------------------------------------------------------


def line(column: str, *coef: float) -> Linear:
    zeros = np.zeros(len(coef))
    return Linear(column, coef=np.array(coef), center=0.0, missing=zeros)


def test_predict_writes_numbers_in_full(tmp_path: Path) -> None:
    model, data = tmp_path / "a model.json", tmp_path / "my data.csv"
    Form(Additive(np.array([0.1]), (line("x y", 0.2),)), Identity(), {"x y": "number"}, "z").save(model)
    data.write_text("x y,other\n1,a\n0.3,b\n")
    result = invoke("predict", model, data)
    assert result.exit_code == 0
    assert [float(v) for v in result.stdout.split()[1:]] == [0.1 + 0.2 * 1, 0.1 + 0.2 * 0.3]
    assert result.stdout.startswith("prediction\n")
    out = tmp_path / "out.csv"
    assert invoke("predict", model, data, "--out", out).exit_code == 0
    assert out.read_text() == result.stdout
    assert invoke("predict", model, data, "--out", out).exit_code == 2


def test_predict_gives_labels_and_probabilities_of_classes(tmp_path: Path) -> None:
    data = tmp_path / "d.csv"
    data.write_text("x\n0\n3\n-3\n")
    two, three = tmp_path / "two.json", tmp_path / "three.json"
    Form(Additive(np.array([0.0]), (line("x", 1.0),)), Logistic(), {"x": "number"}, "y", ("no", "yes")).save(two)
    body = Additive(np.zeros(3), (line("x", 1.0, 0.0, -1.0),))
    Form(body, Softmax(), {"x": "number"}, "y", ("a", "b", "c")).save(three)
    frame = pd.read_csv(io.StringIO(invoke("predict", two, data).stdout))
    assert list(frame) == ["prediction", "probability_no", "probability_yes"]
    assert frame["prediction"].tolist() == ["no", "yes", "no"]
    assert frame["probability_yes"].tolist() == pytest.approx([0.5, 1 / (1 + np.exp(-3)), 1 / (1 + np.exp(3))])
    frame = pd.read_csv(io.StringIO(invoke("predict", three, data).stdout))
    assert frame["prediction"].tolist()[1:] == ["a", "c"]
    assert frame.iloc[:, 1:].sum(axis=1).tolist() == pytest.approx([1, 1, 1])


def test_predict_names_what_is_missing(tmp_path: Path) -> None:
    model, data = tmp_path / "m.json", tmp_path / "d.csv"
    body = Additive(np.array([0.1]), (line("x y", 0.2), line("<b>", 1.0), line("z", 1.0)))
    Form(body, Identity(), {"x y": "number", "<b>": "number", "z": "number"}, "t").save(model)
    data.write_text("z\n1\n")
    result = invoke("predict", model, data)
    assert result.exit_code == 2
    assert "must have all columns that the model reads; missing: 'x y', '<b>'" in result.stderr
    model.write_text("{}")
    assert invoke("predict", model, data).exit_code == 2
    absent = invoke("predict", tmp_path / "none.json", data)
    assert (absent.exit_code, absent.stderr) == (2, f"{tmp_path / 'none.json'}: No such file or directory\n")


def test_card_renders_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import workbench.pages

    seen: list[Any] = []
    monkeypatch.setattr(workbench.pages, "render", lambda *given: seen.append(given))
    refused = invoke("card", tmp_path)
    assert (refused.exit_code, seen) == (2, [])
    assert "is no folder of a finished run" in refused.stderr
    (tmp_path / "results.json").write_text('{"format": 1}')
    assert invoke("card", tmp_path).exit_code == 0
    assert seen == [(tmp_path, {"format": 1})]
    (tmp_path / "results.json").write_text("{")
    torn = invoke("card", tmp_path)
    assert (torn.exit_code, len(seen)) == (2, 1)
    assert "results.json: is no JSON" in torn.stderr


def test_status_tells_how_far_a_run_is(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    log = [
        ("a", "start", 1), ("a", "done", 1), ("b", "found", 1), ("c", "start", os.getpid()), ("d", "start", ended.pid),
        ("e", "start", 1), ("e", "failed", 1), ("f", "timeout", 1),
    ]  # fmt: skip
    lines = [json.dumps({"unit": u, "key": "k", "event": e, "seconds": 0, "time": "", "pid": p}) for u, e, p in log]
    (tmp_path / "units.jsonl").write_text("\n".join(lines) + "\n")
    result = invoke("status", tmp_path)
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "running: c", "interrupted: d", "failed: e", "failed: f",
        "units: 2 done, 1 running, 1 interrupted, 2 failed", "finished: no",
    ]  # fmt: skip
    (tmp_path / "units.jsonl").write_text("\n".join(lines[:3]) + "\n")
    assert "finished: no" in invoke("status", tmp_path).stdout
    (tmp_path / "results.json").write_text("{}")
    assert "finished: yes" in invoke("status", tmp_path).stdout
    (tmp_path / "units.jsonl").write_text("\n".join([*lines[:3], lines[0].replace("start", "stopped")]) + "\n")
    told = "units: 1 done, 0 running, 0 interrupted, 0 failed, 1 left out"
    assert invoke("status", tmp_path).stdout.splitlines() == [told, "finished: no"]


def test_status_of_what_is_no_run(tmp_path: Path) -> None:
    result = invoke("status", tmp_path)
    assert result.exit_code == 2
    assert "is no folder of a run" in result.stderr


# --- as a program -----------------------------------------------------------------------------------------------------


HOME = str(Path(workbench.__file__).parents[1])  # where the package lies, for it need not be installed


def python(*words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": HOME}
    return subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, cwd=cwd, env=env, check=False, timeout=60
    )


def program(*words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return python("-m", "workbench", *words, cwd=cwd)


def test_help_and_version_load_nothing_heavy() -> None:
    code = (
        "import sys, workbench.cli as c\n"
        "try: c.app(['--help'])\n"
        "except SystemExit as e: assert e.code == 0\n"
        "heavy = {'numpy', 'pandas', 'pydantic', 'yaml', 'sklearn', 'matplotlib'} & set(sys.modules)\n"
        "sys.exit(f'loaded: {heavy}' if heavy else 0)"
    )
    done = python("-c", code)
    assert (done.returncode, done.stderr) == (0, "")
    assert all(
        word in done.stdout for word in ("run", "new", "schema", "datasets", "families", "explainers", "predict")
    )
    assert program("--version").stdout == f"workbench {workbench.__version__}\n"


def test_the_program_in_a_folder_with_blanks(wines: Path) -> None:
    done = program("new", wines.name, "--target", "grade", "--out", "my study.yaml", cwd=wines.parent)
    assert (done.returncode, done.stdout) == (0, "")
    assert "workbench run 'my study.yaml'" in done.stderr
    done = program("new", wines.name, "--target", "grade", "--out", "my study.yaml", cwd=wines.parent)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "Traceback" in program("new", "none.csv", "--target", "y", "--debug", cwd=wines.parent).stderr


def test_a_row_is_predicted_alike_in_any_file(tmp_path: Path) -> None:
    """Codes such as 01 are levels, not numbers, whatever other rows a file has; so are truth values and dates."""

    from workbench import Regressor

    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "code": rng.choice(["01", "02", "A1"], 200),
            "yes": rng.choice(["yes", "no"], 200),
            "day": rng.choice(["20240101", "20240601", "20241231"], 200),
        }
    )
    y = X["code"].eq("01") * 5.0 + X["yes"].eq("yes") + (X["day"] == "20241231")
    model = Regressor("tree", min_samples_leaf=1).fit(X.assign(yes=X["yes"].eq("yes"), day=pd.to_datetime(X["day"])), y)
    model.form_.save(tmp_path / "m.json")
    X.to_csv(tmp_path / "all.csv", index=False)
    digits = X["code"] != "A1"
    X[digits].to_csv(tmp_path / "digits.csv", index=False)
    found = {}
    for name in ("all", "digits"):
        out = tmp_path / f"{name}.out.csv"
        done = CliRunner().invoke(
            app, ["predict", str(tmp_path / "m.json"), str(tmp_path / f"{name}.csv"), "--out", str(out)]
        )
        assert done.exit_code == 0, done.output
        found[name] = pd.read_csv(out)["prediction"].to_numpy()
    np.testing.assert_allclose(found["all"], y)
    np.testing.assert_array_equal(found["digits"], found["all"][digits])
