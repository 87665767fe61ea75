import copy
import json

import pytest
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn import functional as F

from grevy.models import build_model
from grevy.recipes.load import load_recipe
from grevy.recipes.parts import config_of
from grevy.recipes.transfer import TransferConfig
from grevy.training.optimizers.build import build_optimizer
from grevy.training.optimizers.kinds.muon import ADAMW_PART_OF_MUON_LR
from grevy.training.optimizers.muon import Muon, hidden_weights, orthogonalise


def OptimizerConfig(**fields):
    return config_of("optimizer", **fields)


CONFIGS = {
    "sgd": OptimizerConfig(name="sgd", lr=0.3),
    "sgd with momentum": OptimizerConfig(
        name="sgd", lr=0.05, momentum=0.9, nesterov=True, weight_decay=1e-4
    ),
    "adam": OptimizerConfig(name="adam", lr=3e-3, weight_decay=1e-4),
    "adamw": OptimizerConfig(name="adamw", lr=3e-3, weight_decay=1e-2),
    "muon": OptimizerConfig(name="muon", lr=0.05, momentum=0.95, nesterov=True, weight_decay=1e-2),
    "sgd with fast biases": OptimizerConfig(
        name="sgd", lr=0.02, momentum=0.9, nesterov=True, weight_decay=1e-4, bias_factor=8.0
    ),
    "muon beside sgd": OptimizerConfig(
        name="muon",
        lr=0.1,
        momentum=0.6,
        nesterov=True,
        weight_decay=1e-3,
        others="sgd",
        others_lr=0.05,
        others_momentum=0.85,
        bias_factor=2.0,
        renormalise=True,
    ),
}


@pytest.fixture(scope="module")
def digits():
    images, labels = load_digits(return_X_y=True)
    return torch.tensor(images, dtype=torch.float32).view(-1, 1, 8, 8) / 16, torch.tensor(labels)


def network():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.Conv2d(8, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(4),
        nn.Flatten(),
        nn.Linear(64, 32),
        nn.ReLU(),
        nn.Linear(32, 10),
    )


def train(model, optimizer, digits, steps, first=0):
    images, labels = digits
    losses = []
    for step in range(first, first + steps):
        start = step * 64 % (len(images) - 64)
        loss = F.cross_entropy(model(images[start : start + 64]), labels[start : start + 64])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize("name", CONFIGS)
def test_the_loss_on_real_digits_falls_below_a_third(name, digits):
    model = network()
    losses = train(model, build_optimizer(model, CONFIGS[name]), digits, steps=80)
    assert sum(losses[-5:]) / 5 < losses[0] / 3


@pytest.mark.parametrize("name", CONFIGS)
def test_a_restored_state_goes_on_bit_identically(name, digits):
    model = network()
    optimizer = build_optimizer(model, CONFIGS[name])
    train(model, optimizer, digits, steps=5)
    weights = copy.deepcopy(model.state_dict())
    state = copy.deepcopy(optimizer.state_dict())
    unbroken = train(model, optimizer, digits, steps=5, first=5)

    resumed_model = network()
    resumed_model.load_state_dict(weights)
    resumed_optimizer = build_optimizer(resumed_model, CONFIGS[name])
    resumed_optimizer.load_state_dict(state)
    assert train(resumed_model, resumed_optimizer, digits, steps=5, first=5) == unbroken
    for ours, theirs in zip(model.parameters(), resumed_model.parameters(), strict=True):
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize("name", CONFIGS)
def test_the_groups_survive_json(name):
    groups = build_optimizer(network(), CONFIGS[name]).state_dict()["param_groups"]
    restored = json.loads(json.dumps(groups))
    model = network()
    optimizer = build_optimizer(model, CONFIGS[name])
    optimizer.load_state_dict({"state": {}, "param_groups": restored})
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    assert all(parameter.isfinite().all() for parameter in model.parameters())


