"""Files of runs, studies and caches are damaged in every way: nothing changes a number in silence.

After each damage everything that reads the file is asked again. It may refuse (one line that names
the file or its folder), heal and say so, leave out what is damaged and say so, or give the very
same answers. The sample changes by day and its seed is printed; `GREVY_DAMAGES=1000` makes so
many, and the table is printed with `-s`.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import random
import shutil
import time
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import grevy
from grevy.classifier.of_run import classifier_of_run
from grevy.errors import GrevyError, RunInterruptedError
from grevy.records.atomic import write_json
from grevy.records.summed import with_sum
from grevy.reports.sources.open import open_sources
from grevy.studies.plan import save_study
from grevy.studies.study import load_study
from grevy.training.listeners.listener import Listener

DAY = datetime.datetime.now(datetime.UTC).date()
DAMAGES = int(os.environ.get("GREVY_DAMAGES", "0"))
SEED = int(os.environ.get("GREVY_DAMAGE_SEED", DAY.toordinal()))
SECONDS = 25.0
"""Of damages in the test suite; worlds are built before."""

TINY = {"model": {"convnet": {"widths": [4, 4, 4], "hidden": 16}}, "precision": "fp32"}
SHORT = {**TINY, "batch_size": 20, "epochs": 1, "patience": 0}
KEPT = {**SHORT, "transfer": {"train": "last:1"}, "optimizer": {"name": "sgd", "lr": 0.01}}
STUDY = {"base": SHORT, "vary": ["slow: optimizer.lr=0.01"], "seeds": 2, "margin": 0.02}

Numbers = Mapping[str, Any]


@dataclass
class Answer:
    """What was computed, and what was said beside it."""

    numbers: Numbers
    said: list[str] = field(default_factory=list)


class Ears(Listener):
    """Keeps what is said."""

    def __init__(self, checks: int = -1) -> None:
        self.heard: list[str] = []
        self.checks = checks

    def said(self, text: str) -> None:
        self.heard.append(text)

    def checked(self, row: Any, train_loss: float) -> None:
        self.checks -= 1
        if self.checks == 0:
            raise KeyboardInterrupt


def digest(value: Any) -> str:
    content = value if isinstance(value, bytes) else np.ascontiguousarray(value).tobytes()
    return hashlib.sha256(content).hexdigest()[:16]


def flat(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from flat(inner, f"{place}.{name}")
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from flat(inner, f"{place}.{number}")
    else:
        yield place, value


@dataclass
class World:
    """Runs, a study and caches, as they were made; damage is done to a copy at the same place."""

    root: Path
    pristine: Path
    chance: random.Random = field(default_factory=lambda: random.Random(SEED))

    @property
    def picture(self) -> np.ndarray:
        return np.arange(16 * 16 * 3, dtype=np.uint8).reshape(16, 16, 3)

    def files(self) -> list[Path]:
        found = (p for part in PARTS for p in (self.root / part).rglob("*") if p.is_file())
        return sorted(p for p in found if not p.name.startswith(".") and p.suffix != ".png")

    def restore(self, *parts: str) -> None:
        """Also after what asking left, such as another count of readings of the test split."""
        for part in parts or PARTS:
            shutil.rmtree(self.root / part, ignore_errors=True)
            shutil.copytree(self.pristine / part, self.root / part)

    # What is asked, by what a user calls.

    def evaluate(self, run: Path) -> Answer:
        found = grevy.evaluate(run)
        said = found.pop("notes")
        return Answer(dict(flat({**found, "test_reads": 0})), said)

    def look(self, run: Path) -> Answer:
        view = grevy.look(self.picture, run=run)
        return Answer({name: digest(array) for name, array in view.arrays.items()})

    def last(self, run: Path) -> Answer:
        found = classifier_of_run(run, "last")
        logits = found.logits(found.prepare(self.picture).images_NCHW)
        numbers = {"logits": digest(logits.detach().numpy()), "from": found.weights_from}
        return Answer(numbers, list(found.notes))

    def report(self, place: Path) -> Answer:
        sources = open_sources([place])
        said = list(sources.missing)
        numbers: dict[str, Any] = {}
        for source in sources.all:
            numbers |= {f"{source.name}: {name}": n for name, n in source.numbers.items()}
            numbers |= {f"{source.name}: {path}": s for path, s in source.origin().files}
        for run in sources.runs:
            said += run.read.damage.values()
        if sources.comparison:
            said += [f.what for f in sources.comparison.comparison.contest.failed]
        return Answer(numbers, said)

    def page(self, place: Path) -> Answer:
        grevy.report(place)
        return Answer({})

    def compare(self, place: Path) -> Answer:
        comparison = grevy.compare(place)
        said = [failed.what for failed in comparison.contest.failed]
        return Answer(dict(flat(comparison.to_dict())), said)

    def resume(self, run: Path) -> Answer:
        ears = Ears()
        done = grevy.train(resume=True, out=run, listener=ears)
        weights = {name: digest(value) for name, value in done.model().state_dict().items()}
        numbers = {"steps": done.steps, "logits": digest(done.predictions().logits_NK), **weights}
        checks = [{k: v for k, v in row.items() if k != "seconds"} for row in done.checks]
        scores = {name: done.results[name] for name in ("train", "validation", "test")}
        return Answer(dict(flat({**numbers, "checks": checks, **scores})), ears.heard)

    def train_on_kept(self, _: Path) -> Answer:
        ears, out = Ears(), self.root / "anew"
        shutil.rmtree(out, ignore_errors=True)
        run = grevy.train(self.root / "pets.zip", KEPT, out=out, listener=ears)
        said = [*ears.heard, *run.record.data.notes]
        data = run.record.data
        numbers = {"weights": digest(run.directory.weights_file.read_bytes())}
        numbers |= {"data": data.fingerprint, "classes": ",".join(data.classes)}
        return Answer({**numbers, **dict(flat(run.results["test"]))}, said)

    def questions(self, file: Path) -> Iterator[tuple[str, Callable[[Path], Answer], Path]]:
        """What reads a file: a name, the call, and its place."""
        part, *rest = file.relative_to(self.root).parts
        if part == "cache":
            yield "train", self.train_on_kept, self.root
            yield "evaluate", self.evaluate, self.root / "kept"
            return
        study = self.root / "study"
        run = study / "runs" / (rest[1] if len(rest) > 2 else "baseline-0")
        run = run if part == "study" else self.root / part
        if file.suffix in (".json", ".jsonl") or "predictions" in rest:
            asked = self.chance.choice(("report", "compare")) if part == "study" else "report"
            if part != "broken" and "checkpoint" not in rest and asked == "report":
                yield "report", self.report, study if part == "study" else run
            elif part != "broken" and "checkpoint" not in rest:
                yield "compare", self.compare, study
        if "runs" not in rest or len(rest) > 2:
            yield "look", self.look, run
            yield "last", self.last, run
            yield "resume", self.resume, run
            yield "evaluate", self.evaluate, run
        if part == "study" and self.chance.random() < 0.03:  # a whole page takes seconds
            yield "page", self.page, study


PARTS = ("study", "kept", "broken", "cache")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with pytest.MonkeyPatch.context() as patch:
        root = tmp_path_factory.mktemp("world")
        patch.setenv("GREVY_CACHE", str(root / "cache"))
        patch.setattr(
            "grevy.training.finish.draw_or_tell", lambda *_: None
        )  # no number is in a figure
        yield build(root)


def build(root: Path) -> World:
    write_zip(root / "pets.zip")
    study = load_study({"where": str(root / "pets.zip"), **STUDY})
    save_study(study, root / "study")
    for arm in study.arms:
        for seed in study.seeds:
            out = root / "study" / "runs" / f"{arm.name}-{seed}"
            grevy.train(root / "pets.zip", arm.recipe, seed=seed, out=out, listener=Ears())
    failure = {"arm": "slow", "seed": 1, "received": "it failed", "expected": "", "mend": ""}
    write_json(root / "study" / "runs" / "slow-9.error.json", with_sum(failure))
    grevy.train(root / "pets.zip", KEPT, out=root / "kept", listener=Ears())
    longer = {**SHORT, "epochs": 3}
    with pytest.raises((RunInterruptedError, KeyboardInterrupt)):
        grevy.train(root / "pets.zip", longer, out=root / "broken", listener=Ears(checks=3))
    for part in PARTS:
        shutil.copytree(root / part, root / "pristine" / part)
    return World(root, root / "pristine")


def write_zip(path: Path) -> None:
    noise = np.random.default_rng(0)
    with zipfile.ZipFile(path, "w") as archive:
        for split, count in (("train", 60), ("test", 24)):
            for number in range(count):
                lines = np.where(np.arange(16) % 4 < 2, 60, 190)
                image = np.tile(lines, (16, 1)) if number % 2 else np.tile(lines[:, None], 16)
                noisy = (image + noise.integers(-40, 40, image.shape)).clip(0, 255)
                file = BytesIO()
                Image.fromarray(noisy.astype(np.uint8)).convert("RGB").save(file, "PNG")
                name = ("across", "down")[number % 2]
                archive.writestr(f"{split}/{name}/{number}.png", file.getvalue())


def flip(content: bytes, chance: random.Random, _: bytes) -> bytes:
    if not content:
        return b"\1"
    place = chance.randrange(len(content))
    return (
        content[:place] + bytes([content[place] ^ 1 << chance.randrange(8)]) + content[place + 1 :]
    )


def cut(content: bytes, chance: random.Random, _: bytes) -> bytes:
    return content[: chance.randrange(len(content) or 1)]


def zeros(content: bytes, chance: random.Random, _: bytes) -> bytes:
    start = chance.randrange(len(content) or 1)
    count = min(len(content) - start, chance.choice((1, 16, 512, 4096)))
    return content[:start] + bytes(count) + content[start + count :]


DAMAGE: dict[str, Callable[[bytes, random.Random, bytes], bytes | None]] = {
    "bit flipped": flip,
    "cut": cut,
    "part zero": zeros,
    "deleted": lambda content, chance, other: None,
    "empty": lambda content, chance, other: b"",
    "swapped": lambda content, chance, other: other,
    "appended": lambda content, chance, other: content + chance.randbytes(chance.randint(1, 99)),
}


UNKNOWABLE = {("study/runs/slow-9.error.json", "deleted"), ("study/study.json", "deleted")}
"""The run is then one that was never begun; the folder is then one of runs that nobody asked for,
which are compared by their recipes."""


def kind_of(world: World, file: Path) -> str:
    """How a row of the table is called."""
    part, *rest = file.relative_to(world.root).parts
    if part == "cache":
        named = {"archives": "unpacked picture"} if file.suffix == ".png" else {}
        return f"cache/{rest[0]}/{named.get(rest[0], '*' + file.suffix)}"
    return f"{part}/{'/'.join(rest[2:] if part == 'study' and len(rest) > 2 else rest)}"


def all_files(world: World) -> dict[str, list[Path]]:
    kinds: dict[str, list[Path]] = {}
    pictures = (world.root / "cache" / "archives").rglob("*.png")
    for file in (*world.files(), *sorted(pictures)):
        kinds.setdefault(kind_of(world, file), []).append(file)
    return kinds


def ask(question: Callable[[Path], Answer], place: Path) -> Answer | Exception:
    try:
        return question(place)
    except Exception as error:  # a traceback is what is looked for
        return error


def judge(before: Answer | Exception, now: Answer | Exception, file: Path) -> str:
    if isinstance(before, GrevyError) and str(before) == str(now):
        return "harmless"  # as a run that is not finished is not evaluated
    if isinstance(now, GrevyError):
        named = any(
            part in str(now) for part in (file.name, file.parent.name, file.parents[1].name)
        )
        return "refused" if named and "\n" not in str(now) else "refused, not named"
    if isinstance(now, Exception):
        return "traceback"
    if isinstance(before, Exception):
        return "silent"
    same = repr(sorted(now.numbers.items())) == repr(sorted(before.numbers.items()))  # NaN, too
    more = [text for text in now.said if text not in before.said]
    if same:
        return "healed" if more else "harmless"
    return "left out, said" if more else "silent"


WORST = [
    "traceback",
    "silent",
    "refused, not named",
    "left out, said",
    "refused",
    "healed",
    "harmless",
]


def twin_of(world: World, file: Path, chance: random.Random) -> bytes:
    """What a file of the same name elsewhere holds."""
    twins = [f for f in world.files() if f.name == file.name and f != file]
    if file.name == "manifest.json":  # of another run: a newer generation that never was
        twins = [f for f in twins if f.parents[1] == file.parents[1]]
    if file.name == "run.json":  # of an unfinished run: a whole record of files without sums
        twins = [f for f in twins if f.parent.name != "broken"]
    if file.suffix == ".png":
        twins = sorted(file.parent.iterdir())
    return chance.choice(twins).read_bytes() if twins else b"something else"


def damage_once(
    world: World, file: Path, how: str, chance: random.Random, known: dict[Any, Answer | Exception]
) -> tuple[str, str]:
    """The worst that came of it, and what is to be known of it."""
    other = twin_of(world, file, chance)
    questions = list(world.questions(file))
    for name, question, place in questions:
        if (name, place) not in known:
            known[name, place] = ask(question, place)
            world.restore()
    found: list[tuple[str, str]] = []
    for name, question, place in questions:
        content = DAMAGE[how](file.read_bytes(), random.Random(chance.random()), other)
        if content is None:
            file.unlink()
        else:
            file.write_bytes(content)
        answer = ask(question, place)
        verdict = judge(known[name, place], answer, file)
        about = f"{verdict}: {how} {file.relative_to(world.root)}, asked to {name}"
        if verdict == "traceback":
            assert isinstance(answer, Exception)
            about += "\n" + "".join(traceback.format_exception(answer)[-4:])
        elif verdict == "silent" and isinstance(answer, Answer):
            before = known[name, place]
            pairs = getattr(before, "numbers", {}), answer.numbers
            names = {**pairs[0], **pairs[1]}
            changed = [n for n in names if repr(pairs[0].get(n)) != repr(pairs[1].get(n))]
            about += f": {changed[:3]}"
        elif isinstance(answer, Exception):
            about += f": {answer}"
        found.append((verdict, about))
        world.restore(
            *{path.relative_to(world.root).as_posix().split("/")[0] for path in (file, place)}
            & set(PARTS)
        )
    return min(found, key=lambda pair: WORST.index(pair[0]))


def table(counts: Mapping[str, Counter[str]]) -> str:
    lines = [f"{'file':<44}" + "".join(f"{name:>20}" for name in ("damages", *reversed(WORST)))]
    for kind, found in [*sorted(counts.items()), ("all", sum(counts.values(), Counter()))]:
        numbers = [found.total(), *(found[name] for name in reversed(WORST))]
        lines.append(f"{kind:<44}" + "".join(f"{number:>20}" for number in numbers))
    return "\n".join(lines)


@pytest.mark.timeout(7200)
def test_no_damage_changes_a_number_in_silence_and_none_is_a_traceback(world: World) -> None:
    print(f"damages of seed {SEED}")
    chance, known = random.Random(SEED), dict[Any, Answer | Exception]()
    kinds = all_files(world)
    counts: dict[str, Counter[str]] = {kind: Counter() for kind in kinds}
    wrong, until = [], time.monotonic() + SECONDS
    todo = [pair for pair in product(kinds, DAMAGE) if pair not in UNKNOWABLE]
    rounds = 0
    while (rounds < DAMAGES) if DAMAGES else (time.monotonic() < until):
        if rounds % len(todo) == 0:
            chance.shuffle(todo)
        kind, how = todo[rounds % len(todo)]
        verdict, about = damage_once(world, chance.choice(kinds[kind]), how, chance, known)
        counts[kind][verdict] += 1
        rounds += 1
        if WORST.index(verdict) <= 2:
            wrong.append(about)
            print(about, flush=True)
        if log := os.environ.get("GREVY_DAMAGE_LOG"):
            with open(log, "a") as out:
                out.write(about + "\n")
    print(table(counts))
    assert not wrong, "\n".join([f"seed {SEED}", *wrong])


def test_the_table_of_files_is_whole(world: World) -> None:
    kinds = set(all_files(world))
    for kind in ("run.json", "model.safetensors", "model.json", "steps.jsonl", "checks.jsonl"):
        assert f"study/{kind}" in kinds
    assert {"study/study.json", "broken/checkpoint/a/manifest.json", "kept/run.json"} <= kinds
    assert {f"cache/{name}/*.npy" for name in ("decoded", "features")} <= kinds
    assert "cache/archives/unpacked picture" in kinds  # a memory of sums is there only later
    assert json.dumps(sorted(kinds))
