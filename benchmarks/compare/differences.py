"""Whether two files or runs hold the same, and where they first differ."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

EQUAL = "equal"
LOGS = ("steps.jsonl", "checks.jsonl")

Finding = tuple[str, str, int]
"""What was compared, the result, and how many things were in it (tensors, rows, values, files)."""


def compare_runs(before: Path, after: Path) -> Iterator[Finding]:
    """Weights, logs, predictions of every split, and what run.json says of them."""
    for name in ("model.safetensors", *predictions(before, after)):
        yield name, *guarded(compare_tensors, before / name, after / name)
    for name in LOGS:
        yield name, *guarded(compare_rows, before / name, after / name)
    yield "results in run.json", *guarded(compare_results, before, after)


def predictions(before: Path, after: Path) -> list[str]:
    """Names of the files that either run has; test first, as every run should have it."""
    found = {
        str(path.relative_to(run))
        for run in (before, after)
        for path in run.glob("predictions/*.safetensors")
    }
    return sorted(found | {"predictions/test.safetensors"})


def guarded(compare: Any, before: Path, after: Path) -> tuple[str, int]:
    """A file that is missing or unreadable is a result, too, and never equal."""
    try:
        found: tuple[str, int] = compare(before, after)
    except (OSError, LookupError, TypeError, ValueError, SafetensorError) as error:
        return f"not comparable: {type(error).__name__}: {error}", 0
    return found


def compare_tensors(before: Path, after: Path) -> tuple[str, int]:
    """Two safetensors files: byte for byte, else tensor for tensor, bit for bit."""
    ours, theirs = read(before), read(after)
    if before.read_bytes() == after.read_bytes():
        return EQUAL, len(ours)
    if ours.keys() != theirs.keys():
        return f"other tensors: {sorted(ours.keys() ^ theirs.keys())}", len(ours)
    for name, tensor in ours.items():
        difference = compare_tensor(tensor, theirs[name])
        if difference:
            return f"{name}: {difference}", len(ours)
    if metadata(before) != metadata(after):
        return "tensors equal, other metadata in the header", len(ours)
    return "tensors equal, header written otherwise", len(ours)


def compare_tensor(ours: Tensor, theirs: Tensor) -> str:
    """How they differ; empty if their bits don't."""
    if (ours.dtype, ours.shape) != (theirs.dtype, theirs.shape):
        return f"{ours.dtype} {tuple(ours.shape)} and {theirs.dtype} {tuple(theirs.shape)}"
    if torch.equal(bits(ours), bits(theirs)):
        return ""
    apart = (ours.double() - theirs.double()).abs()
    count = int((apart > 0).sum())
    return f"{count} of {apart.numel()} numbers differ, by up to {float(apart.max()):.3g}"


def bits(tensor: Tensor) -> Tensor:
    """Its bytes, so that NaN equals itself and −0 is not 0."""
    return tensor.contiguous().reshape(-1).view(torch.uint8)


def read(path: Path) -> dict[str, Tensor]:
    with safe_open(path, "pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def metadata(path: Path) -> dict[str, str]:
    with safe_open(path, "pt") as file:
        return file.metadata() or {}


def compare_rows(before: Path, after: Path) -> tuple[str, int]:
    """Two logs: byte for byte, else the first row and column that differ."""
    ours, theirs = (path.read_bytes() for path in (before, after))
    rows = [[json.loads(line) for line in text.splitlines()] for text in (ours, theirs)]
    if ours == theirs:
        return (EQUAL, len(rows[0])) if rows[0] else ("empty", 0)
    if len(rows[0]) != len(rows[1]):
        return f"{len(rows[0])} rows and {len(rows[1])}", len(rows[0])
    for number, (one, other) in enumerate(zip(*rows, strict=True), start=1):
        difference = compare_values(one, other)
        if difference:
            return f"row {number}, {difference}", len(rows[0])
    return "rows equal, written otherwise", len(rows[0])


def compare_results(before: Path, after: Path) -> tuple[str, int]:
    """`results` of two run.json, without seconds."""
    found = [json.loads((run / "run.json").read_text())["results"] for run in (before, after)]
    return compare_facts(*found)


def compare_facts(ours: Any, theirs: Any, ignored: tuple[str, ...] = ("seconds",)) -> Any:
    """Two trees of JSON, without the fields `ignored` at any depth."""
    one, other = (dict(leaves(tree, ignored)) for tree in (ours, theirs))
    return compare_values(one, other) or EQUAL, len(one)


def leaves(tree: Any, ignored: tuple[str, ...], path: str = "") -> Iterator[tuple[str, Any]]:
    """Paths and values of everything in it."""
    items = enumerate(tree) if isinstance(tree, list) else tree.items()
    for key, value in items:
        if key in ignored:
            continue
        place = f"{path}.{key}" if path else str(key)
        if isinstance(value, dict | list):
            yield from leaves(value, ignored, place)
        else:
            yield place, value


def compare_values(ours: dict[str, Any], theirs: dict[str, Any]) -> str:
    """The first field that differs, with its size if it is a number; empty if none does."""
    if ours.keys() != theirs.keys():
        return f"other fields: {sorted(ours.keys() ^ theirs.keys())}"
    for name, value in ours.items():
        other = theirs[name]
        if repr(value) != repr(other):
            numbers = all(isinstance(v, int | float) for v in (value, other))
            size = f" (apart {abs(value - other):.3g})" if numbers else ""
            return f"{name}: {value!r} and {other!r}{size}"
    return ""


def compare_features(before: Path, after: Path) -> tuple[str, int]:
    """Kept features of two cache folders, by content, whatever their folders are called."""
    ours, theirs = (feature_hashes(cache) for cache in (before, after))
    if not ours or not theirs:
        return f"{len(ours)} and {len(theirs)} files of kept features", len(ours)
    if ours == theirs:
        return EQUAL, len(ours)
    same = sum(mine == their for mine, their in zip(ours, theirs, strict=False))
    return f"{len(ours)} and {len(theirs)} files, {same} of them equal", len(ours)


def feature_hashes(cache: Path) -> list[str]:
    paths = (cache / "features").rglob("*.npy")
    return sorted(hashlib.sha256(path.read_bytes()).hexdigest() for path in paths)
