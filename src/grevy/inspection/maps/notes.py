"""What every map of the data says about the split that it shows."""

from __future__ import annotations


def about_split(split: str) -> tuple[str, ...]:
    """A sentence where the split is the test split, which is for looking only."""
    if split != "test":
        return ()
    return ("Test is only looked at here: choose nothing by it, for that there is validation.",)
