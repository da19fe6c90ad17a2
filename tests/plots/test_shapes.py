from __future__ import annotations

import numpy as np
import pytest

from tests.plots.sums import form, levels, numbers, steps, surface, town
from tests.plots.test_pictures import assert_well_set
from workbench.forms import Curve, Levels, Steps, Surface
from workbench.plots import panel, shapes
from workbench.plots import surface as surfaces
from workbench.plots.shapes import Scale

AGE = Scale("Age", unit="years", low=20.0, high=80.0, adds="adds to Price")


@pytest.mark.parametrize("k", [1, 3])
def test_every_shape_is_well_set(k: int) -> None:
    outputs = ("prediction", "second class", "third")[:k]
    for term in form("multiclass" if k == 3 else "regression").body.terms:
        scales = [Scale(name, "mm", dates=name == "day", outputs=outputs) for name in term.columns]
        if isinstance(term, Steps):
            assert_well_set(shapes.draw_curve(term, scales[0]))
        elif isinstance(term, Levels):
            assert_well_set(shapes.draw_levels(term, scales[0]))
        else:
            assert_well_set(surfaces.draw(term, (scales[0], scales[1]), output=k - 1))


def test_steps_are_drawn_as_they_are_and_dashed_beyond_the_data() -> None:
    term = steps("age", gap=0.25)
    ax = shapes.draw_curve(term, AGE).axes[0]
    below, inside, above = [line for line in ax.lines if line.get_linewidth() in (1.4, 2.0)]
    assert [line.get_linestyle() for line in (below, inside, above)] == ["--", "-", "--"]
    x, y = inside.get_data()
    assert (x[0], x[-1]) == (20.0, 80.0)
    middle = (x[:-1] + x[1:]) / 2
    flat = np.diff(x) > 0
    expected = term.values[np.searchsorted(term.cuts, middle[flat], side="left"), 0]
    np.testing.assert_array_equal(((y[:-1] + y[1:]) / 2)[flat], expected)
    diamond = next(line for line in ax.lines if line.get_marker() == "D")
    assert diamond.get_ydata() == [0.25]
    assert "missing" in {t.get_text() for t in ax.texts}


def test_no_missing_level_where_it_adds_nothing() -> None:
    ax = shapes.draw_curve(steps("age"), AGE).axes[0]
    assert "missing" not in {t.get_text() for t in ax.texts}


def test_levels_stand_sorted_with_bars_as_long_as_their_values() -> None:
    ax = shapes.draw_levels(town(), Scale("Town")).axes[0]
    widths = [bar.get_width() for bar in ax.patches]
    assert widths == [-0.4, -0.2, 0.05, 0.3]
    assert [t.get_text() for t in ax.texts if t.get_text().startswith(("+", "−0.", "−"))][-4:] == [
        "−0.400", "−0.200", "+0.050", "+0.300"
    ]  # fmt: skip


def test_findings_say_what_is_added_where() -> None:
    assert shapes.finding(town(), Scale("Town")) == "Town adds −0.400 where missing, +0.300 at Porto"
    told = shapes.finding(steps("age"), AGE)
    assert told.startswith("Age adds −")
    assert "years, +" in told
    assert "Porto 0.3" in shapes.describe(town(), Scale("Town")).replace(":", "")
    assert "at 2010-12-31: −0.987" in shapes.describe(steps("day", low=14975.0, high=15705.0), Scale("Day", dates=True))


def test_importance_is_the_weighted_mean_of_absolute_values() -> None:
    cuts, values, weights = np.array([1.0, 2.0]), np.array([[1.0], [-2.0], [4.0]]), np.array([10.0, 20.0, 70.0])
    term = Steps("x", cuts, values, np.zeros(1), cuts[[0, 1, 1]], weights)
    assert shapes.importance(term) == pytest.approx((10 * 1 + 20 * 2 + 70 * 4) / 100)
    assert shapes.importance(town(), {"Porto": 30, "Lisbon": 10}) == pytest.approx((30 * 0.3 + 10 * 0.2) / 40)
    assert shapes.importance(town()) == pytest.approx((0.3 + 0.2 + 0.05) / 3)
    one = surface(levels("town", ("a", "b")), numbers("age", 3))
    w1, w2 = one.first.weights, one.second.weights
    by_hand = sum(
        w1[i] * w2[j] * abs(one.grid[i, j, 0]) for i in range(one.first.n_cells) for j in range(one.second.n_cells)
    )
    assert shapes.importance(one) == pytest.approx(by_hand / (w1.sum() * w2.sum()))


