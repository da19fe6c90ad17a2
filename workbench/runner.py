"""A study to results: what has to be computed, computed once, gathered, written."""

from __future__ import annotations

import json
import shlex
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.catalog import dataset, datasets, load
from workbench.cluster.connection import connected
from workbench.cluster.executor import Cluster
from workbench.explainers import registry as explainer_registry
from workbench.families import registry as family_registry
from workbench.gathered import Gathered
from workbench.plan import Plan
from workbench.store import Event, Limits, Store, StoreError, lock_run, run_units, write_whole
from workbench.study import Study, StudyError
from workbench.study.parts import file_name

_SLOW = ("imodels",)  # libraries that take a second to import, and do nothing else by that


@dataclass(frozen=True)
class RunResult:
    """What a run left behind.

    Attributes
    ----------
    folder : Path
        What may be sent; rows stay in the folder of the same name that ends in ``.private``.
    results : dict
        What ``results.json`` holds.
    failed : tuple of (str, str)
        Name and error of all that was asked for and could not be made: a model ("tree"), something about a model
        ("tree: partial_dependence"), pages. An error may hold values of the data.
    pages : tuple of Path
    replaced : str
        Which other data the results in this folder were of before, in a sentence; empty where of none.
    """

    folder: Path
    results: dict[str, Any]
    failed: tuple[tuple[str, str], ...]
    pages: tuple[Path, ...]
    replaced: str = ""


def run(
    study: str | Path | Mapping[str, Any] | Study,
    out: str | Path | None = None,
    *,
    quick: bool = False,
    fresh: bool = False,
    jobs: int | None = None,
    on_event: Callable[[Event], None] | None = None,
    command: str | None = None,
    allow_code: bool = False,
) -> RunResult:
    """Run a study: train, compare, explain, and write results, models and pages.

    What an earlier run has finished is not computed again, whether that run ended or was killed.

    Parameters
    ----------
    study : str, Path, mapping or Study
        A study file, the name of a bundled data set (whose own study is run), a study as a mapping, or a `Study`.
    out : str or Path, optional
        The folder to write; ``reports/<study>`` when absent.
    quick : bool
        A first look: fewer folds, one repeat, smaller models.
    fresh : bool
        Compute everything anew.
    jobs : int, optional
        Worker processes; it changes no number.
    on_event : callable, optional
        Called with each `workbench.store.Event`.
    allow_code : bool
        Whether a study may name code to import: the path of an estimator of the family `custom`.
    command : str, optional
        What was typed to ask for this run, for who wants to repeat it; without folders' names, as it is sent.

    Returns
    -------
    RunResult

    Raises
    ------
    StudyError, TableError, CatalogError, SplitError
        If study, data or split break a rule.
    StoreError
        If another run holds the folder, or it is the root of a file system; or the study's cluster does not answer, has
        no worker, or one with other versions.
    """
    asked, again = _read(study, quick)
    if not allow_code:
        _refuse_code(asked)
    if asked.run.distributed and asked.run.executor != "dask":
        step = "set run.executor: dask and run.address, or leave it out"
        raise StudyError([f"study: run.distributed needs the workers of a cluster: {step}"])
    folder = Path(out) if out is not None else Path("reports", asked.name)
    private = private_folder(folder)
    for each in (folder, private) if private.exists() else (folder,):
        _make(each)
    store = Store()
    started = time.perf_counter()
    with ExitStack() as stack:
        client = stack.enter_context(connected(str(asked.run.address))) if asked.run.executor == "dask" else None
        stack.enter_context(lock_run(folder, store))
        plan = Plan(asked, load(**asked.table_arguments()), quick=quick)
        store.put(plan.table_key, plan.table)
        how: dict[str, Any] = {
            "jobs": jobs or asked.run.jobs,
            "fresh": fresh,
            "on_event": on_event,
            "preload": _modules(plan),
            "limits": Limits(seconds=asked.run.time_budget, memory=asked.run.memory),
        }
        with _executor(client, how["preload"], asked.run.memory) as executor:
            outcomes = run_units(plan.units, store, folder=folder, executor=executor, **how)
        found = Gathered(plan, outcomes)
        results = found.results(command or again)
        results["timing"] = found.timing(time.perf_counter() - started)
        replaced = _replaced(folder, results)
        try:
            pages, refused = _write(folder, private, results, found, how["jobs"])
        except OSError as error:
            told = f"{error.filename or folder}: can't be written: {error.strerror or error}"
            raise StoreError(f"{told}; make room and run again: what is computed is kept in the cache") from error
    return RunResult(folder, results, (*found.failures.told, *refused), pages, replaced)


@contextmanager
def _executor(client: Any, preload: list[str], memory: float | None) -> Iterator[Cluster | None]:
    """Give who does the units: the cluster of a client, or None, processes of this machine."""
    if client is None:
        yield None
        return
    with closing(Cluster(client, preload=preload, memory=memory)) as cluster:
        yield cluster


