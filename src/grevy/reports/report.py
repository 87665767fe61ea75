"""`grevy.report`: one document made from records alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from grevy.documents.blocks import Block, Document, Items
from grevy.documents.printed import Printed
from grevy.errors import UnreadablePictureError
from grevy.reports.comparison_report import comparison_report
from grevy.reports.material import Material, OnProgress
from grevy.reports.own.report import own_report
from grevy.reports.run_report import run_report
from grevy.reports.sources.open import Sources, open_sources

if TYPE_CHECKING:
    from grevy.classifier.run import Run


@dataclass(frozen=True)
class Report(Printed):
    """A document that prints itself, and writes itself in any form."""

    content: Document

    def document(self) -> Document:
        """The tree of blocks."""
        return self.content

    def write(self, path: str | Path) -> Path:
        """Write it as the suffix says: .html, .pdf, .md, .tex, .txt; errors as `write_document`."""
        from grevy.documents.write import write_document

        return write_document(self.content, Path(path))


def report(
    places: str | Path | Run | Sequence[str | Path | Run],
    *,
    picture: str | Path | None = None,
    data: str | Path | None = None,
    title: str = "",
    trust_source: bool = False,
    on_progress: OnProgress = lambda what, done, total: None,
) -> Report:
    """Write a report on a run, several runs, a study, or a Markdown file of one's own.

    All is made from what is recorded: nothing is trained, and the test split is not evaluated
    again.

    Args:
        places: a run, several, folders of runs, studies; or one Markdown file with directives.
        picture: what the network is shown; None: a picture of its validation split.
        data: the image data, if it is no longer where it was.
        title: of the document; "": what it is about, or what the Markdown file says.
        trust_source: run the source that records keep, wherever they are from.
        on_progress: called with what is being written, parts done, and all parts.

    Returns:
        The report; what can't be shown is said to be missing in its place.

    Raises:
        RunNotFoundError: no run there.
        UnreadablePictureError: the picture can't be decoded.
        DirectiveError, UnknownValueError: in a file of one's own; the line is named.
    """
    one = isinstance(places, str | Path) or hasattr(places, "directory")
    several: list[str | Path | Run] = [places] if one else list(places)  # type: ignore[list-item, arg-type]
    if picture is not None:
        _refuse_unreadable(Path(picture))
    if len(several) == 1 and _is_text(str(several[0])):
        own = own_report(Path(str(several[0])), picture, data, trust_source, on_progress)
        return Report(replace(own, title=title or own.title))
    sources = open_sources(several, trust_source=trust_source)
    blocks = tuple(_blocks(sources, picture, data, on_progress))
    origins = tuple(source.origin() for source in sources.all)
    return Report(Document(title or _title(sources), blocks, origins))


def _refuse_unreadable(picture: Path) -> None:
    """A picture that was named is looked at, or nothing is written."""
    from grevy.data.decode import decode

    pixels_HWC, facts = decode(picture)
    if pixels_HWC is None:
        raise UnreadablePictureError(
            f"{picture}: {facts.error}", "a picture that can be read", "choose another --picture"
        )


def _is_text(place: str) -> bool:
    """Whether it is a Markdown file; a run's folder may be called like one."""
    return place.endswith(".md") and not Path(place).is_dir()


def _blocks(
    sources: Sources, picture: str | Path | None, data: str | Path | None, told: OnProgress
) -> Iterator[Block]:
    if len(sources.runs) == 1 and sources.comparison is None:
        if sources.missing:
            yield Items(sources.missing)
        yield from run_report(Material(sources.runs[0], data, picture), told)
    else:
        yield from comparison_report(sources, data, told)


def _title(sources: Sources) -> str:
    if sources.comparison:
        return f"Comparison of {', '.join(sources.comparison.comparison.contest.arms)}"
    return f"Report on {', '.join(run.name for run in sources.runs)}"
