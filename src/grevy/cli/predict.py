"""`grevy predict`: class and probability of new pictures."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro
from annotated_types import Interval

from grevy.cleaning import as_cell, as_json, clean
from grevy.cli.output import Output
from grevy.errors import UnreadablePictureError, UsageError
from grevy.figures.numerals import counted
from grevy.printing import on_stderr, write_stdout
from grevy.words.parse import parse

if TYPE_CHECKING:
    from grevy.classifier.predictions import Prediction

_SHOWN = 5
"""Names that a line spells out."""

_UNSURE = "unsure"


@dataclass(frozen=True)
class PredictArguments:
    """Class and probability of new pictures, by a trained network."""

    run: Annotated[Path, tyro.conf.Positional]
    """A run directory."""

    pictures: Annotated[tuple[Path, ...], tyro.conf.Positional]
    """Pictures, or folders of pictures: all below them that is a picture, whatever its suffix."""

    unsure: Annotated[float | None, Interval(ge=0.0, le=1.0)] = None
    """Mark pictures whose best probability is below this, between 0 and 1."""

    format: Literal["table", "csv", "json"] = "table"
    """How to print."""

    out: Path | None = None
    """Write to this file instead of the screen."""

    device: str = "auto"
    """auto, cpu, cuda, cuda:1 or mps."""

    plugin: Path | None = None
    """The Python file that it was trained with; its record keeps it, so this is not needed."""

    trust_source: bool = False
    """Run the Python source that the record keeps, wherever it is from: read it first."""

    json: bool = False
    """The same as --format json."""


@dataclass(frozen=True)
class Found:
    """What is printed.

    Attributes:
        predictions: a picture each.
        others: files below the named folders that are no pictures.
        unsure_below: the best probability below which a picture is unsure; None: nobody asked.
    """

    predictions: Sequence[Prediction]
    others: Sequence[Path]
    unsure_below: float | None

    def is_unsure(self, prediction: Prediction) -> bool:
        """Whether its best probability is below what was asked for."""
        below, best = self.unsure_below, prediction.probability
        return below is not None and best is not None and best < below


def main(words: list[str]) -> None:
    """Parse, predict, print."""
    arguments = parse(PredictArguments, "predict", words)
    kind = "json" if arguments.json else arguments.format
    if arguments.out is not None and kind == "table":
        raise UsageError("--out for a table", "csv or json", "add --format csv")
    _require_probability(arguments.unsure)
    from grevy.classifier.open import predict
    from grevy.data.listing import list_files

    files = list_files(arguments.pictures)
    predictions = predict(
        arguments.run,
        files.pictures,
        device=arguments.device,
        plugin=arguments.plugin,
        trust_source=arguments.trust_source,
    )
    found = Found(predictions, files.others, arguments.unsure)
    if kind == "table":
        _print_table(found)
    else:
        _write(_as_csv(found) if kind == "csv" else _as_json(found), arguments.out)
    _tell_doubtful(found)
    _tell_others(found)
    _tell_unreadable(found, as_json=kind == "json" and arguments.out is None)


def _require_probability(unsure: float | None) -> None:
    if unsure == 0:
        raise UsageError("--unsure 0", "a probability above 0 and up to 1", "try --unsure 0.6")


def _print_table(found: Found) -> None:
    asked = found.unsure_below is not None
    columns = ["picture", "class", "probability", "margin", *[_UNSURE] * asked]
    rows = [
        [
            p.picture,
            p.class_name or "can't be read",
            p.probability,
            p.margin,
            *[_UNSURE if found.is_unsure(p) else ""] * asked,
        ]
        for p in found.predictions
    ]
    output = Output(as_json=False)
    output.table(columns, rows)
    if asked:
        count, total = sum(map(found.is_unsure, found.predictions)), len(rows)
        below = f"best probability below {found.unsure_below:g}"
        output.line(f"{count:,} of {counted(total, 'picture')} unsure: {below}")


def _as_csv(found: Found) -> str:
    """Fixed columns, then the probability of each class, by name."""
    text = io.StringIO()
    fixed = ["picture", "class", "probability", "error", "second", "margin", _UNSURE]
    classes = next((list(p.probabilities) for p in found.predictions if p.probabilities), [])
    writer = csv.writer(text, lineterminator="\n")
    heads = (as_cell(f"probability of {c}" if c in fixed else c) for c in classes)
    writer.writerow([*fixed, *heads])
    for p in found.predictions:
        unsure = _UNSURE if found.is_unsure(p) else ""
        answer, error, second = map(as_cell, (p.class_name or "", p.error or "", p.second or ""))
        row = [as_cell(p.picture), answer, p.probability, error, second, p.margin, unsure]
        writer.writerow([*row, *(p.probabilities.get(c) for c in classes)])
    return text.getvalue()


def _as_json(found: Found) -> str:
    content = {
        "predictions": [_row(found, p) for p in found.predictions],
        "unsure_below": found.unsure_below,
        "not_pictures": [str(path) for path in found.others],
    }
    return as_json(content) + "\n"


def _row(found: Found, p: Prediction) -> dict[str, Any]:
    asked = found.unsure_below is not None and p.error is None
    return {
        "picture": p.picture,
        "probability": p.probability,
        "probabilities": dict(p.probabilities),
        "error": p.error,
        "note": p.note,
        "class": p.class_name,
        "second": p.second,
        "margin": p.margin,
        _UNSURE: found.is_unsure(p) if asked else None,
    }


def _write(text: str, out: Path | None) -> None:
    if out is None:
        write_stdout(text)
        return
    from grevy.records.atomic import write_bytes

    write_bytes(out, text.encode())
    on_stderr(f"wrote {out}")


def _tell_doubtful(found: Found) -> None:
    """Beside the answers, not among them."""
    doubtful = [p for p in found.predictions if p.note]
    if doubtful:
        first = clean(f"{doubtful[0].picture}: {doubtful[0].note}")
        of_all = f"{len(doubtful):,} of {counted(len(found.predictions), 'picture')}"
        on_stderr(f"note      {of_all} may not show what you think, first {first}")


def _tell_others(found: Found) -> None:
    """What was not predicted, where it does not get between the rows."""
    if found.others:
        names = clean(", ".join(map(str, found.others[:_SHOWN])))
        more = f" and {len(found.others) - _SHOWN:,} more" if len(found.others) > _SHOWN else ""
        count = counted(len(found.others), "file")
        on_stderr(f"not predicted, {count} that can't be decoded: {names}{more}")


def _tell_unreadable(found: Found, *, as_json: bool) -> None:
    """The rest is printed; the exit status still says that something was wrong."""
    bad = [p for p in found.predictions if p.error is not None]
    if not bad:
        return
    error = UnreadablePictureError(
        f"{len(bad)} of {counted(len(found.predictions), 'picture')} can't be read, first "
        f"{bad[0].picture} ({bad[0].error})",
        "pictures",
        "replace them; all others are predicted above"
        if len(bad) < len(found.predictions)
        else "replace " + ("it" if len(bad) == 1 else "them"),
    )
    if as_json:  # the one object on standard output is there already, and names them
        on_stderr(f"grevy: {error}")
        raise SystemExit(error.exit_status)
    raise error
