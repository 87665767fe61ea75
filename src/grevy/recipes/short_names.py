"""Short names of a recipe's fields, the same on the command line, in studies, YAML and Python.

A field is named by the end of its dotted name where that is clear: `lr` is `optimizer.lr`, `norm`
is `model.convnet.norm`. A room that has a `name` is named by itself: `optimizer` is
`optimizer.name`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grevy.errors import AmbiguousFieldError, RecipeFieldError, RecipeValueError
from grevy.recipes.fields import SECTIONS, field_names
from grevy.recipes.nearest import CLOSER, nearest
from grevy.recipes.schema import Recipe
from grevy.recipes.shown import cut, shown

SHORT = {"batch": "batch_size"}
"""Short names that are no ending."""

ELSEWHERE = {
    "learning_rate": "optimizer.lr",
    "base_lr": "optimizer.lr",
    "max_lr": "optimizer.lr",
    "eta": "optimizer.lr",
    "wd": "optimizer.weight_decay",
    "l2": "optimizer.weight_decay",
    "optim": "optimizer.name",
    "beta1": "optimizer.betas",
    "beta2": "optimizer.betas",
    "lr_schedule": "schedule.name",
    "lr_scheduler": "schedule.name",
    "scheduler": "schedule.name",
    "warmup_epochs": "schedule.warmup",
    "warmup_steps": "schedule.warmup",
    "gamma_lr": "schedule.factor",
    "step_size": "schedule.every",
    "bs": "batch_size",
    "minibatch": "batch_size",
    "num_epochs": "epochs",
    "n_epochs": "epochs",
    "max_epochs": "epochs",
    "early_stopping": "patience",
    "stop_after": "patience",
    "ema": "average_decay",
    "ema_decay": "average_decay",
    "swa": "average_decay",
    "amp": "precision",
    "dtype": "precision",
    "tta": "test_time_flip",
    "criterion": "loss.name",
    "smoothing": "loss.label_smoothing",
    "focal_gamma": "loss.gamma",
    "arch": "model.name",
    "architecture": "model.name",
    "network": "model.name",
    "net": "model.name",
    "backbone": "model.name",
    "channels_per_layer": "model.convnet.widths",
    "width": "model.convnet.widths",
    "filters": "model.convnet.widths",
    "kernel_size": "model.convnet.kernel",
    "batch_norm": "model.convnet.norm",
    "batchnorm": "model.convnet.norm",
    "drop_rate": "model.convnet.dropout",
    "init": "model.convnet.initialisation",
    "freeze": "transfer.train",
    "image_size": "pictures.size",
    "img_size": "pictures.size",
    "input_size": "pictures.size",
    "resolution": "pictures.size",
    "std": "pictures.standard_deviation",
    "val_fraction": "pictures.validation_fraction",
    "val_split": "pictures.validation_fraction",
    "validation_split": "pictures.validation_fraction",
    "hflip": "augment.flip",
    "horizontal_flip": "augment.flip",
    "random_flip": "augment.flip",
    "shift": "augment.translate",
    "random_crop": "augment.crop_scale",
    "random_erasing": "augment.cutout",
    "color_jitter": "augment.brightness",
    "mixup_alpha": "augment.mixup",
    "cutmix_alpha": "augment.cutmix",
}
"""What other programs call a field. They are not taken, since what they count may differ: an error
names the field."""


NAMED = ("model", *SECTIONS)
"""Rooms that have a `name`."""


def full_field(name: str, origin: str = "the study") -> str:
    """The dotted field that a name means: itself, an ending of it, or a room's `name`.

    `norm` is `model.convnet.norm`, `optimizer` is `optimizer.name`. Of several fields that end so,
    it is the one in the fewest rooms: not `selection.proxy.convnet.norm`.

    Args:
        name: with hyphens or underscores.
        origin: who asks, for errors.

    Raises:
        AmbiguousFieldError: several fields end so, equally deep.
        RecipeFieldError: none does.
    """
    plain = name.strip().replace("-", "_")
    names = field_names()
    if plain in names:
        return plain
    if f"{plain}.name" in names:
        return f"{plain}.name"
    deep = [field for field in names if field.endswith(f".{plain}")]
    endings = [field for field in deep if field.count(".") == min(f.count(".") for f in deep)]
    if len(endings) > 1:
        raise AmbiguousFieldError(
            f"field '{name}'", f"one of {', '.join(endings)}", "write it in full"
        )
    if endings:
        return endings[0]
    if plain in SHORT:
        return SHORT[plain]
    raise unknown_field_error(plain, origin)


def fields_like(name: str) -> list[str]:
    """The fields that were probably meant by a name that none has, dotted."""
    plain = name.strip().lower().replace("-", "_")
    if plain in ELSEWHERE:
        return [ELSEWHERE[plain]]
    names = field_names()
    endings = {field.rpartition(".")[2]: field for field in reversed(names)}
    rooms = {field.rpartition(".")[0]: field for field in names if field.endswith(".name")}
    spelled = {field: field for field in names} | rooms | endings | SHORT | ELSEWHERE
    return nearest(plain, spelled, close=CLOSER)


def unknown_field_error(path: str, origin: str) -> RecipeFieldError:
    """An unknown field, with the nearest ones that exist."""
    near = fields_like(cut(path))
    return RecipeFieldError(
        f"unknown field '{cut(path)}' in {origin}",
        " or ".join(near) if near else "a field of the recipe",
        "correct the name (grevy train --help lists every field), or load the plugin that has it",
    )


def in_rooms(fields: Mapping[str, Any], origin: str) -> dict[str, Any]:
    """The fields with every short name in the room of what it means; the rooms are copies.

    Args:
        fields: of a recipe, rooms as mappings.
        origin: who asks, for errors.

    Raises:
        AmbiguousFieldError, RecipeFieldError: as `full_field`.
        RecipeValueError: a field under two names, with two values.
    """
    short = {name: value for name, value in fields.items() if _is_short(name, value)}
    if not short:
        return dict(fields)
    rest: dict[str, Any] = {}
    for name, value in fields.items():
        if name not in short:
            rest[name] = _copy(value)
    said: dict[str, str] = {}
    for name, value in short.items():
        full = full_field(name, origin)
        *rooms, last = full.split(".")
        place = rest
        for room in rooms:
            place = place.setdefault(room, {})
            if not isinstance(place, dict):
                return rest | {name: value}  # no room at all: that is told when it is validated
        if place.setdefault(last, value) != value:
            raise RecipeValueError(
                f"{name} = {shown(value)} and {said.get(full, full)} = {shown(place[last])} in"
                f" {origin}",
                f"one value of {full}",
                "leave one out",
            )
        said[full] = name
    return rest


def _is_short(name: object, value: object) -> bool:
    """Whether it is no field that stands where it does: `lr`, or a room's `name` by itself."""
    if not isinstance(name, str) or name == "label_smoothing":  # which may stand alone anyway
        return False
    if name not in Recipe.model_fields:
        return True
    return isinstance(value, str) and name in NAMED


def _copy(value: Any) -> Any:
    return {k: _copy(v) for k, v in value.items()} if isinstance(value, Mapping) else value
