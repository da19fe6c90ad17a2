"""What a fit leaves: a model of all development rows or of a fold, and what is known of it."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from typing import Any

from workbench.answers import Details, RuleShares
from workbench.forms import Form
from workbench.work.said import Said
from workbench.work.tune import Tuned

# A form of more numbers stands in its own file alone, not in the card too: 100,000 are 2.5 MB of JSON.
MOST_IN_CARD = 100_000


@dataclass(frozen=True, eq=False)
class Fitted:
    """A model fitted on the development rows, and what is known of it.

    Attributes
    ----------
    estimator : fitted estimator
    params : dict
        All its parameters: those that it was given, or those that the search chose.
    tuned : Tuned or None
        The search, where there was one.
    engine : str
        The library that did the work, with its version.
    holdout : dict of str to float
        Scores on the holdout; empty where there is none.
    said : Said or None
        What it says of the rows of the holdout, in their order; None where there is none.
    train : dict of str to float
        Scores on the rows that it was fitted on.
    form : FormFacts or None
    details : tuple of Details
        What the family knows of the fit besides the form.
    rules : RuleShares or None
        What each rule meets, where the form has rules.
    other_link : OtherLink or None
        Where the library's probabilities are not the model's own: the log loss of both, before any recalibration.
    smallest_support : int or None
        How few training rows may stand behind one number of the form; None where nothing is promised.
    seconds : float
        What the fit took.
    parts : tuple of Refit
        What it scores on each part of the holdout, where that is scored alone: in the place of folds, without fits.
    n_workers : int or None
        How many workers of a cluster trained it together; None where it was trained here.
    """

    estimator: Any
    params: dict[str, Any]
    tuned: Tuned | None
    engine: str
    holdout: dict[str, float]
    said: Said | None
    train: dict[str, float]
    form: FormFacts | None
    details: tuple[Details, ...]
    rules: RuleShares | None
    other_link: OtherLink | None
    smallest_support: int | None
    seconds: float
    parts: tuple[Refit, ...] = ()
    n_workers: int | None = None


@dataclass(frozen=True, eq=False)
class FormFacts:
    """A form as files, and what is said of it; as plain data where it is small enough for a card."""

    files: dict[str, bytes]
    columns: tuple[str, ...]
    size: int
    stored_numbers: int
    text: str
    latex: str
    plain: dict[str, Any] | None

    @classmethod
    def of(cls, form: Form, name: str) -> FormFacts:
        """Write a model's form."""
        return cls(
            files=form.to_files(f"{name}.json"),
            columns=form.columns,
            size=form.size,
            stored_numbers=form.stored_numbers,
            text=str(form),
            latex=form.to_latex(),
            plain=form.to_dict() if form.stored_numbers <= MOST_IN_CARD else None,
        )


@dataclass(frozen=True, eq=False)
class Refit:
    """A model fitted on the training rows of a fold.

    Attributes
    ----------
    scores : dict of str to float
        Scores on the fold's test rows; NaN where one is undefined on them.
    train : dict of str to float
        Scores on its training rows; empty where nothing was to be kept.
    said : Said or None
        What it says of the test rows, in their order; None where nothing was to be kept.
    params : dict
        All parameters of the model: given, or chosen inside the training rows.
    tuned : Tuned or None
        The search, where there was one.
    pickled : bytes or None
        The fitted estimator, so that who wants the scores alone need not load it; None where it was not to be kept, or
        is larger than its share of 128 MiB for all folds: the same fit gives it again.
    """

    scores: dict[str, float]
    train: dict[str, float]
    said: Said | None
    params: dict[str, Any]
    tuned: Tuned | None
    pickled: bytes | None

    def estimator(self) -> Any:
        """Load the estimator; None where it was not kept."""
        return None if self.pickled is None else pickle.loads(self.pickled)  # noqa: S301 the user's own cache


@dataclass(frozen=True)
class OtherLink:
    """Log losses of the model's own probabilities and of the library's, on the holdout or else on training rows."""

    own: float
    library: float
    on_holdout: bool
