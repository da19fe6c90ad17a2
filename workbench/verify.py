"""Whether what a run left behind is what the data, the study and the saved models give: check by check."""

from __future__ import annotations

import glob
import hashlib
import json
import math
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from workbench.asked import Asked
from workbench.catalog import load
from workbench.difference import CLOSE, Difference, close, difference
from workbench.explainers import registry as explainer_registry
from workbench.families import registry as family_registry
from workbench.folder import Check, pages
from workbench.forms import Form, FormError
from workbench.interval import corrected_interval
from workbench.pages.checkable import checked_without_refit, mark
from workbench.parquet import PARQUET_SUFFIXES, is_partitioned, parquet_files, table_name
from workbench.recomputed import of_form, of_rows, of_run
from workbench.remote import url_file
from workbench.runner import private_folder, run
from workbench.splits import Splits
from workbench.study import Study

PRIVATE = "not checkable without the private part"
# what each check of a model is about: places in results.json that the table of what can be checked must hold
_OF_FORM = {
    "model file": ("form",),
    "size": ("size", "stored_numbers"),
    "form on the card": ("features_used", "form_dict", "form_text", "form_latex"),
}
_OF_ROWS = {"holdout scores": ("holdout",), "rules": ("rules",)}
# what results.json that no run wrote can make of reading it
_MALFORMED = (KeyError, IndexError, TypeError, AttributeError, ValueError, OverflowError)


def verify(
    folder: str | Path, *, data: str | Path | None = None, refit: bool = False, allow_code: bool = False
) -> tuple[Check, ...]:
    """Recompute what a run's folder says, as far as the folder, the data and the saved models allow.

    Pages are made again from results.json and compared byte by byte, and no other file may lie beside them; data and
    splits are hashed and described again; saved models are read, hashed, sized, written out, and asked for every
    holdout score and what their rules meet; means and intervals are computed again from the fold scores. Fold scores
    themselves, explanations and diagnostics need `refit`: the whole study is run again, and all numbers are compared.
    `undetected` says what stays.

    Parameters
    ----------
    folder : path
        The folder of a run.
    data : path, optional
        The data file, or the folder or the glob of its parts, where the study's is not bundled.
    refit : bool
        Whether to run the whole study again, in a folder of its own that is removed afterwards.
    allow_code : bool
        Whether a refit may import the code that the study names: see `workbench.run`.

    Returns
    -------
    tuple of Check

    Raises
    ------
    FileNotFoundError
        If the folder holds no results.json, or there is no file `data`.
    ValueError
        If results.json is no JSON object of a run.
    """
    folder = Path(folder)
    results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    if not isinstance(results, dict) or not isinstance(results.get("models"), list) or "study" not in results:
        raise ValueError(f"{folder / 'results.json'}: holds no results of a run")
    if data is not None and not _is_there(Path(data)):
        raise FileNotFoundError(f"{data}: is no file, nor a folder or a glob of files: name the data file")
    with tempfile.TemporaryDirectory(prefix="workbench-verify-") as place:
        return tuple(_Folder(folder, results, data, Path(place)).checks(refit, allow_code))


def undetected(folder: str | Path) -> str:
    """Say what no check can find, and what to compare by another way."""
    digest = hashlib.sha256((Path(folder) / "results.json").read_bytes()).hexdigest()
    return (
        "Not checked: what persons wrote, times, machine and versions, answers in the private part. Without --refit: "
        "all but what cards mark with ✓. Not detectable: a forgery in which results, models, pages and data were all "
        "changed to fit one another. Against that, ask its author by another way for the SHA-256 of results.json; "
        f"here it is {digest}"
    )


