"""A study of many rows: what it takes in seconds and memory, unit by unit.

    python tests/benchmarks/million.py --rows 1000000 --out /tmp/million

20 feature columns: numbers, of which three have gaps, whole numbers, a yes/no, and two categories. Six models and what
explains them. Told are the wall time of the run, the largest sum of the memory of the run and its workers, and the
seconds of the slowest units. The cache of the run is its own, and the run is made anew each time.
"""

from __future__ import annotations

import argparse
import os
import shutil
import threading
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import pandas as pd

MODELS = ["linear", "glm", {"ebm": {"preset": "fast"}}, "tree", "forest", "xgboost"]
EXPLAIN = ["permutation_importance", "partial_dependence", "shap"]


def write_table(rows: int, file: Path) -> None:
    """Write the table as Parquet: a target of sums, steps, a product, levels and noise."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({f"number {i}": rng.normal(size=rows) for i in range(13)})
    for i in range(3):
        frame[f"count {i}"] = rng.poisson(3 + 4 * i, rows)
    frame["skewed"] = rng.lognormal(sigma=1.2, size=rows)
    frame["member"] = rng.random(rows) < 0.3
    frame["region"] = np.array(["north", "east", "south", "west", "abroad"])[rng.integers(0, 5, rows)]
    frame["product"] = np.array([f"P{i:02}" for i in range(40)])[np.minimum(rng.geometric(0.08, rows) - 1, 39)]
    effect = frame["number 0"] + np.sin(2 * frame["number 1"]) + (frame["number 2"] > 0.5) * 1.5
    effect += frame["number 3"] * frame["number 4"] + 0.2 * frame["count 1"] + np.log(frame["skewed"])
    effect += frame["region"].map({"north": 0, "east": 0.5, "south": -0.5, "west": 1, "abroad": -1}).astype(float)
    effect += frame["member"] * 0.7 + rng.normal(size=rows)
    for i in range(5, 8):
        frame.loc[rng.random(rows) < 0.03 * (i - 4), f"number {i}"] = np.nan
    frame["outcome"] = effect
    frame.to_parquet(file, index=False)


class Memory(threading.Thread):
    """The largest sum of the proportional memory of this process and all that it started, sampled twice a second."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.most = 0
        self.done = threading.Event()

    def run(self) -> None:
        while not self.done.wait(0.5):
            self.most = max(self.most, sum(map(_kibibytes, _family(os.getpid()))))


def _family(root: int) -> list[int]:
    """Give a process and all its descendants."""
    children = defaultdict(list)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                children[int((entry / "stat").read_text().rpartition(")")[2].split()[1])].append(int(entry.name))
            except OSError:  # it has ended
                continue
    found = [root]
    for pid in found:
        found += children[pid]
    return found


def _kibibytes(pid: int) -> int:
    try:
        told = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in told if line.startswith("Pss:")), 0)


def main() -> None:
    """Run the study and tell what it took."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--rows", type=int, default=1_000_000)
    asked.add_argument("--out", type=Path, default=Path("million"))
    asked.add_argument("--jobs", type=int, default=2)
    asked.add_argument("--models", nargs="*", help="of linear, glm, ebm, tree, forest, xgboost; all by default")
    given = asked.parse_args()
    shutil.rmtree(given.out, ignore_errors=True)
    given.out.mkdir(parents=True)
    os.environ["WORKBENCH_CACHE"] = str(given.out / "cache")
    file = given.out / "table.parquet"
    write_table(given.rows, file)

    import workbench as wb

    models = [m for m in MODELS if not given.models or (m if isinstance(m, str) else next(iter(m))) in given.models]
    study = {
        "study": "million",
        "data": {"source": str(file), "target": "outcome"},
        "models": models,
        "explain": EXPLAIN,
        "report": {"formats": ["html"]},
        "run": {"jobs": given.jobs, "time_limit": 1_200},
    }
    memory = Memory()
    memory.start()
    started = time.perf_counter()
    result = wb.run(study, out=given.out / "run")
    wall = time.perf_counter() - started
    memory.done.set()
    units = result.results["timing"]["units"]
    for name, seconds in sorted(units.items(), key=lambda item: -item[1])[:30]:
        print(f"{seconds:9.1f} s  {name}")
    pages = sum(page.stat().st_size for page in result.pages)
    print(
        f"{given.rows:,} rows: {wall:.0f} s, units {sum(units.values()):.0f} s, {memory.most / 2**20:.2f} GiB at most"
    )
    print(f"results.json {(result.folder / 'results.json').stat().st_size:,} bytes, pages {pages:,} bytes")
    if result.failed:
        raise SystemExit(f"failed: {result.failed}")


if __name__ == "__main__":
    main()
