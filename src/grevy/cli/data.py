"""`grevy data`: what a set of pictures holds, and what is wrong with it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from grevy.cli.output import Output
from grevy.errors import UsageError
from grevy.recipes.schema import PicturesConfig
from grevy.words.parse import parse
from grevy.words.places import PLACE

if TYPE_CHECKING:
    from grevy.data.advice import Advice
    from grevy.data.audit import Audit, Duplicates, Range
    from grevy.data.cache import Decoded

_SHOWN_AT_MOST = 10


@dataclass(frozen=True)
class DataArguments:
    """What a set of pictures holds, and what is wrong with it."""

    where: Annotated[str, tyro.conf.Positional, PLACE]
    """A folder with a folder per class, a CSV, zip, tar, Parquet or npz file, or a built-in name:
    digits, cifar10, cifar100, mnist, fashion-mnist."""

    out: Path | None = None
    """Folder for a contact sheet: some pictures of each class. Without it nothing is written."""

    json: bool = False
    """Print one JSON object and nothing else."""

    pictures: PicturesConfig = field(default_factory=PicturesConfig)


def main(words: list[str]) -> None:
    """Parse and run."""
    arguments = parse(DataArguments, "data", words)
    run(arguments, Output(arguments.json))


def run(arguments: DataArguments, output: Output) -> None:
    """Look at every picture, print what was found, draw the contact sheet if it is asked for."""
    from grevy.data.advice import advise
    from grevy.data.audit import examine
    from grevy.data.cache import decode_source
    from grevy.data.load import open_source

    _refuse_among_pictures(arguments.out, arguments.where)
    source = open_source(arguments.where, arguments.pictures)
    advice = advise(source, arguments.pictures)
    with output.progress("reading pictures") as progress:
        decoded = decode_source(source, advice.pictures, on_progress=progress.advance_to)
    audit = examine(source, decoded, advice.pictures, arguments.where)
    written = _write_contact_sheet(audit, decoded, arguments.out) if arguments.out else ()
    _print_counts(audit, output)
    _print_pictures(audit, advice, output)
    _print_unreadable(audit, output)
    _print_duplicates(audit, output)
    command = ("grevy", "train", audit.where, *advice.flags, *_said(arguments.pictures))
    _print_ending(shlex.join(command), advice, written, output)
    told = {"flags": advice.flags, "reasons": advice.reasons}
    output.result({**audit.to_dict(), "advice": told, "written": [str(path) for path in written]})


def _refuse_among_pictures(out: Path | None, where: str) -> None:
    """A sheet in the folder of the pictures would be one of them the next time."""
    place = Path(where)
    if out is not None and place.is_dir() and out.resolve().is_relative_to(place.resolve()):
        raise UsageError(
            f"--out {out}, inside {where}",
            "a folder beside the pictures",
            "name another one, or the sheet would be read as a picture of a class",
        )


def _write_contact_sheet(audit: Audit, decoded: Decoded, folder: Path) -> Sequence[Path]:
    """A few pictures of each class of train, spread evenly over it."""
    import numpy as np

    from grevy.figures.contact_sheet import columns_for, draw_contact_sheet
    from grevy.figures.save import save_figure

    facts = decoded.facts["train"]
    rows: dict[str, list[int]] = {name: [] for name in audit.classes}
    for row, fact in enumerate(facts):
        if fact.error is None:
            rows[fact.label].append(row)
    count = columns_for(max(audit.input_shape[1:]))
    chosen = np.array([row for members in rows.values() for row in _spread(members, count)], int)
    figure = draw_contact_sheet(
        decoded.images_NCHW["train"][chosen],
        [facts[row].label for row in chosen],
        f"{audit.name}: train pictures as a network sees them",
    )
    return save_figure(figure, folder / f"{audit.name}-contact-sheet")


def _spread(rows: list[int], at_most: int) -> list[int]:
    count = min(len(rows), at_most)
    return [rows[len(rows) * i // count] for i in range(count)]


def _print_counts(audit: Audit, output: Output) -> None:
    splits = tuple(audit.counts)
    rows = [(name, *(audit.counts[split][name] for split in splits)) for name in audit.classes]
    totals = [sum(audit.counts[split].values()) for split in splits]
    output.table(("class", *splits), [*rows, ("all", *totals)], title=audit.where)


def _print_pictures(audit: Audit, advice: Advice, output: Output) -> None:
    channels, height, width = audit.input_shape
    kind = "gray" if channels == 1 else "RGB"
    output.line()
    if audit.height and audit.width:
        distinct = (
            "all the same" if audit.distinct_sizes == 1 else f"{audit.distinct_sizes:,} sizes"
        )
        output.line(f"height    {_range(audit.height)} pixels ({distinct})")
        output.line(f"width     {_range(audit.width)} pixels")
        output.line(f"formats   {_counts(audit.formats)}")
        output.line(f"modes     {_counts(audit.modes)}")
    by = f", with --recipe {advice.recipe}" if advice.recipe else ""
    output.line(f"network   sees {kind} pictures of {height}×{width} pixels{by}")
    for note in audit.notes:
        output.line(f"note      {note}")


def _print_unreadable(audit: Audit, output: Output) -> None:
    output.line()
    if not audit.unreadable:
        output.line("every picture can be read")
        return
    rows = [(picture.split, picture.id, picture.reason) for picture in audit.unreadable]
    output.table(("split", "picture", "why"), rows, title=f"{len(rows):,} can't be read")
    output.line("a training stops at them, or leaves them out: --pictures.unreadable leave-out")


def _print_duplicates(audit: Audit, output: Output) -> None:
    output.line()
    if not audit.duplicates:
        output.line("no two pictures are equal")
        return
    groups = audit.duplicates
    leaks = sum(group.across_splits for group in groups)
    contradictions = sum(group.contradictory for group in groups)
    output.line(
        f"groups of equal pictures: {len(groups):,}; across splits, which is a leak: {leaks:,};"
        f" with contradictory labels: {contradictions:,}"
    )
    rows = [_duplicates_row(group) for group in groups[:_SHOWN_AT_MOST]]
    output.table(("what", "pictures"), rows)
    if len(groups) > _SHOWN_AT_MOST:
        output.line(f"and {len(groups) - _SHOWN_AT_MOST:,} groups more, which --json lists")


def _duplicates_row(group: Duplicates) -> tuple[str, str]:
    what = ["leak"] * group.across_splits + ["contradiction"] * group.contradictory
    names = [f"{p.split}: {p.id} ({p.label})" for p in group.pictures[:_SHOWN_AT_MOST]]
    more = len(group.pictures) - _SHOWN_AT_MOST
    return ", ".join(what) or "duplicate", ", ".join(names) + (f" and {more:,} more" * (more > 0))


def _said(pictures: PicturesConfig) -> list[str]:
    """What the user has said about the pictures, as it is typed."""
    words = []
    for name, value in pictures:
        if value != getattr(PicturesConfig(), name):
            values = value if isinstance(value, tuple) else (value,)
            words += [f"--pictures.{name.replace('_', '-')}", *map(str, values)]
    return words


def _print_ending(command: str, advice: Advice, written: Sequence[Path], output: Output) -> None:
    output.line()
    for path in written:
        output.line(f"written   {path}")
    if not written:
        output.line("sheet     --out FOLDER draws some pictures of each class")
    for reason in advice.reasons:
        output.line(f"advice    {reason}")
    output.line(f"next      {command}")


def _range(side: Range) -> str:
    if side.smallest == side.largest:
        return str(side.smallest)
    return f"{side.smallest} to {side.largest}, median {side.median:g}"


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())
