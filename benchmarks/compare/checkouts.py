"""A checkout: where it lies, what its processes see, where its outputs go."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

THREADS = "2"
"""Of every process: sums depend on how many threads share them."""


@dataclass(frozen=True)
class Checkout:
    """One of the two.

    Attributes:
        side: "before" or "after".
        folder: the source checkout.
        commit: short, with `-dirty` where files differ from it; "no git" outside of git.
        home: where its outputs go. Its name has a hash of the sources, so that what an older state
            of the same folder made is never taken for what this one makes.
    """

    side: str
    folder: Path
    commit: str
    home: Path

    @property
    def package(self) -> Path:
        """The folder `grevy` with its modules."""
        return self.folder / "src" / "grevy"

    def environment(self, cache: Path | None = None) -> dict[str, str]:
        """Of its processes; `cache`: another cache folder than the one that all cases share."""
        own = {
            "PYTHONPATH": str(self.folder / "src"),
            "GREVY_CACHE": str(cache or self.home / "cache"),
            "OMP_NUM_THREADS": THREADS,
            "MKL_NUM_THREADS": THREADS,
            "PYTHONUNBUFFERED": "1",
        }
        return {**os.environ, **own}

    def patient(self, cache: Path | None = None) -> dict[str, str]:
        """The same with threads that sleep while they wait, for what is not timed.

        On a busy machine that takes half as long; what is computed is the same.
        """
        return {**self.environment(cache), "OMP_WAIT_POLICY": "PASSIVE"}

    def grevy(self, words: Sequence[str], place: Path, cache: Path | None = None) -> str:
        """Run `grevy WORDS` in the folder `place`; what it prints to standard output.

        Raises:
            CommandFailedError: with the last line of its complaint.
        """
        return self.python(["-m", "grevy", *words], place, self.patient(cache))

    def python(
        self, words: Sequence[str], place: Path, environment: Mapping[str, str] | None = None
    ) -> str:
        """The same for `python WORDS`."""
        done = subprocess.run(
            [sys.executable, *words],
            cwd=place,
            env=environment or self.patient(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise CommandFailedError(self.side, words, done.returncode, done.stderr)
        return done.stdout


class CommandFailedError(Exception):
    """A command of one checkout ended with another status than 0."""

    def __init__(self, side: str, words: Sequence[str], status: int, complaint: str) -> None:
        last = (complaint.strip().splitlines() or ["it said nothing"])[-1]
        super().__init__(f"{side}: status {status} of {' '.join(words)}: {last}")


def open_checkout(side: str, folder: Path, out: Path) -> Checkout:
    """Look at a checkout; ends the program where its own `grevy` would not be imported."""
    folder = folder.resolve()
    name = f"{side}-{source_hash(folder / 'src' / 'grevy')}"
    checkout = Checkout(side, folder, commit_of(folder), out.resolve() / name)
    checkout.home.mkdir(parents=True, exist_ok=True)
    found = checkout.python(["-c", "import grevy; print(grevy.__file__)"], checkout.home).strip()
    if Path(found).parent != checkout.package:
        sys.exit(f"{side}: python imports {found}, not the grevy in {checkout.package}")
    return checkout


def source_hash(package: Path) -> str:
    """Ten hexadecimal digits of all sources and recipes in it."""
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(f"{path.relative_to(package)}\0{path.stat().st_size}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:10]


def commit_of(folder: Path) -> str:
    """As git describes it."""
    words = ["git", "-C", str(folder), "describe", "--always", "--dirty", "--exclude", "*"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else "no git"
