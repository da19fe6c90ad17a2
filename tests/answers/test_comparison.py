import json
import math

import pytest

from workbench.answers.answer import Answer, AnswerError, Provenance
from workbench.answers.comparison import Comparison
from workbench.answers.finding import Finding
from workbench.answers.leaderboard import Leaderboard, LeaderboardRow

PROVENANCE = Provenance(method="by hand", parameters={"level": 0.95}, exact=False, warnings=("a <b>",))


def comparison(**changed):
    fields = {
        "model": "tree",
        "reference": "forest",
        "metric": "r2",
        "difference": 0.07,
        "lower": 0.04,
        "upper": 0.1,
        "level": 0.95,
        "n_scores": 10,
        "minimum_detectable": 0.03,
        "p_value": 0.001,
    }
    return Comparison(**{**fields, **changed}, provenance=PROVENANCE)


ROWS = (
    LeaderboardRow(model="forest", family="forest", title="random forest", glassbox=False, score=0.37, size=61_204),
    LeaderboardRow(
        model='t"ree',
        family="tree",
        title="decision tree",
        glassbox=True,
        score=0.3,
        lower=0.2,
        upper=0.4,
        price=0.07,
        price_lower=0.04,
        price_upper=0.1,
        stored_numbers=12,
        holdout=0.31,
    ),
)
FINDING = Finding(severity="low", title="t", evidence="e", action="a", about="tree", provenance=PROVENANCE)


@pytest.mark.parametrize(
    "answer",
    [comparison(), Leaderboard(metric="r2", rows=ROWS, reference="forest", provenance=PROVENANCE), FINDING],
    ids=lambda answer: answer.kind,
)
def test_answers_survive_json(answer):
    read = Answer.from_dict(json.loads(json.dumps(answer.to_dict(), allow_nan=False)))
    assert read == answer
    assert type(read) is type(answer)


def test_an_interval_that_there_is_not_comes_back_as_nan():
    answer = comparison(lower=math.nan, upper=math.nan, minimum_detectable=math.nan, p_value=math.nan)
    told = answer.to_dict()
    assert told["lower"] is None
    read = Comparison.from_dict(told)
    assert math.isnan(read.lower)
    assert math.isnan(read.p_value)
    assert read.to_dict() == told


def test_broken_dictionaries_are_named():
    board = Leaderboard(metric="r2", rows=ROWS, reference=None, provenance=PROVENANCE).to_dict()
    with pytest.raises(AnswerError, match=r"leaderboard: .*'colour'"):
        Leaderboard.from_dict({**board, "rows": [{**board["rows"][0], "colour": "red"}]})
    with pytest.raises(AnswerError, match="severity must be one of high, medium, low; got 'grave'"):
        Finding.from_dict({**FINDING.to_dict(), "severity": "grave"})
