"""What a run is called: data, recipe, network and what is changed, seed; as a file's name."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from pathlib import PurePath
from typing import Any

from grevy.recipes.own_changes import own_changes, usual_network
from grevy.recipes.schema import Recipe

CHANGES = 3
"""That a name spells out; a digest of all stands for the others."""

LONGEST = 120
"""Bytes of a name without its seed: what is added to it fits into the 255 of most file systems."""

LONGEST_VALUE = 20
DIGITS = 6
EVERYBODYS = ("net", "network", "model")
"""Names of classes that say less than the file's."""


def run_name(data: str, recipe: Recipe, seed: int) -> str:
    """As `digits-base-seed0`, `animals-mynet-seed0`, `animals-base-lr0.1-seed3`.

    The network stands there where it is not the recipe's own, and then not the recipe `base`.

    Args:
        data: what the image data is called.
        recipe: of the run.
        seed: of the run.
    """
    changes = own_changes(recipe)
    words = [_change(field, value) for field, value in changes.items()][:CHANGES]
    if len(changes) > CHANGES:
        words.append(digest(changes))
    text = "-".join([slug(data, "data"), *_recipe_and_network(recipe), *words])
    return f"{bounded(text, LONGEST)}-seed{seed}"


def slug(name: str, otherwise: str = "run") -> str:
    """A name that every file system takes: letters, digits and `.=_-`, not too many of them."""
    plain = re.sub(r"[^\w.=-]+", "-", unicodedata.normalize("NFC", name)).strip("-.")
    return bounded(plain, 60) or otherwise


def bounded(text: str, most: int) -> str:
    """The text in at most so many bytes; where it is cut, a digest keeps it apart from others."""
    if len(text.encode()) <= most:
        return text
    kept = text.encode()[: most - DIGITS - 1].decode(errors="ignore")
    return f"{kept.rstrip('-.')}-{digest(text)}"


def digest(value: Any) -> str:
    """A few hexadecimal digits of what can be said in JSON."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:DIGITS]


def _recipe_and_network(recipe: Recipe) -> list[str]:
    name, network = slug(recipe.name, "recipe"), slug(_network_word(recipe.model.name), "network")
    if network == name or recipe.model.name == usual_network(recipe):
        return [name]
    return [network] if recipe.name == Recipe().name else [name, network]


def _network_word(name: str) -> str:
    """Of `mynet.py:Net` the file's, of `nets.py:Small` the class's; other names are themselves."""
    file, colon, member = name.rpartition(":")
    if not colon or not file.endswith(".py"):
        return name
    return PurePath(file).stem if member.casefold() in EVERYBODYS else member


def _change(field: str, value: Any) -> str:
    """`lr0.1`, `flip-random`, `nesterov`, `no-nesterov`, `widths-32-64`."""
    word = field.replace("_", "-").replace(".", "-")
    if isinstance(value, bool) or value is None:
        return word if value else f"no-{word}"
    if isinstance(value, int | float):
        return f"{word}{value:g}" if isinstance(value, float) else f"{word}{value}"
    text = value if isinstance(value, str) else re.sub(r"[\W_]+", "-", json.dumps(value))
    return f"{word}-{bounded(slug(text, 'none'), LONGEST_VALUE)}"
