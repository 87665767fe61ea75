"""`grevy look`: inside a network: filters, activations, class maps, units, maps of the data."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, cast

from grevy.cli.output import Output
from grevy.cli.plugin import load_plugin, plugin_in
from grevy.documents.suffixes import DOCUMENTS, listed
from grevy.errors import InputError, UsageError
from grevy.words.look import network_of, view_of
from grevy.words.look_arguments import LookArguments, look_arguments, settings_in
from grevy.words.parse import parse

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from grevy.inspection.view import PagedView, View


FIGURES = (".png", ".svg")


def main(words: list[str]) -> None:
    """Parse, look, write the figure, print what is on it."""
    load_plugin(plugin_in(words))  # it may bring inspectors, whose settings are flags
    arguments = parse(look_arguments(), "look", words)
    output = Output(arguments.json)
    stem = _stem(arguments)
    if arguments.list:
        _print_layers(arguments, output)
        return
    view = view_of(arguments)
    figure = _draw(view, arguments.page)
    written = _write(view, figure, stem, arguments.out)
    for line in (*view.lines, *(f"note      {note}" for note in view.notes)):
        output.line(line)
    output.line(f"written   {written[0]}" + "".join(f" and {p.suffix}" for p in written[1:]))
    output.result({**view.as_json(), "figures": [str(path) for path in written]})


def _print_layers(arguments: LookArguments, output: Output) -> None:
    from grevy.inspection.layers import layer_list
    from grevy.inspection.networks import Network
    from grevy.models.own.using import using

    with using(plugin=arguments.plugin, trust_source=arguments.trust_source):
        classifier = Network(**network_of(arguments)).classifier
        layers = layer_list(classifier)
    rows = [(layer.name, layer.type, "×".join(map(str, layer.shape))) for layer in layers]
    output.table(("layer", "type", "output"), rows, title=classifier.name)
    if classifier.not_loaded:
        output.line(f"not loaded, as initialised: {', '.join(classifier.not_loaded)}")
    listed = [{"name": i.name, "type": i.type, "shape": list(i.shape)} for i in layers]
    output.result(
        {"network": classifier.name, "layers": listed, "not_loaded": list(classifier.not_loaded)}
    )


def _write(view: View, figure: Figure, stem: Path, out: Path | None) -> list[Path]:
    """The figure as PNG and SVG; or a document with it and all that the view says."""
    if out is None or out.suffix.lower() in FIGURES:
        from grevy.figures.save import save_figure

        return list(save_figure(figure, stem))
    from grevy.documents.write import write_document
    from grevy.inspection.document import view_document

    return [write_document(view_document(view, figure, stem.name), out)]


def _draw(view: View | PagedView, page: int) -> Figure:
    if page == 1:
        return view.draw()
    if not hasattr(view, "pages"):
        raise InputError(f"--page {page}", "1: this view has one page", "leave it out")
    return cast("PagedView", view).draw(page)


def _stem(arguments: LookArguments) -> Path:
    """Where the figure is written, without its ending: such as "look-zebra-conv1".

    Raises:
        UsageError: an ending that is none of a figure's or a document's.
    """
    if arguments.out is not None:
        if arguments.out.suffix.lower() not in (*FIGURES, *DOCUMENTS):
            known = listed((*FIGURES, *DOCUMENTS))
            raise UsageError(f"--out {arguments.out}", known, "change its ending")
        return arguments.out.with_suffix("")
    parts = [
        *(path.stem for path in arguments.picture[:1]),
        arguments.run.name if arguments.run else Path(arguments.model).name,
        "" if arguments.snapshot == "best" else arguments.snapshot,
        arguments.other.name if arguments.other else "",
        arguments.other_snapshot or "",
        settings_in(arguments).get("layer"),
        arguments.method,
        arguments.unit,
        arguments.map,
    ]
    return Path("-".join(["look", *(re.sub(r"[^\w.+]+", "-", part) for part in parts if part)]))