class _Folder:
    """A run's folder under check.

    Parameters
    ----------
    folder : Path
    results : dict
    data : path or None
        Where the data file is now.
    place : Path
        An empty folder, to draw and to run in.
    """

    def __init__(self, folder: Path, results: dict[str, Any], data: str | Path | None, place: Path) -> None:
        self.folder, self.results, self.data, self.place = folder, results, data, place
        environment = results.get("environment")
        command = str(environment.get("command")) if isinstance(environment, dict) else ""
        self.quick = "--quick" in command or "quick=True" in command
        self.study: Study | None = None
        self.asked: Asked | None = None

    def checks(self, refit: bool, allow_code: bool) -> Iterator[Check]:
        """Make all checks."""
        yield from _guarded("run", "pages", partial(pages, self.folder, self.results, self.place / "drawn"))
        yield from _guarded("run", "study", self._told_study)
        if self.study is not None:
            yield from _guarded("run", "data", self._data)
        for number, model in enumerate(self.results["models"]):
            name = str(model.get("name", number)) if isinstance(model, dict) else str(number)
            yield from _guarded(name, "model", partial(self._of_model, model))
        if not refit:
            yield Check("run", "fold scores, explanations, diagnostics", "open", "need the fits again: --refit")
        elif self.study is not None and self.study.run.distributed:
            names = ", ".join(self.study.run.distributed)
            yield Check("run", "refit", "open", f"trained by a cluster, whose size decides the last digits: {names}")
        elif self.study is not None:
            yield from _guarded("run", "refit", partial(self._refitted, allow_code))

    def _told_study(self) -> Iterator[Check]:
        """Read the study back from the results, with the data where they are now."""
        plain = json.loads(json.dumps(self.results["study"]))
        registries: dict[str, Any] = {"families": family_registry(), "explainers": explainer_registry()}
        self.told = Study.from_dict(plain, place="results.json: study", **registries)
        if self.data is not None:
            # under the name that the results give it, so that a file that was renamed is told as it was
            plain["data"]["source"] = _now_at(_named(Path(self.data), self.told, self.place), self.told)
        elif (file := self.told.data.file) is not None and not _is_there(file):
            yield Check("run", "data", "open", f"the file {file.name} is not here; name it: --data PATH")
            return
        self.study = Study.from_dict(plain, place="results.json: study", **registries)

    def _data(self) -> Iterator[Check]:
        """Read and split the data again, and compare what is told of them; what the study asks, with what is there."""
        assert self.study is not None  # noqa: S101 - the caller looks
        table = load(**self.study.table_arguments())
        if table.hash != self.results["data"]["hash"]:
            yield _told("run", "data", Difference("data.hash", table.hash, self.results["data"]["hash"]))
            return
        self.asked = Asked(self.study, table, quick=self.quick)
        again = of_run(self.told, self.asked)
        for key in sorted(checked_without_refit(of_model=False)):
            what = key.partition("_")[0]
            yield _told("run", what, difference(again[key], self.results.get(key), key, floor=0.0))
        yield _told("run", "models of the study", self._other_models(self.asked))

    def _other_models(self, asked: Asked) -> Difference | None:
        """Find the first model that is not the one that the study asks for: of another name, family or parameters."""
        wanted, there = asked.models, self.results["models"]
        names = [(m.name, m.spec.family) for m in wanted], [(m["name"], m["family"]) for m in there]
        if names[0] != names[1]:
            return Difference("models", names[0], names[1])
        for model, told in zip(wanted, there, strict=True):
            if asked.tuning(model) is None and (found := difference(model.params, told["params"], model.name)):
                return found
        return None

    def _of_model(self, model: Mapping[str, Any]) -> Iterator[Check]:
        if model["status"] != "ok":
            return
        yield _means(model, None if self.asked is None else self.asked.splits)
        name, told = model["name"], model["form"]
        if told is None:
            yield Check(name, "model", "open", "it has no form, so it can't be asked again without --refit")
            return
        path = (private_folder(self.folder) if told["private"] else self.folder) / "models" / f"{name}.json"
        if not path.is_file():
            missing = ("open", PRIVATE) if told["private"] else ("failed", "is missing")
            yield Check(name, "model file", *missing)
            return
        try:
            form = Form.load(path)
        except FormError as error:
            yield Check(name, "model", "failed", str(error))
            return
        yield from _compared(_OF_FORM, of_form(form, path, model), model, floor=0.0)
        if self.asked is None:
            yield Check(name, "holdout scores", "open", "need the data")
            return
        tolerance = max(CLOSE, 10 * family_registry()[model["family"]].tolerance)
        yield from _compared(_OF_ROWS, of_rows(form, self.asked, private=told["private"]), model, tolerance=tolerance)

    def _refitted(self, allow_code: bool) -> Iterator[Check]:
        """Run the whole study again, with nothing taken from before, and compare all numbers."""
        assert self.study is not None  # noqa: S101 - the caller looks
        again = run(self.study, self.place / "run", quick=self.quick, fresh=True, allow_code=allow_code).results
        again["data"]["source"] = of_run(self.told, self.asked)["data"]["source"] if self.asked else None
        keys = [key for key in {**self.results, **again} if mark(key) != "none"]
        found = (difference(again.get(key), self.results.get(key), key) for key in keys)
        where = next(filter(None, found), None)
        yield Check("run", "refit", "failed", f"{where.place} differs") if where else _ALL_SAME


