"""The study file: what is read, what is refused and how that is said, the schema, the first draft."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Literal, get_args

import jsonschema
import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field, ValidationError

from workbench.catalog import dataset, datasets
from workbench.columns import KINDS, ROLES
from workbench.study import Study, StudyError, describe, json_schema, template
from workbench.study.parts import Kind, Role
from workbench.study.text import parse_yaml
from workbench.table import Table


class Dummy:
    title, summary, glassbox, tasks = "baseline", "predicts the mean", True, ("regression", "binary", "multiclass")

    class Parameters(BaseModel, extra="forbid"):
        pass


class Tree:
    title, summary, glassbox, tasks = "decision tree", "asks questions", True, ("regression", "binary", "multiclass")

    class Parameters(BaseModel, extra="forbid"):
        max_leaf_nodes: int = Field(12, ge=2, description="most leaves")
        max_features: int | float | Literal["sqrt", "log2"] | None = None
        cuts: tuple[float, ...] = ()
        monotone: dict[str, Literal["increasing", "decreasing"]] | None = None


class Ebm:
    title, summary, glassbox, tasks = "boosting machine", "adds up shapes", True, ("regression", "binary")

    class Parameters(BaseModel, extra="forbid"):
        preset: Literal["fast", "balanced", "thorough"] = "balanced"


class Forest(Tree):
    title, glassbox = "random forest", False


class Permutation:
    title, summary = "permutation importance", "shuffles a column"

    class Options(BaseModel, extra="forbid", frozen=True):
        n_repeats: int = Field(5, ge=1)


class Dependence:
    title, summary = "partial dependence", "averages predictions"

    class Options(BaseModel, extra="forbid", frozen=True):
        grid_resolution: int = Field(20, ge=2, description="points of the grid")
        features: tuple[str, ...] | None = None


FAMILIES: dict[str, type[Any]] = {"dummy": Dummy, "ebm": Ebm, "forest": Forest, "tree": Tree}
EXPLAINERS: dict[str, type[Any]] = {"partial_dependence": Dependence, "permutation_importance": Permutation}
SHORT = {"data": {"source": "wine-quality-red"}, "models": ["tree"]}


def study(whole: Any = None, /, **more: Any) -> Study:
    asked = {**SHORT, **more} if whole is None else whole
    return Study.from_dict(asked, families=FAMILIES, explainers=EXPLAINERS)


def text(content: str) -> Study:
    return Study.from_text(content, families=FAMILIES, explainers=EXPLAINERS)


def problems(whole: Any = None, /, **more: Any) -> tuple[str, ...]:
    with pytest.raises(StudyError) as caught:
        text(whole) if isinstance(whole, str) else study(whole, **more)
    assert str(caught.value) == "\n".join(caught.value.problems)
    return caught.value.problems


FULL = """
study: red-wine
data:
  source: wine-quality-red
  target: {column: quality, at_least: 6}
  task: binary
  positive: true
  columns:
    alcohol: {unit: "% vol", label: Alcohol, kind: number, role: feature, description: by volume}
    "fixed acidity": {role: sensitive, feature: true}
    grade: {kind: ordered, levels: [low, 2, 3.5, true, no]}
split: {holdout: 0.25, folds: 5, repeats: 2, seed: 0, duplicates: auto}
models:
  - dummy
  - ebm: {preset: fast}
  - tree: {name: small-tree, max_leaf_nodes: 12, monotone: {alcohol: increasing}, cuts: [1e-3, 2]}
  - tree
