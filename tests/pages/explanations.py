"""Made-up answers of the methods that explain, for results of runs that never were."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from workbench.answers import (
    Agreement,
    AttributionSummary,
    Effect,
    Effects,
    EffectSurface,
    Importance,
    Interactions,
    Provenance,
    RefitBand,
    Surrogate,
)
from workbench.answers.profiles import Profiles
from workbench.answers.swarm import Swarm

_STRENGTH = np.array([0.182, 0.094, 0.071, 0.041, 0.022, 0.012, 0.004, 0.0015, 0.0])


def strength(n: int) -> Any:
    """Say how much each of n columns matters; of many, all do."""
    return _STRENGTH[:n] if n <= len(_STRENGTH) else 0.182 * 0.95 ** np.arange(n)


def provenance(method: str, *warnings: str, **options: Any) -> Provenance:
    """Give where an answer comes from."""
    return Provenance(method=method, random_state=0, warnings=warnings, **{"n_rows": 400, **options})


def outputs_of(task: str, classes: Any) -> tuple[str, ...]:
    """Name what is predicted."""
    return ("prediction",) if not classes else ("True",) if task == "binary" else tuple(str(c) for c in classes)


def explained(task: str, names: list[str], classes: Any, metric: Any, columns: Any, family: str) -> dict[str, Any]:
    """Give answers, agreement and the methods that are kept apart, of one model, as results.json holds them."""
    outputs, rng = outputs_of(task, classes), np.random.default_rng(1)
    moves = family != "dummy"
    effects = tuple(_effect(column, j, outputs, family, task) for j, column in enumerate(columns))
    found: dict[str, Any] = {
        "permutation_importance": _importance(names, metric, moves, rng),
        "partial_dependence": Effects(
            effects=effects,
            surfaces=(_surface(columns, outputs),) if moves else (),
            n_background=400,
            provenance=provenance(
                "partial_dependence",
                f"{names[0]} moves with {names[7]} (Spearman correlation -0.46): partial dependence averages over "
                "combinations that may not occur",
            ),
        ),
    }
    if moves:
        found |= {
            "ale": _ale(effects, names),
            "shap": _attributions("shap", names, outputs, "link" if task == "binary" else "response").but(
                **_of_rows(columns, outputs)
            ),
        }
    if family == "forest":
        found |= {
            "lime": replace(_attributions("lime", names, outputs, "response"), fidelity=0.71, stability=0.93),
            "interaction": _interactions(names, outputs),
            "surrogate": _surrogate(outputs),
        }
    return {
        "answers": [{"method": method, "answer": answer.to_dict()} for method, answer in found.items()],
        "agreement": _agreement(names).to_dict() if moves else None,
        "private_answers": ["lime", "prototypes", "counterfactuals"] if family == "forest" else [],
    }


def _importance(names: list[str], metric: Any, moves: bool, rng: Any) -> Importance:
    means = strength(len(names)) * moves
    repeats = means[:, None] + rng.normal(0, 0.05, (len(names), 5)) * means[:, None]
    mean = repeats.mean(axis=1)
    groups = {"groups": ((names[0], names[7]),), "group_importances": repeats[:1] * 1.2} if moves else {}
    return Importance(
        feature_names=tuple(names),
        importances=repeats,
        importances_mean=mean,
        importances_std=repeats.std(axis=1),
        metric=metric["name"],
        baseline_score=0.38,
        greater_is_better=metric["greater_is_better"],
        refits=RefitBand(mean=0.95 * mean, lower=0.8 * mean, upper=1.1 * mean, n_refits=10) if moves else None,
        noise=np.linspace(0.012, -0.02, len(names)) if moves else None,
        provenance=provenance("permutation_importance"),
        **groups,
    )


def _effect(column: dict[str, Any], j: int, outputs: tuple[str, ...], family: str, task: str) -> Effect:
    numeric = column["kind"] == "number"
    grid = (
        tuple(np.linspace(column["low"], column["high"], 40).tolist())
        if numeric
        else tuple(v["level"] for v in column["levels"])
    )
    t = np.linspace(-1, 1, len(grid)) * (family != "dummy")
    base, size = (5.64, 0.5) if task == "regression" else (0.5 if task == "binary" else 1 / 3, 0.25)
    curves = np.stack([base + size / (j + 1) * (-1) ** j * np.tanh(2 * t) * (1 - k) for k in range(len(outputs))])
    band = 0.03 * size * np.abs(t) * np.ones((len(outputs), 1))
    edges = np.linspace(column["low"], column["high"], 13) if numeric else None
    counts = (
        np.array([12, 60, 210, 300, 240, 180, 120, 90, 60, 40, 30, 11])
        if numeric
        else np.array([798, 780, 4] + [9] * 20)[: len(grid)]
    )
    return Effect(
        feature=column["name"],
        feature_kind=column["kind"],
        grid_values=grid,
        average=curves,
        lower=curves - band,
        upper=curves + band,
        outputs=outputs,
        scale="response",
        bin_edges=edges,
        bin_counts=counts,
        provenance=provenance("partial_dependence"),
    )


def _ale(effects: tuple[Effect, ...], names: list[str]) -> Effects:
    """Give effects about their means, with the band of refits and the noise of chance."""
    changed = []
    for effect in effects:
        mean = effect.average.mean(axis=1, keepdims=True)
        curve, half = effect.average - mean, effect.upper - effect.average
        refits = RefitBand(
            mean=0.9 * curve, lower=0.9 * curve - 3 * half - 0.01, upper=0.9 * curve + 3 * half + 0.01, n_refits=10
        )
        changed.append(
            effect.but(
                average=curve, lower=curve - half, upper=curve + half, centred=True, refits=refits, noise=0.03,
                provenance=provenance("ale"),
            )
        )  # fmt: skip
    warnings = [f"{name}: rows that miss it are left out of its effect" for name in names[1:3]]
    return Effects(effects=tuple(changed), n_background=400, provenance=provenance("ale", *warnings))


def _surface(columns: Any, outputs: tuple[str, ...]) -> EffectSurface:
    grids = tuple(tuple(np.linspace(c["low"], c["high"], 12).tolist()) for c in columns[:2])
    a, b = np.meshgrid(np.linspace(-1, 1, 12), np.linspace(-1, 1, 12), indexing="ij")
    counts = np.maximum(40 - 30 * np.abs(a - b), 0).round() * (np.abs(a - b) < 1.1)
    return EffectSurface(
        features=(columns[0]["name"], columns[1]["name"]),
        feature_kinds=("number", "number"),
        grid_values=grids,
        average=np.stack([0.5 + 0.1 * (a + b) * (1 - k) + 0.05 * a * b for k in range(len(outputs))]),
        counts=np.where(counts < 10, 0, counts),
        outputs=outputs,
        scale="response",
        sparse_share=0.23,
        provenance=provenance("partial_dependence"),
    )


def _attributions(method: str, names: list[str], outputs: tuple[str, ...], scale: str) -> AttributionSummary:
    mean = strength(len(names))[:, None] * np.linspace(1, 0.5, len(outputs))
    return AttributionSummary(
        feature_names=tuple(names),
        outputs=outputs,
        scale=scale,
        mean_abs=mean,
        standard_error=0.08 * mean,
        n_background=400,
        noise=0.012 * np.ones_like(mean) if method == "shap" else None,
        provenance=provenance(method, exact=method == "shap"),
    )


def _of_rows(columns: Any, outputs: tuple[str, ...]) -> dict[str, Any]:
    """Give bins of 200 made-up rows, and reasons for made-up profiles."""
    rng, n, k = np.random.default_rng(2), len(columns), len(outputs)
    numeric = [c["kind"] == "number" for c in columns]
    x = rng.uniform(-1, 1, size=(200, n))
    values = x[:, :, None] * strength(n)[:, None] * np.linspace(1, 0.5, k)
    cells = [tuple(v if is_number else "level" for v, is_number in zip(row, numeric, strict=True)) for row in x]
    groups = ("low", "middle", "high") if k == 1 else outputs
    made = np.linspace(-1, 1, len(groups))[:, None, None] * strength(n)[:, None] * np.ones(k)
    data = tuple(c["median"] if c["kind"] == "number" else c["levels"][0]["level"] for c in columns)
    found = Profiles(
        groups=groups,
        group_rows=(160,) * len(groups),
        data=(data,) * len(groups),
        values=made[:, :, 0] if k == 1 else made,
        baseline=np.full(k, 0.3) if k > 1 else np.asarray(0.3),
        predictions=(made.sum(axis=1) + 0.3)[:, 0] if k == 1 else made.sum(axis=1) + 0.3,
    )
    return {"swarm": Swarm.of(values, cells), "profiles": found}


def _interactions(names: list[str], outputs: tuple[str, ...]) -> Interactions:
    n, k = len(names), len(outputs)
    pairs = tuple((i, j) for i in range(n) for j in range(i + 1, n))
    size = np.array([strength(n)[i] * strength(n)[j] for i, j in pairs])[:, None] * np.linspace(1, 0.6, k)
    return Interactions(
        feature_names=tuple(names),
        outputs=outputs,
        scale="response",
        overall=np.sqrt(strength(n)[:, None] * np.ones((1, k))),
        pairs=pairs,
        pairwise=np.sqrt(size),
        unnormalized=size,
        n_background=200,
        provenance=provenance("interaction"),
    )


def _surrogate(outputs: tuple[str, ...]) -> Surrogate:
    folds = np.array([0.71, 0.74, 0.69, 0.77, 0.73])
    return Surrogate(
        family="tree",
        title="decision tree",
        parameters={"max_leaf_nodes": 12},
        outputs=outputs,
        scale="response",
        fidelity=float(folds.mean()),
        lower=0.66,
        upper=0.80,
        folds=folds,
        agreement=0.88 if len(outputs) > 1 else None,
        size=34,
        text="alcohol <= 10.5\n  yes: 5.2\n  no: 6.1",
        form=None,
        provenance=provenance("surrogate"),
    )


def _agreement(names: list[str]) -> Agreement:
    methods = ("permutation_importance", "ale", "shap")
    rho = np.array([[1.0, 0.93, 0.88], [0.93, 1.0, 0.97], [0.88, 0.97, 1.0]])
    means = strength(len(names))
    return Agreement(
        methods=methods,
        feature_names=tuple(names),
        importances=np.stack([means, 2 * means, means**0.9]),
        rank_correlation=rho,
        provenance=provenance("agreement"),
    )
