"""One tiny mixed table per task, and rows that probe a model's form."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from workbench.forms import Curve, Form, Rule, Steps, Tree

TASKS = ("regression", "binary", "multiclass")


@cache
def mixed(task: str, n: int = 160, seed: int = 0) -> tuple[pd.DataFrame, pd.Series]:
    """Numbers with gaps, odd names, categories with rare levels and gaps, ordered levels, booleans, dates."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "x": rng.normal(size=n),
            'odd "name" <b>é</b>': rng.integers(0, 6, n).astype(float) / 8,
            "colour": rng.choice(["red", "green", "blue", "rare"], n, p=[0.4, 0.3, 0.28, 0.02]),
            "grade": pd.Categorical(rng.choice(["low", "mid", "high"], n), ["low", "mid", "high"], ordered=True),
            "flag": rng.random(n) > 0.5,
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 400, n), "D"),
            "constant": 1.0,
        }
    )
    X.loc[rng.random(n) < 0.15, "x"] = np.nan
    X.loc[rng.random(n) < 0.15, "colour"] = None
    signal = (
        X["x"].fillna(0.5)
        + 2.0 * X["colour"].eq("red")
        + 1.5 * X["flag"] * (X["grade"].cat.codes == 2)
        + rng.normal(scale=0.3, size=n)
    )
    if task == "regression":
        y = signal.rename("target")
    elif task == "binary":
        y = pd.Series(np.where(signal > 1, "yes", "no"), name="target")
    else:
        y = pd.Series(np.select([signal > 2, signal > 0.5], ["top", "middle"], "bottom"), name="target")
    return X, y


def probes(X: pd.DataFrame, form: Form | None, seed: int = 1) -> dict[str, pd.DataFrame]:
    """Rows by what they probe: training rows, every cut with its two neighbours, gaps, unseen levels, far away."""
    rng = np.random.default_rng(seed)
    base = X.iloc[rng.integers(0, len(X), 60)].reset_index(drop=True)
    known = X.drop(columns=[name for name in X if X[name].isna().all()]).notna().all(axis=1)
    found = {"training rows": X[known], "training rows with gaps missing": X}
    for name, t in _cuts(form).items():
        t = rng.permutation(t)[:200]
        at = np.concatenate([t, np.nextafter(t, -np.inf), np.nextafter(t, np.inf)])
        rows = X.iloc[rng.integers(0, len(X), len(at))].reset_index(drop=True)
        found[f"cuts of {name}"] = rows.assign(**{name: at})
    for name in X:
        if X[name].dtype.kind == "f":
            found[f"{name} far away"] = pd.concat([base.assign(**{name: v}) for v in (1e30, -1e30)])
        if X[name].dtype.kind != "b":
            gap = pd.Series([None] * len(base)).astype(float if X[name].dtype.kind == "i" else X[name].dtype)
            found[f"{name} missing"] = base.assign(**{name: gap})
        if isinstance(X[name].dtype, pd.StringDtype):
            found[f"{name} unseen"] = base.assign(**{name: "never seen"})
    return {what: rows.reset_index(drop=True) for what, rows in found.items()}


def _cuts(form: Form | None) -> dict[str, np.ndarray]:
    """Give the finite cuts, knots and boundaries of a form by number column."""
    found: dict[str, list[np.ndarray]] = {}
    body = form.body if form else None
    for term in (*getattr(body, "terms", ()), *getattr(body, "rules", ())):
        if isinstance(term, Tree):
            for j, name in enumerate(term.columns):
                found.setdefault(name, []).append(term.threshold[term.feature == j])
        elif isinstance(term, Rule):
            for c in term.conditions:
                found.setdefault(c.column, []).append(np.array([c.lower, c.upper]))
        elif isinstance(term, Steps | Curve):
            found.setdefault(term.column, []).append(term.cuts if isinstance(term, Steps) else term.knots)
    cuts = {name: np.unique(np.concatenate(parts)) for name, parts in found.items() if form.kinds[name] == "number"}
    finite = {name: t[np.isfinite(t)] for name, t in cuts.items()}
    return {name: t for name, t in finite.items() if t.size}
