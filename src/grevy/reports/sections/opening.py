"""How a report on a run begins: what it is about, and the main result."""

from __future__ import annotations

from collections.abc import Sequence

from grevy.documents.blocks import Block, Items, Paragraph, Value
from grevy.figures.numerals import counted
from grevy.records.run_record import RunStatus
from grevy.reports.material import Material

NOT_FINISHED = {
    RunStatus.TRAINING: " It was not finished when this was written: it was being trained, or its"
    " process was killed.",
    RunStatus.INTERRUPTED: " It was interrupted, and can go on.",
    RunStatus.FAILED: " It failed, and has no result.",
}


def opening(material: Material) -> Sequence[Block]:
    """One paragraph; and what is damaged, where something is."""
    record = material.source.record
    classes = counted(len(record.data.classes), "class", "classes")
    about = (
        f"This is about one training, {material.source.name}: the recipe {record.recipe_name} on"
        f" {record.data.name} ({classes}) with seed ",
        material.value("seed", "text"),
        ".",
    )
    damage = material.source.read.damage
    blocks: list[Block] = [Paragraph((*about, *_result(material)))]
    return (*blocks, Items(tuple(damage.values()))) if damage else blocks


def _result(material: Material) -> tuple[str | Value, ...]:
    """The accuracy of the last split with its interval, or why there is none."""
    status, split = material.source.record.status, material.last_split
    if status in NOT_FINISHED:
        return (NOT_FINISHED[status],)
    if split not in material.source.predictions:
        return (f" Its predictions on {split} can't be read.",)
    place = f"results.{split}"
    return (
        " Of the ",
        material.value(f"{place}.n", ",d"),
        f" {split} pictures it has ",
        material.value(f"{place}.accuracy", "percent"),
        " right (95 % interval over pictures: ",
        material.value(f"{place}.low", "percent"),
        " to ",
        material.value(f"{place}.high", "percent"),
        ").",
        ""
        if split == "test"
        else " There is no test split, so this flatters it: the weights were"
        " chosen on these pictures.",
    )
