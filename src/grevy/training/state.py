"""What stays the same during a training, and what changes and goes into a checkpoint and back."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import safetensors.torch
import torch
from pydantic import TypeAdapter
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.swa_utils import AveragedModel

from grevy.classifier.precision import autocast
from grevy.data.batches import SplitOnDevice, TrainBatches
from grevy.errors import CorruptRecordError
from grevy.models.pairing import Pairing
from grevy.models.transfer.cut import Cut
from grevy.models.transfer.frozen import TrainedLayers, set_training
from grevy.models.transfer.initial import InitialWeights
from grevy.recipes.schema import Recipe
from grevy.records.checkpoint import Checkpoint
from grevy.records.files import FileSum
from grevy.records.record import Count
from grevy.training.distributed import World
from grevy.training.losses.loss import Loss
from grevy.training.schedules.learning_rate import LearningRate
from grevy.training.setup.probe import Probe

Weights = dict[str, Tensor]

PROXY_OPTIMIZER = "proxy-optimizer"
"""Its place in a checkpoint."""


@dataclass(frozen=True)
class Setup:
    """What stays the same during a training."""

    recipe: Recipe
    seed: int
    device: torch.device
    world: World
    batches: TrainBatches
    pictures: Mapping[str, SplitOnDevice]
    """All splits, on the device; the features of their pictures where the front is cut off."""
    mean_C: Tensor
    standard_deviation_C: Tensor
    """With which pictures are normalised, for the record."""
    precision: str
    probe: Probe | None
    """What `precision: auto` was decided on."""
    pairing: Pairing | None
    """What the initial weights share with those of another network."""
    initial_weights: InitialWeights | None
    """The weights from elsewhere that it began with."""
    layers: TrainedLayers
    """Which are trained."""
    loss: Loss
    """What is made small."""
    learning_rate: LearningRate
    """The schedule."""
    cut: Cut | None
    """Where the network is cut: what is before it was computed once."""

    def behind_cut(self, network: nn.Module) -> nn.Module:
        """What takes a batch: the network, or its back where it is cut."""
        return network if self.cut is None else self.cut.back_of(network)

    def train_mode(self, model: nn.Module) -> None:
        """Training mode for all that is trained; frozen layers keep their statistics."""
        set_training(model, self.layers, self.recipe.transfer.frozen_statistics)

    @property
    def total_steps(self) -> int:
        """Steps of a training that does not stop early."""
        return max(self.batches.steps_per_epoch * self.recipe.epochs, self.recipe.least_steps)

    @property
    def steps_per_check(self) -> int:
        """Steps from one check to the next."""
        return max(1, self.total_steps // (self.recipe.epochs * self.recipe.checks_per_epoch))

    def is_check(self, step: int) -> bool:
        """Whether there is a check after so many steps: after each interval, and at the end."""
        return step % self.steps_per_check == 0 or step == self.total_steps


@dataclass
class TrainingProgress:
    """Where the training is; plain numbers."""

    step: Count = 0
    """Optimizer steps done."""
    check_losses: list[float | None] = field(default_factory=list)
    best_step: Count = 0
    best_loss: float | None = None
    stopped_early: bool = False
    seconds: float = 0.0
    """Spent in the loop, over all resumes."""
    check_seconds: list[float] = field(default_factory=list)
    """`seconds` at each check."""
    steps_size: Count = 0
    checks_size: Count = 0
    """Bytes of the two logs that belong to this state."""
    steps_sha256: str = ""
    checks_sha256: str = ""
    """Of these bytes; an older Grevy wrote none."""

    @property
    def steps_log(self) -> FileSum:
        """What of steps.jsonl belongs to this state."""
        return FileSum(bytes=self.steps_size, sha256=self.steps_sha256)

    @property
    def checks_log(self) -> FileSum:
        """What of checks.jsonl belongs to this state."""
        return FileSum(bytes=self.checks_size, sha256=self.checks_sha256)

    def note_logs(self, steps: FileSum, checks: FileSum) -> None:
        """What the two logs hold now belongs to this state."""
        self.steps_size, self.steps_sha256 = steps.bytes, steps.sha256
        self.checks_size, self.checks_sha256 = checks.bytes, checks.sha256

    def losses(self) -> list[float]:
        """Validation losses of all checks; NaN where one was not finite."""
        return [math.nan if loss is None else loss for loss in self.check_losses]

    def note_check(self, loss: float | None, seconds: float) -> bool:
        """Add a check; whether it is the best so far. A loss that is not finite never is."""
        self.check_losses.append(loss)
        self.check_seconds.append(round(seconds, 3))
        better = loss is not None and (self.best_loss is None or loss < self.best_loss)
        if better:
            self.best_loss, self.best_step = loss, self.step
        return better


@dataclass
class Proxy:
    """A network and its optimizer; their state goes into checkpoints, not into the result."""

    model: nn.Module
    optimizer: Optimizer

    def move(self, loss: Tensor, precision: str) -> None:
        """One step of the optimizer along the gradient of `loss`, a single number."""
        self.optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        with autocast(precision, loss.device):  # Muon multiplies matrices
            self.optimizer.step()


@dataclass
class State:
    """Progress, and the tensors that change with it."""

    progress: TrainingProgress
    model: nn.Module
    optimizer: Optimizer
    average: AveragedModel | None
    best_weights: Weights
    proxy: Proxy | None = None
    """What selects the pictures of a batch that are trained on."""
    best_losses: dict[str, Tensor] = field(default_factory=dict)
    """Loss of each picture at the best check, by split, against which later checks are told."""

    @property
    def network(self) -> nn.Module:
        """What is checked and kept: the averaged model where there is one."""
        return self.model if self.average is None else self.average.module

    def keep_best(self, losses: Mapping[str, Tensor]) -> None:
        """Copy the weights as they are now, and what each picture's loss is with them."""
        self.best_weights = plain_copies(self.network.state_dict())
        self.best_losses = dict(losses)

    def is_finite(self) -> bool:
        """Whether all numbers are that go into a checkpoint; the device is waited for once."""
        parts = [(self.model, self.optimizer)]
        if self.proxy is not None:
            parts.append((self.proxy.model, self.proxy.optimizer))
        tensors = [value for part in parts for value in _numbers(*part)]
        if self.average is not None:
            tensors += self.average.state_dict().values()
        device = next(self.model.parameters()).device
        return bool(torch.stack([v.isfinite().all().to(device) for v in tensors]).all())

    def pack(self) -> dict[str, bytes]:
        """The files of a checkpoint."""
        tensors = _prefixed("model", self.model.state_dict())
        tensors |= _prefixed("best", self.best_weights)
        tensors |= _prefixed("best-losses", self.best_losses)
        if self.average is not None:
            tensors |= _prefixed("average", self.average.state_dict())
        optimizer_tensors, optimizer_numbers = _flatten(self.optimizer.state_dict())
        tensors |= optimizer_tensors
        numbers = {"progress": asdict(self.progress), "optimizer": optimizer_numbers}
        if self.proxy is not None:
            tensors |= _prefixed("proxy", self.proxy.model.state_dict())
            moved, numbers[PROXY_OPTIMIZER] = _flatten(
                self.proxy.optimizer.state_dict(), PROXY_OPTIMIZER
            )
            tensors |= moved
        return {
            "state.safetensors": safetensors.torch.save(plain_copies(tensors)),
            "state.json": json.dumps(numbers, indent=1).encode(),
        }

    def unpack(self, checkpoint: Checkpoint) -> None:
        """Become what was packed.

        Raises:
            CorruptRecordError: the checkpoint does not fit this model and optimizer.
        """
        try:
            tensors = safetensors.torch.load(checkpoint.files["state.safetensors"])
            numbers = json.loads(checkpoint.files["state.json"])
            self.model.load_state_dict(_only("model", tensors))
            if self.average is not None:
                self.average.load_state_dict(_only("average", tensors))
            _restore(self.optimizer, tensors, numbers["optimizer"])
            if self.proxy is not None:
                self.proxy.model.load_state_dict(_only("proxy", tensors))
                _restore(self.proxy.optimizer, tensors, numbers[PROXY_OPTIMIZER], PROXY_OPTIMIZER)
            self.best_weights = _only("best", tensors)
            self.best_losses = _only("best-losses", tensors)
            self.progress = progress_of(checkpoint)
        except _NOT_PACKED as error:
            raise CorruptRecordError(
                f"a checkpoint that does not fit this run ({error})",
                "the model and optimizer that wrote it",
                "train again with another --out",
            ) from error


