"""How numbers are printed."""

import pytest

from grevy.documents.forms import written
from grevy.errors import UnknownFormError


@pytest.mark.parametrize("form", [".999999999f", "999999999d", "0100f"])
def test_a_form_of_hundreds_of_digits_is_refused_and_not_written(form: str) -> None:
    with pytest.raises(UnknownFormError):
        written(1 if form.endswith("d") else 0.5, form)


def test_99_digits_are_written() -> None:
    assert len(written(0.5, ".99f")) == 101


def test_a_whole_number_beyond_floats_has_no_decimals() -> None:
    with pytest.raises(UnknownFormError):
        written(10**400, "accuracy")
