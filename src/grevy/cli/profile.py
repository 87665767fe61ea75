"""The table that `grevy train --profile` prints, from the record."""

from __future__ import annotations

from pathlib import Path

from grevy.cli.output import Output
from grevy.records.profile_record import PartRecord, ProfileRecord

COLUMNS = ("part", "seconds", "share", "pictures/s", "GFLOP/s", "of matrix product")


def show_profile(path: Path, profile: ProfileRecord, output: Output) -> None:
    """Where the loop's time went, what it is held against, and where the trace lies.

    Args:
        path: the run directory.
        profile: of its record.
        output: where it is printed.
    """
    output.line()
    output.table(COLUMNS, [_row(part) for part in profile.parts])
    product = profile.matrix_product
    output.line(
        f"matrix product: {product.flops_per_second / 1e9:,.0f} GFLOP/s, the fastest of some of "
        f"{product.side:,} x {product.side:,} in {product.precision}"
    )
    output.line(profile.rule)
    for note in profile.notes:
        output.line(note)
    if profile.trace is None or profile.traced_steps is None:
        output.line("trace    none: the training has too few steps")
        return
    first, last = profile.traced_steps
    output.line(
        f"trace    {path / profile.trace} (steps {first} to {last}, not in the table; open it "
        "in chrome://tracing or Perfetto)"
    )


def _row(part: PartRecord) -> tuple[object, ...]:
    pictures, flops = part.pictures_per_second, part.flops_per_second
    return (
        part.part,
        part.seconds,
        part.share,
        None if pictures is None else round(pictures),
        None if flops is None else round(flops / 1e9),
        part.of_matrix_product,
    )
