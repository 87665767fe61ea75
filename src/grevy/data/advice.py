"""Which recipe to begin with: by how many pictures there are, and how large they are."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

import numpy as np

from grevy.data.decode import Header, read_header
from grevy.data.decode_split import OWN_SIZE_LIMIT
from grevy.data.types import ArraySplit, EncodedSplit, Source
from grevy.recipes.load import load_recipe
from grevy.recipes.schema import PicturesConfig

FEW = 20_000
"""Train pictures up to which pretrained weights know more than the pictures can teach."""

FOR_FEW_AND_LARGE = "transfer"

_LOOKED_AT = 200
"""Headers, evenly over the train split: enough for a median."""


@dataclass(frozen=True)
class Advice:
    """A recipe that fits the pictures, and how it reads them.

    Attributes:
        recipe: its name; None where the default fits.
        reason: why; empty where the default fits.
        pictures: as the training would read them.
    """

    recipe: str | None
    reason: str
    pictures: PicturesConfig


def advise(source: Source, pictures: PicturesConfig) -> Advice:
    """Few and large pictures are for pretrained weights; all others for the default recipe.

    Args:
        source: of which only some headers are read.
        pictures: what the user has said about them; this stays.
    """
    train = source.splits["train"]
    headers = _some_headers(train)
    sides = [min(header.height, header.width) for header in headers]
    if not sides or median(sides) <= OWN_SIZE_LIMIT or len(train.ids) > FEW:
        return Advice(None, "", pictures)
    height, width = (round(median(values)) for values in list(zip(*headers, strict=True))[:2])
    reason = (
        f"few pictures ({len(train.ids):,} in train) and large ones"
        f" (typically {width:,} wide and {height:,} high): ImageNet's weights have filters for them"
    )
    return Advice(FOR_FEW_AND_LARGE, reason, _as_read(FOR_FEW_AND_LARGE, pictures))


def _as_read(name: str, said: PicturesConfig) -> PicturesConfig:
    """How the recipe reads pictures, where the user has not said it."""
    recipe, default = load_recipe(name), PicturesConfig()
    own = {"auto_side": recipe.model.resize, "channels": recipe.pictures.channels}
    unsaid = [field for field in own if getattr(said, field) == getattr(default, field)]
    return said.model_copy(update={field: own[field] for field in unsaid})


def _some_headers(split: EncodedSplit | ArraySplit) -> list[Header]:
    """Of readable pictures."""
    pictures = split.pictures()
    if isinstance(pictures, np.ndarray):
        return [Header(pictures.shape[1], pictures.shape[2], pictures.ndim == 3)]
    count = len(pictures)
    rows = range(0, count, max(1, count // _LOOKED_AT))
    return [header for row in rows if (header := read_header(pictures[row]))]