_NOT_PACKED = (
    *(KeyError, TypeError, ValueError, RuntimeError, AttributeError, OverflowError),
    safetensors.SafetensorError,
)
"""What is raised where a checkpoint is not what `State.pack` wrote."""


def progress_of(checkpoint: Checkpoint) -> TrainingProgress:
    """Where the training was.

    Raises:
        KeyError, TypeError, ValueError: it is not what `State.pack` wrote.
    """
    progress = json.dumps(json.loads(checkpoint.files["state.json"])["progress"])
    return _PROGRESS.validate_json(progress, strict=True)


_PROGRESS = TypeAdapter(TrainingProgress)


def _numbers(model: nn.Module, optimizer: Optimizer) -> list[Tensor]:
    """Weights, statistics and momenta."""
    return [*model.state_dict().values(), *_flatten(optimizer.state_dict())[0].values()]


def _prefixed(prefix: str, tensors: Weights) -> Weights:
    return {f"{prefix}/{name}": tensor for name, tensor in tensors.items()}


def _only(prefix: str, tensors: Weights) -> Weights:
    start = f"{prefix}/"
    return {k.removeprefix(start): v for k, v in tensors.items() if k.startswith(start)}


def plain_copies(tensors: Weights) -> Weights:
    """Contiguous copies on the CPU: safetensors refuses tensors that share memory."""
    layout = torch.contiguous_format
    return {k: v.detach().cpu().clone(memory_format=layout) for k, v in tensors.items()}


