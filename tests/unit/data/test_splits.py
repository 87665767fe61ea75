"""Parts of a split, and fingerprints that depend on contents only."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grevy.data import splits
from grevy.data.splits import data_fingerprint, split_hash, stratified_part, take_rows
from grevy.errors import SplitTooSmallError


def test_each_class_gives_its_fraction():
    labels = np.repeat([0, 1, 2], [100, 50, 10])
    part = stratified_part(labels, 0.1, 0)
    assert part.dtype == bool
    assert np.bincount(labels[part]).tolist() == [10, 5, 1]


@given(
    st.lists(st.integers(2, 40), min_size=1, max_size=6),
    st.floats(0.001, 0.999),
    st.integers(0, 2**32),
)
def test_both_parts_have_every_class_and_the_size_is_the_nearest_possible(sizes, fraction, seed):
    labels = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(sizes)), sizes))
    part = stratified_part(labels, fraction, seed)
    for label, size in enumerate(sizes):
        count = int(part[labels == label].sum())
        assert 1 <= count <= size - 1
        assert abs(count - np.clip(fraction * size, 1, size - 1)) <= 0.5 + 1e-9


def test_the_part_is_the_same_everywhere():
    """Pinned: a change here would change the validation split of every record."""
    part = stratified_part([0] * 10 + [1] * 10, 0.3, 0)
    # The first numbers of PCG64(0): 0.637 0.270 0.041 0.017 0.813 0.913 0.607 0.729 0.544 0.935,
    # 0.816 0.003 0.857 0.034 0.730 0.176 0.863 0.541 0.300 0.423: of each ten the smallest three.
    assert np.flatnonzero(part).tolist() == [1, 2, 3, 11, 13, 15]


def test_other_seeds_give_other_parts_of_the_same_size():
    labels = np.repeat([0, 1], 50)
    parts = [stratified_part(labels, 0.2, seed) for seed in range(5)]
    assert len({part.tobytes() for part in parts}) == 5
    assert {int(part.sum()) for part in parts} == {20}


def test_names_serve_as_labels():
    numbers = stratified_part([0, 1] * 20, 0.1, 3)
    np.testing.assert_array_equal(stratified_part(["cat", "dog"] * 20, 0.1, 3), numbers)


def test_a_class_with_one_picture_is_named():
    with pytest.raises(SplitTooSmallError, match="'dog', 'owl'"):
        stratified_part(["cat", "cat", "dog", "owl"], 0.5, 0)


def test_the_split_hash_does_not_depend_on_order_but_on_each_pair():
    first = split_hash(["a", "b"], ["1", "2"])
    assert first == split_hash(["b", "a"], ["2", "1"])
    assert first == hashlib.sha256(b'[["a", "1"], ["b", "2"]]').hexdigest()
    assert first not in (split_hash(["b", "a"], ["1", "2"]), split_hash(["a", "b"], ["1", "3"]))


def test_the_fingerprint_depends_on_classes_in_order_and_on_every_split():
    first = data_fingerprint(["a", "b"], {"train": "1", "test": "2"})
    assert first == data_fingerprint(["a", "b"], {"test": "2", "train": "1"})
    others = [
        data_fingerprint(["b", "a"], {"train": "1", "test": "2"}),
        data_fingerprint(["a", "b"], {"train": "2", "test": "1"}),
        data_fingerprint(["a", "b"], {"train": "1"}),
    ]
    assert len({first, *others}) == 4


def test_all_rows_in_order_are_the_images_themselves(noise):
    images = noise(5, 1, 2, 2)
    assert take_rows(images, np.arange(5)) is images


@pytest.mark.parametrize("in_memory", [0, 2**32], ids=["on disk", "in memory"])
def test_some_rows_are_copied(noise, monkeypatch, own_cache, in_memory):
    own_cache.mkdir()
    monkeypatch.setattr(splits, "_IN_MEMORY_BYTES", in_memory)
    images, rows = noise(3000, 1, 2, 2), np.arange(2999, 0, -2)
    taken = take_rows(images, rows)
    assert isinstance(taken, np.memmap) == (in_memory == 0)
    np.testing.assert_array_equal(taken, images[rows])
    assert list(own_cache.iterdir()) == []
