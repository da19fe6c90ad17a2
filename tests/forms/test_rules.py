"""Rules, curves, kernels and links: evaluated by hand, read back, and written as text."""

import json
import math

import numpy as np
import pytest

from workbench.forms import (
    Additive,
    Affine,
    Binned,
    Clip,
    CompLogLog,
    Condition,
    Curve,
    Exponential,
    Form,
    FormError,
    Frame,
    Identity,
    IsMissing,
    Kernel,
    Linear,
    Logistic,
    Lookup,
    Offset,
    OneVsRest,
    Rule,
    RuleList,
    RuleSet,
    annotate,
    encode,
    pull_back,
)

X = {
    "x": np.array([1.0, 2.0, np.nan, 5.0, np.nextafter(2.0, 3.0)]),
    "c": np.array(["a", "b", None, "zzz", "a"], dtype=object),
}
KINDS = {"x": "number", "c": "category"}
ABOVE = Condition("x", lower=2.0)
IN_A = Condition("c", levels=("a", "b"), inside=(True, False, False))


def listed(*values: float) -> RuleList:
    first, second, last = (np.array([v]) for v in values)
    return RuleList((Rule((ABOVE,), first), Rule((IN_A,), second), Rule((), last)))


def a_set() -> RuleSet:
    rules = (Rule((ABOVE,), np.array([0.8])), Rule((IN_A,), np.array([0.4])), Rule((IN_A,), np.array([0.5])))
    return RuleSet(rules, (0, 0, 1), np.array([0.1, 0.2]))


def a_curve() -> Curve:
    # x² up to 2, then the line 4 + 4 (x - 2): value and slope agree at the knot
    coef = np.array([[0.0, 0.0, 1.0], [4.0, 4.0, 0.0]])
    points = np.array([0.0, 1.0, 2.0, 3.0])
    return Curve("x", np.array([2.0]), np.array([0.0, 2.0]), coef, np.array([-1.0]), points, np.ones(4))


def a_kernel() -> Kernel:
    inputs = (
        Affine("x", 1.0, 2.0, 0.0),
        IsMissing("x"),
        Lookup("c", ("a",), (1.0,), 0.0, 0.5),
        Binned("x", (2.0,), (0.0, 1.0), 0.5),
    )
    rng = np.random.default_rng(0)
    return Kernel(rng.normal(size=(7, 4)), rng.normal(size=(7, 2)), np.array([0.5, -1.0]), 0.3, inputs)


def forms() -> dict[str, Form]:
    terms = (a_curve(), Rule((ABOVE, IN_A), np.array([2.5]), 12), Linear("x", np.array([1.0]), 0.0, np.zeros(1)))
    return {
        "list": Form(listed(0.9, 0.5, 0.1), Identity(), KINDS, "y", ("no", "yes")),
        "set": Form(a_set(), OneVsRest(Identity()), KINDS, "y", ("p", "q")),
        "sum": Form(Additive(np.array([1.0]), terms), Exponential(), KINDS, "y"),
        "offset": Form(Additive(np.array([0.0]), (Offset("x", True), Offset("x", False))), Exponential(), KINDS),
        "kernel": Form(a_kernel(), OneVsRest(Logistic()), KINDS, "y", ("p", "q")),
        "clip": Form(listed(1.4, 0.5, -0.2), Clip(0.1, 0.9), KINDS, "y", (0, 1)),
        "cloglog": Form(Additive(np.array([0.3]), ()), CompLogLog(), KINDS, "y", (0, 1)),
    }


def test_first_rule_that_matches_decides():
    # a cut itself does not exceed the cut; a missing x is not above it
    np.testing.assert_array_equal(listed(1, 2, 3).score(Frame(X, KINDS))[:, 0], [2, 3, 3, 1, 1])


def test_rules_of_a_set_are_averaged_by_output():
    np.testing.assert_allclose(
        a_set().score(Frame(X, KINDS)), [[0.4, 0.5], [0.1, 0.2], [0.1, 0.2], [0.8, 0.2], [0.6, 0.5]]
    )


def test_curve_is_its_polynomials():
    x = np.array([-3.0, 1.5, 2.0, 7.0, 1e30])
    np.testing.assert_allclose(a_curve().at(x)[:, 0], [9, 2.25, 4, 24, 4 + 4 * (1e30 - 2)])
    np.testing.assert_array_equal(a_curve().score(Frame({"x": [np.nan]})), [[-1.0]])


