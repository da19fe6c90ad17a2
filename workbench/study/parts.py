"""The parts of a study file, typed and frozen; their descriptions are those of its JSON Schema."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from workbench.database import check_connection, is_file, public_connection
from workbench.parquet import PARQUET_SUFFIXES, is_partitioned
from workbench.query import check_query
from workbench.remote import is_path, is_url, public_url, url_file
from workbench.table import Task

Kind = Literal["number", "category", "ordered", "boolean", "datetime"]
Role = Literal["feature", "target", "weight", "offset", "exposure", "group", "time", "sensitive", "id", "ignore"]

NAME_PATTERN = r"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,59}$"


def file_name(value: Any) -> str:
    """Check a name that files will have.

    Raises
    ------
    ValueError
        If it is none that is safe on every file system.
    """
    if isinstance(value, str) and re.fullmatch(NAME_PATTERN, value) and not value.endswith(".private"):
        return value
    raise ValueError(
        "must be safe as a file's name: at most 60 of the letters a to z, digits, '-', '_' and '.', "
        "no '.' first and no '.private' at the end"
    )


def public_path(path: str) -> str:
    """Give the name of a file, or of a folder of files with a separator behind it, without the folders before it."""
    name = Path(path).resolve().name if Path(path).name in ("", "..") else Path(path).name
    is_folder = Path(path).is_dir() or not (Path(path).suffix or glob.has_magic(name))
    return f"{name}/" if is_folder else name


def study_name(source: str) -> str:
    """Name a study after its source."""
    stem = url_file(source).stem if is_url(source) else Path(source).stem if is_path(source) else source
    return re.sub(r"[^A-Za-z0-9_-]+", "-", stem).strip("-")[:60] or "study"


def connection_name(connection: str) -> str:
    """Name a database: by its file, its variable, or the last part of its URL."""
    told = connection.removeprefix("env:")
    return Path(told).stem if is_file(told) else told.rstrip("/").rpartition("/")[2]


def _refuse(unready: Callable[[Any], bool], rule: str) -> BeforeValidator:
    """Refuse what a later release will do; silence would be taken for doing it."""

    def check(value: Any) -> Any:
        if unready(value):
            raise ValueError(rule)
        return value

    return BeforeValidator(check)


_Format = Literal["html", "pdf", "md"]
_NoRows = Annotated[
    Literal[False],
    _refuse(lambda v: v is True, "must be false: rows in reports come with a later release"),
]


class Part(BaseModel):
    """A part of the study file: frozen, without unknown keys, no value taken for one of another type."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class ColumnSpec(Part):
    """What the study says about one column."""

    kind: Kind | None = Field(default=None, description="How its values are read; found out when absent.")
    role: Role | None = Field(default=None, description="What it is for; a feature when absent.")
    unit: str = Field(default="", description="The unit of its values, such as g/dm³.")
    label: str = Field(default="", description="The name that reports show.")
    description: str = Field(default="", description="What it means, in a sentence.")
    levels: tuple[str | int | float | bool, ...] = Field(
        (), description="The levels of an ordered column, lowest first."
    )
    feature: bool = Field(default=False, description="Whether models see a sensitive column too.")


class AtLeast(Part):
    """A yes/no target: whether a number reaches a threshold."""

    column: str = Field(description="The column that holds the number.")
    at_least: float = Field(description="The threshold: yes from here on.")


class Query(Part):
    """The rows that a query of a database gives."""

    connection: Annotated[str, AfterValidator(check_connection)] = Field(
        min_length=1,
        description="env:NAME, where the environment variable NAME holds the database's URL; or the path of a DuckDB "
        "or SQLite file; or a URL of PostgreSQL without a password.",
    )
    query: Annotated[str, AfterValidator(check_query)] = Field(
        min_length=1, description="One SELECT, or WITH ... SELECT; the order of its rows does not count."
    )

    @property
    def name(self) -> str:
        """What the database is called: its file's name, the variable's, or the last part of the URL."""
        return connection_name(self.connection)

    def located(self, folder: Path) -> Query:
        """Give the same with a file's path taken from the study file's folder."""
        if not is_file(self.connection):
            return self
        return self.model_copy(update={"connection": _located(self.connection, folder)})

    def public(self) -> dict[str, str]:
        """Give what results may say of it."""
        return {"connection": public_connection(self.connection), "query": self.query}


