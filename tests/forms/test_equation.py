"""Equations evaluated, counted, written, pulled back, read back, and attacked."""

import copy
import json
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.forms.forms import KINDS
from workbench.forms import (
    Additive,
    Affine,
    Binned,
    Coded,
    Constant,
    Equation,
    Form,
    FormError,
    Frame,
    Gap,
    Identity,
    IsMissing,
    Logistic,
    Lookup,
    Operator,
    Variable,
    encode,
    pull_back,
)
from workbench.forms.equation import OPERATORS

X = np.array([0.5, -2.0, 3.0, 0.0])
W = np.array([2.0, 1.0, -1.0, 0.0])
BY_HAND = {
    "add": X + W,
    "sub": X - W,
    "mul": X * W,
    "div": [0.25, -2.0, -3.0, np.nan],
    "pow": [0.25, -2.0, 1 / 3, 1.0],
    "square": X * X,
    "sqrt": [0.5**0.5, np.nan, 3**0.5, 0.0],
    "exp": np.exp(X),
    "log": [np.log(0.5), np.nan, np.log(3.0), -np.inf],
    "sin": np.sin(X),
    "cos": np.cos(X),
    "tanh": np.tanh(X),
    "abs": [0.5, 2.0, 3.0, 0.0],
}


def equation(*parts) -> Equation:
    """Give an equation from numbers, columns ("x", missing NaN), operators by name, and nodes."""

    def node(part):
        if isinstance(part, str):
            return Operator(part) if part in OPERATORS else Variable(part)
        return Constant(float(part)) if isinstance(part, int | float) else part

    return Equation(tuple(map(node, parts)))


# 2 x - 0.5 where red: with every kind of node
RED = Coded("colour", ("blue", "red"), (0.0, 1.0), 0.0, 0.0)
CODES = Coded("colour", ("blue", "red"), (0.0, 1.0), 3.0, 0.5)
MIXED = equation(2.0, Variable("x", 7.0), "mul", RED, 0.5, "mul", "sub", Gap("x"), "add")
ROWS = {"x": [1.0, np.nan, -1.0, 2.0], "colour": ["red", "blue", None, "never seen"]}


@pytest.mark.parametrize("name", OPERATORS)
def test_operators_by_hand(name):
    found = equation(*["x", "w"][: OPERATORS[name]], name).score(Frame({"x": X, "w": W}))
    np.testing.assert_allclose(found, np.array(BY_HAND[name])[:, None], rtol=1e-15)


def test_operands_stand_in_order():
    frame = Frame({"x": X})
    np.testing.assert_array_equal(equation("x", 1, "sub", 2, "div").score(frame)[:, 0], (X - 1) / 2)
    np.testing.assert_array_equal(equation(1, "x", "sub", "cos", 3, "mul").score(frame)[:, 0], np.cos(1 - X) * 3)


def test_every_kind_of_node():
    form = Form(MIXED, Identity(), KINDS)
    np.testing.assert_array_equal(form.predict(ROWS), [2 - 0.5, 14 + 1, -2, 4])
    assert form.columns == ("x", "colour")
    assert form.size == 9
    # two constants, what x counts as, and two levels with unseen and missing
    assert form.stored_numbers == 2 + 1 + 4


def test_a_constant_has_a_value_for_each_row():
    assert equation(2.5).score(Frame({"x": X})).tolist() == [[2.5]] * 4


def test_where_nothing_is_defined_the_value_is_nan():
    form = Form(equation("x", "log"), Logistic(), {"x": "number"}, "y", ("no", "yes"))
    assert np.isnan(form.predict_proba({"x": [-1.0, np.nan]})).all()


@pytest.mark.parametrize("parts", [(), ("add",), (1, 2), (1, "add"), (1, "cos", "x"), (1, 2, 3, "add")])
def test_a_list_that_is_no_expression_is_refused(parts):
    with pytest.raises(FormError, match="equation: "):
        equation(*parts)


