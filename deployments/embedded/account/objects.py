"""Roles, users, virtual warehouses and resource monitors, and where every object of an account is kept.

`CREATE WAREHOUSE IF NOT EXISTS W WAREHOUSE_SIZE = XSMALL AUTO_SUSPEND = 60`, `ALTER WAREHOUSE W SET …`.
A script that prepares an account runs here, and SHOW tells what it made, so that a plan can be held against it;
nothing is done by these objects.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from deployments.embedded.context import StatementContext
from deployments.embedded.errors import does_not_exist, unsupported
from deployments.embedded.scanner import Options, Scanner, is_true, unquote

_TABLE = "_fs_global._fs_information_schema._account_objects"


@dataclass(frozen=True)
class Kind:
    """One kind of object.

    Attributes:
        called: how errors and answers name it.
        read: reads what CREATE says behind its name.
        shown: columns of SHOW behind `created_on` and `name`, made of its full name and options.
        built_in: what is there without having been made.
        is_in_schema: its name begins with a database and a schema.
    """

    called: str
    read: Callable[[Scanner, StatementContext], Options]
    shown: Callable[[str, Options], dict[str, str | None]]
    built_in: Mapping[str, Options] = field(default_factory=dict)
    is_in_schema: bool = False


def _show_role(name: str, options: Options) -> dict[str, str | None]:
    return {"owner": "USERADMIN", "comment": str(options.get("COMMENT", ""))}


def _show_user(name: str, options: Options) -> dict[str, str | None]:
    shown = ("DEFAULT_WAREHOUSE", "DEFAULT_ROLE", "TYPE", "COMMENT")
    return {
        "login_name": str(options.get("LOGIN_NAME", name)),
        **{option.lower(): str(options.get(option, "")) for option in shown},
        "has_password": "false",
        "has_rsa_public_key": str("RSA_PUBLIC_KEY" in options).lower(),
    }


def _show_warehouse(name: str, options: Options) -> dict[str, str | None]:
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


def _show_monitor(name: str, options: Options) -> dict[str, str | None]:
    triggers = options.get("TRIGGERS", {})
    return {
        "credit_quota": f"{float(options.get('CREDIT_QUOTA', 0)):.2f}",
        "frequency": str(options.get("FREQUENCY", "MONTHLY")).upper(),
        "notify_at": triggers.get("NOTIFY", ""),
        "suspend_at": triggers.get("SUSPEND", ""),
        "suspend_immediately_at": triggers.get("SUSPEND_IMMEDIATE", ""),
        "owner": "ACCOUNTADMIN",
    }


def read_options(scanner: Scanner, kind: str) -> Options:
    """Options, and behind them the triggers of a resource monitor: `TRIGGERS ON 80 PERCENT DO NOTIFY …`."""
    found: Options = {}
    while (token := scanner.peek()) is not None and token.text.upper() != "TRIGGERS":
        key = scanner.next().text.upper()
        scanner.expect("=")
        value = scanner.next()
        found[key] = unquote(value.text) if value.kind == "string" else value.text
    if "PASSWORD" in found:
        raise unsupported("a user's PASSWORD", "Use a key pair: RSA_PUBLIC_KEY.")
    for name in found.keys() - set(_OPTIONS[kind].split()):
        raise unsupported(f"{kind.lower()} option {name}")
    if scanner.take("TRIGGERS"):
        found["TRIGGERS"] = {}
        while scanner.take("ON"):
            percent = scanner.next().text
            scanner.expect("PERCENT", "DO")
            action = scanner.next().text.upper()
            found["TRIGGERS"][action] = ",".join([*filter(None, [found["TRIGGERS"].get(action)]), f"{percent}%"])
    return found


def _read_declared(scanner: Scanner, context: StatementContext, kind: str) -> Options:
    del context
    if not scanner.take("WITH") and kind == "RESOURCE MONITOR":
        scanner.expect("WITH")  # which Snowflake lets nobody leave out there
    return read_options(scanner, kind)


_OPTIONS = {
    "ROLE": "COMMENT",
    "USER": "TYPE LOGIN_NAME DEFAULT_ROLE DEFAULT_WAREHOUSE DEFAULT_NAMESPACE RSA_PUBLIC_KEY COMMENT DISABLED",
    "WAREHOUSE": "WAREHOUSE_SIZE WAREHOUSE_TYPE AUTO_SUSPEND AUTO_RESUME INITIALLY_SUSPENDED RESOURCE_MONITOR COMMENT "
    "MIN_CLUSTER_COUNT MAX_CLUSTER_COUNT SCALING_POLICY STATEMENT_TIMEOUT_IN_SECONDS",
    "RESOURCE MONITOR": "CREDIT_QUOTA FREQUENCY START_TIMESTAMP",
}
_READ = {kind: partial(_read_declared, kind=kind) for kind in _OPTIONS}
_SYSTEM_ROLES = ("ACCOUNTADMIN", "ORGADMIN", "PUBLIC", "SECURITYADMIN", "SYSADMIN", "USERADMIN")
KINDS: dict[str, Kind] = {
    "ROLE": Kind("Role", _READ["ROLE"], _show_role, {name: {} for name in _SYSTEM_ROLES}),
    "USER": Kind("User", _READ["USER"], _show_user, {"SNOWCAST": {}}),
    "WAREHOUSE": Kind("Warehouse", _READ["WAREHOUSE"], _show_warehouse, {"EMBEDDED": {"IS_BUILT_IN": "Y"}}),
    "RESOURCE MONITOR": Kind("Resource monitor", _READ["RESOURCE MONITOR"], _show_monitor),
}


def require(context: StatementContext, kind: str, name: str) -> None:
    """Look for a role or a user.

    Raises:
        ProgrammingError: There is none of this name.
    """
    if name not in read_stored(context, kind):
        raise does_not_exist(KINDS[kind].called, name)


def read_stored(context: StatementContext, kind: str) -> dict[str, Options]:
    """The options of the objects of a kind, by name."""
    with context.duck_conn.cursor() as catalog:
        rows = catalog.execute(f"SELECT name, options FROM {_TABLE} WHERE kind = ?", [kind]).fetchall()
    built_in = KINDS[kind].built_in if kind in KINDS else {}
    return {**built_in, **{name: dict(json.loads(options)) for name, options in rows}}


def store(context: StatementContext, kind: str, name: str, options: Options | None) -> None:
    """Keep an object's options in the place of those it had; None: it is gone."""
    with context.duck_conn.cursor() as catalog:
        catalog.execute(f"DELETE FROM {_TABLE} WHERE kind = ? AND name = ?", [kind, name])
        if options is not None:
            catalog.execute(f"INSERT INTO {_TABLE} VALUES (?, ?, ?)", [kind, name, json.dumps(options)])
