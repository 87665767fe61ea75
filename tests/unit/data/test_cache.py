"""Decoded pictures on disk: made once, whole or absent, made anew when damaged."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections import namedtuple
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from grevy.data.alone import alone_in
from grevy.data.cache import decode_source
from grevy.data.types import EncodedSplit
from grevy.errors import SaveError
from grevy.recipes.schema import PicturesConfig

AUTO = PicturesConfig()


@pytest.fixture
def small(encode, noise, make_source, own_cache):
    """Six noisy 8×6 pictures in two splits."""

    def rows(split, seeds):
        return [(f"{split}/{s}", "ab"[s % 2], encode(noise(8, 6, 3, seed=s))) for s in seeds]

    return make_source({"train": rows("train", range(4)), "test": rows("test", range(4, 6))})


def unread(source):
    """The same source, whose pictures can't be read any more."""

    def refuse():
        raise AssertionError("a cached start read the pictures")

    splits = {name: replace(split, pictures=refuse) for name, split in source.splits.items()}
    return replace(source, splits=splits)


def entries(cache):
    return sorted(path for path in (cache / "decoded").iterdir() if path.name[0] != ".")


def leftovers(cache):
    return [path for path in (cache / "decoded").iterdir() if path.name[0] == "."]


def test_pixels_and_facts_are_those_of_the_pictures(small, noise):
    found = decode_source(small, AUTO)
    assert found.notes == ()
    assert found.input_shape == (3, 8, 6)
    expected = np.stack([noise(8, 6, 3, seed=s).transpose(2, 0, 1) for s in range(4)])
    np.testing.assert_array_equal(found.images_NCHW["train"], expected)
    assert [f.id for f in found.facts["test"]] == ["test/4", "test/5"]
    assert {(f.height, f.width, f.format, f.mode) for f in found.facts["train"]} == {
        (8, 6, "PNG", "RGB")
    }


def test_images_are_memory_maps_that_nobody_can_write(small):
    images = decode_source(small, AUTO).images_NCHW["train"]
    assert isinstance(images, np.memmap)
    assert not images.flags.writeable


def test_the_second_start_reads_no_picture_and_finds_the_same(small):
    first = decode_source(small, AUTO)
    second = decode_source(unread(small), AUTO)
    assert second.facts == first.facts
    for name, images in first.images_NCHW.items():
        np.testing.assert_array_equal(second.images_NCHW[name], images)


@pytest.mark.parametrize(
    "change", [{"size": 5}, {"size": (4, 5)}, {"channels": "gray"}, {"fit": "pad"}]
)
def test_another_preparation_is_another_entry(small, own_cache, change):
    decode_source(small, AUTO)
    decode_source(small, AUTO.model_copy(update=change))
    assert len(entries(own_cache)) == 2


def test_what_does_not_change_the_pixels_shares_an_entry(small):
    decode_source(small, AUTO)
    other = {"validation_fraction": 0.5, "split_seed": 3, "unreadable": "leave-out", "mean": (0.0,)}
    decode_source(unread(small), AUTO.model_copy(update=other))


def test_one_changed_picture_changes_the_entry(small, encode, noise, make_source, own_cache):
    decode_source(small, AUTO)
    pictures = small.splits["train"].pictures()
    rows = list(zip(small.splits["train"].ids, small.splits["train"].labels, pictures, strict=True))
    rows[2] = (*rows[2][:2], encode(noise(8, 6, 3, seed=99)))
    changed = make_source({"train": rows, "test": []})
    test = small.splits["test"]
    changed = replace(changed, splits={**changed.splits, "test": test})
    images = decode_source(changed, AUTO).images_NCHW["train"]
    np.testing.assert_array_equal(images[2], noise(8, 6, 3, seed=99).transpose(2, 0, 1))
    assert len(entries(own_cache)) == 2


def test_the_same_contents_in_another_order_are_not_confused(small, own_cache):
    train = small.splits["train"]
    turned = EncodedSplit(train.ids[::-1], train.labels[::-1], lambda: train.pictures()[::-1])
    first = decode_source(small, AUTO)
    second = decode_source(replace(small, splits={**small.splits, "train": turned}), AUTO)
    np.testing.assert_array_equal(second.images_NCHW["train"], first.images_NCHW["train"][::-1])
    assert second.facts["train"] == first.facts["train"][::-1]


