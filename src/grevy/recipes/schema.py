"""What a recipe is: every field, once, with its unit and range.

The command line, the YAML files and the run record all take their fields from here.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from grevy.recipes.convnet import ConvNetConfig
from grevy.recipes.selection import SelectionConfig
from grevy.recipes.transfer import TransferConfig

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
NonNegative = Annotated[float, Field(ge=0.0)]
BelowOne = Annotated[float, Field(ge=0.0, lt=1.0)]
Side = Annotated[int, Field(ge=1, le=4096)]


class Config(BaseModel):
    """Immutable, and no field that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class PicturesConfig(Config):
    """How pictures become the arrays that the network sees, and how they are split."""

    size: Literal["auto"] | Side | tuple[Side, Side] = "auto"
    """Input size in pixels: one side of a square, or height and width. auto: the pictures' own
    size if all share one of at most 96 pixels a side, else the side to which the network resizes
    its pictures, else auto_side."""

    auto_side: Side = 64
    """What auto takes for larger pictures, or of several sizes."""

    channels: Literal["auto", "gray", "rgb"] = "auto"
    """auto: gray if every picture is gray, else rgb."""

    fit: Literal["crop", "stretch", "pad"] = "crop"
    """What to do with pictures of another shape: centre crop, change proportions, or pad black."""

    mean: Literal["train", "weights"] | tuple[float, ...] = (0.5,)
    """Subtracted from pictures in [0, 1]: one number, one a channel, the train split's own, or what
    belongs to the pretrained weights."""

    standard_deviation: (
        Literal["train", "weights"] | tuple[Annotated[float, Field(gt=0.0)], ...]
    ) = (0.25,)
    """Divided by afterwards: one number, one a channel, the train split's own, or what belongs to
    the pretrained weights."""

    validation_fraction: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.1
    """Part of the train split that becomes validation, stratified, where the data has none."""

    split_seed: int = 0
    """Seed of that part. It is not the run's seed, so that runs of all seeds share their splits."""

    unreadable: Literal["stop", "leave-out"] = "stop"
    """What to do with pictures that can't be decoded: stop and name them, or leave them out and
    name them."""


def _flip_name(value: object) -> object:
    return {True: "random", False: "none"}.get(value, value) if isinstance(value, bool) else value


class AugmentConfig(Config):
    """Random changes to the train pictures, a whole batch at a time. 0 is off."""

    flip: Annotated[Literal["none", "random", "alternating"], BeforeValidator(_flip_name)] = "none"
    """Left-right: with probability 0.5, or alternating (Jordan 2024): at random in the first
    epoch, then the other way round every epoch."""

    translate: Annotated[int, Field(ge=0)] = 0
    """Random shift by up to so many pixels, the border filled by reflection."""

    crop_scale: Annotated[float, Field(gt=0.0, le=1.0)] = 1.0
    """Random resized crop: smallest part of the area that is kept (Szegedy 2014); 1 is off."""

    sizes: tuple[Side, ...] = ()
    """Sides in pixels that train pictures are resized to, each for an equal part of the training,
    as 24 28 32; for networks that take any size. Empty: always as they are."""

    cutout: Annotated[int, Field(ge=0)] = 0
    """Side in pixels of a square set to the mean (DeVries and Taylor 2017)."""

    brightness: NonNegative = 0.0
    """Factor drawn from [1 - x, 1 + x], never below 0."""

    contrast: NonNegative = 0.0
    """Factor drawn from [1 - x, 1 + x], never below 0."""

    saturation: NonNegative = 0.0
    """Factor drawn from [1 - x, 1 + x], never below 0."""

    hue: Annotated[float, Field(ge=0.0, le=0.5)] = 0.0
    """Turn drawn from [-x, x] of the colour circle."""

    randaugment: Annotated[int, Field(ge=0)] = 0
    """Operations a picture, of the fourteen of RandAugment (Cubuk 2019)."""

    randaugment_magnitude: Annotated[int, Field(ge=0, le=30)] = 9
    """Strength of these operations, 0 to 30."""

    mixup: NonNegative = 0.0
    """Alpha of the Beta distribution of the mixing weight (Zhang 2017). With cutmix on as well, a
    fair coin chooses one of them for each batch."""

    cutmix: NonNegative = 0.0
    """Alpha of the Beta distribution of the pasted area (Yun 2019)."""


class ModelConfig(Config):
    """Which network."""

    name: str = "base"
    """A name in the registry."""

    arguments: dict[str, bool | int | float | str] = Field(default_factory=dict)
    """Further arguments of that network, names and values in turn: width 9 depth 3."""

    convnet: ConvNetConfig = ConvNetConfig()

    weights: str = "none"
    """What it begins with: none, pretrained (those that are published or packaged for it), a file,
    a URL, or hf:OWNER/NAME/FILE. The head is always fresh."""

    resize: Literal["weights"] | Annotated[int, Field(ge=0, le=4096)] = 0
    """Side in pixels to which the network resizes its pictures, a batch at a time; 0: as they
    are; weights: the size for which the pretrained weights were made."""

    interpolation: Literal["bilinear", "bicubic", "weights"] = "bicubic"
    """Of that resizing; weights: as for the pretrained weights."""

    def builder_arguments(self) -> dict[str, Any]:
        """What the network is built with; `weights` still stands for itself."""
        sizes = {"resize": self.resize, "interpolation": self.interpolation} if self.resize else {}
        return {**self.arguments, **self.convnet.changes(), **sizes}


