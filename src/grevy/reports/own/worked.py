"""Directives with the words of a command: convolve, size, layers, look."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from grevy.documents.blocks import Block, Document, Marked, Paragraph
from grevy.errors import UntrustedSourceError
from grevy.records.run_name import slug
from grevy.reports.figure import view_section
from grevy.reports.own.directive import Directive
from grevy.reports.own.places import Places
from grevy.words.parse import parse

if TYPE_CHECKING:
    from grevy.words.look_arguments import LookArguments

Filling = Callable[[], Sequence[Block]]

NOT_HERE = ("--out", "--json", "--help", "-h", "--list", "--page", "--trust-source")
"""Flags of commands that have no meaning in a text."""


@dataclass(frozen=True)
class Worked:
    """What fills these directives.

    Attributes:
        places: how words become paths.
        trust_source: whether a text may name Python that is then run.
    """

    places: Places
    trust_source: bool

    def convolve(self, directive: Directive) -> Filling:
        """As `grevy convolve`."""
        from grevy.arithmetic.explain import document
        from grevy.words.convolve import ConvolveArguments, cell_of, worked_of

        arguments = parse(ConvolveArguments, "convolve", _words(directive))
        if arguments.filter and arguments.cell is None:
            raise directive.error("--filter without --cell", "", "add --cell row,column")
        kernel = arguments.kernel and self.places.beside(arguments.kernel)
        given = replace(arguments, image=self.places.beside(arguments.image), kernel=kernel)

        def fill() -> Sequence[Block]:
            worked = worked_of(given)
            return _blocks(document(worked, cell_of(given, worked)))

        return fill

    def size(self, directive: Directive) -> Filling:
        """As `grevy size`."""
        from grevy.words.size import SHOWN, SizeArguments, sizes_of

        arguments = parse(SizeArguments, "size", _words(directive))
        return lambda: _blocks(sizes_of(arguments).document(SHOWN))

    def layers(self, directive: Directive) -> Filling:
        """As `grevy layers`."""
        from grevy.words.layers import LayersArguments, table_of

        arguments = parse(LayersArguments, "layers", _words(directive))
        model = self._model(arguments.model)
        self._refuse_python(model, arguments.plugin)
        given = replace(arguments, model=model, trust_source=self.trust_source)
        return lambda: _blocks(table_of(given).document())

    def look(self, directive: Directive) -> Filling:
        """As `grevy look`; a run may be a name that the text has given."""
        from grevy.words.look_arguments import look_arguments

        arguments = parse(look_arguments(), "look", _words(directive))
        self._refuse_python(arguments.model, arguments.plugin)
        given = replace(
            arguments,
            picture=tuple(self._path(path) for path in arguments.picture),
            run=arguments.run and self._run(arguments.run),
            other=arguments.other and self._run(arguments.other),
            weights=arguments.weights and self._path(arguments.weights),
            model=self._model(arguments.model),
            trust_source=self.trust_source,
        )
        return lambda: _view(given)

    def _path(self, path: Path) -> Path:
        return Path(self.places.beside(str(path)))

    def _run(self, word: Path) -> Path:
        return Path(self.places.of(str(word))[0])

    def _model(self, word: str) -> str:
        """A name of the text's, a run or a file beside the text, or what a command takes."""
        if not word:
            return word
        if word in self.places.named:
            return self.places.of(word)[0]
        file, sign, name = word.rpartition(":")
        return f"{self.places.beside(file)}:{name}" if sign and ".py" in file else word

    def _refuse_python(self, model: str, plugin: Path | None) -> None:
        named = plugin or (model if ".py" in model else None)
        if named and not self.trust_source:
            raise UntrustedSourceError(
                f"'{named}', which is Python that a text names",
                "a text that runs nothing",
                "read it, and say --trust-source",
            )


def _words(directive: Directive) -> list[str]:
    words = directive.words
    for word in words:
        if word.partition("=")[0] in NOT_HERE:
            raise directive.error(f"{word} in a text", "what is worked out", "leave it out")
    return words


def _view(arguments: LookArguments) -> Sequence[Block]:
    from grevy.words.look import view_of
    from grevy.words.look_arguments import settings_in

    view = view_of(arguments)
    parts = [
        *(path.stem for path in arguments.picture[:1]),
        arguments.run.name if arguments.run else arguments.model,
        settings_in(arguments).get("layer", ""),
        arguments.method or arguments.unit or arguments.map,
    ]
    name = slug("-".join(["look", *filter(None, parts)]))
    return view_section(view, name, 3)


def _blocks(document: Document) -> Sequence[Block]:
    """Its title is said in a line of its own: it is no heading of the author's."""
    said = [Paragraph((Marked((document.title,), "strong"),))] if document.title else []
    return (*said, *document.blocks)
