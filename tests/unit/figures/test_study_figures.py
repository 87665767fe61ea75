"""The figures of a comparison: what they say, where, and that nothing is cut or covered."""

import math

import numpy as np
import pytest
from figures.learning_curve import LearningCurve, draw_learning_curves

from grevy.figures.accuracy_cost import CostPoint, draw_accuracy_cost, why_no_cost
from grevy.figures.effects import EffectRow, draw_effects
from grevy.figures.flipped import SHOWN, FlippedPictures, draw_flipped
from grevy.figures.loss_panels import LossCurve, Panel, draw_loss_panels, mean_curve

NAN = math.nan
LONG = "optimizer.weight_decay=0.0005, schedule=one-cycle, augment.translate=2"


def row(name, mean, half=1.0, kind="better", verdict="better"):
    values = (mean - half / 2, mean + half / 2)
    return EffectRow(
        name, mean, mean - half, mean + half, mean - 0.4, mean + 0.4, values, kind, verdict
    )


def test_each_arm_has_its_dot_and_its_intervals_in_its_row(seen):
    figure = draw_effects([row("flips", 3.0), row("ELU", -1.0, kind="worse")], 0.5, "effects")
    axes = figure.axes[0]
    dots = [np.ravel(line.get_xydata()) for line in axes.lines if line.get_markersize() == 7]
    assert [effect for effect, _ in dots] == [3.0, -1.0]
    (_, first), (_, second) = dots
    assert 0 < first < second < axes.get_ylim()[0]  # from the top
    thick = [line.get_xdata() for line in axes.lines if line.get_linewidth() == 4]
    assert [list(ends) for ends in thick] == [[2.0, 4.0], [-2.0, 0.0]]
    page = seen(figure)
    assert "±0.5 points" in page.words()
    assert not page.cut()


def test_an_interval_ends_where_it_ends():
    axes = draw_effects([row("flips", 3.0)], 0.5, "effects").axes[0]
    intervals = [line for line in axes.lines if line.get_linewidth() in (1.2, 4)]
    assert [line.get_solid_capstyle() for line in intervals] == ["butt", "butt"]


@pytest.mark.parametrize("seeds", [3, 20])
def test_seeds_of_the_same_effect_don_t_hide_each_other(seeds, seen):
    equal = EffectRow("flips", 3.0, 2.0, 4.0, 2.6, 3.4, (3.0,) * seeds, "better", "better")
    figure = draw_effects([equal, row("ELU", 1.0)], 0.5, "effects")
    seen(figure)
    dots = figure.axes[0].lines[3].get_xydata()
    assert len(dots) == seeds
    steps = np.diff(figure.axes[0].transData.transform(dots)[:, 1])
    size = figure.axes[0].lines[3].get_markersize() * figure.dpi / 72
    assert (np.abs(steps) >= size).all()


def test_one_seed_has_no_thick_interval_and_no_pair_says_so(seen):
    verdict = "above by more than the noise of the test pictures; one seed can't tell the arm apart"
    one = EffectRow(LONG, 2.0, NAN, NAN, 1.0, 3.0, (2.0,), "open", verdict)
    none = EffectRow("none", NAN, NAN, NAN, NAN, NAN, (), "open", "no seed")
    figure = draw_effects([one, none], 0.5, "effects")
    assert not [line for line in figure.axes[0].lines if line.get_linewidth() == 4]
    page = seen(figure)
    assert "no pair of finished runs" in page.words()
    assert not page.cut()
    assert page.overlapping(list(figure.texts)) == []


def curve(end=0.5):
    epochs = np.arange(0.5, 8.1, 0.5)
    return LossCurve(epochs, np.linspace(2, end, len(epochs)), np.linspace(2, end + 0.4, 16))


def test_loss_panels_share_their_axes_and_say_what_to_read(seen):
    panels = [
        Panel(name, (curve(), curve(0.4)), (curve(0.9),), 6.0, "overfits after epoch 6.0: " * 4)
        for name in ("flips", "batch norm", "dropout", LONG)
    ]
    figure = draw_loss_panels(panels, "Loss before and after")
    assert len(figure.axes) == 4
    assert len({axes.get_ylim() for axes in figure.axes}) == 1
    assert (
        len(figure.axes[0].collections) == 2 * 2
    )  # of each split: all seeds, and those that went on
    page = seen(figure)
    assert "baseline" in page.words()
    assert not page.cut()
    assert page.overlapping(list(figure.texts)) == []


def test_a_panel_holds_the_mean_of_its_seeds_and_the_band_from_least_to_greatest():
    curves = [LossCurve(np.array([1.0, 2.0]), np.array([a, 1.0]), np.array([2.0, b]))
              for a, b in ((2.0, 1.0), (3.0, 3.0), (7.0, 2.0))]  # fmt: skip
    axes = draw_loss_panels([Panel("flips", tuple(curves))], "loss").axes[0]
    assert axes.lines[0].get_xydata().tolist() == [[1.0, 4.0], [2.0, 1.0]]
    train = axes.collections[0].get_paths()[0].vertices
    assert {tuple(point) for point in train} >= {(1.0, 2.0), (1.0, 7.0)}
    assert mean_curve(curves).validation_C.tolist() == [2.0, 2.0]


