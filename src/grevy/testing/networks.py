"""Small networks that are hard to look into, each in the middle of something.

Shapes: B pictures, C channels, H rows, W columns, T tokens, D features, K classes.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from grevy.classifier.classifier import Classifier
from grevy.classifier.of_module import classifier_of_module
from grevy.models import build_model

SHAPE = (3, 16, 16)
CLASSES = 10


class Residual(nn.Module):
    """One ReLU called three times, in place, and functional ones."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(6)
        self.conv2 = nn.Conv2d(6, 6, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(6)
        self.conv3 = nn.Conv2d(6, 6, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.dropout = nn.Dropout(0.5)
        self.linear = nn.Linear(6, CLASSES)
        nn.init.uniform_(self.norm1.running_mean)  # type: ignore[arg-type]

    def forward(self, images_BCHW: Tensor) -> Tensor:
        """Logits [B, K]."""
        first = self.relu(self.norm1(self.conv1(images_BCHW)))
        second = self.norm2(self.conv2(first))
        second += first
        second = self.relu(second)
        third = second + F.relu(self.conv3(second), inplace=True)
        logits_BK: Tensor = self.linear(self.dropout(self.relu(third).mean((2, 3))))
        return logits_BK


class Attention(nn.Module):
    """Three heads."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.qkv = nn.Linear(features, 3 * features)
        self.proj = nn.Linear(features, features)

    def forward(self, tokens_BTD: Tensor) -> Tensor:
        """The same shape."""
        parts = self.qkv(tokens_BTD).unflatten(2, (3, 3, -1)).permute(2, 0, 3, 1, 4)
        heads = F.scaled_dot_product_attention(*parts)
        mixed_BTD: Tensor = self.proj(heads.transpose(1, 2).flatten(2))
        return mixed_BTD


class Transformer(nn.Module):
    """Patches as tokens, one of no patch before them, which alone goes on to the output."""

    def __init__(self) -> None:
        super().__init__()
        self.patch_embed = nn.Conv2d(3, 12, 4, stride=4)
        self.token_11D = nn.Parameter(torch.randn(1, 1, 12))
        self.places_1TD = nn.Parameter(0.1 * torch.randn(1, 17, 12))
        self.norm1 = nn.LayerNorm(12)
        self.attn = Attention(12)
        self.norm2 = nn.LayerNorm(12)
        self.mlp = nn.Sequential(nn.Linear(12, 24), nn.GELU(), nn.Linear(24, 12))
        self.head = nn.Linear(12, CLASSES)

    def forward(self, images_BCHW: Tensor) -> Tensor:
        """Logits [B, K]."""
        patches_BTD = self.patch_embed(images_BCHW).flatten(2).transpose(1, 2)
        token_B1D = self.token_11D.expand(len(images_BCHW), -1, -1)
        tokens_BTD = torch.cat([token_B1D, patches_BTD], 1) + self.places_1TD
        tokens_BTD = tokens_BTD + self.attn(self.norm1(tokens_BTD))
        tokens_BTD = tokens_BTD + self.mlp(self.norm2(tokens_BTD))
        logits_BK: Tensor = self.head(tokens_BTD[:, 0])
        return logits_BK


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "base": lambda: build_model("base", SHAPE, CLASSES),
    "residual": Residual,
    "transformer": Transformer,
}


def classifier_in_work(name: str) -> Classifier:
    """A network of `NETWORKS` in which every kind of state is there to be lost."""
    found = _at_rest(name)
    model = copy.deepcopy(found.model)
    parameters = list(model.parameters())
    parameters[0].requires_grad_(False)
    for parameter in parameters[1::2]:
        parameter.grad = torch.randn_like(parameter)
    model.train()
    next(model.children()).eval()
    next(model.children()).register_forward_hook(lambda module, args, output: None)
    return replace(found, model=model)


@cache
def _at_rest(name: str) -> Classifier:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = NETWORKS[name]()
    return classifier_of_module(
        model, SHAPE, mean=(0.5, 0.4, 0.6), standard_deviation=(0.2, 0.3, 0.25), name=name
    )
