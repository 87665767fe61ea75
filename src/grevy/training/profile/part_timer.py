"""Where the time of the loop goes: the loop says which part begins, and somebody may listen."""

from __future__ import annotations

PARTS = ("data", "selection", "forward", "backward", "optimizer", "evaluation", "records")
"""In the order of a table. A step begins with `data`, and its row is written before `backward`;
`selection` is there only where a proxy selects pictures."""


class PartTimer:
    """Hears which part of the loop begins; this one does nothing, so that it costs nothing."""

    def begins(self, part: str) -> None:
        """`part`, one of `PARTS`, begins here, and the one before ends."""

    def ends(self) -> None:
        """The loop is over."""
