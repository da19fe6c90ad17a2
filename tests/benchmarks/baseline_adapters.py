"""Libraries whose predictions an analyst has to ask for, or to put together, by hand: one thin class each."""

from __future__ import annotations

from typing import Self

import numpy as np
import pandas as pd
from baseline_prepare import Answers, both, coded, levels, nominal, normalized


class Binomial:
    """glum's binomial model, whose predict gives the probability."""

    def __init__(self, **params: float) -> None:
        self.params = params

    def fit(self, X: np.ndarray, y: np.ndarray) -> Self:
        from glum import GeneralizedLinearRegressor

        self.model = GeneralizedLinearRegressor(family="binomial", **self.params).fit(X, y.astype(float))
        return self

    def answers(self, X: np.ndarray) -> Answers:
        return {"": both(self.model.predict(X))}


class Gam:
    """pygam: a spline per number, a line per column of two values, a factor per category."""

    def __init__(self, kind: str, search: bool) -> None:
        self.kind, self.search = kind, search

    def _encode(self, X: pd.DataFrame, *, fit: bool) -> np.ndarray:
        if fit:
            self.plain, self.levels = coded(fill=True), levels()
            self.factors = nominal(X)
        parts = [(self.plain, X.drop(columns=self.factors))]
        parts += [(self.levels, X[self.factors])] if self.factors else []
        return np.column_stack([p.fit_transform(Z) if fit else p.transform(Z) for p, Z in parts])

    def fit(self, X: pd.DataFrame, y: np.ndarray) -> Self:
        import pygam

        Z = self._encode(X, fit=True)
        smooth = Z.shape[1] - len(self.factors)
        terms = pygam.terms.TermList()
        for j in range(Z.shape[1]):
            kind = pygam.f if j >= smooth else pygam.s if len(np.unique(Z[:, j])) > 2 else pygam.l
            terms += kind(j)
        self.model = getattr(pygam, self.kind)(terms)
        if self.search:
            self.model.gridsearch(Z, y, progress=False)
        else:
            self.model.fit(Z, y)
        return self

    def answers(self, X: pd.DataFrame) -> Answers:
        Z = self._encode(X, fit=False)
        return {"": self.model.predict(Z) if self.kind == "LinearGAM" else both(self.model.predict_proba(Z))}


class Symbolic:
    """pyoperon, evaluated by the library on float64 in Fortran order, and only if that gives its own training error."""

    def fit(self, X: np.ndarray, y: np.ndarray) -> Self:
        from pyoperon.sklearn import SymbolicRegressor

        self.model = SymbolicRegressor(random_state=0, n_threads=1, max_time=20).fit(X, y.astype(np.float64))
        best = min(self.model.pareto_front_, key=lambda found: found[self.model.model_selection_criterion])
        error, claimed = float(np.mean((self._evaluate(X) - y) ** 2)), best["mean_squared_error"]
        if not abs(error - claimed) <= 1e-3 * float(np.var(y)):
            raise ArithmeticError(
                f"the equation errs by {error:.6g} on its training rows; the library says {claimed:.6g}"
            )
        return self

    def _evaluate(self, X: np.ndarray) -> np.ndarray:
        return self.model.predict(np.asfortranarray(X, dtype=np.float64)).astype(np.float64)

    def answers(self, X: np.ndarray) -> Answers:
        return {"": self._evaluate(X)}


class OneR:
    """mlxtend's OneR over bins; its probabilities, which it lacks, are the class shares of each bin."""

    def fit(self, X: np.ndarray, y: np.ndarray) -> Self:
        from mlxtend.classifier import OneRClassifier

        X = X.astype(int)
        self.model = OneRClassifier().fit(X, y)
        column, n = X[:, self.model.feature_idx_], len(np.unique(y))
        self.counts = {value: np.bincount(y[column == value], minlength=n) for value in np.unique(column)}
        self.all = np.bincount(y, minlength=n)
        return self

    def answers(self, X: np.ndarray) -> Answers:
        counts = np.array([self.counts.get(value, self.all) for value in X[:, self.model.feature_idx_].astype(int)])
        shares = {"shares": counts.astype(float), "shares, 1 added": counts + 1.0}
        return {way: normalized(p) for way, p in shares.items()}

    def labels(self, X: np.ndarray) -> np.ndarray:
        return self.model.predict(X.astype(int))


class Ripper:
    """wittgenstein's RIPPER, which takes numbers with gaps and text as they are."""

    def fit(self, X: pd.DataFrame, y: np.ndarray) -> Self:
        from wittgenstein import RIPPER

        self.model = RIPPER(random_state=0)
        self.model.fit(self._plain(X), pd.Series(y, name="target of the fit"), pos_class=1)
        return self

    def _plain(self, X: pd.DataFrame) -> pd.DataFrame:
        return X.astype(dict.fromkeys(nominal(X), object)).reset_index(drop=True)

    def answers(self, X: pd.DataFrame) -> Answers:
        return {"": np.asarray(self.model.predict_proba(self._plain(X)), dtype=float)}

    def labels(self, X: pd.DataFrame) -> np.ndarray:
        return np.asarray(self.model.predict(self._plain(X))).astype(int)


class RuleFit:
    """imodels' RuleFitClassifier: its own probability, sigmoid(2c - 1), and that of its log-odds, sigmoid(c)."""

    def fit(self, X: np.ndarray, y: np.ndarray) -> Self:
        from imodels import RuleFitClassifier

        self.model = RuleFitClassifier(random_state=0).fit(X, y)
        return self

    def answers(self, X: np.ndarray) -> Answers:
        from scipy.special import expit

        return {"": self.model.predict_proba(X), "sigmoid(c)": both(expit(self.model._predict_continuous_output(X)))}


class Figs:
    """imodels' FIGSClassifier: its own probability, a softmax of summed shares, and the sum clipped to 0 and 1."""

    def fit(self, X: np.ndarray, y: np.ndarray) -> Self:
        from imodels import FIGSClassifier

        self.model = FIGSClassifier().fit(X, y)
        return self

    def answers(self, X: np.ndarray) -> Answers:
        clipped = self.model.predict_proba(X, use_clipped_prediction=True)
        return {"": self.model.predict_proba(X), "clipped": normalized(clipped)}
