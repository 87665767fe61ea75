"""Modules that commands load, and the processor time of `look` against that of `import torch`."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from compare.checkouts import Checkout, CommandFailedError
from compare.small import digits_run, write_picture

CHILD = Path(__file__).with_name("imports_child.py")
HEAVY = ("torchvision", "timm", "sympy", "torch._dynamo")
LAYER = "conv1"

Row = tuple[str, str, str, int]


def imports(before: Checkout, after: Checkout, precision: str, rounds: int) -> Iterator[Row]:
    """Case, what, result and n, for both."""
    both = (before, after)
    for checkout in both:
        for case, words in commands(checkout, precision).items():
            found = modules(checkout, words)
            heavy = [name for name in HEAVY if name in found]
            yield case, f"modules {checkout.side}", str(len(found)), 1
            yield case, f"heavy modules {checkout.side}", " ".join(heavy) or "none", len(heavy)
    yield from look_seconds(both, precision, rounds)


def commands(checkout: Checkout, precision: str) -> dict[str, list[str]]:
    """Case and words: own networks on the digits."""
    base = str(digits_run(checkout, "base", precision))
    resnet = str(digits_run(checkout, "resnet18", precision))
    picture = str(write_picture(checkout.home / "picture.png"))
    return {
        "evaluate (base)": ["evaluate", base],
        "predict (base)": ["predict", base, picture],
        "look (base, one layer)": look(picture, base),
        "look (base, overview)": ["look", picture, "--run", base],
        "look (base, gradcam)": ["look", picture, "--run", base, "--method", "gradcam"],
        "look (own ResNet-18, one layer)": look(picture, resnet),
    }


def look(picture: str, run: str) -> list[str]:
    return ["look", picture, "--run", run, "--layer", LAYER]


def modules(checkout: Checkout, words: list[str]) -> list[str]:
    """Names in `sys.modules` at the end of the command."""
    result = checkout.home / "modules.json"
    checkout.python(["-P", str(CHILD), str(result), *words], checkout.home)
    found: list[str] = json.loads(result.read_text())
    return found


def look_seconds(both: tuple[Checkout, Checkout], precision: str, rounds: int) -> Iterator[Row]:
    """`look` of one layer of one's own ResNet-18, in turns with `import torch`."""
    case, words = "look (own ResNet-18, one layer)", {}
    for checkout in both:
        own = commands(checkout, precision)[case]
        words[checkout.side] = ["-m", "grevy", *own]
        processor_seconds(checkout, words[checkout.side])  # compiles bytecode, warms the disk
    torch, looks = [], {checkout.side: [] for checkout in both}
    for _ in range(rounds):
        torch.append(processor_seconds(both[0], ["-c", "import torch"]))
        for checkout in both:
            looks[checkout.side].append(processor_seconds(checkout, words[checkout.side]))
    yield "import torch", "processor seconds", f"{statistics.median(torch):.2f}", rounds
    for side, values in looks.items():
        beyond = statistics.median(v - t for v, t in zip(values, torch, strict=True))
        ratio = statistics.median(v / t for v, t in zip(values, torch, strict=True))
        yield case, f"processor seconds {side}", f"{statistics.median(values):.2f}", rounds
        yield case, f"processor seconds beyond import torch, {side}", f"{beyond:.2f}", rounds
        yield case, f"ratio to import torch, {side}", f"{ratio:.3f}", rounds


def processor_seconds(checkout: Checkout, words: list[str]) -> float:
    """User and system time of `python WORDS` with all its threads and waited-for children.

    Raises:
        CommandFailedError: it failed.
    """
    process = subprocess.Popen(
        [sys.executable, *words],
        cwd=checkout.home,
        env=checkout.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise CommandFailedError(checkout.side, words, process.returncode, "see above")
    return usage.ru_utime + usage.ru_stime
