"""What a record keeps of the user's own code, and which of it may be run."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import Path

import pytest

from grevy.errors import CorruptRecordError, SourceError, SourceFaultError, UntrustedSourceError
from grevy.records.run import RunDirectory
from grevy.records.run_record import SourceRecord
from grevy.records.source import (
    MOST_FILES,
    digest_of,
    hashes_of,
    kept_sources,
    read_source,
    recorded_sources,
    union,
    write_sources,
)
from grevy.records.trust import is_remembered, remember, require_trust, trust_list


@dataclass(frozen=True)
class Record:
    """What a record says about sources."""

    sources: tuple[SourceRecord, ...]


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GREVY_STATE", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = {
        "mynet.py": "import math, torch, gone\nfrom blocks import a\nfrom nets.deep import b\n",
        "blocks.py": "def f():\n    import nets\n",
        "nets/__init__.py": "from . import deep\nfrom .deep import wide\n",
        "nets/deep.py": "from .wide import c\nfrom .. import up\n",
        "nets/wide.py": "c = 3\n",
        "math.py": "raise RuntimeError\n",
        "torch.py": "raise RuntimeError\n",
        "unused.py": "",
    }
    for name, text in files.items():
        (tmp_path / "own" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "own" / name).write_text(text)
    return tmp_path / "own"


def test_a_file_brings_what_it_imports_from_its_own_folder_and_nothing_else(folder: Path) -> None:
    sources = read_source(folder, "mynet.py", "model", object="Net", name="mynet.py:Net")
    assert [s.file for s in sources] == [
        "mynet.py",
        "blocks.py",
        "nets/__init__.py",
        "nets/deep.py",
        "nets/wide.py",
    ]
    assert [s.role for s in sources] == ["model", *["import"] * 4]


def test_a_file_that_is_missing_no_text_or_not_python_is_refused(folder: Path) -> None:
    with pytest.raises(SourceError, match=r"no file .*nte\.py"):
        read_source(folder, "nte.py", "model")
    (folder / "bytes.py").write_bytes(b"\xff\xfe")
    with pytest.raises(SourceError, match="can't be read"):
        read_source(folder, "bytes.py", "model")
    (folder / "nets" / "wide.py").write_text("c = (\n")
    with pytest.raises(SourceFaultError, match=r'nets/wide\.py, line 1: SyntaxError.*"c = \("'):
        read_source(folder, "mynet.py", "model")


def test_more_than_records_can_keep_is_refused(folder: Path) -> None:
    names = [f"part{n}" for n in range(MOST_FILES)]
    for name in names:
        (folder / f"{name}.py").write_text("")
    (folder / "all.py").write_text(f"import {', '.join(names)}\n")
    with pytest.raises(SourceError, match="more than 50 files"):
        read_source(folder, "all.py", "model")
    (folder / "long.py").write_text("import part1  # " + "x" * 2**20)
    with pytest.raises(SourceError, match="a mebibyte"):
        read_source(folder, "long.py", "model")


def test_a_digest_is_of_texts_names_and_objects(folder: Path) -> None:
    def digest(**entry: str) -> str:
        return digest_of(read_source(folder, "mynet.py", "model", **entry))

    assert digest(object="Net") == digest(object="Net")
    assert digest(object="Net") != digest(object="Other")
    before = digest(object="Net")
    (folder / "nets" / "wide.py").write_text("c = 4\n")
    assert digest(object="Net") != before


def test_sources_join_once_each_and_not_with_others_of_the_same_name(folder: Path) -> None:
    net, plugin = (
        read_source(folder, "mynet.py", "model"),
        read_source(folder, "blocks.py", "plugin"),
    )
    both = union(net, plugin)
    assert union(both, net) == both == union(plugin, net)
    assert len(hashes_of(both)) == 5
    (folder / "blocks.py").write_text("")
    with pytest.raises(SourceError, match=r"two different files blocks\.py"):
        union(net, read_source(folder, "blocks.py", "plugin"))


def kept(folder: Path, run: Path) -> tuple[RunDirectory, Record]:
    sources = read_source(folder, "mynet.py", "model", object="Net", name="mynet.py:Net")
    write_sources(RunDirectory(run), sources)
    return RunDirectory(run), Record(tuple(source.to_record() for source in sources))


def test_what_a_record_keeps_comes_back_as_it_was(folder: Path, tmp_path: Path) -> None:
    directory, record = kept(folder, tmp_path / "run")
    assert (tmp_path / "run/source/nets/wide.py").read_text() == "c = 3\n"
    again = kept_sources(directory, recorded_sources(record))
    before = read_source(folder, "mynet.py", "model", object="Net", name="mynet.py:Net")
    assert [s.text for s in again] == [s.text for s in before]
    assert digest_of(again) == digest_of(before)


def test_a_kept_file_that_was_changed_or_lost_is_never_run(folder: Path, tmp_path: Path) -> None:
    directory, record = kept(folder, tmp_path / "run")
    file = tmp_path / "run/source/blocks.py"
    file.write_text("import os\n")
    with pytest.raises(CorruptRecordError, match=r"blocks\.py.*changed after the training"):
        kept_sources(directory, recorded_sources(record))
    file.unlink()
    with pytest.raises(CorruptRecordError, match=r"blocks\.py"):
        kept_sources(directory, recorded_sources(record))


@pytest.mark.parametrize("place", ["../outside.py", "/etc/passwd", "link.py", "a/../../outside.py"])
def test_no_place_outside_the_record_is_followed(tmp_path: Path, place: str) -> None:
    directory = RunDirectory(tmp_path / "run")
    directory.source.mkdir(parents=True)
    (tmp_path / "run" / "outside.py").write_text("")
    (directory.source / "link.py").symlink_to(tmp_path / "run" / "outside.py")
    entry = SourceRecord(file=place, sha256="e3b0c442", role="model", object="Net", name="n")
    with pytest.raises(CorruptRecordError, match="it is not in"):
        kept_sources(directory, recorded_sources(Record((entry,))))


def test_what_was_trained_with_here_is_on_a_list_that_only_its_owner_reads(
    folder: Path, tmp_path: Path, state: Path
) -> None:
    directory, record = kept(folder, tmp_path / "run")
    sources = kept_sources(directory, recorded_sources(record))
    with pytest.raises(UntrustedSourceError) as error:
        require_trust(sources, directory)
    assert str(tmp_path / "run/source/mynet.py") in str(error.value)
    assert "--trust-source" in str(error.value)
    remember(sources, directory.path)
    remember(sources, directory.path)
    require_trust(sources, directory)
    lines = trust_list().read_text().splitlines()
    assert [line.split()[0] for line in lines] == [digest_of(sources)]
    assert lines[0].endswith(str(tmp_path / "run"))
    assert stat.S_IMODE(trust_list().stat().st_mode) == 0o600
    assert stat.S_IMODE(state.stat().st_mode) == 0o700


def test_an_edited_file_and_another_object_of_it_are_not_on_the_list(folder: Path) -> None:
    one = read_source(folder, "mynet.py", "model", object="Net", name="mynet.py:Net")
    remember(one, Path("run"))
    other = read_source(folder, "mynet.py", "model", object="main", name="mynet.py:Net")
    (folder / "mynet.py").write_text("import os\n")
    edited = read_source(folder, "mynet.py", "model", object="Net", name="mynet.py:Net")
    assert [is_remembered(s) for s in (one, other, edited)] == [True, False, False]


def test_a_list_that_others_can_write_to_is_not_believed(folder: Path) -> None:
    sources = read_source(folder, "mynet.py", "model")
    remember(sources, Path("run"))
    trust_list().chmod(0o666)
    with pytest.raises(UntrustedSourceError, match="chmod 600"):
        is_remembered(sources)
