"""How often each rule of a model applies, and what becomes of the rows, in training and on held-out rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from workbench.answers.answer import Answer


@dataclass(frozen=True, kw_only=True)
class RuleShares(Answer):
    """What each rule meets: all arrays have the shape (n_rules,); NaN where a number would tell of fewer than 10 rows.

    ``texts`` holds the rules, ``labels`` the class whose share is counted, "" for a number target. ``train_rows`` and
    ``holdout_rows`` count the rows that a rule decides on (`decides` "first": of a list the first that matches), or
    that it matches ("all"); ``train_values`` and ``holdout_values`` are the share of the class among them, or the mean
    of the target. ``n_train`` and ``n_holdout`` are what coverage, rows over all rows, is counted against.
    """

    kind: ClassVar[str] = "rule_shares"

    texts: tuple[str, ...]
    labels: tuple[str, ...]
    decides: str
    train_rows: np.ndarray
    train_values: np.ndarray
    holdout_rows: np.ndarray
    holdout_values: np.ndarray
    n_train: int
    n_holdout: int