@pytest.mark.parametrize(
    ("parts", "text", "latex"),
    [
        (("x", "w", "add", "x", "mul"), "(x + w) × x", r"\left(\text{x} + \text{w}\right) \cdot \text{x}"),
        (("x", "w", "x", "sub", "sub"), "x − (w − x)", r"\text{x} - \left(\text{w} - \text{x}\right)"),
        (("x", -2, "w", "mul", "add"), "x − 2 × w", r"\text{x} - 2 \cdot \text{w}"),
        (("x", -2, "w", "mul", "sub"), "x + 2 × w", r"\text{x} + 2 \cdot \text{w}"),
        (("x", "w", "x", "div", "div"), "x / (w / x)", r"\frac{\text{x}}{\frac{\text{w}}{\text{x}}}"),
        (("x", -2, "mul", "square"), "(x × (−2))^2", r"{\left(\text{x} \cdot \left(-2\right)\right)}^{2}"),
        (("x", 1.5, "pow"), "x^1.5", r"{\text{x}}^{1.5}"),
        ((-2, "x", "pow"), "(−2)^x", r"{\left(-2\right)}^{\text{x}}"),
        (("x", "sqrt", "abs", "log"), "log(abs(sqrt(x)))", r"\log\left(\left|\sqrt{\text{x}}\right|\right)"),
        (("x", 1234.56789, "sub"), "x − 1234.56789", r"\text{x} - 1234.56789"),
        ((1234.56789, "x", "add"), "1235 + x", r"1235 + \text{x}"),
        ((2e-7, "x", "mul"), "2 × 10^−7 × x", r"2 \times 10^{-7} \cdot \text{x}"),
        (("a-b", 2, "mul"), "'a-b' × 2", r"\text{a-b} \cdot 2"),
    ],
)
def test_text_and_latex(parts, text, latex):
    form = Form(equation(*parts), Identity(), dict.fromkeys(["x", "w", "a-b"], "number"), "y")
    assert str(form) == f"y = {text}"
    assert form.to_latex() == rf"\text{{y}} = {latex}"


def test_texts_say_what_gaps_and_levels_count_as():
    assert str(Form(MIXED, Identity(), KINDS, "y")) == "y = 2 × x − [colour is red] × 0.5 + [x is missing]"
    told = str(Form(MIXED, Identity(), KINDS, "y", gaps=("x",)))
    assert told.splitlines()[1:] == ["    x counts as 7 where missing"]
    coded = Form(equation(CODES, "cos"), Identity(), KINDS, "y", gaps=("colour",))
    assert str(coded).splitlines() == [
        "y = cos(colour)",
        "    colour counts as 0 where blue, 1 where red, 3 where any other, 0.5 where missing",
    ]


def test_moments_are_days_since_a_day():
    shifted = equation("day", 19783, "sub", "cos")
    assert str(Form(shifted, Identity(), {"day": "datetime"}, "y")) == "y = cos((days of day since 2024-03-01))"


INPUTS = (
    Affine("x", center=2.0, scale=3.0, missing=0.0),
    IsMissing("x"),
    Lookup("c", ("a", "b"), (0.25, -0.75), 0.0, 0.5),
    Affine("w", missing=7.0),
    Affine("v", center=0.3, scale=0.7, missing=1.5),
)
ENCODED_ROWS = {
    "x": np.array([1.0, np.nan, -3.0, 8e30]),
    "c": np.array(["a", "b", None, "zzz"], dtype=object),
    "w": np.array([np.nan, 6.5, 7.5, 0.0]),
    "v": np.array([0.1, np.nan, 3.0, 1.0]),
}


def test_pull_back_computes_what_encoding_does():
    body = equation("0", "sin", "1", "add", "2", "mul", "3", "square", "sub", "0", "add")
    Z = encode(INPUTS, Frame(ENCODED_ROWS))
    over_encoded = body.score(Frame({str(j): Z[:, j] for j in range(5)}))
    pulled = pull_back(body, INPUTS)
    np.testing.assert_array_equal(pulled.score(Frame(ENCODED_ROWS)), over_encoded)
    assert pulled.columns == ("x", "c", "w")
    # a gap that is not the centre, of a scaled column: up to rounding
    np.testing.assert_allclose(pull_back(equation("4"), INPUTS).score(Frame(ENCODED_ROWS))[:, 0], Z[:, 4], rtol=1e-15)