def test_pooled_bins_keep_all_rows_and_tell_no_few() -> None:
    rng = np.random.default_rng(0)
    edges, counts = np.sort(rng.normal(size=201)), rng.integers(0, 9, 200).astype(float)
    out_edges, out_counts = panel.pooled(edges, counts)
    assert out_counts.sum() == counts.sum()
    assert out_counts.min() >= 10
    assert (out_edges[0], out_edges[-1]) == (edges[0], edges[-1])
    assert len(out_counts) <= 40
    assert panel.pooled(np.array([0.0, 1.0]), np.array([4.0]))[1].tolist() == [0.0]


def _tone(patch: object) -> tuple[float, ...]:
    return patch.get_facecolor()  # type: ignore[attr-defined,no-any-return]


def test_cells_are_filled_by_sign_and_size() -> None:
    term = surface(numbers("age", 2), numbers("income", 2))
    values = np.zeros((4, 4))
    values[0, 0], values[2, 1] = 1.0, -0.5
    term = Surface(term.first, term.second, values.reshape(-1, 1))
    ax = surfaces.draw(term, (AGE, Scale("Income"))).axes[0]
    blue, orange = [
        p for p in ax.patches if p.get_facecolor()[3] > 0 and len(p.get_path().vertices) == 5 and p.get_alpha()
    ][:2]
    assert _tone(blue)[2] > _tone(blue)[0]
    assert _tone(orange)[0] > _tone(orange)[2]
    assert (blue.get_alpha(), orange.get_alpha()) == (0.5, 1.0)
    box = orange.get_path().get_extents()
    assert (box.x1, box.y1) == (20.0, 20.0)  # up to the first cut of both
    box = blue.get_path().get_extents()
    assert (box.x0, box.y0, box.y1) == (80.0, 20.0, 80.0)


def test_a_single_category_stands_upwards() -> None:
    term = surface(levels("town", ("Porto", "Faro")), numbers("age"))
    ax = surfaces.draw(term, (Scale("Town"), AGE)).axes[0]
    assert ax.get_ylim() == (0.0, 3.0)  # two levels and missing; no row had any other
    told = {t.get_text() for t in ax.texts}
    assert {"Porto", "Faro", "missing", "Age (years)", "Town", "adds"} <= told
    assert "any other" not in told


def test_surface_in_words() -> None:
    term = surface(numbers("age", 2), levels("sex", ("f", "m")))
    assert surfaces.finding(term, (AGE, Scale("Sex"))) == "Age with Sex adds −0.40 to +0.40"
    told = surfaces.describe(term, (AGE, Scale("Sex")))
    assert told.startswith("A grid of 4 by 4 cells; lowest −0.400 at ")
    assert "Age up to 20 years and Sex missing" in told


def bent(k: int = 1) -> Curve:
    """Give a line up to 40, a parabola from there on."""
    coef = np.array([[0.0, 0.1, 0.0], [2.0, 0.1, -0.002]])
    wide = (coef[:, :, None] * np.linspace(1, -1, k)).reshape(2, -1)
    return Curve(
        "age", np.array([40.0]), np.array([20.0, 40.0]), wide, np.zeros(k), np.array([25.0, 45.0, 70.0]),
        np.array([30.0, 50.0, 20.0]),
    )  # fmt: skip


@pytest.mark.parametrize("k", [1, 3])
def test_a_smooth_curve_is_well_set(k: int) -> None:
    assert_well_set(shapes.draw_curve(bent(k), Scale("Age", "years", 20.0, 80.0, outputs=("a", "b", "c")[:k])))


def test_a_smooth_curve_is_drawn_as_it_is_and_dashed_beyond_the_data() -> None:
    ax = shapes.draw_curve(bent(), AGE).axes[0]
    below, inside, above = [line for line in ax.lines if line.get_linewidth() in (1.4, 2.0)]
    assert [line.get_linestyle() for line in (below, inside, above)] == ["--", "-", "--"]
    x, y = inside.get_data()
    assert (x[0], x[-1]) == (20.0, 80.0)
    assert 40.0 in x
    np.testing.assert_allclose(y, np.where(x <= 40, 0.1 * (x - 20), 2 + 0.1 * (x - 40) - 0.002 * (x - 40) ** 2))


def test_the_importance_of_a_curve_weighs_its_training_rows() -> None:
    # 0.5 at 25, 2.45 at 45, 3.2 at 70
    assert shapes.importance(bent()) == pytest.approx((30 * 0.5 + 50 * 2.45 + 20 * 3.2) / 100)


def test_a_curve_in_words() -> None:
    assert shapes.finding(bent(), AGE) == "Age adds 0.00 at 20 years, +3.25 at 65 years"
    assert "at 20 years: 0; " in shapes.describe(bent(), AGE)