def _make(folder: Path) -> None:
    """Make the folder of a run, and see that files can be written there, before any work is done."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        told = error.strerror or error
        raise StoreError(f"{folder}: no run can be written here: {told}; choose another folder with --out") from error


def _modules(plan: Plan) -> list[str]:
    """Name the modules that units import: half a second for each of some hundred processes, if each did it alone."""
    families = [model.family.__module__ for model in plan.models]
    explainers = [explainer_registry()[asked.method].__module__ for asked in plan.study.explain]
    slow = [name for model in plan.models for name in model.libraries if name in _SLOW]
    return list(dict.fromkeys([*(unit.function.__module__ for unit in plan.units), *families, *explainers, *slow]))


def _read(study: str | Path | Mapping[str, Any] | Study, quick: bool) -> tuple[Study, str]:
    """Give the study as it is to be run, and what runs it again: a command, or a call for a study without a file."""
    registries: dict[str, Any] = {"families": family_registry(), "explainers": explainer_registry()}
    if isinstance(study, Study | Mapping):
        asked = study if isinstance(study, Study) else Study.from_dict(study, place="study", **registries)
        again = f"workbench.run(study{', quick=True' * quick})"
    else:
        known = isinstance(study, str) and study in datasets()
        asked = Study.read(dataset(str(study)).study_path if known else study, **registries)
        again = f"workbench run {shlex.quote(Path(study).name)}{' --quick' * quick}"
    return asked.quick() if quick else asked, again


def _refuse_code(study: Study) -> None:
    """Refuse paths of estimators: to import a module is to run it, and a study file may come from anybody."""
    for n, model in enumerate(study.models):
        if model.family == "custom" and "estimator" in model.params:
            rule = f"names code to import, {model.params['estimator']!r}: if you trust it, run with --allow-code"
            raise StudyError([f"study: models[{n}].custom.estimator {rule} (in Python allow_code=True)"])


def _replaced(folder: Path, results: Mapping[str, Any]) -> str:
    """Say of which other data the results in a folder are that are about to be replaced."""
    before = _before(folder).get("data")
    if not isinstance(before, dict) or before.get("hash") == results["data"]["hash"]:
        return ""
    return f"{folder}: held results of other data ({before.get('title')}), which this run has replaced"


def private_folder(folder: Path) -> Path:
    """Give the folder beside a run's own that takes what must not be sent.

    Raises
    ------
    StoreError
        If the run's folder is the root of a file system, which has nothing beside it.
    """
    whole = folder.resolve()
    if not whole.name:
        raise StoreError(f"{folder}: is the root of a file system, and a run needs a private folder beside its own")
    return whole.with_name(f"{whole.name}.private")


def _write(
    folder: Path, private: Path, results: dict[str, Any], found: Gathered, jobs: int
) -> tuple[tuple[Path, ...], list[tuple[str, str]]]:
    """Write models, results and pages, each whole; then remove what an earlier run left of other models.

    Returns
    -------
    pages : tuple of Path
    refused : list of (str, str)
        What could not be drawn, and why: all else stands, and the command ``workbench card`` tries it again.
    """
    forms, errors = found.form_files(), found.failures.in_full()
    files: dict[Path, bytes | str] = {folder / "models" / name: content for name, content in forms[False].items()}
    kept: dict[Path, bytes | str] = {private / "models" / name: content for name, content in forms[True].items()}
    kept |= {private / "answers" / name: content for name, content in found.explanations.private_files().items()}
    stale = _stale(folder, private, results, {*files, *kept})
    if kept or errors:
        private.mkdir(mode=0o700, exist_ok=True)
        private.chmod(0o700)  # it may be there already; before anything is in it
    for path, content in (files | kept).items():
        write_whole(path, content)
    if errors:
        write_whole(private / "errors.json", json.dumps(errors, indent=1, ensure_ascii=False))
    else:
        (private / "errors.json").unlink(missing_ok=True)
    write_whole(folder / "results.json", json.dumps(results, indent=1, allow_nan=False, ensure_ascii=False))
    for path in stale:
        path.unlink(missing_ok=True)
    return _draw(folder, results, jobs)


def _draw(folder: Path, results: dict[str, Any], jobs: int) -> tuple[tuple[Path, ...], list[tuple[str, str]]]:
    """Draw the pages; what they refuse is told, for no drawing is worth the loss of a run."""
    from workbench.pages import render

    try:
        return tuple(render(folder, results, jobs=jobs)), []
    except Exception as error:
        return (), [("pages", f"{type(error).__name__}: {error}")]


def _stale(folder: Path, private: Path, results: dict[str, Any], new: set[Path]) -> list[Path]:
    """List the files of models of the run before that this one does not write again."""
    names = [name for model in _before(folder).get("models", ()) if (name := _safe_name(model))]
    kept = {m["name"] for m in results["models"]}
    old = [(root / "models" / f"{n}{end}") for root in (folder, private) for n in names for end in (".json", ".npz")]
    old += [private / "answers" / f"{n}.{method}.json" for n in names for method in explainer_registry()]
    endings = (".json", ".html", ".pdf", ".md")
    cards = [folder / "cards" / f"{n}{end}" for n in names if n not in kept for end in endings]
    roots = {folder.resolve(), private.resolve()}
    # a folder below may be a link to elsewhere, where nothing is ours
    return [path for path in (*old, *cards) if path not in new and path.parent.resolve().parent in roots]


def _before(folder: Path) -> dict[str, Any]:
    """Read the results of the run before; empty where there was none, or none that can be read."""
    try:
        before = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return before if isinstance(before, dict) and isinstance(before.get("models"), list) else {}


def _safe_name(model: Any) -> str | None:
    """Give a model's name of results on disk, which anybody may have written, if files may have it."""
    try:
        return file_name(model.get("name"))
    except (AttributeError, ValueError):
        return None
