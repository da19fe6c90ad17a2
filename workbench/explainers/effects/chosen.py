"""The columns, and pairs of columns, that somebody asks to see: their positions, and what a study refuses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from workbench.disclosure import MIN_ROWS
from workbench.explainers.explainer import nearest
from workbench.explainers.inputs import Inputs


def unknown_columns(names: Sequence[str] | None, columns: Sequence[str], place: str) -> Iterator[tuple[str, str]]:
    """Yield what a study refuses of the names of columns that an option holds."""
    for name in names or ():
        if name not in columns:
            yield place, f"must name features of the data; got {name!r}{nearest(name, columns)}"


def misfits_of_effects(options: Any, columns: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield what a study refuses of `features`, `pairs` and `min_rows`."""
    yield from unknown_columns(options.features, columns, "features")
    yield from unknown_columns([name for pair in options.pairs for name in pair], columns, "pairs")
    for pair in options.pairs:
        if pair[0] == pair[1]:
            yield "pairs", f"must name two columns each; got {pair[0]!r} twice"
    if options.min_rows < MIN_ROWS:
        yield (
            "min_rows",
            f"must be at least {MIN_ROWS} in a study, whose results may be sent; got {options.min_rows}; fewer can "
            "be had from workbench.explain",
        )


def chosen_positions(place: str, inputs: Inputs, features: tuple[str, ...] | None) -> list[int]:
    """Give the positions of columns by name, of all where none are named.

    Raises
    ------
    ValueError
        If a name is unknown; the nearest one is named.
    """
    known = inputs.feature_names
    for name in features or ():
        if name not in known:
            raise ValueError(f"{place}: features: unknown column {name!r}{nearest(name, known)}")
    return [known.index(name) for name in features] if features is not None else list(range(len(known)))


def chosen_pairs(place: str, inputs: Inputs, pairs: tuple[tuple[str, str], ...]) -> list[tuple[int, int]]:
    """Give the positions of pairs of columns by name.

    Raises
    ------
    ValueError
        If a name is unknown, or a pair names one column twice.
    """
    known = inputs.feature_names
    for pair in pairs:
        for name in pair:
            if name not in known:
                raise ValueError(f"{place}: pairs: unknown column {name!r}{nearest(name, known)}")
        if pair[0] == pair[1]:
            raise ValueError(f"{place}: pairs: each must name two columns; got {pair[0]!r} twice")
    return [(known.index(first), known.index(second)) for first, second in pairs]
