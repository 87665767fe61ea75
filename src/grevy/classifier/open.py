"""Open a classifier; and predict and evaluate in one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from torch import nn

from grevy.classifier.classifier import Classifier
from grevy.classifier.device import choose_device
from grevy.classifier.named import NamedModel, Shape, classifier_of_model
from grevy.classifier.of_module import classifier_of_module
from grevy.classifier.of_run import classifier_of_run
from grevy.classifier.pictures import Pictures
from grevy.classifier.predictions import Prediction
from grevy.classifier.run import Run
from grevy.classifier.snapshots import SnapshotName
from grevy.data.load import Where
from grevy.data.types import ImageData
from grevy.errors import RunNotFoundError, UsageError
from grevy.models import model_names
from grevy.models.checkpoint import Which
from grevy.models.own.find import Model, is_own_name
from grevy.models.own.using import using
from grevy.models.registry import find_builder
from grevy.recipes.nearest import nearest
from grevy.recipes.schema import PicturesConfig
from grevy.records.consent import fetching
from grevy.records.near import near_runs
from grevy.records.preprocessing import Fit

Openable = Run | Path | Model | nn.Module | Classifier
"""A run or its directory, the name of a network, a class or function that builds one, a module, or
what is open already."""

Kind = Literal["a run", "a network by name", "a module", "an open classifier"]

READ_BY: Mapping[Kind, set[str]] = {
    "a run": {"snapshot", "device"},
    "a network by name": {
        *("weights", "pretrained", "partial", "which", "input_shape", "classes", "device", "name")
    },
    "a module": {"input_shape", "classes", "mean", "standard_deviation", "fit", "name"},
    "an open classifier": set(),
}
"""Which arguments say something about what is opened."""


def open_classifier(
    network: Openable,
    *,
    snapshot: SnapshotName = "best",
    device: str = "auto",
    weights: str | Path | None = None,
    pretrained: bool = False,
    partial: bool = False,
    which: Which = "plain",
    input_shape: Shape | None = None,
    classes: int | Sequence[str] | None = None,
    mean: Sequence[float] | None = None,
    standard_deviation: Sequence[float] | None = None,
    fit: Fit | None = None,
    name: str | None = None,
    plugin: str | Path | None = None,
    trust_source: bool = False,
) -> Classifier:
    """A network with all that it needs to answer, loaded once (`grevy.open`).

    Args:
        network: a run or its directory; else a registered name, `timm:NAME`, `torchvision:NAME` or
            `mynet.py:Net`, or a class or function that builds a network; or a module, which is not
            copied, moved or changed.
        snapshot: of a run: "best", "last" or "initial".
        device: of a run or a named network: as in `train`.
        weights: of a named network: a file of safetensors or of `torch.save`.
        pretrained: of a named network: the weights that an installed package carries.
        partial: of a named network: load what fits of the file; the rest stays random.
        which: of a file that holds both: the "plain" weights, or the averaged ones, "ema".
        input_shape: of a named network or a module: channels, height, width of its pictures.
        classes: of a named network or a module: names of the outputs, or how many there are.
        mean: of a module: one a channel, of pixels in [0, 1]; None: zeros.
        standard_deviation: of a module: likewise; None: ones.
        fit: of a module: "crop", "stretch" or "pad", for pictures of another size; None: "crop".
        name: of a named network or a module: how figures call it.
        plugin: a Python file, run for what it registers; a run keeps the one that it was trained
            with.
        trust_source: run the source that the run's record keeps, wherever it is from.

    Raises:
        UsageError: an argument that says nothing about this network, or a module without its
            `input_shape`.
        RunNotFoundError: neither a run nor a network of that name, or a run without that snapshot.
        ModelArgumentError, WeightsError, CorruptRecordError, DeviceError: as they say.
        UntrustedSourceError: the run brings a source that was not trained with here.
        RunMismatchError: another plugin than it was trained with.
    """
    arguments: dict[str, Any] = {
        "snapshot": None if snapshot == "best" else snapshot,
        "device": None if device == "auto" else device,
        "weights": weights,
        "pretrained": pretrained or None,
        "partial": partial or None,
        "which": None if which == "plain" else which,
        "input_shape": input_shape,
        "classes": classes,
        "mean": mean,
        "standard_deviation": standard_deviation,
        "fit": fit,
        "name": name,
    }
    given = {key: value for key, value in arguments.items() if value is not None}
    with using(plugin=plugin, trust_source=trust_source):
        kind = _kind_of(network)
        _require_read(kind, given)
        return open_as(kind, network, given)


def open_as(kind: Kind, network: Any, given: Mapping[str, Any]) -> Classifier:
    """The same, where it is known what is meant and that all that is given is read (`READ_BY`)."""
    if kind == "an open classifier":
        opened: Classifier = network
        return opened
    if kind == "a module":
        _require_shape(given)
        return classifier_of_module(network, **given)
    if kind == "a run":
        return classifier_of_run(network, **given)
    with using(network) as name:
        return _by_name(f"{name}", **given)


def _kind_of(network: Openable) -> Kind:
    if isinstance(network, Classifier):
        return "an open classifier"
    if isinstance(network, nn.Module):
        return "a module"
    if isinstance(network, Run | str | Path) and _is_run(network):
        return "a run"
    return "a network by name"


def predict(
    network: Openable,
    pictures: Pictures,
    *,
    device: str = "auto",
    plugin: str | Path | None = None,
    trust_source: bool = False,
) -> list[Prediction]:
    """Predictions in the order of the pictures; one that can't be read has its error.

    Args:
        network: a finished run, its directory, or what `grevy.open` takes or gave.
        pictures: files, folders (all pictures below, in natural order), the bytes of files, PIL
            images, uint8 pixels [H, W], [H, W, 3], [N, H, W] or [N, H, W, 3]; or several of these.
        device: as in `train`.
        plugin: see `grevy.open`.
        trust_source: see `grevy.open`.

    Raises:
        DataNotFoundError: a path that does not exist.
        EmptyDataError: no picture at all.
        DataFormatError: what is no picture in any of these forms.
        RunNotFoundError: the run is not finished.
    """
    opened = open_classifier(network, device=device, plugin=plugin, trust_source=trust_source)
    return opened.predict(pictures)


def evaluate(
    network: Openable,
    where: Where | ImageData | None = None,
    *,
    split: str | None = None,
    pictures: PicturesConfig | None = None,
    device: str = "auto",
    plugin: str | Path | None = None,
    trust_source: bool = False,
    fetch: bool = False,
) -> dict[str, Any]:
    """Loss, accuracy and accuracy a class of a network on labelled pictures.

    The same split of the same data in the same precision gives the figures of the record. Reading
    the run's test pictures again, however they are named, is counted in its run.json
    (`test_reads`). Other data may have fewer classes and pictures; data without splits is evaluated
    whole.

    Args:
        network: a finished run, its directory, or what `grevy.open` takes or gave.
        where: other labelled pictures whose classes the network knows; None: the run's own.
        split: "train", "validation" or "test"; None: test, or all of data without splits.
        pictures: how splits of other data are named, and what is done with unreadable pictures.
        device: as in `train`.
        plugin: see `grevy.open`.
        trust_source: see `grevy.open`.
        fetch: download the run's own data where it is not on this machine.

    Returns:
        as `Classifier.evaluate`: loss, accuracy, low, high, n, classes, missing, split, where,
        same_as, counted, test_reads, agrees, notes.

    Raises:
        RunNotFoundError: the run is not finished.
        RunMismatchError: the run's own data has changed since.
        UnaskedError: it would have to be downloaded, or lies where this user never trained.
        ClassMismatchError: a class that the network does not know.
        NoLabelsError: pictures without labels.
        MissingSplitError: the data does not have the split.
        NotFiniteError: the network answers with NaN or infinity.
    """
    with fetching(fetch):
        opened = open_classifier(network, device=device, plugin=plugin, trust_source=trust_source)
        return opened.evaluate(where, split=split, pictures=pictures)


def _is_run(network: Run | str | Path) -> bool:
    """Whether a run is meant, and not the name of a network; a directory goes before a name.

    Raises:
        RunNotFoundError: a word that is neither.
        PartError: an installed package's network of that name can't be loaded.
    """
    if isinstance(network, str) and is_own_name(network):
        return False
    if not isinstance(network, str) or Path(network).exists():
        return True
    if ":" in network or find_builder(network) is not None:
        return False
    if "/" in network or "\\" in network:
        return True
    near = [*nearest(network, model_names()), *near_runs(network)]
    raise RunNotFoundError(
        f"neither a run nor a network '{network}'",
        " or ".join(near) or f"a run directory, or one of {', '.join(model_names())}",
        "list the runs with: grevy runs",
    )


def _by_name(
    name: str, *, device: str = "auto", classes: int | Sequence[str] = (), **given: Any
) -> Classifier:
    called = given.pop("name", name)
    names = () if isinstance(classes, int) else tuple(classes)
    count = classes if isinstance(classes, int) else len(names) or None
    chosen = choose_device(device)
    if "weights" in given:
        given["weights"] = Path(given["weights"])
    found = classifier_of_model(NamedModel(name, classes=count, **given))
    found.model.to(chosen)
    return replace(found, name=called, classes=names or found.classes)


def _require_shape(given: Mapping[str, Any]) -> None:
    if "input_shape" not in given:
        raise UsageError(
            "a module without input_shape",
            "channels, height and width of its pictures",
            "for example input_shape=(3, 32, 32)",
        )


def _require_read(kind: Kind, given: Mapping[str, Any]) -> None:
    """Refuse what would say nothing about this network, rather than leave it out in silence."""
    for argument in given:
        if argument not in READ_BY[kind]:
            others = [other for other, read in READ_BY.items() if argument in read]
            raise UsageError(
                f"{argument} for {kind}", f"{argument} for {' or '.join(others)}", "leave it out"
            )
