"""From words to a command's arguments, by tyro; its complaints become one line.

Pydantic is known here only by what it raised: a command without a recipe starts without it.
"""

from __future__ import annotations

import contextlib
import difflib
import io
import re
from collections.abc import Sequence
from dataclasses import is_dataclass
from typing import Any, TypeVar, cast, get_type_hints

from grevy.errors import GrevyError, RecipeFieldError, RecipeValueError, UsageError

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
            parsed, unknown = tyro.cli(
                kind,
                prog=f"grevy {command}",
                description=kind.__doc__,
                args=list(words),
                default=default,
                return_unknown_args=True,
            )
    except (ValueError, SystemExit) as stop:
        if isinstance(stop, SystemExit) and not stop.code:
            raise
        raise _value_error(stop, complaint.getvalue(), command) from None
    if unknown:
        raise unknown_flag(unknown[0], kind, command)
    return cast(Arguments, parsed)


def said(words: Sequence[str], flag: str) -> str | None:
    """What a flag is given that is needed before the flags can be parsed; None: it is not there."""
    for index, word in enumerate(words):
        if word == flag and index + 1 < len(words):
            return words[index + 1]
        if word.startswith(f"{flag}="):
            return word.removeprefix(f"{flag}=")
    return None


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
    """All flags of a dataclass and of those in it, as they are written."""
    names: list[str] = []
    for name, hint in get_type_hints(kind).items():
        if isinstance(hint, type) and is_dataclass(hint):  # a room of a recipe
            inner = "" if name == "fields" else f"{prefix}{name}."
            names += flags(hint, inner)
        else:
            names.append(f"--{prefix}{name}".replace("_", "-"))
    return names


def _value_error(stop: BaseException, complaint: str, command: str) -> GrevyError:
    """The recipe's own complaint where there is one; else tyro's, without its box, as one line."""
    cause: BaseException | None = stop
    while cause is not None:
        if isinstance(cause, ValueError) and hasattr(cause, "error_count"):
            return _recipe_error(cause)
        cause = cause.__cause__ or cause.__context__
    if isinstance(stop, ValueError):
        raise stop
    text = " ".join(re.sub(r"[│╭╮╰╯─┌┐└┘]|-{5,}", " ", complaint).split())
    text = re.split(r"For full helptext|Argument helptext", text)[0]
    text = re.sub(
        r"^(Value error|Parsing error|Required options|Invalid choice|Missing argument) ", "", text
    )
    if missing := re.match(r"Missing from (grevy \S+): ((?:--\S+)|[A-Z|]+ .*?(?=\.|$))", text):
        what = re.sub(r"^[A-Z|]+ ", "", missing[2])
        return UsageError(
            f"{missing[1]} without {what[0].lower()}{what[1:]}",
            "one",
            f"see grevy {command} --help",
        )
    return RecipeValueError(
        text.rstrip(" .:"), "values that the flags take", f"see grevy {command} --help"
    )


def _recipe_error(error: ValueError) -> GrevyError:
    from pydantic import ValidationError

    from grevy.recipes.load import recipe_error

    assert isinstance(error, ValidationError)
    return recipe_error(error, "the command line")
