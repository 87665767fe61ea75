"""The run directory: where things lie, and `run.json`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from grevy.errors import CorruptRecordError, RunExistsError, RunNotFoundError
from grevy.records.atomic import save_error, write_json

FORMAT = 1
STATUSES = ("training", "finished", "interrupted", "failed")


@dataclass(frozen=True)
class RunDirectory:
    """Paths of one run."""

    path: Path

    @property
    def facts_file(self) -> Path:
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

    def read(self) -> dict[str, Any]:
        """run.json.

        Raises:
            RunNotFoundError: there is none.
            CorruptRecordError: it is not what training wrote.
        """
        try:
            facts = json.loads(self.facts_file.read_bytes())
        except FileNotFoundError:
            raise RunNotFoundError(
                f"no run at {self.path}",
                "a run directory with a run.json",
                "list the runs with: grevy runs",
            ) from None
        except (OSError, ValueError) as error:
            raise _corrupt(self.facts_file, str(error)) from error
        if not isinstance(facts, dict) or facts.get("format") != FORMAT:
            raise _corrupt(self.facts_file, f"not of format {FORMAT}")
        return facts

    def update(self, **fields: Any) -> dict[str, Any]:
        """Set fields of run.json, atomically, and return all of it."""
        facts = {**self.read(), **fields, "updated": now()}
        write_json(self.facts_file, facts)
        return facts


def create_run(path: Path, facts: Mapping[str, Any]) -> RunDirectory:
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
    write_json(directory.facts_file, {"format": FORMAT, **facts, "created": now()})
    return directory


def refuse_existing(path: Path) -> None:
    """A record is never overwritten; said before the pictures are read.

    Raises:
        RunExistsError: something is there.
    """
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise RunExistsError(
            f"{path} exists already",
            "a new run directory, so that no record is overwritten",
            "choose another --out, or go on with --resume",
        )


def identity(*parts: Any) -> str:
    """16 hexadecimal digits that two runs share only if all `parts` are equal."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def find_runs(folder: Path) -> Iterator[RunDirectory]:
    """Run directories in `folder` and one level of studies below, in order of name."""
    for pattern in ("*/run.json", "*/*/run.json"):
        for facts_file in sorted(folder.glob(pattern)):
            yield RunDirectory(facts_file.parent)


def now() -> str:
    """Universal time to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _corrupt(path: Path, why: str) -> CorruptRecordError:
    return CorruptRecordError(
        f"{path} can't be read ({why})",
        "the run.json that training wrote",
        "restore it from a copy, or train again",
    )
