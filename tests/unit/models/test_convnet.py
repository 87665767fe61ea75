import pytest
import torch
from torch import nn

from grevy.errors import InputTooSmallError, ModelArgumentError
from grevy.models import build_model


def kinds(model: nn.Module) -> list[str]:
    return [type(layer).__name__ for layer in model.children()]


def test_base_has_the_parameters_that_the_assignment_counts_by_hand() -> None:
    model = build_model("base", (3, 32, 32), 10)
    by_layer = [
        sum(p.numel() for p in layer.parameters())
        for layer in model.children()
        if any(True for _ in layer.parameters())
    ]
    assert by_layer == [2_432, 51_264, 204_928, 131_136, 650]
    assert sum(by_layer) == 390_410


def test_base_is_layer_for_layer_the_assignments_network() -> None:
    block = ["Conv2d", "ReLU", "MaxPool2d"]
    assert kinds(build_model("base", (3, 32, 32), 10)) == block * 3 + [
        "Flatten",
        "Linear",
        "ReLU",
        "Linear",
    ]


def test_net1_normalises_before_each_relu_and_after_the_last_layer() -> None:
    block = ["Conv2d", "BatchNorm2d", "ReLU", "MaxPool2d"]
    tail = ["Flatten", "Linear", "BatchNorm1d", "ReLU", "Linear", "BatchNorm1d"]
    assert kinds(build_model("net1", (3, 32, 32), 10)) == block * 3 + tail


def test_net2_drops_out_after_each_pooling() -> None:
    model = build_model("net2", (3, 32, 32), 10)
    block = ["Conv2d", "ReLU", "MaxPool2d", "Dropout"]
    assert kinds(model) == block * 3 + ["Flatten", "Linear", "ReLU", "Linear"]
    assert {layer.p for layer in model.modules() if isinstance(layer, nn.Dropout)} == {0.05}


def test_base_equals_the_same_network_written_out_by_hand() -> None:
    torch.manual_seed(0)
    model = build_model("base", (3, 32, 32), 10)
    torch.manual_seed(0)
    by_hand = nn.Sequential(
        nn.Conv2d(3, 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2, 2),
        nn.Conv2d(32, 64, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2, 2),
        nn.Conv2d(64, 128, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2, 2),
        nn.Flatten(), nn.Linear(2048, 64), nn.ReLU(), nn.Linear(64, 10),
    )  # fmt: skip
    images = torch.randn(4, 3, 32, 32)
    torch.testing.assert_close(model(images.clone()), by_hand(images), rtol=0, atol=0)


@pytest.mark.parametrize("name", ["base", "net1", "net2"])
@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 8, 17), (4, 33, 40), (2, 64, 64)])
def test_any_size_and_channel_count_works(name: str, shape: tuple[int, int, int]) -> None:
    model = build_model(name, shape, 7)
    assert model(torch.zeros(2, *shape)).shape == (2, 7)


@pytest.mark.parametrize(("side", "layer"), [(7, "pool3"), (3, "pool2"), (1, "pool1")])
def test_too_small_a_picture_names_the_layer_that_shrinks_to_nothing(side: int, layer: str) -> None:
    with pytest.raises(InputTooSmallError, match=layer) as caught:
        build_model("base", (3, side, side), 10)
    assert "8×8" in str(caught.value)


def weights_of(name: str, **changes: object) -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    return build_model(name, (3, 32, 32), 10, **changes).state_dict()


def test_the_named_networks_are_points_of_one_family() -> None:
    """With the same numbers: what was measured with them stays as it is."""
    for name, changes in (
        ("net1", {"norm": "batch", "norm_logits": True}),
        ("net2", {"dropout": 0.05}),
    ):
        named, made = weights_of(name), weights_of("base", **changes)
        assert list(named) == list(made)
        assert all(torch.equal(named[key], made[key]) for key in named)
    torch.manual_seed(0)
    first = nn.Conv2d(3, 32, 5, padding=2)
    assert torch.equal(weights_of("base")["conv1.weight"], first.weight)


def test_the_deeper_network_of_the_assignment() -> None:
    model = build_model("base", (3, 32, 32), 10, convolutions=2, kernel=3)
    block = ["Conv2d", "ReLU", "Conv2d", "ReLU", "MaxPool2d"]
    assert kinds(model) == [*block * 3, "Flatten", "Linear", "ReLU", "Linear"]
    assert [n for n, _ in model.named_children()][:5] == [
        "conv1",
        "relu1",
        "conv1_2",
        "relu1_2",
        "pool1",
    ]


