"""A run as an object: its record, and the network that it left."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
from torch import nn

from grevy.errors import CorruptRecordError, RunNotFoundError
from grevy.models import build_model
from grevy.records.events import read_events
from grevy.records.predictions import Predictions, load_predictions
from grevy.records.run import RunDirectory
from grevy.records.run_record import RunRecord


@dataclass(frozen=True)
class Run:
    """One training and its record on disk."""

    directory: RunDirectory

    @property
    def path(self) -> Path:
        """The run directory."""
        return self.directory.path

    @property
    def record(self) -> RunRecord:
        """All of run.json, as it is now."""
        return self.directory.read()

    @property
    def results(self) -> dict[str, Any]:
        """Loss, accuracy and n a split, best step, steps, epochs, seconds.

        Raises:
            RunNotFoundError: the run is not finished.
        """
        record = self.record
        if record.results is None:
            raise RunNotFoundError(
                f"the run at {self.path} is {record.status}",
                "a finished run",
                f"go on with: grevy train --resume --out {self.path}",
            )
        return record.results.to_dict()

    @property
    def steps(self) -> list[dict[str, Any]]:
        """Rows of steps.jsonl."""
        return read_events(self.directory.steps_file)

    @property
    def checks(self) -> list[dict[str, Any]]:
        """Rows of checks.jsonl."""
        return read_events(self.directory.checks_file)

    def predictions(self, split: str = "test") -> Predictions:
        """Logits, labels and picture ids of a split."""
        return load_predictions(self.directory.predictions_file(split))

    def model(self) -> nn.Module:
        """The network with the weights of the best check, in evaluation mode.

        Raises:
            RunNotFoundError: the run is not finished.
            CorruptRecordError: the weights are damaged or of another architecture.
        """
        _ = self.results
        try:
            design = json.loads(self.directory.architecture_file.read_bytes())
            weights = safetensors.torch.load_file(self.directory.weights_file)
            shape = tuple(design["input_shape"])
            model = build_model(design["name"], shape, design["classes"], **design["arguments"])
            model.load_state_dict(weights)
        except (OSError, ValueError, KeyError, RuntimeError, safetensors.SafetensorError) as error:
            raise CorruptRecordError(
                f"the network of {self.path} can't be read ({error})",
                "the model.json and model.safetensors that training wrote",
                "restore them from a copy, or train again",
            ) from error
        return model.eval()


def open_run(path: str | Path) -> Run:
    """The run at `path`.

    Raises:
        RunNotFoundError: there is none.
        CorruptRecordError: its run.json can't be read.
    """
    run = Run(RunDirectory(Path(path)))
    _ = run.record
    return run
