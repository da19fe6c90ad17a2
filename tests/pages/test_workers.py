"""Cards that workers draw are those that one process draws; a worker that dies costs its share."""

from __future__ import annotations

from pathlib import Path

import pytest

import workbench.pages as pages
from tests import unit_functions as uf
from tests.pages.results import results


@pytest.fixture(autouse=True)
def workers_for_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "_FEWEST_FOR_A_WORKER", 1)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_workers_draw_the_same_to_the_byte(tmp_path: Path) -> None:
    given = results()
    alone, several = (pages.render(tmp_path / str(jobs), given, jobs=jobs) for jobs in (1, 2))
    assert [path.name for path in alone] == [path.name for path in several]
    assert len(alone) > 6
    assert contents(tmp_path / "1") == contents(tmp_path / "2"), "and nothing else is left"


def test_a_worker_that_dies_is_told_for_its_cards_and_costs_no_other_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "draw_cards", uf.die_while_drawing)
    with pytest.raises(pages.PageError, match=r"card of \w+: its process was killed by SIGKILL.*all other pages"):
        pages.render(tmp_path, results(), jobs=2)
    assert (tmp_path / "index.html").exists()
