"""A process that trains one task after another: `python -m grevy.studies.executors.worker`.

Tasks come as JSON lines on standard input, endings go as JSON lines to standard output. A worker
lives for many runs, so that PyTorch is imported once.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
from typing import IO

from grevy.studies.executors.task import Task, train_task


def main() -> None:
    """Answer until standard input ends."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a plugin prints is not an answer
    lines: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_listen, args=(sys.stdin, lines), daemon=True).start()
    while line := lines.get():
        ending, failure = train_task(Task(**json.loads(line)))
        print(
            json.dumps({"ending": ending, "failure": failure.to_dict() if failure else None}),
            file=answers,
        )


def _listen(stream: IO[str], lines: queue.Queue[str]) -> None:
    """Pass lines on; when whoever gives the tasks is gone, save what is being trained and stop."""
    for line in stream:
        lines.put(line)
    lines.put("")
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
