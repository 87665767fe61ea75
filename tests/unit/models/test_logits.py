"""The logits of a network, whatever it puts them into."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import grevy
from grevy.errors import ModelArgumentError
from grevy.models.logits import logits_in
from grevy.models.registry import build_model

LOGITS, FEATURES, MAPS = torch.ones(2, 5), torch.zeros(2, 8), torch.zeros(2, 3, 4, 4)
SHAPE = (3, 12, 12)
PICTURE = np.random.default_rng(0).integers(0, 256, (12, 12, 3), np.uint8)

Two = namedtuple("Two", "logits aux")


@dataclass
class Output:
    loss: Tensor | None
    logits: Tensor
    hidden: tuple[Tensor, ...] = ()


class Own:
    def __init__(self, logits: Tensor) -> None:
        self.logits = logits


class Hugging(OrderedDict):  # type: ignore[type-arg]
    """A dictionary with attributes, as Hugging Face's outputs are."""


@pytest.mark.parametrize(
    "output",
    [
        LOGITS,
        LOGITS[:, :, None, None],
        (LOGITS,),
        [LOGITS, FEATURES],
        (LOGITS, LOGITS + 1),
        (MAPS, LOGITS),
        Two(LOGITS, LOGITS + 1),
        {"logits": LOGITS, "features": FEATURES},
        {"scores": LOGITS, "maps": MAPS},
        Output(None, LOGITS, (MAPS,)),
        Hugging(loss=None, logits=LOGITS, hidden=FEATURES),
        Own(LOGITS),
    ],
)
def test_logits_are_found(output: Any) -> None:
    assert torch.equal(logits_in(output), LOGITS)


@pytest.mark.parametrize("output", [(FEATURES, LOGITS), {"f": FEATURES, "y": LOGITS}])
def test_the_number_of_classes_tells_logits_from_features(output: Any) -> None:
    assert torch.equal(logits_in(output, classes=5), LOGITS)


@pytest.mark.parametrize(
    ("output", "told"),
    [
        ({"fine": LOGITS, "coarse": FEATURES}, "fine and coarse may be the logits"),
        ((MAPS, FEATURES, LOGITS), r"\[1\] and \[2\] may be the logits"),
        ((MAPS,), r"a tuple of \[0\] \(2, 3, 4, 4\), in which nothing is \[B, K\]"),
        (None, "a NoneType, in which nothing"),
        ({"labels": torch.ones(2, 5, dtype=torch.int64)}, r"nothing is \[B, K\]"),
    ],
)
def test_doubtful_outputs_are_refused_with_what_they_hold(output: Any, told: str) -> None:
    with pytest.raises(ModelArgumentError, match=f"{told}.*return the logits alone"):
        logits_in(output)


class Network(nn.Module):
    def __init__(self, classes: int = 5, wrap: Callable[..., Any] = lambda y, v, f: y) -> None:
        super().__init__()
        self.conv, self.linear, self.wrap = nn.Conv2d(3, 8, 3), nn.Linear(8, classes), wrap

    def forward(self, images_BCHW: Tensor) -> Any:
        maps_BCHW = self.conv(images_BCHW).relu()
        features_BC = maps_BCHW.mean((2, 3))
        return self.wrap(self.linear(features_BC), features_BC, maps_BCHW)


WRAPS = {
    "tuple": lambda y, v, f: (y, v),
    "dictionary": lambda y, v, f: {"logits": y, "features": v},
    "dataclass": lambda y, v, f: Output(None, y, (f,)),
    "places": lambda y, v, f: y[:, :, None, None],
}


@pytest.mark.parametrize("wrap", WRAPS.values(), ids=WRAPS)
def test_layers_look_and_predict_take_the_logits_and_leave_the_network(wrap: Any) -> None:
    network, plain = Network(wrap=wrap), Network()
    plain.load_state_dict(network.state_dict())
    view = grevy.look(PICTURE, model=network, input_shape=SHAPE, method="gradcam")
    same = grevy.look(PICTURE, model=plain, input_shape=SHAPE, method="gradcam")
    np.testing.assert_array_equal(view.arrays["maps_NHW"], same.arrays["maps_NHW"])
    classifier = grevy.open(network, input_shape=SHAPE)
    expected = grevy.open(plain, input_shape=SHAPE).predict(PICTURE)[0]
    assert classifier.predict(PICTURE)[0].probability == pytest.approx(expected.probability)
    assert not network._forward_hooks
    assert not isinstance(network(torch.zeros(1, *SHAPE)), Tensor) or wrap is WRAPS["places"]
    table = grevy.layers(network, SHAPE)
    assert table.failure is None
    assert table.total_parameters == grevy.layers(plain, SHAPE).total_parameters


def test_what_was_taken_for_the_logits_is_said() -> None:
    (note,) = grevy.open(Network(wrap=WRAPS["tuple"]), input_shape=SHAPE).notes
    assert (
        "tuple of [0] (1, 5), [1] (1, 8): [0] is taken for the logits of 5 classes"
        in note.replace("\N{NO-BREAK SPACE}", " ")
    )
    assert grevy.open(Network(), input_shape=SHAPE).notes == ()


def test_probabilities_that_are_taken_for_logits_are_said() -> None:
    network = Network(wrap=lambda y, v, f: y.softmax(1))
    (note,) = grevy.open(network, input_shape=SHAPE).notes
    assert "puts out probabilities" in note


@pytest.mark.parametrize("wrap", WRAPS.values(), ids=WRAPS)
def test_a_network_that_is_built_puts_out_its_logits_in_training_too(
    wrap: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from grevy.models import registry

    monkeypatch.setitem(registry._builders, "wrapped", lambda _, classes: Network(classes, wrap))
    network = build_model("wrapped", SHAPE, 4)
    assert network.train()(torch.zeros(2, *SHAPE)).shape == (2, 4)
    assert set(network.state_dict()) == set(Network().state_dict())


def test_outputs_for_help_in_training_are_left_out() -> None:
    class Helped(Network):
        def forward(self, images_BCHW: Tensor) -> Any:
            logits = super().forward(images_BCHW)
            return Two(logits, 2 * logits) if self.training else logits

    from grevy.models.own.adapt import OwnBuilder
    from grevy.models.registry import known

    with known({"helped": OwnBuilder(Helped, "helped")}):
        network = build_model("helped", SHAPE, 4)
    images = torch.ones(2, *SHAPE)
    assert torch.equal(network.train()(images), network.eval()(images))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("wrap", ["none", "tuple"])
def test_scripted_and_traced_networks_predict_and_are_not_looked_into(wrap: str) -> None:
    network = Network(wrap=WRAPS.get(wrap, lambda y, v, f: y)).eval()
    traced = torch.jit.trace(network, torch.zeros(1, *SHAPE))
    expected = grevy.open(network, input_shape=SHAPE).predict(PICTURE)[0]
    found = grevy.open(traced, input_shape=SHAPE).predict(PICTURE)[0]
    assert found.probability == pytest.approx(expected.probability)
    for method in ("gradcam", "gradient", "occlusion"):
        with pytest.raises(ModelArgumentError, match="a scripted or traced network, which hides"):
            grevy.look(PICTURE, model=traced, input_shape=SHAPE, method=method)
