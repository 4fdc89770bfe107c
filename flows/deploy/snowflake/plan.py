"""The plan: what the scripts declare, held against what is there.

Missing objects and grants are made, differing properties are set. What is there and declared nowhere is told and left:
nothing is ever dropped or revoked by a plan. Of the properties those are told that SHOW tells, too.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from flows.deploy.snowflake.declared import Declared, DeclaredGrant, DeclaredObject
from flows.deploy.snowflake.present import Present, list_locations

_QUOTED = ("COMMENT", "URL", "TITLE", "STORAGE_AWS_ROLE_ARN", "AZURE_TENANT_ID")
_LOCATIONS = "STORAGE_ALLOWED_LOCATIONS"
_NAMED_IN_REASON = 3
# Kinds whose own statement changes them: CREATE OR ALTER, CREATE OR REPLACE.
_MADE_AGAIN = ("PROCEDURE", "TASK")
# Kinds of which no ALTER sets what is compared: a person drops them, and the next deployment makes them.
_DROPPED_FIRST = ("FILE FORMAT", "STREAM")
_SHOWN = 60


def _plain(value: str) -> str:
    return value.upper().replace("-", "").replace("_", "")


def _names(value: str) -> str:
    return json.dumps(sorted(json.loads(value or "[]"))).upper()


def _number(value: str) -> str:
    return f"{float(value or 0):g}"


def _triggers(value: str) -> str:
    return " ".join(sorted(re.findall(r"ON [\d.]+ PERCENT DO \w+", value.upper())))


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
        # One that was not read for too long can be read no more.
        "STALE": ("stale", lambda value: str(value.upper() == "TRUE"), False),
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
    lacking = [place for place in wanted if not any(by == "*" or place.startswith(by) for by in there)]
    if lacking:
        why = f"{_LOCATIONS} lacks {', '.join(lacking)}"
        yield "~", why, _write_locations(one, [*there, *lacking])
    beyond = [place for place in there if place not in wanted]
    if wanted and beyond:
        yield "!", f"{_LOCATIONS} has {', '.join(beyond)}, declared nowhere", _write_locations(one, wanted)


def _write_locations(one: DeclaredObject, places: list[str]) -> str:
    quoted = ", ".join(f"'{place}'" for place in places)
    return f"ALTER {one.kind} {one.name} SET {_LOCATIONS} = ({quoted})"


@dataclass(frozen=True)
class Change:
    """One difference.

    Attributes:
        sign: + is made, ~ is changed, ! is left to a person.
        what: The object or grant, in words.
        why: What is there instead.
        role: Who runs the statement; of what is left, who may.
        statement: The statement that makes the difference go.
    """

    sign: str
    what: str
    why: str
    role: str
    statement: str


def make_plan(declared: Sequence[Declared], present: Present, may_be: Sequence[Declared] = ()) -> list[Change]:
    """Return the differences, in the order in which they are made; what is left to a person comes last.

    Grants of `may_be`, those of what is deployed on request, are neither made nor told.
    """
    objects = [one for one in declared if isinstance(one, DeclaredObject)]
    wanted = _expand([one for one in declared if isinstance(one, DeclaredGrant)], objects, present)
    granted_apart = _expand([one for one in may_be if isinstance(one, DeclaredGrant)], objects, present)
    changes: dict[str, Change] = {}
    for one in declared:
        found = _compare(one, present) if isinstance(one, DeclaredObject) else _missing(one, wanted[one], present)
        for change in found:
            changes.setdefault(change.statement, change)
    beyond = _find_undeclared({**wanted, **granted_apart}, objects, present)
    return leave_last([*changes.values(), *_compare_tables(present), *beyond])


def leave_last(changes: Sequence[Change]) -> list[Change]:
    """Return the changes with what is left to a person behind the others."""
    return sorted(changes, key=lambda change: change.sign == "!")


def _compare(one: DeclaredObject, present: Present) -> Iterator[Change]:
    """What differs of one object."""
    there = present.objects.get(one.kind, {}).get(one.name)
    what = f"{one.kind.lower()} {one.name}"
    if there is None:
        yield Change("+", what, "is not there", one.role, one.statement)
        return
    for name, (column, normal, can_alter) in COMPARED.get(one.kind, {}).items():
        if name not in one.properties or normal(one.properties[name]) == normal(there.get(column, "")):
            continue
        value = one.properties[name]
        if one.kind in _MADE_AGAIN:
            why = f"{name} is {_cut(there.get(column, '')) or 'not set'}, declared is {_cut(value)}"
            yield Change("~", what, why, one.role, one.statement)
            return
        statement = write_alter(one, name, value)
        why = f"{name} is {there.get(column) or 'not set'}, declared is {value}"
        if one.kind in _DROPPED_FIRST:
            why, statement = f"{why}; once it is dropped, deploy again", f"DROP {one.kind} {one.name}"
        yield Change("~" if can_alter else "!", what, why, one.role, statement)
    for sign, why, statement in compare_locations(one, there.get("storage_allowed_locations", "")):
        yield Change(sign, what, why, one.role, statement)


def _compare_tables(present: Present) -> Iterator[Change]:
    """How tables are kept: clustering is set, and what is permanent stays so, because only a new table is transient."""
    from transforms.engine.stored import list_tables

    there = {tuple(name.split(".")[1:]): (name, row) for name, row in present.objects.get("TABLE", {}).items()}
    permanent: list[str] = []
    for table in list_tables():
        name, row = there.get((str(table.layer), table.name.upper()), ("", {}))
        if not name:
            continue
        wanted = f"LINEAR({table.cluster_by})".upper() if table.cluster_by else ""
        if wanted and row.get("cluster_by", "").upper() != wanted:
            why = f"is clustered by {row.get('cluster_by') or 'nothing'}, declared is {table.cluster_by}"
            statement = f"ALTER TABLE {name} CLUSTER BY ({table.cluster_by})"
            yield Change("~", f"table {name}", why, "SNOWCAST_LOADER", statement)
        if table.is_transient and row.get("kind") == "TABLE":
            permanent.append(name)
    if permanent:
        named = ", ".join(permanent[:_NAMED_IN_REASON]) + (" …" if len(permanent) > _NAMED_IN_REASON else "")
        why = f"{len(permanent)} are permanent, declared transient: {named}"
        yield Change("!", "tables", why, "SNOWCAST_LOADER", "DROP TABLE of each, then `snowcast run --full-refresh`")


def _cut(text: str) -> str:
    """The text, or its start: a condition names every stream."""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _expand(
    grants: Sequence[DeclaredGrant], objects: Sequence[DeclaredObject], present: Present
) -> dict[DeclaredGrant, set[str]]:
    """Per grant the names of the objects that it reaches: those that are there, and those that the scripts make."""
    names: dict[str, set[str]] = defaultdict(set)
    for kind, found in present.objects.items():
        names[kind] |= found.keys()
    for one in objects:
        names[one.kind].add(one.name)
    return {
        grant: {name for name in names[grant.kind] if name.startswith(f"{grant.name}.")}
        if grant.scope == "ALL"
        else {grant.name}
        for grant in grants
    }


def _missing(grant: DeclaredGrant, names: set[str], present: Present) -> Iterator[Change]:
    """The grant, where it does not reach all that it should."""
    place = (grant.to, grant.grantee)
    have = present.granted_on_future if grant.scope == "FUTURE" else present.granted
    held = {name for privilege, kind, name in have.get(place, ()) if (privilege, kind) == (grant.privilege, grant.kind)}
    lacking = sorted(names - held)
    if not lacking:
        return
    on = f"{grant.scope.lower()} {grant.kind.lower()}s in {grant.name}" if grant.scope != "ONE" else grant.name
    on = on or "the account"
    why = "is not granted"
    if grant.scope == "ALL" and len(lacking) < len(names):
        named = ", ".join(name.rpartition(".")[2] for name in lacking[:_NAMED_IN_REASON])
        why = f"is missing on {len(lacking)} of {len(names)}: {named}{' …' if len(lacking) > _NAMED_IN_REASON else ''}"
    yield Change("+", f"{grant.privilege} on {on} to {grant.grantee}", why, grant.role, grant.statement)


def _find_undeclared(
    wanted: dict[DeclaredGrant, set[str]], objects: Sequence[DeclaredObject], present: Present
) -> Iterator[Change]:
    """What the declared roles and users may do beyond what is declared; what they own is theirs."""
    ours = {(one.kind, one.name) for one in objects}
    for is_future, have in ((False, present.granted), (True, present.granted_on_future)):
        declared = {
            (grant.to, grant.grantee, grant.privilege, grant.kind, name)
            for grant, names in wanted.items()
            for name in (names if (grant.scope == "FUTURE") == is_future else ())
        }
        for (to, grantee), granted in sorted((who, what) for who, what in have.items() if who in ours):
            for privilege, kind, name in sorted(granted):
                if privilege == "OWNERSHIP" or (to, grantee, privilege, kind, name) in declared:
                    continue
                on = f"{kind} {name}"
                if is_future:
                    on = f"FUTURE {kind}S IN {'SCHEMA' if '.' in name else 'DATABASE'} {name}"
                taken = f"REVOKE ROLE {name}" if kind == "ROLE" else f"REVOKE {privilege} ON {on}"
                what = f"{privilege} on {on} to {grantee}"
                yield Change("!", what, "is declared nowhere", "SECURITYADMIN", f"{taken} FROM {to} {grantee}")
