"""The rooms in figures: `python -m tests.architecture` prints entries, floors, import arrows, and what runs back up.

Entries are the modules and folders that `ls` shows. An arrow is an import of one entry by another, imports for types
included. Floors are the longest chain of arrows. The way down is data: an entry imports only what stands below it.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
Arrows = dict[str, set[str]]

# Room -> its floors from the top down, each with the entries that stand on it; those of one floor do not meet.
WAY_DOWN: dict[str, tuple[str, ...]] = {
    "flows": (
        "cli",
        "pipeline",
        "ingest transform validate publish alert backfill stream docs_site explain",
        "steps",
        "sources publish_to deploy",
        "files services",
        "load",
        "warehouse",
        "settings landing lineage",
        "errors reporting startup",
    ),
    "transforms": (
        "datasets",
        "build",
        "scd2",
        "engine",
        "catalog ops",
        "marts product",
        "activity history",
        "staging raw",
        "columns",
        "formulas",
        "contract",
        "write_kinds",
        "types functions literals",
    ),
    "expectations": ("checks", "engine", "raw staging marts history activity product", "rules"),
    "deployments/embedded": (
        "__main__",
        "server",
        "session",
        "stages catalog account",
        "sql kept",
        "context wire process scanner",
        "names",
        "errors",
    ),
    "deployments/dashboard": (
        "app server report",
        "views warming",
        "panels",
        "filters",
        "results",
        "queries charts downloads warehouse access",
    ),
    "deployments/sandbox": ("__main__ __init__", "process", "twitch livelogs amplitude billing", "http", "world"),
}
# Arrows that do not run down yet. The list only gets shorter: one that is gone has to leave it.
KNOWN_BREAKS: dict[str, frozenset[str]] = {}
# Modules and functions longer than STYLE wants them; the list only gets shorter, too.
LONGEST_MODULE, LONGEST_FUNCTION = 300, 40
KNOWN_LONG: frozenset[str] = frozenset()


def way_down_line(room: str) -> str:
    """Return the line in which CONTRIBUTING.md says what stands where in a room."""
    floors = [[f"`{name}`" if name.startswith("_") else name for name in floor.split()] for floor in WAY_DOWN[room]]
    return f"- {room.rsplit('/')[-1]}: " + " → ".join(", ".join(floor) for floor in floors)


@dataclass(frozen=True)
class Figures:
    """What the imports of one room say."""

    entries: int
    floors: int
    arrows: int
    back_up: tuple[str, ...]
    circles: tuple[str, ...]
    files: int
    lines: int


def figures(room: str) -> Figures:
    """Measure a room."""
    arrows = arrows_between_entries(ROOT / room)
    files = [path.read_text(encoding="utf-8") for path in (ROOT / room).rglob("*.py")]
    return Figures(
        entries=len([name for name in arrows if name != "__init__"]),
        floors=_floors(arrows),
        arrows=sum(len(targets) for targets in arrows.values()),
        back_up=tuple(arrows_back_up(room, arrows)),
        circles=tuple(f"{folder}: {', '.join(circle)}" for folder, circle in circles_within(room)),
        files=len(files),
        lines=sum(len(text.splitlines()) for text in files),
    )


def arrows_between_entries(folder: Path) -> Arrows:
    """Entry of a folder -> other entries of it that something in it imports."""
    found: Arrows = {_entry(path, folder): set() for path in python_files(folder)}
    for path in python_files(folder):
        entry = _entry(path, folder)
        found[entry] |= {_entry(target, folder) for target in imports_of(path) if target.is_relative_to(folder)}
        found[entry] -= {entry}
    return found


def arrows_back_up(room: str, arrows: Arrows) -> Iterator[str]:
    """Yield the arrows that do not run down, and entries that stand on no floor."""
    floor_of = {entry: floor for floor, entries in enumerate(WAY_DOWN[room]) for entry in entries.split()}
    for entry, targets in sorted(arrows.items()):
        if entry not in floor_of and entry != "__init__":
            yield f"{entry} stands on no floor"
        yield from (
            f"{entry} -> {target}"
            for target in sorted(targets)
            if entry in floor_of and target in floor_of and floor_of[target] <= floor_of[entry]
        )


def breaks(room: str) -> set[str]:
    """Return all that is wrong with the imports of a room."""
    in_circles = {f"{folder}/{entry} in a circle" for folder, circle in circles_within(room) for entry in circle}
    return in_circles | set(arrows_back_up(room, arrows_between_entries(ROOT / room)))


def long_ones() -> Iterator[tuple[str, int]]:
    """Yield modules and functions that are too long, with their lines."""
    for path in (
        file for room in ("flows", "transforms", "expectations", "deployments") for file in python_files(room)
    ):
        text, name = path.read_text(encoding="utf-8"), str(path.relative_to(ROOT))
        if (lines := len(text.splitlines())) > LONGEST_MODULE:
            yield name, lines
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > LONGEST_FUNCTION:
                    yield f"{name} {node.name}", lines


def circles_within(room: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the circles of each folder of a room: the folder, and its entries that import each other."""
    for folder in (ROOT / room, *sorted(path for path in (ROOT / room).rglob("*") if path.is_dir())):
        arrows = arrows_between_entries(folder)
        reach = {entry: _reachable(entry, arrows) for entry in arrows}
        circles = {frozenset(other for other in reach[entry] if entry in reach[other]) for entry in arrows}
        for circle in sorted(sorted(circle) for circle in circles if len(circle) > 1):
            yield str(folder.relative_to(ROOT)), circle


