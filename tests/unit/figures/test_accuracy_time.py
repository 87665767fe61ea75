"""Accuracy against time: every run has its line and its dot, and the target its dashes."""

import numpy as np
from figures.accuracy_time import TimedRun, draw_accuracy_time

QUICK = TimedRun((20.0, 40.0), (60.0, 78.0), 60.0, 80.5)
SLOW = TimedRun((100.0, 1000.0), (40.0, 79.0), 1000.0, 80.3)
LONG = "eight convolutions in a plain PyTorch loop with random flips and Adam, validated each epoch"


def test_each_run_has_its_line_its_dot_and_the_target_is_dashed(seen):
    arms = [("speed-80", [QUICK, QUICK]), (LONG, [SLOW])]
    figure = draw_accuracy_time(arms, 80.26, "Time to 80.26 % on cifar10", ["2 seeds"])
    axes = figure.axes[0]
    lines = [line.get_xydata().tolist() for line in axes.lines]
    assert lines.count([[20.0, 60.0], [40.0, 78.0]]) == 2
    dots = [tuple(np.ravel(line.get_xydata())) for line in axes.lines if line.get_marker() == "o"]
    assert dots == [(60.0, 80.5), (60.0, 80.5), (1000.0, 80.3)]
    dashed = [line for line in axes.lines if line.get_linestyle() == "--"]
    assert [set(line.get_ydata()) for line in dashed] == [{80.26}]
    assert axes.get_xscale() == "log"
    assert [[40.0, 78.0], [60.0, 80.5]] in lines
    assert len(axes.get_legend().get_texts()) == 2
    page = seen(figure)
    assert "2 seeds" in page.words()
    assert not page.cut()


def test_times_of_one_kind_are_drawn_on_an_even_scale(seen):
    figure = draw_accuracy_time([("speed-80", [QUICK])], 80.26, "Time to 80.26 %")
    assert figure.axes[0].get_xscale() == "linear"
    assert not seen(figure).cut()
