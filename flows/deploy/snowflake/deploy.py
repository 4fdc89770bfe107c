"""Deploying into a Snowflake account: plan, apply what differs, take everything away again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from flows.deploy.snowflake.declared import DeclaredObject, read_declared
from flows.deploy.snowflake.plan import Change, make_plan
from flows.deploy.snowflake.present import read_present
from flows.errors import ConfigError
from flows.settings import Settings
from flows.warehouse import open_session
from transforms.functions import Session

_TAKEN_AWAY = ("USER", "DATABASE", "STORAGE INTEGRATION", "COMPUTE POOL", "WAREHOUSE", "RESOURCE MONITOR", "ROLE")
_ROOT = Path(__file__).resolve().parents[3]
_STARTED_BY = _ROOT / "deployments" / "snowflake" / "dashboard"


def plan_deployment(settings: Settings) -> list[Change]:
    """Return what differs between the scripts and what is there; changes nothing."""
    with open_session(settings, flow="deploy", step="plan") as session:
        return _plan(session, settings)


def apply_deployment(settings: Settings, on_change: Callable[[Change], None] = lambda change: None) -> list[Change]:
    """Make the differences go, each as the role that its script names; returns what is left to a person.

    Args:
        settings: Whose account.
        on_change: Told of each change when it is made.
    """
    with open_session(settings, flow="deploy", step="apply") as session:
        for change in _plan(session, settings):
            if change.sign == "!":
                continue
            if change.statement.startswith("CREATE STREAMLIT"):
                put_dashboard(session, settings, change.role)
            _run(session, change.role, [change.statement])
            on_change(change)
        return _plan(session, settings)


def list_teardown(settings: Settings) -> list[tuple[str, str]]:
    """Return the statements that take away what the scripts made, with the role that runs each, newest kinds first."""
    objects = [one for one in read_declared(settings) if isinstance(one, DeclaredObject)]
    return [
        ("ACCOUNTADMIN", f"DROP {kind} IF EXISTS {one.name}")
        for kind in _TAKEN_AWAY
        for one in reversed(objects)
        if one.kind == kind
    ]


def tear_down(settings: Settings) -> None:
    """Drop the database with all that is in it, then roles, user, virtual warehouse and monitor."""
    with open_session(settings, flow="deploy", step="teardown") as session:
        for role, statement in list_teardown(settings):
            _run(session, role, [statement])


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


def _plan(session: Session, settings: Settings) -> list[Change]:
    if settings.dashboard_compute_pool and settings.warehouse == "embedded":
        raise ConfigError(
            "The embedded warehouse runs no Streamlit: unset SNOWCAST_DASHBOARD_COMPUTE_POOL; `snowcast dashboard` "
            "serves the pages here."
        )
    declared = read_declared(settings)
    return make_plan(declared, read_present(session, settings.database, declared))


def _run(session: Session, role: str, statements: Sequence[str]) -> None:
    session.use_role(role)
    for statement in statements:
        session.sql(statement).collect()
