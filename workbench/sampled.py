"""What of many rows was looked at, and how it was scored: told in results, and as findings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from workbench.answers import Finding
from workbench.asked import Asked
from workbench.facts import hidden_counts
from workbench.failures import run_finding
from workbench.splits import LARGE


def sampling(plan: Asked) -> dict[str, Any]:
    """Say how many rows of each side steps looked at that don't need all.

    None of both where they looked at all rows; None of one where they looked at all of its rows, whose number is
    withheld.
    """
    splits, drawn = plan.splits, plan.drawn
    counts = {"development": splits.development, "holdout": splits.holdout}
    hidden = hidden_counts(splits, plan.table.n_rows)
    seen = {side: min(len(rows), len(plan.seen[side])) for side, rows in counts.items()}
    told = {side: None if n == len(counts[side]) and n in hidden else n for side, n in seen.items()}
    return {
        "holdout_alone": splits.alone,
        "most": plan.study.split.sample,
        **{side: None if drawn is None else n for side, n in told.items()},
    }


def sampling_findings(plan: Asked) -> Iterator[Finding]:
    """Tell a reader what large data change."""
    splits, table = plan.splits, plan.table
    held, developed = len(splits.holdout), len(splits.development)
    if splits.alone:
        yield run_finding(
            "low",
            "Scores are those of the holdout alone, without folds",
            f"The table has {table.n_rows:,} rows, more than {LARGE:,}, so no folds were drawn: each model was fitted "
            f"once, and scored on {len(splits.folds)} parts of the holdout ({held:,} rows). Intervals say what "
            f"other rows would give, not what other fits would; there are {_without(plan)}.",
            "Where fits may differ, as of unstable models, set split.folds to a number: so many fits more are made.",
            "study",
            "sampling",
        )
    if plan.drawn is not None:
        parts = [
            f"{len(plan.seen[side]):,} of {n:,} {name}"
            for side, name, n in (
                ("development", "rows that models are made of", developed),
                ("holdout", "rows of the holdout", held),
            )
            if len(plan.seen[side]) < n
        ]
        shares = ", each class by its share" if table.classes else ""
        yield run_finding(
            "low",
            "Explanations and diagnostics look at a draw of the rows",
            f"{' and '.join(parts)}, drawn by the seed{shares}; models of a shuffled target are made of that draw too. "
            "Fits and scores use all rows.",
            "Set split.sample to a larger number to look at more; each answer says how many rows it is of.",
            "study",
            "sampling",
        )


def _without(plan: Asked) -> str:
    """Name what takes folds, and was to be had."""
    table, duplicates = plan.table, plan.splits.duplicates.choice
    missing = ["no bands of refits"]
    if plan.study.compare.paths:
        missing.append("no models of several sizes")
    if table.groups is not None or table.time is not None or duplicates != "none":
        missing.append("no scores of folds laid otherwise, to tell what leaks")
    return " and ".join([", ".join(missing[:-1]), missing[-1]] if len(missing) > 1 else missing)
