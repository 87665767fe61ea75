"""Every figure of trainings and comparisons with hard data: nothing overlaps, is cut, or lies."""

import math

import numpy as np
import pytest
from matplotlib.figure import Figure
from measure import draw, faults, outside, overlapping, too_small, untrue_ticks

from grevy.figures.accuracy_cost import CostPoint, draw_accuracy_cost
from grevy.figures.calibration import Curve, draw_calibration
from grevy.figures.confusion import confusion_matrix, draw_confusion
from grevy.figures.curves import draw_accuracy, draw_loss
from grevy.figures.effects import EffectRow, draw_effects
from grevy.figures.flipped import FlippedPictures, draw_flipped
from grevy.figures.gallery import draw_mistakes
from grevy.figures.loss_panels import LossCurve, Panel, draw_loss_panels

NAN = math.nan
SIXTY = "a name of sixty letters, as many a careful researcher writes"
NO_SPACE = "optimizer.weight_decay=0.0005,schedule=one-cycle,dropout=0.25"
NAMES = ["baseline", SIXTY, NO_SPACE, *(f"arm {i}" for i in range(9))]
VERDICT = (
    "better if it were the only arm, but not once corrected for 6 comparisons; about 2 more"
    " would settle an effect of this size"
)


def noise(*shape):
    return np.random.default_rng(len(shape)).normal(0, 1, shape)


def rows_of(checks, bad=None, alike=True):
    steps = [
        {"step": i + 1, "epoch": (i + 1) / 10, "loss": 2.3 / (1 + i / 20)} for i in range(1000)
    ]
    found = []
    for i in range(checks):
        step = 1000 * (i + 1) // checks
        loss = 2.2 / (1 + step / 20) + 0.1
        row = {"step": step, "epoch": step / 10, "loss": loss, "accuracy": 1 - loss / 3}
        own = {"train_loss": loss - 0.1, "train_accuracy": 1.0} if alike else {}
        found.append({**row, **own})
    if bad is not None:
        found[bad] |= {"loss": None, "train_loss": None} if alike else {"loss": None}
        steps[bad] |= {"loss": None}
    return steps, found


def best_of(checks):
    finite = [check for check in checks if check["loss"] is not None]
    return min(finite, key=lambda check: check["loss"])["step"] if finite else None


@pytest.mark.parametrize("alike", [True, False])
@pytest.mark.parametrize(("checks", "bad"), [(1, None), (1, 0), (6, 2), (200, None), (200, 199)])
def test_curves(checks, bad, alike):
    steps, found = rows_of(checks, bad, alike)
    best = best_of(found)
    assert faults(draw_loss(steps, found, best, f"{SIXTY}: loss")) == []
    assert faults(draw_accuracy(found, best, f"{NO_SPACE}: accuracy")) == []


def curves_of(seeds, high=2.0):
    ends = [12 + i % 4 for i in range(seeds)]
    return tuple(
        LossCurve(np.arange(1.0, n), high / np.arange(1, n), high / np.arange(1, n) + 0.1 * i)
        for i, n in enumerate(ends)
    )


@pytest.mark.parametrize("seeds", [1, 20])
@pytest.mark.parametrize("arms", [1, 12])
def test_loss_panels(arms, seeds):
    words = "overfits after epoch 6.0: validation loss rose 36 % while train loss went on falling"
    panels = [Panel(NAMES[i], curves_of(seeds), curves_of(1), 6.0, words) for i in range(arms)]
    assert faults(draw_loss_panels(panels, "Over- and underfitting")) == []
    apart = [*panels, Panel("bad", curves_of(seeds, 900.0), (), 3.0, words)]
    assert faults(draw_loss_panels(apart, "Over- and underfitting")) == []


