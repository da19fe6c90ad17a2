"""Every unit runs once in a process of its own, whatever is killed, and gives the same value however it is run."""

import json
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from itertools import pairwise
from multiprocessing import forkserver
from pathlib import Path

import numpy as np
import pytest

from tests import unit_functions as uf
from workbench.store import Limits, Ref, Store, StoreError, Unit, memory, processes, read_log, run_units, schedule
from workbench.store.log import Log
from workbench.store.order import Order

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True, scope="module")
def light_server():
    """Fork workers from a process that holds little; one that is there would be used, and later tests need another."""
    forkserver._forkserver._stop()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(processes, "PRELOAD", ("numpy", "threadpoolctl"))
        yield
    forkserver._forkserver._stop()


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "cache")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "a run"


def events(folder, name=None):
    return [event["event"] for event in read_log(folder) if name in (None, event["unit"])]


# --- keys


def test_units_of_one_identity_share_a_key():
    def key(function=uf.add, arguments=None, name="a", **identity):
        return Unit(name, function, arguments or {}, identity).key

    assert key(seed=1, data="x") == key(data="x", seed=1, name="another")
    assert key(arguments={"table": object()}) == key()
    refs = [{"parts": [Ref("a"), {"b": (Ref("b"),)}]}, {"parts": [Ref("b"), {"b": (Ref("a"),)}]}, {"parts": [Ref("a")]}]
    different = [key(), key(seed=1), key(seed=1.0), key(seed="1"), key(uf.total), *(key(arguments=r) for r in refs)]
    assert len(set(different)) == len(different)


@pytest.mark.parametrize("function", [lambda: 1, Path("a"), len.__call__])
def test_a_function_that_workers_cannot_import_is_refused(function):
    with pytest.raises(StoreError, match="unit 'a': function must stand at the top level"):
        Unit("a", function)


@pytest.mark.parametrize("identity", [{"a": {1, 2}}, {"a": np.arange(2)}, {"a": {1: 0, "b": 0}}])
def test_an_identity_that_is_no_json_is_refused(identity):
    with pytest.raises(StoreError, match="unit 'a': identity must be JSON"):
        Unit("a", uf.add, identity=identity)


# --- values


@pytest.mark.parametrize("jobs", [1, 2])
def test_values_flow_along_refs(store, folder, jobs):
    one = Unit("one", uf.add, {"a": 1}, {"a": 1})
    two = Unit("two", uf.add, {"a": one.ref, "b": 1}, {"b": 1})
    parts = {"list": [one.ref, two.ref], "tuple": (two.ref,), "one": one.ref}
    units = [Unit("all", uf.total, {"parts": parts}), two, one]
    outcomes = run_units(units, store, folder=folder, jobs=jobs)
    assert list(outcomes) == ["all", "two", "one"]
    assert [o.value for o in outcomes.values()] == [6, 2, 1]
    assert [o.status for o in outcomes.values()] == ["done"] * 3
    again = run_units([Unit("later", uf.add, {"a": units[0].ref})], store, folder=folder, jobs=jobs)
    assert again["later"].value == 6


def test_what_is_stored_is_found_unless_fresh(store, folder):
    units = [Unit("a", uf.sleep, {"seconds": 0.05}), Unit("the same", uf.sleep, {"seconds": 0.05})]
    first = run_units(units, store, folder=folder, jobs=2)
    assert [o.status for o in first.values()] == ["done", "found"]
    found = run_units(units[:1], store, folder=folder)["a"]
    assert (found.status, found.value, found.seconds) == ("found", 0.05, first["a"].seconds)
    assert found.seconds >= 0.05
    fresh = run_units(units, store, folder=folder, fresh=True)
    assert [o.status for o in fresh.values()] == ["done", "found"]
    assert events(folder, "a") == ["start", "done", "found", "start", "done"]


def test_a_damaged_value_is_computed_again(store, folder):
    unit = Unit("a", uf.add, {"a": 1})
    run_units([unit], store, folder=folder)
    store.path(unit.key).write_bytes(b"")
    assert run_units([unit], store, folder=folder)["a"].status == "done"
    assert store.get(unit.key) == 1


def test_workers_have_one_thread(store, folder):
    threads = run_units([Unit("threads", uf.threads)], store, folder=folder)["threads"].value
    assert threads
    assert set(threads) == {1}


