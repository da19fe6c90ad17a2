"""Several runs side by side: whether their scores can be compared, and what they are."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from workbench.facts import FORMAT
from workbench.interval import Interval, corrected_interval

_ROW = ("model", "title", "family", "glassbox", "score", "lower", "upper", "price", "size", "stored_numbers", "holdout")


class RunsError(ValueError):
    """A folder is no finished run, or there is nothing to compare: names the folder, the rule and the way out."""


@dataclass(frozen=True, eq=False)
class Run:
    """A finished run: what it is called beside others, and what its results.json holds."""

    label: str
    results: Mapping[str, Any]

    @property
    def rows(self) -> dict[str, Mapping[str, Any]]:
        """The rows of its leaderboard by model, best first."""
        return {row["model"]: row for row in self.results["leaderboard"]["rows"]}

    @property
    def metric(self) -> Mapping[str, Any]:
        """The metric that ranks: its name, title, and which way is better."""
        name = self.results["ranking"]
        found: Mapping[str, Any] = next(m for m in self.results["metrics"] if m["name"] == name)
        return found

    def folds(self, model: str) -> np.ndarray:
        """Give a model's scores on the folds, of the metric that ranks; NaN where undefined, empty where it failed."""
        found = next((m for m in self.results["models"] if m["name"] == model), None)
        scores = (found or {}).get("scores", {}).get(self.results["ranking"], {}).get("folds", ())
        return np.array([math.nan if score is None else score for score in scores], dtype=float)


def read_runs(folders: Sequence[Path]) -> tuple[Run, ...]:
    """Read the results of runs, from their folders alone.

    Parameters
    ----------
    folders : sequence of Path
        At least two different ones.

    Raises
    ------
    RunsError
        If there are fewer, or a folder holds no results that this workbench can read.
    """
    places = [folder.resolve() for folder in folders]
    if len(set(places)) < 2 or len(set(places)) < len(places):
        raise RunsError(
            f"compare needs at least two folders of runs, all different; got {', '.join(map(str, folders))}"
        )
    return tuple(Run(label, _read(folder)) for label, folder in zip(_labels(places), folders, strict=True))


def _read(folder: Path) -> Mapping[str, Any]:
    file = folder / "results.json"
    if not file.is_file():
        raise RunsError(f"{folder}: is no folder of a finished run: it holds no results.json")
    try:
        found = json.loads(file.read_bytes())
    except ValueError as error:
        raise RunsError(f"{file}: is no JSON: {error}; run the study again") from error
    known = found.get("format") if isinstance(found, dict) else None
    if known != FORMAT:
        raise RunsError(f"{file}: must have format {FORMAT}; got {known!r}: run the study again with this version")
    return dict(found)


def _labels(places: Sequence[Path]) -> list[str]:
    """Name each folder by as few of its last parts as tell it from the others."""
    for n in range(1, max(len(place.parts) for place in places) + 1):
        labels = ["/".join(place.parts[-n:]) for place in places]
        if len(set(labels)) == len(labels):
            break
    return labels


def obstacles(runs: Sequence[Run]) -> tuple[str, ...]:
    """Say why scores of the other runs can't be compared with those of the first; empty where they can."""
    first, found = runs[0], []
    for run in runs[1:]:
        for here, told in (
            (lambda r: r.results["data"]["target"]["name"], "predicts another target: {b!r}, not {a!r}"),
            (lambda r: r.results["data"]["task"], "has another task: {b}, not {a}"),
            (lambda r: r.results["ranking"], "ranks by another metric: {b}, not {a}"),
            (lambda r: r.results["data"]["hash"][:12], "has other data: hash {b}…, not {a}…"),
            (lambda r: r.results["splits"]["hash"][:12], "has other folds or another holdout: hash {b}…, not {a}…"),
        ):
            a, b = here(first), here(run)
            if a != b:
                found.append(f"{run.label} {told.format(a=a, b=b)} as in {first.label}")
    return tuple(found)


def models_of(runs: Sequence[Run]) -> tuple[str, ...]:
    """Name the models of all runs: in the order of the first leaderboard, then those that only others have."""
    return tuple(dict.fromkeys(model for run in runs for model in run.rows))


def changes(first: Run, second: Run) -> dict[str, Interval]:
    """Give how much higher each model scores in the second run than in the first, from the same folds.

    Empty where scores can't be compared, and where folds go forward in time, so that no one ratio of tested to
    training rows corrects the interval.
    """
    splits = first.results["splits"]
    if obstacles((first, second)) or "forward in time" in splits["scheme"]:
        return {}
    pairs = {model: (first.folds(model), second.folds(model)) for model in first.rows if model in second.rows}
    return {
        model: corrected_interval(b - a, n_train=splits["n_folds"] - 1, n_test=1)
        for model, (a, b) in pairs.items()
        if len(a) == len(b) > 0
    }


def as_frame(runs: Sequence[Run]) -> pd.DataFrame:
    """Give one row for each run and model, with what identifies the run."""
    rows = [
        {
            "run": run.label,
            "study": run.results["study"].get("study"),
            "metric": run.results["ranking"],
            **{name: row.get(name) for name in _ROW},
            "data_hash": run.results["data"]["hash"],
            "split_hash": run.results["splits"]["hash"],
            "workbench": run.results["workbench"],
        }
        for run in runs
        for row in run.rows.values()
    ]
    frame = pd.DataFrame(rows, columns=["run", "study", "metric", *_ROW, "data_hash", "split_hash", "workbench"])
    return frame.astype({"size": "Int64", "stored_numbers": "Int64"})
