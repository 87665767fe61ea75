"""The weights that a network begins with, from wherever the recipe says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from torch import Tensor, nn

from grevy.data.download import download
from grevy.data.places import cache_folder
from grevy.errors import WeightsError
from grevy.figures.numerals import counted
from grevy.models.checkpoint import Which
from grevy.models.pretrained import in_names_of, pretrained_names, pretrained_weights
from grevy.models.transfer.head import head_layers
from grevy.models.transfer.hub import PREFIX, weights_on_hub
from grevy.models.transfer.published import fetch_published, published_names
from grevy.models.weights import LoadedWeights, put_weights
from grevy.models.weights_file import Weights, read_weights
from grevy.models.weights_names import names_that_fit
from grevy.models.zoo import is_zoo_name
from grevy.records.run import identity


@dataclass(frozen=True)
class InitialWeights:
    """What became of the weights.

    Attributes:
        loaded: names of tensors, the file and its checksum.
        fresh: the layers that stayed as initialised: the head, and a norm behind it.
    """

    loaded: LoadedWeights
    fresh: tuple[str, ...]

    @property
    def head(self) -> str:
        """The layer that puts out the logits."""
        return self.fresh[0]

    def with_note(self, note: str | None) -> InitialWeights:
        """The same, and one more sentence about it."""
        notes = (*self.loaded.notes, *([note] if note else []))
        return replace(self, loaded=replace(self.loaded, notes=notes))

    def to_dict(self) -> dict[str, object]:
        """For the record."""
        return {
            "file": self.loaded.path.name,
            "sha256": self.loaded.sha256,
            "tensors": len(self.loaded.loaded),
            "fresh": list(self.fresh),
            "notes": list(self.loaded.notes),
        }


def begin_with(
    network: nn.Module, name: str, source: str, which: Which = "plain"
) -> InitialWeights:
    """Load weights into all of a network but its head.

    Args:
        network: with its head for the new classes; changed in place.
        name: of the network, for `pretrained`.
        source: `pretrained`, a file, a URL (`#sha256=...` has it checked), or `hf:OWNER/NAME/FILE`.
        which: of a file that holds plain and averaged (EMA) weights.

    Raises:
        WeightsError: weights of another architecture: what fits and what doesn't; or none known;
            or numbers that are not finite.
        DownloadError, ChecksumError: the publisher can't be reached, or sent something else.
        DataNotFoundError, DataFormatError, UnsafePickleError: a file that can't be read.
        MissingPackageError: a package that is needed is not installed.
    """
    layers = head_layers(network)
    own = network.state_dict()
    of_head = {n for n in own if n.rpartition(".")[0] in layers}
    wanted = {n: t for n, t in own.items() if n not in of_head}
    weights = names_that_fit(find_weights(name, source, which), wanted)
    below = tuple(f"{layer}." for layer in layers)
    theirs = {n: t for n, t in weights.tensors.items() if n.startswith(below)}
    body = {n: t for n, t in weights.tensors.items() if n not in theirs}
    fresh: Mapping[str, Tensor] = {n: own[n] for n in of_head}
    loaded = put_weights(network, replace(weights, tensors={**body, **fresh}))
    note = _about_head(layers[0], network.get_submodule(layers[0]).weight, theirs)
    told = replace(
        loaded,
        loaded=tuple(n for n in loaded.loaded if n not in of_head),
        notes=(*loaded.notes, note),
    )
    return InitialWeights(told, layers)


def _about_head(head: str, own: Any, theirs: Mapping[str, Tensor]) -> str:
    """That it is new, and of how many outputs it was in the file."""
    last = theirs.get(f"{head}.weight")
    before = "the file has none" if not theirs else "the file has other layers there"
    if last is not None:
        before = f"{counted(len(last), 'output')} in the file"
    return f"the head {head} is new: {counted(len(own), 'output')} ({before})"


def find_weights(name: str, source: str, which: Which = "plain") -> Weights:
    """Read the weights that `source` means for the network `name`; see `begin_with`."""
    if source == "pretrained":
        return _pretrained(name)
    if source.startswith(("http://", "https://")):
        path = _downloaded(source)
    elif source.startswith(PREFIX):
        path = weights_on_hub(source)
    else:
        path = Path(source)
    return in_names_of(name, read_weights(path, which))


def _pretrained(name: str) -> Weights:
    if name in pretrained_names():
        return pretrained_weights(name).weights
    if name in published_names() or is_zoo_name(name):
        return read_weights(fetch_published(name))
    raise WeightsError(
        f"no published weights are known for '{name}'",
        f"one of {', '.join([*pretrained_names(), *published_names()])}, timm:NAME or"
        " torchvision:NAME",
        "name a file with --weights",
    )


def _downloaded(url: str) -> Path:
    """Kept under its whole address and checksum: other places have files of the same name."""
    address, _, checksum = url.partition("#sha256=")
    name = PurePosixPath(urlsplit(address).path).name or "weights"
    return download(
        address,
        cache_folder() / "weights" / identity(url) / name,
        checksum=f"sha256:{checksum}" if checksum else None,
    )
