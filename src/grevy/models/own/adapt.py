"""How a network of anybody's is built: by what its class or function takes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from inspect import Parameter
from typing import Any

from torch import nn

from grevy.errors import ModelArgumentError
from grevy.models.own.faults import faults_shown

SHAPE = "input_shape"
CLASSES = ("classes", "num_classes", "n_classes")

_SEVERAL = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)


@dataclass(frozen=True)
class OwnBuilder:
    """Builds a network from a class or function that takes what it likes.

    `(input_shape, classes)`, `(classes)` or nothing: by name, or else by position; further ones
    that have no default must come as arguments of the network.

    Attributes:
        builder: the class or function.
        name: how errors call it.
    """

    builder: Callable[..., Any]
    name: str

    def __call__(
        self, input_shape: tuple[int, int, int], classes: int, **arguments: Any
    ) -> nn.Module:
        """The network, freshly built.

        Args:
            input_shape: (C, H, W): channels, height, width of the pictures.
            classes: number of outputs.
            arguments: further ones, by name.

        Raises:
            ModelArgumentError: an argument that it needs or does not take; or no network came out.
            SourceFaultError: an error in the user's file.
        """
        shape_name, classes_name = self._roles(arguments)
        self._require_known(arguments, (shape_name, classes_name))
        values = dict(arguments)
        if shape_name:
            values[shape_name] = input_shape
        if classes_name:
            values[classes_name] = classes
        with faults_shown():
            network = self.builder(*self._by_position(values), **values)
        if not isinstance(network, nn.Module):
            raise ModelArgumentError(
                f"'{self.name}' made a {type(network).__name__}",
                "an nn.Module",
                "return the network from it",
            )
        return network

    @property
    def takes_classes(self) -> bool:
        """Whether it can be built for any number of classes."""
        return self._roles({})[1] is not None

    @cached_property
    def _parameters(self) -> dict[str, Parameter]:
        return dict(inspect.signature(self.builder).parameters)

    def _own(self) -> list[str]:
        """What can be given by name."""
        return [name for name, p in self._parameters.items() if p.kind not in _SEVERAL]

    def _needed(self) -> list[str]:
        return [name for name in self._own() if self._parameters[name].default is Parameter.empty]

    def _roles(self, arguments: Mapping[str, Any]) -> tuple[str | None, str | None]:
        """Which parameters are the shape and the number of classes: by name, else by position."""
        names = [name for name in self._own() if name not in arguments]
        free = [name for name in self._needed() if name in names]
        shape = SHAPE if SHAPE in names else None
        classes = next((name for name in CLASSES if name in names), None)
        if shape is None and classes is None:
            if len(free) == 1:
                return None, free[0]
            return (free[0], free[1]) if free else (None, None)
        if shape is None and names[1:2] == [classes] and names[0] in free:
            shape = names[0]
        elif classes is None and names[:1] == [shape] and names[1:2] == free[1:2]:
            classes = names[1] if names[1:] else None
        return shape, classes

    def _require_known(self, arguments: Mapping[str, Any], roles: tuple[str | None, ...]) -> None:
        missing = [name for name in self._needed() if name not in (*roles, *arguments)]
        if missing:
            raise ModelArgumentError(
                f"'{self.name}', which needs {' and '.join(missing)}",
                "a network that is built from input_shape, which is (C, H, W), and classes, or from"
                " classes alone, or from nothing",
                f"give {missing[0]} a default, or a value: --model.arguments {missing[0]} VALUE",
            )
        own = [name for name in self._own() if name not in roles]
        unknown = [name for name in arguments if name not in own]
        if unknown and all(p.kind is not Parameter.VAR_KEYWORD for p in self._parameters.values()):
            raise ModelArgumentError(
                f"'{self.name}' with an argument {unknown[0]}",
                f"one of {', '.join(own)}" if own else "none: it takes no further arguments",
                "change the network's arguments",
            )

    def _by_position(self, values: dict[str, Any]) -> list[Any]:
        """What can only be given by position, taken out of `values`."""
        only = Parameter.POSITIONAL_ONLY
        names = [name for name, p in self._parameters.items() if p.kind is only]
        return [values.pop(name) for name in names if name in values]
