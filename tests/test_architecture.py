"""The walls between the rooms, and what every table file must say. Each failure says why the rule exists."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

from tests.architecture import KNOWN_BREAKS, KNOWN_LONG, ROOT, WAY_DOWN, breaks, long_ones, python_files, way_down_line
from transforms.catalog import models, select_models
from transforms.contract import Layer
from transforms.ops import LEDGERS

ROOMS = ("flows", "transforms", "expectations", "deployments")

# room (or part of one) -> what it may import of the project, and why nothing else
WALLS = {
    "transforms": (
        ("transforms",),
        "a table's code must run in any process that has a Snowpark session: no flow, no rule engine, no account",
    ),
    "expectations": (
        ("expectations", "transforms"),
        "rules are generated from contracts and run on stored tables; they must not need a flow",
    ),
    "flows": (("flows", "transforms", "expectations", "deployments"), "flows put the rooms together"),
    "deployments/process.py": ((), "it starts and stops any process, so both servers may use it"),
    "deployments/storage": (("deployments.storage",), "flows write to storage and the embedded warehouse reads it"),
    "deployments/embedded": (
        ("deployments.embedded", "deployments.process", "deployments.storage"),
        "the embedded warehouse stands in for Snowflake: it may know nothing about what is stored in it",
    ),
    "deployments/dashboard": (
        ("deployments.dashboard", "deployments.process"),
        "the pages are given a login and read the warehouse by SQL alone, so that they also run as an app in Snowflake",
    ),
    "deployments/sandbox": (
        ("deployments.sandbox", "deployments.process"),
        "the simulated sources stand in for real ones: they may know nothing about who reads them",
    ),
}
FOREIGN_TO_TRANSFORMS = {
    "prefect": "flows are the only room that knows Prefect",
    "great_expectations": "checks belong to expectations/",
    "fakesnow": "tables must not know which warehouse they are built on",
    "duckdb": "tables must not know which warehouse they are built on",
    "pandas": "frames are computed where the data is, not in this process",
    "os": "settings come as parameters; flows/settings/environment.py is the only reader of the environment",
}
# The activity streams are made of facts, and some marts are made of the streams.
UPWARD = {(Layer.MARTS, Layer.ACTIVITY)}
TABLES = sorted(name for name in models())
BUILT = sorted(name for name, model in models().items() if model.build)
DOCSTRING_LINES = ("Grain", "Key", "Source", "Units", "Rerun", "Gaps")


def imported_modules(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def module_path(name: str) -> Path:
    layer = models()[name].table.layer.lower()
    return ROOT / "transforms" / layer / f"{name}.py"


@pytest.mark.parametrize("room", sorted(WALLS))
def test_a_room_imports_only_the_rooms_it_may_know(room: str):
    allowed, why = WALLS[room]
    files = [ROOT / room] if room.endswith(".py") else python_files(room)
    broken = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in files
        for module in sorted(imported_modules(path))
        if module.split(".")[0] in (*ROOMS, "tests")
        and not any(module == name or module.startswith(f"{name}.") for name in allowed)
    ]
    only = ", ".join(allowed) or "nothing of the project"
    assert not broken, f"{room} may import {only} only, because {why}: " + "; ".join(broken)


@pytest.mark.parametrize("library", sorted(FOREIGN_TO_TRANSFORMS))
def test_transforms_does_not_know_the_library(library: str):
    users = [
        str(path.relative_to(ROOT))
        for path in python_files("transforms")
        if any(module.split(".")[0] == library for module in imported_modules(path))
    ]
    assert not users, f"{users} import {library}, but {FOREIGN_TO_TRANSFORMS[library]}"


def test_table_files_take_functions_from_where_they_wait_for_their_first_call():
    users = [
        str(path.relative_to(ROOT))
        for package in ("raw", "staging", "marts", "history", "activity", "product")
        for path in python_files(f"transforms/{package}")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("snowflake.")
    ]
    assert not users, (
        f"{users} import Snowpark, so every command that reads the catalog waits for it: "
        "take functions and Window from transforms.functions, types from transforms.types or transforms.contract"
    )


def test_there_is_no_other_top_level_package():
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert packages <= {*ROOMS, "tests"}, "every module belongs to one of the rooms of the design"


def called_names(path: Path) -> set[str]:
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    return {call.func.attr for call in calls if isinstance(call.func, ast.Attribute)}


def executed(path: Path) -> list[object]:
    """The first argument of every call of `execute`, where it is written out."""
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    sending = [call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "execute"]
    return [call.args[0].value if isinstance(call.args[0], ast.Constant) else None for call in sending]


def test_transforms_holds_no_sql_strings():
    forbidden = {"sql", "sql_expr", "execute", "udf", "udtf", "sproc"}
    ledgers = ROOT / "transforms" / "engine" / "ledgers.py"
    assert executed(ledgers) == ["BEGIN", None, None], (
        "Snowpark has no call that begins a transaction, none that inserts into several tables and none that sends "
        "statements together with the COMMIT (write_inserts, write_claim); for all else it has one"
    )
    broken = [
        str(path.relative_to(ROOT))
        for path in python_files("transforms")
        if called_names(path) & (forbidden - {"execute"} if path == ledgers else forbidden)
    ]
    assert not broken, f"{broken} send SQL text or register functions: tables are Snowpark expressions"


def test_table_files_neither_collect_nor_write():
    forbidden = {"collect", "to_pandas", "to_local_iterator", "save_as_table", "merge", "insert_into", "now", "today"}
    broken = {
        name: sorted(called_names(module_path(name)) & forbidden)
        for name in TABLES
        if called_names(module_path(name)) & forbidden
    }
    assert not broken, f"build() gives a frame from frames; engine/ writes and nothing looks at the clock: {broken}"


@pytest.mark.parametrize("name", TABLES)
def test_a_table_lives_in_the_file_of_its_name(name: str):
    assert module_path(name).is_file(), f"file = table = test = expectations: one name; expected {module_path(name)}"


@pytest.mark.parametrize("name", BUILT)
def test_a_table_has_a_test_of_its_name(name: str):
    layer = models()[name].table.layer.lower()
    test = ROOT / "tests" / "unit" / layer / f"test_{name}.py"
    assert test.is_file(), f"file = table = test = expectations: one name; expected {test}"


@pytest.mark.parametrize("name", TABLES)
def test_a_table_says_what_it_is(name: str):
    docstring = ast.get_docstring(ast.parse(module_path(name).read_text(encoding="utf-8"))) or ""
    wanted = [*DOCSTRING_LINES, *(["Payload"] if models()[name].table.layer is Layer.STAGING else [])]
    missing = [word for word in wanted if not any(line.startswith(f"{word} ") for line in docstring.splitlines())]
    assert not missing, f"{name}: the docstring lacks the lines {missing}; a reader starts there"


@pytest.mark.parametrize("name", TABLES)
def test_the_docstring_names_the_real_key_and_sources(name: str):
    docstring = ast.get_docstring(ast.parse(module_path(name).read_text(encoding="utf-8"))) or ""
    unwrapped = docstring.replace("\n  ", " ")  # a line that goes on below its words is one line
    lines = {line.split(" ", 1)[0]: line for line in unwrapped.splitlines() if " " in line}
    missing = [key for key in models()[name].table.key if key not in lines.get("Key", "")]
    missing += [table for table in models()[name].inputs if table not in lines.get("Source", "")]
    assert not missing, f"{name}: the lines Key and Source do not name {missing}"


@pytest.mark.parametrize("name", BUILT)
def test_parameters_of_build_are_the_inputs(name: str):
    model = models()[name]
    unknown = [parameter for parameter in model.inputs if parameter not in models()]
    assert not unknown, f"{name}: build's positional parameters name its inputs; {unknown} are no tables"
    upward = [
        parameter
        for parameter in model.inputs
        if list(Layer).index(models()[parameter].table.layer) > list(Layer).index(model.table.layer)
        and (model.table.layer, models()[parameter].table.layer) not in UPWARD
    ]
    assert not upward, f"{name}: a layer reads below itself, never above: {upward}"
    if model.table.layer is Layer.STAGING:
        assert {models()[parameter].table.layer for parameter in model.inputs} == {Layer.RAW}, "staging reads raw"
    else:
        assert Layer.RAW not in {models()[parameter].table.layer for parameter in model.inputs}, (
            "only staging reads raw"
        )


@pytest.mark.parametrize("table", [*[models()[name].table for name in TABLES], *LEDGERS], ids=lambda table: table.name)
def test_a_key_is_declared_and_not_null(table):
    assert table.key, f"{table.name}: a table without a key cannot be merged, checked or joined"
    nullable = [name for name in table.key if table.column(name).nullable]
    assert not nullable, f"{table.name}: key columns {nullable} must be declared nullable=False"


@pytest.mark.parametrize("table", [models()[name].table for name in TABLES], ids=lambda table: table.name)
def test_references_point_at_keys_of_tables(table):
    for column in table.columns:
        if column.references:
            name, referenced = column.references.split(".")
            assert referenced in models()[name].table.key, f"{table.name}.{column.name} references no key"


@pytest.mark.parametrize("name", TABLES)
def test_references_point_at_tables_that_are_not_built_from_this_one(name: str):
    later = {model.table.name for model in select_models([f"{name}+"])} - {name}
    referenced = {column.references.split(".")[0] for column in models()[name].table.columns if column.references}
    assert not referenced & later, (
        f"{name} is checked before {sorted(referenced & later)} are built from it, so every new row would be reported"
    )


def test_same_column_name_means_same_type():
    types: dict[str, dict[str, list[str]]] = {}
    for name in TABLES:
        for column in models()[name].table.columns:
            types.setdefault(column.name, {}).setdefault(repr(column.type), []).append(name)
    mixed = {column: found for column, found in types.items() if len(found) > 1}
    assert not mixed, f"the same quantity has the same name and type everywhere: {mixed}"


def test_modules_and_functions_stay_short():
    long = dict(long_ones())
    new = [f"{name}: {lines} lines" for name, lines in long.items() if name not in KNOWN_LONG]
    assert not new, "if a file needs a table of contents it is two files: " + "; ".join(new)
    assert set(long) >= KNOWN_LONG, f"take what is short by now off the list: {sorted(KNOWN_LONG - set(long))}"


@pytest.mark.parametrize("room", sorted(WAY_DOWN))
def test_imports_run_down(room: str):
    found, known = breaks(room), KNOWN_BREAKS.get(room, frozenset())
    assert not found - known, (
        f"in {room} an entry imports only what stands below it in WAY_DOWN, so that a reader never has to look up to "
        f"understand what is below: {sorted(found - known)}"
    )
    assert found >= known, f"take what is mended off KNOWN_BREAKS: {sorted(known - found)}"


@pytest.mark.parametrize("room", sorted(WAY_DOWN))
def test_the_page_for_contributors_says_the_way_down(room: str):
    page = " ".join((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split())
    line = way_down_line(room)
    assert line in page, f"CONTRIBUTING.md is where a newcomer reads what stands where; it has to say: {line}"


def test_every_module_of_transforms_can_be_imported():
    for path in python_files("transforms"):
        importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"))
