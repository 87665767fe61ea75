"""Every write of every operation fails once in each way; what is told and what is left is checked.

    python tests/faults/fault_sweep.py --out runs/faults [--every 7] [--only "new run"]

It goes on where it was stopped, and begins anew when the sources have changed. The table counts,
by operation and kind of fault, how many were tried and how many failed a check.
"""

from __future__ import annotations

import argparse
import csv
import errno
import hashlib
import http.server
import json
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from fault_operations import OPERATIONS, RUN, STUDY, Operation, packed, pictures, state_of
from fault_process import Call

HERE = Path(__file__).parent
ONCE, FROM_THEN_ON, KILL = range(3)
KINDS = {
    "killed": (0, KILL),
    "no space": (errno.ENOSPC, ONCE),
    "disk fault": (errno.EIO, ONCE),
    "no right": (errno.EACCES, ONCE),
    "read-only": (errno.EROFS, ONCE),
    "no quota": (errno.EDQUOT, ONCE),
    "too many files": (errno.EMFILE, ONCE),
    "stays full": (errno.ENOSPC, FROM_THEN_ON),
    "stays read-only": (errno.EROFS, FROM_THEN_ON),
}
MENDS = {
    errno.ENOSPC: "space",
    errno.EIO: "disk",
    errno.EACCES: "right",
    errno.EROFS: "can only be read",
    errno.EDQUOT: "quota",
    errno.EMFILE: "ulimit",
}
PROGRESS = re.compile(r"(training|reading pictures|writing|verifying|runs|downloading)\b")
UNFINISHED = re.compile(r"\.[0-9a-f]{8}$")
"""Of a temporary file's name."""


@dataclass(frozen=True)
class Case:
    """One write of one operation, and what happens at it."""

    operation: str
    kind: str
    at: int

    @property
    def name(self) -> str:
        return f"{self.operation} {self.at} {self.kind}".replace(" ", "-").replace(",", "")


@dataclass(frozen=True)
class Write:
    """What a call writes at a number."""

    number: int
    what: str
    path: str


@dataclass(frozen=True)
class Known:
    """An operation's beginning, and how it ends unbroken."""

    operation: Operation
    before: Path
    after: dict[str, Any]
    writes: tuple[Write, ...]

    def write(self, number: int) -> Write:
        """What is written at this number."""
        return next(write for write in self.writes if write.number == number)


