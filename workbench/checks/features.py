"""Columns that misbehave: gaps, values that hardly vary, repeats, identifiers, codes, dates, far-off values."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from workbench.answers.finding import Finding
from workbench.checks import chance
from workbench.checks.seen import Seen
from workbench.checks.wording import FEW, MOST_NAMED, all_quoted, finding, joined, quoted, rows, share, titled
from workbench.columns import content_bytes
from workbench.disclosure import MIN_ROWS, small
from workbench.families import find_family
from workbench.forms.frame import level_text
from workbench.table import Table

_SOME_MISSING, _MANY_MISSING = 0.05, 0.30
_FEW_LEVELS = 20
_ALMOST_NONE = 0.05
_FAR, _FAR_LOG = 20, 3  # interquartile ranges; skewed columns are far off on a linear scale alone
_CODE = re.compile(
    r"(^|[\W_])(code|class|cat|category|type|kind|group|cluster|segment|zip|postcode)s?([\W_]id)?$", re.I
)
_GAPS = {
    "impute+indicator": "numbers get the training mean, gaps a mark where at least 10 training rows miss",
    "native": "left to the library",
}


def missing(table: Table, families: Sequence[str]) -> Finding | None:
    """More than 5% of a column is missing; medium from 30% on."""
    n = table.n_rows
    counts = table.X[list(table.features)].isna().sum().sort_values(ascending=False, kind="stable")
    counts = counts[counts > _SOME_MISSING * n]
    if counts.empty:
        return None
    told = [f"{quoted(name)} in {share(int(count), n)}" for name, count in counts.items()]
    return finding(
        "medium" if counts.iloc[0] > _MANY_MISSING * n else "low",
        titled(list(counts.index), "misses values", "miss values"),
        f"Missing: {joined(told)}.",
        f"Find out why: a gap may itself tell the outcome. {_what_families_do(families)}",
        by="share of missing values",
        n_rows=n,
        low=_SOME_MISSING,
        medium=_MANY_MISSING,
    )


def _what_families_do(families: Sequence[str]) -> str:
    by_policy: dict[str, list[str]] = {}
    for name in dict.fromkeys(families):
        if name != "dummy":  # looks at no column
            by_policy.setdefault(find_family(name).policy.missing, []).append(name)
    told = [f"{', '.join(names)}: {_GAPS[policy]}" for policy, names in by_policy.items()]
    return f"{'; '.join(told)}." if told else "What a model does about gaps stands on its card."


def constant(whole: Seen, seen: Seen) -> Finding | None:
    """A column has one value; or other values in at most 5% of the rows, and fewer than a model may speak of."""
    n, one, nearly = whole.table.n_rows, [], []
    for name in whole.table.features:
        if _off_commonest(seen, name) >= MIN_ROWS:  # in a sample, and so in the whole
            continue
        others = _off_commonest(whole, name)
        if others == 0:
            one.append(name)
        elif others < MIN_ROWS and others <= _ALMOST_NONE * n:
            nearly.append(name)
    if not one and not nearly:
        return None
    told = [f"One value in all {rows(n)}: {all_quoted(one)}"] if one else []
    told += [f"Another than the commonest value in {FEW} of {rows(n)}: {all_quoted(nearly)}"] if nearly else []
    return finding(
        "low",
        titled([*one, *nearly], "hardly varies", "hardly vary"),
        f"{'; '.join(told)}.",
        "Nothing can be learned from such a column here; give it the role ignore.",
        by="rows off the commonest value",
        n_rows=n,
        fewer_than=MIN_ROWS,
        share=_ALMOST_NONE,
    )


def _off_commonest(seen: Seen, name: str) -> int:
    return seen.table.n_rows - int(np.bincount(seen.codes(name) + 1).max())


def repeated(whole: Seen, seen: Seen) -> Finding | None:
    """Columns are equal, or (with few levels) one is the other with its values renamed."""
    alike: dict[bytes, list[str]] = {}
    for name in seen.table.features:
        alike.setdefault(_content(seen, name), []).append(name)
    groups = []
    for first, *others in alike.values():
        others = [name for name in others if whole is seen or _content(whole, name) == _content(whole, first)]
        if others and not _by_chance(seen, first):
            groups.append([first, *others])
    if not groups:
        return None
    more = [name for names in groups for name in names[1:]]
    told = joined([" and ".join(map(quoted, names[:MOST_NAMED])) for names in groups], "; ")
    n = whole.table.n_rows
    return finding(
        "medium",
        titled(more, "repeats another column", "repeat others"),
        f"The same in all {rows(n)}, but for the names of levels: {told}.",
        "Keep one of them and give the others the role ignore: models share out between equal columns at random what "
        "belongs to one, so coefficients and importances of both mislead.",
        by="equal values, or values that rename each other",
        n_rows=n,
    )


def _has_levels(seen: Seen, name: str) -> bool:
    return seen.kinds[name] in ("category", "ordered") or int(seen.codes(name).max()) < _FEW_LEVELS


def _content(seen: Seen, name: str) -> bytes:
    """Give what equal columns have in common: values, or with few levels which rows have the same one."""
    if _has_levels(seen, name):
        return b"levels" + pd.factorize(seen.codes(name))[0].tobytes()
    return b"values" + content_bytes(seen.table.X[name])


def _by_chance(seen: Seen, name: str) -> bool:
    codes = seen.codes(name) + 1
    return (chance.same_parts if _has_levels(seen, name) else chance.same_order)(codes) > chance.RARE


def identifiers(whole: Seen, seen: Seen) -> Finding | None:
    """Whole numbers that never repeat, though they come from so few that by chance they would."""
    found = []
    for name in seen.table.features:
        if seen.kinds[name] != "number" or not _may_identify(seen, name) or not _may_identify(whole, name):
            continue
        values = np.sort(whole.table.X[name].dropna().to_numpy())
        gaps = np.diff(values).astype(np.int64)
        among = int(gaps.sum() / np.gcd.reduce(gaps)) + 1
        if chance.all_differ(len(values), among) < chance.RARE:
            found.append((name, len(values) / among))
    if not found:
        return None
    told = [f"{quoted(name)} ({used:.0%} of the numbers in its range)" for name, used in found]
    return finding(
        "medium",
        titled([name for name, _ in found], "looks like an identifier", "look like identifiers"),
        f"Whole numbers of which none occurs twice: {joined(told)}.",
        "A model can learn rows by heart from it. Give it the role id; or time, if it counts time. If it is a "
        "measurement, leave it.",
        by="chance that draws from as many values all differ",
        n_rows=whole.table.n_rows,
        rarer_than=1e-9,
    )


def _may_identify(seen: Seen, name: str) -> bool:
    """Tell whether the values are whole, few enough to count in float64, and all differ."""
    values = seen.table.X[name].dropna().to_numpy()
    if len(values) < 2 or (values != np.round(values)).any() or np.abs(values).max() > 2**53:
        return False
    return int(seen.codes(name).max()) + 1 == len(values)


def codes(seen: Seen, n_rows: int) -> Finding | None:
    """A few whole numbers in a column whose name speaks of a code or class."""
    found = []
    for name in seen.table.features:
        if seen.kinds[name] == "number" and _CODE.search(name) and 2 <= seen.codes(name).max() < _FEW_LEVELS:
            values = seen.table.X[name].dropna().unique()
            if (values == np.round(values)).all():
                found.append(name)
    if not found or n_rows <= 100:
        return None
    return finding(
        "low",
        titled(found, "may hold codes instead of quantities", "may hold codes instead of quantities"),
        f"By name, and by at most {_FEW_LEVELS} whole numbers: {all_quoted(found)}.",
        "Declare kind: category if a greater number means no more of anything; kind: ordered if it is a rank.",
        by="name, and the number of distinct whole values",
        n_rows=n_rows,
        most=_FEW_LEVELS,
    )


def dates(whole: Seen) -> Finding | None:
    """A date is a feature."""
    found = [name for name in whole.table.features if whole.kinds[name] == "datetime"]
    if not found:
        return None
    return finding(
        "low",
        "A date is a feature" if len(found) == 1 else f"{len(found)} dates are features",
        f"Read as days since 1970-01-01: {all_quoted(found)}.",
        "It extrapolates: rows after the training period get what its last days got (trees), or a line drawn on "
        "(linear). For use on later rows give it the role time, and make features of it, such as the month.",
        by="kind of column",
        n_rows=whole.table.n_rows,
    )


def far_off(whole: Seen) -> Finding | None:
    """Values lie more than 20 interquartile ranges outside the quartiles; medium where 10 rows share one."""
    table = whole.table
    numbers = {n: whole.frame.numbers(n) for n in table.features if whole.kinds[n] in ("number", "datetime")}
    if table.task == "regression":
        numbers[table.target.name] = table.y.to_numpy(dtype=float)
    names, told, shared = [], [], []
    for name, values in numbers.items():
        outside = _outside(values[~np.isnan(values)])
        if not outside.size:
            continue
        names.append(name)
        told.append(f"{quoted(name)} ({FEW if small(outside.size) else f'{outside.size:,}'})")
        each, counts = np.unique(outside, return_counts=True)
        if counts.max() >= MIN_ROWS:
            shared.append(f"{quoted(name)} is {_shown(each[counts.argmax()], whole.kinds[name])}")
    if not told:
        return None
    stand_ins = f" At least {MIN_ROWS} rows share one: {joined(shared)}." if shared else ""
    return finding(
        "medium" if shared else "low",
        titled(names, "has values far off", "have values far off"),
        f"More than {_FAR} interquartile ranges outside the quartiles, in rows: {joined(told)}.{stand_ins}",
        "Look whether they are slips, other units, or stand for something else, as -999 for a missing value: mend them "
        "or leave the cells empty. If they are true, prefer models with thresholds to straight lines.",
        by="distance from the quartiles",
        n_rows=table.n_rows,
        interquartile_ranges=_FAR,
        on_log_scale=_FAR_LOG,
    )


def _outside(values: np.ndarray) -> np.ndarray:
    """Give the values that are far off, those of a positive column on the logarithmic scale too."""
    if not values.size:
        return values
    low, high = np.percentile(values, [25, 75])
    if low == high:
        return values[:0]
    far = (values < low - _FAR * (high - low)) | (values > high + _FAR * (high - low))
    outside = values[far]
    if outside.size and values.min() > 0:
        low, high = np.log(low), np.log(high)
        logs = np.log(outside)
        outside = outside[(logs < low - _FAR_LOG * (high - low)) | (logs > high + _FAR_LOG * (high - low))]
    return outside


def _shown(value: float, kind: str) -> str:
    day = np.datetime64("1970-01-01")
    return str(day + np.timedelta64(round(value), "D")) if kind == "datetime" else level_text(value)
