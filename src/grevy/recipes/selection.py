"""Which pictures of a batch are trained on: all, or those that a small network finds hard."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from grevy.recipes.config import Config, ReadWhen
from grevy.recipes.convnet import ConvNetConfig

_ON = ReadWhen("selection.keep below 1", lambda own: own.is_on)


class ProxyConfig(Config):
    """The small network that finds pictures easy or hard; the result does not contain it."""

    name: str = ""
    """A name in the registry. Left out: the recipe's own network, with all its fields but those
    that are given here."""

    arguments: dict[str, bool | int | float | str] = Field(default_factory=dict)
    """Further arguments of that network, names and values in turn."""

    convnet: ConvNetConfig = ConvNetConfig()

    def changes(self) -> dict[str, Any]:
        """What is given here, as a network's builder takes it."""
        return {**self.arguments, **self.convnet.changes()}


class SelectionConfig(Config):
    """Training on the hard part of each batch only.

    After Jordan 2024 ("94% on CIFAR-10 in 3.29 Seconds on a Single GPU", airbench96).
    """

    keep: Annotated[float, Field(gt=0.0, le=1.0)] = 1.0
    """Part of the pictures of a batch that are trained on: those on which a proxy, a small network
    that is trained beside, has the largest loss. 1 is off, and then there is no proxy."""

    train_every: Annotated[int, Field(ge=1, le=1_000_000), _ON] = 4
    """Steps from one in which the proxy is trained to the next."""

    proxy: Annotated[ProxyConfig, _ON] = ProxyConfig()

    @property
    def is_on(self) -> bool:
        """Whether anything is left out."""
        return self.keep < 1