def test_a_server_of_workers_that_was_there_before_is_tamed_too(monkeypatch):
    from workbench.store import worker

    code = (
        "import os, numpy; from tests import unit_functions; from workbench.store import worker; worker._one_thread(); "
    )
    code += "print(unit_functions.threads(), os.environ['OMP_NUM_THREADS'])"
    environment = {k: v for k, v in os.environ.items() if k not in worker.ONE_THREAD}
    environment["PYTHONPATH"] = str(ROOT)
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert shown.stdout.strip() == "[1] 1"


# --- failures


def test_a_failure_stops_only_what_needs_it(store, folder):
    bad = Unit("bad", uf.fail)
    after = Unit("after", uf.add, {"a": bad.ref})
    units = [bad, after, Unit("after that", uf.add, {"b": after.ref}), Unit("other", uf.add, {"c": 1})]
    outcomes = run_units(units, store, folder=folder)
    assert [o.status for o in outcomes.values()] == ["failed", "skipped", "skipped", "done"]
    assert outcomes["bad"].error == "ValueError: two lines"
    assert outcomes["bad"].cause == "ValueError", "a message may hold a cell of the data"
    assert outcomes["after that"].cause == "needs 'bad': ValueError"
    assert 'raise ValueError("two\\nlines")' in outcomes["bad"].traceback
    assert outcomes["after"].error == outcomes["after that"].error == "needs 'bad': ValueError: two lines"
    assert outcomes["bad"].value is None
    assert not outcomes["bad"].ok
    assert events(folder, "bad") == ["start", "failed"]


@pytest.mark.parametrize(
    ("function", "error"),
    [
        (uf.leave, "SystemExit: 3"),
        (uf.exit_at_once, "its process ended without a result, with exit code 7"),
        (uf.kill_itself, "its process was killed by SIGKILL; the system does this when memory runs out"),
        (uf.unpicklable, "Can't (get|pickle) local object .*unpicklable"),
        (uf.sleep, "missing 1 required positional argument"),
    ],
)
def test_however_a_worker_ends_it_is_told(store, folder, function, error):
    outcome = run_units([Unit("a", function)], store, folder=folder)["a"]
    assert outcome.status == "failed"
    assert re.search(error, outcome.error)
    assert events(folder) == ["start", "failed"]


def test_what_cannot_be_sent_or_found_is_told(store, folder):
    units = [Unit("a", uf.add, {"a": threading.Lock()}), Unit("b", uf.add, {"a": Ref("0" * 64)})]
    outcomes = run_units(units, store, folder=folder)
    assert "must be picklable" in outcomes["a"].error
    assert "the store holds no value 000000000000" in outcomes["b"].error


def test_a_limit_ends_a_worker_even_a_deaf_one(store, folder):
    units = [
        Unit("slow", uf.sleep, {"seconds": 60}, limit=0.1),
        Unit("deaf", uf.deaf, {"seconds": 60}, limit=0.1),
        Unit("in C", uf.count_without_end, limit=0.1),
        Unit("quick", uf.add, {"a": 1}, limit=60),
    ]
    began = time.monotonic()
    outcomes = run_units(units, store, folder=folder, jobs=4)
    assert [o.status for o in outcomes.values()] == ["timeout", "timeout", "timeout", "done"]
    assert outcomes["slow"].error == outcomes["slow"].cause == "took longer than its limit of 0.1 s"
    assert events(folder, "slow") == ["start", "timeout"]
    assert time.monotonic() - began < 10


def test_a_time_budget_ends_a_run_which_goes_on_from_there(store, folder):
    first, last = Unit("first", uf.add, {"a": 1}), Unit("last", uf.sleep, {"seconds": 0.5})
    units = [first, last, Unit("after", uf.add, {"a": last.ref})]
    run_units([first], store, folder=folder)
    outcomes = run_units(units, store, folder=folder, limits=Limits(seconds=0.2))
    assert [o.status for o in outcomes.values()] == ["found", "stopped", "stopped"]
    assert outcomes["after"].cause == "the run's time budget of 0.2 s was used up"
    assert [o.status for o in run_units(units, store, folder=folder).values()] == ["found", "done", "done"]


def test_a_worker_that_takes_too_much_memory_is_ended(store, folder):
    units = [Unit("large", uf.hold, {"mebibytes": 700, "seconds": 60}), Unit("small", uf.add, {"a": 1})]
    outcomes = run_units(units, store, folder=folder, limits=Limits(memory=0.5))
    assert [o.status for o in outcomes.values()] == ["failed", "done"]
    assert outcomes["large"].cause == "took more than its limit of 0.5 GiB of memory"
    assert events(folder, "large") == ["start", "failed"]


