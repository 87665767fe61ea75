"""run.json, typed: what was trained, with what, where, and what came out."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal, Self

from pydantic import field_serializer, field_validator, model_validator

from grevy.recipes.migrate import recorded_recipe
from grevy.recipes.schema import ModelConfig, Recipe
from grevy.records.files import FileSum
from grevy.records.preprocessing import Preprocessing
from grevy.records.profile_record import ProfileRecord
from grevy.records.record import Count, FileRecord, Record
from grevy.records.results import Results, TimingsRecord


class RunStatus(StrEnum):
    """How far a run is."""

    TRAINING = "training"
    """A process trains it, or was killed."""

    FINISHED = "finished"
    """It has results."""

    INTERRUPTED = "interrupted"
    """Somebody stopped it; it can go on."""

    FAILED = "failed"
    """An error ended it."""


class SplitRecord(Record):
    """One split of the image data."""

    n: Count
    """Pictures."""

    content_hash: str
    """Of pixels, labels and order."""


class DataRecord(Record):
    """The image data of a run."""

    name: str
    """How tables call it."""

    where: str
    """As it was named: a folder, a file, a built-in name."""

    fingerprint: str
    """Of pixels, class names and splits."""

    classes: tuple[str, ...]
    """In the order of their labels."""

    splits: dict[str, SplitRecord]
    """By name: train, validation, test."""

    notes: tuple[str, ...] = ()
    """What was said about it."""


class WeightsRecord(Record):
    """What became of the weights that a run began with."""

    file: str
    """Its name."""

    sha256: str
    """Of the file."""

    tensors: Count
    """That were loaded."""

    fresh: tuple[str, ...]
    """Layers that stayed as initialised."""

    notes: tuple[str, ...] = ()
    """What was said about it."""


class TrainedRecord(Record):
    """What of the network was trained."""

    layers: tuple[str, ...]
    """Names of the trained layers."""

    cut: str | None
    """The node after which the network was cut, where features of its front were kept."""


class PairingRecord(Record):
    """What a network shares with the one that it began like."""

    like: dict[str, Any]
    """The other network: the `model` of a recipe."""

    shared: tuple[str, ...]
    """Parameters that began with its initial weights."""

    own: tuple[str, ...]
    """Parameters that have no counterpart of that name and shape."""

    def load_model(self) -> ModelConfig:
        """The other network; errors as `recorded_recipe`."""
        return recorded_recipe({"model": self.like}).model


class SourceRecord(Record):
    """A file of the user's whose code a run was made with."""

    file: str | None
    """Its name in `source/`; null where Python kept no source."""

    sha256: str
    """Of its content; where there is none, of the code."""

    role: Literal["model", "plugin", "import"]
    """A network is built from it, it was run for what it registers, or another file imports it."""

    object: str | None = None
    """The class or function that the network is built with."""

    name: str | None = None
    """What the recipe calls that network."""


class ProbeRecord(Record):
    """What `precision: auto` measured."""

    precision: str
    """What it chose."""

    fp32_seconds: float
    """A step in float32."""

    bf16_seconds: float
    """A step in bf16."""

    gradient_cosine: float
    """Between the gradients of both."""


class EnvironmentRecord(Record):
    """The machine, and the versions on it."""

    grevy: str
    """Version."""

    python: str
    """Version."""

    torch: str
    """Version."""

    numpy: str
    """Version."""

    pillow: str
    """Version."""

    platform: str
    """Operating system."""

    processor: str
    """As the system calls it."""

    cores: Count | None
    """Of the machine."""

    threads: Count
    """That PyTorch used."""

    device: str
    """cpu, cuda:0, mps."""

    gpu: str | None
    """Its name."""

    devices: Count
    """Processes that trained together."""

    @property
    def machine(self) -> str:
        """In a few words."""
        threads = "1 thread" if self.threads == 1 else f"{self.threads} threads"
        return f"{self.gpu or self.processor}, {threads}"


