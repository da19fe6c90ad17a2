"""What came of a plan: its outcomes gathered into results."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from workbench import __version__
from workbench.answers import Answer, Finding
from workbench.asked import Model
from workbench.checks import inspect
from workbench.compared import Compared
from workbench.diagnosed import Diagnosed
from workbench.disclosure import private_reason, without_totals, without_totals_in_words
from workbench.evaluation.repeats import repeats_finding, repeats_story
from workbench.explanations import Explanations
from workbench.facts import (
    DISTRIBUTIONS,
    FORMAT,
    describe_data,
    describe_splits,
    environment,
    hidden_counts,
    number,
    source_facts,
    study_hash,
)
from workbench.failures import Failures, run_finding, sendable
from workbench.interval import corrected_interval
from workbench.metrics import Metric
from workbench.plan import Plan
from workbench.sampled import sampling, sampling_findings
from workbench.store import Outcome
from workbench.trained import Trained
from workbench.work.fitted import Fitted

_OF_FEW_ROWS = (
    "Say which of these scores matters. Few rows that it is sure of and wrong about can decide log loss: larger "
    "leaves, more regularization or recalibration keep probabilities off 0 and 1."
)


class Gathered:
    """The outcomes of a plan's units, gathered into results."""

    def __init__(self, plan: Plan, outcomes: Mapping[str, Outcome]) -> None:
        self.plan, self.outcomes = plan, outcomes
        self.failures = Failures(plan.models, outcomes)
        self.explanations = Explanations(plan, outcomes)
        self.trained = Trained(plan, outcomes, self.failures)
        self.compared = Compared(self.trained, self.explanations)
        self.diagnosed = Diagnosed(self.trained, outcomes, self.compared.titles)

    @cached_property
    def models(self) -> list[dict[str, Any]]:
        """What is known of each model."""
        return [self._describe(model) for model in self.plan.models]

    def _describe(self, model: Model) -> dict[str, Any]:
        family = model.family
        policy = family().policy_for(self.plan.table.task, model.params)
        why = self.failures.why_absent(model)
        known: dict[str, Any] = {
            "name": model.name,
            "family": model.spec.family,
            "title": model.title,
            "summary": family.summary,
            "glassbox": family().is_glassbox(model.params),
            "params": self.trained.params(model),
            "tuning": self.trained.tuning(model),
            "policy": {n: getattr(policy, n) for n in ("numbers", "missing", "categories", "unseen")},
            "reference": family.reference,
            "assumptions": list(family.assumptions),
            "limits": list(family.limits),
            "status": "ok" if why is None else "failed",
            "error": None if why is None else sendable(why),
            "engine": None,
            "n_workers": None,
            "scores": {},
            "holdout": None,
            "other_duplicates": None,
            "size": None,
            "stored_numbers": None,
            "features_used": None,
            "form": None,
            "form_dict": None,
            "form_text": None,
            "form_latex": None,
            "details": [],
            "rules": None,
            "answers": without_totals(self.explanations.told(model), self._hidden),
            "private_answers": self.explanations.private_methods(model),
            "complexity": None,
            "diagnostics": [],
            "agreement": None if (agreed := self.explanations.agreement(model)) is None else agreed.to_dict(),
        }
        if not self.trained.is_scored(model):
            return known
        fitted = self.trained.fitted(model)
        known |= {
            "engine": fitted.engine,
            "n_workers": fitted.n_workers,
            "scores": self._scores(model),
            "holdout": {k: number(v) for k, v in fitted.holdout.items()} or None,
            "other_duplicates": self._other(model),
            "complexity": self._told(self.diagnosed.complexity(model)),
            "diagnostics": without_totals(self.diagnosed.told(model), self._hidden),
        }
        return known | self._form(model, fitted)

    def _told(self, answer: Answer | None) -> dict[str, Any] | None:
        return None if answer is None else dict(without_totals(answer.to_dict(), self._hidden))

    def _scores(self, model: Model) -> dict[str, Any]:
        folds = self.trained.folds(model)
        found = {}
        for m in self.plan.metrics:
            scores = np.array([fold[m.name] for fold in folds])
            interval = corrected_interval(scores, **self.trained.sizes)
            found[m.name] = {
                "mean": number(interval.mean),
                "lower": number(interval.lower),
                "upper": number(interval.upper),
                "folds": [number(s) for s in scores],
            }
        return found

    def _other(self, model: Model) -> dict[str, float | None] | None:
        others = self.trained.folds(model, "other fold")
        if not others:
            return None
        scores = {m.name: [o[m.name] for o in others if not np.isnan(o[m.name])] for m in self.plan.metrics}
        return {name: number(float(np.mean(found))) if found else None for name, found in scores.items()}

    def _form(self, model: Model, fitted: Fitted) -> dict[str, Any]:
        form = fitted.form
        if form is None:
            return {}
        reason = private_reason(fitted.smallest_support)
        file = f"{model.name}.json"
        return {
            "size": form.size,
            "stored_numbers": form.stored_numbers,
            "features_used": list(form.columns),
            "form": {
                "path": f"models/{file}",
                "sha256": hashlib.sha256(form.files[file]).hexdigest(),
                "private": bool(reason),
                "reason": reason,
            },
            "form_dict": None if reason else form.plain,
            "form_text": None if reason else form.text,
            "form_latex": None if reason else form.latex,
            "details": [] if reason else [each.to_dict() for each in fitted.details],
            "rules": None if reason or fitted.rules is None else without_totals(fitted.rules.to_dict(), self._hidden),
        }

    def form_files(self) -> dict[bool, dict[str, bytes]]:
        """Give the contents of the models' files by name, private (True) and public (False) ones."""
        files: dict[bool, dict[str, bytes]] = {True: {}, False: {}}
        for model in self.plan.models:
            if self.trained.is_scored(model) and (fitted := self.trained.fitted(model)).form is not None:
                files[bool(private_reason(fitted.smallest_support))] |= fitted.form.files
        return files

    @property
    def _hidden(self) -> set[int]:
        """The numbers of rows that answers must not repeat."""
        return hidden_counts(self.plan.splits, self.plan.table.n_rows)

    def results(self, command: str) -> dict[str, Any]:
        """Give the results but for the timing."""
        plan, ranking = self.plan, self.plan.metrics[0]
        region, titles = self.trained.region, self.compared.titles
        story = repeats_story(
            plan.splits.duplicates,
            {m["name"]: m["scores"][ranking.name]["mean"] for m in self.models if m["scores"]},
            {m["name"]: m["other_duplicates"][ranking.name] for m in self.models if m["other_duplicates"]},
            titles=titles,
            metric=ranking,
            region=region,
        )
        findings = [*self._findings(), *inspect(plan.table, [m.spec.family for m in plan.models])]
        if story is not None:
            findings.append(repeats_finding(plan.splits.duplicates, story, region))
        findings.sort(key=lambda f: ("high", "medium", "low").index(f.severity))
        return {
            "format": FORMAT,
            "workbench": __version__,
            "study": (study := plan.study.to_dict()),
            "study_hash": study_hash(study),
            "data": describe_data(plan.table, source_facts(plan.study, plan.table)),
            "splits": describe_splits(plan.splits, plan.table.n_rows),
            "sampling": sampling(self.plan),
            "metrics": [_metric(m) for m in plan.metrics],
            "ranking": ranking.name,
            "region": region,
            "models": self.models,
            **without_totals(self.compared.results(), self._hidden),
            "drift": self._told(self.diagnosed.drift),
            "leakage": self._told(self.diagnosed.leakage),
            "duplicates_story": None
            if story is None
            else {"sentence": story.sentence, "rows": list(story.rows), "reason": plan.splits.duplicates.reason},
            "findings": [f.to_dict() for f in findings],
            "environment": environment(
                command, sorted({*DISTRIBUTIONS, *(lib for m in plan.models for lib in m.libraries)})
            ),
        }

    def _findings(self) -> list[Finding]:
        """What went wrong, and which models look at the columns in vain."""
        counted = [*sampling_findings(self.plan), *self.diagnosed.findings()]
        found = [*self.failures.findings(), *self.explanations.findings(), *map(self._without_totals, counted)]
        entries = self.trained.entries
        ranking = self.plan.metrics[0]
        sign = 1 if ranking.greater_is_better else -1
        dummy = next((e for e in entries if e.family == "dummy"), None)
        found += [finding for model in self.plan.models if (finding := self._other_link(model)) is not None]
        for entry in entries:
            if dummy and entry is not dummy and sign * (entry.mean - dummy.mean) <= 0:
                where = "holdout" if self.plan.splits.alone else "folds"
                text = f"{entry.mean:.3g} {ranking.title} on the {where}; the {dummy.title} has {dummy.mean:.3g}"
                step = "Don't use it: the columns, the parameters or the number of rows don't support it."
                if others := self._better_by(entry.model, dummy.model):
                    text += f"; yet it is better by {others}"
                    step = _OF_FEW_ROWS
                found.append(
                    run_finding(
                        "high",
                        f"{entry.title} predicts no better than the baseline",
                        text,
                        step,
                        entry.model,
                        topic="scores",
                    )
                )
        return found

    def _better_by(self, name: str, dummy: str) -> str:
        """Tell the scores, but for the one that ranks, whose intervals are better than the dummy's."""
        own, its = ({m["name"]: m["scores"] for m in self.models}[each] for each in (name, dummy))
        told = []
        for m in self.plan.metrics[1:]:
            end = own[m.name]["lower" if m.greater_is_better else "upper"]
            if end is not None and (1 if m.greater_is_better else -1) * (end - its[m.name]["mean"]) > 0:
                told.append(f"{m.title} ({own[m.name]['mean']:.3g} against {its[m.name]['mean']:.3g})")
        return ", ".join(told)

    def _without_totals(self, finding: Finding) -> Finding:
        """Withhold numbers of rows that `describe_splits` withholds from a finding's words too."""
        return finding.but(
            evidence=without_totals_in_words(finding.evidence, self._hidden),
            provenance=replace(finding.provenance, n_rows=None) if self._hidden else finding.provenance,
        )

    def _other_link(self, model: Model) -> Finding | None:
        """Say where the library's probabilities are not the model's own, with both log losses."""
        if not self.trained.is_scored(model) or (other := self.trained.fitted(model).other_link) is None:
            return None
        rows = "the holdout" if other.on_holdout else "the training rows"
        return run_finding(
            "low",
            f"{model.title}: probabilities are the model's own, not its library's",
            f"log loss on {rows}: {other.own:.3g} as here, {other.library:.3g} as the library gives them",
            "Compare with the library by scores, or by the classes decided for.",
            model.name,
        )

    def timing(self, total: float) -> dict[str, Any]:
        """Give all that differs from run to run."""
        return {
            "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
            "total": total,
            "units": {name: o.seconds for name, o in self.outcomes.items()},
            "models": {m.name: self._seconds(m) for m in self.trained.scored},
        }

    def _seconds(self, model: Model) -> dict[str, float]:
        fit = {"fit": self.trained.fitted(model).seconds}
        return fit if self.plan.tuning(model) is None else fit | {"tune": self.trained.tuning_seconds(model)}


def _metric(m: Metric) -> dict[str, Any]:
    return {key: getattr(m, key) for key in ("name", "title", "greater_is_better", "in_target_units")}
