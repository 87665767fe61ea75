"""Resume state in two generations; the manifest with lengths and SHA-256 is written last.

A write that breaks off, or a file that rots, costs one generation and never both. A generation
without a manifest was never whole: a run that has no other one is at step 0, and not damaged.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grevy.errors import CorruptRecordError
from grevy.records.atomic import save_error, write_bytes, write_json
from grevy.records.files import folder_inside, read_regular
from grevy.records.summed import with_sum, without_sum

GENERATIONS = ("a", "b")
MANIFEST = "manifest.json"
MANIFEST_LARGEST = 1 << 16
"""Bytes."""


@dataclass(frozen=True)
class Checkpoint:
    """The files of one generation, checked, and what was wrong with a newer one, if any."""

    files: Mapping[str, bytes]
    sequence: int
    warning: str | None = None


Check = Callable[[Checkpoint], None]
"""Raises CorruptRecordError where what the checkpoint rests on is not whole."""


def save_checkpoint(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write a new generation over the older one.

    Raises:
        SaveError: the disk did not take it; the other generation is still whole.
        CorruptRecordError: a folder is a link.
    """
    sequences = {name: _sequence(folder / name) for name in GENERATIONS}
    oldest = min(GENERATIONS, key=lambda name: sequences[name])
    target = folder / oldest
    try:
        folder_inside(folder)
        folder_inside(target)
        (target / MANIFEST).unlink(missing_ok=True)
    except OSError as error:
        raise save_error(target, error) from error
    for name, content in files.items():
        write_bytes(target / name, content)
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    manifest = {"sequence": max(sequences.values()) + 1, "sha256": sums}
    write_json(target / MANIFEST, with_sum(manifest))


def load_checkpoint(folder: Path, check: Check = lambda checkpoint: None) -> Checkpoint | None:
    """The newest whole generation; None if none was ever whole.

    Args:
        folder: of the checkpoint.
        check: of what else must be whole; where it is not, the generation before is taken.

    Raises:
        CorruptRecordError: there are generations, and all of them fail their check.
    """
    found = [p for name in GENERATIONS if (p := folder / name) and os.path.lexists(p)]
    if not any(os.path.lexists(generation / MANIFEST) for generation in found):
        return None
    problems = _same_number(found)
    for generation in sorted(found, key=lambda place: -(_sequence(place) or math.inf)):
        try:
            whole = _read_generation(generation)
            check(whole)
        except CorruptRecordError as error:
            problems.append(error.received)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            problems.append(f"{generation}: {error}")
        except FileNotFoundError as error:
            problems.append(f"{error} is not there")
        else:
            return Checkpoint(whole.files, whole.sequence, "; ".join(problems) or None)
    raise CorruptRecordError(
        f"no whole checkpoint in {folder} ({'; '.join(problems)})",
        "at least one generation that passes its SHA-256 check",
        f"restore it from a copy, or remove {folder} and the run begins again at step 0",
    )


def _same_number(generations: Sequence[Path]) -> list[str]:
    """What is wrong where both say that they are the same one: nobody can tell which is newer."""
    known = [sequence for generation in generations if (sequence := _sequence(generation))]
    same = len(set(known)) < len(known)
    return [f"{generations[0].parent} has number {known[0]} twice"] if same else []


def _read_generation(generation: Path) -> Checkpoint:
    manifest = _manifest(generation)
    files = {}
    for name, expected in manifest["sha256"].items():
        if Path(name).name != name:
            raise ValueError(f"{name!r} is no name of a file")
        files[name] = read_regular(generation / name)
        if hashlib.sha256(files[name]).hexdigest() != expected:
            raise ValueError(f"{name} differs from its SHA-256")
    return Checkpoint(files, int(manifest["sequence"]))


def _manifest(generation: Path) -> dict[str, Any]:
    path = generation / MANIFEST
    return without_sum(path, json.loads(read_regular(path, largest=MANIFEST_LARGEST)))


def _sequence(generation: Path) -> int:
    """Number of this generation; 0 where it can't be known, so that it is the first to go."""
    try:
        return int(_manifest(generation)["sequence"])
    except (CorruptRecordError, OSError, ValueError, KeyError, TypeError, RecursionError):
        return 0
