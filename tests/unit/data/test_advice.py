"""What is advised to begin with, for few and many pictures, small and large."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from grevy.data import advice
from grevy.data.advice import advise
from grevy.recipes.schema import PicturesConfig

AUTO = PicturesConfig()


def rows(encode, count, height, width):
    data = encode(np.zeros((height, width, 3), np.uint8))
    return [(f"{i}", "ab"[i % 2], data) for i in range(count)]


def test_few_and_large_pictures_are_for_transfer_at_its_size(make_source, encode):
    found = advise(make_source({"train": rows(encode, 40, 480, 640)}), AUTO)
    assert found.recipe == "transfer"
    assert found.flags[:2] == ("--recipe", "transfer")
    assert "few pictures (40 in train) and large ones" in found.reasons[0]
    assert "640 wide and 480 high" in found.reasons[0]
    assert (found.pictures.auto_side, found.pictures.channels) == (160, "rgb")


@pytest.mark.parametrize("size", [(32, 32), (96, 96), (96, 4000)])
def test_small_pictures_are_for_the_default(make_source, encode, size):
    found = advise(make_source({"train": rows(encode, 100, *size)}), AUTO)
    assert (found.recipe, found.flags, found.reasons) == (None, (), ())
    assert found.pictures == AUTO


def test_what_is_mostly_small_stays_small_and_unreadable_ones_have_no_say(make_source, encode):
    mixed = rows(encode, 60, 32, 32) + rows(encode, 30, 500, 500)
    assert advise(make_source({"train": mixed}), AUTO).recipe is None
    broken = [*rows(encode, 3, 500, 500), *[(f"x{i}", "a", b"no") for i in range(9)]]
    assert advise(make_source({"train": broken}), AUTO).recipe == "transfer"
    assert advise(make_source({"train": broken[3:]}), AUTO).recipe is None


def test_many_large_pictures_are_for_the_default(make_source, encode, monkeypatch):
    monkeypatch.setattr(advice, "FEW", 99)
    assert advise(make_source({"train": rows(encode, 100, 200, 200)}), AUTO).recipe is None
    assert advise(make_source({"train": rows(encode, 99, 200, 200)}), AUTO).recipe == "transfer"


def test_what_the_user_has_said_stays(make_source, encode):
    large = make_source({"train": rows(encode, 40, 480, 640)})
    said = PicturesConfig(size=48, auto_side=100, channels="gray", bits=12)
    assert advise(large, said).pictures == said


def test_where_there_is_no_whole_batch_a_smaller_one_is_advised(make_source, encode):
    def batch_of(count, **more):
        splits = {"train": rows(encode, count, 32, 32), **more}
        return advise(make_source(splits), AUTO).batch_size

    assert batch_of(72) is None  # 64 are left for train
    assert batch_of(70) == 16  # 62 are
    assert batch_of(64, validation=rows(encode, 4, 32, 32)) is None
    assert batch_of(20) == 8
    assert batch_of(4) == 1


def test_arrays_are_looked_at_without_decoding(make_array_source):
    pixels = np.zeros((80, 200, 300), np.uint8)
    source = make_array_source({"train": (pixels, list("ab" * 40))})
    found = advise(source, AUTO)
    assert found.recipe == "transfer"
    assert found.pictures.channels == "rgb"


def test_a_sample_of_headers_is_enough(make_source, encode, tmp_path, monkeypatch):
    looked: list[Path | bytes] = []
    monkeypatch.setattr(advice, "read_header", looked.append)
    advise(make_source({"train": rows(encode, 5000, 8, 8)}), AUTO)
    assert 200 <= len(looked) <= 400