def test_where_memory_runs_out_the_largest_is_tried_again_alone(store, folder, monkeypatch):
    sizes = {"large": 300, "small": 10}
    units = [Unit(name, uf.hold, {"mebibytes": size, "seconds": 1}, {"size": size}) for name, size in sizes.items()]
    held = []

    def left():
        at_work = [e["pid"] for e in read_log(folder) if e["event"] == "start"]
        held[:] = [memory.resident(pid) or 0 for pid in at_work]
        return 0 if len(at_work) == 2 and min(held) and max(held) - min(held) > 2**20 * 200 else 2**40

    monkeypatch.setattr(schedule, "left", left)
    outcomes = run_units(units, store, folder=folder, jobs=2)
    assert [o.value for o in outcomes.values()] == [size * 2**20 for size in sizes.values()]
    assert events(folder, "large") == ["start", "stopped", "start", "done"]
    assert events(folder, "small") == ["start", "done"]
    order = [(e["unit"], e["event"]) for e in read_log(folder)]
    assert order.index(("small", "done")) < len(order) - 1 - order[::-1].index(("large", "start")), "alone"


def test_where_memory_runs_out_for_one_alone_it_fails(store, folder, monkeypatch):
    monkeypatch.setattr(schedule, "left", lambda: 0)
    outcome = run_units([Unit("a", uf.hold, {"mebibytes": 1, "seconds": 60})], store, folder=folder)["a"]
    assert outcome.status == "failed"
    assert re.fullmatch(r"memory ran out: its worker held \d\.\d GiB", outcome.cause)


def test_memory_is_what_the_system_says(monkeypatch, tmp_path):
    held = bytearray(os.urandom(2**20) * 100)
    assert memory.resident(os.getpid()) > len(held)
    assert memory.resident(2**22 + 1) is None, "no such process"
    assert 0 < memory.left() <= os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    monkeypatch.setattr(memory, "_GROUP", tmp_path)
    (tmp_path / "memory.max").write_text("1000\n")
    (tmp_path / "memory.current").write_text("700\n")
    (tmp_path / "memory.stat").write_text("anon 500\ninactive_file 50\n")
    assert memory.left() == 350
    (tmp_path / "memory.max").write_text("max\n")
    assert memory.left() > 350
    monkeypatch.setattr(memory, "_PROC", tmp_path)
    assert memory.left() is None


def test_a_full_disk_ends_the_run_and_says_so(store, folder):
    units = [Unit("a", uf.add, {"a": 1}), Unit("b", uf.fill_the_disk), Unit("c", uf.add, {"c": 1}, {"c": 1})]
    rule = r"^b: .*cache: can't store a value: No space left on device; make room.* what is finished is kept"
    with pytest.raises(StoreError, match=rule):
        run_units(units, store, folder=folder)
    assert [(e["unit"], e["event"]) for e in read_log(folder)] == [("a", "start"), ("a", "done"), ("b", "start")]
    assert [path.name for path in store.path(units[0].key).parent.iterdir()] == [units[0].key]
    assert [o.status for o in run_units([units[0], units[2]], store, folder=folder).values()] == ["found", "done"]


def test_a_log_that_cannot_be_written_ends_the_run_and_says_so(store, folder, monkeypatch):
    unit = Unit("a", uf.add, {"a": 1})
    run_units([unit], store, folder=folder)
    monkeypatch.setattr(os, "write", lambda _, line: len(line) - 1)  # as far as there is room
    rule = r"^.*a run/units\.jsonl: can't be written: No space left on device; make room.* what is finished is kept"
    with pytest.raises(StoreError, match=rule):
        run_units([unit], store, folder=folder)


def test_the_end_of_the_server_of_workers_begins_units_again_once(store, folder):
    def end_it(event):
        if event.event == "start" and begun(folder).count(event.unit) <= {"a": 2, "c": 1}.get(event.unit, 0):
            time.sleep(0.2)  # by now it is in its loop
            os.kill(forkserver._forkserver._forkserver_pid, signal.SIGKILL)

    units = [Unit("a", uf.count_without_end), Unit("b", uf.add, {"b": 1}), Unit("c", uf.sleep, {"seconds": 0.5})]
    outcomes = run_units(units, store, folder=folder, on_event=end_it)
    assert [o.status for o in outcomes.values()] == ["failed", "done", "done"]
    assert outcomes["a"].error.endswith("code 255, as where the process that all workers are forked from is killed")
    assert sorted(begun(folder)) == ["a", "a", "b", "c", "c"]
    wait_for(lambda: not any(uf.is_running(event["pid"]) for event in read_log(folder)))


