"""Weights from a file into a network: all of them, or, when asked, those that fit."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from torch import Tensor, nn

from grevy.errors import WeightsError
from grevy.models.checkpoint import Which
from grevy.models.few import few
from grevy.models.finite import require_finite_weights
from grevy.models.transfer.head import head_layers
from grevy.models.weights_file import Weights, read_weights
from grevy.models.weights_names import names_that_fit


@dataclass(frozen=True)
class LoadedWeights:
    """What became of the weights of a file.

    Attributes:
        path: the file.
        sha256: of the whole file, in hexadecimal.
        loaded: names that were loaded, in the model's order.
        missing: names of the model that the file lacks. A missing `num_batches_tracked` is left
            out: batch normalisation with a fixed momentum does not use it.
        unexpected: names of the file that the model lacks.
        mismatched: names that both have, in another shape or kind of number.
        notes: what was done to the weights, one sentence each.
    """

    path: Path
    sha256: str
    loaded: tuple[str, ...]
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    mismatched: tuple[str, ...]
    notes: tuple[str, ...]


def load_weights(
    model: nn.Module, source: Path | str, *, partial: bool = False, which: Which = "plain"
) -> LoadedWeights:
    """Load a file of safetensors or of `torch.save` into `model`, in place.

    What stands before all names of the file and not of the model is taken off. A first
    convolution for gray pictures takes the sum over the channels of RGB filters: gray pictures
    then get the answer that the same pictures in RGB had. Both are noted. Where an error is
    raised the model is as before.

    Args:
        model: takes the weights; its names are those of `model.state_dict()`.
        source: the file.
        partial: load what fits and leave the rest as it is, instead of refusing.
        which: of a file that holds plain and averaged (EMA) weights.

    Raises:
        DataNotFoundError, DataFormatError, UnsafePickleError: see `read_weights`.
        WeightsError: without `partial`, a tensor of the model or of the file has no counterpart
            of its shape; with it, none has; or there are no averaged weights, or several networks
            in the file that fit.
        NotFiniteError: weights that are NaN or infinite, or become so in the model's numbers.
    """
    return put_weights(model, read_weights(Path(source), which), partial=partial)


def put_weights(model: nn.Module, weights: Weights, *, partial: bool = False) -> LoadedWeights:
    """As `load_weights`, from weights that were read before."""
    wanted = model.state_dict()
    weights = _gray(model, names_that_fit(weights, wanted))
    found = _compared(wanted, weights)
    if not found.loaded:
        raise _refusal(found, wanted, weights, "choose weights of this architecture")
    if not partial and (found.missing or found.unexpected or found.mismatched):
        raise _refusal(found, wanted, weights, _mend(model, found, weights))
    tensors = {name: weights.tensors[name].to(wanted[name].dtype) for name in found.loaded}
    mend = "take an earlier checkpoint: what was trained from there on is lost"
    require_finite_weights(model, f"weights '{weights.path}'", mend, tensors)
    model.load_state_dict(tensors, strict=False)
    return found


def _mend(model: nn.Module, found: LoadedWeights, weights: Weights) -> str:
    """Where the head alone differs it is a matter of classes."""
    layers = {name.rpartition(".")[0] for name in found.mismatched}
    if not (found.missing or found.unexpected) and layers and layers <= {*head_layers(model)}:
        classes = len(weights.tensors[found.mismatched[0]])
        return (
            f"the classes alone differ: --classes {classes}, where the network takes it; or"
            " --partial, which leaves the head as initialised"
        )
    return "choose weights of this architecture (grevy look --partial loads what fits)"


def _compared(wanted: Mapping[str, Tensor], weights: Weights) -> LoadedWeights:
    given = weights.tensors
    common = [name for name in wanted if name in given]
    loaded = tuple(name for name in common if _fits(given[name], wanted[name]))
    mismatched = tuple(name for name in common if name not in loaded)
    missing = tuple(name for name in wanted if name not in given and not _is_counter(name))
    unexpected = tuple(name for name in given if name not in wanted)
    notes = weights.notes + _casts(loaded, wanted, given)
    if mismatched:
        notes += (f"another shape: {few([_shapes(n, wanted, given) for n in mismatched])}",)
    return LoadedWeights(
        weights.path, weights.sha256, loaded, missing, unexpected, mismatched, notes
    )


def _fits(given: Tensor, wanted: Tensor) -> bool:
    same_kind = given.is_floating_point() == wanted.is_floating_point()
    has_numbers = not (given.is_meta or given.is_quantized or given.is_sparse)
    return given.shape == wanted.shape and same_kind and has_numbers and not given.is_complex()


def _is_counter(name: str) -> bool:
    return name.rpartition(".")[2] == "num_batches_tracked"


def _casts(
    names: Collection[str], wanted: Mapping[str, Tensor], given: Mapping[str, Tensor]
) -> tuple[str, ...]:
    kinds = {(given[name].dtype, wanted[name].dtype) for name in names}
    changes = sorted(f"{old} to {new}" for old, new in kinds if old != new)
    return tuple(f"numbers converted from {change}".replace("torch.", "") for change in changes)


def _gray(model: nn.Module, weights: Weights) -> Weights:
    """RGB filters summed to gray ones where the model's first convolution has one channel."""
    name, first = next(
        ((f"{n}.weight", m) for n, m in model.named_modules() if isinstance(m, nn.Conv2d)),
        ("", None),
    )
    given = weights.tensors.get(name)
    if first is None or given is None or first.in_channels != 1:
        return weights
    if given.ndim != 4 or given.shape[1] != 3:
        return weights
    note = f"{name}: summed over its 3 channels, since the pictures have 1"
    summed_O1HW = given.sum(1, keepdim=True)
    return replace(
        weights, tensors={**weights.tensors, name: summed_O1HW}, notes=(*weights.notes, note)
    )


def _refusal(
    found: LoadedWeights, wanted: Mapping[str, Tensor], weights: Weights, mend: str
) -> WeightsError:
    shapes = [_shapes(name, wanted, weights.tensors) for name in found.mismatched]
    groups = (("lacks", found.missing), ("differs in", shapes), ("adds", found.unexpected))
    differences = "; ".join(f"{verb} {len(n):,} ({few(n)})" for verb, n in groups if n)
    read = "".join(f" ({note})" for note in weights.notes if note.startswith(("took", "read")))
    return WeightsError(
        f"weights '{found.path}'{read} fit {len(found.loaded):,} of the model's {len(wanted):,} "
        f"tensors: the file {differences}",
        "exactly the model's parameters and buffers",
        mend,
    )


def _kind(tensor: Tensor) -> str:
    """What its numbers are, and where there are none that are so."""
    number = f"{tensor.dtype}".removeprefix("torch.")
    if tensor.is_meta:
        return f"{number} without any numbers (meta)"
    return f"sparse {number}" if tensor.is_sparse else number


def _shapes(name: str, wanted: Mapping[str, Tensor], given: Mapping[str, Tensor]) -> str:
    one, other = given[name], wanted[name]
    if one.shape == other.shape:
        return f"{name} {_kind(one)} in the file, {_kind(other)} in the model"
    return f"{name} {list(one.shape)} in the file, {list(other.shape)} in the model"
