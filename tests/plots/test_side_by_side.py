from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from tests.pages.results import results
from tests.plots.test_pictures import assert_well_set
from workbench.answers import Answer, Effect, Importance, RefitBand
from workbench.plots import PAGE, svg
from workbench.plots.side_by_side import band, draw_effect, draw_importance
from workbench.plots.svg import part


def told(task: str, method: str) -> dict[str, Any]:
    return {
        model["name"]: Answer.from_dict(answer["answer"])
        for model in results(task)["models"][:-1]
        for answer in model["answers"]
        if answer["method"] == method
    }


def effects(task: str, column: int) -> dict[str, Effect]:
    return {name: answer.effects[column] for name, answer in told(task, "partial_dependence").items()}


def drawn(figure: Any, model: str, role: str) -> Any:
    artists = [*figure.axes[0].lines, *figure.axes[0].collections]
    return next(artist for artist in artists if artist.get_gid() == part(model, role))


@pytest.mark.parametrize("task", ["regression", "multiclass"])
def test_every_model_has_its_own_curve_and_band(task: str) -> None:
    given = effects(task, 0)
    one = given["tree"]
    shape = one.average.shape
    lower, upper = one.average - np.linspace(1, 2, shape[1]), one.average + np.linspace(1, 3, shape[1])
    given["tree"] = one.but(refits=RefitBand(mean=one.average + 0.1, lower=lower, upper=upper, level=0.95, n_refits=10))
    output = shape[0] - 1
    figure = draw_effect(given, output=output, label="Alcohol", unit="% vol", response="average prediction")
    assert_well_set(figure)
    for model, effect in given.items():
        curve = drawn(figure, model, "curve").get_xydata()
        assert np.array_equal(curve[:, 0], np.asarray(effect.grid_values, dtype=float))
        assert np.array_equal(curve[:, 1], effect.average[output])
    shade = drawn(figure, "tree", "band").get_paths()[0].vertices
    assert {*lower[output], *upper[output]} <= set(shade[:, 1])
    low, _, high = band(given["forest"], output)
    assert np.array_equal(low, given["forest"].lower[output])
    assert np.array_equal(high, given["forest"].upper[output])


def test_levels_of_every_model_stand_in_one_order() -> None:
    given = effects("regression", -1)
    turned = given["forest"]
    given["forest"] = turned.but(
        grid_values=turned.grid_values[::-1],
        average=turned.average[:, ::-1],
        lower=turned.lower[:, ::-1],
        upper=turned.upper[:, ::-1],
    )
    figure = draw_effect(given, response="average prediction")
    assert_well_set(figure)
    same = [drawn(figure, model, "dot").get_xydata() for model in ("tree", "forest")]
    assert np.array_equal(same[0], same[1])
    assert len(same[0]) == len(turned.grid_values)
    given["tree"] = given["tree"].but(
        grid_values=given["tree"].grid_values[1:],
        average=given["tree"].average[:, 1:],
        lower=given["tree"].lower[:, 1:],
        upper=given["tree"].upper[:, 1:],
    )
    assert len(drawn(draw_effect(given), "tree", "dot").get_xydata()) == len(turned.grid_values) - 1


def test_importances_stand_at_the_mean_of_their_repeats_in_the_order_asked() -> None:
    given: dict[str, Importance] = told("regression", "permutation_importance")
    names = given["tree"].feature_names[::-1]
    given["linear"] = given["linear"].but(
        feature_names=given["linear"].feature_names[1:],
        importances=given["linear"].importances[1:],
        importances_mean=given["linear"].importances_mean[1:],
        importances_std=given["linear"].importances_std[1:],
        refits=None,
        noise=None,
    )
    figure = draw_importance(given, names, metric="R²")
    assert_well_set(figure)
    assert_well_set(
        draw_importance(given, names, labels=dict.fromkeys(names, "x" * 90), metric="a metric of many words")
    )
    dots = drawn(figure, "tree", "dot").get_xydata()
    assert np.allclose(dots[:, 0], given["tree"].importances_mean[::-1])
    assert np.array_equal(dots[:, 1], np.arange(len(names)))
    assert len(drawn(figure, "linear", "dot").get_xydata()) == len(names) - 1
    ends = np.array([segment[:, 0] for segment in drawn(figure, "tree", "line").get_segments()])
    repeats = given["tree"].importances[::-1]
    assert np.allclose(ends, np.column_stack([repeats.min(1), repeats.max(1)]))


def test_parts_keep_their_names_in_the_page_and_no_id() -> None:
    text = svg(draw_effect(effects("regression", 0), PAGE), "finding", "numbers", prefix="p")
    found = set(re.findall(r'data-part="([^"]+)" data-role="([^"]+)"', text))
    assert found == {(m, r) for m in ("dummy", "linear", "tree", "forest") for r in ("curve", "band")}
    assert 'id="part' not in text
