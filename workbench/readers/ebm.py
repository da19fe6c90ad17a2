"""interpret's explainable boosting machines: a score for each bin, and for each pair of bins."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.forms import Additive, Axis, Steps, Surface, Term


def read_ebm(model: Any) -> Additive:
    """Read the terms of a fitted explainable boosting machine over encoded inputs.

    Bins are numbered: 0 for missing, then the intervals ``[cut, next cut)``, or the levels, and last what is unknown.
    The codes of nominal inputs become intervals around 0, 1, 2, ...

    Parameters
    ----------
    model : ExplainableBoostingRegressor or ExplainableBoostingClassifier
    """
    intercept = np.atleast_1d(np.asarray(model.intercept_, dtype=np.float64))
    terms: list[Term] = []
    for inputs, scores in zip(model.term_features_, model.term_scores_, strict=True):
        values = np.asarray(scores, dtype=np.float64).reshape(*scores.shape[: len(inputs)], intercept.size)
        bins = [_bins(model, j, len(inputs)) for j in inputs]
        ordered = values[np.ix_(*(cells for _, cells in bins))]
        if len(inputs) == 1:
            ((cuts, _),) = bins
            empty = np.zeros(cuts.size + 1)
            terms.append(Steps(str(inputs[0]), cuts, ordered[:-1], ordered[-1], empty, empty))
        elif len(inputs) == 2:
            first, second = (
                Axis(str(j), cuts, (), np.zeros(cells.size)) for j, (cuts, cells) in zip(inputs, bins, strict=True)
            )
            terms.append(Surface(first, second, ordered.reshape(-1, intercept.size)))
        else:
            raise ValueError(f"a term over {len(inputs)} inputs can't be read; ask for interactions of pairs alone")
    return Additive(intercept, tuple(terms))


def _bins(model: Any, j: int, n_inputs: int) -> tuple[np.ndarray, np.ndarray]:
    """Give an input's cuts (x <= cut) and the library's bin of each interval and, last, of missing values."""
    levels = model.bins_[j]
    found = levels[min(len(levels), n_inputs) - 1]
    if isinstance(found, dict):
        codes = sorted(int(float(code)) for code in found)
        by_code = {int(float(code)): cell for code, cell in found.items()}
        unknown = max(found.values()) + 1
        cells = [by_code.get(code, unknown) for code in range(codes[-1] + 1)]
        return np.arange(codes[-1]) + 0.5, np.array([*cells, 0])
    cuts = np.asarray(found, dtype=np.float64)
    # the library's intervals are closed on the left: x < cut
    return np.nextafter(cuts, -np.inf), np.array([*range(1, cuts.size + 2), 0])
