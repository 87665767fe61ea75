"""The replaceable pieces of a recipe: a name, a config with just what it reads, and what builds it.

A part is one file. Grevy's own are found by listing the folder of their kind (`HOMES`); a plugin
registers its own, and an installed package names it as an entry point (`GROUPS`). A config knows no
torch and what builds a part imports it when it is first built, so that recipes and the help load
fast.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import metadata
from typing import Any, Literal, TypeVar

from grevy.errors import PartError, RecipeValueError
from grevy.recipes.config import Config
from grevy.recipes.kinds import (
    BASES,
    AugmentationConfig,
    DataSourceConfig,
    LossConfig,
    OptimizerConfig,
    ScheduleConfig,
)
from grevy.recipes.registered import add, all_in, collecting
from grevy.recipes.shown import cut, shown

Kind = Literal["optimizer", "schedule", "loss", "augmentation", "data source"]

HOMES: Mapping[Kind, str] = {
    "optimizer": "grevy.training.optimizers.kinds",
    "schedule": "grevy.training.schedules.kinds",
    "loss": "grevy.training.losses.kinds",
    "augmentation": "grevy.data.augment.kinds",
    "data source": "grevy.data.sources.kinds",
}
"""The folder of each kind; every module in it is imported when a part of that kind is asked for."""

GROUPS: Mapping[str, str] = {
    "optimizer": "grevy.optimizers",
    "schedule": "grevy.schedules",
    "loss": "grevy.losses",
    "augmentation": "grevy.augmentations",
    "data source": "grevy.data_sources",
    "model": "grevy.models",
    "listener": "grevy.listeners",
}
"""Entry points of installed packages. Loading one runs the call that registers it."""

FIRST: Mapping[str, str] = {"optimizer": "sgd", "schedule": "constant", "loss": "cross-entropy"}
"""What a recipe has that names none."""

Built = TypeVar("Built", bound=Callable[..., Any])


@dataclass(frozen=True)
class Part:
    """One kind of optimizer, schedule, loss, augmentation or data source.

    Attributes:
        build: makes it from its config, or "package.module:function", which does.
        recognises: of a data source: whether a place is its own.
    """

    kind: Kind
    name: str
    config: type[Config]
    build: Callable[..., Any] | str
    recognises: Callable[[str], bool] | None = None

    def built(self, *arguments: Any, **named: Any) -> Any:
        """What its `build` makes of these arguments."""
        if isinstance(self.build, str):
            module, _, function = self.build.partition(":")
            return getattr(importlib.import_module(module), function)(*arguments, **named)
        return self.build(*arguments, **named)


_parts: dict[Kind, dict[str, Part]] = {kind: {} for kind in HOMES}
_listed: set[Kind] = set()


def register_optimizer(name: str, *, config: type[OptimizerConfig]) -> Callable[[Built], Built]:
    """Decorator that makes an optimizer known by `name`; a name given twice is replaced.

    What it decorates is called as `build(config, model)` and returns a `torch.optim.Optimizer` of
    all parameters of `model` that require a gradient. Schedules set `lr` of its groups.

    Example:
        class LionConfig(OptimizerConfig):
            beta: float = 0.99
            \"\"\"Decay of the momentum.\"\"\"

        @grevy.register_optimizer("lion", config=LionConfig)
        def lion(config, model): ...
    """
    return _decorator("optimizer", name, config)


def register_schedule(name: str, *, config: type[ScheduleConfig]) -> Callable[[Built], Built]:
    """Decorator that makes a schedule known by `name`; a name given twice is replaced.

    What it decorates is called as `build(config)` and returns a function of `(step, progress,
    steps_per_epoch)` that gives the part of the peak which the learning rate is then: `step` counts
    from 0, `progress` goes from 0 after the warm-up to nearly 1 at the last step.
    """
    return _decorator("schedule", name, config)


def register_loss(name: str, *, config: type[LossConfig]) -> Callable[[Built], Built]:
    """Decorator that makes a loss known by `name`; a name given twice is replaced.

    What it decorates is called as `build(config, classes, counts_K, device)`, with the class names
    in order and the number of train pictures of each, int64 on the CPU. It returns a function of
    `(logits_BK, targets, reduction="mean")`, targets being labels [B] or probabilities [B, K], that
    gives one number, or with reduction "none" one for each picture.
    """
    return _decorator("loss", name, config)


def register_augmentation(
    name: str, *, config: type[AugmentationConfig]
) -> Callable[[Built], Built]:
    """Decorator that makes an augmentation known by `name`; a name given twice is replaced.

    What it decorates is called as `build(config)` and returns a function from one
    `grevy.data.augment.batch.Batch` to the next. The config says by `stage` whether its pictures
    are uint8 or normalised floats.
    """
    return _decorator("augmentation", name, config)


def register_data_source(
    name: str, *, recognises: Callable[[str], bool] | None = None
) -> Callable[[Built], Built]:
    """Decorator that makes a data source known by `name`; a name given twice is replaced.

    What it decorates is called as `read(place)` and returns pictures and labels by split,
    `{"train": (images, labels), ...}`, as `load_data` takes arrays.

    Args:
        name: what its places begin with, as in "name:anything".
        recognises: whether a place is its own, where that is not so.
    """

    def own(place: str) -> bool:
        return place.startswith(f"{name}:")

    return _decorator("data source", name, DataSourceConfig, recognises or own)


def _decorator(
    kind: Kind,
    name: str,
    config: type[Config],
    recognises: Callable[[str], bool] | None = None,
) -> Callable[[Built], Built]:
    if not (isinstance(config, type) and issubclass(config, BASES[kind])):
        raise PartError(
            f"the {kind} '{name}' with the config {config!r}",
            f"a class that derives from {BASES[kind].__name__}",
            f"derive it from grevy.recipes.kinds.{BASES[kind].__name__}",
        )

    def register(build: Built) -> Built:
        _list_home(kind)  # or ours would take the name back later
        add(_parts[kind], name, Part(kind, name, config, build, recognises))
        return build

    return register


def find_part(kind: Kind, name: str) -> Part:
    """The part of this name: Grevy's own, registered, or an installed package's.

    Raises:
        RecipeValueError: there is none.
        PartError: an entry point that can't be loaded.
    """
    if not isinstance(name, str):  # YAML has other values, too
        raise RecipeValueError(f"{shown(name)} as a {kind}", "its name", "give a name")
    _list_home(kind)
    if name not in all_in(_parts[kind]):
        load_entry_points(GROUPS[kind], name)
    parts = all_in(_parts[kind])
    if name not in parts:
        raise _unknown_part(kind, name)
    return parts[name]


def all_parts(kind: Kind) -> dict[str, Part]:
    """Every part of a kind by its name, those of installed packages too.

    Raises:
        PartError: an entry point that can't be loaded.
    """
    _list_home(kind)
    load_entry_points(GROUPS[kind])
    return all_in(_parts[kind])


def known_parts(kind: Kind) -> dict[str, Part]:
    """The same without a look at installed packages."""
    _list_home(kind)
    return all_in(_parts[kind])


def config_of(kind: Kind, name: str, **fields: Any) -> Any:
    """The config of a part with these fields; the others have their defaults.

    Raises:
        RecipeValueError: no part of this name.
        pydantic.ValidationError: a field that it does not read, or a value that it does not take.
    """
    config = find_part(kind, name).config
    named = {"name": name} if "name" in config.model_fields else {}
    return config.model_validate({**fields, **named})


def load_entry_points(group: str, name: str | None = None) -> None:
    """Load what installed packages name in a group: the one of this name, or all.

    Raises:
        PartError: one can't be loaded.
    """
    for point in metadata.entry_points(group=group):
        if name is not None and point.name != name:
            continue
        try:
            with collecting(None):  # also while a plugin is run
                point.load()
        except Exception as error:
            package = point.dist.name if point.dist else "an installed package"
            raise PartError(
                f"'{point.value}' of {package} fails ({type(error).__name__}: {error})",
                "a part that can be imported",
                f"mend or uninstall {package}",
            ) from error


def _list_home(kind: Kind) -> None:
    if kind in _listed:
        return
    with collecting(None):  # also while a plugin is run
        home = importlib.import_module(HOMES[kind])
        for module in pkgutil.iter_modules(home.__path__):
            importlib.import_module(f"{HOMES[kind]}.{module.name}")
    _listed.add(kind)


def _unknown_part(kind: Kind, name: object) -> RecipeValueError:
    names = sorted(all_in(_parts[kind]))
    near = difflib.get_close_matches(cut(str(name)), names, n=2)
    room = "augment" if kind == "augmentation" else f"{kind}.name"
    return RecipeValueError(
        f"{room} = {shown(name)}",
        " or ".join(near) if near else f"one of {', '.join(names)}",
        f"check the spelling, or load the plugin that registers this {kind} (--plugin FILE.py)",
    )
