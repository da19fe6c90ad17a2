"""A table in parts that need not fit in memory, scored and explained by a saved EBM: here, and by a cluster.

    python tests/benchmarks/parts.py [--rows 10000000] [--group 250000] [--out FOLDER]

The table has the 20 columns of `scale.py`, in Parquet files of a million rows, and is made file by file; a worker gets
a row group at a time. An EBM (fast) learns 100,000 rows that are drawn from it, and its form is saved. Then the command
`workbench predict --explain` is run twice: alone, and with two workers of one thread, each a process as `dask worker`
starts it. Told are rows per second of the whole command, and the most memory (VmHWM: the peak of the resident size)
that each process ever held.

It holds that no process takes 2 GiB, that both ways give the same numbers, and that of 10,000 rows drawn from it the
prediction is the library's own and the baseline and contributions add up to the form's score. The exit code is 0 only
where all of it holds. The data are removed at the end.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
from scale_cases import made_up

from workbench.forms import Form
from workbench.scoring.parts import Part, draw_rows, find_parts

COLUMNS = 20
FILE = 1_000_000  # rows of a file
LEARNED, LOOKED_AT = 100_000, 10_000  # rows that are drawn from the table for the model, and for the check of sums
WORKERS = 2
PROMISE = 2.0  # GiB of a process


def write_table(folder: Path, rows: int, group: int) -> None:
    """Write the table file by file, each from a seed of its own."""
    folder.mkdir(parents=True)
    for number, start in enumerate(range(0, rows, FILE)):
        X, y = made_up(min(FILE, rows - start), COLUMNS, seed=number)
        X.assign(outcome=y).to_parquet(folder / f"part-{number:04}.parquet", index=False, row_group_size=group)


def learn(parts: list[Part], file: Path) -> Any:
    """Fit the model to a draw of rows and save its form."""
    import pyarrow.parquet

    import workbench as wb

    names = pyarrow.parquet.read_schema(parts[0].source).names
    rows = draw_rows(parts, names, LEARNED)
    model = wb.Regressor("ebm", preset="fast").fit(rows.drop(columns="outcome"), rows["outcome"])
    model.form_.save(file)
    return model


class Peaks(threading.Thread):
    """The most memory that processes ever held, by their names, in GiB; asked every 0.2 s, as the system keeps it."""

    def __init__(self, processes: Mapping[str, int]) -> None:
        super().__init__(daemon=True)
        self.processes, self.most = dict(processes), dict.fromkeys(processes, 0.0)
        self.done = threading.Event()

    def __enter__(self) -> Peaks:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.done.set()
        self.join()

    def run(self) -> None:
        while not self.done.wait(0.2):
            for name, pid in self.processes.items():
                self.most[name] = max(self.most[name], _peak(pid))


def _peak(pid: int) -> float:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 2**20
    return 0.0  # it has ended


@contextmanager
def cluster(folder: Path) -> Iterator[tuple[str, dict[str, int]]]:
    """Start a scheduler and workers, each a process; give the scheduler's address, and the processes by name."""
    from distributed import Client

    told = str(folder / "scheduler.json")
    common = ["--scheduler-file", told, "--no-dashboard"]
    worker = ["worker", *common, "--nthreads", "1", "--no-nanny", "--local-directory", str(folder / "scratch")]
    asked = {"scheduler": ["scheduler", *common, "--host", "127.0.0.1", "--port", "0"]}
    asked |= {f"worker {n}": worker for n in range(1, WORKERS + 1)}
    processes: dict[str, subprocess.Popen[bytes]] = {}
    with (folder / "cluster.log").open("wb") as log:
        try:
            for name, words in asked.items():
                processes[name] = subprocess.Popen([sys.executable, "-m", "dask", *words], stdout=log, stderr=log)
            with Client(scheduler_file=told, timeout=60, set_as_default=False) as client:
                client.wait_for_workers(WORKERS, timeout=60)
                address = client.scheduler.address
            yield address, {name: process.pid for name, process in processes.items()}
        finally:
            for process in reversed(processes.values()):
                process.terminate()
                process.wait()


