"""Draw the figures of docs/figures.md that are about trainings and comparisons, from digits.

    python benchmarks/draw_figures.py [FOLDER]

A study of three arms and the baseline with two seeds (six epochs each, some ten
minutes on two cores) are trained in FOLDER, where they are not there yet; their figures go to
docs/figures/each/.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import grevy
from grevy.figures.save import save_figure
from grevy.recipes.load import load_recipe

FIGURES = Path(__file__).parents[1] / "docs" / "figures" / "each"
ARMS = {
    "batch norm": {"norm": "batch"},
    "Adam": {"optimizer": "adam", "lr": 0.001},
    "dropout": {"dropout": 0.2},
}
OF_RUN = ("loss", "accuracy", "confusion-test", "mistakes-test")
OF_STUDY = ("calibration", "effects", "curves", "fit", "cost", "flipped-Adam")


def main(folder: Path) -> None:
    """Train what is missing, and draw."""
    base = {**load_recipe("base").effective(), "epochs": 6}
    question = {"where": "digits", "base": base, "arms": ARMS, "seeds": 2}
    grevy.study(question, folder, workers=1)
    run = next((folder / "runs").glob("baseline-seed0-*"))
    calibration = grevy.look(run=run, map="calibration", split="test")
    save_figure(calibration.draw(), folder / "report" / "calibration")
    for name in OF_RUN:
        keep(run / "figures" / f"{name}.png")
    for name in OF_STUDY:
        keep(folder / "report" / f"{name}.png")


def keep(file: Path) -> None:
    """Beside the other pictures of the documents; one that was not drawn is said."""
    FIGURES.mkdir(parents=True, exist_ok=True)
    if file.is_file():
        shutil.copy(file, FIGURES / file.name)
    else:
        print(f"not drawn: {file.name}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "studies/figures"))
