"""Resume state in two generations; the manifest with the SHA-256 sums is written last.

A write that breaks off, or a file that rots, costs one generation and never both.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from grevy.errors import CorruptRecordError
from grevy.records.atomic import save_error, write_bytes, write_json

GENERATIONS = ("a", "b")
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Checkpoint:
    """The files of one generation, checked, and what was wrong with a newer one, if any."""

    files: Mapping[str, bytes]
    sequence: int
    warning: str | None = None


def save_checkpoint(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write a new generation over the older one.

    Raises:
        SaveError: the disk did not take it; the other generation is still whole.
    """
    sequences = {name: _sequence(folder / name) for name in GENERATIONS}
    oldest = min(GENERATIONS, key=lambda name: sequences[name])
    target = folder / oldest
    try:
        target.mkdir(parents=True, exist_ok=True)
        (target / MANIFEST).unlink(missing_ok=True)
    except OSError as error:
        raise save_error(target, error) from error
    for name, content in files.items():
        write_bytes(target / name, content)
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    write_json(target / MANIFEST, {"sequence": max(sequences.values()) + 1, "sha256": sums})


def load_checkpoint(folder: Path) -> Checkpoint | None:
    """The newest whole generation; None if none was ever written.

    Raises:
        CorruptRecordError: there are generations, and all of them fail their check.
    """
    found = [folder / name for name in GENERATIONS if (folder / name).is_dir()]
    whole: list[Checkpoint] = []
    problems: list[str] = []
    for generation in sorted(found, key=_sequence, reverse=True):
        try:
            whole.append(_read_generation(generation))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            problems.append(f"{generation}: {error}")
    if whole:
        return Checkpoint(whole[0].files, whole[0].sequence, "; ".join(problems) or None)
    if found:
        raise CorruptRecordError(
            f"no whole checkpoint in {folder} ({'; '.join(problems)})",
            "at least one generation that passes its SHA-256 check",
            "train again with another --out; this run's steps and checks are still there",
        )
    return None


def _read_generation(generation: Path) -> Checkpoint:
    manifest = json.loads((generation / MANIFEST).read_bytes())
    files = {name: (generation / name).read_bytes() for name in manifest["sha256"]}
    for name, content in files.items():
        if hashlib.sha256(content).hexdigest() != manifest["sha256"][name]:
            raise ValueError(f"{name} differs from its SHA-256")
    return Checkpoint(files, int(manifest["sequence"]))


def _sequence(generation: Path) -> int:
    """Number of this generation; 0 where it can't be known, so that it is the first to go."""
    try:
        return int(json.loads((generation / MANIFEST).read_bytes())["sequence"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0
