"""Values are whole or absent, private, and within a limit; hashes follow what they are of."""

import errno
import hashlib
import logging
import os
import subprocess
import sys

import numpy as np
import pytest

from workbench.store import Store, StoreError, hash_file, lock_run, source_hash, sweep, write_whole


def key(name):
    return hashlib.sha256(name.encode()).hexdigest()


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "a cache")


def modes(folder):
    return {path.stat().st_mode & 0o777 for path in folder.iterdir()}


def test_a_value_comes_back(store):
    value = {"array": np.arange(5.0), "text": "ü"}
    assert not store.has(key("a"))
    store.put(key("a"), value, {"seconds": 1.5})
    assert store.has(key("a"))
    assert store.notes(key("a")) == {"seconds": 1.5}
    np.testing.assert_array_equal(store.get(key("a"))["array"], value["array"])
    assert Store(store.root).get(key("a"))["text"] == "ü"


def test_an_absent_value_is_a_key_error_and_no_key_leads_out_of_the_store(store):
    with pytest.raises(KeyError, match="not computed yet"):
        store.get(key("a"))
    with pytest.raises(StoreError, match=r"64 hexadecimal digits; got '\.\./secret'"):
        store.get("../secret")


def test_only_the_user_can_look_inside(store, tmp_path):
    store.put(key("a"), 1)
    assert modes(tmp_path) == {0o700}
    assert modes(store.root) == {0o700}
    assert modes(store.path(key("a")).parent) == {0o600}
    store.path(key("a")).parent.chmod(0o755)
    assert modes(Store(store.root).root) == {0o700}


def test_an_existing_folder_keeps_its_mode(tmp_path):
    tmp_path.chmod(0o755)
    assert modes(Store(tmp_path).root) == {0o700}
    assert tmp_path.stat().st_mode & 0o777 == 0o755


def test_a_place_where_no_folder_can_be_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="file/cache: no cache can be kept here; set WORKBENCH_CACHE"):
        Store(tmp_path / "file" / "cache")


def test_a_cache_that_can_be_read_alone_is_refused(store, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)
    with pytest.raises(StoreError, match="a cache: no cache can be kept here; set WORKBENCH_CACHE"):
        Store(store.root)


def test_the_environment_names_folder_and_limit(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "there"))
    monkeypatch.setenv("WORKBENCH_CACHE_BYTES", "123")
    assert (Store().root, Store().limit_bytes) == (tmp_path / "there", 123)
    monkeypatch.setenv("WORKBENCH_CACHE_BYTES", "2 GB")
    with pytest.raises(StoreError, match="WORKBENCH_CACHE_BYTES must be a whole number of bytes; got '2 GB'"):
        Store()


@pytest.mark.parametrize("damage", [lambda b: b[:-1], lambda b: b[:20], lambda b: b"", lambda b: b[:-3] + b"abc"])
def test_a_damaged_value_counts_as_absent(store, damage, caplog):
    store.put(key("a"), list(range(100)))
    path = store.path(key("a"))
    path.write_bytes(damage(path.read_bytes()))
    with caplog.at_level(logging.WARNING):
        assert not store.has(key("a"))
    assert "removed, because its content is not what was written" in caplog.text
    assert not path.exists()


def test_a_file_that_others_can_write_is_refused(store):
    store.put(key("a"), 1)
    store.path(key("a")).chmod(0o666)
    with pytest.raises(StoreError, match="refused, as another user owns it or can write to it"):
        store.get(key("a"))


def test_a_file_of_another_user_is_refused(store, monkeypatch):
    store.put(key("a"), 1)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(StoreError, match="refused"):
        store.get(key("a"))
    with pytest.raises(StoreError, match="the cache belongs to another user; set WORKBENCH_CACHE"):
        Store(store.root)


def test_a_value_whose_class_is_gone_says_what_to_do(store, monkeypatch):
    module = type(sys)("passing_by")
    module.Thing = type("Thing", (), {"__module__": "passing_by"})
    monkeypatch.setitem(sys.modules, "passing_by", module)
    store.put(key("a"), module.Thing())
    monkeypatch.delitem(sys.modules, "passing_by")
    with pytest.raises(StoreError, match=r"can't be unpickled any more .*passing_by.*; remove the file"):
        store.get(key("a"))


def test_the_least_recently_used_values_are_evicted(tmp_path):
    store = Store(tmp_path, limit_bytes=3500)
    for age, name in enumerate("abc"):
        store.put(key(name), bytes(1000))
        os.utime(store.path(key(name)), (age, age))
    assert store.get(key("a")) == bytes(1000)  # used just now, so b is the oldest
    store.put(key("d"), bytes(1000))
    assert [store.has(key(name)) for name in "abcd"] == [True, False, True, True]


