from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from grevy.errors import ModelArgumentError
from grevy.models.survey.layers import layers


class Around(nn.Module):
    """A module with something done before and after it."""

    def __init__(self, inner, before=lambda x: x, after=lambda y: y):
        super().__init__()
        self.inner, self.before, self.after = inner, before, after

    def forward(self, image_BCHW: Tensor):
        return self.after(self.inner(self.before(image_BCHW)))


def small():
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 30 * 30, 4))


def rows_as_tokens(image_BCHW):
    return image_BCHW.transpose(1, 2).flatten(2)


def patches_as_tokens(image_BCHW):
    return image_BCHW.flatten(2).transpose(1, 2)


@pytest.mark.parametrize("precision", [torch.bfloat16, torch.float16, torch.float64])
def test_a_network_of_any_precision_gets_a_picture_of_its_own(precision):
    table = layers(small().to(precision))
    assert table.failure is None
    assert table.total_macs == layers(small()).total_macs


def test_an_lstm_has_the_products_of_every_step():
    table = layers(Around(nn.LSTM(96, 8, 2, batch_first=True), rows_as_tokens))
    assert table.total_macs == 32 * (4 * 8 * (96 + 8) + 4 * 8 * (8 + 8))
    assert str(table.layers[0].macs) == "32·96·32 + 64·8·32 + 32·8·32 = 122,880"


def test_attention_in_evaluation_mode_is_counted_and_sees_the_whole_picture():
    encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(16, 2, 32, batch_first=True), 1)
    table = layers(nn.Sequential(nn.Conv2d(3, 16, 4, 4), Around(encoder, patches_as_tokens)))
    attention = next(row for row in table.layers if row.name.endswith("self_attn"))
    assert attention.macs.value == 4 * 64 * 16 * 16 + 2 * 64 * 64 * 16
    assert attention.sees_all


def test_fused_kernels_are_switched_on_again():
    switches = (
        torch.backends.mha.get_fastpath_enabled,
        torch._C._get_mkldnn_enabled,
        torch._C._get_cudnn_enabled,
    )
    before = [enabled() for enabled in switches]
    layers(small())
    assert [enabled() for enabled in switches] == before
    assert any(before)


def test_lazy_layers_get_their_shapes_in_a_copy():
    network = nn.Sequential(nn.LazyConv2d(8, 3), nn.ReLU(), nn.Flatten(), nn.LazyLinear(4))
    assert layers(network).total_parameters == layers(small()).total_parameters
    assert network[0].has_uninitialized_params()


def test_lazy_layers_that_cannot_be_copied_say_what_to_do():
    with pytest.raises(ModelArgumentError, match=r"model\(torch.zeros\(1, 3, 32, 32\)\)"):
        layers(nn.Sequential(nn.LazyConv2d(8, 3), nn.LazyBatchNorm2d()))


@pytest.mark.filterwarnings("ignore")
def test_a_scripted_network_is_refused_in_one_line():
    with pytest.raises(ModelArgumentError, match=r"before torch\.jit"):
        layers(torch.jit.script(small()))


def test_a_compiled_network_has_the_same_layers():
    table = layers(torch.compile(small()))
    assert [row.macs for row in table.layers] == [row.macs for row in layers(small()).layers]


@pytest.mark.parametrize(
    "after",
    [
        lambda y: y if y.mean() > 0 else -y,
        lambda y: y[y > 0],
        lambda y: torch.tensor(y.numpy()),
    ],
)
def test_a_network_that_looks_at_values_is_run_on_a_black_picture_and_says_so(after):
    table = layers(Around(nn.Conv2d(3, 4, 3), after=after))
    assert table.failure is None
    assert table.total_macs == 3 * 3 * 3 * 4 * 30 * 30
    assert table.as_json()["with_data"]
    assert "black picture" in str(table)


def test_a_detector_has_all_its_parameters_in_the_rows():
    detection = pytest.importorskip("torchvision.models.detection")
    network = detection.ssdlite320_mobilenet_v3_large(weights=None, weights_backbone=None)
    table = layers(network, (3, 64, 64))
    assert table.failure is None
    assert sum(row.parameters.value for row in table.layers) == table.total_parameters


def test_rows_add_up_where_a_weight_is_parametrised():
    norm = torch.nn.utils.parametrizations.weight_norm
    table = layers(nn.Sequential(norm(nn.Conv2d(3, 4, 3)), nn.Conv2d(4, 4, 3)))
    assert sum(row.parameters.value for row in table.layers) == table.total_parameters


def test_tied_weights_count_once():
    first, second = nn.Linear(32, 32, bias=False), nn.Linear(32, 32, bias=False)
    second.weight = first.weight
    table = layers(nn.Sequential(first, second))
    assert table.total_parameters == 1024
    assert [row.parameters.value for row in table.layers] == [1024, 0]


@pytest.mark.parametrize("network", [nn.Identity(), nn.Sequential(nn.ReLU(), nn.MaxPool2d(2))])
def test_a_network_without_parameters_has_a_table(network):
    assert "Total: 0 parameters" in str(layers(network))


@pytest.mark.parametrize("after", [lambda y: {"a": y}, lambda y: (y, [y])])
def test_outputs_may_be_nested(after):
    assert layers(Around(nn.Conv2d(3, 4, 3), after=after)).total_parameters == 112


def test_convolutions_of_one_and_three_dimensions_are_counted():
    line = Around(nn.Conv1d(3, 8, 5, 2), before=lambda x: x.flatten(2))
    assert layers(line).total_macs == 5 * 3 * 8 * 510
    volume = Around(nn.Conv3d(1, 8, 3, padding=1), before=lambda x: x[:, None])
    assert layers(volume).total_macs == 27 * 8 * 3 * 32 * 32
    assert layers(volume).layers[0].receptive_field == (3, 3)


def test_a_layer_whose_children_are_not_called_is_listed():
    class Functional(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Linear(4, 4)

        def forward(self, x):
            return torch.relu(x)

    table = layers(nn.Sequential(nn.ReLU(), Functional()))
    assert [row.name for row in table.layers] == ["0", "1", "1.inner"]
    assert "?" not in str(table).split("Total")[0]
