"""A process that has imported all that Grevy needs once, and forks for every call of it.

    LD_PRELOAD=disk.so python fault_process.py WARM_UP < CALLS > ENDINGS

A call is a JSON line with the fields of `Call`; its ending is a line with the exit status, negative
where a signal ended it. The child arms the disk (`fault_disk.c`) and runs the command line as
`grevy` does. Nothing here runs in a user's process.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import gc
import importlib
import json
import os
import sys
import threading
import traceback
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDERS = ("cache", "state", "temporary")


@dataclass(frozen=True)
class Call:
    """What a child does, in which folder, and which of its writes fails."""

    folder: str
    words: list[str]
    at: int = 0
    error: int = 0
    manner: int = 0
    name: str = "call"
    environment: dict[str, str] = field(default_factory=dict)


def main() -> None:
    """Import, then answer until standard input ends."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    for name in modules_after(json.loads(sys.argv[1])):
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    gc.collect()
    gc.freeze()  # or each child's first collection would copy all that was imported
    print("ready", file=answers)
    for line in sys.stdin:
        child = os.fork()
        if not child:
            end(Call(**json.loads(line)))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), file=answers)
    os._exit(0)  # nothing here is worth taking apart


def modules_after(calls: Sequence[dict[str, Any]]) -> list[str]:
    """What such calls import. In a child: PyTorch's autograd does not survive a fork."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        for call in calls:
            with contextlib.suppress(SystemExit):  # another exception ends it, and is shown
                in_child(Call(**call))
        with os.fdopen(writing, "w") as file:
            json.dump(list(sys.modules), file)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as file:
        names: list[str] = json.load(file)
    os.waitpid(child, 0)
    return names


def end(call: Call) -> None:
    """Run the command line and end as Python does, without taking every module apart."""
    status: Any = 0
    try:
        in_child(call)
    except SystemExit as stop:
        status = stop.code or 0
    except BaseException:
        traceback.print_exc()
        status = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def in_child(call: Call) -> None:
    """Run the command line; raises SystemExit as it does."""
    os.chdir(call.folder)
    for number, suffix in ((1, "out"), (2, "err")):
        descriptor = os.open(f"{call.folder}.{call.name}.{suffix}", os.O_WRONLY | os.O_CREAT, 0o600)
        os.ftruncate(descriptor, 0)
        os.dup2(descriptor, number)
        os.close(descriptor)
    for name in FOLDERS:
        Path(name).mkdir(exist_ok=True)
    os.environ.update(
        GREVY_CACHE=f"{call.folder}/cache",
        GREVY_STATE=f"{call.folder}/state",
        TMPDIR=f"{call.folder}/temporary",
        **call.environment,
    )
    quick_figures()
    train_here()
    remember_at_once()
    log = os.open(f"{call.folder}.{call.name}.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    disk = ctypes.CDLL(None)
    disk.disk_fails.argtypes = (ctypes.c_char_p, ctypes.c_long, *[ctypes.c_int] * 3)
    disk.disk_fails(call.folder.encode(), call.at, call.error, call.manner, log)
    from grevy.cli.main import main as grevy

    grevy(call.words)


def quick_figures() -> None:
    """Drawing takes ten times as long as all else, and what is swept is the writing."""
    from matplotlib.figure import Figure

    import grevy.figures.contact_sheet
    import grevy.figures.save
    import grevy.training.draw

    grevy.figures.save.rendered = lambda figure, kind: f"a figure as {kind}".encode() * 100
    grevy.figures.contact_sheet.draw_contact_sheet = lambda *_, **__: Figure()
    for name in ("loss", "accuracy", "confusion", "mistakes"):
        setattr(grevy.training.draw, f"draw_{name}", lambda *_: Figure())


def train_here() -> None:
    """A study's runs are trained in the process that is swept."""
    import grevy.studies.run
    from grevy.studies.executors.task import Outcome, Task, train_task

    class Here:
        description = "here"

        def run(self, tasks: Sequence[Task]) -> Generator[Outcome | None]:
            for task in tasks:
                yield Outcome(task, *train_task(task))

    grevy.studies.run.choose_executor = lambda *_: Here()


def remember_at_once() -> None:
    """Sums of files younger than two seconds, too: else what is written depends on the clock."""
    import grevy.data.content_hash

    grevy.data.content_hash._COARSEST_TICK_NS = -1


if __name__ == "__main__":
    main()
