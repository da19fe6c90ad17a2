"""Forms evaluated, counted, written, read back, and attacked."""

import copy
import json

import numpy as np
import pandas as pd
import pytest

from tests.forms.forms import KINDS, all_forms, line, tree
from workbench.forms import Additive, Form, FormError, Identity, Levels, Linear

FORMS = all_forms()
ROWS = {
    "x": [1.0, 1.5, np.nextafter(1.5, 2), np.nan, 1.0, 0.0],
    "colour": ["red", "blue", "red", "blue", None, "never seen"],
}


def test_tree_goes_where_its_conditions_say():
    form = Form(Additive(np.zeros(1), (tree(),)), Identity(), KINDS)
    np.testing.assert_array_equal(form.predict(ROWS), [1, 2, 3, 2, 2, 1])


def test_linear_and_levels_by_hand():
    form = Form(Additive(np.array([1.0]), (line(), FORMS["regression"].body.terms[1])), Identity(), KINDS)
    np.testing.assert_allclose(form.predict(ROWS), [-9, -6.5, -8.5, 2.5, -7.75, -9], atol=1e-12)


@pytest.mark.parametrize("container", ["frame", "categories", "objects", "dict of arrays"])
def test_containers_give_the_same(container):
    frame = pd.DataFrame(ROWS)
    if container == "categories":
        frame["colour"] = frame["colour"].astype("category")
    elif container == "objects":
        frame = frame.astype(object)
    elif container == "dict of arrays":
        frame = {n: frame[n].to_numpy(dtype=object) for n in frame}
    for form in FORMS.values():
        np.testing.assert_array_equal(form.score(frame), form.score(ROWS if form.columns else frame))


def test_levels_are_compared_as_text():
    term = Levels("c", ("3", "true"), np.array([[1.0], [2.0]]), np.array([9.0]), np.array([7.0]))
    form = Form(Additive(np.zeros(1), (term,)), Identity(), {"c": "category"})
    column = np.array([3, 3.0, "3", True, np.nan, pd.NA, None, 4], dtype=object)
    np.testing.assert_array_equal(form.predict({"c": column}), [1, 1, 1, 2, 7, 7, 7, 9])


@pytest.mark.parametrize("values", [[3, 4], [3.0, 4.5], ["03", "x"], [True, False], [3, "true"]])
@pytest.mark.parametrize("ordered", [False, True])
def test_categories_are_read_as_the_values_that_they_stand_for(values, ordered):
    term = Levels("c", ("3", "true"), np.array([[1.0], [2.0]]), np.array([9.0]), np.array([7.0]))
    form = Form(Additive(np.zeros(1), (term,)), Identity(), {"c": "category"})
    column = pd.Series(pd.Categorical.from_codes([1, 0, -1, 0], values, ordered=ordered))
    expected = [{"3": 1, "3.0": 1, "03": 1, "True": 2, "true": 2}.get(str(v), 9) for v in values]
    np.testing.assert_array_equal(form.predict({"c": column}), [expected[1], expected[0], 7, expected[0]])
    np.testing.assert_array_equal(form.predict({"c": column.astype(object)}), form.predict({"c": column}))


def test_moments_are_days_since_1970():
    form = Form(Additive(np.zeros(1), (Linear("d", np.ones(1), 0.0, np.full(1, -1.0)),)), Identity(), {"d": "datetime"})
    moments = pd.Series(pd.to_datetime(["1970-01-02", "2024-03-01 12:00", None], format="ISO8601"))
    np.testing.assert_array_equal(form.predict({"d": moments}), [1, 19783.5, -1])
    np.testing.assert_array_equal(form.predict({"d": moments.to_numpy()}), [1, 19783.5, -1])
    np.testing.assert_array_equal(form.predict({"d": ["1970-01-02", "2024-03-01T12:00", None]}), [1, 19783.5, -1])


def test_probabilities_sum_to_one_and_do_not_overflow():
    far = {"x": [1e300, -1e300, 1e30], "colour": ["red"] * 3}
    for name in ("binary", "several"):
        p = FORMS[name].predict_proba(far)
        assert np.isfinite(p).all()
        np.testing.assert_allclose(p.sum(axis=1), 1)
    assert list(FORMS["binary"].predict(far)) == ["yes", "no", "yes"]
    with pytest.raises(FormError, match="no probabilities"):
        FORMS["regression"].predict_proba(ROWS)


def test_size_and_stored_numbers_by_hand():
    # intercept 1 + line (2 + missing 1) + levels (2 + missing 1) + tree (2 conditions + 3 leaves)
    assert FORMS["regression"].size == 1 + 3 + 3 + 5
    # intercept 1 + (coef, center, missing) + (2 levels, unseen, missing) + tree (2 x (cut, column) + 3 values)
    assert FORMS["regression"].stored_numbers == 1 + 3 + 4 + 7
    assert FORMS["several"].size == 0 + 3 * 3 + 3 * 3
    assert FORMS["shares"].size == 5
    assert FORMS["constant"].size == 1


