"""What a recipe is: every field, once, with its unit and range.

The command line, the YAML files and the run record all take their fields from here, and from the
parts that `optimizer`, `schedule`, `loss` and `augment` name (`grevy.recipes.parts`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SerializeAsAny, model_validator

from grevy.recipes.augment import AugmentConfig, Side
from grevy.recipes.config import Config, ReadWhen
from grevy.recipes.convnet import FAMILY, ConvNetConfig
from grevy.recipes.kinds import LossConfig, OptimizerConfig, ScheduleConfig
from grevy.recipes.parts import FIRST, Kind, config_of
from grevy.recipes.ranges import LARGEST_SEED
from grevy.recipes.selection import SelectionConfig
from grevy.recipes.split_choice import SplitChoice, checked_splits, parse_splits
from grevy.recipes.transfer import TransferConfig

Mean = Annotated[float, Field(ge=-1e6, le=1e6)]
Deviation = Annotated[float, Field(ge=1e-6, le=1e6)]

NOT_DECIDING = ("name", "description", "check_train")
"""Fields that change nothing in what is trained."""


class PicturesConfig(Config):
    """How pictures become the arrays that the network sees, and how they are split."""

    size: Literal["auto"] | Side | tuple[Side, Side] = "auto"
    """Input size in pixels: one side of a square, or height and width. auto: the pictures' own
    size if all share one of at most 96 pixels a side, else the side to which the network resizes
    its pictures, else auto_side."""

    auto_side: Annotated[Side, ReadWhen("pictures.size auto", lambda own: own.size == "auto")] = 64
    """What auto takes for larger pictures, or of several sizes."""

    channels: Literal["auto", "gray", "rgb"] = "auto"
    """auto: gray if every picture is gray, else rgb."""

    fit: Literal["crop", "stretch", "pad"] = "crop"
    """What to do with pictures of another shape: centre crop, change proportions, or pad black."""

    bits: Annotated[
        int, Field(ge=1, le=16), ReadWhen("pictures.bits below 16", lambda own: own.bits < 16)
    ] = 16
    """Bits that are used of pictures with 16 a channel, and of floats: 12 makes 4095 white. What is
    brighter is clipped, and counted in a note. 16: all of them; floats go from 0 to 1."""

    mean: Literal["train", "weights"] | tuple[Mean, ...] = (0.5,)
    """Subtracted from pictures in [0, 1]: one number, one a channel, the train split's own, or what
    belongs to the pretrained weights."""

    standard_deviation: Literal["train", "weights"] | tuple[Deviation, ...] = (0.25,)
    """Divided by afterwards: one number, one a channel, the train split's own, or what belongs to
    the pretrained weights."""

    validation_fraction: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.1
    """Part of the train split that becomes validation, stratified, where the data has none."""

    split_seed: Annotated[int, Field(ge=0, le=LARGEST_SEED)] = 0
    """Seed of that part. It is not the run's seed, so that runs of all seeds share their splits."""

    unreadable: Literal["stop", "leave-out"] = "stop"
    """What to do with pictures that can't be decoded: stop and name them, or leave them out and
    name them."""

    splits: Annotated[
        str,
        AfterValidator(checked_splits),
        ReadWhen("pictures.splits not empty", lambda own: bool(own.splits)),
    ] = ""
    """Which folders, files, arrays or values of the split column are which split:
    train=fold0,train=fold1,test=fold2; train=. where all is train. Empty: as their names say."""

    split_column: Annotated[
        str, ReadWhen("pictures.split_column not empty", lambda own: bool(own.split_column))
    ] = ""
    """Column of a table that says the split of each row. Empty: the column split, if it is
    there."""

    def split_choice(self) -> SplitChoice:
        """What is said about splits here."""
        return SplitChoice(parse_splits(self.splits), self.split_column)


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

    which: Annotated[
        Literal["plain", "ema"],
        ReadWhen(
            "model.weights of a file",
            lambda own: own.which != "plain" and own.weights not in ("none", "pretrained"),
        ),
    ] = "plain"
    """Of a file that holds both: the plain weights, or their average over steps (EMA, SWA, a
    teacher)."""

    resize: Literal["weights"] | Annotated[int, Field(ge=0, le=4096)] = 0
    """Side in pixels to which the network resizes its pictures, a batch at a time; 0: as they
    are; weights: the size for which the pretrained weights were made."""

    interpolation: Annotated[
        Literal["bilinear", "bicubic", "weights"],
        ReadWhen("a model.resize", lambda own: bool(own.resize)),
    ] = "bicubic"
    """Of that resizing; weights: as for the pretrained weights."""

    def unread(self) -> dict[str, str]:
        """As of any config; and what the named network of the family does not read."""
        inner = self.convnet.unread_in(self.name)
        return super().unread() | {f"convnet.{name}": lacks for name, lacks in inner.items()}

    def builder_arguments(self) -> dict[str, Any]:
        """What the network is built with; `weights` still stands for itself."""
        sizes = {"resize": self.resize, "interpolation": self.interpolation} if self.resize else {}
        return {**self.arguments, **self.convnet.changes(), **sizes}


