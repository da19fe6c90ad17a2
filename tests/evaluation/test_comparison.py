import math

import numpy as np
import pytest
from scipy import stats

from workbench.evaluation.comparison import Entry, compare, leaderboard, prices
from workbench.evaluation.price import headline, price_sentence
from workbench.metrics import metric

R2, LOSS = metric("r2"), metric("log_loss")
TITLES = {"tree": "decision tree", "forest": "random forest", "ebm": "EBM"}
SIZES = {"n_train": 80, "n_test": 20}


def paired(costs, metric=R2, **options):
    base = np.linspace(0.3, 0.4, len(costs))
    other = base - costs if metric.greater_is_better else base + np.asarray(costs)
    names = {"model": "tree", "reference": "forest", "metric": metric, **SIZES, **options}
    return compare(other, base, **names)


def costing(mean, half, n=10, metric=R2, model="tree"):
    """A comparison with this mean and half width."""
    shape = np.tile([1.0, -1.0], n // 2)
    unit = paired(shape, metric).minimum_detectable
    return paired(mean + shape * half / unit, metric, model=model)


def test_scipys_paired_test_comes_out_where_nothing_is_corrected():
    rng = np.random.default_rng(0)
    ours, theirs = rng.normal(0.3, 0.05, 10), rng.normal(0.35, 0.05, 10)
    answer = compare(ours, theirs, model="a", reference="b", metric=R2, n_train=80, n_test=0)
    expected = stats.ttest_rel(theirs, ours)
    assert answer.p_value == pytest.approx(expected.pvalue)
    low, high = expected.confidence_interval(0.95)
    assert (answer.lower, answer.upper) == pytest.approx((low, high))
    assert answer.difference == pytest.approx(theirs.mean() - ours.mean())
    assert answer.minimum_detectable == pytest.approx((high - low) / 2)


def test_the_corrected_test_by_its_formula():
    costs = np.array([0.06, 0.04, 0.07, 0.05])
    answer = paired(costs, n_train=75, n_test=25)
    error = math.sqrt((1 / 4 + 1 / 3) * costs.var(ddof=1))
    assert answer.p_value == pytest.approx(2 * stats.t.sf(costs.mean() / error, 3))
    assert answer.lower == pytest.approx(costs.mean() - stats.t.ppf(0.975, 3) * error)
    assert answer.provenance.parameters == {"level": 0.95, "test_to_train": pytest.approx(1 / 3)}


@pytest.mark.parametrize("by", [R2, LOSS], ids=lambda m: m.name)
def test_positive_is_worse_whichever_way_is_better(by):
    assert paired([0.1, 0.2, 0.15], by).difference == pytest.approx(0.15)


def test_folds_without_both_scores_are_left_out_and_said_so():
    answer = compare([0.3, math.nan, 0.4, 0.2], [0.4, 0.5, math.nan, 0.4], model="a", reference="b", metric=R2, **SIZES)
    assert answer.n_scores == 2
    assert answer.difference == pytest.approx(0.15)
    assert answer.provenance.warnings == ("2 of 4 folds have no score of both and are left out",)


def test_scores_of_other_folds_are_no_pairs():
    with pytest.raises(ValueError, match=r"a has scores of shape \(2,\), b of \(3,\)"):
        compare([0.1, 0.2], [0.1, 0.2, 0.3], model="a", reference="b", metric=R2, **SIZES)


@pytest.mark.parametrize(
    ("mean", "half", "region", "sentence"),
    [
        (0.07, 0.03, 0.01, "The decision tree gives up 0.070 R² [0.040, 0.100] against the random forest."),
        (
            0.006,
            0.002,
            0.01,
            "The decision tree gives up 0.0060 R² [0.0040, 0.0080] against the random forest: "
            "less than the 0.01 that matters here.",
        ),
        (
            0.008,
            0.005,
            0.01,
            "The decision tree gives up 0.0080 R² [0.0030, 0.0130] against the random forest: by this estimate "
            "less than the 0.01 that matters here, by the interval perhaps more.",
        ),
        (
            0.01,
            0.03,
            0.01,
            "No cost of the decision tree could be shown: 0.010 R² [−0.020, 0.040] below the random forest; "
            "these rows could only have shown one above 0.03.",
        ),
        (
            0.001,
            0.0034,
            0.01,
            "No cost of the decision tree could be shown: 0.0010 R² [−0.0024, 0.0044] below the random forest; "
            "if there is one, it is less than the 0.01 that matters here.",
        ),
        (
            -0.01,
            0.031,
            0.01,
            "No cost of the decision tree could be seen: it scores 0.010 R² [−0.021, 0.041] above the random forest; "
            "these rows could only have shown one above 0.031.",
        ),
        (
            -0.05,
            0.031,
            0.01,
            "The decision tree costs nothing: it scores 0.050 R² [0.019, 0.081] above the random forest.",
        ),
    ],
)
def test_the_sentence_says_what_the_interval_allows(mean, half, region, sentence):
    assert price_sentence(costing(mean, half), TITLES, R2, region) == sentence


def test_sentences_where_lower_scores_are_better():
    told = price_sentence(costing(0.01, 0.03, metric=LOSS), TITLES, LOSS, 0.01)
    assert told.startswith("No cost of the decision tree could be shown: 0.010 log loss [−0.020, 0.040] worse than the")
    told = price_sentence(costing(-2000.0, 31.2, metric=LOSS), TITLES, LOSS, 0.01)
    assert (
        told
        == "The decision tree costs nothing: it scores 2,000 log loss [1,969, 2,031] better than the random forest."
    )


def test_sentences_without_an_interval():
    assert price_sentence(paired([0.07]), TITLES, R2, 0.01) == (
        "The decision tree scores 0.070 R² below the random forest on a single fold, which allows no interval: "
        "ask for more folds."
    )
    assert price_sentence(paired([math.nan, math.nan]), TITLES, R2, 0.01) == (
        "The decision tree can't be compared with the random forest: no fold has a score of both."
    )
    same = paired([0.0] * 5)
    assert same.p_value == 1.0
    assert price_sentence(same, TITLES, R2, 0.01) == (
        "The decision tree costs nothing that could be seen: it scores the same as the random forest everywhere."
    )
    always = compare([0.25] * 3, [0.5] * 3, model="x<y", reference="forest", metric=R2, **SIZES)
    assert always.p_value == 0.0
    assert price_sentence(always, TITLES, R2, 0.01) == (
        "The x<y gives up 0.250 R² [0.250, 0.250] against the random forest."
    )


def entry(model, scores, *, glassbox=True, title="", size=None, family=""):
    return Entry(model, family or model, title or TITLES.get(model, model), glassbox, np.array(scores), size=size)


DUMMY = entry("dummy", [-0.01, 0.0, -0.02], title="baseline")
TREE = entry("tree", [0.28, 0.31, 0.29], size=30)
EBM = entry("ebm", [0.36, 0.38, 0.34], size=400)
FOREST = entry("forest", [0.37, 0.38, 0.36], glassbox=False)
XGB = entry("xgboost", [0.35, 0.36, 0.35], glassbox=False)


def told(*entries, by=R2, region=0.01):
    board = leaderboard(entries, metric=by, **SIZES)
    return board, headline(board, prices(entries, metric=by, **SIZES), by, region)


def test_the_leaderboard_ranks_and_prices_against_the_best_black_box():
    board, sentence = told(DUMMY, TREE, XGB, EBM, FOREST)
    assert [row.model for row in board.rows] == ["forest", "ebm", "xgboost", "tree", "dummy"]
    assert board.reference == "forest"
    by_name = {row.model: row for row in board.rows}
    assert by_name["tree"].price == pytest.approx(0.37 - np.mean([0.28, 0.31, 0.29]))
    assert by_name["tree"].price_lower < by_name["tree"].price < by_name["tree"].price_upper
    assert [by_name[name].price for name in ("forest", "xgboost", "dummy")] == [None, None, None]
    assert by_name["tree"].size == 30
    assert [c.model for c in prices([DUMMY, TREE, XGB, EBM, FOREST], metric=R2, **SIZES)] == ["tree", "ebm"]
    assert sentence.startswith("No cost of the EBM could be shown: 0.010 R² [")


def test_losses_rank_the_other_way():
    board, _ = told(DUMMY, TREE, FOREST, by=LOSS)
    assert [row.model for row in board.rows] == ["dummy", "tree", "forest"]
    assert board.rows[1].price == pytest.approx(np.mean([0.28, 0.31, 0.29]) - 0.37)


def test_of_equals_the_smaller_goes_first_and_the_unscored_last():
    nothing = entry("broken", [math.nan] * 3)
    board, _ = told(nothing, entry("large", EBM.scores, size=500), EBM, entry("unknown", EBM.scores))
    assert [row.model for row in board.rows] == ["ebm", "large", "unknown", "broken"]
    assert board.rows[-1].score is None


def test_headlines_where_there_is_nothing_to_price():
    assert told(DUMMY, TREE, EBM)[1] == (
        "No black box was trained, so interpretability has no price here; the best glass box is the EBM, "
        "at 0.360 R² [0.294, 0.426]."
    )
    assert told(DUMMY, FOREST)[1].startswith(
        "No glass box was trained, so interpretability has no price here; the best"
    )
    assert told(DUMMY)[1] == "No model could be scored."
    assert told(DUMMY, entry("tree", [-0.5] * 3), entry("forest", [-0.4] * 3, glassbox=False))[1] == (
        "No model scores better than the baseline, which looks at no column: there is no accuracy to be priced."
    )
    assert "at 0.300 R²." in told(entry("tree", [0.3]))[1]


def test_two_models_of_one_family_go_by_their_names():
    small = entry("small-tree", [0.33, 0.34, 0.32], title="decision tree", family="tree")
    assert told(TREE, small, FOREST)[1].startswith("The small-tree gives up ")
