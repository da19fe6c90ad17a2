"""The explanations of a plan's models: held against refits and chance; what of them is sent, and what stays private."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import numpy as np

from workbench.answers import Agreement, Answer, Effects, Finding, Importance
from workbench.asked import Model
from workbench.disclosure import without_few
from workbench.evaluation.agreement import agreement
from workbench.evaluation.noise import with_noise, within_noise
from workbench.evaluation.refits import undecided, warned, with_refits
from workbench.explainers import explainer
from workbench.failures import run_finding
from workbench.metrics import metric
from workbench.plan import Plan
from workbench.store import Outcome

_MOST_NAMED = 5


class Explanations:
    """What was answered about the models of a plan.

    Parameters
    ----------
    plan : Plan
    outcomes : mapping of str to Outcome
        Of the plan's units, by name.
    """

    def __init__(self, plan: Plan, outcomes: Mapping[str, Outcome]) -> None:
        self.plan, self.outcomes = plan, outcomes
        self._answers = cache(self._compute)

    def public(self, model: Model) -> dict[str, Answer]:
        """Give what may be sent, by method."""
        return {method: sent for method, (_, sent) in self._answers(model).items() if sent is not None}

    def told(self, model: Model) -> list[dict[str, Any]]:
        """Give what may be sent as plain data, counts of few rows withheld."""
        n_rows = len(self.plan.splits.development)
        return [
            {"method": method, "answer": without_few(answer.to_dict(), n_rows)}
            for method, answer in self.public(model).items()
        ]

    def agreement(self, model: Model) -> Agreement | None:
        """Say whether the methods agree on which columns matter; None where fewer than two tell."""
        if model.spec.family == "dummy":
            return None
        titles = {method: explainer(method).title for method in self.public(model)}
        return agreement(self.public(model), titles=titles)

    def private_methods(self, model: Model) -> list[str]:
        """Name the methods of whose answers a part, or all, stays private."""
        return [method for method, (whole, _) in self._answers(model).items() if whole is not None]

    def private_files(self) -> dict[str, str]:
        """Give the contents of the files of private answers by name."""
        return {
            f"{model.name}.{method}.json": json.dumps(whole.to_dict(), allow_nan=False, ensure_ascii=False)
            for model in self.plan.models
            for method, (whole, _) in self._answers(model).items()
            if whole is not None
        }

    def _compute(self, model: Model) -> dict[str, tuple[Answer | None, Answer | None]]:
        """Give for each method the whole answer, where it must not be sent, and what of it may be sent."""
        found: dict[str, tuple[Answer | None, Answer | None]] = {}
        for asked in self.plan.asked(model):
            answer = self._value(model, asked.method)
            if answer is None:
                continue
            whole = self._against_refits(model, asked.method, answer)
            sent = whole.public()
            is_all = sent == whole
            noise = self._value(model, f"{asked.method} noise")
            if sent is not None and noise is not None:
                sent = with_noise(sent, noise)
            found[asked.method] = (None if is_all else whole, sent)
        return found

    def _value(self, model: Model, name: str) -> Any:
        outcome = self.outcomes.get(f"{model.name}: {name}")
        return outcome.value if outcome is not None else None

    def _against_refits(self, model: Model, method: str, answer: Answer) -> Answer:
        folds, refits = self.plan.splits.folds, self._value(model, f"{method} refits")
        if refits is None or any(refit is None for refit in refits):
            return answer
        own_rows = explainer(method).needs_y and not len(self.plan.splits.holdout)
        held = with_refits(
            answer,
            refits,
            n_train=np.array([len(fold.train) for fold in folds]),
            n_test=np.array([len(fold.test) for fold in folds]),
            repeat=[fold.repeat for fold in folds],
            own_rows=own_rows,
        )
        warnings = []
        if own_rows:
            warnings.append("refits are measured on rows that they have not seen, the model on rows it was trained on")
        if self.plan.table.time is not None:
            warnings.append("folds forward in time train on more and more rows: the band of refits is a rough guide")
        return warned(held, *warnings)

    def findings(self) -> Iterator[Finding]:
        """Say which models rest on no column more than chance would, and where refits, or methods, do not agree."""
        for model in self.plan.models:
            answers = list(self.public(model).values())
            for answer in answers:
                if isinstance(answer, Importance) and (chance := within_noise(answer)) is not None:
                    yield _by_chance(model, answer, *chance)
            told = ((a.provenance.method, undecided(a)) for a in answers if isinstance(a, Effects))
            if found := next(((method, names) for method, names in told if names), None):
                yield _undecided(model, *found)
            if (agreed := self.agreement(model)) is not None and agreed.provenance.warnings:
                yield _disagreement(model, agreed)


def _by_chance(model: Model, answer: Importance, column: str, most: float, floor: float) -> Finding:
    title = metric(answer.metric).title
    return run_finding(
        "medium",
        f"{model.title}: no single column stands out from chance",
        f"shuffling {column}, which costs it most, costs {most:.3g} {title}; shuffling one column costs a model of a "
        f"shuffled target up to {floor:.3g}. That is about columns one at a time, not about the model: columns that go "
        f"together share what they say, and make up for one that is shuffled{_together(answer, most)}",
        "Name no most important column; whether the model predicts, its scores say.",
        model.name,
        topic=answer.provenance.method,
    )


def _together(answer: Importance, most: float) -> str:
    """Say what the group is worth that costs most, where it costs more than any column alone."""
    if answer.group_importances is None:
        return ""
    means = answer.group_importances.mean(axis=1)
    best = int(means.argmax())
    if not means[best] > most:
        return ""
    first, *others = answer.groups[best]
    more = others[0] if len(others) == 1 else f"{len(others)} columns that go with it"
    return f". Shuffled together, {first} and {more} cost {means[best]:.3g}"


def _undecided(model: Model, method: str, names: tuple[str, ...]) -> Finding:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return run_finding(
        "low",
        f"{model.title}: effects that refits do not agree on",
        f"a flat line lies within the band of refits along {', '.join(names[:_MOST_NAMED])}{more}",
        "Take no direction from these curves: with other training rows they may turn.",
        model.name,
        topic=method,
    )


def _disagreement(model: Model, found: Agreement) -> Finding:
    first, *others = found.provenance.warnings
    more = f"; and {len(others)} more {'pairs' if len(others) > 1 else 'pair'} of methods" if others else ""
    return run_finding(
        "low",
        f"{model.title}: methods rank its columns differently",
        f"{first}{more}",
        "Name no single order of importance; say which question the order answers.",
        model.name,
        topic="agreement",
    )
