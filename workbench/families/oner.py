"""OneR: the rules of one single column."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from pydantic import Field

from workbench.families.cutting import CHECKS_ON_FEW_ROWS
from workbench.families.family import EncodedForm, Family, FamilyParameters
from workbench.families.policy import Policy
from workbench.forms import Condition, Identity, Input, Rule, RuleList


class OneR(Family):
    """Cuts every column into intervals and keeps the one whose intervals best tell the classes."""

    name = "oner"
    title = "OneR"
    summary = "reads one single column: each of its intervals or levels predicts the class that is commonest there"
    tasks = ("binary", "multiclass")
    weighs_rows = False
    policy = Policy(missing="impute+indicator", categories="ordinal", unseen="prior", numbers="bins")
    reference = (
        "Holte 1993, Very simple classification rules perform well on most commonly used datasets, "
        "doi 10.1023/A:1022631118932"
    )
    assumptions = ("One column says most of what can be said.",)
    limits = (
        "Everything but one column is invisible to it.",
        "Two columns may be nearly as good: a small change of the data can make it choose the other.",
    )
    libraries = ("mlxtend",)
    search_space = {"max_bins": (3, 5, 8, 12)}
    path = tuple({"max_bins": bins} for bins in (2, 3, 5, 8, 12))
    expected_failed_checks = {
        **CHECKS_ON_FEW_ROWS,
        "check_classifiers_train": "one column can't reach the accuracy that the check asks for",
        "check_sample_weight_equivalence_on_dense_data": "the library takes no weights, and unequal ones are refused",
    }

    class Parameters(FamilyParameters):
        """Parameters of `oner`."""

        max_bins: int = Field(
            5, ge=2, le=1024, description="most intervals of a number column, each of 10 rows or more"
        )

    def policy_for(self, task: str, params: Mapping[str, Any]) -> Policy:
        """Cut as finely as asked for."""
        return replace(self.policy, bins=params["max_bins"])

    def build(self, task: str, params: Mapping[str, Any]) -> Any:
        """Give mlxtend's classifier."""
        from mlxtend.classifier import OneRClassifier

        return OneRClassifier()

    def fit(
        self, estimator: Any, Z: np.ndarray, y: np.ndarray, sample_weight: np.ndarray | None, inputs: Sequence[Input]
    ) -> None:
        """Fit, then count the classes behind each rule: the library gives labels alone."""
        with warnings.catch_warnings():
            # a short table may have a code of its own in every row
            warnings.filterwarnings("ignore", message="Feature array likely contains")
            estimator.fit(Z, y)
        column = Z[:, estimator.feature_idx_]
        n_classes = int(y.max()) + 1
        counts = {code: np.bincount(y[column == code], minlength=n_classes) for code in np.unique(column).tolist()}
        estimator.class_counts_ = counts
        estimator.classes_ = np.arange(n_classes)

    def predict_proba(self, fitted: Any, Z: np.ndarray) -> np.ndarray:
        """Give the class shares of the training rows that have the same code, by the rule of succession."""
        shares = np.zeros((len(Z), fitted.classes_.size))
        for code, counts in fitted.class_counts_.items():
            shares[Z[:, fitted.feature_idx_] == code] = _shares(counts)
        return shares

    def form(self, fitted: Any, inputs: Sequence[Input]) -> EncodedForm:
        """A list of rules, one a code; the last one needs no condition, as no other code can occur."""
        name = str(fitted.feature_idx_)
        rules = []
        for code, counts in sorted(fitted.class_counts_.items()):
            shares = _shares(counts)
            value = shares[1:] if shares.size == 2 else shares
            rules.append(Rule((Condition(name, code - 0.5, code + 0.5),), value))
        rules[-1] = Rule((), rules[-1].value)
        return RuleList(tuple(rules)), Identity()

    def smallest_support(self, fitted: Any, n_rows: int) -> int:
        """The rows of the smallest interval or level."""
        return min(int(counts.sum()) for counts in fitted.class_counts_.values())


def _shares(counts: np.ndarray) -> np.ndarray:
    """Give class shares with one row of each class added (Laplace): 10 rows of one class are no certainty."""
    return (counts + 1) / (counts.sum() + counts.size)
