"""What is sent of a run: no row can be read off it, no count of few rows, no folder or user; no name does a thing.

A row is read off where one record - an object, numbers next to one another in a list, the same place of lists that
stand side by side, a line of text - holds values of two of its columns; of printed numbers, of three. The rows are
made so that no value occurs twice. Values alone do occur: places of curves are quantiles of a column.
"""

from __future__ import annotations

import csv
import html.parser
import io
import json
import re
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args
from urllib.parse import unquote

import numpy as np
import pypdfium2
import pytest

from tests.conftest import made_once
from tests.sent import FILE, HOME, rows, write
from workbench.explainers import registry as explainers
from workbench.pages import Card, Index
from workbench.pages.parts import Part, Rows
from workbench.runner import RunResult, run

WIDTH = 9  # columns of numbers, the target among them
# so many columns of one row in one record are not there by chance: places of curves are values of rows too, one by one
TOGETHER, PRINTED = 2, 3
NUMBERS = (".json", ".npz", ".jsonl")
COUNTS = (
    "count", "missing", "rare", "n_rows", "n_development", "n_holdout", "repeated_rows", "most_by_chance",
    "n_background", "bin_counts", "counts", "n_calibration", "n_before", "n_after", "n_searched", "rows_found",
    "train_rows", "holdout_rows", "n_train", "support",
)  # fmt: skip
_NUMBER = re.compile(r"[-−]?\d[\d,]*\.?\d*(?:e[-+]?\d+)?")
ROWS = get_args(Rows)[1:]
_FEW = re.compile(r"(?<![\d.,%−\-–])\b[1-9] (?:of (?:the )?[\d,]+ )?(?:\w+ )?rows?\b")


@pytest.fixture(name="sent", scope="module")
def _sent(tmp_path_factory) -> RunResult:
    methods = [name for name in explainers() if name not in ("tree_shap", "kernel_shap")]  # the same answers as shap

    def make(folder: Path) -> RunResult:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("WORKBENCH_CACHE", str(folder / "cache"))
            return run(write(folder, methods), out=folder.joinpath(*HOME, "out"))

    done = made_once(tmp_path_factory, "sent", make)
    assert not done.failed
    return done


@pytest.fixture(name="files", scope="module")
def _files(sent) -> list[Path]:
    return [path for path in sent.folder.rglob("*") if path.is_file()]


