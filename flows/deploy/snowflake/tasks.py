"""Building inside Snowflake: a procedure, a stream on each raw table, and a graph of tasks with one for each table.

The graph is the catalog: the task of a table comes after those of the tables that it reads, so tables that do not read
one another are built at the same time, and where one fails only what stands on it waits. The root is triggered by the
streams; it takes what they hold, and the builds find what is new by the ledgers, as they do in a flow.

The archive that the stored procedure imports: `transforms`, its handler, and the parameters of the builds as code.
The same code and settings give the same bytes, and their hash is part of the name: another archive is another
procedure, and nothing is sent twice.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.deploy.snowflake.declared import Declared, DeclaredObject, read_statements
from flows.deploy.snowflake.plan import Change, leave_last
from flows.deploy.snowflake.statements import assign_roles, name_roles
from flows.settings import Settings, make_parameters
from flows.warehouse.scripts import SCRIPTS, statements
from transforms.catalog import select_models

if TYPE_CHECKING:
    from flows.deploy.snowflake.present import Present
    from transforms.contract import Table

_ROOT = Path(__file__).resolve().parents[3]
_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the least that a zip can say: when it was made is no part of it
_CHANGING = ("today", "current_month")
_IMPORTS = (
    "from decimal import Decimal",
    "from transforms.activity.definitions.activity import Thresholds",
    "from transforms.marts.mart_viewer_spikes import SpikeLimits",
)
PACKAGE = "snowflake-snowpark-python"
_LOADER = "SNOWCAST_LOADER"
ROOT = "ARRIVALS"
_CREATED = re.compile(r"CREATE OR (?:REPLACE|ALTER) (\w+) ([\w.]+)")


def write_archive(settings: Settings) -> Path:
    """Write the archive into the home, unless it is there, and return its path."""
    content = make_archive(settings)
    place = settings.home / "deploy" / _name(content)
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        unfinished = place.with_suffix(".part")
        unfinished.write_bytes(content)
        unfinished.replace(place)
    return place


def name_archive(settings: Settings) -> str:
    """Return the archive's name without writing it."""
    return _name(make_archive(settings))


def make_archive(settings: Settings) -> bytes:
    """Return the bytes of the archive."""
    files = {f"{one.relative_to(_ROOT)}": one.read_text("utf-8") for one in (_ROOT / "transforms").rglob("*.py")}
    files["snowcast_procedure.py"] = Path(__file__).with_name("procedure.py").read_text("utf-8")
    files["snowcast_parameters.py"] = write_parameters(settings)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name, _LONG_AGO), files[name], zipfile.ZIP_DEFLATED)
    return made.getvalue()


def write_parameters(settings: Settings) -> str:
    """Return the parameters of the builds as a module; days are left out, they are the day of the build."""
    given: dict[str, Any] = {name: value for name, value in make_parameters(settings).items() if name not in _CHANGING}
    lines = [f"    {name!r}: {value!r}," for name, value in given.items()]
    return "\n".join([*_IMPORTS, "", "PARAMETERS = {", *lines, "}", ""])


def _name(content: bytes) -> str:
    return f"snowcast_{hashlib.sha256(content).hexdigest()[:16]}.zip"


def render_task_statements(settings: Settings) -> list[str]:
    """Return every statement of the tasks as a script, in order; they need the tables that a first run makes."""
    written = name_roles(dict.fromkeys((one.role, one.statement) for one in read_task_objects(settings)))
    place = next(at for at, statement in enumerate(written) if statement.startswith("CREATE OR REPLACE PROCEDURE"))
    upload = f"PUT 'file://{write_archive(settings)}' @{settings.database}.OPS.CODE AUTO_COMPRESS=FALSE"
    return [*written[:place], upload, *written[place:], _enable(settings)]


def read_task_objects(settings: Settings) -> list[Declared]:
    """Return what is made for the tasks: grants, the code's stage, procedure, streams, and the tasks, root first."""
    found = [*read_task_grants(settings), *read_statements(assign_roles(_fill(settings, "61_code.sql")))]
    models = select_models()
    raw = [model.table for model in models if model.build is None]
    built = {model.table.name: model for model in models if model.build}
    found.append(_declare_procedure(settings))
    found += [_declare_stream(settings, table) for table in raw]
    found.append(_declare_root(settings, raw))
    for name, model in built.items():
        inputs = [one for one in model.inputs if one in built]
        found.append(_declare_build(settings, name, inputs))
    return found


def read_task_grants(settings: Settings) -> list[Declared]:
    """Return what the loader may do where tasks are deployed."""
    return read_statements(assign_roles(_fill(settings, "60_grants.sql")))


