"""Errors in the user's own files, told with their own file, line and source line."""

from __future__ import annotations

import linecache
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from grevy.errors import GrevyError, SourceFaultError

_own_files: dict[str, str] = {}
"""How a file of the user's is called, by the file name that its code carries."""


def watch_file(code_file: str, shown: str, text: str | None = None) -> None:
    """From now on errors in code of this file are the user's.

    Args:
        code_file: as its code objects have it (`co_filename`).
        shown: to people.
        text: as it was run; None: as the file has it.
    """
    _own_files[code_file] = shown
    if text is not None:
        linecache.cache[code_file] = (len(text), None, text.splitlines(keepends=True), code_file)


def fault_in_words(error: BaseException) -> str | None:
    """Where in the user's file an error came from; None if it did not.

    The last line of the user's that was running: what failed may be far below, in PyTorch.
    """
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename in _own_files]
    if not frames:
        return None
    last, said = frames[-1], " ".join(str(error).split())
    place = f"{_own_files[last.filename]}, line {last.lineno}"
    return f'{place}: {type(error).__name__}: {said}: "{last.line}"'


def fault_of(error: BaseException) -> SourceFaultError | None:
    """The error as one of ours, if it came from a file of the user's."""
    words = fault_in_words(error)
    return None if words is None else SourceFaultError(words, "", "mend that line, or its caller")


@contextmanager
def faults_shown() -> Iterator[None]:
    """Errors in files of the user's that are raised inside become one line.

    Raises:
        SourceFaultError: with the error itself as its cause, for whoever wants the traceback.
    """
    try:
        yield
    except GrevyError:
        raise
    except SystemExit as stop:
        raise SourceFaultError(
            f"code of yours that ends the program (sys.exit({stop.code!r}))",
            "a file that defines a network",
            "put what runs below `if __name__ == '__main__':`",
        ) from stop
    except Exception as error:
        if fault := fault_of(error):
            raise fault from error
        raise
