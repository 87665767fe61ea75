"""One call for every way to look; what it can't do is refused, not left out in silence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from grevy.classifier.classifier import Classifier
from grevy.classifier.named import NamedModel, classifier_of_model
from grevy.classifier.of_module import classifier_of_module
from grevy.errors import (
    DifferentNetworksError,
    LayerNotFoundError,
    ModelArgumentError,
    UnknownModelError,
    UsageError,
)
from grevy.inspection.activations import ActivationsView
from grevy.inspection.attribution.view import AttributionView
from grevy.inspection.difference import DifferenceView
from grevy.inspection.filters import FiltersView
from grevy.inspection.filters_and_activations import FiltersAndActivationsView
from grevy.inspection.look import look
from grevy.inspection.overview import OverviewView
from grevy.models import build_model

PICTURE = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)


@pytest.fixture
def classifier() -> Classifier:
    torch.manual_seed(0)
    return classifier_of_module(build_model("base", (3, 32, 32), 10), (3, 32, 32), name="one")


@pytest.mark.parametrize(
    ("pictures", "question", "kind"),
    [
        (PICTURE, {}, OverviewView),
        (PICTURE, {"layer": "conv2"}, ActivationsView),
        (PICTURE, {"layer": "conv1", "channels": (3, 1)}, FiltersAndActivationsView),
        (PICTURE, {"layer": "conv2", "channels": (3, 1)}, ActivationsView),
        (None, {"layer": "conv1"}, FiltersView),
        (PICTURE, {"method": "gradcam"}, AttributionView),
    ],
)
def test_each_question_has_its_view(
    pictures: Any, question: dict[str, Any], kind: type, classifier: Classifier
) -> None:
    assert type(look(pictures, model=classifier, **question)) is kind


def test_what_is_wanted_reaches_the_inspector(classifier: Classifier) -> None:
    sorted_ = look(PICTURE, model=classifier, layer="conv2", sort="maximum")
    assert sorted_.order == "maximum"
    chosen = look(PICTURE, model=classifier, layer="conv1", channels=(3, 1))
    assert chosen.arrays["shown_S"].tolist() == [3, 1]
    explained = look(PICTURE, model=classifier, method="hirescam", layer="conv2", class_name="7")
    assert explained.explained[0].class_name == "7"
    assert "'conv2'" in explained.notes[0]
    assert look(PICTURE, model=classifier, class_name=4).true_class == "4"


def test_the_seed_reaches_the_inspector(classifier: Classifier) -> None:
    def seen(seed: int) -> np.ndarray:
        return look(PICTURE, model=classifier, method="smoothgrad", seed=seed).arrays["maps_NHW"]

    np.testing.assert_array_equal(seen(1), seen(1))
    assert not np.array_equal(seen(1), seen(2))


def test_two_networks_are_asked_about_the_class_that_the_first_predicts(
    classifier: Classifier,
) -> None:
    torch.manual_seed(1)
    model = build_model("base", (3, 32, 32), 10)
    predicted = look(PICTURE, model=classifier, method="gradcam").explained[0].predicted
    with torch.no_grad():
        model.linear2.bias[(int(predicted) + 1) % 10] += 100
    other = classifier_of_module(model, (3, 32, 32), name="two")
    view = look(PICTURE, model=classifier, other=other, method="gradcam")
    assert type(view) is DifferenceView
    for part in (view.first, view.second):
        assert part.explained[0].class_name == predicted
    assert view.second.explained[0].predicted != predicted
    small = classifier_of_module(build_model("base", (3, 16, 16), 10), (3, 16, 16))
    with pytest.raises(DifferentNetworksError):
        look(PICTURE, model=classifier, other=small, layer="conv1")


def test_two_networks_are_not_asked_about_several_classes_at_once() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(3 * 8 * 8, 2))
    with torch.no_grad():
        model[1].weight.copy_(torch.tensor([[1.0], [-1.0]]).expand(2, 192))
        model[1].bias.copy_(torch.tensor([-96.0, 96.0]))
    classifier = classifier_of_module(model, (3, 8, 8))
    dark_and_light = np.stack([np.full((8, 8, 3), value, np.uint8) for value in (0, 255)])
    asked = {"model": classifier, "other": classifier, "method": "gradient"}
    with pytest.raises(UsageError, match="name it with --class"):
        look(dark_and_light, **asked)
    assert look(dark_and_light, **asked, class_name=1).first.explained[0].class_name == "1"


def test_a_module_and_a_name_are_looked_into_too() -> None:
    model = nn.Sequential(nn.Conv2d(3, 2, 3), nn.Flatten(), nn.Linear(72, 4))
    view = look(PICTURE, model=model, input_shape=(3, 8, 8), layer="0")
    assert view.arrays["maps_NCHW"].shape == (1, 2, 6, 6)
    named = look(PICTURE, model="base", classes=4, input_shape=(3, 16, 16), layer="linear2")
    assert named.arrays["activations_NC"].shape == (1, 4)
    assert any("weights are random" in note for note in named.notes)
    with pytest.raises(UnknownModelError, match="base"):
        look(PICTURE, model="bsae")


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ({"layer": "conv1", "class_name": 3}, "--class with --layer and no --method"),
        ({"channels": (1,)}, "--channels without --layer"),
        ({"channels": (1,), "layer": "conv1", "method": "gradcam"}, "--channels with --method"),
        ({"method": "magic"}, "no method 'magic'"),
        ({"method": "occlusion", "layer": "conv1"}, "--layer is read by .*gradcam.*hirescam"),
        ({"weights": Path("w.safetensors")}, "--weights for a classifier"),
        ({"pretrained": True}, "--pretrained for a classifier"),
        ({"classes": 3}, "--classes for a classifier"),
        ({"input_shape": (3, 8, 8)}, "--input for a classifier"),
        ({"snapshot": "last"}, "--snapshot for a classifier"),
        ({"other_snapshot": "last"}, "--other-snapshot last for a model without a run"),
        ({"run": "somewhere"}, "both a run and a model"),
    ],
)
def test_what_does_not_apply_is_refused(
    question: dict[str, Any], said: str, classifier: Classifier
) -> None:
    with pytest.raises(UsageError, match=said):
        look(PICTURE, model=classifier, **question)


def test_a_classifier_beside_it_has_no_other_snapshot(classifier: Classifier) -> None:
    asked = {"model": classifier, "other": classifier, "layer": "conv1", "method": "activations"}
    with pytest.raises(UsageError, match="--other-snapshot last for a classifier"):
        look(PICTURE, **asked, other_snapshot="last")


def test_a_module_takes_an_input_shape_but_no_weights() -> None:
    model = nn.Sequential(nn.Conv2d(3, 2, 3), nn.Flatten(), nn.Linear(72, 4))
    with pytest.raises(UsageError, match="--partial for a module"):
        look(PICTURE, model=model, input_shape=(3, 8, 8), partial=True)


def test_a_module_without_an_input_shape_is_refused_as_grevy_open_does() -> None:
    model = nn.Sequential(nn.Conv2d(3, 2, 3), nn.Flatten(), nn.Linear(1800, 4))
    with pytest.raises(UsageError, match="a module without input_shape"):
        look(PICTURE, model=model)
    assert look(PICTURE, model=model, input_shape=(3, 32, 32)).as_json()


def test_a_directory_with_the_name_of_a_model_is_not_taken_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("base").mkdir()
    assert look(PICTURE, model="base", layer="linear2").arrays["activations_NC"].shape == (1, 10)


def test_a_run_takes_neither_weights_nor_classes() -> None:
    with pytest.raises(UsageError, match="--classes for a run"):
        look(PICTURE, run="nowhere", classes=3)


def test_something_to_look_at_is_needed(classifier: Classifier) -> None:
    with pytest.raises(UsageError, match="no picture and no layer"):
        look(model=classifier)
    with pytest.raises(UsageError, match="--method gradcam without a picture"):
        look(model=classifier, method="gradcam")
    with pytest.raises(UsageError, match="neither a run nor a model"):
        look(PICTURE)
    with pytest.raises(LayerNotFoundError, match="conv1"):
        look(PICTURE, model=classifier, layer="conv11")


def test_two_sources_of_weights_and_classes_for_a_zoo_are_refused() -> None:
    with pytest.raises(ModelArgumentError, match="one of them"):
        classifier_of_model(NamedModel("base", Path("w.safetensors"), pretrained=True))
    with pytest.raises(ModelArgumentError, match="a zoo's network has its own"):
        classifier_of_model(NamedModel("timm:resnet18", classes=3))


def test_1000_classes_are_taken_for_imagenets_and_others_for_nothing() -> None:
    large = classifier_of_model(NamedModel("resnet18"))
    assert large.preprocessing.shape == (3, 224, 224)
    assert large.preprocessing.mean == (0.485, 0.456, 0.406)
    assert any("ImageNet weights of resnet18" in note for note in large.notes)
    small = classifier_of_model(NamedModel("resnet18", classes=7))
    assert small.preprocessing.shape == (3, 32, 32)
    assert small.preprocessing.mean == (0, 0, 0)
    assert small.classes == tuple("0123456")
    assert any("numbers from 0 to 1" in note for note in small.notes)
