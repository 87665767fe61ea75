"""The run directory: where things lie, and `run.json`."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grevy.errors import RunBusyError, RunExistsError, RunNotFoundError, SaveError
from grevy.records.atomic import is_unfinished, save_error, sweep, sweep_beside, write_json
from grevy.records.events import read_events
from grevy.records.files import FileSum, read_regular, sum_of
from grevy.records.lock import HOLDER, LOCK, hold_run
from grevy.records.migrate import run_as_today
from grevy.records.near import near_runs
from grevy.records.read import corrupt, read_record
from grevy.records.run_record import RunRecord
from grevy.records.summed import with_sum

if TYPE_CHECKING:
    from grevy.records.predictions import Predictions  # NumPy, which a table of runs does not need


@dataclass(frozen=True)
class RunDirectory:
    """Paths of one run."""

    path: Path

    @property
    def record_file(self) -> Path:
        """run.json."""
        return self.path / "run.json"

    @property
    def steps_file(self) -> Path:
        """One row a step."""
        return self.path / "steps.jsonl"

    @property
    def checks_file(self) -> Path:
        """One row a check."""
        return self.path / "checks.jsonl"

    @property
    def weights_file(self) -> Path:
        """Weights of the best check."""
        return self.path / "model.safetensors"

    @property
    def architecture_file(self) -> Path:
        """Name and arguments of the network."""
        return self.path / "model.json"

    @property
    def source(self) -> Path:
        """The source of the user's own network, as it was trained."""
        return self.path / "source"

    @property
    def checkpoint(self) -> Path:
        """Resume state."""
        return self.path / "checkpoint"

    @property
    def figures(self) -> Path:
        """What train drew."""
        return self.path / "figures"

    @property
    def trace_file(self) -> Path:
        """What torch.profiler saw of a few steps, if that was asked for."""
        return self.path / "trace.json"

    def predictions_file(self, split: str) -> Path:
        """Logits of one split."""
        return self.path / "predictions" / f"{split}.safetensors"

    def read(self) -> RunRecord:
        """run.json.

        Raises:
            RunNotFoundError: there is none.
            CorruptRecordError: it is not what training wrote; the field is named.
        """
        try:
            return read_record(self.record_file, RunRecord, run_as_today)
        except FileNotFoundError:
            near = near_runs(self.path)
            meant = f"did you mean {' or '.join(near)}? Else list" if near else "list"
            raise RunNotFoundError(
                f"no run at {self.path}",
                "a run directory with a run.json",
                f"{meant} the runs with: grevy runs",
            ) from None

    def read_file(self, path: Path) -> bytes:
        """What one of the run's files holds, checked against the record where that has its sum.

        Raises:
            FileNotFoundError: it is not there, and the record has no sum of it.
            CorruptRecordError: it is gone, a link, or not what was written.
            RunNotFoundError: no run.
        """
        expected = self.sum_of(path)
        try:
            return read_regular(path, expected)
        except FileNotFoundError:
            if expected is not None:
                raise corrupt(path, "is gone") from None
            raise

    def sum_of(self, path: Path) -> FileSum | None:
        """Length and SHA-256 of a file as the record has them; None: it says nothing about it."""
        return (self.read().files or {}).get(path.relative_to(self.path).as_posix())

    def read_architecture(self) -> dict[str, Any]:
        """model.json: `name`, `input_shape`, `classes` and `arguments` of the network.

        Raises:
            CorruptRecordError: it is not there, or not what was written.
            RunNotFoundError: no run.
        """
        path = self.architecture_file
        try:
            design = json.loads(self.read_file(path))
            shape = tuple(map(int, design["input_shape"]))
            arguments, classes = dict(design["arguments"]), int(design["classes"])
        except FileNotFoundError:
            raise corrupt(path, "is not there") from None
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise corrupt(path, f"can't be read ({error})") from error
        return {**design, "input_shape": shape, "classes": classes, "arguments": arguments}

    def read_steps(self) -> list[dict[str, Any]]:
        """Rows of steps.jsonl; errors as `read_events`, and as `read`."""
        return read_events(self.steps_file, self.sum_of(self.steps_file))

    def read_checks(self) -> list[dict[str, Any]]:
        """Rows of checks.jsonl; errors as `read_events`, and as `read`."""
        return read_events(self.checks_file, self.sum_of(self.checks_file))

    def read_predictions(self, split: str) -> Predictions:
        """Of one split; errors as `load_predictions`, and as `read`."""
        from grevy.records.predictions import load_predictions

        path = self.predictions_file(split)
        return load_predictions(path, self.sum_of(path))

    def file_sums(self) -> dict[str, FileSum]:
        """Of the files that are read back, as they are now.

        Raises:
            CorruptRecordError: one is a link or no file.
        """
        once = (self.weights_file, self.architecture_file, self.steps_file, self.checks_file)
        files = [*once, *sorted((self.path / "predictions").glob("*.safetensors"))]
        return {
            path.relative_to(self.path).as_posix(): sum_of(read_regular(path))
            for path in files
            if os.path.lexists(path)
        }

    def change(self, **fields: Any) -> RunRecord:
        """Other values in some fields of run.json, written as a whole under the run's lock.

        Args:
            fields: of `RunRecord`; what is not named stays, also what a newer Grevy wrote.

        Returns:
            The record as it is now.

        Raises:
            RunNotFoundError, CorruptRecordError: as `read`.
            RunBusyError: another process holds the run.
            SaveError: the disk did not take it.
            TypeError, ValidationError: a field or value that records do not have: a defect.
        """
        self.read()  # refuses before a lock is made
        with hold_run(self.path):
            sweep_beside(self.record_file)
            record = self.read().changed(**fields, updated=now())
            write_json(self.record_file, with_sum(record.to_dict()))
        return record

    def count_test_read(self, **fields: Any) -> RunRecord:
        """Once more somebody has seen what the run's test split says; as `change` otherwise.

        Whoever evaluates the test split tells it here, and nowhere else is it counted.
        """
        self.read()
        with hold_run(self.path):
            return self.change(test_reads=self.read().test_reads + 1, **fields)

    def note_test_read(self) -> str | None:
        """`count_test_read` for who has a result to show; what is said where it can't be counted.

        Raises:
            RunNotFoundError, CorruptRecordError: as `read`.
        """
        try:
            self.count_test_read()
        except (SaveError, RunBusyError) as error:
            return f"that the test split was read could not be counted: {error}"
        return None


def create_run(path: Path, record: RunRecord) -> RunDirectory:
    """Make the directory and its run.json; for who holds the run.

    Raises:
        RunExistsError: something is there already.
        SaveError: the disk did not take it.
    """
    refuse_existing(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise save_error(path, error) from error
    sweep(path)
    directory = RunDirectory(path)
    write_json(directory.record_file, with_sum(record.to_dict()))
    return directory


def refuse_existing(path: Path) -> None:
    """A record is never overwritten; said before the pictures are read.

    What a process left that died before it had written run.json is no record.

    Raises:
        RunExistsError: something is there.
    """
    if path.is_dir():
        is_new = all(p.name in (LOCK, HOLDER) or is_unfinished(p) for p in path.iterdir())
    else:
        is_new = not os.path.lexists(path)
    if not is_new:
        raise RunExistsError(
            f"{path} exists already",
            "a new run directory, so that no record is overwritten",
            "choose another --out, or go on with --resume",
        )


def identity(*parts: Any) -> str:
    """16 hexadecimal digits that two runs share only if all `parts` are equal."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def now() -> str:
    """Universal time to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
