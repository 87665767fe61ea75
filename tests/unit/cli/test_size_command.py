import json
import subprocess
import sys

import pytest

from grevy.cli.main import main

KEYS = {"input", "kernel", "stride", "padding", "dilation", "output"}


def answer(capsys, line):
    main(["size", *line.split(), "--json"])
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("line", "quantity", "value"),
    [
        ("--kernel 5 --stride 1 --output input", "padding", 2),
        ("--kernel 5 --stride 1 --output same", "padding", 2),
        ("--input 32 --kernel 5 --stride 1 --output 32", "padding", 2),
        ("--input 512 --output 504 --stride 1 --padding 0", "kernel", 9),
        ("--input 504 --kernel 2 --stride 2 --padding 0", "output", 252),
        ("--input 252 --kernel 3 --stride 1 --padding 0", "output", 250),
        ("--input 504 --kernel 2 --pooling", "output", 252),
        ("--input 16 --kernel 4 --stride 2 --padding 1 --transposed", "output", 32),
        ("--input 32 --kernel 3 --output 16 --stride ? --padding 1", "stride", 2),
    ],
)
def test_the_json_has_the_one_solution(capsys, line, quantity, value):
    solutions = answer(capsys, line)["solutions"]
    assert [solution[quantity] for solution in solutions] == [value]
    assert set(solutions[0]) >= KEYS


def test_no_solution_is_an_answer_and_no_error(capsys):
    found = answer(capsys, "--input 10 --output 4 --kernel 3 --stride 3 --padding 0")
    assert found["solutions"] == []
    assert "gives 3" in found["why"]
    assert found["nearest"][0]["change"] == {"quantity": "output", "from": 4, "to": 3}
    assert set(found["nearest"][0]) >= KEYS


def test_for_people_the_formula_stands_under_the_answer(capsys):
    main(["size", "--input", "10", "--kernel", "3", "--stride", "3"])
    shown = capsys.readouterr().out
    assert "Given: input 10, kernel 3 and stride 3. Assumed: padding 0 and dilation 1." in shown
    assert "⌊(10 + 2·0 − 1·(3 − 1) − 1)/3⌋ + 1 = 3" in shown
    assert "1 row at the end is not read." in shown


def test_many_solutions_are_cut_on_a_terminal_only_and_said_to_be(capsys):
    line = "--input 64 --kernel ? --padding 0"
    main(["size", *line.split()])
    shown = capsys.readouterr().out
    assert "The first 24 of 64 solutions:" in shown
    assert "All of them: --json, or --out FILE.md" in shown
    assert len(answer(capsys, line)["solutions"]) == 64


@pytest.mark.parametrize("suffix", ["md", "tex", "html", "txt", "json"])
def test_the_answer_is_written_in_every_form(capsys, tmp_path, suffix):
    path = tmp_path / f"sizes.{suffix}"
    main(["size", "--input", "512", "--output", "504", "--out", str(path)])
    assert f"wrote {path}" in capsys.readouterr().out
    assert "512" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--input 8 --kernel 3 --stride 0", "stride 0; expected 1 to"),
        ("--input 8 --kernel 3 --padding -1", "padding -1; expected 0 to"),
        ("--input 8 --kernel three", "kernel 'three'; expected a whole number"),
        ("--input 8 --kernel 9", "kernel of 9 on an image of 8"),
        ("--input 8 --kernel 3 --pooling --transposed", "expected one of them"),
        ("--input 8 --kernell 3", "--kernel"),
        ("--input 8 --kernel 3 --first many", "many"),
        ("--input 8 --kernel 3 --out sizes.doc", "sizes.doc"),
        ("", "3 unknowns"),
    ],
)
def test_wrong_input_is_one_line_and_status_2(capsys, line, words):
    with pytest.raises(SystemExit) as stopped:
        main(["size", *line.split()])
    assert stopped.value.code == 2
    complaint = capsys.readouterr().err
    assert words in complaint
    assert complaint.count("\n") == 1


def test_the_command_loads_nothing_heavy():
    program = (
        "import sys; from grevy.cli.main import main; main('size --input 32 --kernel 3'.split());"
        "print(sorted({'numpy', 'torch', 'rich', 'pydantic', 'matplotlib'} & set(sys.modules)))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("word", ["x", "3x", "x3"])
def test_a_size_that_is_no_number_is_named_as_it_was_given(capsys, word):
    with pytest.raises(SystemExit):
        main(["size", "--input", word])
    assert f"input '{word}'" in capsys.readouterr().err
