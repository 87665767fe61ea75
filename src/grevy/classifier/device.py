"""The machine: which device, how its memory is used, and what the record says of it."""

from __future__ import annotations

import ctypes
import os
import platform
import sys
from typing import Any

import torch

from grevy import __version__
from grevy.errors import DeviceError
from grevy.figures.numerals import counted

GLIBC_MMAP_THRESHOLD, GLIBC_TRIM_THRESHOLD = -3, -1


def choose_device(name: str = "auto") -> torch.device:
    """CUDA, else MPS, else the CPU; or the one that is asked for.

    Raises:
        DeviceError: this machine does not have it.
    """
    if name == "auto":
        name = next((n for n in ("cuda", "mps") if _available(n)), "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        device = None
    if device is None or not _available(device.type):
        has = ", ".join(n for n in ("cpu", "cuda", "mps") if _available(n))
        raise DeviceError(f"device '{name}'", f"one of {has} on this machine", "change --device")
    return _one_gpu(device) if device.type == "cuda" else device


def _one_gpu(device: torch.device) -> torch.device:
    """The GPU that is meant: under torchrun each process has the one of its own number.

    Raises:
        DeviceError: there is no such GPU, or several processes are to share one.
    """
    count, processes = torch.cuda.device_count(), int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    if device.index is not None and processes > 1:
        raise DeviceError(
            f"device '{device}' for {processes} processes", "one GPU each", "use --device cuda"
        )
    if processes > count:
        raise DeviceError(
            f"{counted(processes, 'process')} on {counted(count, 'GPU')}",
            "one GPU each",
            f"use torchrun --nproc-per-node {count}",
        )
    if device.index is not None and device.index >= count:
        raise DeviceError(
            f"device '{device}'", f"cuda:0 to cuda:{count - 1} on this machine", "change --device"
        )
    if device.index is None and "LOCAL_RANK" in os.environ:
        return torch.device("cuda", int(os.environ["LOCAL_RANK"]))
    return device


def keep_freed_memory() -> None:
    """Let the C library keep freed memory instead of handing it back page by page.

    Each step frees and takes the same large blocks; without this the kernel zeroes them anew
    every time, which is a tenth to a fifth of a small network's step on the CPU. Only where the C
    library is glibc; elsewhere nothing changes.
    """
    if platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        libc.mallopt(GLIBC_MMAP_THRESHOLD, 2**30)
        libc.mallopt(GLIBC_TRIM_THRESHOLD, 2**31 - 1)


def wait_for(device: torch.device) -> None:
    """Return once the device has done all that it was given; a CPU always has."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def environment(device: torch.device) -> dict[str, Any]:
    """Versions, processor and threads, for the record."""
    import numpy
    import PIL

    return {
        "grevy": __version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": numpy.__version__,
        "pillow": PIL.__version__,
        "platform": platform.platform(),
        "processor": processor_name(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "device": str(device),
        "gpu": torch.cuda.get_device_name(device) if device.type == "cuda" else None,
    }


def processor_name() -> str:
    """As the system calls it."""
    if sys.platform == "linux":
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = [
                line.split(":", 1)[1].strip() for line in file if line.startswith("model name")
            ]
        if names:
            return names[0]
    return platform.processor() or platform.machine()


def _available(kind: str) -> bool:
    if kind == "cuda":
        return torch.cuda.is_available()
    if kind == "mps":
        return torch.backends.mps.is_available()
    return kind == "cpu"
