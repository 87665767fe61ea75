"""Who is told how a study goes on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grevy.studies.compare import Comparison
    from grevy.studies.execute import StudyProgress
    from grevy.studies.executors.task import Outcome
    from grevy.studies.plan import Plan


class StudyListener:
    """Hears how a study goes on; this one says nothing. Override what you want to hear."""

    def planned(self, planned: Plan) -> None:
        """What there is to do, and again what became of it when all is trained."""

    def training(self, where: str) -> None:
        """It begins: on how many cores or which cluster."""

    def advanced(self, progress: StudyProgress, outcome: Outcome | None) -> None:
        """At the end of each run, and about every second with None."""

    def compared(self, comparison: Comparison) -> None:
        """The arms that have runs are compared; the report is being written."""

    def said(self, text: str) -> None:
        """A sentence that the user should read."""

    def reported(self, figures: Sequence[Path]) -> None:
        """The report is written."""
