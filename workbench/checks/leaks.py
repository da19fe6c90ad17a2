"""Columns that give the target away: its copies, one column that all but tells it, and two that do so together."""

from __future__ import annotations

from workbench.answers.finding import Finding
from workbench.checks.pairs import pairs_that_tell
from workbench.checks.seen import Seen
from workbench.checks.wording import all_quoted, finding, joined, quoted, rows, titled

# Shares of the target's variance. Classes are told apart by all but the last rows between them long before 0.99.
_ENOUGH = {"regression": 0.99, "binary": 0.9, "multiclass": 0.9}
_WAY_OUT = (
    "Ask when its values are known: if only with the outcome or after it, set the role ignore, or the scores are worth "
    "nothing. If they are known before, a formula may do in place of a model."
)


def leaks(whole: Seen, seen: Seen) -> list[Finding]:
    """Find columns that give the target away; those found are left out of the next search."""
    table = whole.table
    found: list[Finding] = []
    if seen.target.max() == 0:  # one value in all rows of the sample
        return found
    copies = [name for name in table.features if seen.is_copy(name) and whole.is_copy(name)]
    if copies:
        target, n = quoted(table.target.name), rows(table.n_rows)
        told = f"Each value of {target} goes with one value, and the reverse, in all {n} where known"
        title = titled(copies, "is the target again", "are the target again")
        by = "equal, renamed or in the same order"
        found.append(_leak(title, f"{told}: {all_quoted(copies)}.", by, seen))
    shares = {name: seen.share(name) for name in table.features if name not in copies}
    single = sorted((s, name) for name, s in shares.items() if s > _ENOUGH[table.task])[::-1]
    if single:
        told = joined([f"{quoted(name)} alone: {_written(s)}" for s, name in single])
        title = titled([name for _, name in single], "all but tells the target", "all but tell the target")
        by = "share of the target's variance, each row predicted from others with the same or neighbouring values"
        found.append(_leak(title, f"{told}.", by, seen, more_than=_ENOUGH[table.task]))
    clean = [name for name, s in shares.items() if s <= _ENOUGH[table.task]]
    if pairs := pairs_that_tell(seen, clean, shares):
        told = joined([f"{text} ({_written(s)})" for s, text in pairs], "; ")
        by = "share of the target's variance, for each two columns by least squares"
        title = "Two columns together all but tell the target"
        # two classes can be parted by a line without any leak
        severity = "high" if table.task == "regression" else "medium"
        found.append(_leak(title, f"{quoted(table.target.name)} follows {told}.", by, seen, severity))
    return found


def _leak(title: str, evidence: str, by: str, seen: Seen, severity: str = "high", **limits: float) -> Finding:
    return finding(severity, title, evidence, _WAY_OUT, by=by, n_rows=seen.table.n_rows, **limits)


def _written(share: float) -> str:
    return f"R2 {share:.4f}"
