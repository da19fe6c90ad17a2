"""XGBoost trained by the workers of a cluster: the same rows, nearly the same model, and told so."""

import json
import threading
import time

import numpy as np
import pandas as pd
import pytest

from tests.conftest import write_study
from workbench import Table
from workbench.cluster.connection import packages
from workbench.delimited import CatalogError
from workbench.distributed import PartedTable, _pieces, _places, encoded
from workbench.explainers import registry as explainers
from workbench.families import registry as families
from workbench.families.xgboost import Xgboost
from workbench.forms import Form
from workbench.interval import corrected_interval
from workbench.pages import Card
from workbench.runner import run
from workbench.scoring.parts import find_parts
from workbench.splits import make_splits
from workbench.store import StoreError
from workbench.study import Study, StudyError
from workbench.verify import verify
from workbench.work.fit import fit_rows

N = 1_200
SMALL = {"n_estimators": 30, "max_depth": 3, "learning_rate": 0.2}


def _frame(n: int = N) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "size": rng.normal(size=n),
            "place": rng.choice(["north", "south", "east", "1"], n),
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 900, n), "D"),
            "open": rng.random(n) < 0.5,
            "count": rng.integers(0, 9, n),
            "weight": rng.choice([0.0, 1.0, 2.0], n),
        }
    )
    step = (frame["place"] == "north") * 1.5 + (frame["day"] > "2025-01-01") * 1.0 + frame["open"] * 0.5
    frame["price"] = frame["size"] ** 2 + step + 0.1 * frame["count"] + rng.normal(size=n) * 0.5
    frame.loc[rng.random(n) < 0.1, "size"] = np.nan
    frame.loc[rng.random(n) < 0.1, "place"] = None
    frame["kind"] = pd.cut(frame["price"], [-99, 1, 2, 99], labels=["low", "middle", "high"]).astype(str)
    return frame


def _parted(folder, frame, *, files=3):
    folder.mkdir(parents=True)
    for n, rows in enumerate(np.array_split(np.arange(len(frame)), files)):
        frame.iloc[rows].to_parquet(folder / f"{n}.parquet", index=False, row_group_size=130)
    return folder


@pytest.mark.parametrize(
    ("target", "ignored", "weighed"), [("price", "kind", True), ("kind", "price", False)], ids=["numbers", "classes"]
)
def test_workers_train_on_the_same_rows_and_nearly_the_same_model(address, client, tmp_path, target, ignored, weighed):
    frame, rng = _frame(), np.random.default_rng(1)
    roles = {ignored: {"role": "ignore"}, "weight": {"role": "weight" if weighed else "ignore"}}
    table = Table.from_frame(frame, target=target, columns=roles)
    folder = _parted(tmp_path / "rows", frame)
    rows = rng.permutation(N)[:900]
    trainer = PartedTable(address, tuple(find_parts(str(folder)))).trainer(rows)
    away, here = (fit_rows(table.take(rows), "xgboost", SMALL, by) for by in (trainer, None))
    assert trainer.n_workers == 2
    kept = [name for name in here.estimator_.get_params() if name not in ("base_score", "booster", "missing")]
    given, asked = away.estimator_.get_params(), here.estimator_.get_params()
    assert {name: given[name] for name in kept} == {name: asked[name] for name in kept}
    left = np.setdiff1d(np.arange(N), rows)
    X, y = table.X.iloc[left], table.y.iloc[left]
    assert away.score(X, y) == pytest.approx(here.score(X, y), abs=0.03)
    assert away.score(X, y) > 0.6
    again = fit_rows(table.take(rows), "xgboost", SMALL, PartedTable(address, trainer.table.parts).trainer(rows))
    ask = "predict" if target == "price" else "predict_proba"
    np.testing.assert_allclose(getattr(away.form_, ask)(X), getattr(away, ask)(X), atol=1e-5)
    np.testing.assert_allclose(getattr(again, ask)(X), getattr(away, ask)(X), atol=1e-4)


def test_rows_and_workers_of_pieces_are_found_by_position(tmp_path):
    parts = find_parts(str(_parted(tmp_path / "rows", _frame(700), files=2)))
    assert [part.n_rows for part in parts] == [130, 130, 90, 130, 130, 90]
    rows = np.array([699, 0, 129, 130, 349, 350, 5])
    pieces = _pieces(parts, rows)
    assert [(parts.index(p.part), p.at.tolist(), rows[p.order].tolist()) for p in pieces] == [
        (0, [0, 5, 129], [0, 5, 129]),
        (1, [0], [130]),
        (2, [89], [349]),
        (3, [0], [350]),
        (5, [89], [699]),
    ]
    assert _places([10, 10, 10, 10], 2) == [0, 0, 1, 1]
    assert _places([100, 1, 1], 2) == [0, 1, 1]
    assert _places([5], 3) == [1]


