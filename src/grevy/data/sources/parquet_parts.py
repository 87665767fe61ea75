"""Whether all parts of a data set are there, as the names of its files count them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from grevy.data.names import listed
from grevy.errors import DataFormatError

_PART = re.compile(r"(.*?)(\d{3,})(-of-)(\d{3,})(.*\.parquet)")
"""`train-00000-of-00003.parquet`: which part, of how many."""
_MOST_PARTS = 100_000


def require_all_parts(folder: Path, files: Sequence[Path]) -> None:
    """Refuse `train-00000-of-00003` without the other two.

    Raises:
        DataFormatError: names those that are missing.
    """
    parts = [(file, match) for file in files if (match := _PART.fullmatch(file.name))]
    wanted = {
        file.with_name(f"{match[1]}{number:0{len(match[2])}}{match[3]}{match[4]}{match[5]}")
        for file, match in parts
        for number in range(min(int(match[4]), _MOST_PARTS))
    }
    if missing := sorted(file.relative_to(folder).as_posix() for file in wanted - set(files)):
        raise DataFormatError(
            f"{folder} lacks {listed(missing)}, as the names of the other files say",
            "all parts of a data set",
            "get the missing files, or say that these are all: --pictures.splits train=NAME,…",
        )