def _part(kind: Kind) -> BeforeValidator:
    """Takes fields for the config of the part that they name."""

    def configured(fields: object) -> object:
        if not isinstance(fields, Mapping):
            return fields
        name = fields.get("name", FIRST[kind])
        return config_of(kind, name, **{key: fields[key] for key in fields if key != "name"})

    return BeforeValidator(configured)


def _first(kind: Kind) -> Any:
    return Field(default_factory=partial(config_of, kind, FIRST[kind]))


def with_rooms(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields with `label_smoothing`, which may stand alone, in the room of the loss.

    Raises:
        ValueError: it stands in both places and differs.
    """
    rest = dict(fields)
    if "label_smoothing" not in rest:
        return rest
    alone, loss = rest.pop("label_smoothing"), rest.get("loss", {})
    if not isinstance(loss, Mapping):
        return rest
    if loss.get("label_smoothing", alone) != alone:
        raise ValueError("one of label_smoothing and loss.label_smoothing")
    return {**rest, "loss": {**loss, "label_smoothing": alone}}


class Recipe(Config):
    """Everything that decides a training besides the data and the seed."""

    name: str = "base"
    """How the recipe is called in records and tables."""

    description: str = ""
    """One sentence for people."""

    pictures: PicturesConfig = PicturesConfig()
    augment: AugmentConfig = Field(default_factory=AugmentConfig)
    model: ModelConfig = ModelConfig()
    optimizer: Annotated[SerializeAsAny[OptimizerConfig], _part("optimizer")] = _first("optimizer")
    schedule: Annotated[SerializeAsAny[ScheduleConfig], _part("schedule")] = _first("schedule")
    loss: Annotated[SerializeAsAny[LossConfig], _part("loss")] = _first("loss")
    transfer: TransferConfig = TransferConfig()
    selection: SelectionConfig = SelectionConfig()

    batch_size: Annotated[int, Field(ge=1, le=10_000_000)] = 64
    """Pictures a step, over all devices together. An incomplete last batch is dropped."""

    epochs: Annotated[int, Field(ge=1, le=1_000_000)] = 10
    """At most so many passes over the train split."""

    least_steps: Annotated[int, Field(ge=0, le=1_000_000_000)] = 0
    """For small data: where these epochs have fewer steps there are more epochs, and each check
    stands for more of them."""

    checks_per_epoch: Annotated[int, Field(ge=1, le=10_000)] = 2
    """Evaluations on the validation split in one epoch."""

    check_train: bool = True
    """Evaluate at each check also a fixed sample of the train split, as large as validation and as
    plain: without augmentation, dropout and label smoothing, so that both curves show the same
    loss. It changes no weights and costs as much as the check."""

    patience: Annotated[int, Field(ge=0, le=1_000_000)] = 4
    """Stop when the loss of the check `patience` checks ago is still the best of the last
    `patience`; 0 never stops early."""

    average_decay: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    """Decay a step of an exponential moving average of the weights, which is then what is
    checked and kept; 0 is off."""

    lookahead: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    """Steps after which the weights are set back towards a slow copy of themselves (Zhang 2019),
    which is then what is checked and kept; 0 is off."""

    lookahead_decay: Annotated[
        float,
        Field(ge=0.0, lt=1.0),
        ReadWhen("lookahead above 0", lambda own: own.lookahead > 0),
    ] = 0.95
    """What the slow copy keeps of itself a step at the end of training; before, this times the
    cube of the part of the training that is over (Jordan 2024)."""

    test_time_flip: bool = False
    """Average the logits over a picture and its mirror image; both figures are then reported."""

    test_time_shift: Annotated[int, Field(ge=0, le=4096)] = 0
    """Average them also over two shifts by so many pixels, up and left, down and right, at half the
    weight together (Jordan 2024); 0 is off."""

    test_time_part: Annotated[
        float,
        Field(gt=0.0, le=1.0),
        ReadWhen(
            "test_time_flip or test_time_shift on",
            lambda own: own.test_time_flip or own.test_time_shift > 0,
        ),
    ] = 1.0
    """Part of the pictures that this is done for: those that the network is least sure of."""

    precision: Literal["auto", "fp32", "bf16"] = "auto"
    """auto: bf16 where a timed probe on this machine shows that it is faster and right."""

    compile: Literal["none", "default", "graphs"] = "none"
    """torch.compile of the training steps: default, or with CUDA graphs, which need a CUDA device.
    The first steps take longer and the last bits of the losses differ."""

    @model_validator(mode="before")
    @classmethod
    def _loss_in_its_room(cls, fields: Any) -> Any:
        return with_rooms(fields) if isinstance(fields, Mapping) else fields

    @model_validator(mode="after")
    def _one_average(self) -> Recipe:
        if self.average_decay and self.lookahead:
            raise ValueError("one of average_decay and lookahead, the other 0")
        return self

    def unread(self) -> dict[str, str]:
        """As of any config; and what is for a whitening layer, where the network has none."""
        found = super().unread()
        if self.model.name in FAMILY and not self.model.convnet.whitening:
            condition = "model.convnet.whitening above 0"
            found |= dict.fromkeys(
                ("optimizer.whitening_factor", "optimizer.whitening_epochs"), condition
            )
        return found