@pytest.mark.parametrize("source", [Affine("x"), Binned("x", (1.0,), (0.0, 1.0), 0.0)])
def test_what_has_no_number_is_not_pulled_back(source):
    with pytest.raises(FormError, match="column 'x'"):
        pull_back(equation("0"), (source,))


def test_equation_survives_files(tmp_path):
    form = Form(MIXED, Identity(), KINDS, "y")
    form.save(tmp_path / "m.json")
    for again in (Form.load(tmp_path / "m.json"), Form.from_dict(json.loads(json.dumps(form.to_dict())))):
        np.testing.assert_array_equal(again.predict(ROWS), form.predict(ROWS))
        assert again.body.nodes == form.body.nodes
        assert (str(again), again.to_latex(), again.size) == (str(form), form.to_latex(), form.size)


HOSTILE = [
    {"kind": "operator", "name": "__import__('os').system('true')"},
    {"kind": "operator", "name": "eval"},
    {"kind": "operator", "name": ["add"]},
    {"kind": "operator", "name": "add", "code": "1"},
    {"kind": "operator"},
    {"kind": "call"},
    {"kind": "constant", "value": 10**400},
    {"kind": "constant", "value": "inf"},
    {"kind": "constant", "value": "exit()"},
    {"kind": "constant", "value": True},
    {"kind": "variable", "column": 5, "missing": 0.0},
    {"kind": "variable", "column": "nowhere", "missing": 0.0},
    {"kind": "coded", "column": "colour", "levels": ["a"], "values": [1.0, 2.0], "unseen": 0.0, "missing": 0.0},
    {"kind": "coded", "column": "colour", "levels": ["a"], "values": [None], "unseen": 0.0, "missing": 0.0},
    ["add"],
    "x + 1",
    None,
]


@pytest.mark.parametrize("place", [0, 1, 2, 8])
@pytest.mark.parametrize("node", HOSTILE, ids=lambda n: str(n)[:40])
def test_hostile_node_raises(node, place):
    data = copy.deepcopy(Form(MIXED, Identity(), KINDS).to_dict())
    data["score"]["nodes"][place] = node
    with pytest.raises(FormError):
        Form.from_dict(data)


@pytest.mark.parametrize("nodes", [[], {}, "x", [{"kind": "constant", "value": 1.0}] * 20_000, [[[[]]]]])
def test_hostile_list_raises(nodes):
    data = Form(MIXED, Identity(), KINDS).to_dict()
    data["score"]["nodes"] = nodes
    with pytest.raises(FormError):
        Form.from_dict(data)


def test_deep_equations_need_no_deep_stack():
    deep = Form(equation("x", *["cos"] * (5 * sys.getrecursionlimit())), Identity(), {"x": "number"})
    again = Form.from_dict(deep.to_dict())
    assert np.isfinite(again.predict({"x": [1.0]})).all()
    assert str(again)
    assert again.to_latex()


@given(st.floats(-1e300, 1e300), st.floats(-1e300, 1e300))
def test_constants_are_kept_to_the_last_bit(a, b):
    form = Form(equation(a, "x", "mul", b, "add"), Identity(), {"x": "number"})
    again = Form.from_dict(json.loads(json.dumps(form.to_dict())))
    np.testing.assert_array_equal(again.predict({"x": [0.1, 1e5]}), form.predict({"x": [0.1, 1e5]}))


def test_other_forms_are_no_equations():
    with pytest.raises(FormError, match="kind"):
        Form.from_dict({**Form(Additive(np.zeros(1), ()), Identity(), {}).to_dict(), "score": {"kind": "expression"}})