class RunRecord(FileRecord):
    """All of run.json."""

    identity: str
    """16 hexadecimal digits that only runs share of which everything that decides them is equal."""

    status: RunStatus
    """training, finished, interrupted or failed."""

    command: tuple[str, ...]
    """What was asked for, word by word."""

    seed: int
    """Of everything random."""

    numerics: Count = 1
    """Grevy's own, of the time of the run (`grevy.recipes.numerics`)."""

    recipe: dict[str, Any]
    """With all fields that were read; what is missing had no effect."""

    data: DataRecord
    """Name, place, fingerprint, classes in the order of their labels, size and content hash of each
    split, what was said about it."""

    preprocessing: Preprocessing
    """Channels, height, width, fit, mean and standard deviation; `resize` and `interpolation` where
    the network resizes its pictures."""

    weights: WeightsRecord | None = None
    """File, SHA-256 and number of tensors that it began with, what stayed fresh; null where it
    began with nothing."""

    trained: TrainedRecord | None = None
    """Names of the trained layers, and the node after which the network was cut."""

    pairing: PairingRecord | None = None
    """In a study: the network whose initial weights it has, and in which parameters."""

    sources: tuple[SourceRecord, ...] = ()
    """Files with the user's own code, which `source/` keeps: name, SHA-256, what it is for, and
    the class or function that was used."""

    parameters: Count
    """Number of weights."""

    precision: str
    """fp32 or bf16."""

    probe: ProbeRecord | None = None
    """What `precision: auto` measured: seconds a step in both, cosine between the gradients."""

    environment: EnvironmentRecord
    """Versions, processor, cores, threads, device, number of devices."""

    resumes: Count = 0
    """How often it was resumed."""

    test_reads: Count = 0
    """How often its test split was evaluated."""

    results: Results | None = None
    """Of each split: loss (nats), accuracy (0 to 1), n, and the same with test-time augmentation
    under a name that says what it was (`test_time_flip`, `test_time_shift`,
    `test_time_flip_shift`), with the number of `views` and of `pictures` seen in them; best step,
    steps, epochs, whether it stopped early, seconds by part. Null until it is finished."""

    files: dict[str, FileSum] | None = None
    """Length and SHA-256 of each file that is read back, by its path in the run directory. Null
    until it is finished."""

    timings: TimingsRecord | None = None
    """Seconds of training at each check."""

    profile: ProfileRecord | None = None
    """After `--profile`: the table of [speed.md](speed.md), and what it was counted with."""

    error: str | None = None
    """The line that a failed run ended with."""

    created: str
    """Universal time at which it began."""

    updated: str | None = None
    """Universal time of the last change."""

    @field_validator("recipe")
    @classmethod
    def _recipe_has_a_name(cls, recipe: dict[str, Any]) -> dict[str, Any]:
        if not isinstance(recipe.get("name"), str):
            raise ValueError("should have a name")  # noqa: TRY004 — pydantic wants a ValueError
        return recipe

    @field_serializer("preprocessing")
    def _with_unknown_fields(self, preprocessing: Preprocessing) -> dict[str, Any]:
        return preprocessing.to_dict()

    @model_validator(mode="after")
    def _finished_with_results(self) -> Self:
        if self.status is RunStatus.FINISHED and self.results is None:
            raise ValueError("results should be there when the status is finished")
        return self

    @property
    def recipe_name(self) -> str:
        """What the recipe is called."""
        return str(self.recipe["name"])

    def load_sections(self, *names: str) -> Recipe:
        """A recipe with these of its sections and fields alone, such as `pictures` and `model`.

        The others may be of a plugin that is not here, and how the run was trained is not asked.

        Raises:
            RecipeError: as `load_recipe`, of these sections.
        """
        return recorded_recipe({name: self.recipe[name] for name in names if name in self.recipe})

    def load_recipe(self) -> Recipe:
        """What was trained.

        Raises:
            RecipeError: it has fields or values that this Grevy does not know.
        """
        return recorded_recipe(self.recipe)
