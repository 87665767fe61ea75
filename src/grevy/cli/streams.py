"""Standard output that a reader may close, or a disk refuse, without costing what is worked on.

`grevy train ... | head -3` reads three lines and leaves; the training goes on to its end and all
files are written. Then the status is that of a pipe whose reader has left.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from typing import Any, TextIO, cast

LEFT = 141
"""What a shell shows for a program whose reader has left: 128 and the number of SIGPIPE."""


class LastingStream:
    """A text stream that takes what is written also after its other end has gone."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
        self.error: OSError | None = None

    def write(self, text: str) -> int:
        """Pass it on, while somebody takes it."""
        if self.error is None:
            try:
                return self._stream.write(text)
            except OSError as error:
                self._give_up(error)
        return len(text)

    def flush(self) -> None:
        """The same."""
        if self.error is None:
            try:
                self._stream.flush()
            except OSError as error:
                self._give_up(error)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _give_up(self, error: OSError) -> None:
        """What is still in a buffer goes nowhere, so that nothing fails again at the end."""
        self.error = error
        with suppress(OSError, ValueError):  # a stream of a test has no number
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)


@contextmanager
def lasting_streams() -> Iterator[None]:
    """Whatever is printed meanwhile can't fail; said at the end by the exit status.

    Raises:
        SystemExit: with the status of what was done; 0 becomes 141 where the reader of standard
            output has left, and 1 where it could not be written for another reason.
    """
    out, errors = LastingStream(sys.stdout), LastingStream(sys.stderr)
    status: Any = None
    with redirect_stdout(cast(TextIO, out)), redirect_stderr(cast(TextIO, errors)):
        try:
            yield
        except SystemExit as stop:
            status = stop.code or 0  # 0, too, is passed on: help ends so
        out.flush()
        if out.error is not None and not isinstance(out.error, BrokenPipeError):
            print(
                f"grevy: standard output can't be written ({out.error.strerror}); all else is"
                " done: look into the folder that was written",
                file=sys.stderr,
            )
        errors.flush()
    if out.error is not None and not status:
        status = LEFT if isinstance(out.error, BrokenPipeError) else 1
    if status is not None:
        sys.exit(status)
