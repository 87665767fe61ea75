"""What the network is most sure of, and wrong about."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from grevy.documents.blocks import Block, Paragraph
from grevy.figures.gallery import draw_mistakes
from grevy.figures.numerals import counted
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
    wrong_N = np.flatnonzero(answers_N != said.labels_N)
    if not len(wrong_N):
        return (Paragraph(f"It makes no mistake on {split}."),)
    sure_N = probabilities_of(said.logits_NK).max(1)
    surest = wrong_N[np.nan_to_num(sure_N[wrong_N]).argmax()]
    words = (
        f"Pictures of {split} that it is most sure of, and wrong about; of"
        f" {counted(len(wrong_N), 'mistake')} the surest: {names[said.labels_N[surest]]}, taken for"
        f" {names[answers_N[surest]]} with a probability of {sure_N[surest]:.2f}."
    )
    title = f"{material.source.name}: most confident mistakes on {split}"
    drawn = draw_mistakes(
        np.asarray(material.data.splits[split].images_NCHW).transpose(0, 2, 3, 1),
        [names[label] for label in said.labels_N],
        [names[answer] for answer in answers_N],
        sure_N.tolist(),
        said.ids,
        title,
    )
    return (figure_block(drawn, f"{material.source.name}-mistakes", words),)
