"""Standard output that a reader may close, or a disk refuse, without costing what is worked on.

What Grevy prints is clean (`grevy.printing`); here also what other packages print becomes so.

`grevy train ... | head -3` reads three lines and leaves; the training goes on to its end and all
files are written. Then the status is that of a pipe whose reader has left.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from typing import Any, TextIO, cast

from grevy.cleaning import clean_lines
from grevy.printing import on_stderr

LEFT = 141
"""What a shell shows for a program whose reader has left: 128 and the number of SIGPIPE."""


class LastingStream:
    """A text stream that takes what is written also after its other end has gone.

    Signs that its encoding lacks are written as escapes.
    """

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
        self.error: OSError | None = None

    def write(self, text: str) -> int:
        """Pass it on, while somebody takes it."""
        if self.error is None:
            try:
                return self._stream.write(text)
            except UnicodeEncodeError:
                return self._stream.write(_escaped(text, self._stream.encoding))
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


def _escaped(text: str, encoding: str) -> str:
    return text.encode(encoding, "backslashreplace").decode(encoding)


class CleanStream:
    """A text stream that shows what would steer a terminal; a line may only be begun again."""

    def __init__(self, styled: LastingStream) -> None:
        self.styled = styled
        """The same without the cleaner, for text that was cleaned before it was styled."""

    def write(self, text: str) -> int:
        """Its lines, clean; as long as `text` to whoever counts."""
        self.styled.write("\r".join(map(clean_lines, text.split("\r"))))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.styled, name)


@contextmanager
def lasting_streams() -> Iterator[None]:
    """Whatever is printed meanwhile can't fail; said at the end by the exit status.

    Raises:
        SystemExit: with the status of what was done; 0 becomes 141 where the reader of standard
            output has left, and 1 where it could not be written for another reason.
    """
    out, errors = LastingStream(sys.stdout), LastingStream(sys.stderr)
    status: Any = None
    with (
        redirect_stdout(cast(TextIO, CleanStream(out))),
        redirect_stderr(cast(TextIO, CleanStream(errors))),
    ):
        try:
            yield
        except SystemExit as stop:
            status = stop.code or 0  # 0, too, is passed on: help ends so
        out.flush()
        if out.error is not None and not isinstance(out.error, BrokenPipeError):
            on_stderr(
                f"grevy: standard output can't be written ({out.error.strerror}); all else is"
                " done: look into the folder that was written"
            )
        errors.flush()
    if out.error is not None and not status:
        status = LEFT if isinstance(out.error, BrokenPipeError) else 1
    if status is not None:
        sys.exit(status)
