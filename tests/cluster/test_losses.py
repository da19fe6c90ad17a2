"""Workers and schedulers killed in the midst of a command: what is finished stays, and no number changes."""

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from tests.cluster.part_functions import be_killed, score_or_be_killed
from tests.conftest import write_study
from workbench import Regressor
from workbench.cli import app
from workbench.cluster import connection
from workbench.runner import run
from workbench.scoring import spread
from workbench.scoring.sink import Sink
from workbench.store import StoreError, read_log

STUDY = """\
study: small
data: {source: "rows é.csv", target: price}
split: {folds: 2, repeats: 1}
models: [linear, {tree: {max_leaf_nodes: 4}}]
explain: []
compare: {diagnose: false}
"""


@pytest.fixture
def saved(tmp_path):
    """Save a model and a table of seven parts; gives their paths."""
    X = pd.DataFrame({"a": np.arange(200.0), "b": np.tile([1.0, 2.0], 100)})
    Regressor("tree", max_leaf_nodes=6).fit(X, X["a"] * X["b"]).form_.save(tmp_path / "m.json")
    (tmp_path / "data").mkdir()
    X.to_parquet(tmp_path / "data" / "d.parquet", row_group_size=30)
    return tmp_path / "m.json", tmp_path / "data"


def predict(saved, out, *more):
    words = ["predict", *saved, "--explain", "--out", out, "--force", *more]
    return CliRunner().invoke(app, [str(word) for word in words], prog_name="workbench")


def test_a_part_whose_worker_is_killed_is_scored_by_another(saved, processes, tmp_path, monkeypatch):
    address, started = processes
    here, away = tmp_path / "here.parquet", tmp_path / "away.parquet"
    assert predict(saved, here).exit_code == 0
    monkeypatch.setattr(spread, "score_part", score_or_be_killed)
    done = predict(saved, away, "--address", address)
    assert done.exit_code == 0, done.output
    pd.testing.assert_frame_equal(pd.read_parquet(away), pd.read_parquet(here), check_exact=True)
    assert sorted(started[name].poll() is None for name in ("one", "other")) == [False, True]
    assert (tmp_path / "killed").exists()


@pytest.fixture
def lone(tmp_path):
    """Start a cluster whose only worker is started again by its nanny."""
    from distributed import LocalCluster

    scratch = str(tmp_path / "dask")
    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=":0", local_directory=scratch) as cluster:
        yield cluster.scheduler_address


def test_a_lone_worker_that_is_killed_has_a_successor(saved, lone, tmp_path, monkeypatch):
    here, away = tmp_path / "here.parquet", tmp_path / "away.parquet"
    assert predict(saved, here).exit_code == 0
    monkeypatch.setattr(spread, "score_part", score_or_be_killed)
    done = predict(saved, away, "--address", lone)
    assert done.exit_code == 0, done.output
    pd.testing.assert_frame_equal(pd.read_parquet(away), pd.read_parquet(here), check_exact=True)
    assert (tmp_path / "killed").exists()


def test_a_part_that_kills_every_worker_is_told(saved, lone, tmp_path, monkeypatch):
    monkeypatch.setattr(spread, "_LOSSES", 1)
    monkeypatch.setattr(spread, "score_part", be_killed)
    done = predict(saved, tmp_path / "out.csv", "--address", lone)
    assert done.exit_code == 2, done.output
    assert f"{lone}: all workers were lost 2 times, killed, or out of memory; see to them, and try" in done.stderr
    assert not (tmp_path / "out.csv").exists()


def test_workers_that_are_lost_for_good_are_told(saved, processes, tmp_path, monkeypatch):
    monkeypatch.setattr(connection, "CONNECT_SECONDS", 2)
    monkeypatch.setattr(spread, "score_part", be_killed)
    done = predict(saved, tmp_path / "out.csv", "--address", processes[0])
    assert done.exit_code == 2, done.output
    assert f"{processes[0]}: TimeoutError: No valid workers found; see to its workers, and try again" in done.stderr


def test_a_scheduler_that_is_killed_leaves_no_half_a_result(saved, processes, tmp_path, monkeypatch):
    address, started = processes
    monkeypatch.setattr(connection, "CONNECT_SECONDS", 2)
    out, write = tmp_path / "new" / "out.parquet", Sink.write

    def kill(self, piece):
        started["scheduler"].kill()
        write(self, piece)

    monkeypatch.setattr(Sink, "write", kill)
    done = predict(saved, out, "--address", address)
    assert done.exit_code == 2, done.output
    told = f"{address}: the Dask scheduler does not answer any more; try again with one that has workers, or leave --a"
    assert told in done.stderr
    assert list(out.parent.iterdir()) == []


def test_a_scheduler_that_is_killed_costs_what_was_not_finished(processes, tmp_path, monkeypatch):
    address, started = processes
    monkeypatch.setattr(connection, "CONNECT_SECONDS", 2)
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    out, done = tmp_path / "report", []

    def kill(event):
        done.extend([event.unit] if event.event == "done" else [])
        if len(done) == 3:
            started["scheduler"].kill()

    study = write_study(tmp_path / "study", f"{STUDY}run: {{executor: dask, address: '{address}'}}\n")
    with pytest.raises(StoreError, match=r"the Dask scheduler does not answer any more.*run again"):
        run(study, out=out, on_event=kill)
    before = read_log(out)
    assert [event["unit"] for event in before if event["event"] == "done"] == done
    for name in ("one", "other"):
        started[name].wait(10)
    result = run(write_study(tmp_path / "study", STUDY), out=out)
    assert result.failed == ()
    after = read_log(out)[len(before) :]
    begun = [event["unit"] for event in after if event["event"] == "start"]
    assert len(set(begun)) == len(begun) > 0
    assert not {*done} & {*begun}
    assert {*done} == {event["unit"] for event in after if event["event"] == "found"}
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "other cache"))
    run(write_study(tmp_path / "calm", STUDY), out=tmp_path / "calm report")
    found = [json.loads((place / "results.json").read_text()) for place in (out, tmp_path / "calm report")]
    for one in found:
        del one["timing"], one["environment"]
    assert found[0] == found[1]


def test_a_scheduler_that_comes_back_is_waited_for(monkeypatch):
    monkeypatch.setattr(connection, "_LOOK", 0.0)
    connection.await_scheduler(_Client("connecting", "connecting", "running"), "tcp://there:1", "go")
    connection.await_scheduler(_Client("running", "running", "closed"), "tcp://there:1", "go")
    for said in (("connecting", "closed"), ("closed",)):
        with pytest.raises(StoreError, match="tcp://there:1: the Dask scheduler does not answer any more; go"):
            connection.await_scheduler(_Client(*said), "tcp://there:1", "go")
    with pytest.raises(StoreError, match="does not answer any more"):
        connection.await_scheduler(_Client("running", "running", "connecting", "closed"), "there", "go", doubt=True)


class _Client:
    """Says what it is, one after the other each time that it is asked, and the last ever after."""

    def __init__(self, *said):
        self.said = list(said)

    @property
    def status(self):
        return self.said.pop(0) if len(self.said) > 1 else self.said[0]
