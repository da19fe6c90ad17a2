import math

import pytest

from workbench.duplicates import Duplicates
from workbench.evaluation.repeats import repeats_finding, repeats_story
from workbench.metrics import metric

TITLES = {"forest": "forest", "linear": "linear model"}


def found(choice="together", repeated=240):
    return Duplicates(repeated, 1599, 0, "auto", choice, "")


def story(duplicates, here, other, by="r2", region=0.01):
    return repeats_story(duplicates, here, other, titles=TITLES, metric=metric(by), region=region)


KEPT, APART = {"linear": 0.338, "forest": 0.3721}, {"linear": 0.341, "forest": 0.478, "new": 0.5}


def test_a_gap_is_told_with_both_readings():
    told = story(found(), KEPT, APART)
    assert told.sentence == (
        "240 of 1,599 rows repeat the features of another row. Kept on one side of every split, the forest scores "
        "0.372 R²; split apart it would seem to score 0.478. If the repeats are copies, the better figure is leakage; "
        "if they are repeated measurements, it is not; the data can't say. "
        "The scores of this study keep them on one side."
    )
    assert told.rows == (
        {"model": "linear", "together": 0.338, "ignore": 0.341},
        {"model": "forest", "together": 0.3721, "ignore": 0.478},
    )
    assert told.gap == pytest.approx(0.1059)


def test_the_same_gap_is_told_from_either_side():
    told = story(found("ignore"), APART, KEPT)
    assert told.gap == pytest.approx(0.1059)
    assert "the forest scores 0.372 R²; split apart it would seem to score 0.478." in told.sentence
    assert told.sentence.endswith("The scores of this study split them apart.")
    assert told.rows[0] == {"model": "linear", "ignore": 0.341, "together": 0.338}


def test_dropped_repeats():
    told = story(found("drop"), KEPT, APART)
    assert "With only the first of each kept, the forest scores 0.372 R²; split apart" in told.sentence
    assert told.rows[1] == {"model": "forest", "drop": 0.3721, "ignore": 0.478}


def test_a_loss_gains_by_going_down():
    told = story(found(), {"forest": 0.61}, {"forest": 0.44}, by="log_loss")
    assert told.gap == pytest.approx(0.17)
    assert "scores 0.610 log loss; split apart it would seem to score 0.440." in told.sentence


def test_no_difference_that_matters():
    told = story(found(repeated=1), {"forest": 0.372}, {"forest": 0.379})
    assert told.sentence == (
        "Fewer than 10 of 1,599 rows repeat the features of another row. Whether they are kept on one side of every "
        "split or split apart moves no model's score by more than the 0.01 R² that matters here. "
        "The scores of this study keep them on one side."
    )
    finding = repeats_finding(found(repeated=1), told, 0.01)
    assert (finding.severity, finding.title) == ("low", "Fewer than 10 rows repeat the features of another row")


def test_worse_when_split_apart_is_no_leakage():
    told = story(found(), {"forest": 0.40}, {"forest": 0.35})
    assert "split apart it scores 0.350, which is worse: the repeats do not flatter it." in told.sentence
    assert repeats_finding(found(), told, 0.01).severity == "low"


def test_what_could_not_be_measured():
    told = story(found(), {"forest": 0.4, "linear": math.nan, "tree": None}, {"linear": 0.3, "tree": 0.3})
    assert told.rows == ()
    assert told.gap is None
    assert told.sentence.endswith("What the other way would have scored was not measured.")
    assert repeats_finding(found(), told, 0.01).severity == "medium"


def test_no_repeats_no_story():
    assert story(found("none", 0), KEPT, APART) is None


@pytest.mark.parametrize(("gap", "severity"), [(0.009, "low"), (0.02, "medium"), (0.06, "high")])
def test_the_finding_is_as_severe_as_the_gap(gap, severity):
    told = story(found(), {"forest": 0.4}, {"forest": 0.4 + gap})
    finding = repeats_finding(found(), told, 0.01)
    assert finding.severity == severity
    assert finding.title == "240 rows repeat the features of another row"
    assert finding.evidence == told.sentence
    assert "split.duplicates" in finding.action
