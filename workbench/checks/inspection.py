"""One look at a table before anything is fitted: all that is worth knowing, gravest first."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import numpy as np

from workbench.answers.finding import SEVERITIES, Finding
from workbench.checks import features
from workbench.checks.leaks import leaks
from workbench.checks.seen import Seen
from workbench.checks.wording import columns, finding, joined, quoted, rows, share
from workbench.disclosure import small
from workbench.table import Table

_MOST_ROWS = 5_000
_SEED = 0
_RARE_CLASS = 0.05


def inspect(table: Table, families: Sequence[str] = ()) -> tuple[Finding, ...]:
    """Look for what makes a table's scores or explanations mislead; one finding a kind of problem, gravest first.

    Relations between columns are looked for in 5,000 rows, drawn with a fixed seed where there are more; what must hold
    in every row is then checked in every row. No count of rows between 1 and 9 is told, nor a value that fewer than 10
    rows share.

    Parameters
    ----------
    table : Table
    families : sequence of str, optional
        The families that will be fitted: what they do about missing values is told with these.

    Notes
    -----
    Misleads where a leak needs three columns, or two by another rule than a weighted sum, product or ratio: nothing is
    found then. A column that gives the target away may be an honest one; only who knows the data can say.

    Examples
    --------
    >>> import pandas as pd
    >>> rng = np.random.default_rng(0)
    >>> frame = pd.DataFrame({"casual": rng.integers(0, 50, 100), "registered": rng.integers(0, 200, 100)})
    >>> frame["riders"] = frame["casual"] + frame["registered"]
    >>> for found in inspect(Table.from_frame(frame, target="riders")):
    ...     print(found.severity, found.evidence)
    high 'riders' follows 'casual' + 'registered' (R2 1.0000).
    """
    whole = seen = Seen(table)
    if table.n_rows > _MOST_ROWS:
        drawn = np.random.default_rng(_SEED).choice(table.n_rows, _MOST_ROWS, replace=False)
        seen = Seen(table.take(np.sort(drawn)))
    found = [
        *leaks(whole, seen),
        features.missing(table, families),
        features.identifiers(whole, seen),
        features.repeated(whole, seen),
        _wide(table),
        _rare_class(table),
        features.far_off(whole),
        features.constant(whole, seen),
        features.dates(whole),
        features.codes(seen, table.n_rows),
        _names(table),
    ]
    return tuple(sorted((f for f in found if f is not None), key=lambda f: SEVERITIES.index(f.severity)))


def _wide(table: Table) -> Finding | None:
    """More features than rows."""
    if len(table.features) <= table.n_rows:
        return None
    return finding(
        "medium",
        "More features than rows",
        f"{columns(len(table.features))} for {rows(table.n_rows)}.",
        "Some column will fit the target by chance. Leave out what can't matter, ask for strong regularization "
        "(lasso), and trust the scores of the folds alone.",
        by="count",
        n_rows=table.n_rows,
    )


def _rare_class(table: Table) -> Finding | None:
    """The rarest class has fewer than 5% of the rows, and less than half of an even share."""
    if not table.classes:
        return None
    counts = table.y.value_counts()
    rarest, least = counts.index[-1], int(counts.iloc[-1])
    if least >= min(_RARE_CLASS, 0.5 / len(table.classes)) * table.n_rows:
        return None
    name = "A class" if small(least) else f"Class {quoted(rarest)}"
    commonest = int(counts.iloc[0])
    right = f"; always to say {quoted(counts.index[0])} is right in {share(commonest, table.n_rows)}"
    return finding(
        "medium",
        f"{name} is rare",
        f"{name} has {share(least, table.n_rows)}{right}.",
        "Accuracy says little here: read log loss and ROC AUC. More rows of this class help most.",
        by="share of the rarest class",
        n_rows=table.n_rows,
        medium=_RARE_CLASS,
    )


def _names(table: Table) -> Finding | None:
    """Names that differ only by case, blanks or characters that can't be seen."""
    alike: dict[str, list[str]] = {}
    for column in table.schema:
        alike.setdefault(_as_seen(column.name), []).append(column.name)
    groups = [" and ".join(map(quoted, names)) for names in alike.values() if len(names) > 1]
    if not groups:
        return None
    return finding(
        "low",
        "Column names are easily taken for each other",
        f"But for case, blanks or invisible characters the same: {joined(groups, '; ')}.",
        "Rename one of each in the source.",
        by="names without case, blanks and invisible characters",
        n_rows=table.n_rows,
    )


def _as_seen(name: str) -> str:
    kept = (c for c in unicodedata.normalize("NFKC", name) if unicodedata.category(c)[0] not in "ZC")
    return "".join(kept).casefold()