class Data(Part):
    """Where the rows come from, and what is predicted."""

    source: Annotated[str, Field(min_length=1)] | Query = Field(
        description="The name of a bundled data set, the path or the URL of a CSV or Parquet file, a folder or a "
        "glob of Parquet files; or connection and query of a database."
    )
    target: str | AtLeast | None = Field(default=None, description="The column to predict; or a yes/no target.")
    task: Task | None = Field(default=None, description="Inferred from the target when absent.")
    positive: bool | int | float | str | None = Field(default=None, description="A binary target's positive class.")
    columns: dict[str, ColumnSpec] = Field(default={}, description="What is known about columns, by name.")

    @property
    def is_path(self) -> bool:
        """Whether the source is a file of rows here."""
        return isinstance(self.source, str) and is_path(self.source)

    @property
    def is_parquet(self) -> bool:
        """Whether the source is a Parquet file, or a folder or a glob of some."""
        source = str(self.source)
        folder = source.endswith(("/", os.sep)) or is_partitioned(source)
        return self.is_path and (folder or Path(source).suffix.lower() in ("", *PARQUET_SUFFIXES))

    @property
    def is_url(self) -> bool:
        """Whether the source is the URL of a file."""
        return isinstance(self.source, str) and is_url(self.source)

    def located(self, folder: Path) -> Self:
        """Give the same with a file's path taken from the study file's folder."""
        if isinstance(self.source, Query):
            return self.model_copy(update={"source": self.source.located(folder)})
        return self.model_copy(update={"source": _located(self.source, folder)}) if self.is_path else self

    @property
    def file(self) -> Path | None:
        """The file that the source is or lies in; None where it is elsewhere, or bundled."""
        source = self.source.connection if isinstance(self.source, Query) else self.source
        return Path(source) if self.is_path or (isinstance(self.source, Query) and is_file(source)) else None

    @property
    def name(self) -> str:
        """Name a study after its source."""
        return study_name(self.source if isinstance(self.source, str) else self.source.name)

    @property
    def public_source(self) -> str | dict[str, str]:
        """The source without folders, users, passwords and tokens."""
        if isinstance(self.source, Query):
            return self.source.public()
        return public_path(self.source) if self.is_path else public_url(self.source) if self.is_url else self.source


def _located(path: str, folder: Path) -> str:
    return os.path.normpath(folder.absolute() / Path(path).expanduser())


class Split(Part):
    """How rows are held out and folded."""

    holdout: float = Field(
        default=0.25,
        ge=0,
        le=0.9,
        description="The share of rows that is set aside: no fit, choice or rank uses it; 0: none.",
    )
    folds: Annotated[int, Field(ge=2, le=100)] | Literal["auto", "few"] = Field(
        default="auto",
        description="The number of folds of the other rows; auto: 5, few: 3, and of more than 200,000 rows none: the "
        "holdout alone is scored.",
    )
    repeats: int = Field(default=2, ge=1, le=100, description="How often the folds are drawn anew.")
    seed: int = Field(default=0, ge=0, lt=2**32, description="The seed of all that is random.")
    duplicates: Literal["auto", "together", "ignore", "drop"] = Field(
        default="auto",
        description="Rows with equal features: kept on one side of a split, split apart, or left out.",
    )
    sample: int = Field(
        default=20_000,
        ge=1_000,
        description="The most rows of each side that explanations and diagnostics look at; of more so many are drawn "
        "by the seed. Fits and scores use all.",
    )


class Tune(Part):
    """The search for parameters that the study does not set."""

    budget: int = Field(
        default=0,
        ge=0,
        le=1_000,
        description="Settings tried per model, inside the rows of each fit and of each fold; 0: parameters as given.",
    )
    seconds: float | None = Field(
        default=None,
        gt=0,
        description="Seconds after which a search tries no other; numbers then depend on the machine.",
    )


