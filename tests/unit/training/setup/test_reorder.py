import copy

import pytest
import torch
from torch import nn

from grevy.models import build_model
from grevy.training.setup.compiling import pool_before_relu


@pytest.mark.parametrize("name", ["base", "net1"])
def test_outputs_and_gradients_are_the_same_bit_by_bit(name):
    torch.manual_seed(0)
    network = build_model(name, (3, 16, 16), 4)
    twin = copy.deepcopy(network)
    images_BCHW, labels_B = torch.randn(8, 3, 16, 16), torch.arange(8) % 4
    losses = []
    for model in (network, pool_before_relu(twin)):
        losses.append(nn.functional.cross_entropy(model(images_BCHW), labels_B))
        losses[-1].backward()
    assert torch.equal(*losses)
    for one, other in zip(network.parameters(), twin.parameters(), strict=True):
        assert torch.equal(one.grad, other.grad)


def test_only_a_relu_right_before_a_max_pooling_changes_its_place():
    network = build_model("base", (3, 16, 16), 4)
    names = [name for name, _ in network.named_children()]
    reordered = [name for name, _ in pool_before_relu(network).named_children()]
    assert names[:6] == ["conv1", "relu1", "pool1", "conv2", "relu2", "pool2"]
    assert reordered[:6] == ["conv1", "pool1", "relu1", "conv2", "pool2", "relu2"]
    assert reordered[9:] == names[9:]
    assert [name for name, _ in network.named_children()] == names
    averages = nn.Sequential(nn.ReLU(), nn.AvgPool2d(2), nn.GELU(), nn.MaxPool2d(2))
    assert list(pool_before_relu(averages)) == list(averages)


def test_layers_that_stand_in_two_places_stay_in_both():
    relu, pool = nn.ReLU(), nn.MaxPool2d(2)
    network = nn.Sequential(
        nn.Conv2d(1, 2, 3, padding=1), relu, pool, nn.Conv2d(2, 3, 3, padding=1), relu, pool
    )
    images_BCHW = torch.randn(4, 1, 8, 8)
    assert torch.equal(pool_before_relu(network)(images_BCHW), network(images_BCHW))


def test_other_networks_come_back_as_they_are():
    class Other(nn.Module):
        pass

    network = Other()
    assert pool_before_relu(network) is network


def test_the_mode_of_each_layer_stays():
    network = build_model("net1", (3, 16, 16), 4)
    network.norm1.eval()
    modes = [module.training for module in network.modules()]
    assert pool_before_relu(network).training
    assert [module.training for module in network.modules()] == modes


def test_hooks_of_the_chain_are_kept():
    network = build_model("base", (3, 16, 16), 4, resize=8)
    seen = []
    network.conv1.register_forward_pre_hook(lambda layer, inputs: seen.append(inputs[0].shape))
    pool_before_relu(network)(torch.randn(2, 3, 16, 16))
    assert seen == [(2, 3, 8, 8)]