def test_kernel_is_its_definition():
    kernel, frame = a_kernel(), Frame(X, KINDS)
    Z = encode(kernel.inputs, frame)
    direct = []
    for z in Z:
        distances = ((z - kernel.support_vectors) ** 2).sum(axis=1)
        direct.append(kernel.intercept + np.exp(-0.3 * distances) @ kernel.dual_coef)
    np.testing.assert_allclose(kernel.score(frame), direct, rtol=1e-12)


def test_offsets_have_the_coefficient_one_and_nothing_for_a_gap():
    score = forms()["offset"].score({"x": [2.0, 0.0, np.nan, -1.0]})[:, 0]
    np.testing.assert_allclose(score, [math.log(2) + 2, np.nan, np.nan, np.nan])


@pytest.mark.parametrize(
    ("output", "score", "expected"),
    [
        (Exponential(), [[0.0], [1.0]], [[1.0], [math.e]]),
        (CompLogLog(), [[0.0], [800.0]], [[1 - math.exp(-1)], [1.0]]),
        (Clip(0.25, 0.75), [[-1.0], [0.5], [2.0]], [[0.25], [0.5], [0.75]]),
        (OneVsRest(Identity()), [[0.2, 0.6], [0.0, 0.0]], [[0.25, 0.75], [0.5, 0.5]]),
        (OneVsRest(Logistic()), [[0.0, 0.0, 0.0]], [[1 / 3, 1 / 3, 1 / 3]]),
    ],
)
def test_output_maps(output, score, expected):
    np.testing.assert_allclose(output(np.array(score)), expected)


@pytest.mark.parametrize("name", forms())
def test_forms_are_read_back(name):
    form = forms()[name]
    again = Form.from_dict(json.loads(json.dumps(form.to_dict())))
    np.testing.assert_array_equal(again.score(X), form.score(X))
    assert (str(again), again.to_latex(), again.size) == (str(form), form.to_latex(), form.size)
    assert again.stored_numbers == form.stored_numbers
    if form.classes:
        np.testing.assert_allclose(form.predict_proba(X).sum(axis=1), 1.0)
        assert set(form.predict(X)) <= set(form.classes)


def test_texts():
    form = forms()
    assert str(form["list"]) == ("share of y = yes is\n    0.9 if x > 2\n    0.5 else if c is a\n    0.1 otherwise")
    assert "for q: 0.5 if c is a" in str(form["set"])
    assert "+ 2.5 if x > 2 and c is a  (12 rows)" in str(form["sum"])
    assert str(form["sum"]).startswith("log of y = 1\n")
    assert str(form["offset"]) == "log of prediction = 0\n  + log(x)\n  + x"
    assert "7 support vectors" in str(form["kernel"])
    assert form["list"].to_latex().startswith(r"P(\text{y} = \text{yes}) = \begin{cases} 0.9 & \text{x > 2}")


def test_sizes_by_hand():
    # list: two rules of one condition and a number, and the last number; set: three such rules and two defaults
    assert forms()["list"].size == 5
    assert forms()["set"].size == 8
    # intercept 1; the curve takes two lines, and its branch for gaps: 5; the rule 2 + 1; the line 2
    assert forms()["sum"].size == 1 + 5 + 3 + 2


INPUTS = (
    Binned("x", (2.0, 4.0), (0.0, 1.0, 2.0), 3.0),
    IsMissing("x"),
    Lookup("c", ("a", "b"), (1.0, 0.0), 0.0, 0.0),
    Affine("x", missing=2.5),
    Binned("x", (2.0,), (1.0, 0.0), 0.0),
    Binned("x", (), (-0.5,), 1.5),
)


@pytest.mark.parametrize(
    "conditions",
    [
        [("0", 0.5, 1.5)],
        [("0", 0.5, np.inf)],
        [("0", -np.inf, 1.5), ("2", 0.5, np.inf)],
        [("1", 0.5, np.inf)],
        [("1", -np.inf, 0.5)],
        [("3", 1.5, 4.5)],
        [("3", 2.6, np.inf), ("4", -np.inf, 0.5)],
        [("4", 0.5, np.inf), ("2", -np.inf, 0.5)],
        [("0", 2.5, np.inf), ("1", -np.inf, 0.5)],  # missing and not missing: never
        [("5", 0.0, np.inf)],
    ],
)
def test_rules_move_to_original_columns(conditions):
    rule = Rule(tuple(Condition(c, low, high) for c, low, high in conditions), np.ones(1))
    frame = Frame(X, KINDS)
    encoded = encode(INPUTS, frame)
    expected = rule.matches(Frame({str(j): encoded[:, j] for j in range(len(INPUTS))}))
    pulled = pull_back(RuleSet((rule,), (0,), np.zeros(1)), INPUTS)
    np.testing.assert_array_equal(pulled.score(frame)[:, 0], expected)
    names = [c.column for r in pulled.rules for c in r.conditions]
    assert len(names) == len(set(names))  # conditions on one column are merged
    through = pull_back(Additive(np.zeros(1), (rule,)), INPUTS)
    np.testing.assert_array_equal(through.score(frame)[:, 0], expected)


