"""Whether what a run left behind is what the data, the study and the saved models give: check by check."""

from __future__ import annotations

import hashlib
import json
import math
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from workbench import __version__
from workbench.asked import Asked
from workbench.catalog import load
from workbench.explainers import registry as explainer_registry
from workbench.families import registry as family_registry
from workbench.forms import Form, FormError
from workbench.interval import corrected_interval
from workbench.metrics import metric
from workbench.runner import private_folder, run
from workbench.splits import Splits
from workbench.study import Study
from workbench.table import Table

CLOSE = 1e-9  # relative; of models whose library computes in float32, 1e-5
_ENDINGS = {"html": ".html", "pdf": ".pdf", "md": ".md"}


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


def verify(
    folder: str | Path, *, data: str | Path | None = None, refit: bool = False, allow_code: bool = False
) -> tuple[Check, ...]:
    """Recompute what a run's folder says, as far as the folder, the data and the saved models allow.

    Pages are made again from results.json and compared byte by byte; data and splits are hashed again; saved models are
    read, hashed, sized, and asked for every holdout score; means and intervals are computed again from the fold scores.
    Fold scores themselves, explanations and diagnostics need `refit`: the whole study is run again, and all numbers are
    compared.

    It can't detect a forgery in which everything was changed to fit, the data too: that takes a signature.

    Parameters
    ----------
    folder : path
        The folder of a run.
    data : path, optional
        The data file, where the study's is not bundled.
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
        If the folder holds no results.json.
    ValueError
        If results.json is no JSON object of a run.
    """
    folder = Path(folder)
    results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    if not isinstance(results, dict) or "models" not in results or "study" not in results:
        raise ValueError(f"{folder / 'results.json'}: holds no results of a run")
    study, why = _study(results, data)
    found = list(_checks(folder, results, study, why))
    if not refit:
        found.append(Check("run", "fold scores, explanations, diagnostics", "open", "need the fits again: --refit"))
    elif study is None:
        found.append(Check("run", "refit", "open", why))
    else:
        found.append(_refitted(study, results, allow_code))
    return tuple(found)


def _checks(folder: Path, results: dict[str, Any], study: Study | None, why: str) -> Iterator[Check]:
    yield from _pages(folder, results)
    table = None
    if study is None:
        yield Check("run", "data", "open", why)
    else:
        table = load(**study.table_arguments())
        yield _same("run", "data", table.hash, results["data"]["hash"], "SHA-256 of the data")
        if table.hash != results["data"]["hash"]:
            table = None
    splits = None if table is None or study is None else Asked(study, table).splits
    if splits is not None:
        yield _same("run", "splits", splits.hash, results["splits"]["hash"], "SHA-256 of the splits")
    for model in results["models"]:
        if model["status"] == "ok":
            yield _means(model, splits)
            yield from _model(folder, model, table, splits)


def _pages(folder: Path, results: dict[str, Any]) -> Iterator[Check]:
    """Make every page again from the results, and compare it with what lies there."""
    from workbench.pages import card_html, card_markdown, card_pdf, cards, index, index_html

    if results.get("workbench") != __version__:
        yield Check("run", "pages", "open", f"made by workbench {results.get('workbench')}, this is {__version__}")
        return
    makers: dict[str, Callable[[Mapping[str, Any]], str | bytes]] = {
        "html": card_html,
        "pdf": card_pdf,
        "md": card_markdown,
    }
    for name, card in cards(results).items():
        text = json.dumps(card, ensure_ascii=False, indent=1) + "\n"
        yield _page(folder / "cards" / f"{name}.json", text, name)
        for kind, make in makers.items():
            if kind in card["formats"]:
                yield _page(folder / "cards" / f"{name}{_ENDINGS[kind]}", make(card), name)
    yield _page(folder / "index.html", index_html(index(results)), "run")


def _page(path: Path, made: str | bytes, about: str) -> Check:
    what = f"page {path.name}"
    if not path.is_file():
        return Check(about, what, "failed", "is missing")
    content = made.encode() if isinstance(made, str) else made
    same = path.read_bytes() == content
    return Check(about, what, "ok" if same else "failed", "" if same else "is not what results.json gives")


def _means(model: Mapping[str, Any], splits: Splits | None) -> Check:
    """Compute means over folds, and where the splits are known their intervals, again from the fold scores."""
    folds = splits.folds if splits is not None else ()
    sizes: dict[str, Any] = {
        "n_train": [len(f.train) for f in folds] or 1.0,
        "n_test": [len(f.test) for f in folds] or 1.0,
    }
    parts = ("mean", "lower", "upper") if folds else ("mean",)
    for name, told in model["scores"].items():
        found = corrected_interval([math.nan if s is None else s for s in told["folds"]], **sizes)
        for part in parts:
            if not _close(getattr(found, part), told[part]):
                text = f"{part} {name}: the folds give {getattr(found, part)!r}, told is {told[part]!r}"
                return Check(model["name"], "means of fold scores", "failed", text)
    return Check(model["name"], "means of fold scores", "ok", "with their intervals" if folds else "without intervals")


