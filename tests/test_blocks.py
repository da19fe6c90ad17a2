import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.blocks import choose_blocks, deal_blocks, join_blocks


def one_by_one(counts, share, seed):
    """Look at the blocks one after the other and take each that brings the chosen rows nearer to their share."""
    missing = share * counts.sum(axis=0)
    chosen = np.zeros(len(counts), dtype=bool)
    for block in np.random.default_rng(seed).permutation(len(counts)):
        if np.sum((missing - counts[block]) ** 2) < np.sum(missing**2):
            chosen[block] = True
            missing = missing - counts[block]
    return chosen


block_counts = (
    st.integers(1, 3)
    .flatmap(
        lambda k: st.lists(st.lists(st.integers(0, 9), min_size=k, max_size=k).filter(any), min_size=1, max_size=30)
    )
    .map(np.array)
)


@given(counts=block_counts, eighths=st.integers(1, 7))
def test_stretches_choose_what_one_by_one_chooses(counts, eighths):
    assert np.array_equal(choose_blocks(counts, eighths / 8, 7), one_by_one(counts, eighths / 8, 7))


def test_single_rows_meet_the_share_of_each_class():
    counts = np.repeat([[1, 0], [0, 1]], [1000, 60], axis=0)
    assert counts[choose_blocks(counts, 0.3, 0)].sum(axis=0).tolist() == [300, 18]


@given(counts=block_counts, n_folds=st.integers(2, 5))
def test_no_fold_is_empty_and_folds_are_as_even_as_the_largest_block(counts, n_folds):
    fold = deal_blocks(counts, n_folds, 3)
    assert set(fold) <= set(range(n_folds))
    if len(counts) >= n_folds:
        assert set(fold) == set(range(n_folds))
    if counts.shape[1] == 1:
        rows = np.bincount(fold, weights=counts[:, 0], minlength=n_folds)
        assert np.ptp(rows) <= counts.max()


def test_small_blocks_fill_up_what_large_ones_left_uneven():
    counts = np.array([[50], [30], *[[1]] * 70])
    fold = deal_blocks(counts, 3, 0)
    assert sorted(np.bincount(fold, weights=counts[:, 0])) == [50, 50, 50]


def test_seeds_matter_for_few_large_blocks_too():
    counts = np.arange(17, 29)[:, np.newaxis]
    assert len({deal_blocks(counts, 3, seed).tobytes() for seed in range(10)}) > 5


def test_each_class_is_dealt_evenly():
    rng = np.random.default_rng(0)
    counts = rng.multinomial(4, [0.6, 0.3, 0.1], size=300)
    fold = deal_blocks(counts, 5, 0)
    for k in range(3):
        rows = np.bincount(fold, weights=counts[:, k])
        assert rows == pytest.approx(np.full(5, counts[:, k].sum() / 5), abs=4)


@given(st.data())
def test_joined_blocks_are_connected_components(data):
    n = data.draw(st.integers(1, 25))
    groups, same = (np.array(data.draw(st.lists(st.integers(0, 12), min_size=n, max_size=n))) for _ in range(2))
    block = join_blocks(groups, same)
    reach = (groups[:, None] == groups) | (same[:, None] == same)
    for _ in range(5):  # 2^5 steps: more than any chain among 25 rows
        reach = (reach.astype(int) @ reach.astype(int)) > 0
    assert np.array_equal(reach, block[:, None] == block)


def test_nothing_to_join():
    assert join_blocks(None, None) is None
    assert join_blocks(None, np.array([0, 0, 1])).tolist() == [0, 0, 1]
    assert join_blocks(np.array([5, 7, 5]), None).tolist() == [0, 1, 0]
