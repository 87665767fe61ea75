from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from grevy.classifier.classifier import Classifier
from grevy.classifier.of_module import classifier_of_module
from grevy.errors import ClassNotFoundError, LayerNotFoundError, NotFiniteError, UsageError
from grevy.figures.scale import NO_EVIDENCE
from grevy.inspection.look import look
from grevy.inspection.overview import CHANNELS, CLASSES, OverviewView

PICTURE = np.random.default_rng(0).integers(0, 256, (12, 12, 3), np.uint8)
NAMES = ("ant", "bee", "cat", "dog", "elk", "fox")


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 12, 3, padding=1)
        self.last = nn.Conv2d(12, 11, 3)
        self.relu = nn.ReLU(inplace=True)
        self.linear = nn.Linear(11, 6)

    def forward(self, images_BCHW: torch.Tensor) -> torch.Tensor:
        maps_BCHW = self.relu(self.last(self.relu(self.first(images_BCHW))))
        return self.linear(maps_BCHW.mean((2, 3)))


@pytest.fixture
def classifier() -> Classifier:
    torch.manual_seed(0)
    return classifier_of_module(Network(), (3, 12, 12), classes=NAMES, name="network")


def logits(classifier: Classifier) -> np.ndarray:
    with torch.no_grad():
        return classifier.model(classifier.prepare(PICTURE).images_NCHW)[0].double().numpy()


def classes_shown(view: OverviewView) -> list[str]:
    return [tile.title for tile in view.sheet().rows[0][1:]]


def test_the_prediction_is_told_with_the_most_probable_classes(classifier: Classifier) -> None:
    view = look(PICTURE, model=classifier, method="overview")
    logits_K = logits(classifier)
    expected_K = np.exp(logits_K) / np.exp(logits_K).sum()
    order = np.argsort(-expected_K)[:CLASSES]
    assert [name for name, _ in view.probabilities()] == [NAMES[i] for i in order]
    assert [part for _, part in view.probabilities()] == pytest.approx(expected_K[order], rel=1e-5)
    assert view.as_json()["predicted"][NAMES[order[0]]] == view.probabilities()[0][1]
    assert f"it says {NAMES[order[0]]}" in view.sheet().rows[0][0].numbers
    assert view.lines[0].startswith(f"Most probable: {NAMES[order[0]]} 0.")


def test_the_channels_that_answer_most_are_shown(classifier: Classifier) -> None:
    view = look(PICTURE, model=classifier, method="overview")
    for maps, shown in (("maps_NCHW", "shown_S"), ("last_maps_NCHW", "last_shown_S")):
        strongest_C = view.arrays[maps][0].max((1, 2)).argsort()[::-1]
        assert view.arrays[shown].tolist() == strongest_C[:CHANNELS].tolist()
    picture, filters, first, last = view.sheet().rows
    assert [len(row) for row in (filters, first, last)] == [CHANNELS] * 3
    np.testing.assert_array_equal(picture[0].picture_HW3, PICTURE)


def test_the_class_map_of_the_true_class_stands_beside_the_predicted_one(
    classifier: Classifier,
) -> None:
    predicted = NAMES[logits(classifier).argmax()]
    other = next(name for name in NAMES if name != predicted)
    view = look(PICTURE, model=classifier, method="overview", class_name=other)
    assert classes_shown(view) == [f"for {predicted}", f"for {other}"]
    assert view.arrays["class_maps_MHW"].shape[0] == 2
    assert view.scale.high == pytest.approx(view.arrays["class_maps_MHW"].max())
    assert f"The true class is {other}." in view.lines[0]
    right = look(PICTURE, model=classifier, method="overview", class_name=predicted)
    assert classes_shown(right) == [f"for {predicted}"]
    with pytest.raises(ClassNotFoundError, match="bee"):
        look(PICTURE, model=classifier, method="overview", class_name="bea")


def test_each_class_map_tells_its_raw_maximum_or_that_there_is_no_evidence(
    classifier: Classifier,
) -> None:
    least = int(logits(classifier).argmin())
    with torch.no_grad():
        classifier.model.linear.weight[least] = -1
    view = look(PICTURE, model=classifier, method="overview", class_name=least)
    predicted, true = view.sheet().rows[0][1:]
    assert "maximum " in predicted.numbers
    assert NO_EVIDENCE in true.numbers
    assert any(f"({NAMES[least]}): {NO_EVIDENCE}" in note for note in view.notes)


def test_the_class_maps_stand_beside_their_checks(classifier: Classifier) -> None:
    view = look(PICTURE, model=classifier, method="overview", class_name=0)
    names = {check.name for check in view.checks}
    assert {"completeness gap", "randomised weights", "edge detector"} <= names
    assert all(any(check.text in line for line in view.lines) for check in view.checks)


def test_every_kind_of_value_has_its_scale_on_the_page(classifier: Classifier) -> None:
    class_maps, first, last = look(PICTURE, model=classifier, method="overview").sheet().scales
    assert class_maps.note.startswith("Class maps")
    assert [scale.note.split(":")[0] for scale in (first, last)] == ["Activations"] * 2


def test_no_class_is_predicted_from_logits_that_are_nan(classifier: Classifier) -> None:
    with torch.no_grad():
        classifier.model.linear.bias[1] = torch.nan
    with pytest.raises(NotFiniteError, match="first behind layer 'linear'"):
        look(PICTURE, model=classifier, method="overview")


def test_it_shows_the_channels_of_another_view_in_its_order(classifier: Classifier) -> None:
    wanted = look(
        PICTURE, model=classifier, method="overview", first_channels=(3, 1), last_channels=(2,)
    )
    again = look(PICTURE, model=classifier, **wanted.choices)
    assert again.arrays["shown_S"].tolist() == [3, 1]
    assert again.arrays["last_shown_S"].tolist() == [2]


def test_one_picture_and_a_network_with_convolutions_are_needed(classifier: Classifier) -> None:
    with pytest.raises(UsageError, match="2 pictures"):
        look([PICTURE, PICTURE], model=classifier, method="overview")
    flat = nn.Sequential(nn.Flatten(), nn.Linear(432, 2))
    with pytest.raises(LayerNotFoundError, match="no convolution"):
        look(PICTURE, model=classifier_of_module(flat, (3, 12, 12)), method="overview")


def test_the_page_says_its_method_layer_and_class_and_asks_first(classifier: Classifier) -> None:
    view = look(PICTURE, model=classifier, method="overview", class_name=0)
    asked, *others = view.sheet().bands
    assert f"HiResCAM at {view.layer}" in asked.title
    assert view.layer.partition("#")[0] in dict(classifier.model.named_modules())
    assert asked.over
    assert asked.inches > 2
    assert not any(band.inches for band in others)
    assert all(band.scale is not None for band in (asked, *others[1:]))
    assert "Last convolution, last" in others[-1].title


def test_little_is_written_on_the_page_and_all_is_told(classifier: Classifier) -> None:
    view = look(PICTURE, model=classifier, method="overview", class_name=0)
    sheet = view.sheet()
    assert len(sheet.lines) + len(sheet.notes) <= 3
    assert len(view.lines) + len(view.notes) > 8
