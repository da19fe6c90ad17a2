from __future__ import annotations

import numpy as np
import pytest

from tests.plots.test_attribution import attributed, words
from tests.plots.test_pictures import assert_well_set
from workbench.answers import Attribution
from workbench.plots import svg, swarm


def many(n_features: int = 5, outputs: tuple[str, ...] = ("prediction",), scale: float = 1.0) -> Attribution:
    few, rng = attributed(n_features, outputs), np.random.default_rng(0)
    x = rng.uniform(-1, 1, size=(200, n_features))
    sizes = scale * 3.0 ** -np.arange(n_features)
    values = x * sizes if len(outputs) == 1 else x[:, :, None] * sizes[:, None] * np.linspace(1, -1, len(outputs))
    return few.but(
        values=values, predictions=values.sum(axis=1), data=tuple(map(tuple, x.tolist())), approximation_error=None
    )


@pytest.mark.parametrize("n_features", [1, 7, 40])
@pytest.mark.parametrize("outputs", [("prediction",), ("setosa", "versicolor", "a very long class name <b>")])
def test_every_picture_is_well_set(n_features: int, outputs: tuple[str, ...]) -> None:
    for scale in (1e-3, 1.0, 1e7):
        summary = many(n_features, outputs, scale).summary()
        assert_well_set(swarm.draw(summary, output=len(outputs) - 1))


def test_areas_are_shares_of_the_rows_and_tones_ranks() -> None:
    summary = many(2).summary()
    ax = swarm.draw(summary).axes[0]
    assert summary.swarm is not None
    for j in range(2):
        boxes = [p for p in ax.patches if abs(p.get_y() + p.get_height() / 2 - j) < 1e-6]
        rows = np.array(summary.swarm.rows[j][0])
        wide = np.array([b.get_width() for b in boxes])
        if (wide > np.diff(summary.swarm.edges[j][0]) + 1e-9).any():
            continue  # bins narrower than a stroke
        areas = wide * np.array([b.get_height() for b in boxes])
        np.testing.assert_allclose(areas / areas.sum(), rows / rows.sum(), rtol=1e-6)
        tones = [b.get_alpha() for b in boxes]
        assert tones == sorted(tones)
    assert "the darker, the higher the column's value" in words(swarm.draw(summary))


def test_findings_say_which_way_a_column_turns() -> None:
    up = many(1).summary()
    assert "is low it adds about" in swarm.finding(up)
    assert up.swarm is not None
    low, high = up.swarm.edges[0][0][0], up.swarm.edges[0][0][-1]
    assert f"{abs(low):.2f}" in swarm.finding(up)
    assert swarm.finding(up).index(f"{abs(low):.2f}") < swarm.finding(up).index(f"+{high:.2f}")
    down = many(1).but(values=-many(1).values).summary()
    assert swarm.finding(down).index("+") < swarm.finding(down).index("−")
    assert swarm.finding(many(1, scale=0.0).summary()) == "No column adds anything"
    assert swarm.describe(up).endswith("more where it is high.")
    assert svg(swarm.draw(up), "a", "b")


def test_a_summary_without_bins_is_refused() -> None:
    with pytest.raises(ValueError, match="needs attributions of 20 rows"):
        swarm.draw(attributed().summary())
