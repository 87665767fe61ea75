import numpy as np
import pytest
from measure import faults

from grevy.figures.feature_map import MOST_CLASSES, Cloud, apart, draw_feature_map, free_places


def figure(classes=10, wrong=5, spread=1.0, names=None, count=300):
    random = np.random.default_rng(0)
    labels = np.arange(count) % classes
    points = spread * random.normal(size=(classes, 2))[labels] + random.normal(size=(count, 2))
    clouds = [
        Cloud("PCA", points, ("component 1 (60.0%)", "component 2 (9.0%)")),
        Cloud("t-SNE", points[::-1] * 40, ("", "")),
    ]
    names = names or [f"class {i}" for i in range(classes)]
    return draw_feature_map(
        clouds, labels, np.arange(count) < wrong, names, "a title", ["A line."], ["A note."]
    )


def names_in(view, classes):
    wanted = {f"class {i}" for i in range(classes)}
    return [text for text in view.texts() if text.get_text() in wanted]


@pytest.mark.parametrize("spread", [0.0, 1.0, 20.0])
@pytest.mark.parametrize("classes", [2, 10, 21])
def test_no_class_name_lies_on_another_and_nothing_is_cut(seen, classes, spread):
    view = seen(figure(classes, spread=spread))
    assert not view.cut()
    assert view.overlapping(names_in(view, classes)) == []
    assert "mistaken" in view.words()


def test_long_names_and_those_with_a_dollar_sign_stay_inside(seen):
    view = seen(figure(3, spread=20.0, names=["a" * 60, "$ b $", "c"]))
    assert not view.cut()
    assert "…" in view.words()


def test_no_mistake_is_no_trouble(seen):
    assert not seen(figure(wrong=0)).cut()


def test_of_too_many_classes_those_with_mistakes_are_coloured(seen):
    view = seen(figure(classes=30, wrong=0))
    assert f"{30 - MOST_CLASSES} classes with fewer mistakes are gray" in view.words()
    random = np.random.default_rng(0)
    labels = np.arange(60) % 30
    cloud = Cloud("PCA", random.normal(size=(60, 2)), ("1", "2"))
    names = [f"class {i}" for i in range(30)]
    found = seen(draw_feature_map([cloud, cloud], labels, labels >= 20, names, "t", [], []))
    shown = {text.get_text() for text in names_in(found, 30)}
    assert {f"class {i}" for i in range(20, 30)} <= shown
    assert len(shown) == MOST_CLASSES


def test_two_classes_of_one_colour_differ_in_their_mark(seen):
    legend = figure(10).axes[1].get_legend().legend_handles
    looks = [
        (tuple(h.get_edgecolor().ravel()), tuple(h.get_facecolor().ravel())) for h in legend[:10]
    ]
    assert len(set(looks)) == 10


def test_boxes_are_pushed_apart_and_free_ones_stay():
    centres = np.array([[0.5, 0.5], [0.5, 0.5], [0.5, 0.52], [0.1, 0.9]])
    sizes = np.full((4, 2), 0.1)
    moved = apart(centres, sizes)
    heights = np.sort(moved[:3, 1])
    assert (np.diff(heights) >= 0.1 - 1e-6).all()
    np.testing.assert_array_equal(moved[3], centres[3])
    np.testing.assert_array_equal(moved[:, 0], centres[:, 0])


@pytest.mark.parametrize("count", [20, 80, 2000])
def test_no_fault_is_found_and_few_points_are_large(count):
    drawn = figure(count=count)
    assert faults(drawn) == []
    sizes = [
        c.get_sizes().max() for axes in drawn.axes for c in axes.collections if len(c.get_offsets())
    ]
    assert min(sizes) >= 7  # square points: a dot of at least 2.6 points
    assert (max(sizes) > 30) == (count <= 80)


def test_a_name_moves_off_the_points_where_it_can():
    points = 0.5 + 0.02 * np.random.default_rng(0).normal(size=(50, 2))
    size = np.array([[0.1, 0.04]])
    (place,) = free_places(np.array([[0.5, 0.5]]), size, points)
    assert not (np.abs(points - place) < size / 2).all(1).any()
    assert 0 < np.linalg.norm(place - 0.5) < 0.2
    (alone,) = free_places(np.array([[0.5, 0.5]]), size, np.zeros((1, 2)))
    np.testing.assert_array_equal(alone, [0.5, 0.5])
