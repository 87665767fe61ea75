from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

import grevy
from grevy.errors import MissingPackageError, ModelArgumentError, UnknownModelError
from grevy.models.survey.layers import layers


def test_base_has_the_parameters_of_the_assignment():
    table = layers("base", (3, 32, 32))
    with_parameters = [row for row in table.layers if row.parameters.value]
    assert [row.parameters.value for row in with_parameters] == [2432, 51264, 204928, 131136, 650]
    assert str(with_parameters[0].parameters) == "(5·5·3 + 1)·32 = 2,432"
    assert table.total_parameters == 390_410


def test_every_worked_sum_gives_its_number():
    for row in layers("net1").layers:
        for count in (row.parameters, row.macs):
            worked = count.worked.replace("·", "*").replace(",", "")
            assert eval(worked) == count.value


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("torchvision:resnet18", 11_689_512),
        ("torchvision:vgg16", 138_357_544),
        ("torchvision:resnet50", 25_557_032),
    ],
)
def test_parameters_of_known_networks(name, parameters):
    pytest.importorskip("torchvision")
    table = layers(name)
    assert table.total_parameters == parameters
    assert sum(row.parameters.value for row in table.layers) == parameters


ZOO = [
    "torchvision:resnet18",
    "torchvision:vgg16",
    "torchvision:googlenet",
    "torchvision:shufflenet_v2_x1_0",
    "timm:efficientnet_lite0",
    "timm:convnext_tiny",
    "timm:vit_tiny_patch16_224",
    "timm:swin_tiny_patch4_window7_224",
    "timm:mixer_s16_224",
    "timm:densenet121",
]


@pytest.mark.parametrize("name", ZOO)
def test_two_flops_a_mac_as_torch_counts_them(name):
    pytest.importorskip(name.partition(":")[0])
    from grevy.models.zoo import build_zoo

    model, shape = build_zoo(name)
    with torch.device("meta"):
        image = torch.zeros(1, *shape)
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        model.to("meta").eval()(image)
    table = layers(model, shape)
    counted = sum(flops for operation, flops in counter.get_flop_counts()["Global"].items())
    assert 2 * table.total_macs == counted
    assert sum(row.parameters.value for row in table.layers) == table.total_parameters


def test_transposed_and_grouped_convolutions_are_counted_as_torch_does():
    model = nn.Sequential(
        nn.Conv2d(4, 8, 3, groups=2, dilation=2),
        nn.ConvTranspose2d(8, 6, (3, 2), stride=2, output_padding=1, groups=2),
        nn.Flatten(2),
        nn.Linear(23 * 22, 5, bias=False),
    )
    shape = (4, 14, 14)
    image = torch.zeros(1, *shape)
    width = model[1](model[0](image))
    model[3] = nn.Linear(width.shape[2] * width.shape[3], 5, bias=False)
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        model(image)
    assert 2 * layers(model, shape).total_macs == counter.get_total_flops()


def test_shapes_and_memory_are_what_a_real_forward_gives():
    model = grevy.build_model("net1", (3, 32, 32), 10)
    shapes = {}
    for name, module in model.named_modules():
        module.register_forward_hook(
            lambda module, args, output, name=name: shapes.update({name: tuple(output.shape)})
        )
    model.eval()(torch.zeros(1, 3, 32, 32))
    for row in layers(model, (3, 32, 32)).layers:
        assert (1, *row.output_shape) == shapes[row.name]
        assert row.activation_bytes in (0, 4 * torch.Size(row.output_shape).numel())


def test_the_model_is_left_as_it_was():
    model = grevy.build_model("net1", (3, 32, 32), 10).train()
    model.conv2.eval()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    layers(model, (3, 32, 32))
    layers(model, (1, 32, 32))  # fails
    assert [module.training for module in model.children()].count(False) == 1
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Linear(4, 4)
        self.other = nn.Linear(4, 4)
        self.other.weight = self.one.weight
        self.scale = nn.Parameter(torch.ones(3))
        self.unused = nn.Linear(2, 2)

    def forward(self, x_BCHW: Tensor) -> Tensor:
        return self.other(self.one(x_BCHW)) * self.scale.view(-1, 1, 1)


def test_shared_parameters_count_once_and_unused_ones_are_told():
    table = layers(Tied(), (3, 4, 4))
    rows = {row.name: row for row in table.layers}
    assert rows["one"].parameters.value == 20
    assert rows["other"].parameters.value == 4
    assert rows["unused"].note == "not called by itself in evaluation"
    assert rows["(network)"].parameters.value == 3
    assert sum(row.parameters.value for row in table.layers) == table.total_parameters == 33


