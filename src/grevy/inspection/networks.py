"""Which network is looked into, and which one beside it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from torch import nn

from grevy.classifier.classifier import Classifier
from grevy.classifier.named import NamedModel, Shape, classifier_of_model
from grevy.classifier.of_module import classifier_of_module
from grevy.classifier.of_run import classifier_of_run
from grevy.classifier.run import Run, open_run
from grevy.classifier.snapshots import SnapshotName
from grevy.errors import UsageError
from grevy.models.own.using import Model, using


@dataclass(frozen=True)
class Network:
    """A network that is opened when it is first needed; attributes as the arguments of `look`."""

    run: Run | str | Path | None = None
    model: Model | nn.Module | Classifier | None = None
    weights: str | Path | None = None
    pretrained: bool = False
    partial: bool = False
    input_shape: Shape | None = None
    classes: int | None = None
    snapshot: SnapshotName = "best"

    @cached_property
    def classifier(self) -> Classifier:
        """It, opened; errors as in `look`."""
        self.require_one_meaning()
        if self.run is not None:
            return classifier_of_run(self.opened_run, self.snapshot)
        if isinstance(self.model, Classifier):
            return self.model
        if isinstance(self.model, nn.Module):
            return classifier_of_module(self.model, self.input_shape or (3, 32, 32))
        assert self.model is not None
        file = None if self.weights is None else Path(self.weights)
        with using(self.model) as name:
            return classifier_of_model(
                NamedModel(
                    f"{name}", file, self.pretrained, self.partial, self.input_shape, self.classes
                )
            )

    @cached_property
    def opened_run(self) -> Run:
        """The run; there must be one."""
        assert self.run is not None
        return self.run if isinstance(self.run, Run) else open_run(self.run)

    def beside(
        self, other: Run | str | Path | Classifier | None, snapshot: SnapshotName | None
    ) -> Classifier | None:
        """The network to set beside this one, if there is to be one; arguments as in `look`."""
        if isinstance(other, Classifier):
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
        what, used = self._used()
        given = {
            "weights": self.weights,
            "pretrained": self.pretrained,
            "partial": self.partial,
            "input": self.input_shape,
            "classes": self.classes,
            "snapshot": self.snapshot != "best",
        }
        for name, value in given.items():
            if value and name not in used:
                owner = "a run" if name == "snapshot" else "a model by name"
                raise UsageError(f"--{name} for {what}", f"--{name} for {owner}", "leave it out")

    def _used(self) -> tuple[str, set[str]]:
        """What it is, and which arguments say something about it."""
        if self.run is not None:
            return "a run", {"snapshot"}
        if isinstance(self.model, Classifier):
            return "a classifier", set()
        if isinstance(self.model, nn.Module):
            return "a module", {"input"}
        return "a named model", {"weights", "pretrained", "partial", "input", "classes"}
