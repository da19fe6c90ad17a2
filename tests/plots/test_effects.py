"""Pictures of effects with what came to them: curves of rows, refits, local effects, surfaces and interactions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection, PolyCollection

import workbench as wb
from tests.plots.test_pictures import assert_well_set
from workbench.answers import RefitBand
from workbench.plots import effect, effect_surface, interactions


@pytest.fixture(name="X", scope="module")
def _rows() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    n = 200
    return pd.DataFrame(
        {
            "volatile acidity": rng.normal(size=n),
            "b": rng.normal(size=n),
            "$town$": rng.choice(["Porto", "Lisbon", "Faro"], n),
            "day": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, n), unit="D"),
        }
    )


@pytest.fixture(name="model", scope="module")
def _model(X: pd.DataFrame) -> Any:
    y = X["volatile acidity"] * X["b"] + (X["$town$"] == "Faro") + X["b"]
    return wb.Regressor("forest", n_estimators=8).fit(X, y)


@pytest.fixture(name="classifier", scope="module")
def _classifier(X: pd.DataFrame) -> Any:
    labels = np.array(["low", "mid", "high"])[np.digitize(X["b"] + X["volatile acidity"], [-0.5, 0.5])]
    return wb.Classifier("forest", n_estimators=8).fit(X, labels)


def band(one: Any) -> RefitBand:
    return RefitBand(mean=one.average, lower=one.average - 0.2, upper=one.average + 0.3, n_refits=10)


def test_curves_of_rows_are_thin_and_at_most_100(X: pd.DataFrame, model: Any) -> None:
    answer = wb.explain(model, "partial_dependence", X, individual=True, centred=True, features=["b"])
    ax = effect.draw(answer["b"]).axes[0]
    (curves,) = (c for c in ax.collections if isinstance(c, LineCollection) and len(c.get_segments()) == 100)
    np.testing.assert_allclose(curves.get_segments()[0][:, 1], answer["b"].individual[0, 0])
    assert {t.get_text() for t in ax.texts} >= {"grey: single rows", "change in the average prediction"}
    assert_well_set(answer.plot())
    assert_well_set(answer["b"].plot(unit="mg"))


@pytest.mark.parametrize("column", ["b", "$town$", "day"])
@pytest.mark.parametrize("method", ["partial_dependence", "ale"])
def test_refits_are_shaded_apart_from_the_background(X: pd.DataFrame, model: Any, method: str, column: str) -> None:
    one = wb.explain(model, method, X, features=[column])[column]
    one = one.but(refits=band(one))
    figure = effect.draw(one)
    assert_well_set(figure)
    ax = figure.axes[0]
    told = {t.get_text() for t in ax.texts}
    if column == "$town$":
        assert "shade: refits · line: other rows" in told
    else:
        key = "shade: refits · dots: other rows"
        differ = effect.rows_differ(one)
        assert differ == (method == "partial_dependence")  # rows differ in shape, and accumulated effects tell no row
        assert (f"{key} · grey: rows" if differ else key) in told
        if differ:
            drawn = [line.get_ydata() for line in ax.lines[3:5]]
            np.testing.assert_allclose(drawn, one.spread.curves[:, 0])
            assert "of rows' own curves lie" in effect.describe(one)
        shade = next(c for c in ax.collections if isinstance(c, PolyCollection))
        assert shade.get_paths()[0].vertices[:, 1].max() == pytest.approx(one.refits.upper.max())
        np.testing.assert_allclose(ax.lines[0].get_ydata(), one.average[0])
        np.testing.assert_allclose(ax.lines[1].get_ydata(), one.lower[0])
    assert "Where 10 refits of the learner lie" in effect.describe(one)
    low, high = effect.shared_limits([one])
    assert low < one.refits.lower.min()
    assert high > one.refits.upper.max()


def test_local_effects_are_told_with_their_sign(X: pd.DataFrame, model: Any) -> None:
    one = wb.explain(model, "ale", X, features=["b"])["b"]
    one = replace(one, grid_values=(1.0, 2.0, 3.0), average=np.array([[-0.3, 0.1, 0.5]]))
    assert effect.finding(one) == "b: change in the prediction −0.300 at 1, +0.500 at 3"
    assert effect.describe(one).startswith("Change in the prediction at values of b. 1: −0.3;")


def test_several_outputs_are_well_set(X: pd.DataFrame, classifier: Any) -> None:
    for method in ("ale", "partial_dependence"):
        for one in wb.explain(classifier, method, X, features=["b", "$town$"]).effects:
            assert_well_set(effect.draw(one.but(refits=band(one))))


@pytest.mark.parametrize("method", ["partial_dependence", "ale"])
@pytest.mark.parametrize("pair", [("b", "volatile acidity"), ("$town$", "b"), ("b", "$town$"), ("day", "b")])
def test_surfaces_are_drawn_and_told(X: pd.DataFrame, model: Any, method: str, pair: tuple[str, str]) -> None:
    answer = wb.explain(model, method, X, features=[], pairs=[pair])
    (one,) = answer.surfaces
    assert_well_set(answer.plot())
    assert_well_set(one.plot(units={"b": "mg"}, labels={"b": "Bound"}))
    said = effect_surface.finding(one, units={"b": "mg"}, labels={"b": "Bound"})
    assert "Bound" in said
    assert ("beyond each alone" in said) == (method == "ale")
    assert effect_surface.describe(one).startswith(f"A grid of {len(one.grid_values[0])} values of {pair[0]} by")


def test_cells_without_rows_are_dotted(X: pd.DataFrame, model: Any) -> None:
    (one,) = wb.explain(model, "partial_dependence", X, features=[], pairs=[("b", "volatile acidity")]).surfaces
    counts = np.full((20, 20), 50)
    counts[3, 4] = counts[19, 0] = 0
    figure = effect_surface.draw(one.but(counts=counts))
    (dots,) = (line for line in figure.axes[0].lines if line.get_marker() == "o")
    first, second = (np.asarray(values) for values in one.grid_values)
    middle = [(v[i - 1] / 2 + v[i] + v[i + 1] / 2) / 2 for v, i in ((first, 3), (second, 4))]
    assert dots.get_xdata()[0] == pytest.approx(middle[0])
    assert dots.get_ydata()[0] == pytest.approx(middle[1])
    assert dots.get_xdata().size == 2
    full = effect_surface.draw(one.but(counts=np.full((20, 20), 50)))
    assert not full.axes[0].lines


def test_surface_finding_names_the_extremes(X: pd.DataFrame, model: Any) -> None:
    (one,) = wb.explain(
        model, "partial_dependence", X, features=[], pairs=[("b", "$town$")], pair_resolution=2
    ).surfaces
    one = one.but(
        grid_values=((1.0, 2.0), ("Faro", "Porto")), average=np.array([[[1.0, 2.0], [3.0, 5.5]]]), counts=None
    )
    expected = "b with $town$: average prediction from 1 (1, Faro) to 5.5 (2, Porto)"
    assert effect_surface.finding(one) == expected
    flat = one.but(average=np.ones((1, 2, 2)))
    assert effect_surface.finding(flat) == "b with $town$: the average prediction is 1 throughout"


def test_without_effects_there_is_nothing_to_draw(X: pd.DataFrame, model: Any) -> None:
    answer = wb.explain(model, "ale", X, features=[])
    with pytest.raises(ValueError, match="there is no effect of a single column"):
        answer.plot()


def test_interactions_show_what_moves_predictions_most(X: pd.DataFrame, model: Any, classifier: Any) -> None:
    answer = wb.explain(model, "interaction", X, max_rows=40)
    figure = interactions.draw(answer)
    assert_well_set(figure)
    pairs, columns = figure.axes
    order = np.argsort(-answer.unnormalized[:, 0], kind="stable")
    np.testing.assert_allclose(pairs.lines[1].get_xdata(), answer.pairwise[order, 0])
    np.testing.assert_allclose(columns.lines[1].get_xdata(), np.sort(answer.overall[:, 0])[::-1])
    said = interactions.finding(answer, labels={"b": "Bound"})
    assert said.startswith("volatile acidity and Bound act together most: by ")
    share = f"{answer.pairwise[order[0], 0] ** 2:.0%}"
    assert said.endswith(f"{share} of the variance of what both do")
    assert "H of pairs: volatile acidity × b" in interactions.describe(answer)
    lines = [c.get_segments() for ax in figure.axes for c in ax.collections if c.get_linewidth()[0] == 2]
    strongest = int(np.argmax(answer.unnormalized[:, 0]))
    ends = answer.pairwise_lower[strongest, 0], answer.pairwise_upper[strongest, 0]
    assert tuple(lines[0][0][:, 0]) == pytest.approx(ends)
    of_before = answer.but(**{f"{name}_{end}": None for name in ("overall", "pairwise") for end in ("lower", "upper")})
    assert " to " not in interactions.describe(of_before)
    interactions.draw(of_before)
    many = wb.explain(classifier, "interaction", X, max_rows=30)
    assert_well_set(many.plot())
    assert " on " in interactions.finding(many)


def test_interactions_of_a_sum_say_so(X: pd.DataFrame) -> None:
    answer = wb.explain(wb.Regressor("linear").fit(X, X["b"]), "interaction", X)
    assert interactions.finding(answer) == "No two columns act together: what they do is the sum of what each does"
    assert_well_set(answer.plot())
    one = wb.explain(wb.Regressor("linear").fit(X, X["b"]), "interaction", X, features=["b"])
    assert one.pairs == ()
    assert_well_set(one.plot())
    assert interactions.finding(one) == "How strongly each column acts together with all others"
    assert interactions.describe(one) == "H of each column with all others: b 0."
