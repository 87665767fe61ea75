"""Networks of the user's own, known by name for the time of a call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from pathlib import Path

from grevy.errors import UsageError
from grevy.models.own.built import builders_of, remember_named
from grevy.models.own.find import Model, Own, find_model, find_name, find_plugin
from grevy.models.own.private_modules import registered_by
from grevy.models.registry import is_registering, known
from grevy.recipes.registered import registered
from grevy.recipes.schema import Recipe
from grevy.records.source import Sources

_given: ContextVar[Own] = ContextVar("given", default=Own())  # noqa: B039  (immutable)


def given() -> Own:
    """What the calls around this one were given."""
    return _given.get()


@contextmanager
def using(
    model: Model | None = None, plugin: str | Path | None = None, trust_source: bool = False
) -> Iterator[str | None]:
    """Inside, the user's own networks are known by name; yields the name of `model`.

    Args:
        model: see `Model`.
        plugin: a Python file, run for what it registers.
        trust_source: run the source of any record that is opened inside.

    Raises:
        SourceError: a file that can't be read, or has not just one network where none is named.
        SourceFaultError: an error in it.
        UsageError: a network that is built already.
    """
    own = read_own(model, plugin, trust_source)
    with using_own(own):
        yield own.name


@contextmanager
def using_own(own: Own) -> Iterator[None]:
    """The same with what was read before."""
    token = _given.set(given().and_also(own))
    try:
        with known(own.builders), registered(own.registered):
            yield
    finally:
        _given.reset(token)


@contextmanager
def using_sources(sources: Sources) -> Iterator[None]:
    """The same with sources that another process of this user's read."""
    builders = builders_of(sources)
    with using_own(_remembered(Own(sources, builders, registered=registered_by(sources)))):
        yield


def read_own(
    model: Model | None = None, plugin: str | Path | None = None, trust_source: bool = False
) -> Own:
    """What `using` makes known; arguments and errors as there."""
    own = Own(trust_source=trust_source)
    if plugin is not None:
        own = own.and_also(find_plugin(Path(plugin)))
    if isinstance(model, str) and model in own.builders:
        own = replace(own, name=model)
    elif model is not None:
        own = own.and_also(find_model(model))
    return _remembered(own)


def own_recipe(recipe: Recipe, like: Recipe | None = None) -> tuple[Recipe, Recipe | None, Own]:
    """Recipes with their own networks under the names that records use, and what those are.

    Args:
        recipe: whose networks may be `mynet.py:Net`; that of a proxy, too.
        like: a recipe whose network another one begins like.

    Raises:
        SourceError, SourceFaultError: as `using`.
        UsageError: a source that trains while it is loaded.
    """
    if is_registering():
        raise UsageError(
            "a file that begins a training while it is loaded",
            "a file that defines a network",
            "put what trains below `if __name__ == '__main__':`",
        )
    names = {name: find_name(name) for one in (recipe, like) if one for name in network_names(one)}
    own = given()
    for found in names.values():
        own = own.and_also(found)
    canonical = {name: f"{found.name}" for name, found in names.items()}
    changed = _renamed(recipe, canonical), _renamed(like, canonical) if like else None
    return *changed, _remembered(own)


def with_model(recipe: Recipe, name: str) -> Recipe:
    """The recipe with another network."""
    return recipe.model_copy(update={"model": recipe.model.model_copy(update={"name": name})})


def _remembered(own: Own) -> Own:
    remember_named(own.sources, own.builders, own.registered)
    return own


def network_names(recipe: Recipe) -> tuple[str, ...]:
    """Of the networks that a training builds."""
    proxy = (recipe.selection.proxy.name,) if recipe.selection.is_on else ()
    return recipe.model.name, *proxy


def _renamed(recipe: Recipe, names: Mapping[str, str]) -> Recipe:
    changed = with_model(recipe, names[recipe.model.name])
    if not recipe.selection.is_on:
        return changed
    selection = recipe.selection
    proxy = selection.proxy.model_copy(update={"name": names[selection.proxy.name]})
    update = {"selection": selection.model_copy(update={"proxy": proxy})}
    return changed.model_copy(update=update)