@pytest.mark.parametrize(
    ("changes", "layer", "kind"),
    [
        ({"activation": "leaky-relu"}, "leaky_relu1", nn.LeakyReLU),
        ({"activation": "elu"}, "elu4", nn.ELU),
        ({"activation": "gelu"}, "gelu2", nn.GELU),
        ({"activation": "silu"}, "silu3", nn.SiLU),
        ({"norm": "group"}, "norm2", nn.GroupNorm),
        ({"norm": "layer"}, "norm4", nn.GroupNorm),
        ({"pooling": "average"}, "pool3", nn.AvgPool2d),
        ({"dropout": 0.1, "dropout_place": "linear"}, "dropout", nn.Dropout),
        ({"dropout": 0.1, "dropout_place": "activation"}, "dropout4", nn.Dropout),
    ],
)
def test_each_field_changes_what_it_says(changes: dict, layer: str, kind: type) -> None:
    assert isinstance(
        dict(build_model("base", (3, 32, 32), 10, **changes).named_children())[layer], kind
    )


def test_a_stride_halves_as_pooling_does() -> None:
    model = build_model("base", (3, 32, 32), 10, pooling="stride", widths=(8, 16), convolutions=2)
    assert [m.stride for m in model if isinstance(m, nn.Conv2d)] == [(1, 1), (2, 2)] * 2
    assert model.linear1.in_features == 16 * 8 * 8
    odd = build_model("base", (3, 31, 31), 10, pooling="stride")
    assert odd.linear1.in_features == 128 * 4 * 4


def test_without_a_hidden_layer_one_linear_layer_is_left() -> None:
    model = build_model("base", (3, 32, 32), 10, hidden=0)
    assert (model.linear1.in_features, model.linear1.out_features) == (2048, 10)
    assert "linear2" not in dict(model.named_children())


def test_initialisations_have_the_spread_of_their_papers() -> None:
    he = weights_of("base", initialisation="he")
    assert float(he["conv2.weight"].std()) == pytest.approx((2 / (32 * 25)) ** 0.5, rel=0.02)
    assert not he["conv2.bias"].any()
    xavier = weights_of("base", initialisation="xavier")["linear1.weight"]
    assert float(xavier.std()) == pytest.approx((2 / (2048 + 64)) ** 0.5, rel=0.02)
    rows = weights_of("base", initialisation="orthogonal")["linear1.weight"]
    torch.testing.assert_close(rows @ rows.T, torch.eye(64), atol=1e-4, rtol=0)


@pytest.mark.parametrize("changes", [{"activation": "tanh"}, {"norm": "x"}, {"width": 3}])
def test_values_and_fields_that_the_family_does_not_have_are_refused(changes: dict) -> None:
    with pytest.raises(ModelArgumentError):
        build_model("base", (3, 32, 32), 10, **changes)


AIRBENCH94 = {
    "whitening": 2,
    "widths": (64, 256, 256),
    "convolutions": 2,
    "kernel": 3,
    "pooling_place": "first",
    "norm": "batch",
    "norm_scale": False,
    "norm_momentum": 0.4,
    "activation": "gelu",
    "global_pooling": "max",
    "hidden": 0,
    "bias": False,
    "logit_scale": 1 / 9,
    "initialisation": "dirac",
}


def test_airbench94_is_a_point_of_the_family() -> None:
    """Layer for layer as published (https://github.com/KellerJordan/cifar10-airbench)."""
    model = build_model("base", (3, 32, 32), 10, **AIRBENCH94)
    block = ["Conv2d", "MaxPool2d", "BatchNorm2d", "GELU", "Conv2d", "BatchNorm2d", "GELU"]
    tail = ["AdaptiveMaxPool2d", "Flatten", "Linear", "Multiply"]
    assert kinds(model) == ["Whitening", "GELU", *block * 3, *tail]
    convolutions = 9 * (24 * 64 + 64 * 64 + 64 * 256 + 3 * 256 * 256)
    norms = 2 * (64 + 64 + 4 * 256)
    parameters = 24 * (3 * 4 + 1) + convolutions + norms + 256 * 10
    assert sum(p.numel() for p in model.parameters()) == parameters == 1_972_792
    frozen = sum(p.numel() for p in model.parameters() if not p.requires_grad)
    assert frozen == 24 * 3 * 4 + norms // 2


