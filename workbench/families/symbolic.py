"""Symbolic regression: one equation, picked from a table of equations of growing length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from pydantic import BeforeValidator, Field

from workbench.answers import Details, Provenance
from workbench.families.equation_model import EquationClassifier, EquationRegressor
from workbench.families.equation_reference import evaluate_by_row
from workbench.families.equation_search import SearchSettings
from workbench.families.family import EncodedForm, Family, FamilyParameters, Seed
from workbench.families.policy import Policy, fit_inputs
from workbench.forms import Identity, Input, Logistic

_OPERATOR = Literal["add", "sub", "mul", "div", "pow", "square", "sqrt", "exp", "log", "sin", "cos", "tanh", "abs"]


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


# a study file has lists; parameters of estimators are never changed in place
_Operators = Annotated[tuple[_OPERATOR, ...], BeforeValidator(_as_tuple)]


class Symbolic(Family):
    """An equation over few columns, found by genetic programming, its constants fitted in float64."""

    name = "symbolic"
    title = "symbolic regression"
    summary = "one equation of few operators, bred and picked for little error and few nodes"
    tasks = ("regression", "binary")
    weighs_rows = False
    policy = Policy(missing="impute+indicator", categories="one-hot", unseen="other")
    reference = (
        "Burlacu, Kronberger and Kommenda 2020, Operon C++: an efficient genetic programming framework for symbolic "
        "regression, doi 10.1145/3377929.3398099"
    )
    assumptions = ("A short equation of the chosen operators holds for all rows.",)
    limits = (
        "Another seed may find another equation that fits as well.",
        "Beyond the range of the training rows an equation can go anywhere.",
        "Where an operator is not defined, as the logarithm of 0, there is no prediction.",
    )
    libraries = ("pyoperon", "scipy", "sympy")
    shown_attributes = ("equations_",)
    search_space = {"max_length": (10, 15, 20, 30), "select": ("best", "accuracy", "simple")}
    path = tuple({"max_length": nodes} for nodes in (7, 10, 15, 20, 30))
    quick = {"generations": 15, "population_size": 300, "runs": 1}
    example_params = {
        "generations": 4,
        "population_size": 60,
        "runs": 1,
        "max_length": 10,
        "operators": ("add", "sub", "mul", "cos"),
    }

    expected_failed_checks = dict.fromkeys(
        ("check_sample_weight_equivalence_on_dense_data", "check_sample_weights_not_overwritten"),
        "the library takes no weights, and unequal ones are refused",
    )

    class Parameters(FamilyParameters):
        """Parameters of `symbolic`."""

        engine: Literal["operon", "pysr"] = Field(
            "operon", description="what searches; pysr needs Julia and the extra [pysr]"
        )
        select: Literal["best", "accuracy", "simple"] = Field(
            "best",
            description="which equation of the table is the model. accuracy: the lowest loss; simple: the fewest nodes "
            "within one standard error of the lowest loss; best: the greatest drop of the log loss for each node "
            "added, among equations of at most 1.5 times the lowest loss that keep 90% of its gain on the constant",
        )
        operators: _Operators = Field(
            ("add", "sub", "mul", "square", "sin", "cos", "exp"),
            min_length=1,
            description="what equations are built of; div, sqrt, log and pow are not defined everywhere",
        )
        max_length: int = Field(
            20, ge=7, le=200, description="most nodes in the search, where a column and its factor count as one"
        )
        generations: int = Field(30, ge=1, description="rounds of each search")
        runs: int = Field(2, ge=1, description="searches from other seeds, whose equations compete; pysr searches once")
        population_size: int = Field(500, ge=20, description="equations in each round")
        search_rows: int = Field(
            1_000, ge=10, description="most rows that the search looks at; constants and losses are of all rows"
        )
        time_limit: int | None = Field(
            None,
            ge=1,
            description="seconds after which the searches stop; constants are fitted after them. With a limit the same "
            "seed need not give the same equation. null: none",
        )
        random_state: Seed = Field(0, description="seed")

    def build(self, task: str, params: Mapping[str, Any]) -> Any:
        """Give our estimator: the engines' own ones don't predict what their equations say in float64."""
        from sklearn.utils import check_random_state

        settings = SearchSettings(
            operators=tuple(params["operators"]),
            max_length=params["max_length"],
            generations=params["generations"],
            population_size=params["population_size"],
            runs=params["runs"],
            time_limit=params["time_limit"],
            rows=params["search_rows"],
            seed=int(check_random_state(params["random_state"]).randint(2**31 - 1)),
        )
        made = EquationRegressor if task == "regression" else EquationClassifier
        return made(params["engine"], params["select"], settings)

    def fit(
        self, estimator: Any, Z: np.ndarray, y: np.ndarray, sample_weight: np.ndarray | None, inputs: Sequence[Input]
    ) -> None:
        """Fit the estimator, which names the original columns in its table."""
        estimator.fit(Z, y, inputs)

    def inputs(
        self,
        X: pd.DataFrame,
        kinds: Mapping[str, str],
        task: str,
        params: Mapping[str, Any],
        sample_weight: np.ndarray | None,
    ) -> tuple[Input, ...]:
        """Numbers in their own units, levels as 0 and 1; columns in which fewer than 10 rows differ are left out."""
        scaled = Policy(self.policy.missing, self.policy.categories, self.policy.unseen, scale=True)
        telling = {each.column for each in fit_inputs(X, kinds, scaled, sample_weight)}
        kept = {name: kind for name, kind in kinds.items() if name in telling}
        return fit_inputs(X, kept, self.policy, sample_weight)

    def form(self, fitted: Any, inputs: Sequence[Input]) -> EncodedForm:
        """The equation; logistic for two classes."""
        return fitted.equation_, Logistic() if hasattr(fitted, "classes_") else Identity()

    def reference_score(self, fitted: Any, Z: np.ndarray) -> np.ndarray:
        """The equation evaluated a second way: operon's own predictions are in float32, of other constants."""
        return evaluate_by_row(fitted.equation_, Z)[:, None]

    def score(self, fitted: Any, Z: np.ndarray) -> np.ndarray:
        """Ask the equation for all rows at once."""
        return np.asarray(fitted.decision_function(Z))[:, None]

    def smallest_support(self, fitted: Any, n_rows: int) -> int:
        """Constants come from all rows; levels and indicators are pooled before the fit where they have few."""
        return n_rows

    def details(self, fitted: Any, inputs: Sequence[Input]) -> tuple[Details, ...]:
        """The table of equations, simplest first."""
        rows = tuple(
            (str(row.equation), float(row.complexity), float(row.loss), float(row.score), bool(row.selected))
            for row in fitted.equations_.itertuples(index=False)
        )
        loss = "Log loss" if hasattr(fitted, "classes_") else "Mean squared error"
        note = (
            "Each equation has the lowest loss of all that were found with as few nodes; the score is the drop of the "
            "loss's logarithm for each node added."
        )
        return (
            Details(
                provenance=Provenance(method=f"{fitted.library}, constants fitted in float64", exact=False),
                title="Equations",
                columns=("Equation", "Nodes", loss, "Score", "Picked"),
                rows=rows,
                note=note,
            ),
        )
