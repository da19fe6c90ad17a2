"""Pictures of prototypes, of counterfactuals, and of how methods agree."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from matplotlib.collections import PolyCollection

from tests.pages.results import HOSTILE
from tests.plots.test_pictures import assert_well_set, texts
from workbench.answers import Agreement, Counterfactuals, Examples, Provenance
from workbench.plots import agreement, counterfactuals, draw, examples, svg

PROVENANCE = Provenance(method="by hand")


def chosen(
    n: int = 3, k: int = 2, names: tuple[str, ...] = ("age", "town", "on"), outputs: Any = ("prediction",)
) -> Examples:
    cells: tuple[Any, ...] = (
        41.5,
        "Rome",
        "2024-02-01",
        None,
        1e-9,
        -3.0,
        "x" * 40,
        12_345_678.0,
        "שלום",
        "$x$ \u202e",
    )
    rows = [tuple(cells[(i + j) % len(cells)] for j in range(len(names))) for i in range(n + k)]
    return Examples(
        feature_names=names,
        prototypes=np.arange(n),
        criticisms=np.arange(n, n + k),
        prototype_rows=tuple(rows[:n]),
        criticism_rows=tuple(rows[n:]),
        shares=np.full(n, 1 / n),
        witness=np.where(np.arange(k) % 2, -0.1, 0.2),
        objective=np.linspace(0.2, 0.01, n),
        outputs=outputs,
        predictions=np.linspace(0, 1, (n + k) * len(outputs)).reshape(n + k, -1),
        provenance=PROVENANCE,
    )


def changed(
    outputs: tuple[str, ...] = ("yes",), scale: str = "response", names: Any = ("age", "town", "gap")
) -> Counterfactuals:
    data = ((41.0, "Rome", None), (20.5, "Kyiv", 1.0), (30.0, "Rome", 2.0))
    found = ((45.0, "Rome", None), (41.0, "Oslo", 3.5), (20.5, "Rome", 0.125))
    return Counterfactuals(
        feature_names=names,
        data=data,
        wanted="the other class",
        row=np.array([0, 0, 1]),
        found=found,
        changed=np.array([1, 2, 2]),
        distance=np.array([0.5, 2.0, 1.4]),
        before=np.array([0.31, 0.0001, 0.499]),
        after=np.array([0.51, 0.8, 0.5004]),
        outputs=outputs,
        scale=scale,
        provenance=PROVENANCE,
    )


def alike(methods: tuple[str, ...] = ("permutation_importance", "shap", "ale")) -> Agreement:
    n = len(methods)
    rho = np.eye(n)
    rho[1, 0] = rho[0, 1] = -0.25
    rho[2, :2] = rho[:2, 2] = 0.91, np.nan
    return Agreement(
        methods=methods,
        feature_names=("a", "b", "c"),
        importances=np.array([[3.0, 2.0, 1.0]] * n),
        rank_correlation=rho,
        provenance=PROVENANCE,
    )


CHOSEN = [
    chosen(),
    chosen(1, 0),
    chosen(2, 1, outputs=("yes",)),
    chosen(5, 5, outputs=("Adelie", "Chinstrap", "Gentoo")),
    chosen(9, 7, HOSTILE[:7]),
    chosen(2, 2, tuple(f"c{i}" for i in range(40))),
]
CHANGED = [
    changed(),
    changed(("a", "b" * 80, "c")),
    changed(("prediction",)),
    changed(scale="margin", names=HOSTILE[:3]),
    changed(names=HOSTILE[3:6]),
]


def read(figure: Any) -> list[str]:
    return [t.get_text() for t in texts(figure)]


@pytest.mark.parametrize("answer", CHOSEN)
def test_prototypes_are_well_set(answer: Examples) -> None:
    figure = draw(answer)
    assert_well_set(figure)
    assert svg(figure, examples.finding(answer), examples.describe(answer)).startswith("<svg")
    assert_well_set(draw(answer, title=False))


def test_prototypes_show_cells_shares_and_predictions() -> None:
    told = read(examples.draw(chosen(), labels={"age": "Age"}))
    for text in ("prototypes", "criticisms", "33%", "missed", "overstated", "Age", "town", "Rome", "2024-02-01", "–"):
        assert text in told
    assert "0.00" in told
    assert "1.00" in told
    many = read(examples.draw(chosen(9, 7, tuple(f"c{i}" for i in range(40)))))
    assert "prototypes, the first 5 of 9" in many
    assert "and 16 more columns" in many
    assert "c24" not in many


def test_numbers_of_one_column_have_the_same_decimals() -> None:
    rows = ((1.0, 0.5), (10.25, 2000.0))
    answer = replace(chosen(2, 0, ("a", "b")), prototype_rows=rows)
    told = read(examples.draw(answer))
    assert {"1.00", "10.25", "0.5", "2,000.0"} <= set(told)


def test_what_prototypes_tell() -> None:
    answer = replace(chosen(), shares=np.array([0.2, 0.7, 0.1]))
    assert examples.finding(answer) == "3 rows stand for all others, one of them for 70%; 2 fit these least"
    assert examples.finding(chosen(1, 1)) == "One row stands for all others; one fits this one least"
    words = examples.describe(answer)
    assert "Prototype 2 (70%): age Rome" in words
    assert "Criticism 1 (missed)" in words


@pytest.mark.parametrize("answer", CHANGED)
def test_counterfactuals_are_well_set(answer: Counterfactuals) -> None:
    figure = draw(answer)
    assert_well_set(figure)
    assert svg(figure, counterfactuals.finding(answer), counterfactuals.describe(answer)).startswith("<svg")
    for row in range(3):
        assert_well_set(counterfactuals.draw(answer, row=row, title=row == 1))
    many = replace(
        answer, data=answer.data * 4, before=np.tile(answer.before, 4), wanted="at least 5 " * 20, outputs=("yes",)
    )
    assert_well_set(draw(many))
    assert "and 6 more rows" in read(draw(many))


def test_counterfactuals_show_from_and_to() -> None:
    told = read(counterfactuals.draw(changed(), labels={"age": "Age"}, units={"age": "years", "gap": ""}))
    for text in ("Row 1: probability of yes 0.310", "Age", "41 → 45 years", "0.510", "Rome → Oslo", "missing → 3.5"):
        assert text in told
    assert "Row 2: probability of yes < 0.001" in told
    assert "Kyiv → Rome" in told
    assert "Row 3: probability of yes 0.499" in told
    assert "no change found" in told
    assert "asked: the other class" in told
    one = read(counterfactuals.draw(changed(), row=2))
    assert "no change found" in one
    assert "41 → 45" not in one
    several = read(counterfactuals.draw(changed(("a", "b", "c"))))
    assert "Row 2: probability of b < 0.001" in several
    with pytest.raises(ValueError, match="row must be one of the explained rows, 0 to 2; got 3"):
        counterfactuals.draw(changed(), row=3)


def test_predictions_before_and_after_are_told_apart() -> None:
    answer = replace(changed(("prediction",)), before=np.array([5.0001, 5.0, 5.0]), after=np.array([5.0002, 6.0, 7.0]))
    assert "5.0002" in read(counterfactuals.draw(answer))


def test_what_counterfactuals_tell() -> None:
    answer = changed()
    assert counterfactuals.finding(answer, labels={"age": "Age"}) == (
        "One changed column is enough for 1 of 3 rows, several are for 1; most often Age"
    )
    assert counterfactuals.finding(answer, row=1) == (
        "The model would say otherwise with another value of town and 1 other column"
    )
    assert counterfactuals.finding(answer, row=2).endswith("of the row")
    assert "Row 1: probability of yes 0.310: age 41 to 45 gives 0.510; or town Rome to Oslo and gap missing to 3.5" in (
        counterfactuals.describe(answer)
    )
    nothing = replace(answer, row=np.empty(0), found=(), changed=np.empty(0), distance=np.empty(0), after=np.empty(0))
    assert counterfactuals.finding(nothing).endswith("of any row")
    assert_well_set(draw(nothing))


@pytest.mark.parametrize(
    "titles", [None, dict(zip(("permutation_importance", "shap", "ale"), HOSTILE[:3], strict=True))]
)
def test_agreement_is_well_set(titles: Any) -> None:
    figure = draw(alike(), titles=titles)
    assert_well_set(figure)
    assert svg(figure, "t", agreement.describe(alike())).startswith("<svg")
    assert_well_set(draw(alike(tuple(f"method {i}" for i in range(7)))))


def test_agreement_shows_each_pair_once() -> None:
    figure = agreement.draw(alike(), titles={"shap": "SHAP"})
    told = read(figure)
    assert {"1  permutation importance", "2  SHAP", "3  ale", "−0.25", "0.91", "–"} <= set(told)
    assert "1.00" not in told
    tones = next(c for c in figure.axes[0].collections if isinstance(c, PolyCollection)).get_facecolor()
    assert len(tones) == 2
    assert tones[1][3] > tones[0][3]
    assert agreement.finding(alike(), titles={"shap": "SHAP"}) == (
        "Least alike in the order of columns: permutation importance and SHAP (−0.25); all put a first"
    )
    assert "permutation importance and ale 0.91" in agreement.describe(alike())
    unknown = replace(alike(), rank_correlation=np.full((3, 3), np.nan))
    assert "can't be compared" in agreement.finding(unknown)
    assert_well_set(draw(unknown))
