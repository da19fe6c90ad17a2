"""Units on a cluster give what they give at home, whatever is killed."""

import logging
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from tests import unit_functions as uf
from tests.cluster import unit_functions as own
from workbench.cluster import connection, executor, host
from workbench.cluster.executor import Cluster
from workbench.store import Limits, Ref, Store, StoreError, Unit, read_log, run_units

ROOT = Path(__file__).parents[2]
TABLE = "ab" * 32


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "cache")
    store.put(TABLE, np.arange(1000.0))
    return store


@pytest.fixture
def run(client, store, tmp_path):
    """Run units on the cluster."""

    def run(units, **more):
        memory = (more.get("limits") or Limits()).memory
        with closing(Cluster(client, memory=memory)) as cluster:
            return run_units(units, store, folder=tmp_path / "run", executor=cluster, **more)

    return run


def told(outcome):
    return outcome.status, outcome.error, outcome.cause, outcome.warnings, outcome.value


def is_alive(pid):
    """Whether a process is there, and no corpse whose parent has yet to look at it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def until(true, seconds=20):
    patience = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < patience
        time.sleep(0.05)


def pids_in(folder):
    return [int(path.name) for path in folder.iterdir()]


def units():
    half = Unit("half", own.half, {"values": Ref(TABLE)})
    return [
        half,
        Unit("quarter", own.half, {"values": half.ref}, {"n": 2}),
        Unit("draw", own.draw),
        Unit("surroundings", uf.surroundings),
        Unit("threads", uf.threads),
        Unit("warn", uf.warn),
        Unit("fail", uf.fail),
        Unit("after", uf.add, {"a": Unit("fail", uf.fail).ref}),
        Unit("killed", uf.kill_itself),
        Unit("exits", uf.leave),
        Unit("unpicklable", uf.unpicklable),
        Unit("slow", uf.sleep, {"seconds": 60}, limit=0.5),
        Unit("lost", uf.add, {"a": Ref("00" * 32)}),
        Unit("large", uf.hold, {"mebibytes": 400, "seconds": 60}),
    ]


def test_a_cluster_gives_what_processes_of_this_machine_give(run, store, tmp_path):
    limits = Limits(memory=0.3)
    home = run_units(units(), store, folder=tmp_path / "home", jobs=2, limits=limits)
    here = {name: told(outcome) for name, outcome in home.items()}
    away = {name: told(outcome) for name, outcome in run(units(), fresh=True, limits=limits).items()}
    for name, outcome in here.items():
        np.testing.assert_equal(away[name], outcome)
    assert Counter(outcome[0] for outcome in away.values()) == {"done": 6, "failed": 6, "skipped": 1, "timeout": 1}
    log = [(e["unit"], e["event"]) for e in read_log(tmp_path / "run")]
    assert sorted(log) == sorted((e["unit"], e["event"]) for e in read_log(tmp_path / "home"))
    assert [o.status for o in run([unit for unit in units() if home[unit.name].ok]).values()] == ["found"] * 6


def test_what_units_take_in_is_sent_once_to_each_worker(client, store, tmp_path, monkeypatch):
    monkeypatch.setattr(executor, "_PIECE", 3000)  # the table is 8 kB
    sent, ask = Counter(), client.run

    def count(function, *arguments, workers=None, **more):
        if function is host.deliver and arguments[3]:
            sent[arguments[1], workers[0]] += 1
        return ask(function, *arguments, workers=workers, **more)

    monkeypatch.setattr(client, "run", count)
    asked = [Unit(f"half {n}", own.half, {"values": Ref(TABLE)}, {"n": n}) for n in range(6)]
    with closing(Cluster(client)) as cluster:
        outcomes = run_units(asked, store, folder=tmp_path / "run", executor=cluster)
    assert all(np.array_equal(outcome.value, np.arange(1000.0) / 2) for outcome in outcomes.values())
    assert len(sent) == 2
    assert set(sent.values()) == {1}


def test_what_a_worker_has_lost_is_sent_again(client, store, tmp_path):
    first, second = (Unit(name, own.half, {"values": Ref(TABLE)}, {"n": name}) for name in "ab")
    with closing(Cluster(client)) as cluster:
        run_units([first], store, folder=tmp_path / "run", executor=cluster)
        client.run(host.forget, cluster.run)
        outcome = run_units([second], store, folder=tmp_path / "run", executor=cluster)["b"]
    assert outcome.status == "done"


def test_nothing_of_a_run_stays_on_the_workers(client, store, tmp_path):
    with closing(Cluster(client)) as cluster:
        run_units([Unit("a", own.half, {"values": Ref(TABLE)})], store, folder=tmp_path / "run", executor=cluster)
        assert any(client.run(_has_folder, cluster.run).values())
    assert not any(client.run(_has_folder, cluster.run).values())
    assert not client.futures


def _has_folder(name, dask_worker):
    return Path(dask_worker.local_directory, name).exists()


def test_a_unit_whose_worker_is_killed_is_computed_by_another(run, tmp_path, caplog):
    (marker := tmp_path / "marker").mkdir()
    home = run([Unit("a", own.kill_worker, {"marker": str(marker), "times": 0})])["a"].value
    with caplog.at_level(logging.WARNING, "workbench"):
        outcomes = run([Unit("a", own.kill_worker, {"marker": str(marker), "times": 1}), Unit("b", uf.add)], fresh=True)
    assert [o.status for o in outcomes.values()] == ["done", "done"]
    assert outcomes["a"].value == home
    assert [e["event"] for e in read_log(tmp_path / "run") if e["unit"] == "a"][2:] == ["start", "start", "done"]
    assert "was lost; another one computes it" in caplog.text


def test_a_unit_that_loses_two_workers_fails_and_the_rest_goes_on(run, tmp_path):
    (marker := tmp_path / "marker").mkdir()
    outcomes = run([Unit("a", own.kill_worker, {"marker": str(marker), "times": 9}), *units()[:3]])
    assert [o.status for o in outcomes.values()] == ["failed", "done", "done", "done"]
    assert "the workers that computed it were lost, tcp://" in outcomes["a"].error
    assert len(list(marker.iterdir())) == 2


def test_a_worker_that_is_killed_half_way_changes_no_result(client, run, tmp_path):
    """Dask's worker is killed from outside, as its unit is at work; that unit's own process goes too."""
    (folder := tmp_path / "pids").mkdir()
    workers = client.run(os.getpid)

    def kill(event):
        if event.event == "start" and len(workers) == 2:
            until(lambda: pids_in(folder))
            os.kill(workers.popitem()[1], signal.SIGKILL)

    asked = [Unit(str(n), own.linger, {"seconds": 1.0, "folder": str(folder)}, {"n": n}) for n in range(4)]
    assert [o.value for o in run(asked, on_event=kill).values()] == [1.0] * 4
    until(lambda: not any(map(is_alive, pids_in(folder))))


def test_an_interrupted_run_leaves_no_process_behind(run, tmp_path):
    (folder := tmp_path / "pids").mkdir()

    def interrupt(event):
        until(lambda: pids_in(folder))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run([Unit("a", own.linger, {"seconds": 60, "folder": str(folder)})], on_event=interrupt)
    until(lambda: not any(map(is_alive, pids_in(folder))))


def test_a_killed_run_leaves_no_process_behind_and_goes_on_from_there(address, run, store, tmp_path):
    (folder := tmp_path / "pids").mkdir()
    script = f"""
