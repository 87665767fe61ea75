"""Which records a text speaks of: names that it gives, places, and one source for each run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from grevy.documents.blocks import Origin
from grevy.errors import RunNotFoundError
from grevy.reports.own.directive import Directive, told_with
from grevy.reports.sources.open import Sources, names_of, open_sources
from grevy.reports.sources.source import nearest

USUAL = ("runs/*", "studies/*")
"""Where records are that a misspelt word may have meant."""


@dataclass(frozen=True)
class Places:
    """How words become places.

    Attributes:
        folder: of the text; a place is looked for there, then in the current folder.
        named: names that the text gives; one with several places is their comparison.
    """

    folder: Path
    named: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def of(self, word: str) -> list[str]:
        """The places that a word stands for."""
        return [self.beside(place) for place in self.named.get(word, (word,))]

    def beside(self, word: str) -> str:
        """A path beside the text, if there is one; else the word. `arm=PATH` keeps its arm."""
        there = self.folder / word
        arm, sign, place = word.partition("=")
        if sign and not there.exists() and not Path(word).exists():
            return f"{arm}={self.beside(place)}"
        return str(there) if there.exists() else word


def named_in(directives: Iterable[Directive]) -> Mapping[str, Sequence[str]]:
    """The names that `{{ runs a=PLACE b=PLACE }}` gives.

    Raises:
        DirectiveError: words without a sign, or none at all.
    """
    named: dict[str, list[str]] = {}
    for directive in (each for each in directives if each.word == "runs"):
        for word in directive.words:
            name, sign, place = word.partition("=")
            if not (name and sign and place):
                raise directive.error(f"'{word}'", "NAME=PLACE", "for example a=runs/base-seed0")
            named.setdefault(name, []).append(place)
        if not directive.words:
            raise directive.error("runs without a name", "NAME=PLACE", "name one")
    return named


@dataclass(frozen=True)
class Records:
    """What the words of a text stand for, opened; every run once.

    Attributes:
        by_word: of each word that a directive uses.
    """

    by_word: Mapping[str, Sources]

    def origins(self) -> tuple[Origin, ...]:
        """Of all records, each once."""
        every = {s.name: s for sources in self.by_word.values() for s in sources.all}
        return tuple(source.origin() for source in every.values())


def opened(words: Mapping[str, Directive], places: Places, trust_source: bool) -> Records:
    """The records of all words, each under a name that no other has.

    Args:
        words: each with the first directive that uses it.
        places: how they become paths.
        trust_source: run the source that records keep, wherever they are from.

    Raises:
        DirectiveError: no record there; or two of one name.
    """
    found: dict[str, Sources] = {}
    for word, directive in words.items():
        with told_with(directive.place):
            found[word] = _open(word, places, trust_source)
    names = dict(_names(found, places))
    for name in names.values():
        if list(names.values()).count(name) > 1:
            raise next(iter(words.values())).error(
                f"two records called {name}", "a name for each", "choose another after 'runs'"
            )
    return Records({word: _renamed(word, sources, names) for word, sources in found.items()})


def _open(word: str, places: Places, trust_source: bool) -> Sources:
    try:
        return open_sources(places.of(word), trust_source=trust_source)
    except RunNotFoundError as error:
        known = [*places.named, *_usual(places.folder), *_usual(Path())]
        if word in places.named or not known:
            raise
        raise RunNotFoundError(
            f"no run or study '{word}'", f"such as {', '.join(nearest(word, known))}", error.mend
        ) from None


def _usual(folder: Path) -> Iterator[str]:
    for pattern in USUAL:
        yield from sorted(path.relative_to(folder).as_posix() for path in folder.glob(pattern))


def _names(found: Mapping[str, Sources], places: Places) -> Iterator[tuple[str, str]]:
    """For each record, known by its path or its word, its name: the author's, or its path's end."""
    own: dict[str, str] = {}
    paths: dict[str, str] = {}
    for word, sources in found.items():
        if sources.comparison:
            paths[f"comparison {word}"] = sources.comparison.places[0]
            own |= {f"comparison {word}": word} if word in places.named else {}
        elif len(sources.runs) == 1 and word in places.named:
            own.setdefault(str(sources.runs[0].path), word)
        paths |= {str(run.path): str(run.path) for run in sources.runs}
    unnamed = [path for key, path in paths.items() if key not in own]
    derived = names_of(unnamed)
    for key, path in paths.items():
        yield key, own[key] if key in own else derived[path]


def _renamed(word: str, sources: Sources, names: Mapping[str, str]) -> Sources:
    compared = sources.comparison
    return replace(
        sources,
        runs=tuple(replace(run, name=names[str(run.path)]) for run in sources.runs),
        comparison=compared and replace(compared, name=names[f"comparison {word}"]),
    )
