"""How the pictures looked that a file of weights was made with, where a file beside it says so.

A run of Grevy says it in `run.json`, a folder of timm's on the Hugging Face hub in `config.json`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grevy.regular import read_named

LARGEST = 64 << 20
"""Bytes of such a file."""


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
        try:
            found = read(folder / name, content) if content else None
        except (TypeError, ValueError, KeyError, IndexError, AttributeError):
            continue  # of another program's, or of a stranger: it says nothing
        if found is not None:
            return found
    return None


def _numbers(values: Any) -> tuple[float, ...]:
    numbers = tuple(map(float, values))
    if not all(map(math.isfinite, numbers)):
        raise ValueError("no finite numbers")
    return numbers


def _json(path: Path) -> Mapping[str, Any] | None:
    try:
        content = json.loads(read_named(path, LARGEST))
    except (OSError, ValueError, RecursionError):
        return None
    return content if isinstance(content, Mapping) else None


def _of_run(place: Path, content: Mapping[str, Any]) -> PreprocessingBeside | None:
    known = content.get("preprocessing")
    wanted = {"mean", "standard_deviation", "height", "width"}
    if not isinstance(known, Mapping) or not wanted <= set(known):
        return None
    square = int(known["height"]) if known["height"] == known["width"] else None
    return PreprocessingBeside(
        place,
        int(known["resize"]) if known.get("resize") else square,
        known.get("interpolation") or "bilinear",  # as pictures are decoded
        _numbers(known["mean"]),
        _numbers(known["standard_deviation"]),
        tuple(map(str, (content.get("data") or {}).get("classes", ()))),
    )


def _of_timm(place: Path, content: Mapping[str, Any]) -> PreprocessingBeside | None:
    known = content.get("pretrained_cfg")
    if not isinstance(known, Mapping) or not {"mean", "std", "input_size"} <= set(known):
        return None
    return PreprocessingBeside(
        place,
        int(known["input_size"][1]),
        known.get("interpolation", "bicubic"),
        _numbers(known["mean"]),
        _numbers(known["std"]),
    )
