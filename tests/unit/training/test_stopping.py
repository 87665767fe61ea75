import math

import pytest

from grevy.training.train import should_stop


@pytest.mark.parametrize(
    ("losses", "stop"),
    [
        ([], False),
        ([1.0, 2.0, 3.0], False),  # fewer than patience
        ([1.0, 2.0, 3.0, 4.0], True),  # the first of the last four is the best
        ([1.0, 0.9, 3.0, 4.0], False),
        ([2.0, 1.0, 2.0, 3.0, 1.5], True),
        ([1.0, 2.0, 1.5, 1.2, 1.1, 1.3], False),  # an older best does not count
        ([1.0, 1.0, 1.0, 1.0], True),  # a tie is no progress
        ([math.nan, 2.0, 3.0, 4.0], False),  # NaN is never the best
        ([1.0, math.nan, math.nan, math.nan], True),
    ],
)
def test_the_assignments_rule_with_patience_4(losses: list[float], stop: bool) -> None:
    assert should_stop(losses, 4) is stop


def test_patience_0_never_stops() -> None:
    assert not should_stop([1.0, 2.0, 3.0, 4.0, 5.0], 0)
