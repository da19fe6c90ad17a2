"""Every family that is found keeps every contract; families broken on purpose don't."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.contracts import broken, contracts
from tests.contracts.tables import TASKS, mixed
from workbench.estimator import estimator_for
from workbench.families import families, find_family

MATRIX = [(name, task) for name in families() for task in TASKS if task in find_family(name).tasks]


@cache
def example(name: str, task: str):
    return estimator_for(task, name, **find_family(name).example_params)


# far from the training rows an equation may have no value, and says so
pytestmark = pytest.mark.filterwarnings("ignore:.*rows have no prediction:UserWarning")


@pytest.mark.parametrize("contract", contracts.CONTRACTS, ids=lambda c: c.__name__)
@pytest.mark.parametrize(("name", "task"), MATRIX)
def test_family_keeps_contract(name, task, contract):
    contract(example(name, task), mixed(task))


@pytest.mark.parametrize("name", families())
def test_defaults_keep_parity(name):
    task = "regression" if "regression" in find_family(name).tasks else "binary"
    contracts.check_parity(estimator_for(task, name), mixed(task, n=300, seed=3))


@pytest.mark.parametrize(
    ("family", "contract", "said"),
    [
        (broken.StrictComparison, contracts.check_parity, "cuts of"),
        (broken.WrongMissing, contracts.check_parity, "missing"),
        (broken.WrongLink, contracts.check_parity, "probabilities"),
        (broken.Unseeded, contracts.check_seeded, "Not equal|not equal"),
    ],
)
def test_broken_family_is_caught(family, contract, said):
    model = broken.estimator(family)
    with pytest.raises(AssertionError, match=said):
        contract(model, mixed("binary" if family is broken.WrongLink else "regression"))


def test_predict_through_the_form_is_caught():
    with pytest.raises((AssertionError, AttributeError)):
        contracts.check_predict_is_the_library_s(broken.through_the_form(), mixed("regression"))


def test_forms_predict_the_same_with_numpy_alone(tmp_path):
    expected = {}
    for name, task in MATRIX:
        X, _ = mixed(task)
        form = contracts.fit_of(example(name, task), mixed(task)).form_
        if form is not None:
            form.save(tmp_path / f"{name} {task}.json")
            expected[f"{name} {task}"] = form.score(X).tolist()
    X = mixed("regression")[0]
    columns = {n: [None if pd.isna(v) else str(v) if X[n].dtype.kind in "OM" else v for v in X[n].tolist()] for n in X}
    (tmp_path / "columns.txt").write_text(json.dumps(columns))
    script = Path(__file__).with_name("numpy_alone.py")
    done = subprocess.run([sys.executable, script, tmp_path], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert set(found) == set(expected)
    assert len(found) >= 9
    for key, scores in found.items():
        np.testing.assert_array_equal(scores, expected[key])