def test_numbers_that_files_hold_as_text_are_numbers_to_workers(address, client, tmp_path):
    frame = _frame(300).drop(columns=["kind", "weight"])
    table = Table.from_frame(frame, target="price", columns={"count": {"kind": "number"}})
    folder = _parted(tmp_path / "rows", frame.assign(count=frame["count"].astype(str)))
    trainer = PartedTable(address, tuple(find_parts(str(folder)))).trainer(np.arange(300))
    assert fit_rows(table, "xgboost", SMALL, trainer).score(table.X, table.y) > 0.5


def test_a_worker_that_came_later_with_other_versions_is_told(address, client, tmp_path):
    frame = _frame(300)
    part, *_ = find_parts(str(_parted(tmp_path / "rows", frame)))
    with pytest.raises(StoreError, match=r"python is 3\.1 there and 3\.\d+ here; install the same versions"):
        client.submit(encoded, part, np.arange(3), ("size",), None, {**packages(), "python": "3.1"}).result()


def test_a_scheduler_that_is_lost_is_told(processes, tmp_path, monkeypatch):
    address, started = processes
    monkeypatch.setattr("workbench.cluster.connection.CONNECT_SECONDS", 2)
    frame = _frame().drop(columns=["kind", "weight"])
    table = Table.from_frame(frame, target="price")
    trainer = PartedTable(address, tuple(find_parts(str(_parted(tmp_path / "rows", frame))))).trainer(np.arange(N))
    fit = Xgboost.fit_distributed

    def fit_and_kill(self, *given):
        threading.Timer(0.5, started["scheduler"].kill).start()
        return fit(self, *given)

    monkeypatch.setattr(Xgboost, "fit_distributed", fit_and_kill)
    with pytest.raises(
        StoreError, match=f"{address}: the Dask scheduler does not answer any more; start it, and workers"
    ):
        fit_rows(table, "xgboost", {**SMALL, "n_estimators": 5_000}, trainer)


def test_workers_of_other_versions_are_left_alone(address, client, tmp_path, monkeypatch):
    frame = _frame(300).drop(columns=["kind", "weight"])
    table = Table.from_frame(frame, target="price")
    parted = PartedTable(address, tuple(find_parts(str(_parted(tmp_path / "rows", frame)))))
    one, other = client.scheduler_info()["workers"]
    monkeypatch.setattr("workbench.distributed.unfit", lambda *_: {one: "xgboost is 1.7 there"})
    trainer = parted.trainer(np.arange(300))
    fit_rows(table, "xgboost", SMALL, trainer)
    assert trainer.n_workers == 1
    monkeypatch.setattr("workbench.distributed.unfit", lambda *_: {one: "xgboost is 1.7 there", other: "too"})
    with pytest.raises(StoreError, match="the cluster has no worker that can be used"):
        fit_rows(table, "xgboost", SMALL, trainer)


def test_a_worker_that_finds_other_rows_is_told(address, client, tmp_path):
    frame = _frame(300).drop(columns=["kind", "weight"])
    table = Table.from_frame(frame, target="price")
    folder = _parted(tmp_path / "rows", frame)
    parts = tuple(find_parts(str(folder)))
    frame.assign(size=frame["size"].where(frame.index != 7, 1.0)).iloc[:100].to_parquet(
        folder / "0.parquet", index=False
    )
    with pytest.raises(CatalogError, match=r"0\.parquet: a worker finds other rows there than the study has"):
        fit_rows(table, "xgboost", SMALL, PartedTable(address, parts).trainer(np.arange(300)))
    (folder / "1.parquet").unlink()
    with pytest.raises(CatalogError, match=r"1\.parquet"):
        fit_rows(table, "xgboost", SMALL, PartedTable(address, parts).trainer(np.arange(300)))


@pytest.mark.parametrize("begun", [False, True], ids=["before", "in the midst"])
def test_a_lost_worker_begins_the_training_again(processes, tmp_path, monkeypatch, caplog, begun):
    address, started = processes
    monkeypatch.setattr("workbench.families.xgboost.PATIENCE", 5)  # as long as the other may wait for the lost one
    frame = _frame().drop(columns=["kind", "weight"])
    table = Table.from_frame(frame, target="price")
    trainer = PartedTable(address, tuple(find_parts(str(_parted(tmp_path / "rows", frame))))).trainer(np.arange(N))
    fit = Xgboost.fit_distributed

    def kill(client) -> None:
        while begun and not any("do_train" in str(key) or "fn-" in str(key) for key in _keys(client)):
            time.sleep(0.02)
        time.sleep(0.5 * begun)
        started["one"].kill()

    def fit_and_kill(self, *given):
        if started["one"].poll() is None:
            threading.Thread(target=kill, args=[given[-1]]).start()
        return fit(self, *given)

    monkeypatch.setattr(Xgboost, "fit_distributed", fit_and_kill)
    found, told = None, ""
    try:
        found = fit_rows(table, "xgboost", {**SMALL, "n_estimators": 1_000}, trainer)
    except StoreError as error:  # seldom XGBoost's tracker, which lives in the scheduler's process, takes that with it
        told = str(error)
    assert "it is trained again by those that are left" in caplog.text
    if found is None:
        assert "the Dask scheduler does not answer any more; start it, and workers, and run again" in told
        return
    assert trainer.n_workers == 1
    assert found.score(table.X, table.y) > 0.9


