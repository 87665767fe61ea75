"""Weights that publishers keep on the web: where, and how they are checked."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from grevy.data.download import download
from grevy.data.places import cache_folder
from grevy.errors import WeightsError
from grevy.models.pretrained import PublishedPreprocessing, package_preprocessing, pretrained_names
from grevy.models.transfer.hub import PREFIX, weights_on_hub
from grevy.models.zoo import require_zoo_name

OURS = {
    "resnet18": "https://download.pytorch.org/models/resnet18-f37072fd.pth",
    "resnet34": "https://download.pytorch.org/models/resnet34-b627a593.pth",
    "resnet50": "https://download.pytorch.org/models/resnet50-0676ba61.pth",
}
"""torchvision's IMAGENET1K_V1; eight digits of the SHA-256 stand in the name."""

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STANDARD_DEVIATION = (0.229, 0.224, 0.225)
"""Of the pixels of ImageNet's train split, as torchvision and timm normalise with."""

IMAGENET = PublishedPreprocessing(
    (3, 224, 224), 224 / 256, "bilinear", IMAGENET_MEAN, IMAGENET_STANDARD_DEVIATION
)
"""What is assumed where nobody says."""


def published_names() -> tuple[str, ...]:
    """Our own networks for which weights are published."""
    return tuple(OURS)


def fetch_published(name: str) -> Path:
    """The file of weights, downloaded once into the cache and checked.

    Raises:
        DownloadError: the publisher can't be reached.
        ChecksumError: what arrived is not what was published.
        WeightsError: the zoo has none for this network.
        UnknownModelError: the zoo does not have this network.
        MissingPackageError: the zoo, or the hub's client, is not installed.
    """
    if name.startswith("timm:"):
        return _timm(name)
    return _download(OURS.get(name) or _torchvision_url(name))


def published_preprocessing(name: str) -> PublishedPreprocessing:
    """How pictures looked for which the published weights of this network were evaluated.

    As the package or the zoo says; else as ImageNet's networks are evaluated: 224 pixels, bilinear.

    Raises:
        MissingPackageError: the zoo that knows is not installed.
    """
    if name in pretrained_names():
        return package_preprocessing(name)
    if name.startswith("timm:"):
        config = _timm_config(name)
        if config is not None:
            return PublishedPreprocessing(
                tuple(config.input_size),
                config.crop_pct,
                config.interpolation,
                tuple(config.mean),
                tuple(config.std),
            )
    if name.startswith("torchvision:"):
        return _torchvision_preprocessing(name)
    return IMAGENET


def preprocessing_source(name: str) -> str | None:
    """Who says what `published_preprocessing` gives, in words; None: nobody, it is assumed."""
    if name in pretrained_names():
        return f"as the publisher of {name} has them"
    if name in OURS:
        return f"as torchvision's ImageNet weights of {name} have them"
    if name.startswith("timm:"):
        config = _timm_config(name)
        if config is None:
            return None
        tag = f".{config.tag}" if config.tag else ""
        return f"as timm has them for {config.architecture}{tag}"
    if name.startswith("torchvision:") and (weights := _torchvision_weights(name)) is not None:
        return f"as torchvision has them for {name.partition(':')[2]}, {weights.name}"
    return None


def otherwise_prepared(name: str) -> tuple[str, ...]:
    """Tags of timm's weights for this network that want another mean or standard deviation.

    Nothing where the name says which tag is meant, or the publisher is another.
    """
    architecture = name.partition(":")[2]
    if not name.startswith("timm:") or "." in architecture or name in pretrained_names():
        return ()
    import timm

    known = published_preprocessing(name)
    numbers = (known.mean, known.standard_deviation)
    configs: list[Any] = [
        timm.get_pretrained_cfg(tagged) for tagged in timm.list_pretrained(f"{architecture}.*")
    ]
    return tuple(c.tag for c in configs if (tuple(c.mean), tuple(c.std)) != numbers)


def _download(url: str) -> Path:
    """Checked by the digits of the SHA-256 that publishers put into the name."""
    file = url.rpartition("/")[2]
    digits = re.search(r"-([0-9a-f]{8,64})\.", file)
    checksum = f"sha256:{digits[1]}" if digits else None
    return download(url, cache_folder() / "weights" / file, checksum=checksum)


def _torchvision_url(name: str) -> str:
    weights = _torchvision_weights(name)
    if weights is None:
        raise _none(name)
    return str(weights.url)


def _torchvision_preprocessing(name: str) -> PublishedPreprocessing:
    weights = _torchvision_weights(name)
    if weights is None:
        return IMAGENET
    transform = weights.transforms()
    side = transform.crop_size[0]
    return PublishedPreprocessing(
        (3, side, side),
        side / transform.resize_size[0],
        str(transform.interpolation.value),
        tuple(transform.mean),
        tuple(transform.std),
    )


def _torchvision_weights(name: str) -> Any:
    require_zoo_name(name)
    from torchvision import models

    return next(iter(models.get_model_weights(name.partition(":")[2])), None)


def _timm(name: str) -> Path:
    config = _timm_config(name)
    if config is None or not (config.hf_hub_id or config.url):
        raise _none(name)
    if config.hf_hub_id:
        file = config.hf_hub_filename or "model.safetensors"
        return weights_on_hub(f"{PREFIX}{config.hf_hub_id}/{file}")
    return _download(config.url)


def _timm_config(name: str) -> Any:
    require_zoo_name(name)
    import timm

    try:
        return timm.get_pretrained_cfg(name.partition(":")[2], allow_unregistered=True)
    except RuntimeError as error:
        raise WeightsError(
            f"'{name}' ({error})",
            "one of the weights that timm lists for it",
            "change what follows the dot",
        ) from error


def _none(name: str) -> WeightsError:
    return WeightsError(
        f"nobody publishes weights for '{name}'", "another network", "or name a file with --weights"
    )
