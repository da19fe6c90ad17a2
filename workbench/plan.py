"""What a study asks of a table, as units of work."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from workbench.asked import Asked, Model, fold_name
from workbench.distributed import PartedTable
from workbench.evaluation.drift import FEWEST_BLOCKS
from workbench.explainers import registry as explainer_registry
from workbench.facts import environment
from workbench.folds import Fold
from workbench.out_of_fold import N_FOLDS
from workbench.scoring.parts import find_parts
from workbench.store import Ref, Unit, source_hash
from workbench.study import ExplainSpec, StudyError
from workbench.work.complexity import measure_complexity
from workbench.work.diagnose import diagnose_model
from workbench.work.drift import compare_rows
from workbench.work.explain import explain_model
from workbench.work.fit import fit_model, score_fold
from workbench.work.noise import explain_noise, fit_noise
from workbench.work.path import score_step
from workbench.work.refit import explain_refits
from workbench.work.tune import INNER_FOLDS

_REFIT_SHUFFLES = 3  # of each column: refits differ by more than their shuffles do
_FEWEST_DRIFT = 20  # rows on each side
_UNUSED: dict[str, Any] = {"pairs": ()}  # what neither a band nor a noise floor is made of


class Plan(Asked):
    """What a study asks of a table, as units of work; parameters and errors are those of `Asked`."""

    @cached_property
    def units(self) -> list[Unit]:
        """All units: fits and folds of each model, then explanations and diagnostics, refits, noise, other folds."""
        fits = {model.name: self._fit(model) for model in self.models}
        laid = () if self.splits.alone else self.splits.folds
        folds = {m.name: [self._fold(m, f, f"fold {fold_name(f)}", keep=True) for f in laid] for m in self.models}
        units = [*fits.values(), *(unit for own in folds.values() for unit in own)]
        for model in self.models:
            units += [self._explanation(model, asked, fits[model.name]) for asked in self.asked(model)]
        for model in self.diagnosed:
            units += [self._complexity(model, fits[model.name]), self._diagnosis(model, fits, folds)]
        for model in self.models:
            units += [*self._refits(model, folds[model.name])]
        for model in self.models:
            units += [*self._noise(model, fits[model.name])]
        units += [self._fold(m, f, f"other fold {f.number + 1}", keep=False) for m in self.models for f in self.other]
        units += [
            self._fold(m, f, f"careless fold {f.number + 1}", keep=False)
            for m in self.careless_models
            for f in self.careless
        ]
        units += [unit for model in self.models if model.name in self.paths for unit in self._path(model)]
        return [*units, *self._drift()]

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

    @cached_property
    def _parted(self) -> PartedTable:
        """The parts of the table, for workers that train on them; found out when a model asks for it."""
        parts = tuple(find_parts(str(self.study.data.source)))
        if (rows := sum(part.n_rows or 0 for part in parts)) != self.table.n_rows:
            raise StudyError([f"study: data.source has {rows:,} rows now, and had {self.table.n_rows:,}; run again"])
        return PartedTable(str(self.study.run.address), parts)

    def _trained_by(self, model: Model) -> tuple[dict[str, Any], dict[str, Any]]:
        """Give what fits of a model that is trained distributed take in, and what their identity holds of it."""
        if not model.distributed:
            return {}, {}
        sizes = [part.n_rows for part in self._parted.parts]
        return {"parted": self._parted}, {"parts": sizes, "training": source_hash("workbench.distributed")}

    @property
    def _scored(self) -> dict[str, Any]:
        return {"metrics": tuple(m.name for m in self.metrics)}

    @property
    def _told(self) -> dict[str, Any]:
        """What answers say of how their rows were drawn; nothing where they are all rows."""
        return {} if self.drawn is None else {"drawn": self.drawn}

    @cached_property
    def _seen(self) -> dict[str, str]:
        return {side: _digest(rows) for side, rows in self.seen.items()}

    @cached_property
    def _rows(self) -> dict[str, str]:
        return {"development": _digest(self.splits.development), "holdout": _digest(self.splits.holdout)}

    def _unit(
        self,
        model: Model,
        name: str,
        function: Any,
        arguments: dict[str, Any],
        identity: dict[str, Any],
        *,
        times: int = 1,
        here: bool = False,
    ) -> Unit:
        return Unit(
            name=f"{model.name}: {name}",
            function=function,
            arguments={"table": Ref(self.table_key), **arguments},
            identity=identity,
            limit=self.study.run.time_limit * times,
            about=model.name,
            here=here,
        )

    def _fit(self, model: Model) -> Unit:
        given = {"rows": self.splits.development, "holdout": self.splits.holdout, "name": model.name}
        more = {**self._scored, **self._tuning(model)}
        parted, parts = self._trained_by(model)
        identity = self._identity(model, **self._rows, **more, **parts, name=model.name)
        arguments = {**given, **self._how(model), **more, **parted}
        if self.splits.alone:
            arguments["parts"] = [fold.test for fold in self.splits.folds]
            identity["splits"] = self.splits.hash
        return self._unit(model, "fit", fit_model, arguments, identity, times=self._fits(model), here=model.distributed)

    def _tuning(self, model: Model) -> dict[str, Any]:
        """Give what a fit must know to choose parameters; nothing where it is to take them as they are."""
        tuning = self.tuning(model)
        return {} if tuning is None else {"tuning": tuning}

    def _fits(self, model: Model) -> int:
        """Give the most fits that one of a model takes: with the search for its parameters, and recalibrated."""
        return _fits(model.params) * (
            1 if self.tuning(model) is None else 1 + INNER_FOLDS * (1 + self.study.tune.budget)
        )

    def _fold(self, model: Model, fold: Fold, name: str, *, keep: bool) -> Unit:
        rows = {"train": fold.train, "test": fold.test}
        more = {**self._scored, **self._tuning(model), "keep": len(self.splits.folds) * keep}
        parted, parts = self._trained_by(model)
        identity = self._identity(model, **{side: _digest(at) for side, at in rows.items()}, **more, **parts)
        arguments = {**rows, **self._how(model), **more, **parted}
        times, here = self._fits(model), model.distributed
        return self._unit(model, name, score_fold, arguments, identity, times=times, here=here)

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
        given = {"fitted": fit.ref, **self.seen, **arguments, **self._told}
        return self._unit(model, asked.method, explain_model, given, {**identity, **self._seen, **self._told})

    def _complexity(self, model: Model, fit: Unit) -> Unit:
        told = {"seed": self.study.split.seed, **self._told}
        source = source_hash(measure_complexity.__module__)
        identity = {"rows": self._seen["development"], "source": source, **told}
        given = {"fitted": fit.ref, "development": self.seen["development"], **told}
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
            "alone": self.splits.alone,
            "kept": None if self.drawn is None else np.sort(np.concatenate(list(self.seen.values()))),
            **self._told,
        }
        identity = {
            "splits": self.splits.hash,
            **self._seen,
            "duplicates": self.splits.duplicates.choice,
            "source": source_hash(diagnose_model.__module__),
        }
        return self._unit(model, "diagnostics", diagnose_model, {**given, **how}, {**identity, **how})

    def _drift(self) -> Iterator[Unit]:
        """Compare the holdout with the rows that models are made of."""
        if not self.study.compare.diagnose or min(map(len, self.seen.values())) < _FEWEST_DRIFT:
            return
        blocks = self.blocks
        if blocks is not None and min(len(np.unique(blocks[rows])) for rows in self.seen.values()) < FEWEST_BLOCKS:
            return
        how = {"seed": self.study.split.seed, **self._told}
        asked = {**self._seen, **how, "duplicates": self.splits.duplicates.choice}
        yield Unit(
            name="drift",
            function=compare_rows,
            arguments={"table": Ref(self.table_key), **self.seen, "blocks": blocks, **how},
            identity={**asked, "source": source_hash(compare_rows.__module__)},
            limit=self.study.run.time_limit,
        )

    def _refits(self, model: Model, folds: list[Unit]) -> Iterator[Unit]:
        """Ask the models of all folds."""
        for asked in self.study.explain:
            if asked.method not in self.refitted(model):
                continue
            options = explainer_registry()[asked.method].read_options(dict(asked.options))
            repeats = min(getattr(options, "n_repeats", 1), _REFIT_SHUFFLES)
            arguments, identity = self._question(asked, explain_refits.__module__, n_repeats=repeats, **_UNUSED)
            given = {
                "refits": [unit.ref for unit in folds],
                "folds": self.splits.folds,
                **self.seen,
                "family": model.spec.family,
                **self._trained_by(model)[0],
            }
            identity |= {**self._seen, "splits": self.splits.hash}
            name, times = f"{asked.method} refits", len(folds) * _fits(model.params)
            here = model.distributed  # a fold's model that was too large to keep is trained again
            yield self._unit(model, name, explain_refits, {**given, **arguments}, identity, times=times, here=here)

    def _path(self, model: Model) -> Iterator[Unit]:
        """Fit a family in several sizes on the folds."""
        for n, params in enumerate(self.paths[model.name]):
            for fold in self.splits.folds:
                rows = {"train": fold.train, "test": fold.test}
                identity = self._identity(model, **{k: _digest(v) for k, v in rows.items()}, **self._scored)
                identity |= {"params": params, "source": source_hash(score_step.__module__, model.family.__module__)}
                given = {**rows, "family": model.spec.family, "params": params, **self._scored}
                name = f"path {n + 1} fold {fold_name(fold)}"
                yield self._unit(model, name, score_step, given, identity, times=_fits(params))

    def _noise(self, model: Model, own: Unit) -> Iterator[Unit]:
        """Fit on a shuffled target, and ask that model."""
        if not self.noised(model):
            return
        seed, rows = self.study.split.seed, self.seen["development"]
        identity = self._identity(model, **self._seen, seed=seed) | {
            "source": source_hash(fit_noise.__module__, model.family.__module__)
        }
        given = {"rows": rows, **self._how(model), "seed": seed}
        if self.tuning(model) is not None:
            given["tuned"] = own.ref
        times = _fits(model.params)
        yield (fit := self._unit(model, "noise fit", fit_noise, given, identity, times=times))
        given = {"estimator": fit.ref, "development": rows, "holdout": self.seen["holdout"]}
        for asked in self.study.explain:
            if asked.method in self.noised(model):
                arguments, identity = self._question(asked, explain_noise.__module__, **_UNUSED)
                yield self._unit(model, f"{asked.method} noise", explain_noise, {**given, **arguments}, identity)


def _fits(params: Mapping[str, Any]) -> int:
    """Give how many models are fitted for one with these parameters: a recalibration takes one more for each fold."""
    return 1 + N_FOLDS if params.get("calibrate") else 1


def _digest(rows: np.ndarray) -> str:
    return hashlib.sha256(np.asarray(rows, dtype="<i8").tobytes()).hexdigest()
