"""The picture of coverage: how often what came lay inside, in all rows and in parts of them, beside the promise."""

from __future__ import annotations

import math
from typing import Any

from workbench.plots.axes import set_title
from workbench.plots.intervals import draw_rows, unquoted
from workbench.plots.numbers import rows
from workbench.plots.style import LIGHT, Palette, shown

WIDTH = 560.0
_MOST = 12
_CLEAR, _LITTLE = 0.01, 0.03


def draw(answer: Any, palette: Palette = LIGHT, *, title: bool = True) -> Any:
    """Draw all rows first, then the parts that are covered least; the line is the level that was promised.

    Diamonds are parts that are shown to be covered less.
    """
    parts = [answer, *_least(answer)]
    names = ["all rows", *(unquoted(part.text) for part in parts[1:])]
    figure = draw_rows(
        names,
        [100 * part.coverage for part in parts],
        [100 * part.lower for part in parts],
        [100 * part.upper for part in parts],
        [f"{_share(part)}, {_rows(part)} rows" for part in parts],
        palette,
        line=100 * answer.level,
        axis="% of rows in which what came lies inside",
        width=WIDTH,
        marked=[_short(part, answer.level) for part in parts],
        name_limit=36,
    )
    if title:
        set_title(figure, finding(answer), palette)
    return figure


def _rows(part: Any) -> str:
    return rows(part.n_rows if hasattr(part, "n_rows") else part.rows)


def _share(part: Any) -> str:
    """Write a coverage; of one that is withheld, as a count below 10 would follow, the interval alone."""
    return f"{part.coverage:.0%}" if math.isfinite(part.coverage) else f"[{part.lower:.0%}, {part.upper:.0%}]"


def _short(part: Any, level: float) -> bool:
    return bool(part.p_value <= _CLEAR and not part.coverage > level - _LITTLE)


def _least(answer: Any) -> list[Any]:
    """Give the parts that are covered least, those that are shown to be first; of those withheld none but these."""
    told = [s for s in answer.slices if math.isfinite(s.coverage) or _short(s, answer.level)]
    return sorted(told, key=lambda s: (not _short(s, answer.level), _or_lower(s)))[:_MOST]


def _or_lower(part: Any) -> float:
    return float(part.coverage if math.isfinite(part.coverage) else (part.lower + part.upper) / 2)


def finding(answer: Any) -> str:
    """Say whether the promise is kept, and where not."""
    what = "Intervals" if answer.task == "regression" else "Sets of classes"
    promise = f"{answer.level:.0%}"
    if _short(answer, answer.level):
        return f"{what} promise to hold {promise} of rows and hold {_share(answer)}"
    worst = [s for s in _least(answer) if _short(s, answer.level)]
    if worst:
        where = f"where {shown(unquoted(worst[0].text), 60)} they hold {_share(worst[0])}"
        return f"{what} hold the promised {promise} of all rows, but {where}"
    if math.isnan(answer.coverage):
        return f"{what} are not shown to hold less than the promised {promise} of rows"
    return f"{what} hold what they promise: {_share(answer)} of rows where {promise} was asked"


def describe(answer: Any) -> str:
    """Give the numbers of the picture in words, for those who do not see it."""
    parts = [answer, *_least(answer)]
    names = ["all rows", *(part.text for part in parts[1:])]
    told = [
        f"{name}: {_share(p) if math.isfinite(p.coverage) else 'withheld'} [{p.lower:.0%}, {p.upper:.0%}] of "
        f"{_rows(p)} rows"
        for name, p in zip(names, parts, strict=True)
    ]
    hidden = sum(math.isnan(s.coverage) for s in answer.slices)
    few = f" Of {hidden} parts the coverage is withheld, as it would tell of fewer than 10 rows." if hidden else ""
    return f"Coverage, {answer.level:.0%} promised. " + "; ".join(told) + "." + few