def predict(form: Path, data: Path, out: Path, rows: int, *, address: str = "", others: Mapping[str, int] = {}) -> bool:
    """Run the command, tell what it took, and whether no process took more than is promised."""
    words = ["predict", str(form), str(data), "--explain", "--out", str(out), "--force"]
    words += ["--address", address] if address else []
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "workbench", *words], stderr=subprocess.PIPE)
    with Peaks({"command": process.pid, **others}) as peaks:
        _, told = process.communicate()
    seconds = time.perf_counter() - started
    if process.returncode:
        raise SystemExit(f"the command failed with exit code {process.returncode}:\n{told.decode()[-2000:]}")
    where = f"{len(others) - 1} workers" if others else "here"
    held = ", ".join(f"{name} {most:.2f}" for name, most in peaks.most.items())
    print(f"{where}: {seconds:.0f} s, {rows / seconds:,.0f} rows a second; GiB at most: {held}", flush=True)
    return all(0 < most < PROMISE for most in peaks.most.values())


def same(first: Path, second: Path, rows: int) -> bool:
    """Whether two results are equal, number for number, and have all rows; read some rows at a time."""
    import pyarrow.parquet

    counted = 0
    with ExitStack() as stack:
        files = [stack.enter_context(pyarrow.parquet.ParquetFile(file)) for file in (first, second)]
        if files[0].schema_arrow.names != files[1].schema_arrow.names:
            return False
        for batches in zip_longest(*(file.iter_batches(2**16) for file in files)):
            if any(batch is None for batch in batches) or batches[0].num_rows != batches[1].num_rows:
                return False
            one, other = (batch.to_pandas().to_numpy() for batch in batches)
            if not np.array_equal(one, other, equal_nan=True):
                return False
            counted += len(one)
    return counted == rows


def largest_errors(model: Any, form: Form, parts: list[Part], out: Path) -> tuple[float, float]:
    """Give, over some rows, how far predictions are from the library's, and sums of contributions from the score."""
    import pyarrow.parquet

    names = pyarrow.parquet.read_schema(out).names
    rows = draw_rows(parts, list(model.feature_names_in_), LOOKED_AT, seed=1)
    told = draw_rows(find_parts(str(out)), names, LOOKED_AT, seed=1)  # of as many rows: the same are drawn
    added = told.filter(like="contribution_").sum(axis=1) + told["baseline"]
    return (
        float(np.abs(model.predict(rows) - told["prediction"]).max()),
        float(np.abs(form.score(rows)[:, 0] - added).max()),
    )


def main() -> None:
    """Make the table, score it both ways, and tell what it took and whether all holds."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--rows", type=int, default=10_000_000)
    asked.add_argument("--group", type=int, default=250_000, help="rows of a row group, at most a million")
    asked.add_argument("--out", type=Path, help="a folder for the data, 2 GB for 10,000,000 rows; a temporary one")
    given = asked.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="parts-", dir=given.out))
    try:
        good = measure(folder, given.rows, given.group)
    finally:
        shutil.rmtree(folder)
    print("all of it holds" if good else "NOT ALL OF IT HOLDS")
    raise SystemExit(not good)


def measure(folder: Path, rows: int, group: int) -> bool:
    """Do all in a folder."""
    data, saved = folder / "data", folder / "model.json"
    write_table(data, rows, group)
    parts = find_parts(str(data))
    model = learn(parts, saved)
    size = sum(file.stat().st_size for file in data.iterdir())
    print(f"{rows:,} rows of {COLUMNS} columns: {len(parts)} parts, {size / 2**30:.2f} GiB of Parquet", flush=True)
    here, away = folder / "here.parquet", folder / "away.parquet"
    good = predict(saved, data, here, rows)
    with cluster(folder) as (address, others):
        good &= predict(saved, data, away, rows, address=address, others=others)
    print(f"the result: {here.stat().st_size / 2**30:.2f} GiB of Parquet", flush=True)
    equal = same(here, away, rows)
    of_library, of_sums = largest_errors(model, Form.load(saved), parts, away)
    print(
        f"both ways {'equal' if equal else 'DIFFER'}; of {min(rows, LOOKED_AT):,} rows: from the library's predictions "
        f"at most {of_library:.2g}, from score to sum at most {of_sums:.2g}"
    )
    return good and equal and of_library < 1e-9 and of_sums < 1e-9


if __name__ == "__main__":
    # numpy is loaded here already: for the processes that are started, which have one thread each
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    main()
