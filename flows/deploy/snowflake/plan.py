"""The plan: what the scripts declare, held against what is there.

Missing objects and grants are made, differing properties are set. What is there and declared nowhere is told and left:
nothing is ever dropped or revoked by a plan.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flows.deploy.snowflake.declared import Declared, DeclaredGrant, DeclaredObject
from flows.deploy.snowflake.present import Present
from flows.deploy.snowflake.properties import COMPARED, compare_locations, write_alter

_NAMED_IN_REASON = 3


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


# Kinds whose own statement changes them: CREATE OR ALTER, CREATE OR REPLACE.
_MADE_AGAIN = ("PROCEDURE", "TASK")
# Kinds of which no ALTER sets what is compared: a person drops them, and the next deployment makes them.
_DROPPED_FIRST = ("FILE FORMAT", "STREAM")
_SHOWN = 60


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
    beyond = _undeclared({**wanted, **granted_apart}, objects, present)
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
    from transforms.engine.tables import list_tables

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


def _undeclared(
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
