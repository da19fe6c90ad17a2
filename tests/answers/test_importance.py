import json

import numpy as np
import pytest

from workbench.answers import Answer, AnswerError, Provenance
from workbench.answers.importance import Importance


@pytest.fixture
def importance():
    values = np.array([[0.2, 0.4], [0.0, 0.0]])
    return Importance(
        feature_names=("alcohol", "<pH>"),
        importances=values,
        importances_mean=values.mean(axis=1),
        importances_std=values.std(axis=1),
        metric="r2",
        baseline_score=0.4,
        greater_is_better=True,
        provenance=Provenance(method="permutation_importance", random_state=0, exact=False),
    )


def test_survives_json(importance):
    again = Answer.from_dict(json.loads(json.dumps(importance.to_dict(), allow_nan=False)))
    assert isinstance(again, Importance)
    assert again.feature_names == importance.feature_names
    np.testing.assert_array_equal(again.importances, importance.importances)
    assert again.to_dict() == importance.to_dict()


def test_is_frozen(importance):
    with pytest.raises(ValueError, match="read-only"):
        importance.importances[0, 0] = 1.0
    with pytest.raises(AttributeError):
        importance.metric = "mae"


def test_a_missing_field_is_named(importance):
    given = importance.to_dict()
    del given["metric"]
    with pytest.raises(AnswerError, match="metric"):
        Answer.from_dict(given)
