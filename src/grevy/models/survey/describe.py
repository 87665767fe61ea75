"""The table of layers as a document."""

from __future__ import annotations

from collections.abc import Iterator

from grevy.arithmetic.counts import CONVENTION
from grevy.documents.blocks import Block, Document, Paragraph, Table
from grevy.models.survey.accepted import FAR
from grevy.models.survey.layer import NOT_TOLD, Layer, plain
from grevy.models.survey.survey import Failure, Survey

_COLUMNS = ("layer", "output", "parameters", "MACs", "memory", "sees", "stride", "offset")
_SIDES = {0: "rows", 1: "columns"}


def describe(table: Survey) -> Document:
    """Table, totals, convention and worked sums; where the network failed, why and what fits."""
    blocks: list[Block] = [_layers(table)]
    if table.failure:
        blocks += [Paragraph(sentence) for sentence in failure_sentences(table)]
    else:
        blocks += [Paragraph(_totals(table))]
    blocks += [Paragraph(" ".join(CONVENTION)), Paragraph(_LEGEND)]
    blocks += [Paragraph(_WITH_DATA)] if table.with_data else []
    blocks += [Paragraph(note) for note in _notes(table)]
    worked = tuple(_worked(table))
    blocks += (
        [Table(("layer", "kind", "what", "worked"), worked, title="Worked out")] if worked else []
    )
    return Document(
        f"Layers of {table.model} for a {times(table.input_shape)} picture", tuple(blocks)
    )


_LEGEND = (
    "sees: rows × columns of the picture that one value can depend on (its receptive field), "
    "padding included; all: the whole picture; ≤: at most, by position. stride: pixels of the "
    "picture from one output cell to the next, on average. offset: first row and column that "
    "output cell (0, 0) sees; negative in the padding. memory: the output in float32; 0 where it "
    "lies in its input's memory."
)


_WITH_DATA = (
    "This network looks at values, so it was run on a black picture: with another picture, shapes "
    "and counts may differ."
)


def _layers(table: Survey) -> Table:
    rows = [
        (
            layer.name,
            times(layer.output_shape) if layer.output_shape else "–",
            f"{layer.parameters.value:,}",
            short(layer.macs.value),
            memory(layer.activation_bytes),
            sees(layer),
            _both(layer.stride),
            _both(layer.offset),
        )
        for layer in table.layers
    ]
    return Table(_COLUMNS, tuple(rows), right=frozenset(range(2, len(_COLUMNS))))


def _totals(table: Survey) -> str:
    frozen = table.total_parameters - table.trainable_parameters
    rest = f" ({frozen:,} of them frozen)" if frozen else ""
    return (
        f"Total: {table.total_parameters:,} parameters{rest}, {table.total_macs:,} MACs = "
        f"{2 * table.total_macs:,} FLOPs and {memory(table.activation_bytes)} of activations "
        f"for one picture."
    )


def failure_sentences(table: Survey) -> tuple[str, ...]:
    """Where and why a network broke off, and what fits."""
    failure = table.failure
    if failure is None:
        return ()
    got = f" of shape {times(failure.input_shape)}" if failure.input_shape else ""
    return (
        f"{failure.layer} ({failure.kind}) fails on its input{got}: {failure.reason}",
        _fits(failure),
    )


def _fits(failure: Failure) -> str:
    if not failure.fits:
        return _nothing_fits(failure)
    shapes = " or ".join(f"--input {times(shape, 'x')}" for shape in failure.fits)
    python = " or ".join(f"input_shape={shape}" for shape in failure.fits)
    return f"What would fit: {shapes} (in Python {python})."


def _nothing_fits(failure: Failure) -> str:
    """What was tried and what to say: nobody knows whether network or picture is at odds."""
    *some, last = map(str, failure.tried_channels)
    channels = f"{', '.join(some)} or {last}" if some else last
    first = (
        f" Its first layer with weights is {failure.first_layer}." if failure.first_layer else ""
    )
    return (
        f"No square picture with {channels} channels and a side of up to {FAR} pixels was found to "
        f"fit.{first} Name a picture that it was made for, --input CxHxW (in Python "
        "input_shape=(C, H, W)); if there is none, two of its layers are inconsistent."
    )


def _notes(table: Survey) -> Iterator[str]:
    """One sentence for each thing to be said, with the layers that it is said of."""
    told: dict[str, list[str]] = {}
    for layer in table.layers:
        for note in filter(None, layer.note.split("; ")):
            told.setdefault(note, []).append(layer.name)
    for note, names in told.items():
        more = f" and {len(names) - 4:,} more" if len(names) > 4 else ""
        yield f"{', '.join(names[:4])}{more}: {note}."


def _worked(table: Survey) -> Iterator[tuple[str, str, str, str]]:
    for layer in table.layers:
        lines = list(_sums(layer))
        for number, (what, worked) in enumerate(lines):
            head = (layer.name, layer.kind) if number == 0 else ("", "")
            yield (*head, what, worked)


def _sums(layer: Layer) -> Iterator[tuple[str, str]]:
    if layer.parameters.value:
        yield "parameters", str(layer.parameters)
    if layer.macs.value:
        yield "MACs", str(layer.macs)
    for side, worked in enumerate(layer.sizes):
        yield ("size" if len(layer.sizes) == 1 else _SIDES[side]), worked
    if layer.field_worked:
        yield "sees", layer.field_worked


def sees(layer: Layer) -> str:
    """The receptive field in a few signs."""
    if layer.receptive_field is None:
        return "?" if NOT_TOLD in layer.note else "–"
    if layer.sees_all:
        return "all" if layer.exact else "≤ all"
    return ("" if layer.exact else "≤ ") + _both(layer.receptive_field)


def _both(values: tuple[object, object] | None) -> str:
    """Rows × columns, once where they are the same."""
    if values is None:
        return "–"
    texts = [_signed(value) for value in values]
    return texts[0] if texts[0] == texts[1] else "×".join(texts)


def _signed(value: object) -> str:
    number = value if isinstance(value, int) else plain(value)  # type: ignore[arg-type]
    return (
        f"{number:g}".replace("-", "−")
        if isinstance(number, float)
        else f"{number:,}".replace("-", "−")
    )


def short(value: int) -> str:
    """A count in three digits and a unit: 2.46 M."""
    for unit, size in (("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if value >= size:
            return (
                f"{value / size:.3g} {unit}"
                if value < 1000 * size
                else f"{value / size:,.0f} {unit}"
            )
    return str(value)


def memory(value: int) -> str:
    """Bytes in binary units."""
    for unit, size in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if value >= size:
            return (
                f"{value / size:.3g} {unit}"
                if value < 1000 * size
                else f"{value / size:,.0f} {unit}"
            )
    return f"{value} B"


def times(shape: tuple[int, ...], sign: str = "×") -> str:
    """A shape as people write it."""
    return sign.join(map(str, shape))
