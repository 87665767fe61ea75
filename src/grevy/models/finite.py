"""Nothing is made of what is no number: weights, statistics and answers are finite, or refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy
from torch.utils._pytree import tree_leaves

from grevy.errors import NotFiniteError
from grevy.figures.numerals import counted

_SHOWN = 3
"""Names that an error spells out."""


def require_finite_weights(
    model: nn.Module, whose: str, mend: str, tensors: Mapping[str, Tensor] | None = None
) -> None:
    """Refuse parameters and running statistics that are NaN or infinite, and other buffers of NaN.

    Args:
        model: whose weights they are.
        whose: "weights of runs/a", for the error.
        mend: what to do about it.
        tensors: what it is to take, by name; None: its own.

    Raises:
        NotFiniteError: names the tensors, and how many of their numbers are so.
    """
    parameters = dict(model.named_parameters())
    given = {**parameters, **dict(model.named_buffers())} if tensors is None else tensors
    counts = {n: _broken(t, n in parameters or _is_running(n)) for n, t in given.items()}
    broken = [f"{name} ({count:,})" for name, count in counts.items() if count]
    if broken:
        more = f" and {len(broken) - _SHOWN:,} more tensors" if len(broken) > _SHOWN else ""
        raise NotFiniteError(
            f"{whose} with {counted(sum(counts.values()), 'number')} NaN or infinite: "
            f"{', '.join(broken[:_SHOWN])}{more}",
            "finite weights",
            mend,
        )


def require_finite_answers(
    values_N: Tensor, names: Sequence[str], what: str, where: str = ""
) -> None:
    """Refuse answers of which one is NaN or infinite for a picture.

    Args:
        values_N: [N, ...], what a network says about N pictures.
        names: of the pictures; none: they are counted only.
        what: what they are, as in "logits of runs/a".
        where: more about where they arose, as " (first behind layer 'conv2')".

    Raises:
        NotFiniteError: how many pictures, and which is the first.
    """
    finite_N = values_N.isfinite().flatten(1).all(1)
    if bool(finite_N.all()):
        return
    broken = (~finite_N).nonzero().flatten().tolist()
    first = f", first {names[broken[0]]}" if names else ""
    kind = "NaN" if bool(values_N.isnan().any()) else "infinite"
    raise NotFiniteError(
        f"{what} that are {kind} for {len(broken):,} of {counted(len(finite_N), 'picture')}"
        f"{first}{where}",
        "finite numbers",
        "mend the network, or train it again with a smaller --optimizer.lr or --precision fp32",
    )


def require_finite_logits(
    model: nn.Module,
    logits_NK: Tensor,
    names: Sequence[str],
    whose: str,
    input_of: Callable[[int], Tensor],
) -> None:
    """Refuse logits that are none, with the first picture and the layer behind which it begins.

    Args:
        model: the network, in evaluation mode.
        logits_NK: what it said.
        names: of the pictures; none: they are counted only.
        whose: of which network, for the error; "" where that is known.
        input_of: what the network took [1, ...] of the picture in that row.

    Raises:
        NotFiniteError: one is NaN or infinite.
    """
    finite_N = logits_NK.isfinite().all(1)
    if not bool(finite_N.all()):
        with torch.no_grad():
            where = where_it_arises(model, input_of(int((~finite_N).nonzero()[0])))
        require_finite_answers(logits_NK, names, f"logits{whose and f' of {whose}'}", where)


def where_it_arises(model: nn.Module, inputs: Tensor) -> str:
    """Before or behind which layer a value is first not finite, as a clause; "" if none is seen."""
    if not _are_finite(inputs):
        return " (already in the normalised picture)"
    with _first_not_finite(model) as found:
        model(inputs)
    return f" (first {found[0]})" if found else ""


@contextmanager
def _first_not_finite(model: nn.Module) -> Iterator[list[str]]:
    """Where values are not finite, in the order of the calls, of layers without layers inside."""
    found: list[str] = []

    def watch(name: str, module: nn.Module) -> torch.utils.hooks.RemovableHandle:
        def look(_module: nn.Module, inputs: object, output: object) -> None:
            if not _are_finite(inputs):
                found.append(f"before layer '{name}'")
            elif not _are_finite(output):
                found.append(f"behind layer '{name}'")

        return module.register_forward_hook(look)

    leaves = [(n, m) for n, m in model.named_modules() if n and not any(m.children())]
    handles = [watch(n, m) for n, m in leaves if not isinstance(m, torch.jit.ScriptModule)]
    try:
        yield found
    finally:
        for handle in handles:
            handle.remove()


def _are_finite(values: object) -> bool:
    """Whether all tensors in it are."""
    tensors = [leaf for leaf in tree_leaves(values) if isinstance(leaf, Tensor)]
    return all(bool(tensor.isfinite().all()) for tensor in tensors)


def _is_running(name: str) -> bool:
    """Whether it is a statistic of normalisation; other buffers may be masks of infinity."""
    return name.rpartition(".")[2] in ("running_mean", "running_var")


def _broken(tensor: Tensor, finite: bool) -> int:
    """How many numbers of a tensor are no weights."""
    if is_lazy(tensor) or tensor.is_meta or not tensor.is_floating_point():
        return 0
    return int((~tensor.isfinite() if finite else tensor.isnan()).sum())
