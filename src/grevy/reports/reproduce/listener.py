"""Who hears how the assignment goes on; nobody, unless somebody overrides it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grevy.studies.listener import StudyListener
from grevy.training.listeners.listener import Listener

if TYPE_CHECKING:
    from grevy.reports.reproduce.assignment import Assignment
    from grevy.reports.reproduce.experiments import Experiment


class ReproduceListener:
    """Says nothing."""

    def planned(self, asked: Assignment) -> None:
        """What there is to do, before anything is done."""

    def begins(self, experiment: Experiment) -> None:
        """An experiment is trained where it is not finished."""

    def listeners(self) -> tuple[Listener, StudyListener]:
        """Who hears of one training, and of a study."""
        return Listener(), StudyListener()

    def said(self, text: str) -> None:
        """A sentence that the user should read."""

    def writes(self, what: str, done: int, total: int) -> None:
        """The report is being written."""
