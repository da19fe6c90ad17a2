from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from workbench.answers import Answer, Attribution, Provenance
from workbench.answers.swarm import Swarm


def values_of(kind: str, n: int) -> np.ndarray:
    rng = np.random.default_rng(n)
    return {
        "normal": rng.normal(size=n),
        "heavy": rng.standard_cauchy(size=n),
        "two": rng.integers(0, 2, size=n) * 3.0,
        "constant": np.full(n, 0.25),
        "mostly zero": np.where(np.arange(n) % 17 == 0, rng.normal(size=n), 0.0),
    }[kind]


@pytest.mark.parametrize("n", [20, 47, 300])
@pytest.mark.parametrize("kind", ["normal", "heavy", "two", "constant", "mostly zero"])
def test_no_bin_holds_fewer_than_ten_rows_and_none_is_lost(kind: str, n: int) -> None:
    v = values_of(kind, n)
    x = np.random.default_rng(1).normal(size=n)
    made = Swarm.of(v[:, None, None], [(float(c),) for c in x])
    assert made is not None
    edges, rows, height = made.edges[0][0], made.rows[0][0], made.height[0][0]
    assert len(edges) == len(rows) + 1 == len(height) + 1
    assert min(rows) >= 10
    assert sum(rows) == n
    # told from the 10th lowest to the 10th highest value
    ordered = np.sort(v)
    assert edges[0] == ordered[9]
    assert edges[-1] == ordered[-10]
    for i, (low, high) in enumerate(pairwise(edges)):
        first, last = i == 0, i == len(rows) - 1
        within = [j for j in range(n) if (first or v[j] >= low) and (last or v[j] < high)]
        assert len(within) == rows[i]
        ranks = [(sum(x < x[j]) + 0.5 * sum(x == x[j]) - 0.5) / (n - 1) for j in within]
        assert height[i] == pytest.approx(np.mean(ranks))


def test_few_rows_gaps_and_columns_without_numbers() -> None:
    assert Swarm.of(np.zeros((19, 1, 1)), [(1.0,)] * 19) is None
    assert Swarm.of(np.full((30, 1, 1), np.nan), [(1.0,)] * 30) is None
    values = np.random.default_rng(0).normal(size=(60, 3, 1))
    cells = [("a", None, float(i) if i % 2 else None) for i in range(60)]
    made = Swarm.of(values, cells)
    assert made is not None
    assert set(made.height[0][0]) == set(made.height[1][0]) == {None}
    # a bin in which fewer than 10 values are known tells nothing of them
    assert any(h is None for h in made.height[2][0])


def test_a_summary_carries_it_through_json() -> None:
    rng = np.random.default_rng(3)
    values = rng.normal(size=(40, 2, 3))
    answer = Attribution(
        feature_names=("x", "g"), outputs=("a", "b", "c"), scale="response", values=values, baseline=np.zeros(3),
        predictions=values.sum(axis=1), data=tuple((float(i), "u") for i in range(40)),
        provenance=Provenance(method="shap"),
    )  # fmt: skip
    sent = answer.public()
    assert sent.swarm is not None
    assert Answer.from_dict(sent.to_dict()) == sent
    for j in range(2):
        for k in range(3):
            alone = Swarm.of(values[:, [j]][:, :, [k]], [(row[j],) for row in answer.data])
            assert alone is not None
            assert alone.rows[0][0] == sent.swarm.rows[j][k]
            assert alone.edges[0][0] == sent.swarm.edges[j][k]
