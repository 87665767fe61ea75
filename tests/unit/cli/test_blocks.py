"""Documents on the terminal."""

import os
import pty
import subprocess
import sys

from grevy.cli.blocks import print_document
from grevy.cli.output import Output
from grevy.documents.blocks import Document, Paragraph

PROGRAM = (
    "from grevy.cli.blocks import print_document; from grevy.cli.output import Output;"
    "from grevy.documents.blocks import Document, Paragraph;"
    "print_document(Output(as_json=False), Document('', (Paragraph('word ' * 20),)))"
)


def test_off_a_terminal_a_document_is_wide(capsys):
    print_document(Output(as_json=False), Document("", (Paragraph("word " * 30),)))
    assert capsys.readouterr().out == ("word " * 30).strip() + "\n"


def test_beside_json_nothing_is_printed(capsys):
    print_document(Output(as_json=True), Document("", (Paragraph("word"),)))
    assert capsys.readouterr().out == ""


def test_on_a_terminal_a_document_is_as_wide_as_it():
    leader, follower = pty.openpty()
    environment = {**os.environ, "COLUMNS": "50"}
    subprocess.run([sys.executable, "-c", PROGRAM], stdout=follower, env=environment, check=True)
    os.close(follower)
    shown = os.read(leader, 10_000).decode().split()
    os.close(leader)
    assert shown == ["word"] * 20
