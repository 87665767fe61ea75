"""What is swept: one call of Grevy each, on pictures so few and small that it takes a second."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
from PIL import Image

SMALL = ["--precision", "fp32", "--batch-size", "6", "--model.convnet.widths", "2"]
TRAIN = ["train", "pictures", "--epochs", "1", *SMALL]
RUN = [*TRAIN, "--out", "run"]
LONGER = ["train", "pictures", "--epochs", "2", *SMALL, "--out", "run"]
STUDY = ["study", "study.yaml", "--out", "study"]

Do = Callable[[list[str]], int]
"""Runs `grevy` with these words in the folder that is prepared, unbroken; the exit status."""

Stop = Callable[[list[str], str], None]
"""Runs `grevy` with these words and kills it at its last write where the path has this part."""


@dataclass(frozen=True)
class Operation:
    """One call, from a prepared folder on.

    Attributes:
        words: of the command line.
        again: what goes on after a kill; None: the same words.
        after_error: what goes on after an error; None: as after a kill.
        prepare: makes what is there before.
        watched: part of the path of what is made to fail; empty: all that is written.
        old: files of which whatever fails leaves the old version or the new one.
    """

    words: list[str]
    again: list[str] | None = None
    after_error: list[str] | None = None
    prepare: Callable[[Path, Do, Stop], None] = lambda folder, do, stop: None
    watched: str = ""
    old: tuple[str, ...] = ()


def pictures(folder: Path) -> None:
    """24 pictures of 8×8 in two classes: which way the stripes run."""
    random = np.random.default_rng(0)
    across = np.tile(np.where(np.arange(8) % 4 < 2, 60, 190), (8, 1))
    for split, count in (("train", 12), ("validation", 6), ("test", 6)):
        for i in range(count):
            name, lines = ("across", across) if i % 2 else ("down", across.T)
            noisy = (lines + random.integers(-40, 40, (8, 8))).clip(0, 255).astype(np.uint8)
            (folder / split / name).mkdir(parents=True, exist_ok=True)
            Image.fromarray(noisy).save(folder / split / name / f"{i}.png")


def packed(folder: Path) -> None:
    """The pictures of a folder in a zip beside it."""
    with ZipFile(folder.with_suffix(".zip"), "w") as archive:
        for path in sorted(folder.rglob("*.png")):
            archive.write(path, path.relative_to(folder.parent))


def _decoded(folder: Path, do: Do, stop: Stop) -> None:
    assert do(["data", "pictures"]) == 0


def _half(folder: Path, do: Do, stop: Stop) -> None:
    stop(LONGER, "checkpoint/")


def _question(folder: Path, do: Do, stop: Stop) -> None:
    _decoded(folder, do, stop)
    base = {"epochs": 1, "batch_size": 6, "precision": "fp32"}
    base["model"] = {"name": "base", "convnet": {"widths": [2]}}
    question = {"where": "pictures", "base": base, "vary": ["lr=0.1"], "seeds": 2}
    (folder / "study.yaml").write_text(json.dumps(question))


def _trained(folder: Path, do: Do, stop: Stop) -> None:
    assert do(RUN) == 0


def _reported(folder: Path, do: Do, stop: Stop) -> None:
    _trained(folder, do, stop)
    (folder / "report.html").write_text("the old report")
    (folder / "report.md").write_text("the old report")


def _zipped(folder: Path, do: Do, stop: Stop) -> None:
    (folder / "pictures.zip").symlink_to((folder / "pictures").resolve().with_suffix(".zip"))


OPERATIONS = {
    "new run": Operation(RUN, [*RUN, "--resume"], prepare=_decoded),
    "new run, place not named": Operation(TRAIN, [*TRAIN, "--resume"], prepare=_decoded),
    "resumed run": Operation(["train", "--resume", "--out", "run"], prepare=_half),
    "study": Operation(STUDY, after_error=[*STUDY, "--retry-failed"], prepare=_question),
    "report": Operation(
        ["report", "run"], prepare=_reported, watched="/report", old=("report.html",)
    ),
    "report in Markdown": Operation(
        ["report", "run", "--out", "report.md"],
        prepare=_reported,
        watched="/report",
        old=("report.md",),
    ),
    "evaluate": Operation(["evaluate", "run"], prepare=_trained, watched="/run"),
    "decoded pictures": Operation(["data", "pictures"], watched="/cache"),
    "kept features": Operation(
        [*RUN, "--train", "head"],
        [*RUN, "--train", "head", "--resume"],
        prepare=_decoded,
        watched="/cache/features",
    ),
    "download": Operation(
        [*RUN, "--weights", "{server}/weights.safetensors"],
        [*RUN, "--weights", "{server}/weights.safetensors", "--resume"],
        prepare=_decoded,
        watched="/cache/weights",
    ),
    "archive": Operation(["data", "pictures.zip"], prepare=_zipped, watched="/cache"),
}

_DIFFERS = (
    "created",
    "updated",
    "timings",
    "resumes",
    "command",
    "environment",
    "sha256_of_the_rest",
    "test_reads",  # who evaluates twice has read twice
)
"""Fields of run.json that tell when and how often."""

_BY_CHANCE = re.compile(
    r"study/report/cost|cache/hashes/[0-9a-f]{32}\.json$|study/runs/[^/]*/figures/[^.]"
    r"|^\.report\.|^report-figures/\."
)
"""Files that are there or not. As the times and the folder's name are; figures of a study's runs,
which may lack; and what a killed report was writing: nobody locks the place of a document, so
nobody
knows that its writer is dead."""

_ONLY_THERE = re.compile(r"checkpoint/|\.lock$|study/report/|trusted-sources")
"""Files that may have other bytes: of times, or of how often something was written."""


def state_of(folder: Path) -> dict[str, Any]:
    """What lies in a folder after a call: relative path and content, without times."""
    files = {str(path.relative_to(folder)): path for path in sorted(folder.rglob("*"))}
    files = {name: path for name, path in files.items() if not _BY_CHANCE.search(name)}
    return {
        name: _content(path, name)
        for name, path in files.items()
        if path.is_file() and not path.is_symlink()
    }


def _content(path: Path, name: str) -> Any:
    if _ONLY_THERE.search(name):
        return None
    if path.name != "run.json":
        return path.read_bytes()
    record = json.loads(path.read_bytes())
    if record.get("results"):
        record["results"].pop("seconds", None)
    return {field: value for field, value in record.items() if field not in _DIFFERS}
