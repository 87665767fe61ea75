"""Names of a file brought to those of a network: what stands before all of them is taken off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from torch import Tensor

from grevy.errors import WeightsError
from grevy.models.checkpoint import also_averaged, is_averaged_name
from grevy.models.few import few
from grevy.models.weights_file import Weights

WRAPPERS = ("_orig_mod", "module", "_fsdp_wrapped_module", "_checkpoint_wrapped_module")
"""What torch.compile and parallel training put between names, wherever they wrap a layer."""


@dataclass(frozen=True)
class _Copy:
    """The network, or some of it, behind one prefix.

    Attributes:
        prefix: "" or dotted, with its last dot.
        fits: tensors of the network that it has in their shape.
        named: those that it has by name.
    """

    prefix: str
    fits: int
    named: int

    @property
    def averaged(self) -> bool:
        return is_averaged_name(self.prefix)


def names_that_fit(weights: Weights, wanted: Mapping[str, Tensor]) -> Weights:
    """The weights under the names of a network, as far as taking off prefixes makes them.

    Nothing is taken off where more fits without, nor where less than half of the network would
    fit with it. What stands beside the prefix is left out. All of it is noted.

    Args:
        weights: of a file.
        wanted: tensors of the network, by name.

    Raises:
        WeightsError: averaged weights are wanted and there are none, or several networks fit.
    """
    told = weights.notes
    copies = _copies(weights.tensors, wanted)
    plain_names = _without_wrappers(weights.tensors)
    if _most(_copies(plain_names, wanted)) > _most(copies):
        found = ", ".join(f"'{word}'" for word in WRAPPERS if _is_in(word, weights.tensors))
        told += (f"took {found} out of the names",)
        weights = replace(weights, tensors=plain_names)
        copies = _copies(plain_names, wanted)
    chosen = _chosen(copies, weights)
    others = [copy for copy in copies if copy is not chosen]
    kept = _behind(chosen.prefix, [c.prefix for c in others if c.averaged], weights.tensors)
    told += _notes(chosen, others, weights.tensors, kept)
    averaged = weights.averaged or chosen.averaged
    return replace(weights, tensors=kept, notes=told, averaged=averaged)


def _without_wrappers(tensors: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    plain = {".".join(_own_parts(name)): tensor for name, tensor in tensors.items()}
    return plain if len(plain) == len(tensors) else tensors


def _own_parts(name: str) -> list[str]:
    return [part for part in name.split(".") if part not in WRAPPERS]


def _is_in(word: str, names: Mapping[str, Tensor]) -> bool:
    return any(word in name.split(".") for name in names)


def _copies(tensors: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> list[_Copy]:
    """Of each prefix behind which at least half of the network is found; and of none."""
    fits, named = {"": 0}, {"": 0}
    for name, tensor in tensors.items():
        for prefix, rest in _cuts(name):
            if rest in wanted:
                named[prefix] = named.get(prefix, 0) + 1
                fits[prefix] = fits.get(prefix, 0) + (tensor.shape == wanted[rest].shape)
    half = len(wanted) / 2
    return [_Copy(p, fits[p], named[p]) for p in named if not p or named[p] >= half]


def _cuts(name: str) -> list[tuple[str, str]]:
    """All ways to cut a name in a prefix and the rest; the first without a prefix."""
    parts = name.split(".")
    return [("".join(f"{p}." for p in parts[:n]), ".".join(parts[n:])) for n in range(len(parts))]


def _most(copies: list[_Copy]) -> int:
    return max(copy.fits for copy in copies)


def _chosen(copies: list[_Copy], weights: Weights) -> _Copy:
    """The copy that is wanted: that without a prefix where no other has more."""
    bare = next(copy for copy in copies if not copy.prefix)
    if weights.averaged:
        return _best(copies, weights)
    averaged = [copy for copy in copies if copy.averaged]
    if weights.which == "ema":
        if not averaged:
            raise WeightsError(
                f"weights '{weights.path}', in which nothing is called like averaged weights",
                "plain and averaged ones (ema, swa, teacher)",
                "leave --which out",
            )
        return _best(averaged, weights)
    plain = [copy for copy in copies if not copy.averaged]
    if plain == [bare] and averaged and bare.fits < _most(averaged):
        return _best(averaged, weights)
    return _best(plain, weights)


def _best(copies: list[_Copy], weights: Weights) -> _Copy:
    most = max((copy.fits, copy.named) for copy in copies)
    best = [copy for copy in copies if (copy.fits, copy.named) == most]
    bare = next((copy for copy in best if not copy.prefix), None)
    if bare is None and len(best) > 1:
        raise WeightsError(
            f"weights '{weights.path}' hold {len(best)} networks that fit:"
            f" {few([copy.prefix for copy in best])}",
            "one",
            "save the one that you mean by itself",
        )
    return bare or best[0]


def _behind(prefix: str, others: list[str], tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What stands behind the prefix, without it, and is no averaged copy."""
    inner = tuple(other for other in others if other.startswith(prefix))
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in tensors.items()
        if name.startswith(prefix) and not (inner and name.startswith(inner))
    }


def _notes(
    chosen: _Copy, others: list[_Copy], tensors: Mapping[str, Tensor], kept: Mapping[str, Tensor]
) -> tuple[str, ...]:
    notes: list[str] = []
    prefixes = [copy.prefix for copy in others if copy.prefix]
    if chosen.prefix:
        rest = [n for n in tensors if not n.startswith((chosen.prefix, *prefixes))]
        every = "every name" if len(kept) == len(tensors) else f"{len(kept):,} names"
        notes.append(f"took the prefix '{chosen.prefix}' off {every}")
        notes += [f"left out what stands beside it: {few(rest)}"] if rest else []
    if chosen.averaged:
        notes.append("these are averaged weights, by their prefix")
    averaged = [copy.prefix for copy in others if copy.averaged]
    if averaged and not chosen.averaged:
        notes.append(also_averaged(few(averaged)))
    beside = [c.prefix for c in others if not c.averaged and not c.prefix.startswith(chosen.prefix)]
    if plain := [prefix for prefix in beside if prefix]:
        notes.append(f"left out another copy of the network: {few(plain)}")
    return tuple(notes)
