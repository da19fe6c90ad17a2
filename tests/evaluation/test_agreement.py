from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from scipy.stats import spearmanr

from workbench.answers import (
    Answer,
    Attribution,
    AttributionSummary,
    Effect,
    Effects,
    Finding,
    Importance,
    Provenance,
)
from workbench.evaluation.agreement import Ranked, agreement, deviation, spearman
from workbench.explainers import explain

PROVENANCE = Provenance(method="by hand")
NAMES = ("a", "b", "c d", "é", "e")


def importance(values: Any, noise: Any = None, names: tuple[str, ...] = NAMES) -> Importance:
    mean = np.array(values, dtype=float)
    return Importance(
        feature_names=names,
        importances=mean[:, None],
        importances_mean=mean,
        importances_std=np.zeros(len(mean)),
        metric="r2",
        baseline_score=0.5,
        greater_is_better=True,
        noise=None if noise is None else np.array(noise, dtype=float),
        provenance=PROVENANCE,
    )


def summary(values: Any, noise: Any = None, names: tuple[str, ...] = NAMES) -> AttributionSummary:
    mean = np.array(values, dtype=float).reshape(len(values), -1)
    return AttributionSummary(
        feature_names=names,
        outputs=tuple("xyz"[: mean.shape[1]]),
        scale="link",
        mean_abs=mean,
        standard_error=np.zeros_like(mean),
        noise=None if noise is None else np.array(noise, dtype=float),
        provenance=PROVENANCE,
    )


def effect(
    feature: str, average: Any, counts: Any, edges: Any = None, noise: float | None = None, grid: Any = None
) -> Effect:
    average = np.atleast_2d(np.array(average, dtype=float))
    return Effect(
        feature=feature,
        feature_kind="number",
        grid_values=tuple(np.arange(average.shape[1], dtype=float)) if grid is None else grid,
        average=average,
        lower=average,
        upper=average,
        outputs=tuple("xyz"[: len(average)]),
        scale="response",
        bin_counts=np.array(counts, dtype=float),
        bin_edges=None if edges is None else np.array(edges, dtype=float),
        noise=noise,
        provenance=PROVENANCE,
    )


def ranked(answer: Answer) -> Ranked:
    found = Ranked.of(answer)
    assert found is not None
    return found


@pytest.mark.parametrize("seed", range(5))
def test_equals_scipy_ties_included(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, 5, 12).astype(float), rng.normal(size=12)
    assert spearman(a, b) == pytest.approx(spearmanr(a, b).statistic, abs=1e-12)
    with_gap = np.append(a, np.nan)
    assert spearman(with_gap, np.append(b, 1.0)) == pytest.approx(spearman(a, b))
    assert np.isnan(spearman(a[:2], b[:2]))
    assert np.isnan(spearman(np.ones(12), b))


def test_attributions_are_summed_over_outputs() -> None:
    found = ranked(summary([[1, 2], [0, 0], [3, 1], [0.5, 0], [0, 1]]))
    np.testing.assert_array_equal(found.values, [3, 0, 4, 0.5, 1])
    np.testing.assert_array_equal(found.is_clear, [True, False, True, True, True])
    rows = np.array([[1.0, -3.0], [-2.0, 0.0]])
    whole = Attribution(
        feature_names=("a", "b"), outputs=("y",), scale="response", values=rows, baseline=np.array(0.0),
        predictions=rows.sum(axis=1), data=((1.0, None), (2.0, "x")), provenance=PROVENANCE,
    )  # fmt: skip
    np.testing.assert_array_equal(ranked(whole).values, [1.5, 1.5])


def test_an_effect_is_as_large_as_its_deviation_over_the_rows() -> None:
    one = effect("a", [0.0, 1.0, 5.0], [10, 30, 20])
    rows = np.repeat([0.0, 1.0, 5.0], [10, 30, 20])
    assert deviation(one) == pytest.approx(rows.std())
    two = effect("a", [[0.0, 1.0, 5.0], [2.0, 0.0, 0.0]], [10, 30, 20])
    assert deviation(two) == pytest.approx(np.hypot(rows.std(), np.repeat([2.0, 0, 0], [10, 30, 20]).std()))
    # two grid values share the second bin
    binned = effect("a", [0.0, 1.0, 5.0], [10, 40], [0.0, 0.5, 2.0])
    assert deviation(binned) == pytest.approx(np.repeat([0.0, 1.0, 5.0], [10, 20, 20]).std())
    withheld = effect("a", [0.0, 1.0], [np.nan, 10])
    assert deviation(withheld) == pytest.approx(np.repeat([0.0, 1.0], [5, 10]).std())
    assert deviation(effect("a", [0.1, 0.1, 0.1], [1, 2, 3])) == 0
    assert deviation(effect("a", [0.0, np.nan, 1.0], [10, 30, 10])) == pytest.approx(0.5)
    assert deviation(effect("a", [0.0, 1.0], [0, 0])) == pytest.approx(0.5)


