"""How much longer two workers take than their share of the work: beside `scale.py`, whose results it adds to.

    python tests/benchmarks/scale_loss.py --out FOLDER [--rows ROWS] [--only NAME,...]

Of what is mapped over parts: one part alone, then two at once in two processes, each as long as in `scale.py`. Of
xgboost: one process that trains on all rows, then two on half of them each, which exchange sums of gradients for each
level of each tree. A ratio of 1.1 says that two workers take a tenth more of processor seconds: cores share caches and
memory, and the exchange costs. That of seconds on the clock counts waiting too; it says something only where nothing
else runs on the machine's two cores.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import threading
import time
from pathlib import Path
from typing import Any

import scale
from scale_cases import AT_COLUMNS, Case, cases, made_up
from scale_reckon import MAPPED

TRAINED = "fit xgboost"


def several(case: Case, rows: int, folder: Path, n: int) -> list[dict[str, Any]]:
    """Measure so many at once: each loads and makes its table, then all start together."""
    together, found = threading.Barrier(n), []

    def one() -> None:
        found.append(scale.run(case, rows, AT_COLUMNS, folder, 120, 12, together.wait))

    threads = [threading.Thread(target=one) for _ in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def train(arguments: dict[str, Any], rank: int, workers: int, rows: int, told: Any) -> None:
    """Train on a worker's share of the rows, with the parameters of the family."""
    import xgboost

    from workbench.families import find_family

    X, y = made_up(rows // workers, AT_COLUMNS, seed=rank)
    for name in X.select_dtypes("category"):
        X[name] = X[name].cat.codes
    family = find_family("xgboost")()
    asked = family.build("regression", family.Parameters().model_dump())
    with xgboost.collective.CommunicatorContext(**arguments):
        wall, cpu = time.perf_counter(), time.process_time()
        data = xgboost.QuantileDMatrix(X.astype(float), y, nthread=1)
        xgboost.train({**asked.get_xgb_params(), "nthread": 1}, data, asked.n_estimators)
        told.put({"seconds": time.process_time() - cpu, "wall": time.perf_counter() - wall})


def trained(rows: int, workers: int) -> list[dict[str, float]]:
    """Train once, by so many workers."""
    from xgboost.tracker import RabitTracker

    context = multiprocessing.get_context("spawn")
    tracker = RabitTracker(n_workers=workers, host_ip="127.0.0.1")
    tracker.start()
    told = context.Queue()
    processes = [
        context.Process(target=train, args=(tracker.worker_args(), rank, workers, rows, told))
        for rank in range(workers)
    ]
    for process in processes:
        process.start()
    found = [told.get(timeout=300) for _ in processes]
    for process in processes:
        process.join()
    tracker.free()
    return found


def main() -> None:
    """Measure and write down the ratios of two workers to one."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--out", type=Path, default=Path("scale"))
    asked.add_argument("--rows", type=int, default=1_000_000)
    asked.add_argument("--only", help="cases, with commas between")
    given = asked.parse_args()
    mapped = [c for c in cases().values() if c.kind in MAPPED or c.method in MAPPED]
    for case in [*mapped, cases()[TRAINED]]:
        if given.only and case.name not in given.only.split(","):
            continue
        if case.name == TRAINED:  # two have half of the rows each
            alone, both, share = trained(given.rows, 1), trained(given.rows, 2), 2
        else:
            alone, both, share = several(case, given.rows, given.out, 1), several(case, given.rows, given.out, 2), 1
        if any("seconds" not in one for one in (*alone, *both)):
            print(f"{case.name}: {[*alone, *both]}", flush=True)
            continue
        ratio = {unit: share * sum(one[unit] for one in both) / 2 / alone[0][unit] for unit in ("seconds", "wall")}
        print(f"{case.name}: {ratio} of {alone[0]}", flush=True)
        file = given.out / "results.json"
        known = json.loads(file.read_text()) if file.exists() else {}
        known.setdefault("loss", {})[case.name] = {**ratio, "rows": given.rows}
        file.write_text(json.dumps(known, indent=1))


if __name__ == "__main__":
    main()