def test_airbench94_puts_out_what_its_layers_written_out_by_hand_do() -> None:
    torch.manual_seed(1)
    model = build_model("base", (3, 32, 32), 10, **AIRBENCH94)
    weights = {name: value.clone() for name, value in model.state_dict().items()}
    images = torch.randn(4, 3, 32, 32)
    x = nn.functional.gelu(
        nn.functional.conv2d(images, weights["whitening.weight"], weights["whitening.bias"])
    )
    for block in "123":
        x = nn.functional.conv2d(x, weights[f"conv{block}.weight"], padding=1)
        x = nn.functional.max_pool2d(x, 2)
        for place, convolve in ((block, False), (f"{block}_2", True)):
            if convolve:
                x = nn.functional.conv2d(x, weights[f"conv{place}.weight"], padding=1)
            mean, variance = x.mean((0, 2, 3)), x.var((0, 2, 3), unbiased=False)
            x = (x - mean.view(1, -1, 1, 1)) / (variance.view(1, -1, 1, 1) + 1e-5).sqrt()
            x = nn.functional.gelu(x)
    by_hand = x.amax((2, 3)) @ weights["linear1.weight"].T / 9
    torch.testing.assert_close(model(images), by_hand, atol=1e-4, rtol=1e-4)
    mean = model.norm1.running_mean
    assert torch.equal(model.norm1.num_batches_tracked, torch.tensor(1))
    one_batch = nn.functional.max_pool2d(
        nn.functional.conv2d(
            nn.functional.gelu(model.whitening(images)), weights["conv1.weight"], padding=1
        ),
        2,
    ).mean((0, 2, 3))
    torch.testing.assert_close(mean, 0.4 * one_batch)


def test_a_dirac_network_lets_the_channels_of_its_input_pass() -> None:
    model = build_model(
        "base", (3, 8, 8), 4, initialisation="dirac", widths=(3, 8, 2), kernel=3, hidden=0
    )
    images = torch.rand(5, 3, 8, 8)
    pooled = nn.functional.max_pool2d(images, 2)
    first = model[:3](images)
    torch.testing.assert_close(first, pooled)
    second = model[3:6](first)
    torch.testing.assert_close(second[:, :3], nn.functional.max_pool2d(pooled, 2))
    third = model[6:9](second)  # fewer filters than channels: the first two pass
    torch.testing.assert_close(third, nn.functional.max_pool2d(second[:, :2], 2))
    assert model.conv2.weight[3:].abs().sum() > 0


def test_a_stride_stands_where_the_pooling_would() -> None:
    model = build_model(
        "base", (3, 32, 32), 10, pooling="stride", pooling_place="first", convolutions=2
    )
    assert [m.stride for m in model if isinstance(m, nn.Conv2d)] == [(2, 2), (1, 1)] * 3


@pytest.mark.parametrize(("kind", "reduce"), [("max", torch.amax), ("average", torch.mean)])
def test_global_pooling_leaves_one_number_a_channel(kind: str, reduce: object) -> None:
    model = build_model("base", (3, 32, 32), 10, global_pooling=kind, hidden=0)
    assert model.linear1.in_features == 128
    maps = torch.randn(2, 128, 4, 4)
    torch.testing.assert_close(model.global_pool(maps).flatten(1), reduce(maps, (2, 3)))  # type: ignore[operator]


def test_too_small_a_picture_for_whitening_says_how_large_it_must_be() -> None:
    with pytest.raises(InputTooSmallError, match=r"layer pool3 .* 9×9"):
        build_model("base", (3, 8, 8), 10, whitening=2)
    with pytest.raises(InputTooSmallError, match="layer whitening"):
        build_model("base", (3, 2, 2), 10, whitening=3)


AIRBENCH96 = {
    **AIRBENCH94,
    "widths": (128, 384, 512),
    "convolutions": 3,
    "residual": True,
    "norm_momentum": 0.1,
}


