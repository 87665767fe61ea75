"""What memory the machine has to give."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

_GROUPS = (
    (Path("/sys/fs/cgroup"), "memory.max", "memory.current", "inactive_file"),
    (
        Path("/sys/fs/cgroup/memory"),
        "memory.limit_in_bytes",
        "memory.usage_in_bytes",
        "total_inactive_file",
    ),
)
"""Of both versions: where, limit, what is used, and what of it caches would give back."""


def free_memory() -> int:
    """Bytes that may be taken: what the machine has free, or less where a control group says so."""
    free = [_available()]
    for folder, limit, used, cached in _GROUPS:
        with suppress(OSError, ValueError):  # absent, or "max"
            left = int((folder / limit).read_text()) - int((folder / used).read_text())
            free.append(left + _statistic(folder, cached))
    return max(0, min(free))


def _statistic(folder: Path, name: str) -> int:
    for line in (folder / "memory.stat").read_text().splitlines():
        if line.startswith(f"{name} "):
            return int(line.split()[1])
    return 0


def _available() -> int:
    """By the kernel's own estimate, which counts what caches would give back."""
    with suppress(OSError, StopIteration, ValueError, IndexError):
        lines = Path("/proc/meminfo").read_text().splitlines()
        return (
            int(next(line for line in lines if line.startswith("MemAvailable")).split()[1]) * 1024
        )
    pages = "SC_AVPHYS_PAGES" if "SC_AVPHYS_PAGES" in os.sysconf_names else "SC_PHYS_PAGES"
    return os.sysconf(pages) * os.sysconf("SC_PAGE_SIZE")
