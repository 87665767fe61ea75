"""The run directory: where things lie, and `run.json`."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from grevy.errors import RunExistsError, RunNotFoundError
from grevy.records.atomic import save_error, write_json
from grevy.records.lock import LOCK, hold_run
from grevy.records.migrate import run_as_today
from grevy.records.near import near_runs
from grevy.records.read import read_record
from grevy.records.run_record import RunRecord


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
            record = self.read().changed(**fields, updated=now())
            write_json(self.record_file, record.to_dict())
        return record

    def count_test_read(self, **fields: Any) -> RunRecord:
        """Once more somebody has seen what the run's test split says; as `change` otherwise.

        Whoever evaluates the test split tells it here, and nowhere else is it counted.
        """
        self.read()
        with hold_run(self.path):
            return self.change(test_reads=self.read().test_reads + 1, **fields)


def create_run(path: Path, record: RunRecord) -> RunDirectory:
    """Make the directory and its run.json.

    Raises:
        RunExistsError: something is there already.
        SaveError: the disk did not take it.
    """
    refuse_existing(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise save_error(path, error) from error
    directory = RunDirectory(path)
    write_json(directory.record_file, record.to_dict())
    return directory


def refuse_existing(path: Path) -> None:
    """A record is never overwritten; said before the pictures are read.

    Raises:
        RunExistsError: something is there.
    """
    if path.exists() and (not path.is_dir() or any(p.name != LOCK for p in path.iterdir())):
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
