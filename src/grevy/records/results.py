"""What came out of a run: scores of the splits, and seconds."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from grevy.records.record import Count, Record, Seconds, Share

SPLITS = ("train", "validation", "test")


class AugmentedScore(Record):
    """With test-time augmentation."""

    loss: float | None
    """Mean cross-entropy in nats; null where it is not finite."""

    accuracy: Share
    """0 to 1."""

    n: Count
    """Pictures."""

    views: Count | None = None
    """Augmented views that were averaged."""

    pictures: Count | None = None
    """Pictures that were seen in them: the least sure ones, where not all."""


class Score(Record):
    """Of the best check's weights on one split."""

    loss: float | None
    """Mean cross-entropy in nats; null where it is not finite."""

    accuracy: Share
    """0 to 1."""

    n: Count
    """Pictures."""

    test_time_flip: AugmentedScore | None = None
    """The same over each picture and its mirror image."""

    test_time_shift: AugmentedScore | None = None
    """The same over each picture and two shifts."""

    test_time_flip_shift: AugmentedScore | None = None
    """The same over both."""

    @property
    def augmented(self) -> Mapping[str, AugmentedScore]:
        """With test-time augmentation, by what it was in words: "flip and shift"."""
        found = {
            "flip": self.test_time_flip,
            "shift": self.test_time_shift,
            "flip and shift": self.test_time_flip_shift,
        }
        return MappingProxyType({what: score for what, score in found.items() if score})


class SecondsRecord(Record):
    """By part of the work; all but `training` are of the process that finished the run."""

    training: Seconds
    """The loop, with what was trained before a resume."""

    data: Seconds = 0.0
    """Finding and reading pictures."""

    preparation: Seconds = 0.0
    """Building the network, its weights, kept features, the probe."""

    evaluation: Seconds = 0.0
    """Of the whole splits at the end."""

    figures: Seconds = 0.0
    """Drawing."""


class Results(Record):
    """What a finished run came to."""

    train: Score | None = None
    """Scores on the train split."""

    validation: Score | None = None
    """Scores on the validation split."""

    test: Score | None = None
    """Scores on the test split; absent where the data has none."""

    best_step: Count
    """Step of the check with the lowest validation loss, whose weights are kept."""

    steps: Count
    """Steps that were trained."""

    epochs: Seconds
    """The same in epochs."""

    stopped_early: bool
    """Whether the stopping rule ended it."""

    seconds: SecondsRecord
    """By part of the work."""

    @property
    def splits(self) -> Mapping[str, Score]:
        """Scores by split, of those that there are, train first."""
        found = {name: getattr(self, name) for name in SPLITS}
        return MappingProxyType({name: score for name, score in found.items() if score})


class TimingsRecord(Record):
    """When what happened."""

    check_seconds: tuple[Seconds, ...] = ()
    """Seconds of training at each check."""