class Forker:
    """Grevy as a process that forks for every call; see fault_process.py."""

    def __init__(self, disk: Path, scratch: Path) -> None:
        warm = scratch / "warm"
        pictures(warm / "pictures")
        (warm / "study.yaml").write_text(
            json.dumps({"where": "pictures", "base": "base", "vary": ["lr=0.1"], "seeds": 1})
        )
        words = (RUN, ["evaluate", "run"], ["report", "run"], [*STUDY, "--plan"], ["data", "run"])
        calls = [asdict(Call(str(warm), [*some])) for some in words]
        environment = {**os.environ, "LD_PRELOAD": str(disk), "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "fault_process.py"), json.dumps(calls)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        self._lock = threading.Lock()
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"

    def call(self, call: Call) -> int:
        """Exit status; negative: the signal that ended it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._lock:
            self._process.stdin.write(json.dumps(asdict(call)) + "\n")
            self._process.stdin.flush()
            return int(self._process.stdout.readline())

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


class Sweep:
    """Runs cases in a scratch folder, several at a time."""

    def __init__(self, scratch: Path, workers: int = 1) -> None:
        self.scratch = scratch
        self.workers = workers

    @contextmanager
    def ready(self) -> Iterator[None]:
        """While the processes and the server run."""
        disk = compiled(self.scratch)
        pictures(self.scratch / "pictures")
        packed(self.scratch / "pictures")
        with ExitStack() as stack:
            self._forkers = []
            for number in range(self.workers):
                folder = self.scratch / f"process{number}"
                folder.mkdir()
                self._forkers.append(Forker(disk, folder))
                stack.callback(self._forkers[-1].close)
            self._server = stack.enter_context(serving(self.scratch / "served"))
            self._known: dict[str, Known] = {}
            self._serve_weights()
            yield

    def known(self, name: str) -> Known:
        """The operation's beginning and end; made once."""
        if name not in self._known:
            self._known[name] = self._learn(name, self._filled(OPERATIONS[name]))
        return self._known[name]

    def cases(self, names: Iterable[str]) -> list[Case]:
        """All of these operations."""
        return [
            Case(name, kind, write.number)
            for name in names
            for write in self.known(name).writes
            for kind in KINDS
        ]

    def run(self, cases: Sequence[Case]) -> Iterator[tuple[Case, list[str]]]:
        """Each case with what is wrong after it."""
        free: queue.Queue[Forker] = queue.Queue()
        for forker in self._forkers:
            free.put(forker)

        def one(case: Case) -> tuple[Case, list[str]]:
            forker = free.get()
            try:
                return case, self._try(case, forker)
            finally:
                free.put(forker)

        with ThreadPoolExecutor(self.workers) as pool:
            for done in as_completed([pool.submit(one, case) for case in cases]):
                yield done.result()

    def _try(self, case: Case, forker: Forker) -> list[str]:
        folder = self.scratch / case.name
        known = self.known(case.operation)
        _copy(known.before, folder)
        error, manner = KINDS[case.kind]
        call = Call(str(folder), known.operation.words, case.at, error, manner)
        status = forker.call(call)
        wrong = list(after_fault(case, known, folder, status, _text(folder, "call.err")))
        wrong += self._go_on(case, known, folder, status, forker)
        if not wrong:
            shutil.rmtree(folder)
            for file in self.scratch.glob(f"{folder.name}.*"):
                file.unlink()
        return wrong

    def _go_on(
        self, case: Case, known: Known, folder: Path, status: int, forker: Forker
    ) -> Iterator[str]:
        """The call that goes on ends as an unbroken one does."""
        operation, stays = known.operation, KINDS[case.kind][1] == FROM_THEN_ON
        words = operation.again or operation.words
        if status > 0 and operation.after_error:
            words = operation.after_error
        if status or stays:
            code = forker.call(Call(str(folder), words, name="again"))
            if code:
                said = _text(folder, "again.err").strip().splitlines()[-1:]
                yield f"going on ends with {code}: {' '.join(said)}"
        if status:
            yield from differences(known, state_of(folder))
        else:
            yield from goes_well(case, known, folder)

    def _filled(self, operation: Operation) -> Operation:
        def filled(words: list[str] | None) -> list[str] | None:
            return words and [word.replace("{server}", self._server) for word in words]

        words = filled(operation.words)
        assert words is not None
        return replace(operation, words=words, again=filled(operation.again))

    def _learn(self, name: str, operation: Operation) -> Known:
        before = self.scratch / f"before {name}".replace(" ", "-").replace(",", "")
        before.mkdir()
        (before / "pictures").symlink_to(self.scratch / "pictures")
        operation.prepare(before, partial(self._do, before), partial(self._stop, before))
        for folder in ("cache", "state", "temporary"):
            (before / folder).mkdir(exist_ok=True)
        after = self.scratch / before.name.replace("before", "after", 1)
        _copy(before, after)
        assert self._do(after, operation.words) == 0, _text(after, "call.err")
        watched = f"{after}{operation.watched}"
        writes = tuple(
            replace(write, path=write.path.removeprefix(f"{after}/"))
            for write in written(after)
            if write.path.startswith(watched)
        )
        return Known(operation, before, state_of(after), writes)

    def _do(self, folder: Path, words: list[str], at: int = 0) -> int:
        return self._forkers[0].call(Call(str(folder), words, at, 0, KILL))

    def _stop(self, folder: Path, words: list[str], path: str) -> None:
        """Kill the call at the last write of such a file, having learnt in a copy which it is."""
        trial = folder.with_name(f"{folder.name}-trial")
        _copy(folder, trial)
        assert self._do(trial, words) == 0, _text(trial, "call.err")
        last = max(write.number for write in written(trial) if path in write.path)
        assert self._do(folder, words, last) == -9

    def _serve_weights(self) -> None:
        folder = self.scratch / "weights"
        folder.mkdir()
        (folder / "pictures").symlink_to(self.scratch / "pictures")
        assert self._do(folder, RUN) == 0, _text(folder, "call.err")
        shutil.copy(
            folder / "run" / "model.safetensors", self.scratch / "served" / "weights.safetensors"
        )


def after_fault(case: Case, known: Known, folder: Path, status: int, said: str) -> Iterator[str]:
    """What is wrong with the exit status, the line, and what lies there then."""
    error, manner = KINDS[case.kind]
    if "Traceback" in said:
        yield f"traceback: {said.strip().splitlines()[-1]}"
    if manner == KILL:
        if status != -9:
            yield f"exit status {status} of a process that was killed"
    elif status == 0:
        pass  # of no weight: all is as it would be, as is looked at later
    elif status == 1:
        write = known.write(case.at)
        yield from line_is_wrong(said, error, write, manner)
        if manner == ONCE and write.what != "unlink":
            yield from litter(folder)
    else:
        yield f"exit status {status}"
    for name in known.operation.old:
        old, new = (known.before / name).read_bytes(), known.after[name]
        if not (folder / name).exists() or (folder / name).read_bytes() not in (old, new):
            yield f"lost: {name}"


def goes_well(case: Case, known: Known, folder: Path) -> Iterator[str]:
    """Where the fault was of no weight, all is as it would be.

    But a figure may lack that is told, and what could not be removed may be there.
    """
    told = _text(folder, "call.out") + _text(folder, "call.err")
    write = known.write(case.at)
    kept = f"stray: {write.path}" if write.what == "unlink" else None
    for line in differences(known, state_of(folder)):
        if line != kept and not ("figures/" in line and "could not be drawn" in told):
            yield f"though nothing failed, {line}"


def line_is_wrong(said: str, error: int, write: Write, manner: int) -> Iterator[str]:
    """One line that names the file, the cause, and a mend of this cause."""
    lines = [line for line in said.splitlines() if line.strip() and not PROGRESS.match(line)]
    if len(lines) != 1 or not lines[0].startswith("grevy: "):
        yield f"{len(lines)} lines: {said.strip()[:300]!r}"
        return
    if os.strerror(error) not in lines[0]:
        yield f"no cause: {lines[0]}"
    if MENDS[error] not in lines[0].rpartition(os.strerror(error))[2]:
        yield f"no mend of {os.strerror(error)}: {lines[0]}"
    if manner == ONCE and not _is_named(write, lines[0]):
        yield f"no file {write.path}: {lines[0]}"


def _is_named(write: Write, line: str) -> bool:
    """The file, its folder, or the entry of the cache that it is a part of."""
    if write.path.startswith("/"):  # the folder itself, which is synced after any file in it
        return True
    *above, folder, name = [
        UNFINISHED.sub("", p).removeprefix(".") for p in ("", *Path(write.path).parts)
    ]
    return any(part in line for part in (folder, name, *(p for p in above if len(p) > 12)))


def litter(folder: Path) -> Iterator[str]:
    """What a process that ended by itself should have taken away."""
    for path in sorted(folder.rglob("*")):
        if UNFINISHED.search(path.name) and path.name.startswith("."):
            yield f"left: {path.relative_to(folder)}"
        if path.name == ".holder" or path.name.startswith(".unpacking-"):
            yield f"left: {path.relative_to(folder)}"
    for path in (folder / "temporary").iterdir():
        yield f"left: {path.relative_to(folder)}"


def differences(known: Known, found: dict[str, Any]) -> Iterator[str]:
    """From the unbroken end."""
    for name in sorted(known.after.keys() - found.keys()):
        yield f"missing: {name}"
    for name in sorted(found.keys() - known.after.keys()):
        yield f"stray: {name}"
    for name in sorted(found.keys() & known.after.keys()):
        if found[name] != known.after[name]:
            yield f"differs: {name}{_fields(found[name], known.after[name])}"


def _fields(found: Any, expected: Any) -> str:
    if not isinstance(found, dict):
        return ""
    names = [n for n in {**found, **expected} if found.get(n) != expected.get(n)]
    return f" in {', '.join(names)}"


def _copy(folder: Path, to: Path) -> None:
    shutil.copytree(folder, to, symlinks=True)


def written(folder: Path) -> list[Write]:
    """What the last call in this folder wrote."""
    lines = _text(folder, "call.log").splitlines()
    parts = [line.split("\t", 2) for line in lines]
    return [Write(int(number), what, path) for number, what, path in parts]


def _text(folder: Path, what: str) -> str:
    return folder.with_name(f"{folder.name}.{what}").read_text(errors="replace")


def compiler() -> str | None:
    """The system's C compiler, if there is one."""
    return shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")


def compiled(folder: Path) -> Path:
    """The library that is loaded before all others."""
    library = folder / "fault_disk.so"
    words = ["-shared", "-fPIC", "-O1", "-o", str(library), str(HERE / "fault_disk.c"), "-ldl"]
    subprocess.run([str(compiler()), *words], check=True)
    return library


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """A web server on the loopback; its address."""
    folder.mkdir(exist_ok=True)

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(Handler, directory=str(folder))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def sources_hash() -> str:
    """Of everything that decides what a sweep finds."""
    import grevy

    places = [*Path(grevy.__file__).parent.rglob("*.py"), *HERE.glob("fault_*")]
    digest = hashlib.sha256()
    for place in sorted(place for place in places if place.is_file()):
        digest.update(place.read_bytes())
    return digest.hexdigest()


def table(found: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows by operation and kind: tried, failed."""
    tried: Counter[tuple[str, str]] = Counter()
    failed: Counter[tuple[str, str]] = Counter()
    for case in found:
        key = case["operation"], case["kind"]
        tried[key] += 1
        failed[key] += bool(case["wrong"])
    return [
        {"operation": operation, "kind": kind, "tried": count, "failed": failed[operation, kind]}
        for (operation, kind), count in tried.items()
    ]


def main() -> None:
    """Sweep, tell each case that fails, write the table; exit status 1 if any failed."""
    parser = argparse.ArgumentParser(description="break every write of Grevy once")
    parser.add_argument("--out", type=Path, default=Path("runs/faults"))
    parser.add_argument("--every", type=int, default=1, help="try each nth case only")
    parser.add_argument("--only", action="append", choices=[*OPERATIONS], help="an operation")
    parser.add_argument("--workers", type=int, default=max(1, (os.cpu_count() or 1) // 2))
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    log = asked.out / f"cases-{sources_hash()[:8]}.jsonl"
    found = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    done = {Case(case["operation"], case["kind"], case["at"]) for case in found}
    with (
        tempfile.TemporaryDirectory(prefix="faults-") as scratch,
        log.open("a", buffering=1) as file,
    ):
        sweep = Sweep(Path(scratch), asked.workers)
        with sweep.ready():
            for name in asked.only or OPERATIONS:
                cases = [c for c in sweep.cases([name])[:: asked.every] if c not in done]
                for case, wrong in sweep.run(cases):
                    write = sweep.known(name).write(case.at)
                    row = {**asdict(case), "what": write.what, "path": write.path, "wrong": wrong}
                    file.write(json.dumps(row) + "\n")
                    found.append(row)
                    if wrong:
                        print(
                            f"{name} | {case.kind} | {write.what} {write.path} | {wrong}",
                            flush=True,
                        )
    rows = table(found)
    with (asked.out / "faults.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, ["operation", "kind", "tried", "failed"])
        writer.writeheader()
        writer.writerows(rows)
    for row in rows:
        print(f"{row['operation']:<26} {row['kind']:<16} {row['tried']:>5} {row['failed']:>5}")
    sys.exit(any(row["failed"] for row in rows))


if __name__ == "__main__":
    main()
