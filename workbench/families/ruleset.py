"""A set of rules grown by sequential covering: RIPPER."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from pydantic import Field

from workbench.disclosure import MIN_ROWS
from workbench.families.cutting import CHECKS_ON_FEW_ROWS
from workbench.families.distinct import by_distinct_rows
from workbench.families.family import EncodedForm, Family, FamilyParameters, Seed
from workbench.families.one_vs_rest import OneVsRestModel
from workbench.families.policy import Policy
from workbench.families.randomness import draw_seed, global_seed
from workbench.forms import Condition, Identity, Input, OneVsRest, Rule, RuleSet


class Ruleset(Family):
    """Rules for one class against the others: a row gets the mean of the shares of all rules that match it."""

    name = "ruleset"
    title = "rule set"
    summary = (
        "grows rules for one class, each covering rows that those before it left; where several match, their shares "
        "are averaged"
    )
    tasks = ("binary", "multiclass")
    weighs_rows = False
    policy = Policy(missing="impute+indicator", categories="one-hot", unseen="other", numbers="above cuts")
    reference = "Cohen 1995, Fast effective rule induction, doi 10.1016/B978-1-55860-377-6.50023-2"
    assumptions = ("The class is found in a few boxes cut along the columns.",)
    limits = (
        "A small change of the data can give other rules.",
        "Rows that no rule matches all get one and the same probability.",
        "Of several classes each has a set of its own; their shares are divided by their sum.",
    )
    libraries = ("wittgenstein",)
    search_space = {"max_bins": (5, 8, 12), "prune_size": (0.2, 0.33, 0.5), "max_rules": (4, 8, 16)}
    path = tuple({"max_rules": rules} for rules in (1, 2, 4, 8))
    example_params = {"max_bins": 6, "k": 1}
    expected_failed_checks = {
        **CHECKS_ON_FEW_ROWS,
        "check_sample_weight_equivalence_on_dense_data": "the library takes no weights, and unequal ones are refused",
    }

    class Parameters(FamilyParameters):
        """Parameters of `ruleset`."""

        max_bins: int = Field(8, ge=2, le=64, description="most intervals of a number column, between which cuts stand")
        k: int = Field(2, ge=0, description="rounds in which the rules are revised")
        prune_size: float = Field(0.33, gt=0, lt=1, description="share of the rows on which rules are pruned")
        max_rules: int | None = Field(None, ge=1, description="most rules of a class; null for no limit")
        max_conditions: int | None = Field(None, ge=1, description="most conditions of a rule; null for no limit")
        random_state: Seed = Field(0, description="seed of the division into growing and pruning rows")

    def policy_for(self, task: str, params: Mapping[str, Any]) -> Policy:
        """Cut as finely as asked for."""
        return replace(self.policy, bins=params["max_bins"])

    def build(self, task: str, params: Mapping[str, Any]) -> Any:
        """Give wittgenstein's RIPPER; for several classes one each."""
        from wittgenstein import RIPPER

        def one() -> Any:
            return RIPPER(
                k=params["k"],
                prune_size=params["prune_size"],
                max_rules=params["max_rules"],
                max_rule_conds=params["max_conditions"],
                min_rule_samples=MIN_ROWS,
                n_discretize_bins=None,
                random_state=draw_seed(params["random_state"]),
            )

        return one() if task == "binary" else OneVsRestModel(one)

    def fit(
        self, estimator: Any, Z: np.ndarray, y: np.ndarray, sample_weight: np.ndarray | None, inputs: Sequence[Input]
    ) -> None:
        """Fit with truth values as inputs; rules of fewer than 10 training rows are taken out again."""
        if isinstance(estimator, OneVsRestModel):
            estimator.fit_each(y, lambda part, target: self.fit(part, Z, target, None, inputs))
            return
        frame = _frame(Z)
        # it warns of empty rule sets, each time it looks at one, past all filters
        with global_seed(estimator.random_state), warnings.catch_warnings(record=True):
            warnings.simplefilter("always")
            estimator.fit(frame, y=y, pos_class=1)
            kept = [rule for rule in estimator.ruleset_.rules if rule.covers(frame).shape[0] >= MIN_ROWS]
            if len(kept) < len(estimator.ruleset_.rules):
                estimator.ruleset_.rules = kept
                estimator.selected_features_ = estimator.ruleset_.get_selected_features()
                estimator.recalibrate_proba(frame, y, min_samples=None, require_min_samples=False, discretize=False)
        estimator.classes_ = np.array([0, 1])

    def predict(self, fitted: Any, Z: np.ndarray) -> np.ndarray:
        """Decide for the class with the highest probability: a rule may match where its class is still the rarer."""
        return self.predict_proba(fitted, Z).argmax(axis=1)

    def predict_proba(self, fitted: Any, Z: np.ndarray) -> np.ndarray:
        """The mean of the shares of the library's rules that cover a row; of several classes divided by their sum.

        The library's own `predict_proba` says the same, and takes a millisecond a row: `reference_score` asks it.
        """
        if isinstance(fitted, OneVsRestModel):
            shares = np.column_stack([self.predict_proba(part, Z)[:, 1] for part in fitted.parts_])
            return shares / shares.sum(axis=1, keepdims=True)
        frame = _frame(Z)
        total, matched = np.zeros(len(Z)), np.zeros(len(Z))
        for rule in fitted.ruleset_.rules:
            at = rule.covers(frame).index.to_numpy()
            total[at] += rule.smoothed_class_freqs_[1]
            matched[at] += 1
        default = fitted.ruleset_.smoothed_uncovered_class_freqs_[1]
        share = np.where(matched > 0, total / np.maximum(matched, 1), default)
        return np.column_stack([1 - share, share])

    def reference_score(self, fitted: Any, Z: np.ndarray) -> np.ndarray:
        """The library's own probability of the class, or of each class against the rest."""
        parts = fitted.parts_ if isinstance(fitted, OneVsRestModel) else [fitted]
        return np.column_stack([_library_proba(part, Z)[:, 1] for part in parts])

    def form(self, fitted: Any, inputs: Sequence[Input]) -> EncodedForm:
        """The rules with their smoothed shares."""
        several = isinstance(fitted, OneVsRestModel)
        rules, outputs, default = [], [], []
        for i, part in enumerate(fitted.parts_ if several else [fitted]):
            default.append(float(part.ruleset_.smoothed_uncovered_class_freqs_[1]))
            for rule in part.ruleset_.rules:
                share = np.array([float(rule.smoothed_class_freqs_[1])])
                rules.append(Rule(tuple(_condition(c) for c in rule.conds), share))
                outputs.append(i)
        body = RuleSet(tuple(rules), tuple(outputs), np.array(default))
        return body, OneVsRest(Identity()) if several else Identity()

    def smallest_support(self, fitted: Any, n_rows: int) -> int:
        """The rows of the rule that matches fewest, or of those that no rule matches."""
        parts = fitted.parts_ if isinstance(fitted, OneVsRestModel) else [fitted]
        counts = [sum(part.ruleset_.uncovered_class_ns_) for part in parts]
        counts += [sum(rule.class_ns_) for part in parts for rule in part.ruleset_.rules]
        return int(min([c for c in counts if c > 0], default=n_rows))


def _frame(Z: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(Z.astype(int), columns=[str(j) for j in range(Z.shape[1])])


def _condition(cond: Any) -> Condition:
    value = float(cond.val)
    return Condition(str(cond.feature), value - 0.5, value + 0.5)


def _library_proba(fitted: Any, Z: np.ndarray) -> np.ndarray:
    used = np.array(sorted({int(c.feature) for rule in fitted.ruleset_.rules for c in rule.conds}), dtype=int)

    def ask(rows: np.ndarray) -> np.ndarray:
        with warnings.catch_warnings(record=True):
            warnings.simplefilter("always")
            return np.asarray(fitted.predict_proba(_frame(rows)), dtype=np.float64)

    return by_distinct_rows(ask, Z, used)
