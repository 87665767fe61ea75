"""How to begin: by how many pictures there are, and how large they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
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

DEFAULT, FOR_FEW_AND_LARGE = "base", "transfer"

_LOOKED_AT = 200
"""Headers, evenly over the train split: enough for a median."""


@dataclass(frozen=True)
class Advice:
    """What to begin with.

    Attributes:
        recipe: its name; None where the default fits.
        batch_size: where that of the recipe is too large; else None.
        reasons: why, a sentence each; none where the default fits.
        pictures: how the training would read them.
    """

    recipe: str | None
    batch_size: int | None
    reasons: tuple[str, ...]
    pictures: PicturesConfig

    @property
    def flags(self) -> tuple[str, ...]:
        """For `grevy train`."""
        recipe = ("--recipe", self.recipe) if self.recipe else ()
        return (*recipe, *(("--batch-size", str(self.batch_size)) if self.batch_size else ()))


def advise(source: Source, pictures: PicturesConfig) -> Advice:
    """Few and large pictures are for pretrained weights; all others for the default recipe.

    Args:
        source: of which only some headers are read.
        pictures: what the user has said about them; this stays.
    """
    train = source.splits["train"]
    size = _large_size(_some_headers(train)) if len(train.ids) <= FEW else None
    recipe = FOR_FEW_AND_LARGE if size else None
    reasons = []
    if size:
        reasons.append(
            f"--recipe {recipe}: few pictures ({len(train.ids):,} in train) and large ones"
            f" (typically {size[1]:,} wide and {size[0]:,} high): ImageNet's weights know more than"
            " they can teach"
        )
    batch_size = _fitting_batch(source, pictures, load_recipe(recipe or DEFAULT).batch_size)
    if batch_size:
        reasons.append(f"--batch-size {batch_size}: there is no whole batch of more")
    read = _as_read(recipe, pictures) if recipe else pictures
    return Advice(recipe, batch_size, tuple(reasons), read)


def _large_size(headers: Sequence[Header]) -> tuple[int, int] | None:
    """Median height and width of pictures that are mostly large."""
    if not headers or median(min(h.height, h.width) for h in headers) <= OWN_SIZE_LIMIT:
        return None
    return round(median(h.height for h in headers)), round(median(h.width for h in headers))


def _fitting_batch(source: Source, pictures: PicturesConfig, wanted: int) -> int | None:
    """Half of the train pictures or less, a power of two, where there is no whole batch of them."""
    per_class = Counter(source.splits["train"].labels).values()
    count = sum(per_class)
    if "validation" not in source.splits:  # as it will be carved from train
        count -= sum(max(1, int(pictures.validation_fraction * n + 0.5)) for n in per_class)
    return None if count >= wanted else 1 << max(0, (count // 2).bit_length() - 1)


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
