"""Deploying into a Snowflake account: plan, apply what differs, take everything away again.

A staging table as a dynamic table: the alternative where Snowflake itself is to keep a small one fresh.
The statement is made of the same `build`: its SELECT without refused rows, the best record of each key. What a dynamic
table does not have is the quarantine, the ledgers and the checks: refused rows are left out and told nowhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.deploy.snowflake.declared import DeclaredObject, read_declared
from flows.deploy.snowflake.plan import Change, make_plan
from flows.deploy.snowflake.present import read_present
from flows.deploy.snowflake.tasks import (
    frame_task_changes,
    list_task_teardown,
    read_task_grants,
    read_task_objects,
    write_archive,
)
from flows.errors import ConfigError
from flows.settings import Settings, make_parameters
from flows.warehouse import open_session, prepare
from transforms.catalog import models
from transforms.contract import Layer
from transforms.functions import Session

if TYPE_CHECKING:
    from snowflake.snowpark import DataFrame, Session

_TAKEN_AWAY = ("USER", "DATABASE", "STORAGE INTEGRATION", "COMPUTE POOL", "WAREHOUSE", "RESOURCE MONITOR", "ROLE")
_ROOT = Path(__file__).resolve().parents[3]
_STARTED_BY = _ROOT / "deployments" / "snowflake" / "dashboard"


def plan_deployment(settings: Settings, *, with_tasks: bool = False) -> list[Change]:
    """Return what differs between the scripts (and what builds inside Snowflake, `with_tasks`) and what is there."""
    with open_session(settings, flow="deploy", step="plan") as session:
        return _plan(session, settings, with_tasks=with_tasks)


def apply_deployment(
    settings: Settings, on_change: Callable[[Change], None] = lambda change: None, *, with_tasks: bool = False
) -> list[Change]:
    """Make the differences go, each as the role that its script names; returns what is left to a person.

    `on_change` is told of each when it is made; `with_tasks` schedules the builds inside Snowflake, too.
    """
    with open_session(settings, flow="deploy", step="apply") as session:
        put = partial(put_dashboard, session, settings)
        _apply(session, _plan(session, settings), on_change, before_app=put)
        if with_tasks:
            session.use_role("SNOWCAST_LOADER")
            prepare(session, settings)  # the streams' tables
            left = _plan(session, settings, with_tasks=True)
            _apply(session, left, on_change, before_procedure=lambda: _send_archive(session, settings))
        return _plan(session, settings, with_tasks=with_tasks)


def write_dynamic(settings: Settings, name: str) -> str:
    """Return the statement that makes a dynamic table of a staging table; its inputs are asked for their columns."""
    with open_session(settings, flow="deploy", step="dynamic table") as session:
        return write_dynamic_table(session, settings, name)


def list_teardown(settings: Settings, *, with_tasks: bool = False) -> list[tuple[str, str]]:
    """Return the statements that take away what the scripts made, with the role that runs each, newest kinds first."""
    objects = [one for one in read_declared(settings) if isinstance(one, DeclaredObject)]
    dropped = [
        ("ACCOUNTADMIN", f"DROP {kind} IF EXISTS {one.name}")
        for kind in _TAKEN_AWAY
        for one in reversed(objects)
        if one.kind == kind
    ]
    dropped = list(dict.fromkeys(dropped))  # two scripts make the database, each run by another role
    return [*(list_task_teardown(settings) if with_tasks else []), *dropped]


def tear_down(settings: Settings, *, with_tasks: bool = False) -> None:
    """Drop the database with all that is in it, then roles, user, virtual warehouse and monitor."""
    with open_session(settings, flow="deploy", step="teardown") as session:
        running_as = ""
        for role, statement in list_teardown(settings, with_tasks=with_tasks):
            running_as = _run(session, running_as, role, statement)


def list_dashboard_files() -> list[tuple[Path, str]]:
    """Return the files of the dashboard, each with its folder below the stage: what starts it, and the pages."""
    pages = sorted(file for file in (_ROOT / "deployments" / "dashboard").rglob("*") if file.suffix in (".py", ".png"))
    package = _ROOT / "deployments" / "__init__.py"
    code = [(file, str(file.parent.relative_to(_ROOT))) for file in [package, *pages]]
    return [(file, "") for file in (_STARTED_BY / "streamlit_app.py", _STARTED_BY / "requirements.txt")] + code


def put_dashboard(session: Session, settings: Settings, role: str) -> None:
    """Put the files of the dashboard on its stage; the app copies them when it is made."""
    session.use_role(role)
    for file, folder in list_dashboard_files():
        place = f"@{settings.database}.APPS.DASHBOARD_CODE/{folder}".rstrip("/")
        session.file.put(str(file), place, auto_compress=False, overwrite=True)


def _plan(session: Session, settings: Settings, *, with_tasks: bool = False) -> list[Change]:
    if settings.dashboard_compute_pool and settings.warehouse == "embedded":
        raise ConfigError(
            "The embedded warehouse runs no Streamlit: unset SNOWCAST_DASHBOARD_COMPUTE_POOL; `snowcast dashboard` "
            "serves the pages here."
        )

    declared = read_declared(settings)
    if not with_tasks:
        present = read_present(session, settings.database, declared)
        return make_plan(declared, present, may_be=read_task_grants(settings))
    tasks = read_task_objects(settings)
    declared += [one for one in tasks if one not in declared]
    present = read_present(session, settings.database, declared)
    return frame_task_changes(make_plan(declared, present), tasks, present, settings)


def _apply(
    session: Session,
    changes: Sequence[Change],
    on_change: Callable[[Change], None],
    before_procedure: Callable[[], None] = lambda: None,
    before_app: Callable[[str], None] = lambda role: None,
) -> None:
    running_as = ""
    for change in changes:
        if change.sign == "!":
            continue
        if change.what.startswith("procedure "):
            before_procedure()
        if change.statement.startswith("CREATE STREAMLIT"):
            before_app(change.role)
        running_as = _run(session, running_as, change.role, change.statement)
        on_change(change)


def _send_archive(session: Session, settings: Settings) -> None:
    """Bring the code to its stage; an archive is never changed, so one of its name that is there is the same."""
    session.use_role("SNOWCAST_LOADER")
    session.file.put(str(write_archive(settings)), f"@{settings.database}.OPS.CODE", auto_compress=False)


def _run(session: Session, running_as: str, role: str, statement: str) -> str:
    """Run a statement as its role, and return the role."""
    if role != running_as:
        session.use_role(role)
    session.sql(statement).collect()
    return role


def write_dynamic_table(session: Session, settings: Settings, name: str) -> str:
    """Return CREATE DYNAMIC TABLE for a staging table, beside the table itself, under its name and `_DYNAMIC`.

    Raises:
        ConfigError: It is no staging table; others are built from what they hold already.
    """
    model = models().get(name)
    if model is None or model.build is None or model.table.layer is not Layer.STAGING:
        raise ConfigError(f"{name}: only a staging table can be a dynamic table.")
    query = make_frame(session, name, make_parameters(settings)).queries["queries"][-1]
    place = f"{model.table.full_name(settings.database)}_DYNAMIC"
    return (
        f"CREATE OR REPLACE DYNAMIC TABLE {place} TARGET_LAG = '15 minutes' "
        f"WAREHOUSE = {settings.snowflake.warehouse or 'SNOWCAST_WH'} REFRESH_MODE = AUTO AS {query}"
    )


def make_frame(session: Session, name: str, parameters: dict[str, Any]) -> DataFrame:
    """Return the rows that a staging table holds once it is built, computed from its inputs alone."""
    from transforms.engine.compare import take_best
    from transforms.engine.stored import read_inputs

    model = models()[name]
    assert model.build is not None
    chosen = {key: parameters[key] for key in model.parameters}
    built = model.build(*read_inputs(session, model), **chosen)
    return take_best(model.table, built)
