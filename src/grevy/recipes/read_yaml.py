"""YAML of the user's or a stranger's: regular files of bounded size and depth, each key once.

Numbers are as in YAML 1.2: `1e-3` is one, `010` is ten, `1:30` and dates are texts.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any, cast

import yaml

from grevy.errors import GrevyError, RecipeValueError
from grevy.recipes.plain import DEEPEST, MOST
from grevy.recipes.shown import cut, shown

LARGEST = 512 * 1024
"""Bytes of a file of YAML; the largest recipe that comes with Grevy has 2,000."""

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def read_text(path: str | Path, error: type[GrevyError] = RecipeValueError) -> str:
    """The text of a regular file in UTF-8, without a byte order mark; nothing is waited for.

    Raises:
        OSError: it is not there, or can't be read.
        GrevyError: of the kind `error`: it is no regular file, too large, or no text.
    """
    name = shown(str(path))
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except ValueError:  # a NUL character
        raise FileNotFoundError(path) from None
    try:
        kind = os.fstat(descriptor)
        if not stat.S_ISREG(kind.st_mode):
            what = "a folder" if stat.S_ISDIR(kind.st_mode) else "no regular file"
            raise error(f"{name}, which is {what}", "a YAML file", "name a file")
        content = os.read(descriptor, LARGEST + 1)
    finally:
        os.close(descriptor)
    if len(content) > LARGEST:
        raise error(f"{name} of {kind.st_size:,} bytes", f"at most {LARGEST:,}", "shorten it")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        code = "UTF-16" if content.startswith(_UTF_16) else "no text in UTF-8"
        raise error(f"{name}, which is {code}", "YAML in UTF-8", "save it as UTF-8") from None


def read_fields(
    text: str, origin: str, error: type[GrevyError] = RecipeValueError
) -> Mapping[str, Any]:
    """The mapping that a YAML text holds.

    Args:
        text: of the whole file.
        origin: whose it is, for errors.
        error: the kind that is raised.

    Raises:
        GrevyError: of the kind `error`: no YAML, a key twice, too much of it, or no mapping.
    """
    fields = read_value(text, origin, error)
    if not isinstance(fields, Mapping):
        raise error(
            f"{origin} holds no fields", "fields and values, as in `seeds: 5`", "mend the file"
        )
    return fields


def read_value(
    text: str,
    origin: str,
    error: type[GrevyError] = RecipeValueError,
    mend: str = "mend the file",
) -> Any:
    """What a YAML text holds; errors as `read_fields`, with what there is to do."""
    try:
        _check_size(text)
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - derives from the safe one
    except yaml.YAMLError as problem:
        raise error(
            f"{origin} is not YAML as it is read here ({_told(problem)})",
            "values such as 0.05, true or [32, 64]",
            mend,
        ) from None


class _Loader(yaml.SafeLoader):
    """The safe one, with each key once and the numbers of YAML 1.2."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """The mapping, whose keys differ; those of `<<` may be said again."""
        seen = set()
        for key, _ in node.value:
            name = (key.tag, key.value) if isinstance(key, yaml.ScalarNode) else id(key)
            if name in seen:
                raise yaml.constructor.ConstructorError(
                    problem=f"{shown(key.value)} twice, each field once",
                    problem_mark=key.start_mark,
                )
            seen.add(name)
        return super().construct_mapping(node, deep)

    def construct_number(self, node: yaml.ScalarNode) -> float:
        """A whole number or another."""
        text = str(node.value).replace("_", "").lower()
        try:
            if text[:2] == "0x":
                return int(text, 16)
            return int(text) if text.lstrip("+-").isdigit() else float(_FLOATS.get(text, text))
        except ValueError:  # of more than 4,300 digits
            raise yaml.constructor.ConstructorError(
                problem=f"a number of {len(text):,} digits", problem_mark=node.start_mark
            ) from None


_FLOATS = {f"{sign}.{word}": f"{sign}{word}" for sign in ("", "+", "-") for word in ("inf", "nan")}

_NUMBER = re.compile(
    r"^(?:[-+]?(?:\d+(?:_\d+)*(?:\.[\d_]*)?|\.\d[\d_]*)(?:[eE][-+]?\d+)?"
    r"|0x[0-9a-fA-F]+|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$",
    re.ASCII,
)
_KEPT = ("bool", "null", "merge", "value")
_TAG = "tag:yaml.org,2002:"

_Loader.yaml_implicit_resolvers = {
    first: [each for each in resolvers if each[0].removeprefix(_TAG) in _KEPT]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for kind in ("int", "float"):
    _Loader.add_constructor(f"{_TAG}{kind}", _Loader.construct_number)
_Loader.add_implicit_resolver(f"{_TAG}float", _NUMBER, list("-+.0123456789"))


def _check_size(text: str) -> None:
    """Depth and number of values, aliases as what they stand for, before anything is built.

    Raises:
        yaml.YAMLError: too deep, too many, an alias inside what it stands for, or no YAML.
    """
    total, begun, sizes = 0, list[tuple[str | None, int]](), dict[str | None, int]()
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            if any(anchor == event.anchor for anchor, _ in begun):
                raise _too("an alias inside what it stands for", event)
            total += sizes.get(event.anchor, 1)
        elif isinstance(event, yaml.ScalarEvent):
            total += 1
            sizes[event.anchor] = 1
        elif isinstance(event, yaml.CollectionStartEvent):
            begun.append((event.anchor, total))
            total += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = begun.pop()
            sizes[anchor] = total - before
        if len(begun) > DEEPEST:
            raise _too(f"values more than {DEEPEST} levels deep", event)
        if total > MOST:
            raise _too(f"more than {MOST:,} values, aliases counted in full", event)


def _too(what: str, event: yaml.Event) -> yaml.YAMLError:
    return yaml.MarkedYAMLError(problem=what, problem_mark=cast(Any, event.start_mark))


def _told(problem: yaml.YAMLError) -> str:
    """Where and what, and nothing of the file itself but a name."""
    mark = getattr(problem, "problem_mark", None)
    said = getattr(problem, "problem", None) or getattr(problem, "reason", None) or "no YAML"
    return f"line {mark.line + 1}: {cut(str(said), 160)}" if mark else cut(str(said), 160)
