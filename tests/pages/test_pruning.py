from __future__ import annotations

import numpy as np
import pytest

import workbench as wb
from tests.pages import drawn
from tests.pages.results import results
from workbench.forms import Tree
from workbench.pages import cards
from workbench.pages.pruning import means, pruned


@pytest.fixture(scope="module")
def form() -> wb.Form:
    table = wb.load("wine-quality-red")
    return wb.Regressor("tree", max_leaf_nodes=90, min_samples_leaf=10).fit(table.X, table.y).form_


def below(tree: Tree, node: int) -> list[int]:
    if tree.is_leaf[node]:
        return [node]
    return below(tree, int(tree.left[node])) + below(tree, int(tree.right[node]))


def test_a_cut_tree_holds_the_means_of_what_it_lost(form: wb.Form) -> None:
    whole = form.body.terms[0]
    assert whole.is_leaf.sum() > 60
    for most in (2, 8, 24):
        cut, kept, ends = pruned(whole, most)
        assert 2 <= cut.is_leaf.sum() <= most
        assert any(ends)
        for i, (node, end) in enumerate(zip(kept, ends, strict=True)):
            leaves = below(whole, node)
            if cut.is_leaf[i]:
                assert end == (len(leaves) > 1)
                wanted = np.average(whole.value[leaves], axis=0, weights=whole.support[leaves])
                np.testing.assert_allclose(cut.value[i], wanted)
                assert cut.support[i] == whole.support[leaves].sum()
            else:
                assert kept[cut.left[i]] == whole.left[node]
                assert kept[cut.right[i]] == whole.right[node]
    np.testing.assert_allclose(means(whole)[whole.is_leaf], whole.value[whole.is_leaf])


def test_a_small_tree_is_left_as_it_is(form: wb.Form) -> None:
    whole = form.body.terms[0]
    cut, kept, ends = pruned(whole, 1000)
    assert cut is whole
    assert kept == list(range(whole.feature.size))
    assert not any(ends)


def test_the_card_of_a_large_tree_shows_its_top(form: wb.Form) -> None:
    given = results()
    given["models"][1] |= {
        "form_dict": form.to_dict(), "form_text": str(form), "form_latex": "", "size": form.size,
        "features_used": list(form.columns), "details": [], "rules": None,
    }  # fmt: skip
    card = cards(given)["linear"]
    view = drawn.view(card)
    picture = view.sections[0].blocks[0].pictures[0]
    n = int(form.body.terms[0].is_leaf.sum())
    assert picture.finding.startswith(f"{n - 1} questions lead to {n} answers")
    assert "the whole tree is in the card's JSON" in picture.note
    assert picture.svg.count("…</text>") >= 1
    assert "goes on" in drawn.card_html(card)
