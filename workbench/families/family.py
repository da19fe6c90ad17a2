"""What a model family is: one class that builds the library's estimator and reads back the function that it fitted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import pandas as pd
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema, model_validator

from workbench.answers import Details
from workbench.families.engine import engine_of
from workbench.families.policy import Policy, fit_inputs
from workbench.forms import Body, Frame, Input, Output, encode

# score and output; and the inputs that the score is over, where these are not the encoded ones
EncodedForm = tuple[Body, Output] | tuple[Body, Output, tuple[Input, ...]]


def _seed(value: Any) -> Any:
    if value is None or isinstance(value, np.random.RandomState):
        return value
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not 0 <= value < 2**32:
        raise ValueError("must be a whole number from 0 to 2**32 - 1, a numpy RandomState, or null")
    return value


# what `random_state` may be, as everywhere in scikit-learn; a study file can say whole numbers alone
Seed = Annotated[Any, AfterValidator(_seed), WithJsonSchema({"type": ["integer", "null"], "minimum": 0})]


class FamilyParameters(BaseModel):
    """The parameters of a family: names, types, bounds and defaults."""

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)

    calibrate: Literal["sigmoid", "isotonic"] | None = Field(
        default=None,
        description="of classes: how probabilities are recalibrated, on what models of 5 folds say of training rows "
        "left out. sigmoid: a line through their log odds; isotonic, of two classes: a table that never falls",
    )

    @model_validator(mode="before")
    @classmethod
    def _refuse_monotone(cls, data: Any) -> Any:
        if isinstance(data, dict) and "monotone" in data and "monotone" not in cls.model_fields:
            raise ValueError("monotone: this family can't be held to rise or fall with a column; leave it out")
        return data


class MonotoneParameters(FamilyParameters):
    """The parameters of a family whose models can be held to rise, or to fall, with a column."""

    monotone: dict[str, Literal["increasing", "decreasing"]] | None = Field(
        None, description="columns with which the prediction, or the chance of the second class, may only rise or fall"
    )


class Family:
    """A model family.

    A subclass in a module of its own is all that a new family needs: estimators, study schema, contracts, command line
    and cards follow from it. Libraries are imported inside methods.

    Attributes
    ----------
    name, title, summary : str
        The name in a study; the name in texts; one sentence that says what it is.
    tasks : tuple of str
        Of "regression", "binary", "multiclass".
    glassbox : bool
        Whether its form is meant to be read; `is_glassbox` where that depends on the parameters.
    needs_columns : bool
        Whether it can't be fitted where no column can be used.
    offered : bool
        Whether a first study file lists it.
    weighs_rows : bool
        Whether its library takes a weight for each row.
    distributes : bool
        Whether its library can train by the workers of a Dask cluster, each on rows of its own: `fit_distributed`.
    policy : Policy
        How columns become inputs.
    reference : str
        Authors, year, DOI.
    assumptions, limits : tuple of str
        Plain sentences for the card.
    presets, search_space : mapping
        Named sets of parameters; for each tunable parameter the values to try.
    path : tuple of mapping
        Settings from simple to complex, for the curve of price: each a few parameters, the others at their defaults.
    libraries : tuple of str
        Distributions whose version decides what is fitted.
    quick : mapping
        Parameters of a quick look.
    example_params : mapping
        Small settings with which the contracts run.
    expected_failed_checks : mapping of str to str
        scikit-learn estimator checks that can't pass, with the reason.
    shown_attributes : tuple of str
        Attributes of the library's fitted object that the estimator shows as its own.
    tolerance : float
        How far form and library may differ: 1e-9, or 1e-5 where the library computes in float32.
    Parameters : type
        The parameters, a subclass of `FamilyParameters`.
    """

    name: ClassVar[str] = ""
    title: ClassVar[str] = ""
    summary: ClassVar[str] = ""
    tasks: ClassVar[tuple[str, ...]] = ()
    glassbox: ClassVar[bool] = True
    needs_columns: ClassVar[bool] = True
    offered: ClassVar[bool] = True
    weighs_rows: ClassVar[bool] = True
    distributes: ClassVar[bool] = False
    policy: ClassVar[Policy]
    reference: ClassVar[str] = ""
    assumptions: ClassVar[tuple[str, ...]] = ()
    limits: ClassVar[tuple[str, ...]] = ()
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    search_space: ClassVar[Mapping[str, Sequence[Any]]] = {}
    path: ClassVar[Sequence[Mapping[str, Any]]] = ()
    libraries: ClassVar[tuple[str, ...]] = ("scikit-learn",)
    quick: ClassVar[Mapping[str, Any]] = {}
    example_params: ClassVar[Mapping[str, Any]] = {}
    expected_failed_checks: ClassVar[Mapping[str, str]] = {}
    shown_attributes: ClassVar[tuple[str, ...]] = ()
    tolerance: ClassVar[float] = 1e-9
    Parameters: ClassVar[type[FamilyParameters]] = FamilyParameters

    def build(self, task: str, params: Mapping[str, Any]) -> Any:
        """Give the library's unfitted estimator for a task."""
        raise NotImplementedError

    def check_labels(self, estimator: Any, labels: Sequence[Any]) -> None:
        """Check that an estimator goes with the class labels, in their order; one that is fitted before may not."""

    def fit(
        self, estimator: Any, Z: np.ndarray, y: np.ndarray, sample_weight: np.ndarray | None, inputs: Sequence[Input]
    ) -> None:
        """Fit the library's estimator; a family whose library must know what its inputs are overrides it."""
        estimator.fit(Z, y, **({} if sample_weight is None else {"sample_weight": sample_weight}))

    def fit_distributed(
        self, estimator: Any, Z: Any, y: Any, sample_weight: Any, inputs: Sequence[Input], client: Any
    ) -> None:
        """Fit the library's estimator by the workers of a cluster; a family that `distributes` overrides it.

        Parameters
        ----------
        Z, y, sample_weight : dask.array.Array
            As `fit` takes them; chunks of rows lie on workers.
        client : distributed.Client
        """
        raise NotImplementedError

    def form(self, fitted: Any, inputs: Sequence[Input]) -> EncodedForm | None:
        """Give the fitted function over the encoded inputs (named "0", "1", ...), or None where there is none."""
        return None

    def predict(self, fitted: Any, Z: np.ndarray) -> np.ndarray:
        """Ask the library for the predictions of encoded rows, shape (n_samples,): numbers, or positions of classes."""
        return np.asarray(fitted.predict(Z))

    def predict_proba(self, fitted: Any, Z: np.ndarray) -> np.ndarray:
        """Ask the library for class probabilities of encoded rows, shape (n_samples, n_classes)."""
        return np.asarray(fitted.predict_proba(Z))

    def library_proba(self, fitted: Any, Z: np.ndarray) -> np.ndarray | None:
        """Give the library's probabilities where they are not the model's own, else None."""
        return None

    def reference_score(self, fitted: Any, Z: np.ndarray) -> np.ndarray:
        """Ask the library itself for the score of encoded rows, shape (n_samples, k), on the form's scale.

        By default predictions, or class probabilities, of two classes the second's alone.
        """
        if not hasattr(fitted, "classes_"):
            return self.predict(fitted, Z)[:, None]
        found = self.predict_proba(fitted, Z)
        return found[:, 1:] if found.shape[1] == 2 else found

    def score(self, fitted: Any, Z: np.ndarray) -> np.ndarray:
        """Ask the library for the same as `reference_score`, in the way that is quickest."""
        return self.reference_score(fitted, Z)

    def is_fixed(self, estimator: Any) -> bool:
        """Tell whether what `build` gave is fitted already, and stays as it is."""
        return False

    def smallest_support(self, fitted: Any, n_rows: int) -> int | None:
        """Say how few training rows may stand behind one number of the form; None where nothing is promised."""
        return None

    def policy_for(self, task: str, params: Mapping[str, Any]) -> Policy:
        """Say how columns become inputs; an engine that can't do all that the family can overrides it."""
        return self.policy

    def libraries_of(self, params: Mapping[str, Any]) -> tuple[str, ...]:
        """Name the distributions whose version decides what is fitted with these parameters."""
        return self.libraries

    def engine(self, fitted: Any) -> str:
        """Name the library that did the work, with its version."""
        return engine_of(fitted, self.libraries)

    def details(self, fitted: Any, inputs: Sequence[Input]) -> tuple[Details, ...]:
        """Give tables of what is known of a fit besides its form."""
        return ()

    def is_glassbox(self, params: Mapping[str, Any]) -> bool:
        """Say whether the form of a model with these parameters is meant to be read."""
        return self.glassbox

    def inputs(
        self,
        X: pd.DataFrame,
        kinds: Mapping[str, str],
        task: str,
        params: Mapping[str, Any],
        sample_weight: np.ndarray | None,
    ) -> tuple[Input, ...]:
        """Fit the maps from original columns to encoded inputs: by the policy, unless a family overrides it."""
        return fit_inputs(X, kinds, self.policy_for(task, params), sample_weight)

    def encode(
        self, inputs: Sequence[Input], X: pd.DataFrame, kinds: Mapping[str, str], params: Mapping[str, Any]
    ) -> np.ndarray:
        """Give the encoded inputs of rows, shape (n_samples, n_inputs), as the library gets them."""
        return encode(inputs, Frame(X, kinds))

    def constrain(self, estimator: Any, signs: np.ndarray) -> None:
        """Hold the estimator to rise (1) or fall (-1) with an input, shape (n_inputs,), 0 where it is free.

        A family with `MonotoneParameters` overrides it.
        """
        raise NotImplementedError
