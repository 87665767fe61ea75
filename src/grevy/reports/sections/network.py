"""The network: as PyTorch prints it, and every layer worked out."""

from __future__ import annotations

from collections.abc import Sequence

from grevy.documents.blocks import Block, Code, Paragraph
from grevy.models.survey.layers import layers
from grevy.reports.material import Material


def network(material: Material) -> Sequence[Block]:
    """Blocks about the network of a finished run."""
    record = material.source.record
    about = Paragraph(
        (
            f"{record.recipe['model']['name']}: " if "model" in record.recipe else "",
            material.value("parameters", ",d"),
            " parameters, trained in ",
            material.value("precision", "text"),
            ".",
        )
    )
    with material.source.run.networks():
        table = layers(material.source.path, trust_source=material.source.run.trust_source)
    printed = Code(str(material.source.run.model()), "as PyTorch prints it")
    return (about, printed, *table.document().blocks)
