"""What all answers share: their dictionary, equality, and what is printed of them."""

import json

import numpy as np
import pytest

import workbench.answers as answers
from workbench.answers import Answer, Attribution, Importance, Interactions, Provenance, Surrogate


def read_back(answer):
    return Answer.from_dict(json.loads(json.dumps(answer.to_dict(), allow_nan=False)))


@pytest.fixture
def attribution():
    return Attribution(
        feature_names=("a", "b"),
        outputs=("prediction",),
        scale="link",
        values=np.arange(400.0).reshape(200, 2),
        baseline=np.asarray(1.0),
        predictions=np.arange(200.0),
        data=tuple((float(i), None) for i in range(200)),
        provenance=Provenance(method="shap", parameters={"features": ("a",)}, warnings=("a moves with b (0.93)",)),
    )


def test_all_public_names_are_there():
    for name in answers.__all__:
        assert hasattr(answers, name), name


def test_an_answer_equals_itself_read_back(attribution):
    assert read_back(attribution) == attribution
    assert attribution != attribution.but(values=attribution.values + 1.0)
    assert attribution != attribution.summary()
    assert attribution != "shap"


def test_what_is_printed_is_short_and_holds_the_warnings(attribution):
    assert repr(attribution) == str(attribution)
    first, second = str(attribution).split("\n")
    assert first.startswith("Attribution(shap, exact; feature_names=('a', 'b'), outputs=('prediction',), scale='link'")
    assert "values=array(200, 2), baseline=array(), predictions=array(200), data=[200]" in first
    assert len(first) < 300
    assert second == "  ! a moves with b (0.93)"


def test_an_unknown_number_is_nan_again():
    unknown = Surrogate(
        family="tree",
        title="Decision tree",
        parameters={},
        outputs=("prediction",),
        scale="response",
        fidelity=np.nan,
        lower=np.nan,
        upper=np.nan,
        folds=np.array([]),
        agreement=None,
        size=None,
        text="",
        form=None,
        provenance=Provenance(method="surrogate", exact=False),
    )
    again = read_back(unknown)
    assert all(np.isnan([again.fidelity, again.lower, again.upper]))
    assert again.agreement is None
    assert again == unknown


def test_an_undefined_score_is_nan_again():
    none = np.full((1, 2), np.nan)
    importance = Importance(
        feature_names=("a",),
        importances=none,
        importances_mean=none[:, 0],
        importances_std=none[:, 0],
        metric="r2",
        baseline_score=np.nan,
        greater_is_better=True,
        provenance=Provenance(method="permutation_importance"),
    )
    assert np.isnan(read_back(importance).baseline_score)


def test_interactions_of_one_column_keep_their_shape():
    alone = Interactions(
        feature_names=("a",),
        outputs=("x", "y", "z"),
        scale="response",
        overall=np.zeros((1, 3)),
        pairs=(),
        pairwise=np.zeros((0, 3)),
        unnormalized=np.zeros((0, 3)),
        n_background=5,
        provenance=Provenance(method="interaction"),
    )
    assert read_back(alone).pairwise.shape == (0, 3)
    assert read_back(alone) == alone
