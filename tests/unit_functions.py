"""What the units of the tests do; a module of its own, so that worker processes can import it."""

import fcntl
import hashlib
import math
import os
import random
import signal
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import threadpoolctl

from workbench import store as st
from workbench.store import schedule


def add(*numbers, **named):
    return sum(numbers) + sum(named.values())


def total(parts):
    """Add up what refs in a nested argument have become."""
    return sum(parts["list"]) + sum(parts["tuple"]) + parts["one"]


def surroundings():
    """All that a careless library may draw from."""
    words = ["ash", "birch", "cedar", "elm", "fir", "oak", "pine", "yew"]
    return {
        "set": list(set(words)),
        "random": random.random(),  # noqa: S311
        "numpy": np.random.rand(3).tolist(),  # noqa: NPY002
    }


def threads():
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


def leave():
    raise SystemExit(3)


def exit_at_once():
    os._exit(7)


def kill_itself():
    os.kill(os.getpid(), signal.SIGKILL)


def unpicklable():
    return lambda: None


def sleep(seconds):
    time.sleep(seconds)
    return seconds


def deaf(seconds):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(seconds)


def die_while_logging():
    """Be killed after the value is stored and before that is logged."""
    st.log.Log.append = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
    return "stored"


def all_die_while_logging():
    """Have everything killed after the value is stored and before that is logged."""
    st.log.Log.append = lambda *_: os.killpg(0, signal.SIGKILL)
    return "stored"


def grow(name, marks, parts=(), slow_write=False):
    """Work for a while, alone; give a sizeable value that follows from the parts."""
    with Path(marks, name).open("a") as mark:
        fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)  # another run of this unit at the same time raises
        time.sleep(0.04)
        if slow_write:
            os.fsync = lambda _: time.sleep(0.1)
        seed = hashlib.sha256(name.encode() + b"".join(part.tobytes() for part in parts)).digest()
        return np.random.default_rng(list(seed)).normal(size=20_000)


def hold(name, marks):
    """Keep the interpreter to itself, so that nothing in this process can end it."""
    with Path(marks, name).open("a") as mark:
        fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        mark.write("x")
        mark.flush()
        return len(bin(math.factorial(130_000)))


def forest(marks):
    """Twelve units: four layers of three, each fed by the whole layer above it."""
    layers, above = [], ()
    for depth in range(4):
        layer = [
            st.Unit(
                f"layer {depth} unit {number}",
                grow,
                {
                    "name": f"{depth}-{number}",
                    "marks": marks,
                    "parts": tuple(unit.ref for unit in above),
                    "slow_write": number == 2,
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
    schedule.PRELOAD = ("numpy", "threadpoolctl")
    cache = st.Store(cache)
    units = {
        "forest": lambda: forest(marks),
        "hold": lambda: [st.Unit("hold", hold, {"name": "hold", "marks": marks})],
        "silent": lambda: [st.Unit("silent", all_die_while_logging)],
        "surroundings": lambda: [st.Unit(f"{n}", surroundings, identity={"n": n}) for n in range(4)],
    }[kind]()
    with st.lock_run(folder, cache):
        outcomes = st.run_units(units, cache, folder=folder, jobs=int(jobs))
        lines = [f"{o.unit.name} {o.unit.key} {o.error} {_digest(o.value)}" for o in outcomes.values()]
        st.write_whole(Path(folder, "results.txt"), "\n".join(lines))


def _digest(value):
    return hashlib.sha256(value.tobytes() if isinstance(value, np.ndarray) else repr(value).encode()).hexdigest()


if __name__ == "__main__":
    from tests import unit_functions  # functions of a script are no units

    unit_functions.run(*sys.argv[1:])
