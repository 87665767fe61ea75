"""The inside: first filters, activations of the first and last convolution, a class map."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from grevy.documents.blocks import Block, Heading, Paragraph
from grevy.errors import GrevyError, LayerNotFoundError
from grevy.inspection.look import look
from grevy.inspection.view import View
from grevy.models.survey.layers import LayerTable
from grevy.reports.figure import view_section
from grevy.reports.material import Material

Asked: TypeAlias = Mapping[str, tuple[str, Callable[[], View]]]


def inside(material: Material) -> Sequence[Block]:
    """Blocks with four views; one that can't be is said to be absent, and why."""
    run, (first, last) = material.source.run, ends(material.layers)
    first_view: Asked = {
        "filters": (f"Filters of {first}", lambda: look(run=run, method="filters", layer=first))
    }
    try:
        picture, about = material.shown
    except GrevyError as error:
        return (*_views(material, first_view), Paragraph(f"No picture to look at: {error}"))
    ask: Asked = {
        **first_view,
        "activations-first": (
            f"Activations of {first}, the first convolution",
            lambda: look(picture, run=run, method="activations", layer=first),
        ),
        "activations-last": (
            f"Activations of {last}, the last convolution",
            lambda: look(picture, run=run, method="activations", layer=last),
        ),
        "class-map": (
            "Where the evidence for the answer lies",
            lambda: look(picture, run=run, method="gradcam"),
        ),
    }
    return (Paragraph(f"The network is shown {about}."), *_views(material, ask))


def _views(material: Material, ask: Asked) -> Iterator[Block]:
    for name, (heading, view) in ask.items():
        yield from _view(f"{material.source.name}-{name}", heading, view)


def ends(table: LayerTable) -> tuple[str, str]:
    """Names of the first and the last convolution.

    Raises:
        LayerNotFoundError: the network has none.
    """
    found = [layer.name for layer in table.layers if layer.kind.startswith("Conv")]
    if not found:
        raise LayerNotFoundError(
            f"{table.model} without a convolution", "one at least", "look at its layers one by one"
        )
    return found[0], found[-1]


def _view(name: str, heading: str, ask: Callable[[], Any]) -> Iterator[Block]:
    yield Heading(heading, 3)
    try:
        view = ask()
    except GrevyError as error:
        yield Paragraph(f"Not shown: {error}")
        return
    yield from view_section(view, name, 4, heading)
