"""Hostile run directories: a valid run in which one thing is not what Grevy wrote.

Whoever sends a run can reckon sums as Grevy does, so everything but run.json comes in two forms:
as it was damaged, and sealed, with the sums of run.json and of the checkpoint's manifest made true.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from grevy.records.summed import SUM

Change = Callable[[Path], None]
"""Of a run directory, in place."""


@dataclass(frozen=True)
class Mutation:
    """One thing that is not what Grevy wrote."""

    name: str
    change: Change
    of_field: bool = False
    """Whether it is one field of a JSON file."""


VALUES: dict[str, Any] = {
    "null": None,
    "-1": -1,
    "true": True,
    "1e308": 1e308,
    "huge whole": 10**400,
    "2**63": 2**63,
    "empty text": "",
    "a mapping": {},
    "a list": [],
    "long text": "x" * 100_000,
    "NUL in a path": "a\0b",
    "a path outside": "../../outside/secret.txt",
    "an absolute path": "/dev/zero",
    "an address": "http://127.0.0.1:9/secret",
    "on the hub": "hf:owner/name",
    "published": "cifar100",
    "escape": "\x1b]0;owned\x07\x1b[2J",
    "surrogate": "\ud800",
}
DEEP = "[" * 100_000 + "]" * 100_000
RAW = {"deep": DEEP, "NaN": "NaN", "infinity": "-Infinity", "1e999": "1e999", "nothing": ""}
"""Texts that no JSON writer gives."""

_MARK = "\u2042replaced\u2042"


def mutations(run: Path) -> list[Mutation]:
    """All of them, for a run with these files and fields."""
    record = json.loads((run / "run.json").read_text())
    record.pop(SUM, None)
    found = [Mutation(f"run.json {n}", c, True) for n, c in _json_changes("run.json", record)]
    for file in ("model.json", "checkpoint/a/state.json", "checkpoint/a/manifest.json"):
        if (run / file).is_file():
            changes = _json_changes(file, json.loads((run / file).read_text()))
            found += [Mutation(f"sealed {file} {n}", _sealed(c), True) for n, c in changes]
    for log in ("steps.jsonl", "checks.jsonl"):
        rows = (run / log).read_text().splitlines()
        changes = _json_changes(log, json.loads(rows[-1]), rows[:-1])
        found += [Mutation(f"sealed {log} {n}", _sealed(c), True) for n, c in changes]
    files = sorted(p.relative_to(run).as_posix() for p in run.rglob("*") if p.is_file())
    for file in filter(lambda file: not Path(file).name.startswith("."), files):
        found += _of_file(file)
    folders = sorted(p.relative_to(run).as_posix() for p in run.rglob("*") if p.is_dir())
    for folder in folders:
        found += _of_folder(folder)
    return found


def _places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every field, and in a list its first item."""
    if place:
        yield place
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _places(inner, (*place, name))
    elif isinstance(value, list) and value:
        yield from _places(value[0], (*place, 0))


def _json_changes(file: str, value: Any, before: list[str] = []) -> Iterator[tuple[str, Change]]:  # noqa: B006
    for place in _places(value):
        dotted = ".".join(map(str, place))
        yield f"without {dotted}", partial(_write_json, file, value, place, None, before)
        for name, new in VALUES.items():
            text = json.dumps(new)
            yield f"{dotted} = {name}", partial(_write_json, file, value, place, text, before)
        for name, text in RAW.items():
            yield f"{dotted} = {name}", partial(_write_json, file, value, place, text, before)


def _write_json(
    file: str,
    value: Any,
    place: tuple[Any, ...],
    text: str | None,
    before: list[str],
    run: Path,
) -> None:
    changed = json.loads(json.dumps(value))
    changed.pop(SUM, None)  # with a sum that is not true nothing more of it would be read
    inner = changed
    for part in place[:-1]:
        inner = inner[part]
    if text is None:
        del inner[place[-1]]
    else:
        inner[place[-1]] = _MARK
    written = json.dumps(changed).replace(json.dumps(_MARK), text or "")
    (run / file).write_text("\n".join([*before, written, ""]))


def _sealed(change: Change) -> Change:
    def both(run: Path) -> None:
        change(run)
        seal(run)

    return both


def seal(run: Path) -> None:
    """Make the sums true, as far as what is there has sums; a file's own sum goes."""
    for manifest in run.glob("checkpoint/*/manifest.json"):
        if manifest.is_symlink() or not manifest.is_file():
            continue
        try:
            facts = json.loads(manifest.read_text())
            facts.pop(SUM, None)
            for name in facts["sha256"]:
                if _is_small(manifest.parent / name):
                    facts["sha256"][name] = _sha256(manifest.parent / name)
            manifest.write_text(json.dumps(facts))
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            continue
    record_file = run / "run.json"
    record = json.loads(record_file.read_text())
    record.pop(SUM, None)
    for name in record.get("files") or {}:
        path = run / name
        if _is_small(path):
            size = path.stat().st_size
            record["files"][name] = {"bytes": size, "sha256": _sha256(path)}
        elif path.is_file():
            record["files"][name] = {"bytes": path.stat().st_size, "sha256": "0" * 64}
    record_file.write_text(json.dumps(record))


