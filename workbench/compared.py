"""The models of a plan compared: with the best of each kind, on folds and holdout, by size, and row by row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from workbench.answers import HoldoutComparison, Importance, Leaderboard, Multiplicity, PriceCurve, Recommendation
from workbench.answers.comparison import Comparison
from workbench.asked import Model
from workbench.evaluation.comparison import BLACK, comparisons, leaderboard, references
from workbench.evaluation.holdout import compare_on_holdout
from workbench.evaluation.multiplicity import good_models, multiplicity, tolerance_for
from workbench.evaluation.price import headline, price_sentence, titles_of
from workbench.evaluation.price_curve import Candidate, pareto_front, price_curve
from workbench.evaluation.recommendation import recommend
from workbench.evaluation.withholding import withholding
from workbench.explanations import Explanations
from workbench.trained import Trained

_DUMMY = "dummy"
_IMPORTANCES = "permutation_importance"  # what says of every model alike which columns it rests on


class Compared:
    """How the models of a plan compare.

    Parameters
    ----------
    trained : Trained
    explanations : Explanations
    """

    def __init__(self, trained: Trained, explanations: Explanations) -> None:
        self.trained, self.explanations = trained, explanations
        self.plan = trained.plan

    @cached_property
    def board(self) -> Leaderboard:
        """The models in order of their scores."""
        return leaderboard(self.trained.entries, metric=self.trained.metric, **self.trained.sizes)

    @cached_property
    def titles(self) -> dict[str, str]:
        """What each model is called in a sentence."""
        return titles_of(self.board)

    @cached_property
    def comparisons(self) -> tuple[Comparison, ...]:
        """Each model against the best black box, the best glass box and the dummy, on the folds."""
        trained = self.trained
        return comparisons(trained.entries, metric=trained.metric, region=trained.region, **trained.sizes)

    @cached_property
    def prices(self) -> tuple[Comparison, ...]:
        """Each glass box against the best black box."""
        glass = {e.model for e in self.trained.entries if e.glassbox}
        return tuple(c for c in self.comparisons if c.against == BLACK and c.model in glass)

    @cached_property
    def on_holdout(self) -> tuple[HoldoutComparison, ...]:
        """Each model against the best black box of the folds, and the dummy, on rows that chose neither."""
        rows = self.plan.splits.holdout
        if not len(rows):
            return ()
        chosen = references(self.trained.entries, self.trained.metric)
        pairs = [
            (entry, best, against)
            for against, best in chosen.items()
            if against in (BLACK, _DUMMY)
            for entry in self.trained.entries
            if entry.family != _DUMMY and entry.model != best.model
        ]
        return tuple(self._on_holdout(entry.model, best.model, against, rows) for entry, best, against in pairs)

    def _on_holdout(self, model: str, reference: str, against: str, rows: np.ndarray) -> HoldoutComparison:
        metric, part, blocks = self.trained.metric, self.plan.table.take(rows), self.plan.blocks
        return compare_on_holdout(
            part.y,
            self._said(model),
            self._said(reference),
            model=model,
            reference=reference,
            metric=metric,
            classes=part.classes,
            sample_weight=part.sample_weight,
            groups=None if blocks is None else blocks[rows],
            random_state=self.plan.study.split.seed,
            against=against,
        )

    def _said(self, model: str) -> np.ndarray:
        """Give what the ranking metric needs of a model, for the rows that no model has seen."""
        said = self.trained.said(self._model(model))
        return said.labels if self.trained.metric.needs == "predict" else said.predicted

    def _model(self, name: str) -> Model:
        return next(model for model in self.plan.models if model.name == name)

    @cached_property
    def recommendation(self) -> Recommendation:
        """The simplest model within one standard error of the best, with the reason."""
        trained = self.trained
        return recommend(
            trained.entries, metric=trained.metric, region=trained.region, titles=self.titles, **trained.sizes
        )

    @cached_property
    def _candidates(self) -> list[Candidate]:
        """The models whose size is known."""
        return [Candidate(e.model, e.size, e.scores) for e in self.trained.entries if e.size is not None]

    def _on_paths(self) -> Iterator[Candidate]:
        """Give the steps of the families' paths: each with the mean size of its folds' models."""
        ranking = self.trained.metric.name
        for model, number, setting in self.plan.steps:
            steps = self.trained.steps(model, number)
            sizes = [step.size for step in steps if step.size is not None]
            if len(sizes) == len(self.plan.splits.folds):
                scores = np.array([step.scores[ranking] for step in steps])
                yield Candidate(f"{model.name} {setting}", float(np.mean(sizes)), scores)

    @cached_property
    def pareto(self) -> tuple[str, ...]:
        """The models of known size that no other beats in size and score."""
        return tuple(c.name for c in pareto_front(self._candidates, self.trained.metric))

    @cached_property
    def curve(self) -> PriceCurve:
        """The best score against the size allowed."""
        return price_curve([*self._candidates, *self._on_paths()], metric=self.trained.metric, **self.trained.sizes)

    @cached_property
    def multiplicity(self) -> Multiplicity | None:
        """How often the models within the region of the best disagree; None where there are fewer than two."""
        trained, metric = self.trained, self.trained.metric
        names = good_models(trained.entries, metric, trained.region)
        if len(names) < 2:
            return None
        part = self.plan.table.take(trained.unseen)
        is_number = self.plan.table.task == "regression"
        return multiplicity(
            names,
            [trained.said(self._model(name)).labels for name in names],
            tolerance=tolerance_for(metric, trained.region, part.y) if is_number else None,
            sample_weight=part.sample_weight,
            importances=self._importances(names),
        )

    def _importances(self, names: Sequence[str]) -> np.ndarray | None:
        """Give what each model's columns are worth to it; None where one was not asked, or can't tell."""
        columns = self.plan.table.features
        found = []
        for name in names:
            answer = self.explanations.public(self._model(name)).get(_IMPORTANCES)
            if not isinstance(answer, Importance) or not set(columns) <= set(answer.feature_names):
                return None
            found.append([answer.importances_mean[answer.feature_names.index(column)] for column in columns])
        whole = np.array(found)
        return whole if np.isfinite(whole).all() else None

    def results(self) -> dict[str, Any]:
        """Give the comparisons as plain data, under the keys of ``results.json``."""
        metric, region = self.trained.metric, self.trained.region
        found: dict[str, Any] = {
            "leaderboard": self.board.to_dict(),
            "comparisons": [c.to_dict() for c in self.comparisons],
            "price": [
                {"model": c.model, "sentence": price_sentence(c, self.titles, metric, region)} for c in self.prices
            ],
            "headline": headline(self.board, self.prices, metric, region),
            "recommendation": self.recommendation.to_dict(),
            "pareto": list(self.pareto),
            "price_curve": self.curve.to_dict(),
            "multiplicity": None if self.multiplicity is None else withholding(self.multiplicity).to_dict(),
        }
        if len(self.plan.splits.holdout):
            found["holdout_comparisons"] = [c.to_dict() for c in self.on_holdout]
        return found
