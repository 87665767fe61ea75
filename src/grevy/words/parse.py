"""From words to a command's arguments, by tyro, which sees only words that are understood.

Pydantic is known here only by what it raised: a command without a recipe starts without it.
"""

from __future__ import annotations

import contextlib
import io
import shlex
import sys
from collections.abc import Sequence
from typing import TypeVar, cast

from grevy.errors import GrevyError, UsageError
from grevy.printing import styled
from grevy.words.understand import is_flag, understood

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
        RecipeFieldError: an unknown flag of a command with fields of a recipe.
        RecipeValueError: a value that a field of a recipe does not take.
    """
    import tyro

    known = understood(words, kind, command)
    try:
        with (
            contextlib.redirect_stderr(io.StringIO()),  # it draws boxes
            contextlib.redirect_stdout(styled(sys.stdout)),  # its help has colours
        ):
            parsed = tyro.cli(
                kind,
                prog=f"grevy {command}",
                description=kind.__doc__,
                args=known,
                default=default,
            )
    except (ValueError, SystemExit) as stop:
        if isinstance(stop, SystemExit) and not stop.code:
            raise
        raise _complaint(stop, command, words) from None
    return cast(Arguments, parsed)


def said(words: Sequence[str], flag: str) -> str | None:
    """What a flag is given that is needed before the flags can be parsed; None: it is not there."""
    for index, word in enumerate(words):
        if word == flag and index + 1 < len(words) and not is_flag(words[index + 1]):
            return words[index + 1]
        if word.startswith(f"{flag}="):
            return word.removeprefix(f"{flag}=")
    return None


def _complaint(stop: BaseException, command: str, words: Sequence[str]) -> GrevyError:
    """What was wrong with words that were understood one by one: the recipe's own complaint."""
    cause: BaseException | None = stop
    while cause is not None:
        if isinstance(cause, ValueError) and hasattr(cause, "error_count"):
            return _recipe_error(cause)
        cause = cause.__cause__ or cause.__context__
    if isinstance(stop, ValueError):
        raise stop
    return UsageError(
        f"grevy {command} {shlex.join(words)}",
        "flags and values as in its help",
        f"see grevy {command} --help",
    )


def _recipe_error(error: ValueError) -> GrevyError:
    from pydantic import ValidationError

    from grevy.recipes.load import recipe_error

    assert isinstance(error, ValidationError)
    return recipe_error(error, "the command line")
