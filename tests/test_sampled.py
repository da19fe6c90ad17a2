"""Studies of many rows: a draw for what needs no more, the holdout alone, and that both are told."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import workbench as wb
from workbench import splits
from workbench.facts import hidden_counts
from workbench.metrics import metric
from workbench.sampled import sampling
from workbench.sampling import draw_rows
from workbench.table import Table
from workbench.verify import verify
from workbench.work.fitted import Refit
from workbench.work.said import Said
from workbench.work.subject import Subject

# what pages say of scores only where there are folds
_OF_FOLDS = re.compile("over (the )?folds|folds share|same folds|every fold|by fold|Folds:")


@pytest.mark.parametrize("seed", range(3))
def test_a_draw_keeps_order_and_shares(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.choice(10_000, 5_000, replace=False))
    labels = rng.choice(["a", "b", "c"], 5_000, p=[0.9, 0.0985, 0.0015])
    drawn = draw_rows(rows, 600, [seed, 1], labels)
    assert np.array_equal(drawn, np.unique(drawn))
    assert np.isin(drawn, rows).all()
    assert len(drawn) in (600, 601)  # a class that has less than one row gets one
    of = pd.Series(labels, rows)
    shares, whole = of[drawn].value_counts(), of.value_counts()
    assert all(abs(shares[label] - whole[label] * 600 / 5_000) <= 1 for label in whole.index)
    assert np.array_equal(drawn, draw_rows(rows, 600, [seed, 1], labels))
    assert not np.array_equal(drawn, draw_rows(rows, 600, [seed, 2], labels))
    assert draw_rows(rows, 5_000, 0) is draw_rows(rows, None, 0) is rows


def test_each_row_is_as_likely_as_any_other_of_its_class() -> None:
    labels = np.repeat([0, 1], [30, 10])
    counts = sum(np.bincount(draw_rows(np.arange(40), 20, seed, labels), minlength=40) for seed in range(2_000))
    assert np.abs(counts / 2_000 - 0.5).max() < 0.06  # 5 standard errors


def _frame(task: str, n: int = 4_000) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=n), "b": rng.normal(size=n), "c": rng.choice(["x", "y"], n)})
    signal = frame["a"] + (frame["c"] == "x") + rng.normal(size=n)
    frame["y"] = signal if task == "regression" else np.where(signal > 0.5, "yes", "no")
    return frame


@pytest.mark.parametrize("task", ["regression", "binary"])
def test_a_study_of_many_rows(task: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(splits, "LARGE", 3_000)
    frame = _frame(task)
    frame.to_parquet(tmp_path / "rows.parquet")
    study = {
        "data": {"source": str(tmp_path / "rows.parquet"), "target": "y"},
        "split": {"sample": 1_000},
        "models": ["linear"],
        "explain": ["permutation_importance", "partial_dependence"] if task == "regression" else ["shap"],
        "compare": {"noise": task == "regression"},
        "report": {"formats": ["html"]},
    }
    result = wb.run(study, out=tmp_path / "run", jobs=1)
    assert not result.failed
    found = result.results
    assert found["sampling"] == {"holdout_alone": True, "most": 1_000, "development": 1_000, "holdout": 1_000}
    assert found["splits"]["scheme"].startswith("holdout alone, in 5 parts")
    titles = [f["title"] for f in found["findings"] if f["about"] == "study"]
    assert "Scores are those of the holdout alone, without folds" in titles
    assert "Explanations and diagnostics look at a draw of the rows" in titles
    units = found["timing"]["units"]
    assert not [name for name in units if "fold" in name or "refits" in name]
    linear = next(m for m in found["models"] if m["name"] == "linear")
    ranking = found["ranking"]
    told = linear["scores"][ranking]
    assert len(told["folds"]) == 5
    assert told["lower"] < told["mean"] < told["upper"]
    assert told["mean"] == pytest.approx(linear["holdout"][ranking], abs=0.02)
    answers = {a["method"]: a["answer"]["provenance"] for a in linear["answers"]}
    assert {a["n_rows"] for a in answers.values()} == {1_000 if task == "regression" else 300}
    shares = "" if task == "regression" else ", each class by its share"
    assert {a["parameters"]["drawn"] for a in answers.values()} == {
        f"at most 1,000 rows of each side, drawn by the seed{shares}"
    }
    diagnostics = {d["name"]: d for d in linear["diagnostics"]}
    assert not [d["reason"] for d in diagnostics.values() if d.get("reason")]
    conformal = diagnostics["conformal"]["answer"]
    assert conformal["n_calibration"] + conformal["n_rows"] == 1_000  # no row sets a threshold that it judges
    assert "drawn" in diagnostics["calibration"]["answer"]["provenance"]["parameters"]
    assert "drawn" in linear["complexity"]["provenance"]["parameters"]
    assert "drawn" in found["drift"]["provenance"]["parameters"]
    page = (tmp_path / "run" / "cards" / "linear.html").read_text()
    assert page.count("holdout alone")
    drawn = f"drawn at random, none twice, by the seed 0{shares}."
    assert f"look at 1,000 of the 3,000 rows for development and all 1,000 that are set aside, {drawn}" in page
    assert not [page.name for page in (tmp_path / "run").rglob("*.html") if _OF_FOLDS.search(page.read_text())]
    assert "mean over parts of the holdout" in (tmp_path / "run" / "compare.html").read_text()
    checks = verify(tmp_path / "run")
    assert not [check for check in checks if check.status == "failed"]


def test_a_study_of_many_rows_that_asks_for_folds_has_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(splits, "LARGE", 3_000)
    _frame("regression").to_parquet(tmp_path / "rows.parquet")
    study = {
        "data": {"source": str(tmp_path / "rows.parquet"), "target": "y"},
        "split": {"sample": 1_000, "folds": 2, "repeats": 1},
        "models": ["linear"],
        "explain": ["permutation_importance"],
        "compare": {"noise": False},
        "report": {"formats": ["html"]},
    }
    result = wb.run(study, out=tmp_path / "run", jobs=1)
    assert not result.failed
    assert result.results["sampling"]["holdout_alone"] is False
    pages = {page.name: page.read_text() for page in (tmp_path / "run").rglob("*.html")}
    assert all(_OF_FOLDS.search(page) for page in pages.values())
    assert not [name for name, page in pages.items() if "parts of the holdout" in page]
    assert result.results["splits"]["n_folds"] == 2
    linear = next(m for m in result.results["models"] if m["name"] == "linear")
    calibration = next(d for d in linear["diagnostics"] if d["name"] == "calibration")["answer"]
    assert calibration["provenance"]["n_rows"] == 1_000
    assert linear["answers"][0]["answer"]["refits"] is not None


def test_what_is_looked_at_of_folds_and_holdout_are_the_same_rows() -> None:
    table = Table.from_frame(_frame("regression", 400), target="y")
    laid = splits.make_splits(table, folds=3, repeats=1)
    kept = np.sort(np.concatenate([draw_rows(laid.development, 60, 0), draw_rows(laid.holdout, 30, 1)]))
    refits = [Refit({}, {}, Said(fold.test + 0.5), {}, None, None) for fold in laid.folds]  # each row says its number
    fitted = SimpleNamespace(said=Said(laid.holdout + 0.5), parts=())
    subject = Subject(table, fitted, refits, fitted, refits, laid.folds, laid.holdout, None, metric("r2"), 0, kept=kept)  # type: ignore[arg-type]
    assert len(subject.left_out) == 60
    assert np.isin(subject.left_out, kept).all()
    assert np.array_equal(subject.out_of_fold.predicted, subject.left_out + 0.5)
    assert np.array_equal(subject.out_of_fold.y, table.y.to_numpy()[subject.left_out])
    assert np.array_equal(np.sort(subject.left_out), np.intersect1d(laid.development, kept))
    assert np.array_equal(subject.held_rows, np.intersect1d(laid.holdout, kept))
    assert np.array_equal(subject.held.predicted, subject.held_rows + 0.5)


@pytest.mark.parametrize(
    ("holdout", "most", "told"),
    [
        (0.25, 200, (200, None)),  # all of the holdout, whose number is withheld
        (0.25, 90, (90, 90)),  # as many as the study says, of both
        (0.75, 200, (None, 200)),
        (0.25, 400, (None, None)),  # no draw
    ],
)
def test_a_draw_tells_no_number_of_rows_that_is_withheld(
    holdout: float, most: int, told: tuple[int | None, int | None]
) -> None:
    """5 rows that repeat others are left out: with both sides told, a reader could work them out."""
    frame = _frame("regression", 400)
    table = Table.from_frame(pd.concat([frame, frame.iloc[:5]], ignore_index=True), target="y")
    laid = splits.make_splits(table, holdout=holdout, folds=3, repeats=1, duplicates="drop")
    few = min(len(laid.development), len(laid.holdout))
    assert (few, max(len(laid.development), len(laid.holdout))) == (100, 300)
    assert hidden_counts(laid, table.n_rows) == {5, few}
    sides = {"development": laid.development, "holdout": laid.holdout}
    seen = {side: draw_rows(rows, most, 0) for side, rows in sides.items()}
    drawn = None if most == 400 else "a draw"
    study = SimpleNamespace(split=SimpleNamespace(sample=most))
    found = sampling(SimpleNamespace(splits=laid, table=table, seen=seen, drawn=drawn, study=study))  # type: ignore[arg-type]
    assert (found["development"], found["holdout"]) == told


def test_a_study_of_few_rows_draws_none_and_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    _frame("regression", 300).to_parquet(tmp_path / "rows.parquet")
    study = {
        "data": {"source": str(tmp_path / "rows.parquet"), "target": "y"},
        "split": {"folds": 2, "repeats": 1},
        "models": ["linear"],
        "explain": ["partial_dependence"],
        "compare": {"refits": False, "noise": False},
        "report": {"formats": ["html"]},
    }
    result = wb.run(study, out=tmp_path / "run", jobs=1)
    assert result.results["sampling"] == {
        "holdout_alone": False,
        "most": 20_000,
        "development": None,
        "holdout": None,
    }
    text = str(result.results)
    assert "'drawn'" not in text
    assert "holdout alone" not in text
