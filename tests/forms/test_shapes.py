"""Step shapes and surfaces: values against a loop over rows, reading back, pull_back."""

import numpy as np
import pytest

from workbench.forms import (
    Additive,
    Affine,
    Axis,
    Form,
    FormError,
    Frame,
    Identity,
    IsMissing,
    Lookup,
    Steps,
    Surface,
    annotate,
    encode,
    pull_back,
)

CUTS = np.array([0.0, 1.0, 2.5])
ROWS = {
    "x": np.array([-1.0, 0.0, np.nextafter(0.0, 1), 1.0, 2.5, 3.0, np.nan, 1e30]),
    "c": np.array(["a", "b", None, "new", "a", "b", "a", "b"], dtype=object),
}


def steps(column: str = "x", k: int = 1) -> Steps:
    values = np.arange(4.0)[:, None] * np.arange(1, k + 1)
    return Steps(column, CUTS, values, np.full(k, 9.0), np.zeros(4), np.zeros(4))


def surface(first: str = "x", second: str = "c") -> Surface:
    one = Axis(first, CUTS, (), np.zeros(5))
    two = Axis(second, np.zeros(0), ("a", "b"), np.zeros(4))
    return Surface(one, two, np.arange(20.0)[:, None])


def test_steps_are_closed_on_the_right():
    np.testing.assert_array_equal(steps().score(Frame(ROWS))[:, 0], [0, 0, 1, 1, 2, 3, 9, 3])


def test_surface_cells_by_hand():
    x_cell = [0, 0, 1, 1, 2, 3, 4, 3]
    c_cell = [0, 1, 3, 2, 0, 1, 0, 1]
    expected = [4 * i + j for i, j in zip(x_cell, c_cell, strict=True)]
    np.testing.assert_array_equal(surface().score(Frame(ROWS))[:, 0], expected)
    assert surface().grid.shape == (5, 4, 1)


@pytest.mark.parametrize("k", [1, 3])
def test_round_trip(k):
    kinds = {"x": "number", "c": "category"}
    classes = ("p", "q", "r") if k == 3 else ()
    terms = (steps(k=k), surface()) if k == 1 else (steps(k=k),)
    form = Form(Additive(np.zeros(k), terms), Identity(), kinds, classes=classes)
    again = Form.from_dict(form.to_dict())
    np.testing.assert_array_equal(again.score(ROWS), form.score(ROWS))
    assert str(again) == str(form)
    assert again.to_latex() == form.to_latex()


@pytest.mark.parametrize(
    ("term", "key", "value"),
    [
        (steps(), "cuts", [0.0, 0.0, 1.0]),
        (steps(), "cuts", [0.0, "nan", 1.0]),
        (steps(), "values", [[1.0]]),
        (steps(), "weights", [1.0]),
        (surface(), "values", [[1.0]]),
        (surface(), "first", {"column": "x"}),
        (surface(), "first", [1]),
    ],
)
def test_broken_shapes_raise(term, key, value):
    form = Form(Additive(np.zeros(1), (term,)), Identity(), {"x": "number", "c": "category"})
    data = form.to_dict()
    data["score"]["terms"][0][key] = value
    with pytest.raises(FormError):
        Form.from_dict(data)


INPUTS = (
    Affine("x"),
    Affine("x", missing=1.5),
    Lookup("c", ("a", "b"), (0.0, 1.0), 2.0, np.nan, nominal=True),
    Lookup("c", ("a", "b"), (0.0, 3.0), np.nan, 1.0),
)


@pytest.mark.parametrize("j", range(4))
def test_steps_move_to_original_columns(j):
    score = Additive(np.zeros(1), (steps(str(j)),))
    Z = encode(INPUTS, Frame(ROWS))
    expected = score.score(Frame({str(i): Z[:, i] for i in range(4)}))
    np.testing.assert_array_equal(pull_back(score, INPUTS).score(Frame(ROWS)), expected)


@pytest.mark.parametrize(("i", "j"), [(0, 2), (1, 3), (2, 0), (3, 1)])
def test_surfaces_move_to_original_columns(i, j):
    rng = np.random.default_rng(0)
    axes = (Axis(str(n), CUTS, (), np.zeros(5)) for n in (i, j))
    score = Additive(np.zeros(1), (Surface(*axes, rng.normal(size=(25, 1))),))
    Z = encode(INPUTS, Frame(ROWS))
    expected = score.score(Frame({str(n): Z[:, n] for n in range(4)}))
    np.testing.assert_array_equal(pull_back(score, INPUTS).score(Frame(ROWS)), expected)


def test_shapes_of_other_inputs_are_refused():
    for source in (Affine("x", center=1.0), IsMissing("x")):
        with pytest.raises(FormError, match="use no scaling"):
            pull_back(Additive(np.zeros(1), (steps("0"),)), (source,))


def test_training_rows_are_counted():
    score = annotate(Additive(np.zeros(1), (steps(), surface())), Frame(ROWS))
    shape, plane = score.terms
    np.testing.assert_array_equal(shape.weights, [2, 2, 1, 2])
    np.testing.assert_allclose(shape.centers[:3], [-0.5, 0.5, 2.5])
    np.testing.assert_array_equal(plane.first.weights, [2, 2, 1, 2, 1])
    np.testing.assert_array_equal(plane.second.weights, [3, 3, 1, 1])
    np.testing.assert_array_equal(
        score.score(Frame(ROWS)), Additive(np.zeros(1), (steps(), surface())).score(Frame(ROWS))
    )