def _study(results: dict[str, Any], data: str | Path | None) -> tuple[Study | None, str]:
    """Read the study back from the results, with the data where they are now."""
    plain = json.loads(json.dumps(results["study"]))
    registries: dict[str, Any] = {"families": family_registry(), "explainers": explainer_registry()}
    if data is not None:
        where, path = plain["data"], str(Path(data).absolute())
        if isinstance(where["source"], dict):
            where["source"]["connection"] = path
        else:
            where["source"] = path
    study = Study.from_dict(plain, place="results.json: study", **registries)
    if data is None and (file := study.data.file) is not None and not file.is_file():
        return None, f"the file {file.name} is not here; name it: --data PATH"
    return study, ""


def _model(folder: Path, model: Mapping[str, Any], table: Table | None, splits: Splits | None) -> Iterator[Check]:
    name, told = model["name"], model["form"]
    if told is None:
        yield Check(name, "model", "open", "it has no form, so it can't be asked again without --refit")
        return
    home = private_folder(folder) if told["private"] else folder
    path = home / told["path"]
    if not path.is_file():
        private = "not checkable without the private part" if told["private"] else ""
        yield Check(name, "model file", "open" if private else "failed", private or "is missing")
        return
    yield _same(name, "model file", hashlib.sha256(path.read_bytes()).hexdigest(), told["sha256"], "SHA-256")
    try:
        form = Form.load(path)
    except FormError as error:
        yield Check(name, "model", "failed", str(error))
        return
    yield _same(name, "size", (form.size, form.stored_numbers), (model["size"], model["stored_numbers"]), "size")
    if table is None or splits is None or not model["holdout"]:
        yield Check(name, "holdout scores", "open", "need the data" if model["holdout"] else "no holdout was kept")
        return
    yield _holdout(form, model, table.take(splits.holdout))


class _Asked:
    """A form with the face of a fitted estimator, as metrics ask one."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self.predict, self.predict_proba = form.predict, form.predict_proba
        self.classes_ = np.array(form.classes)


def _holdout(form: Form, model: Mapping[str, Any], held: Table) -> Check:
    """Score the holdout by the saved model."""
    asked = _Asked(form)
    tolerance = max(CLOSE, 10 * family_registry()[model["family"]].tolerance)
    for name, told in model["holdout"].items():
        found = metric(name).score(asked, held.X, held.y, classes=held.classes, sample_weight=held.sample_weight)
        if not _close(found, told, tolerance):
            return Check(
                model["name"], "holdout scores", "failed", f"{name}: the model gives {found!r}, told is {told!r}"
            )
    return Check(model["name"], "holdout scores", "ok", ", ".join(model["holdout"]))


def _refitted(study: Study, results: dict[str, Any], allow_code: bool) -> Check:
    """Run the whole study again, with nothing taken from before, and compare all numbers."""
    quick = "--quick" in results["environment"]["command"] or "quick=True" in results["environment"]["command"]
    with tempfile.TemporaryDirectory(prefix="workbench-verify-") as place:
        again = run(study, Path(place, "run"), quick=quick, fresh=True, allow_code=allow_code).results
    for key, told in results.items():
        if key in ("timing", "environment", "study"):
            continue
        if (where := _difference(told, again.get(key), key)) is not None:
            return Check("run", "refit", "failed", f"{where} differs")
    return Check("run", "refit", "ok", "all numbers are the same")


def _difference(one: Any, other: Any, place: str) -> str | None:
    """Name the first place where two JSON values differ by more than rounding; None where none does."""
    if isinstance(one, dict) and isinstance(other, dict):
        if set(one) != set(other):
            return f"{place}.{sorted(set(one) ^ set(other))[0]}"
        pairs = ((f"{place}.{key}", value, other[key]) for key, value in one.items())
    elif isinstance(one, list) and isinstance(other, list):
        if len(one) != len(other):
            return place
        pairs = ((f"{place}[{i}]", a, b) for i, (a, b) in enumerate(zip(one, other, strict=True)))
    elif isinstance(one, int | float) and isinstance(other, int | float):
        return None if _close(float(one), float(other)) else place
    else:
        return None if one == other else place
    return next((found for where, a, b in pairs if (found := _difference(a, b, where)) is not None), None)


def _close(found: float | None, told: float | None, tolerance: float = CLOSE) -> bool:
    if found is None or told is None or math.isnan(found):
        return (found is None or math.isnan(found)) and told is None
    return abs(found - told) <= tolerance * max(1.0, abs(told))


def _same(about: str, what: str, found: Any, told: Any, unit: str) -> Check:
    if found == told:
        return Check(about, what, "ok")
    return Check(about, what, "failed", f"{unit} is {found}, told is {told}")