def test_workers_of_a_later_run_find_what_it_loads(store, folder):
    other = multiprocessing.get_context("spawn").Process(target=time.sleep, args=[60], daemon=True)
    other.start()  # which is no worker, and holds none up
    for n, module in enumerate(("wave", "colorsys", "wave")):
        unit = Unit("asked", uf.is_loaded, {"module": module}, {"n": n})
        assert run_units([unit], store, folder=folder, preload=[module])["asked"].value is True
    assert run_units([Unit("not", uf.is_loaded, {"module": "this"})], store, folder=folder)["not"].value is False
    other.kill()
    other.join()


def begun(folder):
    return [event["unit"] for event in read_log(folder) if event["event"] == "start"]


def chains():
    """Three units of known length, and one of the shortest has a long one after it."""
    seconds = {"short": 0.0, "middle": 0.1, "long": 0.2, "root": 0.01}
    units = [Unit(n, uf.sleep, {"seconds": s}, {"seconds": s}) for n, s in seconds.items()]
    return [*units, Unit("after", uf.wait_for, {"before": units[-1].ref, "seconds": 0.3})]


def test_a_unit_that_asks_a_cluster_itself_runs_alone_and_not_last(store, folder):
    units = [Unit(f"other {n}", uf.sleep, {"seconds": 0.2}, {"n": n}) for n in range(6)]
    alone = Unit("alone", uf.sleep, {"seconds": 0.2}, {"n": "alone"}, here=True)
    after = Unit("after", uf.wait_for, {"before": alone.ref, "seconds": 0.1})  # so its chain is the longest
    run_units([*units[:2], alone, *units[2:], after], store, folder=folder, jobs=2)
    told = [(event["unit"], event["event"]) for event in read_log(folder)]
    first, last = told.index(("alone", "start")), told.index(("alone", "done"))
    assert last == first + 1, "nothing starts or ends beside it"
    assert first <= 4, "it waits for those at work, and others for it"
    assert len([unit for unit, event in told if event == "done"]) == 8


def test_the_longest_chain_starts_first_as_far_as_is_known(store, folder):
    run_units(chains(), store, folder=folder)
    assert begun(folder) == ["short", "middle", "long", "root", "after"]
    unknown = Unit("unknown", uf.add, {"a": 1})
    run_units([*chains(), unknown], store, folder=folder, fresh=True)
    assert begun(folder)[5:] == ["unknown", "root", "after", "long", "middle", "short"]


def test_units_whose_names_differ_by_a_number_are_of_one_kind(store, folder):
    fold = [Unit(f"x: fold 1.{n}", uf.sleep, {"seconds": s}, {"n": n}) for n, s in enumerate((0.2, 0.2, 0.2))]
    path = [Unit(f"y: fold 1.{n}", uf.add, {"a": n}, {"n": n}) for n in range(3)]
    order = Order([*path, *fold], {unit.name: [] for unit in (*path, *fold)}, Log(folder))
    assert len({order.rank(unit) for unit in (*path, *fold)}) == 1
    order.learn(path[0], 0.1)
    assert sorted((*path, *fold), key=order.rank) == [*fold, *path], "what is unknown comes first"
    order.learn(fold[0], 0.2)
    order.learn(path[1], 0.3)
    assert sorted((*path, *fold), key=order.rank) == [*path, *fold]
    assert order.rank(fold[2]) == -0.2


def test_a_chain_longer_than_the_stack_is_measured(folder):
    units = [Unit(f"unit {n}", uf.add, {"a": 1}, {"n": n}) for n in range(5000)]
    needs = {unit.name: [units[n - 1].name] if n else [] for n, unit in enumerate(units)}
    order = Order(units, needs, Log(folder))
    order.learn(units[0], 1.0)
    assert order.rank(units[0]) == -5000


def test_with_a_time_budget_units_start_as_given(store, folder):
    run_units(chains(), store, folder=folder)
    run_units(chains(), store, folder=folder, fresh=True, limits=Limits(seconds=60))
    assert begun(folder)[5:] == ["short", "middle", "long", "root", "after"]


def test_a_worker_killed_after_its_value_was_stored_has_done_its_work(store, folder):
    outcome = run_units([Unit("a", uf.die_while_logging)], store, folder=folder)["a"]
    assert (outcome.status, outcome.value) == ("done", "stored")
    assert events(folder) == ["start", "done"]


