"""Task 4: a pretrained network, trained on; and what its convolutions answer to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from grevy.documents.blocks import Block, Heading, Paragraph
from grevy.errors import GrevyError
from grevy.inspection.look import look
from grevy.inspection.view import View
from grevy.models.survey.layers import layers
from grevy.reports.figure import view_section
from grevy.reports.material import Material
from grevy.reports.reproduce.networks import Runs
from grevy.reports.reproduce.shown import Shown
from grevy.reports.reproduce.verdict import figures_of
from grevy.reports.run_report import section_blocks
from grevy.reports.sections.curves import curves
from grevy.reports.sections.inside import ends
from grevy.reports.sections.results import results

FILTERS = 5
"""Of the first convolution, as the source shows: those that answer most."""


def transferred(
    runs: Runs, where: str | Path, shown: Shown, note: str, *, quick: bool
) -> Iterator[Block]:
    """Blocks of task 4.

    Args:
        runs: finished runs by arm.
        where: the image data.
        shown: the picture that the network looks at.
        quick: as in `figures_of`.
        note: why another network is transferred than the source's; "": it is the same.
    """
    if note:
        yield Paragraph(note)
    own = runs.get("transfer", ())
    if not own:
        yield Paragraph("The transfer has no finished run yet.")
    else:
        first = Material(own[0], where)
        yield from section_blocks(results, first)
        yield from section_blocks(curves, first)
    yield from figures_of([4], None, runs, quick=quick)
    yield from _inside(own[0].record.recipe["model"]["name"] if own else "", shown, bool(note))


def _inside(name: str, shown: Shown, instead: bool) -> Iterator[Block]:
    """The pretrained network on the picture; the transfer leaves the first convolution as it is."""
    network = name or ("timm:tf_efficientnet_lite0" if instead else "resnet18")
    yield Heading("What the convolutions answer to", 3)
    yield Paragraph(
        f"{network} with its ImageNet weights looks at {shown.about}. The transfer does not train"
        " the first convolution, so that it is the same in both."
    )
    pixels = shown.file if shown.file is not None else shown.pixels_HWC.squeeze()
    try:
        first, last = ends(layers(network))
    except GrevyError as error:
        yield Paragraph(f"Missing here: {error}")
        return

    def view(layer: str, **settings: Any) -> Callable[[], View]:
        return lambda: look(pixels, model=network, pretrained=True, layer=layer, **settings)

    def five() -> View:
        most = view(first, method="activations", sort="maximum")().arrays["shown_S"][:FILTERS]
        channels = tuple(int(channel) for channel in most)
        return view(first, method="filters-and-activations", channels=channels)()

    asked = {
        "filters": (
            f"Five filters of {first}, the first convolution: those that answer most, and what",
            five,
        ),
        "last": (
            f"Activations of {last}, the last convolution",
            view(last, method="activations"),
        ),
    }
    for kind, (heading, make) in asked.items():
        yield Heading(heading, 4)
        yield from _view(f"transfer-{kind}", heading, make)


def _view(name: str, heading: str, make: Callable[[], View]) -> Iterator[Block]:
    try:
        found = make()
    except GrevyError as error:
        yield Paragraph(f"Missing here: {error}")
        return
    yield from view_section(found, name, 4, heading)
