import numpy as np
import pytest
from matplotlib.colors import to_hex

from grevy.errors import CorruptRecordError
from grevy.figures.colours import SPLIT_COLOURS
from grevy.figures.curves import draw_accuracy, draw_loss, limits


def steps_of(losses, per_epoch=10):
    return [
        {"step": i + 1, "epoch": round((i + 1) / per_epoch, 4), "loss": loss, "lr": 0.1}
        for i, loss in enumerate(losses)
    ]


def checks_of(steps, losses, per_epoch=10):
    return [
        {"step": s, "epoch": s / per_epoch, "loss": loss, "accuracy": 0.5 + s / 1000}
        for s, loss in zip(steps, losses, strict=True)
    ]


def line(figure, label):
    return next(x for x in figure.axes[0].lines if str(x.get_label()).startswith(label))


def test_train_line_and_band_are_the_windows_computed_by_hand():
    losses = [float(i % 3) for i in range(300)]  # 3 steps a window: 0, 1, 2
    figure = draw_loss(steps_of(losses), [], None, "run")
    train = line(figure, "train, mean of 3 steps")
    assert train.get_xdata() == pytest.approx(np.arange(2, 300, 3))
    assert train.get_ydata() == pytest.approx(np.ones(100))
    (band,) = figure.axes[0].collections
    assert set(np.round(band.get_paths()[0].vertices[:, 1], 6)) == {0.2, 1.8}


def test_validation_line_holds_every_check_and_the_best_one_is_marked():
    checks = checks_of([5, 10, 15], [1.5, 0.9, 1.1])
    figure = draw_loss(steps_of([2.0] * 15), checks, 10, "run")
    validation, best = line(figure, "validation"), line(figure, "best check")
    assert validation.get_xydata().tolist() == [[5, 1.5], [10, 0.9], [15, 1.1]]
    assert best.get_xydata().tolist() == [[10, 0.9]]
    assert best.get_label() == "best check (lowest loss): step 10, 0.9"


def test_splits_have_their_fixed_colours():
    figure = draw_loss(steps_of([2.0] * 15), checks_of([5], [1.0]), 5, "run")
    assert to_hex(line(figure, "train").get_color()).upper() == SPLIT_COLOURS["train"]
    assert to_hex(line(figure, "validation").get_color()).upper() == SPLIT_COLOURS["validation"]


def test_accuracy_is_in_percent_and_the_best_is_the_check_with_the_lowest_loss(seen):
    figure = draw_accuracy(checks_of([100, 200], [0.5, 0.7]), 100, "run")
    assert line(figure, "validation").get_ydata() == pytest.approx([60.0, 70.0])
    assert line(figure, "best check").get_xydata() == pytest.approx(np.array([[100, 60.0]]))
    assert "best check (lowest loss): step 100, accuracy 60.00 %" in seen(figure).words()


def test_an_accuracy_that_falls_after_the_first_check_is_shown_whole():
    checks = checks_of([1, 2, 3], [1.0, 1.0, 1.0])
    for check, accuracy in zip(checks, [0.9, 0.1, 0.11], strict=True):
        check["accuracy"] = accuracy
    bottom, top = draw_accuracy(checks, None, "run").axes[0].get_ylim()
    assert bottom < 10 < 90 < top


def test_the_epoch_axis_says_steps_divided_by_steps_an_epoch(seen):
    figure = draw_loss(steps_of([1.0] * 40, per_epoch=10), [], None, "run")
    seen(figure)
    (epochs,) = figure.axes[0].child_axes
    assert epochs.get_xlabel() == "epoch"
    assert epochs.get_xlim() == pytest.approx(np.array(figure.axes[0].get_xlim()) / 10)


@pytest.mark.parametrize(("n", "checks"), [(3, [3]), (1, []), (1, [1]), (100_000, [50_000])])
def test_runs_of_any_length_are_drawn_whole_and_legibly(n, checks, seen):
    rows = checks_of(checks, [1.0] * len(checks))
    figure = draw_loss(steps_of([2.0 - i / n for i in range(n)]), rows, None, "run")
    train = line(figure, "train")
    assert 1 <= len(train.get_xdata()) <= 100
    left, right = figure.axes[0].get_xlim()
    assert left <= 1 <= n <= right
    assert not seen(figure).cut()
    assert train.get_marker() != "" or len(train.get_xdata()) > 2  # one point alone is no line


def test_a_record_without_rows_says_so(seen):
    assert "no step and no check recorded yet" in seen(draw_loss([], [], None, "run")).words()
    assert "no check recorded yet" in seen(draw_accuracy([], None, "run")).words()


@pytest.mark.parametrize("bad", [None, float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_is_a_cross_and_a_sentence(bad, seen):
    losses = [1.0, 1.1, bad, 1.2, bad]
    figure = draw_loss(steps_of(losses), checks_of([2, 4], [1.0, bad]), 2, "run")
    crosses = [x for x in figure.axes[0].lines if x.get_marker() == "x"]
    assert [x.get_xdata().tolist() for x in crosses] == [[3, 5], [4]]
    words = seen(figure).words()
    assert "train loss is not finite at 2 of 5 steps, first at step 3" in words
    assert "validation loss is not finite at 1 of 2 checks, first at step 4" in words


def test_a_spike_in_the_first_steps_does_not_flatten_the_rest_and_is_told(seen):
    losses = [900.0, 300.0, *np.linspace(2.3, 0.5, 98)]
    figure = draw_loss(steps_of(losses), [], None, "run")
    assert figure.axes[0].get_ylim()[1] < 3.0
    arrows = [x for x in figure.axes[0].lines if x.get_marker() == "^"]
    assert [x.get_xdata().tolist() for x in arrows] == [[1, 2]]
    words = seen(figure).words()
    assert "2 of 100 windows of the train loss go beyond the top, up to 900 near step 1" in words


def test_what_is_no_spike_at_the_start_stays_inside():
    for series in (
        np.linspace(2.3, 0.1, 100),
        np.array([2.3, 2.1, 9.0]),
        np.array([5.0]),
        np.array([1.0] * 99 + [1e6]),  # divergence at the end is what must be seen
    ):
        bottom, top = limits(series)
        assert bottom < series.min()
        assert top > series.max()


def test_a_single_check_far_above_the_train_loss_stays_inside():
    _, top = limits(np.full(100, 0.01), np.array([0.8]))
    assert top > 0.8


def test_a_constant_or_absent_loss_has_a_range_of_its_own():
    assert limits(np.array([0.0, 0.0])) == (-0.5, 0.5)
    assert limits(np.array([np.nan])) == (0.0, 1.0)


def test_a_best_step_without_a_check_is_refused():
    with pytest.raises(CorruptRecordError, match="step 7 as the best check"):
        draw_loss(steps_of([1.0]), checks_of([5], [1.0]), 7, "run")
    with pytest.raises(CorruptRecordError, match="step 5 as the best check"):
        draw_loss(steps_of([1.0]), checks_of([5], [None]), 5, "run")
