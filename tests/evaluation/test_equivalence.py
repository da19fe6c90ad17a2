"""Probabilities against baycomp's (tests/evaluation/baycomp.json, made by baycomp 1.0.3) and against integration."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import integrate, stats

from workbench.answers import Answer, Comparison
from workbench.evaluation.comparison import Entry, compare, comparisons, leaderboard, prices, references
from workbench.evaluation.equivalence import equivalence, equivalence_sentence
from workbench.evaluation.price import headline
from workbench.interval import corrected_interval
from workbench.metrics import metric

R2, LOSS = metric("r2"), metric("log_loss")
GOLDEN = json.loads(Path(__file__).with_name("baycomp.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", GOLDEN, ids=lambda c: f"{c['folds']}x{c['runs']}")
def test_baycomp_gives_the_same(case):
    answer = compare(
        case["model"],
        case["reference"],
        model="a",
        reference="b",
        metric=R2,
        n_train=case["folds"] - 1,
        n_test=1,
        region=case["region"],
    )
    found = answer.probability_worse, answer.probability_equivalent, answer.probability_better
    assert found == pytest.approx((case["worse"], case["equivalent"], case["better"]), abs=1e-14)
    assert answer.region == case["region"]


def test_integrating_the_posterior_gives_the_same():
    costs = np.array([0.031, -0.012, 0.018, 0.044, 0.002, 0.025])
    n_train, n_test, region = 70, 30, 0.01
    rho = n_test / (n_train + n_test)
    scale = math.sqrt((1 / len(costs) + rho / (1 - rho)) * costs.var(ddof=1))
    freedom = len(costs) - 1
    unit = math.gamma((freedom + 1) / 2) / (math.sqrt(freedom * math.pi) * math.gamma(freedom / 2) * scale)

    def posterior(d):
        return unit * (1 + ((d - costs.mean()) / scale) ** 2 / freedom) ** (-(freedom + 1) / 2)

    found = equivalence(corrected_interval(costs, n_train=n_train, n_test=n_test), region)
    expected = [
        integrate.quad(posterior, *ends, epsabs=1e-13)[0]
        for ends in ((region, math.inf), (-region, region), (-math.inf, -region))
    ]
    assert [found.worse, found.equivalent, found.better] == pytest.approx(expected, abs=1e-10)
    assert found.worse + found.equivalent + found.better == pytest.approx(1, abs=1e-15)


@pytest.mark.parametrize("sign", [1, -1])
def test_small_probabilities_keep_their_digits(sign):
    """A difference far from the region, on either side: what is improbable is no rounding error."""
    costs = corrected_interval(sign * (1 + 1e-2 * np.arange(40)), n_train=4, n_test=1)
    found = equivalence(costs, 0.01)
    density = stats.t(39, abs(costs.mean), costs.standard_error).pdf
    assert found.equivalent == pytest.approx(integrate.quad(density, -0.01, 0.01, epsabs=0)[0], rel=1e-8)
    beyond = min(found.worse, found.better)
    assert beyond == pytest.approx(integrate.quad(density, -math.inf, -0.01, epsabs=0)[0], rel=1e-6)
    assert found.equivalent < 1e-12


def test_at_region_0_it_is_the_one_sided_corrected_test():
    answer = compare([0.3, 0.31, 0.35], [0.33, 0.37, 0.36], model="a", reference="b", metric=R2, n_train=2, n_test=1)
    found = compare(
        [0.3, 0.31, 0.35], [0.33, 0.37, 0.36], model="a", reference="b", metric=R2, n_train=2, n_test=1, region=0.0
    )
    assert found.probability_better == pytest.approx(answer.p_value / 2)
    assert found.probability_equivalent == 0.0
    assert math.isnan(answer.probability_worse)
    assert math.isnan(answer.region)


@pytest.mark.parametrize(
    ("cost", "expected"), [(0.0, (0, 1, 0)), (0.005, (0, 1, 0)), (0.02, (1, 0, 0)), (-0.02, (0, 0, 1))]
)
def test_differences_without_spread_are_certain(cost, expected):
    found = equivalence(corrected_interval([cost] * 5, n_train=4, n_test=1), 0.01)
    assert (found.worse, found.equivalent, found.better) == expected


def test_a_single_fold_says_nothing():
    found = equivalence(corrected_interval([0.3], n_train=4, n_test=1), 0.01)
    assert all(math.isnan(p) for p in (found.worse, found.equivalent, found.better))


@pytest.mark.parametrize("region", [-0.1, math.nan, math.inf])
def test_a_region_that_is_none_is_refused(region):
    with pytest.raises(ValueError, match=f"region must be a finite number of at least 0.*got {region}"):
        equivalence(corrected_interval([0.3, 0.2], n_train=4, n_test=1), region)


def test_losses_are_worse_where_they_are_higher():
    found = compare(
        [0.5, 0.52, 0.55], [0.4, 0.41, 0.45], model="a", reference="b", metric=LOSS, n_train=2, n_test=1, region=0.01
    )
    assert found.probability_worse > 0.9


def entry(model, mean, *, glassbox=True, spread=0.01):
    return Entry(model, model, model, glassbox, mean + spread * np.array([1.0, -1.0, 0.5, -0.5, 0.1]))


MODELS = [
    entry("dummy", 0.0),
    entry("tree", 0.3, spread=0.03),
    entry("ebm", 0.36, spread=0.02),
    entry("forest", 0.38, glassbox=False),
    entry("xgboost", 0.37, glassbox=False, spread=0.04),
    Entry("broken", "gam", "broken", True, np.full(5, math.nan)),
]
SIZES = {"n_train": 80, "n_test": 20}


def test_every_model_is_compared_with_the_best_of_each_kind():
    assert {k: e.model for k, e in references(MODELS, R2).items()} == {
        "black box": "forest",
        "glass box": "ebm",
        "dummy": "dummy",
    }
    found = comparisons(MODELS, metric=R2, region=0.01, **SIZES)
    pairs = {(c.against, c.model, c.reference) for c in found}
    others = {"tree", "ebm", "forest", "xgboost", "broken"}
    assert pairs == {
        (kind, model, best)
        for kind, best in (("black box", "forest"), ("glass box", "ebm"), ("dummy", "dummy"))
        for model in others - {best}
    }
    of = {(c.against, c.model): c for c in found}
    assert of["dummy", "tree"].difference == pytest.approx(-0.3, abs=1e-3)
    assert of["dummy", "tree"].probability_better > 0.99
    assert math.isnan(of["dummy", "broken"].probability_better)
    assert [c.model for c in prices(MODELS, metric=R2, **SIZES)] == ["tree", "ebm", "broken"]


def test_the_headline_takes_the_price_out_of_all_comparisons():
    board = leaderboard(MODELS, metric=R2, **SIZES)
    every, priced = (f(MODELS, metric=R2, **SIZES) for f in (comparisons, prices))
    assert headline(board, every, R2, 0.01) == headline(board, priced, R2, 0.01)
    assert "against the forest" in headline(board, every, R2, 0.01)


def test_losses_choose_the_lowest_and_absent_kinds_are_absent():
    assert references(MODELS, LOSS)["black box"].model == "xgboost"
    assert set(references(MODELS[1:3], R2)) == {"glass box"}


def test_dictionaries_from_before_are_read():
    answer = comparisons(MODELS, metric=R2, region=0.01, **SIZES)[0]
    told = json.loads(json.dumps(answer.to_dict(), allow_nan=False))
    assert Answer.from_dict(told) == answer
    for name in ("against", "region", "probability_worse", "probability_equivalent", "probability_better"):
        del told[name]
    read = Comparison.from_dict(told)
    assert math.isnan(read.probability_worse)
    assert math.isnan(read.region)
    assert read.against == ""
    assert read.to_dict()["probability_better"] is None


SURE = "The decision tree is {} than the forest by more than 0.01 R² with a probability of {} ({}; {})."
SENTENCES = {
    (0.93, 0.05, 0.02): SURE.format("worse", "93%", "no difference that matters: 5%", "better: 2%"),
    (0.02, 0.05, 0.93): SURE.format("better", "93%", "no difference that matters: 5%", "worse: 2%"),
    (0.9999, 0.0001, 0.0): SURE.format(
        "worse", "more than 99%", "no difference that matters: less than 1%", "better: less than 1%"
    ),
    (0.15, 0.8, 0.05): "The decision tree is as good as the forest to within 0.01 R² with a probability of 80% "
    "(worse: 15%; better: 5%).",
    (0.45, 0.35, 0.2): "The decision tree is worse than the forest by more than 0.01 R² with a probability of 45%, "
    "which leaves it open (no difference that matters: 35%; better: 20%).",
    (0.2, 0.35, 0.45): "The decision tree is better than the forest by more than 0.01 R² with a probability of 45%, "
    "which leaves it open (no difference that matters: 35%; worse: 20%).",
    (0.3, 0.42, 0.28): "The decision tree is as good as the forest to within 0.01 R² with a probability of 42%, "
    "which leaves it open (worse: 30%; better: 28%).",
}


@pytest.mark.parametrize("chances", SENTENCES)
def test_the_sentence_leads_with_what_is_likeliest(chances):
    names = ("probability_worse", "probability_equivalent", "probability_better")
    made = compare(np.zeros(5), COSTS, region=0.01, **OPTIONS).but(**dict(zip(names, chances, strict=True)))
    assert equivalence_sentence(made, TITLES, R2) == SENTENCES[chances]


COSTS = [0.06, 0.01, 0.04, 0.02, 0.05]
OPTIONS = {"model": "tree", "reference": "forest", "metric": R2, "n_train": 80, "n_test": 20}
TITLES = {"tree": "decision tree"}


def test_the_sentence_without_region_interval_or_difference():
    zero = np.zeros(5)
    told = equivalence_sentence(compare(zero, COSTS, region=0.0, **OPTIONS), TITLES, R2)
    assert told == "The decision tree is worse than the forest with a probability of 97% (better: 3%)."
    told = equivalence_sentence(compare(COSTS, zero, region=0.0, **OPTIONS), TITLES, R2)
    assert told == "The decision tree is better than the forest with a probability of 97% (worse: 3%)."
    same = "The decision tree scores the same as the forest everywhere."
    assert [equivalence_sentence(compare(zero, zero, region=r, **OPTIONS), TITLES, R2) for r in (0, 0.01)] == [same] * 2
    assert equivalence_sentence(compare(zero, COSTS, **OPTIONS), TITLES, R2) == ""
    assert equivalence_sentence(compare([0.0], [0.1], region=0.01, **OPTIONS), TITLES, R2) == ""
