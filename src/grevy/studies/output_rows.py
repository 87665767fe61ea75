"""Rows of logits and probabilities that say no class, or are not what their name says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from grevy.errors import PredictionsFileError

ROUNDED = 0.02
"""Probabilities may sum to 1 within this: half precision, or rounded to three digits."""


def refuse_odd_rows(path: Path, kind: str, outputs_NK: NDArray[np.float64]) -> None:
    """Every row has finite numbers of which one class can be told, and probabilities sum to 1.

    Args:
        path: the file, for the error.
        kind: "logits" or "probabilities".
        outputs_NK: what the file has.

    Raises:
        PredictionsFileError: how many rows are not so, and the likely cause.
    """
    odd_N = np.asarray((~np.isfinite(outputs_NK)).any(axis=1))
    if odd_N.any():
        what = "NaN" if np.isnan(outputs_NK).any() else "infinite"
        _refuse(
            path,
            odd_N,
            f"{kind} that are {what}",
            "finite numbers",
            "the network diverged or overflowed in half precision: predict again in float32",
        )
    alike_N = (outputs_NK == outputs_NK[:, :1]).all(1)
    if alike_N.any():
        _refuse(
            path,
            alike_N,
            f"{kind} that are all equal",
            "one class that is the largest",
            "rows that were never predicted? predict them, or leave them out in all files",
        )
    if kind == "probabilities":
        _require_probabilities(path, outputs_NK)


def _require_probabilities(path: Path, outputs_NK: NDArray[np.float64]) -> None:
    outside_N = ((outputs_NK < 0) | (outputs_NK > 1 + ROUNDED)).any(1)
    sums_N = outputs_NK.sum(1)
    wrong_N = outside_N | (np.abs(sums_N - 1) > ROUNDED)
    if not wrong_N.any():
        return
    percent_N = (outputs_NK >= 0).all(1) & (np.abs(sums_N - 100) <= 100 * ROUNDED)
    if percent_N[wrong_N].all():
        mend = "they are likely per cent: divide by 100"
    elif outside_N.any():
        mend = "they are likely logits: name the array logits"
    else:
        mend = "likely one sigmoid a class, or a class left out: name the array scores if the"
        mend += " largest is the answer"
    what = f"probabilities that sum to {sums_N[wrong_N].min():.3g} to {sums_N[wrong_N].max():.3g}"
    _refuse(path, wrong_N, what, "numbers from 0 to 1 that sum to 1", mend)


def _refuse(path: Path, rows_N: NDArray[np.bool_], what: str, expected: str, mend: str) -> None:
    raise PredictionsFileError(
        f"{path}, where {int(rows_N.sum()):,} of {len(rows_N):,} rows have {what}", expected, mend
    )
