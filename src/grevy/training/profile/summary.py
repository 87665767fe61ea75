"""`grevy train --profile`: from the seconds of each phase to pictures and FLOP/s, in the record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from grevy.records.run import RunDirectory
from grevy.training.profile.flops import (
    FLOPS_PER_MAC,
    RULE,
    MatrixProduct,
    flops_per_picture,
    matrix_product,
)
from grevy.training.profile.timer import PHASES, LoopTimer, ProfilingTimer, StepTrace
from grevy.training.selection import kept_pictures
from grevy.training.state import Setup, State

STEP = ("data", "selection", "forward", "backward", "optimizer")


@dataclass(frozen=True)
class PhaseRow:
    """One line of the table.

    Attributes:
        phase: one of `PHASES`, or a sum of several.
        seconds: spent in it.
        share: of the loop's seconds, 0 to 1.
        pictures_per_second: that went through it; None where no pictures do.
        flops_per_second: None where there is nothing to multiply, or it is not known.
        of_matrix_product: flops_per_second divided by those of the matrix product.
    """

    phase: str
    seconds: float
    share: float
    pictures_per_second: float | None
    flops_per_second: float | None
    of_matrix_product: float | None

    def to_dict(self) -> dict[str, Any]:
        """For the record, which calls a phase a part."""
        facts = asdict(self)
        return {"part": facts.pop("phase"), **facts}


def chosen_timer(wanted: bool, setup: Setup, state: State, directory: RunDirectory) -> LoopTimer:
    """One that measures and traces if that is wanted, else one that does nothing."""
    if not wanted:
        return LoopTimer()
    steps = setup.total_steps - state.progress.step
    return ProfilingTimer(setup.device, StepTrace(directory.trace_file, setup.device, steps))


def record_profile(timer: LoopTimer, setup: Setup, state: State, directory: RunDirectory) -> None:
    """Into run.json as `profile`, if there was a measurement.

    Raises:
        SaveError: the disk did not take it.
    """
    if isinstance(timer, ProfilingTimer):
        directory.change(profile=profile_facts(timer, setup, state))


def profile_facts(timer: ProfilingTimer, setup: Setup, state: State) -> dict[str, Any]:
    """The table, and what it was counted with, as JSON takes it.

    Args:
        timer: after the loop.
        setup: of the training; says batch size, precision and device.
        state: its network is surveyed.
    """
    last = state.progress.step
    flops, notes = flops_per_picture(setup, state, range(last - timer.trace.steps_begun, last))
    product = matrix_product(setup.precision, setup.device)
    seconds = dict(timer.seconds)
    if state.proxy is None:
        del seconds["selection"]
    rows = phase_rows(seconds, pictures_of_phases(timer, setup), flops, product)
    return {
        "parts": [row.to_dict() for row in rows],
        "steps": timer.entries[PHASES[0]],
        "flops_per_picture": flops,
        "rule": RULE,
        "matrix_product": asdict(product),
        "trace": timer.trace.path.name if timer.trace.steps else None,
        "traced_steps": timer.trace.steps,
        "notes": notes,
    }


def phase_rows(
    seconds: Mapping[str, float],
    pictures: Mapping[str, int],
    flops_per_picture: Mapping[str, float],
    product: MatrixProduct,
) -> list[PhaseRow]:
    """A row a phase, one for the phases of a step together, and one for all.

    Args:
        seconds: by phase; one that the loop does not have is absent.
        pictures: that went through each phase; absent where none do.
        flops_per_picture: by phase; absent where they are not known.
        product: what FLOP/s are held against.
    """
    flops = {n: each * pictures.get(n, 0) for n, each in flops_per_picture.items()}
    whole = sum(seconds.values())

    def row(name: str, phases: Iterable[str], count: int | None) -> PhaseRow:
        there = [phase for phase in phases if phase in seconds]
        spent = sum(seconds[phase] for phase in there)
        needed = set(there) & {*FLOPS_PER_MAC, "selection"}  # phases that multiply
        done = sum(flops[n] for n in needed) if needed and needed <= set(flops) else None
        rate = _quotient(done, spent)
        against = rate and rate / product.flops_per_second
        share = _quotient(spent, whole) or 0.0
        return PhaseRow(name, spent, share, _quotient(count, spent), rate, against)

    trained = pictures.get(PHASES[0])
    return [
        *(row(phase, (phase,), pictures.get(phase)) for phase in PHASES if phase in seconds),
        row("a step", STEP, trained),
        row("all", PHASES, trained),
    ]


def pictures_of_phases(timer: ProfilingTimer, setup: Setup) -> dict[str, int]:
    """How many went through each phase: all that were seen, and behind a selection what it kept."""
    recipe, processes = setup.recipe, setup.world.size
    # Each process sees its share, but with a proxy the whole batch.
    seen = recipe.batch_size if recipe.selection.is_on else recipe.batch_size // processes
    kept, steps = kept_pictures(recipe) // processes, timer.entries[PHASES[0]]
    pictures = dict.fromkeys(STEP, steps * kept) | dict.fromkeys(STEP[:2], steps * seen)
    if "validation" in setup.pictures:
        pictures["evaluation"] = timer.entries["evaluation"] * len(setup.pictures["validation"])
    return pictures


def _quotient(amount: float | None, seconds: float) -> float | None:
    return amount / seconds if amount is not None and seconds > 0 else None