class Compare(Part):
    """What counts as a difference, and what explanations are held against."""

    region: Literal["auto"] | Annotated[float, Field(ge=0)] = Field(
        default="auto",
        description="Smaller differences don't matter: in the ranking metric's unit; "
        "auto: 0.01 for R², AUC and accuracy, else 1% of the dummy's score.",
    )
    refits: bool = Field(
        default=True,
        description="Whether effects and importances are told of the folds' models too: where refits would lie.",
    )
    noise: bool = Field(
        default=True,
        description="Whether they are told of a model of a shuffled target too: what chance alone makes.",
    )
    diagnose: bool = Field(
        default=True,
        description="Whether models are diagnosed: calibration, residuals, weak regions, intervals, noise, overfit, "
        "complexity, sensitive groups; and drift and leakage of the split.",
    )
    paths: bool = Field(
        default=False,
        description="Whether glass boxes are trained in several sizes too, for the curve of what size buys.",
    )


_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000)] | None


class Report(Part):
    """What only a person can say about the models; the cards print it, and count what is absent."""

    formats: tuple[_Format, ...] = Field(
        default=("html", "pdf"), min_length=1, description="What the cards are written as; HTML and JSON in any case."
    )
    rows: _NoRows = Field(default=False, description="Whether reports may show rows of the data.")
    owner: _Text = Field(default=None, description="Who answers for the models.")
    developer: _Text = Field(default=None, description="Who made them.")
    validator: _Text = Field(default=None, description="Who checked them.")
    contact: _Text = Field(default=None, description="Whom to write to.")
    licence: _Text = Field(default=None, description="Under which terms the models may be used.")
    citation: _Text = Field(default=None, description="How to cite them.")
    version: _Text = Field(default=None, description="The version of the models.")
    purpose: _Text = Field(default=None, description="Which question the models answer.")
    intended_use: _Text = Field(default=None, description="How they are meant to be used.")
    users: _Text = Field(default=None, description="Who uses them.")
    affected: _Text = Field(default=None, description="Whom decisions made with them affect.")
    out_of_scope: _Text = Field(default=None, description="What they must not be used for.")
    misuse: _Text = Field(default=None, description="Which misuse can be foreseen.")
    materiality: _Text = Field(default=None, description="What depends on them.")
    oversight: _Text = Field(default=None, description="Which human looks at their answers, and when.")
    monitoring: _Text = Field(default=None, description="What is watched while they are in use.")


def _check_scheduler(address: str) -> str:
    if re.fullmatch(r"(tcp|tls|ws|wss|ucx)://[^\s/@]+:\d+", address) is None:
        raise ValueError("must be the address of a Dask scheduler, such as tcp://192.168.0.1:8786")
    return address


class Run(Part):
    """How the work is done."""

    executor: Literal["local", "dask"] = Field(
        default="local",
        description="Who does the work: processes of this machine, or the workers of a Dask cluster (extra [dask]); "
        "it changes no number.",
    )
    address: Annotated[str, AfterValidator(_check_scheduler)] | None = Field(
        default=None,
        description="The address of the cluster's scheduler, such as tcp://192.168.0.1:8786; must be given where "
        "executor is dask: no cluster is started here.",
    )
    distributed: tuple[str, ...] = Field(
        default=(),
        description="Models of the family xgboost that the workers of a Dask cluster train together, each on its own "
        "parts of a table in Parquet files; their numbers depend a little on how many workers there are.",
    )
    jobs: int = Field(
        default_factory=lambda: min(2, os.cpu_count() or 1),
        ge=1,
        description="The number of worker processes; it changes no number.",
    )
    accelerate: Literal["auto", "off"] = Field(
        default="auto", description="Whether accelerated libraries are used where present."
    )
    time_limit: float = Field(default=600, gt=0, description="Seconds that the fit of one model may take.")
    time_budget: float | None = Field(
        default=None,
        gt=0,
        description="Seconds that the work of all models may take; then the run ends with what it has, and goes on "
        "from there when run again.",
    )
    memory: float | None = Field(
        default=None, gt=0, description="GiB of memory that one worker process may hold; beyond, its unit is ended."
    )


class ModelSpec(Part):
    """A model to train: its name in the study, its family, and the parameters that the study sets."""

    name: str
    family: str
    params: dict[str, Any] = {}


class ExplainSpec(Part):
    """A question to ask every model: the method, and the options that the study sets."""

    method: str
    options: dict[str, Any] = {}
