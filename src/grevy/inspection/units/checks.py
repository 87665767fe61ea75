"""What speaks for and against what was seen of a unit."""

from __future__ import annotations

import numpy as np
import torch

from grevy.classifier.classifier import Classifier
from grevy.classifier.inputs import normalised
from grevy.figures.numerals import counted, numeral
from grevy.inspection.examples import Examples
from grevy.inspection.units.answers import Answers, Reader
from grevy.inspection.units.fields import seen_alone
from grevy.inspection.units.patches import Row
from grevy.inspection.units.visualise import Visualisation
from grevy.inspection.view import Check

TOLERANCE = 1e-5


def patch_alone(read: Reader, classifier: Classifier, examples: Examples, row: Row) -> Check:
    """Whether a patch by itself, at its place, gives the value that the whole picture gave.

    Everything outside of the patch is turned into its negative first.
    """
    pixels_KHWC = np.stack(
        [seen_alone(examples.picture(patch.picture), patch.spans) for patch in row.patches]
    )
    images_KCHW = normalised(
        pixels_KHWC.transpose(0, 3, 1, 2), classifier.preprocessing, classifier.device
    )
    with torch.no_grad():
        maps_Khw = read(images_KCHW).float().cpu().numpy()
    gaps = [
        abs(float(map_hw[patch.place]) - patch.value) / max(1.0, abs(patch.value))
        for map_hw, patch in zip(maps_Khw, row.patches, strict=True)
    ]
    gap = max(gaps)
    passed = gap <= TOLERANCE
    text = (
        f"Check: the {row.name} patches alone, with all around them turned into its negative, give "
        f"{'the same values' if passed else 'OTHER values'} (largest relative difference "
        f"{numeral(gap, 2)})."
    )
    return Check("patches alone", gap, f"at most {TOLERANCE:g}", passed, text)


def visualisation_reaches(visualisation: Visualisation, row: Row) -> Check:
    """Whether the optimised picture drives the unit at least as much as the last top patch."""
    best, last = row.patches[0].value, row.patches[-1].value
    reached = visualisation.value
    if reached <= 0 and best <= 0:
        text = f"Nor does the optimised picture bring it above 0: {numeral(reached)}."
        return Check("visualisation", reached, "above 0", False, text)
    passed = reached >= last
    said = "more than any real patch" if reached > best else "as much as the top patches"
    text = (
        f"The optimised picture drives the unit to {numeral(reached)}, "
        f"{said if passed else 'LESS than the top patches: do not trust it'} "
        f"(largest on the data: {numeral(best)})."
    )
    return Check("visualisation", reached, f"at least {numeral(last)}", passed, text)


def dead(answers: Answers, pictures: int) -> Check:
    """Whether the unit is never above 0."""
    largest = float(np.nanmax(answers.maxima.values_N))
    rather = "above 0 on some pictures" if largest > 0 else "never above 0"
    text = f"This unit is {rather} on {counted(pictures, 'picture')}."
    return Check("never above 0", float(largest <= 0), "0", largest > 0, text)


def not_finite(answers: Answers) -> Check:
    """How many values are NaN or infinite."""
    broken = answers.histogram.broken
    left_out = int(np.isnan(answers.maxima.values_N).sum())
    text = (
        f"{counted(broken, 'value')} NaN or infinite, on {counted(left_out, 'picture')}, which "
        "are left out of the rows."
    )
    return Check("values not finite", broken, "0", broken == 0, text)
