"""How the pictures looked that a file of weights was made with, where a file beside it says so.

A run of Grevy says it in `run.json`, a folder of timm's on the Hugging Face hub in `config.json`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class PreprocessingBeside:
    """What a file beside the weights says.

    Attributes:
        place: that file.
        side: of the square that the network sees, in pixels; None: it is no square.
        interpolation: with which pictures came to that size.
        mean: a channel, of pixels in [0, 1].
        standard_deviation: likewise.
        classes: names of the outputs; () where nothing says them.
    """

    place: Path
    side: int | None
    interpolation: str
    mean: tuple[float, ...]
    standard_deviation: tuple[float, ...]
    classes: tuple[str, ...] = ()


def preprocessing_beside(weights: str | Path) -> PreprocessingBeside | None:
    """What a run's record or timm's configuration beside this file says; None: neither is there."""
    folder = Path(weights).parent
    if not Path(weights).is_file():
        return None
    for name, read in (("run.json", _of_run), ("config.json", _of_timm)):
        content = _json(folder / name)
        found = read(folder / name, content) if content else None
        if found is not None:
            return found
    return None


def _json(path: Path) -> Mapping[str, Any] | None:
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, Mapping) else None


def _of_run(place: Path, content: Mapping[str, Any]) -> PreprocessingBeside | None:
    known = content.get("preprocessing")
    wanted = {"mean", "standard_deviation", "height", "width"}
    if not isinstance(known, Mapping) or not wanted <= set(known):
        return None
    square = known["height"] if known["height"] == known["width"] else None
    return PreprocessingBeside(
        place,
        known.get("resize") or square,
        known.get("interpolation") or "bilinear",  # as pictures are decoded
        tuple(known["mean"]),
        tuple(known["standard_deviation"]),
        tuple((content.get("data") or {}).get("classes", ())),
    )


def _of_timm(place: Path, content: Mapping[str, Any]) -> PreprocessingBeside | None:
    known = content.get("pretrained_cfg")
    if not isinstance(known, Mapping) or not {"mean", "std", "input_size"} <= set(known):
        return None
    return PreprocessingBeside(
        place,
        known["input_size"][1],
        known.get("interpolation", "bicubic"),
        tuple(known["mean"]),
        tuple(known["std"]),
    )
