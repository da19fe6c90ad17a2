"""What the words typed on the command line ask for: a bundled study, a study file, or one that is drafted of data."""

from __future__ import annotations

import os
from pathlib import Path

from workbench.catalog import dataset, datasets, read_frame
from workbench.database import is_file
from workbench.explainers import registry as explainers
from workbench.families import registry as families
from workbench.query import read_query
from workbench.remote import is_path, is_url, public_url, url_file
from workbench.study import Query, Study, describe, template
from workbench.study.parts import connection_name, public_path, study_name
from workbench.terminal import InputError, command, note


def asked(given: str, target: str | None) -> str | Path | Study:
    """Give what is to be run: a bundled name, the path of a study file, or a first study of a data file."""
    path = Path(given)
    is_study = path.suffix.lower() in (".yaml", ".yml") and not is_url(given)
    is_bundled = not is_path(given) and not is_url(given) and (given in datasets() or not path.is_dir())
    if target is not None and (is_study or is_bundled):
        raise InputError(f"--target goes with a data file; {given} has a target of its own")
    if is_study:
        return path
    if is_bundled:
        return dataset(given).name
    if path.is_dir() and target is None:
        raise InputError(
            f"{given}: is a folder; name a study file or a data file in it, or --target of a folder of Parquet files"
        )
    if target is None:
        raise InputError(f"{given}: name the column to predict with --target, or draft a study file: workbench new")
    text, left_out = draft(given, target, Path())
    for reason in left_out.values():
        note(f"left out: {reason}")
    return Study.from_text(text, place=given, families=families(), explainers=explainers())


def typed_again(study: str, target: str | None, *, quick: bool, allow_code: bool) -> str:
    """Give the command that decides the numbers, with names of files alone: it is sent with the results."""
    words = [public_url(study) if is_url(study) else public_path(study) if is_path(study) else study]
    flags = [*(["--quick"] * quick), *(["--allow-code"] * allow_code)]
    return command("run", *words, *(("--target", target) if target is not None else ()), *flags)


def draft_name(data: str, query: str | None) -> str:
    """Name the study that is drafted of a data file or a database."""
    if query is not None:
        return study_name(connection_name(data))
    return study_name(url_file(data).name if is_url(data) else Path(data).name)


def draft(data: str, target: str, folder: Path, query: str | None = None) -> tuple[str, dict[str, str]]:
    """Draft a study file that will lie in a folder."""
    if query is None and not is_url(data) and (data.startswith("env:") or "://" in data):
        raise InputError("a database has rows by a query: workbench new env:NAME --query 'SELECT ...' --target COLUMN")
    table, left_out = describe(read_frame(data) if query is None else read_query(data, query), target)
    is_elsewhere = is_url(data) if query is None else not is_file(data)
    place = data if is_elsewhere or Path(data).is_absolute() else os.path.relpath(data, folder)
    if not is_elsewhere and not (is_path(place) if query is None else is_file(place)):  # it would be taken for a name
        place = f"./{place}"
    source = place if query is None else Query(connection=place, query=query)
    return template(table, source=source, left_out=left_out, families=families(), explainers=explainers()), left_out
