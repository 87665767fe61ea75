"""Muon: momentum, orthogonalised (Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/).

torch.optim.Muon takes two-dimensional weights only and leaves all others to a second optimizer.
This one takes convolution filters too and moves the others by AdamW or SGD, so that a training has
one optimizer with one state.

Suffixes: M matrices of one shape, R rows, C columns.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.adamw import adamw
from torch.optim.sgd import sgd

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
ITERATIONS = 5
"""Of Newton–Schulz, in Jordan's reference."""
_TINY = 1e-7


class Muon(torch.optim.Optimizer):
    """Muon for some weights, AdamW or SGD for the others.

    Args:
        matrices: weights of two or more dimensions, `[out, ...]`; filters count as
            `[out, in · height · width]`.
        others: groups of all other parameters, made by `adamw_group` and `sgd_group`; all may be
            empty, as may `matrices`.
        lr: of `matrices`.
        momentum: of `matrices`, in [0, 1).
        nesterov: look one step ahead along the momentum.
        weight_decay: for all: decoupled, but L2 in groups of SGD.
        renormalise: bring each of `matrices` to the norm √out before each step, in place of weight
            decay (airbench94_muon, https://github.com/KellerJordan/cifar10-airbench).
        iterations: of Newton–Schulz, at least 1: fewer cost less and are less exact.
    """

    def __init__(
        self,
        matrices: Iterable[Tensor],
        others: Iterable[dict[str, Any]],
        *,
        lr: float,
        momentum: float,
        nesterov: bool,
        weight_decay: float,
        renormalise: bool = False,
        iterations: int = ITERATIONS,
    ) -> None:
        by_muon = {
            "algorithm": "muon",
            "params": list(matrices),
            "lr": lr,
            "momentum": momentum,
            "nesterov": nesterov,
        }
        super().__init__([by_muon, *others], {"weight_decay": weight_decay})
        self._renormalise = renormalise
        self._iterations = iterations
        self._orthogonalise: Callable[[Tensor, int], Tensor] = orthogonalise
        self._moves = {
            "muon": self._move_by_muon,
            "adamw": self._move_by_adamw,
            "sgd": self._move_by_sgd,
        }

    def compile(self) -> None:
        """Let torch.compile make one program of each orthogonalisation from now on."""
        self._orthogonalise = torch.compile(orthogonalise)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Move all parameters that have a gradient; return what `closure` returns."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            parameters = [p for p in group["params"] if p.grad is not None]
            if parameters:
                self._moves[group["algorithm"]](parameters, group)
        return loss

    def _move_by_muon(self, parameters: list[Tensor], group: dict[str, Any]) -> None:
        by_shape: dict[tuple[torch.Size, torch.device], list[Tensor]] = defaultdict(list)
        for parameter in parameters:
            by_shape[parameter.shape, parameter.device].append(parameter)
        for alike in by_shape.values():
            directions_MRC = torch.stack([self._direction(p, group).flatten(1) for p in alike])
            updates_MRC = self._orthogonalise(directions_MRC, self._iterations).to(alike[0].dtype)
            rows, columns = updates_MRC.shape[1:]
            scale = group["lr"] * math.sqrt(max(1.0, rows / columns))
            for parameter, update_RC in zip(alike, updates_MRC, strict=True):
                if self._renormalise:
                    parameter.mul_(math.sqrt(rows) / parameter.norm().clamp(min=_TINY))
                else:
                    parameter.mul_(1 - group["lr"] * group["weight_decay"])
                parameter.sub_(update_RC.view(parameter.shape), alpha=scale)

    def _direction(self, parameter: Tensor, group: dict[str, Any]) -> Tensor:
        """Add the gradient to the momentum; its length does not matter, it is normalised away."""
        gradient = parameter.grad
        assert gradient is not None
        state = self.state[parameter]
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = torch.zeros_like(parameter)
        buffer: Tensor = state["momentum_buffer"].mul_(group["momentum"]).add_(gradient)
        return gradient.add(buffer, alpha=group["momentum"]) if group["nesterov"] else buffer

    def _move_by_adamw(self, parameters: list[Tensor], group: dict[str, Any]) -> None:
        for parameter in parameters:
            state = self.state[parameter]
            if not state:
                state["step"] = torch.tensor(0.0)
                state["exp_avg"] = torch.zeros_like(parameter)
                state["exp_avg_sq"] = torch.zeros_like(parameter)
        states = [self.state[parameter] for parameter in parameters]
        adamw(
            parameters,
            [p.grad for p in parameters if p.grad is not None],
            [state["exp_avg"] for state in states],
            [state["exp_avg_sq"] for state in states],
            [],
            [state["step"] for state in states],
            amsgrad=False,
            beta1=group["betas"][0],
            beta2=group["betas"][1],
            lr=group["lr"],
            weight_decay=group["weight_decay"],
            eps=group["eps"],
            maximize=False,
        )

    def _move_by_sgd(self, parameters: list[Tensor], group: dict[str, Any]) -> None:
        buffers = [self.state[parameter].get("momentum_buffer") for parameter in parameters]
        sgd(
            parameters,
            [p.grad for p in parameters if p.grad is not None],
            buffers,
            weight_decay=group["weight_decay"],
            momentum=group["momentum"],
            lr=group["lr"],
            dampening=0.0,
            nesterov=group["nesterov"],
            maximize=False,
        )
        for parameter, buffer in zip(parameters, buffers, strict=True):
            if buffer is not None:  # there is none without momentum
                self.state[parameter]["momentum_buffer"] = buffer


