import logging

import numpy as np
import pytest
from matplotlib.font_manager import findfont
from matplotlib.ft2font import FT2Font

from grevy.figures.confusion import draw_confusion
from grevy.figures.lettering import BASE_FAMILY, lettering_for, shorten

NOBODY = "\U0010fffd"
"""The last private code point: no font draws it."""


def lacking_in_base_but_in(family):
    base, other = (FT2Font(findfont(name)).get_charmap() for name in (BASE_FAMILY, family))
    return chr(min(code for code in set(other) - set(base) if code > 0x2000))


def test_latin_greek_and_cyrillic_need_the_base_font_only():
    lettering = lettering_for(["zèbre", "Жираф", "ζέβρα"])
    assert lettering.families == (BASE_FAMILY,)
    assert lettering.missing == frozenset()
    assert lettering.notes == ()
    assert lettering.line("zèbre") == "zèbre"


def test_another_installed_font_draws_what_the_base_font_lacks():
    character = lacking_in_base_but_in("STIXGeneral")  # comes with Matplotlib
    lettering = lettering_for([f"cat {character}"])
    assert len(lettering.families) == 2
    assert lettering.missing == frozenset()
    assert lettering.line(character) == character
    drawn_by = FT2Font(findfont(lettering.families[1]))
    assert drawn_by.get_char_index(ord(character))


def test_a_character_that_no_font_draws_becomes_its_code_point_and_a_note():
    lettering = lettering_for([f"cat{NOBODY}", "dog"])
    assert lettering.line(f"cat {NOBODY}{NOBODY}") == "cat U+10FFFD U+10FFFD"
    assert len(lettering.notes) == 1


@pytest.mark.parametrize("text", ["\x07", "a\x00b", "\udcff", "\N{RIGHT-TO-LEFT OVERRIDE}"])
def test_control_characters_and_broken_file_names_can_be_drawn(text, seen):
    seen(draw_confusion(np.eye(2, dtype=int), [text, "dog"], "test"))


def test_two_classes_that_no_font_draws_stay_apart_and_nothing_is_logged(seen, caplog):
    with caplog.at_level(logging.WARNING):
        figure = draw_confusion(np.eye(2, dtype=int), [NOBODY, "\U0010fffc"], "test")
        words = seen(figure).words()
    assert "U+10FFFD" in words
    assert "U+10FFFC" in words
    assert "no font on this machine draws" in words
    assert caplog.records == []


def test_a_dollar_sign_opens_no_formula(seen):
    figure = draw_confusion(np.eye(2, dtype=int), ["$\\frac$", "$$"], "test")
    seen(figure)
    labels = figure.axes[0].get_yticklabels()
    assert [label._preprocess_math(label.get_text()) for label in labels] == [
        ("$\\frac$", False),
        ("$$", False),
    ]


def test_white_space_and_line_breaks_become_one_space():
    assert lettering_for(["a\n b\tc"]).line("a\n b\tc") == "a b c"


def test_a_long_name_keeps_its_start_and_its_end():
    assert shorten("abcdefghij", 10) == "abcdefghij"
    assert shorten("abcdefghijk", 10) == "abcde…hijk"
    assert len(shorten("x" * 500, 40)) == 40
