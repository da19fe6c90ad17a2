"""Runs side by side: what they are called, whether they can be compared, and what the command prints."""

from __future__ import annotations

import copy
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from tests.pages.results import results
from workbench.cli import app
from workbench.interval import corrected_interval
from workbench.runs import RunsError, as_frame, changes, models_of, obstacles, read_runs

BASE = results()


def write(folder: Path, **changed: Any) -> Path:
    """Write results with some values exchanged, named by their place: data__hash."""
    given = copy.deepcopy(BASE)
    for place, value in changed.items():
        *path, last = place.split("__")
        part = given
        for name in path:
            part = part[name]
        part[last] = value
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_text(json.dumps(given), encoding="utf-8")
    return folder


def invoke(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["compare", *map(str, words)], prog_name="workbench")


@pytest.fixture
def two(tmp_path: Path) -> list[Path]:
    """Two runs on the same folds; the second knows no linear model, and a tree that scores 0.02 better everywhere."""
    given = copy.deepcopy(BASE)
    tree = next(m for m in given["models"] if m["name"] == "tree")
    rows = [r for r in given["leaderboard"]["rows"] if r["model"] != "linear"]
    tree["scores"]["r2"]["folds"] = [score + 0.02 for score in tree["scores"]["r2"]["folds"]]
    return [
        write(tmp_path / "a" / "wine"),
        write(tmp_path / "b" / "wine", models=given["models"], leaderboard__rows=rows),
    ]


def test_runs_are_called_by_what_tells_them_apart(tmp_path: Path) -> None:
    folders = [write(tmp_path / name) for name in ("a/wine", "b/wine", "beer")]
    assert [run.label for run in read_runs(folders)] == ["a/wine", "b/wine", f"{tmp_path.name}/beer"]
    assert [run.label for run in read_runs(folders[1:])] == ["wine", "beer"]


def test_runs_on_the_same_folds_can_be_compared(two: list[Path]) -> None:
    first, second = read_runs(two)
    assert obstacles((first, second)) == ()
    assert models_of((first, second)) == tuple(first.rows)
    found = changes(first, second)
    assert set(found) == {"dummy", "tree", "forest"}
    expected = corrected_interval(second.folds("tree") - first.folds("tree"), n_train=4, n_test=1)
    assert (found["tree"].mean, found["tree"].lower) == (expected.mean, expected.lower)
    assert found["tree"].mean == pytest.approx(0.02)
    assert found["forest"].mean == 0.0


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"data__hash": "0" * 64}, "b has other data: hash 000000000000…, not 4a402cf041b0… as in a"),
        (
            {"splits__hash": "1" * 64},
            "b has other folds or another holdout: hash 111111111111…, not 08e93f779891… as in a",
        ),
        ({"ranking": "rmse"}, "b ranks by another metric: rmse, not r2 as in a"),
        ({"data__task": "binary"}, "b has another task: binary, not regression as in a"),
        ({"data__target": {"name": "price"}}, "b predicts another target: 'price', not 'quality' as in a"),
    ],
)
def test_what_can_not_be_compared_is_said(tmp_path: Path, changed: dict[str, Any], told: str) -> None:
    runs = read_runs([write(tmp_path / "a"), write(tmp_path / "b", **changed)])
    assert obstacles(runs) == (told,)
    assert changes(*runs) == {}
    result = invoke(tmp_path / "a", tmp_path / "b")
    assert result.exit_code == 0
    assert f"not comparable: {told}" in result.stderr
    assert "change" not in result.stdout


def test_folds_forward_in_time_have_no_corrected_change(tmp_path: Path) -> None:
    runs = read_runs([write(tmp_path / n, splits__scheme="5-fold, forward in time") for n in "ab"])
    assert obstacles(runs) == ()
    assert changes(*runs) == {}


def test_the_command_shows_runs_side_by_side(two: list[Path]) -> None:
    result = invoke(*two)
    assert result.exit_code == 0
    assert result.stderr == ""
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["model", "a/wine:", "R²", "b/wine:", "R²", "change"]
    table = {line.split()[1]: line for line in lines[1:-1]}
    assert list(table) == [row["model"] for row in BASE["leaderboard"]["rows"]]
    assert "+0.020 [0.020, 0.020]" in table["tree"]
    assert table["linear"].rstrip().endswith("–")
    row = next(r for r in BASE["leaderboard"]["rows"] if r["model"] == "forest")
    assert f"○ forest      {row['score']:.3f} [{row['lower']:.3f}, {row['upper']:.3f}]" in table["forest"]
    assert lines[-1].endswith("change: from the first to the second on the same test rows, better above 0")


def test_a_csv_has_a_row_for_each_run_and_model(two: list[Path], tmp_path: Path) -> None:
    file = tmp_path / "all.csv"
    assert invoke(*two, "--out", file).exit_code == 0
    written = pd.read_csv(file)
    assert written.groupby("run").size().to_dict() == {"a/wine": 4, "b/wine": 3}
    forest = written[written["model"] == "forest"]
    assert forest["score"].nunique() == 1
    assert written["size"].dtype == "int64"
    pd.testing.assert_series_equal(written["score"], as_frame(read_runs(two))["score"])
    again = invoke(*two, "--out", file)
    assert again.exit_code == 2
    assert invoke(*two, "--out", file, "--force").exit_code == 0


def test_three_runs_have_no_column_of_change(two: list[Path], tmp_path: Path) -> None:
    result = invoke(*two, write(tmp_path / "c" / "wine"))
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0].split()[1::2] == ["a/wine:", "b/wine:", "c/wine:"]


def test_a_model_that_failed_in_one_run_has_no_change(two: list[Path], tmp_path: Path) -> None:
    given = copy.deepcopy(BASE)
    given["models"] = [m for m in given["models"] if m["name"] != "tree"]
    given["leaderboard"]["rows"][0] |= {"score": None, "lower": None, "upper": None}
    first, second = read_runs([two[0], write(tmp_path / "c", **given)])
    assert "tree" not in changes(first, second)
    assert len(second.folds("tree")) == 0
    assert invoke(two[0], tmp_path / "c").exit_code == 0


def test_undefined_scores_are_left_out_of_a_change(tmp_path: Path) -> None:
    given = copy.deepcopy(BASE)
    given["models"][1]["scores"]["r2"]["folds"][0] = None
    first, second = read_runs([write(tmp_path / "a"), write(tmp_path / "b", models=given["models"])])
    assert math.isnan(second.folds("linear")[0])
    assert changes(first, second)["linear"].n_scores == len(np.atleast_1d(first.folds("linear"))) - 1


def test_what_is_no_run_is_named(two: list[Path], tmp_path: Path) -> None:
    for words, told in (
        ([two[0]], "compare needs at least two folders of runs"),
        ([two[0], two[0]], "all different"),
        ([two[0], tmp_path / "nothing"], "nothing: is no folder of a finished run"),
    ):
        result = invoke(*words)
        assert result.exit_code == 2
        assert told in result.stderr
    (write(tmp_path / "old", format=0))
    with pytest.raises(RunsError, match="must have format 1; got 0: run the study again"):
        read_runs([two[0], tmp_path / "old"])
    (tmp_path / "old" / "results.json").write_text("{")
    with pytest.raises(RunsError, match="is no JSON"):
        read_runs([two[0], tmp_path / "old"])
