"""Rules that are read from the top: the first that matches decides."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from workbench.disclosure import MIN_ROWS
from workbench.families.cutting import CHECKS_ON_FEW_ROWS
from workbench.families.distinct import by_distinct_rows
from workbench.families.family import Family, FamilyParameters, Seed
from workbench.families.policy import Policy
from workbench.families.randomness import draw_seed, global_seed
from workbench.families.scoped import replaced
from workbench.forms import Condition, Identity, Input, Rule, RuleList


class Rulelist(Family):
    """If, else if, else: each rule gives a probability; Bayesian rule lists, or greedy ones."""

    name = "rulelist"
    title = "rule list"
    summary = "asks one rule after the other; the first that matches gives the probability, and no other is looked at"
    tasks = ("binary",)
    weighs_rows = False
    policy = Policy(missing="impute+indicator", categories="one-hot", unseen="other", numbers="both sides of cuts")
    reference = (
        "Letham, Rudin, McCormick and Madigan 2015, Interpretable classifiers using rules and Bayesian analysis, "
        "doi 10.1214/15-AOAS848"
    )
    assumptions = ("A few rules, taken in turn, tell the classes apart.",)
    limits = (
        "A rule speaks of the rows that all rules above it left over, not of all rows that meet it.",
        "Only cuts between intervals that were fixed beforehand are looked at, and only a draw of the possible lists.",
    )
    libraries = ("imodels",)
    search_space = {"max_bins": (3, 5, 8), "max_conditions": (1, 2), "expected_rules": (3, 5, 8)}
    path = tuple({"expected_rules": rules} for rules in (1, 2, 3, 5, 8))
    quick = {"n_draws": 1_000}
    example_params = {"max_bins": 3, "n_draws": 60, "n_chains": 1}
    expected_failed_checks = {
        **CHECKS_ON_FEW_ROWS,
        "check_sample_weight_equivalence_on_dense_data": "the library takes no weights, and unequal ones are refused",
    }

    class Parameters(FamilyParameters):
        """Parameters of `rulelist`."""

        method: Literal["bayesian", "greedy"] = Field(
            "bayesian", description="lists drawn by their posterior probability, or the best cut after the other"
        )
        max_rules: int = Field(5, ge=1, description="most rules of a greedy list")
        max_bins: int = Field(6, ge=2, le=64, description="most intervals of a number column, between which cuts stand")
        max_conditions: int = Field(1, ge=1, le=3, description="most conditions of a rule of a Bayesian list")
        expected_rules: int = Field(3, ge=1, description="the length of the list that the prior expects")
        min_support: float = Field(0.05, gt=0, lt=1, description="least share of the rows that meet a rule")
        n_draws: int = Field(10_000, ge=10, description="lists drawn in each chain")
        n_chains: int = Field(2, ge=1, description="chains of draws")
        random_state: Seed = Field(0, description="seed of the draws")

    def policy_for(self, task: str, params: Mapping[str, Any]) -> Policy:
        """Greedy lists find their cuts themselves."""
        if params["method"] == "greedy":
            return replace(self.policy, numbers="values")
        return replace(self.policy, bins=params["max_bins"])

    def build(self, task: str, params: Mapping[str, Any]) -> Any:
        """Give imodels' list."""
        from imodels import BayesianRuleListClassifier, GreedyRuleListClassifier

        if params["method"] == "greedy":
            return GreedyRuleListClassifier(max_depth=params["max_rules"])
        with global_seed(0):  # its constructor seeds the global generators
            return BayesianRuleListClassifier(
                listlengthprior=params["expected_rules"],
                maxcardinality=params["max_conditions"],
                minsupport=params["min_support"],
                n_chains=params["n_chains"],
                max_iter=params["n_draws"],
                random_state=draw_seed(params["random_state"]),
            )

    def fit(
        self, estimator: Any, Z: np.ndarray, y: np.ndarray, sample_weight: np.ndarray | None, inputs: Sequence[Input]
    ) -> None:
        """Fit; then take out rules that decide on fewer than 10 training rows."""
        if not (np.ptp(Z, axis=0) > 0).any():
            raise ValueError(f"rulelist: no column varies over the rows (n_samples={len(Z)}): there is no rule")
        with global_seed(getattr(estimator, "random_state", 0)), warnings.catch_warnings():
            # pandas' and scikit-learn's deprecations inside the library
            warnings.simplefilter("ignore")
            if _is_bayesian(estimator):
                from imodels.rule_list.bayesian_rule_list import bayesian_rule_list

                # its own search for frequent itemsets takes minutes where each row meets half of all conditions
                with replaced(bayesian_rule_list, "extract_fpgrowth", frequent_itemsets):
                    estimator.fit(Z, y)
                _keep_used_itemsets(estimator)
                _drop_rare(estimator, Z, y)
            else:
                estimator.fit(Z, y)
                _end_before_rare(estimator, float(np.mean(y)))

    def predict(self, fitted: Any, Z: np.ndarray) -> np.ndarray:
        """Decide for the class with the highest probability."""
        return self.predict_proba(fitted, Z).argmax(axis=1)

    def predict_proba(self, fitted: Any, Z: np.ndarray) -> np.ndarray:
        """The library's probabilities."""
        used = sorted({int(c.column) for rule in self.form(fitted, ())[0].rules for c in rule.conditions})

        def ask(rows: np.ndarray) -> np.ndarray:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return np.asarray(fitted.predict_proba(rows), dtype=np.float64)

        return by_distinct_rows(ask, Z, np.array(used, dtype=int))

    def form(self, fitted: Any, inputs: Sequence[Input]) -> tuple[RuleList, Identity]:
        """The rules in their order."""
        return RuleList(tuple(_bayesian(fitted) if _is_bayesian(fitted) else _greedy(fitted))), Identity()

    def smallest_support(self, fitted: Any, n_rows: int) -> int:
        """Rules that decide on fewer than 10 rows are taken out; a list of one rule stands for all rows."""
        return min(fitted.supports_)


