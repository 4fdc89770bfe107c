"""Statements about an account's objects and grants, by the words they begin with."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pyarrow as pa

from deployments.embedded.account import grants, objects, schedules
from deployments.embedded.account.grants import COUNTABLE, Grant
from deployments.embedded.context import StatementContext
from deployments.embedded.errors import unsupported
from deployments.embedded.kept.statements import alter, create, drop, show
from deployments.embedded.names import normalise_name, split_name
from deployments.embedded.scanner import Scanner
from deployments.embedded.wire.results import status_table, text_table

KINDS = {**objects.KINDS, **schedules.KINDS}
_PLURALS = {f"{kind}S": kind for kind in (*objects.KINDS, *COUNTABLE)}
_ACCOUNT_WIDE = ("DATABASE", "WAREHOUSE", "ROLE", "USER", "INTEGRATION", "RESOURCE MONITOR", "ACCOUNT")
_GRANTED = ("created_on", "privilege", "granted_on", "name", "granted_to", "grantee_name", "grant_option", "granted_by")
_FUTURE = ("created_on", "privilege", "grant_on", "name", "grant_to", "grantee_name", "grant_option")


def grant(sql: str, context: StatementContext) -> pa.Table:
    """`GRANT SELECT, INSERT ON FUTURE TABLES IN DATABASE D TO ROLE R`, `GRANT ROLE A TO ROLE B`."""
    scanner = Scanner(sql)
    scanner.expect("GRANT")
    grants.settle_future(context)
    given = _read_grants(scanner, "TO", context)
    for words in (("WITH", "GRANT", "OPTION"), ("COPY", "CURRENT", "GRANTS"), ("REVOKE", "CURRENT", "GRANTS")):
        scanner.take(*words)
    scanner.at_end()
    owners = [one for one in given if one.privilege == "OWNERSHIP" and not one.is_future]
    grants.transfer_ownership(context, owners)
    grants.add(context, [one for one in given if one not in owners])
    return status_table()


def revoke(sql: str, context: StatementContext) -> pa.Table:
    """`REVOKE SELECT ON ALL TABLES IN SCHEMA D.S FROM ROLE R`."""
    scanner = Scanner(sql)
    scanner.expect("REVOKE")
    scanner.take("GRANT", "OPTION", "FOR")
    grants.settle_future(context)
    taken = _read_grants(scanner, "FROM", context)
    scanner.take("CASCADE")
    scanner.take("RESTRICT")
    scanner.at_end()
    grants.remove(context, taken)
    return status_table()


def show_grants(sql: str, context: StatementContext) -> pa.Table:
    """`SHOW GRANTS TO ROLE R`, `SHOW FUTURE GRANTS TO ROLE R`."""
    scanner = Scanner(sql)
    scanner.expect("SHOW")
    is_future = scanner.take("FUTURE")
    scanner.expect("GRANTS")
    if not scanner.take("TO"):
        raise unsupported("SHOW GRANTS other than TO ROLE and TO USER")
    granted_to, grantee = _read_grantee(scanner, context)
    scanner.at_end()
    grants.settle_future(context)
    found = grants.find_grants(context, granted_to, grantee, is_future=is_future)
    rows = [
        (None, one.privilege, one.granted_on, f"{one.name}.<{one.granted_on}>" if one.is_future else one.name)
        + (one.granted_to, one.grantee, "false", "SECURITYADMIN")
        for one in found
    ]
    return text_table(_FUTURE if is_future else _GRANTED, rows)


def _read_grants(scanner: Scanner, direction: str, context: StatementContext) -> list[Grant]:
    """What GRANT and REVOKE name: each privilege on each object, for the grantee."""
    if scanner.take("ROLE"):
        role = normalise_name(scanner.name())
        objects.require(context, "ROLE", role)
        scanner.expect(direction)
        return [Grant("USAGE", "ROLE", role, *_read_grantee(scanner, context))]
    privileges = _read_privileges(scanner)
    is_all, is_future = scanner.take("ALL"), scanner.take("FUTURE")
    kind = _read_kind(scanner, is_plural=is_all or is_future)
    if not (is_all or is_future):
        names = [_full_name(kind, "" if kind == "ACCOUNT" else scanner.name(), context)]
        known = ""
    else:
        scanner.expect("IN")
        container = "DATABASE" if scanner.take("DATABASE") else "SCHEMA"
        if container == "SCHEMA":
            scanner.expect("SCHEMA")
        place = _full_name(container, scanner.name(), context)
        there = grants.list_objects(context, kind, place)
        names, known = ([place], "\n".join(there)) if is_future else (there, "")
    scanner.expect(direction)
    grantee = _read_grantee(scanner, context)
    return [Grant(one, kind, name, *grantee, is_future, known) for one in privileges for name in names]


def _read_privileges(scanner: Scanner) -> list[str]:
    """Privileges up to ON; each may be several words: CREATE FILE FORMAT."""
    found: list[list[str]] = [[]]
    while not scanner.take("ON"):
        token = scanner.next()
        if token.text == ",":
            found.append([])
        else:
            found[-1].append(token.text.upper())
    privileges = [" ".join(words) for words in found]
    if {"ALL", "ALL PRIVILEGES"} & set(privileges):
        raise unsupported("GRANT ALL PRIVILEGES", "Name the privileges.")
    return privileges


def _read_kind(scanner: Scanner, *, is_plural: bool) -> str:
    known = _PLURALS if is_plural else {kind: kind for kind in (*_ACCOUNT_WIDE, *COUNTABLE)}
    for words, kind in known.items():
        if scanner.take(*words.split()):
            return kind
    token = scanner.peek()
    raise unsupported(f"GRANT ON {token.text.upper() if token else 'nothing'}")


def _read_grantee(scanner: Scanner, context: StatementContext) -> tuple[str, str]:
    kind = "USER" if scanner.take("USER") else "ROLE"
    if kind == "ROLE":
        scanner.take("ROLE")
    name = normalise_name(scanner.name())
    objects.require(context, kind, name)
    return kind, name


def _full_name(kind: str, name: str, context: StatementContext) -> str:
    if kind in _ACCOUNT_WIDE:
        return normalise_name(name) if name else ""
    if kind == "SCHEMA":
        parts = [normalise_name(part) for part in name.split(".")]
        return ".".join(parts if len(parts) > 1 else [context.database or "", *parts])
    return ".".join(split_name(name, context.database, context.schema))


STATEMENTS: dict[str, Callable[[str, StatementContext], pa.Table | None]] = {
    **{f"CREATE {kind.split()[0]}": partial(create, KINDS) for kind in (*KINDS, "ALTER")},
    **{f"DROP {kind.split()[0]}": partial(drop, KINDS) for kind in KINDS},
    **{f"ALTER {kind.split()[0]}": partial(alter, KINDS) for kind in (*objects.KINDS, "TASK")},
    **{f"SHOW {f'{kind}S'.split()[0]}": partial(show, KINDS) for kind in KINDS},
    "GRANT": grant,
    "REVOKE": revoke,
    **dict.fromkeys(("SHOW GRANTS", "SHOW FUTURE"), show_grants),
    "SELECT SYSTEM": schedules.enable,
}