def test_columns_that_only_one_method_tells_of_are_left_out_of_its_pair() -> None:
    effects = Effects(
        effects=tuple(effect(name, [0.0, size], [10, 10]) for name, size in (("é", 4), ("a", 1), ("b", 2), ("z", 9))),
        n_background=20,
        provenance=PROVENANCE,
    )
    found = agreement({"p": importance([1, 2, 3, 4, 5]), "e": effects, "s": summary([5, 4, 3, 2, 1])})
    assert found is not None
    assert found.methods == ("p", "e", "s")
    assert found.feature_names == (*NAMES, "z")
    np.testing.assert_allclose(found.importances[1], [0.5, 1, np.nan, 2, np.nan, 4.5])
    np.testing.assert_allclose(found.rank_correlation, [[1, 1, -1], [1, 1, -1], [-1, -1, 1]])
    again = Answer.from_dict(json.loads(json.dumps(found.to_dict(), allow_nan=False)))
    assert again.to_dict() == found.to_dict()


def test_one_method_alone_and_answers_without_importance_tell_nothing() -> None:
    finding = Finding(severity="low", title="t", evidence="e", action="a", provenance=PROVENANCE)
    none = Effects(effects=(), n_background=3, provenance=PROVENANCE)
    assert agreement({}) is None
    assert agreement({"p": importance([1, 2, 3, 4, 5]), "f": finding, "e": none}) is None
    flat = agreement({"p": importance([1, 2, 3, 4, 5]), "s": summary([0, 0, 0, 0, 0])})
    assert flat is not None
    assert np.isnan(flat.rank_correlation[0, 1])


def test_disagreement_is_told_with_its_number() -> None:
    found = agreement(
        {"p": importance([5, 4, 3, 2, 1]), "s": summary([1, 2, 3, 4, 5]), "q": summary([5, 4, 3, 1, 2])},
        titles={"p": "Permutation importance"},
    )
    assert found is not None
    first, second = found.provenance.warnings
    assert first.startswith(
        "Permutation importance and s rank the columns differently: their rank correlation is −1.00"
    )
    assert "over the 5 columns that matter to either" in first
    assert second.startswith("s and q")
    lax = agreement({"p": importance([5, 4, 3, 2, 1]), "s": summary([1, 2, 3, 4, 5])}, limit=-1.0)
    assert lax is not None
    assert lax.provenance.warnings == ()


def test_the_order_of_noise_is_no_disagreement() -> None:
    names = tuple("abcdefgh")
    p, s = [9, 8, 7, 6, 0.4, 0.3, 0.2, 0.1], [90, 80, 70, 60, 1, 2, 3, 4]
    noise = [0.5] * 8
    quiet = agreement({"p": importance(p, noise, names), "s": summary(s, [[9.0]] * 8, names)})
    assert quiet is not None
    assert quiet.provenance.warnings == ()
    turned = [60, 70, 80, 90, 1, 2, 3, 4]
    loud = agreement({"p": importance(p, noise, names), "s": summary(turned, [[9.0]] * 8, names)})
    assert loud is not None
    assert "is −1.00 over the 4 columns" in loud.provenance.warnings[0]
    assert loud.rank_correlation[0, 1] > 0  # over all columns the four that matter and those that don't agree
    # columns that neither uses would agree by being tied
    rest = [0] * 5
    unused = agreement({"p": importance([3, 2, 1, *rest], None, names), "s": summary([1, 2, 3, *rest], None, names)})
    assert unused is not None
    assert unused.provenance.warnings == ()  # three columns tell nothing
    effects = Effects(
        effects=tuple(effect(n, [0.0, v], [10, 10], noise=0.5) for n, v in zip(names, p, strict=True)),
        n_background=20,
        provenance=PROVENANCE,
    )
    np.testing.assert_array_equal(ranked(effects).is_clear, [True] * 4 + [False] * 4)


def test_methods_agree_on_a_model_of_independent_columns() -> None:
    from sklearn.linear_model import LinearRegression

    X = np.random.default_rng(0).normal(size=(300, 5))
    y = X @ [5.0, -3.0, 2.0, 1.0, 0.5]
    model = LinearRegression().fit(X, y)
    found = agreement({
        "permutation_importance": explain(model, "permutation_importance", X, y=y),
        "partial_dependence": explain(model, "partial_dependence", X),
    })  # fmt: skip
    assert found is not None
    np.testing.assert_allclose(found.rank_correlation, 1.0)
    np.testing.assert_allclose(found.importances[1], np.abs(model.coef_) * X.std(axis=0), rtol=0.15)
    assert found.provenance.warnings == ()
