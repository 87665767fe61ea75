"""The surest mistakes of a run, each with what spoke for the wrong class and for the right one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from grevy.classifier.classifier import Classifier
from grevy.errors import EmptyDataError
from grevy.figures.class_map import in_words, over_picture
from grevy.figures.numerals import counted
from grevy.figures.render import to_rgb
from grevy.figures.scale import Scale, class_map_scale, magnitude_scale
from grevy.figures.sheet import draw_sheet
from grevy.figures.tiles import Band, Sheet, Tile, in_rows
from grevy.inspection.attribution.cam import last_layer_with_places
from grevy.inspection.attribution.class_maps import hirescam
from grevy.inspection.attribution.gradient import gradient, largest_of_colours
from grevy.inspection.examples import Examples, RecordedPredictions
from grevy.inspection.inspectors.mistakes import MistakesSettings
from grevy.inspection.layers import LayerInfo
from grevy.inspection.layout import layout_of
from grevy.inspection.maps.calibration_numbers import probabilities_of
from grevy.inspection.maps.notes import about_split
from grevy.inspection.view import Check, number, png_of
from grevy.inspection.watching import as_found
from grevy.models.finite import require_finite_answers

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_IN_A_ROW = 3


def look(
    classifier: Classifier,
    examples: Examples,
    predictions: RecordedPredictions,
    settings: MistakesSettings,
) -> MistakesView:
    """Class maps (HiResCAM) of the predicted and of the true class of each mistake.

    A network in which no layer has rows and columns gets gradients instead, and a note.

    Raises:
        EmptyDataError: no picture.
    """
    logits_NK, labels_N = predictions.of_split.logits_NK, predictions.of_split.labels_N
    if not len(labels_N):
        raise EmptyDataError("no picture", "at least one", "choose another split")
    probabilities_NK = probabilities_of(logits_NK)
    wrong_W = surest_mistakes(probabilities_NK, labels_N)
    chosen_M = wrong_W[: settings.shown]
    pixels_MHWC = (
        np.stack([examples.picture(i) for i in chosen_M.tolist()])
        if len(chosen_M)
        else np.zeros((0, *examples.picture(0).shape), np.uint8)
    )
    classes_2M = logits_NK[chosen_M].argmax(1), labels_N[chosen_M]
    layer, maps_M2HW = _maps(classifier, pixels_MHWC, classes_2M)
    arrays = {
        "pixels_MHWC": pixels_MHWC,
        "maps_M2HW": maps_M2HW,
        "index_M": chosen_M,
        "probabilities_MK": probabilities_NK[chosen_M],
        "labels_M": labels_N[chosen_M],
    }
    names = [str(examples.names[index]) for index in chosen_M.tolist()]
    counts = len(wrong_W), len(labels_N)
    return MistakesView(classifier, settings.split, layer, names, counts, arrays)


def _maps(
    classifier: Classifier,
    pixels_MHWC: NDArray[np.uint8],
    classes_2M: tuple[NDArray[np.int64], NDArray[np.int64]],
) -> tuple[str, NDArray[np.float32]]:
    """The layer, and the maps [M, 2, h, w] for the predicted and for the true classes."""
    info = last_layer_with_places(classifier)
    name = info.name if info else ""
    if not len(pixels_MHWC):
        return name, np.zeros((0, 2, 1, 1), np.float32)
    with as_found(classifier.model):  # pictures too: inference mode's have no gradients
        images_MCHW = classifier.prepare(pixels_MHWC).images_NCHW
        maps = [
            _maps_of(
                classifier, info, images_MCHW, torch.as_tensor(classes_M).to(images_MCHW.device)
            )
            for classes_M in classes_2M
        ]
    maps_M2HW = torch.stack(maps, 1).cpu()
    require_finite_answers(maps_M2HW, (), f"maps of {classifier.name} for its mistakes")
    return name, maps_M2HW.numpy()


def _maps_of(
    classifier: Classifier, info: LayerInfo | None, images_MCHW: Tensor, classes_M: Tensor
) -> Tensor:
    """Class maps [M, h, w] at that layer, or sizes of gradients [M, H, W] where there is none."""
    if info is None:
        return largest_of_colours(gradient(classifier.model, images_MCHW, classes_M))
    layout = layout_of(classifier, info.name, info.shape)
    return hirescam(classifier.model, info.name, images_MCHW, classes_M, layout)


def surest_mistakes(
    probabilities_NK: NDArray[np.float64], labels_N: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Indices of wrongly predicted pictures, the most probable prediction first."""
    wrong_W = np.flatnonzero(probabilities_NK.argmax(1) != labels_N)
    order = np.argsort(-probabilities_NK.max(1)[wrong_W], kind="stable")
    found: NDArray[np.int64] = wrong_W[order]
    return found


