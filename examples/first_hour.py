"""The first hour in Python: train, judge, look, draft a report, write it, and hand it in.

Run it anywhere: `python examples/first_hour.py`. It takes about a minute on two cores.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import grevy

RECIPE = {"epochs": 2, "precision": "fp32"}

MINE = """
# My first network

{{ runs base=runs/base }}

It reaches {{ value base results.test.accuracy percent }}
after {{ value base results.steps }} steps.

{{ figure base loss "It has not finished learning." }}

{{ convolve --image "1 0 2; 3 2 0; 0 6 1" --kernel "1 2; 3 4" }}
"""


def main(folder: Path) -> None:
    """Each step asserts what it claims."""
    run = grevy.train("digits", RECIPE, out=folder / "runs" / "base")
    accuracy = run.results["test"]["accuracy"]
    assert accuracy > 0.1  # better than guessing
    assert grevy.evaluate(run)["accuracy"] == accuracy
    assert grevy.look(run=run, layer="conv1").arrays["weights_OIHW"].ndim == 4

    text = folder / "report.md"
    text.write_text(MINE, encoding="utf-8")
    report = grevy.report(text)
    assert f"{100 * accuracy:.2f} %" in str(report)  # the number was never typed
    assert "1·1 + 2·0 + 3·3 + 4·2 = 18" in str(report)

    page = report.write(folder / "report.html").read_text(encoding="utf-8")
    assert 'data-field="results.test.accuracy"' in page
    assert "<script src" not in page  # all is inside


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        os.environ.setdefault("GREVY_STATE", place)
        main(Path(place))
