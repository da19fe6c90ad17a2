"""The study: what is asked, checked against the families and explainers at hand."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, ValidationError

from workbench.remote import url_scheme
from workbench.study.entries import Registry, read_models, read_questions
from workbench.study.parts import (
    NAME_PATTERN,
    AtLeast,
    Compare,
    Data,
    ExplainSpec,
    ModelSpec,
    Part,
    Query,
    Report,
    Run,
    Split,
    Tune,
    file_name,
)
from workbench.study.problems import Loc, Problem, StudyError, nearest, problems_of, shown
from workbench.study.text import parse_yaml, read_text

_DATABASES = ("postgresql", "postgres", "postgresql+psycopg", "sqlite", "duckdb")
# what an absent `explain:` stands for
DEFAULT_EXPLAIN = ("permutation_importance", "partial_dependence", "ale", "shap", "surrogate")


class Study(Part):
    """What is asked: the data, the models, how they are compared and explained.

    Make one with `read`, `from_text` or `from_dict`, which check it against the families and explainers at hand.

    Examples
    --------
    >>> from pydantic import BaseModel
    >>> class Tree:
    ...     tasks = ("regression", "binary")
    ...     class Parameters(BaseModel, extra="forbid"):
    ...         max_leaf_nodes: int = 12
    >>> asked = {"data": {"source": "wine-quality-red"}, "models": [{"tree": {"name": "small", "max_leaf_nodes": 4}}]}
    >>> Study.from_dict(asked, families={"tree": Tree}, explainers={}).models
    (ModelSpec(name='small', family='tree', params={'max_leaf_nodes': 4}),)
    >>> Study.from_dict({**asked, "splits": {}}, families={"tree": Tree}, explainers={})
    Traceback (most recent call last):
    workbench.study.problems.StudyError: study.yaml: splits is not a known key; did you mean 'split'?
    """

    name: Annotated[str, AfterValidator(file_name)] = Field(
        default="",
        alias="study",
        description="The study's name and that of its folder; the source's when absent.",
        json_schema_extra={"pattern": NAME_PATTERN},
    )
    data: Data = Field(description="Where the rows come from, and what is predicted.")
    split: Split = Split()
    models: tuple[ModelSpec, ...] = Field(
        min_length=1, description="The models to train: a family's name, alone or with parameters."
    )
    tune: Tune = Tune()
    metrics: Literal["auto"] | Annotated[tuple[str, ...], Field(min_length=1)] = Field(
        default="auto", description="The scores, by name; the first one ranks."
    )
    compare: Compare = Compare()
    explain: tuple[ExplainSpec, ...] = Field(
        default=(), description="The methods that explain each model: a name, alone or with options."
    )
    report: Report = Report()
    run: Run = Field(default_factory=lambda: Run())

    @classmethod
    def read(cls, path: str | Path, *, families: Registry, explainers: Registry) -> Self:
        """Read a study file.

        Parameters
        ----------
        path : str or Path
        families : mapping of name to class
            Each class has `tasks` and a pydantic model `Parameters`.
        explainers : mapping of name to class
            Each class has a pydantic model `Options`.

        Raises
        ------
        StudyError
            If the file can't be read, is no YAML, or breaks a rule; all broken rules are listed, one a line.
        """
        path = Path(path).expanduser()
        text = read_text(path)
        return cls.from_text(text, place=str(path), folder=path.parent, families=families, explainers=explainers)

    @classmethod
    def from_text(
        cls,
        text: str,
        *,
        place: str = "study.yaml",
        folder: Path | None = None,
        families: Registry,
        explainers: Registry,
    ) -> Self:
        """Make a study of the text of a study file; arguments and errors are those of `from_dict`."""
        data = parse_yaml(text, place)
        return cls.from_dict(data, place=place, folder=folder, families=families, explainers=explainers)

    @classmethod
    def from_dict(
        cls,
        data: Mapping[str, Any],
        *,
        place: str = "study.yaml",
        folder: Path | None = None,
        families: Registry,
        explainers: Registry,
    ) -> Self:
        """Make a study of plain data.

        Parameters
        ----------
        data : mapping
            What a study file holds.
        place : str
            What errors begin with.
        folder : Path, optional
            The folder that a path in ``data.source`` is relative to; the current one when absent.
        families, explainers : mapping of name to class
            As in `read`.

        Raises
        ------
        StudyError
            If a rule is broken; all broken rules are listed, one a line.
        """
        sections = [field.alias or name for name, field in cls.model_fields.items()]
        if not isinstance(data, Mapping):
            raise StudyError([f"{place}: must be a mapping of keys ({', '.join(sections)}); got {shown(data)}"])
        plain = _plain(data, place)
        plain.setdefault("explain", [method for method in DEFAULT_EXPLAIN if method in explainers])
        problems: list[Problem] = []
        for section, read, registry in (("models", read_models, families), ("explain", read_questions, explainers)):
            if isinstance(plain.get(section), list):
                specs, wrong = read(plain[section], registry)
                plain[section] = [] if wrong and not specs else specs
                problems += wrong
        told = {problem.where[0] for problem in problems}
        try:
            study = cls.model_validate_json(json.dumps(plain))
        except ValidationError as error:
            problems += [p for p in problems_of(error, cls, plain) if p.where and p.where[0] not in told]
        else:
            problems += [*_contradictions(study), *study._misfits(families), *study._undistributed(families)]
        if problems:
            problems.sort(key=lambda p: sections.index(str(p.where[0])) if p.where[0] in sections else -1)
            raise StudyError(f"{place}: {problem}" for problem in problems)
        located = study.data.located(folder or Path.cwd())
        return study.model_copy(update={"name": study.name or located.name, "data": located})

    def check_task(self, task: str, *, families: Registry, place: str = "study") -> None:
        """Check that models and metrics can do a task that became known with the data.

        Raises
        ------
        StudyError
            If a model's family or a metric can't do it: names those that can.
        """
        if problems := self._misfits(families, task):
            raise StudyError(f"{place}: {problem}" for problem in problems)

    def quick(self) -> Self:
        """Give the same study with at most 3 folds, one repeat, parameters as given, and models alone: a first look."""
        folds = self.split.folds
        few = "few" if isinstance(folds, str) else min(3, folds)
        split = self.split.model_copy(update={"folds": few, "repeats": 1})
        compare = self.compare.model_copy(update=dict.fromkeys(("refits", "noise", "diagnose", "paths"), False))
        return self.model_copy(update={"split": split, "compare": compare, "tune": Tune()})

    def table_arguments(self) -> dict[str, Any]:
        """Give the arguments of `workbench.load` that make this study's table."""
        target = self.data.target
        return {
            "source": source if isinstance(source := self.data.source, str) else source.model_dump(),
            "target": target.model_dump() if isinstance(target, AtLeast) else target,
            "task": self.data.task,
            "positive": self.data.positive,
            "columns": _declared(self.data),
        }

    def to_dict(self) -> dict[str, Any]:
        """Give the study as plain data, defaults written out but those of families and explainers: again a study.

        A source that is a file is reduced to its name, so that no folder's or person's name is handed on, and a URL to
        scheme, host and path, so that no password or token is; what of `run` says where the work is done, which
        changes no number, and what `report` leaves open are left out.
        """
        plain = self.model_dump(
            mode="json", by_alias=True, exclude_none=True, exclude={"run": {"jobs", "executor", "address"}}
        )
        plain["data"]["columns"] = _declared(self.data)
        plain["data"]["source"] = self.data.public_source
        plain["models"] = [{m.family: {"name": m.name, **m.params}} for m in self.models]
        plain["explain"] = [{e.method: dict(e.options)} for e in self.explain]
        return plain

    def identity(self) -> str:
        """Give canonical JSON of what decides the numbers: not names and texts, nor how the work is run."""
        plain = self.to_dict()
        kept = {key: value for key, value in plain.items() if key not in ("study", "report", "run")}
        kept["accelerate"] = self.run.accelerate  # accelerated libraries fit other models
        kept["distributed"] = self.run.distributed
        return json.dumps(kept, sort_keys=True, separators=(",", ":"))

    def _undistributed(self, families: Registry) -> Iterator[Problem]:
        """Tell what can't be trained distributed."""
        if not self.run.distributed:
            return
        able = [name for name, family in families.items() if family.distributes]
        known = {model.name: model for model in self.models}
        for n, name in enumerate(self.run.distributed):
            where = ("run", "distributed", n)
            if name not in known:
                yield Problem(where, f"must name a model of the study; got {shown(name)}; {nearest(name, known)}")
            elif known[name].family not in able:
                rule = f"names a model of {known[name].family}, which can't be trained distributed"
                yield Problem(where, f"{rule}; families that can: {', '.join(able)}")
            elif known[name].params.get("calibrate"):
                yield Problem(where, f"names {name}, and calibrate takes fits that are not distributed; leave one out")
        if self.tune.budget:
            yield Problem(("tune", "budget"), "takes fits that are not distributed; leave it or run.distributed out")
        if not self.data.is_parquet:
            rule = (
                "must be Parquet where run.distributed names models: a file, a folder (with a / at its end) or a glob"
            )
            yield Problem(("data", "source"), f"{rule}; got {shown(self.data.public_source)}")

    def _misfits(self, families: Registry, task: str | None = None) -> list[Problem]:
        """List models and metrics that can't do the task, as far as it is known."""
        task = task or self.data.task or ("binary" if isinstance(self.data.target, AtLeast) else None)
        problems = []
        for n, model in enumerate(self.models):
            if task and task not in families[model.family].tasks:
                able = ", ".join(name for name, family in families.items() if task in family.tasks)
                problems.append(Problem(("models", n, model.family), f"can't do {task}; families that can: {able}"))
        if self.metrics != "auto":
            problems += _unknown_metrics(self.metrics, task)
        return problems


