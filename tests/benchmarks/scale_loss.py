"""How much longer two workers take than their share of the work: beside `scale.py`, whose results it adds to.

    python tests/benchmarks/scale_loss.py --out FOLDER [--rows ROWS] [--only NAME,...]

Of what is mapped over parts: one part alone, then two at once in two processes, each as long as in `scale.py`. Of
xgboost: one worker of a Dask cluster that reads its parts and trains on all rows, then two on half of them each, which
exchange sums of gradients for each level of each tree. A ratio of 1.1 says that two workers take a tenth more of
processor seconds: cores share caches and memory, and the exchange costs. That of seconds on the clock counts waiting
too; it says something only where nothing else runs on the machine's two cores.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
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


def cpu() -> float:
    """Processor seconds of this process so far."""
    return time.process_time()


def trained(folder: Path, rows: int, workers: int) -> list[dict[str, float]]:
    """Train once by the workers of a cluster, as a study with `run.distributed` does, and say how well it predicts."""
    from distributed import Client, LocalCluster

    from workbench import Table
    from workbench.distributed import PartedTable
    from workbench.scoring.parts import find_parts
    from workbench.work.fit import fit_rows

    X, y = made_up(rows, AT_COLUMNS)
    frame = X.assign(target=y)
    file = folder / "trained.parquet"
    frame.to_parquet(file, row_group_size=rows // 10, index=False)
    table = Table.from_frame(frame, target="target")
    cluster = LocalCluster(processes=True, n_workers=workers, threads_per_worker=1, dashboard_address=":0")
    with cluster, Client(cluster.scheduler_address) as client:
        parted = PartedTable(cluster.scheduler_address, tuple(find_parts(str(file))))
        before, started = sum(client.run(cpu).values()), time.perf_counter()
        model = fit_rows(table, "xgboost", {}, parted.trainer(np.arange(rows)))
        wall, used = time.perf_counter() - started, sum(client.run(cpu).values()) - before
    file.unlink()
    other = made_up(100_000, AT_COLUMNS, seed=1)
    return [{"seconds": used / workers, "wall": wall, "r2": model.score(*other)}] * workers


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
            alone, both = (trained(given.out, given.rows, n) for n in (1, 2))
            share = 2
        else:
            alone, both, share = several(case, given.rows, given.out, 1), several(case, given.rows, given.out, 2), 1
        if any("seconds" not in one for one in (*alone, *both)):
            print(f"{case.name}: {[*alone, *both]}", flush=True)
            continue
        ratio = {unit: share * sum(one[unit] for one in both) / 2 / alone[0][unit] for unit in ("seconds", "wall")}
        print(f"{case.name}: {ratio} of {alone[0]}; {both[0]}", flush=True)
        file = given.out / "results.json"
        known = json.loads(file.read_text()) if file.exists() else {}
        known.setdefault("loss", {})[case.name] = {**ratio, "rows": given.rows}
        file.write_text(json.dumps(known, indent=1))


if __name__ == "__main__":
    main()
