"""What is read from files of others' predictions, and what is refused with how many and why."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grevy.errors import PredictionsFileError
from grevy.studies.imported import NAMES, Imported, read_predictions

RANDOM = np.random.default_rng(0)
LABELS_N = np.arange(60) % 3
LOGITS_NK = RANDOM.normal(size=(60, 3)) + 3 * np.eye(3)[LABELS_N]
SOFTMAX_NK = np.exp(LOGITS_NK) / np.exp(LOGITS_NK).sum(1, keepdims=True)


def npz(folder: Path, **arrays: Any) -> Imported:
    np.savez(folder / "theirs.npz", **arrays)
    return read_predictions(folder / "theirs.npz")


def table(folder: Path, text: str) -> Imported:
    (folder / "theirs.csv").write_text(text)
    return read_predictions(folder / "theirs.csv")


def with_rows(array: np.ndarray, rows: slice, value: float) -> np.ndarray:
    changed = array.copy()
    changed[rows, 1] = value
    return changed


@pytest.mark.parametrize("label", NAMES["label"])
@pytest.mark.parametrize("prediction", NAMES["prediction"])
def test_every_accepted_word_is_read(tmp_path: Path, label: str, prediction: str) -> None:
    said = table(tmp_path, f"{label.upper()}, {prediction}\ncat,dog\ndog,dog\n")
    assert (said.labels, said.answers) == (("cat", "dog"), ("dog", "dog"))


@pytest.mark.parametrize("words", NAMES.values())
def test_every_accepted_word_is_in_the_docs(words: tuple[str, ...]) -> None:
    docs = (Path(__file__).parents[3] / "docs" / "studies.md").read_text(encoding="utf-8")
    assert [word for word in words if f"`{word}`" not in docs] == []


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_tables_of_other_countries_are_read(tmp_path: Path, mark: str) -> None:
    text = "id,label,prediction\np1,cat,dog\n\np2,dog,dog\n".replace(",", mark)
    assert table(tmp_path, text).ids == ("p1", "p2")


def test_whole_numbers_that_were_saved_as_floats_are_whole_numbers(tmp_path: Path) -> None:
    assert table(tmp_path, "label,prediction\n0.0,1\n1.0,1\n").labels == ("0", "1")
    assert npz(tmp_path, labels=[0.0, 2.0], predictions=[2, 2]).labels == ("0", "2")


def test_text_saved_as_bytes_is_text(tmp_path: Path) -> None:
    said = npz(tmp_path, labels=np.array([b"cat", b"dog"]), predictions=["cat", "cat"])
    assert said.labels == ("cat", "dog")


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_names_and_ids_are_composed_as_those_of_the_data(tmp_path: Path, form: str) -> None:
    text = "id,label,prediction\né/1.png,épagneul,chat\né/2.png,chat,épagneul\n"
    said = table(tmp_path, unicodedata.normalize(form, text))
    names = ("é/1.png", "é/2.png"), ("épagneul", "chat"), ("chat", "épagneul")
    composed = [tuple(unicodedata.normalize("NFC", name) for name in row) for row in names]
    assert [said.ids, said.labels, said.answers] == composed


def test_outputs_are_answered_by_their_largest_column(tmp_path: Path) -> None:
    best = tuple(map(str, LOGITS_NK.argmax(1)))
    assert npz(tmp_path, labels=LABELS_N, logits=LOGITS_NK).answers == best
    half = SOFTMAX_NK.astype(np.float16)
    assert npz(tmp_path, labels=LABELS_N, probabilities=half).columns == 3
    both = {"logits": LOGITS_NK, "probabilities": SOFTMAX_NK, "predictions": LOGITS_NK.argmax(1)}
    assert npz(tmp_path, labels=LABELS_N, **both).answers == best
    named = np.array(["ant", "bee", "fly"])
    both["predictions"] = named[LOGITS_NK.argmax(1)]
    assert npz(tmp_path, labels=LABELS_N, classes=named, **both).answers == best


ODD: list[tuple[dict[str, Any], str]] = [
    ({"logits": with_rows(LOGITS_NK, slice(7), np.nan)}, "7 of 60 rows have logits that are NaN"),
    ({"logits": with_rows(LOGITS_NK, slice(4), np.inf)}, "4 of 60 rows have logits that are inf"),
    ({"logits": with_rows(LOGITS_NK, slice(1), -np.inf)}, "1 of 60 rows"),
    ({"logits": np.where(np.arange(60)[:, None] < 5, 0, LOGITS_NK)}, "5 of 60 rows .* all equal"),
    ({"probabilities": LOGITS_NK}, "60 of 60 rows .* likely logits"),
    ({"probabilities": 100 * SOFTMAX_NK}, "60 of 60 rows .* divide by 100"),
    ({"probabilities": 0.5 + SOFTMAX_NK / 2}, "60 of 60 rows .* sum to 2 to 2.*sigmoid"),
    ({"probabilities": with_rows(SOFTMAX_NK, slice(3), 0.9)}, "of 60 rows have probabilities"),
    ({"logits": LOGITS_NK[:, 0]}, "logits of shape 60 "),
    ({"logits": LOGITS_NK[:, :1]}, "shape 60×1 .* a single output"),
    ({"logits": LOGITS_NK[:, :, None]}, "shape 60×3×1"),
    ({"logits": LOGITS_NK.astype(str)}, "type <U"),
    ({"logits": LOGITS_NK[:50]}, r"\[50, 60\] entries"),
    ({"predictions": LOGITS_NK}, "prediction of shape 60×3.* are an array logits"),
    ({"predictions": LABELS_N, "pred": LABELS_N}, "predictions and pred, which both mean"),
    ({"logits": LOGITS_NK, "scores": LOGITS_NK}, "logits and scores, which both mean"),
    ({"logits": LOGITS_NK, "predictions": (LABELS_N + 1) % 3}, "different classes in"),
    ({"logits": LOGITS_NK, "probabilities": SOFTMAX_NK[::-1]}, "different classes in"),
    ({"predictions": with_rows(LOGITS_NK, slice(2), np.nan)[:, 1]}, "2 of 60 entries of pred"),
    ({"predictions": LABELS_N + 1}, "60 of 60 predictions are one above their label.*subtract 1"),
    ({"predictions": LABELS_N - 1}, "60 of 60 predictions are one below their label.*add 1"),
    ({"predictions": LABELS_N, "classes": ["a", "a", "b"]}, "a class twice"),
]


@pytest.mark.parametrize(("arrays", "words"), ODD)
def test_what_says_no_class_is_refused_with_how_many_and_why(
    tmp_path: Path, arrays: dict[str, Any], words: str
) -> None:
    with pytest.raises(PredictionsFileError, match=words):
        npz(tmp_path, labels=LABELS_N, **arrays)


def test_one_hot_labels_are_told_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(PredictionsFileError, match=r"label of shape 60×3.*argmax"):
        npz(tmp_path, labels=np.eye(3)[LABELS_N], predictions=LABELS_N)


def test_predictions_of_a_bad_network_are_no_shift(tmp_path: Path) -> None:
    chance_N = RANDOM.integers(0, 3, 60)
    assert len(npz(tmp_path, labels=LABELS_N, predictions=chance_N).answers) == 60
    assert npz(tmp_path, labels=LABELS_N, predictions=np.zeros(60, int)).answers[0] == "0"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("label,prediction\ncat,\ndog,dog\n", "1 of 2 entries of prediction are empty"),
        ("label,prediction\ncat,cat\nnan,dog\n", "1 of 2 entries of label"),
        ("id,label,prediction\n,cat,cat\np2,dog,dog\n", "1 of 2 entries of id"),
        ("label,label,prediction\ncat,dog,dog\n", "a column name twice"),
        ("label,target,prediction\ncat,dog,dog\n", "label and target, which both mean label"),
        ("picture,class\na.png,cat\n", r"columns: picture, class"),
    ],
)
def test_tables_with_gaps_or_two_meanings_are_refused(
    tmp_path: Path, text: str, words: str
) -> None:
    with pytest.raises(PredictionsFileError, match=words):
        table(tmp_path, text)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no zip", b"text"])
def test_a_damaged_npz_is_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "theirs.npz").write_bytes(content)
    with pytest.raises(PredictionsFileError, match="can't be read"):
        read_predictions(tmp_path / "theirs.npz")


def test_a_single_array_is_no_npz(tmp_path: Path) -> None:
    with (tmp_path / "theirs.npz").open("wb") as file:
        np.save(file, LABELS_N)
    with pytest.raises(PredictionsFileError, match="a single array"):
        read_predictions(tmp_path / "theirs.npz")
