"""study.json as a typed record."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from grevy.errors import CorruptRecordError, StudyFileError
from grevy.records.study_record import read_study
from grevy.studies.plan import plan, save_study
from grevy.studies.study import load_study

FORMAT_1 = Path(__file__).parent / "format_1" / "study.json"
QUESTION = {"where": "digits", "base": {"epochs": 1}, "arms": {"slow": {"optimizer.lr": 0.01}}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A study of format 1, as Grevy 0.1.0 wrote it for `QUESTION` with one seed."""
    shutil.copy(FORMAT_1, tmp_path / "study.json")
    return tmp_path


def test_a_study_of_format_1_is_read_and_stays_as_it_is(folder: Path) -> None:
    record = read_study(folder)
    assert record is not None
    assert (record.format, record.where, record.seeds, record.margin) == (2, "digits", (0,), 0.005)
    assert {name: arm.optimizer.lr for name, arm in record.load_arms().items()} == {
        "baseline": 0.05,
        "slow": 0.01,
    }
    assert (folder / "study.json").read_bytes() == FORMAT_1.read_bytes()


def test_a_study_of_format_1_goes_on_with_more_seeds(folder: Path) -> None:
    save_study(load_study({**QUESTION, "seeds": 2}), folder)
    written = json.loads((folder / "study.json").read_text())
    assert (written["format"], written["seeds"]) == (2, [0, 1])
    with pytest.raises(StudyFileError, match="another baseline"):
        save_study(load_study({**QUESTION, "base": {"epochs": 2}}), folder)
    with pytest.raises(StudyFileError, match="another data"):
        save_study(load_study({**QUESTION, "where": "cifar10"}), folder)


def test_fields_of_a_newer_grevy_are_named_and_kept(folder: Path) -> None:
    asked = json.loads(FORMAT_1.read_text())
    (folder / "study.json").write_text(json.dumps({**asked, "format": 3, "budget": "1 h"}))
    record = read_study(folder)
    assert record is not None
    assert record.unknown_fields == ("budget",)
    save_study(load_study({**QUESTION, "seeds": 2}), folder)
    written = json.loads((folder / "study.json").read_text())
    assert (written["format"], written["budget"], written["seeds"]) == (3, "1 h", [0, 1])


def test_no_study_is_none(tmp_path: Path) -> None:
    assert read_study(tmp_path) is None
    (tmp_path / "file").write_text("")
    assert read_study(tmp_path / "file") is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ([1], "holds a list"),
        (None, "holds null"),
        ({"arms": None}, "'arms' should be"),
        ({"arms": {}}, "'arms' should have a baseline"),
        ({"arms": {"baseline": "base"}}, "'arms.baseline'"),
        ({"seeds": 5}, "'seeds' should be"),
        ({"seeds": []}, "'seeds'"),
        ({"seeds": [0.5]}, "'seeds.0'"),
        ({"margin": "small"}, "'margin'"),
        ({"where": None}, "'where' should be"),
        ({"format": 0}, "has no format"),
    ],
)
def test_what_can_t_be_read_is_one_line_that_names_it(folder: Path, change: Any, said: str) -> None:
    asked = json.loads(FORMAT_1.read_text())
    odd = {**asked, **change} if isinstance(change, dict) else change
    (folder / "study.json").write_text(json.dumps(odd))
    with pytest.raises(CorruptRecordError, match=said) as error:
        read_study(folder)
    assert "study.json" in str(error.value)


def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "study.json").mkdir()
    with pytest.raises(CorruptRecordError, match="is no file"):
        read_study(tmp_path)


def test_a_damaged_run_of_a_study_is_shown_as_failed(folder: Path) -> None:
    study = load_study({**QUESTION, "seeds": 1})
    first, second = plan(study, folder).runs
    first.path.mkdir(parents=True)
    (first.path / "run.json").write_text("[]")
    planned = plan(study, folder)
    assert [run.status for run in planned.runs] == ["failed", "missing"]
    assert "holds a list" in planned.runs[0].error["received"]  # type: ignore[index]
    assert planned.runs[1] == second
