"""A run as an object: its record, and the network that it left."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
from torch import nn

from grevy.errors import CorruptRecordError, RunNotFoundError
from grevy.models import build_model
from grevy.models.own.find import Model
from grevy.models.own.of_record import networks_of, refuse_other_sources
from grevy.models.own.using import read_own
from grevy.records.consent import addresses_of
from grevy.records.predictions import Predictions
from grevy.records.run import RunDirectory
from grevy.records.run_record import RunRecord
from grevy.records.source import recorded_sources


@dataclass(frozen=True)
class Run:
    """One training and its record on disk.

    Attributes:
        directory: of the record.
        trust_source: whether the source that the record keeps may be run, wherever it is from.
    """

    directory: RunDirectory
    trust_source: bool = False

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
        return self.directory.read_steps()

    @property
    def checks(self) -> list[dict[str, Any]]:
        """Rows of checks.jsonl."""
        return self.directory.read_checks()

    def predictions(self, split: str = "test") -> Predictions:
        """Logits, labels and picture ids of a split."""
        return self.directory.read_predictions(split)

    def networks(self) -> AbstractContextManager[None]:
        """Inside, names of networks mean those of this run; see `networks_of`."""
        return networks_of(self.directory, self.trust_source)

    def model(self) -> nn.Module:
        """The network with the weights of the best check, in evaluation mode.

        Raises:
            RunNotFoundError: the run is not finished.
            CorruptRecordError: the weights are damaged or of another architecture.
            UntrustedSourceError, RunMismatchError: of its own network; see `networks_of`.
        """
        _ = self.results
        try:
            design = self.directory.read_architecture()
            weights = safetensors.torch.load(self.directory.read_file(self.directory.weights_file))
            with self.networks(), addresses_of(self.path):
                model = build_model(
                    design["name"], design["input_shape"], design["classes"], **design["arguments"]
                )
            model.load_state_dict(weights)
        except (OSError, ValueError, KeyError, RuntimeError, safetensors.SafetensorError) as error:
            raise CorruptRecordError(
                f"the network of {self.path} can't be read ({error})",
                "the model.json and model.safetensors that training wrote",
                "restore them from a copy, or train again",
            ) from error
        return model.eval()


def open_run(
    path: str | Path,
    *,
    model: Model | None = None,
    plugin: str | Path | None = None,
    trust_source: bool = False,
) -> Run:
    """The run at `path`.

    Args:
        path: its directory.
        model: its own network once more, where Python did not keep the source.
        plugin: a Python file that it was trained with, once more; records keep it.
        trust_source: run the source that the record keeps, wherever it is from.

    Raises:
        RunNotFoundError: there is none.
        CorruptRecordError: its run.json can't be read.
        RunMismatchError: another network or plugin than it was trained with.
    """
    run = Run(RunDirectory(Path(path)), trust_source)
    named = read_own(model, plugin).sources
    refuse_other_sources(named, recorded_sources(run.record), run.directory)
    return run
