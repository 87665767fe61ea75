"""What is found out about a network's layers for one picture: numbers and sums, not their print."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from grevy.arithmetic.counts import CONVENTION
from grevy.models.survey.layer import Layer
from grevy.models.survey.ready import Shape


@dataclass(frozen=True)
class Failure:
    """Where a network broke off.

    Attributes:
        layer: that raised.
        kind: its class.
        input_shape: what it got, without the batch.
        reason: its own words.
        fits: shapes of pictures near the one given that pass.
        tried_channels: of the shapes that were tried.
        first_layer: what the first layer with weights takes, in words; "" where there is none.
    """

    layer: str
    kind: str
    input_shape: tuple[int, ...] | None
    reason: str
    fits: tuple[Shape, ...]
    tried_channels: tuple[int, ...] = ()
    first_layer: str = ""


@dataclass(frozen=True)
class Survey:
    """All layers of a network for one picture, in the order in which they end.

    Attributes:
        model: name of the network.
        input_shape: C, H, W.
        layers: calls of layers, then modules with parameters that were not called.
        total_parameters: each parameter counted once.
        trainable_parameters: those that training would change.
        failure: None if the picture passed.
        with_data: whether the network looks at values, so that it was run on a black picture.
    """

    model: str
    input_shape: Shape
    layers: tuple[Layer, ...]
    total_parameters: int
    trainable_parameters: int
    failure: Failure | None = None
    with_data: bool = False

    @property
    def total_macs(self) -> int:
        """Multiply-accumulates of one picture."""
        return sum(layer.macs.value for layer in self.layers)

    @property
    def activation_bytes(self) -> int:
        """Float32 memory of all outputs for one picture: what training keeps, about."""
        return sum(layer.activation_bytes for layer in self.layers)

    def as_json(self) -> dict[str, Any]:
        """The table and its totals, as JSON takes it."""
        failure = self.failure
        return {
            "model": self.model,
            "input_shape": self.input_shape,
            "layers": [layer.as_json() for layer in self.layers],
            "total_parameters": self.total_parameters,
            "trainable_parameters": self.trainable_parameters,
            "total_macs": self.total_macs,
            "total_flops": 2 * self.total_macs,
            "total_activation_bytes": self.activation_bytes,
            "convention": list(CONVENTION),
            "with_data": self.with_data,
            "failure": failure
            and {
                **vars(failure),
                "fits": list(failure.fits),
                "tried_channels": list(failure.tried_channels),
            },
        }
