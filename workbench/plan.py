"""What a study asks of a table, as units of work."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
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
from workbench.metrics import Metric, default_metrics, metric
from workbench.splits import Fold, Splits, careless_folds, make_splits, other_folds
from workbench.store import Ref, Unit, source_hash
from workbench.study import ExplainSpec, ModelSpec, Study, StudyError
from workbench.table import Table
from workbench.work.complexity import measure_complexity
from workbench.work.diagnose import diagnose_model
from workbench.work.drift import compare_rows
from workbench.work.explain import explain_model
from workbench.work.fit import fit_model, score_fold
from workbench.work.noise import explain_noise, fit_noise
from workbench.work.refit import explain_refit

_REFIT_SHUFFLES = 3  # of each column: refits differ by more than their shuffles do
_MOST_CARELESS = 3  # models that are scored on careless folds too
_FEWEST_DRIFT = 20  # rows on each side
_UNUSED: dict[str, Any] = {"pairs": ()}  # what neither a band nor a noise floor is made of


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
    def blocks(self) -> np.ndarray | None:
        """Number the rows that the splits keep together; None where each row stands alone."""
        together = self.splits.duplicates.choice == "together"
        return join_blocks(self.table.groups, identical_rows(self.table) if together else None)

    @cached_property
    def units(self) -> list[Unit]:
        """All units: fits and folds of each model, then explanations and diagnostics, refits, noise, other folds."""
        fits = {model.name: self._fit(model) for model in self.models}
        folds = {
            m.name: [self._fold(m, f, f"fold {fold_name(f)}", keep=True) for f in self.splits.folds]
            for m in self.models
        }
        units = [*fits.values(), *(unit for own in folds.values() for unit in own)]
        for model in self.models:
            units += [self._explanation(model, asked, fits[model.name]) for asked in self.asked(model)]
        for model in self.diagnosed:
            units += [self._complexity(model, fits[model.name]), self._diagnosis(model, fits, folds)]
        for model in self.models:
            units += [*self._refits(model, folds[model.name])]
        for model in self.models:
            units += [*self._noise(model)]
        units += [self._fold(m, f, f"other fold {f.number + 1}", keep=False) for m in self.models for f in self.other]
        units += [
            self._fold(m, f, f"careless fold {f.number + 1}", keep=False)
            for m in self.careless_models
            for f in self.careless
        ]
        return [*units, *self._drift()]

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

    def asked(self, model: Model) -> tuple[ExplainSpec, ...]:
        """Give the questions that a model is asked: one that can be read needs no other model to be read by."""
        is_glass = model.family().is_glassbox(model.params)
        questions = self.study.explain
        return tuple(e for e in questions if not (is_glass and explainer_registry()[e.method].black_boxes_only))

    def refitted(self, model: Model) -> tuple[str, ...]:
        """Name the methods that are asked of the models of the folds too; the baseline does not look at columns."""
        wanted = self.study.compare.refits and model.spec.family != "dummy"
        return tuple(e.method for e in self.study.explain if wanted and explainer_registry()[e.method].has_refits)

    def noised(self, model: Model) -> tuple[str, ...]:
        """Name the methods that are asked of a model of a shuffled target too."""
        wanted = self.study.compare.noise and model.spec.family != "dummy"
        return tuple(e.method for e in self.study.explain if wanted and explainer_registry()[e.method].has_noise)

    def _identity(self, model: Model, **more: Any) -> dict[str, Any]:
        return {
            "family": model.spec.family,
            "params": model.params,
            "versions": {**self.versions, **environment("", model.libraries)["versions"]},
            "source": source_hash("workbench.work.fit", model.family.__module__),
            **more,
        }

    def _how(self, model: Model) -> dict[str, Any]:
        return {"family": model.spec.family, "params": model.params}

    @property
    def _scored(self) -> dict[str, Any]:
        return {"metrics": tuple(m.name for m in self.metrics)}

    @cached_property
    def _rows(self) -> dict[str, str]:
        return {"development": _digest(self.splits.development), "holdout": _digest(self.splits.holdout)}

    def _unit(
        self, model: Model, name: str, function: Any, arguments: dict[str, Any], identity: dict[str, Any]
    ) -> Unit:
        return Unit(
            name=f"{model.name}: {name}",
            function=function,
            arguments={"table": Ref(self.table_key), **arguments},
            identity=identity,
            limit=self.study.run.time_limit,
            about=model.name,
        )

    def _fit(self, model: Model) -> Unit:
        given = {"rows": self.splits.development, "holdout": self.splits.holdout, "name": model.name}
        identity = self._identity(model, **self._rows, **self._scored, name=model.name)
        return self._unit(model, "fit", fit_model, {**given, **self._how(model), **self._scored}, identity)

    def _fold(self, model: Model, fold: Fold, name: str, *, keep: bool) -> Unit:
        kept = len(self.splits.folds) * keep
        arguments = {"train": fold.train, "test": fold.test, **self._how(model), **self._scored, "keep": kept}
        identity = self._identity(model, train=_digest(fold.train), test=_digest(fold.test), **self._scored, keep=kept)
        return self._unit(model, name, score_fold, arguments, identity)

    def _question(self, asked: ExplainSpec, work: str, **changes: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Give what a question adds to the arguments, and to the identity, of a unit."""
        method = explainer_registry()[asked.method]
        options = {**asked.options, **{k: v for k, v in changes.items() if k in method.Options.model_fields}}
        if "metric" in method.Options.model_fields:
            options.setdefault("metric", self.metrics[0].name)
        arguments = {"method": asked.method, "options": options, "seed": self.study.split.seed}
        return arguments, {**arguments, "source": source_hash(work, method.__module__)}

    def _explanation(self, model: Model, asked: ExplainSpec, fit: Unit) -> Unit:
        arguments, identity = self._question(asked, explain_model.__module__)
        rows = {"development": self.splits.development, "holdout": self.splits.holdout}
        return self._unit(model, asked.method, explain_model, {"fitted": fit.ref, **rows, **arguments}, identity)

    def _complexity(self, model: Model, fit: Unit) -> Unit:
        seed, rows = self.study.split.seed, self.splits.development
        identity = {
            "rows": self._rows["development"],
            "seed": seed,
            "source": source_hash(measure_complexity.__module__),
        }
        given = {"fitted": fit.ref, "development": rows, "seed": seed}
        return self._unit(model, "complexity", measure_complexity, given, identity)

    def _diagnosis(self, model: Model, fits: dict[str, Unit], folds: dict[str, list[Unit]]) -> Unit:
        baseline = next(m.name for m in self.models if m.spec.family == "dummy")
        how = {"metric": self.metrics[0].name, "seed": self.study.split.seed}
        given = {
            "fitted": fits[model.name].ref,
            "refits": [unit.ref for unit in folds[model.name]],
            "baseline": fits[baseline].ref,
            "baseline_refits": [unit.ref for unit in folds[baseline]],
            "folds": self.splits.folds,
            "holdout": self.splits.holdout,
            "blocks": self.blocks,
        }
        identity = {
            "splits": self.splits.hash,
            "duplicates": self.splits.duplicates.choice,
            "source": source_hash(diagnose_model.__module__),
        }
        return self._unit(model, "diagnostics", diagnose_model, {**given, **how}, {**identity, **how})

    def _drift(self) -> Iterator[Unit]:
        """Compare the holdout with the rows that models are made of."""
        rows = {"development": self.splits.development, "holdout": self.splits.holdout}
        if not self.study.compare.diagnose or min(map(len, rows.values())) < _FEWEST_DRIFT:
            return
        seed = self.study.split.seed
        yield Unit(
            name="drift",
            function=compare_rows,
            arguments={"table": Ref(self.table_key), **rows, "seed": seed},
            identity={**self._rows, "seed": seed, "source": source_hash(compare_rows.__module__)},
            limit=self.study.run.time_limit,
        )

    def _refits(self, model: Model, folds: list[Unit]) -> Iterator[Unit]:
        """Ask the model of each fold; where there is no holdout, what needs scores takes the fold's test rows."""
        for asked in self.study.explain:
            if asked.method not in self.refitted(model):
                continue
            options = explainer_registry()[asked.method].read_options(dict(asked.options))
            repeats = min(getattr(options, "n_repeats", 1), _REFIT_SHUFFLES)
            arguments, identity = self._question(asked, explain_refit.__module__, n_repeats=repeats, **_UNUSED)
            for fold, unit in zip(self.splits.folds, folds, strict=True):
                rows = {
                    "train": fold.train,
                    "development": self.splits.development,
                    "unseen": self.splits.holdout if len(self.splits.holdout) else fold.test,
                }
                yield self._unit(
                    model,
                    f"{asked.method} refit {fold_name(fold)}",
                    explain_refit,
                    {"refit": unit.ref, **rows, **self._how(model), **arguments},
                    {**identity, **self._rows},
                )

    def _noise(self, model: Model) -> Iterator[Unit]:
        """Fit on a shuffled target, and ask that model."""
        if not self.noised(model):
            return
        seed, rows = self.study.split.seed, self.splits.development
        identity = self._identity(model, **self._rows, seed=seed) | {
            "source": source_hash(fit_noise.__module__, model.family.__module__)
        }
        yield (
            fit := self._unit(model, "noise fit", fit_noise, {"rows": rows, **self._how(model), "seed": seed}, identity)
        )
        given = {"estimator": fit.ref, "development": rows, "holdout": self.splits.holdout}
        for asked in self.study.explain:
            if asked.method in self.noised(model):
                arguments, identity = self._question(asked, explain_noise.__module__, **_UNUSED)
                yield self._unit(model, f"{asked.method} noise", explain_noise, {**given, **arguments}, identity)


def fold_name(fold: Fold) -> str:
    """Name a fold within its study: repeat and number."""
    return f"{fold.repeat + 1}.{fold.number + 1}"


def _digest(rows: np.ndarray) -> str:
    return hashlib.sha256(np.asarray(rows, dtype="<i8").tobytes()).hexdigest()
