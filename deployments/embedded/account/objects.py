"""Roles, users, virtual warehouses and resource monitors, and where every object of an account is kept.

`CREATE WAREHOUSE IF NOT EXISTS W WAREHOUSE_SIZE = XSMALL AUTO_SUSPEND = 60`, `ALTER WAREHOUSE W SET …`.
A script that prepares an account runs here, and SHOW tells what it made, so that a plan can be held against it;
nothing is done by these objects.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial

import pyarrow as pa

from deployments.embedded.account import grants
from deployments.embedded.context import StatementContext
from deployments.embedded.errors import does_not_exist, snowflake_error, unsupported
from deployments.embedded.kept.statements import Head, Kind
from deployments.embedded.kept.tables import KeptTable
from deployments.embedded.scanner import Options, Scanner, is_true
from deployments.embedded.wire.results import status_table

_KEPT = KeptTable("_account_objects", ("kind", "name"))


def check(head: Head, options: Options, context: StatementContext) -> None:
    """Refuse to replace a task that is started."""
    if head.replaces and read_stored(context, head.word).get(head.name, {}).get("STATE") == "started":
        message = f"Unable to update graph with root task {head.name} since that root task is not suspended."
        raise snowflake_error(message, 91429, "42601")


def forget_grants(head: Head, options: Options | None, context: StatementContext) -> None:
    """Remove what was granted to an object that is dropped, and on it."""
    if options is None:
        grants.forget(context, head.word, head.name)


def alter(head: Head, context: StatementContext) -> pa.Table:
    """`ALTER WAREHOUSE W SET AUTO_SUSPEND = 60`; a warehouse has no other state than the one that it is in."""
    scanner, changed = head.scanner, read_stored(context, head.word)[head.name]
    if head.word != "WAREHOUSE" or not (scanner.take("SUSPEND") or scanner.take("RESUME")):
        token = scanner.peek()
        has_triggers = head.word == "RESOURCE MONITOR" and token is not None and token.text.upper() == "TRIGGERS"
        if not has_triggers and not scanner.take("SET"):
            raise unsupported(f"ALTER {head.word} other than SET")
        changed = {**changed, **read_options(scanner, head.word)}
    scanner.at_end()
    store(context, head.word, head.name, changed)
    return status_table()


account_kind = partial(Kind, table=_KEPT, check=check, prepare=forget_grants, is_in_schema=False)


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
        scanner.set_option(found)
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
_SYSTEM_ROLES = ("ACCOUNTADMIN", "ORGADMIN", "PUBLIC", "SECURITYADMIN", "SYSADMIN", "USERADMIN")
_DECLARED: dict[str, tuple[str, Callable[[str, Options], dict[str, str | None]], dict[str, Options]]] = {
    "ROLE": ("Role", _show_role, {name: {} for name in _SYSTEM_ROLES}),
    "USER": ("User", _show_user, {"SNOWCAST": {}}),
    "WAREHOUSE": ("Warehouse", _show_warehouse, {"EMBEDDED": {"IS_BUILT_IN": "Y"}}),
    "RESOURCE MONITOR": ("Resource monitor", _show_monitor, {}),
}
KINDS = {
    word: account_kind(
        called=called, read=partial(_read_declared, kind=word), shown=shown, alter=alter, built_in=built_in
    )
    for word, (called, shown, built_in) in _DECLARED.items()
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
    built_in = KINDS[kind].built_in if kind in KINDS else {}
    return {**built_in, **{row["name"]: json.loads(row["options"]) for row in _KEPT.find(context, kind=kind)}}


def store(context: StatementContext, kind: str, name: str, options: Options) -> None:
    """Keep an object's options in the place of those it had."""
    _KEPT.put(context, {"kind": kind, "name": name, "options": json.dumps(options)})
