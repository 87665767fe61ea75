"""A network of one's own: trained, looked into, compared with an edited version, opened again.

Run it anywhere: `python examples/own_network.py`. It takes about a minute on two cores.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import grevy

NET = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, input_shape, classes, width=8):
        super().__init__()
        channels, height, width_of_picture = input_shape
        self.conv = nn.Conv2d(channels, width, kernel_size=5, stride=2)
        self.linear = nn.Linear(width, classes)

    def forward(self, images):
        return self.linear(torch.relu(self.conv(images)).amax((2, 3)))
"""
RECIPE = {"epochs": 1, "precision": "fp32"}


def main(folder: Path) -> None:
    """Each step asserts what it claims."""
    file, first, second = folder / "mynet.py", folder / "first", folder / "second"
    file.write_text(NET)
    table = grevy.layers(f"{file}:Net", (1, 32, 32), classes=10)
    assert table.total_parameters == (5 * 5 + 1) * 8 + (8 + 1) * 10

    one = grevy.train("digits", RECIPE, model=f"{file}:Net", out=first)
    assert one.results["test"]["accuracy"] > 0.1  # better than guessing

    file.write_text(NET.replace("width=8", "width=16"))
    two = grevy.train("digits", RECIPE, model=f"{file}:Net", out=second)
    assert two.record.identity != one.record.identity

    file.unlink()  # both runs have their own source
    for run, width in ((first, 8), (second, 16)):
        assert grevy.look(run=run, layer="conv").arrays["weights_OIHW"].shape[0] == width
    assert grevy.evaluate(first)["loss"] == one.results["test"]["loss"]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        main(Path(place))
