"""Time and memory against rows and columns: of fits, of scoring, of explanations; and what many more rows would take.

    python tests/benchmarks/scale.py --out FOLDER [--only NAME,...] [--limit SECONDS] [--memory GIB]
    python tests/benchmarks/scale.py --out FOLDER --table
    python tests/benchmarks/scale.py --out FOLDER --reckon [--machine GIB] [--cores N]

Tables are made up (`scale_cases.made_up`): 1,000 to 1,000,000 rows of 20 columns, and 10 to 500 columns of 10,000 rows.
Families are fitted with the defaults of a study to a number, those that can't to a yes/no. What is scored or explained
are models of 10,000 rows. Contributions are those of `workbench predict`: SHAP by a form whose background is used up
before. Methods that explain rows one by one explain all of the table, against as many background rows as in a study;
all others average over the whole table, or over what they draw of it themselves.

Each measurement has a process of its own and one thread. Told are processor seconds, seconds on the clock, and how much
higher the largest resident size is than before: the table itself is not in it. One that passes the limit of seconds is
ended, and larger ones are not tried; nor are those that would take more than 1.1 times the limit by the last two sizes.
What is measured stands in FOLDER/results.json; a run that is cut off goes on from there.
"""

from __future__ import annotations

import os

from workbench.store.worker import ONE_THREAD

os.environ.update(ONE_THREAD, PYTHONHASHSEED="0")  # before numpy is imported

import argparse
import json
import math
import multiprocessing
import time
from pathlib import Path
from typing import Any

import scale_cases
import scale_reckon
from scale_cases import Case

from workbench.store.memory import resident

PATIENCE = 1.1  # times the limit that a size may be expected to take
START = 300  # seconds for a process to load libraries, make its table and fit the model that it explains
LIBRARIES = ("sklearn.ensemble", "interpret.glassbox", "xgboost", "pygam", "glum", "imodels", "pyoperon", "scale_cases")


def run(
    case: Case, rows: int, columns: int, folder: Path, limit: float, memory: float, ready: Any = None
) -> dict[str, Any]:
    """Measure in a process of its own, and end it where it passes a limit; `ready` is called before it starts."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["__main__", *LIBRARIES])
    reader, writer = context.Pipe()
    process = context.Process(target=scale_cases.measure, args=(case, rows, columns, folder, writer), daemon=True)
    process.start()
    writer.close()
    found: dict[str, Any] = {}
    ends = time.monotonic() + START
    try:
        while not found:
            if reader.poll(0.1):
                if isinstance(said := reader.recv(), dict):
                    found = said
                    continue
                if ready is not None:
                    ready()
                reader.send("go")
                ends = time.monotonic() + limit
            elif time.monotonic() > ends:
                found = {"beyond": limit}
            elif (resident(process.pid or 0) or 0) > memory * 2**30:
                found = {"beyond memory": memory}
    except EOFError:
        found = {"error": "the process ended without a word"}
    process.kill()
    process.join()
    return found


def expected(before: list[tuple[int, dict[str, Any]]], size: int) -> float:
    """Give the seconds that a size will take, by the last two sizes; 0 where these say nothing."""
    told = [(n, one["seconds"]) for n, one in before if "seconds" in one]
    if not told or told[-1][1] < scale_reckon.LEAST["seconds"]:
        return 0.0
    (n, seconds), slope = told[-1], 0.0
    if len(told) > 1 and told[-2][1] >= scale_reckon.LEAST["seconds"]:
        slope = math.log(seconds / told[-2][1]) / math.log(n / told[-2][0])
    return float(seconds * (size / n) ** max(slope, 0.0))


def climb(case: Case, sizes: list[tuple[int, int]], file: Path, given: argparse.Namespace) -> None:
    """Measure sizes from small to large until one is beyond the limits, and write down each."""
    everything = json.loads(file.read_text()) if file.exists() else {}
    known = everything.setdefault(case.name, {})
    before: list[tuple[int, dict[str, Any]]] = []
    for rows, columns in sizes:
        key, size = f"{rows} x {columns}", rows * columns
        if key not in known:
            seconds = expected(before, size)
            found: dict[str, Any] = {"beyond": given.limit, "expected": seconds}
            if seconds <= PATIENCE * given.limit:
                found = run(case, rows, columns, given.out, given.limit, given.memory)
            known[key] = found
            file.write_text(json.dumps(everything, indent=1))
            shown = {k: f"{v:.4g}" if isinstance(v, float) else v for k, v in found.items()}
            print(f"{case.name:32} {key:16} {shown}", flush=True)
        if "seconds" not in known[key]:
            return
        before.append((size, known[key]))


def main() -> None:
    """Measure, or print what is measured."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--out", type=Path, default=Path("scale"))
    asked.add_argument(
        "--only", help="cases, families, methods or kinds (fit, score, contribute, explain), with commas between"
    )
    asked.add_argument("--limit", type=float, default=60, help="seconds of one measurement")
    asked.add_argument("--memory", type=float, default=12, help="GiB of one process")
    asked.add_argument("--table", action="store_true", help="print what is measured, with fits")
    asked.add_argument("--reckon", action="store_true", help="print what many more rows would take")
    asked.add_argument("--machine", type=float, default=256, help="GiB of the machine that is reckoned with")
    asked.add_argument("--cores", type=int, default=64, help="cores of the cluster that is reckoned with")
    given = asked.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    if given.table or given.reckon:
        known = json.loads((given.out / "results.json").read_text())
        if given.table:
            scale_reckon.print_table(known)
        if given.reckon:
            scale_reckon.print_reckoning(known, given.machine, given.cores)
        return
    names = given.only.split(",") if given.only else None
    cases = scale_cases.cases().values()
    chosen = [c for c in cases if names is None or {c.name, c.kind, c.family, c.method} & set(names)]
    if not chosen:
        raise SystemExit(f"--only: no case of {given.only}; cases: {', '.join(c.name for c in cases)}")
    for case in chosen:
        for sizes in case.sizes():
            climb(case, sizes, given.out / "results.json", given)


if __name__ == "__main__":
    main()
