"""What each command loads: a start is slow where it imports what its question does not need."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest
from PIL import Image

import grevy
from grevy.training.listeners.listener import Listener

HEAVY = (
    *("torch", "torch._dynamo", "torchvision", "timm", "sympy", "scipy", "sklearn", "pandas"),
    *("pyarrow", "matplotlib", "matplotlib.pyplot", "numpy", "PIL", "pydantic", "tyro", "rich"),
)
"""Modules that take a noticeable part of a second to import, or bring many others."""

FLAGS = {"tyro"}
RECORDS = {*FLAGS, "pydantic", "rich"}
NETWORK = {*RECORDS, "torch", "numpy", "PIL"}
FIGURE = {*NETWORK, "matplotlib"}
DIGITS = {"sklearn", "scipy", "pandas", "pyarrow"}
"""scikit-learn carries the digits; it imports pandas, and that pyarrow, where they are there."""

COUNTING = {"torch._dynamo", "sympy", "scipy", "sklearn", "pandas", "pyarrow"}
"""What runs a network without data is torch's compiler, with all that it looks for."""

LOADS = {
    "--help": set[str](),
    "size --input 32 --kernel 3": FLAGS,
    "convolve --help": FLAGS,
    "runs .": RECORDS,
    "compare one=run two=other": {*FIGURE, *COUNTING},
    "data digits": {*RECORDS, "numpy", "PIL", "matplotlib", *DIGITS},
    "layers base": {*NETWORK, *COUNTING},
    "train digits --epochs 1 --device cpu --out new": {*FIGURE, *DIGITS},
    "predict run three.png": NETWORK,
    "evaluate run pictures": {*NETWORK, *DIGITS},  # its own data tell which pictures are shared
    "evaluate run": {*NETWORK, *DIGITS},
    "look three.png --run run --layer conv1 --out l.png": FIGURE,
    "look three.png --model resnet18 --layer conv1 --out m.png": FIGURE,
    "look three.png --run run --method gradcam --out g.png": {*FIGURE, "scipy"},
    "look three.png --run run --out o.png": {*FIGURE, "scipy"},
    "look --run run --unit conv1:3 --out u.png": {*FIGURE, *DIGITS},
    "look --run run --map conv2 --out f.png": {*FIGURE, *DIGITS},
}
"""What each command may load; it may load less."""

PROGRAM = (
    "import contextlib, io, json, sys\n"
    "from grevy.cli.main import main\n"
    "with contextlib.redirect_stdout(io.StringIO()):\n"
    "    try:\n"
    "        main(sys.argv[2:])\n"
    "    except SystemExit as end:\n"
    "        assert not end.code, end.code\n"
    "print(json.dumps([name for name in json.loads(sys.argv[1]) if name in sys.modules]))\n"
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run on the digits, a picture, and a folder of pictures with its classes."""
    folder = tmp_path_factory.mktemp("commands")
    recipe = {"epochs": 1, "patience": 0, "precision": "fp32"}
    grevy.train("digits", recipe, out=folder / "run", device="cpu", listener=Listener())
    copytree(folder / "run", folder / "other")
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8), np.uint8)
    Image.fromarray(pixels).save(folder / "three.png")
    for split in ("train", "test"):
        for number in range(10):
            (folder / "pictures" / split / str(number)).mkdir(parents=True)
            for copy in range(2):
                name = f"pictures/{split}/{number}/{copy}.png"
                Image.fromarray(pixels + np.uint8(number + 20 * copy)).save(folder / name)
    return folder


@pytest.mark.parametrize("command", LOADS)
def test_a_command_loads_only_what_it_needs(place: Path, command: str) -> None:
    loaded = loaded_by(command.split(), place)
    assert loaded <= LOADS[command], f"also {', '.join(sorted(loaded - LOADS[command]))}"


def test_the_package_itself_loads_nothing_heavy(place: Path) -> None:
    program = f"import grevy, sys; print([n for n in {HEAVY} if n in sys.modules])"
    assert run_python(["-c", program], place).strip() == "[]"


@pytest.mark.parametrize("command", [c for c in LOADS if c.split()[0] in ("look", "predict")])
def test_answers_of_own_networks_load_no_zoo_and_no_compiler(command: str) -> None:
    assert not LOADS[command] & {"torchvision", "timm", "sympy", "torch._dynamo"}


def loaded_by(words: list[str], place: Path) -> set[str]:
    """Heavy modules that a command loads; it has to succeed."""
    answer = run_python(["-c", PROGRAM, json.dumps(HEAVY), *words], place)
    return set(json.loads(answer.splitlines()[-1]))


def run_python(words: list[str], place: Path) -> str:
    ended = subprocess.run(
        [sys.executable, *words],
        cwd=place,
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout
