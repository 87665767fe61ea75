"""A network by name, with weights from a file or a package, as a classifier."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from torch import nn

from grevy.classifier.classifier import Classifier
from grevy.classifier.of_module import classifier_of_module
from grevy.errors import MissingPackageError, ModelArgumentError
from grevy.figures.numerals import counted
from grevy.models import build_model
from grevy.models.checkpoint import Which
from grevy.models.own.find import is_own_name
from grevy.models.pretrained import (
    Pretrained,
    PublishedPreprocessing,
    imagenet_classes,
    in_names_of,
    pretrained_weights,
)
from grevy.models.transfer.head import head_name
from grevy.models.transfer.published import (
    IMAGENET_MEAN,
    IMAGENET_STANDARD_DEVIATION,
    preprocessing_source,
    published_names,
    published_preprocessing,
)
from grevy.models.weights import LoadedWeights, put_weights
from grevy.models.weights_file import read_weights
from grevy.models.zoo import build_zoo, is_zoo_name
from grevy.recipes.beside_weights import preprocessing_beside

Shape = tuple[int, int, int]

IMAGENET_CLASSES = 1000
FEW = 5
"""Names that a note spells out."""


@dataclass(frozen=True)
class NamedModel:
    """Which network, and where its weights come from.

    Attributes:
        name: registered, `timm:NAME` or `torchvision:NAME`.
        weights: a file of safetensors or of `torch.save`.
        pretrained: the weights that an installed package carries for it.
        partial: load what fits of the file; the rest stays random, and is told.
        which: of a file that holds both: the plain weights, or the averaged ones (EMA).
        input_shape: of its pictures; None: what it was made for, 3×224×224 for ResNets of 1,000
            classes, else 3×32×32.
        classes: outputs of a registered network; None: 1,000 for a ResNet, else 10.
    """

    name: str
    weights: Path | None = None
    pretrained: bool = False
    partial: bool = False
    which: Which = "plain"
    input_shape: Shape | None = None
    classes: int | None = None


def classifier_of_model(named: NamedModel) -> Classifier:
    """The network with its weights, and the preprocessing that belongs to them.

    Of a file they are those that a run's record or timm's `config.json` beside it says, else those
    of the network's published weights. What is not known is assumed as for ImageNet where there
    are 1,000 classes. The classifier's notes say which. Weights that nothing was loaded into are
    random: said, too.

    Raises:
        UnknownModelError: no such name.
        ModelArgumentError: two sources of weights, or classes for a network of a zoo.
        WeightsError: weights of another architecture.
        MissingPackageError: the zoo or the package of weights is not installed.
    """
    _require_one_meaning(named)
    packaged = pretrained_weights(named.name) if named.pretrained else None
    module, shape = _built(named)
    loaded = _loaded(module, named, packaged)
    notes = _weights_notes(loaded)
    known = _published(packaged) if packaged is not None else _of_file(named, module, shape)
    classifier = classifier_of_module(
        module,
        shape,
        mean=known.mean,
        standard_deviation=known.standard_deviation,
        classes=known.classes,
        name=named.name,
    )
    not_loaded = (*loaded.missing, *loaded.mismatched) if loaded else ()
    return replace(classifier, notes=(*notes, known.note, *classifier.notes), not_loaded=not_loaded)


def _require_one_meaning(named: NamedModel) -> None:
    if named.pretrained and named.weights is not None:
        raise ModelArgumentError(
            f"{named.weights.name} and a package's weights", "one of them", "leave one out"
        )
    if named.which != "plain" and named.weights is None:
        raise ModelArgumentError(
            f"{named.which} weights without a file", "which for a file of weights", "name the file"
        )
    if named.classes is not None and is_zoo_name(named.name):
        raise ModelArgumentError(
            f"{counted(named.classes, 'class')} for {named.name}",
            "none: a zoo's network has its own",
            "leave them out",
        )


@dataclass(frozen=True)
class _Known:
    """What belongs to weights besides numbers, and the sentence that says where it is from."""

    mean: tuple[float, ...] | None
    standard_deviation: tuple[float, ...] | None
    classes: tuple[str, ...]
    note: str


def _built(named: NamedModel) -> tuple[nn.Module, Shape]:
    if is_zoo_name(named.name):
        module, shape = build_zoo(named.name)
        return module, named.input_shape or shape
    residual = named.name.startswith("resnet") and not is_own_name(named.name)
    classes = named.classes or (IMAGENET_CLASSES if residual else 10)
    side = 224 if residual and classes == IMAGENET_CLASSES else 32
    shape = named.input_shape or (3, side, side)
    return build_model(named.name, shape, classes), shape


def _loaded(
    module: nn.Module, named: NamedModel, packaged: Pretrained | None
) -> LoadedWeights | None:
    if packaged is not None:
        return put_weights(module, packaged.weights)
    if named.weights is not None:
        weights = in_names_of(named.name, read_weights(named.weights, named.which))
        return put_weights(module, weights, partial=named.partial)
    return None


def _weights_notes(loaded: LoadedWeights | None) -> tuple[str, ...]:
    if loaded is None:
        return ("The weights are random: nothing was learned, and predictions mean nothing.",)
    notes = [f"{note[0].upper()}{note[1:]}." for note in loaded.notes]
    left = (*loaded.missing, *loaded.mismatched)
    if left:
        notes.append(
            f"{len(left):,} tensors were not loaded and are as initialised ({_few(left)}): "
            "what lies behind them means nothing, and neither do predictions; --list names all."
        )
    if loaded.unexpected:
        notes.append(
            f"{len(loaded.unexpected):,} tensors of the file have no place here "
            f"({_few(loaded.unexpected)})."
        )
    return tuple(notes)


def _published(packaged: Pretrained) -> _Known:
    p = packaged.preprocessing
    return _Known(p.mean, p.standard_deviation, packaged.classes, _scaling(p))


def _scaling(p: PublishedPreprocessing) -> str:
    return (
        f"Pictures are scaled bilinearly and keep their whole shorter side; the publisher kept "
        f"{p.crop:.1%} of it, scaled {p.interpolation}."
    )


def _of_file(named: NamedModel, module: nn.Module, shape: Shape) -> _Known:
    """As a file beside the weights says, or as the network's published weights have it."""
    beside = preprocessing_beside(named.weights) if named.weights else None
    if beside is not None and len(beside.mean) in (1, shape[0]):
        note = f"Mean and standard deviation are those of {beside.place}."
        return _Known(beside.mean, beside.standard_deviation, beside.classes, note)
    assumed = _assumed(module, shape)
    as_published = named.name in published_names() and assumed.mean is not None
    if shape[0] != 3 or not (as_published or is_zoo_name(named.name)):
        return assumed
    if not (source := preprocessing_source(named.name)):
        return assumed
    p = published_preprocessing(named.name)
    numbers = f"Mean {_numbers(p.mean)} and standard deviation {_numbers(p.standard_deviation)}"
    note = f"{numbers}, {source}. {_scaling(p)}"
    return _Known(p.mean, p.standard_deviation, assumed.classes, note)


def _numbers(values: tuple[float, ...]) -> str:
    return ", ".join(f"{value:.3g}" for value in values)


def _assumed(module: nn.Module, shape: Shape) -> _Known:
    """As for ImageNet where the last layer has its 1,000 classes; else nothing."""
    if shape[0] != 3 or _outputs(module) != IMAGENET_CLASSES:
        note = "No preprocessing is known: pixels go in as numbers from 0 to 1."
        return _Known(None, None, (), note)
    note = "1,000 classes: ImageNet's mean, standard deviation and class names are assumed."
    try:
        classes = imagenet_classes()
    except MissingPackageError:
        classes, note = (), f"{note} Names need torchvision: classes are numbers."
    return _Known(IMAGENET_MEAN, IMAGENET_STANDARD_DEVIATION, classes, note)


def _outputs(module: nn.Module) -> int | None:
    try:
        head: Any = module.get_submodule(head_name(module))
    except ModelArgumentError:
        return None
    return len(head.weight)


def _few(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - FEW:,} more" if len(names) > FEW else ""
    return ", ".join(names[:FEW]) + more
