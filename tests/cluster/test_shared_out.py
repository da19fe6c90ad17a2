"""Parts and studies by a cluster give what they give here."""

import json

import numpy as np
import pandas as pd

from tests.conftest import write_study
from workbench import Regressor
from workbench.runner import run
from workbench.scoring.contributions import Contributions
from workbench.scoring.parts import find_parts
from workbench.scoring.scorer import Scorer
from workbench.scoring.spread import scored, scored_away


def test_parts_are_scored_by_workers_as_here(address, tmp_path):
    X = pd.DataFrame({"a": np.arange(200.0), "b": np.tile([1.0, 2.0], 100)})
    form = Regressor("tree", max_leaf_nodes=6).fit(X, X["a"] * X["b"]).form_
    X.to_parquet(tmp_path / "d.parquet", row_group_size=30)
    parts, scorer = find_parts(str(tmp_path / "d.parquet")), Scorer(form, Contributions.of(form, X))
    here = pd.concat(scored(parts, scorer), ignore_index=True)
    pd.testing.assert_frame_equal(pd.concat(scored_away(parts, scorer, address), ignore_index=True), here)


def test_a_study_by_a_cluster_has_the_results_of_one_here(address, client, tmp_path, monkeypatch):
    found = {}
    for name, where in (("here", ""), ("away", f"run: {{executor: dask, address: '{address}'}}\n")):
        study = f"""\
study: small
data: {{source: "rows é.csv", target: price}}
split: {{folds: 2, repeats: 1}}
models: [linear, {{tree: {{max_leaf_nodes: 4}}}}]
explain: [permutation_importance]
compare: {{diagnose: false}}
{where}"""
        monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / name / "cache"))
        result = run(write_study(tmp_path / name, study), out=tmp_path / name / "report")
        assert result.failed == ()
        found[name] = json.loads((tmp_path / name / "report" / "results.json").read_text(encoding="utf-8"))
        assert {found[name].pop(key) is not None for key in ("timing", "environment")} == {True}
    assert found["away"] == found["here"]
