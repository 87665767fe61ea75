"""One battery for every registered network."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from grevy.models import build_model, model_names

NAMES = [name for name in model_names() if "-" not in name]
SHAPES = [(3, 32, 32), (1, 28, 28), (3, 17, 40)]

pytestmark = pytest.mark.parametrize("name", NAMES)


@pytest.mark.parametrize("shape", SHAPES)
def test_it_puts_out_one_logit_a_class(name: str, shape: tuple[int, int, int]) -> None:
    assert build_model(name, shape, 5)(torch.randn(3, *shape)).shape == (3, 5)


def test_the_seed_decides_its_weights(name: str) -> None:
    built = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        built.append(build_model(name, (3, 32, 32), 10).state_dict())
    assert all(torch.equal(built[0][k], built[1][k]) for k in built[0])
    assert any(not torch.equal(built[0][k], built[2][k]) for k in built[0])


def test_in_evaluation_a_picture_does_not_depend_on_its_neighbours(name: str) -> None:
    model = build_model(name, (3, 32, 32), 10).eval()
    images = torch.randn(6, 3, 32, 32)
    torch.testing.assert_close(model(images)[:2], model(images[:2].clone()), atol=1e-5, rtol=1e-5)


def test_it_leaves_its_input_alone(name: str) -> None:
    images = torch.randn(4, 3, 32, 32)
    before = images.clone()
    build_model(name, (3, 32, 32), 10)(images)
    assert torch.equal(images, before)


def test_every_weight_gets_a_gradient(name: str) -> None:
    model = build_model(name, (3, 32, 32), 10)
    F.cross_entropy(model(torch.randn(8, 3, 32, 32)), torch.arange(8)).backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())


def test_its_weights_load_into_a_fresh_one(name: str) -> None:
    one, other = (build_model(name, (3, 32, 32), 10).eval() for _ in range(2))
    other.load_state_dict(one.state_dict())
    images = torch.randn(2, 3, 32, 32)
    assert torch.equal(one(images), other(images))


def test_it_learns_eight_pictures_by_heart(name: str) -> None:
    torch.manual_seed(0)
    model = build_model(name, (3, 16, 16), 4)
    images, labels = torch.randn(8, 3, 16, 16), torch.arange(8) % 4
    optimizer = torch.optim.Adam(model.parameters(), 0.003)
    bound = 0.5 * torch.tensor(4.0).log()
    for _ in range(60):
        loss = F.cross_entropy(model(images), labels)
        if loss < bound:
            break
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss < bound
