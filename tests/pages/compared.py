"""Comparisons of models that never were: real evaluation of made-up scores and predictions."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.answers import HoldoutComparison
from workbench.evaluation.comparison import Entry, comparisons
from workbench.evaluation.multiplicity import multiplicity
from workbench.evaluation.price_curve import Candidate, pareto_front, price_curve
from workbench.evaluation.recommendation import recommend
from workbench.metrics import metric

SIZES = {"n_train": 960, "n_test": 240}


def compared(models: list[dict[str, Any]], ranking: str, names: list[str]) -> dict[str, Any]:
    """Give all that a study says of its models against each other, as results.json holds it."""
    chosen = metric(ranking)
    entries = [
        Entry(
            model=m["name"],
            family=m["family"],
            title=m["title"],
            glassbox=m["glassbox"],
            scores=np.array(m["scores"][ranking]["folds"]),
            size=m["size"],
        )
        for m in models
    ]
    against = comparisons(entries, metric=chosen, region=0.01, **SIZES)
    candidates = [
        Candidate(name=e.model, size=e.size, scores=e.scores) for e in entries if e.family != "dummy" and e.size
    ]
    return {
        "comparisons": [c.to_dict() for c in against],
        "holdout_comparisons": [_on_holdout(c).to_dict() for c in against if c.against != "glass box"],
        "recommendation": recommend(entries, metric=chosen, **SIZES).to_dict(),
        "pareto": [c.name for c in pareto_front(candidates, chosen)],
        "price_curve": price_curve(candidates, metric=chosen, **SIZES).to_dict(),
        "multiplicity": alike([e.model for e in entries if e.family != "dummy"], len(names), ranking).to_dict(),
    }


def _on_holdout(comparison: Any) -> HoldoutComparison:
    half = (comparison.upper - comparison.lower) / 2
    return HoldoutComparison(
        model=comparison.model,
        reference=comparison.reference,
        metric=comparison.metric,
        against=comparison.against,
        difference=comparison.difference + 0.01,
        lower=comparison.difference + 0.01 - 1.4 * half,
        upper=comparison.difference + 0.01 + 1.4 * half,
        level=0.95,
        model_score=0.3,
        reference_score=0.34,
        n_rows=400,
        n_groups=None,
        n_resamples=1000,
        provenance=comparison.provenance,
    )


def alike(models: list[str], n_columns: int, ranking: str) -> Any:
    """Give models that score alike and differ on single rows."""
    rng = np.random.default_rng(5)
    base = rng.normal(5.6, 0.5, 400)
    said = np.stack([base + rng.normal(0, 0.05 * (1 + i), 400) for i in range(len(models))])
    importances = np.linspace(1, 0, n_columns) + rng.normal(0, 0.2, (len(models), n_columns))
    if ranking != "r2":
        return multiplicity(models, (said > 5.6).astype(int), importances=importances)
    return multiplicity(models, said, tolerance=0.08, importances=importances)


def tuned() -> dict[str, Any]:
    """Give what tuning tried and chose."""
    trials = [
        {"changes": {}, "score": 0.31, "seconds": 0.1, "error": ""},
        {"changes": {"max_leaf_nodes": 24}, "score": 0.322, "seconds": 0.1, "error": ""},
        {"changes": {"max_leaf_nodes": 48, "alpha": 0.1}, "score": None, "seconds": 0.2, "error": "MemoryError"},
    ]
    folds = [{"max_leaf_nodes": 24} if i % 3 else {"max_leaf_nodes": 12} for i in range(10)]
    chosen = {"alpha": 0.0, "penalty": None, "fit_intercept": True, "max_leaf_nodes": 24}
    return {"budget": 2, "chosen": chosen, "trials": trials, "folds": folds, "seconds": 1.9}
