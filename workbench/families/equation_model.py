"""The estimators of symbolic regression: a search, constants fitted in float64, a table, and the equation picked."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np
import pandas as pd

from workbench.families.equation_constants import fit_constants, row_losses
from workbench.families.equation_search import Scaled, SearchSettings, scale_columns
from workbench.families.equation_table import Candidate, gains, pareto_front, select
from workbench.families.operon_search import search_operon
from workbench.families.pysr_search import search_pysr
from workbench.forms import Constant, Equation, Frame, Input, Logistic, Operator, Variable, pull_back
from workbench.forms.equation_text import infix
from workbench.forms.text import Reading
from workbench.readers.expression import is_near, is_tiny, read_expression, rounded, tidy, to_expression

Search = Callable[[Scaled, SearchSettings], list[Any]]
_ENGINES: dict[str, Search] = {"operon": search_operon, "pysr": search_pysr}


class EquationRegressor:
    """An equation for a number: of a search's proposals, with constants fitted by least squares, the one picked.

    Parameters
    ----------
    engine : {"operon", "pysr"}
    rule : {"best", "accuracy", "simple"}
        See `workbench.families.equation_table.select`.
    settings : SearchSettings

    Attributes
    ----------
    equation_ : Equation
        Over the encoded inputs "0", "1", ...
    equations_ : DataFrame
        One row for each equation of the Pareto front, simplest first: `complexity` (nodes), `loss` (mean squared error,
        or log loss), `score` (drop of the log loss for each node added), `equation`, `sympy_format` (the same as sympy
        simplifies it, constants at four digits) and `selected`.
    """

    _binary = False

    def __init__(self, engine: str, rule: str, settings: SearchSettings) -> None:
        self.engine, self.rule, self.settings = engine, rule, settings

    @property
    def library(self) -> str:
        """The distribution whose search was used."""
        return {"operon": "pyoperon", "pysr": "pysr"}[self.engine]

    def fit(self, Z: np.ndarray, y: np.ndarray, inputs: Sequence[Input] = ()) -> Self:
        """Fit on encoded inputs, shape (n_samples, n_inputs); texts name the original columns of `inputs`."""
        y = np.asarray(y, dtype=np.float64)
        candidates = [self._constant(y)]
        if np.ptp(y) > 0 and (np.ptp(Z, axis=0) > 0).any():
            scaled = scale_columns(Z, y, self.settings.rows, self.settings.seed)
            for expression in _ENGINES[self.engine](scaled, self.settings):
                candidates += self._fitted(expression, scaled, Z, y)
        front = pareto_front(candidates)
        chosen = select(front, self.rule)
        self.equation_ = front[chosen].equation
        self.equations_ = _table(front, chosen, inputs)
        return self

    def predict(self, Z: np.ndarray) -> np.ndarray:
        """Give the equation's value, shape (n_samples,); NaN, with a warning, where it has none."""
        return self.decision_function(Z)

    def decision_function(self, Z: np.ndarray) -> np.ndarray:
        """Give the equation's value, shape (n_samples,)."""
        score = self.equation_.score(_frame(Z))[:, 0]
        if lost := int(np.isnan(score).sum()):
            warnings.warn(
                f"{lost} of {score.size} rows have no prediction: the equation is not defined there",
                UserWarning,
                stacklevel=2,
            )
        return score

    def _constant(self, y: np.ndarray) -> Candidate:
        value = float(y.mean())
        if self._binary:
            value = float(np.log(value) - np.log1p(-value))
        return self._candidate(Equation((Constant(value),)), y, Frame({"0": y}))

    def _candidate(self, equation: Equation, y: np.ndarray, frame: Frame) -> Candidate:
        return Candidate(equation, row_losses(equation.score(frame)[:, 0], y, self._binary))

    def _fitted(self, expression: Any, scaled: Scaled, Z: np.ndarray, y: np.ndarray) -> list[Candidate]:
        """Scale, tidy and fit a proposal; none where it is no real equation, or has no value at some training row."""
        import sympy

        if not expression.free_symbols:
            return []
        frame = _frame(Z - scaled.center)
        try:
            start = self._start(read_expression(tidy(expression))[0], frame, y)
        except ValueError:
            return []
        if start is None:
            return []
        scale, offset = start
        proposal, free = read_expression(tidy(sympy.Float(scale) * expression + sympy.Float(offset)))
        fitted = fit_constants(proposal, free, frame, y, self._binary)
        shifted = {str(j): _centred(j, float(scaled.center[j])) for j in scaled.used}
        found = [fitted, *_rounded(fitted)]
        return [self._candidate(each.replace_columns(shifted), y, _frame(Z)) for each in found]

    def _start(self, proposal: Equation, frame: Frame, y: np.ndarray) -> tuple[float, float] | None:
        """Give the scale and the offset of least squared error; None where a value is not finite."""
        value = proposal.score(frame)[:, 0]
        with np.errstate(all="ignore"):
            spread = float(np.var(value))
            scale = float(np.mean((value - value.mean()) * (y - y.mean()))) / spread if spread > 0 else np.nan
            offset = float(y.mean() - scale * value.mean())
        return (scale, offset) if np.isfinite([scale, offset]).all() and scale != 0 else None


