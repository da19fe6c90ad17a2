"""Pictures of diagnostics: well set, and saying what the answers say."""

from __future__ import annotations

import numpy as np
import pytest

from tests.evaluation.test_calibration import drawn, two
from tests.evaluation.test_conformal import classes as conformal_classes
from tests.evaluation.test_conformal import numbers as conformal_numbers
from tests.evaluation.test_residuals import PLANTED as BIASES
from tests.evaluation.test_residuals import told as residuals_told
from tests.evaluation.test_weak_regions import PLANTED, table
from tests.plots.test_pictures import assert_well_set
from workbench.answers import Calibration
from workbench.evaluation.calibration import calibration
from workbench.evaluation.predictions import Predictions
from workbench.evaluation.weak_regions import weak_regions
from workbench.plots import calibration as calibration_plot
from workbench.plots import conformal as conformal_plot
from workbench.plots import draw
from workbench.plots import residuals as residuals_plot
from workbench.plots import weak_regions as regions_plot

RNG = np.random.default_rng(0)


def several(k: int) -> Calibration:
    p = RNG.dirichlet(np.ones(k), 400)
    came = [RNG.choice(k, p=q) for q in p]
    names = tuple(f"a class with a rather long name {i}" for i in range(k))
    return calibration(Predictions.of([names[c] for c in came], p, classes=names))


def number(scale: float) -> Calibration:
    f = scale * RNG.normal(size=300)
    return calibration(Predictions.of(f / 2 + scale * RNG.normal(size=300), f))


@pytest.mark.parametrize(
    "answer",
    [calibration(two(*drawn(0))), several(4), several(8), number(1.0), number(1e5), number(1e-3)],
    ids=["two", "four", "eight", "one", "large", "small"],
)
def test_calibration_is_well_set(answer: Calibration) -> None:
    assert_well_set(draw(answer, unit="a long unit of measure", target="a target with a name that is far too long"))
    assert calibration_plot.describe(answer).endswith("].")


def test_calibration_says_what_is_shown() -> None:
    assert calibration_plot.finding(calibration(two(*drawn(1, 800, 2.0)))) == "Probabilities are too extreme"
    assert calibration_plot.finding(number(1.0)) == "Predictions are too extreme"
    clean = calibration(two(*drawn(0, 400)))
    assert calibration_plot.finding(clean) == "Probabilities agree with what came, as far as 400 rows can tell"


@pytest.mark.parametrize("columns", PLANTED)
def test_weak_regions_are_well_set_and_named(columns: tuple[str, ...]) -> None:
    X, noise = table(1, 1200)
    losses = (noise * np.where(PLANTED[columns](X), 3, 1)) ** 2 + noise**2 * (X["few"] == 1)
    told = weak_regions(X, losses, loss_title="squared error")
    assert_well_set(draw(told))
    assert " the squared error is " in regions_plot.finding(told)
    assert regions_plot.describe(told).endswith(" rows.")
    X, noise = table(2)
    clean = weak_regions(X, noise**2)
    assert regions_plot.finding(clean) == "No region of one or two columns is shown to be weak"


def test_nothing_found_is_nothing_to_draw() -> None:
    with pytest.raises(ValueError, match="nothing to draw"):
        draw(weak_regions(table(0, 20)[0], np.ones(20)))


@pytest.mark.parametrize("column", BIASES)
def test_residuals_are_well_set_and_named(column: str) -> None:
    answer = residuals_told(3, BIASES[column])[0]
    for part in answer.by:
        assert_well_set(draw(answer, column=part.column, unit="a long unit of measure"))
    assert residuals_plot.finding(answer, column=column).startswith("Residuals still follow ")
    assert residuals_plot.finding(answer, column="few") == "Residuals show nothing more of few"
    assert "by yes, " in residuals_plot.describe(answer, column="yes")
    assert residuals_plot.describe(answer, column="yes").count("true: ") == 1


def test_coverage_is_well_set_and_named() -> None:
    for answer in (conformal_numbers(0), conformal_numbers(0, 3.0), conformal_classes(0)):
        assert_well_set(draw(answer))
        assert conformal_plot.describe(answer).startswith("Coverage, 90% promised. all rows: ")
    assert conformal_plot.finding(conformal_numbers(0)).startswith("Intervals hold what they promise: ")
    assert "of all rows, but where yes is true they hold" in conformal_plot.finding(conformal_numbers(0, 3.0))