class OptimizerConfig(Config):
    """How weights move along the gradient."""

    name: Literal["sgd", "adam", "adamw", "muon"] = "sgd"
    """muon (Jordan 2024): orthogonalised momentum for the weights of hidden layers; for the first
    and last layer, biases and norms what `others` says."""

    lr: Annotated[float, Field(gt=0.0)] = 0.05
    """Learning rate: the peak, where a schedule changes it."""

    momentum: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    """Of sgd and muon."""

    nesterov: bool = False
    """Of sgd and muon; needs momentum."""

    betas: tuple[BelowOne, BelowOne] = (0.9, 0.999)
    """Of adam and adamw, also inside muon."""

    weight_decay: NonNegative = 0.0
    """L2 for sgd and adam, decoupled for adamw and muon."""

    bias_factor: Annotated[float, Field(gt=0.0)] = 1.0
    """Learning rate of biases and norms as a multiple of that of the weights which the same rule
    moves; what weight decay takes off them in a step stays as it is."""

    whitening_factor: Annotated[float, Field(gt=0.0)] | None = None
    """What stands for `bias_factor` at the bias of a whitening layer. Left out: `bias_factor`."""

    whitening_epochs: NonNegative = 0.0
    """Epochs in which the bias of a whitening layer is trained, its schedule drawn together to
    them; 0 trains it to the end."""

    others: Literal["adamw", "sgd"] = "adamw"
    """Beside muon: what moves the parameters that it does not take."""

    others_lr: Annotated[float, Field(gt=0.0)] | None = None
    """Their learning rate. Left out: 0.015 of `lr` for adamw, `lr` for sgd."""

    others_momentum: BelowOne | None = None
    """Their momentum, where sgd moves them. Left out: `momentum`."""

    renormalise: bool = False
    """muon: before each step, bring each of its weights to the norm √(outputs), in place of weight
    decay."""

    iterations: Annotated[int, Field(ge=1, le=20)] = 5
    """muon: iterations by which it orthogonalises the momentum; on small networks that are trained
    for a few epochs three do as well."""

    @model_validator(mode="after")
    def _nesterov_needs_momentum(self) -> OptimizerConfig:
        if self.nesterov and self.momentum == 0.0:
            raise ValueError("a momentum above 0 where nesterov is on")
        return self


class ScheduleConfig(Config):
    """How the learning rate changes from step to step."""

    name: Literal["constant", "step", "cosine", "one-cycle"] = "constant"
    """one-cycle: linear up to the peak, then linear down (a triangle)."""

    warmup: Fraction = 0.0
    """Part of all steps with a linear rise from near 0; for one-cycle, where the peak is."""

    every: Annotated[float, Field(gt=0.0)] = 30.0
    """step: epochs between drops."""

    factor: Annotated[float, Field(gt=0.0, le=1.0)] = 0.1
    """step: what a drop multiplies the learning rate by."""

    final: Fraction = 0.0
    """cosine and one-cycle: part of the peak that the learning rate would reach one step after
    the last."""


class Recipe(Config):
    """Everything that decides a training besides the data and the seed."""

    name: str = "base"
    """How the recipe is called in records and tables."""

    description: str = ""
    """One sentence for people."""

    pictures: PicturesConfig = PicturesConfig()
    augment: AugmentConfig = AugmentConfig()
    model: ModelConfig = ModelConfig()
    optimizer: OptimizerConfig = OptimizerConfig()
    schedule: ScheduleConfig = ScheduleConfig()
    transfer: TransferConfig = TransferConfig()
    selection: SelectionConfig = SelectionConfig()

    batch_size: Annotated[int, Field(ge=1)] = 64
    """Pictures a step, over all devices together. An incomplete last batch is dropped."""

    epochs: Annotated[int, Field(ge=1)] = 10
    """At most so many passes over the train split."""

    least_steps: Annotated[int, Field(ge=0)] = 0
    """For small data: where these epochs have fewer steps there are more epochs, and each check
    stands for more of them."""

    checks_per_epoch: Annotated[int, Field(ge=1)] = 2
    """Evaluations on the validation split in one epoch."""

    patience: Annotated[int, Field(ge=0)] = 4
    """Stop when the loss of the check `patience` checks ago is still the best of the last
    `patience`; 0 never stops early."""

    label_smoothing: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    """Part of the target that is spread evenly over all classes (Szegedy 2015)."""

    average_decay: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    """Decay a step of an exponential moving average of the weights, which is then what is
    checked and kept; 0 is off."""

    lookahead: Annotated[int, Field(ge=0)] = 0
    """Steps after which the weights are set back towards a slow copy of themselves (Zhang 2019),
    which is then what is checked and kept; 0 is off."""

    lookahead_decay: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.95
    """What the slow copy keeps of itself a step at the end of training; before, this times the
    cube of the part of the training that is over (Jordan 2024)."""

    test_time_flip: bool = False
    """Average the logits over a picture and its mirror image; both figures are then reported."""

    test_time_shift: Annotated[int, Field(ge=0)] = 0
    """Average them also over two shifts by so many pixels, up and left, down and right, at half the
    weight together (Jordan 2024); 0 is off."""

    test_time_part: Annotated[float, Field(gt=0.0, le=1.0)] = 1.0
    """Part of the pictures that this is done for: those that the network is least sure of."""

    precision: Literal["auto", "fp32", "bf16"] = "auto"
    """auto: bf16 where a timed probe on this machine shows that it is faster and right."""

    compile: Literal["none", "default", "graphs"] = "none"
    """torch.compile of the training steps: default, or with CUDA graphs, which need a CUDA device.
    The first steps take longer and the last bits of the losses differ."""

    @model_validator(mode="after")
    def _one_average(self) -> Recipe:
        if self.average_decay and self.lookahead:
            raise ValueError("one of average_decay and lookahead, the other 0")
        return self
