"""Pictures are paired by ids or on the user's word; classes are meant by name or by number."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from grevy.errors import DifferentDataError, GrevyError, PredictionsFileError
from grevy.studies.compare import Comparison, compare
from grevy.studies.contestants import Contest, Contestant
from grevy.studies.document import comparison_document
from grevy.studies.effects import effects_of
from grevy.studies.imported import read_predictions
from grevy.studies.picture_ids import Unpaired, order_by_ids
from grevy.studies.same_pictures import same_pictures

TURNS = ("0", "90", "180", "270")


def run(classes: Sequence[str], each: int = 3) -> Contestant:
    """Each class has the pictures 1, 2, 10 in its folder; the last of each class is wrong."""
    numbers = (1, 2, 10)[:each]
    ids = tuple(f"test/{name}/{number}.png" for name in classes for number in numbers)
    labels_N = np.repeat(np.arange(len(classes)), each)
    right_N = np.tile(np.arange(each) < each - 1, len(classes))
    return Contestant(Path("runs/ours"), "ours", 0, right_N, labels_N, ids, tuple(classes))


def theirs(
    folder: Path,
    labels: Sequence[object],
    answers: Sequence[object] | None = None,
    ids: Sequence[str] = (),
) -> Path:
    """A table; without answers all are right."""
    rows = zip(ids or labels, labels, labels if answers is None else answers, strict=True)
    lines = [",".join(map(str, row if ids else row[1:])) for row in rows]
    file = folder / "theirs.csv"
    file.write_text("\n".join(["id,label,prediction" if ids else "label,prediction", *lines]))
    return file


def paired(first: Contestant, file: Path, *, same_order: bool = False) -> Contestant:
    return same_pictures([first, read_predictions(file)], same_order)[1]


def names_of(first: Contestant) -> list[str]:
    return [first.classes[label] for label in first.labels_N]


def test_a_table_without_ids_is_not_paired_with_a_run_in_silence(tmp_path: Path) -> None:
    ours = run("ab")
    file = theirs(tmp_path, names_of(ours))
    with pytest.raises(PredictionsFileError, match=r"without picture ids.*test/a/1\.png.*--same-o"):
        paired(ours, file)
    assert paired(ours, file, same_order=True).by_order


def test_two_tables_without_ids_are_not_paired_in_silence(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("label,prediction\ncat,cat\ndog,cat\n")
    (tmp_path / "b.csv").write_text("id,label,prediction\n1,cat,cat\n2,dog,dog\n")
    places = [tmp_path / "a.csv", tmp_path / "b.csv"]
    with pytest.raises(PredictionsFileError, match=r"a\.csv without picture ids"):
        compare(places)
    found = compare(places, same_order=True)
    assert found.pairing_note("b")
    assert found.to_dict()["paired_by_order"] == [str(tmp_path / "a.csv")]


def test_the_order_of_torchvision_is_undone_by_ids(tmp_path: Path) -> None:
    ours = run("ab")
    order = sorted(range(6), key=lambda row: ours.ids[row])
    assert order != list(range(6))
    labels_N, right_N = ours.labels_N[order], ours.right_N[order]
    answers = [
        "ab"[label if right else 1 - label] for label, right in zip(labels_N, right_N, strict=True)
    ]
    labels = [names_of(ours)[row] for row in order]
    file = theirs(tmp_path, labels, answers, [f"/data/pets/{ours.ids[row]}" for row in order])
    other = paired(ours, file)
    assert not other.by_order
    assert other.right_N.tolist() == ours.right_N.tolist()


def test_what_was_paired_by_order_is_said_and_what_by_ids_is_not(tmp_path: Path) -> None:
    ours = run("ab")
    for ids, told in ((), True), (ours.ids, False):
        other = paired(ours, theirs(tmp_path, names_of(ours), ids=ids), same_order=True)
        contest = Contest(("ours", "theirs"), (ours, other), ())
        comparison = Comparison(contest, effects_of(contest, 0.005), (), 0.005)
        assert ("row by row" in str(comparison_document(comparison).blocks)) is told
        assert bool(comparison.to_dict()["paired_by_order"]) is told


@pytest.mark.parametrize(
    "write",
    [
        lambda name: name,
        lambda name: f"./{name}",
        lambda name: f"/home/me/pets/{name}",
        lambda name: "C:\\pets\\" + name.replace("/", "\\"),
        lambda name: name.removeprefix("test/"),
    ],
)
def test_ids_that_end_alike_are_one_picture(tmp_path: Path, write) -> None:
    ours = run(TURNS)
    ids = [write(name) for name in reversed(ours.ids)]
    other = paired(ours, theirs(tmp_path, names_of(ours)[::-1], ids=ids))
    assert other.ids == ours.ids
    assert other.right_N.all()


def test_an_end_of_part_of_a_name_is_no_match() -> None:
    found = order_by_ids(["x/1.png", "x/2.png"], ["/d/11.png", "/d/12.png"])
    assert found == Unpaired(2, 2, 0, "/d/11.png")


def test_the_longest_end_decides_and_composed_letters_are_one() -> None:
    ours = ["1.png", "cat/1.png", "caf\u00e9/1.png"]
    theirs = ["/d/cafe\u0301/1.png", "/d/cat/1.png", "/d/1.png"]
    assert np.array_equal(order_by_ids(ours, theirs), [2, 1, 0])


def test_two_rows_for_one_picture_are_refused() -> None:
    found = order_by_ids(["test/1.png", "test/2.png"], ["/a/test/1.png", "/b/test/1.png"])
    assert isinstance(found, Unpaired)
    assert (found.lacking, found.ambiguous) == (1, 2)


def test_file_names_that_several_pictures_have_are_refused(tmp_path: Path) -> None:
    ids = ["1.png", "test/90/1.png", "test/180/1.png", "test/270/1.png"]
    file = theirs(tmp_path, TURNS, ids=ids)
    with pytest.raises(DifferentDataError, match=r"1 that could be several \(such as '1\.png'\)"):
        paired(run(TURNS, each=1), file)


def test_ids_that_are_row_numbers_are_refused_with_an_example_of_both(tmp_path: Path) -> None:
    ours = run("ab")
    with pytest.raises(DifferentDataError, match=r"lacks 6 of the 6.*'0'.*'test/a/1\.png'"):
        paired(ours, theirs(tmp_path, names_of(ours), ids=list("012345")), same_order=True)


def test_class_names_that_are_numbers_are_names(tmp_path: Path) -> None:
    ours = run(TURNS)
    answers = ["90", *names_of(ours)[1:]]
    other = paired(ours, theirs(tmp_path, names_of(ours), answers, ours.ids))
    assert other.right_N.tolist() == [False] + [True] * 11
    assert other.classes == TURNS


def test_numbers_of_such_classes_are_numbers(tmp_path: Path) -> None:
    ours = run(TURNS)
    other = paired(ours, theirs(tmp_path, ours.labels_N.tolist(), ids=ours.ids))
    assert other.right_N.all()


def test_where_names_could_be_numbers_the_labels_decide(tmp_path: Path) -> None:
    ours = run(("1", "2", "3", "0"))
    for labels in names_of(ours), ours.labels_N.tolist():
        other = paired(ours, theirs(tmp_path, labels, [labels[0], *labels[:-1]], ours.ids))
        assert other.right_N.sum() == 9


def test_columns_are_named_by_an_array_of_classes(tmp_path: Path) -> None:
    ours = run(TURNS)
    order = ["0", "180", "270", "90"]
    columns_N = [order.index(name) for name in names_of(ours)]
    logits = np.eye(4)[columns_N]
    arrays = {"logits": logits, "ids": ours.ids}
    for labels in names_of(ours), columns_N, [int(name) for name in names_of(ours)]:
        np.savez(tmp_path / "t.npz", labels=labels, classes=order, **arrays)
        assert paired(ours, tmp_path / "t.npz").right_N.all()
    np.savez(tmp_path / "t.npz", labels=names_of(ours), **arrays)
    with pytest.raises(PredictionsFileError, match=r"columns have no names.*add it as classes"):
        paired(ours, tmp_path / "t.npz")


def test_without_a_run_numbers_are_named_by_themselves(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,label,prediction\na,0,0\nb,90,270\nc,270,270\n")
    (tmp_path / "b.csv").write_text("id,label,prediction\nc,270,270\na,0,0\nb,90,90\n")
    found = compare([tmp_path / "a.csv", tmp_path / "b.csv"])
    assert found.contest.contestants[0].classes == ("0", "90", "270")
    assert found.effects[0].across_seeds.mean == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("classes", "labels", "answers", "words"),
    [
        ("0123456789", range(10), range(1, 11), "1 of 10 predictions .*'10'.*subtract 1"),
        ("0123456789", range(1, 11), range(1, 11), "1 of 10 labels .*subtract 1"),
        ("abcd", range(1, 5), range(1, 5), "1 of 4 labels .*subtract 1"),
        (TURNS, TURNS, (0, 1, 2, 3), "3 of 4 predictions .*'1' and 2 more"),
        ("abc", "abc", (0, 1, 2), "3 of 3 predictions .*write the names"),
        ("abc", range(3), (0, -1, -1), "2 of 3 predictions .*without a prediction"),
        ("01", (0, 1), (0.2, 0.9), "2 of 2 predictions .*probabilities or logits"),
        ("abc", "abc", "abd", "1 of 3 predictions .*'d'.*same names"),
        ("abc", "abd", "abd", "1 of 3 labels are no class.*same class names"),
        (("1", "10", "2"), (0, 2, 1), (0, 2, 1), "2 of 3 pictures.*another order"),
    ],
)
def test_what_is_no_class_of_the_run_is_refused_with_how_many_and_why(
    tmp_path: Path, classes, labels, answers, words: str
) -> None:
    ours = run(classes, each=1)
    file = theirs(tmp_path, list(labels), list(answers), ours.ids)
    with pytest.raises(GrevyError, match=words):
        paired(ours, file)


def test_another_number_of_columns_is_refused(tmp_path: Path) -> None:
    ours = run("abc", each=1)
    for count in (2, 4, 1000):
        np.savez(tmp_path / "t.npz", labels=[0, 1, 1], logits=np.eye(count)[[0, 1, 1]], id=ours.ids)
        with pytest.raises(
            PredictionsFileError, match=f"outputs for {count:,} classes.*expected 3"
        ):
            paired(ours, tmp_path / "t.npz")