@dataclass(frozen=True)
class MistakesView:
    """Pictures with two class maps each, on one scale.

    Attributes:
        classifier: the network.
        split: what the pictures are.
        layer: of the class maps; "" where gradients stand in for them.
        names: of the pictures.
        counts: mistakes, and pictures in all.
        arrays: pixels_MHWC, maps_M2HW (for the predicted and the true class), index_M,
            probabilities_MK, labels_M.
    """

    classifier: Classifier
    split: str
    layer: str
    names: Sequence[str]
    counts: tuple[int, int]
    arrays: Mapping[str, NDArray[Any]]

    @property
    def scale(self) -> Scale:
        """One for all maps."""
        of_maps = class_map_scale if self.layer else magnitude_scale
        return of_maps(self.arrays["maps_M2HW"])

    @property
    def checks(self) -> tuple[Check, ...]:
        """Whether the maps of the two classes differ at all."""
        maps_M2HW = self.arrays["maps_M2HW"]
        same = sum(bool(np.array_equal(a, b)) for a, b in maps_M2HW)
        text = (
            f"On {same} of {counted(len(self.names), 'picture')} the maps of both classes are "
            "the same: there they don't tell the two apart."
        )
        return (Check("maps that tell classes apart", same, "0", same == 0, text),)

    @property
    def lines(self) -> tuple[str, ...]:
        """How many mistakes there are."""
        wrong, n = self.counts
        few = f"the {len(self.names)} surest are shown" if wrong > len(self.names) else "all shown"
        found = (
            f"{wrong:,} of {counted(n, f'{self.split} picture')} mistaken ({wrong / n:.2%}); {few}."
        )
        return (found, *(check.text for check in self.checks if check.value))

    @property
    def notes(self) -> tuple[str, ...]:
        """How to read it."""
        read = (
            "Each: the picture, what speaks for the predicted class, what speaks for the true one "
            f"(HiResCAM at '{self.layer}': also right where the network does not end in global "
            "average pooling)."
            if self.layer
            else "Each: the picture, the pixels to which the predicted class reacts, those to "
            "which the true one does (size of the gradient: no layer has rows and columns for a "
            "class map)."
        )
        return (*self.classifier.notes, read, *about_split(self.split))

    def sheet(self) -> Sheet:
        """Three mistakes a row."""
        tiles = [tile for index in range(len(self.names)) for tile in self._tiles(index)]
        rows = tuple(in_rows(tiles, 3 * _IN_A_ROW))
        band = Band(rows, scale=self.scale, over=True, group=3)
        topic = f"the surest mistakes on {self.split}"
        return Sheet(self.classifier.name, topic, (band,), self.lines, self.notes)

    def draw(self) -> Figure:
        """That sheet."""
        return draw_sheet(self.sheet())

    def as_json(self) -> dict[str, Any]:
        """Names, classes and probabilities."""
        return {
            "network": self.classifier.name,
            "split": self.split,
            "mistakes": self.counts[0],
            "n": self.counts[1],
            "layer": self.layer,
            "pictures": [
                {
                    "picture": name,
                    "index": int(self.arrays["index_M"][i]),
                    **{
                        f"{which}{part}": value
                        for which, index in self._classes(i).items()
                        for part, value in (
                            ("", self.classifier.classes[index]),
                            ("_probability", number(self.arrays["probabilities_MK"][i, index])),
                        )
                    },
                }
                for i, name in enumerate(self.names)
            ],
            "checks": [check.as_json() for check in self.checks],
            "notes": list(self.notes),
        }

    def _classes(self, i: int) -> dict[str, int]:
        predicted = int(self.arrays["probabilities_MK"][i].argmax())
        return {"predicted": predicted, "true": int(self.arrays["labels_M"][i])}

    def _tiles(self, i: int) -> list[Tile]:
        picture_HW3 = to_rgb(self.arrays["pixels_MHWC"][i : i + 1])[0]
        where = f"number {int(self.arrays['index_M'][i]):,}"
        tiles = [Tile(picture_HW3, where)]
        for row, (which, index) in enumerate(self._classes(i).items()):
            probability = self.arrays["probabilities_MK"][i, index]
            map_HW = self.arrays["maps_M2HW"][i, row]
            shown = over_picture(picture_HW3, map_HW, self.scale)
            said = f"{which}: {self.classifier.classes[index]}"
            tiles.append(Tile(shown, said, f"{probability:.1%}, {in_words(map_HW)}"))
        return tiles

    def _repr_png_(self) -> bytes:
        return png_of(self.draw())
