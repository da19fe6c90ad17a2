"""Holdout and folds that do not leak: by class, by group, forward in time, and with an eye on repeated rows."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from workbench.blocks import join_blocks
from workbench.disclosure import in_words
from workbench.duplicates import CHOICES, Duplicates, identical_rows, judge_duplicates
from workbench.folds import PARTS, Fold, SplitError, last_share, lay_folds, lay_parts, moments_of, set_aside
from workbench.table import Table

LARGE = 200_000  # rows above which a study scores the holdout alone, unless it asks for folds


@dataclass(frozen=True, eq=False)
class Splits:
    """The rows set aside, the rows to develop on, and the folds over these.

    Attributes
    ----------
    scheme : str
        In words, for example "5-fold, 2 repeats, stratified".
    development, holdout : ndarray of int
        Row positions in the table, ascending; the holdout may be empty.
    folds : tuple of Fold
    duplicates : Duplicates
    seed : int
    hash : str
        SHA-256 over all index arrays.
    alone : bool
        Whether the holdout is scored alone: `folds` are then its parts, and all have the same training rows.
    """

    scheme: str
    development: np.ndarray
    holdout: np.ndarray
    folds: tuple[Fold, ...]
    duplicates: Duplicates
    seed: int
    hash: str
    alone: bool = False

    @property
    def sizes(self) -> dict[str, np.ndarray]:
        """The rows that each fold trains on and tests, for intervals of a mean over folds.

        Parts of a holdout that is scored alone share no row and are of one fit: to them nothing is to be corrected, so
        `n_test` is 0, which gives Student's interval.
        """
        tested = [0 if self.alone else len(f.test) for f in self.folds]
        return {"n_train": np.array([len(f.train) for f in self.folds]), "n_test": np.array(tested)}


def folds_for(asked: int | str, n_rows: int, holdout: float) -> int | None:
    """Give the number of folds that a study asks for: "auto" is 5, and "few" 3, or none where rows are many.

    Each fold is one more fit. A model of hundreds of thousands of rows hardly changes with other rows, and a holdout of
    tens of thousands tells its score within a hundredth.

    >>> folds_for("auto", 1_000, 0.25), folds_for("auto", 300_000, 0.25), folds_for(10, 300_000, 0.25)
    (5, None, 10)
    """
    if not isinstance(asked, str):
        return asked
    return None if n_rows > LARGE and holdout > 0 else {"auto": 5, "few": 3}[asked]


def make_splits(
    table: Table,
    *,
    holdout: float = 0.25,
    folds: int | None = 5,
    repeats: int = 2,
    seed: int = 0,
    duplicates: str = "auto",
) -> Splits:
    """Set a holdout aside and lay repeated folds over the other rows.

    Classes are stratified. Rows of one *block* are never parted: a block is a group, a set of rows with identical
    features (where repeats are kept together), or what groups and repeats join into, directly or over several steps.

    Rows of weight 0 count as absent: they are left out before anything else.

    A table with a time column is split forward in time: the holdout is its last share, and fold i trains on all that
    comes before the span that it is tested on. Equal times are never parted, and there is one repeat. Rows before the
    tested span (or before the holdout) that share a block with it are purged: neither trained on nor tested.

    Parameters
    ----------
    table : Table
    holdout : float
        The share of rows to set aside, from 0 to 0.9; whole blocks come as near to it as they can.
    folds : int or None
        At least 2. None: the holdout is scored alone, in 5 parts of whole blocks (of spans, forward in time), which
        tell how far its score depends on its rows.
    repeats : int
        At least 1: how often the folds are drawn anew.
    seed : int
        The same seed gives the same splits on any machine.
    duplicates : {"auto", "together", "ignore", "drop"}
        Rows with identical features stay on one side, are split like any others, or only the first of each is kept;
        `auto` decides between the first two, see `workbench.duplicates.judge_duplicates`.

    Returns
    -------
    Splits

    Raises
    ------
    SplitError
        If a setting is outside its range, there are more folds than rows, blocks or times, a class has fewer rows than
        folds or is missing where a fold trains, or a time is missing.

    Notes
    -----
    Misleads when rows belong together in a way that no column says. Forward in time, early folds train on fewer rows.

    Examples
    --------
    >>> table = Table.from_frame(pd.DataFrame({"x": range(100), "y": range(100)}), target="y")
    >>> splits = make_splits(table, holdout=0.2)
    >>> splits.scheme, len(splits.development), len(splits.holdout), len(splits.folds)
    ('5-fold, 2 repeats', 80, 20, 10)
    """
    _check_settings(holdout, folds, repeats, seed, duplicates)
    if table.time is not None or folds is None:
        repeats = 1
    judge_seed, holdout_seed, _, *fold_seeds = _seeds(seed, 3 + repeats)
    same, rows = identical_rows(table), _weighing(table)
    found = judge_duplicates(*_present(table, same, rows), duplicates, judge_seed)
    weightless = table.n_rows - len(rows)
    if found.choice == "drop":
        rows = rows[~pd.Series(same[rows]).duplicated()]
    blocks = join_blocks(table.groups, same if found.choice == "together" else None)
    _check_classes(table, rows, folds or PARTS, "")
    if table.time is None:
        development, held = set_aside(table, rows, blocks, holdout, holdout_seed)
    else:
        development, held = last_share(moments_of(table.time), rows, blocks, holdout)
    if len(held):
        _check_classes(table, development, folds or PARTS, " outside the holdout")
    if folds is None:
        laid = tuple(lay_parts(table, development, held, blocks, fold_seeds[0]))
    else:
        laid = tuple(
            Fold(train, test, repeat, number)
            for repeat, fold_seed in enumerate(fold_seeds)
            for number, (train, test) in enumerate(lay_folds(table, development, blocks, folds, fold_seed))
        )
    return Splits(
        scheme=_scheme(table, folds, repeats, found.choice, len(rows) - len(development) - len(held), weightless),
        development=development,
        holdout=held,
        folds=laid,
        duplicates=found,
        seed=int(seed),
        hash=_hash([development, held, *(part for fold in laid for part in (fold.train, fold.test))]),
        alone=folds is None,
    )


def other_folds(table: Table, splits: Splits) -> tuple[Fold, ...]:
    """Lay one repeat of folds the other way about repeated rows, to measure what the choice does to the scores.

    Where repeats were kept together, they are now split like any others, and the reverse. Where they were dropped, the
    copies of development rows come back and are split like any others. No row of the holdout is used. Empty where no
    row repeats, and where the other choice can't fill as many folds: then there is nothing to measure.
    """
    choice = splits.duplicates.choice
    if choice == "none" or splits.alone:
        return ()
    same = identical_rows(table)
    rows = splits.development
    if choice == "drop":
        there = _weighing(table)
        rows = there[np.isin(same[there], same[rows])]
    blocks = join_blocks(table.groups, same if choice == "ignore" else None)
    n_folds = 1 + max(fold.number for fold in splits.folds)
    try:
        laid = list(lay_folds(table, rows, blocks, n_folds, _seeds(splits.seed, 3)[2]))
    except SplitError:
        return ()
    return tuple(Fold(train, test, 0, number) for number, (train, test) in enumerate(laid))


def careless_folds(table: Table, splits: Splits) -> tuple[Fold, ...]:
    """Lay one repeat of folds at random where the study's keep groups together, or run forward in time.

    They measure what such a split would have claimed. Repeated rows are kept together where the study keeps them so,
    and no row of the holdout is used. Empty where the table has neither groups nor times.
    """
    if (table.groups is None and table.time is None) or splits.alone:
        return ()
    loose = replace(table, groups=None, time=None)
    blocks = identical_rows(table) if splits.duplicates.choice == "together" else None
    n_folds = 1 + max(fold.number for fold in splits.folds)
    try:
        laid = list(lay_folds(loose, splits.development, blocks, n_folds, _seeds(splits.seed, 3)[2]))
    except SplitError:
        return ()
    return tuple(Fold(train, test, 0, number) for number, (train, test) in enumerate(laid))


def _weighing(table: Table) -> np.ndarray:
    """Give the positions of the rows that have a weight."""
    return np.arange(table.n_rows) if table.sample_weight is None else np.flatnonzero(table.sample_weight > 0)


def _present(table: Table, same: np.ndarray, rows: np.ndarray) -> tuple[Table, np.ndarray]:
    """Give the table of some rows, and the numbers of their distinct rows, counted from 0."""
    return (table, same) if len(rows) == table.n_rows else (table.take(rows), pd.factorize(same[rows])[0])


def _seeds(seed: int, count: int) -> list[int]:
    """Give independent seeds; the first ones stay the same when more are asked for."""
    return [int(word) for word in np.random.SeedSequence(seed).generate_state(count)]


def _hash(arrays: list[np.ndarray]) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(len(array).to_bytes(8, "little") + array.astype("<i8").tobytes())
    return digest.hexdigest()


def _scheme(table: Table, folds: int | None, repeats: int, choice: str, purged: int, weightless: int) -> str:
    parts = [f"holdout alone, in {PARTS} parts" if folds is None else f"{folds}-fold"]
    if table.time is not None:
        parts.append("forward in time")
    else:
        if folds is not None:
            parts.append(f"{repeats} repeat{'s' * (repeats != 1)}")
        if table.classes:
            parts.append("stratified")
    if table.groups is not None:
        parts.append("by group")
    said = {"together": "repeated rows together", "drop": "repeated rows dropped"}
    if choice in said:
        parts.append(said[choice])
    if purged:
        parts.append(f"{in_words(purged)} earlier rows of the holdout's blocks left out")
    if weightless:
        parts.append(f"{in_words(weightless)} rows of weight 0 left out")
    return ", ".join(parts)


def _check_settings(holdout: float, folds: int | None, repeats: int, seed: int, duplicates: str) -> None:
    if folds is None and not holdout:
        raise SplitError("split.folds must be a number where split.holdout is 0: else nothing is left to score")
    for name, value, least in (("folds", 2 if folds is None else folds, 2), ("repeats", repeats, 1), ("seed", seed, 0)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
            raise SplitError(f"split.{name} must be a whole number of at least {least}; got {value!r}")
    if isinstance(holdout, bool) or not isinstance(holdout, int | float) or not 0 <= holdout <= 0.9:
        raise SplitError(f"split.holdout must be a share of the rows from 0 (none) to 0.9; got {holdout!r}")
    if duplicates not in CHOICES:
        raise SplitError(f"split.duplicates must be one of {', '.join(CHOICES)}; got {duplicates!r}")


def _check_classes(table: Table, rows: np.ndarray, folds: int, where: str) -> None:
    if not table.classes:
        return
    counts = table.y.iloc[rows].value_counts()
    for label in table.classes:
        if (count := int(counts.get(label, 0))) < folds:
            raise SplitError(
                f"class {label!r} has {count:,} rows{where}, fewer than split.folds: {folds}; set fewer folds, "
                f"{'a smaller split.holdout, ' if where else ''}or join the class with another or leave it out"
            )