def _keys(client):
    return [key for keys in client.processing().values() for key in keys]


STUDY = """\
study: parted
data: {{source: rows/, target: price, columns: {{kind: {{role: ignore}}, weight: {{role: ignore}}}}}}
split: {{folds: 5, repeats: 1}}
models:
  - xgboost: {{n_estimators: 30, max_depth: 3, learning_rate: 0.2}}
  - xgboost: {{name: together, n_estimators: 30, max_depth: 3, learning_rate: 0.2}}
explain: [permutation_importance]
compare: {{diagnose: false}}
run: {{executor: dask, address: "{address}", distributed: [together]}}
"""


def test_a_study_tells_which_model_was_trained_distributed(address, client, tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    study = write_study(tmp_path, STUDY.format(address=address))
    folder = _parted(tmp_path / "rows", _frame())
    done = run(study, out=tmp_path / "report")
    assert done.failed == ()
    results = json.loads((done.folder / "results.json").read_text(encoding="utf-8"))
    alone, together = (next(m for m in results["models"] if m["name"] == name) for name in ("xgboost", "together"))
    assert (alone["n_workers"], together["n_workers"]) == (None, 2)
    assert results["study"]["run"]["distributed"] == ["together"]
    splits = make_splits(Table.from_frame(_frame(), target="price"), holdout=0.2, folds=5, repeats=1, seed=0)
    difference = np.subtract(together["scores"]["r2"]["folds"], alone["scores"]["r2"]["folds"])
    found = corrected_interval(together["scores"]["r2"]["folds"], **splits.sizes)
    standard_error = (found.upper - found.mean) / 2.776  # Student's, 4 degrees of freedom
    assert abs(difference.mean()) < standard_error
    assert not np.array_equal(together["scores"]["r2"]["folds"], alone["scores"]["r2"]["folds"])
    page = (done.folder / "cards" / "together.html").read_text(encoding="utf-8")
    assert "trained distributed, by 2 workers of a Dask cluster" in page
    assert "but for models that a cluster trains" in page
    assert "trained distributed" not in (done.folder / "cards" / "xgboost.html").read_text(encoding="utf-8")
    card = json.loads((done.folder / "cards" / "together.json").read_text(encoding="utf-8"))
    assert "refit" not in card["checked"].values()
    assert Card(**card).method.n_workers == 2
    form = Form.load(tmp_path / "report.private" / "models" / "together.json")
    assert np.isfinite(form.predict(_frame())).all()
    checks = {(c.about, c.what): c.status for c in verify(done.folder, data=folder, refit=True)}
    assert checks["run", "refit"] == "open"
    assert checks["together", "holdout scores"] == "ok"
    assert "failed" not in checks.values()


def _read(text: str) -> Study:
    return Study.from_text(text, place="study", families=families(), explainers=explainers())


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("[together]", "[other]", r"run\.distributed\[0\] must name a model of the study; got 'other'"),
        ("- xgboost: {name: together, ", "- tree: {name: together} #", "names a model of tree, which can't be trained"),
        ("rows/", "rows.csv", r"data\.source must be Parquet where run\.distributed names models: a file, a folder"),
        ("compare:", "tune: {budget: 3}\ncompare:", r"tune\.budget takes fits that are not distributed"),
    ],
)
def test_what_can_not_be_trained_distributed_is_told(before, after, told):
    text = STUDY.format(address="tcp://127.0.0.1:8786")
    assert _read(text).run.distributed == ("together",)
    with pytest.raises(StudyError, match=told):
        _read(text.replace(before, after, 1))


def test_without_a_cluster_nothing_is_trained_distributed(tmp_path, monkeypatch):
    monkeypatch.setattr("workbench.cluster.connection.CONNECT_SECONDS", 1)
    text = STUDY.format(address="").replace('executor: dask, address: "", ', "")
    _parted(tmp_path / "rows", _frame())
    with pytest.raises(StudyError, match=r"run\.distributed needs the workers of a cluster: set run\.executor: dask"):
        run(write_study(tmp_path, text), out=tmp_path / "report")
    table = Table.from_frame(_frame(), target="price")
    nowhere = PartedTable("tcp://127.0.0.1:1", tuple(find_parts(str(tmp_path / "rows"))))
    with pytest.raises(StoreError, match="no Dask scheduler answers there"):
        fit_rows(table, "xgboost", SMALL, nowhere.trainer(np.arange(N)))
