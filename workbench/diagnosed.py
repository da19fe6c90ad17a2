"""What the diagnostics of a plan's models found: told with each model, and as findings where a reader needs them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from workbench.answers import Complexity, Drift, Finding, Leakage, WeakRegions
from workbench.asked import Model
from workbench.disclosure import without_few
from workbench.evaluation.calibration import calibration_finding
from workbench.evaluation.conformal import conformal_finding
from workbench.evaluation.drift import drift_finding
from workbench.evaluation.fairness import fairness_finding
from workbench.evaluation.leakage import leakage, leakage_finding
from workbench.evaluation.overfit import overfit_finding
from workbench.evaluation.recalibration import recalibration_finding
from workbench.evaluation.residuals import residuals_findings
from workbench.evaluation.robustness import robustness_finding
from workbench.evaluation.weak_regions import weak_regions_finding
from workbench.evaluation.withholding import withholding
from workbench.store import Outcome
from workbench.trained import Trained
from workbench.work.diagnose import Diagnostic

_FEW_ALIKE = 2  # models that share a finding and have it told of each
_MOST, _MOST_LOW = 3, 1  # findings of one model's diagnostics: the gravest
_SEEN = "rows that its folds' models have not seen"
_HELD = "rows of the holdout"
_REPEATS_CALIBRATION = "Residuals still follow the prediction"
_SEVERITIES = ("high", "medium", "low")


class Diagnosed:
    """What the diagnostics of a plan's models found.

    Parameters
    ----------
    trained : Trained
    outcomes : mapping of str to Outcome
        Of the plan's units, by name.
    titles : mapping of str to str
        What each model is called in a sentence, by its name.
    """

    def __init__(self, trained: Trained, outcomes: Mapping[str, Outcome], titles: Mapping[str, str]) -> None:
        self.trained, self.outcomes, self.titles = trained, outcomes, titles
        self.plan = trained.plan

    def _value(self, name: str) -> Any:
        outcome = self.outcomes.get(name)
        return None if outcome is None else outcome.value

    def _diagnostics(self, model: Model) -> tuple[Diagnostic, ...]:
        return self._value(f"{model.name}: diagnostics") or ()

    def told(self, model: Model) -> list[dict[str, Any]]:
        """Give the diagnostics of a model as plain data: each with its answer, or the reason why there is none."""
        n_rows = len(self.plan.splits.development)
        return [
            {"name": d.name, "reason": d.reason}
            if d.answer is None
            else {"name": d.name, "answer": without_few(withholding(d.answer).to_dict(), n_rows)}
            for d in self._diagnostics(model)
        ]

    def complexity(self, model: Model) -> Complexity | None:
        """Give the complexity of a model; None where it was not measured."""
        found: Complexity | None = self._value(f"{model.name}: complexity")
        return None if found is None else withholding(found)

    @cached_property
    def drift(self) -> Drift | None:
        """Whether the holdout is like the rows that models are made of; None where it was not asked."""
        found: Drift | None = self._value("drift")
        return None if found is None else withholding(found)

    @cached_property
    def leakage(self) -> Leakage | None:
        """What folds drawn at random would have claimed; None where groups and times part no rows."""
        careless, trained = self.plan.careless, self.trained
        models = [model for model in self.plan.careless_models if trained.is_scored(model)]
        scores = {model.name: trained.folds(model, "careless fold") for model in models}
        rash = {name: [s[trained.metric.name] for s in folds] for name, folds in scores.items()}
        rash = {name: found for name, found in rash.items() if len(found) == len(careless)}
        if not careless or not rash:
            return None
        guarded = {e.model: e.scores for e in trained.entries if e.model in rash}
        return leakage(
            guarded,
            rash,
            by="time" if self.plan.table.time is not None else "group",
            metric=trained.metric,
            region=trained.region,
            **trained.sizes,
            n_train_careless=np.array([len(f.train) for f in careless]),
            n_test_careless=np.array([len(f.test) for f in careless]),
        )

    def findings(self) -> Iterator[Finding]:
        """Give the gravest findings about each model, and those about the rows; what most models share is told once."""
        scored = {model.name: model for model in self.trained.scored}
        found = [
            (title, finding)
            for name, title in self.titles.items()
            for finding in sorted(self._about(scored[name]), key=lambda f: _SEVERITIES.index(f.severity))
        ]
        yield from _few_each(_told_once(found, len(self.plan.diagnosed)))
        if self.drift is not None and (finding := drift_finding(self.drift)) is not None:
            yield finding
        if self.leakage is not None:
            finding = leakage_finding(self.leakage, titles=self.titles, metric=self.trained.metric)
            if finding is not None:
                yield finding

    def _about(self, model: Model) -> Iterator[Finding]:
        answers: dict[str, Any] = {d.name: d.answer for d in self._diagnostics(model) if d.answer is not None}
        fault = self._judge("calibration", answers["calibration"], model) if "calibration" in answers else ()
        for name, answer in answers.items():
            for finding in self._judge(name, answer, model):
                # a map is what can be done about a fault of calibration; residuals by the prediction alone repeat it
                is_remedy = name == "recalibration" and not answer.applied
                if finding.title != _REPEATS_CALIBRATION if fault else not is_remedy:
                    yield finding

    def _judge(self, name: str, answer: Any, model: Model) -> tuple[Finding, ...]:
        """Make findings of one diagnostic."""
        about: dict[str, Any] = {"about": model.name}
        seen = _HELD if self.plan.splits.alone else _SEEN
        unit: dict[str, Any] = {"unit": self.plan.table.target.unit}
        scale: dict[str, Any] = {"metric": self.trained.metric, "region": self.trained.region}
        calibrated = self.trained.params(model).get("calibrate") or ""
        ways: dict[str, Callable[[], Any]] = {
            "calibration": lambda: calibration_finding(answer, **about, **unit, seen=seen, calibrated=calibrated),
            "recalibration": lambda: recalibration_finding(answer, **about),
            "residuals": lambda: residuals_findings(answer, **about, **unit),
            "weak_regions": lambda: weak_regions_finding(
                answer, **about, matters=self._matters(answer), reference="the baseline"
            ),
            "conformal": lambda: conformal_finding(answer, **about),
            "robustness": lambda: robustness_finding(answer, **about, **scale),
            "overfit": lambda: overfit_finding(answer, **about, **scale),
            "fairness": lambda: fairness_finding(answer, **about, **unit),
        }
        found = ways[name]()
        found = found if isinstance(found, tuple) else () if found is None else (found,)
        return tuple(finding.but(topic=name) for finding in found)

    def _matters(self, answer: WeakRegions) -> float:
        """Give the smallest difference of a mean loss that matters, of the region of the metric that ranks.

        R² is one less the mean squared error in units of the target's variance; of the root of a mean squared error it
        is what the region adds to it; metrics that are means of losses themselves take the region as it is.
        """
        name, region = self.trained.metric.name, self.trained.region
        unit = float(answer.provenance.parameters.get("unit", 1.0))  # of the target
        if name == "r2":
            part = self.plan.table.take(self.plan.splits.development)
            return region * float(np.cov(part.y.to_numpy(dtype=float) / unit, aweights=part.sample_weight, ddof=0))
        if name == "rmse":
            return (math.sqrt(answer.mean_loss) + region / unit) ** 2 - answer.mean_loss
        if name == "mae":
            return region / unit
        return region if name in ("log_loss", "brier", "accuracy") else 0.0


def _told_once(found: Sequence[tuple[str, Finding]], n_models: int) -> Iterator[Finding]:
    """Say which model each finding is about; a low one that most models share is told once, of the first of them."""
    kinds = Counter(_kind(finding) for _, finding in found if finding.severity == "low")
    told: set[str] = set()
    for title, finding in found:
        kind = _kind(finding)
        if finding.severity != "low" or kinds[kind] <= max(_FEW_ALIKE, n_models / 2):
            yield _titled(finding, title)
        elif kind not in told:
            told.add(kind)
            of = _titled(finding, f"{kinds[kind]} of {n_models} models")
            evidence = f"The {title}, for one: {of.evidence[0].lower()}{of.evidence[1:]}"
            yield of.but(about="study", example=finding.about, evidence=evidence)


def _few_each(found: Iterable[Finding]) -> Iterator[Finding]:
    """Leave of each model's findings, the gravest of which come first, those that a reader needs."""
    told: Counter[tuple[str, bool]] = Counter()
    for finding in found:
        model, low = finding.about, finding.severity == "low"
        full = told[model, True] + told[model, False] >= _MOST or (low and told[model, True] >= _MOST_LOW)
        if model == "study" or not full:
            told[model, low] += 1
            yield finding


def _kind(finding: Finding) -> str:
    """Name what a finding is of, whatever the columns that it names."""
    return " ".join(finding.title.split()[:3])


def _titled(finding: Finding, title: str) -> Finding:
    """Say which model a finding is about."""
    return finding.but(title=f"{title[0].upper()}{title[1:]}: {finding.title[0].lower()}{finding.title[1:]}")
