"""`grevy train --profile`: from the seconds of each part to pictures and FLOP/s, in the record."""

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
from grevy.training.profile.timer import PARTS, PartTimer, ProfilingTimer, StepTrace
from grevy.training.selection import kept_pictures
from grevy.training.state import Setup, State

STEP = ("data", "selection", "forward", "backward", "optimizer")


@dataclass(frozen=True)
class PartRow:
    """One line of the table.

    Attributes:
        part: one of `PARTS`, or a sum of several.
        seconds: spent in it.
        share: of the loop's seconds, 0 to 1.
        pictures_per_second: that went through it; None where no pictures do.
        flops_per_second: None where there is nothing to multiply, or it is not known.
        of_matrix_product: flops_per_second divided by those of the matrix product.
    """

    part: str
    seconds: float
    share: float
    pictures_per_second: float | None
    flops_per_second: float | None
    of_matrix_product: float | None


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
    rows = part_rows(seconds, pictures_of_parts(timer, setup), flops, product)
    return {
        "parts": [asdict(row) for row in rows],
        "steps": timer.entries[PARTS[0]],
        "flops_per_picture": flops,
        "rule": RULE,
        "matrix_product": asdict(product),
        "trace": timer.trace.path.name if timer.trace.steps else None,
        "traced_steps": timer.trace.steps,
        "notes": notes,
    }


def part_rows(
    seconds: Mapping[str, float],
    pictures: Mapping[str, int],
    flops_per_picture: Mapping[str, float],
    product: MatrixProduct,
) -> list[PartRow]:
    """A row a part, one for the parts of a step together, and one for all.

    Args:
        seconds: by part; one that the loop does not have is absent.
        pictures: that went through each part; absent where none do.
        flops_per_picture: by part; absent where they are not known.
        product: what FLOP/s are held against.
    """
    flops = {n: each * pictures.get(n, 0) for n, each in flops_per_picture.items()}
    whole = sum(seconds.values())

    def row(name: str, parts: Iterable[str], count: int | None) -> PartRow:
        there = [part for part in parts if part in seconds]
        spent = sum(seconds[part] for part in there)
        needed = set(there) & {*FLOPS_PER_MAC, "selection"}  # parts that multiply
        done = sum(flops[n] for n in needed) if needed and needed <= set(flops) else None
        rate = _quotient(done, spent)
        against = rate and rate / product.flops_per_second
        share = _quotient(spent, whole) or 0.0
        return PartRow(name, spent, share, _quotient(count, spent), rate, against)

    trained = pictures.get(PARTS[0])
    return [
        *(row(part, (part,), pictures.get(part)) for part in PARTS if part in seconds),
        row("a step", STEP, trained),
        row("all", PARTS, trained),
    ]


def pictures_of_parts(timer: ProfilingTimer, setup: Setup) -> dict[str, int]:
    """How many went through each part: all that were seen, and behind a selection what it kept."""
    recipe, processes = setup.recipe, setup.world.size
    # Each process sees its share, but with a proxy the whole batch.
    seen = recipe.batch_size if recipe.selection.is_on else recipe.batch_size // processes
    kept, steps = kept_pictures(recipe) // processes, timer.entries[PARTS[0]]
    pictures = dict.fromkeys(STEP, steps * kept) | dict.fromkeys(STEP[:2], steps * seen)
    if "validation" in setup.pictures:
        pictures["evaluation"] = timer.entries["evaluation"] * len(setup.pictures["validation"])
    return pictures


def _quotient(amount: float | None, seconds: float) -> float | None:
    return amount / seconds if amount is not None and seconds > 0 else None
