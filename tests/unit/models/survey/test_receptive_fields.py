"""Receptive fields told by `layers` against a probe: which pixels change an output value.

The probe puts NaN into one column (row) of the picture at a time, in float64, and looks where it
arrives: an exact answer for any network, for NaN passes through every weight, also through zero.
"""

from __future__ import annotations

import random

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from grevy.models.survey.layer import Layer
from grevy.models.survey.layers import layers
from grevy.models.survey.trace import trace

SIDE = 61


class Branches(nn.Module):
    """Two ways from the same input, added, or put side by side and mixed."""

    def __init__(self, one: nn.Module, other: nn.Module, join: str) -> None:
        super().__init__()
        self.one, self.other, self.join = one, other, join
        self.mix = nn.Conv2d(4, 2, 1) if join == "cat" else nn.Identity()

    def forward(self, x_BCHW: Tensor) -> Tensor:
        one, other = self.one(x_BCHW), self.other(x_BCHW)
        return self.mix(one + other if self.join == "add" else torch.cat((one, other), 1))


def same_size(choice: random.Random, channels: int) -> nn.Module:
    kernel, dilation = choice.choice((1, 3, 5)), choice.choice((1, 2))
    padding = dilation * (kernel // 2)
    if choice.random() < 0.3:
        return nn.MaxPool2d(kernel, stride=1, padding=kernel // 2)
    return nn.Conv2d(channels, channels, kernel, padding=padding, dilation=dilation, bias=False)


def piece(choice: random.Random, channels: int) -> nn.Module:
    kind = choice.choice(("conv", "conv", "max", "average", "branches", "norm", "pad"))
    kernel, stride = choice.choice((1, 2, 3, 5)), choice.choice((1, 1, 2, 3))
    padding = choice.randrange(kernel // 2 + 1)
    if kind == "conv":
        groups, dilation = choice.choice((1, channels)), choice.choice((1, 2, 3))
        return nn.Conv2d(channels, channels, kernel, stride, choice.randrange(4), dilation, groups)
    if kind == "max":
        return nn.MaxPool2d(kernel, stride, padding, ceil_mode=choice.random() < 0.5)
    if kind == "average":
        return nn.AvgPool2d(kernel, stride, padding, ceil_mode=choice.random() < 0.5)
    if kind == "branches":
        ways = [nn.Sequential(same_size(choice, channels), nn.ReLU()), nn.Identity()]
        if choice.random() < 0.5:
            ways[1] = same_size(choice, channels)
        return Branches(*ways, choice.choice(("add", "cat")))
    if kind == "pad":
        return nn.ZeroPad2d(tuple(choice.randrange(3) for _ in range(4)))
    return nn.Sequential(nn.BatchNorm2d(channels), nn.ReLU(inplace=True))


def network(seed: int) -> nn.Sequential:
    choice = random.Random(seed)
    pieces = [piece(choice, 2) for _ in range(choice.randint(2, 5))]
    return nn.Sequential(*pieces, nn.Dropout())  # a module of its own behind the last join


def seen_lines(model: nn.Module, axis: int) -> list[tuple[int, int]]:
    """First and last picture line along `axis` that each output position depends on."""
    images = torch.zeros(SIDE, 2, SIDE, SIDE, dtype=torch.float64)
    for line in range(SIDE):
        images[line].select(axis + 1, line).fill_(torch.nan)
    with torch.no_grad():
        reached_BHW = model.double().eval()(images).isnan().any(1)
    hit_BP = reached_BHW.any(2 - axis)
    lines = [hit.nonzero().flatten().tolist() for hit in hit_BP.T]
    return [(found[0], found[-1]) if found else (SIDE, -1) for found in lines]


def told_lines(layer: Layer, axis: int, positions: int) -> list[tuple[int, int]]:
    """The same from the table, not cut at the picture's edge."""
    if layer.stride is None:  # one position: it has no index
        assert positions == 1
        return []
    stride, offset, size = layer.stride[axis], layer.offset[axis], layer.receptive_field[axis]
    first = [offset + position * stride for position in range(positions)]
    return [(int(line), int(line) + size - 1) for line in first]


def inside(lines: tuple[int, int]) -> bool:
    return lines[0] >= 0 and lines[1] < SIDE


@pytest.mark.parametrize("block", range(12))
def test_the_field_is_what_a_probe_finds_in_20_random_networks(block):
    compared = 0
    seed = 1000 * block
    while compared < 20:
        seed += 1
        model = network(seed)
        table = layers(model, (2, SIDE, SIDE))
        if table.failure:
            continue
        last = table.layers[-1]
        assert last.exact
        for axis in (0, 1):
            found = seen_lines(model, axis)
            told = told_lines(last, axis, len(found))
            for (low, high), (first, final) in zip(told, found, strict=False):
                # A position in the padding sees nothing: (SIDE, -1).
                assert final < 0 or (low <= first and final <= high)
            middle = len(told) // 2
            if told and inside(told[middle]):
                assert told[middle] == found[middle], f"network {seed}"
                compared += axis


class ReusedAndFunctional(nn.Module):
    """One convolution called twice, with functional ReLU, slicing, and a gate over the whole."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)
        self.end = nn.Identity()
        self.gate = nn.Conv2d(3, 3, 1)
        self.last = nn.Conv2d(3, 4, 3, stride=2)

    def forward(self, x_BCHW: Tensor) -> Tensor:
        x_BCHW = F.relu(self.conv(x_BCHW), inplace=True)
        x_BCHW = self.conv(x_BCHW)[:, :, 2:, :]
        told = self.last(x_BCHW)
        gate = self.gate(x_BCHW.mean((2, 3), keepdim=True)).sigmoid()
        return told * F.interpolate(gate, told.shape[2:])


def test_reused_modules_functional_calls_and_slices_are_followed():
    table = layers(ReusedAndFunctional(), (3, 16, 16))
    rows = {layer.name: layer for layer in table.layers}
    assert list(rows) == ["conv", "conv#2", "last", "gate"]
    assert [rows[name].receptive_field for name in ("conv", "conv#2", "last")] == [
        (3, 3), (5, 5), (7, 7),
    ]  # fmt: skip
    assert rows["last"].offset == (0, -2)
    assert rows["last"].stride == (2, 2)
    assert rows["gate"].sees_all
    assert rows["conv#2"].parameters.value == 0
    assert "same parameters" in rows["conv#2"].note
    assert table.total_parameters == (3 * 9 + 1) * 3 + (3 + 1) * 3 + (3 * 9 + 1) * 4


@pytest.mark.parametrize(
    ("name", "layer", "field"),
    [
        ("resnet18", "layer4.1.relu#2", 435),
        ("resnet50", "layer4.2.relu#3", 427),
        ("vgg16", "features.30", 212),  # pool5
        ("densenet121", "features.norm5", 2071),
    ],
)
def test_fields_of_known_networks(name, layer, field):
    """As Araujo et al. (2019) give them; ResNet-50 in torchvision's form strides in the 3×3."""
    pytest.importorskip("torchvision")
    rows = {row.name: row for row in layers(f"torchvision:{name}").layers}
    assert rows[layer].receptive_field == (field, field)


def test_resnet18_is_probed_too():
    """The field of the 435 lines in the middle of a picture of 500, from the network itself."""
    models = pytest.importorskip("torchvision.models")
    model = models.resnet18()
    features = nn.Sequential(*list(model.children())[:-2], nn.Dropout()).eval()
    row = layers(features, (3, 481, 481)).layers[-1]
    position = 7
    low = int(row.offset[0] + position * row.stride[0])
    images = torch.zeros(4, 3, 481, 481)
    lines = (low - 1, low, low + 434, low + 435)
    for image, line in zip(images, lines, strict=True):
        image[:, line, :].fill_(torch.nan)
    with torch.no_grad(), torch.backends.mkldnn.flags(enabled=False):
        reached_BH = features(images).isnan().any(1).any(2)
    assert reached_BH[:, position].tolist() == [False, True, True, False]


def test_tokens_of_a_transformer_see_their_patch_until_they_attend():
    pytest.importorskip("timm")
    rows = {row.name: row for row in layers("timm:vit_tiny_patch16_224").layers}
    assert rows["blocks.0.norm1"].receptive_field == (16, 16)
    assert rows["blocks.0.norm1"].stride is None  # tokens have no rows and columns
    assert rows["blocks.0.attn.proj"].sees_all


def test_maps_with_channels_last_are_followed():
    """ConvNeXt's linear layers work on permuted, flattened maps: 7×7 windows still add up."""
    pytest.importorskip("timm")
    table = layers("timm:convnext_tiny")
    field = 1 + 3  # stem: 4×4, stride 4
    for blocks, stride in zip((3, 3, 9, 3), (4, 8, 16, 32), strict=True):
        field += stride // 2 if stride > 4 else 0  # 2×2, stride 2, between the stages
        field += blocks * 6 * stride
    depthwise = [row for row in table.layers if row.name.endswith("conv_dw")]
    assert depthwise[-1].receptive_field == (field, field)


class OneOfTwoBranches(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.wide = nn.Conv2d(1, 1, 5, padding=2)
        self.drop = nn.Dropout()

    def forward(self, x_BCHW: Tensor) -> Tensor:
        return self.drop(torch.cat((self.wide(x_BCHW), x_BCHW), 1)[:, 1:])


def test_channels_taken_from_unlike_branches_have_only_a_bound():
    row = layers(OneOfTwoBranches(), (1, 9, 9)).layers[-1]
    assert row.receptive_field == (5, 5)
    assert not row.exact
    assert "≤ 5" in str(layers(OneOfTwoBranches(), (1, 9, 9)))


class Shuffled(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.shuffle = nn.PixelShuffle(2)
        self.conv = nn.Conv2d(1, 1, 3)

    def forward(self, x_BCHW: Tensor) -> Tensor:
        return self.conv(self.shuffle(x_BCHW))


def test_an_operation_without_rule_is_named_and_nothing_guessed():
    table = layers(Shuffled(), (4, 8, 8))
    assert table.layers[-1].receptive_field is None
    assert "pixel_shuffle" in table.layers[-1].note
    assert "?" in str(table)


# Layers behind which neighbours differ


class ShuffledByViews(nn.Module):
    """r·r copies of each pixel side by side, as a pixel shuffle puts its channels."""

    def __init__(self) -> None:
        super().__init__()
        self.end = nn.Identity()

    def forward(self, x_BCHW: Tensor) -> Tensor:
        batch, channels, height, width = x_BCHW.shape
        parts = torch.cat([x_BCHW] * 4, 1).view(batch, channels, 2, 2, height, width)
        together = parts.permute(0, 1, 4, 2, 5, 3)
        return together.reshape(batch, channels, 2 * height, 2 * width)


class UNet(nn.Module):
    """Down, up by a transposed convolution, and beside it the way around."""

    def __init__(self) -> None:
        super().__init__()
        down, deep = nn.Conv2d(2, 2, 2, 2), nn.Conv2d(2, 2, 3, padding=1)
        self.inner = nn.Sequential(down, deep, nn.ConvTranspose2d(2, 2, 2, 2))

    def forward(self, x_BCHW: Tensor) -> Tensor:
        y_BCHW = self.inner(x_BCHW)
        return x_BCHW[:, :, : y_BCHW.shape[2], : y_BCHW.shape[3]] + y_BCHW


UNEVEN = ("up", "average", "nearest", "exact", "linear", "adaptive", "views", "unet")


def transposed(choice: random.Random) -> nn.Module:
    kernel = [choice.choice((1, 2, 3, 4, 5)) for _ in "hw"]
    stride, dilation = ([choice.choice((1, 2, 2, 3)) for _ in "hw"] for _ in "sd")
    most = [d * (k - 1) // 2 for d, k in zip(dilation, kernel, strict=True)]
    padding = [choice.randrange(min(2, m) + 1) for m in most]
    return nn.ConvTranspose2d(2, 2, kernel, stride, padding, dilation=dilation)


def uneven_piece(choice: random.Random) -> nn.Module:
    kind = choice.choice((*UNEVEN, "conv", "up"))
    if kind == "conv":
        stride = (choice.choice((1, 1, 2, 3)), choice.choice((1, 1, 2)))
        return nn.Conv2d(2, 2, choice.choice((1, 2, 3, 5)), stride, choice.randrange(3))
    if kind == "up":
        return transposed(choice)
    if kind == "average":
        return nn.AvgPool2d(choice.choice((2, 3)), choice.choice((1, 2, 3)))
    if kind == "nearest":
        return nn.Upsample(scale_factor=choice.choice((2, 3, 1.5, (2, 3))), mode="nearest")
    if kind == "exact":
        return nn.Upsample((choice.randint(5, 40), choice.randint(5, 40)), mode="nearest-exact")
    if kind == "linear":
        corners = choice.random() < 0.5
        return nn.Upsample(scale_factor=choice.choice((2, 3, 0.5)), mode="bilinear",
                           align_corners=corners)  # fmt: skip
    if kind == "adaptive":
        return nn.AdaptiveAvgPool2d((choice.randint(3, 25), choice.randint(3, 25)))
    return ShuffledByViews() if kind == "views" else UNet()


def uneven_network(seed: int) -> nn.Sequential:
    choice = random.Random(seed)
    pieces = [uneven_piece(choice) for _ in range(choice.randint(1, 4))]
    pieces.insert(choice.randrange(len(pieces) + 1), transposed(choice))
    model = nn.Sequential(*pieces, nn.Dropout())
    for parameter in model.parameters():
        parameter.data = parameter.data.abs() + 0.1  # nothing cancels
    return model.double().eval()


PROBED, EDGE = 41, 10
"""Lines of the picture, and of its border: there a field may reach the padding of some layer."""


def lines_with_a_gradient(model: nn.Module, axis: int) -> list[tuple[int, int] | None]:
    """First and last picture line that each output line depends on, by its derivatives."""
    image = torch.ones(1, 2, PROBED, PROBED, dtype=torch.float64, requires_grad=True)
    output = model(image)
    found: list[tuple[int, int] | None] = []
    for index in range(output.shape[2 + axis]):
        total = output.select(2 + axis, index).sum()
        (slopes,) = torch.autograd.grad(total, image, retain_graph=True)
        lines = (slopes[0].abs().sum((0, 2 - axis)) > 1e-9).nonzero().flatten().tolist()
        found.append((lines[0], lines[-1]) if lines else None)
    return found


def check_against_the_gradient(seed: int) -> bool:
    """Whether the network was compared: one that fails, grows, or is not told is not."""
    model = uneven_network(seed)
    table = layers(model, (2, PROBED, PROBED))
    if table.failure or max(table.layers[-1].output_shape[1:]) > 100:
        return False
    row = table.layers[-1]
    if row.receptive_field is None:  # too many different places: said, and nothing guessed
        assert "not told" in row.note
        return False
    call = trace(model, (2, PROBED, PROBED)).calls[-2]
    for axis, seen in enumerate((call.seen.rows, call.seen.columns)):
        told = seen.unrolled(call.shape)
        found = lines_with_a_gradient(model, axis)
        for index, lines in enumerate(found):
            low, high = told.field.cells(index) if told.dims else told.field.cells(0)
            assert lines is None or (low <= lines[0] and lines[1] <= high), f"network {seed}"
            if EDGE <= low <= high < PROBED - EDGE and told.exact:
                assert lines == (low, high), f"network {seed}"
            if low > high:
                assert lines is None
        sizes = [last - first + 1 for first, last in filter(None, found)]
        assert max(sizes, default=0) <= row.receptive_field[axis], f"network {seed}"
    return True


def test_behind_transposed_convolutions_each_place_sees_what_its_gradient_says():
    """A sample of the networks of which 200 were compared when this was made."""
    compared = seed = 0
    while compared < 16:
        seed += 1
        compared += check_against_the_gradient(seed)


@pytest.mark.parametrize(
    ("layer", "field"),
    [
        (nn.ConvTranspose2d(2, 2, 3, 2), 2),  # 1 or 2 cells
        (nn.ConvTranspose2d(2, 2, 2, 2), 1),
        (nn.ConvTranspose2d(2, 2, 1, 2), 1),  # every second cell sees nothing
        (nn.Sequential(nn.ConvTranspose2d(2, 2, 4, 2, 1), nn.Conv2d(2, 2, 3)), 3),
        (nn.AdaptiveAvgPool2d(7), 4),  # of 16: floor(48 / 7) to ceil(64 / 7)
    ],
)
def test_where_places_differ_the_most_is_told_and_not_as_exact(layer, field):
    table = layers(nn.Sequential(layer, nn.Dropout()), (2, 16, 16))
    row = table.layers[-1]
    assert (row.receptive_field, row.exact) == ((field, field), False)
    assert f"≤ {field}" in str(table)
    assert "differs by its position" in row.note
    assert "at most, by position" in " ".join(str(table).split())


def test_a_stride_that_takes_every_second_place_again_is_exact():
    up, down = nn.ConvTranspose2d(2, 2, 2, 2), nn.AvgPool2d(2, 2)
    row = layers(nn.Sequential(up, down, nn.Conv2d(2, 2, 3)), (2, 16, 16)).layers[-1]
    assert (row.receptive_field, row.stride, row.offset) == ((3, 3), (1, 1), (0, 0))
    assert row.exact
    assert row.note == ""


def test_different_strides_of_rows_and_columns_are_told_apart():
    row = layers(nn.Sequential(nn.ConvTranspose2d(2, 2, 3, (1, 2)), nn.Dropout()), (2, 9, 9))
    assert row.layers[-1].receptive_field == (3, 2)
    assert row.layers[-1].stride == (1, 0.5)
