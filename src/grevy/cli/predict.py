"""`grevy predict`: class and probability of new pictures."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from grevy.cli.output import Output
from grevy.errors import UnreadablePictureError, UsageError
from grevy.figures.numerals import counted
from grevy.words.parse import parse

if TYPE_CHECKING:
    from grevy.classifier.predictions import Prediction


@dataclass(frozen=True)
class PredictArguments:
    """Class and probability of new pictures, by a trained network."""

    run: Annotated[Path, tyro.conf.Positional]
    """A run directory."""

    pictures: Annotated[tuple[Path, ...], tyro.conf.Positional]
    """Pictures, or folders of pictures."""

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


def main(words: list[str]) -> None:
    """Parse, predict, print."""
    arguments = parse(PredictArguments, "predict", words)
    kind = "json" if arguments.json else arguments.format
    if arguments.out is not None and kind == "table":
        raise UsageError("--out for a table", "csv or json", "add --format csv")
    from grevy.classifier.open import predict

    found = predict(
        arguments.run,
        arguments.pictures,
        device=arguments.device,
        plugin=arguments.plugin,
        trust_source=arguments.trust_source,
    )
    if kind == "table":
        _print_table(found)
    else:
        _write(_as_csv(found) if kind == "csv" else _as_json(found), arguments.out)
    _tell_doubtful(found)
    _tell_unreadable(found)


def _print_table(found: Sequence[Prediction]) -> None:
    rows = [(p.picture, p.class_name or "can't be read", p.probability) for p in found]
    Output(as_json=False).table(("picture", "class", "probability"), rows)


def _as_csv(found: Sequence[Prediction]) -> str:
    text = io.StringIO()
    classes = next((list(p.probabilities) for p in found if p.probabilities), [])
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["picture", "class", "probability", "error", *classes])
    for p in found:
        row = [p.picture, p.class_name, p.probability, p.error]
        writer.writerow([*row, *(p.probabilities.get(c) for c in classes)])
    return text.getvalue()


def _as_json(found: Sequence[Prediction]) -> str:
    import json

    rows = [{**asdict(p), "class": p.class_name} for p in found]
    for row in rows:
        del row["class_name"]
    return json.dumps({"predictions": rows}, indent=2, ensure_ascii=False) + "\n"


def _write(text: str, out: Path | None) -> None:
    if out is None:
        sys.stdout.write(text)
        return
    from grevy.records.atomic import write_bytes

    write_bytes(out, text.encode())
    print(f"wrote {out}", file=sys.stderr)


def _tell_doubtful(found: Sequence[Prediction]) -> None:
    """Beside the answers, not among them."""
    doubtful = [p for p in found if p.note]
    if doubtful:
        first = f"{doubtful[0].picture}: {doubtful[0].note}"
        of_all = f"{len(doubtful):,} of {counted(len(found), 'picture')}"
        print(f"note      {of_all} may not show what you think, first {first}", file=sys.stderr)


def _tell_unreadable(found: Sequence[Prediction]) -> None:
    """The rest is printed; the exit status still says that something was wrong."""
    bad = [p for p in found if p.error is not None]
    if bad:
        raise UnreadablePictureError(
            f"{len(bad)} of {counted(len(found), 'picture')} can't be read, first {bad[0].picture} "
            f"({bad[0].error})",
            "pictures",
            "replace them; all others are predicted above",
        )