@pytest.mark.parametrize(
    ("model", "shape", "layer", "fits"),
    [
        ("base", (3, 4, 4), "pool3", ((3, 8, 8),)),
        (nn.Sequential(nn.Conv2d(3, 4, 5)), (1, 8, 8), "0", ((3, 8, 8),)),
        (nn.Sequential(nn.Conv2d(1, 4, 5), nn.Flatten(), nn.Linear(64, 2)), (1, 9, 9), "2",
         ((1, 8, 8),)),
        (nn.Sequential(nn.Conv2d(3, 4, 5)), (3, 2, 2), "0", ((3, 5, 5),)),
    ],
)  # fmt: skip
def test_a_failing_layer_is_named_with_what_would_fit(model, shape, layer, fits):
    table = layers(model, shape)
    assert table.failure is not None
    assert table.failure.layer == layer
    assert table.failure.fits == fits
    for fitting in fits:
        assert layers(model, fitting).failure is None
    assert f"--input {'x'.join(map(str, fits[0]))}" in str(table)


def test_the_table_of_a_failing_network_runs_up_to_the_layer():
    table = layers("base", (3, 4, 4))
    assert [row.name for row in table.layers][-1] == "relu3"


def test_a_network_that_fits_nothing_says_so():
    table = layers(nn.Sequential(nn.Conv2d(3, 4, 1), nn.Conv2d(5, 4, 1)), (3, 8, 8))
    assert table.failure.fits == ()
    assert "inconsistent" in str(table)


@pytest.mark.parametrize(
    ("model", "fits"),
    [
        (nn.Sequential(nn.Conv2d(1, 6, 5), nn.Flatten(), nn.Linear(6 * 24 * 24, 9)), (1, 28, 28)),
        (nn.Sequential(nn.Conv2d(1, 6, 5), nn.AdaptiveAvgPool2d(1)), (1, 32, 32)),
        (nn.Sequential(nn.Conv2d(7, 6, 5), nn.Flatten(), nn.Linear(6 * 60 * 60, 9)), (7, 64, 64)),
        (nn.Sequential(nn.Flatten(), nn.Linear(784, 9)), (1, 28, 28)),
        (nn.Sequential(nn.Flatten(), nn.Linear(3 * 48 * 48, 9)), (3, 48, 48)),
        (nn.Sequential(nn.Linear(13, 9)), (1, 1, 13)),
    ],
)
def test_a_network_for_other_channels_or_flat_values_is_told_its_picture(model, fits):
    table = layers(model)
    assert table.failure.fits == (fits,)
    text = " ".join(str(table).split())
    assert f"input_shape={fits}" in text
    assert "inconsistent" not in text
    assert layers(model, fits).failure is None


@pytest.mark.parametrize(
    ("model", "first"),
    [
        (nn.Sequential(nn.Conv1d(1, 8, 3)), "0 (Conv1d), which takes signals of 1 channel"),
        (nn.Sequential(nn.LSTM(28, 16)), "0 (LSTM), which takes steps of 28 values"),
    ],
)
def test_where_no_picture_fits_the_table_says_what_was_tried_and_blames_nobody(model, first):
    table = layers(model)
    text = " ".join(str(table).replace("\N{NO-BREAK SPACE}", " ").split())
    assert table.failure.tried_channels == (1, 2, 3, 4, 12)
    assert "1, 2, 3, 4 or 12 channels and a side of up to 512 pixels" in text
    assert f"Its first layer with weights is {first}." in text
    assert "input_shape=(C, H, W)" in text


def test_wrong_names_and_arguments_are_refused():
    with pytest.raises(UnknownModelError, match="net1"):
        layers("net11")
    with pytest.raises(ModelArgumentError, match="depth"):
        layers("base", depth=3)
    try:
        with pytest.raises(UnknownModelError, match="resnet18"):
            layers("timm:resnet19")
        with pytest.raises(ModelArgumentError, match="none"):
            layers("timm:resnet18", depth=3)
    except MissingPackageError:
        pytest.skip("timm is not installed")


def test_the_table_fits_80_columns_and_shows_itself_in_a_notebook():
    table = layers("base")
    assert max(map(len, str(table).splitlines())) <= 80
    assert "390,410" in table._repr_html_()
