"""A cluster of two worker processes, for all tests that ask for one; and one for a test that ends it."""

import subprocess
import sys

import pytest

pytest.importorskip("distributed")


@pytest.fixture(scope="session")
def address(tmp_path_factory):
    from distributed import LocalCluster

    scratch = tmp_path_factory.mktemp("dask")
    cluster = LocalCluster(
        processes=True, n_workers=2, threads_per_worker=1, dashboard_address=":0", local_directory=str(scratch)
    )
    with cluster:
        yield cluster.scheduler_address


@pytest.fixture
def client(address):
    from workbench.cluster.connection import connected

    with connected(address) as client:
        client.wait_for_workers(2, timeout=30)  # a test before may have killed one
        yield client


@pytest.fixture
def processes(tmp_path):
    """Start a scheduler and two workers that nobody starts again; gives the address, and each process by its name."""
    from distributed import Client

    told = tmp_path / "scheduler.json"
    common = ["--scheduler-file", str(told), "--no-dashboard"]
    worker = ["worker", *common, "--nthreads", "1", "--no-nanny", "--local-directory", str(tmp_path / "dask")]
    asked = {
        "scheduler": ["scheduler", *common, "--host", "127.0.0.1", "--port", "0"],
        "one": [*worker, "--name", "one"],
        "other": [*worker, "--name", "other"],
    }
    started = {}
    with (tmp_path / "dask.log").open("wb") as log:
        try:
            for name, words in asked.items():
                started[name] = subprocess.Popen([sys.executable, "-m", "dask", *words], stdout=log, stderr=log)
            with Client(scheduler_file=str(told), timeout=20, set_as_default=False) as client:
                client.wait_for_workers(2, timeout=20)
                address = client.scheduler.address
            yield address, started
        finally:
            for process in reversed(started.values()):
                process.kill()
                process.wait()
