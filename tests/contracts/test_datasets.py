"""Parity of every family on every data set that is at hand; white wine too, where it has been fetched before."""

from __future__ import annotations

import pytest

from tests.contracts.contracts import check_parity
from workbench import load
from workbench.catalog import dataset, datasets
from workbench.estimator import estimator_for
from workbench.families import families, find_family

# far from the training rows an equation may have no value, and says so
pytestmark = pytest.mark.filterwarnings("ignore:.*rows have no prediction:UserWarning")
HERE = [name for name in datasets() if dataset(name).file.exists()]


@pytest.fixture(scope="module", params=HERE)
def table(request):
    return load(request.param)


@pytest.mark.parametrize("name", families())
def test_family_keeps_parity_on(table, name):
    family = find_family(name)
    if table.task not in family.tasks:
        pytest.skip(f"{name} can't do {table.task}")
    model = estimator_for(table.task, name, **family.example_params)
    check_parity(model, (table.X[list(table.features)], table.y))
