"""Fairness by group: rates by hand, planted gaps found, no alarm where groups are treated alike."""

import json

import numpy as np
import pandas as pd
import pytest

from workbench.answers import Answer
from workbench.evaluation import fairness as module
from workbench.evaluation.fairness import fairness, fairness_finding
from workbench.evaluation.predictions import Predictions


def rows(seed, n=800, unfair=0.0):
    rng = np.random.default_rng(seed)
    sensitive = pd.DataFrame({"sex": rng.choice(["f", "m"], n), "age": rng.integers(18, 80, n).astype(float)})
    sensitive.loc[:4, "sex"] = "rare"
    came = rng.random(n) < 0.4
    p = np.clip(0.2 + 0.6 * came + rng.normal(0, 0.25, n) + unfair * (sensitive["sex"] == "f"), 0.01, 0.99)
    return Predictions.of(came, np.column_stack([1 - p, p]), classes=(False, True)), sensitive


def test_rates_by_hand():
    told, sensitive = rows(0)
    answer = fairness(told, sensitive[["sex"]])
    chosen, came = told.predicted[:, 1] > 0.5, told.y == 1
    expected = {
        "selection rate": (chosen, np.ones(800, bool)),
        "true positive rate": (chosen, came),
        "false positive rate": (chosen, ~came),
        "share wrong": (chosen != came, np.ones(800, bool)),
    }
    for rate in answer.rates:
        values, among = expected[rate.measure]
        assert rate.groups == ("'sex' is 'f'", "'sex' is 'm'")  # five rows of another are in none
        for i, group in enumerate("fm"):
            at = among & (sensitive["sex"] == group).to_numpy()
            assert rate.rows[i] == at.sum()
            assert rate.values[i] == pytest.approx(values[at].mean())
        assert rate.gap == pytest.approx(abs(rate.values[0] - rate.values[1]))
        assert rate.gap_lower <= rate.gap <= rate.gap_upper


def test_weights_are_as_many_copies():
    told, sensitive = rows(1, 200)
    weight = np.random.default_rng(0).integers(1, 4, 200)
    copies = np.repeat(np.arange(200), weight)
    weighted = Predictions(told.y, told.predicted, told.classes, weight.astype(float))
    for one, other in zip(
        fairness(weighted, sensitive[["sex"]]).rates,
        fairness(told.take(copies), sensitive[["sex"]].iloc[copies]).rates,
        strict=True,
    ):
        np.testing.assert_allclose(one.values[:2], other.values[:2])


def test_planted_unfairness_is_found_in_its_column_alone():
    told, sensitive = rows(0, unfair=0.25)
    answer = fairness(told, sensitive)
    assert {r.column for r in answer.rates if r.p_value <= 0.01} == {"sex"}
    found = fairness_finding(answer, about="tree")
    assert found.title == "The model treats groups of 'sex' differently"
    assert found.severity in ("medium", "high")
    assert "where 'sex' is 'f'" in found.evidence


def test_equal_treatment_raises_no_alarm(monkeypatch):
    monkeypatch.setattr(module, "_DRAWS", 499)
    monkeypatch.setattr(module, "RATE", 0.1)  # it asks for more draws, so that p-values can fall below it
    monkeypatch.setattr(module, "_BOOTSTRAPS", 9)
    alarms = [min(r.p_value for r in fairness(*rows(s, 300), random_state=s).rates) <= 0.05 for s in range(80)]
    assert np.mean(alarms) <= 0.10


def test_errors_of_a_number_and_of_several_classes():
    rng = np.random.default_rng(0)
    group = pd.DataFrame({"g": rng.choice(list("abc"), 600)})
    r = rng.normal(size=600) * np.where(group["g"] == "a", 3, 1)
    answer = fairness(Predictions.of(r, np.zeros(600)), group)
    assert [rate.measure for rate in answer.rates] == ["mean absolute error", "mean residual"]
    assert answer.rates[0].p_value <= 0.01 < answer.rates[1].p_value
    assert (
        "1.0 kg" in fairness_finding(answer, about="m", unit="kg").evidence
        or "kg [" in fairness_finding(answer, about="m", unit="kg").evidence
    )
    p = rng.dirichlet([1, 1, 1], 600)
    came = np.where(group["g"] == "b", p.argmax(axis=1), rng.integers(0, 3, 600))
    several = fairness(Predictions.of(came, p, classes=(0, 1, 2)), group)
    assert [rate.measure for rate in several.rates] == ["share wrong"]
    assert several.rates[0].values[1] == 0
    assert fairness_finding(several, about="m").severity == "high"


def test_small_groups_are_withheld():
    told, sensitive = rows(3, 60)
    sensitive["sex"] = ["f"] * 45 + ["m"] * 15
    answer = fairness(told, sensitive[["sex"]])
    for rate in answer.rates:
        known = rate.rows[~np.isnan(rate.rows)]
        assert (known >= 10).all()
    assert any(np.isnan(rate.rows).any() for rate in answer.rates)
    single = fairness(told, pd.DataFrame({"one": ["x"] * 60}))
    assert not single.rates
    assert fairness_finding(single, about="m") is None


def test_sent_and_read_back_the_same_each_time():
    told, sensitive = rows(0, 200)
    answer = fairness(told, sensitive, random_state=1)
    again = Answer.from_dict(json.loads(json.dumps(answer.to_dict())))
    assert again.to_dict() == answer.to_dict() == fairness(told, sensitive, random_state=1).to_dict()
    with pytest.raises(ValueError, match="200 rows"):
        fairness(told, sensitive[:5])
