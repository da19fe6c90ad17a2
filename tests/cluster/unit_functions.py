"""What the units of these tests do; a module of its own, so that processes on workers can import it."""

import multiprocessing
import os
import signal
import time
import warnings
from pathlib import Path

import numpy as np


def kill_worker(marker, times):
    """Kill Dask's worker, which started this process, so many times; each leaves a file."""
    before = len(list(Path(marker).iterdir()))
    if before < times:
        Path(marker, str(before)).touch()
        time.sleep(0.3)  # for its start to be heard of
        os.kill(multiprocessing.parent_process().pid, signal.SIGKILL)
        time.sleep(60)
    return draw()


def draw():
    """Draw from a generator that every unit finds seeded."""
    return np.random.rand(3).tolist()  # noqa: NPY002


def half(values):
    warnings.warn("halved", UserWarning, stacklevel=1)
    return values / 2


def linger(seconds, folder):
    Path(folder, str(os.getpid())).touch()
    time.sleep(seconds)
    return seconds
