from __future__ import annotations

import pytest

from tests.pages.results import results
from workbench.pages import index, times
from workbench.pages.index import Index

UNITS = {
    "tree: fit": 1.0, "tree: fold 1.2": 2.0, "tree: other fold 3": 4.0, "tree: path 2 fold 1.1": 0.5,
    "tree: shap": 8.0, "tree: shap refits": 16.0, "tree: noise fit": 32.0, "tree: shap noise": 64.0,
    "tree: complexity": 128.0, "tree: diagnostics": 256.0, "drift": 3.0, "forest: tune 1": 1000.0,
}  # fmt: skip


def made(units: dict[str, float]) -> Index:
    given = results()
    given["timing"]["units"] = units
    return Index.model_validate(index(given))


def test_every_second_is_told_once_and_where_it_belongs() -> None:
    section = times.section(made(UNITS))
    table = section.blocks[0].tables[0]
    assert [head.text for head in table.heads] == ["Model", "All", *times._KINDS]
    assert {row[0].text: [cell.value for cell in row[1:]] for row in table.rows} == {
        "forest": [1000.0, 1000.0, None, None, None],
        "tree": [511.5, 7.5, 8.0, 112.0, 384.0],
        "the study": [3.0, None, None, None, 3.0],
    }
    assert "steps add up to 1,514 seconds of work, of which the fits of models and folds took 67%." in section.lead
    assert section.lead.startswith("The whole run took 41.2 seconds. ")


def test_the_longest_steps_are_listed_and_the_others_counted() -> None:
    longest = times.section(made({f"tree: fold {i}": float(i) for i in range(1, 26)})).blocks[1].tables[0]
    assert [row[1].value for row in longest.rows] == [float(i) for i in range(25, 15, -1)]
    assert longest.note == "The other 15 steps are in results.json, under timing."
    assert not times.section(made({"drift": 1.0})).blocks[1].tables[0].note


@pytest.mark.parametrize("units", [{}, {"drift": 0.0}])
def test_without_times_nothing_is_claimed(units: dict[str, float]) -> None:
    section = times.section(made(units))
    assert section.lead == "The whole run took 41.2 seconds."
    assert not section.blocks