_ALL_SAME = Check("run", "refit", "ok", "all numbers are the same")


def _guarded(about: str, what: str, checks: Callable[[], Iterable[Check]]) -> Iterator[Check]:
    """Make checks of results that anybody may have written: what can't even be read has failed."""
    try:
        yield from checks()
    except _MALFORMED as error:
        told = str(error) if type(error).__module__.startswith("workbench.") else f"{type(error).__name__}: {error}"
        yield Check(about, what, "failed", f"could not be made of results.json and data: {told}"[:1000])


def _compared(
    parts: Mapping[str, tuple[str, ...]], again: Mapping[str, Any], model: Mapping[str, Any], **limits: float
) -> Iterator[Check]:
    for what, keys in parts.items():
        found = (difference(again[key], model[key], key, **limits) for key in keys)
        if any(again[key] is not None or model[key] is not None for key in keys):
            yield _told(str(model["name"]), what, next(filter(None, found), None))


def _told(about: str, what: str, found: Difference | None) -> Check:
    if found is None:
        return Check(about, what, "ok")
    return Check(about, what, "failed", f"{found.place}: found {found.found!r:.200}, told is {found.told!r:.200}")


def _now_at(path: Path, told: Study) -> str | dict[str, str]:
    """Give a source with the file that rows, or a database, now lie in."""
    source = told.data.source
    return str(path) if isinstance(source, str) else {"connection": str(path), "query": source.query}


def _named(data: Path, told: Study, place: Path) -> Path:
    """Give the path of the data file, under the name that a study gives it and its own suffix."""
    source, file = told.data.source, told.data.file
    if not told.data.is_url and file is None:
        return data.absolute()
    name = url_file(str(source)).stem if file is None else table_name(file)
    if name == table_name(data):
        return data.absolute()
    if not is_partitioned(data):
        return _linked(data, place / f"{name}{data.suffix}")
    (place / name).mkdir()
    for number, part in enumerate(parquet_files(data)):
        _linked(part, place / name / f"{number:09}{part.suffix}")
    return place / name


def _linked(file: Path, at: Path) -> Path:
    try:
        at.symlink_to(file.absolute())
    except OSError:  # not every system lets everybody
        shutil.copyfile(file, at)
    return at


def _is_there(data: Path) -> bool:
    """Tell whether there is a data file, or a folder or a glob of some."""
    found = [Path(name) for name in glob.glob(str(data), recursive=True)]  # noqa: PTH207
    return data.exists() or (bool(found) and all(file.suffix.lower() in PARQUET_SUFFIXES for file in found))


def _means(model: Mapping[str, Any], splits: Splits | None) -> Check:
    """Compute means over folds, and where the splits are known their intervals, again from the fold scores."""
    sizes: dict[str, Any] = {"n_train": 1.0, "n_test": 1.0} if splits is None else splits.sizes
    parts = ("mean",) if splits is None else ("mean", "lower", "upper")
    for name, told in model["scores"].items():
        found = corrected_interval([math.nan if s is None else s for s in told["folds"]], **sizes)
        for part in parts:
            if not close(getattr(found, part), told[part]):
                text = f"{part} {name}: the folds give {getattr(found, part)!r}, told is {told[part]!r}"
                return Check(model["name"], "means of fold scores", "failed", text)
    return Check(
        model["name"], "means of fold scores", "ok", "without intervals" if splits is None else "with their intervals"
    )
