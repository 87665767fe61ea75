"""What sections are written from: a run, its pictures if they are still there, one picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grevy.classifier.run_data import data_of_run
from grevy.data.types import ImageData
from grevy.documents.blocks import Value
from grevy.errors import MissingSplitError
from grevy.records.predictions import Predictions
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
        split = self.data.splits["validation"]
        name = self.data.classes[int(split.labels_N[0])]
        pixels_HWC = np.ascontiguousarray(np.asarray(split.images_NCHW[0]).transpose(1, 2, 0))
        pixels = pixels_HWC[:, :, 0] if pixels_HWC.shape[2] == 1 else pixels_HWC
        return pixels, f"a picture of the validation split, {split.ids[0]} ({name})"

    @property
    def last_split(self) -> str:
        """On which the run is judged: test, or else validation."""
        return "test" if "test" in self.source.predictions else "validation"

    @property
    def said(self) -> Predictions:
        """What the run said of that split.

        Raises:
            MissingSplitError: nothing is recorded.
        """
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
