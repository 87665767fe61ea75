"""Text from outside steers no terminal and hides nothing; names in any script stay as they are."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grevy.cleaning import MARKS_AT_MOST, as_cell, as_json, clean, clean_lines, in_one_line

READABLE = (
    "cat",
    "chat à rayures",
    "猫",
    "כלב",
    "שָׁ֥ב",
    "قطة",
    "می\u200cخواهم",  # Persian needs the joiner
    "ක්\u200dර",  # so does Sinhala
    "สุนัข",
    "🦓",
    "👨\u200d👩\u200d👧",
    "🏳️\u200d🌈",
    "👩🏽\u200d🚀",
    "❤️",
    "1️⃣",
    "©️",
    "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",  # England's flag
    "葛\U000e0100",  # a variant of an ideograph
    "10 µm − 3 ≤ x",
)

HOSTILE = {
    "an escape sequence": ("a\x1b[31mb", "a�[31mb"),
    "a control of eight bits": ("a\x9b31mb", "a�31mb"),
    "backspaces": ("a\b\bb", "a��b"),
    "a delete": ("a\x7f", "a�"),
    "a line that is begun again": ("good\rbad", "good bad"),
    "a second line": ("a\nb", "a b"),
    "a line of Unicode": ("a\u2028b\u2029c", "a b c"),
    "a turn of the direction": ("a\u202egnp.exe", "a�gnp.exe"),
    "an isolate": ("\u2066a\u2069", "�a�"),
    "a mark of direction": ("a\u200fb", "a�b"),
    "a blank without width": ("ze\u200bbra", "ze�bra"),
    "a joiner between Latin letters": ("ze\u200dbra", "ze�bra"),
    "a selector behind a Latin letter": ("ze\ufe0fbra", "ze�bra"),
    "a soft hyphen": ("ze\xadbra", "ze�bra"),
    "a byte-order mark": ("\ufeffzebra", "�zebra"),
    "a letter that is blank": ("\u3164", "�"),
    "half a character": ("a\udcff", "a�"),
    "tags, which spell a hidden text": ("a\U000e0061\U000e0062", "a��"),
}


@pytest.mark.parametrize("name", READABLE)
def test_a_name_in_any_script_stays_as_it_is(name: str) -> None:
    assert clean(name) == name
    assert as_json(name) == f'"{name}"'


@pytest.mark.parametrize(("text", "shown"), HOSTILE.values(), ids=HOSTILE.keys())
def test_what_steers_or_hides_is_shown(text: str, shown: str) -> None:
    assert clean(text) == shown


@pytest.mark.parametrize("text", [text for text, _ in HOSTILE.values()])
def test_json_says_it_exactly_and_can_be_printed(text: str) -> None:
    for written in (as_json({text: [text]}), in_one_line({text: [text]})):
        assert json.loads(written) == {text: [text]}
        assert clean_lines(written) == written


def test_a_storm_of_marks_on_one_letter_is_cut_and_said() -> None:
    assert clean("e" + 3000 * "\u0301") == "e" + MARKS_AT_MOST * "\u0301" + "�"


def test_lines_and_tabs_of_a_text_stay_where_lines_are_meant() -> None:
    assert clean_lines("a\n\tb\x1b") == "a\n\tb�"


@given(st.text())
def test_nothing_unseen_is_left_and_cleaning_twice_changes_nothing(text: str) -> None:
    shown = clean(text)
    assert clean(shown) == shown
    assert not any(unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") for sign in shown)
    shown.encode()
    assert json.loads(as_json(shown)) == shown


@pytest.mark.parametrize(
    "text", ["=1+1", "+cmd|x", "-1+cmd|' /C calc'!A0", "@SUM(A1)", " =x", "＝x"]
)
def test_a_formula_is_no_formula_in_a_table(text: str) -> None:
    assert as_cell(text) == f"'{text}"


def test_a_tab_or_a_line_end_hides_no_formula() -> None:
    assert [as_cell("\t=x"), as_cell("\r=x")] == ["' =x", "' =x"]


@pytest.mark.parametrize(
    "text", ["-0.5", "+3", "-1.2 to 0.4", "-1e-05", "-inf", "−3", "-", "a=b", ""]
)
def test_a_number_stays_a_number_in_a_table(text: str) -> None:
    assert as_cell(text) == text
