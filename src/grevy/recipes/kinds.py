"""What all optimizers, schedules, losses and augmentations have in common: the configs' bases.

A part's own config derives from the base of its kind and adds the fields that it reads. Its first
field is the name by which a recipe chooses it; augmentations have none, since several are on.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from grevy.recipes.config import Config

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
NonNegative = Annotated[float, Field(ge=0.0, le=1e6)]
Positive = Annotated[float, Field(gt=0.0, le=1e6)]
LearningRate = Annotated[float, Field(gt=0.0, le=1e30)]  # times a factor, float32 still holds it
BelowOne = Annotated[float, Field(ge=0.0, lt=1.0)]

Stage = Literal["before normalising", "after normalising"]
"""Where in the pipeline an augmentation stands: on uint8 pictures, or on float pictures."""


class OptimizerConfig(Config):
    """How weights move along the gradient."""

    name: str
    """Which optimizer. muon (Jordan 2024): orthogonalised momentum for the weights of hidden
    layers; for the first and last layer, biases and norms what `others` says."""

    lr: LearningRate = 0.05
    """Learning rate: the peak, where a schedule changes it."""

    bias_factor: Positive = 1.0
    """Learning rate of biases and norms as a multiple of that of the weights which the same rule
    moves; what weight decay takes off them in a step stays as it is."""

    whitening_factor: Positive | None = None
    """What stands for `bias_factor` at the bias of a whitening layer. Left out: `bias_factor`."""

    whitening_epochs: NonNegative = 0.0
    """Epochs in which the bias of a whitening layer is trained, its schedule drawn together to
    them; 0 trains it to the end."""


class ScheduleConfig(Config):
    """How the learning rate changes from step to step."""

    name: str
    """Which schedule. one-cycle: linear up to the peak, then linear down (a triangle)."""

    warmup: Fraction = 0.0
    """Part of all steps with a linear rise from near 0; for one-cycle, where the peak is."""


class LossConfig(Config):
    """What the training makes small."""

    name: str
    """Which loss. A check's loss on the validation split is plain cross-entropy with any of them:
    so it can be compared."""


class AugmentationConfig(Config):
    """A random change to the train pictures. With its defaults it is off and draws nothing."""

    stage: ClassVar[Stage] = "before normalising"
    order: ClassVar[int] = 60
    """Of several in a stage the smaller comes first. Grevy's own stand at 10 to 50, and its mixing
    of pictures at 90."""

    among: ClassVar[bool] = False
    """Whether its fields stand directly among those of `augment`, as those of Grevy's first ones
    do. Else they have a room of their own: `augment.blur.radius`."""

    @property
    def is_on(self) -> bool:
        """Whether it changes anything."""
        return self != type(self)()


class DataSourceConfig(Config):
    """Nothing: the place says all that a data source reads."""


BASES: dict[str, type[Any]] = {
    "optimizer": OptimizerConfig,
    "schedule": ScheduleConfig,
    "loss": LossConfig,
    "augmentation": AugmentationConfig,
    "data source": DataSourceConfig,
}