def _restore(
    optimizer: Optimizer, tensors: Weights, numbers: dict[str, Any], prefix: str = "optimizer"
) -> None:
    for own, recorded in zip(optimizer.param_groups, numbers["param_groups"], strict=True):
        _require_alike(own, recorded)
    if not all(v is None or _is_number(v) for v in _values_in(numbers["state"])):
        raise ValueError("a state of an optimizer that is no number")
    optimizer.load_state_dict(_unflatten(tensors, numbers, prefix))
    _lay_out_like_parameters(optimizer)


def _require_alike(own: Mapping[str, Any], recorded: Mapping[str, Any]) -> None:
    """Settings of an optimizer keep their names and kinds; what changes of them are numbers."""
    for name in own.keys() - {"params"}:
        both = own[name], recorded[name]
        numbers = all(map(_is_number, both))
        same = json.dumps(own[name]) == json.dumps(recorded[name])
        if not numbers and not same:
            raise ValueError(f"{name} of an optimizer is not as it was built")


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


def _values_in(state: Mapping[str, Mapping[str, Any]]) -> Iterator[Any]:
    return (value for values in state.values() for value in values.values())


def _lay_out_like_parameters(optimizer: Optimizer) -> None:
    """Give momenta the strides of their parameters again, which a file does not keep.

    Fused kernels walk both in the order of memory: with other strides they would mix up elements.
    """
    for parameter, values in optimizer.state.items():
        for name, value in values.items():
            if isinstance(value, Tensor) and value.shape == parameter.shape:
                values[name] = torch.empty_like(parameter, dtype=value.dtype).copy_(value)


def _flatten(state: dict[str, Any], prefix: str = "optimizer") -> tuple[Weights, dict[str, Any]]:
    """An optimizer's state_dict as tensors by name, and the rest as JSON."""
    tensors: Weights = {}
    numbers: dict[str, dict[str, Any]] = {}
    for index, values in state["state"].items():
        for name, value in values.items():
            if isinstance(value, torch.Tensor):
                tensors[f"{prefix}/{index}/{name}"] = value
            else:
                numbers.setdefault(str(index), {})[name] = value
    return tensors, {"state": numbers, "param_groups": state["param_groups"]}


def _unflatten(tensors: Weights, numbers: dict[str, Any], prefix: str) -> dict[str, Any]:
    state: dict[int, dict[str, Any]] = {int(k): dict(v) for k, v in numbers["state"].items()}
    for path, tensor in _only(prefix, tensors).items():
        index, name = path.split("/", 1)
        state.setdefault(int(index), {})[name] = tensor
    return {"state": state, "param_groups": numbers["param_groups"]}
