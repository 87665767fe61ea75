"""The result of a study as a document."""

from __future__ import annotations

import math

from grevy.documents.blocks import Items, Paragraph, Table, plain
from grevy.documents.text import as_text
from grevy.studies.compare import compare
from grevy.studies.document import comparison_document, interval
from grevy.studies.statistics import Estimate


def predictions(folder, name: str, wrong: int) -> None:
    """100 pictures of two classes, the first `wrong` of them answered wrongly."""
    rows = ["id,label,prediction"]
    rows += [f"p{i},{'cat' if i % 2 else 'dog'}," + answer(i, wrong) for i in range(100)]
    (folder / f"{name}.csv").write_text("\n".join(rows))


def answer(index: int, wrong: int) -> str:
    right, other = ("cat", "dog") if index % 2 else ("dog", "cat")
    return other if index < wrong else right


def test_the_document_has_arms_effects_and_what_the_noise_is(tmp_path) -> None:
    predictions(tmp_path, "before-seed0", 20)
    predictions(tmp_path, "after-seed0", 10)
    found = compare([str(tmp_path / "before-seed0.csv"), str(tmp_path / "after-seed0.csv")])
    document = comparison_document(found)
    arms, effects, classes = (b for b in document.blocks if isinstance(b, Table))
    assert [row[0] for row in arms.rows] == list(found.contest.arms)
    assert [plain(row[4]) for row in arms.rows] == ["0.8000", "0.9000"]
    assert effects.rows[0][1] == "one seed"
    expected = interval(found.effects[0].across_pictures, "", "")
    assert plain(effects.rows[0][2]) == plain(expected)
    assert plain(effects.rows[0][4]) == found.effects[0].verdict
    assert [row[0] for row in classes.rows] == ["cat", "dog"]
    (note,) = (b for b in document.blocks if isinstance(b, Paragraph))
    assert "McNemar" in as_text(type(document)("", (note,)))
    assert not any(isinstance(b, Items) for b in document.blocks)


def test_an_interval_says_when_there_is_none() -> None:
    def words(*numbers: float) -> str:
        return plain(interval(Estimate(*numbers), "comparison", "effects", "flips"))

    assert words(0.023, 0.011, 0.035, 3, 0.01) == "+2.30 [+1.10, +3.50]"
    assert words(0.023, math.nan, math.nan, 1, math.nan) == "+2.30"
    assert words(0.023, 0.023, 0.023, 3, 0.0) == "+2.30 (the same with every seed)"
    none = Estimate(0.0, 0.0, 0.0, 40, 0.0)
    of_pictures = interval(none, "comparison", "effects", same="on every test picture")
    assert plain(of_pictures) == "+0.00 (the same on every test picture)"
    lost = interval(Estimate(-1.0, -1.0, -1.0, 40, 0.0), "c", "e", same="on every test picture")
    assert plain(lost) == "-100.00 (on every test picture)"


def test_every_number_knows_where_it_is_from(tmp_path) -> None:
    predictions(tmp_path, "before-seed0", 20)
    predictions(tmp_path, "after-seed0", 10)
    found = compare([str(tmp_path / "before-seed0.csv"), str(tmp_path / "after-seed0.csv")])
    effects = comparison_document(found, "mine").blocks[1]
    mean = effects.rows[0][2][0]
    assert (mean.record, mean.field) == ("mine", "effects.after.pictures.mean")
    assert (mean.text, mean.form) == ("+10.00", "points")
