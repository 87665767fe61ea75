"""The command line: finds the command, runs it, turns errors into one line and an exit status.

Nothing heavy is imported before the command is known, so that `grevy --help` is quick.
"""

from __future__ import annotations

import gc
import sys
from importlib import import_module

from grevy import __version__
from grevy.cleaning import in_one_line
from grevy.cli.last_resort import INTERRUPTED, as_ours, last_words, stopped, stops_heard
from grevy.cli.streams import lasting_streams
from grevy.errors import GrevyError, UsageError
from grevy.printing import on_stderr, on_stdout

COMMANDS = {
    "train": "train a network on labelled pictures and keep a record",
    "evaluate": "how good a trained network is on a split, or on other pictures",
    "predict": "class and probability of new pictures",
    "study": "train a baseline and changes of it with several seeds: which change helped?",
    "compare": "which training is better, and is it more than noise?",
    "report": "one document from records: HTML, PDF, Markdown, LaTeX; and is it still true?",
    "reproduce": "the assignment that Grevy grew out of: by hand, trained, compared, reported",
    "runs": "a table of the runs on disk",
    "convolve": "convolution and pooling worked by hand, every sum written out",
    "size": "sizes of a convolution or pooling, solved for what is not given",
    "layers": "the layers of a network: sizes, parameters, MACs, receptive fields",
    "look": "inside a network: filters, activations, class maps, units, maps of the data",
    "data": "what a set of pictures holds, and what is wrong with it",
}


OBJECTS_BEFORE_COLLECTION = 20_000
"""Imports make hundreds of thousands of objects and no garbage; Python looks at every 700."""


def main(argv: list[str] | None = None) -> None:
    """Run one command and exit: 0 done, 1 the job failed, 2 wrong input, 130 interrupted.

    And 141 where all is done and the reader of standard output has left (`grevy runs | head`).
    """
    with lasting_streams():
        _run(sys.argv[1:] if argv is None else argv)


def _run(words: list[str]) -> None:
    debug = "--debug" in words
    words = [word for word in words if word != "--debug"]
    gc.set_threshold(OBJECTS_BEFORE_COLLECTION)
    try:
        with stops_heard():
            _dispatch(words)
    except Exception as error:
        if debug:
            raise
        with last_words():
            sys.exit(_print_error(as_ours(error), as_json="--json" in words))
    except KeyboardInterrupt:
        if debug:
            raise
        with last_words():
            on_stderr(f"grevy: {stopped(words[0] if words else '')}")
            sys.exit(INTERRUPTED)


def help_text() -> str:
    """What `grevy --help` prints."""
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {summary}" for name, summary in COMMANDS.items()]
    return "\n".join(
        [
            "Grevy: train image classifiers fast, compare them honestly, look inside them.",
            "",
            "usage: grevy COMMAND [...]",
            "",
            *lines,
            "",
            "grevy COMMAND --help   what a command takes",
            "grevy --version        the version",
            "--debug                with any command: the traceback of an error",
            "",
            "Begin with: grevy train digits",
        ]
    )


def _dispatch(words: list[str]) -> None:
    if not words or words[0] in ("-h", "--help", "help"):
        if words[1:] and words[1] in COMMANDS:
            _dispatch([words[1], "--help"])
            return
        on_stdout(help_text())
        return
    if words[0] in ("-V", "--version"):
        on_stdout(f"grevy {__version__}")
        return
    if words[0] not in COMMANDS:
        raise _unknown(words)
    import_module(f"grevy.cli.{words[0]}").main(words[1:])


def _unknown(words: list[str]) -> UsageError:
    """The first word is no command: a misspelled one, a flag in front, or what a command takes."""
    first = words[0]
    if first.startswith("-"):
        command = next((word for word in words if word in COMMANDS), None)
        mend = f"write it after: grevy {command} ... {first}" if command else "see grevy --help"
        return UsageError(f"'{first}' in place of a command", "the command first", mend)
    from grevy.recipes.nearest import nearest

    near = nearest(first, list(COMMANDS))
    expected = f"one of {', '.join(COMMANDS)}"
    mend = f"did you mean grevy {near[0]}?" if near else "see grevy --help"
    return UsageError(f"unknown command '{first}'", expected, mend)


def _print_error(error: GrevyError, as_json: bool) -> int:
    """Print the error's line, as JSON where that was asked for, and return the exit status."""
    if as_json:
        parts = {"received": error.received, "expected": error.expected, "mend": error.mend}
        told = {"error": type(error).__name__, "message": str(error), **parts}
        on_stdout(in_one_line(told))
    on_stderr(f"grevy: {error}")
    return error.exit_status
