"""The cases: what is trained on each checkout, and which runs come out of it.

The flags and fields that stand here are the interface that both checkouts share. Where a later
commit spells one otherwise, give it there as a recipe file.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from compare.checkouts import Checkout, CommandFailedError

ALL, FEW, FEWER, DIGITS = "all", "few", "fewer", "digits"
"""Image data: what --data names, a small part of it, a smaller one, the embedded digits."""

STUDY = """\
where: digits
base: {epochs: 2, patience: 0, precision: PRECISION}
vary: [norm=batch]
seeds: 2
"""
RESUMED = ("--recipe", "net2", "--epochs", "6", "--patience", "0", "--seed", "3")
KILLS = (20, 50)
"""Lines of steps.jsonl after which the run is killed; they appear with each check."""

DONE = "done.json"


@dataclass(frozen=True)
class Setting:
    """What all cases share.

    Attributes:
        data: ALL, FEW, FEWER and DIGITS, as grevy takes them.
        precision: fp32 or bf16; never auto, whose probe depends on what else the machine does.
        short: the short form.
    """

    data: Mapping[str, str]
    precision: str
    short: bool


class Case:
    """Something that a checkout does in a folder of its own."""

    def words(self, setting: Setting) -> list[str]:
        """What decides the outputs; other words, and the case is run again."""
        raise NotImplementedError

    def make(self, checkout: Checkout, place: Path, words: list[str]) -> None:
        """Do it in the empty folder `place`.

        Raises:
            CommandFailedError: a command failed.
        """
        raise NotImplementedError

    def runs(self, place: Path) -> dict[str, Path]:
        """The runs that it made, by names that both checkouts share."""
        raise NotImplementedError


@dataclass(frozen=True)
class Training(Case):
    """`grevy train` with a named recipe.

    Attributes:
        data: ALL, FEW, FEWER or DIGITS.
        flags: of the full form.
        short_data: of the short form; None: the same.
        short_flags: of the short form; None: the same.
        own_cache: begin with an empty cache, so that all that is kept there is computed anew.
    """

    recipe: str
    data: str = ALL
    flags: Sequence[str] = ()
    short_data: str | None = None
    short_flags: Sequence[str] | None = None
    own_cache: bool = False

    def words(self, setting: Setting) -> list[str]:
        """Of the command line, without --out."""
        data, flags = self.data, self.flags
        if setting.short:
            data = self.short_data if self.short_data is not None else data
            flags = self.short_flags if self.short_flags is not None else flags
        plain = ["--recipe", self.recipe, "--seed", "0", "--precision", setting.precision]
        return ["train", setting.data[data], *plain, *flags]

    def make(self, checkout: Checkout, place: Path, words: list[str]) -> None:
        """See `Case`."""
        cache = place / "cache" if self.own_cache else None
        checkout.grevy([*words, "--out", "run"], place, cache)

    def runs(self, place: Path) -> dict[str, Path]:
        """See `Case`."""
        return {"": place / "run"}


@dataclass(frozen=True)
class StudyOfTwoArms(Case):
    """`grevy study` with a YAML file; two seeds each."""

    text: str = STUDY

    def words(self, setting: Setting) -> list[str]:
        """The text of the study."""
        return [self.text.replace("PRECISION", setting.precision)]

    def make(self, checkout: Checkout, place: Path, words: list[str]) -> None:
        """See `Case`."""
        (place / "study.yaml").write_text(words[0])
        command = ["study", "study.yaml", "--workers", "1", "--out", "study", "--json"]
        (place / "said.json").write_text(checkout.grevy(command, place))

    def runs(self, place: Path) -> dict[str, Path]:
        """By arm and seed; folders may be called otherwise in another checkout."""
        found = json.loads((place / "said.json").read_text())["runs"]
        return {f"{run['arm']} seed {run['seed']}": place / run["run"] for run in found}


@dataclass(frozen=True)
class ResumedRun(Case):
    """A run that is killed and resumed, and an unbroken one beside it."""

    flags: Sequence[str] = RESUMED
    kills: Sequence[int] = field(default=KILLS)

    def words(self, setting: Setting) -> list[str]:
        """Of both command lines, and when it is killed."""
        words = ["train", setting.data[DIGITS], *self.flags, "--precision", setting.precision]
        return [*words, *(f"kill:{lines}" for lines in self.kills)]

    def make(self, checkout: Checkout, place: Path, words: list[str]) -> None:
        """See `Case`."""
        words = [word for word in words if not word.startswith("kill:")]
        checkout.grevy([*words, "--out", "unbroken"], place)
        resume: list[str] = []
        for lines in self.kills:
            kill_after(lines, checkout, [*words, "--out", "resumed", *resume], place)
            resume = ["--resume"]
        checkout.grevy([*words, "--out", "resumed", *resume], place)

    def runs(self, place: Path) -> dict[str, Path]:
        """See `Case`."""
        return {name: place / name for name in ("unbroken", "resumed")}


def kill_after(lines: int, checkout: Checkout, words: list[str], place: Path) -> None:
    """Begin and kill (SIGKILL) when steps.jsonl has so many lines.

    Raises:
        CommandFailedError: it ended before.
    """
    log = place / "resumed" / "steps.jsonl"
    command = [sys.executable, "-m", "grevy", *words]
    with (place / "killed.txt").open("a") as said:
        process = subprocess.Popen(
            command, cwd=place, env=checkout.patient(), stdout=said, stderr=said
        )
        while process.poll() is None and count_lines(log) < lines:
            time.sleep(0.005)
        if process.poll() is not None:
            raise CommandFailedError(
                checkout.side, words, process.returncode, "it ended before it was killed"
            )
        process.send_signal(signal.SIGKILL)
        process.wait()


def count_lines(path: Path) -> int:
    """0 where there is no file yet."""
    return path.read_bytes().count(b"\n") if path.exists() else 0


TWO_EPOCHS = ("--epochs", "2")
CASES: dict[str, Case] = {
    "base": Training("base", short_data=FEW, short_flags=TWO_EPOCHS),
    "best": Training("best", flags=("--epochs", "1"), short_data=FEW, short_flags=TWO_EPOCHS),
    "speed-80": Training("speed-80"),
    # Four epochs of two steps: the bias of the whitening layer is trained in three of them.
    "speed-94": Training("speed-94", data=FEW, flags=("--epochs", "4")),
    "net2": Training("net2", short_data=FEW, short_flags=TWO_EPOCHS),
    "transfer": Training("transfer", data=FEW, short_data=FEWER, own_cache=True),
    "study": StudyOfTwoArms(),
    "resumed": ResumedRun(),
}


def make_once(name: str, case: Case, setting: Setting, checkout: Checkout) -> Path:
    """The folder of a case that is done; what was broken off, or asked otherwise, begins anew.

    Raises:
        CommandFailedError: a command failed.
    """
    place = checkout.home / f"{name}{'-short' if setting.short else ''}"
    words = case.words(setting)
    done = place / DONE
    if done.exists() and json.loads(done.read_text())["words"] == words:
        print(f"{name} {checkout.side}: done before", flush=True)
        return place
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    began = time.perf_counter()
    case.make(checkout, place, words)
    seconds = round(time.perf_counter() - began, 1)
    done.write_text(json.dumps({"words": words, "seconds": seconds, "commit": checkout.commit}))
    print(f"{name} {checkout.side}: {seconds} s", flush=True)
    return place
