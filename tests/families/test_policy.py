import numpy as np
import pandas as pd
import pytest

import workbench as wb
from workbench.families import policy as home
from workbench.families.policy import LevelsPooled, Policy, fit_inputs


@pytest.fixture(name="table")
def _table():
    counts = {"a": 12, "b": 40, "c": 30, "d": 30, "e": 30, "rare": 4}
    texts = np.repeat(list(counts), list(counts.values()))
    texts = np.random.default_rng(0).permutation(texts)
    return pd.DataFrame({"level": texts, "number": np.random.default_rng(1).normal(size=len(texts))})


def one_hot(table, kind="category", **more):
    policy = Policy(missing="native", categories="one-hot", unseen="other", **more)
    return fit_inputs(table[["level"]], {"level": kind}, policy)


def test_a_column_of_many_levels_keeps_the_commonest_and_pools_the_rest(table, monkeypatch):
    assert [each.levels for each in one_hot(table)[:1]] == [("a", "b", "c", "d", "e")]
    assert len(one_hot(table)) == 5  # four rows of a rare level are no pool
    monkeypatch.setattr(home, "MOST_LEVELS", 3)
    said = r"column 'level': of 5 levels with 10 rows or more the 3 commonest are told apart, all others are pooled"
    with pytest.warns(LevelsPooled, match=said):
        inputs = one_hot(table)
    assert len(inputs) == 4
    assert inputs[0].levels == ("b", "c", "d")  # of c, d and e, with as many rows, the first
    counts = table["level"].value_counts()
    Z = np.column_stack([each.encode(home.Frame(table)) for each in inputs])
    assert Z.sum(axis=0).tolist() == [counts["b"], counts["c"], counts["d"], counts[["a", "e", "rare"]].sum()]
    assert (Z.sum(axis=1) == 1).all()


@pytest.mark.parametrize("family", ["linear", "tree", "glm", "figs"])
def test_forms_hold_what_is_pooled(table, monkeypatch, family):
    monkeypatch.setattr(home, "MOST_LEVELS", 3)
    y = table["number"] + table["level"].map({"a": 5.0, "b": 1, "c": 2, "d": 3, "e": 5, "rare": 5}).astype(float)
    with pytest.warns(LevelsPooled):
        model = wb.Regressor(family).fit(table, y)
    asked = pd.concat([table, pd.DataFrame({"level": ["new", None], "number": [0.0, 0.0]})], ignore_index=True)
    np.testing.assert_allclose(model.form_.predict(asked), model.predict(asked), atol=1e-9)
    same = [model.predict(table.assign(level=level)) for level in ("a", "e", "rare")]
    np.testing.assert_array_equal(same[0], same[1])
    np.testing.assert_array_equal(same[0], same[2])
    assert not np.allclose(same[0], model.predict(table.assign(level="b")))


def test_families_that_need_no_column_for_each_level_keep_all(table, monkeypatch):
    monkeypatch.setattr(home, "MOST_LEVELS", 3)
    for categories in ("native", "ordinal"):
        inputs = fit_inputs(
            table[["level"]], {"level": "category"}, Policy(missing="native", categories=categories, unseen="other")
        )
        assert inputs[0].levels == ("a", "b", "c", "d", "e")
