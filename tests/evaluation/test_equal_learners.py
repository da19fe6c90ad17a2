"""Two equal learners: how often the comparison rejects, beside Student's test, which takes folds for independent."""

import pytest

from tests.benchmarks.equal_learners import CASES, simulate


@pytest.mark.parametrize("case", ["wide", "choosy"])
def test_the_corrected_test_rejects_equal_learners_about_as_often_as_it_says(case):
    rates = simulate(CASES[case], repetitions=500, folds=5, repeats=2, seed=0)
    assert 0.02 <= rates["corrected"] <= 0.08
    assert rates["naive"] > 0.15


def test_for_learners_that_hardly_change_with_their_rows_it_is_cautious():
    rates = simulate(CASES["settled"], repetitions=500, folds=5, repeats=2, seed=0)
    assert rates["corrected"] <= 0.05 < rates["naive"]