def _plain(data: Mapping[str, Any], place: str) -> dict[str, Any]:
    """Give the data as JSON would hold them: text keys, lists for tuples, paths as text."""
    try:
        plain: dict[str, Any] = json.loads(json.dumps(dict(data), default=os.fspath, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise StudyError([f"{place}: must hold text, finite numbers, lists and mappings alone: {error}"]) from error
    return plain


def _declared(data: Data) -> dict[str, dict[str, Any]]:
    """Give what was said about columns, and no defaults: those are for the table to find out."""
    return {name: column.model_dump(mode="json", exclude_unset=True) for name, column in data.columns.items()}


def _unknown_metrics(names: tuple[str, ...], task: str | None) -> list[Problem]:
    from workbench.metrics import metric, metrics

    able = [name for name in metrics() if task is None or task in metric(name).tasks]
    problems = []
    for n, name in enumerate(names):
        if name not in able:
            of = f" of {task}" if task and name in metrics() else ""
            text = f"must be a metric{of}; got {shown(name)}; {nearest(name, able, what=f'metrics{of}')}"
            problems.append(Problem(("metrics", n), text))
        elif name in names[:n]:
            problems.append(Problem(("metrics", n), f"repeats {name!r}; name each metric once"))
    return problems


def _contradictions(study: Study) -> list[Problem]:
    """List what is wrong between keys that are right each alone."""
    data = study.data
    found: list[tuple[Loc, str]] = []
    scheme = url_scheme(data.source) if isinstance(data.source, str) else ""
    if scheme not in ("", "http", "https"):
        step = "a database needs the keys connection and query" if scheme in _DATABASES else "download the file"
        found.append((("data", "source"), f"must be a URL of http or https; got {scheme}; {step}"))
    elif (data.is_path or data.is_url or isinstance(data.source, Query)) and data.target is None:
        found.append((("data", "target"), "is missing: name the column to predict"))
    if isinstance(data.target, AtLeast) and data.task not in (None, "binary"):
        found.append((("data", "task"), f"must be binary, as target.at_least makes a yes/no target; got {data.task!r}"))
    if data.positive is not None and data.task not in (None, "binary"):
        found.append((("data", "positive"), f"is for binary targets alone; got task {data.task!r}; leave it out"))
    if study.run.executor == "dask" and study.run.address is None:
        step = "start a cluster with 'dask scheduler' and 'dask worker', and give the scheduler's address"
        found.append((("run", "address"), f"is missing, and executor is dask: {step}"))
    if study.run.executor == "local" and study.run.address is not None:
        found.append((("run", "address"), "goes with executor: dask; set that, or leave the address out"))
    target = data.target.column if isinstance(data.target, AtLeast) else data.target
    for name, column in data.columns.items():
        where = ("data", "columns", name)
        if column.feature and column.role != "sensitive":
            found.append(((*where, "feature"), "is for columns with role: sensitive alone; leave it out"))
        if target is not None and column.role is not None and (column.role == "target") != (name == target):
            found.append(((*where, "role"), f"must agree with data.target ({target!r}); got {column.role!r}"))
    return [Problem(where, text) for where, text in found]
