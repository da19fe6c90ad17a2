"""A recalibration as text and as mathematics: what is done to the probabilities that a form's score gives."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from workbench.forms.output import Monotone, Output, Scaled
from workbench.forms.text import number_text

_CUT = "(p cut off at one in a million from 0 and 1)"


def output_text(output: Output, outputs: Sequence[str]) -> str:
    """Say what a recalibration does, in one sentence; nothing where the output has none.

    Examples
    --------
    >>> from workbench.forms.output import Logistic
    >>> output_text(Scaled(Logistic(), 0.8, (-0.1,)), ("yes",))
    'recalibrated: log odds of the probability = −0.1 + 0.8 × log odds'
    >>> output_text(Monotone(Logistic(), (0.1, 0.9), (0.2, 0.7)), ("yes",))
    'recalibrated: a probability of 0.1 becomes 0.2, of 0.9 becomes 0.7; straight between, level beyond'
    """
    if isinstance(output, Monotone):
        pairs = zip(output.before, output.after, strict=True)
        table = ", of ".join(f"{number_text(p, 3)} becomes {number_text(q, 3)}" for p, q in pairs)
        return f"recalibrated: a probability of {table}; straight between, level beyond"
    if not isinstance(output, Scaled):
        return ""
    slope = number_text(output.slope)
    if len(output.intercept) == 1:
        odds = "log odds" if output.of.kind == "logistic" else f"log odds of p, as above {_CUT}"
        start = number_text(output.intercept[0])
        return f"recalibrated: log odds of the probability = {start} + {slope} × {odds}"
    added = ", ".join(f"{o}: {number_text(a)}" for o, a in zip(outputs, output.intercept, strict=True))
    return f"recalibrated: each class's p, as above, becomes exp(a) × p^{slope} over the sum of all; a is {added}"


def output_latex(output: Output, name: str) -> str:
    """Write a recalibration as one line of mathematics, P-tilde from P; nothing where the output has none."""
    if isinstance(output, Monotone):
        pairs = zip(output.before, output.after, strict=True)
        table = r",\; ".join(rf"{_number(p)} \mapsto {_number(q)}" for p, q in pairs)
        return rf"\tilde P = m(P),\quad m \text{{ linear between }} {table}"
    if not isinstance(output, Scaled):
        return ""
    slope = _number(output.slope)
    if len(output.intercept) == 1:
        start = _number(output.intercept[0])
        return rf"\operatorname{{logit}} \tilde P = {start} + {slope}\,\operatorname{{logit}} P"
    starts = r",\; ".join(_number(a) for a in output.intercept)
    return rf"\tilde P({name} = c) \propto e^{{a_c}}\, P({name} = c)^{{{slope}}},\quad a = ({starts})"


def _number(value: float) -> str:
    mantissa, _, exponent = f"{np.round(value, 12) + 0.0:.4g}".partition("e")
    return mantissa + (rf" \times 10^{{{int(exponent)}}}" if exponent else "")
