"""How far a model that can be read does what another model does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from workbench.answers.answer import Answer


@dataclass(frozen=True, kw_only=True)
class Surrogate(Answer):
    """A glass box fitted to the predictions of another model, and its fidelity to that model, out of fold.

    Attributes
    ----------
    family, title : str
        The glass box: its family, and what it is called.
    parameters : mapping
    fidelity, lower, upper : float
        R² between predictions of both, out of fold: mean over folds with its 95% interval (Nadeau and Bengio 2003).
    folds : ndarray of shape (n_folds,)
    agreement : float or None
        Of classifiers: the share of rows out of fold that both give the same label.
    size : int or None
        What a reader of the surrogate has to hold.
    text : str
        The form of the surrogate fitted to all rows, in words.
    form : mapping or None
        The same as a dictionary that `workbench.Form.from_dict` reads.
    scale : str
        Which predictions were learnt: as in `Attribution`.
    private : str
        Why text and form must not be sent, "" where they may.
    """

    kind: ClassVar[str] = "surrogate"

    family: str
    title: str
    parameters: Mapping[str, Any]
    outputs: tuple[str, ...]
    scale: str
    fidelity: float
    lower: float
    upper: float
    folds: np.ndarray
    agreement: float | None
    size: int | None
    text: str
    form: Mapping[str, Any] | None
    private: str = ""

    def public(self) -> Surrogate:
        """Give the answer; without the form where a part of it stands for too few rows."""
        return self.but(text="", form=None, size=self.size) if self.private else self
