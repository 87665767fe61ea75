"""What the network is most sure of, and wrong about."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from grevy.documents.blocks import Block
from grevy.figures.gallery import draw_mistakes
from grevy.inspection.maps.calibration_numbers import probabilities_of
from grevy.reports.figure import figure_block
from grevy.reports.material import Material


def mistakes(material: Material) -> Sequence[Block]:
    """Blocks with the most confident mistakes.

    Raises:
        DataError, RunMismatchError: the pictures are not there any more, or have changed.
        MissingSplitError: nothing was predicted.
    """
    split, said = material.last_split, material.said
    names, answers_N = material.data.classes, said.logits_NK.argmax(1)
    title = f"{material.source.name}: most confident mistakes on {split}"
    drawn = draw_mistakes(
        np.asarray(material.data.splits[split].images_NCHW).transpose(0, 2, 3, 1),
        [names[label] for label in said.labels_N],
        [names[answer] for answer in answers_N],
        probabilities_of(said.logits_NK).max(1).tolist(),
        said.ids,
        title,
    )
    return (figure_block(drawn, f"{material.source.name}-mistakes", f"{title}, as pictures."),)
