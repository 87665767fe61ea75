"""The same document gives the same bytes in every form, whatever the order of a process's sets."""

import hashlib
import json
import os
import subprocess
import sys

from grevy.documents.suffixes import DOCUMENTS

PROGRAM = """
import hashlib, io, json, sys
from pathlib import Path
from PIL import Image
from grevy.documents.blocks import *
from grevy.documents.suffixes import DOCUMENTS
from grevy.documents.write import write_document

file = io.BytesIO()
Image.new("RGB", (30, 20), "orange").save(file, "png")
value = Value("0.7340", "base-seed0", "results.test.accuracy", ".4f")
document = Document(
    "A report on 斑马 and זברה",
    (
        *(Heading(f"Section {n}") for n in range(6)),
        Paragraph(("it is ", value)),
        Items(("a", (value,))),
        Formula("1 − 1 = 0", "1 - 1 = 0"),
        Matrix("m", (("0", "1"), ("2", "3")), frozenset({(0, 0), (1, 1), (0, 1)})),
        Table(tuple("abcdefgh"), (tuple("12345678"),), frozenset(range(1, 8)), "t"),
        Figure("f", file.getvalue(), "a picture", (value,)),
    ),
    (Origin("base-seed0", ("runs/base",), (("run.json", "a" * 64),), '{"b": 1, "a": 2}'),),
)
folder = Path(sys.argv[1])
paths = [write_document(document, folder / f"report{suffix}") for suffix in DOCUMENTS]
print(json.dumps({p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in paths}))
"""


def sums(folder, seed):
    folder.mkdir()
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(folder)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def test_two_processes_write_the_same_bytes_in_every_form(tmp_path):
    first, second = sums(tmp_path / "a", "1"), sums(tmp_path / "b", "2")
    assert first == second
    assert len(first) == len(DOCUMENTS)
    empty = hashlib.sha256(b"").hexdigest()
    assert empty not in first.values()
