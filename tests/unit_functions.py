"""What the units of the tests do; a module of its own, so that worker processes can import it."""

import errno
import hashlib
import itertools
import os
import random
import signal
import sys
import time
import warnings
from pathlib import Path

from workbench import store as st
from workbench.store import processes


def add(*numbers, **named):
    return sum(numbers) + sum(named.values())


def total(parts):
    """Add up what refs in a nested argument have become."""
    return sum(parts["list"]) + sum(parts["tuple"]) + parts["one"]


def surroundings():
    """All that a careless library may draw from."""
    import numpy as np

    words = ["ash", "birch", "cedar", "elm", "fir", "oak", "pine", "yew"]
    return {
        "set": list(set(words)),
        "random": random.random(),  # noqa: S311
        "numpy": np.random.rand(3).tolist(),  # noqa: NPY002
    }


def threads():
    import numpy as np
    import threadpoolctl

    np.ones((3, 3)) @ np.ones((3, 3))
    return [library["num_threads"] for library in threadpoolctl.threadpool_info()]


def warn():
    for number in (2, 1, 2):
        warnings.warn(f"number {number}", UserWarning, stacklevel=1)
    warnings.warn(f"the object {object()}", RuntimeWarning, stacklevel=1)
    warnings.warn("for developers", DeprecationWarning, stacklevel=1)
    return "warned"


def fail():
    raise ValueError("two\nlines")


def hold(mebibytes, seconds):
    """Hold memory, all of it touched."""
    held = bytearray(os.urandom(1024) * (1024 * mebibytes))
    time.sleep(seconds)
    return len(held)


def fill_the_disk():
    """Have no file come whole to the disk from here on."""

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    os.fsync = full


def leave():
    raise SystemExit(3)


def exit_at_once():
    os._exit(7)


def kill_itself():
    os.kill(os.getpid(), signal.SIGKILL)


def die_while_drawing(found):
    os.kill(os.getpid(), signal.SIGKILL)


def unpicklable():
    return lambda: None


def sleep(seconds):
    time.sleep(seconds)
    return seconds


def wait_for(before, seconds):
    time.sleep(seconds)


def deaf(seconds):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(seconds)


def count_without_end():
    """Be deaf in a loop in C, during which Python handles no signal and no thread gets its turn."""
    signal.signal(signal.SIGTERM, lambda *_: None)
    return sum(itertools.repeat(0, 10**12))


def die_while_logging():
    """Be killed after the value is stored and before that is logged."""
    st.log.Log.append = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
    return "stored"


def all_die_while_logging():
    """Have everything killed after the value is stored and before that is logged."""
    st.log.Log.append = lambda *_: os.killpg(0, signal.SIGKILL)
    return "stored"


def grow(name, marks, parts=(), writing=0.0):
    """Work for a while, alone; give a sizeable value that follows from the parts, and be slow to write it."""
    mark = Path(marks, name)
    if others := [pid for pid in (mark.read_text().split() if mark.exists() else ()) if is_running(pid)]:
        raise RuntimeError(f"{name} is running in process {others[0]} already")
    with mark.open("a") as file:
        file.write(f"{os.getpid()} ")
    time.sleep(0.03)
    if writing:
        os.fsync = lambda _: time.sleep(writing)
    return hashlib.shake_256(name.encode() + b"".join(parts)).digest(200_000)


def is_running(pid):
    """Tell whether a process can still do anything: on its way out it has lost its locks already."""
    try:
        flags = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[6])
    except (FileNotFoundError, ProcessLookupError):
        return False
    return not flags & 0x4  # PF_EXITING


def forest(marks):
    """Twelve units: four layers of three, each fed by two of the layer above it, one of them slow to write."""
    layers, above = [], ()
    for depth in range(4):
        layer = [
            st.Unit(
                f"layer {depth} unit {number}",
                grow,
                {
                    "name": f"{depth}-{number}",
                    "marks": marks,
                    "parts": tuple(unit.ref for unit in above[1:]),
                    "writing": 0.06 if number == 2 else 0.0,
                },
                identity={"depth": depth, "number": number},
            )
            for number in range(3)
        ]
        layers += layer
        above = layer
    return layers


def run(kind, cache, folder, jobs, marks):
    """Do what a command does: hold the folder, run the units, write results."""
    processes.PRELOAD = ("numpy", "threadpoolctl")
    cache = st.Store(cache)
    units = {
        "forest": lambda: forest(marks),
        "slow": lambda: [st.Unit("slow", grow, {"name": "slow", "marks": marks, "writing": 1.5})],
        "sleep": lambda: [st.Unit("sleep", sleep, {"seconds": 60})],
        "loop in C": lambda: [st.Unit("loop in C", count_without_end)],
        "silent": lambda: [st.Unit("silent", all_die_while_logging)],
        "surroundings": lambda: [st.Unit(f"{n}", surroundings, identity={"n": n}) for n in range(4)],
    }[kind]()
    with st.lock_run(folder, cache):
        outcomes = st.run_units(units, cache, folder=folder, jobs=int(jobs))
        lines = [
            f"{o.unit.name} {o.unit.key} {o.error} {hashlib.sha256(repr(o.value).encode()).hexdigest()}"
            for o in outcomes.values()
        ]
        st.write_whole(Path(folder, "results.txt"), "\n".join(lines))


if __name__ == "__main__":
    from tests import unit_functions  # functions of a script are no units

    unit_functions.run(*sys.argv[1:])


def is_loaded(module):
    """Tell whether this process had a module before it was asked."""
    return module in sys.modules
