from __future__ import annotations

import json

import pytest

from grevy.cli.main import main


def test_json_has_layers_and_totals(capsys):
    main(["layers", "base", "--input", "3x32x32", "--json"])
    answer = json.loads(capsys.readouterr().out)
    counts = [layer["parameters"] for layer in answer["layers"] if layer["parameters"]]
    assert counts == [2432, 51264, 204928, 131136, 650]
    assert answer["total_parameters"] == 390_410
    assert answer["total_flops"] == 2 * answer["total_macs"]
    assert answer["failure"] is None


def test_a_failing_layer_prints_the_table_and_exits_with_2(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["layers", "base", "--input", "3x4x4", "--json"])
    assert stop.value.code == 2
    out, err = capsys.readouterr()
    assert json.loads(out)["failure"]["fits"] == [[3, 8, 8]]
    assert err.count("\n") == 1
    assert "pool3" in err


@pytest.mark.parametrize("shape", ["3x32", "3x0x3", "a", "3x32x32x1", "-3x3x3"])
def test_a_wrong_shape_is_one_line(shape, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["layers", "base", f"--input={shape}"])
    assert stop.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_arguments_reach_the_network(capsys):
    main(["layers", "net2", "--arguments", "dropout", "0.1"])
    assert "dropout1" in capsys.readouterr().out


def test_files_are_written_by_their_suffix(tmp_path, capsys):
    names = ["a.md", "a.tex", "a.html", "a.txt", "a.json"]
    outs = [word for name in names for word in ("--out", str(tmp_path / name))]
    main(["layers", "base", *outs])
    assert all("390,410" in (tmp_path / name).read_text() for name in names[:4])
    assert json.loads((tmp_path / "a.json").read_text())["total_parameters"] == 390_410
    with pytest.raises(SystemExit):
        main(["layers", "base", "--out", "a.docx"])


def test_a_plugin_brings_networks(tmp_path, capsys):
    plugin = tmp_path / "own.py"
    plugin.write_text(
        "import torch, grevy\n"
        "@grevy.register_model('own-linear')\n"
        "def own(input_shape, classes):\n"
        "    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(48, classes))\n"
    )
    main(["layers", "own-linear", "--input", "3x4x4", "--plugin", str(plugin), "--json"])
    assert json.loads(capsys.readouterr().out)["total_parameters"] == 490
