"""`grevy convolve`: convolution and pooling worked by hand, every sum written out."""

from __future__ import annotations

from pathlib import Path

from grevy.arithmetic.as_json import as_json
from grevy.arithmetic.calculation import Cell
from grevy.arithmetic.explain import document
from grevy.arithmetic.worked import Worked
from grevy.cli.output import Output
from grevy.documents.suffixes import DOCUMENTS, listed
from grevy.errors import UsageError
from grevy.words.convolve import ConvolveArguments, cell_of, worked_of
from grevy.words.parse import parse

_FIGURES = (".png", ".svg", ".gif")
_FORMS = (*DOCUMENTS, ".json", *_FIGURES)


def main(words: list[str]) -> None:
    """Parse, work, print, write."""
    arguments = parse(ConvolveArguments, "convolve", words)
    output = Output(arguments.json)
    outs = [_checked_form(Path(name)) for name in arguments.out]
    worked = worked_of(arguments)
    _refuse_filter(arguments)
    cell = cell_of(arguments, worked)
    if not arguments.json:
        from grevy.cli.blocks import print_document

        print_document(output, document(worked, cell))
    drawn = cell or worked.cell(0, 0, arguments.filter)
    written = [path for out in outs for path in _write(worked, cell, drawn, out)]
    _print_ending(arguments, worked, written, output)
    if arguments.json:
        output.result({**as_json(worked, cell), "written": [str(path) for path in written]})


def _refuse_filter(arguments: ConvolveArguments) -> None:
    drawn = any(Path(name).suffix.lower() in _FIGURES for name in arguments.out)
    if arguments.filter and arguments.cell is None and not drawn:
        raise UsageError("--filter without --cell or a figure", "", "add --cell row,column")


def _checked_form(path: Path) -> Path:
    """Before any work is done."""
    if path.suffix.lower() in _FORMS:
        return path
    raise UsageError(
        f"--out {path}",
        f"a name that ends in {listed(_FORMS)}",
        "change its ending",
    )


def _write(worked: Worked, cell: Cell | None, drawn: Cell, path: Path) -> list[Path]:
    """Write one file (a figure as PNG and SVG) and say what was written.

    Args:
        worked: the answer.
        cell: the only one whose sum is written out, if it was asked for.
        drawn: the one in a figure; an animation walks over its filter.
        path: whose suffix decides.
    """
    form = path.suffix.lower()
    if form in DOCUMENTS:
        from grevy.documents.write import write_document

        return [write_document(document(worked, cell), path)]
    if form == ".json":
        from grevy.records.atomic import write_json

        write_json(path, as_json(worked, cell))
        return [path]
    if form == ".gif":
        from grevy.figures.animation import animate_convolution

        return [animate_convolution(worked, path, drawn.filter)]
    from grevy.figures.convolution import draw_convolution
    from grevy.figures.save import save_figure

    return list(save_figure(draw_convolution(worked, drawn), path.with_suffix("")))


def _print_ending(
    arguments: ConvolveArguments, worked: Worked, written: list[Path], output: Output
) -> None:
    output.line()
    for path in dict.fromkeys(written):
        output.line(f"written   {path}")
    row, column = len(worked.output_FHW[0]) - 1, len(worked.output_FHW[0][0]) - 1
    if not arguments.cell:
        output.line(f"next      one sum alone: the same command with --cell {row},{column}")
    if not written:
        output.line(
            "next      keep it: --out sums.md (.tex, .html), a figure: --out sums.png (.gif)"
        )
