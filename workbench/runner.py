"""A study to results: what has to be computed, computed once, gathered, written."""

from __future__ import annotations

import json
import os
import shlex
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.catalog import dataset, datasets, load
from workbench.explainers import registry as explainer_registry
from workbench.families import registry as family_registry
from workbench.gathered import Gathered
from workbench.plan import Plan
from workbench.store import Event, Store, lock_run, run_units, write_whole
from workbench.study import Study


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
        Model and error of each model that could not be made.
    pages : tuple of Path
    """

    folder: Path
    results: dict[str, Any]
    failed: tuple[tuple[str, str], ...]
    pages: tuple[Path, ...]


def run(
    study: str | Path | Mapping[str, Any] | Study,
    out: str | Path | None = None,
    *,
    quick: bool = False,
    fresh: bool = False,
    jobs: int | None = None,
    on_event: Callable[[Event], None] | None = None,
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

    Returns
    -------
    RunResult

    Raises
    ------
    StudyError, TableError, CatalogError, SplitError
        If study, data or split break a rule.
    StoreError
        If another run holds the folder.
    """
    asked, command = _read(study)
    if quick:
        asked, command = asked.quick(), f"{command} --quick"
    folder = Path(out) if out is not None else Path("reports", asked.name)
    folder.mkdir(parents=True, exist_ok=True)
    store = Store()
    started = time.perf_counter()
    with lock_run(folder, store):
        plan = Plan(asked, load(**asked.table_arguments()), quick=quick)
        store.put(plan.table_key, plan.table)
        outcomes = run_units(
            plan.units, store, folder=folder, jobs=jobs or asked.run.jobs, fresh=fresh, on_event=on_event
        )
        found = Gathered(plan, outcomes)
        results = found.results(command)
        results["timing"] = found.timing(time.perf_counter() - started)
        pages = _write(folder, results, found.form_files())
    return RunResult(folder, results, found.failed, pages)


def _read(study: str | Path | Mapping[str, Any] | Study) -> tuple[Study, str]:
    """Give the study, and the command that runs it."""
    registries: dict[str, Any] = {"families": family_registry(), "explainers": explainer_registry()}
    if isinstance(study, Study):
        return study, f"workbench run {shlex.quote(study.name + '.yaml')}"
    if isinstance(study, Mapping):
        read = Study.from_dict(study, place="study", **registries)
        return read, f"workbench run {shlex.quote(read.name + '.yaml')}"
    if isinstance(study, str) and study in datasets():
        return Study.read(dataset(study).study_path, **registries), f"workbench run {study}"
    return Study.read(study, **registries), f"workbench run {shlex.quote(Path(study).name)}"


def _write(folder: Path, results: dict[str, Any], files: dict[bool, dict[str, bytes]]) -> tuple[Path, ...]:
    """Write models, results and pages, each whole; then remove what an earlier run left of other models."""
    from workbench.pages import render

    private = folder.with_name(f"{folder.name}.private")
    stale = _stale(folder, private, results, files)
    for is_private, named in files.items():
        for name, content in named.items():
            write_whole((private if is_private else folder) / "models" / name, content)
    if private.is_dir() and os.name == "posix":
        private.chmod(0o700)
    write_whole(folder / "results.json", json.dumps(results, indent=1, allow_nan=False, ensure_ascii=False))
    pages = render(folder, results)
    for path in stale:
        path.unlink(missing_ok=True)
    return tuple(pages)


def _stale(folder: Path, private: Path, results: dict[str, Any], files: dict[bool, dict[str, bytes]]) -> list[Path]:
    """List the files of models of the run before that this one does not write again."""
    try:
        before = json.loads((folder / "results.json").read_text(encoding="utf-8"))
        names = [str(m["name"]) for m in before["models"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []  # no run before, or none that can be read: nothing is known to be ours
    kept = {m["name"] for m in results["models"]}
    old = [(root / "models" / f"{n}{end}") for root in (folder, private) for n in names for end in (".json", ".npz")]
    new = {(private if p else folder) / "models" / name for p, named in files.items() for name in named}
    cards = [folder / "cards" / f"{n}{end}" for n in names if n not in kept for end in (".json", ".html")]
    return [path for path in (*old, *cards) if path not in new]
