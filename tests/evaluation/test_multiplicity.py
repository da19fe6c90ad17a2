import json
import math

import numpy as np
import pytest
from scipy import stats

from workbench.answers import Answer
from workbench.evaluation.comparison import Entry
from workbench.evaluation.multiplicity import good_models, multiplicity, multiplicity_sentence, tolerance_for
from workbench.evaluation.withholding import withholding
from workbench.metrics import metric

R2, LOSS = metric("r2"), metric("log_loss")


def entry(model, mean, size=None):
    return Entry(model, model, model, True, np.full(3, mean), size=size)


def test_good_models_are_those_within_the_region_of_the_best():
    some = [entry("dummy", 0.38), entry("tree", 0.369), entry("ebm", 0.37), entry("forest", 0.38), entry("x", math.nan)]
    assert good_models(some, R2, 0.01) == ("forest", "ebm")
    assert good_models(some, LOSS, 0.01) == ("tree", "ebm")
    assert good_models([entry("b", 0.1, 9), entry("a", 0.1, 10)], R2, 0.0) == ("b", "a")
    assert good_models([], R2, 0.01) == ()


def by_definition(said, tolerance=None):
    n_models, n_rows = len(said), len(said[0])

    def conflict(m, i):
        a, b = said[m][i], said[0][i]
        return abs(a - b) > tolerance if tolerance is not None else a != b

    ambiguity = sum(any(conflict(m, i) for m in range(n_models)) for i in range(n_rows)) / n_rows
    discrepancy = max(sum(conflict(m, i) for i in range(n_rows)) / n_rows for m in range(n_models))
    return ambiguity, discrepancy


def test_labels_by_the_definition():
    rng = np.random.default_rng(0)
    said = rng.choice(["a", "b <", "c"], (4, 50), p=[0.8, 0.1, 0.1])
    found = multiplicity(["m", "n", "o", "p"], said)
    assert (found.ambiguity, found.discrepancy) == pytest.approx(by_definition(said.tolist()))
    np.testing.assert_allclose(found.disagreement, found.disagreement.T)
    assert found.disagreement[1, 2] == pytest.approx((said[1] != said[2]).mean())
    assert found.disagreement.diagonal().tolist() == [0, 0, 0, 0]


def test_numbers_by_the_definition():
    said = np.random.default_rng(1).normal(size=(3, 60))
    found = multiplicity(["m", "n", "o"], said, tolerance=1.5)
    assert (found.ambiguity, found.discrepancy) == pytest.approx(by_definition(said.tolist(), 1.5))
    assert 0 < found.discrepancy < found.ambiguity < 1
    exact = multiplicity(["m", "n"], [[1.0, 2.0], [1.5, 2.0]], tolerance=0.5)
    assert exact.ambiguity == 0.0


def test_weights_count_as_repeated_rows():
    said = np.random.default_rng(2).integers(0, 2, (3, 20))
    weight = np.random.default_rng(3).integers(0, 4, 20)
    weighted = multiplicity("abc", said, sample_weight=weight)
    repeated = multiplicity("abc", np.repeat(said, weight, axis=1))
    assert weighted.ambiguity == pytest.approx(repeated.ambiguity)
    np.testing.assert_allclose(weighted.disagreement, repeated.disagreement)


def test_rank_correlations_are_spearmans():
    importances = np.random.default_rng(4).normal(size=(3, 9)).round(1)
    importances[2] = 0.0
    found = multiplicity("abc", np.zeros((3, 5)), importances=importances).rank_correlation
    assert found[0, 1] == pytest.approx(stats.spearmanr(importances[0], importances[1]).statistic)
    assert np.isnan(found[2]).all()


def test_tolerance_in_the_targets_unit():
    y = np.random.default_rng(5).normal(size=500)
    delta = tolerance_for(R2, 0.04, y)
    said = y + np.where(np.arange(500) % 2, delta, -delta)
    assert R2(y, said) == pytest.approx(1 - 0.04)
    assert tolerance_for(metric("mae"), 0.3, y) == 0.3
    with pytest.raises(ValueError, match="log_loss: a tolerance is for predictions that are numbers"):
        tolerance_for(LOSS, 0.01, y)


