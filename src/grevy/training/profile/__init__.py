"""`grevy train --profile`: seconds of each part of the loop, FLOP/s, and a trace of a few steps."""

from __future__ import annotations

from grevy.records.run import RunDirectory
from grevy.training.profile.part_timer import PartTimer
from grevy.training.profile.report import profile_facts
from grevy.training.profile.timer import ProfilingTimer
from grevy.training.profile.trace import StepTrace
from grevy.training.setup.prepare import Setup
from grevy.training.state import State


def chosen_timer(wanted: bool, setup: Setup, state: State, directory: RunDirectory) -> PartTimer:
    """One that measures and traces if that is wanted, else one that does nothing."""
    if not wanted:
        return PartTimer()
    steps = setup.total_steps - state.progress.step
    return ProfilingTimer(setup.device, StepTrace(directory.trace_file, setup.device, steps))


def record_profile(timer: PartTimer, setup: Setup, state: State, directory: RunDirectory) -> None:
    """Into run.json as `profile`, if there was a measurement.

    Raises:
        SaveError: the disk did not take it.
    """
    if isinstance(timer, ProfilingTimer):
        directory.change(profile=profile_facts(timer, setup, state))
