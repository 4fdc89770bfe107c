"""What is there: objects and grants, as SHOW tells them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flows.deploy.snowflake.declared import Declared, DeclaredGrant, DeclaredObject
from transforms.functions import Session

if TYPE_CHECKING:
    from snowflake.snowpark import Row

_OF_ACCOUNT = {
    kind: f"{kind}S" for kind in ("ROLE", "USER", "RESOURCE MONITOR", "WAREHOUSE", "STORAGE INTEGRATION", "DATABASE")
}
_OF_DASHBOARD = {"COMPUTE POOL": "COMPUTE POOLS", "STREAMLIT": "STREAMLITS"}  # asked for where they are declared
_OF_DATABASE = {kind: f"{kind}S" for kind in ("SCHEMA", "FILE FORMAT", "STAGE", "TABLE", "VIEW")}
_SCHEDULED = {kind: f"{kind}S" for kind in ("STREAM", "PROCEDURE", "TASK")}
_TRIGGERED = {"NOTIFY": "notify_at", "SUSPEND": "suspend_at", "SUSPEND_IMMEDIATE": "suspend_immediately_at"}
Granted = tuple[str, str, str]  # privilege, kind, name


@dataclass
class Present:
    """What is there.

    Attributes:
        objects: Per kind the objects by full name, each with the columns of SHOW.
        granted: Per grantee (ROLE or USER, name) what it may do on what is there.
        granted_on_future: The same on what will be; the name is that of the database or schema.
    """

    objects: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    granted: dict[tuple[str, str], set[Granted]] = field(default_factory=dict)
    granted_on_future: dict[tuple[str, str], set[Granted]] = field(default_factory=dict)


def read_present(session: Session, database: str, declared: Sequence[Declared]) -> Present:
    """Return what is there of the kinds that the scripts know, and what the roles and users of theirs were granted."""
    present = Present()
    kinds = {one.kind for one in declared if isinstance(one, DeclaredObject)}
    dashboard = {kind: plural for kind, plural in _OF_DASHBOARD.items() if kind in kinds}
    of_account = _OF_ACCOUNT | {kind: plural for kind, plural in dashboard.items() if kind == "COMPUTE POOL"}
    of_database = _OF_DATABASE | {kind: plural for kind, plural in dashboard.items() if kind == "STREAMLIT"}
    for kind, plural in of_account.items():
        present.objects[kind] = {row["name"]: _texts(row) for row in session.sql(f"SHOW {plural}").collect()}
    for monitor in present.objects["RESOURCE MONITOR"].values():
        monitor["triggers"] = _write_triggers(monitor)
    _read_integrations(session, present, declared)
    has_database = database.upper() in present.objects["DATABASE"]
    of_database |= {kind: plural for kind, plural in _SCHEDULED.items() if kind in kinds}
    for kind, plural in of_database.items():
        rows = session.sql(f"SHOW {plural} IN DATABASE {database}").collect() if has_database else []
        present.objects[kind] = {_full_name(kind, row): _texts(row) for row in rows}
        present.objects[kind].pop(f"{database.upper()}.INFORMATION_SCHEMA", None)
    grantees = {(one.to, one.grantee) for one in declared if isinstance(one, DeclaredGrant)}
    for to, name in sorted(grantees):
        if name in present.objects[to]:
            _read_grants(session, present, to, name)
    return present


def list_locations(text: str) -> list[str]:
    """Return the places of a list, each ending at a slash, as a script writes it or as DESC INTEGRATION tells it."""
    places = [place.strip(" '") for place in text.strip("()").split(",")]
    return [place if place == "*" else place.rstrip("/") + "/" for place in places if place]


def _read_integrations(session: Session, present: Present, declared: Sequence[Declared]) -> None:
    """Add to the declared integrations what only DESC tells of them: role or tenant, and the places."""
    there = present.objects["STORAGE INTEGRATION"]
    for one in declared:
        if isinstance(one, DeclaredObject) and one.kind == "STORAGE INTEGRATION" and one.name in there:
            told = session.sql(f"DESC INTEGRATION {one.name}").collect()
            there[one.name] |= {row["property"].lower(): str(row["property_value"] or "") for row in told}


def _write_triggers(monitor: dict[str, str]) -> str:
    """Return a monitor's triggers as a script writes them; SHOW tells the percentages of each action: 75%,90%."""
    found = [
        f"ON {percent.strip(' %')} PERCENT DO {action}"
        for action, column in _TRIGGERED.items()
        for percent in monitor.get(column, "").split(",")
        if percent.strip()
    ]
    return " ".join(found)


def _read_grants(session: Session, present: Present, to: str, name: str) -> None:
    rows = session.sql(f"SHOW GRANTS TO {to} {name}").collect()
    if to == "USER":  # for users Snowflake tells the roles only
        roles = [row["role"] if "role" in row.as_dict() else row["name"] for row in rows]
        present.granted[to, name] = {("USAGE", "ROLE", role) for role in roles}
        return
    present.granted[to, name] = {
        (row["privilege"], _kind(row["granted_on"]), "" if row["granted_on"] == "ACCOUNT" else row["name"])
        for row in rows
    }
    future = session.sql(f"SHOW FUTURE GRANTS TO ROLE {name}").collect()
    present.granted_on_future[to, name] = {
        (row["privilege"], _kind(row["grant_on"]), row["name"].rpartition(".<")[0]) for row in future
    }


def _kind(told: str) -> str:
    return str(told).replace("_", " ")


def _full_name(kind: str, row: Row) -> str:
    if kind == "PROCEDURE":
        return ".".join([row["catalog_name"], row["schema_name"], row["name"]])
    place = [row["database_name"]] if kind == "SCHEMA" else [row["database_name"], row["schema_name"]]
    return ".".join([*place, row["name"]])


def _texts(row: Row) -> dict[str, str]:
    return {name.lower(): "" if value is None else str(value) for name, value in row.as_dict().items()}
