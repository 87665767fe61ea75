"""`grevy report`: one document from records, values of them, and whether a document is true."""

from __future__ import annotations

import math
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from grevy.cli.output import Output
from grevy.documents.forms import Number
from grevy.errors import UsageError
from grevy.words.parse import parse
from grevy.words.places import PLACE


@dataclass(frozen=True)
class ReportArguments:
    """Write one document about a run, several runs or a study, from their records alone.

    Or about what your own Markdown file says: its directives are filled from records
    (docs/report.md). Nothing is trained, and no test split is evaluated again.
    """

    places: Annotated[tuple[str, ...], tyro.conf.Positional, PLACE] = ()
    """Runs, folders of runs, studies; or one Markdown file of your own."""

    out: Path = Path("report.html")
    """Where the document goes: .html, .pdf, .md, .tex or .txt."""

    picture: Path | None = None
    """What the network is shown. Default: a picture of its validation split."""

    data: Annotated[str | None, PLACE] = None
    """The image data, if it is no longer where it was."""

    title: str = ""
    """Of the document. Default: what it is about."""

    draft: bool = False
    """Print a first report of your own, in Markdown with directives, and places for your words."""

    verify: Path | None = None
    """An HTML report: recompute each of its values from predictions and logs."""

    runs: Path | None = None
    """With --verify: where the runs are now, if not where they were."""

    value: str | None = None
    """Print one value of the places, such as results.test.accuracy."""

    fields: bool = False
    """List every field of the places that can be a value."""

    trust_source: bool = False
    """Of a run with its own network: run the Python source that its record keeps."""

    json: bool = False
    """Print one JSON object and nothing else."""


def main(words: list[str]) -> None:
    """Parse, and write, draft, verify, or print values; exit with 1 if a report is not true."""
    arguments = parse(ReportArguments, "report", words)
    output = Output(arguments.json)
    _refuse_idle(arguments)
    if arguments.verify is not None:
        _verify(arguments, arguments.verify, output)
        return
    if not arguments.places:
        raise UsageError(
            "a report on nothing", "runs, a study or a Markdown file", "see: grevy runs"
        )
    if arguments.value is not None or arguments.fields:
        _values(arguments, output)
    elif arguments.draft:
        _draft(arguments, output)
    else:
        _write(arguments, output)


def _refuse_idle(arguments: ReportArguments) -> None:
    """Flags that the others would leave without effect."""
    asked = {
        "--verify": arguments.verify is not None,
        "--value": arguments.value is not None,
        "--fields": arguments.fields,
        "--draft": arguments.draft,
        "--out": arguments.out != ReportArguments.out,
    }
    together = [flag for flag, is_there in asked.items() if is_there]
    if len(together) > 1:
        raise UsageError(
            f"{' and '.join(together)} together", "one of them", "call grevy report once for each"
        )
    if arguments.verify is not None and arguments.places:
        raise UsageError(
            f"{arguments.places[0]} beside --verify", "the page alone", "say where with --runs DIR"
        )
    if arguments.runs is not None and arguments.verify is None:
        raise UsageError("--runs without --verify", "runs as words", "leave out --runs")


def _write(arguments: ReportArguments, output: Output) -> None:
    from grevy.documents.write import refuse_form
    from grevy.reports.places import folder_to_name
    from grevy.reports.report import report

    refuse_form(arguments.out)
    _refuse_place(arguments.out)
    with output.progress("writing", None) as bar:
        written = report(
            list(arguments.places),
            picture=arguments.picture,
            data=arguments.data,
            title=arguments.title,
            trust_source=arguments.trust_source,
            on_progress=lambda what, done, total: bar.advance_to(done, total),
        )
    path = written.write(arguments.out)
    output.line(f"written   {path}")
    if path.suffix == ".html" and written.content.origins:
        folder = folder_to_name(p for o in written.content.origins for p in o.places)
        words = ["grevy", "report", "--verify", str(path), *(["--runs", folder] if folder else [])]
        output.line(f"next      is it still true? {shlex.join(words)}")
    output.result({"written": str(path), "title": written.content.title})


def _verify(arguments: ReportArguments, path: Path, output: Output) -> None:
    from grevy.reports.verify import verify

    with output.progress("verifying", None) as bar:
        found = verify(
            path,
            arguments.runs,
            on_progress=lambda what, done, total: bar.advance_to(done, total),
        )
    for line in found.lines:
        output.line(line)
    output.result(found.to_dict())
    if found.differences:
        sys.exit(1)


def _refuse_place(path: Path) -> None:
    """Before the work is done, not after it.

    Raises:
        UsageError: no folder for it, or a folder in its place.
    """
    if path.is_dir() or not path.parent.is_dir():
        why = "a folder" if path.is_dir() else f"in {path.parent}, which is no folder"
        raise UsageError(f"--out {path}, {why}", "a file in a folder that is there", "change it")


def _values(arguments: ReportArguments, output: Output) -> None:
    from grevy.reports.values import values_of

    found = values_of(arguments.places, arguments.value, trust_source=arguments.trust_source)
    for name, number in found.items():
        output.line(f"{name} = {number}")
    output.result({name: _known(number) for name, number in found.items()})


def _known(number: Number) -> Number:
    """None for NaN, which JSON does not know."""
    return None if isinstance(number, float) and not math.isfinite(number) else number


def _draft(arguments: ReportArguments, output: Output) -> None:
    from grevy.reports.draft import draft

    text = draft(arguments.places)
    output.line(text)
    output.result({"draft": text})