@pytest.mark.parametrize(
    ("predictions", "options", "message"),
    [
        ([[1, 2]], {}, r"a row for each of 2 models.*got shape \(1, 2\)"),
        ([[], []], {}, r"at least one; got shape \(2, 0\)"),
        ([[1, math.nan], [1, 2]], {"tolerance": 0.1}, "must be finite"),
        ([[1, 2], [1, 2]], {"tolerance": -1}, "got tolerance -1"),
        ([[1, 2], [1, 2]], {"sample_weight": [0, 0]}, "sample_weight must be 2 finite numbers"),
        ([[1, 2], [1, 2]], {"importances": [[1, 2]]}, r"importances must be finite.*got shape \(1, 2\)"),
    ],
)
def test_errors(predictions, options, message):
    with pytest.raises(ValueError, match=message):
        multiplicity(["a", "b"], predictions, **options)


def test_the_answer_survives_json():
    found = multiplicity("ab", [[0, 1], [1, 1]], importances=[[1, 2, 3], [0, 0, 0]])
    read = Answer.from_dict(json.loads(json.dumps(found.to_dict(), allow_nan=False)))
    assert read.to_dict() == found.to_dict()
    assert Answer.from_dict(multiplicity("a", [[1.0]], tolerance=0.5).to_dict()).rank_correlation is None


TITLES = {"a": "EBM", "b": "forest", "c": "tree"}


def test_sentences():
    said = np.zeros((3, 100))
    assert multiplicity_sentence(multiplicity("a", said[:1]), TITLES) == (
        "No other model scores within what matters of the EBM."
    )
    assert multiplicity_sentence(multiplicity("abc", said), TITLES) == (
        "2 other models score as well as the EBM, to within what matters, and conflict with it on no row."
    )
    said[1, :16] = said[2, 4:19] = 1
    told = multiplicity_sentence(
        multiplicity("abc", said, importances=[[3, 2, 1, 0], [3, 2, 0, 1], [3, 2, 1, 0]]), TITLES
    )
    assert told == (
        "2 other models score as well as the EBM, to within what matters; on 19% of the rows at least one of them "
        "predicts another class; the forest does most often, on 16%. About the columns they tell much the same story: "
        "their importances have rank correlations from 0.80 to 1.00."
    )
    told = multiplicity_sentence(
        multiplicity("ac", said[[0, 2]], tolerance=0.5, importances=[[3, 2], [2, 3]]), TITLES, unit="% vol"
    )
    assert told == (
        "1 other model scores as well as the EBM, to within what matters; on 15% of the rows the two differ by more "
        "than 0.5 % vol. About the columns they tell different stories: their importances have rank correlations "
        "of −1.00."
    )


def test_few_rows_are_not_counted():
    said = np.zeros((3, 200))
    said[1, :4] = 1
    said[2, :150] = 1
    told = multiplicity("abc", said)
    assert "on 75% of the rows at least" in multiplicity_sentence(told, TITLES)
    told = multiplicity("ab", said[:2])
    few = "on fewer than 10 of 200 rows the two predict another class."
    assert multiplicity_sentence(told, TITLES).endswith(few)
    sent = Answer.from_dict(withholding(told).to_dict())
    assert np.isnan([sent.ambiguity, sent.discrepancy, sent.disagreement[0, 1]]).all()
    assert multiplicity_sentence(sent, TITLES).endswith(few)
    said[1, :4], said[1, 4:] = 0, 1
    assert withholding(multiplicity("ab", said[:2])).ambiguity == 0.95
    said[1], said[2], said[2, :3] = 0, 0, 1
    sent = withholding(multiplicity("abc", said))
    assert multiplicity_sentence(sent, TITLES).endswith("200 rows at least one of them predicts another class.")
