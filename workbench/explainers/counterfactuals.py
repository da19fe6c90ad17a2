"""Counterfactuals: the least that would have had to be different in a row for the model to say otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pydantic

from workbench.answers import Provenance
from workbench.answers.attribution import Cell
from workbench.answers.counterfactuals import Counterfactuals
from workbench.columns import listed
from workbench.explainers.attributions import cells
from workbench.explainers.changes.candidates import Changes
from workbench.explainers.changes.column import differ
from workbench.explainers.changes.goal import Goal
from workbench.explainers.changes.search import Found, Search
from workbench.explainers.explainer import Explainer, nearest
from workbench.explainers.inputs import Inputs
from workbench.explainers.rows import take

_ROWS_NAMED = 10


class CounterfactualSearch(Explainer):
    r"""The least that would have had to be different in a row for the model to say otherwise.

    For each row x of X, of all rows x' that the model decides as asked, those with the fewest changed columns, and
    among these with the smallest distance

    .. math:: d(x, x') = \sum_{j: x_j \neq x'_j} |x_j - x'_j| / s_j

    where :math:`s_j` is the robust spread of column j over the background (`spread`: 1.4826 times the median absolute
    deviation); another level, or a number where one is missing, counts 1. The weighing by spreads is that of Wachter,
    Mittelstadt and Russell; few changes and values as the data have them are two of the objectives of Dandl et al.

    *What may change.* Numbers and datetimes between the tenth lowest and the tenth highest value of the background
    (its lowest and highest where it knows fewer than 20), whole numbers to whole numbers; levels to those of the
    background. `immutable` columns stay, columns with a `direction` move one way (an ordered level too), and stay
    where they are missing. Nothing becomes missing.

    *How it is found.* Every column alone is tried at all its candidates: each level; each whole number, of 200 or
    fewer; where the model's form steps, the nearest number in each interval between cuts (to within a hundredth of a
    spread, in few digits); otherwise 21 quantiles of the background, after which the change is taken back towards the
    row to the first point that does, on a line searched at 32 points three times over. Then pairs of the columns that
    do not do alone, then triples, up to `max_changed` or until `n` sets of columns are found, none of which contains
    another. Where the combinations are more than `max_evaluations` allows, fewer candidates of each column are tried,
    first those that no cheaper one beats by itself, then fewer columns, those that come closest by themselves; a
    warning says so.

    Every counterfactual is put to the model itself, as a row in its original types; it is not told otherwise.

    ``provenance.exact`` is true where all combinations of candidates were tried, the candidates stand for all values,
    and the type of X can hold all levels of the background (a warning says where not): then no row within the ranges
    has fewer changed columns, and none with as many is closer by more than a hundredth for each of them. A column that
    a model reads by lines or curves has more values than candidates.

    *What is asked* without `wanted`, `at_least` and `at_most`: of two classes the other one, of more the second most
    probable one; of a regressor the other side of the (weighted) median prediction of the background.

    References
    ----------
    S. Wachter, B. Mittelstadt and C. Russell, 2018, "Counterfactual explanations without opening the black box",
    Harvard Journal of Law & Technology 31(2); S. Dandl, C. Molnar, M. Binder and B. Bischl, 2020, "Multi-objective
    counterfactual explanations", doi 10.1007/978-3-030-58112-1_31.
    """

    name = "counterfactuals"
    title = "Counterfactuals"
    summary = "The fewest and smallest changes of a row with which the model would have said otherwise."
    reference = (
        "S. Dandl, C. Molnar, M. Binder, B. Bischl, 2020, Multi-objective counterfactual explanations, doi "
        "10.1007/978-3-030-58112-1_31; S. Wachter, B. Mittelstadt, C. Russell, 2018, Counterfactual explanations "
        "without opening the black box, Harvard Journal of Law & Technology 31(2)"
    )
    caution = (
        "It tells what the model would say of another row, not what would come of changing anything: columns that "
        "move together are changed one without the other, so a changed row may not occur. Others as close may exist. "
        "Single rows are shown, so this is not for sending."
    )
    uses_background = True
    most_rows = 5

    class Options(pydantic.BaseModel, extra="forbid", frozen=True):
        """Options of counterfactuals."""

        wanted: str | int | float | bool | None = pydantic.Field(
            None, description="class that the model is to decide for; the other or the second most probable if absent"
        )
        at_least: float | None = pydantic.Field(
            None, allow_inf_nan=False, description="number that the prediction is to reach"
        )
        at_most: float | None = pydantic.Field(
            None, allow_inf_nan=False, description="number that the prediction is not to exceed"
        )
        n: int = pydantic.Field(3, ge=1, le=20, description="most counterfactuals of a row, of different columns")
        max_changed: int = pydantic.Field(3, ge=1, le=5, description="most columns that may change together")
        immutable: tuple[str, ...] = pydantic.Field((), description="columns that stay as they are")
        direction: dict[str, Literal["increasing", "decreasing"]] = pydantic.Field(
            {}, description="columns that may only grow, or only fall"
        )
        max_evaluations: int = pydantic.Field(
            20_000, ge=1, le=10**7, description="most combinations of several columns that are tried for a row"
        )

    @classmethod
    def misfits(cls, options: Any, *, task: str, columns: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        """Refuse unknown columns, a class for a regression and bounds for a classification."""
        for option in ("immutable", "direction"):
            for name in getattr(options, option):
                if name not in columns:
                    yield option, f"must name features of the data; got {name!r}{nearest(name, columns)}"
        if task == "regression" and options.wanted is not None:
            yield "wanted", f"names a class; got {options.wanted!r} for a regression: use at_least or at_most"
        for option in ("at_least", "at_most"):
            if task != "regression" and getattr(options, option) is not None:
                yield option, f"is for regressions; got {getattr(options, option):g} for a {task} target: use wanted"

    @classmethod
    def explain(cls, inputs: Inputs, options: Any) -> Counterfactuals:
        """Search for each row of X.

        Raises
        ------
        ValueError
            If a column is unknown, none may change, or what is asked does not fit the model: see `Goal`.
        """
        _check_columns(options, inputs.feature_names)
        goal = Goal.of(inputs, wanted=options.wanted, at_least=options.at_least, at_most=options.at_most)
        changes = Changes.of(inputs, immutable=options.immutable, direction=options.direction)
        if not changes.columns and options.immutable:
            raise ValueError(
                f"counterfactuals: immutable must leave a column that the model uses; got {list(options.immutable)}"
            )
        own = [goal.judge(row, take(inputs.X, [row])) for row in range(len(inputs.X))]
        found = {
            row: Search(changes, goal, row, options.max_evaluations).run(options.n, options.max_changed)
            for row, verdict in enumerate(own)
            if not verdict.met[0]
        }
        told = {row: _told(changes, goal, row, found[row]) for row in found}
        lost = [row for row, one in told.items() if len(one.after) < len(found[row].values)]
        return Counterfactuals(
            feature_names=inputs.feature_names,
            data=cells(inputs.X),
            wanted=goal.text,
            row=np.repeat(np.array(list(told), dtype=np.int64), [len(one.after) for one in told.values()]),
            found=tuple(line for one in told.values() for line in one.found),
            changed=np.array([c for one in told.values() for c in one.changed], dtype=np.int64),
            distance=np.array([d for one in told.values() for d in one.distance], dtype=float),
            before=np.array([verdict.told[0] for verdict in own]),
            after=np.array([a for one in told.values() for a in one.after], dtype=float),
            outputs=goal.outputs,
            scale=goal.scale,
            provenance=_provenance(cls, inputs, options, goal, changes, found, lost),
        )


def _check_columns(options: Any, names: Sequence[str]) -> None:
    for option in ("immutable", "direction"):
        for name in getattr(options, option):
            if name not in names:
                raise ValueError(f"counterfactuals: {option}: unknown column {name!r}{nearest(name, names)}")


def _provenance(
    cls: type[Explainer],
    inputs: Inputs,
    options: Any,
    goal: Goal,
    changes: Changes,
    found: dict[int, Found],
    lost: Sequence[int],
) -> Provenance:
    """Say whether all that may be changed was tried, and if not, what was left out."""
    narrowed = [row for row, one in found.items() if one.narrowed]
    complete = all(column.is_complete for column in changes.columns) and not changes.left_out
    provenance = cls.provenance(
        inputs,
        options,
        exact=complete and not narrowed and not lost,
        warnings=(*_unfit(changes), *_warnings(goal, options, found, narrowed, lost, changes.codes.shape)),
    )
    counted = {"evaluations": sum(one.n_evaluations for one in found.values())}
    return replace(provenance, parameters={**provenance.parameters, **counted})


@dataclass(frozen=True, eq=False)
class _Told:
    """The counterfactuals of one row as the answer tells them."""

    found: tuple[tuple[Cell, ...], ...]
    changed: np.ndarray
    distance: np.ndarray
    after: np.ndarray


def _told(changes: Changes, goal: Goal, row: int, found: Found) -> _Told:
    """Put what was found to the model once more, all at once, and tell what it confirms."""
    if not len(found.values):
        return _Told((), np.empty(0), np.empty(0), np.empty(0))
    rows = changes.rows(row, found.values)
    verdict = goal.judge(row, rows)
    met = verdict.met
    kept = take(rows, met)
    changed = differ(changes.codes[row], found.values).sum(axis=1)
    return _Told(cells(kept), changed[met], found.costs.sum(axis=1)[met], verdict.told[met])


def _warnings(
    goal: Goal, options: Any, found: dict[int, Found], narrowed: Sequence[int], lost: Sequence[int], shape: Any
) -> Iterator[str]:
    n_rows, n_columns = shape
    if there := [row for row in range(n_rows) if row not in found]:
        yield f"{_rows(there)}: predicted as asked ({goal.text}) already"
    if not n_columns:
        yield "the model uses no column that may change"
    without = [row for row, one in found.items() if not len(one.values)]
    if none := [row for row in without if row not in narrowed]:
        columns = "one column" if options.max_changed == 1 else f"at most {options.max_changed} columns"
        yield f"{_rows(none)}: no change of {columns} that was tried comes to {goal.text}"
    if narrowed:
        sizes = sorted({size for row in narrowed for size in found[row].narrowed})
        told = " and ".join(map(str, sizes))
        nothing = [row for row in without if row in narrowed]
        yield (
            f"{_rows(narrowed)}: of changes of {told} columns at most the {options.max_evaluations:,} most promising "
            "were tried, so less may do" + (f"; for {_rows(nothing)} none of them did" if nothing else "")
        )
    if lost:
        yield f"{_rows(lost)}: the model took back what it said of a changed row when asked once more; left out"


def _unfit(changes: Changes) -> Iterator[str]:
    for name, levels in changes.left_out.items():
        yield (
            f"column {name!r} of X has categories without {listed(list(levels))}, which the background has: changes to "
            "them were not tried; give X the categories that the model was fitted on"
        )


def _rows(rows: Sequence[int]) -> str:
    """Name rows for a sentence, where the first is row 1."""
    named = ", ".join(str(row + 1) for row in rows[:_ROWS_NAMED])
    more = f" and {len(rows) - _ROWS_NAMED} more" if len(rows) > _ROWS_NAMED else ""
    return f"row{'s' if len(rows) > 1 else ''} {named}{more}"
