"""A first study file for data that nobody has described yet: commented, complete, ready to run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import yaml

from workbench.columns import TableError
from workbench.study.entries import Registry
from workbench.study.parts import Compare, Query, Report, Split, Tune, study_name
from workbench.study.problems import StudyError
from workbench.study.study import DEFAULT_EXPLAIN
from workbench.study.text import parse_yaml
from workbench.table import Table

if TYPE_CHECKING:
    import pandas as pd

_PLAIN = re.compile(r"[^\W\d](?:[\w .()/%-]*[\w)%])?")


def describe(frame: pd.DataFrame, target: str) -> tuple[Table, dict[str, str]]:
    """Make a table of the columns that can be used as they are, and say why the others are left out.

    Free text, identifiers, empty columns and the like get the role ``ignore``.

    Raises
    ------
    TableError
        If the target can't be one, or no column is left to predict it from.
    """
    try:
        return Table.from_frame(frame, target=target), {}
    except TableError as error:
        whole = error
    left_out: dict[str, str] = {}
    for column in frame.columns:
        if column != target and target in frame.columns:
            try:
                Table.from_frame(frame[[column, target]], target=target)
            except TableError as error:
                left_out[column] = str(error)
    if len(left_out) >= frame.shape[1] - 1 or not left_out:
        raise whole
    ignored = {column: {"role": "ignore"} for column in left_out}
    return Table.from_frame(frame, target=target, columns=ignored), left_out


def template(
    table: Table,
    *,
    source: str | Query,
    families: Registry,
    explainers: Registry,
    left_out: Mapping[str, str] | None = None,
    name: str = "",
) -> str:
    """Write a first study file: every column with its kind, every family that can do the task.

    Parameters
    ----------
    table : Table
        The data.
    source : str or Query
        The data file's path, or a database and its query, as the study file will name it.
    families, explainers : mapping of name to class
        Families have `tasks`, `glassbox` and `title`, explainers `title`.
    left_out : mapping of column to reason, optional
        Columns to ignore, as `describe` found them.
    name : str
        The study's name; the source's when absent.
    """
    left_out = left_out or {}
    able = {n: f for n, f in families.items() if table.task in f.tasks and getattr(f, "offered", True)}
    lines = [
        "# A study for the glassbox workbench: which data, which models, how they are compared and explained.",
        "# Every key that may stand here, with what it means: workbench schema",
        f"study: {_scalar(name or study_name(source if isinstance(source, str) else source.name))}",
        "",
        *_data_lines(table, source, left_out),
        "",
        *_section_lines("split", Split),
        "",
        "models:  # a family, alone or with parameters: {tree: {name: small-tree, max_leaf_nodes: 8}}",
        *_calibrate_line(table.task),
        "  # glass boxes, which can be read in full",
        *_listed((n, f.title) for n, f in able.items() if f.glassbox),
        "  # black boxes, to compare with",
        *_listed((n, f.title) for n, f in able.items() if not f.glassbox),
        "",
        *_section_lines("tune", Tune),
        "metrics: auto  # or a list; the first one ranks",
        *_section_lines("compare", Compare),
        "",
        "explain:" if any(n in explainers for n in DEFAULT_EXPLAIN) else "explain: []",
        *_listed((n, explainers[n].title) for n in DEFAULT_EXPLAIN if n in explainers),
        "",
        "# What only you know; the cards print it, and say where it is absent.",
        "# report:",
        *(
            f"#   {key}: {field.description}"
            for key, field in Report.model_fields.items()
            if key not in ("formats", "rows")
        ),
    ]
    return "\n".join(lines) + "\n"


def _calibrate_line(task: str) -> Iterator[str]:
    if task != "regression":
        ways = "calibrate: sigmoid, or isotonic," if task == "binary" else "calibrate: sigmoid"
        yield f"  # {ways} recalibrates the probabilities of a model: {{forest: {{calibrate: sigmoid}}}}"


def _data_lines(table: Table, source: str | Query, left_out: Mapping[str, str]) -> Iterator[str]:
    yield "data:"
    if isinstance(source, str):
        said = "a CSV or Parquet file, or a folder of Parquet, beside this one; a URL; or a bundled name"
        yield f"  source: {_scalar(source)}  # {said}"
    else:
        yield "  source:"
        yield f"    connection: {_scalar(source.connection)}  # env:NAME, a variable with the URL; or a database's file"
        yield f"    query: {_scalar(source.query)}"
    yes_no = "; or {column: ..., at_least: 6} for a yes/no target" if table.task == "regression" else ""
    yield f"  target: {_scalar(table.target.name)}  # the column to predict{yes_no}"
    yield f"  task: {table.task}  # regression, binary or multiclass"
    if table.task == "binary":
        yield f"  positive: {_scalar(table.classes[1])}  # the class whose probability is given"
    yield "  columns:"
    yield "    # kind: number, category, ordered (with levels: [low, high]), boolean, datetime"
    yield "    # role: feature, weight, offset, exposure, group, time, sensitive, id, ignore"
    yield "    # unit, label, description: what the cards print"
    for column in table.schema:
        if column.name in left_out:
            yield f"    {_scalar(column.name)}: {{role: ignore}}  # {_comment(left_out[column.name])}"
        else:
            yield f"    {_scalar(column.name)}: {{kind: {column.kind}{_levels(column.kind, column.levels)}}}"


def _levels(kind: str, levels: Iterable[str]) -> str:
    return f", levels: [{', '.join(_quoted(level) for level in levels)}]" if kind == "ordered" else ""


def _section_lines(section: str, part: type[Split | Compare | Tune]) -> Iterator[str]:
    yield f"{section}:"
    for key, default in part().model_dump(exclude_none=True).items():
        yield f"  {key}: {_scalar(default)}  # {_sentence(part, key)}"


def _listed(titled: Iterable[tuple[str, str]]) -> Iterator[str]:
    for name, title in titled:
        yield f"  - {_scalar(name)}  # {_comment(title)}"


def _sentence(part: Any, key: str) -> str:
    return _comment(part.model_fields[key].description or "")


def _comment(text: str) -> str:
    """Keep a text on its line."""
    return "".join(c if c.isprintable() else " " for c in text)


def _scalar(value: Any) -> str:
    """Write a value as YAML, quoted unless every reader takes it for the same text."""
    if not isinstance(value, str):
        return str(value).lower() if isinstance(value, bool) else str(value)
    if _PLAIN.fullmatch(value) and yaml.safe_load(value) == value:
        return value
    return _quoted(value)


def _quoted(value: str) -> str:
    text = str(yaml.safe_dump(value, default_style='"', allow_unicode=True, width=10**9)).strip()
    if parse_yaml(text, "template") != value:
        raise StudyError([f"template: the name {value!r} can't be written as YAML; rename the column"])
    return text
