"""The pages in a browser: nothing leaves them, nothing overflows, tables sort, and they are accessible."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.pages.results import results
from workbench.pages import render

pytestmark = pytest.mark.system
HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict]:
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    assert browser, "no chromium on the path: install the system package"
    node = shutil.which("node")
    assert node, "no node on the path: install the system package"
    assert (HERE / "node_modules").is_dir(), "run: npm ci --prefix tests/system"
    pages = []
    for task, hostile, names in (
        ("regression", False, ("linear", "tree", "forest")),
        ("binary", False, ("linear",)),
        ("multiclass", True, ("linear",)),
    ):
        folder = tmp_path_factory.mktemp(f"{task} with blanks")
        render(folder, results(task, hostile=hostile))
        pages += [
            folder / "index.html",
            folder / "compare.html",
            *(folder / "cards" / f"{name}.html" for name in names),
        ]
    done = subprocess.run(
        [node, str(HERE / "check_pages.mjs"), browser, *map(str, pages)],
        cwd=HERE, capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert set(told) == set(map(str, pages))
    return told


@pytest.mark.parametrize(
    "what",
    ["console", "requests", "dialogs", "axe", "overflow", "overlaps", "sorting", "interaction", "files", "printing"],
)
def test_nothing_is_wrong(report: dict[str, dict], what: str) -> None:
    wrong = {page: found[what] for page, found in report.items() if found[what]}
    assert not wrong, json.dumps(wrong, indent=1)


def test_every_page_has_tables_to_sort(report: dict[str, dict]) -> None:
    assert all(found["tables"] >= 2 for page, found in report.items() if not page.endswith("compare.html"))


def test_the_checks_can_fail(tmp_path: Path, report: dict[str, dict]) -> None:
    bad = tmp_path / "bad.html"
    bad.write_text(
        "<html><body><p style='width:2000px;color:#ccc;background:#fff'>wide and pale</p>"
        "<p>one on</p><p style='margin-top:-2.2em'>another</p><div class=chart></div>"
        "<figure><svg class=plot><title>a</title></svg>"
        "<a class=svgfile aria-label=b download=x.svg href='#'>SVG</a></figure>"
        "<img src='http://localhost:9/x.png'><script>alert(1);throw new Error('broken')</script>"
        "<table class=sortable><thead><tr><th><button>a</button></th></tr></thead>"
        "<tbody><tr><td data-sort=2></td></tr><tr><td data-sort=1></td></tr></tbody></table>"
        "<details><summary>more</summary><p>folded</p></details></body></html>"
    )
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    done = subprocess.run(
        ["node", str(HERE / "check_pages.mjs"), browser, str(bad)],
        cwd=HERE, capture_output=True, text=True, timeout=200, check=True,
    )  # fmt: skip
    found = json.loads(done.stdout)[str(bad)]
    assert all(
        found[what]
        for what in (
            *("console", "requests", "dialogs", "axe", "overflow", "overlaps", "sorting", "interaction", "files"),
            "printing",
        )
    ), found
