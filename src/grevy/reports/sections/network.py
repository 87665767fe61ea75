"""The network: as PyTorch prints it, and every layer worked out."""

from __future__ import annotations

from collections.abc import Sequence

from grevy.documents.blocks import Block, Code, Paragraph
from grevy.errors import GrevyError
from grevy.reports.material import Material


def network(material: Material) -> Sequence[Block]:
    """Blocks about the network; of a run that is not finished as far as it is kept."""
    model = material.source.record.recipe.get("model")
    name = model.get("name") if isinstance(model, dict) else ""
    about = Paragraph(
        (
            f"{name}: " if name else "",
            material.value("parameters", ",d"),
            " parameters, trained in ",
            material.value("precision", "text"),
            ".",
        )
    )
    try:
        table = material.layers.document().blocks
        return (about, _printed(material), *table)
    except GrevyError as error:
        return (about, Paragraph(f"Its layers are not shown: {error}"))


def _printed(material: Material) -> Block:
    try:
        return Code(str(material.source.run.model()), "as PyTorch prints it")
    except GrevyError as error:
        return Paragraph(f"The network itself is not printed: {error}")
