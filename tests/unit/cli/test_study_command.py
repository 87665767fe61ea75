"""grevy study and grevy compare, as a user types them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import grevy
from grevy.cli.main import main
from grevy.errors import StudyFileError
from grevy.records.predictions import load_predictions
from grevy.studies.listener import StudyListener
from grevy.studies.plan import Plan, save_study
from grevy.studies.study import load_study

QUICK = "name: quick\nepochs: 2\nchecks_per_epoch: 1\npatience: 0\n"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two arms, two seeds, trained by the command."""
    place = tmp_path_factory.mktemp("study")
    (place / "quick.yaml").write_text(QUICK)
    main([*words(place), "--json"])
    return place


def words(place: Path, *more: str) -> list[str]:
    base = ["study", "digits", "--base", str(place / "quick.yaml"), "--out", str(place / "s")]
    return [*base, "--vary", "slow: lr=0.001", "--seeds", "2", *more]


def said(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def refused(command: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as stop:
        main(command)
    assert stop.value.code == 2
    return capsys.readouterr().err


def test_a_finished_study_trains_nothing_again(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = sorted((study / "s" / "runs").glob("*/run.json"))
    before = [file.stat().st_mtime_ns for file in runs]
    assert len(runs) == 4
    main(words(study, "--json"))
    found = said(capsys)
    assert [run["state"] for run in found["runs"]] == ["finished"] * 4
    assert [file.stat().st_mtime_ns for file in runs] == before
    effect = found["effects"][0]
    tests = {arm["arm"]: arm["test"] for arm in found["arms"]}
    difference = np.mean(tests["slow"]) - np.mean(tests["baseline"])
    assert effect["effect"] == pytest.approx(difference, abs=1e-12)
    assert effect["effect"] < -0.1
    assert effect["seeds"] == [0, 1]


def test_arms_of_a_study_begin_alike_and_share_their_splits(study: Path) -> None:
    facts = [json.loads(f.read_text()) for f in sorted((study / "s" / "runs").glob("*/run.json"))]
    assert len({str(f["data"]["splits"]) for f in facts}) == 1
    paired = [f["pairing"] for f in facts if f["pairing"]]
    assert len(paired) == 2
    assert all(p["own"] == [] for p in paired)


def test_the_report_is_written(study: Path) -> None:
    report = study / "s" / "report"
    names = {path.name for path in report.iterdir()}
    arms = json.loads((report / "comparison.json").read_text())["arms"]
    seconds = sorted(arm["seconds"] for arm in arms)
    cost = ["cost"] if seconds[1] - seconds[0] > 0.02 * seconds[1] else []
    assert ("cost.png" in names) == bool(cost)  # steps and FLOPs are the same for both arms
    for figure in ("effects", *cost, "curves", "fit", "flipped-slow"):
        assert {f"{figure}.png", f"{figure}.svg"} <= names
        assert Image.open(report / f"{figure}.png").size[0] > 500
    rows = (report / "runs.csv").read_text().splitlines()
    assert rows[0].startswith("arm,seed,train,validation,test")
    assert [row.split(",")[:2] for row in rows[1:]] == [
        ["baseline", "0"], ["baseline", "1"], ["slow", "0"], ["slow", "1"],
    ]  # fmt: skip


def test_an_added_seed_is_all_that_is_missing(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main([word if word != "2" else "3" for word in words(study, "--plan")])
    assert "2 arms, 3 seeds, 6 runs (4 finished, 2 missing)" in capsys.readouterr().out


def test_a_run_recorded_before_a_field_was_added_is_found_again(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = next((study / "s" / "runs").glob("baseline-seed0*/run.json"))
    before = file.read_text()
    facts = json.loads(before)
    del facts["sha256_of_the_rest"], facts["recipe"]["test_time_flip"]
    facts["identity"] = "of an older recipe"
    file.write_text(json.dumps(facts))
    main([*words(study, "--plan")])
    file.write_text(before)
    assert "4 runs (4 finished)" in capsys.readouterr().out


def test_another_question_in_the_same_folder_is_refused(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["study", "digits", "--vary", "lr=0.1", "--out", str(study / "s")]
    assert "study of another baseline" in refused(command, capsys)


def test_single_runs_are_compared_with_what_is_known(
    study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, _, second, _ = sorted(p.parent for p in (study / "s" / "runs").glob("*/run.json"))
    main(["compare", str(first), str(second), "--out", str(tmp_path / "c")])
    text = capsys.readouterr().out
    assert "one seed" in text
    assert "lr=0.001" in text
    assert "nobody knows" in text
    assert (tmp_path / "c" / "comparison.json").is_file()


def test_a_run_of_ours_against_a_file_of_somebody_else(
    study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = next((study / "s" / "runs").glob("baseline-seed0*/run.json")).parent
    said_N = load_predictions(run / "predictions" / "test.safetensors")
    lines = [f"{i},{y},{y}" for i, y in zip(said_N.ids, said_N.labels_N, strict=True)]
    file = tmp_path / "perfect.csv"
    file.write_text("\n".join(["id,label,prediction", *reversed(lines)]) + "\n")
    out = str(tmp_path / "c")
    main(["compare", str(run), str(file), "--baseline", "perfect", "--json", "--out", out])
    found = said(capsys)
    accuracy = json.loads((run / "run.json").read_text())["results"]["test"]["accuracy"]
    assert found["baseline"] == "perfect"
    assert found["effects"][0]["effect"] == pytest.approx(accuracy - 1)


def test_a_file_without_ids_is_paired_only_on_the_users_word_and_shows_no_pictures(
    study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = next((study / "s" / "runs").glob("baseline-seed0*/run.json")).parent
    said_N = load_predictions(run / "predictions" / "test.safetensors")
    lines = [f"{y},{y}" for y in said_N.labels_N]
    file = tmp_path / "perfect.csv"
    file.write_text("\n".join(["label,prediction", *lines]) + "\n")
    command = ["compare", str(run), str(file), "--out", str(tmp_path / "c")]
    assert "without picture ids" in refused(command, capsys)
    assert not (tmp_path / "c").exists()
    main([*command, "--same-order"])
    told = capsys.readouterr().out
    assert "paired row by row" in told
    assert "no gallery of flipped pictures of perfect" in told
    assert not list((tmp_path / "c").glob("flipped*"))


def test_runs_on_other_splits_are_refused_with_what_differs(
    study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = next((study / "s" / "runs").glob("baseline-seed0*/run.json")).parent
    other = tmp_path / "other"
    shutil.copytree(run, other)
    facts = json.loads((other / "run.json").read_text())
    del facts["sha256_of_the_rest"]  # as one who means it
    facts["data"]["splits"]["validation"]["content_hash"] = "0"
    (other / "run.json").write_text(json.dumps(facts))
    error = refused(["compare", str(run), f"b={other}"], capsys)
    assert "another validation split" in error


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--vary", "nrom=batch"], "unknown field 'nrom'"),
        (["--vary", "lr=0.05"], "same as the baseline"),
        ([], "baseline alone"),
        (["--vary", "lr=0.1", "--on", "moon"], "'moon' as a place"),
        (
            ["--vary", "lr=0.1", "--seeds", "0"],
            "--seeds 0; expected a whole number from 1",
        ),
    ],
)
def test_wrong_input(
    more: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    error = refused(["study", "digits", "--out", str(tmp_path / "s"), *more], capsys)
    assert words in error
    assert error.count("\n") == 1


def test_the_python_call_goes_on_with_the_same_folder(study: Path) -> None:
    question = {"where": "digits", "base": str(study / "quick.yaml"), "vary": ["slow: lr=0.001"]}
    comparison = grevy.study({**question, "seeds": 2}, study / "s", workers=1)
    assert [effect.seeds for effect in comparison.effects] == [(0, 1)]
    assert len(list((study / "s" / "runs").glob("*/run.json"))) == 4


def test_the_python_call_takes_what_the_flags_take(study: Path) -> None:
    base = str(study / "quick.yaml")
    heard: list[str] = []

    class Heard(StudyListener):
        def planned(self, planned: Plan) -> None:
            heard.append(f"{len(planned.runs)} runs")

        def reported(self, figures: Sequence[Path]) -> None:
            heard.extend(path.name for path in figures[:1])

    folder = study / "s"
    comparison = grevy.study(
        "digits", folder, base=base, vary=["slow: lr=0.001"], seeds=2, listener=Heard()
    )
    assert [effect.arm for effect in comparison.effects] == ["slow"]
    assert heard == ["4 runs", "effects.png"]


def test_a_study_in_a_file_has_no_arms_beside_it(study: Path) -> None:
    question = {"where": "digits", "base": str(study / "quick.yaml"), "vary": ["slow: lr=0.001"]}
    with pytest.raises(StudyFileError, match="together with"):
        grevy.study(question, study / "s", vary=["lr=0.1"])
    with pytest.raises(StudyFileError, match="without a folder"):
        grevy.study(question)


def test_one_place_is_compared_like_a_list_of_one(study: Path) -> None:
    folder = study / "s"
    ours = grevy.compare(folder)
    assert grevy.compare(str(folder)).to_dict() == ours.to_dict()
    assert grevy.compare([folder]).to_dict() == ours.to_dict()
    runs = [grevy.open_run(file.parent) for file in sorted(folder.glob("runs/*/run.json"))]
    assert [effect.seeds for effect in grevy.compare(runs).effects] == [(0, 1)]


def test_a_study_from_before_recipes_gained_a_field_goes_on(study: Path) -> None:
    question = {"where": "digits", "base": str(study / "quick.yaml"), "vary": ["slow: lr=0.001"]}
    file = study / "s" / "study.json"
    asked = json.loads(file.read_text())
    del asked["sha256_of_the_rest"], asked["arms"]["baseline"]["transfer"]
    file.write_text(json.dumps(asked))
    save_study(load_study({**question, "seeds": 2}), study / "s")
    assert "transfer" in json.loads(file.read_text())["arms"]["baseline"]