def test_airbench96_is_a_point_of_the_family() -> None:
    """Layer for layer as published (https://github.com/KellerJordan/cifar10-airbench)."""
    model = build_model("base", (3, 32, 32), 10, **AIRBENCH96)
    block = ["Conv2d", "MaxPool2d", "BatchNorm2d", "GELU", "Residual", "GELU"]
    tail = ["AdaptiveMaxPool2d", "Flatten", "Linear", "Multiply"]
    assert kinds(model) == ["Whitening", "GELU", *block * 3, *tail]
    assert kinds(model.residual2) == ["Conv2d", "BatchNorm2d", "GELU", "Conv2d", "BatchNorm2d"]
    convolutions = 9 * (24 * 128 + 2 * 128**2 + 128 * 384 + 2 * 384**2 + 384 * 512 + 2 * 512**2)
    parameters = 24 * (3 * 4 + 1) + convolutions + 2 * 3 * (128 + 384 + 512) + 512 * 10
    assert sum(p.numel() for p in model.parameters()) == parameters


def test_residual_blocks_put_out_what_their_layers_written_out_by_hand_do() -> None:
    torch.manual_seed(1)
    model = build_model("base", (3, 16, 16), 4, **{**AIRBENCH96, "widths": (8, 12)})
    weights = {name: value.clone() for name, value in model.state_dict().items()}

    def convolved(maps: torch.Tensor, place: str) -> torch.Tensor:
        return nn.functional.conv2d(maps, weights[f"{place}.weight"], padding=1)

    def normalised(maps: torch.Tensor) -> torch.Tensor:
        return nn.functional.batch_norm(maps, None, None, training=True)

    gelu = nn.functional.gelu
    images = torch.randn(4, 3, 16, 16)
    x = gelu(nn.functional.conv2d(images, weights["whitening.weight"], weights["whitening.bias"]))
    for n in "12":
        x = first = gelu(normalised(nn.functional.max_pool2d(convolved(x, f"conv{n}"), 2)))
        x = gelu(normalised(convolved(x, f"residual{n}.conv{n}_2")))
        x = gelu(first + normalised(convolved(x, f"residual{n}.conv{n}_3")))
    by_hand = x.amax((2, 3)) @ weights["linear1.weight"].T / 9
    torch.testing.assert_close(model(images), by_hand, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("activation", ["relu", "silu"])
@pytest.mark.parametrize("place", ["end", "first"])
def test_a_residual_block_may_work_in_place_and_pool_anywhere(activation: str, place: str) -> None:
    torch.manual_seed(2)
    changes = {"convolutions": 2, "activation": activation, "pooling_place": place}
    model = build_model("base", (1, 8, 8), 3, widths=(4, 6), residual=True, **changes)
    maps = torch.randn(2, 4, 4, 4)
    before = maps.clone()
    expected = maps + nn.functional.conv2d(
        maps, model.residual1.conv1_2.weight, model.residual1.conv1_2.bias, padding=2
    )
    torch.testing.assert_close(model.residual1(maps), expected)
    assert torch.equal(maps, before)
    model(torch.randn(2, 1, 8, 8)).sum().backward()
    assert all(p.grad is not None for p in model.parameters())


def test_a_network_without_shortcuts_keeps_its_names_and_begins_as_one_with_them() -> None:
    plain = weights_of("base", convolutions=3, kernel=3)
    residual = weights_of("base", convolutions=3, kernel=3, residual=True)
    names = [f"conv{place}.weight" for place in ("1", "1_2", "1_3", "2", "2_2", "2_3", "3")]
    assert [n for n in plain if n.startswith("conv") and n.endswith("weight")][:7] == names
    assert all(
        torch.equal(one, other)
        for one, other in zip(plain.values(), residual.values(), strict=True)
    )


def test_dirac_serves_three_convolutions_a_block() -> None:
    model = build_model(
        "base", (3, 8, 8), 4, **{**AIRBENCH96, "whitening": 0, "widths": (8,), "norm": "none"}
    )
    maps = torch.randn(2, 8, 4, 4)
    for place in ("conv1_2", "conv1_3"):
        torch.testing.assert_close(getattr(model.residual1, place)(maps), maps)
    torch.testing.assert_close(model.conv1(maps[:, :3])[:, :3], maps[:, :3])


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"convolutions": 1}, "two or more"), ({"convolutions": 2, "pooling": "stride"}, "one size")],
)
def test_blocks_that_cannot_be_residual_are_refused(changes: dict, said: str) -> None:
    with pytest.raises(ModelArgumentError, match=said):
        build_model("base", (3, 32, 32), 10, residual=True, **changes)
    build_model("base", (3, 32, 32), 10, residual=False, **changes)
