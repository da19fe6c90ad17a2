"""What a study asks of a table, checked before anything is fitted: models, metrics, splits, questions."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from workbench.blocks import join_blocks
from workbench.disclosure import FEW, small
from workbench.duplicates import identical_rows
from workbench.explainers import registry as explainer_registry
from workbench.facts import DISTRIBUTIONS, environment
from workbench.families import find_family
from workbench.families import registry as family_registry
from workbench.families.engine import accelerator
from workbench.folds import Fold
from workbench.metrics import Metric, default_metrics, metric
from workbench.probability_maps import misfit
from workbench.sampling import draw_rows
from workbench.splits import Splits, careless_folds, folds_for, make_splits, other_folds
from workbench.store import source_hash
from workbench.study import ExplainSpec, ModelSpec, Study, StudyError
from workbench.table import Table

_MOST_CARELESS = 3  # models that are scored on careless folds too


@dataclass(frozen=True, eq=False)
class Model:
    """A model of the study with all its parameters."""

    spec: ModelSpec
    params: dict[str, Any]
    distributed: bool = False

    @property
    def name(self) -> str:
        """Its name in the study."""
        return self.spec.name

    @cached_property
    def family(self) -> Any:
        """Its family."""
        return find_family(self.spec.family)

    @property
    def libraries(self) -> tuple[str, ...]:
        """The distributions whose versions decide what is fitted."""
        faster = accelerator() if self.params.get("accelerate") else None
        libraries = self.family().libraries_of(self.params)
        return (*libraries, faster) if faster else libraries

    @property
    def title(self) -> str:
        """What sentences call it: the family's title, with the name where the study gives another than the family's."""
        title = f"distributed {self.family.title}" if self.distributed else str(self.family.title)
        return title if self.name == self.spec.family else f"{title} “{self.name}”"


class Asked:
    """What a study asks of a table.

    Parameters
    ----------
    study : Study
    table : Table
    quick : bool
        Whether families take their quick parameters where the study sets none.

    Raises
    ------
    StudyError
        If a family, a metric or an explanation can't be had of this table, or a column has a role that no family here
        can use.
    """

    def __init__(self, study: Study, table: Table, *, quick: bool = False) -> None:
        self.study, self.table = study, table
        study.check_task(table.task, families=family_registry())
        problems = [*self._wrong_questions(), *self._without_offset(), *self._without_weights(), *self._uncalibrated()]
        if problems:
            raise StudyError(problems)
        self.splits = self._split(study.split.holdout)
        if small(len(self.splits.holdout)):  # its scores would be those of single rows
            splits = self._split(0)
            self.splits = replace(splits, scheme=f"{splits.scheme}, no holdout as it would have {FEW} rows")
        self.other = other_folds(table, self.splits)
        names = default_metrics(table.task) if study.metrics == "auto" else study.metrics
        self.metrics: tuple[Metric, ...] = tuple(metric(name) for name in names)
        self.models = [self._model(spec, quick) for spec in self._with_dummy(study.models)]
        self.versions = {name: environment("", [name])["versions"][name] for name in DISTRIBUTIONS}
        home = {"table": table.hash, "source": source_hash("workbench.table"), "versions": self.versions}
        self.table_key = hashlib.sha256(json.dumps(home, sort_keys=True).encode()).hexdigest()

    def _wrong_questions(self) -> Iterator[str]:
        """Say what of `explain` can't be had of this table, so that no fit is waited for in vain."""
        for n, asked in enumerate(self.study.explain):
            method = explainer_registry()[asked.method]
            options = method.read_options(dict(asked.options))
            for option, rule in method.misfits(options, task=self.table.task, columns=self.table.features):
                yield f"study: explain[{n}].{asked.method}.{option} {rule}"

    @cached_property
    def _offsets(self) -> dict[str, str]:
        """The columns that count with a coefficient of 1, by role."""
        return {c.role: c.name for c in self.table.schema if c.role in ("offset", "exposure")}

    def _without_offset(self) -> Iterator[str]:
        """Say which models can't do with the offset, or the exposure, that the data have."""
        able = [name for name, family in family_registry().items() if "offset" in family.Parameters.model_fields]
        for n, spec in enumerate(self.study.models):
            for role, column in self._offsets.items():
                if spec.family != "dummy" and spec.family not in able:
                    rule = f"takes no {role}; families that do: {', '.join(able)}"
                    yield f"study: models[{n}].{spec.family}: {rule}; or set data.columns.{column}.role to ignore"

    def _without_weights(self) -> Iterator[str]:
        """Say which models can't weigh rows, where the data have weights."""
        if self.table.sample_weight is None:
            return
        able = [name for name, family in family_registry().items() if family.weighs_rows]
        column = next(c.name for c in self.table.schema if c.role == "weight")
        for n, spec in enumerate(self.study.models):
            if spec.family not in able:
                rule = f"can't weigh rows; families that can: {', '.join(able)}"
                yield f"study: models[{n}].{spec.family}: {rule}; or set data.columns.{column}.role to ignore"

    def _uncalibrated(self) -> Iterator[str]:
        """Say which models can't be recalibrated as asked."""
        for n, spec in enumerate(self.study.models):
            method = spec.params.get("calibrate")
            if method and (rule := misfit(method, self.table.task)):
                yield f"study: models[{n}].{spec.family}.calibrate {rule}"

    def _split(self, holdout: float) -> Splits:
        asked = self.study.split
        return make_splits(
            self.table,
            holdout=holdout,
            folds=folds_for(asked.folds, self.table.n_rows, holdout),
            repeats=asked.repeats,
            seed=asked.seed,
            duplicates=asked.duplicates,
        )

    @cached_property
    def seen(self) -> Mapping[str, np.ndarray]:
        """The rows of each side that explanations and diagnostics look at: all, or as many as the study says."""
        sides = {"development": self.splits.development, "holdout": self.splits.holdout}
        seed, most = self.study.split.seed, self.study.split.sample
        y = self.table.y.to_numpy()
        return {
            side: draw_rows(rows, most, [seed, number], y[rows] if self.table.classes else None)
            for number, (side, rows) in enumerate(sides.items())
        }

    @cached_property
    def drawn(self) -> str | None:
        """What is said of these rows where they are not all; None where they are."""
        if all(len(self.seen[side]) == len(getattr(self.splits, side)) for side in self.seen):
            return None
        shares = ", each class by its share" if self.table.classes else ""
        return f"at most {self.study.split.sample:,} rows of each side, drawn by the seed{shares}"

    @staticmethod
    def _with_dummy(specs: tuple[ModelSpec, ...]) -> tuple[ModelSpec, ...]:
        """Add the baseline that every score is read against, if the study doesn't ask for it."""
        if any(spec.family == "dummy" for spec in specs):
            return specs
        taken = {spec.name.casefold() for spec in specs}
        return (ModelSpec(name="baseline" if "dummy" in taken else "dummy", family="dummy"), *specs)

    def _model(self, spec: ModelSpec, quick: bool) -> Model:
        family = find_family(spec.family)
        given = {**(family.quick if quick else {}), **spec.params}
        if "random_state" in family.Parameters.model_fields:
            given.setdefault("random_state", self.study.split.seed)
        for role, column in self._offsets.items():
            if role in family.Parameters.model_fields:
                given.setdefault(role, column)
        if "accelerate" in family.Parameters.model_fields:
            given.setdefault("accelerate", self.study.run.accelerate == "auto" and accelerator() is not None)
        return Model(spec, family.Parameters(**given).model_dump(), spec.name in self.study.run.distributed)

    @cached_property
    def blocks(self) -> np.ndarray | None:
        """Number the rows that the splits keep together; None where each row stands alone."""
        together = self.splits.duplicates.choice == "together"
        return join_blocks(self.table.groups, identical_rows(self.table) if together else None)

    @cached_property
    def diagnosed(self) -> list[Model]:
        """The models that are diagnosed: all but the baseline, where the study wants it."""
        return [m for m in self.models if self.study.compare.diagnose and m.spec.family != "dummy"]

    @cached_property
    def careless(self) -> tuple[Fold, ...]:
        """Folds that part what the study's keep together; empty where nothing is, or nobody asks."""
        return careless_folds(self.table, self.splits) if self.study.compare.diagnose else ()

    @cached_property
    def careless_models(self) -> list[Model]:
        """The models that are scored on careless folds: the first few."""
        return self.diagnosed[:_MOST_CARELESS] if self.careless else []

    def tuning(self, model: Model) -> dict[str, Any] | None:
        """Give the search for a model's parameters: arguments of `tune`; None where it takes them as they are.

        Parameters that the study sets are not searched for, nor are values that would make a black box of a glass box,
        or the reverse: that choice is the study's.
        """
        asked, family = self.study.tune, model.family
        is_glass = family().is_glassbox(model.params)
        space = {
            name: tuple(v for v in values if family().is_glassbox({**model.params, name: v}) == is_glass)
            for name, values in family.search_space.items()
            if name not in model.spec.params
        }
        if not asked.budget or not space:
            return None
        choice = self.splits.duplicates.choice
        return {
            "space": space,
            "metric": self.metrics[0].name,
            "budget": asked.budget,
            "seconds": asked.seconds,
            "duplicates": "together" if choice == "together" else "ignore",
            "seed": self.study.split.seed,
        }

    @cached_property
    def paths(self) -> Mapping[str, list[dict[str, Any]]]:
        """The settings from simple to complex of glass boxes, by model; the first model of a family stands for it.

        What the study sets of such a model stays, but for what the path itself changes.
        """
        found: dict[str, list[dict[str, Any]]] = {}
        for model in self.models if self.study.compare.paths and not self.splits.alone else ():
            is_glass = model.family().is_glassbox(model.params)
            if is_glass and model.family.path and model.spec.family not in {self.family_of(name) for name in found}:
                found[model.name] = [
                    model.family.Parameters(**{**model.params, **setting}).model_dump() for setting in model.family.path
                ]
        return found

    @property
    def steps(self) -> Iterator[tuple[Model, int, str]]:
        """Give each step of the paths: its model, its number from 1, and what it sets, in words."""
        for model in self.models:
            for n, _ in enumerate(self.paths.get(model.name, ())):
                yield model, n + 1, ", ".join(f"{key}={value}" for key, value in model.family.path[n].items())

    def family_of(self, name: str) -> str:
        """Name the family of a model."""
        return next(model.spec.family for model in self.models if model.name == name)

    def asked(self, model: Model) -> tuple[ExplainSpec, ...]:
        """Give the questions that a model is asked: one that can be read needs no other model to be read by."""
        is_glass = model.family().is_glassbox(model.params)
        questions = self.study.explain
        return tuple(e for e in questions if not (is_glass and explainer_registry()[e.method].black_boxes_only))

    def refitted(self, model: Model) -> tuple[str, ...]:
        """Name the methods that are asked of the models of the folds too; the baseline does not look at columns."""
        wanted = self.study.compare.refits and model.spec.family != "dummy" and not self.splits.alone
        return tuple(e.method for e in self.study.explain if wanted and explainer_registry()[e.method].has_refits)

    def noised(self, model: Model) -> tuple[str, ...]:
        """Name the methods that are asked of a model of a shuffled target too."""
        wanted = self.study.compare.noise and model.spec.family != "dummy"
        return tuple(e.method for e in self.study.explain if wanted and explainer_registry()[e.method].has_noise)


def fold_name(fold: Fold) -> str:
    """Name a fold within its study: repeat and number."""
    return f"{fold.repeat + 1}.{fold.number + 1}"
