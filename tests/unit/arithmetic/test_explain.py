import json
from fractions import Fraction

import numpy as np
import pytest

import grevy
from grevy.arithmetic.as_json import as_json
from grevy.arithmetic.explain import document
from grevy.arithmetic.sum_formula import cell_formula
from grevy.arithmetic.terms import count_terms
from grevy.arithmetic.worked import Worked
from grevy.documents.blocks import Formula, Matrix, Paragraph

ASSIGNMENT = "1 0 2 3 1; 3 2 0 7 0; 0 6 1 1 4"
SOBEL = "-1 0 1; -2 0 2; -1 0 1"


def formula(worked: Worked, *place: int) -> Formula:
    return cell_formula(worked, worked.cell(*place))


def test_a_sum_is_written_product_by_product_with_padding_marked() -> None:
    found = formula(grevy.convolve(ASSIGNMENT, SOBEL, padding=1), 0, 1)
    assert found.text == (
        "output[0, 1] = (−1)·[0] + 0·[0] + 1·[0] + (−2)·1 + 0·0 + 2·2 + (−1)·3 + 0·2 + 1·0 = −1"
    )
    assert r"(-1) \cdot \boxed{0} + 0 \cdot \boxed{0}" in found.latex
    assert found.latex.startswith(r"\mathrm{output}_{0, 1} = (-1) ")
    assert found.latex.endswith(r" + 1 \cdot 0 = -1")


def test_a_sum_too_long_for_a_line_of_latex_goes_on_under_itself() -> None:
    found = formula(grevy.convolve([list(range(10))], [list(range(10))]), 0, 0).latex
    assert found.startswith(r"\begin{aligned} \mathrm{output}_{0, 0} &= 0 \cdot 0 + ")
    assert found.endswith(r" + 8 \cdot 8 \\ &\quad + 9 \cdot 9 = 285 \end{aligned}")


def test_filters_biases_fractions_and_decimals_in_a_sum() -> None:
    worked = grevy.convolve("1/3 -2", "3 1 || -1/2 4", bias="1/4 -1")
    assert formula(worked, 0, 0, 0).text == "output[0, 0, 0] = 3·(1/3) + 1·(−2) + 1/4 = −3/4"
    assert formula(worked, 0, 0, 1).text == (
        "output[1, 0, 0] = (−1/2)·(1/3) + 4·(−2) + (−1) = −55/6"
    )
    assert formula(worked, 0, 0, 0).latex == (
        r"\mathrm{output}_{0, 0, 0} = 3 \cdot \frac{1}{3} + 1 \cdot (-2) + \frac{1}{4}"
        r" = -\frac{3}{4}"
    )
    assert formula(grevy.convolve("0.5 -2", "3 1"), 0, 0).text == (
        "output[0, 0] = 3·0.5 + 1·(−2) = −0.5"
    )


def test_pooling_windows_are_written_value_by_value() -> None:
    assert formula(grevy.pool("1 -2; 3 4", 2), 0, 0).text == "output[0, 0] = max(1, −2, 3, 4) = 4"
    average = formula(grevy.pool("1 -2; 3 4", 2, kind="average", padding=1), 0, 1)
    assert average.text == "output[0, 1] = ([0] + [0] + (−2) + [0])/4 = −1/2"
    assert average.latex.startswith(r"\mathrm{output}_{0, 1} = \frac{1}{4} \cdot (\boxed{0} + ")


def test_a_cell_that_nothing_reaches_is_zero_or_the_bias() -> None:
    assert formula(grevy.convolve("1 2", "3", transposed=True, stride=2), 0, 1).text == (
        "output[0, 1] = 0"
    )
    biased = grevy.convolve("1 2", "3", transposed=True, stride=2, bias=[5])
    assert formula(biased, 0, 1).text == "output[0, 1] = 0 + 5 = 5"
    assert "that no cell of the image reaches" in str(biased)


def test_a_long_sum_says_how_many_terms_it_leaves_out() -> None:
    worked = grevy.convolve(np.ones((5, 10, 10), int), np.ones((5, 10, 10), int))
    found = formula(worked, 0, 0)
    assert found.text.count("1·1") == 200
    assert found.text.endswith("+ … (300 more) = 500")
    assert r"\text{ (300 more)} = 500" in found.latex


def test_the_document_of_the_assignment() -> None:
    worked = grevy.convolve(ASSIGNMENT, SOBEL, padding=1, mode="convolution", boundary="reflect")
    found = document(worked)
    assert found.title == "Convolution of a 3×5 image with a 3×3 kernel gives 3×5"
    matrices = {block.name: block for block in found.blocks if isinstance(block, Matrix)}
    padded = matrices["image with padding (reflect)"]
    assert padded.rows[0] == ("2", "3", "2", "0", "7", "0", "7")
    assert (0, 3) in padded.marked
    assert len(padded.marked) == 5 * 7 - 3 * 5
    assert matrices["kernel turned by 180°"].rows[0] == ("1", "0", "−1")
    assert matrices["output"].rows[0] == ("0", "4", "−16", "2", "0")
    formulas = [block.text for block in found.blocks if isinstance(block, Formula)]
    assert formulas[:2] == [
        "rows: (3 + 2·1 − 1·(3 − 1) − 1)/1 + 1 = 3",
        "columns: (5 + 2·1 − 1·(3 − 1) − 1)/1 + 1 = 5",
    ]
    assert len(formulas) == 2 + 15
    assert found.blocks[0] == Paragraph(worked.sentence)


