"""`grevy size`: sizes of a convolution or pooling, solved for what is not given."""

from __future__ import annotations

from pathlib import Path

from grevy.arithmetic.solve import Sizes
from grevy.cli.blocks import print_document
from grevy.cli.output import Output
from grevy.words.parse import parse
from grevy.words.size import SHOWN, SizeArguments, sizes_of


def main(words: list[str]) -> None:
    """Parse, solve, print, write."""
    arguments = parse(SizeArguments, "size", words)
    sizes = sizes_of(arguments)
    output = Output(arguments.json)
    print_document(output, sizes.document(SHOWN))
    if any(len(axis.solutions) > SHOWN for axis in sizes.axes):
        output.line("\nAll of them: --json, or --out FILE.md")
    if arguments.out:
        output.line(f"\nwrote {_write(sizes, Path(arguments.out))}")
    output.result(sizes.as_json())


def _write(sizes: Sizes, path: Path) -> Path:
    if path.suffix.lower() == ".json":
        from grevy.records.atomic import write_json

        write_json(path, sizes.as_json())
        return path
    from grevy.documents.write import write_document

    return write_document(sizes.document(), path)
