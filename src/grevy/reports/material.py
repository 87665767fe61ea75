"""What sections are written from: a run, its pictures if they are still there, one picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grevy.classifier.run_data import data_of_run, split_of
from grevy.data.types import ImageData
from grevy.documents.blocks import Value
from grevy.errors import CorruptRecordError, MissingSplitError, RunNotFoundError
from grevy.models.survey.layers import LayerTable, layers
from grevy.records.predictions import Predictions
from grevy.records.results import SPLITS
from grevy.records.run_record import RunStatus
from grevy.reports.sources.run_source import RunSource
from grevy.reports.sources.source import value_of


@dataclass(frozen=True)
class Material:
    """Of one run.

    Attributes:
        source: the run.
        where: its image data, if it is no longer where it was.
        picture: a file to look at; None: a picture of its validation split.
    """

    source: RunSource
    where: str | Path | None = None
    picture: str | Path | None = None

    @cached_property
    def data(self) -> ImageData:
        """The pictures that it was trained on.

        Raises:
            DataError, RunMismatchError: they are not there any more, or have changed.
        """
        return data_of_run(self.source.run, self.where)

    @cached_property
    def shown(self) -> tuple[str | Path | NDArray[np.uint8], str]:
        """What the network is shown, and what it is in words; errors as `data`."""
        if self.picture is not None:
            return self.picture, f"the picture {Path(self.picture).name}"
        split = split_of(self.data, "validation")
        name = self.data.classes[int(split.labels_N[0])]
        pixels_HWC = np.ascontiguousarray(np.asarray(split.images_NCHW[0]).transpose(1, 2, 0))
        pixels = pixels_HWC[:, :, 0] if pixels_HWC.shape[2] == 1 else pixels_HWC
        return pixels, f"a picture of the validation split, {split.ids[0]} ({name})"

    @cached_property
    def layers(self) -> LayerTable:
        """Of its network.

        Raises:
            RunNotFoundError: the training ended before the network was kept.
            CorruptRecordError: it is lost.
            GrevyError: as `grevy.models.survey.layers.layers`.
        """
        run, record = self.source.run, self.source.record
        if not self.has_network:
            if record.status is RunStatus.FINISHED:
                file = run.directory.architecture_file
                raise CorruptRecordError(
                    f"there is no {file}", "what training wrote", "restore it, or train again"
                )
            raise RunNotFoundError(
                f"the run is not finished ({record.status}), and kept no network",
                "a finished run",
                f"go on with: grevy train --resume --out {self.source.place}",
            )
        with run.networks():
            return layers(run.path, trust_source=run.trust_source)

    @property
    def last_split(self) -> str:
        """On which the run is judged: test, or else validation."""
        there = self.source.run.directory.predictions_file("test").is_file()
        return "test" if there else "validation"

    @property
    def is_judged(self) -> bool:
        """Whether there is something, whole or damaged, that it said of pictures."""
        return any(self.source.run.directory.predictions_file(s).is_file() for s in SPLITS)

    @property
    def has_network(self) -> bool:
        """Whether its network is kept."""
        return self.source.run.directory.architecture_file.is_file()

    @property
    def said(self) -> Predictions:
        """What the run said of that split.

        Raises:
            MissingSplitError: nothing is recorded.
            CorruptRecordError: it is damaged.
        """
        damage = self.source.read.damage.get(f"predictions/{self.last_split}.safetensors")
        if damage:
            raise CorruptRecordError(damage, "", "")
        if self.last_split not in self.source.predictions:
            raise MissingSplitError(
                f"no predictions in {self.source.name}",
                "those of a finished run",
                f"go on with: grevy train --resume --out {self.source.place}",
            )
        return self.source.predictions[self.last_split]

    def value(self, field: str, form: str) -> Value:
        """A value of the run; errors as `value_of`."""
        return value_of(self.source, field, form)

    def has(self, field: str) -> bool:
        """Whether the run has that field, and something in it."""
        return self.source.numbers.get(field) is not None


OnProgress = Callable[[str, int, int], Any]
"""Called with what is written now, how many parts are done, and how many there are."""
