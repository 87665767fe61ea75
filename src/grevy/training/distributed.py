"""Several devices under torchrun: the same batches, each process a slice of every one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

import torch
from torch import Tensor, distributed, nn
from torch.distributed.rendezvous import rendezvous
from torch.nn.parallel import DistributedDataParallel

from grevy.errors import RecipeValueError
from grevy.training.pulse import Pulse

Value = TypeVar("Value")

WAIT_SECONDS = 300.0
"""In the middle of the work no process waits longer for another: the slowest thing that only one
does there is to write a checkpoint."""

_OF_A_CONNECTION = ("gloo", "NCCL", "Connection closed", "Timed out", "Broken pipe")
"""In PyTorch's errors, most of which have no kind of their own."""


@dataclass(frozen=True)
class World:
    """This process among all of them."""

    rank: int = 0
    size: int = 1
    pulse: Pulse | None = field(default=None, compare=False)

    @property
    def leads(self) -> bool:
        """Whether this process writes the record."""
        return self.rank == 0

    def own(self, step: int) -> int:
        """A number for each step of each process; alone, the step itself."""
        return step * self.size + self.rank

    def share(self, tensor: Tensor) -> Tensor:
        """This process's rows of a batch that all processes hold alike."""
        if self.size == 1:
            return tensor
        return tensor.chunk(self.size)[self.rank]

    def mean(self, values_N: Tensor) -> Tensor:
        """Mean over the processes, of each number; the same everywhere, so that all act alike.

        Args:
            values_N: on the device that trains; several processes add them as float64.
        """
        if self.size == 1:
            return values_N
        sums_N = values_N.double()
        distributed.all_reduce(sums_N)
        return sums_N / self.size

    def anywhere(self, *flags: bool) -> tuple[bool, ...]:
        """Each flag, true where it is in any process."""
        if self.size == 1:
            return flags
        found: list[tuple[bool, ...]] = [()] * self.size
        distributed.all_gather_object(found, flags)
        return tuple(any(one) for one in zip(*found, strict=True))

    def agree(self, value: Value) -> Value:
        """The leader's value, everywhere."""
        if self.size == 1:
            return value
        box = [value]
        distributed.broadcast_object_list(box, src=0)
        return box[0]

    def same(self, tensor: Tensor) -> Tensor:
        """The leader's tensor, of the same shape and type, on every process's own device."""
        if self.size > 1:
            distributed.broadcast(tensor, src=0)
        return tensor

    def wait(self) -> None:
        """Until all processes are here, however long those take that are alive.

        Raises:
            ProcessMissingError: one is not.
        """
        if self.pulse is not None:
            self.pulse.meet()

    @contextmanager
    def missing_named(self) -> Iterator[None]:
        """Inside, a broken connection becomes the name of the process that is missing.

        Raises:
            ProcessMissingError: one is.
        """
        try:
            yield
        except RuntimeError as error:
            if self.pulse is None or not _is_of_a_connection(error):
                raise
            raise self.pulse.broken() from error

    def wrap(self, model: nn.Module) -> nn.Module:
        """The model with its gradients averaged over the processes."""
        return model if self.size == 1 else DistributedDataParallel(model)


@contextmanager
def join_world(device: torch.device) -> Iterator[World]:
    """The world that torchrun describes in the environment; alone where there is none."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield World()
        return
    if device.type == "cuda":
        torch.cuda.set_device(device)  # what NCCL takes where nothing names a device
    backend = "nccl" if device.type == "cuda" else "gloo"
    store, rank, size = next(rendezvous("env://"))
    pulse = Pulse(store, rank, size)
    world = World(rank, size, pulse)
    limit = timedelta(seconds=WAIT_SECONDS)
    with pulse.beating(), world.missing_named():
        distributed.init_process_group(
            backend, store=store, rank=rank, world_size=size, timeout=limit
        )
        try:
            yield world
        finally:
            distributed.destroy_process_group()


def _is_of_a_connection(error: RuntimeError) -> bool:
    return isinstance(error, distributed.DistError) or any(
        words in str(error) for words in _OF_A_CONNECTION
    )


def refuse_uneven(count: int, world: World, what: str, mend: str) -> None:
    """Pictures of a step must divide by the number of processes, so that all weigh the same.

    Args:
        count: of pictures that are shared out.
        world: over which.
        what: they are, with their number.
        mend: what to do.

    Raises:
        RecipeValueError: they do not.
    """
    if count % world.size:
        raise RecipeValueError(
            f"{what} on {world.size} devices", f"a multiple of {world.size}", mend
        )
