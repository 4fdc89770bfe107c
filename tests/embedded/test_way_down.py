"""The way down through the embedded warehouse: a package imports only what stands below it."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "deployments" / "embedded"
GROUND = {"context", "errors", "names", "scanner", "wire", "process"}
BELOW = {
    "__main__": {"server", "session", *GROUND},
    "__init__": {"process"},
    "server": {"session", "stages", *GROUND},
    "session": {"stages", "catalog", "sql", *GROUND},
    "stages": GROUND,
    "catalog": {"sql", *GROUND},
    "sql": GROUND,
    **dict.fromkeys(GROUND, GROUND),
}


def imported(file: Path) -> set[str]:
    """Modules of this package that a file imports, those for its types included."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("deployments.embedded"):
            for name in [f"{node.module}.{alias.name}" for alias in node.names]:
                path = ROOT / name.replace(".", "/")
                is_module = path.is_dir() or path.with_suffix(".py").is_file()
                found.add(name if is_module else str(node.module))
    return found


def test_no_import_runs_back_up() -> None:
    broken = []
    for file in PACKAGE.rglob("*.py"):
        room = file.relative_to(PACKAGE).parts[0].removesuffix(".py")
        for module in imported(file):
            other = (module.split(".") + ["__init__"])[2]
            if other != room and other not in BELOW[room]:
                broken.append(f"{file.relative_to(PACKAGE)} imports {module}")
    assert not broken, f"who reads a package must not have to know what stands on it: {sorted(broken)}"


def test_no_circle() -> None:
    modules = {".".join(file.relative_to(ROOT).with_suffix("").parts): imported(file) for file in PACKAGE.rglob("*.py")}
    while free := [name for name, needs in modules.items() if not needs & modules.keys()]:
        for name in free:
            del modules[name]
    assert not modules, f"these modules need each other, so that none can be read alone: {sorted(modules)}"
