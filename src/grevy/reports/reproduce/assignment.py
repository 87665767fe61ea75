"""What is asked of the assignment, with all that follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from grevy.data.load import load_data
from grevy.data.types import ImageData
from grevy.errors import InputError
from grevy.models.transfer.preprocessing import pictures_as_read
from grevy.recipes.load import load_recipe
from grevy.reports.reproduce.choose_transfer import AS_ASKED, choose_transfer
from grevy.reports.reproduce.cost import Cost, costs
from grevy.reports.reproduce.experiments import Experiment, Found, experiments, find
from grevy.reports.reproduce.published import CLASSES
from grevy.reports.reproduce.shown import Shown, shown_file, shown_of
from grevy.reports.reproduce.tenth import write_tenth

TASKS = (1, 2, 3, 4)
SEEDS = 3
OUT = Path("reproduce")


@dataclass(frozen=True)
class Assignment:
    """What is asked, with all that follows from it.

    Attributes:
        where: the image data that is trained on.
        data: it, decoded.
        tasks: of 1 to 4.
        out: the folder of runs and report.
        quick: whether it is the quick form.
        experiments: what is trained.
        note: why task 4 transfers another network; "": it does not.
        shown: the picture that is looked at.
    """

    where: str
    data: ImageData
    tasks: tuple[int, ...]
    out: Path
    quick: bool
    experiments: tuple[Experiment, ...]
    note: str
    shown: Shown

    @property
    def found(self) -> tuple[tuple[Experiment, tuple[Found, ...]], ...]:
        """Every experiment with its runs on disk."""
        return tuple((e, find(e, self.out, self.data.fingerprint)) for e in self.experiments)

    def costs(self) -> tuple[Cost, ...]:
        """What is left, and about how long it will take here."""
        return costs(self.found, len(self.data.splits["train"]))


def prepare(
    where: str | Path = "cifar10",
    *,
    tasks: Sequence[int] = TASKS,
    seeds: int = SEEDS,
    quick: bool = False,
    picture: str | Path | None = None,
    out: str | Path = OUT,
) -> Assignment:
    """What is to be done; arguments and errors as `reproduce`."""
    chosen = tuple(sorted(set(tasks)))
    if not chosen or not set(chosen) <= set(TASKS):
        raise InputError(f"tasks {list(tasks)}", "some of 1, 2, 3, 4", "correct --tasks")
    if seeds < 1:
        raise InputError(f"{seeds} seeds", "one at least", "correct --seeds")
    shown = shown_file(Path(picture)) if picture is not None else None
    folder = Path(out)
    data = _cifar(load_data(where, pictures_as_read(load_recipe("base"))))
    place = str(where)
    if quick:
        place = str(write_tenth(data, folder / "tenth.npz"))
        data = load_data(place, pictures_as_read(load_recipe("base")))
    # Only where it is asked for: the publisher of the weights is asked whether they are there.
    begun = folder / "runs" / "transfer-seed0"
    recipe, note = choose_transfer(begun) if 4 in chosen else (load_recipe(AS_ASKED), "")
    needed = experiments(chosen, 1 if quick else seeds, quick, recipe)
    return Assignment(
        place,
        data,
        chosen,
        folder,
        quick,
        needed,
        note,
        shown or shown_of(data),
    )


def _cifar(data: ImageData) -> ImageData:
    """Refuses other classes, whose figures could not stand beside the source's.

    Raises:
        InputError: other classes than CIFAR-10's, or no test split.
    """
    if set(data.classes) != set(CLASSES) or "test" not in data.splits:
        raise InputError(
            f"{data.where} with the classes {', '.join(data.classes[:12])}",
            f"CIFAR-10 with its test split: {', '.join(CLASSES)}",
            "name the place of CIFAR-10; for other pictures: grevy study, and grevy report",
        )
    return data