def frequent_itemsets(
    frame: pd.DataFrame, minsupport: float = 0.1, maxcardinality: int = 2, verbose: bool = False
) -> list[list[str]]:
    """List the sets of at most so many columns that are all 1 in at least a share of the rows.

    Small sets first, each grown from those of one column less (Agrawal and Srikant 1994, Apriori).

    Examples
    --------
    >>> frequent_itemsets(pd.DataFrame({"a": [1, 1, 0], "b": [1, 1, 1]}), minsupport=0.6)
    [['a'], ['b'], ['a', 'b']]
    """
    columns, Z = list(frame.columns), frame.to_numpy() == 1
    least = minsupport * len(Z)
    singles = [j for j in range(Z.shape[1]) if Z[:, j].sum() >= least]
    grown: list[tuple[tuple[int, ...], np.ndarray]] = [((j,), Z[:, j]) for j in singles]
    found = list(grown)
    for _ in range(maxcardinality - 1):
        bigger = [((*items, j), met & Z[:, j]) for items, met in grown for j in singles if j > items[-1]]
        grown = [(items, met) for items, met in bigger if met.sum() >= least]
        found += grown
    return [[columns[j] for j in items] for items, _ in found]


def _is_bayesian(fitted: Any) -> bool:
    return hasattr(fitted, "max_iter")


def _bayesian(fitted: Any) -> list[Rule]:
    rules = []
    for position, share in zip(fitted.d_star, fitted.theta, strict=True):
        itemset = fitted.itemsets[position]
        names = [] if isinstance(itemset, str) else list(itemset)
        places = [list(fitted.feature_placeholders).index(name) for name in names]
        rules.append(Rule(tuple(Condition(str(j), lower=0.5) for j in places), np.array([float(share)])))
    return rules


def _greedy(fitted: Any) -> list[Rule]:
    *listed, last = fitted.rules_
    rules = []
    for each in listed:
        # the library compares z >= cutoff, or z < cutoff where it is flipped
        t = float(np.nextafter(each["cutoff"], -np.inf))
        column = str(each["index_col"])
        condition = Condition(column, upper=t) if each["flip"] else Condition(column, lower=t)
        rules.append(Rule((condition,), np.array([float(each["val_right"])])))
    return [*rules, Rule((), np.array([float(last["val"])]))]


def _keep_used_itemsets(fitted: Any) -> None:
    """Forget the itemsets that are in no rule: the library looks up each of them in every row that it predicts."""
    used = [p for p in fitted.d_star if p != 0]
    fitted.itemsets = [fitted.itemsets[0], *(fitted.itemsets[p] for p in used)]
    fitted.d_star = [0 if p == 0 else used.index(p) + 1 for p in fitted.d_star]


def _drop_rare(fitted: Any, Z: np.ndarray, y: np.ndarray) -> None:
    """Take out rules that decide on fewer than 10 rows, and estimate the others' shares anew, as the library does."""
    from imodels.rule_list.bayesian_rule_list.brl_util import get_rule_rhs

    met = fitted._to_itemset_indices(pd.DataFrame(Z, columns=fitted.feature_placeholders))
    while True:
        left, counts = set(range(len(y))), []
        for position in fitted.d_star:
            counts.append(len(left & met[position]))
            left -= met[position]
        rare = [i for i, n in enumerate(counts[:-1]) if n < MIN_ROWS]
        if not rare and counts[-1] < MIN_ROWS and len(counts) > 1:
            rare = [len(counts) - 2]  # what is left over at the end joins the last rule's rows
        if not rare:
            break
        fitted.d_star = [p for i, p in enumerate(fitted.d_star) if i != rare[0]]
    labels = np.column_stack([1 - y, y]).astype(int)
    fitted.theta, fitted.ci_theta = get_rule_rhs(met, labels, fitted.d_star, fitted.alpha, True)
    fitted.supports_ = counts


def _end_before_rare(fitted: Any, base_rate: float) -> None:
    """End the list before a rule that decides on, or leaves, fewer than 10 rows."""
    rules = fitted.rules_
    for i, each in enumerate(rules[:-1]):
        if each["num_pts_right"] < MIN_ROWS or each["num_pts"] - each["num_pts_right"] < MIN_ROWS:
            before = rules[i - 1]["val"] if i else base_rate
            rules = [*rules[:i], {"val": before, "num_pts": each["num_pts"]}]
            break
    fitted.rules_ = rules
    fitted.supports_ = [each.get("num_pts_right", each["num_pts"]) for each in rules]
