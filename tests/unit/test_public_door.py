"""What is public is what docs/api.md lists; all else may change from one release to the next.

Run as a script, it writes the tables anew: `python tests/unit/test_public_door.py`.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from types import ModuleType

import pytest

import grevy
import grevy.testing
from grevy.recipes.load import named_recipes

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "api.md"
DOORS = {"grevy": grevy, "grevy.testing": grevy.testing}
TABLE = r"(<!-- table: {} -->\n).*?(<!-- end of table -->)"


def table(module: ModuleType) -> str:
    rows = [f"| `{name}` | {first_line(getattr(module, name))} |" for name in module.__all__]
    return "\n".join(["| name | what |", "| --- | --- |", *rows, ""])


def first_line(thing: object) -> str:
    line = (thing.__doc__ or "").strip().splitlines()[0]
    return line.replace("|", r"\|")


def written(text: str) -> str:
    for name, module in DOORS.items():
        text = re.sub(
            TABLE.format(re.escape(name)),
            lambda found, module=module: found[1] + table(module) + found[2],
            text,
            flags=re.DOTALL,
        )
    return text


def test_the_page_lists_all_that_is_public_and_nothing_else() -> None:
    text = PAGE.read_text("utf-8")
    assert written(text) == text, "python tests/unit/test_public_door.py writes docs/api.md anew"


@pytest.mark.parametrize("page", sorted(p.name for p in (ROOT / "docs").glob("*.md")))
def test_what_the_docs_import_is_public(page: str) -> None:
    for name in imports_of((ROOT / "docs" / page).read_text("utf-8")):
        assert name in DOORS, f"{page} imports from {name}"


@pytest.mark.parametrize("program", sorted((ROOT / "examples").glob("*.py")), ids=str)
def test_what_the_examples_import_is_public(program: Path) -> None:
    for name in modules_of(program.read_text("utf-8")):
        assert name in DOORS, f"{program.name} imports from {name}"


def imports_of(page: str) -> set[str]:
    blocks = re.findall(r"^```python\n(.*?)^```", page, flags=re.DOTALL | re.MULTILINE)
    return {name for block in blocks for name in modules_of(block)}


def modules_of(code: str) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return {name for name in found if name.split(".")[0] == "grevy"}


@pytest.mark.parametrize("page", sorted(p.name for p in (ROOT / "docs").glob("*.md")))
def test_the_files_that_the_docs_name_exist(page: str) -> None:
    text = (ROOT / "docs" / page).read_text("utf-8")
    for name in re.findall(r"`((?:[a-z_]+/)+[a-z_]+\.py)`", text):
        tails = (ROOT, ROOT / "src", ROOT / "src" / "grevy")
        assert any((place / name).is_file() for place in tails), f"{page} names {name}"


def test_the_folders_of_the_tree_in_contributing_exist_and_none_is_missing() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    tree = text[text.index("src/grevy/\n") : text.index("tests/ ")]
    told = set(re.findall(r"^  ([a-z]+)/ ", tree, flags=re.MULTILINE))
    there = {path.parent.name for path in (ROOT / "src" / "grevy").glob("*/__init__.py")}
    assert told == there


def test_the_help_of_train_names_every_recipe() -> None:
    text = (ROOT / "src" / "grevy" / "cli" / "train.py").read_text("utf-8")
    told = text[text.index('"""A named recipe (') : text.index("or a YAML file")]
    assert set(re.findall(r"[a-z]+[a-z0-9-]*[0-9a-z]", told)) >= set(named_recipes())


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text("utf-8")), "utf-8")
