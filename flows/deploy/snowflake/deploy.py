"""Deploying into a Snowflake account: plan, apply what differs, take everything away again."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flows.deploy.snowflake.declared import DeclaredObject, read_declared
from flows.deploy.snowflake.plan import Change, make_plan
from flows.deploy.snowflake.present import read_present
from flows.settings import Settings
from flows.warehouse import open_session
from transforms.functions import Session

_TAKEN_AWAY = ("USER", "DATABASE", "STORAGE INTEGRATION", "WAREHOUSE", "RESOURCE MONITOR", "ROLE")


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


def _plan(session: Session, settings: Settings) -> list[Change]:
    declared = read_declared(settings)
    return make_plan(declared, read_present(session, settings.database, declared))


def _run(session: Session, role: str, statements: Sequence[str]) -> None:
    session.use_role(role)
    for statement in statements:
        session.sql(statement).collect()
