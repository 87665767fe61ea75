"""The loop's hand in the record: rows, checkpoints, failures."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from grevy.cleaning import clean
from grevy.errors import (
    CorruptRecordError,
    GrevyError,
    NonFiniteLossError,
    ProcessMissingError,
    RunInterruptedError,
    UntrustedSourceError,
)
from grevy.models.own.object_source import OWN_PREFIX
from grevy.records.atomic import sweep
from grevy.records.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from grevy.records.events import EventLog, require_whole
from grevy.records.files import FileSum
from grevy.records.lock import is_in_use
from grevy.records.run import RunDirectory, create_run
from grevy.records.run_name import run_name
from grevy.records.run_record import RunRecord, RunStatus
from grevy.records.source import Sources, with_files, write_sources
from grevy.records.trust import remember, trust_list
from grevy.training.distributed import World
from grevy.training.listeners.listener import Listener
from grevy.training.start import (
    Start,
    changed_environment,
    changed_numerics,
    hold_new,
    refuse_other,
)
from grevy.training.state import State, progress_of


class Recorder:
    """Writes what happens into the run directory and tells the listener."""

    def __init__(self, directory: RunDirectory, state: State, listener: Listener) -> None:
        progress = state.progress
        self.directory = directory
        self.listener = listener
        self._steps = EventLog(directory.steps_file, progress.steps_log)
        self._checks = EventLog(directory.checks_file, progress.checks_log)
        self._losses: list[float] = []

    @classmethod
    @contextmanager
    def open(
        cls,
        start: Start,
        record: RunRecord,
        state: State,
        world: World,
        listener: Listener,
    ) -> Iterator[Recorder]:
        """A new record, or the old one with the state that its checkpoint holds.

        Only the leading process writes to the run directory; the others write to a folder that
        is thrown away.
        """
        with ExitStack() as stack:
            if start.path is not None and start.record is not None:
                refuse_other(start.record, record, start.path)
                _restore(start.path, start.record, record, state, listener)
            if not world.leads:
                scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="grevy-"))
                directory = create_run(Path(scratch) / "run", record)
            elif start.path is not None and start.record is not None:
                directory = _go_on(start.path, start.record)
            else:
                name = run_name(record.data.name, start.recipe, record.seed)
                place = stack.enter_context(hold_new(start.path, name))
                directory = create_run(place, record)
                _keep_sources(directory, start.sources, listener)
            yield cls(directory, state, listener)

    def step(self, row: Mapping[str, Any], total: int) -> None:
        """One row of steps.jsonl."""
        self._steps.append(row)
        self._losses.append(row["loss"])
        self.listener.stepped(row)
        self.listener.advanced("training", row["step"], total)

    def check(self, row: Mapping[str, Any]) -> None:
        """One row of checks.jsonl."""
        self._checks.append(row)
        self.listener.checked(row, sum(self._losses) / max(1, len(self._losses)))
        self._losses.clear()

    def checkpoint(self, state: State) -> None:
        """Make the rows durable, then the state that belongs to them.

        Raises:
            NonFiniteLossError: the state is not finite; the checkpoint before is kept.
            SaveError: the disk did not take it.
        """
        if not state.is_finite():
            raise NonFiniteLossError(
                f"weights or momenta that are not finite after step {state.progress.step}",
                "finite ones",
                "try a smaller --optimizer.lr; the checkpoint before is kept",
            )
        state.progress.note_logs(*self.flush())
        save_checkpoint(self.directory.checkpoint, state.pack())

    def saved_step(self) -> int:
        """Step of the newest whole checkpoint, read again from the disk; 0: there is none."""
        check = partial(_require_logs, self.directory)
        try:
            found = load_checkpoint(self.directory.checkpoint, check)
        except CorruptRecordError:
            return 0
        return progress_of(found).step if found else 0

    def flush(self) -> tuple[FileSum, FileSum]:
        """Make the rows durable; what both logs, of steps and of checks, hold then.

        Raises:
            SaveError: the disk did not take it.
        """
        return self._steps.flush(), self._checks.flush()

    def ended_by(self, error: Exception) -> None:
        """Show the run as interrupted or failed, with the error's line, and tell the listener."""
        try:
            if isinstance(error, RunInterruptedError):
                self.directory.change(status=RunStatus.INTERRUPTED)
            else:
                self.directory.change(status=RunStatus.FAILED, error=_in_one_line(error))
        except GrevyError as second:
            error.add_note(f"and run.json could not be updated: {second}")
        self.listener.failed(error)


@contextmanager
def unled_told(directory: RunDirectory, world: World) -> Iterator[None]:
    """Where the leading process is gone, another one says so in its record.

    Args:
        directory: the leader's.
        world: in which this process may be another one.
    """
    try:
        yield
    except ProcessMissingError as error:
        with suppress(GrevyError):  # it may be on another machine's disk
            is_left = not world.leads and not is_in_use(directory.path)
            if is_left and directory.read().status is RunStatus.TRAINING:
                directory.change(status=RunStatus.FAILED, error=str(error))
        raise


def _in_one_line(error: Exception) -> str:
    """Ours says all in one line; of another, such as PyTorch's, the kind is a part of it."""
    ours = isinstance(error, GrevyError)
    return str(error) if ours else clean(f"{type(error).__name__}: {error}".splitlines()[0])


def _go_on(path: Path, before: RunRecord) -> RunDirectory:
    """The old record, open again; what a process that died was writing is removed."""
    directory = RunDirectory(path)
    sweep(path)
    directory.change(status=RunStatus.TRAINING, resumes=before.resumes + 1, error=None)
    return directory


def _keep_sources(directory: RunDirectory, sources: Sources, listener: Listener) -> None:
    """Into the record, and on the list of those that may be run again without a question."""
    write_sources(directory, sources)
    for source in sources:
        if source.file is None and f"{source.name}".startswith(OWN_PREFIX):
            listener.said(
                f"Python keeps no source of {source.object}, so the record has only a hash of it:"
                f" to open the run elsewhere, give model={source.object} again"
            )
    try:
        remember(with_files(sources), directory.path)
    except (OSError, UntrustedSourceError) as error:
        listener.said(f"{trust_list()} can't be added to ({error}): this run needs --trust-source")


def _restore(
    path: Path,
    before: RunRecord,
    now: RunRecord,
    state: State,
    listener: Listener,
) -> None:
    for change in changed_environment(before, now):
        listener.said(f"not the machine it began on ({change}): the last bits may differ")
    if note := changed_numerics(before):
        listener.said(note)
    directory = RunDirectory(path)
    checkpoint = load_checkpoint(directory.checkpoint, partial(_require_logs, directory))
    if checkpoint is None:
        listener.said("no checkpoint was written yet: the run begins again at step 0")
        return
    if checkpoint.warning:
        listener.said(f"the checkpoint before is used, because: {checkpoint.warning}")
    state.unpack(checkpoint)
    listener.said(f"goes on after step {state.progress.step:,}")


def _require_logs(directory: RunDirectory, checkpoint: Checkpoint) -> None:
    """The rows before a checkpoint must be there, or the finished run would lack them.

    Raises:
        CorruptRecordError: a log does not begin with them.
    """
    progress = progress_of(checkpoint)
    require_whole(directory.steps_file, progress.steps_log)
    require_whole(directory.checks_file, progress.checks_log)
