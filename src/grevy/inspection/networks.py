"""Which network is looked into, and which one beside it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from torch import nn

from grevy.classifier.classifier import Classifier
from grevy.classifier.named import Shape
from grevy.classifier.of_run import classifier_of_run
from grevy.classifier.open import READ_BY, Kind, open_as
from grevy.classifier.run import Run, open_run
from grevy.classifier.snapshots import SnapshotName
from grevy.errors import UsageError
from grevy.models.checkpoint import Which
from grevy.models.own.find import Model
from grevy.models.survey.ready import require_open


@dataclass(frozen=True)
class Network:
    """A network that is opened when it is first needed; attributes as the arguments of `look`."""

    run: Run | str | Path | None = None
    model: Model | nn.Module | Classifier | None = None
    weights: str | Path | None = None
    pretrained: bool = False
    partial: bool = False
    which: Which = "plain"
    input_shape: Shape | None = None
    classes: int | None = None
    snapshot: SnapshotName = "best"

    @cached_property
    def classifier(self) -> Classifier:
        """It, opened as `grevy.open` does; errors as in `look`."""
        self.require_one_meaning()
        network = self.model if self.run is None else self.opened_run
        opened = open_as(self._kind, network, self._given)
        require_open(opened.model)
        return opened

    @cached_property
    def opened_run(self) -> Run:
        """The run; there must be one."""
        assert self.run is not None
        return self.run if isinstance(self.run, Run) else open_run(self.run)

    def beside(
        self, other: Run | str | Path | Classifier | None, snapshot: SnapshotName | None
    ) -> Classifier | None:
        """The network to set beside this one, if there is to be one; arguments as in `look`.

        Raises:
            UsageError: a snapshot of what is no run.
        """
        if isinstance(other, Classifier):
            if snapshot is not None:
                raise UsageError(
                    f"--other-snapshot {snapshot} for a classifier",
                    "--other-snapshot for a run",
                    "leave it out",
                )
            return other
        if other is None and snapshot is None:
            return None
        run = other if other is not None else self.run
        if run is None:
            raise UsageError(
                f"--other-snapshot {snapshot} for a model without a run",
                "a run, which keeps its snapshots",
                "give --run RUN or --other RUN",
            )
        return classifier_of_run(run, snapshot or "best")

    def require_one_meaning(self) -> None:
        """Refuse none or two networks, and what would say nothing about this one.

        Raises:
            UsageError: with what it is that says something.
        """
        if (self.run is None) == (self.model is None):
            both = "both a run and a model" if self.run is not None else "neither a run nor a model"
            raise UsageError(both, "one of them", "give --run RUN, or --model NAME")
        for name in self._given:
            if name not in READ_BY[self._kind]:
                what = self._kind.replace("an open", "a")
                word = f"--{'input' if name == 'input_shape' else name}"
                owner = "a run" if name == "snapshot" else "a model by name"
                raise UsageError(f"{word} for {what}", f"{word} for {owner}", "leave it out")

    @property
    def _kind(self) -> Kind:
        """What it is; a model is never taken for a run, nor a run for a model."""
        if self.run is not None:
            return "a run"
        if isinstance(self.model, Classifier):
            return "an open classifier"
        return "a module" if isinstance(self.model, nn.Module) else "a network by name"

    @property
    def _given(self) -> dict[str, Any]:
        """What is said about it, by the arguments of `grevy.open`."""
        said = {
            "weights": self.weights,
            "pretrained": self.pretrained,
            "partial": self.partial,
            "which": None if self.which == "plain" else self.which,
            "input_shape": self.input_shape,
            "classes": self.classes,
            "snapshot": None if self.snapshot == "best" else self.snapshot,
        }
        return {name: value for name, value in said.items() if value}