@pytest.mark.parametrize(
    ("shapes", "expected"),
    [
        ([(96, 20, 3)] * 2, (3, 96, 20)),
        ([(97, 20, 3)] * 2, (3, 64, 64)),
        ([(20, 20, 3), (20, 21, 3)], (3, 64, 64)),
        ([(20, 20), (20, 20)], (1, 20, 20)),
        ([(20, 20), (20, 20, 3)], (3, 20, 20)),
    ],
)
def test_auto_is_the_common_size_up_to_96_and_gray_if_all_are(
    encode, noise, make_source, own_cache, shapes, expected
):
    rows = [(str(i), "a", encode(noise(*shape))) for i, shape in enumerate(shapes)]
    assert decode_source(make_source({"train": rows[:1], "test": rows[1:]}), AUTO).input_shape == (
        expected
    )


def test_an_unreadable_picture_keeps_its_row_and_its_reason(encode, noise, make_source, own_cache):
    good = encode(noise(8, 8, 3))
    source = make_source({"train": [("x", "a", good), ("y", "b", b""), ("z", "b", good)]})
    for found in (decode_source(source, AUTO), decode_source(unread(source), AUTO)):
        assert found.input_shape == (3, 8, 8)
        assert [fact.error for fact in found.facts["train"]] == [None, "empty file", None]
        assert found.facts["train"][1].id == "y"
        assert not found.images_NCHW["train"][1].any()
        assert found.images_NCHW["train"][2].any()


def test_arrays_are_cached_hashed_and_resized(make_array_source, noise, own_cache):
    gray, rgb = noise(3, 8, 8), noise(2, 8, 8, 3)
    source = make_array_source({"train": (gray, ["a", "b", "a"]), "test": (rgb, ["a", "b"])})
    found = decode_source(source, AUTO)
    assert found.input_shape == (3, 8, 8)
    np.testing.assert_array_equal(found.images_NCHW["train"], np.stack([gray] * 3, 1))
    np.testing.assert_array_equal(found.images_NCHW["test"], rgb.transpose(0, 3, 1, 2))
    assert len({fact.pixel_hash for facts in found.facts.values() for fact in facts}) == 5
    resized = decode_source(source, PicturesConfig(size=4, channels="gray"))
    assert resized.input_shape == (1, 4, 4)


def truncate(entry):
    os.truncate(entry / "train.npy", 200)


def flip_a_byte(entry):
    with (entry / "train.npy").open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        last = file.read(1)
        file.seek(-1, os.SEEK_END)
        file.write(bytes([last[0] ^ 255]))


def lose_the_facts(entry):
    (entry / "facts.json").unlink()


def change_the_facts(entry):
    text = (entry / "facts.json").read_text()
    (entry / "facts.json").write_text(text.replace("PNG", "BMP"))


def lose_meta(entry):
    (entry / "meta.json").unlink()


def spoil_meta(entry):
    (entry / "meta.json").write_text('{"sha256": "0", "meta": []}')


def forge_meta(entry):
    sealed = json.loads((entry / "meta.json").read_text())
    del sealed["meta"]["files"]["train.npy"]
    (entry / "meta.json").write_text(json.dumps(sealed))


def empty(entry):
    shutil.rmtree(entry)
    entry.mkdir()


@pytest.mark.parametrize(
    "damage",
    [
        truncate,
        flip_a_byte,
        lose_the_facts,
        change_the_facts,
        lose_meta,
        spoil_meta,
        forge_meta,
        empty,
    ],
)
def test_a_damaged_entry_is_said_and_made_anew(small, own_cache, damage):
    first = decode_source(small, AUTO)
    expected = {name: np.array(images) for name, images in first.images_NCHW.items()}
    damage(entries(own_cache)[0])
    second = decode_source(small, AUTO)
    assert len(second.notes) == 1
    assert "damaged cache" in second.notes[0]
    assert "decoded anew" in second.notes[0]
    assert second.facts == first.facts
    for name, images in expected.items():
        np.testing.assert_array_equal(second.images_NCHW[name], images)
    assert decode_source(unread(small), AUTO).notes == ()
    assert leftovers(own_cache) == []


def test_what_a_killed_process_left_is_deleted_and_what_another_builds_is_not(small, own_cache):
    left, built = own_cache / "decoded" / ".left.12ab", own_cache / "decoded" / ".built.34cd"
    for folder in (left, built):
        folder.mkdir(parents=True)
        (folder / "train.npy").touch()
    with alone_in(built) as alone:
        assert alone
        decode_source(small, AUTO)
    assert leftovers(own_cache) == [built]


