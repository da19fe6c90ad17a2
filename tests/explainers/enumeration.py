"""Shapley values from their definition, written apart from the package: every order's subsets, one frame for each."""

from __future__ import annotations

from itertools import combinations
from math import factorial

import numpy as np
import pandas as pd


def shapley(said, X, background, weight=None):
    """Values (n_samples, n_columns, n_outputs) and baseline (n_outputs,) of `said`, a function of rows."""
    n_columns = X.shape[1]
    values = np.array([_of_row(said, X, i, background, weight) for i in range(len(X))])
    return values.reshape(len(X), n_columns, -1), _mean(said(background), weight)


def _of_row(said, X, i, background, weight):
    n = X.shape[1]
    worth = {
        inside: _mean(said(mixed(X, i, background, inside)), weight)
        for size in range(n + 1)
        for inside in combinations(range(n), size)
    }
    values = []
    for j in range(n):
        total = 0.0
        for inside in worth:
            if j not in inside:
                with_j = tuple(sorted((*inside, j)))
                share = factorial(len(inside)) * factorial(n - len(inside) - 1) / factorial(n)
                total = total + share * (worth[with_j] - worth[inside])
        values.append(total)
    return values


def mixed(X, i, background, inside):
    """Give the background rows with some columns of row i."""
    out = background.copy()
    for j in inside:
        if isinstance(out, pd.DataFrame):
            out.isetitem(j, X.iloc[np.full(len(out), i), j].array)
        else:
            out[:, j] = X[i, j]
    return out


def _mean(values, weight):
    values = np.asarray(values, dtype=float)
    return np.average(values.reshape(len(values), -1), axis=0, weights=weight)