def _is_small(path: Path) -> bool:
    return path.is_file() and path.stat().st_size < 1 << 30


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _of_file(file: str) -> Iterator[Mutation]:
    for name, change in FILES.items():
        if file != "run.json":
            yield Mutation(f"sealed {file} is {name}", _sealed(partial(_replace, file, change)))
        yield Mutation(f"{file} is {name}", partial(_replace, file, change))
    if file.endswith(".safetensors"):
        for name, header in HEADERS.items():
            yield Mutation(f"sealed {file} claims {name}", _sealed(partial(_head, file, header)))


def _replace(file: str, change: Change, run: Path) -> None:
    (run / file).unlink()
    change(run / file)


def _of_folder(folder: str) -> Iterator[Mutation]:
    def is_link(run: Path) -> None:
        (run / folder).rename(run.parent / "outside" / "moved")
        (run / folder).symlink_to(run.parent / "outside" / "moved")

    def is_file(run: Path) -> None:
        (run / folder).rename(run.parent / "outside" / "moved")
        (run / folder).write_text("no folder")

    yield Mutation(f"{folder}/ is a link", is_link)
    yield Mutation(f"{folder}/ is a file", is_file)


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


FILES: dict[str, Change] = {
    "a link to /dev/zero": lambda path: path.symlink_to("/dev/zero"),
    "a link to nothing": lambda path: path.symlink_to(path.with_name("nothing-there")),
    "a pipe": os.mkfifo,
    "a folder": lambda path: path.mkdir(),
    "a terabyte of holes": _sparse,
    "empty": lambda path: path.write_bytes(b""),
    "noise": lambda path: path.write_bytes(bytes(range(256)) * 40),
    "a secret of its own": lambda path: path.write_text("no JSON"),
    "gone": lambda path: None,
}


def _outside_of(path: Path) -> Path:
    """The file beside the run that nobody may read or write."""
    here = path.parent
    while not (here / "outside").is_dir():
        here = here.parent
    return here / "outside" / "secret.txt"


FILES["a link to a secret"] = lambda path: path.symlink_to(_outside_of(path))

_F32 = {"dtype": "F32", "data_offsets": [0, 16]}
HEADERS: dict[str, bytes] = {
    "a header of gigabytes": struct.pack("<Q", 3 << 30) + b"{",
    "a header of exabytes": struct.pack("<Q", 2**64 - 1) + b"{}",
    "terabytes of numbers": json.dumps(
        {"logits": {**_F32, "shape": [1 << 40, 4], "data_offsets": [0, 1 << 44]}}
    ).encode(),
    "a negative shape": json.dumps({"logits": {**_F32, "shape": [-1, 4]}}).encode(),
    "a shape that overflows": json.dumps({"logits": {**_F32, "shape": [2**63, 2**63]}}).encode(),
    "another kind of number": json.dumps(
        {
            "logits": {"dtype": "I64", "shape": [2], "data_offsets": [0, 16]},
            "labels": {"dtype": "F32", "shape": [4], "data_offsets": [16, 32]},
            "__metadata__": {"ids": '["a"]'},
        }
    ).encode(),
    "no rows": json.dumps(
        {
            "logits": {"dtype": "F32", "shape": [0, 2], "data_offsets": [0, 0]},
            "labels": {"dtype": "I64", "shape": [0], "data_offsets": [0, 0]},
            "__metadata__": {"ids": "[]"},
        }
    ).encode(),
    "fewer labels": json.dumps(
        {
            "logits": {"dtype": "F32", "shape": [3, 2], "data_offsets": [0, 24]},
            "labels": {"dtype": "I64", "shape": [1], "data_offsets": [24, 32]},
            "__metadata__": {"ids": '["a", "b"]'},
        }
    ).encode(),
    "labels that are no class": json.dumps(
        {
            "logits": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]},
            "labels": {"dtype": "I64", "shape": [2], "data_offsets": [16, 32]},
            "__metadata__": {"ids": '["a", "b"]'},
        }
    ).encode(),
    "ids that are a mapping": json.dumps(
        {
            "logits": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]},
            "labels": {"dtype": "I64", "shape": [2], "data_offsets": [16, 32]},
            "__metadata__": {"ids": '{"a": 1, "b": [2]}'},
        }
    ).encode(),
    "a deep header": (DEEP[:200]).encode(),
    "deep ids": json.dumps(
        {
            "logits": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]},
            "labels": {"dtype": "I64", "shape": [2], "data_offsets": [16, 32]},
            "__metadata__": {"ids": DEEP},
        }
    ).encode(),
    "terabytes without numbers": json.dumps(
        {
            "logits": {"dtype": "F32", "shape": [1 << 40, 0], "data_offsets": [0, 0]},
            "labels": {"dtype": "I64", "shape": [1 << 40, 0], "data_offsets": [0, 0]},
            "__metadata__": {"ids": "[]"},
        }
    ).encode(),
}


def _head(file: str, header: bytes, run: Path) -> None:
    """A whole header with 32 bytes of data that are -1 as labels and NaN as numbers."""
    is_whole = header[:1] in b"{["
    content = struct.pack("<Q", len(header)) + header if is_whole else header
    (run / file).write_bytes(content + b"\xff" * 32)
