"""The files of a record, as a report remembers them."""

from __future__ import annotations

import hashlib
from pathlib import Path

from grevy.errors import CorruptRecordError
from grevy.records.run import RunDirectory


def sha256_of(path: Path) -> str:
    """Of a file's content, as hexadecimal digits.

    Raises:
        CorruptRecordError: it can't be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise CorruptRecordError(
            f"{path} can't be read ({error})", "the file that training wrote", "restore it"
        ) from error


def files_of_run(directory: RunDirectory) -> tuple[tuple[str, str], ...]:
    """Logs and predictions with their SHA-256, by their path in the run directory.

    run.json is not among them: counters in it change, and its content is kept as a whole.
    """
    logs = [directory.steps_file, directory.checks_file]
    predictions = sorted(directory.predictions_file("test").parent.glob("*.safetensors"))
    there = [path for path in (*logs, *predictions) if path.is_file()]
    return tuple((path.relative_to(directory.path).as_posix(), sha256_of(path)) for path in there)
