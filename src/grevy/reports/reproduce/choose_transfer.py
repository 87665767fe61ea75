"""What is transferred in task 4: ResNet-18, or what can be had without its publisher."""

from __future__ import annotations

from pathlib import Path

from grevy.errors import DownloadError, GrevyError, MissingPackageError, WeightsError
from grevy.models.transfer.initial import find_weights
from grevy.recipes.load import load_recipe
from grevy.recipes.schema import Recipe
from grevy.records.run import RunDirectory

AS_ASKED, INSTEAD = "resnet18-transfer", "transfer"


def choose_transfer(run: Path) -> tuple[Recipe, str]:
    """The recipe of task 4, and why it is another than the assignment's; "" where it is not.

    Args:
        run: where its run lies, if it was begun: then it stays as it is.
    """
    begun = _begun(run)
    if begun == AS_ASKED:
        return load_recipe(AS_ASKED), ""
    if begun == INSTEAD:
        return load_recipe(INSTEAD), _why("its weights could not be had when this run began")
    asked = load_recipe(AS_ASKED)
    try:
        find_weights(asked.model.name, asked.model.weights)
    except (DownloadError, MissingPackageError, WeightsError) as error:
        return load_recipe(INSTEAD), _why(error.received)
    return asked, ""


def _begun(run: Path) -> str:
    try:
        return RunDirectory(run).read().recipe_name
    except GrevyError:
        return ""


def _why(reason: str) -> str:
    return (
        "The assignment asks for ResNet-18 with its publisher's ImageNet weights, which are not"
        f" here ({reason}). EfficientNet-Lite0 from an installed package is transferred in its"
        " place, at 160 pixels instead of 224: another network, so that its figure is no"
        " reproduction of the source's."
    )
