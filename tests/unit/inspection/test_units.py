"""What a unit answers to, on networks whose answer is known by hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import grevy
from grevy.classifier.classifier import Classifier
from grevy.classifier.of_module import classifier_of_module
from grevy.classifier.run_data import data_of_run
from grevy.errors import InputError, LayerNotFoundError, MissingSplitError, ModelArgumentError
from grevy.inspection.examples import Examples, examples_of, examples_of_split
from grevy.inspection.look import look
from grevy.inspection.registry import find
from grevy.inspection.units.answers import answers_of, reading
from grevy.inspection.units.checks import patch_alone
from grevy.inspection.units.colours import colours_of_pictures, colours_of_preprocessing
from grevy.inspection.units.fields import Span, cut_out, field_of
from grevy.inspection.units.histogram import counted_in, empty_histogram
from grevy.inspection.units.patches import rows_of

SIDE = 12


def network(channels: int = 3, bias: float = 0.0) -> nn.Module:
    """Channel 0 sums red minus green over 3×3 pixels; channel 1 is never above 0."""
    convolution = nn.Conv2d(channels, 2, 3, padding=1)
    with torch.no_grad():
        convolution.weight.zero_()
        convolution.weight[0, 0], convolution.weight[1] = 1.0, -1.0
        if channels == 3:
            convolution.weight[0, 1] = -1.0
        convolution.bias.fill_(bias)
    layers = {"conv": convolution, "relu": nn.ReLU(inplace=True), "pool": nn.MaxPool2d(2)}
    model = nn.Sequential()
    for name, layer in layers.items():
        model.add_module(name, layer)
    model.add_module("flatten", nn.Flatten())
    model.add_module("linear", nn.Linear(2 * (SIDE // 2) ** 2, 4))
    return model.eval()


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Networks this small are slower on several."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def classifier() -> Classifier:
    """It takes pixels from 0 to 255 as they are: sums are whole numbers, without rounding."""
    torch.manual_seed(0)
    unit = (1 / 255,) * 3
    return classifier_of_module(network(), (3, SIDE, SIDE), name="red", standard_deviation=unit)


def planted(count: int = 40) -> Examples:
    """Dark pictures, each with a dull red pixel; number 7 has three squares of full red."""
    pixels_NHWC = np.random.default_rng(0).integers(0, 20, (count, SIDE, SIDE, 3), np.uint8)
    pixels_NHWC[:, 6, 6, 0] = np.arange(100, 100 + count)
    for row, column in ((1, 1), (5, 8), (9, 3)):
        pixels_NHWC[7, row - 1 : row + 2, column - 1 : column + 2] = (255, 0, 0)
    pixels_NHWC[7, 5, 8] = (255, 0, 0)
    pixels_NHWC[7, 0, 0, 1] = 9  # so that the square at (5, 8) is the best one
    pixels_NHWC[7, 8, 2, 1] = 9
    names = [f"number {i}" for i in range(count)]
    return Examples(pixels_NHWC.transpose(0, 3, 1, 2), names, f"{count} pictures", ["cat"] * count)


def quick(
    classifier: Classifier, layer: str, channel: int = 0, **settings: int
) -> Callable[[Any], Any]:
    unit = find("unit")
    read = unit.read({"layer": layer, "channel": channel, "steps": 4, **settings})

    def look_at(pictures: Any) -> Any:
        known = isinstance(pictures, Examples)
        examples = pictures if known else examples_of(pictures, classifier)
        return unit.look(classifier, examples, read)

    return look_at


def test_the_best_patch_is_the_planted_picture_at_the_planted_place(classifier: Classifier) -> None:
    view = quick(classifier, "conv")(planted())
    best = view.rows[0].patches[0]
    assert (best.picture, best.place) == (7, (5, 8))
    assert best.value == 9 * 255
    np.testing.assert_array_equal(best.pixels_hwC, np.full((3, 3, 3), (255, 0, 0), np.uint8))
    assert best.seen_hw.all()


def test_a_row_holds_one_patch_a_picture_in_order_of_their_values(classifier: Classifier) -> None:
    view = quick(classifier, "conv")(planted())
    for row in view.rows:
        pictures = [patch.picture for patch in row.patches]
        assert len(pictures) == len(set(pictures)) == 9
    top, middle, bottom = ([p.value for p in row.patches] for row in view.rows)
    assert top == sorted(top, reverse=True)
    assert bottom == sorted(bottom)
    median = np.median(view.arrays["maxima_N"])
    assert min(middle) <= median <= max(middle)


def test_the_rows_are_the_extremes_of_activations_computed_at_once(classifier: Classifier) -> None:
    examples = planted()
    view = quick(classifier, "conv")(examples)
    with torch.no_grad():
        maps_NHW = classifier.model.conv(torch.from_numpy(examples.pixels_NCHW).float())[:, 0]
    largest_N = maps_NHW.flatten(1).amax(1).numpy()
    smallest_N = maps_NHW.flatten(1).amin(1).numpy()
    expected = np.argsort(-largest_N, kind="stable")[:9]
    assert view.arrays["top_pictures_K"].tolist() == expected.tolist()
    assert view.arrays["bottom_values_K"].tolist() == np.sort(smallest_N)[:9].tolist()
    others = maps_NHW[maps_NHW != 0].numpy()
    counts_B, _ = np.histogram(others, view.arrays["histogram_edges_E"])
    np.testing.assert_array_equal(view.arrays["histogram_counts_B"], counts_B)
    assert counts_B.sum() == others.size


def test_behind_a_relu_the_bottom_row_holds_pictures_whose_largest_value_is_least(
    classifier: Classifier,
) -> None:
    view = quick(classifier, "relu")(planted())
    assert view.rows[2].extreme == "largest"
    values_N = view.arrays["maxima_N"]
    assert view.arrays["bottom_values_K"].tolist() == np.sort(values_N)[:9].tolist()


def test_of_equal_pictures_the_first_and_of_equal_places_the_middle_one_is_taken(
    classifier: Classifier,
) -> None:
    same = np.zeros((30, SIDE, SIDE, 3), np.uint8)
    view = quick(classifier, "conv")(same)
    assert view.arrays["top_pictures_K"].tolist() == list(range(9))
    assert view.arrays["top_places_K2"].tolist() == [[6, 6]] * 9
    assert view.rows[0].tied == 21


def test_fewer_pictures_make_shorter_rows_that_share_none(classifier: Classifier) -> None:
    view = quick(classifier, "conv")(planted(10))
    shown = [p.picture for row in view.rows[:2] for p in row.patches]
    assert len(shown) == len(set(shown)) == 6


@pytest.mark.parametrize("layer", ["conv", "relu", "pool", "linear"])
def test_the_size_of_batches_changes_nothing(classifier: Classifier, layer: str) -> None:
    field, examples = field_of(classifier, layer), planted(13)
    whole = answers_of(classifier, layer, field, 0, examples)
    for size in (1, 4, 13):
        parts = answers_of(classifier, layer, field, 0, examples, batch_size=size)
        np.testing.assert_allclose(parts.maxima.values_N, whole.maxima.values_N, rtol=1e-5)
        np.testing.assert_array_equal(parts.maxima.places_N2, whole.maxima.places_N2)
        assert parts.histogram.finite == whole.histogram.finite
        assert parts.histogram.zeros == whole.histogram.zeros


@pytest.mark.parametrize("pieces", [1, 3, 50])
def test_the_histogram_of_pieces_is_that_of_all(pieces: int) -> None:
    random = np.random.default_rng(1)
    values = random.normal(size=5000) * 10.0 ** random.uniform(-6, 3, 5000)
    values[::10] = 0
    values[5:8] = np.nan, np.inf, -np.inf
    histogram = empty_histogram()
    for part in np.array_split(values, pieces):
        histogram = counted_in(histogram, part)
    counts_B, edges_E = histogram.trimmed()
    others = values[np.isfinite(values) & (values != 0)]
    expected_B, _ = np.histogram(others, edges_E)
    np.testing.assert_array_equal(counts_B, expected_B)
    assert counts_B.sum() == others.size
    assert (histogram.zeros, histogram.broken) == ((values == 0).sum(), 3)
    assert histogram.mean == pytest.approx(values[np.isfinite(values)].mean())


def test_a_cut_out_at_the_border_has_its_padding_marked_and_no_pixel_moved() -> None:
    pixels_HWC = np.arange(36, dtype=np.uint8).reshape(6, 6, 1)
    patch_hwC, seen_hw = cut_out(pixels_HWC, (Span(-2, 3, 6), Span(4, 9, 6)))
    assert patch_hwC.shape == (5, 5, 1)
    assert np.argwhere(seen_hw).min(0).tolist() == [2, 0]
    assert np.argwhere(seen_hw).max(0).tolist() == [4, 1]
    np.testing.assert_array_equal(patch_hwC[2:, :2, 0], pixels_HWC[:3, 4:, 0])
    assert not patch_hwC[~seen_hw].any()


def test_where_the_field_is_wider_than_the_picture_the_picture_is_shown_whole() -> None:
    pixels_HWC = np.arange(36, dtype=np.uint8).reshape(6, 6, 1)
    patch_hwC, seen_hw = cut_out(pixels_HWC, (Span(-5, 5, 6), Span(-4, 10, 6)))
    assert patch_hwC.shape == (6, 6, 1)
    assert seen_hw[:5].all()
    assert not seen_hw[5].any()


def test_the_field_is_where_a_gradient_reaches(classifier: Classifier) -> None:
    for layer, place in (("conv", (0, 11)), ("pool", (2, 5)), ("flatten", (0, 0))):
        field = field_of(classifier, layer)
        channel = 20 if layer == "flatten" else 0
        rows, columns = field.spans(channel, place)
        image = torch.rand(1, 3, SIDE, SIDE, requires_grad=True)
        with reading(classifier, layer, field, channel) as read:
            # every input weighs in, also where a maximum chose another
            reached = sum(_gradient(read(image + torch.rand_like(image)), place, image)
                          for _ in range(20))  # fmt: skip
        if layer == "conv":  # no ReLU before it that could be silent
            found = np.argwhere(reached > 0)
            assert found.min(0).tolist() == [max(rows.start, 0), max(columns.start, 0)]
            assert found.max(0).tolist() == [rows.stop - 1, min(columns.stop, SIDE) - 1]
        outside = np.ones((SIDE, SIDE), bool)
        outside[max(rows.start, 0) : rows.stop, max(columns.start, 0) : columns.stop] = False
        assert not reached[outside].any()
        assert outside.any()


def _gradient(maps_BHW: Tensor, place: tuple[int, int], image: Tensor) -> np.ndarray:
    (gradient,) = torch.autograd.grad(maps_BHW[0][place], image)
    return gradient.abs().sum((0, 1)).numpy()


def test_patches_alone_give_their_values_and_too_small_ones_do_not(classifier: Classifier) -> None:
    examples, field = planted(), field_of(classifier, "pool")
    answers = answers_of(classifier, "pool", field, 0, examples)
    top = rows_of(answers, examples, field, 0, 9)[0]
    smaller = tuple(
        replace(p, spans=tuple(replace(s, start=s.start + 2) for s in p.spans)) for p in top.patches
    )
    with reading(classifier, "pool", field, 0) as read:
        assert patch_alone(read, classifier, examples, top).passed
        assert not patch_alone(read, classifier, examples, replace(top, patches=smaller)).passed


def test_the_optimised_picture_of_a_linear_unit_points_the_way_of_its_weight() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(3 * 8 * 8, 2))
    classifier = classifier_of_module(
        model, (3, 8, 8), mean=(0.4, 0.5, 0.6), standard_deviation=(0.2, 0.3, 0.25)
    )
    pixels = np.random.default_rng(0).integers(0, 256, (12, 8, 8, 3), np.uint8)
    view = quick(classifier, "1", 1, steps=64)(pixels)
    weight = model[1].weight[1].detach().reshape(3, 8, 8).permute(1, 2, 0).numpy()
    picture = view.visualisation.pixels_HWC / 255.0
    assert np.corrcoef(picture.ravel(), weight.ravel())[0, 1] > 0.7
    assert (picture[weight > 0.03].mean(), picture[weight < -0.03].mean()) > (0.8, 0.0)
    assert picture[weight < -0.03].mean() < 0.2
    image = (picture - [0.4, 0.5, 0.6]) / [0.2, 0.3, 0.25]
    value = float((image * weight).sum() + model[1].bias[1].detach())
    assert view.visualisation.value == pytest.approx(value, rel=1e-4)
    assert view.visualisation.value > view.rows[0].patches[0].value
    assert next(c for c in view.checks if c.name == "visualisation").passed


def test_the_optimised_picture_drives_a_unit_behind_a_relu_that_is_mostly_silent() -> None:
    torch.manual_seed(0)
    classifier = classifier_of_module(network(bias=-0.5), (3, SIDE, SIDE))
    for seed in range(3):
        view = quick(classifier, "relu", steps=64, seed=seed)(planted())
        assert view.visualisation.value > 0.8 * (9 - 0.5)


def test_it_says_when_the_optimised_picture_does_not_reach_the_top_patches(
    classifier: Classifier,
) -> None:
    view = quick(classifier, "conv", steps=1, patches=1)(planted())
    check = next(c for c in view.checks if c.name == "visualisation")
    assert check.passed is False
    assert "LESS than the top patches" in check.text


def test_the_same_seed_gives_the_same_picture_and_another_one_another(
    classifier: Classifier,
) -> None:
    first, again, other = (quick(classifier, "pool", seed=seed)(planted()) for seed in (3, 3, 4))
    same = "visualisation_HWC"
    np.testing.assert_array_equal(first.arrays[same], again.arrays[same])
    assert (first.arrays[same] != other.arrays[same]).any()


def test_the_network_is_left_as_it_was(classifier: Classifier) -> None:
    model = classifier.model.train()
    model.conv.weight.grad = torch.ones_like(model.conv.weight)
    model.conv.bias.requires_grad_(False)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    random = torch.get_rng_state()
    quick(classifier, "pool")(planted())
    assert model.training
    assert not model.conv.bias.requires_grad
    assert model.conv.weight.requires_grad
    assert (model.conv.weight.grad == 1).all()
    assert model.linear.weight.grad is None
    assert not any(module._forward_hooks for module in model.modules())
    assert torch.equal(torch.get_rng_state(), random)
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])


def test_layers_behind_the_one_looked_at_are_not_run(classifier: Classifier) -> None:
    def fail(*_: object) -> None:
        raise AssertionError

    classifier.model.pool.forward = fail
    field = field_of(classifier_of_module(network(), (3, SIDE, SIDE)), "conv")
    assert len(answers_of(classifier, "conv", field, 0, planted()).maxima.values_N) == 40


def test_a_unit_that_is_never_above_0_is_said_to_be_so(classifier: Classifier) -> None:
    view = quick(classifier, "relu", 1)(planted())
    assert "This unit is never above 0 on 40 pictures." in view.lines
    assert "100 % of them are exactly 0" in view.lines[0]
    assert "Nor does the optimised picture bring it above 0: 0." in view.lines
    assert view._repr_png_().startswith(b"\x89PNG")
    assert json.dumps(view.as_json(), allow_nan=False)


def test_the_share_of_zeros_is_counted_over_all_places(classifier: Classifier) -> None:
    examples = planted()
    view = quick(classifier, "relu")(examples)
    with torch.no_grad():
        maps_NHW = classifier.model.conv(torch.from_numpy(examples.pixels_NCHW).float())[:, 0]
    assert view.as_json()["zeros"] == int((maps_NHW <= 0).sum())
    assert view.as_json()["values"] == maps_NHW.numel()


def test_pictures_without_a_finite_value_are_left_out_and_said() -> None:
    class Broken(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Identity()

        def forward(self, images: Tensor) -> Tensor:
            bright = images.mean((1, 2, 3), keepdim=True) > 0.5
            values = self.inner(torch.where(bright, torch.nan, images))
            return values.mean((2, 3))

    pixels = np.full((10, 6, 6, 3), 50, np.uint8)
    pixels[3:5] = 200
    view = quick(classifier_of_module(Broken(), (3, 6, 6)), "inner")(pixels)
    assert np.isnan(view.arrays["maxima_N"]).tolist() == [i in (3, 4) for i in range(10)]
    assert not {3, 4} & {p.picture for row in view.rows for p in row.patches}
    assert any("72 values NaN or infinite, on 2 pictures" in line for line in view.lines)
    with pytest.raises(ModelArgumentError, match="NaN or infinite on every picture"):
        quick(classifier_of_module(Broken(), (3, 6, 6)), "inner")(pixels[3:5])


def test_tokens_of_patches_are_places_and_tokens_on_no_grid_are_refused() -> None:
    timm = pytest.importorskip("timm", reason="timm is not installed")
    torch.manual_seed(0)
    model = timm.create_model(
        "vit_tiny_patch16_224", img_size=16, patch_size=8, depth=1, embed_dim=12, num_heads=3,
        num_classes=4,
    )  # fmt: skip
    classifier = classifier_of_module(model, (3, 16, 16))
    pixels = np.random.default_rng(0).integers(0, 256, (9, 16, 16, 3), np.uint8)
    view = quick(classifier, "patch_embed", 5)(pixels)
    assert view.rows[0].patches[0].pixels_hwC.shape == (8, 8, 3)
    assert view.checks[-1].passed
    assert quick(classifier, "blocks.0", 5)(pixels).rows[0].patches[0].pixels_hwC.shape[0] == 16

    class Mixed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rows = nn.Linear(8, 5)

        def forward(self, images: Tensor) -> Tensor:
            return self.rows(images.flatten(2).transpose(1, 2)[:, :7, :1].expand(-1, 7, 8)).mean(1)

    with pytest.raises(ModelArgumentError, match="tokens that are on no grid"):
        quick(classifier_of_module(Mixed(), (3, 6, 6)), "rows")(np.zeros((3, 6, 6, 3), np.uint8))


def test_a_layer_a_channel_or_a_setting_that_cannot_be_is_refused(classifier: Classifier) -> None:
    with pytest.raises(LayerNotFoundError, match="conv"):
        quick(classifier, "conf")(planted())
    with pytest.raises(LayerNotFoundError):
        quick(classifier, "conv#2")(planted())
    with pytest.raises(InputError, match="channel 2"):
        quick(classifier, "conv", 2)(planted())
    with pytest.raises(InputError, match="patches 0"):
        quick(classifier, "conv", patches=0)(planted())


def test_colours_are_the_statistics_of_the_pixels() -> None:
    random = np.random.default_rng(0)
    pixels_NCHW = random.integers(0, 256, (20, 3, 8, 8), np.uint8)
    pixels_NCHW[:, 1] = pixels_NCHW[:, 0]  # red and green always alike
    colours = colours_of_pictures(pixels_NCHW, "picture")
    mixed = colours.mixing_CC @ colours.mixing_CC.T
    pixels_PC = np.moveaxis(pixels_NCHW, 1, -1).reshape(-1, 3) / 255
    expected = np.cov(pixels_PC, rowvar=False)
    np.testing.assert_allclose(mixed / mixed[0, 0], expected / expected[0, 0], atol=1e-8)
    np.testing.assert_allclose(colours.mean_C, pixels_PC.mean(0))
    assert np.linalg.norm(colours.mixing_CC, axis=1).max() == pytest.approx(1)


def test_without_data_colours_come_from_the_preprocessing_and_that_is_said() -> None:
    told = classifier_of_module(
        network(), (3, SIDE, SIDE), mean=(0.4, 0.5, 0.6), standard_deviation=(0.1, 0.2, 0.2)
    )
    colours = colours_of_preprocessing(told.preprocessing)
    assert "own mean and standard deviation" in colours.note
    np.testing.assert_allclose(colours.mixing_CC, np.diag([0.5, 1, 1]))
    view = quick(classifier_of_module(network(), (3, SIDE, SIDE)), "conv")(planted())
    assert any("names no statistics" in note for note in view.notes)


def test_gray_pictures_work_too() -> None:
    classifier = classifier_of_module(network(1), (1, SIDE, SIDE))
    pixels = np.random.default_rng(0).integers(0, 256, (5, SIDE, SIDE, 1), np.uint8)
    view = quick(classifier, "relu")(pixels)
    assert view.visualisation.pixels_HWC.shape == (SIDE, SIDE, 1)
    assert view._repr_png_().startswith(b"\x89PNG")


def test_a_run_is_looked_at_on_a_split_of_its_own_data(tmp_path, monkeypatch, stripes) -> None:
    monkeypatch.chdir(tmp_path)
    (x_train, y_train), (x_test, y_test) = stripes["train"], stripes["test"]
    arrays = {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}
    np.savez(tmp_path / "stripes.npz", **arrays)
    run = grevy.train(str(tmp_path / "stripes.npz"), "base", out=tmp_path / "run", device="cpu")
    view = look(run=run, unit="conv1:3", patches=3)
    data = data_of_run(run)
    assert len(view.examples) == len(data.splits["validation"])
    assert view.rows[0].patches[0].pixels_hwC.shape == (5, 5, 1)
    assert any("covariance" in note for note in view.notes)
    assert all(check.passed is not False for check in view.checks if check.name == "patches alone")
    with pytest.raises(MissingSplitError):
        examples_of_split(data, "holdout")
    before = run.record.test_reads
    assert len(look(run=run, unit="linear2:1", split="test").examples) == 40
    assert run.record.test_reads == before + 1
