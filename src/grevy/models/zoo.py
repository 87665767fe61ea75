"""The bridge to timm and torchvision: their classifiers by name, where they are installed."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Any

from torch import nn

from grevy.errors import MissingPackageError, UnknownModelError

Built = tuple[nn.Module, tuple[int, int, int]]
"""A network and the shape of the pictures that it was made for."""


def is_zoo_name(name: str) -> bool:
    """Whether `name` is `timm:NAME` or `torchvision:NAME`."""
    return name.partition(":")[0] in _ZOOS and ":" in name


def build_zoo(name: str) -> Built:
    """The network of that name as its publisher defines it, freshly initialised.

    Args:
        name: `timm:NAME` or `torchvision:NAME`.

    Raises:
        MissingPackageError: timm or torchvision is not installed.
        UnknownModelError: it has no such model.
    """
    require_zoo_name(name)
    zoo, _, model = name.partition(":")
    return _ZOOS[zoo](model)


def require_zoo_name(name: str) -> None:
    """Refuse a name that no installed zoo knows.

    Raises:
        MissingPackageError: timm or torchvision is not installed.
        UnknownModelError: it has no such model.
    """
    zoo, _, model = name.partition(":")
    timm = zoo == "timm"
    names = _timm_names() if timm else _torchvision_names()
    if (model.partition(".")[0] if timm else model) not in names:  # timm's weights follow a dot
        raise _unknown(zoo, model, names)


def suggestions(name: str) -> tuple[str, ...]:
    """Names with their prefix under which installed zoos know `name`."""
    found = []
    for zoo, names in (("timm", _timm_names), ("torchvision", _torchvision_names)):
        try:
            found += [f"{zoo}:{name}"] if name in names() else []
        except MissingPackageError:
            continue
    return tuple(found)


def _timm(name: str) -> Built:
    import timm

    model: Any = timm.create_model(name, pretrained=False)
    channels, height, width = model.pretrained_cfg.get("input_size", (3, 224, 224))
    return model, (channels, height, width)


def _torchvision(name: str) -> Built:
    from torchvision import models

    quick = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    model: nn.Module = models.get_model(name, weights=None, **quick)
    weights: Any = next(iter(models.get_model_weights(name)), None)
    size = weights.transforms().crop_size[0] if weights else 224
    return model, (3, size, size)


def _timm_names() -> list[str]:
    try:
        import timm  # which imports torchvision: beside a torch of another build a RuntimeError
    except (ImportError, RuntimeError) as error:
        raise _missing("timm", error) from error
    names: list[str] = timm.list_models()
    return names


def _torchvision_names() -> list[str]:
    try:
        from torchvision import models
    except (ImportError, RuntimeError) as error:
        raise _missing("torchvision", error) from error
    names: list[str] = models.list_models(module=models)
    return names


def _missing(package: str, error: Exception) -> MissingPackageError:
    return MissingPackageError(
        f"{package} can't be imported ({error})",
        f"{package} beside a torch of its own release",
        "pip install 'grevy[zoo]'",
    )


def _unknown(zoo: str, name: str, names: list[str]) -> UnknownModelError:
    near = difflib.get_close_matches(name, names, n=3)
    return UnknownModelError(
        f"{zoo} has no model '{name}'",
        " or ".join(f"{zoo}:{other}" for other in near) if near else f"one of its {len(names):,}",
        "check the spelling",
    )


_ZOOS: dict[str, Callable[[str], Built]] = {"timm": _timm, "torchvision": _torchvision}