class Page(html.parser.HTMLParser):
    """The elements of a page with their attributes, the text outside of pictures and styles, line by line."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.lines: list[str] = [""]
        self.scripts: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in ("svg", "style", "script"):
            self.open.append(tag)
        if tag in ("tr", "p", "li", "dd", "dt", "h1", "h2", "h3", "pre", "figcaption"):
            self.lines.append("")
        self.lines[-1] += " "

    def handle_endtag(self, tag: str) -> None:
        if self.open and tag == self.open[-1]:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.open == ["script"]:
            self.scripts.append(data)
        elif not self.open:
            self.lines[-1] += data

    @property
    def csv(self) -> Iterator[list[list[str]]]:
        for tag, given in self.elements:
            if tag == "a" and (given.get("href") or "").startswith("data:text/csv"):
                text = unquote((given["href"] or "").partition(",")[2]).removeprefix("\ufeff")
                yield list(csv.reader(io.StringIO(text)))


def page(path: Path) -> Page:
    return Page(path.read_text(encoding="utf-8"))


def pdf_text(path: Path) -> str:
    document = pypdfium2.PdfDocument(path)
    meta = "\n".join(document.get_metadata_dict().values())
    return "\n".join([meta, *(each.get_textpage().get_text_bounded() for each in document)])


def lines(path: Path) -> list[str]:
    """Give the lines of text of a page, the rows of its CSV downloads among them."""
    if path.suffix == ".html":
        found = page(path)
        return [*found.lines, *(" ".join(row) for table in found.csv for row in table)]
    return (pdf_text(path) if path.suffix == ".pdf" else path.read_text(encoding="utf-8")).splitlines()


def plain(path: Path) -> list[Any]:
    """Give what a file of numbers holds, as JSON values."""
    if path.suffix == ".npz":
        with np.load(path, allow_pickle=False) as arrays:
            return [array.tolist() for array in arrays.values()]
    text = path.read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()] if path.suffix == ".jsonl" else [json.loads(text)]


def records(value: Any) -> Iterator[list[float]]:
    """Give the numbers that stand together: in an object, next to one another in a list, at one place of lists."""
    inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    numbers = [each for each in inner if isinstance(each, float)]
    width = len(numbers) if isinstance(value, dict) else WIDTH
    yield from (numbers[start : start + width] for start in range(max(len(numbers) - width, 0) + 1))
    by_length: dict[int, list[list[Any]]] = {}
    for each in inner:
        if isinstance(each, list):
            by_length.setdefault(len(each), []).append(each)
    for alike in by_length.values():
        yield from ([v for v in across if isinstance(v, float)] for across in zip(*alike, strict=True))
    for each in inner:
        yield from records(each)


class Known:
    """The numbers of the rows of the study: how much of one row a record lets one read."""

    def __init__(self) -> None:
        self.values = rows().select_dtypes("number").to_numpy()
        self.place = {v: (i, j) for i, row in enumerate(self.values) for j, v in enumerate(row)}
        assert len(self.place) == self.values.size
        assert self.values.shape[1] == WIDTH

    def columns_of_one_row(self, record: list[float]) -> int:
        met: dict[int, set[int]] = {}
        for value in record:
            if (found := self.place.get(value)) is not None:
                met.setdefault(found[0], set()).add(found[1])
        return max(map(len, met.values()), default=0)

    def columns_of_one_row_printed(self, line: str) -> int:
        """Of numbers of four digits or more."""
        tokens = {t.replace("−", "-").replace(",", "") for t in _NUMBER.findall(line)}
        tokens = {t for t in tokens if "." in t and "e" not in t and len(re.sub(r"\D", "", t).lstrip("0")) >= 4}
        if len(tokens) < PRINTED:
            return 0
        met = [np.abs(self.values - float(t)) <= 0.5 * 10.0 ** -len(t.partition(".")[2]) for t in sorted(tokens)]
        return int(np.any(met, axis=0).sum(axis=1).max())

    @property
    def extremes(self) -> list[float]:
        """The nine lowest and the nine highest values of each column."""
        ordered = np.sort(self.values, axis=0)
        return [*ordered[:9].ravel(), *ordered[-9:].ravel()]


@pytest.fixture(name="known", scope="module")
def _known() -> Known:
    return Known()


def leaks(files: list[Path], known: Known) -> list[str]:
    """Name what lets one read a row."""
    found = []
    for path in files:
        if path.suffix in NUMBERS:
            together = (record for value in plain(path) for record in records(value))
            found += [f"{path.name}: {r}" for r in together if known.columns_of_one_row(r) >= TOGETHER]
        else:
            found += [f"{path.name}: {t}" for t in lines(path) if known.columns_of_one_row_printed(t) >= PRINTED]
    return found


def floats(value: Any) -> Iterator[float]:
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from floats(each)
    elif isinstance(value, float):
        yield value


def test_no_row_can_be_read_off_what_is_sent(files, known):
    assert {path.suffix for path in files} == {".json", ".jsonl", ".html", ".pdf", ".md"}
    assert not leaks(files, known)


def test_no_value_beyond_the_tenth_stands_in_what_is_sent(files, known):
    extremes = set(known.extremes)
    printed = {text for value in extremes if len(text := f"{value:.6g}") > 6}
    for path in files:
        if path.suffix in NUMBERS:
            assert not extremes & {v for value in plain(path) for v in floats(value)}, path.name
        told = {number for line in lines(path) for number in _NUMBER.findall(line)}
        assert not printed & told, path.name


@pytest.mark.parametrize("how", ["object", "list", "side by side", "line", "npz"])
def test_a_planted_row_is_found(known, tmp_path, how):
    """The test above can fail."""
    row = known.values[17].tolist()
    two = known.values[17:19].tolist()
    path = tmp_path / {"line": "a.md", "npz": "a.npz"}.get(how, "a.json")
    if how == "npz":
        np.savez(path, held=np.array([row] * 3))
    elif how == "line":
        path.write_text("| " + " | ".join(f"{v:.4g}" for v in row) + " |")
    else:
        held = {"object": {"a": {"b": row[0], "c": row[3], "d": row[5]}}, "list": [[1.0, *row[2:6], 2.0]]}
        path.write_text(json.dumps(held.get(how, dict(enumerate(zip(*two, strict=True))))))
    assert leaks([path], known)


def counts_in(schema: type[Part], place: str = "") -> Iterator[tuple[str, Any]]:
    """Give the whole-numbered fields of a schema, at any depth."""
    for name, field in schema.model_fields.items():
        kinds = [field.annotation, *get_args(field.annotation)]
        for kind in kinds:
            if isinstance(kind, type) and issubclass(kind, Part):
                yield from counts_in(kind, f"{place}{name}.")
        if int in kinds:
            yield f"{place}{name}", field


def test_each_whole_number_of_the_schemas_is_a_count_of_rows_or_none_of_rows():
    """A new one must be told of either kind."""
    found = {place.rpartition(".")[2]: field for part in (Card, Index) for place, field in counts_in(part)}
    of_rows = {name for name, field in found.items() if any(meta in field.metadata for meta in ROWS)}
    assert of_rows == {
        "count",
        "missing",
        "n_rows",
        "repeated_rows",
        "rows",
        "most_by_chance",
        "n_development",
        "n_holdout",
        "development",
        "holdout",
    }
    others = {
        "size",
        "stored_numbers",
        "provided",
        "asked",
        "n_features",
        "seed",
        "n_folds",
        "n_repeats",
        "budget",
        "n_workers",
    }
    assert set(found) - of_rows == others


def counts(value: Any, key: str = "") -> Iterator[tuple[str, int]]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from counts(each, name)
    elif isinstance(value, list):
        for each in value:
            yield from counts(each, key)
    elif key in COUNTS and isinstance(value, int | float):
        yield key, int(value)


def test_no_count_of_few_rows_stands_in_what_is_sent(files):
    found = [pair for path in files if path.suffix == ".json" for value in plain(path) for pair in counts(value)]
    assert {"count", "missing", "n_rows", "bin_counts", "n_background", "support"} <= {key for key, _ in found}
    assert not [pair for pair in found if 0 < pair[1] < 10]
    for path in files:
        if path.suffix not in NUMBERS:
            assert not [line for line in lines(path) if _FEW.search(line)], path.name


def test_no_folder_user_or_machine_is_named(files):
    private = [*HOME[1:], str(Path.home()), tempfile.gettempdir(), "pytest-of"]
    for path in files:
        whole = path.read_bytes() + "\n".join(lines(path)).encode()
        assert not [word for word in private if word.encode() in whole], path.name
        assert not re.search(rf"\b{re.escape(socket.gethostname())}\b", "\n".join(lines(path))), path.name
    assert any(FILE.encode() in path.read_bytes() for path in files)


def test_hostile_names_stay_text_in_html(files):
    pages = [path for path in files if path.suffix == ".html"]
    assert len(pages) == 6
    for path in pages:
        found = page(path)
        assert len(found.scripts) == 1
        assert "alert" not in found.scripts[0]
        assert not {tag for tag, _ in found.elements} & {"img", "iframe", "object", "embed", "form", "link", "base"}
        assert not [name for _, given in found.elements for name in given if name.startswith("on")]
        links = [given["href"] or "" for tag, given in found.elements if tag == "a" and "href" in given]
        safe = r"#|data:(text/csv|image/svg\+xml)[;,]|(\.\./)?[\w./-]+(#[\w-]+)?$"
        assert not [href for href in links if not re.match(safe, href)]
        for href in links:
            if not href.startswith(("#", "data:")):
                file, _, place = href.partition("#")
                other = (path.parent / file).resolve()
                assert other.is_file(), href
                assert not place or place in {given.get("id") for _, given in page(other).elements}, href
    assert "<script>alert(1)</script>" in " ".join(page(pages[0]).lines + page(pages[1]).lines)


def test_no_cell_of_a_download_is_a_formula(files):
    cells = [
        cell for path in files if path.suffix == ".html" for table in page(path).csv for row in table for cell in row
    ]
    assert any(cell.startswith("'=cmd()") for cell in cells)
    risky = [cell for cell in cells if cell[:1] in ("=", "+", "-", "@", "\t", "\r") and not _NUMBER.fullmatch(cell)]
    assert not risky


def test_hostile_names_stay_text_in_markdown(files):
    for path in files:
        if path.suffix == ".md":
            text = path.read_text(encoding="utf-8")
            outside = re.sub(r"^(`{3,})text\n.*?^\1$", "", text, flags=re.S | re.M)
            assert not re.search(r"(?<!\\)[<>$]", outside), path.name
            for table in re.findall(r"(?:^\|.*\|\n)+", outside, flags=re.M):
                widths = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}
                assert len(widths) == 1, path.name


def test_hostile_names_stay_text_in_pdf(files):
    pdfs = [path for path in files if path.suffix == ".pdf"]
    assert len(pdfs) == 4
    for path in pdfs:
        document = pypdfium2.PdfDocument(path)
        assert all(each.get_size() == pytest.approx((595.28, 841.89), abs=0.1) for each in document)
    text = re.sub(r"\s", "", "".join(map(pdf_text, pdfs)))
    assert "#setpage(width:1pt)" in text


def test_names_in_latex_are_escaped(sent):
    latex = [m["form_latex"] for m in sent.results["models"] if m.get("form_latex")]
    assert latex
    for text in latex:
        assert "\\input" not in text
        assert not re.search(r"(?<!\\)[$#%]", text)


def test_nothing_is_written_beside_the_folders_of_the_run(sent):
    home = sent.folder.parent
    assert {path.name for path in home.iterdir()} == {FILE, "study.yaml", "out", "out.private"}
    assert {path.name for path in home.parent.iterdir()} == {HOME[-1]}
    names = {path.name for path in sent.folder.rglob("*")}
    assert not [name for name in names if not re.fullmatch(r"[A-Za-z0-9._-]+", name)]
