"""The battery of augmentations."""

from __future__ import annotations

from typing import Any

import torch
import yaml
from torch import Tensor

from grevy.data.augment.batch import Batch
from grevy.recipes.augment import AugmentConfig
from grevy.recipes.kinds import AugmentationConfig
from grevy.recipes.load import load_recipe
from grevy.recipes.parts import config_of, find_part
from grevy.testing.promises import Promises, watched

CLASSES = 4
LAYOUTS = (torch.contiguous_format, torch.channels_last)


def check_augmentation(name: str, **fields: Any) -> None:
    """Hold an augmentation to what training asks of one.

    Its config is frozen, documented and read as it says; with its defaults it is off, with the
    given fields on. What it does depends on the batch and its generator alone; shape, type and
    layout of the pictures stay, and so do the uint8 pictures and the targets that it is given.

    Args:
        name: under which it is registered.
        fields: that turn it on.

    Raises:
        PartError: a promise is broken; which one.
        RecipeError: no augmentation of this name.
        pydantic.ValidationError: fields that it does not take.
    """
    promises, part = Promises("augmentation", name), find_part("augmentation", name)
    config: AugmentationConfig = config_of("augmentation", name, **fields)
    promises.config("augmentation", config)
    promises.require(config.is_on, f"is off with {fields or 'its defaults'}")
    promises.require(not config_of("augmentation", name).is_on, "is on with its defaults")
    own = {name: config.effective()} if not config.among else config.effective()
    recipe = load_recipe({"augment": yaml.safe_load(yaml.safe_dump(own))})
    promises.require(recipe.augment.of(part) == config, "is another in a recipe")
    promises.require(recipe.augment == AugmentConfig(**own), "is another in a recipe")
    spy, read = watched(config)
    for step in range(2):
        part.built(spy)(_batch(config, 3, LAYOUTS[0], step))
    promises.reads(config, read)
    for channels in (1, 3):
        for layout in LAYOUTS:
            _check_batch(promises, config, part.built(config), channels, layout)


def _batch(
    config: AugmentationConfig, channels: int, layout: torch.memory_format, seed: int = 0
) -> Batch:
    source = torch.Generator().manual_seed(7)
    shape = (10, channels, 12, 9)
    images = torch.randint(0, 256, shape, dtype=torch.uint8, generator=source)
    after = config.stage == "after normalising"
    images_BCHW = (images / 255 - 0.5) / 0.25 if after else images
    return Batch(
        images_BCHW=images_BCHW.contiguous(memory_format=layout),
        targets=torch.arange(10) % CLASSES,
        ids_B=torch.arange(10) + 100,
        classes=CLASSES,
        epoch=1,
        generator=torch.Generator().manual_seed(seed),
        run_number=11,
    )


def _check_batch(
    promises: Promises,
    config: AugmentationConfig,
    change: Any,
    channels: int,
    layout: torch.memory_format,
) -> None:
    given = _batch(config, channels, layout)
    images, targets = given.images_BCHW.clone(), given.targets.clone()
    with promises.own_randomness():
        done: Batch = change(given)
    again: Batch = change(_batch(config, channels, layout))
    same = torch.equal(done.images_BCHW, again.images_BCHW)
    promises.require(same and torch.equal(done.targets, again.targets), "differs for one seed")
    promises.require(torch.equal(given.targets, targets), "changes the targets that it is given")
    if config.stage == "before normalising":
        untouched = torch.equal(given.images_BCHW, images)
        promises.require(untouched, "changes the pictures that it is given")
    promises.require(done.images_BCHW.shape == images.shape, "changes the shape of pictures")
    promises.require(done.images_BCHW.dtype == images.dtype, "changes the type of pictures")
    promises.require(bool(done.images_BCHW.isfinite().all()), "makes pictures not finite")
    if config.stage == "after normalising" and channels > 1:
        kept = done.images_BCHW.is_contiguous(memory_format=layout)
        promises.require(kept, "changes the layout of pictures")
    _check_targets(promises, done.targets)


def _check_targets(promises: Promises, targets: Tensor) -> None:
    if targets.ndim == 1:
        promises.require(targets.dtype == torch.int64, "makes labels that are not int64")
        promises.require(len(targets) == 10, "changes the number of labels")
        return
    promises.require(tuple(targets.shape) == (10, CLASSES), "makes targets that are not [B, K]")
    sums = bool(torch.allclose(targets.sum(1), torch.ones(10)))
    promises.require(sums, "makes targets that do not sum to 1")
