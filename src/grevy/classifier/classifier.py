"""A network with all that it needs to answer: it prepares pictures, predicts and is evaluated."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from grevy.classifier.as_trained import as_trained
from grevy.classifier.evaluation import (
    agrees,
    disagreement,
    evaluation_of,
    missing_note,
    other_pictures,
)
from grevy.classifier.inputs import (
    Inputs,
    normalised,
    read_inputs,
    require_finite_statistics,
    statistics,
)
from grevy.classifier.logits import finite_logits, logits_of
from grevy.classifier.pictures import Pictures, list_items
from grevy.classifier.predictions import Prediction, predictions_of
from grevy.classifier.run import Run
from grevy.classifier.run_data import (
    changed_note,
    data_of_run,
    data_of_run_at,
    same_as,
    shared_note,
    shared_with,
    split_of,
)
from grevy.data.batches import PicturesOnDevice
from grevy.data.labelled import ALL, Labelled
from grevy.data.load import Where
from grevy.data.randomness import own_kernels
from grevy.data.types import ImageData, Split
from grevy.errors import ClassNotFoundError, UsageError
from grevy.models.finite import require_finite_weights
from grevy.recipes.schema import PicturesConfig
from grevy.records.preprocessing import Preprocessing

__all__ = ["Classifier", "Inputs", "Pictures", "Prediction"]


@dataclass(frozen=True)
class Classifier:
    """A network that answers; it stays loaded for as long as it is kept.

    Attributes:
        model: float32, on any device; whoever looks into it leaves it as it was.
        preprocessing: of its pictures.
        classes: names in the order of the outputs; "0", "1", ... where nobody named them.
        name: how figures call it.
        precision: "fp32" or "bf16", in which it answers; that of its training.
        weights_from: where its weights are from, in words.
        notes: sentences about its weights and preprocessing that a reader must know.
        not_loaded: tensors that were wanted from a file of weights and are as initialised.
        run: the run that trained it, if one did.
        is_best: whether it has the weights that the results of its run are of.
    """

    model: nn.Module
    preprocessing: Preprocessing
    classes: tuple[str, ...]
    name: str
    precision: str = "fp32"
    weights_from: str = "the module as it was given"
    notes: tuple[str, ...] = ()
    not_loaded: tuple[str, ...] = ()
    run: Run | None = None
    is_best: bool = False

    def __post_init__(self) -> None:
        """Refuse weights and statistics that are no numbers.

        Raises:
            NotFiniteError: they are NaN or infinite, or a standard deviation is not above 0.
        """
        mend = "restore the file that holds them, or train again"
        require_finite_weights(self.model, f"weights of {self.name}", mend)
        require_finite_statistics(self.preprocessing, self.name)

    @property
    def device(self) -> torch.device:
        """Where the network's parameters are."""
        return next((p.device for p in self.model.parameters()), torch.device("cpu"))

    def prepare(self, pictures: Pictures) -> Inputs:
        """Pictures as the network sees them; errors as `read_inputs`."""
        return read_inputs(pictures, self.preprocessing, self.device)

    def logits(self, images_BCHW: Tensor) -> Tensor:
        """Logits [B, K], float32, on the network's device, in the precision of its training.

        Args:
            images_BCHW: normalised, as `prepare` gives them (`Inputs.images_NCHW`).

        Raises:
            NotFiniteError: the network answers with NaN or infinity.
        """
        return self._logits(images_BCHW, [f"picture {i}" for i in range(len(images_BCHW))])

    def _logits(self, images_BCHW: Tensor, names: Sequence[str]) -> Tensor:
        images_BCHW = images_BCHW.to(self.device, memory_format=torch.channels_last)
        return finite_logits(self._as_trained, images_BCHW, self.precision, names)

    def predict(self, pictures: Pictures) -> list[Prediction]:
        """Predictions in the order of the pictures; one that can't be read has its error.

        Args:
            pictures: files, folders (all pictures below, in natural order), the bytes of files,
                PIL images, uint8 pixels [H, W], [H, W, 3], [N, H, W] or [N, H, W, 3]; or several
                of these.

        Raises:
            DataNotFoundError: a path that does not exist.
            EmptyDataError: no picture at all.
            DataFormatError: what is no picture in any of these forms.
        """
        items = list_items(pictures, self.preprocessing.channels)
        return predictions_of(items, self.preprocessing, self.classes, self._logits_of_pixels)

    def evaluate(
        self,
        data: Where | ImageData | None = None,
        *,
        split: str | None = None,
        pictures: PicturesConfig | None = None,
    ) -> dict[str, Any]:
        """Loss, accuracy and accuracy a class on labelled pictures.

        The same split of the same data in the same precision gives the figures of the record.
        Reading test pictures of its run again, all or some, however they are named, is counted in
        run.json (`test_reads`). Other data may have fewer classes and pictures; data without
        splits is evaluated whole.

        Args:
            data: labelled pictures whose classes the network knows, or where they are; None: the
                run's own.
            split: "train", "validation" or "test"; None: test, or all of data without splits.
            pictures: of other data, how its splits are named and what is done with unreadable
                pictures; None: as its folders, files and columns say, unreadable ones as in the
                run.

        Returns:
            loss, accuracy, low and high (Wilson's 95 % interval over pictures), n; classes (the
            same but the loss, by name), missing (classes without a picture here); split ("all" of
            data without splits), where, same_as (the split of its run that has these very
            pictures), counted (whether this was counted as a reading of the run's test pictures),
            test_reads (None where no run trained it), agrees (whether loss and accuracy are those
            of the record but for rounding; None: it has none of these pictures), notes (what else
            must be said).

        Raises:
            UsageError: no data, of a network that no run trained.
            RunMismatchError: the run's own data has changed since.
            ClassMismatchError: a class that the network does not know.
            NoLabelsError: pictures without labels.
            MissingSplitError: the data does not have the split.
            NotFiniteError: the network answers with NaN or infinity.
        """
        chosen = self._labelled(data, split, pictures)
        scores = evaluation_of(self._logits_of_split(chosen.split), chosen.split, self.classes)
        same = same_as(chosen.split, self.run) if self.run else None
        shared = self._shared(chosen, data) if same is None else {}
        reads = self.run is not None and (same == "test" or "test" in shared)
        uncounted = self.run.directory.note_test_read() if self.run and reads else None
        alike, told = self._against_record(scores, same)
        return {
            **scores,
            "split": chosen.name,
            "where": chosen.where,
            "same_as": same,
            "counted": reads and uncounted is None,
            "test_reads": None if self.run is None else self.run.record.test_reads,
            "agrees": alike,
            "notes": [
                *told,
                *shared_note(shared, len(chosen.split)),
                *missing_note(scores["missing"]),
                *chosen.notes,
                *([uncounted] if uncounted else []),
            ],
        }

    def _against_record(
        self, scores: Mapping[str, Any], split: str | None
    ) -> tuple[bool | None, tuple[str, ...]]:
        """Whether the figures of a split of its run are those of the record, and a note if not."""
        if self.run is None or split is None or not self.is_best:
            return None, ()
        record = self.run.record
        recorded = record.results.splits.get(split) if record.results else None
        if recorded is None:
            return None, ()
        if agrees(scores, recorded, self.precision):
            return True, ()
        weights = self.run.directory.weights_file.name
        return False, (disagreement(record, recorded, weights, self.device),)

    def _logits_of_split(self, split: Split) -> Tensor:
        normalisation = statistics(self.preprocessing, self.device)
        pictures = PicturesOnDevice(split, self.device, *normalisation)
        with own_kernels():
            return logits_of(self._as_trained, pictures, self.precision, names=split.ids)

    def class_index(self, name_or_index: str | int) -> int:
        """The output of a class; a text that is no class name is taken as an index.

        A number is an index, and else a class of that name (90, of "0", "90", "180", "270").

        Raises:
            ClassNotFoundError: no such class; the nearest names are told.
        """
        if name_or_index in self.classes:
            return self.classes.index(str(name_or_index))
        text = str(name_or_index)
        if text.isdecimal() and int(text) < len(self.classes):
            return int(text)
        if text in self.classes:
            return self.classes.index(text)
        near = difflib.get_close_matches(text, self.classes, n=3, cutoff=0.4)
        some = [*self.classes[:5], "…"] if len(self.classes) > 5 else list(self.classes)
        raise ClassNotFoundError(
            f"no class '{text}' in {self.name}",
            " or ".join(near) or f"one of its {len(self.classes)} ({', '.join(some)})",
            "check the spelling",
        )

    @cached_property
    def _as_trained(self) -> nn.Module:
        """The same network, rounded where its training rounded."""
        return self.model if self.run is None else as_trained(self.model, self.run.record)

    def _logits_of_pixels(self, pixels_NCHW: NDArray[np.uint8], names: Sequence[str]) -> Tensor:
        return self._logits(normalised(pixels_NCHW, self.preprocessing, self.device), names)

    def _labelled(
        self, data: Where | ImageData | None, split: str | None, pictures: PicturesConfig | None
    ) -> Labelled:
        if data is None:
            return _of(self._own_data(), split)
        if self.run is None or isinstance(data, ImageData):
            config = pictures or PicturesConfig()
            return other_pictures(data, self.preprocessing, self.classes, config, split)
        if pictures is None and (own := data_of_run_at(self.run, data)):
            return _of(own, split)
        unreadable = self.run.record.load_sections("pictures").pictures.unreadable
        config = pictures or PicturesConfig(unreadable=unreadable)
        found = other_pictures(data, self.preprocessing, self.classes, config, split)
        return replace(found, notes=(*changed_note(self.run, data), *found.notes))

    def _shared(self, chosen: Labelled, data: Where | ImageData | None) -> dict[str, int]:
        """How many of other pictures are in each split of its run."""
        if self.run is None:
            return {}
        whole = None if chosen.name != ALL or isinstance(data, ImageData) else data
        return shared_with(self.run, chosen.split, whole)

    def _own_data(self) -> ImageData:
        if self.run is None:
            raise UsageError(
                f"no data for {self.name}, which no run trained",
                "image data with its classes",
                "name some: classifier.evaluate(DATA)",
            )
        return data_of_run(self.run)


def _of(data: ImageData, split: str | None) -> Labelled:
    name = split or "test"
    return Labelled(data.where, name, split_of(data, name))