@pytest.mark.parametrize(("units", "jobs", "error"), [("aa", 1, "'a' occurs twice"), ("ab", 0, "at least 1; got 0")])
def test_a_call_that_makes_no_sense_is_refused(store, folder, units, jobs, error):
    with pytest.raises((StoreError, ValueError), match=error):
        run_units([Unit(name, uf.add) for name in units], store, folder=folder, jobs=jobs)


# --- what is told on the way


def test_warnings_are_handed_over_once_each_and_kept(store, folder, recwarn):
    unit = Unit("warn", uf.warn)
    texts = ("UserWarning: number 2", "UserWarning: number 1", "RuntimeWarning: the object <object object>")
    assert run_units([unit], store, folder=folder)["warn"].warnings == texts
    assert run_units([unit], store, folder=folder)["warn"].warnings == texts
    assert not recwarn.list


def test_progress_counts_what_is_settled(store, folder):
    seen = []
    bad = Unit("bad", uf.fail, about="tree")
    run_units(
        [Unit("good", uf.add), bad, Unit("next", uf.add, {"a": bad.ref})], store, folder=folder, on_event=seen.append
    )
    assert [(e.unit, e.event, e.done, e.total) for e in seen] == [
        ("good", "start", 0, 3),
        ("good", "done", 1, 3),
        ("bad", "start", 1, 3),
        ("bad", "failed", 2, 3),
        ("next", "skipped", 3, 3),
    ]
    assert (seen[3].about, seen[3].error) == ("tree", "ValueError: two lines")


def test_the_log_has_a_line_per_event_and_nothing_private(store, folder):
    unit = Unit("fit tree", uf.add, {"a": 1})
    run_units([unit], store, folder=folder)
    start, done = (json.loads(line) for line in (folder / "units.jsonl").read_text().splitlines())
    assert list(start) == list(done) == ["unit", "key", "event", "seconds", "time", "pid"]
    assert (start["event"], done["event"], done["key"]) == ("start", "done", unit.key[:12])
    assert start["pid"] == done["pid"] != os.getpid()
    assert [path.name for path in folder.iterdir()] == ["units.jsonl"]


def test_a_torn_line_is_left_out_and_does_not_spoil_the_next(store, folder):
    folder.mkdir()
    (folder / "units.jsonl").write_text(
        '{"unit": "a", "key": "0", "event": "done", "seconds": 1, "pid": 1}\n{"unit": "b", "k'
    )
    assert events(folder) == ["done"]
    run_units([Unit("c", uf.add)], store, folder=folder)
    assert events(folder) == ["done", "start", "done"]


def test_an_interrupt_ends_the_workers_and_keeps_what_is_done(store, folder):
    def interrupt(event):
        if event.unit == "slow" and event.event == "start":
            raise KeyboardInterrupt

    units = [Unit("quick", uf.add, {"a": 1}), Unit("slow", uf.sleep, {"seconds": 60})]
    with pytest.raises(KeyboardInterrupt):
        run_units(units, store, folder=folder, on_event=interrupt)
    assert store.get(units[0].key) == 1
    worker = read_log(folder)[-1]
    assert worker["event"] == "start"
    wait_for(lambda: not uf.is_running(worker["pid"]))


# --- a run as a whole, killed and otherwise


def begin(kind, folder, jobs=2, hash_seed="0"):
    """Start a run as a command would, in a process and a process group of its own."""
    marks = folder.parent / "marks"
    marks.mkdir(parents=True, exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-m", "tests.unit_functions", kind, folder.parent / "cache", folder, str(jobs), marks],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": hash_seed},
        start_new_session=True,
    )


def finish(kind, folder, **options):
    assert begin(kind, folder, **options).wait(60) == 0
    return (folder / "results.txt").read_text()


def wait_for(condition, process=None, seconds=30.0):
    end = time.monotonic() + seconds
    while not condition() and (process is None or process.poll() is None):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)


def kill(process, whole_group):
    """Kill the run alone, or with its workers, as a power cut does; tell whether it was still running."""
    running = process.poll() is None
    if running:
        (os.killpg if whole_group else os.kill)(process.pid, signal.SIGKILL)
    process.wait()
    return running


def assert_nothing_ran_twice(folder, n_units):
    """Each unit has one "done", and no start after it; what was begun before was never finished."""
    log = read_log(folder)
    assert Counter(e["unit"] for e in log if e["event"] == "done") == {e["unit"]: 1 for e in log}
    assert len({e["unit"] for e in log}) == n_units
    assert {e["event"] for e in log} <= {"start", "done", "found"}
    for name in {e["unit"] for e in log}:
        mine = [e["event"] for e in log if e["unit"] == name]
        assert "start" not in mine[mine.index("done") :]
        assert all(before == "start" for before, after in pairwise(mine) if after == "done")


