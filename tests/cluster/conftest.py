"""A cluster of two worker processes, for all tests that ask for one."""

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
