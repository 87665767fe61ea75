import numpy as np
import pytest
from sklearn.metrics import confusion_matrix as sklearn_confusion_matrix
from sklearn.metrics import recall_score

from grevy.errors import InputError
from grevy.figures.confusion import confusion_matrix, draw_confusion, recalls


def random_counts(classes, n=2000, seed=0):
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, classes, n)
    right = generator.random(n) < 0.7
    return confusion_matrix(labels, np.where(right, labels, (labels + 1) % classes), classes)


@pytest.mark.parametrize("classes", [2, 3, 10, 100])
def test_counts_and_recalls_agree_with_scikit_learn(classes):
    generator = np.random.default_rng(classes)
    labels, predictions = generator.integers(0, classes, (2, 3000))
    counts = confusion_matrix(labels, predictions, classes)
    assert (counts == sklearn_confusion_matrix(labels, predictions, labels=range(classes))).all()
    assert recalls(counts) == pytest.approx(recall_score(labels, predictions, average=None))


def test_rows_are_true_classes_and_columns_predicted_ones():
    assert confusion_matrix(np.array([0, 0, 1]), np.array([0, 1, 1]), 3).tolist() == [
        [1, 1, 0],
        [0, 1, 0],
        [0, 0, 0],
    ]


@pytest.mark.parametrize(("labels", "predictions"), [([0, 3], [0, 0]), ([0, 1], [0, -1])])
def test_a_class_outside_the_range_is_refused(labels, predictions):
    with pytest.raises(InputError, match="among 3 classes"):
        confusion_matrix(np.array(labels), np.array(predictions), 3)


def test_labels_and_predictions_of_different_length_are_refused():
    with pytest.raises(InputError, match="2 labels and 3 predictions"):
        confusion_matrix(np.array([0, 1]), np.array([0, 1, 1]), 2)


def test_names_must_be_as_many_as_classes():
    with pytest.raises(InputError, match="2 class names"):
        draw_confusion(np.eye(3, dtype=int), ["a", "b"], "test")


def test_colour_is_the_part_of_the_row_and_the_title_has_accuracy_and_n(seen):
    figure = draw_confusion(np.array([[90, 10], [2, 2]]), ["cat", "dog"], "test")
    shares = figure.axes[0].images[0].get_array()
    assert shares.tolist() == [[0.9, 0.1], [0.5, 0.5]]
    words = seen(figure).words()
    assert "Confusion on test: accuracy 88.46 % (92 of 104 pictures)" in words
    assert "90.0 %" in words
    assert "50.0 %" in words


def test_counts_are_written_up_to_twenty_classes():
    for classes, expected in ((2, 4), (20, 400), (21, 0)):
        counts = random_counts(classes)
        axes = draw_confusion(counts, [f"c{i}" for i in range(classes)], "test").axes[0]
        assert len(axes.texts) == expected
        assert [int(t.get_text().replace(",", "")) for t in axes.texts] == (
            counts.ravel().tolist() if expected else []
        )


@pytest.mark.parametrize("classes", [2, 10, 20, 100])
@pytest.mark.parametrize("name", ["c{}", "species number {:03d} of the northern lakes"])
def test_every_class_is_named_at_both_sides_with_nothing_cut_or_overlapping(classes, name, seen):
    names = [name.format(i) for i in range(classes)]
    figure = draw_confusion(random_counts(classes), names, "validation")
    view = seen(figure)
    rows, columns = figure.axes[0].get_yticklabels(), figure.axes[0].get_xticklabels()
    for labels in (rows, columns):
        assert [" ".join(label.get_text().split()) for label in labels] == names
        assert min(label.get_size() for label in labels) > 6.5
        assert view.overlapping(list(labels)) == []
    assert not view.cut()


def test_a_thousand_classes_are_drawn_and_the_unnamed_ones_admitted(seen):
    figure = draw_confusion(random_counts(1000), [f"c{i}" for i in range(1000)], "test")
    view = seen(figure)
    assert len(figure.axes[0].get_yticklabels()) == 100
    assert "One class in 10 is named." in view.words()
    assert max(view.pixels.shape) < 4000


def test_a_class_without_a_picture_has_no_recall_and_no_colour(seen):
    figure = draw_confusion(np.array([[3, 1], [0, 0]]), ["cat", "dog"], "test")
    assert np.ma.getmaskarray(figure.axes[0].images[0].get_array())[1].all()
    words = seen(figure).words()
    assert "1 of 2 classes without a picture" in words
    assert "no picture" in words


def test_an_empty_split_is_drawn_as_such(seen):
    figure = draw_confusion(np.zeros((2, 2), dtype=int), ["cat", "dog"], "test")
    assert "Confusion on test: no picture" in seen(figure).words()