tune: {budget: 0}
metrics: [log_loss, roc_auc]
compare: {region: 0.02}
explain: [permutation_importance, {partial_dependence: {grid_resolution: 30}}]
report: {formats: [html], owner: " Ana ", intended_use: "...", rows: false}
run: {jobs: 1, accelerate: off, time_limit: 60}
"""


# --- what is read -----------------------------------------------------------------------------------------------------


def test_a_short_study_takes_every_default() -> None:
    short = study()
    assert (short.name, short.data.target, short.data.task) == ("wine-quality-red", None, None)
    assert (short.split.holdout, short.split.folds, short.split.repeats, short.split.seed) == (0.25, "auto", 2, 0)
    assert short.split.sample == 20_000
    assert short.metrics == "auto"
    assert short.compare.region == "auto"
    assert [e.method for e in short.explain] == ["permutation_importance", "partial_dependence"]
    assert short.report.formats == ("html", "pdf")
    assert short.run.jobs in (1, 2)
    assert short.run.time_limit == 600


def test_a_full_study_is_read_as_written() -> None:
    full = text(FULL)
    small = full.models[2]
    assert [m.name for m in full.models] == ["dummy", "ebm", "small-tree", "tree"]
    assert (small.family, small.params["cuts"], small.params["monotone"]) == (
        "tree",
        [0.001, 2.0],
        {"alcohol": "increasing"},
    )
    assert full.models[3].params == {}, "what is not set stays open to the study's seed and to quick runs"
    assert full.explain[1].options == {"grid_resolution": 30}
    assert full.run.accelerate == "off", "off is no boolean"
    assert full.report.owner == "Ana"
    assert full.table_arguments() == {
        "source": "wine-quality-red",
        "target": {"column": "quality", "at_least": 6.0},
        "task": "binary",
        "positive": True,
        "columns": {
            "alcohol": {
                "unit": "% vol",
                "label": "Alcohol",
                "kind": "number",
                "role": "feature",
                "description": "by volume",
            },
            "fixed acidity": {"role": "sensitive", "feature": True},
            "grade": {"kind": "ordered", "levels": ["low", 2, 3.5, True, "no"]},
        },
    }


def test_a_resolved_study_is_a_study_again() -> None:
    for each in (study(), text(FULL)):
        plain = each.to_dict()
        assert json.loads(json.dumps(plain)) == plain
        again = study(plain)
        assert again.to_dict() == plain
        assert again.identity() == each.identity()
    assert "owner" not in study().to_dict()["report"], "only what the person gave"


def test_identity_holds_what_decides_the_numbers_and_nothing_else() -> None:
    one = study().identity()
    same = [{"study": "x"}, {"run": {"jobs": 7, "time_limit": 1}}, {"report": {"owner": "A"}}, {"tune": {"budget": 0}}]
    other = [
        {"split": {"seed": 1}},
        {"models": ["dummy"]},
        {"metrics": ["mae"]},
        {"run": {"accelerate": "off"}},
        {"explain": []},
    ]
    assert all(study(**more).identity() == one for more in same)
    assert all(study(**more).identity() != one for more in other)


def test_a_path_is_taken_from_the_folder_of_the_study_and_never_handed_on(tmp_path: Path) -> None:
    folder = tmp_path / "Ana's folder"
    folder.mkdir()
    file = folder / "my study.yaml"
    file.write_text("data: {source: ../my data.csv, target: y}\nmodels: [tree]\n", encoding="utf-8-sig")
    read = Study.read(str(file), families=FAMILIES, explainers=EXPLAINERS)
    assert read.data.source == str(tmp_path / "my data.csv")
    assert read.name == "my-data"
    assert read.to_dict()["data"]["source"] == "my data.csv"
    assert str(tmp_path) not in json.dumps(read.to_dict()) + read.identity()


@pytest.mark.parametrize(
    ("source", "is_path"),
    [
        ("wine-quality-red", False),
        ("wine.csv", True),
        ("a/b", True),
        ("~/x.parquet", True),
        ("C:\\x", True),
        ("ümlaut", False),
        ("https://a.org/b/wine.csv", False),
    ],
)
def test_a_source_with_a_suffix_or_a_separator_is_a_path(source: str, is_path: bool) -> None:
    assert study(data={"source": source, "target": "y"}).data.is_path is is_path


def test_a_url_is_fetched_as_it_stands_and_told_without_its_secrets() -> None:
    url = "https://ann:passw0rd@a.org:8443/b/red%20wine.csv?token=t0ken#top"
    asked = study({"data": {"source": url, "target": "y"}, "models": ["tree"]})
    assert asked.data.is_url
    assert asked.table_arguments()["source"] == url
    assert asked.name == "red-wine"
    assert asked.to_dict()["data"]["source"] == "https://a.org:8443/b/red%20wine.csv"
    assert not re.search("ann|passw0rd|t0ken", json.dumps(asked.to_dict()) + asked.identity())


def test_a_study_is_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        study().split.folds = 3  # type: ignore[misc]


def test_quick_is_the_same_study_with_fewer_folds() -> None:
    assert (study().quick().split.folds, study().quick().split.repeats) == ("few", 1)
    assert study(split={"folds": 2}).quick().split.folds == 2
    assert study(split={"folds": 7}).quick().split.folds == 3
    assert study().quick().quick().split.folds == "few"
    assert study().quick().models == study().models
    assert (study().compare.refits, study().compare.noise) == (True, True)
    assert (study().compare.diagnose, study().compare.paths) == (True, False)
    off = dict.fromkeys(("refits", "noise", "diagnose", "paths"), False)
    assert study(compare={"paths": True}).quick().to_dict()["compare"] == {"region": "auto", **off}


def test_the_words_of_the_study_are_those_of_the_table() -> None:
    assert get_args(Kind) == KINDS
    assert get_args(Role) == ROLES


# --- what is refused --------------------------------------------------------------------------------------------------


def test_an_error_names_file_key_path_rule_value_and_next_step() -> None:
    assert problems(models=["tree", "dummy", {"ebm": {"preset": "quick"}}]) == (
        "study.yaml: models[2].ebm.preset must be one of fast, balanced, thorough; got 'quick'",
    )
    assert problems(split={"fold": 5}) == ("study.yaml: split.fold is not a known key; did you mean 'folds'?",)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"spilt": {}}, "spilt is not a known key; did you mean 'split'?"),
        ({"zzz": 1}, "zzz is not a known key; known keys: study, data, split, models"),
        ({"split": {"holdout": 1.5}}, "split.holdout must be at most 0.9; got 1.5"),
        ({"split": {"folds": 1}}, "split.folds must be at least 2 or one of auto, few; got 1"),
        ({"split": {"folds": "5"}}, "split.folds must be a whole number or one of auto, few; got '5'"),
        ({"split": {"folds": True}}, "split.folds must be a whole number or one of auto, few; got true"),
        ({"split": {"folds": 5.0}}, "split.folds must be a whole number or one of auto, few; got 5.0"),
        ({"split": {"duplicates": "keep"}}, "split.duplicates must be one of auto, together, ignore, drop; got 'keep'"),
        ({"split": None}, "split must be a mapping of keys; got nothing"),
        ({"split": [1]}, "split must be a mapping of keys; got a list"),
        ({"study": "a/b"}, "study must be safe as a file's name"),
        ({"study": ".."}, "study must be safe as a file's name"),
        ({"study": "x.private"}, "no '.private' at the end; got 'x.private'"),
        ({"study": 2026}, "study must be text; got 2026; put it in quotes"),
        ({"models": []}, "models must be a list of 1 or more; got an empty list"),
        ({"models": "tree"}, "models must be a list; got 'tree'"),
        ({"models": ["treee"]}, "models[0] must be a known family; got 'treee'; did you mean 'tree'?"),
        ({"models": ["zzz"]}, "models[0] must be a known family; got 'zzz'; known: dummy, ebm, forest, tree"),
        ({"models": [{"forst": {}}]}, "models[0].forst is not a known family; did you mean 'forest'?"),
        ({"models": [{"tree": None}]}, "models[0].tree must be a mapping of parameters; got nothing; '- tree' alone"),
        ({"models": [{"tree": None, "cuts": []}]}, "got the keys tree, cuts; indent the parameters of tree below it"),
        ({"models": [{"x": None, "y": []}]}, "got the keys x, y; give each its own '- '"),
        ({"models": [3]}, "models[0] must be the name of a known family, alone or with parameters; got 3"),
        ({"models": [{}]}, "models[0] must be the name of a known family, alone or with parameters; got an empty"),
        ({"models": [{"tree": {"max_leaf_nodes": 1}}]}, "models[0].tree.max_leaf_nodes must be at least 2; got 1"),
        ({"models": [{"tree": {"max_leafs": 1}}]}, "models[0].tree.max_leafs is not a known key; did you mean 'max_le"),
        (
            {"models": [{"tree": {"max_features": "all"}}]},
            "tree.max_features must be a whole number or a number or one of sqrt, log2; got 'all'",
        ),
        ({"models": [{"tree": {"cuts": [1, "x"]}}]}, "models[0].tree.cuts[1] must be a number; got 'x'"),
        (
            {"models": [{"tree": {"monotone": {"a b": "up"}}}]},
            "models[0].tree.monotone['a b'] must be one of increasing, decreasing; got 'up'",
        ),
        ({"models": [{"tree": {"name": "a b"}}]}, "models[0].tree.name must be safe as a file's name"),
        ({"models": [{"tree": {"name": "x" * 61}}]}, "at most 60 of the letters a to z, digits, '-', '_' and '.'"),
        (
            {"models": ["tree", "tree"]},
            "models[1].tree has the name 'tree' that models[0] has; give it another by name:",
        ),
        ({"models": [{"tree": {"name": "Tree"}}, "tree"]}, "models[1].tree has the name 'tree' that models[0] has"),
        ({"explain": None}, "explain must be a list; got nothing"),
        ({"explain": ["pdp"]}, "explain[0] must be a known explainer; got 'pdp'; known: partial_dependence, permut"),
        (
            {"explain": [{"partial_dependence": {"grid": 3}}]},
            "explain[0].partial_dependence.grid is not a known key; known keys: grid_resolution, features",
        ),
        ({"explain": ["partial_dependence"] * 2}, "explain[1].partial_dependence is asked for in explain[0] already"),
        ({"metrics": "r2"}, "metrics must be auto or a list; got 'r2'"),
        ({"metrics": []}, "metrics must be auto or a list of 1 or more; got an empty list"),
        ({"metrics": ["acuracy"]}, "metrics[0] must be a metric; got 'acuracy'; did you mean 'accuracy'?"),
        ({"metrics": ["r2", "r2"]}, "metrics[1] repeats 'r2'"),
        ({"compare": {"region": -1}}, "compare.region must be auto or at least 0; got -1"),
        ({"compare": {"refits": "no"}}, "compare.refits must be true or false; got 'no'"),
        ({"compare": {"diagnose": 1}}, "compare.diagnose must be true or false; got 1"),
        ({"compare": {"path": True}}, "compare.path is not a known key; did you mean 'paths'?"),
        ({"compare": {"nois": False}}, "compare.nois is not a known key; did you mean 'noise'?"),
        ({"tune": {"budget": -1}}, "tune.budget must be at least 0; got -1"),
        ({"tune": {"seconds": 0}}, "tune.seconds must be greater than 0; got 0"),
        (
            {"report": {"formats": ["html", "mdx"]}},
            "report.formats[1] must be one of html, pdf, md; got 'mdx'",
        ),
        ({"report": {"formats": ["docx"]}}, "report.formats[0] must be one of html, pdf, md; got 'docx'"),
        ({"report": {"formats": "html"}}, "report.formats must be a list; got 'html'"),
        ({"report": {"rows": True}}, "report.rows must be false: rows in reports come with a later release; got true"),
        ({"report": {"version": 1.0}}, "report.version must be text; got 1.0; put it in quotes"),
        ({"report": {"intended_us": "x"}}, "report.intended_us is not a known key; did you mean 'intended_use'?"),
        ({"run": {"jobs": 0}}, "run.jobs must be at least 1; got 0"),
        ({"run": {"accelerate": False}}, "run.accelerate must be one of auto, off; got false"),
        ({"run": {"time_limit": 0}}, "run.time_limit must be greater than 0; got 0"),
        (
            {"run": {"executor": "dask"}},
            "run.address is missing, and executor is dask: start a cluster with 'dask scheduler' and 'dask worker', "
            "and give the scheduler's address",
        ),
        (
            {"run": {"address": "tcp://10.0.0.1:8786"}},
            "run.address goes with executor: dask; set that, or leave the address out",
        ),
        (
            {"run": {"executor": "dask", "address": "10.0.0.1"}},
            "run.address must be the address of a Dask scheduler, such as tcp://192.168.0.1:8786; got '10.0.0.1'",
        ),
    ],
)
def test_each_broken_rule_has_its_sentence(more: dict[str, Any], expected: str) -> None:
    (line,) = problems(**more)
    assert line.startswith("study.yaml: ")
    assert expected in line


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({}, "data.source is missing; it is: The name of a bundled data set"),
        ({"source": "x.csv"}, "data.target is missing: name the column to predict"),
        ({"source": "s3://a/x.csv", "target": "y"}, "data.source must be a URL of http or https; got s3; download the"),
        ({"source": "https://a.org/x.csv"}, "data.target is missing: name the column to predict"),
        ({"source": "w", "target": 2020}, "data.target must be text or a mapping of keys; got 2020; put it in quotes"),
        (
            {"source": "w", "target": {"column": "a", "at_leats": 1}},
            "data.target.at_leats is not a known key; did you mean",
        ),
        (
            {"source": "w", "task": "regresion"},
            "data.task must be one of regression, binary, multiclass; got 'regresion'",
        ),
        ({"source": "w", "task": "multiclass", "positive": "a"}, "data.positive is for binary targets alone"),
        (
            {"source": "w", "task": "regression", "target": {"column": "a", "at_least": 1}},
            "data.task must be binary, as",
        ),
        (
            {"source": "w", "columns": {"a b": {"knd": 1}}},
            "data.columns['a b'].knd is not a known key; did you mean 'kind'?",
        ),
        (
            {"source": "w", "columns": {"unit": {"rol": 1}}},
            "data.columns.unit.rol is not a known key; did you mean 'role'?",
        ),
        ({"source": "w", "columns": {"a": {"kind": "numeric"}}}, "data.columns.a.kind must be one of number, category"),
        (
            {"source": "w", "columns": {"a": {"feature": True}}},
            "data.columns.a.feature is for columns with role: sensitive",
        ),
        (
            {"source": "w", "target": "y", "columns": {"y": {"role": "id"}}},
            "data.columns.y.role must agree with data.target",
        ),
        (
            {"source": "w", "target": "y", "columns": {"x": {"role": "target"}}},
            "must agree with data.target ('y'); got 'tar",
        ),
    ],
)
def test_the_data_section(data: dict[str, Any], expected: str) -> None:
    assert any(expected in line for line in problems(data=data))


def test_all_problems_are_told_at_once_in_the_order_of_the_file() -> None:
    lines = problems(
        "data: {}\nmodels: [zzz, tree: {cuts: x}]\nsplit: {folds: 1}\nmetrics: [r9]\nwhat: 1\nrun: {jobs: 0}\n"
    )
    assert [re.sub(r"study.yaml: ([\w.\[\]]+) .*", r"\1", line) for line in lines] == [
        "what",
        "data.source",
        "split.folds",
        "models[0]",
        "models[1].tree.cuts",
        "run.jobs",
    ]


def test_a_model_that_cannot_do_the_task_is_named_with_those_that_can() -> None:
    line = "models[1].ebm can't do multiclass; families that can: dummy, forest, tree"
    data = {"source": "penguins", "task": "multiclass"}
    assert problems(data=data, models=["tree", "ebm"]) == (f"study.yaml: {line}",)
    later = study(models=["tree", "ebm"])
    later.check_task("regression", families=FAMILIES)
    with pytest.raises(StudyError, match=re.escape(f"wine.yaml: {line}")):
        later.check_task("multiclass", families=FAMILIES, place="wine.yaml")


def test_a_metric_of_another_task_is_refused_as_soon_as_the_task_is_known() -> None:
    data = {"source": "w", "target": {"column": "q", "at_least": 6}}
    (line,) = problems(data=data, metrics=["log_loss", "r2"])
    assert "metrics[1] must be a metric of binary; got 'r2'; metrics of binary: log_loss" in line
    with pytest.raises(StudyError, match="must be a metric of regression; got 'log_loss'"):
        study(metrics=["log_loss"]).check_task("regression", families=FAMILIES)


def test_a_family_may_check_parameters_together() -> None:
    class Odd(Tree):
        class Parameters(BaseModel, extra="forbid"):
            a: int = 0

            def model_post_init(self, context: Any) -> None:
                if self.a == 3:
                    raise ValueError("a must not be 3; take 4")

    with pytest.raises(StudyError, match=r"models\[0\].odd a must not be 3; take 4"):
        Study.from_dict({**SHORT, "models": [{"odd": {"a": 3}}]}, families={"odd": Odd}, explainers={})


@pytest.mark.parametrize("data", [None, [], "text", 3])
def test_what_is_no_mapping_is_refused(data: Any) -> None:
    with pytest.raises(StudyError, match="must be a mapping of keys"):
        Study.from_dict(data, families=FAMILIES, explainers=EXPLAINERS)


@pytest.mark.parametrize("value", [float("nan"), object(), {1, 2}])
def test_what_no_file_could_hold_is_refused(value: Any) -> None:
    assert (
        "must hold text, finite numbers, lists and mappings alone"
        in problems({**SHORT, "compare": {"region": value}})[0]
    )


# --- YAML -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("a: b: c", "line 1, column 5: mapping values are not allowed here"),
        ("a: 1\n\tb: 2", "line 2, column 1: "),
        ("a: [1\nb: 2", "line 2"),
        ("a: 1\nb: 2\na: 3", "line 3, column 1: the key 'a' occurs twice; keep one"),
        ("a: {x: 1, x: 2}", "line 1, column 11: the key 'x' occurs twice"),
        ("a: &x [1]\nb: *x", "line 2, column 4: aliases (*name) are not read; write the value out"),
        ("a: " + "[" * 100_000, "line 1, column 23: values are nested more than 20 deep"),
        ("a: !!python/object/apply:os.system [ls]", "line 1, column 4: could not determine a constructor for the tag"),
        ("a: !!binary aGk=", "line 1, column 4: could not determine a constructor"),
        ("? [1]\n: 2", "line 1, column 3: a key must be plain text"),
        ("a: 1e999", "line 1, column 4: the number 1e999 is too large"),
        ("a: " + "9" * 5000, "line 1, column 4: a number can't be read"),
        ("a: 1\n---\nb: 2", "line 2, column 1: expected a single document"),
        ("a: 1\nb: \x00", "line 2: the character '\\x00' can't stand in YAML"),
        ("", "must be a mapping of keys (study, data, split, models"),
        ("- tree", "must be a mapping of keys"),
    ],
)
def test_bad_yaml_is_told_with_line_and_column(content: str, expected: str) -> None:
    (line,) = problems(content)
    assert line.startswith("study.yaml: ")
    assert expected in line


def test_plain_scalars_are_those_of_yaml_1_2() -> None:
    content = (
        "[yes, no, on, off, y, 012, 0x1F, 0o17, 1e-3, 1.5, .5, 2020-01-31, 12:30:45, ~, null, true, FALSE, 1_0, '1']"
    )
    expected = ["yes", "no", "on", "off", "y", 12, 31, 15, 0.001, 1.5, 0.5, "2020-01-31", "12:30:45"]
    assert parse_yaml(content, "x") == [*expected, None, None, True, False, "1_0", "1"]


def test_keys_are_the_text_that_is_written() -> None:
    assert parse_yaml("{1: a, 1.50: b, true: c, ~: d, no: e, '': f}", "x") == {
        "1": "a",
        "1.50": "b",
        "true": "c",
        "~": "d",
        "no": "e",
        "": "f",
    }


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    def error(path: Path) -> str:
        with pytest.raises(StudyError) as caught:
            Study.read(path, families=FAMILIES, explainers=EXPLAINERS)
        return str(caught.value)

    large, latin = tmp_path / "large.yaml", tmp_path / "latin.yaml"
    large.write_bytes(b"#" * (2**20 + 1))
    latin.write_bytes("study: x\n# Käse\n".encode("latin-1"))
    assert (
        error(large)
        == f"{large}: must be at most 1 MiB (1,048,576 bytes) large; is this a study file and not the data?"
    )
    assert error(latin) == f"{latin}: line 2: must be UTF-8 text; save the file as UTF-8"
    assert error(tmp_path / "none.yaml") == f"{tmp_path / 'none.yaml'}: can't be read: No such file or directory"
    assert "can't be read: Is a directory" in error(tmp_path)


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda b: b.decode("latin-1")))
def test_any_text_is_read_or_refused_in_words(content: str) -> None:
    said = "x.yaml: "
    try:
        parse_yaml(content, "x.yaml")
    except StudyError as error:
        said = str(error)
    assert said.startswith("x.yaml: ")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["tree", "source", "name", "a"]), inner)
    ),
    max_leaves=8,
)


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(st.sampled_from(list(text(FULL).to_dict())), _JSON))
def test_any_data_is_a_study_or_refused_in_words(data: dict[str, Any]) -> None:
    said: tuple[str, ...] = ()
    try:
        assert study({**SHORT, **data}).models
    except StudyError as error:
        said = error.problems
    assert all(line.startswith("study.yaml: ") for line in said)


# --- the schema -------------------------------------------------------------------------------------------------------

SCHEMA = json_schema(FAMILIES, EXPLAINERS)


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    return jsonschema.Draft202012Validator(SCHEMA)


def test_the_schema_takes_what_the_study_takes(validator: jsonschema.Draft202012Validator) -> None:
    for each in (SHORT, parse_yaml(FULL, "x"), study().to_dict(), text(FULL).to_dict()):
        validator.validate(each)


@pytest.mark.parametrize("name", datasets())
def test_the_schema_of_the_families_at_hand_takes_every_bundled_study(name: str) -> None:
    from workbench.explainers import explainer, explainers
    from workbench.families import registry

    methods = {method: explainer(method) for method in explainers()}
    path = dataset(name).study_path
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(json_schema(registry(), methods)).validate(content)
    assert Study.read(path, families=registry(), explainers=methods).name == name


@pytest.mark.parametrize(
    "more",
    [
        {"spilt": {}},
        {"study": "a/b"},
        {"split": {"folds": 1}},
        {"split": {"folds": "5"}},
        {"models": []},
        {"models": ["treee"]},
        {"models": [{"tree": {"max_leafs": 1}}]},
        {"models": [{"tree": {"max_leaf_nodes": 1}}]},
        {"models": [{"tree": {"name": "a b"}}]},
        {"models": [{"tree": {}, "ebm": {}}]},
        {"explain": [{"partial_dependence": {"grid": 1}}]},
        {"tune": {"budget": 2.5}},
        {"report": {"formats": ["mdx"]}},
        {"report": {"rows": True}},
        {"run": {"accelerate": False}},
    ],
)
def test_the_schema_refuses_what_the_study_refuses(
    validator: jsonschema.Draft202012Validator, more: dict[str, Any]
) -> None:
    assert problems(**more)
    assert not validator.is_valid({**SHORT, **more})


def test_the_schema_describes_every_key() -> None:
    assert all("description" in key or "$ref" in key for key in SCHEMA["properties"].values())
    for part in SCHEMA["$defs"].values():
        assert all("description" in key or "$ref" in key for key in part["properties"].values())
    assert "asks questions" in json.dumps(SCHEMA)
    assert "most leaves" in json.dumps(SCHEMA)
    assert "ModelSpec" not in json.dumps(SCHEMA)


# --- the first draft --------------------------------------------------------------------------------------------------

ODD = [
    "a b",
    "x: y",
    "<script>'\"",
    "yes",
    "π\n#",
    "123",
    "1e5",
    "emo😀",
    "# x",
    "- z",
    "null",
    "{a}",
    "*a",
    "a\\b",
    "’",
    "a\u2028b",
]


def draft(frame: pd.DataFrame, target: str = "y") -> tuple[str, Study, dict[str, str]]:
    table, left_out = describe(frame, target)
    written = template(table, source="my data.csv", families=FAMILIES, explainers=EXPLAINERS, left_out=left_out)
    return written, text(written), left_out


def test_a_draft_is_a_study_of_every_column_whatever_its_name() -> None:
    frame = pd.DataFrame({name: np.arange(60.0) for name in ODD} | {"y": ["u", "v", "w"] * 20})
    written, read, left_out = draft(frame)
    assert list(read.data.columns) == list(frame.columns)
    assert {c.kind for name, c in read.data.columns.items() if name != "y"} == {"number"}
    assert read.data.task == "multiclass"
    assert [m.family for m in read.models] == ["dummy", "tree", "forest"], "ebm can't do multiclass; black boxes last"
    assert left_out == {}
    assert Table.from_frame(frame, **{k: v for k, v in read.table_arguments().items() if k != "source"}).n_rows == 60
    assert "# report:" in written
    assert "# calibrate: sigmoid recalibrates the probabilities of a model: {forest: {calibrate: sigmoid}}" in written
    assert "calibrate" not in draft(frame.assign(y=frame["yes"] * 1.5))[0]


@settings(max_examples=40, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip))
def test_a_draft_holds_any_name(name: str) -> None:
    frame = pd.DataFrame({f"{name}_": [0.0, 1.0, 2.0], name: [0.0, 1.0, 2.0]})
    _, read, _ = draft(frame, name)
    assert (read.data.target, list(read.data.columns)) == (name, [f"{name}_", name])


def test_a_draft_leaves_out_what_cannot_be_used_and_says_why() -> None:
    frame = pd.DataFrame(
        {"note": [f"text {i}" for i in range(60)], "empty": [None] * 60, "x": np.arange(60.0), "y": np.arange(60.0) % 7}
    )
    written, read, left_out = draft(frame)
    assert set(left_out) == {"note", "empty"}
    assert "note: {role: ignore}  # column 'note' has 60 different texts" in written
    assert read.data.columns["note"].role == "ignore"
    assert read.data.task == "regression"


def test_a_draft_keeps_order_and_the_positive_class() -> None:
    grade = pd.Categorical(["lo", "no"] * 30, categories=["no", "lo"], ordered=True)
    _, read, _ = draft(pd.DataFrame({"grade": grade, "x": np.arange(60.0), "y": ["yes", "no", "yes"] * 20}))
    assert read.data.columns["grade"].levels == ("no", "lo")
    assert (read.data.task, read.data.positive) == ("binary", "yes")
    _, read, _ = draft(pd.DataFrame({"x": np.arange(60.0), "y": [0, 1] * 30}))
    assert read.data.positive == 1
    _, read, _ = draft(pd.DataFrame({"x": np.arange(60.0), "y": [True, False] * 30}))
    assert read.data.positive is True


@pytest.mark.parametrize(("target", "expected"), [("z", "'z' is not in the data"), ("y", "is missing in 1 of 3 rows")])
def test_a_draft_needs_a_target(target: str, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        describe(pd.DataFrame({"x": [1.0, 2.0, 3.0], "y": [1.0, None, 2.0]}), target)
