"""docs/commands.md lists the short names that there are, and no others.

Run as a script, it writes the tables anew: `python tests/unit/recipes/test_short_names_page.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from grevy.recipes.short_names import ELSEWHERE, SHORT

PAGE = Path(__file__).parents[3] / "docs" / "commands.md"
TABLES = {"short": ("short name", SHORT), "elsewhere": ("elsewhere", ELSEWHERE)}


def table(head: str, names: Mapping[str, str]) -> str:
    by_field: dict[str, list[str]] = {}
    for name, field in names.items():
        by_field.setdefault(field, []).append(f"`{name}`")
    rows = [f"| {', '.join(spelled)} | `{field}` |" for field, spelled in by_field.items()]
    return "\n".join([f"| {head} | field |", "| --- | --- |", *rows, ""])


def written(text: str) -> str:
    for name, (head, names) in TABLES.items():
        text = re.sub(
            rf"(<!-- table: {name} -->\n).*?(<!-- end of table -->)",
            lambda found, head=head, names=names: found[1] + table(head, names) + found[2],
            text,
            flags=re.DOTALL,
        )
    return text


def test_the_page_lists_every_short_name() -> None:
    text = PAGE.read_text("utf-8")
    assert written(text) == text, "run this file as a script: it writes the tables anew"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text("utf-8")), "utf-8")
