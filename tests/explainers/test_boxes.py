import numpy as np
import pytest

from workbench.explainers.shapley.boxes import Catalogue
from workbench.forms import Frame, Linear, Rule, Tree
from workbench.forms.rules import Condition


def tree(**changes):
    """a <= 1, then a <= 0 (left) and level in {u} or unseen (right), then a <= 2: boxes with merged conditions."""
    nodes = {
        "columns": ("a", "spare", "level"),
        "levels": ((), (), ("u", "v")),
        "feature": np.array([0, 0, 2, -1, -1, 0, -1, -1, -1]),
        "threshold": np.array([1.0, 0.0, np.nan, np.nan, np.nan, 2.0, np.nan, np.nan, np.nan]),
        "subset": np.array([-1, -1, 0, -1, -1, -1, -1, -1, -1]),
        "subsets": np.array([[True, False, True]]),
        "left": np.array([1, 3, 5, -1, -1, 7, -1, -1, -1]),
        "right": np.array([2, 4, 6, -1, -1, 8, -1, -1, -1]),
        "missing_left": np.array([False, True, False, False, False, True, False, False, False]),
        "value": np.array([0, 0, 0, 1, 2, 0, 3, 4, 5.0])[:, None],
    }
    return Tree(**(nodes | changes))


TERMS = (
    tree(),
    Rule((Condition("a", lower=-np.inf, upper=0.5), Condition("spare", lower=1.0, missing=True)), np.array([10.0])),
    Rule((Condition("a", lower=-np.inf, upper=-np.inf, missing=True),), np.array([100.0])),
    Rule((Condition("level", levels=("u", "v"), inside=(False, True, False), missing=True),), np.array([1000.0])),
    Rule((Condition("spare", levels=(), inside=(True,)),), np.array([7.0])),
)
CELLS = [-np.inf, -1.0, 0.0, np.nextafter(0.0, 1), 0.5, 1.0, np.nextafter(1.0, 2), 1.5, 2.0, 2.1, np.inf, np.nan]


@pytest.fixture(name="frame", scope="module")
def _frame():
    a, spare, level = np.meshgrid(CELLS, [0.0, 1.0, 5.0, np.nan], np.array(["u", "v", "w", None], dtype=object))
    return Frame({"a": a.ravel(), "spare": spare.ravel(), "level": level.ravel()})


@pytest.mark.parametrize("terms", [TERMS, *((term,) for term in TERMS)])
def test_boxes_add_up_to_the_terms(terms, frame):
    catalogue = Catalogue.of(terms, 1)
    total = np.zeros((frame.n_rows, 1))
    for boxes in catalogue.groups:
        met = np.ones((len(boxes), frame.n_rows), dtype=bool)
        for d in range(boxes.n_columns):
            met &= ~catalogue.fails(boxes, d, catalogue.cells(frame))
        assert all(len(set(row)) == boxes.n_columns for row in boxes.reading.tolist())
        total += met.T @ boxes.value
    assert np.array_equal(total, sum(term.score(frame) for term in terms))


def test_conditions_on_one_column_are_merged_and_what_always_holds_is_left_out():
    sizes = {boxes.n_columns: len(boxes) for boxes in Catalogue.of([tree()], 1).groups}
    assert sizes == {1: 2, 2: 3}  # two leaves below a <= 1 by a alone; three by a and level
    always = tree(threshold=np.full(9, np.nan), missing_left=np.full(9, True))
    always.threshold[[0, 1, 5]] = np.inf
    found = Catalogue.of([always], 1).groups
    assert [boxes.n_columns for boxes in found] == [0]
    assert found[0].value.tolist() == [[1.0]]


def test_some_rows_alone_and_many_cuts(frame):
    catalogue = Catalogue.of(TERMS, 1)
    assert np.array_equal(catalogue.cells(frame, 5, 9), catalogue.cells(frame)[:, 5:9])
    assert catalogue.dtype == np.uint16
    many = [Rule((Condition("a", lower=float(i), upper=i + 0.5),), np.ones(1)) for i in range(40_000)]
    wide = Catalogue.of(many, 1)
    assert wide.dtype == np.uint32
    rows = Frame({"a": np.array([-1.0, 0.5, 0.6, 39_999.5, 20_000.2, np.nan])})
    (boxes,) = wide.groups
    assert (~wide.fails(boxes, 0, wide.cells(rows))).sum(axis=0).tolist() == [0, 1, 0, 1, 1, 0]


def test_shares_multiply_along_the_way():
    counted = tree(support=np.array([10, 6, 4, 3, 3, 2, 2, 2, 0]))
    catalogue = Catalogue.of([counted], 1)
    found = {float(v[0]): s.tolist() for b in catalogue.groups for v, s in zip(b.value, b.share, strict=True)}
    assert found == {1.0: [0.6 * 0.5], 2.0: [0.6 * 0.5], 3.0: [0.4, 0.5], 4.0: [0.4, 0.5], 5.0: [0.0, 0.5]}


def test_other_terms_are_refused():
    with pytest.raises(ValueError, match="every term must be a tree or a rule; got one of kind 'linear'"):
        Catalogue.of([Linear("a", np.ones(1), 0.0, np.zeros(1))], 1)