def test_nothing_is_evicted_while_a_run_is_under_way(tmp_path):
    store, other = Store(tmp_path, limit_bytes=1500), Store(tmp_path, limit_bytes=1500)
    with store.in_use():
        with other.in_use():
            for name in "abc":
                store.put(key(name), bytes(1000))
        assert all(store.has(key(name)) for name in "abc")
    assert sum(store.has(key(name)) for name in "abc") == 1


def test_a_write_that_fails_leaves_the_old_content_alone(tmp_path, monkeypatch):
    path = tmp_path / "new folder" / "results.json"
    write_whole(path, "old")

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=r"No space left on device: '.*results\.json'"):
        write_whole(path, "new")
    assert [p.name for p in path.parent.iterdir()] == ["results.json"]
    assert path.read_text() == "old"


def test_a_file_is_written_as_given_and_hashed(tmp_path):
    write_whole(tmp_path / "a", "ü\r\n")
    write_whole(tmp_path / "b", b"\xc3\xbc\r\n", mode=0o600)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() == b"\xc3\xbc\r\n"
    assert hash_file(tmp_path / "a") == hashlib.sha256(b"\xc3\xbc\r\n").hexdigest()
    assert (tmp_path / "b").stat().st_mode & 0o777 == 0o600


def half_write(path):
    """Write in a process that is killed before the file takes its name."""
    code = "import os, workbench.store as s; os.fsync = lambda _: os.kill(os.getpid(), 9); s.write_whole(%r, 'new')"
    assert subprocess.run([sys.executable, "-c", code % str(path)], check=False).returncode == -9


def test_what_a_killed_process_leaves_is_swept_by_the_next_run(tmp_path, store):
    path = tmp_path / "run" / "cards" / "a.html"
    write_whole(path, "old")
    half_write(path)
    assert len(list(path.parent.iterdir())) == 2
    sweep(tmp_path / "run", older_than=60)
    assert len(list(path.parent.iterdir())) == 2
    with lock_run(tmp_path / "run", store):
        assert [p.read_text() for p in path.parent.iterdir()] == ["old"]


def test_one_run_per_folder(tmp_path, store):
    with lock_run(tmp_path / "run", store):
        with (
            pytest.raises(StoreError, match=rf"run: another run \(process {os.getpid()}\) is at work.*another folder"),
            lock_run(tmp_path / "." / "run", store),
        ):
            pytest.fail("two runs in one folder")
        with lock_run(tmp_path / "other", store):
            pass
    with lock_run(tmp_path / "run", store):
        assert not (tmp_path / "run").exists()  # the lock lies in the cache


def test_a_killed_run_leaves_no_lock(tmp_path, store):
    code = "import os, workbench.store as s\nwith s.lock_run(%r, s.Store(%r)): os.kill(os.getpid(), 9)"
    code = code % (str(tmp_path / "run"), str(store.root))
    killed = subprocess.run([sys.executable, "-c", code], check=False)
    assert killed.returncode == -9
    with lock_run(tmp_path / "run", store):
        pass


def test_a_system_without_file_locks_is_told(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "fcntl", None)
    with pytest.raises(StoreError, match="use Linux, macOS, or the Windows Subsystem for Linux"):
        Store(tmp_path)


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A family of somebody else's: a package with a lazy import, a relative one, and one of workbench."""
    files = {
        "__init__.py": "",
        "family.py": "import json\ndef fit():\n    from . import lazy\n    from .sub.deep import x\n",
        "lazy.py": "from workbench.store import Ref\n",
        "sub/__init__.py": "",
        "sub/deep.py": "x = 1\n",
        "unrelated.py": "y = 1\n",
    }
    for name, content in files.items():
        write_whole(tmp_path / "toy_family" / name, content)
    monkeypatch.syspath_prepend(tmp_path)
    source_hash.cache_clear()
    return tmp_path / "toy_family"


@pytest.mark.parametrize(
    ("changed", "differs"),
    [("family.py", True), ("lazy.py", True), ("sub/deep.py", True), ("__init__.py", True), ("unrelated.py", False)],
)
def test_the_source_hash_follows_what_is_imported(package, changed, differs):
    before = source_hash("toy_family.family")
    path = package / changed
    path.write_text(path.read_text() + "# changed\n")
    assert source_hash("toy_family.family") == before  # read once a process
    source_hash.cache_clear()
    assert (source_hash("toy_family.family") != before) is differs
    assert "toy_family.family" not in sys.modules


def test_the_source_hash_covers_workbench_and_says_what_it_misses(package, monkeypatch):
    import workbench.store.sources as sources

    read = []
    find = sources._source
    monkeypatch.setattr(sources, "_source", lambda name: read.append(name) or find(name))
    source_hash("toy_family.family")
    assert {"workbench", "workbench.store", "workbench.store.worker", "toy_family.sub.deep"} <= set(read)
    assert "json" not in read
    with pytest.raises(StoreError, match=r"module workbench.no_such has no source file"):
        source_hash("workbench.store", "workbench.no_such")
