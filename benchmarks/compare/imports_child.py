"""The child of `imports.py`: runs a command of Grevy and says which modules it loaded.

python -P imports_child.py RESULT.json WORDS...
"""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path


def main() -> None:
    result, *words = sys.argv[1:]
    sys.argv = ["grevy", *words]
    try:
        runpy.run_module("grevy", run_name="__main__", alter_sys=True)
    finally:
        Path(result).write_text(json.dumps(sorted(sys.modules)))


if __name__ == "__main__":
    main()
