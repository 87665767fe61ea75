"""A run as a source of values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from grevy.classifier.run import Run
from grevy.documents.blocks import Origin
from grevy.documents.forms import Number
from grevy.documents.paths import flat
from grevy.records.predictions import Predictions
from grevy.records.run_record import RunRecord
from grevy.reports.sources.files import files_of_run
from grevy.reports.sources.measured import of_logs, of_predictions
from grevy.reports.sources.read_run import ReadRun, read_run

VOLATILE = ("test_reads", "updated")
"""Fields of run.json that later commands change."""


@dataclass(frozen=True)
class RunSource:
    """One run, read once.

    Attributes:
        name: of its directory, unless another run of the report has the same.
        place: its directory, as it was named.
        run: it.
    """

    name: str
    place: str
    run: Run

    @cached_property
    def record(self) -> RunRecord:
        """run.json."""
        return self.run.record

    @cached_property
    def read(self) -> ReadRun:
        """Logs and predictions, and what is damaged of them."""
        return read_run(self.run, len(self.record.data.classes))

    @property
    def predictions(self) -> Mapping[str, Predictions]:
        """By split, train first; of those that are recorded and whole."""
        return self.read.predictions

    @cached_property
    def recorded(self) -> Mapping[str, Number]:
        """What run.json says."""
        return dict(flat(_lasting(self.record)))

    @cached_property
    def measured(self) -> Mapping[str, Number]:
        """What predictions and logs say."""
        found = dict(of_logs(self.read.steps, self.read.checks))
        for split, said in self.predictions.items():
            found |= of_predictions(split, said, self.record.data.classes)
        return found

    @cached_property
    def numbers(self) -> Mapping[str, Number]:
        """Every field; what can be computed is."""
        return {**self.recorded, **self.measured}

    def origin(self) -> Origin:
        """Place, files with their SHA-256, run.json."""
        content = json.dumps(_lasting(self.record), ensure_ascii=False, sort_keys=True)
        return Origin(self.name, (self.place,), files_of_run(self.run.directory), content)

    @property
    def path(self) -> Path:
        """The run directory."""
        return self.run.path


def _lasting(record: RunRecord) -> Mapping[str, object]:
    return {name: value for name, value in record.to_dict().items() if name not in VOLATILE}