def test_where_a_seed_has_stopped_the_others_go_on_thin():
    short = LossCurve(np.array([1.0]), np.array([2.0]), np.array([3.0]))
    long = LossCurve(np.array([1.0, 2.0]), np.array([4.0, 1.0]), np.array([3.0, 2.0]))
    axes = draw_loss_panels([Panel("flips", (short, long))], "loss").axes[0]
    whole, rest = axes.lines[0], axes.lines[1]
    assert whole.get_xydata().tolist() == [[1.0, 3.0]]
    assert rest.get_xydata().tolist() == [[1.0, 3.0], [2.0, 1.0]]
    assert rest.get_linewidth() < whole.get_linewidth()


def test_a_panel_that_would_be_empty_has_its_own_axis(seen):
    high = LossCurve(np.arange(1.0, 5), np.linspace(90, 80, 4), np.linspace(90, 85, 4))
    figure = draw_loss_panels([Panel("good", (curve(),)), Panel("bad", (high,))], "loss")
    assert figure.axes[0].get_ylim()[1] < 3 < figure.axes[1].get_ylim()[0]
    assert "each panel has its own axis" in seen(figure).words()


@pytest.mark.parametrize(
    ("points", "why"),
    [
        ([CostPoint("base", (70.0,), 300.0, 1e12)], "there is one arm"),
        (
            [CostPoint("a", (70.0,), 300.0, NAN), CostPoint("b", (72.0,), NAN, NAN)],
            "of one arm only",
        ),
        ([CostPoint("a", (70.0,), 300.0, 1e9), CostPoint("b", (72.0,), 301.0, 1e9)], "the same"),
        ([CostPoint("a", (70.0,), NAN, NAN), CostPoint("b", (72.0,), NAN, NAN)], "is not known"),
    ],
)
def test_a_cost_with_nothing_to_see_is_not_drawn_and_said(points, why, seen):
    figure = draw_accuracy_cost(points, "cost")
    assert figure.axes == []
    assert why in why_no_cost(points)
    assert why in " ".join(seen(figure).words().split())


def test_accuracy_ends_at_100_percent_and_one_cost_alone_is_one_panel():
    points = [CostPoint("a", (99.0, 100.0), 300.0, 1e9), CostPoint("b", (100.0,), 500.0, 1e9)]
    figure = draw_accuracy_cost(points, "cost")
    assert why_no_cost(points) == ""
    (axes,) = figure.axes
    assert axes.get_ylim()[1] == 100.0
    assert len([line for line in axes.lines if line.get_marker() == "o"]) == 2


def test_names_of_near_dots_don_t_cover_each_other(seen):
    points = [
        CostPoint(name, (70 + i / 10, 70.2 + i / 10), 300.0 + 5 * i, 1e12 * (1 + i / 50))
        for i, name in enumerate(("baseline", "flips", "batch norm", "Adam"))
    ]
    points.append(CostPoint("deeper", (74.0,), 1500.0, 4e12))
    figure = draw_accuracy_cost(points, "cost")
    page = seen(figure)
    for axes in figure.axes:
        assert page.overlapping(list(axes.texts)) == []
    assert not page.cut()


def test_flipped_pictures_are_shown_under_their_heading(seen):
    images = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 3), dtype=np.uint8)
    won = FlippedPictures("40 pictures more often right than before", images, ["cat"] * 40)
    lost = FlippedPictures("0 pictures more often wrong than before", images[:0], [])
    figure = draw_flipped([won, lost], "flips")
    assert len(figure.axes[0].images) == SHOWN
    page = seen(figure)
    assert page.words().count("true: cat") == SHOWN
    assert "0 pictures more often wrong" in page.words()
    assert not page.cut()


def test_a_learning_curve_has_its_means_bars_and_numbers_of_pictures(seen):
    transfer = LearningCurve(
        "transfer", (5, 20, 500), ((50.0, 54.0), (70.0, 72.0), (90.0, 91.0)), ((30, 94),) * 3
    )
    scratch = LearningCurve("from scratch", (5, 20), ((20.0, 24.0), (30.0, 34.0)), ((10, 50),) * 2)
    figure = draw_learning_curves([transfer, scratch], "how much data")
    axes = figure.axes[0]
    lines = [list(bars.lines[0].get_ydata()) for bars in axes.containers]
    assert lines == [[52.0, 71.0, 90.5], [22.0, 32.0]]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["5", "20", "500"]
    page = seen(figure)
    assert {"transfer", "from scratch"} <= {t.get_text() for t in axes.get_legend().get_texts()}
    assert not page.cut()
