"""From what the user gives to a network with a name and a source.

A network of a file is called `mynet.py:Net` in recipes and records, wherever the file lies.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from torch import nn

from grevy.errors import SourceError, UsageError
from grevy.models.own.adapt import OwnBuilder
from grevy.models.own.built import builders_of
from grevy.models.own.in_module import builder_in, networks_in, only_network
from grevy.models.own.object_source import source_of_object
from grevy.models.own.private_modules import import_source, registered_by
from grevy.models.registry import Builder, find_builder, is_known_here, is_ours, registering
from grevy.recipes.registered import Registrations
from grevy.records.source import Sources, read_source, union

Model = str | type[nn.Module] | Callable[..., nn.Module]
"""`mynet.py:Net`, `mynet.py`, a registered name, one of a zoo; or a class or function."""


@dataclass(frozen=True)
class Own:
    """What a call was given of the user's own.

    Attributes:
        sources: files and objects that it comes from.
        builders: of its networks, by name.
        registered: what else they register: parts of recipes, inspectors, listeners.
        name: of the network that was asked for; None where only a plugin was given.
        trust_source: whether a record's source may be run that was not trained with here.
    """

    sources: Sources = ()
    builders: Mapping[str, Builder] = field(default_factory=dict)
    name: str | None = None
    trust_source: bool = False
    registered: Registrations = ()

    def and_also(self, other: Own) -> Own:
        """Both; the name is the other's, where it has one."""
        return Own(
            union(self.sources, other.sources),
            {**self.builders, **other.builders},
            other.name or self.name,
            self.trust_source or other.trust_source,
            (*self.registered, *other.registered),
        )


def find_model(model: Model) -> Own:
    """A network, by name or as an object.

    Raises:
        SourceError: a file that can't be read, or has not just one network where none is named.
        SourceFaultError: an error in it.
        UsageError: a network that is built already.
    """
    if isinstance(model, str):
        return find_name(model)
    if isinstance(model, nn.Module):
        raise UsageError(
            f"a {type(model).__name__} that is built already",
            "its class, or a function that builds it: its weights come from the run's seed",
            f"give the class {type(model).__name__}, without calling it",
        )
    sources = source_of_object(model)
    name = f"{sources[0].name}"
    return Own(sources, {name: OwnBuilder(model, name)}, name)


def find_name(name: str) -> Own:
    """A network by name; a file's is read, one that was registered in Python brings its source."""
    builder = find_builder(name)
    if builder is None and is_own_name(name):
        file, _, wanted = (name, "", "") if name.endswith(".py") else name.rpartition(":")
        return _in_file(Path(file), wanted)
    if builder is None or is_known_here(name) or is_ours(builder):
        return Own(name=name)
    return Own(source_of_object(builder, name), {name: builder}, name)


def find_plugin(path: Path, *, anew: bool = False) -> Own:
    """What a plugin registers; its other effects it has, too.

    Args:
        path: of the file.
        anew: run it also where this process has run it before.

    Raises:
        SourceError: it registers nothing, and defines a network.
    """
    sources = read_source(path.parent, path.name, "plugin")
    builders = builders_of(sources, anew=anew)
    networks = networks_in(import_source(sources, path.name))
    if networks and not builders and "register_" not in f"{sources[0].text}":
        raise SourceError(
            f"{path.name}, which defines {' and '.join(networks)} and registers nothing",
            "a plugin that registers what it brings, as @grevy.register_model does",
            f"give it as the network: --model {path}:{networks[0]}",
        )
    return Own(sources, builders, registered=registered_by(sources))


def is_own_name(name: str) -> bool:
    """Whether it is `mynet.py` or `mynet.py:Net`."""
    return re.fullmatch(r".+\.py(:[\w.]+)?", name) is not None


def _in_file(path: Path, wanted: str) -> Own:
    sources = read_source(path.parent, path.name, "model")
    with registering():
        module = import_source(sources, path.name)
    chosen = wanted or only_network(module, f"{path}")
    name = f"{path.name}:{chosen}"
    builder = builder_in(module, path.name, chosen, name)
    named = (replace(sources[0], object=chosen, name=name), *sources[1:])
    return Own(named, {name: builder}, name, registered=registered_by(sources))
