import math

import numpy as np
import pandas as pd
import pytest
from pydantic import BaseModel, Field

from workbench.folds import SplitError
from workbench.metrics import metric
from workbench.table import Table
from workbench.work.tune import tune

SPACE = {"a": (1, 2, 3), "b": ("x", "y")}


class Parameters(BaseModel):
    a: int = Field(1, le=3)
    b: str = "x"
    c: float = 0.0


@pytest.fixture(name="table", scope="module")
def _table():
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(20), 3)
    frame = pd.DataFrame({"x": rng.normal(size=60), "g": group, "y": rng.normal(size=60)})
    return Table.from_frame(frame, target="y", columns={"g": {"role": "group"}})


def search(table, score, **more):
    given = {"check": Parameters, "metric": metric("r2"), "budget": 10, **more}
    return tune(table, {"a": 1, "b": "x", "c": 0.5}, SPACE, score=score, **given)


def test_finds_the_best_of_all_settings_and_tries_each_once(table):
    tried = []

    def score(params, fold):
        tried.append((params["a"], params["b"]))
        return params["a"] + 10 * (params["b"] == "y") - 100 * (params["a"] == 3)

    found = search(table, score)
    assert found.params == {"a": 2, "b": "y", "c": 0.5}
    assert len(found.trials) == 6
    assert sorted(set(tried)) == sorted((a, b) for a in (1, 2, 3) for b in "xy")
    assert len(tried) == 18
    assert found.trials[0].changes == {}
    worst = search(table, score, metric=metric("rmse"))
    assert worst.params["a"] == 3
    assert worst.params["b"] == "x"


def test_budget_seed_and_order(table):
    few = search(table, lambda params, fold: 0.0, budget=2)
    assert [t.changes for t in few.trials] == [t.changes for t in search(table, lambda p, f: 0.0).trials[:3]]
    assert few.params == {"a": 1, "b": "x", "c": 0.5}  # equal scores: the model as it is
    others = {tuple(str(t.changes) for t in search(table, lambda p, f: 0.0, seed=s).trials) for s in range(5)}
    assert len(others) > 1


def test_time_over_stops_before_the_next_trial(table):
    found = search(table, lambda params, fold: 0.0, seconds=-1.0)
    assert len(found.trials) == 1
    assert found.stopped


def test_failed_and_refused_settings_are_never_chosen(table):
    def score(params, fold):
        if params["a"] == 2:
            raise ZeroDivisionError("a secret value")
        return math.nan if params["b"] == "y" else float(params["a"])

    class Strict(Parameters):
        a: int = Field(1, le=2)

    found = search(table, score, check=Strict)
    assert found.params["a"] == 1
    assert {t.error for t in found.trials} == {"", "ZeroDivisionError"}
    assert len(found.trials) == 4
    assert search(table, lambda p, f: math.nan).params == {"a": 1, "b": "x", "c": 0.5}


def test_folds_keep_groups_whole_and_cover_the_rows(table):
    seen = []
    search(table, lambda params, fold: seen.append(fold) or 0.0, budget=0)
    assert len(seen) == 3
    assert sorted(np.concatenate([f.test for f in seen])) == list(range(60))
    for fold in seen:
        assert not set(table.groups[fold.train]) & set(table.groups[fold.test])


def test_too_few_rows_raise(table):
    with pytest.raises(SplitError, match="fold"):
        search(table.take(np.arange(2)), lambda params, fold: 0.0)
