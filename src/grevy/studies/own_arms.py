"""The arms of a study under the names that records use, with the sources of their own networks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from grevy.errors import SourceError
from grevy.models.own.find import Model
from grevy.models.own.object_source import OWN_PREFIX
from grevy.models.own.using import network_names, own_recipe, using, with_model
from grevy.recipes.schema import Recipe
from grevy.records.source import Sources, read_source, union
from grevy.studies.study import Arm, Study, check_arms


def own_arms(
    study: Study, model: Model | None, plugin: str | Path | None
) -> tuple[Study, dict[str, Sources]]:
    """The study with `mynet.py:Net` for networks of files, and the sources of each arm.

    A plugin is read, not run: its workers do that.

    Args:
        study: whose arms may name networks in files.
        model: in place of the baseline's network, wherever an arm has that one.
        plugin: a Python file that belongs to every arm.

    Raises:
        SourceError: a file that can't be taken, or a network whose source Python did not keep.
        SameArmsError: two arms that turn out to be the same.
    """
    brought = read_source(Path(plugin).parent, Path(plugin).name, "plugin") if plugin else ()
    arms, sources = [], {}
    with using(model) as name:
        for arm in study.arms:
            asked = arm.recipe
            if name and asked.model.name == study.baseline.recipe.model.name:
                asked = with_model(asked, name)
            recipe, own = _own(asked)
            sources[arm.name] = union(brought, own)
            arms.append(Arm(arm.name, recipe))
    _refuse_without_text(union(*sources.values()))
    check_arms(arms)
    return replace(study, arms=tuple(arms)), sources


def _own(recipe: Recipe) -> tuple[Recipe, Sources]:
    renamed, _, own = own_recipe(recipe)
    return renamed, tuple(s for s in own.sources if s.role == "import" or _is_of(s.name, renamed))


def _is_of(name: str | None, recipe: Recipe) -> bool:
    return name in network_names(recipe)


def _refuse_without_text(sources: Sources) -> None:
    for source in sources:
        if source.file is None and f"{source.name}".startswith(OWN_PREFIX):
            raise SourceError(
                f"{source.object}, of which Python keeps no source",
                "a network that the processes of a study can read",
                f"put it into a file: model='mynet.py:{source.object}'",
            )