def test_linear_terms_over_an_input_that_only_tells_of_gaps():
    terms = (Linear("3", np.array([2.0]), 1.0, np.zeros(1)), Linear("5", np.array([4.0]), 0.25, np.zeros(1)))
    body, frame = Additive(np.array([1.0]), terms), Frame(X, KINDS)
    encoded = encode(INPUTS, frame)
    expected = body.score(Frame({str(j): encoded[:, j] for j in range(len(INPUTS))}))
    np.testing.assert_allclose(pull_back(body, INPUTS).score(frame), expected)


def test_a_list_ends_with_the_first_rule_that_always_applies():
    always = Rule((Condition("1", -1.0, 2.0),), np.array([7.0]))
    body = pull_back(RuleList((always, Rule((), np.array([9.0])))), INPUTS)
    assert [r.conditions for r in body.rules] == [()]
    np.testing.assert_array_equal(body.score(Frame(X, KINDS))[:, 0], 7.0)


def test_curves_over_scaled_inputs():
    source = Affine("x", center=3.0, scale=-2.0, missing=0.5)
    term = Curve(
        "0",
        np.array([-0.5, 0.5]),
        np.array([0.0, -0.5, 0.5]),
        np.array([[1.0, 2.0], [0.0, 1.0], [3.0, 0.0]]),
        np.zeros(1),
        np.zeros(0),
        np.zeros(0),
    )
    with pytest.raises(FormError, match="scale above 0"):
        pull_back(Additive(np.zeros(1), (term,)), (source,))
    up = Affine("x", center=3.0, scale=2.0, missing=0.5)
    frame = Frame(X, KINDS)
    z = encode((up,), frame)
    expected = term.at(z[:, 0])
    np.testing.assert_allclose(pull_back(Additive(np.zeros(1), (term,)), (up,)).score(frame), expected)


def test_annotation_counts_rows_and_finds_short_decimals():
    frame = Frame({"x": np.array([1.0, 1.9, 2.3, 2.6, 9.0]), "c": np.array(list("aabba"), dtype=object)}, KINDS)
    rule = Condition("x", lower=2.0999999)
    body = annotate(RuleList((Rule((rule,), np.ones(1)), Rule((IN_A,), np.ones(1)), Rule((), np.zeros(1)))), frame)
    assert [r.support for r in body.rules] == [3, 2, 0]
    assert body.rules[0].conditions[0].shown == (2.0, np.inf)
    found = annotate(a_set(), frame)
    assert [r.support for r in found.rules] == [3, 3, 3]


HOSTILE = (
    None,
    True,
    -1,
    10**400,
    "inf",
    "nan",
    "__import__('os').system('true')",
    [],
    {},
    [[[[]]]],
    {"array": "f", "start": 0, "shape": [10**9]},
)


def places(data, path=()):
    """Every place in a form's dictionary."""
    if path:
        yield path
    for key, value in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        yield from places(value, (*path, key))


@pytest.mark.parametrize("name", forms())
def test_hostile_values_anywhere_raise_or_do_no_harm(name):
    plain = json.loads(json.dumps(forms()[name].to_dict()))
    raised = 0
    for path in places(plain):
        for value in HOSTILE:
            data = json.loads(json.dumps(plain))
            inner = data
            for key in path[:-1]:
                inner = inner[key]
            inner[path[-1]] = value
            try:
                with np.errstate(all="ignore"):
                    Form.from_dict(data).score(X)
            except FormError:
                raised += 1
    assert raised > len(HOSTILE)


def test_deep_nesting_raises():
    data = forms()["set"].to_dict()
    deep: list = []
    for _ in range(100_000):
        deep = [deep]
    data["score"]["rules"] = deep
    with pytest.raises(FormError):
        Form.from_dict(data)
