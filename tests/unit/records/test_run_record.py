"""run.json as a typed record: whole, migrated, newer, and everything that it may wrongly be."""

from __future__ import annotations

import json
import multiprocessing
import os
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from grevy.errors import CorruptRecordError, RecipeError, RunBusyError, RunNotFoundError
from grevy.records.lock import hold_run
from grevy.records.run import RunDirectory
from grevy.records.run_record import RunRecord, RunStatus
from grevy.records.summed import SUM, with_sum, without_sum

FORMAT_1 = Path(__file__).parent / "format_1" / "run.json"


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    """A run of format 1: net2 on the digits with a profile, as Grevy 0.1.0 wrote it."""
    directory = RunDirectory(tmp_path / "run")
    directory.path.mkdir()
    directory.record_file.write_bytes(FORMAT_1.read_bytes())
    return directory


def edit(run: RunDirectory, **fields: Any) -> None:
    """Change fields in the file itself; dots lead into it, `...` removes."""
    record = json.loads(run.record_file.read_text())
    for dotted, value in fields.items():
        *rooms, last = dotted.split("__")
        place = record
        for room in rooms:
            place = place[room]
        place[last] = value
        if value is ...:
            del place[last]
    run.record_file.write_text(json.dumps(record))


def test_a_record_of_format_1_is_read_and_stays_as_it_is(run: RunDirectory) -> None:
    record = run.read()
    assert record.format == 2
    assert record.status is RunStatus.FINISHED
    assert (record.recipe_name, record.seed, record.sources) == ("net2", 1, ())
    assert record.load_recipe().model.name == "net2"
    assert record.results is not None
    assert list(record.results.splits) == ["train", "validation", "test"]
    assert record.results.splits["test"].n == record.data.splits["test"].n == 359
    assert record.profile is not None
    assert record.profile.parts[-1].part == "all"
    assert record.preprocessing.shape == (1, 32, 32)
    assert record.unknown_fields == ()
    assert run.record_file.read_bytes() == FORMAT_1.read_bytes()


def test_a_change_writes_format_2_and_nothing_else_that_is_new(run: RunDirectory) -> None:
    before = json.loads(run.record_file.read_text())
    run.change(resumes=3)
    after = without_sum(run.record_file, json.loads(run.record_file.read_text()))
    assert (after.pop("format"), after.pop("sources"), after.pop("resumes")) == (2, [], 3)
    assert after.pop("updated") > before.pop("updated")
    assert after == {k: v for k, v in before.items() if k not in ("format", "resumes")}


def test_a_record_comes_out_as_it_went_in(run: RunDirectory) -> None:
    run.change(resumes=1)
    written = json.loads(run.record_file.read_text())
    assert with_sum(run.read().to_dict()) == written


def test_fields_of_a_newer_grevy_are_named_and_kept(run: RunDirectory) -> None:
    edit(
        run,
        format=3,
        energy={"joules": 5},
        results__calibration=0.25,
        results__test__f1=0.5,
        preprocessing__gamma=2.2,
        profile__parts=[
            {**json.loads(FORMAT_1.read_text())["profile"]["parts"][0], "watts": 12.5},
        ],
    )
    record = run.read()
    assert set(record.unknown_fields) == {
        "energy",
        "results.calibration",
        "results.test.f1",
        "preprocessing.gamma",
        "profile.parts.0.watts",
    }
    run.change(resumes=2)
    written = json.loads(run.record_file.read_text())
    assert written["format"] == 3
    assert written["energy"] == {"joules": 5}
    assert written["results"]["calibration"] == 0.25
    assert written["results"]["test"]["f1"] == 0.5
    assert written["preprocessing"]["gamma"] == 2.2
    assert written["profile"]["parts"][0]["watts"] == 12.5


def test_a_newer_format_that_can_t_be_read_says_that_it_is_newer(run: RunDirectory) -> None:
    edit(run, format=7, status={"phase": "finished"})
    with pytest.raises(CorruptRecordError, match=r"'status' .* format 7, of a newer Grevy"):
        run.read()


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("data", None, "'data' should be .* is null"),
        ("data__fingerprint", 5, "'data.fingerprint' should be a valid string and is 5"),
        ("data__classes", "cat", "'data.classes' should be a valid array"),
        ("status", "done", "'status' should be 'training', 'finished', 'interrupted' or 'failed'"),
        ("seed", "0", "'seed' should be a valid integer"),
        ("seed", True, "'seed' should be a valid integer"),
        ("test_reads", -1, "'test_reads' should be greater than or equal to 0"),
        ("preprocessing", [], "'preprocessing'"),
        ("preprocessing__mean", [None], "'preprocessing.mean.0'"),
        ("results", [], "'results'"),
        ("results", None, "results should be there when the status is finished"),
        ("results__test__accuracy", 1.5, "'results.test.accuracy' should be less than or equal"),
        ("results__best_step", ..., "lacks the field 'results.best_step'"),
        ("recipe", {}, "'recipe' should have a name"),
        ("recipe", None, "'recipe' should be"),
        ("format", None, "has no format"),
        ("format", "1", "has no format"),
        ("format", ..., "has no format"),
        ("environment", 5, "'environment'"),
        ("created", None, "'created' should be a valid string"),
    ],
)
def test_what_can_t_be_read_is_named(run: RunDirectory, field: str, value: Any, said: str) -> None:
    edit(run, **{field: value})
    with pytest.raises(CorruptRecordError, match=said) as found:
        run.read()
    assert str(run.record_file) in str(found.value)
    assert "\n" not in str(found.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "can't be read"),
        (b"{", "can't be read"),
        (b"[1, 2]", "holds a list"),
        (b"null", "holds null"),
        (b'"run"', "holds a text"),
        (b"3", "holds a number"),
        (b"\xff\xfe{}", "can't be read"),
        (b'{"format": 2, "loss": NaN}', "NaN is no number in JSON"),
        (b'{"format": 2, "loss": -Infinity}', "-Infinity is no number in JSON"),
        (b"[" * 100_000, "can't be read"),
        (b"{}", "has no format"),
    ],
)
def test_what_is_no_record_is_one_line(run: RunDirectory, content: bytes, said: str) -> None:
    run.record_file.write_bytes(content)
    with pytest.raises(CorruptRecordError, match=said):
        run.read()