def adamw_group(
    parameters: Iterable[Tensor], lr: float, betas: tuple[float, float]
) -> dict[str, Any]:
    """Parameters beside Muon's that AdamW moves."""
    group = {"algorithm": "adamw", "params": list(parameters), "lr": lr}
    return {**group, "betas": betas, "eps": 1e-8}


def sgd_group(
    parameters: Iterable[Tensor], lr: float, momentum: float, nesterov: bool
) -> dict[str, Any]:
    """Parameters beside Muon's that SGD moves."""
    group = {"algorithm": "sgd", "params": list(parameters), "lr": lr}
    return {**group, "momentum": momentum, "nesterov": nesterov}


def hidden_weights(model: nn.Module) -> list[Tensor]:
    """Find the weights that Muon moves: of every convolution and linear layer but two.

    The first and the last such layer, in the order of `model.modules()`, are the input and the
    output layer; these, biases, norms and all other parameters are for the rule beside it, as in
    Jordan's reference (https://github.com/KellerJordan/Muon), where Muon takes the hidden
    weights and AdamW the first convolution, the classifier head, gains and biases.
    """
    kinds = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear)
    weights = [module.weight for module in model.modules() if isinstance(module, kinds)]
    distinct = list({id(weight): weight for weight in weights}.values())
    return [weight for weight in distinct[1:-1] if weight.requires_grad]


def orthogonalise(matrices_MRC: Tensor, iterations: int = ITERATIONS) -> Tensor:
    """Push all singular values of each matrix near 1 and keep its singular vectors.

    Steps of the quintic Newton–Schulz iteration `X ← aX + b(XXᵀ)X + c(XXᵀ)²X`, whose
    coefficients favour speed: after five, values are between about 0.7 and 1.2, besides those
    below about a thousandth of the matrix's Frobenius norm; after three, besides those below a
    fiftieth. In bfloat16 under autocast, where that is far faster and good enough (Jordan et al.
    2024), else in float32.

    Args:
        matrices_MRC: a stack of matrices; a matrix of zeros stays so.
        iterations: at least 1.
    """
    x: Tensor = matrices_MRC.to(_working_type(matrices_MRC.device))
    a, b, c = _COEFFICIENTS
    with _without_autocast(
        x.device
    ):  # on CUDA it would bring norms, and all after them, to float32
        x = x / x.norm(dim=(1, 2), keepdim=True).clamp(min=_TINY)
        tall = x.shape[1] > x.shape[2]
        x = x.mT if tall else x  # the smaller of the two products XXᵀ and XᵀX
        for _ in range(iterations):
            square = x @ x.mT
            factor = torch.baddbmm(square, square, square, beta=b, alpha=c)
            x = torch.baddbmm(x, factor, x, beta=a)
    return x.mT if tall else x


def _working_type(device: torch.device) -> torch.dtype:
    kind = device.type
    under_autocast = torch.amp.is_autocast_available(kind) and torch.is_autocast_enabled(kind)
    return torch.bfloat16 if under_autocast else torch.float32


def _without_autocast(device: torch.device) -> AbstractContextManager[Any]:
    """Products in the type that was chosen; not every kind of device has autocast."""
    if not torch.amp.is_autocast_available(device.type):
        return nullcontext()
    return torch.autocast(device.type, enabled=False)