def test_jobs_hash_seed_and_cache_make_no_difference(tmp_path):
    one = finish("surroundings", tmp_path / "1" / "run", jobs=1, hash_seed="1")
    two = finish("surroundings", tmp_path / "2" / "run", jobs=2, hash_seed="2")
    assert one == two
    assert len(set(one.splitlines())) == 4


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed") / "run"
    results = finish("forest", folder)
    assert events(folder).count("done") == 12
    assert " None " in results
    return results


def kill_often(tmp_path, moments, undisturbed):
    """Kill a run at each moment in turn and start it again; where one has come to its end, begin a new one."""
    round_, left = 0, list(moments)
    while left:
        folder = tmp_path / f"round {round_}" / "run"
        while left:
            process = begin("forest", folder)
            left[0](process, folder)
            if kill(process, whole_group=len(left) % 2 == 0):
                left.pop(0)
            else:
                break  # it had ended before the moment came
        assert finish("forest", folder) == undisturbed
        assert_nothing_ran_twice(folder, 12)
        assert not [path for path in folder.rglob("*") if path.name not in ("units.jsonl", "results.txt")]
        round_ += 1


def test_kill_at_random_moments(tmp_path, undisturbed):
    chance = np.random.default_rng(0)

    def moment(delay):
        def come(process, folder):
            begun = len(read_log(folder))
            wait_for(lambda: len(read_log(folder)) > begun, process)
            time.sleep(delay)

        return come

    kill_often(tmp_path, [moment(chance.uniform(0, 0.2)) for _ in range(10)], undisturbed)


def test_kill_at_the_end_of_a_unit_and_in_the_midst_of_a_write(tmp_path, undisturbed):
    def unit_ends(process, folder):
        done = events(folder).count("done")
        wait_for(lambda: events(folder).count("done") > done, process)

    def value_is_half_written(process, folder):
        values = folder.parent / "cache" / "values"
        old = set(values.glob(".*"))
        wait_for(lambda: set(values.glob(".*")) - old, process)

    kill_often(tmp_path, [unit_ends, value_is_half_written] * 3, undisturbed)


def test_kill_between_the_end_of_a_unit_and_its_line_in_the_log(tmp_path):
    folder = tmp_path / "run"
    process = begin("silent", folder)
    assert process.wait(60) == -signal.SIGKILL
    assert events(folder) == ["start"]
    assert " None " in finish("silent", folder)
    assert events(folder) == ["start", "done", "found"]
    assert_nothing_ran_twice(folder, 1)


@pytest.mark.parametrize("kind", ["sleep", "loop in C"])
def test_workers_end_with_their_run(tmp_path, kind):
    folder = tmp_path / "run"
    process = begin(kind, folder)
    wait_for(lambda: events(folder), process)
    time.sleep(0.2)  # by now it is at work, and has nothing to tell that would fail
    assert kill(process, whole_group=False)
    worker = read_log(folder)[0]["pid"]
    wait_for(lambda: not uf.is_running(worker), seconds=10)
    assert events(folder) == ["start"]


def test_a_worker_that_is_writing_when_its_run_is_killed_is_waited_for(tmp_path):
    """It ends after its value is whole and logged; the next run neither joins it nor repeats it."""
    folder = tmp_path / "run"
    process = begin("slow", folder)
    wait_for(lambda: list(tmp_path.glob("cache/values/.*")), process)
    assert kill(process, whole_group=False)
    assert " None " in finish("slow", folder)
    assert events(folder) == ["start", "done", "found"]


def test_a_worker_that_comes_after_its_run_has_ended_does_nothing(tmp_path):
    code = (
        "import multiprocessing, pickle, sys, threading, types\n"
        "from pathlib import Path\n"
        "from workbench.store import Store, log, worker\n"
        "ended = types.SimpleNamespace(join=threading.Event().wait, is_alive=lambda: False)\n"
        "multiprocessing.parent_process = lambda: ended\n"
        "task = worker.Task('a', 'a' * 64, b'', 'a', (), Store(sys.argv[1]), log.Log(Path(sys.argv[1])), False)\n"
        "worker.work(task, None)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    assert subprocess.run([sys.executable, "-c", code, tmp_path], env=environment, check=False).returncode == 0
    assert events(tmp_path) == []