def test_only_a_regular_file_is_opened(run: RunDirectory, tmp_path: Path) -> None:
    run.record_file.unlink()
    with pytest.raises(RunNotFoundError):
        run.read()
    os.mkfifo(run.record_file)  # opening it would wait for ever
    with pytest.raises(CorruptRecordError, match="is no file"):
        run.read()
    run.record_file.unlink()
    run.record_file.symlink_to(tmp_path / "nothing")
    with pytest.raises(CorruptRecordError, match="is a link, and none is followed"):
        run.read()
    run.record_file.unlink()
    run.record_file.mkdir()
    with pytest.raises(CorruptRecordError, match="is no file"):
        run.read()


def test_a_huge_file_is_not_taken_into_memory(run: RunDirectory) -> None:
    with run.record_file.open("r+b") as file:
        file.truncate(2**40)
    with pytest.raises(CorruptRecordError, match="bytes"):
        run.read()


def test_a_change_is_checked_before_it_is_written(run: RunDirectory) -> None:
    with pytest.raises(TypeError, match="no field colour"):
        run.change(colour="red")
    with pytest.raises(ValidationError):
        run.change(status="done")
    with pytest.raises(ValidationError):
        run.change(results=None)
    assert run.record_file.read_bytes() == FORMAT_1.read_bytes()


def test_a_record_is_not_changed_in_place(run: RunDirectory) -> None:
    record = run.read()
    with pytest.raises(ValidationError):
        record.seed = 5  # type: ignore[misc]
    assert record.changed(seed=5).seed == 5
    assert record.seed == 1


def test_no_run_leaves_no_lock(tmp_path: Path) -> None:
    with pytest.raises(RunNotFoundError):
        RunDirectory(tmp_path / "none").count_test_read()
    assert not (tmp_path / "none").exists()


def read_test_split(path: Path, start: Any) -> None:
    start.wait()
    for _ in range(5):
        RunDirectory(path).count_test_read()


def test_six_processes_that_read_the_test_split_are_counted_as_six(run: RunDirectory) -> None:
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(6)
    before = run.read().test_reads
    processes = [context.Process(target=read_test_split, args=(run.path, start)) for _ in range(6)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 6
    assert run.read().test_reads == before + 6 * 5


def hold_for_ever(path: Path, holds: Any) -> None:
    with hold_run(path):
        holds.set()
        holds.wait(600)
        while True:
            pass


def test_the_lock_ends_with_the_process_that_held_it(run: RunDirectory) -> None:
    context = multiprocessing.get_context("spawn")
    holds = context.Event()
    process = context.Process(target=hold_for_ever, args=(run.path, holds))
    process.start()
    assert holds.wait(60)
    with pytest.raises(RunBusyError, match="in use by another process"), hold_run(run.path, 0):
        pass
    process.kill()
    process.join()
    with hold_run(run.path, 10):
        assert run.change(resumes=9).resumes == 9  # who holds it may change it


def test_every_field_says_what_it_is() -> None:
    for name, field in RunRecord.model_fields.items():
        assert field.description, name


def test_what_was_read_is_known_without_the_plugin_that_moved_the_weights(
    run: RunDirectory,
) -> None:
    edit(run, recipe__optimizer={"name": "of-a-plugin", "grip": 3})
    record = run.read()
    with pytest.raises(RecipeError, match="of-a-plugin"):
        record.load_recipe()
    sections = record.load_sections("pictures", "model", "batch_size")
    assert sections.model.name == "net2"
    assert sections.batch_size == record.recipe["batch_size"]


def test_a_digit_that_changed_is_seen(run: RunDirectory) -> None:
    run.change(resumes=3)
    text = run.record_file.read_text()
    run.record_file.write_text(text.replace('"resumes": 3', '"resumes": 7'))
    with pytest.raises(CorruptRecordError, match=r"run\.json was changed: .* remove its line"):
        run.read()
    fields = json.loads(run.record_file.read_text())
    del fields[SUM]
    run.record_file.write_text(json.dumps(fields))
    assert run.read().resumes == 7


def test_spaces_and_the_order_of_fields_do_not_count(run: RunDirectory) -> None:
    run.change(resumes=3)
    fields = json.loads(run.record_file.read_text())
    run.record_file.write_text(json.dumps(dict(reversed(fields.items())), indent=7))
    assert run.read().resumes == 3
