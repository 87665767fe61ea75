"""Train pictures that grow during the training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import grevy
from grevy.errors import RecipeValueError
from grevy.models import build_model
from grevy.training.listeners.listener import Listener
from grevy.training.sizes import at_size, refuse_sizes


def test_each_size_has_an_equal_part_of_the_steps() -> None:
    images = torch.randn(2, 3, 16, 16)
    sides = [at_size(images, (8, 12, 16), step, 9).shape[-1] for step in range(9)]
    assert sides == [8, 8, 8, 12, 12, 12, 16, 16, 16]
    assert at_size(images, (16,), 0, 9) is images
    assert at_size(images, (), 8, 9) is images


def test_a_smaller_picture_is_antialiased() -> None:
    """Half the side by the triangle of twice its width: 1, 3, 3, 1 eighths."""
    row = torch.tensor([0.0, 8, 0, 0, 16, 0, 0, 0])
    images = row.expand(1, 1, 8, 8).contiguous()
    small = at_size(images, (4,), 0, 1)
    # second value: rows 1 to 4 of the source weigh 1, 3, 3, 1 eighths
    assert small.shape == (1, 1, 4, 4)
    assert small[0, 0, 0, 1].item() == pytest.approx((8 * 1 + 16 * 1) / 8)


def test_a_network_made_for_one_size_is_refused_before_training() -> None:
    fixed = build_model("base", (3, 32, 32), 10)
    with pytest.raises(RecipeValueError, match=r"24×24.*global-pooling"):
        refuse_sizes(fixed, (24, 32), (3, 32, 32))
    free = build_model("base", (3, 32, 32), 10, global_pooling="max")
    refuse_sizes(free, (24, 32), (3, 32, 32))
    assert free.training
    with pytest.raises(RecipeValueError, match="4×4"):
        refuse_sizes(free, (4,), (3, 32, 32))
    with pytest.raises(RecipeValueError, match="square"):
        refuse_sizes(free, (24,), (3, 32, 40))


@grevy.register_model("notes-its-sizes")
class NotesItsSizes(nn.Module):
    """Mean colour, and a note of the size of each train batch."""

    seen: list[int]

    def __init__(self, input_shape: tuple[int, int, int], classes: int) -> None:
        super().__init__()
        self.linear = nn.Linear(input_shape[0], classes)
        NotesItsSizes.seen = []

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        if self.training:
            NotesItsSizes.seen.append(images.shape[-1])
        return self.linear(images.mean((2, 3)))


def test_a_training_shows_them_and_checks_at_full_size(
    stripes: dict[str, tuple[np.ndarray, np.ndarray]], tmp_path: Path
) -> None:
    recipe = {
        "model": {"name": "notes-its-sizes"},
        "augment": {"sizes": [8, 16]},
        "batch_size": 27,
        "epochs": 2,
        "precision": "fp32",
    }
    grevy.train(stripes, recipe, out=tmp_path / "run", listener=Listener())
    assert NotesItsSizes.seen == [8] * 4 + [16] * 4
