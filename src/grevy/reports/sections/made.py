"""How it was made: versions, machine, time; and how to do it again."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from grevy.documents.blocks import Block, Code, Table
from grevy.records.run_record import RunStatus
from grevy.reports.material import Material

_ROWS = (
    ("created", "created (universal time)", "text"),
    ("environment.grevy", "Grevy", "text"),
    ("environment.torch", "PyTorch", "text"),
    ("environment.numpy", "NumPy", "text"),
    ("environment.python", "Python", "text"),
    ("environment.platform", "system", "text"),
    ("environment.processor", "processor", "text"),
    ("environment.gpu", "accelerator", "text"),
    ("environment.threads", "threads", ",d"),
    ("environment.device", "device", "text"),
    ("precision", "precision", "text"),
    ("results.seconds.training", "seconds of training", "seconds"),
    ("results.seconds.data", "seconds of reading pictures", "seconds"),
    ("results.seconds.evaluation", "seconds of evaluation", "seconds"),
    ("resumes", "times resumed", ",d"),
    ("identity", "identity", "text"),
    ("data.fingerprint", "fingerprint of the data", "text"),
)


def made(material: Material) -> Sequence[Block]:
    """A table of what it was made with."""
    rows = tuple(
        (words, (material.value(field, form),))
        for field, words, form in _ROWS
        if material.has(field)
    )
    return (Table(("what", "with"), rows),)


def again(material: Material) -> Sequence[Block]:
    """The commands that train it again, judge it and look into it."""
    place, record = shlex.quote(material.source.place), material.source.record
    where = shlex.quote(record.data.where)
    trains = f"{shlex.join(record.command)}   # trains it again; choose another --out"
    report = f"grevy report {place}"
    lines = [f"grevy train --resume --out {place}   # goes on where it stopped", trains, report]
    if record.status is RunStatus.FINISHED:
        evaluates = f"grevy evaluate {place}   # the same figures from its weights"
        lines = [trains, evaluates, f"grevy look PICTURE --run {place}", report]
    return (Code("\n".join(lines), f"with the image data at {where}"),)
