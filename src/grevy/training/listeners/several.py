"""Several listeners as one."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence

from grevy.classifier.run import Run
from grevy.training.listeners.listener import Listener, PrintListener, Row
from grevy.training.listeners.registry import build_listener


def listeners_of(
    given: Listener | Sequence[Listener] | None, names: str | Sequence[str]
) -> SeveralListeners:
    """Those that are given, or the one that prints, and further ones by name.

    Raises:
        UsageError: no listener has such a name.
        MissingPackageError: the package that it writes for is not installed.
    """
    if given is None:
        given = PrintListener()
    own = [given] if isinstance(given, Listener) else list(given)
    wanted = [names] if isinstance(names, str) else names
    return SeveralListeners([*own, *map(build_listener, dict.fromkeys(wanted))])


class SeveralListeners(Listener):
    """Each hears everything, in the order given.

    One that raises is left out from then on, the others are told so in one line, and the training
    goes on: a full disk of a logbook must not cost a night of training. Only a `BrokenPipeError`
    ends it, since then nobody reads what the command prints.
    """

    def __init__(self, listeners: Iterable[Listener]) -> None:
        self._listeners = list(listeners)

    def said(self, text: str) -> None:
        """Everybody hears it."""
        self._each("said", text)

    def showed(self, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Everybody hears it."""
        self._each("showed", columns, rows)

    def advanced(self, task: str, done: int, total: int) -> None:
        """Everybody hears it."""
        self._each("advanced", task, done, total)

    def began(self, run: Run, step: int) -> None:
        """Everybody hears it."""
        self._each("began", run, step)

    def stepped(self, row: Row) -> None:
        """Everybody hears it."""
        self._each("stepped", row)

    def checked(self, row: Row, train_loss: float) -> None:
        """Everybody hears it."""
        self._each("checked", row, train_loss)

    def finished(self, run: Run) -> None:
        """Everybody hears it."""
        self._each("finished", run)

    def failed(self, error: Exception) -> None:
        """Everybody hears it."""
        self._each("failed", error)

    def _each(self, hook: str, *arguments: object) -> None:
        for listener in list(self._listeners):
            try:
                getattr(listener, hook)(*arguments)
            except BrokenPipeError:
                raise
            except Exception as error:  # others' code, which may raise anything
                self._leave_out(listener, hook, error)

    def _leave_out(self, listener: Listener, hook: str, error: Exception) -> None:
        self._listeners.remove(listener)
        name, reason = type(listener).__name__, str(error).strip() or "no reason given"
        first_line = reason.splitlines()[0]
        text = (
            f"{name} is left out from here on: {hook} failed ({type(error).__name__}: {first_line})"
        )
        if not self._listeners:
            warnings.warn(text, stacklevel=2)
        self.said(text)
