"""Where the time of a training went: what `--profile` leaves in the record."""

from __future__ import annotations

from grevy.records.record import Count, Record, Seconds


class PartRecord(Record):
    """One line of the table."""

    part: str
    """A part of the loop, or a sum of several: "a step", "all"."""

    seconds: Seconds
    """Spent in it."""

    share: float
    """Of the loop's seconds, 0 to 1."""

    pictures_per_second: float | None
    """That went through it; null where no pictures do."""

    flops_per_second: float | None
    """Null where there is nothing to multiply, or it is not known."""

    of_matrix_product: float | None
    """FLOP/s divided by those of the matrix product."""


class MatrixProductRecord(Record):
    """The fastest of some products of two square matrices."""

    side: Count
    """Rows and columns of each."""

    precision: str
    """Of their entries."""

    flops_per_second: float
    """2·side³ divided by the seconds."""


class ProfileRecord(Record):
    """The table, and what it was counted with."""

    parts: tuple[PartRecord, ...]
    """The table: seconds, share, pictures and FLOP a second of each part."""

    steps: Count
    """Steps in it."""

    flops_per_picture: dict[str, float]
    """By part; absent where they are not known."""

    rule: str
    """How FLOPs are counted."""

    matrix_product: MatrixProductRecord
    """What FLOP/s are held against."""

    trace: str | None
    """File of the trace in the run directory."""

    traced_steps: tuple[int, int] | None
    """First and last step in it."""

    notes: tuple[str, ...] = ()
    """What a reader must know of the table."""
