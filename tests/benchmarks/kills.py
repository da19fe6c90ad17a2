"""A run is killed at random moments and goes on each time: are its results those of an undisturbed run?

    python tests/benchmarks/kills.py [STUDY] [--kills 20] [--jobs 2] [--seed 0] [--small]

STUDY is a bundled data set, whose own study is run. Run, workers and all are killed together, as by a power cut
(SIGKILL to the process group), at moments drawn evenly over a third of what an undisturbed run takes, as a run that
goes on has less left to do; where one has come to its end before its moment, the next begins anew, without a cache.
`--small`: three models and three folds, six kills.

It holds that the results are equal but for the timing, that no unit is computed again that was finished, and that one
more model, or another option of an explanation, costs that alone. The exit code is 0 only where all of it holds.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from workbench.catalog import dataset
from workbench.store import read_log

SMALL: dict[str, Any] = {
    "models": ["linear", "tree", "forest"],
    "split": {"folds": 3, "repeats": 1},
    "explain": ["permutation_importance", "partial_dependence"],
    "report": {"formats": ["html"]},
}


@dataclass
class Place:
    """Where one run after another takes place: a study file, a cache and a folder of results."""

    folder: Path
    jobs: int

    @property
    def out(self) -> Path:
        """The folder of results."""
        return self.folder / "out"

    def write(self, study: dict[str, Any]) -> None:
        """Write the study file; runs of other places are of a file of the same name."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "study.yaml").write_text(yaml.safe_dump(study, sort_keys=False))

    def begin(self) -> subprocess.Popen[bytes]:
        """Start the command, in a process group of its own."""
        words = ["run", "study.yaml", "--out", "out", "--jobs", str(self.jobs)]
        return subprocess.Popen(
            [sys.executable, "-m", "workbench", *words],
            cwd=self.folder,
            env={**os.environ, "WORKBENCH_CACHE": str(self.folder / "cache")},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def finish(self) -> float:
        """Run to the end; give the seconds."""
        began = time.perf_counter()
        process = self.begin()
        _, told = process.communicate()
        if process.returncode:
            raise SystemExit(f"the run failed with exit code {process.returncode}:\n{told.decode()[-2000:]}")
        return time.perf_counter() - began

    def results(self) -> dict[str, Any]:
        """Read the results, but for the timing."""
        found = json.loads((self.out / "results.json").read_text())
        del found["timing"]
        return found

    def log(self) -> list[dict[str, Any]]:
        """Read the log."""
        return list(read_log(self.out))


def kill_one(place: Place, seconds: float) -> bool:
    """Start a run and kill it after so many seconds; tell whether it was still at work."""
    process = place.begin()
    try:
        process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return True
    return False


def again(log: list[dict[str, Any]]) -> list[str]:
    """Name the units that were begun or finished after they had been finished."""
    done: set[str] = set()
    repeated = []
    for event in log:
        if event["event"] in ("start", "done") and event["key"] in done:
            repeated.append(event["unit"])
        if event["event"] == "done":
            done.add(event["key"])
    return repeated


def check_round(place: Place, undisturbed: dict[str, Any], kills: int) -> bool:
    """Compare a round of kills, run to its end, with the undisturbed run."""
    place.finish()
    log = place.log()
    counts = Counter(event["event"] for event in log)
    repeated, equal = again(log), place.results() == undisturbed
    cut_off = counts["start"] - counts["done"]
    print(
        f"{kills} kills: results {'equal' if equal else 'DIFFER'}; {counts['done']} units done, {cut_off} starts cut "
        f"off; finished and computed again: {len(repeated)}",
        flush=True,
    )
    return equal and not repeated


def disturb(root: Path, study: dict[str, Any], undisturbed: dict[str, Any], moments: list[float], jobs: int) -> bool:
    """Kill a run at each moment in turn; give whether every round came to the same end."""
    good, number = True, 0
    while moments:
        place, kills = Place(root / f"round {number}", jobs), 0
        place.write(study)
        while moments and kill_one(place, moments[0]):
            done = sum(event["event"] == "done" for event in place.log())
            print(f"  killed after {moments.pop(0):6.2f} s, with {done} units done", flush=True)
            kills += 1
        number += 1
        good &= check_round(place, undisturbed, kills)
    return good


def changed(place: Place, study: dict[str, Any], what: str, belongs: Any) -> bool:
    """Run a changed study in a place; tell whether it computed what belongs to the change, and that alone."""
    before = len(place.log())
    place.write(study)
    seconds = place.finish()
    begun = [event["unit"] for event in place.log()[before:] if event["event"] == "start"]
    strange = [unit for unit in begun if not belongs(unit)]
    print(f"{what}: {len(begun)} units in {seconds:.1f} s, of which {len(strange)} are of other things {strange[:3]}")
    return bool(begun) and not strange


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", nargs="?", default="wine-quality-red")
    parser.add_argument("--kills", type=int)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--small", action="store_true")
    given = parser.parse_args()
    study = yaml.safe_load(dataset(given.study).study_path.read_text()) | (SMALL if given.small else {})
    kills = given.kills or (6 if given.small else 20)
    with tempfile.TemporaryDirectory() as folder:
        calm = Place(Path(folder, "undisturbed"), given.jobs)
        calm.write(study)
        seconds = calm.finish()
        print(f"undisturbed: {seconds:.1f} s, {sum(e['event'] == 'done' for e in calm.log())} units", flush=True)
        moments = np.random.default_rng(given.seed).uniform(0, seconds / 3, kills).tolist()
        good = disturb(Path(folder), study, calm.results(), moments, given.jobs)
        more = {**study, "models": [*study["models"], {"linear": {"name": "one-more", "penalty": "ridge"}}]}
        good &= changed(calm, more, "one more model", lambda unit: unit.startswith("one-more: "))
        explain = [
            {"partial_dependence": {"grid_resolution": 7}} if e == "partial_dependence" else e for e in study["explain"]
        ]
        other = {**study, "explain": explain}
        good &= changed(
            calm, other, "another option of partial dependence", lambda unit: ": partial_dependence" in unit
        )
    print("all of it holds" if good else "NOT ALL OF IT HOLDS")
    raise SystemExit(not good)


if __name__ == "__main__":
    main()
