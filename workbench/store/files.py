"""Files that are whole or absent, and locks that end with their process."""

from __future__ import annotations

import hashlib
import os
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

_HALF_WRITTEN = ".half-written"
GO_ON = (
    "make room, or set WORKBENCH_CACHE to a folder on another disk, and run again: what is finished is kept, and the "
    "run goes on from there"
)


class StoreError(RuntimeError):
    """The store, or the lock of a run's folder, can't be used as asked."""


def write_whole(path: str | Path, data: bytes | str, *, mode: int = 0o666) -> None:
    """Write a file so that whoever looks finds the old content or the new one, never a part.

    The data go to a new file in the same folder, to the disk, and then take the name of `path`. Folders above are made.
    A failure, a full disk say, leaves the old content and nothing else; what a killed process leaves, `sweep` removes.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_whole(Path(folder, "new", "a.txt"), "whole")
    ...     Path(folder, "new", "a.txt").read_text()
    'whole'
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{secrets.token_hex(8)}{_HALF_WRITTEN}")
    try:
        with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(data.encode() if isinstance(data, str) else data)
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)
    except BaseException as error:
        half.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno:  # which names no file where a disk is full
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise


def sweep(folder: Path, *, older_than: float = 0.0) -> None:
    """Remove what killed processes left half written in a folder and below, if older than so many seconds."""
    for half in Path(folder).rglob(f".*{_HALF_WRITTEN}"):
        with suppress(FileNotFoundError):  # whole by now
            if time.time() - half.stat().st_mtime >= older_than:
                half.unlink()


def hash_file(path: str | Path) -> str:
    """Give the SHA-256 of a file's content, in hex."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def locked(path: Path, *, exclusive: bool, wait: float | None = None) -> Iterator[int]:
    """Hold a lock on a file, made where absent; BlockingIOError if it is taken for longer than `wait` seconds."""
    fcntl = posix_locks()
    operation = (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | (0 if wait is None else fcntl.LOCK_NB)
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    patience = time.monotonic() + (wait or 0.0)
    try:
        while True:
            try:
                fcntl.flock(file, operation)
                break
            except BlockingIOError:
                if time.monotonic() >= patience:
                    raise
                time.sleep(0.02)
        yield file
    finally:
        os.close(file)  # frees the lock, as does the end of the process, however it comes


def posix_locks() -> Any:
    """Give the module of file locks, or say which systems have one."""
    try:
        import fcntl
    except ImportError as error:
        raise StoreError(
            f"store: a run needs the file locks of POSIX, which {sys.platform} does not have; "
            "use Linux, macOS, or the Windows Subsystem for Linux"
        ) from error
    return fcntl
