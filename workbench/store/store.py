"""Values in the user's own cache, named by hash, written whole, checked when read."""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import os
import pickle
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import platformdirs

from workbench.store.files import GO_ON, StoreError, locked, posix_locks, sweep, write_whole

LIMIT_BYTES = 2 * 2**30
_MAGIC = b"workbench value 1 "
_KILLED = 1.0  # seconds in which a process that a killed run was about to start lets go of its lock
_log = logging.getLogger(__name__)


class Store:
    """Pickled values, one file a key, in a folder that is the current user's alone.

    Pickles run code when they are read, so they are read from here only: a file that another user owns or can write
    to is refused, and a file whose content does not match its own checksum counts as absent and is removed.
    Beyond `limit_bytes` the values that were not used for longest are removed, but never while a run is under way.

    Parameters
    ----------
    root : path, optional
        The cache; by default the environment's WORKBENCH_CACHE, else the user's cache folder of the platform.
    limit_bytes : int, optional
        By default the environment's WORKBENCH_CACHE_BYTES, else 2 GiB.

    Raises
    ------
    StoreError
        If the folder can't be made or belongs to another user, the limit is no number, or the system has no POSIX
        file locks.

    Examples
    --------
    >>> import tempfile
    >>> key = hashlib.sha256(b"identity").hexdigest()
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = Store(folder)
    ...     store.put(key, {"r2": 0.4})
    ...     store.get(key), store.has("0" * 64)
    ({'r2': 0.4}, False)
    """

    def __init__(self, root: str | Path | None = None, limit_bytes: int | None = None) -> None:
        posix_locks()
        given = root or os.environ.get("WORKBENCH_CACHE") or platformdirs.user_cache_dir("workbench", appauthor=False)
        self.root = Path(given).expanduser().absolute()
        self.limit_bytes = _limit() if limit_bytes is None else limit_bytes
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            # an existing root may be shared with other things and keeps its mode; what is ours below it is private
            self._values, self._locks = _private(self.root / "values"), _private(self.root / "locks")
            if not all(os.access(folder, os.W_OK) for folder in (self._values, self._locks)):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))  # a disk that is mounted to be read, say
        except OSError as error:
            raise StoreError(
                f"{self.root}: no cache can be kept here; set WORKBENCH_CACHE to a folder of your own"
            ) from error

    def path(self, key: str) -> Path:
        """Give the file of a key, there or not."""
        if not re.fullmatch("[0-9a-f]{64}", key):
            raise StoreError(f"store: a key is 64 hexadecimal digits; got {key!r}")
        return self._values / key

    def has(self, key: str) -> bool:
        """Tell whether a whole value is stored under a key."""
        return self.notes(key) is not None

    def get(self, key: str) -> Any:
        """Give the value of a key.

        Raises
        ------
        KeyError
            If no whole value is stored under it.
        StoreError
            If its file belongs to another user, others can write to it, or its classes are no longer there.
        """
        if (body := self._read(key)) is None:
            raise KeyError(f"the store holds no value {key[:12]}: it was not computed yet, or evicted since")
        try:
            return pickle.loads(memoryview(body)[body.index(b"\n") + 1 :])  # noqa: S301 our own file, verified
        except Exception as error:  # a class has moved, say
            raise StoreError(f"{self.path(key)}: can't be unpickled any more ({error}); remove the file") from error

    def notes(self, key: str) -> dict[str, Any] | None:
        """Give what was noted beside a value, without unpickling it; None if no whole value is stored."""
        body = self._read(key)
        return None if body is None else json.loads(body[: body.index(b"\n")])

    def put(self, key: str, value: Any, notes: Mapping[str, Any] | None = None) -> None:
        """Store a value, and JSON-able notes beside it, whole.

        Raises
        ------
        StoreError
            If the disk takes no more.
        """
        body = json.dumps(dict(notes or {})).encode() + b"\n" + pickle.dumps(value, protocol=5)
        self._write(key, b"%s%s\n%s" % (_MAGIC, _digest(body), body))

    def _write(self, key: str, content: bytes) -> None:
        try:
            write_whole(self.path(key), content, mode=0o600)
        except OSError as error:
            raise StoreError(f"{self.root}: can't store a value: {error.strerror}; {GO_ON}") from error
        self.trim()

    def export(self, key: str) -> bytes | None:
        """Give the whole file of a value, for another store to `adopt`; None if no whole value is stored."""
        body = self._read(key)
        return None if body is None else b"%s%s\n%s" % (_MAGIC, _digest(body), body)

    def adopt(self, key: str, content: bytes) -> dict[str, Any]:
        """Take in a value that another store has exported, and give its notes.

        Raises
        ------
        StoreError
            If it is not what was written there, or the disk takes no more.
        """
        head, _, body = content.partition(b"\n")
        if head != _MAGIC + _digest(body):
            raise StoreError(f"{self.root}: refused a value that is not what was exported: it was damaged on its way")
        self._write(key, content)
        notes: dict[str, Any] = json.loads(body[: body.index(b"\n")])
        return notes

    def trim(self) -> None:
        """Evict the values that were not used for longest, down to the limit, unless a run is under way."""
        with ExitStack() as stack:
            try:
                stack.enter_context(locked(self._locks / "in-use", exclusive=True, wait=0.0))
            except BlockingIOError:
                return
            sweep(self._values, older_than=3600)
            files = sorted((entry.stat().st_mtime_ns, entry.stat().st_size, entry.path) for entry in self._entries())
            excess = sum(size for _, size, _ in files) - self.limit_bytes
            for _, size, path in files:
                if excess <= 0:
                    break
                Path(path).unlink(missing_ok=True)
                excess -= size

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Keep every stored value until this and every other run, in whatever process, has left; then trim."""
        with locked(self._locks / "in-use", exclusive=False):
            yield
        self.trim()

    @contextmanager
    def claim(self, key: str) -> Iterator[None]:
        """Wait until no other process has claimed a key, and hold it: a unit never runs twice at a time.

        A lock on one byte of one file for each key: nothing piles up, and the system frees it with the process,
        however that ends. Within one process it does not exclude.
        """
        fcntl = posix_locks()
        with os.fdopen(os.open(self._locks / "claims", os.O_RDWR | os.O_CREAT, 0o600), "rb+") as file:
            fcntl.lockf(file, fcntl.LOCK_EX, 1, int(key[:15], 16))
            yield

    def _entries(self) -> Iterator[os.DirEntry[str]]:
        with os.scandir(self._values) as entries:
            yield from (entry for entry in entries if not entry.name.startswith("."))

    def _read(self, key: str) -> bytes | None:
        """Give notes and pickle as they were written, or None, and mark the file as used."""
        path = self.path(key)
        try:
            with path.open("rb") as file:
                status = os.fstat(file.fileno())
                if status.st_uid != os.geteuid() or status.st_mode & 0o022:
                    raise StoreError(f"{path}: refused, as another user owns it or can write to it; remove the file")
                head, body = file.readline(len(_MAGIC) + 65), file.read()
                os.utime(file.fileno())
        except FileNotFoundError:
            return None
        if head != b"%s%s\n" % (_MAGIC, _digest(body)):
            _log.warning("%s: removed, because its content is not what was written; it is computed again", path)
            path.unlink(missing_ok=True)
            return None
        return body


@contextmanager
def lock_run(folder: str | Path, store: Store | None = None) -> Iterator[None]:
    """Hold a run's folder: one run at a time; remove what a killed run left half written; evict nothing meanwhile.

    The lock is of the open file, so a killed run leaves none behind. Its file lies in the cache, not in the folder.

    Raises
    ------
    StoreError
        If another run holds the folder.
    """
    store = store or Store()
    name = hashlib.sha256(os.fsencode(Path(folder).resolve())).hexdigest()[:32]
    path = store.root / "locks" / f"{name}.run"
    with ExitStack() as stack:
        try:
            file = stack.enter_context(locked(path, exclusive=True, wait=_KILLED))
        except BlockingIOError:
            raise StoreError(
                f"{folder}: another run (process {path.read_text() or 'unknown'}) is at work in this folder; "
                "wait until it has ended, or choose another folder"
            ) from None
        os.ftruncate(file, 0)
        os.pwrite(file, str(os.getpid()).encode(), 0)
        sweep(Path(folder))
        stack.enter_context(store.in_use())
        yield


def _private(folder: Path) -> Path:
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.stat()
    if status.st_uid != os.geteuid():
        raise StoreError(f"{folder}: the cache belongs to another user; set WORKBENCH_CACHE to a folder of your own")
    if status.st_mode & 0o077:
        folder.chmod(0o700)
    return folder


def _limit() -> int:
    given = os.environ.get("WORKBENCH_CACHE_BYTES", str(LIMIT_BYTES))
    if not given.isdecimal():
        raise StoreError(f"WORKBENCH_CACHE_BYTES must be a whole number of bytes; got {given!r}")
    return int(given)


def _digest(body: bytes) -> bytes:
    return hashlib.sha256(body).hexdigest().encode()
