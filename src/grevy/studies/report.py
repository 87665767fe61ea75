"""A comparison as files: figures, comparison.json, and one row a run as CSV."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from grevy.cleaning import as_cell
from grevy.errors import InputError
from grevy.figures.accuracy_cost import CostPoint, draw_accuracy_cost, why_no_cost
from grevy.figures.effects import EffectRow, draw_effects
from grevy.figures.flipped import SHOWN, FlippedPictures, draw_flipped
from grevy.figures.loss_panels import LossCurve, Panel, draw_loss_panels, mean_curve
from grevy.figures.numerals import counted
from grevy.figures.save import save_figure
from grevy.records.atomic import save_error, write_bytes, write_json
from grevy.records.run_name import slug
from grevy.studies.compare import Comparison
from grevy.studies.diagnosis import Diagnosis, measured_alike
from grevy.studies.effects import Effect, pairs

if TYPE_CHECKING:
    from matplotlib.figure import Figure

POINTS = 100
SUMMARY = "comparison.json"
FIGURES = ("effects", "cost", "curves", "fit", "flipped-*")
"""Names of all figures that a report may have."""

_ALIKE = "train loss: of a fixed sample of the train split, measured as validation loss is"
_AS_TRAINED = (
    "mean since the check before, on the pictures as they were augmented and with dropout;"
    " validation loss: at the check"
)


def write_report(comparison: Comparison, folder: Path, say: Callable[[str], None]) -> list[Path]:
    """Write everything into a folder; returns the PNG files.

    All is drawn first. Then what an earlier report left is taken away, so that no picture of
    another comparison stays, and `comparison.json` is written last: with it all is there.

    Args:
        comparison: what to write.
        folder: made if absent; an earlier report in it is replaced, other files stay.
        say: hears what can't be drawn, and why.

    Raises:
        SaveError: the disk did not take it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise save_error(folder, error) from error
    figures = {**comparison_figures(comparison, say), **flipped_figures(comparison, say)}
    _remove_earlier(folder)
    paths = [save_figure(figure, folder / name)[0] for name, figure in figures.items()]
    write_bytes(folder / "runs.csv", runs_csv(comparison).encode())
    write_json(folder / SUMMARY, comparison.to_dict())
    return paths


def comparison_figures(
    comparison: Comparison, say: Callable[[str], None] = lambda _: None
) -> dict[str, Figure]:
    """Effects, accuracy against cost where it differs, loss curves where there are some, by name.

    Args:
        comparison: what to draw.
        say: hears what is not drawn, and why.
    """
    baseline, figures = comparison.contest.arms[0], {"effects": _effects(comparison)}
    points = _cost_points(comparison)
    if why := why_no_cost(points):
        say(f"no figure of cost: {why}")
    else:
        figures["cost"] = _cost(points, comparison)
    if any(comparison.diagnoses(arm) for arm in comparison.contest.arms):
        notes = _about_train_loss(comparison)
        figures["curves"] = draw_loss_panels(
            _before_after(comparison), f"Loss before ({baseline}) and after each change", notes
        )
        figures["fit"] = draw_loss_panels(_fit_panels(comparison), "Over- and underfitting", notes)
    return figures


def _remove_earlier(folder: Path) -> None:
    """All files of a report that was written here before; without its summary there was none.

    Raises:
        SaveError: the disk did not let them go.
    """
    if not (folder / SUMMARY).is_file():
        return
    patterns = [f"{name}.{kind}" for name in FIGURES for kind in ("png", "svg")]
    found = [file for pattern in patterns for file in folder.glob(pattern)]
    for file in (folder / SUMMARY, folder / "runs.csv", *found):
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            raise save_error(file, error) from error


