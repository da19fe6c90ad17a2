"""What a run was asked for and could not make: who may read which part of the reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from workbench.answers import Finding, Provenance
from workbench.asked import Model
from workbench.explainers import registry as explainer_registry
from workbench.store import Outcome

# where messages stand that may hold values of the data
_PRIVATELY = "errors.json in the folder of this run that ends in .private"
# units of which several serve one purpose, as their names say it
_SEVERAL = (": path ", ": other fold ", ": careless fold ")


class Failures:
    """What could not be made of a plan's units.

    The message of an exception may hold a cell of the data, whoever raised it. So what is sent (`findings`, `sendable`)
    names its class alone; the message is for the screen (`told`) and for the private folder (`in_full`). The same holds
    for warnings.
    """

    def __init__(self, models: Sequence[Model], outcomes: Mapping[str, Outcome]) -> None:
        self.models, self.outcomes = models, outcomes

    def why_absent(self, model: Model) -> Outcome | None:
        """Give what kept a model from being fitted or scored; what else was asked about it does not."""
        starts = (f"{model.name}: fit", f"{model.name}: fold ")
        return next((o for o in self._of(model) if o.unit.name.startswith(starts) and not o.ok), None)

    def _of(self, model: Model) -> list[Outcome]:
        return [o for o in self.outcomes.values() if o.unit.about == model.name]

    @cached_property
    def _lost(self) -> list[tuple[str, Outcome]]:
        """Name models that are absent, and the units that failed about models that are there.

        Units that serve one purpose, the refits of an explanation, and all that a model of noise is for, count once,
        and not at all where the explanation itself failed.
        """
        lost: dict[str, Outcome] = {}
        for model in self.models:
            if (why := self.why_absent(model)) is not None:
                lost[model.name] = why
                continue
            for outcome in self._of(model):
                own = self.outcomes.get(_explanation(outcome.unit.name), outcome)
                if not outcome.ok and (own is outcome or own.ok):
                    lost.setdefault(_purpose(outcome.unit.name), outcome)
        lost |= {o.unit.name: o for o in self.outcomes.values() if not o.ok and not o.unit.about}
        return [(name, outcome) for name, outcome in lost.items() if outcome.status != "stopped"]

    @cached_property
    def _stopped(self) -> str:
        """Say what the run's time budget left out; empty where nothing."""
        stopped = [o for o in self.outcomes.values() if o.status == "stopped"]
        if not stopped:
            return ""
        absent = [m.name for m in self.models if (why := self.why_absent(m)) is not None and why.status == "stopped"]
        models = f", among them what these models need: {', '.join(absent)}" if absent else ""
        return f"{stopped[0].cause}; {len(stopped)} of {len(self.outcomes)} units of work were left out{models}"

    @property
    def told(self) -> tuple[tuple[str, str], ...]:
        """Name and error of each, for the screen."""
        told = [(name, f"{o.unit.name}: {o.error}") for name, o in self._lost]
        if self._stopped:
            told.append(("the run", f"{self._stopped}; the same command goes on from here"))
        return tuple(told)

    def in_full(self) -> list[dict[str, Any]]:
        """Give errors and warnings with their messages and paths, for the private folder."""
        return [
            {"unit": o.unit.name, "error": o.error, "warnings": list(o.warnings), "traceback": o.traceback}
            for o in self.outcomes.values()
            if not o.ok or o.warnings
        ]

    def findings(self) -> list[Finding]:
        """Make a finding of each, and of the warnings while a model was made."""
        titles = {model.name: model.title for model in self.models}
        found = []
        for name, outcome in self._lost:
            about = outcome.unit.about or "study"
            title = titles.get(name) or f"{_asked(name, about)} of {titles.get(about, 'the holdout')}"
            step = f"Read the message on the screen or in {_PRIVATELY}, and mend what it names."
            found.append(run_finding("high", f"{title} could not be made", sendable(outcome), step, about))
        if self._stopped:
            step = "Run the same study again, with a larger time budget or none: it goes on from there."
            found.append(run_finding("high", "The run was ended by its time budget", self._stopped, step, "study"))
        for model in self.models:
            kept = [o for o in self._of(model) if o.ok and not _is_noise(o.unit.name)]
            if told := sorted({w.partition(":")[0] for o in kept for w in o.warnings}):
                step = f"Read what the library was not content with in {_PRIVATELY}."
                title = f"Warnings from the {model.title}"
                found.append(run_finding("low", title, ", ".join(told), step, model.name))
        return found


def sendable(outcome: Outcome) -> str:
    """Say what went wrong without the message of an exception."""
    told = f"{outcome.unit.name}: {outcome.cause}"
    return told if outcome.cause == outcome.error else f"{told}; its message stands in {_PRIVATELY}"


def run_finding(severity: str, title: str, evidence: str, action: str, about: str, topic: str = "") -> Finding:
    """Make a finding of a run; `topic` names what shows more of it."""
    return Finding(
        severity=severity,
        title=title[0].upper() + title[1:],
        evidence=evidence,
        action=action,
        about=about,
        topic=topic,
        provenance=Provenance(method="run"),
    )


def _purpose(unit: str) -> str:
    """Name what a unit is for: itself, but for one of several refits, and for a model of noise."""
    if _is_noise(unit):
        return f"{unit.partition(': ')[0]}: noise"
    for several in _SEVERAL:
        if several in unit:
            return f"{unit.partition(several)[0]}{several.rstrip()}s"
    return unit


def _explanation(unit: str) -> str:
    """Name the unit of the explanation that a unit asks again, of refits or of noise."""
    return unit.removesuffix(" refits").removesuffix(" noise")


def _is_noise(unit: str) -> bool:
    """Tell whether a unit is about a model of a shuffled target, which may well be at odds with its library."""
    return unit.endswith((": noise fit", " noise"))


def _asked(purpose: str, about: str) -> str:
    """Name what units were to find out about a model."""
    asked, _, rest = purpose.removeprefix(f"{about}: ").partition(" ")
    if (method := explainer_registry().get(asked)) is not None:
        return f"the {rest} of {method.title}" if rest else method.title
    return {"noise": "the noise floor", "paths": "the path of sizes"}.get(asked, f"{asked} {rest}".strip())