def test_a_document_of_one_cell_holds_one_sum() -> None:
    worked = grevy.convolve(ASSIGNMENT, SOBEL)
    sums = [b.text for b in document(worked, worked.cell(0, 2)).blocks if isinstance(b, Formula)][
        2:
    ]
    assert sums == [formula(worked, 0, 2).text]


def test_what_is_too_large_to_show_is_said() -> None:
    worked = grevy.convolve(np.ones((60, 60), int), "1")
    said = " ".join(b.text for b in document(worked).blocks if isinstance(b, Paragraph))
    assert "image, 60×60, is too large" in said
    assert "output, 60×60, is too large" in said
    assert "the first 5 of 3,600; --cell row,column" in said
    assert len(repr(worked)) < 200


def test_settings_that_change_the_sums_are_said() -> None:
    image = np.ones((2, 4, 4), int)
    assert "2 groups" in str(grevy.convolve(image, np.ones((2, 1, 2, 2), int), groups=2))
    assert "maximum ignores the padding" in str(grevy.pool(image, 2, padding=1))
    assert "does not count" in str(
        grevy.pool(image, 2, padding=1, kind="average", count_padding=False)
    )
    assert "⌊i·4/3⌋ to ⌈(i + 1)·4/3⌉" in str(grevy.pool(image, output_size=3))
    assert "channel 1, filter 0" in str(
        grevy.convolve(image, np.ones((2, 1, 2, 2), int), transposed=True)
    )


def test_a_worked_convolution_shows_itself_as_text() -> None:
    text = str(grevy.convolve(ASSIGNMENT, SOBEL, padding=1))
    assert "output[2, 4] = " in text
    assert "brackets" in text
    assert max(map(len, text.splitlines())) <= 80


def test_json_says_what_was_given_and_every_term() -> None:
    worked = grevy.convolve("1 2; 3 4", "1/3 1", bias="0.5", padding="0,0,1,0", stride="1x2")
    said = json.loads(json.dumps(as_json(worked)))
    assert said["image"] == [[1, 2], [3, 4]]
    assert said["kernel"] == [["1/3", 1]]
    assert said["bias"] == [0.5]
    assert said["stride"] == [1, 2]
    assert said["padding"] == {"top": 0, "bottom": 0, "left": 1, "right": 0}
    assert said["output"] == [[1.5], [3.5]]
    assert said["output_shape"] == [2, 1]
    assert [cell["value"] for cell in said["sums"]] == [1.5, 3.5]
    assert said["sums"][0]["terms"][0] == {
        "weight": "1/3",
        "value": 0,
        "row": 0,
        "column": -1,
        "channel": 0,
        "kernel_row": 0,
        "kernel_column": 0,
        "padding": True,
    }


@pytest.mark.parametrize("cell", [None, (1, 1, 1)])
def test_json_of_several_channels_keeps_all_axes(cell: tuple[int, int, int] | None) -> None:
    image, kernel = np.ones((2, 3, 3), int), np.ones((3, 2, 2, 2), int)
    worked = grevy.convolve(image, kernel)
    said = as_json(worked, worked.cell(*cell) if cell else None)
    assert np.shape(said["image"]) == (2, 3, 3)
    assert np.shape(said["kernel"]) == (3, 2, 2, 2)
    assert np.shape(said["output"]) == tuple(said["output_shape"]) == (3, 2, 2)
    assert len(said["sums"]) == (1 if cell else 12)


def test_json_leaves_out_more_than_ten_thousand_terms_and_says_so() -> None:
    worked = grevy.convolve(np.ones((40, 40), int), np.ones((3, 3), int))
    said = as_json(worked)
    assert "sums" not in said
    assert said["sums_left_out"].startswith("12,996 terms")
    assert as_json(worked, worked.cell(3, 4))["sums"][0]["value"] == 9


def test_terms_are_counted_as_they_are_written_out() -> None:
    image = np.ones((4, 5, 6), int)
    for worked in (
        grevy.convolve(image, np.ones((6, 2, 2, 3), int), groups=2, padding=1),
        grevy.convolve(image, np.ones((4, 3, 2, 3), int), groups=2, transposed=True, stride=2),
        grevy.pool(image, 3, kind="average", ceil=True, padding=1),
        grevy.pool(image, output_size=4),
    ):
        written = [len(cell["terms"]) for cell in as_json(worked)["sums"]]
        assert count_terms(worked) == sum(written)


def test_decimals_come_back_as_decimals_only_where_they_end() -> None:
    worked = grevy.convolve("0.5 1", "1/3 || 1", stride=1)
    assert worked.output_FHW == (((Fraction(1, 6), Fraction(1, 3)),), ((Fraction(1, 2), 1),))
    matrices = [b for b in document(worked).blocks if isinstance(b, Matrix)]
    assert [m.rows for m in matrices[-2:]] == [(("1/6", "1/3"),), (("0.5", "1"),)]
