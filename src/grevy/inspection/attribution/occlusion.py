"""Occlusion (Zeiler and Fergus 2014, "Visualizing and understanding convolutional networks").

A window covers one part of the picture after another; the map shows by how much the class logit
falls. A pixel's value is the mean over the windows that cover it.
"""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn

from grevy.classifier.classifier import Classifier, Pictures
from grevy.errors import InputError
from grevy.figures.numerals import numeral
from grevy.inspection.attribution.examine import Findings, Method, examine
from grevy.inspection.attribution.scores import at_once, class_logits
from grevy.inspection.attribution.starts import start_images
from grevy.inspection.attribution.view import AttributionView, attribution_colours
from grevy.inspection.inspectors.occlusion import OcclusionSettings
from grevy.inspection.view import Check
from grevy.records.preprocessing import Preprocessing

Window = tuple[slice, slice]


def occlusion(
    model: nn.Module,
    images_BCHW: Tensor,
    classes_B: Tensor,
    baselines_BCHW: Tensor,
    window: int,
    stride: int,
) -> Tensor:
    """How much each picture's class logit falls when a pixel is covered: [B, H, W].

    Args:
        model: takes `images_BCHW`, puts out [B, K]; used in the mode that it is in.
        images_BCHW: normalised pictures.
        classes_B: a class a picture.
        baselines_BCHW: what the window shows.
        window: its side in pixels; all channels are covered at once.
        stride: from one window to the next, in pixels; the last may stick out and is cut.

    Raises:
        InputError: a window or stride below 1, or a stride that leaves pixels uncovered.
    """
    if not 1 <= stride <= window:
        raise InputError(
            f"window {window} and stride {stride}",
            "a stride of 1 or more, not larger than the window",
            "change the settings",
        )
    count, _, height, width = images_BCHW.shape
    windows = [
        (rows, columns)
        for rows in _spans(height, window, stride)
        for columns in _spans(width, window, stride)
    ]
    falls_BHW = images_BCHW.new_zeros((count, height, width), dtype=torch.float64)
    times_HW = falls_BHW.new_zeros((height, width))
    falls_SB = _falls(model, images_BCHW, classes_B, baselines_BCHW, windows)
    for (rows, columns), falls_B in zip(windows, falls_SB, strict=True):
        falls_BHW[:, rows, columns] += falls_B[:, None, None]
        times_HW[rows, columns] += 1
    return (falls_BHW / times_HW).to(images_BCHW.dtype)


@torch.no_grad()
def _falls(
    model: nn.Module,
    images_BCHW: Tensor,
    classes_B: Tensor,
    baselines_BCHW: Tensor,
    windows: list[Window],
) -> Tensor:
    """By how much the logit falls under each window: [S, B], float64."""
    logits_B = class_logits(model, images_BCHW, classes_B)
    falls: list[Tensor] = []
    size = at_once(images_BCHW)
    for start in range(0, len(windows), size):
        group = windows[start : start + size]
        covered = torch.cat([_covered(images_BCHW, baselines_BCHW, window) for window in group])
        covered_SB = class_logits(model, covered, classes_B.repeat(len(group)))
        falls.append((logits_B - covered_SB.view(len(group), -1)).double())
    return torch.cat(falls)


def _covered(images_BCHW: Tensor, baselines_BCHW: Tensor, window: Window) -> Tensor:
    covered_BCHW = images_BCHW.clone()
    covered_BCHW[..., *window] = baselines_BCHW[..., *window]
    return covered_BCHW


def _spans(length: int, window: int, stride: int) -> list[slice]:
    """From one end to the other; the last is cut at the end."""
    count = max(0, -(-(length - window) // stride)) + 1
    return [slice(i * stride, min(i * stride + window, length)) for i in range(count)]


def look(
    classifier: Classifier, pictures: Pictures, settings: OcclusionSettings
) -> AttributionView:
    """Which parts of the picture the class logit needs.

    Raises:
        ClassNotFoundError: no such class.
        InputError: pictures that can't be read, or a stride that leaves pixels uncovered.
    """
    start_of = partial(start_images, classifier.preprocessing, start=settings.start)
    window, stride = _geometry(settings, classifier.preprocessing)

    def find(model: nn.Module, images_BCHW: Tensor, classes_B: Tensor) -> Findings:
        maps_BHW = evidence(model, images_BCHW, classes_B)
        with torch.no_grad():
            logits_B = class_logits(model, images_BCHW, classes_B)
            all_B = logits_B - class_logits(model, start_of(images_BCHW), classes_B)
        checks_B = tuple(map(_share_check, maps_BHW.amax((1, 2)).tolist(), all_B.tolist()))
        note = (
            f"A window of {window}×{window} pixels in {settings.start} colour, stride {stride}; a "
            "pixel's value is the mean fall of the logit under the windows that cover it."
        )
        return Findings(maps_BHW, maps_BHW, {}, checks_B, (note,))

    def evidence(model: nn.Module, images_BCHW: Tensor, classes_B: Tensor) -> Tensor:
        return occlusion(model, images_BCHW, classes_B, start_of(images_BCHW), window, stride)

    method = Method("Occlusion", find, evidence, attribution_colours, by_gradients=False)
    return examine(classifier, pictures, settings, method)


def _geometry(settings: OcclusionSettings, preprocessing: Preprocessing) -> tuple[int, int]:
    """Window and stride in pixels."""
    window = settings.window or max(1, min(preprocessing.height, preprocessing.width) // 4)
    return window, settings.stride or max(1, window // 2)


def _share_check(largest: float, all_: float) -> Check:
    text = (
        f"Covering everything lowers the logit by {numeral(all_)}; around the most important "
        f"place a window lowers it by {numeral(largest)}."
    )
    return Check("fall at the most important place", largest, "", None, text)
