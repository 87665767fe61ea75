"""What was seen of one unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from grevy.classifier.classifier import Classifier
from grevy.figures.numerals import counted, numeral
from grevy.figures.unit import Counts, PatchPicture, PatchRow, draw_unit
from grevy.inspection.examples import Examples
from grevy.inspection.units.answers import Answers
from grevy.inspection.units.fields import UnitField, cut_out
from grevy.inspection.units.patches import Patch, Row
from grevy.inspection.units.visualise import Visualisation
from grevy.inspection.view import Check, number, png_of, weights_told

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class UnitView:
    """Patches that drive one unit and that leave it cold, its values, and a picture made for it.

    Attributes:
        classifier: of what network.
        layer: with its type.
        channel: of that layer.
        examples: the pictures that were tried.
        field: where the unit looks.
        answers: its values on all pictures.
        rows: top, middle and bottom patches.
        visualisation: the picture made by optimisation.
        checks: what speaks for and against all this.
        method: sentences about how the picture was made.
    """

    classifier: Classifier
    layer: str
    channel: int
    examples: Examples
    field: UnitField
    answers: Answers
    rows: tuple[Row, Row, Row]
    visualisation: Visualisation
    checks: tuple[Check, ...]
    method: tuple[str, ...]

    @property
    def scale(self) -> None:
        """None: everything is drawn in its own colours."""
        return

    @cached_property
    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """All numbers and pixels.

        Patches of each row (K patches of h×w pixels) and what is known of them; the extremes of
        all N pictures; the histogram; the optimised picture and the values of all S starts.
        """
        counts_B, edges_E = self.answers.histogram.trimmed()
        arrays: dict[str, NDArray[Any]] = {
            "maxima_N": self.answers.maxima.values_N,
            "minima_N": self.answers.minima.values_N,
            "histogram_counts_B": counts_B,
            "histogram_edges_E": edges_E,
            "visualisation_HWC": self.visualisation.pixels_HWC,
            "visualisation_values_S": self.visualisation.values_S,
        }
        for row in self.rows:
            arrays |= {f"{row.name}_{what}": array for what, array in _arrays(row).items()}
        return arrays

    @property
    def lines(self) -> tuple[str, ...]:
        """How often the unit is silent, and what the checks found."""
        return (self._shares(), *(check.text for check in self.checks))

    @property
    def notes(self) -> tuple[str, ...]:
        """About the weights, the receptive field, the rows, the pictures and the method."""
        return (
            *self.classifier.notes,
            self._seen(),
            *([self.field.layout.note] if self.field.layout.note else []),
            *self._choice(),
            *self.method,
            *self.examples.notes,
        )

    def draw(self) -> Figure:
        """Patches, histogram, and the optimised picture beside the best patch."""
        counts_B, edges_E = self.answers.histogram.trimmed()
        histogram = Counts(counts_B, edges_E, self.answers.histogram.zeros)
        title = (
            f"{self.classifier.name}: what channel {self.channel} of {self.layer} answers to, "
            f"on {self.examples.about}"
        )
        rows = [self._row(row) for row in self.rows]
        told = (*weights_told(self.classifier), self._seen(), *self.method[:1])
        return draw_unit(rows, self._large(), histogram, title, self.lines, told)

    def as_json(self) -> dict[str, Any]:
        """Rows with their pictures, places and values; the histogram; the optimised value."""
        counts_B, edges_E = self.answers.histogram.trimmed()
        histogram = self.answers.histogram
        return {
            "layer": self.layer,
            "channel": self.channel,
            "pictures": len(self.examples),
            "on": self.examples.about,
            "receptive_field": list(self.field.size),
            "receptive_field_exact": self.field.exact,
            "rows": {
                row.name: [self._patch_json(patch) for patch in row.patches] for row in self.rows
            },
            "values": histogram.finite,
            "zeros": histogram.zeros,
            "not_finite": histogram.broken,
            "mean": number(histogram.mean),
            "histogram": {"counts": counts_B.tolist(), "edges": edges_E.tolist()},
            "visualisation": {
                "value": number(self.visualisation.value),
                "values_of_all_starts": [number(v) for v in self.visualisation.values_S.tolist()],
            },
            "checks": [check.as_json() for check in self.checks],
            "notes": list(self.notes),
        }

    def _shares(self) -> str:
        histogram = self.answers.histogram
        part = histogram.zeros / histogram.finite
        share = f"{100 * part:.3g} %" if part in (0, 1) or 0.001 < part < 0.999 else f"{part:.5%}"
        zeros = f"{share} of them are exactly 0" if histogram.zeros else "none of them is exactly 0"
        return (
            f"Histogram: {counted(histogram.finite, 'value')}, one for each place of each picture; "
            f"{zeros}; mean {numeral(histogram.mean)}."
        )

    def _seen(self) -> str:
        rows, columns = self.field.size
        height, width = self.field.picture
        if self.field.reach is None:
            return "What part of the picture the unit sees can't be told: pictures are shown whole."
        bound = "" if self.field.exact else "at most "
        field = f"One value of the unit sees {bound}{rows}×{columns} pixels (its receptive field)"
        if self.field.whole:
            return f"{field}, and the picture has {height}×{width}: it is shown whole."
        return f"{field}: these are cut out."

    def _choice(self) -> tuple[str, ...]:
        place = (
            "One patch a picture: the place where the unit's value, which stands above, is largest"
        )
        signed = self.rows[2].extreme == "smallest"
        least = "; in the bottom row: smallest" if signed else ""
        tied = [
            f"{counted(row.tied, 'more picture')} with the last value of the {row.name} row "
            "not shown: of equal ones the first come first."
            for row in self.rows
            if row.tied and row.name != "middle"
        ]
        few = ["There are fewer than three pictures: rows repeat them."]
        return (f"{place}{least}.", *tied, *(few if len(self.examples) < 3 else []))

    def _row(self, row: Row) -> PatchRow:
        values = [patch.value for patch in row.patches]
        pictures = tuple(self._patch(patch, numeral(patch.value)) for patch in row.patches)
        name = f"{row.name.capitalize()} {len(values)}"
        return PatchRow(row.about, name, pictures, (min(values), max(values)))

    def _patch(self, patch: Patch, title: str) -> PatchPicture:
        return PatchPicture(_rgb(patch.pixels_hwC), patch.seen_hw, title, self._name(patch.picture))

    def _large(self) -> list[PatchPicture]:
        """The best real patch, and the part of the optimised picture that the unit sees."""
        best = self.rows[0].patches[0]
        place = self.field.shape[0] // 2, self.field.shape[1] // 2
        spans = self.field.spans(self.channel, place)
        pixels_hwC, seen_hw = cut_out(self.visualisation.pixels_HWC, spans)
        made = f"made for the unit: {numeral(self.visualisation.value)}"
        words = "by optimisation, not a picture of the data"
        return [
            self._patch(best, f"best of the data: {numeral(best.value)}"),
            PatchPicture(_rgb(pixels_hwC), seen_hw, made, words),
        ]

    def _name(self, picture: int) -> str:
        """Its class where that is known; which picture it was stands in the JSON."""
        return (self.examples.classes or self.examples.names)[picture]

    def _patch_json(self, patch: Patch) -> dict[str, Any]:
        rows, columns = patch.spans
        return {
            "picture": patch.picture,
            "name": self.examples.names[patch.picture],
            "class": self.examples.classes[patch.picture] if self.examples.classes else None,
            "value": patch.value,
            "place": list(patch.place),
            "rows": [rows.start, rows.stop],
            "columns": [columns.start, columns.stop],
        }

    def _repr_png_(self) -> bytes:
        return png_of(self.draw())


def _arrays(row: Row) -> dict[str, NDArray[Any]]:
    return {
        "patches_KhwC": np.stack([patch.pixels_hwC for patch in row.patches]),
        "seen_Khw": np.stack([patch.seen_hw for patch in row.patches]),
        "values_K": np.array([patch.value for patch in row.patches], np.float32),
        "pictures_K": np.array([patch.picture for patch in row.patches], np.int64),
        "places_K2": np.array([patch.place for patch in row.patches], np.int64),
    }


def _rgb(pixels_hwC: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.repeat(pixels_hwC, 3, 2) if pixels_hwC.shape[2] == 1 else pixels_hwC