@pytest.mark.parametrize("name", FORMS)
def test_dictionary_and_files_round_trip(name, tmp_path):
    form = FORMS[name]
    through_json = Form.from_dict(json.loads(json.dumps(form.to_dict(), allow_nan=False)))
    path = tmp_path / "a b é.json"
    form.save(path)
    for again in (through_json, Form.load(path)):
        np.testing.assert_array_equal(again.score(ROWS), form.score(ROWS))
        assert str(again) == str(form)
        assert again.classes == form.classes
    assert sorted(p.name for p in tmp_path.iterdir()) == [path.name]


def large_form() -> Form:
    n = 1001
    comb = np.arange(n)
    inner = comb % 2 == 0
    inner[-1] = False
    t = tree()
    big = type(t)(
        ("x",),
        ((),),
        feature=np.where(inner, 0, -1),
        threshold=np.where(inner, comb / 7.0, np.nan),
        subset=np.full(n, -1),
        subsets=np.zeros((0, 1), bool),
        left=np.where(inner, comb + 1, -1),
        right=np.where(inner, comb + 2, -1),
        missing_left=np.zeros(n, bool),
        value=np.where(inner, 0.0, comb)[:, None],
    )
    return Form(Additive(np.zeros(1), (big,)), Identity(), {"x": "number"})


def test_large_arrays_lie_beside_the_file_and_are_checked(tmp_path):
    form = large_form()
    path = tmp_path / "big.json"
    form.save(path)
    assert (tmp_path / "big.npz").exists()
    x = {"x": np.linspace(-1, 200, 500)}
    np.testing.assert_array_equal(Form.load(path).predict(x), form.predict(x))
    content = (tmp_path / "big.npz").read_bytes()
    (tmp_path / "big.npz").write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(FormError, match="SHA-256"):
        Form.load(path)
    (tmp_path / "big.npz").unlink()
    with pytest.raises(FormError, match="missing"):
        Form.load(path)


def test_texts_name_columns_cuts_and_rows():
    text = str(FORMS["shares"])
    assert "x ≤ 1.5" in text
    assert "colour is red or any other" in text
    assert "(25 rows)" in text
    assert "missing" not in text  # no column missed values in training
    told = Form(FORMS["shares"].body, Identity(), KINDS, "flag", (False, True), gaps=("x", "colour"))
    assert "colour is blue or missing" in str(told)
    assert "x ≤ 1.5 or missing" in str(told)


def test_latex_escapes_names():
    name = r"50% of_x^{2} \input{a} $&#~"
    form = Form(Additive(np.zeros(1), (Linear(name, np.ones(1), 0.0, np.zeros(1)),)), Identity(), {name: "number"})
    latex = form.to_latex()
    assert r"\input" not in latex
    assert r"50\% of\_x\textasciicircum{}\{2\}" in latex
    assert all(form.to_latex() for form in FORMS.values())


@pytest.mark.parametrize("column", ["x", "colour"])
def test_absent_column_is_named(column):
    rows = {n: v for n, v in ROWS.items() if n != column}
    with pytest.raises(FormError, match=f"column '{column}' is missing"):
        FORMS["regression"].predict(rows)


def test_text_in_a_number_column_is_an_error():
    with pytest.raises(FormError, match="'x' must hold numbers"):
        FORMS["regression"].predict({**ROWS, "x": ["a"] * 6})


def damage(path, value):
    """Give a change of a form's dictionary at a key path."""

    def apply(data):
        for key in path[:-1]:
            data = data[key]
        data[path[-1]] = value

    apply.__name__ = ".".join(map(str, path)) + f"={str(value)[:20]}"
    return apply


DAMAGE = [
    damage(["format"], "pickle"),
    damage(["version"], 99),
    damage(["kinds"], ["x"]),
    damage(["kinds"], {"x": "number"}),
    damage(["classes"], [{"__reduce__": "os.system"}]),
    damage(["classes"], ["one"]),
    damage(["threshold"], "__import__('os').system('true')"),
    damage(["output"], {"kind": "logistic"}),
    damage(["output"], {"kind": "eval", "code": "1"}),
    damage(["score", "kind"], "pickle"),
    damage(["score", "intercept"], []),
    damage(["score", "intercept"], [1.0, 2.0]),
    damage(["score", "intercept"], [10**400]),
    damage(["score", "intercept"], [True]),
    damage(["score", "intercept"], [[[1.0]]]),
    damage(["score", "terms"], {"a": 1}),
    damage(["score", "terms", 0, "kind"], "lambda"),
    damage(["score", "terms", 0, "coef"], ["exit()"]),
    damage(["score", "terms", 0, "extra"], 1),
    damage(["score", "terms", 1, "levels"], ["only one"]),
    damage(["score", "terms", 2, "left"], [0, 2, -1, -1, -1]),
    damage(["score", "terms", 2, "left"], [1, 99, -1, -1, -1]),
    damage(["score", "terms", 2, "right"], [4, 2, -1, -1, -1]),
    damage(["score", "terms", 2, "feature"], [7, 1, -1, -1, -1]),
    damage(["score", "terms", 2, "feature"], [10**30, 1, -1, -1, -1]),
    damage(["score", "terms", 2, "feature"], [0.5, 1, -1, -1, -1]),
    damage(["score", "terms", 2, "subset"], [-1, 5, -1, -1, -1]),
    damage(["score", "terms", 2, "subset"], [-1, -1, -1, -1, -1]),
    damage(["score", "terms", 2, "subsets"], [[1, 0, 0]]),
    damage(["score", "terms", 2, "value"], {"array": "f", "start": 0, "shape": [5, 1]}),
    damage(["score", "terms", 2, "value"], {"array": "f", "start": -5, "shape": [10**9, 10**9]}),
    damage(["score", "terms", 2, "levels"], [[], 5]),
    damage(["score", "terms", 2, "columns"], ["x", 5]),
]