from contextlib import closing
from tests.cluster import test_executor as t
from workbench.cluster.connection import connected
with connected({address!r}) as client, closing(t.Cluster(client)) as cluster:
    place = {str(tmp_path / "run")!r}
    t.run_units(t.two({str(folder)!r}), t.Store({str(store.root)!r}), folder=place, executor=cluster)
"""
    process = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT)
    until(lambda: pids_in(folder) and any(e["event"] == "done" for e in read_log(tmp_path / "run")))
    process.kill()
    process.wait()
    until(lambda: not any(map(is_alive, pids_in(folder))))
    first, _ = two(str(folder))
    assert run([first])["first"].status == "found"


def two(folder):
    return [Unit("first", uf.add), Unit("second", own.linger, {"seconds": 60, "folder": folder})]


def test_a_time_budget_ends_what_runs(run, tmp_path):
    (folder := tmp_path / "pids").mkdir()
    asked = [Unit(str(n), own.linger, {"seconds": 60, "folder": str(folder)}, {"n": n}) for n in range(3)]
    outcomes = run(asked, limits=Limits(seconds=1.0))
    assert {o.status for o in outcomes.values()} == {"stopped"}
    until(lambda: not any(map(is_alive, pids_in(folder))))


def test_other_versions_are_refused(client, monkeypatch):
    here = {**connection.packages(), "numpy": "1.0"}
    monkeypatch.setattr(connection, "packages", _Packages(here))
    with pytest.raises(StoreError, match=r"worker tcp://.*: numpy is 2\.[\d.]+ there and 1\.0 here; install the same"):
        Cluster(client)


class _Packages:
    """Gives other versions here, and asks workers for theirs: it is pickled as the function that it stands for."""

    def __init__(self, here):
        self.here = here

    def __call__(self):
        return self.here

    def __reduce__(self):
        return getattr, (connection, "packages")


def test_a_worker_that_comes_later_with_other_versions_is_not_used(client, monkeypatch, caplog):
    with closing(Cluster(client)) as cluster:
        odd = next(iter(cluster.threads()))
        del cluster.fit[odd]
        monkeypatch.setattr(executor, "unfit", lambda client, workers: dict.fromkeys(workers, "numpy is old there"))
        cluster._looked = float("-inf")
        with caplog.at_level(logging.WARNING, "workbench"):
            assert odd not in cluster.threads()
        assert len(cluster.threads()) == cluster.capacity == 1
    assert f"worker {odd} is not used: numpy is old there" in caplog.text


def test_no_scheduler_and_no_worker_are_told(monkeypatch):
    from distributed import LocalCluster

    monkeypatch.setattr(connection, "CONNECT_SECONDS", 0.5)
    with (
        pytest.raises(StoreError, match=r"tcp://127.0.0.1:9: no Dask scheduler answers there"),
        connection.connected("tcp://127.0.0.1:9"),
    ):
        pass
    monkeypatch.setattr(connection, "CONNECT_SECONDS", 10)
    monkeypatch.setattr(executor, "PATIENCE", 0.2)
    with (
        LocalCluster(n_workers=0, dashboard_address=":0") as empty,
        connection.connected(empty.scheduler_address) as client,
        pytest.raises(StoreError, match="has no worker that can be used: start some"),
    ):
        Cluster(client)


def test_a_value_that_was_damaged_on_its_way_is_refused(store):
    content = store.export(TABLE)
    assert store.export("00" * 32) is None
    store.adopt("01" * 32, content)
    assert np.array_equal(store.get("01" * 32), store.get(TABLE))
    with pytest.raises(StoreError, match="damaged on its way"):
        store.adopt("02" * 32, content[:-1])
    assert not store.has("02" * 32)
