"""The battery of `grevy.testing` on every part of Grevy's own, and on parts that break it."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import grevy
from grevy import testing
from grevy.errors import PartError
from grevy.recipes import parts
from grevy.recipes.kinds import AugmentationConfig, OptimizerConfig, ScheduleConfig
from grevy.recipes.parts import all_parts

OPTIMIZERS: dict[str, list[dict[str, Any]]] = {
    "sgd": [{}, {"momentum": 0.9, "nesterov": True, "bias_factor": 4.0, "whitening_factor": 2.0}],
    "adam": [{}, {"weight_decay": 0.01, "whitening_epochs": 1}],
    "adamw": [{}, {"betas": (0.8, 0.9)}],
    "muon": [{}, {"momentum": 0.9, "nesterov": True}, {"others": "sgd", "others_momentum": 0.5}],
}
SCHEDULES: dict[str, list[dict[str, Any]]] = {
    "constant": [{}, {"warmup": 0.2}],
    "step": [{}, {"every": 1, "factor": 0.5}],
    "cosine": [{}, {"final": 0.2, "warmup": 0.1}],
    "one-cycle": [{}, {"final": 0.2, "warmup": 0.5}],
}
LOSSES: dict[str, list[dict[str, Any]]] = {
    "cross-entropy": [{}, {"label_smoothing": 0.2, "class_weights": "balanced"}],
    "focal": [{}, {"gamma": 0.5, "class_weights": {"bee": 3.0}}, {"gamma": 0}],
}
AUGMENTATIONS: dict[str, list[dict[str, Any]]] = {
    "flip": [{"flip": "random"}, {"flip": "alternating"}],
    "translate": [{"translate": 3}],
    "crop": [{"crop_scale": 0.3}],
    "jitter": [{"brightness": 0.2, "contrast": 0.2, "saturation": 0.2, "hue": 0.1}, {"hue": 0.5}],
    "randaugment": [{"randaugment": 2, "randaugment_magnitude": 20}],
    "cutout": [{"cutout": 4}],
    "mix": [{"mixup": 0.4}, {"cutmix": 1.0}, {"mixup": 0.2, "cutmix": 1.0}],
}


def cases(table: dict[str, list[dict[str, Any]]]) -> list[Any]:
    return [pytest.param(name, fields, id=name) for name in table for fields in table[name]]


@pytest.mark.parametrize(
    ("kind", "table"),
    [
        ("optimizer", OPTIMIZERS),
        ("schedule", SCHEDULES),
        ("loss", LOSSES),
        ("augmentation", AUGMENTATIONS),
    ],
)
def test_every_part_of_grevys_own_is_held_to_the_battery(kind: Any, table: dict[str, Any]) -> None:
    assert set(all_parts(kind)) == set(table)


@pytest.mark.parametrize(("name", "fields"), cases(OPTIMIZERS))
def test_optimizers(name: str, fields: dict[str, Any]) -> None:
    testing.check_optimizer(name, **fields)


@pytest.mark.parametrize(("name", "fields"), cases(SCHEDULES))
def test_schedules(name: str, fields: dict[str, Any]) -> None:
    testing.check_schedule(name, **fields)


@pytest.mark.parametrize(("name", "fields"), cases(LOSSES))
def test_losses(name: str, fields: dict[str, Any]) -> None:
    testing.check_loss(name, **fields)


@pytest.mark.parametrize(("name", "fields"), cases(AUGMENTATIONS))
def test_augmentations(name: str, fields: dict[str, Any]) -> None:
    testing.check_augmentation(name, **fields)


@pytest.mark.parametrize("name", ["base", "net1", "net2"])
def test_networks(name: str) -> None:
    testing.check_model(name)


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test registers is gone after it."""
    for kind in parts.HOMES:
        monkeypatch.setitem(parts._parts, kind, parts.known_parts(kind))


class LazyConfig(OptimizerConfig):
    """Of an optimizer that does not read what it says."""

    patience: int = 3
    """Never read."""


def test_a_field_that_is_never_read_is_named() -> None:
    @grevy.register_optimizer("lazy", config=LazyConfig)
    def build(config: LazyConfig, model: torch.nn.Module) -> torch.optim.Optimizer:
        return torch.optim.SGD(model.parameters(), config.lr)

    with pytest.raises(PartError, match=r"optimizer 'lazy' does not read patience"):
        testing.check_optimizer("lazy")


class ShiftConfig(AugmentationConfig):
    """Of augmentations that break a promise."""

    by: int = 0
    """Added to each pixel."""


def _noise(images_BCHW: torch.Tensor) -> torch.Tensor:
    return torch.randint_like(images_BCHW, 9)


@pytest.mark.parametrize(
    ("words", "change"),
    [
        ("changes the pictures", lambda batch: batch.showing(batch.images_BCHW.add_(1))),
        ("differs for one seed", lambda batch: batch.showing(_noise(batch.images_BCHW))),
        ("type of pictures", lambda batch: batch.showing(batch.images_BCHW.float())),
        ("shape of pictures", lambda batch: batch.showing(batch.images_BCHW[:, :, 1:])),
    ],
)
def test_an_augmentation_that_breaks_a_promise_is_told_which(words: str, change: Any) -> None:
    @grevy.register_augmentation("shift", config=ShiftConfig)
    def build(config: ShiftConfig) -> Any:
        return lambda batch: change(batch) if config.by else batch

    with pytest.raises(PartError, match=f"augmentation 'shift' .*{words}|global random numbers"):
        testing.check_augmentation("shift", by=1)


def test_a_schedule_above_the_peak_is_refused() -> None:
    class HighConfig(ScheduleConfig):
        """Nothing of its own."""

    @grevy.register_schedule("high", config=HighConfig)
    def build(config: HighConfig) -> Any:
        return lambda step, progress, steps_per_epoch: 1.5

    with pytest.raises(PartError, match="leaves the range"):
        testing.check_schedule("high")


def test_a_config_of_another_kind_is_refused() -> None:
    with pytest.raises(PartError, match=r"derives from OptimizerConfig"):
        grevy.register_optimizer("odd", config=ShiftConfig)  # type: ignore[arg-type]


def test_a_name_registered_twice_is_replaced() -> None:
    for step in (0.5, 1.0):
        config = type("NewConfig", (ScheduleConfig,), {"__doc__": "Nothing."})
        grevy.register_schedule("new", config=config)(lambda _, step=step: lambda *_: step)
    assert parts.find_part("schedule", "new").built(None)(0, 0.0, 1) == 1.0


def test_no_classifier_that_is_none_passes() -> None:
    with pytest.raises(PartError, match=r"needs|put out|differs"):
        testing.check_model(lambda shape, classes: torch.nn.Dropout(0.5))
