"""Several classes by a library that knows two: one model for each class against the rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


class OneVsRestModel:
    """The library's models, one a class.

    Parameters
    ----------
    make : callable
        Gives an unfitted model of two classes.

    Attributes
    ----------
    parts_ : list
        The fitted models, in the order of the classes.
    classes_ : ndarray of shape (n_classes,)
    """

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make: Callable[[], Any] | None = make

    def fit_each(self, y: np.ndarray, fit: Callable[[Any, np.ndarray], None]) -> None:
        """Fit one model a class; `fit` gets a model and the target of its class, 1 or 0 in each row."""
        if self._make is None:
            raise ValueError("a one-vs-rest model is fitted once; build it anew")
        self.classes_ = np.unique(y)
        self.parts_ = [self._make() for _ in self.classes_]
        self._make = None  # a closure can't be pickled, and is not needed any more
        for label, part in zip(self.classes_, self.parts_, strict=True):
            fit(part, (y == label).astype(int))
