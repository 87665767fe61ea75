import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from grevy.classifier.device import choose_device, environment
from grevy.classifier.logits import score
from grevy.data.load import load_data
from grevy.data.randomness import derive, generator, own_kernels, own_randomness, seeded
from grevy.errors import DeviceError, RecipeValueError
from grevy.models import build_model
from grevy.models.whitening import Whitening, whitening_layers
from grevy.recipes.load import load_recipe
from grevy.training.setup import probe as probing
from grevy.training.setup.prepare import statistics_of
from grevy.training.setup.probe import probe_precision

Stripes = dict[str, tuple[np.ndarray, np.ndarray]]


def test_score_against_numbers_worked_by_hand() -> None:
    logits_NK = torch.tensor([[0.0, 0.0], [math.log(3), 0.0]])
    found = score(logits_NK, torch.tensor([0, 1]))
    assert found["loss"] == pytest.approx((math.log(2) + math.log(4)) / 2)
    assert (found["accuracy"], found["n"]) == (0.5, 2)


def test_a_loss_that_is_not_finite_is_none() -> None:
    assert score(torch.tensor([[math.nan, 0.0]]), torch.tensor([0]))["loss"] is None


def test_statistics_of_the_train_split_are_exact(stripes: Stripes) -> None:
    data = load_data(stripes)
    recipe = load_recipe({"pictures": {"mean": "train", "standard_deviation": "train"}})
    (mean,), (deviation,) = statistics_of(data, recipe)
    pixels = data.splits["train"].images_NCHW / 255
    assert mean == pytest.approx(pixels.mean(), abs=1e-12)
    assert deviation == pytest.approx(pixels.std(), abs=1e-12)


def test_two_means_for_one_channel_are_refused(stripes: Stripes) -> None:
    recipe = load_recipe({"pictures": {"mean": [0.1, 0.2]}})
    with pytest.raises(RecipeValueError, match=r"2 numbers in pictures\.mean"):
        statistics_of(load_data(stripes), recipe)


def test_random_numbers_depend_on_seed_purpose_and_step_only() -> None:
    assert derive(1, "order", 2) == derive(1, "order", 2)
    assert (
        len({derive(s, p, t) for s in (0, 1, -1) for p in ("order", "dropout") for t in (0, 1)})
        == 12
    )
    torch.manual_seed(3)
    first = torch.rand(2, generator=generator(0, "order"))
    torch.manual_seed(4)
    assert torch.equal(first, torch.rand(2, generator=generator(0, "order")))


def _draw_and_fail() -> None:
    torch.rand(5)
    raise ZeroDivisionError


def test_own_randomness_gives_the_callers_state_back_also_after_an_error() -> None:
    before = torch.random.get_rng_state()
    with pytest.raises(ZeroDivisionError), own_randomness(3):
        _draw_and_fail()
    assert torch.equal(torch.random.get_rng_state(), before)


def test_only_accelerators_in_use_have_their_randomness_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept: list[list[object]] = []

    @contextmanager
    def fork(devices: Iterable[object]) -> Iterator[None]:
        kept.append(list(devices))
        yield

    monkeypatch.setattr(torch.random, "fork_rng", fork)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    for device in ("cpu", "cuda", "mps"):
        with seeded(0, torch.device(device)):
            pass
    assert kept == [[], [0, 1], [torch.device("mps")]]


def test_kernels_are_ours_inside_and_the_callers_afterwards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cudnn = torch.backends.cudnn
    for deterministic, tf32 in ((False, True), (True, False)):
        with cudnn.flags(True, deterministic=deterministic, allow_tf32=tf32):
            with own_kernels():
                assert (cudnn.deterministic, cudnn.allow_tf32) == (True, False)
            assert (cudnn.deterministic, cudnn.allow_tf32) == (deterministic, tf32)


class WrongInBf16(nn.Module):
    """Autocast makes the product come out with its sign turned."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 2, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.linear(x)
        return -y if y.dtype == torch.bfloat16 else y


def test_the_probe_never_takes_a_bf16_whose_gradient_is_wrong() -> None:
    probe = probe_precision(
        WrongInBf16(), torch.randn(8, 4), torch.randint(0, 2, (8,)), torch.device("cpu")
    )
    assert probe.precision == "fp32"
    assert probe.gradient_cosine < 0.9


def test_a_convolution_that_is_wrong_in_bf16_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if a kernel forgot one of four taps; however fast it is."""

    def forgetful(layer: Whitening, images_BCHW: torch.Tensor) -> torch.Tensor:
        weight = layer.weight
        if torch.is_autocast_enabled("cpu"):
            weight = weight.clone()
            weight[..., 1, 1] = 0
        return torch.nn.functional.conv2d(images_BCHW, weight, layer.bias)

    monkeypatch.setattr(probing, "FASTER", 1e9)
    torch.manual_seed(0)
    images_BCHW, labels_B = torch.randn(32, 3, 12, 12), torch.arange(32) % 4
    network = build_model("base", (3, 12, 12), 4, whitening=2, widths=(8, 16))
    whitening_layers(network)[0].whiten(images_BCHW)
    right = probing.probe_precision(network, images_BCHW, labels_B, torch.device("cpu"))
    monkeypatch.setattr(Whitening, "forward", forgetful)
    wrong = probing.probe_precision(network, images_BCHW, labels_B, torch.device("cpu"))
    assert (right.precision, wrong.precision) == ("bf16", "fp32")
    assert right.gradient_cosine > probing.RIGHT > wrong.gradient_cosine


def test_the_probe_leaves_the_model_as_it_was() -> None:
    model = nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(72, 2)
    ).eval()
    before = {k: v.clone() for k, v in model.state_dict().items()}
    probe_precision(
        model, torch.randn(4, 1, 8, 8), torch.zeros(4, dtype=torch.long), torch.device("cpu")
    )
    assert not model.training
    assert all(torch.equal(before[k], v) for k, v in model.state_dict().items())
    assert all(p.grad is None for p in model.parameters())


def test_a_device_that_is_not_there_is_refused_with_those_that_are() -> None:
    assert choose_device("cpu").type == "cpu"
    with pytest.raises(DeviceError, match="cpu"):
        choose_device("abacus")


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    for name in ("LOCAL_RANK", "LOCAL_WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("two_gpus")
def test_a_gpu_that_is_not_there_is_refused() -> None:
    assert choose_device("cuda:1") == torch.device("cuda", 1)
    with pytest.raises(DeviceError, match="cuda:0 to cuda:1"):
        choose_device("cuda:2")


@pytest.mark.usefixtures("two_gpus")
def test_under_torchrun_each_process_has_its_own_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_RANK", "1")
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    assert choose_device("auto") == choose_device("cuda") == torch.device("cuda", 1)
    with pytest.raises(DeviceError, match="'cuda:0' for 2 processes"):
        choose_device("cuda:0")
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "3")
    with pytest.raises(DeviceError, match=r"3 processes on 2 GPUs.*--nproc-per-node 2"):
        choose_device("cuda")


def test_emulated_bf16_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu = torch.device("cuda", 0)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (8, 0))
    probing.refuse_emulated_bf16(gpu)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (7, 5))
    with pytest.raises(DeviceError, match=r"capability 7\.5"):
        probing.refuse_emulated_bf16(gpu)


def test_the_environment_names_versions_and_threads(tmp_path: Path) -> None:
    facts = environment(torch.device("cpu"))
    assert facts["torch"] == torch.__version__
    assert facts["threads"] == torch.get_num_threads()
    assert facts["processor"]
