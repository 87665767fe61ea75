"""The same view of two networks, or of one early and late, side by side on one scale.

Shapes: I input channels, H rows, W columns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from grevy.classifier.classifier import Classifier
from grevy.errors import DifferentNetworksError
from grevy.figures.numerals import numbers
from grevy.figures.scale import Scale, changes_scale, render
from grevy.figures.sheet import draw_sheet
from grevy.figures.tiles import Band, Sheet, Tile, in_rows
from grevy.inspection.filters import mosaic
from grevy.inspection.settings import Settings
from grevy.inspection.view import Check, View, numbers_of, png_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

AnySettings = TypeVar("AnySettings", bound=Settings)


class Comparable(View, Protocol):
    """A view that can stand beside another of its kind."""

    def sharing(self, other: Self) -> Self:
        """The same, on one scale with `other`."""
        ...

    @property
    def choices(self) -> Mapping[str, Any]:
        """Settings that the view chose by itself: the same network and these show the same."""
        ...

    def values(self) -> list[tuple[str, NDArray[Any]]]:
        """What is drawn, before it became colours: [H, W] or [I, H, W], with titles."""
        ...

    def sheet(self) -> Sheet:
        """Its page."""
        ...


def side_by_side(
    look: Callable[[Classifier, AnySettings], Comparable],
    settings: AnySettings,
    classifier: Classifier,
    other: Classifier,
) -> DifferenceView:
    """Look at the same thing in two networks.

    Args:
        look: an inspector, all but its classifier and settings given.
        settings: of the first; the second also keeps to what the first view chose by itself, such
            as channels and their order.
        classifier: the first, or the earlier one.
        other: the second, or the later one.

    Raises:
        DifferentNetworksError: what is shown has another size in the second network.
        GrevyError: as the inspector.
    """
    first = look(classifier, settings)
    second = look(other, settings.model_copy(update=dict(first.choices)))
    _require_same_size(first, second)
    names = _names(classifier.name, other.name)
    return DifferenceView(names, first.sharing(second), second.sharing(first))


@dataclass(frozen=True)
class DifferenceView:
    """Two views on one scale, and the second minus the first.

    Attributes:
        names: of the networks.
        first: view of the first.
        second: view of the second.
    """

    names: tuple[str, str]
    first: Comparable
    second: Comparable

    @property
    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """Those of both, named "first_…" and "second_…"."""
        views = ("first", self.first), ("second", self.second)
        return {f"{which}_{name}": a for which, v in views for name, a in v.arrays.items()}

    @property
    def scale(self) -> Scale | None:
        """One for both."""
        return self.first.scale

    @property
    def checks(self) -> tuple[Check, ...]:
        """Those of both, each with its network's name."""
        views = zip(self.names, (self.first, self.second), strict=True)
        return tuple(
            replace(check, text=f"{name}: {check.text}") for name, v in views for check in v.checks
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """Those of both, each once."""
        change = [f"Change: {self.names[1]} minus {self.names[0]}."] if self.changes else []
        return tuple(dict.fromkeys((*change, *self.first.notes, *self.second.notes)))

    @cached_property
    def changes(self) -> list[tuple[str, NDArray[Any]]]:
        """Second minus first for everything that both show under the same title."""
        pairs = zip(self.first.values(), self.second.values(), strict=False)
        return [(name, after - before) for (name, before), (other, after) in pairs if name == other]

    @property
    def lines(self) -> tuple[str, ...]:
        """Those of both, each with its network's name."""
        views = zip(self.names, (self.first, self.second), strict=True)
        return tuple(f"{name}: {line}" for name, view in views for line in view.lines)

    def sheet(self) -> Sheet:
        """Row by row the first, then the second; at the end the changes on their own scale."""
        first, second = self.first.sheet(), self.second.sheet()
        bands = _bands_of_both(first, second, self.names)
        change = [self._change_band()] if self.changes else []
        told = [f"Change: {self.names[1]} minus {self.names[0]}."] if change else []
        notes = tuple(dict.fromkeys((*told, *first.notes, *second.notes)))
        name = " and ".join(self.names)
        return Sheet(name, first.topic, (*bands, *change), self.lines, notes)

    def draw(self) -> Figure:
        """That sheet."""
        return draw_sheet(self.sheet())

    def as_json(self) -> dict[str, Any]:
        """Both, and the numbers of each change."""
        return {
            "first": {"network": self.names[0], **self.first.as_json()},
            "second": {"network": self.names[1], **self.second.as_json()},
            "changes": [{"title": name, **numbers_of(change)} for name, change in self.changes],
        }

    @cached_property
    def _scale_of_changes(self) -> Scale:
        return changes_scale([change for _, change in self.changes])

    def _change_band(self) -> Band:
        scale = self._scale_of_changes
        tiles = [Tile(_coloured(change, scale), name) for name, change in self.changes]
        values = np.concatenate([change.ravel() for _, change in self.changes])
        return Band(tuple(in_rows(tiles)), "change", numbers(values), scale)

    def _repr_png_(self) -> bytes:
        return png_of(self.draw())


def _require_same_size(first: Comparable, second: Comparable) -> None:
    pairs = zip(first.values(), second.values(), strict=False)  # overviews: other class maps
    for (name, before), (_, after) in pairs:
        if before.shape != after.shape:
            raise DifferentNetworksError(
                f"'{name}' of shape {before.shape} in one network and {after.shape} in the other",
                "one layer of one size in both",
                "compare runs of one architecture, or look at each alone",
            )


def _names(first: str, second: str) -> tuple[str, str]:
    return (f"{first} (first)", f"{second} (second)") if first == second else (first, second)


def _bands_of_both(first: Sheet, second: Sheet, names: tuple[str, str]) -> list[Band]:
    """Bands of both in turn, with titles; a band that is the same in both stands once."""
    bands: list[Band] = []
    for before, after in zip(first.bands, second.bands, strict=True):
        both = zip(names, (before, after), strict=True)
        titled = [replace(band, title=_titled(name, band.title)) for name, band in both]
        bands += [before] if _same(before, after) else titled
    return bands


def _titled(name: str, title: str) -> str:
    return f"{name}: {title}" if title else name


def _same(before: Band, after: Band) -> bool:
    pairs = list(zip_longest(before.tiles(), after.tiles()))
    return all(
        a is not None
        and b is not None
        and (a.title, a.numbers) == (b.title, b.numbers)
        and np.array_equal(a.picture_HW3, b.picture_HW3)
        for a, b in pairs
    )


def _coloured(change: NDArray[Any], scale: Scale) -> NDArray[np.uint8]:
    pictures = render(change, scale)
    return pictures if change.ndim == 2 else mosaic(pictures[None])[0]
