"""Properties of objects: which are compared, under which column SHOW tells them, and the statement that sets one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

from flows.deploy.snowflake.declared import DeclaredObject
from flows.deploy.snowflake.present import list_locations


def _plain(value: str) -> str:
    return value.upper().replace("-", "").replace("_", "")


def _names(value: str) -> str:
    return json.dumps(sorted(json.loads(value or "[]"))).upper()


def _number(value: str) -> str:
    return f"{float(value or 0):g}"


def _triggers(value: str) -> str:
    return " ".join(sorted(re.findall(r"ON [\d.]+ PERCENT DO \w+", value.upper())))


def _truth(value: str) -> str:
    return str(value.upper() == "TRUE")


# Of each kind the properties that are told: the column, how values are compared, and whether ALTER sets them unasked.
COMPARED: dict[str, dict[str, tuple[str, Callable[[str], str], bool]]] = {
    "WAREHOUSE": {
        "WAREHOUSE_SIZE": ("size", _plain, True),
        "AUTO_SUSPEND": ("auto_suspend", _number, True),
        "AUTO_RESUME": ("auto_resume", _plain, True),
        "RESOURCE_MONITOR": ("resource_monitor", str.upper, True),
        "COMMENT": ("comment", str, True),
    },
    "RESOURCE MONITOR": {
        "CREDIT_QUOTA": ("credit_quota", _number, True),
        "FREQUENCY": ("frequency", _plain, True),
        "TRIGGERS": ("triggers", _triggers, True),
    },
    "ROLE": {"COMMENT": ("comment", str, True)},
    "USER": {
        "TYPE": ("type", _plain, True),
        "DEFAULT_ROLE": ("default_role", str.upper, True),
        "DEFAULT_WAREHOUSE": ("default_warehouse", str.upper, True),
        "COMMENT": ("comment", str, True),
    },
    "STORAGE INTEGRATION": {
        "ENABLED": ("enabled", _plain, True),
        "STORAGE_AWS_ROLE_ARN": ("storage_aws_role_arn", str, False),
        "AZURE_TENANT_ID": ("azure_tenant_id", str.lower, False),
        "COMMENT": ("comment", str, True),
    },
    "FILE FORMAT": {"TYPE": ("type", _plain, False)},
    "COMPUTE POOL": {"MAX_NODES": ("max_nodes", _number, True), "COMMENT": ("comment", str, True)},
    "STREAMLIT": {"QUERY_WAREHOUSE": ("query_warehouse", str.upper, True), "TITLE": ("title", str, True)},
    "STAGE": {
        "URL": ("url", lambda url: url.rstrip("/"), False),
        "STORAGE_INTEGRATION": ("storage_integration", str.upper, False),
    },
    "STREAM": {
        "TABLE_NAME": ("table_name", str.upper, False),
        "MODE": ("mode", str.upper, False),
        "STALE": ("stale", _truth, False),  # one that was not read for too long can be read no more
    },
    "PROCEDURE": {"COMMENT": ("description", str, True)},
    "TASK": {
        "WAREHOUSE": ("warehouse", str.upper, True),
        "PREDECESSORS": ("predecessors", _names, True),
        "CONDITION": ("condition", str.strip, True),
        "DEFINITION": ("definition", str.strip, True),
        "COMMENT": ("comment", str, True),
    },
}
_QUOTED = ("COMMENT", "URL", "TITLE", "STORAGE_AWS_ROLE_ARN", "AZURE_TENANT_ID")
_LOCATIONS = "STORAGE_ALLOWED_LOCATIONS"


def write_alter(one: DeclaredObject, name: str, value: str) -> str:
    """Return the statement that sets a property of an object."""
    if name == "TRIGGERS":  # which are replaced all together, and stand behind SET of something else
        return f"ALTER {one.kind} {one.name} SET CREDIT_QUOTA = {one.properties['CREDIT_QUOTA']} TRIGGERS {value}"
    quoted = f"'{value}'" if name in _QUOTED else value
    also = " START_TIMESTAMP = IMMEDIATELY" if name == "FREQUENCY" else ""  # Snowflake takes both or neither
    return f"ALTER {one.kind} {one.name} SET {name} = {quoted}{also}"


def compare_locations(one: DeclaredObject, told: str) -> Iterator[tuple[str, str, str]]:
    """Yield what differs of the places that an integration may read (`told` by DESC INTEGRATION): sign, why, statement.

    A place that is lacking is added to those that are there, since SET replaces all of them; a place that is declared
    nowhere may serve somebody else, so it is left to a person.
    """
    wanted, there = list_locations(one.properties.get(_LOCATIONS, "")), list_locations(told)
    lacking = [place for place in wanted if not any(_covers(by, place) for by in there)]
    if lacking:
        why = f"{_LOCATIONS} lacks {', '.join(lacking)}"
        yield "~", why, _write_locations(one, [*there, *lacking])
    beyond = [place for place in there if place not in wanted]
    if wanted and beyond:
        yield "!", f"{_LOCATIONS} has {', '.join(beyond)}, declared nowhere", _write_locations(one, wanted)


def _covers(allowed: str, place: str) -> bool:
    return allowed == "*" or place.startswith(allowed)


def _write_locations(one: DeclaredObject, places: list[str]) -> str:
    quoted = ", ".join(f"'{place}'" for place in places)
    return f"ALTER {one.kind} {one.name} SET {_LOCATIONS} = ({quoted})"
