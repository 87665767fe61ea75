import copy
import subprocess
import sys

import pytest
import torch
from torch import nn
from torch.optim import SGD, Adam, AdamW

from grevy.training.optimizers.without_compiler import light

SETTINGS = [
    (SGD, {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 1e-3, "fused": True}),
    (SGD, {"lr": 0.1}),
    (Adam, {"lr": 0.01, "fused": True}),
    (AdamW, {"lr": 0.01, "weight_decay": 0.1, "fused": True}),
]


@pytest.mark.parametrize(("kind", "settings"), SETTINGS)
def test_weights_and_state_are_those_of_the_plain_optimizer_bit_by_bit(kind, settings):
    torch.manual_seed(0)
    network = nn.Linear(5, 3)
    twin = copy.deepcopy(network)
    plain, ours = kind(network.parameters(), **settings), light(kind)(twin.parameters(), **settings)
    for _ in range(4):
        images = torch.randn(8, 5)
        for model, optimizer in ((network, plain), (twin, ours)):
            optimizer.zero_grad()
            model(images).square().mean().backward()
            optimizer.step()
    for one, other in zip(network.parameters(), twin.parameters(), strict=True):
        assert torch.equal(one, other)
    assert str(plain.state_dict()) == str(ours.state_dict())


def test_no_gradient_is_recorded_of_a_step():
    weight = nn.Parameter(torch.ones(2))
    weight.grad = torch.ones(2)
    light(SGD)([weight], lr=0.5).step()
    assert weight.is_leaf
    assert torch.equal(weight.detach(), torch.full((2,), 0.5))


def test_a_training_does_not_import_what_only_compilers_need(tmp_path):
    program = (
        "import sys, grevy\n"
        "for name in ('sgd', 'adam', 'muon'):\n"
        "    recipe = {'optimizer': {'name': name}, 'epochs': 1, 'precision': 'fp32'}\n"
        f"    grevy.train('digits', recipe, out=f'{tmp_path}/{{name}}')\n"
        "sys.exit('torch._dynamo' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
