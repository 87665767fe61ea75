"""Weights that publishers keep on the web: where, and how they are checked."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from grevy.data.download import download
from grevy.data.places import cache_folder
from grevy.errors import WeightsError
from grevy.models.pretrained import package_preprocessing, pretrained_names
from grevy.models.transfer.hub import PREFIX, weights_on_hub

OURS = {
    "resnet18": "https://download.pytorch.org/models/resnet18-f37072fd.pth",
    "resnet34": "https://download.pytorch.org/models/resnet34-b627a593.pth",
    "resnet50": "https://download.pytorch.org/models/resnet50-0676ba61.pth",
}
"""torchvision's IMAGENET1K_V1; eight digits of the SHA-256 stand in the name."""

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STANDARD_DEVIATION = (0.229, 0.224, 0.225)
"""Of the pixels of ImageNet's train split, as torchvision and timm normalise with."""


def published_names() -> tuple[str, ...]:
    """Our own networks for which weights are published."""
    return tuple(OURS)


def fetch_published(name: str) -> Path:
    """The file of weights, downloaded once into the cache and checked.

    Raises:
        DownloadError: the publisher can't be reached.
        ChecksumError: what arrived is not what was published.
        WeightsError: the zoo has none for this network.
        MissingPackageError: the zoo, or the hub's client, is not installed.
    """
    if name.startswith("timm:"):
        return _timm(name)
    url = OURS.get(name) or _torchvision_url(name)
    file = url.rpartition("/")[2]
    digits = re.search(r"-([0-9a-f]{8,64})\.", file)
    checksum = f"sha256:{digits[1]}" if digits else None
    return download(url, cache_folder() / "weights" / file, checksum=checksum)


def published_statistics(name: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of pictures in [0, 1] that the published weights expect.

    Those of the zoo where it says; else ImageNet's.
    """
    if name in pretrained_names():
        known = package_preprocessing(name)
        return known.mean, known.standard_deviation
    if name.startswith("timm:"):
        config = _timm_config(name)
        if config is not None:
            return tuple(config.mean), tuple(config.std)
    return IMAGENET_MEAN, IMAGENET_STANDARD_DEVIATION


def _torchvision_url(name: str) -> str:
    from torchvision import models

    weights = next(iter(models.get_model_weights(name.partition(":")[2])), None)
    if weights is None:
        raise _none(name)
    return str(weights.url)


def _timm(name: str) -> Path:
    config = _timm_config(name)
    if config is None or not (config.hf_hub_id or config.url):
        raise _none(name)
    if config.hf_hub_id:
        return weights_on_hub(f"{PREFIX}{config.hf_hub_id}/model.safetensors")
    file = config.url.rpartition("/")[2]
    return download(config.url, cache_folder() / "weights" / file, checksum=None)


def _timm_config(name: str) -> Any:
    import timm

    return timm.get_pretrained_cfg(name.partition(":")[2], allow_unregistered=True)


def _none(name: str) -> WeightsError:
    return WeightsError(
        f"nobody publishes weights for '{name}'", "another network", "or name a file with --weights"
    )
