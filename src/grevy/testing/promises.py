"""What every config promises, and how a broken promise is said."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
import yaml

from grevy.errors import PartError
from grevy.recipes.config import Config
from grevy.recipes.load import load_recipe
from grevy.recipes.parts import Kind, config_of


class Promises:
    """Of one part; `require` raises where one is broken."""

    def __init__(self, kind: str, name: str) -> None:
        self._of = f"the {kind} '{name}'"

    def require(self, kept: bool, broken: str) -> None:
        """Raise unless `kept`.

        Args:
            kept: the promise.
            broken: what is so, as in "changes the pictures that it is given".

        Raises:
            PartError: it is broken.
        """
        if not kept:
            raise PartError(f"{self._of} {broken}", "", "see CONTRIBUTING.md, or grevy.testing")

    def config(self, kind: Kind, config: Config) -> None:
        """A config is frozen and documented, and comes back from a recipe in YAML as it was.

        Raises:
            PartError: it is not.
        """
        settings = config.model_config
        self.require(bool(settings.get("frozen")), "has a config that can be changed")
        self.require(settings.get("extra") != "ignore", "has a config that takes any field")
        for name, field in type(config).model_fields.items():
            self.require(bool(field.description), f"has the field '{name}' without a text under it")
        self._comes_back(kind, config)

    def _comes_back(self, kind: Kind, config: Config) -> None:
        written = yaml.safe_load(yaml.safe_dump(config.effective()))
        name = written.pop("name", None)
        if name is not None:
            self.require(config_of(kind, name, **written) == config, "is another after YAML")
            whitened = {"convnet": {"whitening": 2}}  # or two fields of optimizers are not read
            recipe = load_recipe({kind: {"name": name, **written}, "model": whitened})
            self.require(getattr(recipe, kind) == config, "is another in a recipe")

    def reads(self, config: Config, read: set[str]) -> None:
        """The fields that were read are those that the config says are.

        Raises:
            PartError: one more, or one less.
        """
        declared = {name.partition(".")[0] for name in config.read_values()} - {"name"}
        more, less = sorted(read - declared - {"name"}), sorted(declared - read)
        self.require(not more, f"reads {', '.join(more)}, which its config says is not read")
        self.require(not less, f"does not read {', '.join(less)}, as its config says")

    @contextmanager
    def own_randomness(self) -> Iterator[None]:
        """Nothing inside draws from, or seeds, torch's global random numbers.

        Raises:
            PartError: something does.
        """
        before = torch.random.get_rng_state()
        yield
        untouched = torch.equal(before, torch.random.get_rng_state())
        self.require(untouched, "draws from the global random numbers, not from its generator")


def watched(config: Config) -> tuple[Any, set[str]]:
    """The config, and the names of its fields as they are read, from now on."""
    read: set[str] = set()
    kind = type(config)
    fields = frozenset(kind.model_fields)

    def look_up(self: Any, name: str) -> Any:
        if name in fields:
            read.add(name)
        return kind.__getattribute__(self, name)

    spy: Any = type(kind.__name__, (kind,), {"__getattribute__": look_up, "__module__": __name__})
    made = spy.model_construct(**dict(config))
    read.clear()
    return made, read
