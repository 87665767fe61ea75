"""Layers have an address, also where a module is called more than once."""

from __future__ import annotations

import pytest
import torch.nn.functional as F
from torch import Tensor, nn

from grevy.classifier.classifier import Classifier
from grevy.classifier.of_module import classifier_of_module
from grevy.errors import LayerNotFoundError, ModelArgumentError
from grevy.inspection.addresses import find_layer
from grevy.inspection.layers import LayerInfo, convolutions, layer_list
from grevy.records.preprocessing import Preprocessing


class Twice(nn.Module):
    """One convolution called twice, a block, and a layer that is never called."""

    def __init__(self) -> None:
        super().__init__()
        self.block = nn.Sequential(nn.Conv2d(3, 3, 3, padding=1), nn.ReLU(inplace=True))
        self.unused = nn.Conv2d(3, 3, 1)
        self.head = nn.Linear(3, 2)

    def forward(self, images_BCHW: Tensor) -> Tensor:
        once = self.block(images_BCHW)
        return self.head(F.max_pool2d(self.block(once), 2).mean((2, 3)))


@pytest.fixture
def classifier() -> Classifier:
    return classifier_of_module(Twice(), (3, 8, 8), name="twice")


def test_all_calls_are_listed_with_type_and_shape(classifier: Classifier) -> None:
    assert layer_list(classifier) == (
        LayerInfo("block.0", "Conv2d", (3, 8, 8)),
        LayerInfo("block.1", "ReLU", (3, 8, 8)),
        LayerInfo("block", "Sequential", (3, 8, 8)),
        LayerInfo("block.0#2", "Conv2d", (3, 8, 8)),
        LayerInfo("block.1#2", "ReLU", (3, 8, 8)),
        LayerInfo("block#2", "Sequential", (3, 8, 8)),
        LayerInfo("head", "Linear", (2,)),
    )


def test_convolutions_are_those_that_are_called(classifier: Classifier) -> None:
    assert [info.name for info in convolutions(classifier)] == ["block.0"]


def test_an_address_names_module_and_call(classifier: Classifier) -> None:
    block = classifier.model.get_submodule("block")
    assert find_layer(classifier.model, "block") == (block, 0)
    assert find_layer(classifier.model, "block#1") == (block, 0)
    assert find_layer(classifier.model, "block#2") == (block, 1)


@pytest.mark.parametrize(
    ("wrong", "nearest"),
    [("blocks", "block"), ("hed", "head"), ("", "block"), ("block#0", "block"), ("block#x", "bl")],
)
def test_an_unknown_layer_lists_the_nearest_names(
    classifier: Classifier, wrong: str, nearest: str
) -> None:
    with pytest.raises(LayerNotFoundError, match=f"no layer '{wrong}'; expected {nearest}"):
        find_layer(classifier.model, wrong)


def test_a_part_of_a_name_finds_the_whole() -> None:
    model = nn.ModuleDict({"layer1": nn.ModuleDict({"stem_convolution": nn.Conv2d(3, 3, 1)})})
    with pytest.raises(LayerNotFoundError, match=r"expected layer1\.stem_convolution;"):
        find_layer(model, "stem")


def test_a_network_that_fails_says_so() -> None:
    preprocessing = Preprocessing(1, 8, 8, "crop", (0.0,), (1.0,))
    with pytest.raises(ModelArgumentError, match="fails on a picture of 1×8×8"):
        layer_list(Classifier(Twice(), preprocessing, ("a", "b"), "twice"))