def test_where_folders_have_no_locks_a_day_is_waited(small, own_cache, monkeypatch):
    monkeypatch.setattr("grevy.data.alone._locked", lambda descriptor, how: None)
    old, young = own_cache / "decoded" / ".old.12ab", own_cache / "decoded" / ".young.34cd"
    for folder in (old, young):
        folder.mkdir(parents=True)
        (folder / "train.npy").touch()
    os.utime(old, times=(time.time() - 90_000,) * 2)
    decode_source(small, AUTO)
    assert leftovers(own_cache) == [young]


def test_too_little_space_is_an_error_before_any_decoding(small, own_cache, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage(100, 0, 1000))
    with pytest.raises(SaveError, match=r"0\.0 MB free in .* expected 0\.0 MB .* GREVY_CACHE"):
        decode_source(small, AUTO)
    assert entries(own_cache) == leftovers(own_cache) == []


def test_a_cache_folder_that_cannot_be_made_is_an_error(small, own_cache):
    own_cache.write_text("a file where the folder should be")
    with pytest.raises(SaveError, match="GREVY_CACHE"):
        decode_source(small, AUTO)


def test_an_interrupted_start_leaves_nothing(small, own_cache):
    def interrupt(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        decode_source(small, AUTO, on_progress=interrupt)
    assert entries(own_cache) == leftovers(own_cache) == []


MANY = """
import resource, sys
import numpy as np, io
from PIL import Image
from grevy.data.cache import decode_source
from grevy.data.types import EncodedSplit, Source
from grevy.errors import GrevyError
from grevy.recipes.schema import PicturesConfig

def encoded(seed):
    pixels = np.random.default_rng(seed).integers(0, 256, (12, 12, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()

ids = tuple(map(str, range(700)))
split = EncodedSplit(ids, ids, lambda: [encoded(seed) for seed in range(700)])
source = Source("many", {"train": split}, "many")
if "small-files" in sys.argv:
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    found = decode_source(source, PicturesConfig())
    print(found.images_NCHW["train"][:, 0].sum(), found.facts["train"][699].id)
except GrevyError as error:
    print(type(error).__name__, error)
"""


def start_many(tmp_path, *arguments):
    """A plain script without `if __name__ == "__main__"`, which decodes 700 pictures."""
    script = tmp_path / "script.py"
    script.write_text(MANY)
    environment = {**os.environ, "GREVY_CACHE": str(tmp_path / "cache")}
    return subprocess.Popen(
        [sys.executable, script, *arguments], stdout=subprocess.PIPE, env=environment, text=True
    )


def test_worker_processes_give_the_pixels_of_each_picture_also_two_starts_at_once(tmp_path, noise):
    both = [start_many(tmp_path), start_many(tmp_path)]
    said = [process.communicate()[0] for process in both]
    expected = sum(int(noise(12, 12, 3, seed=seed)[..., 0].sum()) for seed in range(700))
    assert said == [f"{expected} 699\n"] * 2
    assert len(entries(tmp_path / "cache")) == 1
    assert leftovers(tmp_path / "cache") == []


def test_a_full_disk_is_an_error_that_says_how_much_was_needed(tmp_path):
    said = start_many(tmp_path, "small-files").communicate()[0]
    assert said.startswith("SaveError")
    assert "train.npy (0.3 MB) could not be written: File too large" in said
    assert entries(tmp_path / "cache") == leftovers(tmp_path / "cache") == []


class Counted(Sequence):
    """Contents that are read only when asked for, and how many were."""

    def __init__(self, contents):
        self.contents, self.read = contents, 0

    def __len__(self):
        return len(self.contents)

    def __getitem__(self, index):
        self.read += 1
        time.sleep(0.0005)  # so long that whoever waits for a result gets a word in
        return self.contents[index]


def test_progress_is_told_while_most_pictures_are_still_unread(
    encode, noise, make_source, own_cache
):
    content = encode(noise(4, 4, 3))
    rows = [(str(i), "a", content) for i in range(4000)]
    source = make_source({"train": rows})
    counted = Counted([row[2] for row in rows])
    split = replace(source.splits["train"], pictures=lambda: counted)
    told = []
    decode_source(
        replace(source, splits={"train": split}),
        PicturesConfig(size=4, channels="rgb"),
        on_progress=lambda done, total: told.append((done, total, counted.read)),
    )
    assert told[0][2] < 3000
    assert counted.read == 4000
    done = [entry[0] for entry in told]
    assert done == sorted(set(done))
    assert told[-1][:2] == (4000, 4000)
