import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from workbench.answers import Answer
from workbench.explainers.attributions import attribution, cells
from workbench.explainers.inputs import Inputs
from workbench.explainers.partial_dependence import PartialDependence
from workbench.explainers.shapley.result import Shapley

X = np.random.default_rng(0).normal(size=(5, 2))
MODEL = LinearRegression().fit(X, X[:, 0])
OPTIONS = PartialDependence.Options()


def answer(k, **more):
    rng = np.random.default_rng(k)
    shapley = Shapley(rng.normal(size=(5, 2, k)), rng.normal(size=k), **more)
    given = {"predictions": rng.normal(size=(5, k)), "outputs": [f"c{i}" for i in range(k)], "scale": "link"}
    return shapley, attribution(PartialDependence, Inputs.check(MODEL, X), OPTIONS, shapley, n_background=5, **given)


def test_one_output_has_no_axis_of_outputs():
    shapley, found = answer(1, background_error=np.ones((5, 2, 1)))
    assert np.array_equal(found.values, shapley.values[:, :, 0])
    assert found.baseline.shape == ()
    assert found.predictions.shape == (5,)
    assert found.background_error.shape == (5, 2)
    assert found.approximation_error.shape == (5, 2)
    assert not found.approximation_error.any()
    assert found.data == tuple(map(tuple, X.tolist()))
    assert Answer.from_dict(found.to_dict()).data == found.data


def test_several_outputs():
    shapley, found = answer(3, approximation_error=np.full((5, 2, 3), 0.5))
    assert np.array_equal(found.values, shapley.values)
    assert np.array_equal(found.baseline, shapley.baseline)
    assert found.predictions.shape == (5, 3)
    assert (found.approximation_error == 0.5).all()
    assert found.background_error is None


def test_shapes_are_checked():
    shapley = Shapley(np.zeros((5, 1, 1)), np.zeros(1))
    with pytest.raises(ValueError, match=r"values must have shape \(5, 2, 1\); got \(5, 1, 1\)"):
        attribution(
            PartialDependence,
            Inputs.check(MODEL, X),
            OPTIONS,
            shapley,
            predictions=np.zeros((5, 1)),
            outputs=["y"],
            scale="link",
        )


def test_cells_are_plain(people):
    rows = people.iloc[[0, 100, 200]].assign(since=pd.to_datetime(["2020-01-05 00:00", None, "2021-03-01 10:00"]))
    found = cells(rows)
    assert {type(cell) for row in found for cell in row} <= {float, str, type(None)}
    names = list(rows.columns)
    assert found[1][names.index("since")] is None
    assert found[2][names.index("since")] == "2021-03-01T10:00:00"
    assert cells(people.iloc[:1])[0][names.index("since")] == str(people["since"].iloc[0].date())
    assert found[0][names.index("member")] in ("true", "false")
    assert found[0][names.index("größe")] in ("S", "M", "L")
    assert found[0][0] == float(people["age in years"].iloc[0])


def test_cells_of_odd_columns():
    frame = pd.DataFrame(
        {
            "whole": pd.array([1, None], dtype="Int64"),
            "truth": pd.array([True, None], dtype="boolean"),
            "mixed": pd.Series([1, "a"], dtype=object),
            "none": [np.nan, np.nan],
            "zone": pd.to_datetime(["2020-01-05T00:00+01:00", None]),
        }
    )
    assert cells(frame) == ((1.0, "true", "1", None, "2020-01-05"), (None, None, "a", None, None))
    assert cells(np.array([[1, 2]])) == ((1.0, 2.0),)