@pytest.mark.parametrize("name", CONFIGS)
def test_two_equal_trainings_give_equal_bits(name, digits):
    models = [network(), network()]
    for model in models:
        train(model, build_optimizer(model, CONFIGS[name]), digits, steps=5)
    for one, other in zip(*(model.parameters() for model in models), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("name", CONFIGS)
def test_every_group_knows_its_own_peak_learning_rate(name):
    for group in build_optimizer(network(), CONFIGS[name]).param_groups:
        assert group["initial_lr"] == group["lr"]


@pytest.mark.parametrize("name", CONFIGS)
def test_frozen_parameters_never_move(name, digits):
    model = network()
    model[3].requires_grad_(False)
    before = model[3].weight.clone()
    train(model, build_optimizer(model, CONFIGS[name]), digits, steps=2)
    assert torch.equal(model[3].weight, before)


def test_sgd_takes_the_step_of_its_formula():
    model = nn.Linear(2, 1, bias=False)
    model.weight.data = torch.tensor([[1.0, -2.0]])
    config = OptimizerConfig(name="sgd", lr=0.1, momentum=0.5, nesterov=True, weight_decay=0.01)
    optimizer = build_optimizer(model, config)
    model.weight.grad = torch.tensor([[3.0, 4.0]])
    optimizer.step()
    # g = grad + 0.01 w = (3.01, 3.98); first momentum = g; w −= 0.1 (g + 0.5 g)
    assert model.weight.tolist()[0] == pytest.approx([1 - 0.15 * 3.01, -2 - 0.15 * 3.98])


def test_muon_takes_hidden_weights_and_leaves_the_first_and_last_layer_to_adamw():
    model = network()
    assert [id(weight) for weight in hidden_weights(model)] == [
        id(model[3].weight),
        id(model[7].weight),
    ]
    muon, adamw = build_optimizer(model, CONFIGS["muon"]).param_groups
    assert [tuple(p.shape) for p in muon["params"]] == [(16, 8, 3, 3), (32, 64)]
    assert len(muon["params"]) + len(adamw["params"]) == len(list(model.parameters()))
    assert adamw["lr"] == pytest.approx(ADAMW_PART_OF_MUON_LR * muon["lr"])


def test_muon_trains_a_network_without_hidden_weights(digits):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    config = OptimizerConfig(name="muon", lr=0.5, momentum=0.9)
    losses = train(model, build_optimizer(model, config), digits, steps=40)
    assert losses[-1] < losses[0] / 2


@pytest.mark.parametrize("shape", [(1, 16, 200), (1, 200, 16), (4, 32, 32), (2, 64, 800)])
def test_singular_values_end_near_one_and_singular_vectors_stay(shape):
    torch.manual_seed(1)
    rows, columns = shape[1:]
    rank = min(rows, columns)
    left = torch.linalg.qr(torch.randn(shape[0], rows, rank)).Q
    right = torch.linalg.qr(torch.randn(shape[0], columns, rank)).Q
    values = torch.logspace(0, -1.5, rank)  # 1 down to 0.03
    result = orthogonalise(left * values @ right.mT)
    spectrum = torch.linalg.svdvals(result)
    assert spectrum.min() > 0.6
    assert spectrum.max() < 1.3
    # In the basis of the matrix's own singular vectors the result is diagonal and positive.
    inner = left.mT @ result @ right
    diagonal = inner.diagonal(dim1=1, dim2=2)
    assert (diagonal > 0.6).all()
    assert (inner - torch.diag_embed(diagonal)).abs().max() < 1e-3


def test_the_direction_is_close_to_the_polar_factor_of_the_svd():
    torch.manual_seed(2)
    matrices = torch.randn(3, 24, 60)
    left, _, right = torch.linalg.svd(matrices, full_matrices=False)
    polar, ours = left @ right, orthogonalise(matrices)
    cosine = (polar * ours).sum((1, 2)) / (polar.norm(dim=(1, 2)) * ours.norm(dim=(1, 2)))
    assert (cosine > 0.98).all()


def test_under_autocast_the_direction_is_nearly_the_same_in_bf16():
    torch.manual_seed(2)
    matrices = torch.randn(3, 24, 60)
    with torch.autocast("cpu", torch.bfloat16):
        fast = orthogonalise(matrices)
    assert fast.dtype == torch.bfloat16
    assert (
        F.cosine_similarity(fast.float().flatten(1), orthogonalise(matrices).flatten(1)).min()
        > 0.999
    )


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
def test_on_a_gpu_too_products_are_bf16_under_autocast_only():
    matrices = torch.randn(3, 24, 60, device="cuda")
    with torch.autocast("cuda", torch.bfloat16):
        assert orthogonalise(matrices).dtype == torch.bfloat16
    assert orthogonalise(matrices).dtype == torch.float32


def test_a_zero_gradient_gives_a_zero_update():
    assert torch.equal(orthogonalise(torch.zeros(1, 3, 5)), torch.zeros(1, 3, 5))


def muon_of(*weights, **changes):
    settings = {
        "lr": 0.1,
        "momentum": 0.0,
        "nesterov": False,
        "weight_decay": 0.0,
    }
    return Muon(weights, [], **(settings | changes))


def test_a_muon_step_is_the_orthogonalised_momentum_scaled_by_the_shape():
    torch.manual_seed(3)
    weight = nn.Parameter(torch.randn(12, 3, 1, 1))
    before = weight.detach().clone()
    first, second = torch.randn(2, 12, 3, 1, 1)
    optimizer = muon_of(weight, momentum=0.9, nesterov=True, weight_decay=0.5)
    expected = before
    momentum = torch.zeros(12, 3)
    for gradient in (first, second):
        weight.grad = gradient.clone()
        optimizer.step()
        momentum = 0.9 * momentum + gradient.flatten(1)
        update = orthogonalise((gradient.flatten(1) + 0.9 * momentum)[None])[0]
        # 12 rows, 3 columns: scale √4; decay 1 − 0.1 · 0.5
        expected = 0.95 * expected - 0.1 * 2 * update.view(12, 3, 1, 1)
        assert torch.allclose(weight, expected, atol=1e-5)


def test_weights_of_one_shape_move_as_if_each_were_alone():
    torch.manual_seed(4)
    together = [nn.Parameter(torch.randn(8, 20)) for _ in range(3)]
    alone = [nn.Parameter(weight.detach().clone()) for weight in together]
    for one, other in zip(together, alone, strict=True):
        one.grad = torch.randn(8, 20)
        other.grad = one.grad.clone()
    muon_of(*together).step()
    for weight in alone:
        muon_of(weight).step()
    for one, other in zip(together, alone, strict=True):
        assert torch.allclose(one, other, atol=1e-6)


def test_muon_moves_channels_last_filters_the_same_way():
    torch.manual_seed(5)
    plain = nn.Parameter(torch.randn(8, 4, 3, 3))
    last = nn.Parameter(plain.detach().clone(memory_format=torch.channels_last))
    gradient = torch.randn(8, 4, 3, 3)
    plain.grad, last.grad = gradient, gradient.contiguous(memory_format=torch.channels_last)
    muon_of(plain).step()
    muon_of(last).step()
    assert torch.allclose(plain, last, atol=1e-6)


def test_muon_gives_back_the_loss_of_a_closure():
    weight = nn.Parameter(torch.eye(3))

    def closure():
        loss = weight.square().sum()
        weight.grad = 2 * weight.detach()
        return loss

    assert muon_of(weight).step(closure).item() == pytest.approx(3.0)


def nesterov_by_hand(weight, gradients, lr, momentum, decay):
    """v ← μv + g + λw; w ← w − η(g + λw + μv), written out."""
    velocity = torch.zeros_like(weight)
    for gradient in gradients:
        full = gradient + decay * weight
        velocity = momentum * velocity + full
        weight = weight - lr * (full + momentum * velocity)
    return weight


def stepped(model, config, gradients):
    optimizer = build_optimizer(model, config)
    for several in gradients:
        for parameter, gradient in zip(model.parameters(), several, strict=True):
            parameter.grad = gradient.clone()
        optimizer.step()
    return optimizer


def some_gradients(model, steps=3):
    torch.manual_seed(6)
    return [[torch.randn_like(p) for p in model.parameters()] for _ in range(steps)]


def test_biases_and_norms_move_by_their_factor_and_decay_as_before():
    model = network()
    before = [p.detach().clone() for p in model.parameters()]
    gradients = some_gradients(model)
    config = OptimizerConfig(
        name="sgd", lr=0.01, momentum=0.85, nesterov=True, weight_decay=0.1, bias_factor=64.0
    )
    stepped(model, config, gradients)
    for n, parameter in enumerate(model.parameters()):
        fast = parameter.ndim == 1
        expected = nesterov_by_hand(
            before[n],
            [several[n] for several in gradients],
            lr=0.64 if fast else 0.01,
            momentum=0.85,
            decay=0.1 / 64 if fast else 0.1,
        )
        assert torch.allclose(parameter, expected, atol=1e-5)


def test_sgd_beside_muon_has_its_own_learning_rates_and_momentum():
    model = network()
    before = [p.detach().clone() for p in model.parameters()]
    gradients = some_gradients(model)
    optimizer = stepped(model, CONFIGS["muon beside sgd"], gradients)
    hidden = {id(weight) for weight in hidden_weights(model)}
    for n, parameter in enumerate(model.parameters()):
        if id(parameter) in hidden:
            continue
        fast = parameter.ndim == 1
        expected = nesterov_by_hand(
            before[n],
            [several[n] for several in gradients],
            lr=0.1 if fast else 0.05,
            momentum=0.85,
            decay=0.0005 if fast else 0.001,
        )
        assert torch.allclose(parameter, expected, atol=1e-5)
    assert {group["algorithm"] for group in optimizer.param_groups} == {"muon", "sgd"}


def test_renormalised_weights_have_the_norm_of_their_outputs_before_each_step():
    torch.manual_seed(7)
    weight = nn.Parameter(torch.randn(12, 3, 2, 2))
    before = weight.detach().clone()
    weight.grad = torch.randn(12, 3, 2, 2)
    muon_of(weight, renormalise=True, weight_decay=0.5).step()
    update = orthogonalise(weight.grad.flatten(1)[None])[0].view_as(weight)
    expected = before * 12**0.5 / before.square().sum().sqrt() - 0.1 * update
    assert torch.allclose(weight, expected, atol=1e-5)


def test_a_zero_weight_is_renormalised_without_nan():
    weight = nn.Parameter(torch.zeros(3, 5))
    weight.grad = torch.ones(3, 5)
    muon_of(weight, renormalise=True).step()
    assert weight.isfinite().all()


def test_muon_takes_the_first_convolution_behind_a_whitening_layer():
    model = build_model(
        "base", (3, 16, 16), 4, whitening=2, widths=(8, 8), norm="batch", hidden=0, bias=False
    )
    assert [id(w) for w in hidden_weights(model)] == [
        id(model.conv1.weight),
        id(model.conv2.weight),
    ]
    config = OptimizerConfig(
        name="muon", momentum=0.6, others="sgd", others_lr=0.7, bias_factor=0.1, whitening_epochs=3
    )
    groups = build_optimizer(model, config).param_groups
    places = {id(p): group for group in groups for p in group["params"]}
    assert places[id(model.whitening.bias)]["epochs"] == 3
    assert places[id(model.whitening.bias)]["lr"] == pytest.approx(0.07)
    assert places[id(model.norm1.bias)]["lr"] == pytest.approx(0.07)
    assert "epochs" not in places[id(model.norm1.bias)]
    assert places[id(model.linear1.weight)]["lr"] == 0.7
    assert id(model.whitening.weight) not in places
    assert len(places) == sum(p.requires_grad for p in model.parameters())


def test_depth_and_factor_of_biases_multiply():
    model = network()
    config = OptimizerConfig(name="sgd", lr=0.5, bias_factor=4.0)
    optimizer = build_optimizer(model, config, TransferConfig(depth_decay=0.1))
    rates = {id(p): group["lr"] for group in optimizer.param_groups for p in group["params"]}
    assert rates[id(model[9].weight)] == 0.5
    assert rates[id(model[9].bias)] == 2.0
    assert rates[id(model[7].weight)] == pytest.approx(0.05)
    assert rates[id(model[7].bias)] == pytest.approx(0.2)
    assert [group["depth"] for group in optimizer.param_groups] == [
        0,
        0,
        1,
        1,
        2,
        2,
        3,
        3,
    ]  # the norm with its convolution


def test_speed_96_moves_weights_as_airbench96_does():
    """Sums over 512 kept pictures, rates a sum and groups by name, as airbench96_faster has them
    (https://github.com/KellerJordan/cifar10-airbench), against means and the recipe's numbers."""
    torch.manual_seed(8)
    recipe = load_recipe("speed-96")
    network = {**recipe.model.convnet.changes(), "widths": (2, 4, 4)}
    ours = build_model("base", (3, 9, 9), 10, **network).double()
    theirs = copy.deepcopy(ours)

    scale = 1024 * (1 + 1 / (1 - 0.85))
    lr, decay = 9.0 / scale, 0.012 * 1024 / scale
    named = {n: p for n, p in theirs.named_parameters() if p.requires_grad}
    groups = [
        {"params": [p for n, p in named.items() if "norm" in n], "lr": 64 * lr},
        {"params": [p for n, p in named.items() if "norm" not in n], "lr": lr},
    ]
    for group in groups:
        group["weight_decay"] = decay / group["lr"]
    sgd = torch.optim.SGD(groups, momentum=0.85, nesterov=True)
    optimizer = build_optimizer(ours, recipe.optimizer)

    for _ in range(3):
        images, labels = torch.randn(512, 3, 9, 9).double(), torch.randint(10, (512,))
        for model, moves, reduction in ((theirs, sgd, "sum"), (ours, optimizer, "mean")):
            loss = F.cross_entropy(model(images), labels, label_smoothing=0.2, reduction=reduction)
            moves.zero_grad()
            loss.backward()
            moves.step()
    for (name, one), other in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-6, msg=name)
    whitening = next(g for g in optimizer.param_groups if "epochs" in g)
    assert [id(p) for p in whitening["params"]] == [id(ours.whitening.bias)]
