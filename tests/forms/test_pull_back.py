"""pull_back against encoding the rows and evaluating the score over the encoded inputs."""

import numpy as np
import pytest

from workbench.forms import Additive, Affine, FormError, Frame, IsMissing, Linear, Lookup, Tree, encode, pull_back

INPUTS = (
    Affine("x", center=2.0, scale=3.0, missing=0.0),
    IsMissing("x"),
    Lookup("c", ("a", "b"), (1.0, 0.0), 0.0, 0.0),
    Lookup("c", ("a", "b"), (0.0, 1.0), 0.25, -0.5),
    Affine("w", missing=7.0),
)
ROWS = {
    "x": np.array([1.0, np.nan, -3.0, 8.0]),
    "c": np.array(["a", "b", None, "zzz"], dtype=object),
    "w": np.array([np.nan, 6.5, 7.5, 0.0]),
}


def over_encoded(score: Additive, inputs) -> np.ndarray:
    Z = encode(inputs, Frame(ROWS))
    return score.score(Frame({str(j): Z[:, j] for j in range(Z.shape[1])}))


def test_linear_terms_merge_by_column():
    rng = np.random.default_rng(0)
    terms = tuple(Linear(str(j), rng.normal(size=2), float(j), np.zeros(2)) for j in range(5))
    score = Additive(rng.normal(size=2), terms)
    pulled = pull_back(score, INPUTS)
    np.testing.assert_allclose(pulled.score(Frame(ROWS)), over_encoded(score, INPUTS), atol=1e-12)
    assert [t.columns for t in pulled.terms] == [("x",), ("c",), ("w",)]


def test_zero_terms_are_left_out():
    score = Additive(np.ones(1), tuple(Linear(str(j), np.zeros(1), 0.0, np.zeros(1)) for j in range(5)))
    assert pull_back(score, INPUTS).terms == ()


def stump(j: int, threshold: float, n: int = 5) -> Tree:
    return Tree(
        tuple(map(str, range(n))),
        ((),) * n,
        np.array([j, -1, -1]),
        np.array([threshold, np.nan, np.nan]),
        np.full(3, -1),
        np.zeros((0, 1), bool),
        np.array([1, -1, -1]),
        np.array([2, -1, -1]),
        np.array([True, False, False]),
        np.array([[0.0], [1.0], [2.0]]),
    )


TREE_INPUTS = (
    Affine("x"),
    IsMissing("x"),
    Lookup("c", ("a", "b"), (1.0, 0.0), 0.0, np.nan),
    Lookup("c", ("a", "b"), (0.0, 1.0), 2.0, np.nan),
    Affine("w", missing=7.0),
)


@pytest.mark.parametrize("threshold", [-1.0, 0.0, 0.5, 1.0, 1.5, 6.75, 7.0])
@pytest.mark.parametrize("j", range(5))
def test_conditions_move_to_original_columns(j, threshold):
    score = Additive(np.zeros(1), (stump(j, threshold),))
    pulled = pull_back(score, TREE_INPUTS)
    np.testing.assert_array_equal(pulled.score(Frame(ROWS)), over_encoded(score, TREE_INPUTS))


def test_cuts_on_scaled_inputs_are_refused():
    with pytest.raises(FormError, match="use no scaling"):
        pull_back(Additive(np.zeros(1), (stump(0, 0.0),)), INPUTS)


def test_linear_term_without_a_number_for_gaps_has_no_value_there():
    term = Linear("0", np.array([2.0]), 0.0, np.zeros(1))
    body = pull_back(Additive(np.array([1.0]), (term,)), (Affine("x"),))
    np.testing.assert_array_equal(body.score(Frame({"x": [3.0, np.nan]}))[:, 0], [7.0, np.nan])
