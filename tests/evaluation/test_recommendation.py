import json
import math

import numpy as np
import pytest

from workbench.answers import Answer
from workbench.evaluation.comparison import Entry
from workbench.evaluation.recommendation import recommend
from workbench.interval import corrected_interval
from workbench.metrics import metric

R2, LOSS = metric("r2"), metric("log_loss")
SIZES = {"n_train": 80, "n_test": 20}
SHAPE = np.array([1.0, -1.0, 0.0, 0.5, -0.5])
UNIT = corrected_interval(SHAPE, **SIZES).standard_error


def entry(model, mean, size=None, *, glassbox=True, error=0.02, title=None):
    """A model with this mean score and corrected standard error."""
    return Entry(model, model, title or f"the {model}"[4:], glassbox, mean + SHAPE * error / UNIT, size=size)


DUMMY = entry("dummy", 0.0, 1, title="baseline")
TREE = entry("tree", 0.30, 30)
GAM = entry("gam", 0.365, 120)
EBM = entry("ebm", 0.37, 412)
FOREST = entry("forest", 0.38, 61_204, glassbox=False)


def told(*entries, by=R2):
    return recommend(entries, metric=by, **SIZES)


def test_the_simplest_within_one_standard_error():
    found = told(DUMMY, FOREST, EBM, GAM, TREE)
    assert (found.model, found.best) == ("gam", "forest")
    assert found.within == ("gam", "ebm", "forest")
    assert found.standard_error == pytest.approx(0.02)
    assert found.limit == pytest.approx(0.36)
    assert found.reason == (
        "The gam is recommended: it is the simplest (120 numbers to hold) of the 3 models within one standard error "
        "(0.020 R²) of the best, 0.015 R² below the forest (61,204 numbers to hold)."
    )


def test_the_standard_error_is_the_corrected_one_of_the_best():
    found = told(entry("tree", 0.30, 30, error=0.5), FOREST)
    scores = FOREST.scores
    assert found.standard_error == pytest.approx(math.sqrt((1 / 5 + 20 / 80) * scores.var(ddof=1)))
    assert found.model == "forest"


def test_losses_count_the_other_way():
    found = told(entry("tree", 0.41, 30), entry("forest", 0.4, 9_000, glassbox=False), entry("dummy", 0.7, 1), by=LOSS)
    assert found.model == "tree"
    assert found.limit == pytest.approx(0.42)
    assert found.reason.endswith("0.010 log loss worse than the forest (9,000 numbers to hold).")


def test_the_best_may_be_the_simplest_of_several_or_alone():
    found = told(DUMMY, entry("oner", 0.385, 8), FOREST)
    assert found.reason == (
        "The oner is recommended: it scores best, and of the 2 models within one standard error (0.020 R²) of the best "
        "it is the simplest (8 numbers to hold)."
    )
    found = told(DUMMY, TREE, EBM)
    assert found.reason == (
        "The ebm is recommended: it scores best, and no other model is within one standard error (0.020 R²) of the "
        "best."
    )


def test_where_no_glass_box_is_within_a_black_box_is_recommended_and_said_so():
    found = told(DUMMY, TREE, FOREST)
    assert found.model == "forest"
    assert found.reason == (
        "The forest is recommended: it scores best, and no other model is within one standard error (0.020 R²) of the "
        "best. It is a black box: no glass box is within reach; the nearest, the tree, falls short by 0.080 R²."
    )
    assert told(DUMMY, FOREST).reason.endswith("It is a black box; no glass box was trained.")
    large = told(DUMMY, FOREST, entry("ebm", 0.37, 70_000))
    assert large.model == "forest"
    assert large.reason.endswith("It is a black box: the glass boxes within reach are not smaller.")


def test_nothing_is_recommended_where_nothing_beats_the_dummy():
    found = told(DUMMY, entry("tree", -0.1, 30), entry("forest", 0.0, 900, glassbox=False))
    assert found.model is None
    assert found.best == "forest"
    assert found.reason == (
        "No model is recommended: none scores better than the baseline, which looks at no column. "
        "These columns, or so few rows, don't support a prediction."
    )
    near = told(DUMMY, entry("tree", 0.015, 30))
    assert near.model is None
    assert near.within == ("dummy", "tree")
    assert near.reason == (
        "No model is recommended: the baseline, which looks at no column, is within one standard error (0.020 R²) of "
        "the best, the tree. These rows don't show that any model predicts better."
    )


def test_nothing_is_recommended_without_scores_or_without_an_error():
    nothing = told(entry("tree", math.nan, 30))
    assert (nothing.model, nothing.best) == (None, None)
    assert nothing.reason == "No model is recommended: none could be scored."
    single = recommend([Entry("tree", "tree", "tree", True, np.array([0.3]), size=9)], metric=R2, **SIZES)
    assert single.model is None
    assert single.reason.endswith("give no standard error to measure the others by; ask for more folds.")


def test_unknown_sizes_come_last_and_of_one_size_the_better_score():
    unknown = entry("custom", 0.379, None, glassbox=False)
    assert told(unknown, FOREST).model == "forest"
    assert told(entry("ruleset", 0.37, 50), entry("gam", 0.375, 50), FOREST).model == "gam"
    assert told(unknown, entry("svm", 0.38, None, glassbox=False)).model == "svm"


def test_names_stand_where_titles_are_shared():
    found = recommend([TREE, FOREST], metric=R2, **SIZES, titles={"tree": "small-tree", "forest": "rf"})
    assert found.reason.startswith("The rf is recommended")


@pytest.mark.parametrize("entries", [(DUMMY, FOREST, GAM), (entry("tree", math.nan, 30),)])
def test_the_answer_survives_json(entries):
    found = told(*entries)
    assert Answer.from_dict(json.loads(json.dumps(found.to_dict(), allow_nan=False))).to_dict() == found.to_dict()


def test_with_a_region_the_difference_fold_by_fold_counts_too():
    hard = np.array([-0.6, -0.3, 0.0, 0.3, 0.6])  # folds that differ for every model alike
    noise = np.array([0.02, -0.01, 0.0, 0.01, -0.02])

    def by(name, mean, size, glassbox=True, times=1.0):
        return Entry(name, name, name, glassbox, mean + hard + times * noise, size=size)

    tree, ebm = by("tree", 0.45, 23), by("ebm", 0.594, 600, times=4)
    forest, dummy = by("forest", 0.60, 99_950, glassbox=False), by("dummy", 0.4, 1)
    entries = (dummy, tree, ebm, forest)
    assert recommend(entries, metric=R2, **SIZES).model is None  # the dummy is within one standard error
    found = recommend(entries, metric=R2, **SIZES, region=0.001)
    assert (found.model, found.within) == ("ebm", ("ebm", "forest"))
    assert found.reason == (
        "The ebm is recommended: it is the simplest (600 numbers to hold) of the 2 models within one standard error of "
        "the best, both of its score (0.31 R²) and of the paired difference, 0.0060 R² below the forest (99,950 "
        "numbers to hold)."
    )
    assert recommend(entries, metric=R2, **SIZES, region=0.16).model == "tree"  # no difference that matters
    alone = recommend((dummy, tree, forest), metric=R2, **SIZES, region=0.001)
    assert alone.model == "forest"
    losses = [Entry(e.model, e.family, e.title, e.glassbox, -e.scores, size=e.size) for e in entries]
    assert recommend(losses, metric=LOSS, **SIZES, region=0.001).model == "ebm"