def runs_csv(comparison: Comparison) -> str:
    """One row a training."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    splits = ("train", "validation", "test")
    writer.writerow(["arm", "seed", *splits, "steps", "epochs", "best_step", "seconds"])
    for contestant in (c for arm in comparison.contest.arms for c in comparison.contest.of(arm)):
        results = contestant.record.results if contestant.record else None
        scores = results.splits if results else {}
        accuracies = [scores[s].accuracy if s in scores else "" for s in splits[:2]]
        rest = [results.steps, results.epochs, results.best_step] if results else [""] * 3
        seconds = results.seconds.training if results else ""
        row = [*accuracies, round(contestant.accuracy, 6), *rest, seconds]
        writer.writerow([as_cell(contestant.arm), contestant.seed, *row])
    return text.getvalue()


def _effects(comparison: Comparison) -> Figure:
    rows = [_row(comparison, effect) for effect in comparison.effects]
    baseline = comparison.contest.arms[0]
    level = 100 * comparison.accuracy(baseline).mean
    failed = [f"not compared: {f.what}" for f in comparison.contest.failed]
    title = f"Effect of each change on test accuracy, against {baseline} ({level:.2f} %)"
    return draw_effects(rows, POINTS * comparison.margin, title, failed[:8])


def _row(comparison: Comparison, effect: Effect) -> EffectRow:
    values = [b.accuracy - a.accuracy for a, b in pairs(comparison.contest, effect.arm)]
    seeds, pictures = effect.across_seeds, effect.across_pictures
    return EffectRow(
        name=effect.arm,
        mean=POINTS * seeds.mean,
        seeds_low=POINTS * seeds.low,
        seeds_high=POINTS * seeds.high,
        pictures_low=POINTS * pictures.low,
        pictures_high=POINTS * pictures.high,
        values=tuple(POINTS * value for value in values),
        kind=effect.kind,
        verdict=effect.verdict,
    )


def _cost_points(comparison: Comparison) -> list[CostPoint]:
    return [
        CostPoint(c.arm, tuple(POINTS * a for a in c.accuracies), c.seconds, c.flops)
        for c in comparison.costs
    ]


def _cost(points: list[CostPoint], comparison: Comparison) -> Figure:
    machines = dict.fromkeys(m for cost in comparison.costs for m in cost.machines)
    notes = [f"trained on {'; '.join(machines)}"] if machines else []
    return draw_accuracy_cost(points, "Test accuracy against cost", notes)


def _about_train_loss(comparison: Comparison) -> list[str]:
    """What the train loss of the figures is; arms whose records are older are named."""
    trained = [c for c in comparison.contest.contestants if c.record]
    alike = {c.arm for c in trained} - {c.arm for c in trained if not measured_alike(c.checks())}
    other = [arm for arm in comparison.contest.arms if arm in {c.arm for c in trained} - alike]
    of = f" of {', '.join(other)}" if alike else ""
    return [*([_ALIKE] if alike else ()), *([f"train loss{of}: {_AS_TRAINED}"] if other else ())]


def _before_after(comparison: Comparison) -> list[Panel]:
    baseline = comparison.contest.arms[0]
    before = tuple(_curve(diagnosis) for diagnosis in comparison.diagnoses(baseline))
    return [
        Panel(arm, tuple(map(_curve, diagnoses)), before)
        for arm in comparison.contest.arms[1:]
        if (diagnoses := comparison.diagnoses(arm))
    ] or [Panel(baseline, before)]


def _fit_panels(comparison: Comparison) -> list[Panel]:
    found = {arm: comparison.diagnoses(arm) for arm in comparison.contest.arms}
    return [_panel(arm, of_runs) for arm, of_runs in found.items() if of_runs]


def _panel(arm: str, diagnoses: list[Diagnosis]) -> Panel:
    """The verdict is that of most seeds: of the mean curve where it has it, too, else of a seed."""
    curves = tuple(map(_curve, diagnoses))
    kinds = Counter(diagnosis.kind for diagnosis in diagnoses)
    mean = mean_curve(curves)
    most = kinds.most_common(1)[0][0]
    shown = next(diagnosis for diagnosis in diagnoses if diagnosis.kind == most)
    words = f"{shown.words}; the figures of one seed" if len(diagnoses) > 1 else shown.words
    if len(mean.epoch_C) > 1:
        of_mean = Diagnosis(mean.epoch_C, mean.train_C, mean.validation_C)
        if of_mean.kind == most:
            shown, words = of_mean, of_mean.words
    if len(kinds) > 1:
        words += f"; by seed: {', '.join(f'{kind} {n}' for kind, n in kinds.most_common())}"
    return Panel(arm, curves, (), float(shown.epoch_C[shown.turn]), words)


def _curve(diagnosis: Diagnosis) -> LossCurve:
    return LossCurve(diagnosis.epoch_C, diagnosis.train_C, diagnosis.validation_C)


def flipped_figures(
    comparison: Comparison, say: Callable[[str], None], where: str | Path | None = None
) -> dict[str, Figure]:
    """A gallery for each arm, by name; none where the pictures can't be read any more.

    Args:
        comparison: of recorded runs.
        say: hears why there is none.
        where: the image data, if it is no longer where it was.
    """
    first = next((c for c in comparison.contest.contestants if c.record), None)
    if first is None:
        return {}
    from grevy.classifier.run import Run
    from grevy.classifier.run_data import data_of_run

    try:
        data = data_of_run(Run(first.directory), where)
    except InputError as error:
        say(f"no gallery of flipped pictures: {error}")
        return {}
    split = data.splits["test"]
    images_NHWC = split.images_NCHW.transpose(0, 2, 3, 1)
    names = [data.classes[label] for label in split.labels_N]
    figures = {}
    for effect in comparison.effects:
        if not effect.seeds:
            continue
        if comparison.pairing_note(effect.arm):
            say(f"no gallery of flipped pictures of {effect.arm}: no ids pair them")
            continue
        found = comparison.flipped(effect.arm)
        groups = [
            _group(rows, what, images_NHWC, names)
            for rows, what in ((found.turned_right, "right"), (found.turned_wrong, "wrong"))
        ]
        title = f"{effect.arm}: test pictures that changed against {comparison.contest.arms[0]}"
        seeds = len(effect.seeds)
        notes = [f"the clearest first: changed with most of the {seeds} seeds"] if seeds > 1 else []
        figures[f"flipped-{slug(effect.arm, 'arm')}"] = draw_flipped(groups, title, notes)
    return figures


def _group(
    rows: tuple[int, ...], what: str, images_NHWC: NDArray[np.uint8], names: list[str]
) -> FlippedPictures:
    shown = list(rows[:SHOWN])
    heading = f"{counted(len(rows), 'picture')} more often {what} than before"
    return FlippedPictures(heading, images_NHWC[shown], [names[i] for i in shown])