class EquationClassifier(EquationRegressor):
    """An equation for the log odds of the second of two classes.

    The search looks for equations of the class as 0 and 1, by squared error; the constants of what it finds are then
    fitted by log loss.
    """

    _binary = True

    def fit(self, Z: np.ndarray, y: np.ndarray, inputs: Sequence[Input] = ()) -> Self:
        """Fit on encoded inputs and on classes 0 and 1."""
        self.classes_ = np.array([0, 1])
        return super().fit(Z, y, inputs)

    def predict_proba(self, Z: np.ndarray) -> np.ndarray:
        """Give the probability of each class, shape (n_samples, 2); NaN, with a warning, where there is no value."""
        p = Logistic()(self.decision_function(Z)[:, None])
        return np.hstack([1.0 - p, p])

    def predict(self, Z: np.ndarray) -> np.ndarray:
        """Give the class, 0 or 1, shape (n_samples,); 0, with a warning, where the equation has no value."""
        return (self.predict_proba(Z)[:, 1] > 0.5).astype(np.intp)


def _frame(Z: np.ndarray) -> Frame:
    return Frame({str(j): Z[:, j] for j in range(Z.shape[1])})


def _rounded(equation: Equation) -> list[Equation]:
    """Give the equation without what may be rounding, if that is shorter; the front decides whether it is as good."""
    constants = np.array([node.value for node in equation.nodes if isinstance(node, Constant)])
    if not (is_near(constants, 1.0) | is_near(constants, np.pi / 2) | is_tiny(constants)).any():
        return []
    names = [getattr(node, "column", "") for node in equation.nodes]
    try:
        shorter = read_expression(tidy(rounded(to_expression(equation, names))))[0]
    except ValueError:
        return []
    return [shorter] if len(shorter.nodes) < len(equation.nodes) else []


def _centred(j: int, center: float) -> list[Any]:
    return [Variable(str(j)), *([Constant(center), Operator("sub")] if center else [])]


def _table(front: Sequence[Candidate], chosen: int, inputs: Sequence[Input]) -> pd.DataFrame:
    shown = [pull_back(c.equation, inputs) if inputs else c.equation for c in front]
    reading = Reading({}, frozenset())
    return pd.DataFrame(
        {
            "complexity": [c.complexity for c in front],
            "loss": [c.loss for c in front],
            "score": gains(front),
            "equation": [infix(equation, reading) for equation in shown],
            "sympy_format": [_simplified(equation, reading) for equation in shown],
            "selected": np.arange(len(front)) == chosen,
        }
    )


def _simplified(equation: Equation, reading: Reading) -> str:
    """Write an equation as sympy does, its constants at four digits."""
    import sympy

    names = [infix(Equation((n,)), reading) if not isinstance(n, Operator) else n.name for n in equation.nodes]
    expression = to_expression(equation, names)
    return str(expression.xreplace({f: sympy.Float(f, 4) for f in expression.atoms(sympy.Float)}))
