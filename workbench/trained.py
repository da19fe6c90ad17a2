"""The models of a plan as they were trained: what their fits and folds left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from workbench.asked import Model, fold_name
from workbench.evaluation.comparison import Entry
from workbench.facts import number
from workbench.failures import Failures
from workbench.metrics import Metric
from workbench.plan import Plan
from workbench.store import Outcome
from workbench.work.fit import score_fold
from workbench.work.fitted import Fitted
from workbench.work.path import Step
from workbench.work.said import Said
from workbench.work.tune import Tuned


@dataclass(frozen=True, eq=False)
class FoldScores:
    """What a fold left, without its estimator."""

    scores: dict[str, float]
    said: Said | None
    params: dict[str, Any]
    tuned: Tuned | None


class Trained:
    """What the fits and folds of a plan's models left.

    Parameters
    ----------
    plan : Plan
    outcomes : mapping of str to Outcome
        Of the plan's units, by name.
    failures : Failures
    """

    def __init__(self, plan: Plan, outcomes: Mapping[str, Outcome], failures: Failures) -> None:
        self.plan, self.outcomes, self.failures = plan, outcomes, failures

    @property
    def metric(self) -> Metric:
        """The one that ranks."""
        return self.plan.metrics[0]

    @cached_property
    def scored(self) -> list[Model]:
        """The models that were fitted and scored."""
        return [model for model in self.plan.models if self.is_scored(model)]

    def is_scored(self, model: Model) -> bool:
        """Tell whether a model was fitted and scored."""
        return self.failures.why_absent(model) is None

    def fitted(self, model: Model) -> Fitted:
        """Give the model of all development rows."""
        value: Fitted = self.outcomes[f"{model.name}: fit"].value
        return value

    def params(self, model: Model) -> dict[str, Any]:
        """Give a model's parameters: those that a search has chosen, where there was one."""
        return self.fitted(model).params if self.is_scored(model) else model.params

    def tuning(self, model: Model) -> dict[str, Any] | None:
        """Say what the search for a model's parameters tried and chose, for the model itself and in each fold."""
        asked = self.plan.tuning(model)
        if asked is None or not self.is_scored(model) or (tuned := self.fitted(model).tuned) is None:
            return None
        return {
            "budget": asked["budget"],
            "seconds": asked["seconds"],
            "chosen": {name: tuned.params[name] for name in asked["space"]},
            "trials": [{"changes": t.changes, "score": number(t.score), "error": t.error} for t in tuned.trials],
            "folds": [{name: fold.params[name] for name in asked["space"]} for fold in self._own_folds(model)],
            "stopped": tuned.stopped,
        }

    def tuning_seconds(self, model: Model) -> float:
        """Give what the searches for a model's parameters took, its folds' among them."""
        tuned = [self.fitted(model).tuned, *(fold.tuned for fold in self._own_folds(model))]
        return sum(each.seconds for each in tuned if each is not None)

    def _own_folds(self, model: Model) -> list[FoldScores]:
        return [self._folds[f"{model.name}: fold {fold_name(fold)}"] for fold in self.plan.splits.folds]

    def folds(self, model: Model, kind: str = "fold") -> list[dict[str, float]]:
        """Give the scores of the folds of a kind: "fold", "other fold", "careless fold"."""
        start = f"{model.name}: {kind} "
        return [fold.scores for name, fold in self._folds.items() if name.startswith(start)]

    def steps(self, model: Model, number: int) -> list[Step]:
        """Give what the folds at a step of a family's path left, as far as they could be fitted."""
        names = [f"{model.name}: path {number} fold {fold_name(fold)}" for fold in self.plan.splits.folds]
        return [self.outcomes[name].value for name in names if self.outcomes[name].ok]

    @cached_property
    def _folds(self) -> dict[str, FoldScores]:
        """What all folds left; `Outcome.value` would hold on to the estimators beside it."""
        found = {}
        for name, outcome in self.outcomes.items():
            if outcome.ok and outcome.unit.function is score_fold:
                fold = outcome.store.get(outcome.unit.key)
                found[name] = FoldScores(fold.scores, fold.said, fold.params, fold.tuned)
        for model in self.scored if self.plan.splits.alone else ():
            for fold, part in zip(self.plan.splits.folds, self.fitted(model).parts, strict=True):
                found[f"{model.name}: fold {fold_name(fold)}"] = FoldScores(part.scores, part.said, part.params, None)
        return found

    @cached_property
    def sizes(self) -> dict[str, Any]:
        """The rows that each fold trains on and tests."""
        return self.plan.splits.sizes

    @cached_property
    def entries(self) -> list[Entry]:
        """What a leaderboard needs to know of each model that was scored."""
        return [self._entry(model) for model in self.scored]

    def _entry(self, model: Model) -> Entry:
        fitted, ranking = self.fitted(model), self.metric.name
        return Entry(
            model=model.name,
            family=model.spec.family,
            title=model.title,
            glassbox=model.family().is_glassbox(model.params),
            scores=np.array([fold[ranking] for fold in self.folds(model)]),
            size=fitted.form.size if fitted.form else None,
            stored_numbers=fitted.form.stored_numbers if fitted.form else None,
            holdout=number(fitted.holdout.get(ranking)),
        )

    @cached_property
    def region(self) -> float:
        """The smallest difference that matters, in the ranking metric's unit."""
        asked = self.plan.study.compare.region
        if asked != "auto":
            return float(asked)
        dummy = next((e.mean for e in self.entries if e.family == "dummy" and not np.isnan(e.mean)), 0.0)
        return self.metric.region_for(dummy)

    @cached_property
    def unseen(self) -> np.ndarray:
        """Positions of rows that no model has seen: the holdout, or else the test rows of the first repeat."""
        splits = self.plan.splits
        if len(splits.holdout):
            return splits.holdout
        return np.concatenate([fold.test for fold in splits.folds if fold.repeat == 0])

    def said(self, model: Model) -> Said:
        """Give what a model, or those of its folds, said of the rows `unseen`."""
        if (said := self.fitted(model).said) is not None:
            return said
        folds = zip(self.plan.splits.folds, self._own_folds(model), strict=True)
        return Said.joined([left.said for fold, left in folds if fold.repeat == 0 and left.said is not None])
