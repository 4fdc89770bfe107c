"""Roles, users, virtual warehouses and resource monitors: made, changed, dropped and shown; nothing is done by them.

`CREATE WAREHOUSE IF NOT EXISTS W WAREHOUSE_SIZE = XSMALL AUTO_SUSPEND = 60`, `ALTER WAREHOUSE W SET …`.
A script that prepares an account runs here, and SHOW tells what it made, so that a plan can be held against it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from deployments.embedded.context import StatementContext
from deployments.embedded.errors import does_not_exist, snowflake_error, unsupported
from deployments.embedded.scanner import Options, is_true

_TABLE = "_fs_global._fs_information_schema._account_objects"


@dataclass(frozen=True)
class Kind:
    """One kind of object.

    Attributes:
        called: how errors and answers name it.
        options: what CREATE and ALTER take; anything else is refused by name.
        shown: columns of SHOW behind `created_on` and `name`, made of the options.
        built_in: what is there without having been made.
    """

    called: str
    options: frozenset[str]
    shown: Callable[[Mapping[str, Any]], dict[str, str]]
    built_in: Mapping[str, Options]


def _show_role(options: Mapping[str, Any]) -> dict[str, str]:
    return {"owner": "USERADMIN", "comment": str(options.get("COMMENT", ""))}


def _show_user(options: Mapping[str, Any]) -> dict[str, str]:
    shown = ("DEFAULT_WAREHOUSE", "DEFAULT_ROLE", "TYPE", "COMMENT")
    return {
        "login_name": str(options.get("LOGIN_NAME", options["NAME"])),
        **{name.lower(): str(options.get(name, "")) for name in shown},
        "has_password": "false",
        "has_rsa_public_key": str("RSA_PUBLIC_KEY" in options).lower(),
    }


def _show_warehouse(options: Mapping[str, Any]) -> dict[str, str]:
    size = str(options.get("WAREHOUSE_SIZE", "XSMALL")).upper().replace("-", "")
    return {
        "state": "STARTED" if options.get("IS_BUILT_IN") else "SUSPENDED",
        "type": str(options.get("WAREHOUSE_TYPE", "STANDARD")).upper(),
        "size": {"XSMALL": "X-Small", "XLARGE": "X-Large"}.get(size, size.capitalize()),
        "is_default": "Y" if options.get("IS_BUILT_IN") else "N",
        "is_current": "Y" if options.get("IS_BUILT_IN") else "N",
        "auto_suspend": str(options.get("AUTO_SUSPEND", 600)),
        "auto_resume": str(is_true(options.get("AUTO_RESUME", True))).lower(),
        "resource_monitor": str(options.get("RESOURCE_MONITOR", "null")).upper(),
        "comment": str(options.get("COMMENT", "")),
        "owner": "SYSADMIN",
    }


def _show_monitor(options: Mapping[str, Any]) -> dict[str, str]:
    triggers = options.get("TRIGGERS", {})
    return {
        "credit_quota": f"{float(options.get('CREDIT_QUOTA', 0)):.2f}",
        "frequency": str(options.get("FREQUENCY", "MONTHLY")).upper(),
        "notify_at": triggers.get("NOTIFY", ""),
        "suspend_at": triggers.get("SUSPEND", ""),
        "suspend_immediately_at": triggers.get("SUSPEND_IMMEDIATE", ""),
        "owner": "ACCOUNTADMIN",
    }


_SYSTEM_ROLES = ("ACCOUNTADMIN", "ORGADMIN", "PUBLIC", "SECURITYADMIN", "SYSADMIN", "USERADMIN")
_WAREHOUSE = "WAREHOUSE_SIZE WAREHOUSE_TYPE AUTO_SUSPEND AUTO_RESUME INITIALLY_SUSPENDED RESOURCE_MONITOR COMMENT "
_WAREHOUSE += "MIN_CLUSTER_COUNT MAX_CLUSTER_COUNT SCALING_POLICY STATEMENT_TIMEOUT_IN_SECONDS"
_USER = "TYPE LOGIN_NAME DEFAULT_ROLE DEFAULT_WAREHOUSE DEFAULT_NAMESPACE RSA_PUBLIC_KEY COMMENT DISABLED"
KINDS: dict[str, Kind] = {
    "ROLE": Kind("Role", frozenset({"COMMENT"}), _show_role, {name: {} for name in _SYSTEM_ROLES}),
    "USER": Kind("User", frozenset(_USER.split()), _show_user, {"SNOWCAST": {}}),
    "WAREHOUSE": Kind("Warehouse", frozenset(_WAREHOUSE.split()), _show_warehouse, {"EMBEDDED": {"IS_BUILT_IN": "Y"}}),
    "RESOURCE MONITOR": Kind(
        "Resource monitor", frozenset({"CREDIT_QUOTA", "FREQUENCY", "START_TIMESTAMP"}), _show_monitor, {}
    ),
}


def create(context: StatementContext, kind: str, name: str, options: Options, *, replace: bool) -> bool:
    """Create an object; False if it is there already and was left alone."""
    _check(kind, options)
    if find(context, kind, name) is not None and not replace:
        return False
    _store(context, kind, name, options)
    return True


def alter(context: StatementContext, kind: str, name: str, options: Options) -> None:
    """Set options of an object."""
    _check(kind, options)
    _store(context, kind, name, {**require(context, kind, name), **options})


def drop(context: StatementContext, kind: str, name: str) -> bool:
    """Drop an object; False if there is none. What was there from the start stays."""
    if name in KINDS[kind].built_in:
        raise snowflake_error(f"SQL access control error:\nInsufficient privileges to drop '{name}'.", 3001, "42501")
    if find(context, kind, name) is None:
        return False
    with context.duck_conn.cursor() as catalog:
        catalog.execute(f"DELETE FROM {_TABLE} WHERE kind = ? AND name = ?", [kind, name])
    return True


def find(context: StatementContext, kind: str, name: str) -> Options | None:
    """The options of an object; None where there is none."""
    return _read_stored(context, kind).get(name)


def require(context: StatementContext, kind: str, name: str) -> Options:
    """The options of an object.

    Raises:
        ProgrammingError: There is none of this name.
    """
    options = find(context, kind, name)
    if options is None:
        raise does_not_exist(KINDS[kind].called, name)
    return options


def show(context: StatementContext, kind: str) -> list[dict[str, str]]:
    """Rows of SHOW, by name."""
    stored = _read_stored(context, kind)
    return [{"name": name, **KINDS[kind].shown({**stored[name], "NAME": name})} for name in sorted(stored)]


def _check(kind: str, options: Options) -> None:
    if "PASSWORD" in options:
        raise unsupported("a user's PASSWORD", "Use a key pair: RSA_PUBLIC_KEY.")
    for name in options.keys() - KINDS[kind].options - {"TRIGGERS"}:
        raise unsupported(f"{kind.lower()} option {name}")


def _read_stored(context: StatementContext, kind: str) -> dict[str, Options]:
    with context.duck_conn.cursor() as catalog:
        rows = catalog.execute(f"SELECT name, options FROM {_TABLE} WHERE kind = ?", [kind]).fetchall()
    return {**KINDS[kind].built_in, **{name: dict(json.loads(options)) for name, options in rows}}


def _store(context: StatementContext, kind: str, name: str, options: Options) -> None:
    with context.duck_conn.cursor() as catalog:
        catalog.execute(f"DELETE FROM {_TABLE} WHERE kind = ? AND name = ?", [kind, name])
        catalog.execute(f"INSERT INTO {_TABLE} VALUES (?, ?, ?)", [kind, name, json.dumps(options)])