@cache
def imports_of(path: Path) -> frozenset[Path]:
    """Files of the project that a file imports; a name of a package that is no module is taken from its __init__."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {_file_of(alias.name) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parents = path.relative_to(ROOT).parts[: -node.level] if node.level else ()
            module = ".".join((*parents, *([node.module] if node.module else [])))
            found |= {_file_of(f"{module}.{alias.name}") or _file_of(module) for alias in node.names}
    return frozenset(target for target in found if target)


@cache
def _file_of(module: str) -> Path | None:
    place = ROOT / module.replace(".", "/")
    candidates = (place.with_name(f"{place.name}.py"), place / "__init__.py")
    return next((path for path in candidates if path.is_file()), None)


def python_files(*folders: str | Path) -> list[Path]:
    """List the modules below folders of the project."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def _entry(path: Path, folder: Path) -> str:
    return path.relative_to(folder).parts[0].removesuffix(".py")


def _floors(arrows: Arrows) -> int:
    @cache
    def depth(entry: str, above: frozenset[str]) -> int:
        return 1 + max((depth(target, above | {entry}) for target in arrows[entry] - above), default=0)

    return max(depth(entry, frozenset()) for entry in arrows if entry != "__init__")


def _reachable(entry: str, arrows: Arrows) -> set[str]:
    reached: set[str] = set()
    waiting = [entry]
    while waiting:
        new = arrows[waiting.pop()] - reached
        reached |= new
        waiting += new
    return reached


def main() -> None:
    """Print the figures of every room."""
    line = "{:<22}{:>8}{:>8}{:>8}{:>9}{:>9}{:>7}{:>8}\n"
    sys.stdout.write(line.format("room", "entries", "floors", "arrows", "back up", "circles", "files", "lines"))
    measured = {room: figures(room) for room in WAY_DOWN}
    for room, found in measured.items():
        counts = (len(found.back_up), len(found.circles), found.files, found.lines)
        sys.stdout.write(line.format(room, found.entries, found.floors, found.arrows, *counts))
    for room, found in measured.items():
        sys.stdout.writelines(f"{room}: {text}\n" for text in (*found.back_up, *found.circles))


if __name__ == "__main__":
    main()
