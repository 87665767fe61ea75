"""Directives and what fills them. All are checked before the first figure is drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from grevy.documents.blocks import Block, Value
from grevy.reports.material import OnProgress
from grevy.reports.own.directive import Directive, told_with
from grevy.reports.own.markdown import INLINE
from grevy.reports.own.pictures import picture_block
from grevy.reports.own.places import Places, Records, named_in, opened
from grevy.reports.own.records import Filling, FromRecords, record_of
from grevy.reports.own.worked import Worked

OF_RECORDS = ("value", "figure", "table", "section")
ALONE = ("runs", "figure", "table", "section", "picture", "convolve", "size", "layers", "look")
DIRECTIVES = (*INLINE, *ALONE)


@dataclass(frozen=True)
class Filled:
    """The directives of a text, checked.

    Attributes:
        values: of those in running text.
        fillings: of those on lines of their own.
        records: that they speak of.
    """

    values: Mapping[Directive, Value]
    fillings: Mapping[Directive, Filling]
    records: Records

    def blocks(self, told: OnProgress) -> Mapping[Directive, Sequence[Block]]:
        """What each stands for.

        Args:
            told: hears which is being filled.

        Raises:
            DirectiveError: it can't be.
        """
        found: dict[Directive, Sequence[Block]] = {}
        for done, (directive, filling) in enumerate(self.fillings.items()):
            told(f"{directive.place}: {directive.word}", done, len(self.fillings))
            with told_with(directive.place):
                found[directive] = filling()
        return found


def filled(
    directives: Sequence[Directive],
    folder: Path,
    picture: str | Path | None,
    data: str | Path | None,
    trust_source: bool,
) -> Filled:
    """Every directive of a text, looked up and parsed.

    Args:
        directives: in the order of the text.
        folder: of the text.
        picture: what networks are shown; None: a picture of the validation split.
        data: the image data, if it is no longer where it was.
        trust_source: run the source that records keep, and Python that the text names.

    Raises:
        DirectiveError: the first that can't be understood, with its line.
    """
    for directive in directives:
        _refuse_unknown(directive)
    places = Places(folder, named_in(directives))
    words: dict[str, Directive] = {}
    for directive in directives:
        if directive.word in OF_RECORDS:
            words.setdefault(_record(directive), directive)
    records = opened(words, places, trust_source)
    from_records, worked = FromRecords(records, picture, data), Worked(places, trust_source)
    kinds: dict[str, Callable[[Directive], Filling]] = {
        "runs": lambda directive: tuple,
        "figure": from_records.figure,
        "table": from_records.table,
        "section": from_records.section,
        "picture": lambda directive: _picture(directive, folder),
        "convolve": worked.convolve,
        "size": worked.size,
        "layers": worked.layers,
        "look": worked.look,
    }
    values: dict[Directive, Value] = {}
    fillings: dict[Directive, Filling] = {}
    for directive in directives:
        with told_with(directive.place):
            if directive.alone:
                fillings[directive] = kinds[directive.word](directive)
            else:
                values[directive] = from_records.value(directive)
    return Filled(values, fillings, records)


def _refuse_unknown(directive: Directive) -> None:
    if directive.word not in DIRECTIVES:
        raise directive.unknown("directive", directive.word, DIRECTIVES)
    if directive.alone != (directive.word in ALONE):
        raise directive.error(
            f"{directive.word} among other words",
            "a line of its own",
            "put it on one; code between ` signs stays as it is",
        )


def _record(directive: Directive) -> str:
    word = record_of(directive)
    if not word:
        raise directive.error(
            f"{directive.word} without a run", "a run or a study", "see: grevy runs"
        )
    return word


def _picture(directive: Directive, folder: Path) -> Filling:
    words = directive.words
    if len(words) not in (1, 2):
        raise directive.error("picture", "a file, and if need be a caption", "quote the caption")
    caption = "".join(words[1:])
    return lambda: (picture_block(folder, words[0], caption, caption),)
