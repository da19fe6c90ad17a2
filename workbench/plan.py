"""What a study asks of a table, as units of work."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from workbench.disclosure import FEW, small
from workbench.explainers import registry as explainer_registry
from workbench.facts import DISTRIBUTIONS, environment
from workbench.families import find_family
from workbench.families import registry as family_registry
from workbench.families.engine import accelerator
from workbench.metrics import Metric, default_metrics, metric
from workbench.splits import Splits, make_splits, other_folds
from workbench.store import Ref, Unit, source_hash
from workbench.study import ModelSpec, Study, StudyError
from workbench.table import Table
from workbench.work.explain import explain_model
from workbench.work.fit import fit_model, score_fold


@dataclass(frozen=True, eq=False)
class Model:
    """A model of the study with all its parameters."""

    spec: ModelSpec
    params: dict[str, Any]

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
        """What sentences call it: the family's title, or the name that the study gives."""
        return str(self.family.title) if self.name == self.spec.family else self.name


class Plan:
    """What a study asks of a table, as units of work.

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
        if problems := [*self._wrong_questions(), *self._without_offset(), *self._without_weights()]:
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

    def _split(self, holdout: float) -> Splits:
        asked = self.study.split
        return make_splits(
            self.table,
            holdout=holdout,
            folds=asked.folds,
            repeats=asked.repeats,
            seed=asked.seed,
            duplicates=asked.duplicates,
        )

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
        return Model(spec, family.Parameters(**given).model_dump())

    @cached_property
    def units(self) -> list[Unit]:
        """All units: each model's fit and folds, then its explanations, then the folds of the other choice."""
        fits = [self._fit(model) for model in self.models]
        folds = [
            self._fold(m, f, f"fold {f.repeat + 1}.{f.number + 1}") for m in self.models for f in self.splits.folds
        ]
        others = [self._fold(m, f, f"other fold {f.number + 1}") for m in self.models for f in self.other]
        explained = [unit for m, fit in zip(self.models, fits, strict=True) for unit in self._explanations(m, fit)]
        return [*fits, *folds, *explained, *others]

    def _identity(self, model: Model, **more: Any) -> dict[str, Any]:
        return {
            "family": model.spec.family,
            "params": model.params,
            "metrics": [m.name for m in self.metrics],
            "versions": {**self.versions, **environment("", model.libraries)["versions"]},
            "source": source_hash("workbench.work.fit", model.family.__module__),
            **more,
        }

    def _fit(self, model: Model) -> Unit:
        rows, holdout = self.splits.development, self.splits.holdout
        return Unit(
            name=f"{model.name}: fit",
            function=fit_model,
            arguments={
                "table": Ref(self.table_key),
                "rows": rows,
                "holdout": holdout,
                "name": model.name,
                **self._how(model),
            },
            identity=self._identity(model, rows=_digest(rows), holdout=_digest(holdout), name=model.name),
            limit=self.study.run.time_limit,
            about=model.name,
        )

    def _fold(self, model: Model, fold: Any, name: str) -> Unit:
        return Unit(
            name=f"{model.name}: {name}",
            function=score_fold,
            arguments={"table": Ref(self.table_key), "train": fold.train, "test": fold.test, **self._how(model)},
            identity=self._identity(model, train=_digest(fold.train), test=_digest(fold.test)),
            limit=self.study.run.time_limit,
            about=model.name,
        )

    def _how(self, model: Model) -> dict[str, Any]:
        return {"family": model.spec.family, "params": model.params, "metrics": tuple(m.name for m in self.metrics)}

    def _explanations(self, model: Model, fit: Unit) -> list[Unit]:
        units = []
        for asked in self.study.explain:
            method = explainer_registry()[asked.method]
            options = dict(asked.options)
            if "metric" in method.Options.model_fields:
                options.setdefault("metric", self.metrics[0].name)
            arguments = {"method": asked.method, "options": options, "seed": self.study.split.seed}
            units.append(
                Unit(
                    name=f"{model.name}: {asked.method}",
                    function=explain_model,
                    arguments={
                        "table": Ref(self.table_key),
                        "fitted": fit.ref,
                        "development": self.splits.development,
                        "holdout": self.splits.holdout,
                        **arguments,
                    },
                    identity={**arguments, "source": source_hash("workbench.work.explain", method.__module__)},
                    limit=self.study.run.time_limit,
                    about=model.name,
                )
            )
        return units


def _digest(rows: np.ndarray) -> str:
    return hashlib.sha256(np.asarray(rows, dtype="<i8").tobytes()).hexdigest()
