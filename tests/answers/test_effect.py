import json

import numpy as np
import pytest

from workbench.answers import Answer, AnswerError, Provenance
from workbench.answers.effect import Effect, Effects

PROVENANCE = Provenance(method="partial_dependence", warnings=("a moves with b",))


def effect(feature, kind, grid, edges):
    average = np.linspace(0, 1, len(grid))[None]
    return Effect(
        feature=feature,
        feature_kind=kind,
        grid_values=grid,
        average=average,
        lower=average - 0.5,
        upper=np.full_like(average, np.nan),
        outputs=("prediction",),
        scale="response",
        bin_edges=edges,
        bin_counts=np.array([10, 12]),
        provenance=PROVENANCE,
    )


@pytest.fixture
def effects():
    number = effect("alcohol", "number", (8.0, 9.5, 11.0), np.array([8.0, 9.0, 11.0]))
    level = effect("city", "category", ("Rom", "(missing)"), None)
    return Effects(effects=(number, level), n_background=22, provenance=PROVENANCE)


def test_survives_json(effects):
    text = json.dumps(effects.to_dict(), allow_nan=False)
    again = Answer.from_dict(json.loads(text))
    assert isinstance(again, Effects)
    assert all(isinstance(e, Effect) for e in again.effects)
    assert json.dumps(again.to_dict(), allow_nan=False) == text
    assert again["city"].grid_values == ("Rom", "(missing)")
    assert again["city"].bin_edges is None
    assert again["alcohol"].provenance == PROVENANCE
    assert np.isnan(again["alcohol"].upper).all()
    assert again["alcohol"].bin_counts.dtype == np.int64


def test_each_effect_stands_alone_as_a_dictionary(effects):
    first = effects.to_dict()["effects"][0]
    assert Answer.from_dict(first).to_dict() == first


def test_unknown_feature_and_broken_effect(effects):
    with pytest.raises(KeyError, match="color"):
        effects["color"]
    given = effects.to_dict()
    given["effects"][1]["colour"] = "red"
    with pytest.raises(AnswerError, match="effect has no field 'colour'"):
        Answer.from_dict(given)