@pytest.mark.parametrize("change", DAMAGE, ids=lambda d: d.__name__)
def test_hostile_dictionary_raises(change):
    data = copy.deepcopy(FORMS["regression"].to_dict())
    change(data)
    with pytest.raises(FormError):
        Form.from_dict(data)


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"\x80\x04\x95", b'{"a":' * 100_000, b'{"format": ' + b"9" * 5000 + b"}", b"null", b"{\xff}"],
)
def test_hostile_file_raises(content, tmp_path):
    path = tmp_path / "m.json"
    path.write_bytes(content)
    with pytest.raises(FormError):
        Form.load(path)


@pytest.mark.parametrize("note", [{"file": "../x.npz", "sha256": ""}, {"file": "/etc/passwd"}, 5, {"file": "m.npz"}])
def test_arrays_from_elsewhere_are_refused(note, tmp_path):
    path = tmp_path / "m.json"
    path.write_text(json.dumps({**FORMS["constant"].to_dict(), "arrays": note}))
    with pytest.raises(FormError):
        Form.load(path)


def test_saving_is_whole_or_not_at_all(tmp_path):
    path = tmp_path / "m.json"
    FORMS["constant"].save(path)
    before = path.read_bytes()
    broken = Form(Additive(np.array([1.0]), ()), Identity(), {}, subject=object())
    with pytest.raises(TypeError):
        broken.save(path)
    assert path.read_bytes() == before


def plain(kind: str) -> Form:
    line = Linear("c", np.ones(1), 0.0, np.full(1, -1.0))
    return Form(Additive(np.zeros(1), (line,)), Identity(), {"c": kind})


def test_text_is_read_by_the_column_s_kind_alone():
    for text in ("5", "2000", "2020-01-01", "1.5"):
        with pytest.raises(FormError, match="'c' must hold numbers"):
            plain("number").predict({"c": [text]})
    np.testing.assert_array_equal(plain("datetime").predict({"c": ["19700103", 19700103, "1970-01-03"]}), [2, 2, 2])
    with pytest.raises(FormError, match="dates"):
        plain("datetime").predict({"c": ["yesterday"]})
    np.testing.assert_array_equal(
        plain("boolean").predict({"c": ["Yes", "no", "t", 0, 1.0, None]}), [1, 0, 1, 0, 1, -1]
    )
    with pytest.raises(FormError, match="truth values"):
        plain("boolean").predict({"c": ["maybe"]})


def test_cells_are_not_told_in_errors():
    with pytest.raises(FormError) as error:
        plain("number").predict({"c": ["the secret"]})
    assert "secret" not in str(error.value)


def test_a_number_written_otherwise_is_the_same_level():
    term = Levels("c", ("1", "01", "x"), np.array([[1.0], [2.0], [3.0]]), np.array([9.0]), np.array([7.0]))
    form = Form(Additive(np.zeros(1), (term,)), Identity(), {"c": "category"})
    np.testing.assert_array_equal(form.predict({"c": ["1", "01", "1.0", "001", "x", "1e400"]}), [1, 2, 1, 1, 3, 9])


@pytest.mark.parametrize("X", [np.ones((3, 1)), {"c": 1.0}, {"c": [1.0], "d": 2}])
def test_what_is_no_table_is_refused(X):
    form = Form(
        Additive(np.zeros(1), (*plain("number").body.terms, Linear("d", np.ones(1), 0.0, np.zeros(1)))),
        Identity(),
        {"c": "number", "d": "number"},
    )
    with pytest.raises(FormError, match=r"list or an array|must be a DataFrame"):
        form.predict(X)


def test_a_file_has_the_name_that_it_is_given(tmp_path):
    form = large_form()
    form.save(tmp_path / "model.v1")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["model.v1", "model.v1.npz"]
    x = {"x": [1.0, 50.0]}
    np.testing.assert_array_equal(Form.load(tmp_path / "model.v1").predict(x), form.predict(x))


def test_terms_are_averaged_by_one_division():
    third = Form(Additive(np.array([0.0]), (tree(), tree(), tree()), 3.0), Identity(), KINDS)
    np.testing.assert_array_equal(third.predict(ROWS), [1, 2, 3, 2, 2, 1])
    again = Form.from_dict(third.to_dict())
    np.testing.assert_array_equal(again.predict(ROWS), third.predict(ROWS))
    broken = third.to_dict()
    broken["score"]["divisor"] = 0
    with pytest.raises(FormError, match="divisor"):
        Form.from_dict(broken)