def frame_task_changes(
    changes: Sequence[Change], tasks: Sequence[Declared], present: Present, settings: Settings
) -> list[Change]:
    """Put around changes of the graph what Snowflake asks for: its root sleeps meanwhile, then all of it is started.

    Tasks whose table is no longer in the catalog are told and left.
    """
    root, there = name_root(settings), present.objects.get("TASK", {})
    prefix = f"{settings.database}.OPS.BUILD_".upper()
    declared = {one.name for one in tasks if isinstance(one, DeclaredObject) and one.kind == "TASK"}
    graph = [one for one in changes if one.what.startswith("task ")]
    framed = list(changes)
    if graph and there.get(root, {}).get("state") == "started":
        sleep = Change("~", f"task {root}", "sleeps while the graph is changed", _LOADER, f"ALTER TASK {root} SUSPEND")
        framed.insert(framed.index(graph[0]), sleep)
    states = {name: one.get("state") for name, one in there.items() if name in declared}
    if graph or any(state != "started" for state in states.values()):
        framed.append(Change("~", f"tasks behind {root}", "are not all started", _LOADER, _enable(settings)))
    for name in sorted(there):
        if name.startswith(prefix) and name not in declared:
            framed.append(Change("!", f"task {name}", "builds no table of the catalog", _LOADER, f"DROP TASK {name}"))
    return leave_last(framed)


def list_task_teardown(settings: Settings) -> list[tuple[str, str]]:
    """Return the statements that take tasks, streams and procedure away, the root first, so that nothing starts."""
    objects = [one for one in read_task_objects(settings) if isinstance(one, DeclaredObject)]
    dropped = [
        f"DROP {kind} IF EXISTS {one.name}{'(VARCHAR)' if kind == 'PROCEDURE' else ''}"
        for kind in ("TASK", "STREAM", "PROCEDURE")
        for one in objects
        if one.kind == kind
    ]
    return [(_LOADER, statement) for statement in [f"ALTER TASK IF EXISTS {name_root(settings)} SUSPEND", *dropped]]


def name_root(settings: Settings) -> str:
    """Return the full name of the graph's root."""
    return f"{settings.database}.OPS.{ROOT}".upper()


def _enable(settings: Settings) -> str:
    return f"SELECT SYSTEM$TASK_DEPENDENTS_ENABLE('{name_root(settings)}')"


def _declare_procedure(settings: Settings) -> DeclaredObject:
    archive = name_archive(settings)
    packages = f"'{PACKAGE}=={version(PACKAGE)}'"  # the client library in the version that is tried here
    statement = _fill(settings, "62_procedure.sql", {"packages": packages, "archive": archive})[0]
    return _declare(statement, {"COMMENT": archive})


def _declare_stream(settings: Settings, table: Table) -> DeclaredObject:
    statement = _fill(settings, "63_stream.sql", {"raw": table.name.upper()})[0]
    name = f"{settings.database}.OPS.NEW_{table.name}".upper()
    properties = {"TABLE_NAME": table.full_name(settings.database), "MODE": "APPEND_ONLY", "STALE": "FALSE"}
    return DeclaredObject("STREAM", name, properties, _LOADER, statement)


def _declare_root(settings: Settings, raw: Sequence[Table]) -> DeclaredObject:
    streams = {table.name.upper(): f"{settings.database}.OPS.NEW_{table.name}".upper() for table in raw}
    has_data = " OR ".join(f"SYSTEM$STREAM_HAS_DATA('{stream}')" for stream in streams.values())
    taken = " UNION ALL ".join(
        f"SELECT '{name}', COUNT(*), SYSDATE() FROM {stream} HAVING COUNT(*) > 0" for name, stream in streams.items()
    )
    places = {"has_data": has_data, "arrivals": taken, "interval": str(settings.task_interval_seconds)}
    statement = _fill(settings, "64_arrivals.sql", places)[0]
    # SHOW TASKS does not tell the interval, so the comment does, and another one is another comment.
    return _declare(statement, {"CONDITION": has_data, "COMMENT": f"Every {settings.task_interval_seconds} s at most"})


def _declare_build(settings: Settings, name: str, inputs: Sequence[str]) -> DeclaredObject:
    before = [f"{settings.database}.OPS.BUILD_{one}".upper() for one in inputs] or [name_root(settings)]
    tag = json.dumps({"flow": "tasks", "step": f"build {name}", "table": name})
    places = {"table": name.upper(), "name": name, "inputs": ", ".join(before), "tag": tag}
    return _declare(_fill(settings, "65_build.sql", places)[0], {"PREDECESSORS": json.dumps(sorted(before))})


def _declare(statement: str, properties: Mapping[str, str]) -> DeclaredObject:
    """Declare what a statement makes, with what SHOW tells of it beside its definition and warehouse."""
    found = _CREATED.match(statement)
    assert found is not None
    more = dict(properties)
    if found[1] == "TASK":
        more["DEFINITION"] = statement.partition(" AS ")[2]
        more["WAREHOUSE"] = statement.partition("WAREHOUSE = ")[2].partition(" ")[0]
    return DeclaredObject(found[1], found[2].upper(), more, _LOADER, statement)


def _fill(settings: Settings, script: str, places: Mapping[str, str] | None = None) -> list[str]:
    return statements((SCRIPTS / "tasks" / script).read_text(encoding="utf-8"), settings, places)