@pytest.mark.parametrize("arms", [2, 12])
def test_cost(arms):
    points = [
        CostPoint(NAMES[i], (99 + i % 3 / 2, 100 - i % 5), 300.0 + 7 * (i % 5), 1e12 * (1 + i % 3))
        for i in range(arms)
    ]
    figure = draw_accuracy_cost(points, "Test accuracy against cost")
    assert len(figure.axes) == 2
    assert faults(figure) == []


@pytest.mark.parametrize("seeds", [1, 20])
@pytest.mark.parametrize("arms", [1, 12])
def test_effects(arms, seeds):
    low, high = (NAN, NAN) if seeds == 1 else (0.5, 3.0)
    rows = [
        EffectRow(NAMES[i], 2.0, low, high, 1.0, 3.0, (2.0,) * seeds, "open", VERDICT)
        for i in range(arms)
    ]
    none = EffectRow("none", NAN, NAN, NAN, NAN, NAN, (), "open", "no seed")
    assert faults(draw_effects([*rows, none], 0.5, f"Effect of each change, against {SIXTY}")) == []


@pytest.mark.parametrize("pictures", [1, 80, 10_000])
def test_calibration(pictures):
    count = np.full(9, pictures // 9)
    count[-1] += pictures % 9
    middle = np.where(count > 0, np.linspace(0.1, 1, 9), NAN)
    curves = [
        Curve(name, count, middle, middle, middle - 0.1, middle + 0.1)
        for name in ("as it is", "temperature 1.276")
    ]
    panels = [("bins of equal width", curves), ("bins of equal mass", curves)]
    figure = draw_calibration(panels, f"{SIXTY}: calibration on test", ["A line."], ["A note."])
    assert faults(figure) == []


@pytest.mark.parametrize("classes", [1, 3, 20, 100])
@pytest.mark.parametrize("name", ["{}", SIXTY + " {}"])
def test_confusion(classes, name):
    labels, answers = np.random.default_rng(0).integers(0, classes, (2, 5000))
    counts = confusion_matrix(labels, answers, classes)
    names = [name.format(i) for i in range(classes)]
    assert faults(draw_confusion(counts, names, "test", NO_SPACE)) == []


@pytest.mark.parametrize("classes", [3, 100])
@pytest.mark.parametrize("name", ["c{}", SIXTY + " {}", NO_SPACE + "{}"])
def test_mistakes_and_flipped(classes, name):
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (40, 8, 8, 1), dtype=np.uint8)
    true, answers = (
        [name.format(i) for i in part] for part in random.integers(0, classes, (2, 40))
    )
    ids = [f"test/a folder with a long name/IMG_{i:05d}.jpg" for i in range(40)]
    title = f"{SIXTY}: most confident mistakes on test"
    assert faults(draw_mistakes(images, true, answers, random.random(40), ids, title)) == []
    groups = [
        FlippedPictures(f"{n} more often right than before", images[:n], true[:n])
        for n in (20, 1, 0)
    ]
    assert faults(draw_flipped(groups, title, ["the clearest first"])) == []


def test_what_is_wrong_is_found():
    """A figure with each fault once, so that the sentences above are worth something."""
    figure = Figure((4, 3), dpi=150)
    axes = figure.add_axes((0.2, 0.2, 0.6, 0.6))
    figure.text(0.5, 0.95, "over")
    figure.text(0.5, 0.95, "under")
    figure.text(0.95, 0.5, "out of the page")
    figure.text(0.1, 0.4, "across a border", size=6)
    axes.plot([0, 5], [0.5, 0.5])
    axes.text(2.5, 0.5, "crossed", va="center")
    axes.set(xlim=(0, 5), xticks=[0, 2.5, 5], yticks=[])
    axes.xaxis.set_major_formatter("{x:.0f}")
    assert any("crosses the border" in fault for fault in faults(figure))
    assert any("crossed by a line" in fault for fault in faults(figure))
    draw(figure)
    assert overlapping(figure) == [("over", "under")]
    assert "out of the page" in outside(figure)
    assert too_small(figure) == [("across a border", 6.0)]
    assert untrue_ticks(figure) == [("2", 2.5)]
