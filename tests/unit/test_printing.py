"""Nothing is printed but through the cleaner, which the source and the streams show."""

from __future__ import annotations

import ast
import io
import sys
from pathlib import Path

import pytest

import grevy
from grevy.cli.output import Output
from grevy.cli.streams import CleanStream, LastingStream, lasting_streams
from grevy.printing import console, on_stderr, on_stdout

HOUSE = Path(grevy.__file__).parent
PRINTER = "printing.py"
ANSWERS = "studies/executors/worker.py"
"""Prints JSON for the process that started it, to a stream that is no terminal's."""

STREAMS = ("stdout", "stderr", "__stdout__", "__stderr__")


def ways_out(source: str) -> list[str]:
    """What a module prints by itself: `print`, writing to a stream of the system, a console."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        streams = [f"sys.{stream}.{how}" for stream in STREAMS for how in ("write", "writelines")]
        is_console = called.rpartition(".")[2] in ("Console", "rprint", "pprint")
        if called in ("print", "os.write", *streams) or is_console:
            found.append(f"line {node.lineno}: {called}")
    return found


@pytest.mark.parametrize(
    "path", sorted(HOUSE.rglob("*.py")), ids=lambda path: str(path.relative_to(HOUSE))
)
def test_no_module_prints_by_itself(path: Path) -> None:
    if str(path.relative_to(HOUSE)) not in (PRINTER, ANSWERS):
        assert ways_out(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source", ["print(x)", "sys.stderr.write(x)", "rich.console.Console()", "os.write(2, x)"]
)
def test_a_module_that_prints_by_itself_is_found(source: str) -> None:
    assert len(ways_out(f"def late():\n    {source}")) == 1


HOSTILE = "cat\x1b[2J\u202e\x9b\udcff"
SHOWN = "cat�[2J���"


def test_lines_on_both_streams_are_clean(capsys: pytest.CaptureFixture[str]) -> None:
    on_stdout(HOSTILE)
    on_stderr(HOSTILE)
    assert capsys.readouterr() == (f"{SHOWN}\n", f"{SHOWN}\n")


def test_tables_and_notes_are_clean_and_markup_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output(as_json=False)
    output.table((HOSTILE, "n"), [(f"[bold]{HOSTILE}", 3)], title=f":cat: {HOSTILE}")
    output.line(HOSTILE)
    printed = capsys.readouterr().out
    assert printed.count(SHOWN) == 4
    assert "[bold]cat" in printed
    assert ":cat:" in printed
    assert "\x1b" not in printed


def test_what_other_packages_print_is_clean_and_styles_of_ours_stay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setenv("FORCE_COLOR", "1")
    with lasting_streams():
        print(HOSTILE)
        console().print("bold", style="bold")
    assert screen.getvalue().startswith(f"{SHOWN}\n\x1b[1mbold")


def test_a_bar_of_another_package_may_begin_its_line_again() -> None:
    screen = io.StringIO()
    CleanStream(LastingStream(screen)).write("\r 50 %\r100 %\x1b\n")
    assert screen.getvalue() == "\r 50 %\r100 %�\n"


def test_signs_that_a_terminal_lacks_are_escaped_and_nothing_fails() -> None:
    raw = io.BytesIO()
    stream = LastingStream(io.TextIOWrapper(raw, encoding="ascii", write_through=True))
    stream.write("95 % ≥ 猫")
    assert raw.getvalue() == b"95 % \\u2265 \\u732b"
