import re
import subprocess
import sys
from importlib.metadata import EntryPoint

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import workbench as wb
from workbench.answers import Answer
from workbench.explainers import Explainer, explain, explainer, explainers, stacks

X = np.random.default_rng(0).normal(size=(50, 2))
MODEL = LinearRegression().fit(X, X[:, 0])
FRAME = pd.DataFrame(X, columns=["a b", "ü"])


def test_found_by_walking_the_package():
    assert explainers() == wb.explainers() == tuple(sorted(explainers()))
    assert {"ale", "interaction", "partial_dependence", "permutation_importance", "prototypes", "shap"} <= set(
        explainers()
    )
    for name in explainers():
        found = explainer(name)
        assert found.name == name
        assert found.title
        assert found.summary.endswith(".")
        assert "doi 10." in found.reference
        assert found.caution
        for option in found.Options.model_fields.values():
            assert option.description
            assert not option.is_required()


class Toy(Explainer):
    name = "toy"
    title = "Toy"
    summary = "A toy."
    reference = "None"
    caution = "None"

    @classmethod
    def explain(cls, inputs, options):
        return Answer(provenance=cls.provenance(inputs, options))


@pytest.fixture
def offered(monkeypatch):
    """Let another distribution offer classes by entry point."""
    registry = vars(sys.modules["workbench.explainers.explainer"])["_REGISTRY"]

    def offer(*values):
        points = [EntryPoint("toy", value, "workbench.explainers") for value in values]
        monkeypatch.setattr("workbench.registry.entry_points", lambda group: points)
        vars(registry).pop("classes", None)

    yield offer
    vars(registry).pop("classes", None)


def test_found_by_entry_point(offered):
    offered(f"{__name__}:Toy")
    assert "toy" in explainers()
    assert explain(MODEL, "toy", X).provenance.method == "toy"


def test_two_of_one_name_and_what_is_no_explainer(offered, monkeypatch):
    monkeypatch.setattr(Toy, "name", "partial_dependence")
    offered(f"{__name__}:Toy")
    with pytest.raises(ValueError, match="'partial_dependence'"):
        explainers()
    offered("builtins:int")
    with pytest.raises(ValueError, match=r"entry point 'toy' .* must be a"):
        explainers()


def test_imports_stay_light():
    code = (
        "import sys, workbench as wb; assert 'sklearn' not in sys.modules; wb.explainers();"
        "print([m for m in ('sklearn', 'matplotlib', 'scipy') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"method": "partial_dependance"}, "got 'partial_dependance'; did you mean 'partial_dependence'?"),
        ({"method": "zzz"}, f"must be one of {', '.join(explainers())}; got 'zzz'"),
        ({"grid_resolutoin": 3}, "unknown option 'grid_resolutoin'; did you mean 'grid_resolution'?"),
        ({"X": [[1, 2]]}, "X must be a DataFrame or a 2-D array; got list"),
        ({"X": X[0]}, "X must be a DataFrame or a 2-D array; got ndarray of shape (2,)"),
        ({"X": X[:0]}, "X must have at least one row and one column; got shape (0, 2)"),
        ({"X": pd.DataFrame(X, columns=["a", "a"])}, "distinct column names; got 'a' more than once"),
        ({"random_state": None}, "random_state must be a whole number of at least 0; got None"),
        ({"random_state": -1}, "random_state must be a whole number of at least 0; got -1"),
        ({"sample_weight": [1.0]}, "sample_weight must have shape (50,), one per row; got shape (1,)"),
        ({"sample_weight": np.zeros(50)}, "sample_weight must be finite, at least 0, and not all 0"),
        ({"background": FRAME}, "background must have the type and the columns of X; got ['a b', 'ü']"),
        ({"positive": "yes"}, "positive must be one of a binary classifier's classes, []; got 'yes'"),
        ({"model": len}, "model must be a fitted estimator with scikit-learn's interface"),
        ({"model": StandardScaler()}, "model must be a fitted estimator with scikit-learn's interface"),
    ],
)
def test_errors_name_the_rule_and_the_value(changes, message):
    given = {"model": MODEL, "method": "partial_dependence", "X": X} | changes
    with pytest.raises(ValueError, match=re.escape(message)):
        explain(**given)


def test_a_model_must_be_fitted():
    with pytest.raises(NotFittedError):
        explain(LinearRegression(), "partial_dependence", X)


def test_columns_must_be_those_of_the_model_in_their_order():
    model = LinearRegression().fit(FRAME, X[:, 0])
    assert explain(model, "partial_dependence", FRAME).effects[1].feature == "ü"
    with pytest.raises(ValueError, match="column 0 must be 'a b'; got 'ü'"):
        explain(model, "partial_dependence", FRAME[["ü", "a b"]])
    with pytest.raises(ValueError, match="must have the model's 2 columns; got 1"):
        explain(model, "partial_dependence", FRAME[["a b"]])
    with pytest.raises(ValueError, match="X must be a DataFrame, as the model was fitted on one"):
        explain(model, "partial_dependence", X)


def test_a_model_that_writes_into_its_input_changes_nothing():
    model = make_pipeline(StandardScaler(copy=False), LinearRegression()).fit(X.copy(), X[:, 0])
    before = X.copy()
    answer = explain(model, "partial_dependence", X)
    assert np.array_equal(X, before)
    np.testing.assert_allclose(answer.effects[0].average[0], answer.effects[0].grid_values, atol=1e-12)


def test_a_stack_moves_values_without_converting_them(people):
    order = np.random.default_rng(0).permutation(len(people))
    for j, name in enumerate(people.columns):
        stacked = stacks.stack(people, j, people, np.array([order, order[::-1]]))
        assert (stacked.dtypes == people.dtypes).all()
        expected = pd.concat([people.assign(**{name: people[name].iloc[o].array}) for o in (order, order[::-1])])
        pd.testing.assert_frame_equal(stacked, expected.reset_index(drop=True))
    integers = np.arange(6).reshape(3, 2)
    halves = np.full((3, 2), 0.5)
    assert stacks.stack(integers, 0, halves, np.array([[0, 1, 2]]))[:, 0].tolist() == [0.5, 0.5, 0.5]
    assert integers.tolist() == [[0, 1], [2, 3], [4, 5]]
