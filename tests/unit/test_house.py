"""How the house is built: within a room no module leads back to itself by its imports."""

import ast
from pathlib import Path

import pytest

import grevy

HOUSE = Path(grevy.__file__).parent
ROOMS = sorted(path.name for path in HOUSE.iterdir() if path.is_dir() and any(path.rglob("*.py")))


def modules(folder: Path, package: str) -> dict[str, Path]:
    """Every module of a package, by its dotted name."""
    found = {}
    for path in sorted(folder.rglob("*.py")):
        inside = path.relative_to(folder).with_suffix("").parts
        names = inside[:-1] if inside[-1] == "__init__" else inside
        found[".".join((package, *names))] = path
    return found


def imported(module: str, path: Path, known: dict[str, Path]) -> set[str]:
    """Modules that one names anywhere: at the top, in a function, for type checkers only."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            source = node.module or ""
            if node.level:
                home = module if path.name == "__init__.py" else module.rpartition(".")[0]
                above = home.split(".")[: len(home.split(".")) + 1 - node.level]
                source = ".".join([*above, *filter(None, [source])])
            inner = {f"{source}.{alias.name}" for alias in node.names}
            names |= inner if inner <= known.keys() else {source, *inner}
    return (names & known.keys()) - {module}


def circle(graph: dict[str, set[str]]) -> list[str]:
    """Modules each of which imports the next, the last the first; none if there is no circle."""
    done: set[str] = set()

    def walk(module: str, way: list[str]) -> list[str]:
        if module in way:
            return [*way[way.index(module) :], module]
        if module in done:
            return []
        for other in sorted(graph[module]):
            if found := walk(other, [*way, module]):
                return found
        done.add(module)
        return []

    return next(filter(None, (walk(module, []) for module in sorted(graph))), [])


def graph_of(folder: Path, package: str) -> dict[str, set[str]]:
    known = modules(folder, package)
    return {module: imported(module, path, known) for module, path in known.items()}


@pytest.mark.parametrize("room", ROOMS)
def test_no_module_of_a_room_leads_back_to_itself(room: str) -> None:
    assert circle(graph_of(HOUSE / room, f"grevy.{room}")) == []


@pytest.mark.parametrize(
    ("there", "back"),
    [
        ("from room.b import B", "from room.a import A"),
        ("import room.b", "def late():\n    from room import a"),
        ("from .b import B", "if TYPE_CHECKING:\n    from . import a"),
    ],
)
def test_a_circle_is_found_at_the_top_in_a_function_and_for_type_checkers(
    tmp_path: Path, there: str, back: str
) -> None:
    (tmp_path / "__init__.py").write_text("")
    (tmp_path / "a.py").write_text(there)
    (tmp_path / "b.py").write_text(back)
    assert circle(graph_of(tmp_path, "room")) == ["room.a", "room.b", "room.a"]
    (tmp_path / "b.py").write_text("import json")
    assert circle(graph_of(tmp_path, "room")) == []
