"""From words to a command's arguments, by tyro; its complaints become one line."""

from __future__ import annotations

import contextlib
import difflib
import io
import re
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar, cast

from pydantic import BaseModel

from grevy.errors import RecipeFieldError, RecipeValueError, UsageError

Arguments = TypeVar("Arguments")


def parse(
    kind: type[Arguments], command: str, words: Sequence[str], default: Arguments | None = None
) -> Arguments:
    """The arguments of a command.

    Args:
        kind: a dataclass; texts under its fields become the help.
        command: its name, for the help.
        words: what follows the command's name.
        default: values of what is not given.

    Raises:
        UsageError: words that can't be understood.
        RecipeFieldError: an unknown flag, with the nearest that exist.
        RecipeValueError: a value that the flag does not take.
    """
    import tyro

    complaint = io.StringIO()
    try:
        with contextlib.redirect_stderr(complaint):
            parsed, unknown = tyro.cli(  # type: ignore[call-overload]
                kind,
                prog=f"grevy {command}",
                description=kind.__doc__,
                args=list(words),
                default=default,
                return_unknown_args=True,
            )
    except SystemExit as stop:
        if not stop.code:
            raise
        raise _value_error(complaint.getvalue(), command) from None
    if unknown:
        raise unknown_flag(unknown[0], kind, command)
    return cast(Arguments, parsed)


def unknown_flag(word: str, kind: type[Any], command: str) -> UsageError | RecipeFieldError:
    """A word that the command does not know, with the nearest that it does."""
    if not word.startswith("-"):
        return UsageError(
            f"'{word}', which grevy {command} has no place for",
            "one argument, and flags",
            f"put quotes around names with spaces; see grevy {command} --help",
        )
    near = difflib.get_close_matches(word.split("=", maxsplit=1)[0], flags(kind), n=3, cutoff=0.5)
    return RecipeFieldError(
        f"unknown flag '{word}'",
        " or ".join(near) if near else f"a flag of grevy {command}",
        f"see grevy {command} --help",
    )


def flags(kind: type[Any], prefix: str = "") -> list[str]:
    """All flags of a dataclass or of a recipe, as they are written."""
    if is_dataclass(kind):
        hints = {f.name: f.type for f in fields(kind)}
    else:
        hints = {n: f.annotation for n, f in kind.model_fields.items()}
    names: list[str] = []
    for name, hint in hints.items():
        if isinstance(hint, type) and issubclass(hint, BaseModel):
            inner = "" if name == "fields" else f"{prefix}{name}."
            names += flags(hint, inner)
        else:
            names.append(f"--{prefix}{name}".replace("_", "-"))
    return names


def _value_error(complaint: str, command: str) -> RecipeValueError:
    """Tyro's box, without the box, as one line."""
    text = re.sub(r"[│╭╮╰╯─┌┐└┘]", " ", complaint)
    text = re.split(r"For (?:full helptext|further information)", text)[0]
    text = re.sub(r"\[type=[^]]*\]", "", text)
    text = re.sub(r"^\s*(?:Value error|Parsing error|Required options)\s", "", text)
    return RecipeValueError(
        " ".join(text.split()).rstrip(".:"),
        "values that the flags take",
        f"see grevy {command} --help",
    )
