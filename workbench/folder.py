"""The files of a run's folder, against those that its results give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench import __version__

_NOT_OURS = (".DS_Store", "Thumbs.db", "desktop.ini")  # that file managers leave
_MOST_NAMED = 5


@dataclass(frozen=True)
class Check:
    """One check: what it is about, whether it holds, and what was found.

    Attributes
    ----------
    about : str
        "run", or the name of a model.
    what : str
    status : str
        "ok", "failed", or "open" where it could not be made.
    told : str
    """

    about: str
    what: str
    status: str
    told: str = ""


def pages(folder: Path, results: Mapping[str, Any], place: Path) -> Iterator[Check]:
    """Make every page again from the results, and compare it with what lies there; name what else lies there.

    Parameters
    ----------
    folder : Path
    results : mapping
        What results.json of the folder holds.
    place : Path
        A folder to draw in; it need not be there.
    """
    from workbench.pages import render

    if results.get("workbench") != __version__:
        made = f"made by workbench {results.get('workbench')}, this is {__version__}"
        yield Check("run", "pages", "open", made)
        return
    for path in render(place, results):
        name = path.relative_to(place)
        yield _same_file(folder / name, path, name.stem if name.parent.name == "cards" else "run")
    kept = {path.relative_to(place) for path in _files(place)} | set(_models(folder, results))
    kept |= {Path("results.json"), Path("units.jsonl")}
    others = sorted({path.relative_to(folder) for path in _files(folder)} - kept)
    told = ", ".join(map(str, others[:_MOST_NAMED]))
    more = f" and {len(others) - _MOST_NAMED} more" if len(others) > _MOST_NAMED else ""
    yield Check("run", "other files", "failed" if others else "ok", f"not of this run: {told}{more}" if others else "")


def _models(folder: Path, results: Mapping[str, Any]) -> Iterator[Path]:
    """Give the files of the forms that are sent, with those of their arrays."""
    for model in results["models"]:
        if (form := model.get("form")) and not form["private"]:
            path = Path("models", f"{model['name']}.json")
            yield path
            if (folder / path).is_file() and b'"arrays"' in (folder / path).read_bytes():
                yield path.with_suffix(".npz")


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if (path.is_file() or path.is_symlink()) and path.name not in _NOT_OURS]


def _same_file(path: Path, made: Path, about: str) -> Check:
    what = f"page {path.name}"
    if not path.is_file():
        return Check(about, what, "failed", "is missing")
    same = path.read_bytes() == made.read_bytes()
    return Check(about, what, "ok" if same else "failed", "" if same else "is not what results.json gives")
