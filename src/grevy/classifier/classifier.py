"""What is looked into: a network, how its pictures are prepared, and its classes."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

import torch
from torch import nn

from grevy.classifier.inputs import Inputs, Pictures, read_inputs
from grevy.errors import ClassNotFoundError
from grevy.records.preprocessing import Preprocessing

__all__ = ["Classifier", "Inputs", "Pictures"]


@dataclass(frozen=True)
class Classifier:
    """A network to look into.

    Attributes:
        model: float32, on any device; inspectors leave it as they find it.
        preprocessing: of its pictures.
        classes: names in the order of the outputs; "0", "1", ... where nobody named them.
        name: how figures call it.
        notes: sentences about its weights and preprocessing that a reader must know.
        not_loaded: tensors that were wanted from a file of weights and are as initialised.
    """

    model: nn.Module
    preprocessing: Preprocessing
    classes: tuple[str, ...]
    name: str
    notes: tuple[str, ...] = ()
    not_loaded: tuple[str, ...] = ()

    @property
    def device(self) -> torch.device:
        """Where the network's parameters are."""
        return next((p.device for p in self.model.parameters()), torch.device("cpu"))

    def prepare(self, pictures: Pictures) -> Inputs:
        """Pictures as the network sees them; errors as `read_inputs`."""
        return read_inputs(pictures, self.preprocessing, self.device)

    def class_index(self, name_or_index: str | int) -> int:
        """The output of a class; a text that is no class name is taken as an index.

        Raises:
            ClassNotFoundError: no such class; the nearest names are told.
        """
        if name_or_index in self.classes:
            return self.classes.index(str(name_or_index))
        text = str(name_or_index)
        if text.isdecimal() and int(text) < len(self.classes):
            return int(text)
        near = difflib.get_close_matches(text, self.classes, n=3, cutoff=0.4)
        some = [*self.classes[:5], "…"] if len(self.classes) > 5 else list(self.classes)
        raise ClassNotFoundError(
            f"no class '{text}' in {self.name}",
            " or ".join(near) or f"one of its {len(self.classes)} ({', '.join(some)})",
            "check the spelling",
        )
