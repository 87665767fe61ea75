"""PyTorch's optimizers without what only `torch.compile` needs.

Their methods import `torch._dynamo` when they are called, whether anything is compiled or not. That
takes a second or more, a good part of a whole training on small pictures.
"""

from __future__ import annotations

import inspect
from typing import TypeVar

import torch
from torch.optim import Optimizer

KEPT_FROM_COMPILERS = ("add_param_group", "zero_grad", "state_dict", "load_state_dict")

Kind = TypeVar("Kind", bound=Optimizer)


def light(kind: type[Kind]) -> type[Kind]:
    """The same optimizer, number by number, whose methods are not wrapped for compilers.

    Args:
        kind: a class of `torch.optim`, or one derived from `Optimizer`.
    """
    methods = {name: inspect.unwrap(getattr(kind, name)) for name in KEPT_FROM_COMPILERS}
    step = torch.no_grad()(inspect.unwrap(kind.step))
    return type(kind.__name__, (kind,), {**methods, "step": step})
