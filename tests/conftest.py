"""What all tests share: the real data, small image data, and folders that no run of a user sees."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parent.parent

signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup it is ignored, by children too


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of real data, or a skip that says what is missing."""
    place = Path(os.environ.get("GREVY_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not place.is_dir():
        pytest.skip(f"no real data at {place}; set GREVY_TEST_DATA to the folder that holds it")
    return place


@pytest.fixture(scope="session")
def cifar10_folder(test_data: Path) -> Path:
    """The whole CIFAR-10 as Parquet files."""
    return test_data / "cifar10"


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    os.environ["GREVY_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    os.environ["GREVY_STATE"] = str(tmp_path_factory.mktemp("state"))


@pytest.fixture
def stripes() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """120 + 40 pictures of 16×16 in two classes that a network learns at once: which way the
    stripes run."""
    random = np.random.default_rng(0)

    def some(count: int) -> tuple[np.ndarray, np.ndarray]:
        labels = np.arange(count) % 2
        lines = np.where(np.arange(16) % 4 < 2, 60, 190)
        images = np.stack(
            [np.tile(lines, (16, 1)) if y else np.tile(lines[:, None], 16) for y in labels]
        )
        noisy = images + random.integers(-40, 40, images.shape)
        names = np.array(["across", "down"])
        return noisy.clip(0, 255).astype(np.uint8), names[labels]

    return {"train": some(120), "test": some(40)}
