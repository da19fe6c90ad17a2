"""Pictures of robustness, of groups and of many good models: well set, and saying what the answers say."""

from __future__ import annotations

import numpy as np
import pytest

from tests.pages.compared import alike
from tests.pages.diagnosed import diagnosed, robustness
from tests.plots.test_pictures import assert_well_set, texts
from workbench.answers import Answer
from workbench.plots import draw
from workbench.plots import fairness as fairness_plot
from workbench.plots import multiplicity as multiplicity_plot
from workbench.plots import robustness as robustness_plot


@pytest.mark.parametrize("faulty", [True, False])
def test_robustness_is_well_set_and_says_what_matters(faulty: bool) -> None:
    answer = robustness("r2", faulty)
    figure = draw(answer, region=0.01, metric="R²")
    assert_well_set(figure)
    assert "10% of cells missing" not in [t.get_text() for t in texts(figure)]
    cost = "1% of each column's spread costs 0.020 R², more"
    expected = cost if faulty else "5% of each column's spread costs 0.0030 R², no more"
    assert robustness_plot.finding(answer, region=0.01, metric="R²") == f"Noise of {expected} than matters"
    told = robustness_plot.describe(answer)
    assert told.endswith("10% of cells missing: refused.")


def test_a_model_that_refuses_all_changes_has_nothing_to_draw() -> None:
    answer = robustness("r2", False)
    refused = answer.but(disturbances=answer.disturbances[-1:])
    assert robustness_plot.finding(refused) == "The model refuses such rows"
    with pytest.raises(ValueError, match="nothing to draw"):
        draw(refused)


@pytest.mark.parametrize(("task", "classes"), [("regression", ()), ("binary", (False, True))])
def test_groups_are_well_set_and_named(task: str, classes: tuple) -> None:
    names = tuple("abcdefghi")
    ranking = "r2" if task == "regression" else "log_loss"
    found = {d["name"]: d.get("answer") for d in diagnosed(task, classes, names, ranking, True)}
    answer = Answer.from_dict(found["fairness"])
    for i, rate in enumerate(answer.rates):
        assert_well_set(draw(answer, rate=i, unit="a long unit of measure"))
        clear = rate.p_value <= 0.01
        assert ("is highest where cellar owner is " in fairness_plot.finding(rate)) == clear
        most = rate.groups[int(np.argmax(rate.values))].removeprefix("'cellar owner' is ").strip("'")
        assert not clear or f"where cellar owner is {most}, lowest" in fairness_plot.finding(rate)
        assert fairness_plot.describe(rate).count(" rows") == len(rate.groups)


def test_a_group_of_few_rows_is_left_out() -> None:
    names = tuple("abcdefghi")
    found = {d["name"]: d.get("answer") for d in diagnosed("regression", (), names, "r2", True)}
    answer = Answer.from_dict(found["fairness"])
    rate = answer.rates[0]
    few = type(rate)(**{**vars(rate), "values": np.array([np.nan, 0.5]), "rows": np.array([np.nan, 400.0])})
    answer = answer.but(rates=(few,))
    assert_well_set(draw(answer))
    assert "is known of one group alone" in fairness_plot.finding(few)
    assert "fewer than 10 rows" in fairness_plot.describe(few)
    none = type(rate)(**{**vars(rate), "values": np.full(2, np.nan), "rows": np.full(2, np.nan)})
    with pytest.raises(ValueError, match="no group"):
        draw(answer.but(rates=(none,)))


@pytest.mark.parametrize("ranking", ["r2", "log_loss"])
@pytest.mark.parametrize("what", ["rows", "columns"])
def test_many_good_models_are_well_set(ranking: str, what: multiplicity_plot.What) -> None:
    answer = alike(["linear", "a model whose name is far too long for a row", "forest", "ebm"], 9, ranking)
    figure = draw(answer, what=what, titles={"ebm": "explainable boosting machine"})
    assert_well_set(figure)
    told = [t.get_text() for t in texts(figure)]
    assert "4  explainable boosting machine" in told
    cell = answer.rank_correlation[1, 0] if what == "columns" else answer.disagreement[1, 0]
    text = f"{cell:.2f}" if what == "columns" else f"{100 * cell:.0f}%"
    assert text in told
    assert multiplicity_plot.describe(answer, what=what).count(" and ") == 6


def test_which_two_models_differ_most() -> None:
    answer = alike(["linear", "tree", "forest"], 9, "r2")
    i, j = np.unravel_index(np.argmax(np.triu(answer.disagreement)), (3, 3))
    share = f"{100 * answer.disagreement[i, j]:.0f}%"
    found = multiplicity_plot.finding(answer)
    assert found == f"{answer.models[i]} and {answer.models[j]} conflict most, on {share} of rows"
    same = answer.but(disagreement=np.zeros((3, 3)))
    assert multiplicity_plot.finding(same) == "No two of these models conflict on any row"


def test_a_single_model_or_no_importances_is_nothing_to_draw() -> None:
    with pytest.raises(ValueError, match="conflicts with none"):
        draw(alike(["linear"], 9, "r2"))
    answer = alike(["linear", "tree"], 9, "r2").but(rank_correlation=None)
    with pytest.raises(ValueError, match="no importances"):
        draw(answer, what="columns")
